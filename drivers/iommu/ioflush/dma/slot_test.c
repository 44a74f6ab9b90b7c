// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of buffers that are copied
 *
 * The device is played by the test, which looks up what a bus address translates to.
 */
#include <linux/ioflush/iova.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "slot_copy.h"
#include "test_util.h"

#define BUF_BYTES	SZ_8K
/* Two buffers that a device writes may not share one, says DMA_API_DEBUG. */
#define LINE_BYTES	64
/* A buffer begins this far into the memory, for what must stay around it. */
#define GUARD_BYTES	SZ_1K

/**
 * struct slot_test - what a test works with
 * @dev: the device
 * @pool: slots of its domain
 * @mem: memory for buffers
 */
struct slot_test {
	struct device *dev;
	struct ioslot_pool *pool;
	char *mem;
};

static void free_mem(void *mem)
{
	free_pages((unsigned long)mem, get_order(BUF_BYTES));
}

static struct slot_test slot_test(struct kunit *test)
{
	struct slot_test t = { .dev = dma_test_bound(test) };

	t.pool = iodma_domain(t.dev)->slots;
	KUNIT_ASSERT_NOT_NULL(test, t.pool);
	KUNIT_ASSERT_EQ(test, 0, dma_test_copies(t.dev, IOSLOT_MAX_BYTES));
	t.mem = (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO,
					 get_order(BUF_BYTES));
	KUNIT_ASSERT_NOT_NULL(test, t.mem);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_mem, t.mem));
	return t;
}

/* What the device sees at an address. */
static char *seen_at(struct device *dev, dma_addr_t iova)
{
	phys_addr_t phys = iopgt_iova_to_phys(&iodma_domain(dev)->pgt, iova);

	return phys ? phys_to_virt(phys) : NULL;
}

static dma_addr_t map(struct kunit *test, struct slot_test *t, void *buf,
		      size_t size, enum dma_data_direction dir)
{
	dma_addr_t iova = dma_map_single(t->dev, buf, size, dir);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, iova));
	KUNIT_ASSERT_NOT_NULL(test, seen_at(t->dev, iova));
	return iova;
}

static dma_addr_t map_copied(struct kunit *test, struct slot_test *t, void *buf,
			     size_t size, enum dma_data_direction dir)
{
	dma_addr_t iova = map(test, t, buf, size, dir);

	KUNIT_ASSERT_TRUE(test, ioslot_holds(t->pool, iova));
	KUNIT_ASSERT_PTR_NE(test, (void *)buf, (void *)seen_at(t->dev, iova));
	return iova;
}

static bool all_are(const char *p, char value, size_t size)
{
	while (size && *p == value) {
		p++;
		size--;
	}
	return !size;
}

/* The device gets what it may, the driver what the device wrote, others nothing. */
static void check_copy(struct kunit *test, struct slot_test *t, size_t offset,
		       size_t size, enum dma_data_direction dir)
{
	char *buf = t->mem + GUARD_BYTES + offset;
	dma_addr_t iova;
	char *seen;

	memset(t->mem, 'g', BUF_BYTES);
	memset(buf, 'b', size);
	iova = map(test, t, buf, size, dir);
	KUNIT_EXPECT_EQ(test, (offset & IOSLOT_ALIGN_MASK) + size <=
			      IOSLOT_MAX_BYTES, ioslot_holds(t->pool, iova));
	KUNIT_EXPECT_EQ(test, (unsigned long)buf & IOSLOT_ALIGN_MASK,
			iova & IOSLOT_ALIGN_MASK);
	if (ioslot_holds(t->pool, iova)) {
		seen = seen_at(t->dev, iova);
		KUNIT_EXPECT_TRUE(test, all_are(seen, 'b', size));
		memset(seen, 'd', size);
		KUNIT_EXPECT_TRUE(test, all_are(buf, 'b', size));
	}
	dma_unmap_single(t->dev, iova, size, dir);
	if (ioslot_holds(t->pool, iova))
		KUNIT_EXPECT_TRUE(test, all_are(buf, dir == DMA_TO_DEVICE ?
						     'b' : 'd', size));
	KUNIT_EXPECT_TRUE(test, all_are(t->mem, 'g', buf - t->mem));
	KUNIT_EXPECT_TRUE(test, all_are(buf + size, 'g', t->mem + BUF_BYTES -
							 buf - size));
}

