// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of mappings that are requests
 */
#include <kunit/test.h>
#include <linux/ioflush/iova.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "test_dev.h"

#define ENTRIES	64
#define IOVA	SZ_16M
#define RW	(IOMMU_READ | IOMMU_WRITE)

/* Pages of which no two are neighbours */
static void scatter(struct iopgt_piece *piece, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		piece[i] = (struct iopgt_piece) { SZ_2M + 2 * i * SZ_4K, 1 };
}

/* A device is told of a mapping before the map is over, and rid of it by the unmap. */
static void domain_maps(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_dma(test, v, SZ_4K, SZ_2G - 1);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	const struct test_mapping *m;
	u32 id;

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	id = test_domain_id(test, dom);
	KUNIT_EXPECT_EQ(test, v->domain[1], id);
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_64K, IOMMU_WRITE));
	m = test_viommu_find(v, id, IOVA);
	KUNIT_ASSERT_NOT_NULL(test, m);
	KUNIT_EXPECT_EQ(test, m->start, IOVA);
	KUNIT_EXPECT_EQ(test, m->last, IOVA + SZ_64K - 1);
	KUNIT_EXPECT_EQ(test, m->phys, SZ_2M);
	KUNIT_EXPECT_EQ(test, m->flags, VIRTIO_IOMMU_MAP_F_WRITE);

	iodom_unmap_sync(dom, IOVA, SZ_64K);
	KUNIT_EXPECT_EQ(test, v->n, 0);
	/* Of a kind of memory that the device does not know */
	KUNIT_EXPECT_NE(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_4K,
					     IOMMU_WRITE | IOMMU_MMIO));
	KUNIT_EXPECT_EQ(test, 0, dom->domain.ops->iova_to_phys(&dom->domain, IOVA));
}

/* What the DMA API has mapped by one call is one MAP, whose memory nobody looks up. */
static void domain_maps_run(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_dma(test, v, SZ_4K, SZ_2G - 1);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	const struct test_mapping *m;

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, IOVA, SZ_2M, SZ_64K, IOMMU_READ,
					   GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, iodom_map_sync_run(dom, IOVA, SZ_64K, SZ_2M,
						    IOMMU_READ));
	KUNIT_ASSERT_EQ(test, v->n, 1);
	m = test_viommu_find(v, test_domain_id(test, dom), IOVA);
	KUNIT_ASSERT_NOT_NULL(test, m);
	KUNIT_EXPECT_EQ(test, m->start, IOVA);
	KUNIT_EXPECT_EQ(test, m->last, IOVA + SZ_64K - 1);
	KUNIT_EXPECT_EQ(test, m->phys, SZ_2M);
	KUNIT_EXPECT_EQ(test, m->flags, VIRTIO_IOMMU_MAP_F_READ);
	iodom_unmap_sync(dom, IOVA, SZ_64K);
	KUNIT_EXPECT_EQ(test, v->n, 0);

	/* What the device does not take is nowhere. */
	v->fail_type = VIRTIO_IOMMU_T_MAP;
	v->fail_status = VIRTIO_IOMMU_S_NOMEM;
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, IOVA, SZ_2M, SZ_64K, IOMMU_READ,
					   GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -ENOMEM, iodom_map_sync_run(dom, IOVA, SZ_64K, SZ_2M,
							  IOMMU_READ));
	KUNIT_EXPECT_EQ(test, 0, dom->domain.ops->iova_to_phys(&dom->domain, IOVA));
}

