// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the shared domain on queues that are consumed at once
 */
#include <kunit/test.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/ioflush/domain.h>
#include <linux/ioflush/iova.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../invq/test_take.h"
#include "compat-iommu.h"
#include "internal.h"
#include "test_reader.h"

#define UNIT_SLOTS_LG2	5

enum unit_cmd {
	UNIT_RANGE = 1,
	UNIT_ALL,
	UNIT_SYNC,
};

/**
 * struct unit - an IOMMU in software that keeps what it was told
 * @q: its queue
 * @slots: the queue's slots
 * @done: the queue's done word
 * @head: next slot to execute
 * @ids: domain ids in use
 * @ranges: UNIT_RANGE commands executed
 * @all: UNIT_ALL commands executed
 * @start: of the newest range
 * @last: of the newest range
 * @coarse: encode no ranges
 * @per_range: commands for a range; 0 for one
 * @stuck: executes nothing
 */
struct unit {
	struct invq q;
	struct invq_cmd slots[BIT(UNIT_SLOTS_LG2)];
	__le32 done;
	u32 head;
	unsigned int ids;
	unsigned int ranges;
	unsigned int all;
	unsigned long start;
	unsigned long last;
	bool coarse;
	unsigned int per_range;
	bool stuck;
};

static void unit_execute(struct invq *q, const struct invq_cmd *cmd)
{
	struct unit *unit = container_of(q, struct unit, q);
	u64 arg = le64_to_cpu(cmd->u64s[1]);

	switch (lower_32_bits(le64_to_cpu(cmd->u64s[0]))) {
	case UNIT_RANGE:
		unit->ranges++;
		unit->start = (arg >> 32) << 12;
		unit->last = ((arg & U32_MAX) << 12) + SZ_4K - 1;
		break;
	case UNIT_ALL:
		unit->all++;
		break;
	case UNIT_SYNC:
		WRITE_ONCE(unit->done,
			   cpu_to_le32(upper_32_bits(le64_to_cpu(cmd->u64s[0]))));
		break;
	}
}

static void unit_doorbell(struct invq *q, u32 seq)
{
	struct unit *unit = container_of(q, struct unit, q);

	if (!unit->stuck)
		invq_take_all(q, &unit->head, seq, unit_execute);
}

static void unit_sync(struct invq *q, struct invq_cmd *cmd)
{
	cmd->u64s[0] = cpu_to_le64(UNIT_SYNC);
}

static const struct invq_ops unit_ops = {
	.sync = unit_sync,
	.doorbell = unit_doorbell,
};

static unsigned int unit_encode_range(struct iodom *dom,
				      struct iodom_link *link,
				      const struct ioflush_range *range,
				      struct invq_cmd *cmds)
{
	struct unit *unit = link->unit;

	if (unit->coarse)
		return 0;
	for (unsigned int i = 0; i < max(unit->per_range, 1U); i++) {
		cmds[i].u64s[0] = cpu_to_le64(UNIT_RANGE);
		cmds[i].u64s[1] = cpu_to_le64((u64)range->start >> 12 << 32 |
					      range->last >> 12);
	}
	return max(unit->per_range, 1U);
}

static unsigned int unit_encode_all(struct iodom *dom, struct iodom_link *link,
				    struct invq_cmd *cmds)
{
	cmds->u64s[0] = cpu_to_le64(UNIT_ALL);
	cmds->u64s[1] = 0;
	return 1;
}

static int unit_link_get(struct iodom *dom, struct iodom_link *link)
{
	struct unit *unit = link->unit;

	unit->ids++;
	return 0;
}

static void unit_link_put(struct iodom *dom, struct iodom_link *link)
{
	struct unit *unit = link->unit;

	unit->ids--;
}

static const struct iodom_hw_ops unit_hw_ops = {
	.encode_range = unit_encode_range,
	.encode_all = unit_encode_all,
	.link_get = unit_link_get,
	.link_put = unit_link_put,
};