static void slot_lengths(struct kunit *test)
{
	static const size_t offsets[] = { 0, 1, 2, 8, 31, 63, 64, 100 };
	struct slot_test t = slot_test(test);

	for (unsigned int o = 0; o < ARRAY_SIZE(offsets); o++)
		for (unsigned int lg2 = 0; lg2 <= IOSLOT_MAX_LG2; lg2++)
			for (int more = -1; more <= 1; more++)
				for (int dir = 0; dir < IOSLOT_DIRS; dir++)
					check_copy(test, &t, offsets[o],
						   max(BIT(lg2) + more, 1), dir);
}

/* Short ones byte by byte, in all alignments: the copy's last word is special. */
static void slot_short(struct kunit *test)
{
	struct slot_test t = slot_test(test);

	for (size_t offset = 0; offset < 16; offset++)
		for (size_t size = 1; size < 80; size++)
			check_copy(test, &t, offset, size, DMA_BIDIRECTIONAL);
}

/* What the device does not write stays, and is not what another was sent before. */
static void slot_partly_written(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	dma_addr_t iova;

	memset(t.mem, 'o', 2 * 256);
	for (unsigned int i = 0; i < 2; i++) {
		iova = map_copied(test, &t, t.mem + i * 256, 256,
				  DMA_FROM_DEVICE);
		memset(seen_at(t.dev, iova), '1' + i, i ? 100 : 256);
		dma_unmap_single(t.dev, iova, 256, DMA_FROM_DEVICE);
	}
	KUNIT_EXPECT_TRUE(test, all_are(t.mem, '1', 256));
	KUNIT_EXPECT_TRUE(test, all_are(t.mem + 256, '2', 100));
	KUNIT_EXPECT_TRUE(test, all_are(t.mem + 256 + 100, 'o', 156));
}

/* Only the named part is handed over, either way. */
static void slot_sync_part(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	char *buf = t.mem + 20, *seen;
	dma_addr_t iova;

	for (int dir = 0; dir < IOSLOT_DIRS; dir++) {
		memset(buf, 'b', 1000);
		iova = map_copied(test, &t, buf, 1000, dir);
		seen = seen_at(t.dev, iova);
		memset(seen, 'd', 1000);
		dma_sync_single_range_for_cpu(t.dev, iova, 100, 50, dir);
		KUNIT_EXPECT_TRUE(test, all_are(buf, 'b', 100));
		KUNIT_EXPECT_TRUE(test, all_are(buf + 100,
						dir == DMA_TO_DEVICE ? 'b' : 'd',
						50));
		KUNIT_EXPECT_TRUE(test, all_are(buf + 150, 'b', 850));

		memset(buf, 'c', 1000);
		dma_sync_single_for_device(t.dev, iova + 999, 1, dir);
		KUNIT_EXPECT_TRUE(test, all_are(seen, 'd', 999));
		/* What the device is about to write it may have written already. */
		KUNIT_EXPECT_EQ(test, dir == DMA_FROM_DEVICE ? 'd' : 'c',
				seen[999]);
		dma_sync_single_for_cpu(t.dev, iova, 0, dir);
		dma_sync_single_for_device(t.dev, iova, 0, dir);
		KUNIT_EXPECT_TRUE(test, all_are(buf, 'c', 1000));
		dma_unmap_single(t.dev, iova, 1000, dir);
	}
}

/* A driver that looks for what has not come yet takes nothing from the device. */
static void slot_sync_polled(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	dma_addr_t iova = map_copied(test, &t, t.mem, 100, DMA_BIDIRECTIONAL);
	char *seen = seen_at(t.dev, iova);

	dma_sync_single_for_cpu(t.dev, iova, 100, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, t.mem[0]);
	memset(seen, 'd', 100);
	dma_sync_single_for_device(t.dev, iova, 100, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, all_are(seen, 'd', 100));
	dma_sync_single_for_cpu(t.dev, iova, 100, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, t.mem[0]);
	dma_sync_single_for_cpu(t.dev, iova, 100, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, all_are(t.mem, 'd', 100));
	dma_unmap_single(t.dev, iova, 100, DMA_BIDIRECTIONAL);
}