/* Scattered memory: a MAP a piece and one notification; one UNMAP for all of it. */
static void domain_lists(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_dma(test, v, SZ_4K, SZ_2G - 1);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct iopgt_piece piece[16];
	unsigned int kicks, unmaps;
	size_t mapped = 0;

	scatter(piece, ARRAY_SIZE(piece));
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	kicks = v->kicks;
	KUNIT_ASSERT_EQ(test, 0, iodom_map_list(dom, IOVA, piece, 16, RW,
						GFP_KERNEL, &mapped));
	KUNIT_ASSERT_EQ(test, 0, iodom_map_sync(dom, IOVA, mapped));
	KUNIT_EXPECT_EQ(test, v->n, 16);
	KUNIT_EXPECT_EQ(test, v->kicks, kicks + 1);
	for (int i = 0; i < ARRAY_SIZE(piece); i++)
		KUNIT_EXPECT_EQ(test, piece[i].paddr,
				test_viommu_find(v, test_domain_id(test, dom),
						 IOVA + i * SZ_4K)->phys);

	unmaps = v->requests[VIRTIO_IOMMU_T_UNMAP];
	iodom_unmap_sync(dom, IOVA, mapped);
	KUNIT_EXPECT_EQ(test, v->n, 0);
	KUNIT_EXPECT_EQ(test, v->kicks, kicks + 2);
	KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_UNMAP], unmaps + 1);
}

/* invalidated: what was mapped at once goes at once, whatever leaves the record has */
static void domain_unmaps_mixed(struct kunit *test)
{
	const size_t bytes[] = { SZ_2M + SZ_4K, SZ_4K + SZ_2M + SZ_8K };
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_dma(test, v, SZ_4K, SZ_2G - 1);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	unsigned long iova[] = { IOVA, IOVA - SZ_4K };

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	for (int i = 0; i < ARRAY_SIZE(bytes); i++) {
		KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, iova[i], SZ_1G + iova[i],
						     bytes[i], RW));
		KUNIT_EXPECT_EQ(test, v->n, 1);
		iodom_unmap_sync(dom, iova[i], bytes[i]);
		KUNIT_EXPECT_EQ(test, v->n, 0);
		KUNIT_EXPECT_EQ(test, v->unit.queue.refused.count, 0);
	}
}

/*
 * leaves: who is not the DMA API may unmap any leaf of what was mapped at once, and no
 * less than a leaf.
 */
static void domain_unmaps_leaves(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	const struct iommu_domain_ops *ops = dom->domain.ops;
	const unsigned int n = 40;
	struct iommu_iotlb_gather gather;

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, n * SZ_4K, RW));
	KUNIT_EXPECT_EQ(test, v->n, n);
	for (unsigned int i = 0; i < n; i++) {
		iodom_unmap_sync(dom, IOVA + i * SZ_4K, SZ_4K);
		KUNIT_EXPECT_EQ(test, v->n, n - 1 - i);
	}
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, SZ_1G, SZ_1G, SZ_2M, RW));
	KUNIT_EXPECT_EQ(test, v->n, 1);
	iommu_iotlb_gather_init(&gather);
	KUNIT_EXPECT_EQ(test, 0, ops->unmap_pages(&dom->domain, SZ_1G, SZ_4K, 1,
						  &gather));
	KUNIT_EXPECT_EQ(test, SZ_1G + SZ_4K,
			ops->iova_to_phys(&dom->domain, SZ_1G + SZ_4K));
	iodom_unmap_sync(dom, SZ_1G, SZ_2M);
	KUNIT_EXPECT_EQ(test, v->n, 0);
	KUNIT_EXPECT_EQ(test, v->unit.queue.refused.count, 0);
}

/* unwind: a failed MAP fails the map that made it, of which nothing is left */
static void domain_map_fails(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct iopgt_piece piece[40];
	size_t mapped = 0;

	scatter(piece, ARRAY_SIZE(piece));
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, 2 * IOVA, SZ_2M, SZ_4K, RW));
	for (unsigned int done = 0; done < ARRAY_SIZE(piece); done += 13) {
		v->fail_type = VIRTIO_IOMMU_T_MAP;
		v->fail_after = done;
		v->fail_status = VIRTIO_IOMMU_S_NOMEM;
		mapped = 0;
		KUNIT_ASSERT_EQ(test, 0, iodom_map_list(dom, IOVA, piece, 40, RW,
							GFP_KERNEL, &mapped));
		KUNIT_EXPECT_EQ(test, -ENOMEM, iodom_map_sync(dom, IOVA, mapped));
		KUNIT_EXPECT_EQ(test, v->n, 1);
		KUNIT_EXPECT_EQ(test, 0, dom->domain.ops->iova_to_phys(&dom->domain,
								       IOVA));
	}
	v->fail_type = 0;
	KUNIT_EXPECT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_4K, RW));
	iodom_unmap_sync(dom, IOVA, SZ_4K);
	iodom_unmap_sync(dom, 2 * IOVA, SZ_4K);
}