static void unit_free(void *data)
{
	struct unit *unit = data;

	invq_exit(&unit->q);
}

static struct unit *unit_new(struct kunit *test)
{
	struct unit *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, unit);
	KUNIT_ASSERT_EQ(test, 0, invq_init(&unit->q, &unit_ops, "test",
					   unit->slots, &unit->done,
					   UNIT_SLOTS_LG2));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unit_free, unit));
	return unit;
}

static void dom_free(void *data)
{
	struct iodom *dom = data;

	dom->domain.ops->free(&dom->domain);
}

static struct iodom *dom_new(struct kunit *test)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 39,
		.oas_bits = 46,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.coherent_walk = true,
		.nid = NUMA_NO_NODE,
	};
	struct iodom *dom = iodom_create(&unit_hw_ops, &iopgt_vtdss_ops, &cfg);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	dom->domain.type = IOMMU_DOMAIN_UNMANAGED;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, dom_free, dom));
	return dom;
}

static void link(struct kunit *test, struct iodom *dom, struct unit *unit,
		 bool caches_not_present)
{
	struct iodom_link *link;

	link = iodom_link_get(dom, unit, &unit->q, caches_not_present);
	KUNIT_ASSERT_FALSE(test, IS_ERR(link));
}

#define RW (IOMMU_READ | IOMMU_WRITE)

/* A range of mixed sizes maps with large pages in the middle, and unmaps. */
static void domain_map_mixed(struct kunit *test)
{
	const unsigned long iova = SZ_1G - SZ_2M - SZ_4K;
	const phys_addr_t paddr = 5UL * SZ_1G - SZ_2M - SZ_4K;
	const size_t bytes = SZ_1G + 2 * SZ_2M + 3 * SZ_4K;
	struct iodom *dom = dom_new(test);
	struct unit *unit = unit_new(test);
	long pages;

	link(test, dom, unit, false);
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, iova, paddr, bytes, RW,
					   GFP_KERNEL));
	for (unsigned long off = 0; off < bytes; off += SZ_1M + SZ_4K)
		KUNIT_ASSERT_EQ(test, paddr + off + 5,
				iopgt_iova_to_phys(&dom->pgt, iova + off + 5));
	/* Root, two of the second level, one leaf table at either end. */
	pages = atomic_long_read(&dom->pgt.live_pages);
	KUNIT_EXPECT_LE(test, pages, 5);

	/* Pages, blocks, a large block, and all that follows it. */
	iodom_unmap_sync(dom, iova, bytes);
	KUNIT_EXPECT_EQ(test, IOPGT_GATHER_RANGES, unit->ranges);
	KUNIT_EXPECT_EQ(test, 0, unit->all);
	for (unsigned long off = 0; off < bytes; off += SZ_1M + SZ_4K)
		KUNIT_ASSERT_EQ(test, 0,
				iopgt_iova_to_phys(&dom->pgt, iova + off));
	iodom_link_put(dom, unit);
}

/* Of a list, a piece that is long enough has a large page inside. */
static void domain_map_list(struct kunit *test)
{
	static const struct iopgt_piece piece[] = {
		{ SZ_1G + SZ_64K, 1 },
		{ 2UL * SZ_1G + SZ_2M, SZ_2M / SZ_4K + 3 },
		{ SZ_1G, 2 },
	};
	const unsigned long iova = SZ_4M - SZ_4K, third = SZ_4M + SZ_2M + 3 * SZ_4K;
	struct iodom *dom = dom_new(test);
	struct unit *unit = unit_new(test);
	size_t mapped;

	link(test, dom, unit, false);
	for (unsigned int taken = 0; taken < 2; taken++) {
		if (taken)
			KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, third + SZ_4K, 0,
							   SZ_4K, RW, GFP_KERNEL));
		mapped = 0;
		KUNIT_EXPECT_EQ(test, taken ? -EEXIST : 0,
				iodom_map_list(dom, iova, piece, 3, RW, GFP_KERNEL,
					       &mapped));
		KUNIT_EXPECT_EQ(test, third + (taken ? 0 : SZ_8K) - iova, mapped);
		KUNIT_EXPECT_EQ(test, piece[0].paddr,
				iopgt_iova_to_phys(&dom->pgt, iova));
		for (size_t off = 0; off < SZ_2M + 3 * SZ_4K; off += SZ_4K)
			KUNIT_ASSERT_EQ(test, piece[1].paddr + off,
					iopgt_iova_to_phys(&dom->pgt,
							   SZ_4M + off));
		KUNIT_EXPECT_EQ(test, taken ? 0 : SZ_1G,
				iopgt_iova_to_phys(&dom->pgt, third));
		/* Root, two more levels, and a table on either side of the block. */
		KUNIT_EXPECT_LE(test, atomic_long_read(&dom->pgt.live_pages), 5);
		iodom_unmap_sync(dom, iova, mapped);
	}
	iodom_unmap_sync(dom, third + SZ_4K, SZ_4K);
	iodom_link_put(dom, unit);
}