/* Whole pages may be shared for longer, and are; alone or in a list. */
static void slot_whole_pages(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	struct scatterlist sgl[2];
	dma_addr_t iova;

	for (int dir = 0; dir < IOSLOT_DIRS; dir++) {
		/* One that would do is free, and on this CPU. */
		iova = map_copied(test, &t, t.mem, PAGE_SIZE - 1, dir);
		dma_unmap_single(t.dev, iova, PAGE_SIZE - 1, dir);

		iova = map(test, &t, t.mem, PAGE_SIZE, dir);
		KUNIT_EXPECT_PTR_EQ(test, (void *)t.mem,
				    (void *)seen_at(t.dev, iova));
		dma_unmap_single(t.dev, iova, PAGE_SIZE, dir);

		sg_init_table(sgl, 2);
		sg_set_page(&sgl[0], virt_to_page(t.mem), PAGE_SIZE, 0);
		sg_set_page(&sgl[1], virt_to_page(t.mem), 0, 0);
		KUNIT_ASSERT_EQ(test, 1, dma_map_sg(t.dev, sgl, 2, dir));
		KUNIT_EXPECT_PTR_EQ(test, (void *)t.mem,
				    (void *)seen_at(t.dev, sg_dma_address(sgl)));
		dma_unmap_sg(t.dev, sgl, 2, dir);
	}
}

/* Who says that nothing need be copied back is believed, and maps pages. */
static void slot_skip_sync(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	dma_addr_t iova;

	memset(t.mem, 'b', 100);
	iova = map_copied(test, &t, t.mem, 100, DMA_FROM_DEVICE);
	memset(seen_at(t.dev, iova), 'd', 100);
	dma_unmap_single_attrs(t.dev, iova, 100, DMA_FROM_DEVICE,
			       DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_EXPECT_TRUE(test, all_are(t.mem, 'b', 100));

	iova = dma_map_single_attrs(t.dev, t.mem, 100, DMA_FROM_DEVICE,
				    DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t.dev, iova));
	KUNIT_EXPECT_PTR_EQ(test, (void *)t.mem, (void *)seen_at(t.dev, iova));
	dma_unmap_single_attrs(t.dev, iova, 100, DMA_FROM_DEVICE,
			       DMA_ATTR_SKIP_CPU_SYNC);
}

/* A page has slots of one direction, and the permissions of that. */
static void slot_directions(struct kunit *test)
{
	static const int prot[IOSLOT_DIRS] = {
		[DMA_BIDIRECTIONAL] = IOMMU_READ | IOMMU_WRITE,
		[DMA_TO_DEVICE] = IOMMU_READ,
		[DMA_FROM_DEVICE] = IOMMU_WRITE,
	};
	struct slot_test t = slot_test(test);
	dma_addr_t iova[IOSLOT_DIRS];

	dma_test_watch_maps(iodma_domain(t.dev));
	for (int dir = 0; dir < IOSLOT_DIRS; dir++) {
		iova[dir] = map_copied(test, &t, t.mem + dir * 256, 100, dir);
		KUNIT_EXPECT_EQ(test, prot[dir],
				dma_test_iommu.map_prot &
				(IOMMU_READ | IOMMU_WRITE));
		for (int other = 0; other < dir; other++)
			KUNIT_EXPECT_NE(test, iova[dir] >> PAGE_SHIFT,
					iova[other] >> PAGE_SHIFT);
	}
	for (int dir = 0; dir < IOSLOT_DIRS; dir++)
		dma_unmap_single(t.dev, iova[dir], 100, dir);
	KUNIT_EXPECT_EQ(test, IOSLOT_DIRS, dma_test_iommu.map_calls);
}

/* Around a copy is nothing, or what this device was sent before. */
static void slot_padding(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	dma_addr_t iova;
	char *page;

	memset(t.mem, 'g', BUF_BYTES);
	iova = map_copied(test, &t, t.mem + 1000, 300, DMA_TO_DEVICE);
	page = PTR_ALIGN_DOWN(seen_at(t.dev, iova), PAGE_SIZE);
	for (size_t i = 0; i < PAGE_SIZE; i++)
		KUNIT_ASSERT_EQ(test, i - offset_in_page(iova) < 300 ? 'g' : 0,
				page[i]);
	dma_unmap_single(t.dev, iova, 300, DMA_TO_DEVICE);
}