/* A domain gets endpoints later than mappings, loses them, and gets others. */
static void domain_replays(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *other = test_endpoint_new(test, v, 2);
	unsigned int maps;

	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_8K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, SZ_1G, SZ_1G, SZ_2M, IOMMU_READ));
	KUNIT_EXPECT_EQ(test, v->kicks, 0);
	for (int i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
		/* A MAP for each leaf */
		KUNIT_EXPECT_EQ(test, v->n, 3);
		KUNIT_EXPECT_NOT_NULL(test, test_viommu_find(v, test_domain_id(test, dom),
							     SZ_1G + SZ_1M));
		maps = v->requests[VIRTIO_IOMMU_T_MAP];
		KUNIT_ASSERT_EQ(test, 0, test_attach(dom, other));
		KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
		KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_MAP], maps);
		vtiommu_dev_detach(&other->vdev, false);
		KUNIT_EXPECT_EQ(test, v->n, 3);
		vtiommu_dev_detach(&ep->vdev, false);
		KUNIT_EXPECT_EQ(test, v->n, 0);
		KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	}
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA + SZ_8K, SZ_2M, SZ_4K, RW));
	iodom_unmap_sync(dom, IOVA, SZ_8K + SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_EXPECT_EQ(test, v->n, 1);
	iodom_unmap_sync(dom, SZ_1G, SZ_2M);
}

/* Neighbours that were mapped one by one are unmapped one by one, after a replay, too. */
static void domain_replays_apart(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	const unsigned int n = 40;

	for (unsigned int i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA + i * SZ_4K,
						     SZ_2M + i * SZ_4K, SZ_4K,
						     RW));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, SZ_1G, SZ_1G, SZ_2M + SZ_8K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	for (unsigned int i = 0; i < n; i++)
		KUNIT_EXPECT_NOT_NULL(test, test_viommu_find(v, test_domain_id(test, dom),
							     IOVA + i * SZ_4K));
	for (unsigned int i = 0; i < n; i += 2)
		iodom_unmap_sync(dom, IOVA + i * SZ_4K, SZ_4K);
	for (unsigned int i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, i % 2, !!test_viommu_find(v, test_domain_id(test, dom),
								IOVA + i * SZ_4K));
	for (unsigned int i = 1; i < n; i += 2)
		iodom_unmap_sync(dom, IOVA + i * SZ_4K, SZ_4K);
	iodom_unmap_sync(dom, SZ_1G, SZ_2M + SZ_8K);
	KUNIT_EXPECT_EQ(test, v->n, 0);
	KUNIT_EXPECT_EQ(test, v->unit.queue.refused.count, 0);
}

/**
 * struct attach_work - an attach on another CPU
 * @work: it
 * @dom: the domain
 * @ep: the device
 * @ret: what it returned
 */
struct attach_work {
	struct work_struct work;
	struct iodom *dom;
	struct test_endpoint *ep;
	int ret;
};

static void attach_work(struct work_struct *work)
{
	struct attach_work *w = container_of(work, struct attach_work, work);

	w->ret = test_attach(w->dom, w->ep);
}