/* unwind: a map that fails half-way leaves nothing mapped, and what was */
static void domain_map_undo(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *unit = unit_new(test);
	const unsigned long taken = SZ_2M + 5 * SZ_4K;

	link(test, dom, unit, false);
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, taken, SZ_1G, SZ_4K, RW,
					   GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EEXIST, iodom_map(dom, SZ_2M, SZ_2G, SZ_32K, RW,
						 GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EEXIST,
			iodom_map(dom, SZ_2M - SZ_4K, SZ_2G - SZ_4K, SZ_1M, RW,
				  GFP_KERNEL));
	for (unsigned long a = SZ_1M; a < SZ_4M; a += SZ_4K)
		KUNIT_ASSERT_EQ(test, a == taken ? SZ_1G : 0,
				iopgt_iova_to_phys(&dom->pgt, a));
	/* What had been there for a moment may have been cached. */
	KUNIT_EXPECT_EQ(test, 2, unit->ranges);
	iodom_unmap_sync(dom, taken, SZ_4K);
	iodom_link_put(dom, unit);
}

/* Each unit that a domain is on is told; one that it has left is not. */
static void domain_units(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *unit[6];

	for (unsigned int i = 0; i < ARRAY_SIZE(unit); i++) {
		unit[i] = unit_new(test);
		link(test, dom, unit[i], false);
		link(test, dom, unit[i], false);
		KUNIT_EXPECT_EQ(test, 1, unit[i]->ids);
	}
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_4K, SZ_1G, SZ_4K, RW,
					   GFP_KERNEL));
	iodom_unmap_sync(dom, SZ_4K, SZ_4K);
	for (unsigned int i = 0; i < ARRAY_SIZE(unit); i++) {
		KUNIT_EXPECT_EQ(test, 1, unit[i]->ranges);
		KUNIT_EXPECT_EQ(test, SZ_4K, unit[i]->start);
		KUNIT_EXPECT_EQ(test, 2 * SZ_4K - 1, unit[i]->last);
	}

	iodom_link_put(dom, unit[0]);
	KUNIT_EXPECT_EQ(test, 1, unit[0]->ids);
	iodom_link_put(dom, unit[0]);
	KUNIT_EXPECT_EQ(test, 0, unit[0]->ids);
	dom->domain.ops->flush_iotlb_all(&dom->domain);
	KUNIT_EXPECT_EQ(test, 0, unit[0]->all);
	for (unsigned int i = 1; i < ARRAY_SIZE(unit); i++) {
		KUNIT_EXPECT_EQ(test, 1, unit[i]->all);
		iodom_link_put(dom, unit[i]);
		iodom_link_put(dom, unit[i]);
	}
}