/* What is out of reach, or would not keep what it must of its address, is mapped. */
static void slot_reach(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	dma_addr_t iova;

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(t.dev, DMA_BIT_MASK(24)));
	iova = map(test, &t, t.mem, 100, DMA_TO_DEVICE);
	KUNIT_EXPECT_FALSE(test, ioslot_holds(t.pool, iova));
	dma_unmap_single(t.dev, iova, 100, DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(t.dev, DMA_BIT_MASK(32)));
	iova = map_copied(test, &t, t.mem, 100, DMA_TO_DEVICE);
	dma_unmap_single(t.dev, iova, 100, DMA_TO_DEVICE);

	t.dev->dma_parms = kunit_kzalloc(test, sizeof(*t.dev->dma_parms),
					 GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t.dev->dma_parms);
	dma_set_min_align_mask(t.dev, SZ_4K - 1);
	for (size_t offset = 0; offset < SZ_4K; offset += 500) {
		iova = map_copied(test, &t, t.mem + offset, 90, DMA_TO_DEVICE);
		KUNIT_EXPECT_EQ(test, offset, iova & (SZ_4K - 1));
		dma_unmap_single(t.dev, iova, 90, DMA_TO_DEVICE);
	}
	iova = map(test, &t, t.mem + SZ_4K - 10, 90, DMA_TO_DEVICE);
	KUNIT_EXPECT_FALSE(test, ioslot_holds(t.pool, iova));
	dma_unmap_single(t.dev, iova, 90, DMA_TO_DEVICE);
	t.dev->dma_parms = NULL;
}

/* A pool does not grow beyond its range; what does not fit is mapped. */
static void slot_bounded(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	const unsigned int per_page = PAGE_SIZE / IOSLOT_MAX_BYTES;
	struct ioslot_stats stats;
	unsigned int room, count;
	dma_addr_t *iova, again;

	ioslot_get_stats(t.pool, &stats);
	room = (stats.pages_max - stats.pages) * per_page;
	count = room + 3;
	iova = kvmalloc_array(count, sizeof(*iova), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, iova);
	for (unsigned int i = 0; i < count; i++) {
		iova[i] = map(test, &t, t.mem + 64, IOSLOT_MAX_BYTES,
			      DMA_TO_DEVICE);
		KUNIT_EXPECT_EQ(test, i < room, ioslot_holds(t.pool, iova[i]));
	}
	ioslot_get_stats(t.pool, &stats);
	KUNIT_EXPECT_EQ(test, stats.pages_max, stats.pages);
	KUNIT_EXPECT_EQ(test, 3, stats.dry);
	/* Not before the pages are idle, however long that takes here. */
	cancel_delayed_work_sync(&t.pool->tidy);
	for (unsigned int i = 0; i < count; i++)
		dma_unmap_single(t.dev, iova[i], IOSLOT_MAX_BYTES,
				 DMA_TO_DEVICE);
	kvfree(iova);

	/* An idle page serves for other lengths, and soon for other directions. */
	dma_unmap_single(t.dev, map_copied(test, &t, t.mem, 9, DMA_TO_DEVICE), 9,
			 DMA_TO_DEVICE);
	again = map(test, &t, t.mem, 9, DMA_FROM_DEVICE);
	KUNIT_EXPECT_FALSE(test, ioslot_holds(t.pool, again));
	dma_unmap_single(t.dev, again, 9, DMA_FROM_DEVICE);
	flush_delayed_work(&t.pool->tidy);
	ioslot_get_stats(t.pool, &stats);
	KUNIT_EXPECT_EQ(test, 0, stats.pages);
	dma_unmap_single(t.dev, map_copied(test, &t, t.mem, 9, DMA_FROM_DEVICE),
			 9, DMA_FROM_DEVICE);
}