/* Unmap, and have the device told without waiting for it, as a drain does. */
static void unmap_posted(struct kunit *test, struct iodom *dom,
			 unsigned long iova, size_t bytes,
			 struct ioflush_token *token)
{
	const struct ioflush_range range = {
		.start = iova,
		.last = iova + bytes - 1,
	};
	struct ioflush_post post = { .range = &range, .n = 1, .token = token };
	struct iopgt_gather gather;
	unsigned long flags;

	iopgt_gather_init(&gather, false);
	iopgt_unmap_pages(&dom->pgt, iova, bytes, &gather);
	local_irq_save(flags);
	KUNIT_EXPECT_TRUE(test, dom->flush.ops->post(&dom->flush, &post));
	local_irq_restore(flags);
}

/*
 * The replay has sent MAPs, the unmap its UNMAP, and the device does what it has in the
 * worst order: when the wait for the UNMAP ends nothing is mapped there.
 */
static void domain_replay_races(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct attach_work w = { .dom = dom, .ep = ep };
	struct ioflush_token token = {};

	if (num_online_cpus() < 2)
		kunit_skip(test, "takes two CPUs");
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_4K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, SZ_1G, SZ_1G, SZ_4K, RW));
	v->hold_type = VIRTIO_IOMMU_T_MAP;
	INIT_WORK_ONSTACK(&w.work, attach_work);
	queue_work(system_unbound_wq, &w.work);
	while (READ_ONCE(v->unit.queue.requests[VTIOMMU_MAP]) < 2 &&
	       work_busy(&w.work))
		cond_resched();
	unmap_posted(test, dom, IOVA, SZ_4K, &token);
	v->backwards = true;
	v->hold_type = 0;
	test_viommu_run(v, UINT_MAX);
	dom->flush.ops->wait(&dom->flush, &token);
	flush_work(&w.work);
	destroy_work_on_stack(&w.work);
	KUNIT_EXPECT_EQ(test, 0, w.ret);
	KUNIT_EXPECT_NULL(test, test_viommu_find(v, test_domain_id(test, dom), IOVA));
	KUNIT_EXPECT_NOT_NULL(test, test_viommu_find(v, test_domain_id(test, dom), SZ_1G));
	iodom_unmap_sync(dom, SZ_1G, SZ_4K);
	KUNIT_EXPECT_EQ(test, v->n, 0);
}

/* A map meanwhile fails: the device may or may not have been told of it. */
static void map_during(struct test_viommu *v)
{
	struct iodom *dom = v->data;
	struct iodom_link *link = list_first_entry(&dom->links,
						   struct iodom_link, node);

	v->during = NULL;
	v->fail_after = vtiommu_map(dom, link, SZ_2G, SZ_4K, NULL) == -EBUSY;
}

static void domain_maps_during_replay(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);

	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_4K, RW));
	v->during = map_during;
	v->data = dom;
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_EXPECT_EQ(test, v->fail_after, 1);
	iodom_unmap_sync(dom, IOVA, SZ_4K);
}

/* A unit of few addresses has domains all the same. */
static void domain_narrow(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom;

	v->unit.last = SZ_1G - 1;
	dom = test_domain_new(test, v);
	KUNIT_EXPECT_EQ(test, dom->domain.geometry.aperture_end, SZ_1G - 1);
	KUNIT_EXPECT_EQ(test, 0, test_attach(dom, test_endpoint_new(test, v, 1)));
}