/* Mapping invalidates on units that cache not-present entries, only there. */
static void domain_caching_mode(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *plain = unit_new(test), *caching = unit_new(test);

	link(test, dom, plain, false);
	iodom_map_sync(dom, SZ_4K, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, plain->ranges);

	link(test, dom, caching, true);
	iodom_map_sync(dom, SZ_4K, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, plain->ranges);
	KUNIT_EXPECT_EQ(test, 1, caching->ranges);

	iodom_link_put(dom, caching);
	iodom_map_sync(dom, SZ_4K, SZ_4K);
	KUNIT_EXPECT_EQ(test, 1, caching->ranges);
	iodom_link_put(dom, plain);
}

/*
 * join: a map that may have gone without an invalidation is over before a device
 * of the first unit that needs them can look.
 */
static void domain_caching_joins(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *plain = unit_new(test), *caching = unit_new(test);
	struct test_reader reader = {};

	link(test, dom, plain, false);
	test_reader_start(test, &reader);
	link(test, dom, caching, true);
	KUNIT_EXPECT_TRUE(test, test_reader_stop(&reader));
	iodom_link_put(dom, caching);
	iodom_link_put(dom, plain);
}

/* Where an encoder names no range, the domain is invalidated instead. */
static void domain_coarse(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *unit = unit_new(test);

	unit->coarse = true;
	link(test, dom, unit, false);
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_4K, SZ_1G, SZ_4K, RW,
					   GFP_KERNEL));
	iodom_unmap_sync(dom, SZ_4K, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, unit->ranges);
	KUNIT_EXPECT_EQ(test, 1, unit->all);
	iodom_link_put(dom, unit);
}

static size_t core_unmap(struct iodom *dom, unsigned long iova, size_t bytes,
			 struct iommu_iotlb_gather *gather)
{
	return dom->domain.ops->unmap_pages(&dom->domain, iova, SZ_4K,
					    bytes / SZ_4K, gather);
}

/* precision: two ranges apart in the core's gather do not become one */
static void domain_disjoint(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *unit = unit_new(test);
	struct iommu_iotlb_gather gather;

	link(test, dom, unit, false);
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_4K, SZ_1G, SZ_32K, RW,
					   GFP_KERNEL));
	iommu_iotlb_gather_init(&gather);
	KUNIT_EXPECT_EQ(test, SZ_8K, core_unmap(dom, SZ_4K, SZ_8K, &gather));
	KUNIT_EXPECT_EQ(test, SZ_4K, core_unmap(dom, 3 * SZ_4K, SZ_4K, &gather));
	KUNIT_EXPECT_EQ(test, 0, unit->ranges);
	KUNIT_EXPECT_EQ(test, SZ_4K, core_unmap(dom, 6 * SZ_4K, SZ_4K, &gather));
	KUNIT_EXPECT_EQ(test, 1, unit->ranges);
	KUNIT_EXPECT_EQ(test, SZ_4K, unit->start);
	KUNIT_EXPECT_EQ(test, 4 * SZ_4K - 1, unit->last);
	iommu_iotlb_sync(&dom->domain, &gather);
	KUNIT_EXPECT_EQ(test, 2, unit->ranges);
	KUNIT_EXPECT_EQ(test, 6 * SZ_4K, unit->start);
	iodom_unmap_sync(dom, 4 * SZ_4K, SZ_8K);
	iodom_unmap_sync(dom, 7 * SZ_4K, SZ_8K);
	iodom_link_put(dom, unit);
}

/* tables: a table that an unmap unlinked is freed after the sync, by RCU */
static void domain_core_tables(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *unit = unit_new(test);
	struct iommu_iotlb_gather gather;
	long live;

	link(test, dom, unit, false);
	live = atomic_long_read(&dom->pgt.live_pages);
	/* The physical address keeps it from being one large page. */
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_2M, SZ_1G + SZ_4K, SZ_2M,
					   RW, GFP_KERNEL));
	KUNIT_ASSERT_GT(test, atomic_long_read(&dom->pgt.live_pages), live);
	iommu_iotlb_gather_init(&gather);
	KUNIT_EXPECT_EQ(test, SZ_2M,
			dom->domain.ops->unmap_pages(&dom->domain, SZ_2M,
						     SZ_2M, 1, &gather));
	KUNIT_EXPECT_FALSE(test, list_empty(ioflush_freelist(&gather)));
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&dom->pgt.pending_pages));
	iommu_iotlb_sync(&dom->domain, &gather);
	KUNIT_EXPECT_TRUE(test, list_empty(ioflush_freelist(&gather)));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&dom->pgt.pending_pages));
	iodom_link_put(dom, unit);
}