/* Without memory for a slot's page the buffer is mapped, and nothing is lost. */
static void slot_no_memory(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	struct ioslot_stats before, after;
	dma_addr_t iova;

	ioslot_get_stats(t.pool, &before);
	dma_test_iommu.fail_at = 1;
	dma_test_watch_maps(iodma_domain(t.dev));
	iova = map(test, &t, t.mem, 100, DMA_TO_DEVICE);
	KUNIT_EXPECT_FALSE(test, ioslot_holds(t.pool, iova));
	dma_unmap_single(t.dev, iova, 100, DMA_TO_DEVICE);
	ioslot_get_stats(t.pool, &after);
	KUNIT_EXPECT_EQ(test, before.pages, after.pages);
	KUNIT_EXPECT_EQ(test, before.dry + 1, after.dry);
}

/* Idle pages go, and the device loses access; those in use stay. */
static void slot_shrinks(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	struct ioslot_stats stats;
	dma_addr_t kept, gone;

	kept = map_copied(test, &t, t.mem, 2000, DMA_FROM_DEVICE);
	gone = map_copied(test, &t, t.mem, 2000, DMA_TO_DEVICE);
	dma_unmap_single(t.dev, gone, 2000, DMA_TO_DEVICE);
	KUNIT_EXPECT_NOT_NULL(test, seen_at(t.dev, gone));
	ioslot_release(t.pool);
	ioslot_get_stats(t.pool, &stats);
	KUNIT_EXPECT_EQ(test, 1, stats.pages);
	KUNIT_EXPECT_EQ(test, 0, stats.idle);
	KUNIT_EXPECT_NULL(test, seen_at(t.dev, gone));
	KUNIT_EXPECT_NOT_NULL(test, seen_at(t.dev, kept));
	dma_unmap_single(t.dev, kept, 2000, DMA_FROM_DEVICE);
	ioslot_release(t.pool);
	ioslot_get_stats(t.pool, &stats);
	KUNIT_EXPECT_EQ(test, 0, stats.pages);
	KUNIT_EXPECT_NULL(test, seen_at(t.dev, kept));
}

/* refused: a page that the device may still reach stays one, and so do its addresses */
static void slot_refused(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	struct ioslot_stats stats;
	dma_addr_t iova, other;
	void *memory;

	iova = map_copied(test, &t, t.mem, 2000, DMA_TO_DEVICE);
	memory = seen_at(t.dev, iova);
	dma_unmap_single(t.dev, iova, 2000, DMA_TO_DEVICE);
	/* As when the UNMAP has come to nothing */
	iospace_quarantine(t.pool->dom->space, iova, iova);
	ioslot_release(t.pool);
	KUNIT_EXPECT_EQ(test, 1, page_count(virt_to_page(memory)));
	ioslot_get_stats(t.pool, &stats);
	KUNIT_EXPECT_EQ(test, 1, stats.pages);
	KUNIT_EXPECT_EQ(test, 0, stats.idle);

	other = map_copied(test, &t, t.mem, 2000, DMA_TO_DEVICE);
	KUNIT_EXPECT_NE(test, other & PAGE_MASK, iova & PAGE_MASK);
	dma_unmap_single(t.dev, other, 2000, DMA_TO_DEVICE);
	free_page((unsigned long)memory & PAGE_MASK);
}

/* Slots come and go in batches and none is lost or given out twice. */
static void slot_batches(struct kunit *test)
{
	const unsigned int count = 5 * IOSLOT_KEEP(0) + 3;
	struct slot_test t = slot_test(test);
	struct ioslot_stats stats;
	dma_addr_t *iova = kunit_kmalloc_array(test, count, sizeof(*iova),
					       GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, iova);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < count; i++) {
			iova[i] = map_copied(test, &t, t.mem + i * LINE_BYTES,
					     1, DMA_FROM_DEVICE);
			*seen_at(t.dev, iova[i]) = i + round;
		}
		for (unsigned int i = 0; i < count; i++) {
			dma_unmap_single(t.dev, iova[i], 1, DMA_FROM_DEVICE);
			KUNIT_EXPECT_EQ(test, (char)(i + round),
					t.mem[i * LINE_BYTES]);
		}
	}
	ioslot_release(t.pool);
	ioslot_get_stats(t.pool, &stats);
	KUNIT_EXPECT_EQ(test, 0, stats.pages);
	KUNIT_EXPECT_EQ(test, 0, stats.idle);
}

static int map_sg(struct slot_test *t, struct scatterlist *sgl, int nents,
		  const size_t (*entry)[2], enum dma_data_direction dir)
{
	sg_init_table(sgl, nents);
	for (int i = 0; i < nents; i++)
		sg_set_page(&sgl[i], virt_to_page(t->mem), entry[i][1],
			    entry[i][0]);
	return dma_map_sg(t->dev, sgl, nents, dir);
}