/* reuse: addresses of an UNMAP that was refused are nobody's again */
static void domain_quarantines(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_dma(test, v, SZ_16M, SZ_16M + 4 * SZ_4K - 1);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct iospace *space = dom->space;
	dma_addr_t bad, iova;

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	bad = iospace_alloc(space, SZ_4K, U32_MAX, IOSPACE_LASTING);
	KUNIT_ASSERT_NE(test, bad, 0);
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, bad, SZ_2M, SZ_4K, RW));
	v->fail_type = VIRTIO_IOMMU_T_UNMAP;
	v->fail_status = VIRTIO_IOMMU_S_DEVERR;
	iodom_unmap(dom, bad, SZ_4K);
	v->fail_type = 0;
	KUNIT_EXPECT_EQ(test, v->unit.queue.refused.count, 1);

	/* All others go round, and it never comes. */
	for (int i = 0; i < 16; i++) {
		iova = iospace_alloc(space, SZ_4K, U32_MAX, IOSPACE_LASTING);
		KUNIT_ASSERT_NE(test, iova, 0);
		KUNIT_EXPECT_NE(test, iova, bad);
		KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, iova, SZ_2M, SZ_4K, RW));
		iodom_unmap(dom, iova, SZ_4K);
	}
	for (int i = 0; i < 3; i++)
		KUNIT_EXPECT_NE(test, 0, iospace_alloc(space, SZ_4K, U32_MAX,
						       IOSPACE_LASTING));
	KUNIT_EXPECT_EQ(test, 0, iospace_alloc(space, SZ_4K, U32_MAX,
					       IOSPACE_LASTING));
}

/* Lazy: neighbours are one UNMAP, and nothing else is unmapped with them. */
static void domain_defers(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_dma(test, v, SZ_16M, SZ_1G - 1);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct iospace *space = dom->space;
	dma_addr_t kept, iova[32];
	unsigned int unmaps;

	dom->flush.lone = 0;
	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_deferred(&dom->flush));
	/* However slow the machine is, no timer drains a part of it. */
	KUNIT_ASSERT_EQ(test, 0, ioflush_set_window(&dom->flush, IOFLUSH_WINDOW_MAX_US));
	dom->domain.type = IOMMU_DOMAIN_DMA_FQ;
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	migrate_disable();
	kept = iospace_alloc(space, SZ_4K, U32_MAX, IOSPACE_STREAMING);
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, kept, SZ_2M, SZ_4K, RW));
	for (int i = 0; i < ARRAY_SIZE(iova); i++) {
		iova[i] = iospace_alloc(space, SZ_4K, U32_MAX, IOSPACE_STREAMING);
		KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, iova[i], SZ_2M, SZ_4K, RW));
	}
	unmaps = v->requests[VIRTIO_IOMMU_T_UNMAP];
	for (int i = 0; i < ARRAY_SIZE(iova); i++)
		iodom_unmap(dom, iova[i], SZ_4K);
	migrate_enable();
	/* Also by what empties whole domains elsewhere */
	dom->domain.ops->flush_iotlb_all(&dom->domain);
	KUNIT_EXPECT_EQ(test, v->n, 1);
	KUNIT_EXPECT_NOT_NULL(test, test_viommu_find(v, test_domain_id(test, dom), kept));
	KUNIT_EXPECT_LE(test, v->requests[VIRTIO_IOMMU_T_UNMAP], unmaps + 4);
	KUNIT_EXPECT_EQ(test, ioflush_count(&dom->flush, IOFLUSH_N_ALL), 0);
	iodom_unmap(dom, kept, SZ_4K);
	ioflush_drain(&dom->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, v->n, 0);
}

static struct kunit_case vtiommu_map_cases[] = {
	KUNIT_CASE(domain_maps),
	KUNIT_CASE(domain_maps_run),
	KUNIT_CASE(domain_lists),
	KUNIT_CASE(domain_unmaps_mixed),
	KUNIT_CASE(domain_unmaps_leaves),
	KUNIT_CASE(domain_map_fails),
	KUNIT_CASE(domain_replays),
	KUNIT_CASE(domain_replays_apart),
	KUNIT_CASE(domain_replay_races),
	KUNIT_CASE(domain_maps_during_replay),
	KUNIT_CASE(domain_narrow),
	KUNIT_CASE(domain_quarantines),
	KUNIT_CASE(domain_defers),
	{}
};

static struct kunit_suite vtiommu_map_suite = {
	.name = "ioflush_virtio_map",
	.test_cases = vtiommu_map_cases,
};

kunit_test_suite(vtiommu_map_suite);