/* tables: what the core would free without RCU is not given to it */
static void domain_core_queued(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *unit = unit_new(test);
	struct iommu_iotlb_gather gather;

	link(test, dom, unit, false);
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_2M, SZ_1G + SZ_4K, SZ_4M,
					   RW, GFP_KERNEL));
	iommu_iotlb_gather_init(&gather);
	gather.queued = true;
	/* The core flushes the domain later. */
	KUNIT_EXPECT_EQ(test, SZ_4K,
			dom->domain.ops->unmap_pages(&dom->domain, SZ_2M,
						     SZ_4K, 1, &gather));
	KUNIT_EXPECT_EQ(test, 0, unit->ranges + unit->all);
	/* All of the second table, which goes */
	KUNIT_EXPECT_EQ(test, SZ_2M,
			dom->domain.ops->unmap_pages(&dom->domain, SZ_4M,
						     SZ_2M, 1, &gather));
	KUNIT_EXPECT_TRUE(test, list_empty(ioflush_freelist(&gather)));
	KUNIT_EXPECT_EQ(test, 1, unit->ranges);
	KUNIT_EXPECT_EQ(test, SZ_4M, unit->start);
	KUNIT_EXPECT_EQ(test, SZ_4M + SZ_2M - 1, unit->last);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&dom->pgt.pending_pages));
	iodom_unmap_sync(dom, SZ_2M + SZ_4K, SZ_2M - SZ_4K);
	iodom_link_put(dom, unit);
}

/* On hardware that caches absence a broken entry is made known again. */
static void domain_cut(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct unit *plain = unit_new(test), *caching = unit_new(test);

	link(test, dom, plain, false);
	link(test, dom, caching, true);
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_2M, SZ_1G, SZ_2M, RW,
					   GFP_KERNEL));
	iodom_unmap_sync(dom, SZ_2M, SZ_4K);
	/* The whole of the block, and then what was unmapped. */
	KUNIT_EXPECT_EQ(test, 2, plain->ranges);
	KUNIT_EXPECT_EQ(test, 3, caching->ranges);
	KUNIT_EXPECT_EQ(test, SZ_1G + SZ_4K,
			iopgt_iova_to_phys(&dom->pgt, SZ_2M + SZ_4K));
	iodom_unmap_sync(dom, SZ_2M + SZ_4K, SZ_2M - SZ_4K);
	iodom_link_put(dom, plain);
	iodom_link_put(dom, caching);
}

static bool dom_post(struct iodom *dom, struct ioflush_post *post)
{
	unsigned long flags;
	bool posted;

	local_irq_save(flags);
	posted = dom->flush.ops->post(&dom->flush, post);
	local_irq_restore(flags);
	return posted;
}