/* All of a list is copied, with its empty entries left out. */
static void slot_sg(struct kunit *test)
{
	static const size_t entry[][2] = {
		{ 2048, 0 }, { 16, 100 }, { 1000, 50 }, { 3000, 0 },
		{ 4000, 300 },
	};
	struct slot_test t = slot_test(test);
	struct scatterlist sgl[ARRAY_SIZE(entry)];

	memset(t.mem, 'b', BUF_BYTES);
	KUNIT_ASSERT_EQ(test, 3, map_sg(&t, sgl, ARRAY_SIZE(entry), entry,
					DMA_BIDIRECTIONAL));
	KUNIT_EXPECT_EQ(test, 100, sg_dma_len(&sgl[0]));
	KUNIT_EXPECT_EQ(test, 50, sg_dma_len(&sgl[1]));
	KUNIT_EXPECT_EQ(test, 300, sg_dma_len(&sgl[2]));
	for (unsigned int i = 0; i < 3; i++) {
		KUNIT_ASSERT_TRUE(test, ioslot_holds(t.pool,
						     sg_dma_address(&sgl[i])));
		KUNIT_EXPECT_TRUE(test, all_are(seen_at(t.dev,
							sg_dma_address(&sgl[i])),
						'b', sg_dma_len(&sgl[i])));
		memset(seen_at(t.dev, sg_dma_address(&sgl[i])), 'd',
		       sg_dma_len(&sgl[i]));
	}
	dma_sync_sg_for_cpu(t.dev, sgl, ARRAY_SIZE(entry), DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_TRUE(test, all_are(t.mem + 16, 'd', 100));
	memset(t.mem, 'e', BUF_BYTES);
	dma_sync_sg_for_device(t.dev, sgl, ARRAY_SIZE(entry), DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_TRUE(test, all_are(seen_at(t.dev, sg_dma_address(&sgl[2])),
					'e', 300));
	memset(seen_at(t.dev, sg_dma_address(&sgl[2])), 'f', 300);
	dma_unmap_sg(t.dev, sgl, ARRAY_SIZE(entry), DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_TRUE(test, all_are(t.mem, 'e', 4000));
	KUNIT_EXPECT_TRUE(test, all_are(t.mem + 4000, 'f', 300));
	KUNIT_EXPECT_TRUE(test, all_are(t.mem + 4300, 'e', BUF_BYTES - 4300));
}

/* A list that would be merged is mapped, and so is one that is too long in all. */
static void slot_sg_mapped(struct kunit *test)
{
	static const size_t joined[][2] = { { 4000, 96 }, { 4096, 100 } };
	static const size_t longer[][2] = { { 0, 2100 }, { 2200, 2000 } };
	struct slot_test t = slot_test(test);
	struct scatterlist sgl[2];
	int nents;

	nents = map_sg(&t, sgl, 2, joined, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE == SZ_4K ? 1 : 2, nents);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE != SZ_4K,
			ioslot_holds(t.pool, sg_dma_address(&sgl[0])));
	dma_unmap_sg(t.dev, sgl, 2, DMA_TO_DEVICE);

	KUNIT_EXPECT_EQ(test, 2, map_sg(&t, sgl, 2, longer, DMA_TO_DEVICE));
	KUNIT_EXPECT_FALSE(test, ioslot_holds(t.pool, sg_dma_address(&sgl[0])));
	KUNIT_EXPECT_FALSE(test, ioslot_holds(t.pool, sg_dma_address(&sgl[1])));
	dma_unmap_sg(t.dev, sgl, 2, DMA_TO_DEVICE);
}

/* A list for which there is no slot in the middle is mapped from the start. */
static void slot_sg_no_memory(struct kunit *test)
{
	static const size_t entry[][2] = { { 0, 100 }, { 200, 1000 } };
	struct slot_test t = slot_test(test);
	struct scatterlist sgl[2];

	dma_test_iommu.fail_at = 2;
	dma_test_watch_maps(iodma_domain(t.dev));
	KUNIT_EXPECT_EQ(test, 2, map_sg(&t, sgl, 2, entry, DMA_TO_DEVICE));
	for (unsigned int i = 0; i < 2; i++)
		KUNIT_EXPECT_PTR_EQ(test, (void *)(t.mem + entry[i][0]),
				    (void *)seen_at(t.dev,
						    sg_dma_address(&sgl[i])));
	dma_unmap_sg(t.dev, sgl, 2, DMA_TO_DEVICE);
}

/* Drivers that were told not to synchronise before have to from now on. */
static void slot_need_sync(struct kunit *test)
{
	struct slot_test t = slot_test(test);

	KUNIT_EXPECT_TRUE(test, dma_dev_need_sync(t.dev));
#ifdef CONFIG_DMA_NEED_SYNC
	device_release_driver(t.dev);
	dev_set_dma_skip_sync(t.dev);
	KUNIT_ASSERT_EQ(test, 1, device_attach(t.dev));
	KUNIT_EXPECT_TRUE(test, dma_dev_need_sync(t.dev));
#endif
}

/* Where a mapping ends is known: behind it in the slot is somebody else's. */
static void slot_ends(struct kunit *test)
{
	struct slot_test t = slot_test(test);
	struct ioslot_page *page;
	dma_addr_t iova;
	u32 offset;

	memset(t.mem, 'g', 300);
	iova = map_copied(test, &t, t.mem + 5, 100, DMA_FROM_DEVICE);
	offset = iova - t.pool->base;
	page = ioslot_page_of(t.pool, offset);
	KUNIT_EXPECT_EQ(test, 105, *ioslot_end(page, offset));
	KUNIT_EXPECT_EQ(test, 100, ioslot_within(page, offset, 100));
	KUNIT_EXPECT_EQ(test, 1, ioslot_within(page, offset + 99, 1));
	dma_unmap_single(t.dev, iova, 100, DMA_FROM_DEVICE);
}

/* A limit may be given, or measured: the longer a buffer, the dearer its copy. */
static void slot_limit(struct kunit *test)
{
	struct slot_test t = slot_test(test);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ioslot_set_limit(t.pool, t.dev, IOSLOT_MAX_BYTES + 1));
	KUNIT_EXPECT_EQ(test, 0, ioslot_set_limit(t.pool, t.dev, 77));
	dma_unmap_single(t.dev, map_copied(test, &t, t.mem, 77, DMA_TO_DEVICE),
			 77, DMA_TO_DEVICE);
	dma_unmap_single(t.dev, map(test, &t, t.mem, 78, DMA_TO_DEVICE), 78,
			 DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, ioslot_set_limit(t.pool, t.dev, -1));
	for (int dir = 0; dir < IOSLOT_DIRS; dir++)
		KUNIT_EXPECT_LE(test, t.pool->limit[dir], IOSLOT_MAX_BYTES);
	KUNIT_EXPECT_EQ(test, 0, t.pool->limit[DMA_BIDIRECTIONAL]);
}

static struct kunit_case slot_cases[] = {
	KUNIT_CASE(slot_lengths),
	KUNIT_CASE(slot_short),
	KUNIT_CASE(slot_partly_written),
	KUNIT_CASE(slot_sync_part),
	KUNIT_CASE(slot_sync_polled),
	KUNIT_CASE(slot_whole_pages),
	KUNIT_CASE(slot_skip_sync),
	KUNIT_CASE(slot_directions),
	KUNIT_CASE(slot_padding),
	KUNIT_CASE(slot_reach),
	KUNIT_CASE(slot_bounded),
	KUNIT_CASE(slot_no_memory),
	KUNIT_CASE(slot_shrinks),
	KUNIT_CASE(slot_refused),
	KUNIT_CASE(slot_batches),
	KUNIT_CASE(slot_sg),
	KUNIT_CASE(slot_sg_mapped),
	KUNIT_CASE(slot_sg_no_memory),
	KUNIT_CASE(slot_need_sync),
	KUNIT_CASE(slot_ends),
	KUNIT_CASE(slot_limit),
	{}
};

static struct kunit_suite slot_suite = {
	.name = "ioflush_dma_slot",
	.init = dma_test_init,
	.test_cases = slot_cases,
};

kunit_test_suite(slot_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's copies of small buffers");
MODULE_LICENSE("GPL");