/* step: units know when a post returns, all of them; it ends where it is bounded */
static void domain_posts(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct ioflush_token token = {};
	struct ioflush_range range[4];
	struct ioflush_post post = {
		.range = range, .n = ARRAY_SIZE(range), .token = &token,
	};
	struct unit *unit[IOFLUSH_TOKEN_QUEUES + 2];
	const unsigned int last = ARRAY_SIZE(unit) - 1;

	for (unsigned int i = 0; i < ARRAY_SIZE(range); i++)
		range[i] = (struct ioflush_range) {
			.start = i * SZ_2M, .last = i * SZ_2M + SZ_4K - 1,
			.leaf_lg2 = 12, .leaf_only = true,
		};
	for (unsigned int i = 0; i <= last; i++) {
		unit[i] = unit_new(test);
		link(test, dom, unit[i], false);
	}
	/* Half of the queue has room for two ranges. */
	unit[1]->per_range = BIT(UNIT_SLOTS_LG2) / 2 / 2 - 1;
	KUNIT_ASSERT_TRUE(test, dom_post(dom, &post));
	KUNIT_EXPECT_EQ(test, 2, post.n);
	KUNIT_EXPECT_EQ(test, 4, unit[0]->ranges);
	KUNIT_EXPECT_EQ(test, 2 * unit[1]->per_range, unit[1]->ranges);
	for (unsigned int i = 2; i <= last; i++)
		KUNIT_EXPECT_EQ(test, 2, unit[i]->ranges);
	KUNIT_EXPECT_EQ(test, 4 + 2 * unit[1]->per_range + 2 * (last - 1),
			post.commands);
	dom->flush.ops->wait(&dom->flush, &token);
	for (unsigned int i = 0; i <= last; i++)
		KUNIT_EXPECT_EQ(test, unit[i]->q.published, unit[i]->q.synced);

	/* Each on its own unit: one whose encoder has no way, or too long a one */
	unit[0]->coarse = true;
	unit[1]->per_range = BIT(UNIT_SLOTS_LG2) / 2 + 1;
	KUNIT_ASSERT_TRUE(test, dom_post(dom, &post));
	KUNIT_EXPECT_EQ(test, 1, unit[0]->all);
	KUNIT_EXPECT_EQ(test, 1, unit[1]->all);
	KUNIT_EXPECT_EQ(test, 4, unit[2]->ranges);
	post.range = NULL;
	KUNIT_ASSERT_TRUE(test, dom_post(dom, &post));
	for (unsigned int i = 2; i <= last; i++)
		KUNIT_EXPECT_EQ(test, 1, unit[i]->all);
	dom->flush.ops->wait(&dom->flush, &token);
	for (unsigned int i = 0; i <= last; i++)
		iodom_link_put(dom, unit[i]);
}

/* step: a queue without room ends a post, which waits for nobody */
static void domain_posts_full(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct ioflush_token token = {};
	const struct ioflush_range range = { .last = SZ_4K - 1, .leaf_lg2 = 12 };
	struct ioflush_post post = { .range = &range, .n = 1, .token = &token };
	struct unit *unit = unit_new(test);
	unsigned int n = 0;

	link(test, dom, unit, false);
	unit->stuck = true;
	while (n < BIT(UNIT_SLOTS_LG2) && dom_post(dom, &post))
		n++;
	KUNIT_ASSERT_LT(test, n, BIT(UNIT_SLOTS_LG2));
	KUNIT_EXPECT_FALSE(test, dom->flush.ops->finished(&dom->flush, &token));
	unit->stuck = false;
	unit_doorbell(&unit->q, unit->q.published);
	KUNIT_EXPECT_EQ(test, n, unit->ranges);
	dom->flush.ops->wait(&dom->flush, &token);
	KUNIT_EXPECT_TRUE(test, dom->flush.ops->finished(&dom->flush, &token));
	KUNIT_EXPECT_TRUE(test, dom_post(dom, &post));
	dom->flush.ops->wait(&dom->flush, &token);
	iodom_link_put(dom, unit);
}

static int domain_table(const struct iopgt_entry *entry, void *arg)
{
	u64 **table = arg;

	if (entry->table)
		*table = phys_to_virt(entry->paddr);
	return 0;
}

/* What a scan of the core's has cleared is invalidated when it returns. */
static void domain_dirty(struct kunit *test)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 39,
		.oas_bits = 46,
		.pgsize_bitmap = SZ_4K | SZ_2M,
		.coherent_walk = true,
		.hw_dirty = true,
		.nid = NUMA_NO_NODE,
	};
	struct iodom *dom = iodom_create(&unit_hw_ops, &iopgt_vtdss_ops, &cfg);
	struct iommu_dirty_bitmap dirty = {};
	const struct iommu_dirty_ops *ops;
	struct unit *unit = unit_new(test);
	u64 *table = NULL;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, dom_free, dom));
	KUNIT_EXPECT_NULL(test, dom_new(test)->domain.dirty_ops);
	ops = dom->domain.dirty_ops;
	KUNIT_ASSERT_NOT_NULL(test, ops);
	link(test, dom, unit, false);
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_2M, SZ_1G, SZ_32K, RW,
					   GFP_KERNEL));

	/* As iommufd does before it switches the tracking on. */
	KUNIT_EXPECT_EQ(test, 0, ops->read_and_clear_dirty(&dom->domain, SZ_2M,
							   SZ_32K, 0, &dirty));
	KUNIT_EXPECT_EQ(test, 0, ops->set_dirty_tracking(&dom->domain, true));
	iopgt_visit(&dom->pgt, SZ_2M, SZ_2M, domain_table, &table);
	KUNIT_ASSERT_NOT_NULL(test, table);

	/* Bit 9, VT-d specification section 9.8. */
	table[3] |= BIT_ULL(9);
	unit->ranges = 0;
	KUNIT_EXPECT_EQ(test, 0,
			ops->read_and_clear_dirty(&dom->domain, SZ_2M, SZ_32K,
						  IOMMU_DIRTY_NO_CLEAR,
						  &dirty));
	KUNIT_EXPECT_EQ(test, 0, unit->ranges);
	KUNIT_EXPECT_NE(test, 0, table[3] & BIT_ULL(9));
	KUNIT_EXPECT_EQ(test, 0, ops->read_and_clear_dirty(&dom->domain, SZ_2M,
							   SZ_32K, 0, &dirty));
	KUNIT_EXPECT_EQ(test, 1, unit->ranges);
	KUNIT_EXPECT_EQ(test, SZ_2M + 3 * SZ_4K, unit->start);
	KUNIT_EXPECT_EQ(test, SZ_2M + 4 * SZ_4K - 1, unit->last);
	KUNIT_EXPECT_EQ(test, 0, table[3] & BIT_ULL(9));
	KUNIT_EXPECT_EQ(test, 0, ops->set_dirty_tracking(&dom->domain, false));
	iodom_unmap_sync(dom, SZ_2M, SZ_32K);
	iodom_link_put(dom, unit);
}

#ifdef CONFIG_IOFLUSH_DEBUGFS
static void domain_expect_devices(struct kunit *test, struct iodom *dom,
				  const char *first, const char *second)
{
	struct seq_file m = { .size = SZ_8K };
	char *line, *text;

	text = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, text);
	m.buf = text;
	iodom_show(&m, dom);
	KUNIT_ASSERT_LT(test, m.count, m.size);
	text[m.count] = '\0';

	line = strstr(text, "\n    devices:");
	KUNIT_ASSERT_NOT_NULL(test, line);
	KUNIT_EXPECT_TRUE(test, strstarts(line + 1, first));
	line = strstr(line + 1, "\n    devices:");
	KUNIT_ASSERT_NOT_NULL(test, line);
	KUNIT_EXPECT_TRUE(test, strstarts(line + 1, second));
}

/* Each device is named below its unit while it is in the domain. */
static void domain_devices(struct kunit *test)
{
	static struct device dev[] = {
		{ .init_name = "0000:00:02.0" },
		{ .init_name = "0000:01:00.0" },
		{ .init_name = "9000000.dma" },
	};
	struct iodom *dom = dom_new(test), *other = dom_new(test);
	struct unit *unit[] = { unit_new(test), unit_new(test) };
	struct iodom_device device[] = {
		{ .dev = &dev[0], .unit = unit[0] },
		{ .dev = &dev[1], .unit = unit[1] },
		{ .dev = &dev[2], .unit = unit[0] },
	};

	link(test, dom, unit[0], false);
	link(test, dom, unit[1], false);
	domain_expect_devices(test, dom, "    devices:\n", "    devices:\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(device); i++)
		iodom_device_move(&device[i], NULL, dom);
	domain_expect_devices(test, dom,
			      "    devices: 0000:00:02.0 9000000.dma\n",
			      "    devices: 0000:01:00.0\n");
	/* One goes elsewhere, one stays where it is, one leaves. */
	iodom_device_move(&device[0], dom, other);
	iodom_device_move(&device[2], dom, dom);
	iodom_device_move(&device[1], dom, NULL);
	domain_expect_devices(test, dom, "    devices: 9000000.dma\n",
			      "    devices:\n");
	KUNIT_EXPECT_PTR_EQ(test, other->devices.next, &device[0].node);

	iodom_device_move(&device[0], other, NULL);
	iodom_device_move(&device[2], dom, NULL);
	iodom_link_put(dom, unit[0]);
	iodom_link_put(dom, unit[1]);
}

/* The dump prints what is mapped in one way as one line. */
static void domain_dump(struct kunit *test)
{
	struct iodom *dom = dom_new(test);
	struct iodom_dump_range r;

	KUNIT_EXPECT_FALSE(test, iodom_dump_next(dom, 0, &r));
	/* Two blocks and 8 pages in a row; 4 that lead elsewhere, 2 read-only. */
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_2M, SZ_1G, SZ_4M + SZ_32K,
					   RW, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, 3 * SZ_2M + SZ_32K, SZ_2G,
					   SZ_16K, RW, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, 3 * SZ_2M + SZ_32K + SZ_16K,
					   SZ_2G + SZ_16K, SZ_8K, IOMMU_READ,
					   GFP_KERNEL));

	KUNIT_ASSERT_TRUE(test, iodom_dump_next(dom, 0, &r));
	KUNIT_EXPECT_EQ(test, SZ_2M, r.start);
	KUNIT_EXPECT_EQ(test, 3 * SZ_2M - 1, r.last);
	KUNIT_EXPECT_EQ(test, 2, r.leaves);
	KUNIT_EXPECT_EQ(test, SZ_1G, r.first.paddr);
	KUNIT_ASSERT_TRUE(test, iodom_dump_next(dom, r.last + 1, &r));
	KUNIT_EXPECT_EQ(test, 8, r.leaves);
	KUNIT_EXPECT_EQ(test, 12, r.first.lg2);
	KUNIT_ASSERT_TRUE(test, iodom_dump_next(dom, r.last + 1, &r));
	KUNIT_EXPECT_EQ(test, 4, r.leaves);
	KUNIT_EXPECT_EQ(test, RW, r.first.prot);
	KUNIT_ASSERT_TRUE(test, iodom_dump_next(dom, r.last + 1, &r));
	KUNIT_EXPECT_EQ(test, 2, r.leaves);
	KUNIT_EXPECT_EQ(test, IOMMU_READ, r.first.prot);
	KUNIT_EXPECT_FALSE(test, iodom_dump_next(dom, r.last + 1, &r));
}
#endif

static struct kunit_case domain_cases[] = {
	KUNIT_CASE(domain_map_mixed),
	KUNIT_CASE(domain_map_list),
	KUNIT_CASE(domain_map_undo),
	KUNIT_CASE(domain_units),
	KUNIT_CASE(domain_caching_mode),
	KUNIT_CASE(domain_caching_joins),
	KUNIT_CASE(domain_coarse),
	KUNIT_CASE(domain_disjoint),
	KUNIT_CASE(domain_core_tables),
	KUNIT_CASE(domain_core_queued),
	KUNIT_CASE(domain_posts),
	KUNIT_CASE(domain_posts_full),
	KUNIT_CASE(domain_cut),
	KUNIT_CASE(domain_dirty),
#ifdef CONFIG_IOFLUSH_DEBUGFS
	KUNIT_CASE(domain_devices),
	KUNIT_CASE(domain_dump),
#endif
	{}
};

static struct kunit_suite domain_suite = {
	.name = "ioflush_domain",
	.test_cases = domain_cases,
};

kunit_test_suite(domain_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's shared domain");
MODULE_LICENSE("GPL");
