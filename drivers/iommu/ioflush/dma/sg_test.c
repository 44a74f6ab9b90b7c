// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of mapping scatterlists
 */
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "test_util.h"

#define POOL_PAGES	64
#define PIECES_MAX	36
#define SZ_12K		(3 * SZ_4K)

/**
 * struct piece - one entry of a list
 * @page: first page, of a pool of contiguous ones
 * @offset: where it begins in the page
 * @length: how long it is
 */
struct piece {
	unsigned int page;
	unsigned int offset;
	unsigned int length;
};

/**
 * struct list_case - a list, a device, and what should become of it
 * @name: for messages
 * @max_seg: longest segment, 0 for any
 * @boundary: mask of the segment boundary, 0 for none
 * @piece: the list
 * @n: how many entries
 * @want: how many segments, 0 if that depends on the address
 */
struct list_case {
	const char *name;
	unsigned int max_seg;
	unsigned long boundary;
	struct piece piece[PIECES_MAX];
	unsigned int n;
	unsigned int want;
};

static const struct list_case lists[] = {
	{ "one", 0, 0, { { 3, 100, 200 } }, 1, 1 },
	{ "neighbours", 0, 0, { { 1, 0, SZ_4K }, { 2, 0, SZ_4K } }, 2, 1 },
	{ "strangers", 0, 0, { { 9, 0, SZ_4K }, { 2, 0, SZ_8K } }, 2, 1 },
	{ "partial tail", 0, 0, { { 9, 0, 4000 }, { 2, 0, SZ_8K } }, 2, 2 },
	{ "partial head", 0, 0, { { 9, 0, SZ_4K }, { 2, 8, SZ_8K } }, 2, 2 },
	{ "ends meet", 0, 0,
	  { { 9, 96, 4000 }, { 2, 0, SZ_8K }, { 30, 0, 5 } }, 3, 1 },
	{ "offset past a page", 0, 0, { { 9, SZ_4K + 7, 9 } }, 1, 1 },
	{ "short segments", SZ_4K, 0,
	  { { 1, 0, SZ_4K }, { 2, 0, SZ_4K }, { 3, 0, SZ_4K } }, 3, 3 },
	{ "two to a segment", SZ_8K, 0,
	  { { 1, 0, SZ_4K }, { 2, 0, SZ_4K }, { 3, 0, SZ_4K } }, 3, 2 },
	{ "almost two", SZ_8K - 1, 0,
	  { { 1, 0, SZ_4K }, { 2, 0, SZ_4K } }, 2, 2 },
	{ "boundary, no gap", 0, SZ_8K - 1,
	  { { 1, 0, SZ_4K }, { 5, 0, SZ_4K }, { 9, 0, SZ_8K } }, 3, 0 },
	{ "boundary, gaps", 0, SZ_16K - 1,
	  { { 1, 0, SZ_12K }, { 9, 0, SZ_12K }, { 20, 0, SZ_12K },
	    { 30, 40, SZ_8K }, { 40, 0, SZ_16K }, { 60, 1, 1 } }, 6, 0 },
	{ "boundary of a page", 0, SZ_4K - 1,
	  { { 1, 0, SZ_4K }, { 3, 10, 100 }, { 2, 0, SZ_4K } }, 3, 3 },
	/* Entries without a length, as io_uring's fixed buffers have them. */
	{ "empty first", 0, 0, { { 1, 0, 0 }, { 2, 0, SZ_4K } }, 2, 1 },
	{ "empty last", 0, 0, { { 1, 0, SZ_4K }, { 2, 0, 0 } }, 2, 1 },
	{ "empty between", 0, 0,
	  { { 9, 0, SZ_4K }, { 1, 7, 0 }, { 3, 0, SZ_4K } }, 3, 1 },
	{ "empty everywhere", 0, 0,
	  { { 1, 7, 0 }, { 1, 0, 0 }, { 9, 8, 100 }, { 2, 1, 0 },
	    { 3, 5, 10 }, { 4, 0, 0 }, { 5, 0, 0 } }, 7, 2 },
	{ "empty at a boundary", 0, SZ_8K - 1,
	  { { 1, 0, 0 }, { 1, 0, SZ_4K }, { 5, 0, 0 }, { 9, 0, SZ_8K },
	    { 20, 0, 0 } }, 5, 0 },
	{ "long", SZ_64K, SZ_1M - 1,
	  { { 1, 0, SZ_32K }, { 9, 0, SZ_4K }, { 11, 0, SZ_16K },
	    { 15, 0, SZ_4K }, { 16, 5, 10 }, { 17, 0, SZ_16K },
	    { 21, 0, SZ_8K }, { 24, 0, SZ_32K }, { 32, 0, SZ_64K } }, 9, 0 },
};

static struct page *pool;
static struct device_dma_parameters parms;

static void free_pool(void *unused)
{
	__free_pages(pool, get_order(POOL_PAGES * SZ_4K));
}

static struct device *new_device(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);

	pool = alloc_pages(GFP_KERNEL, get_order(POOL_PAGES * SZ_4K));
	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_pool, NULL));
	dev->dma_parms = &parms;
	return dev;
}

static void make_list(struct device *dev, struct scatterlist *sgl,
		      const struct list_case *l)
{
	parms = (struct device_dma_parameters) {
		.max_segment_size = l->max_seg,
		.segment_boundary_mask = l->boundary,
	};
	if (!l->max_seg)
		parms.max_segment_size = UINT_MAX;
	sg_init_table(sgl, l->n);
	for (unsigned int i = 0; i < l->n; i++)
		sg_set_page(&sgl[i], pool + l->piece[i].page,
			    l->piece[i].length, l->piece[i].offset);
}

static phys_addr_t piece_phys(const struct piece *p)
{
	return page_to_phys(pool + p->page) + p->offset;
}

static unsigned int skip_empty(const struct list_case *l, unsigned int p)
{
	while (p < l->n && !l->piece[p].length)
		p++;
	return p;
}

/* All segments, one after the other, are all pieces, one after the other. */
static void check_content(struct kunit *test, struct device *dev,
			  struct scatterlist *sgl, int count,
			  const struct list_case *l)
{
	struct scatterlist *s;
	size_t done = 0;
	unsigned int p = 0;
	int i;

	for_each_sg(sgl, s, count, i) {
		for (size_t off = 0; off < sg_dma_len(s); ) {
			const struct piece *piece;
			size_t n;

			p = skip_empty(l, p);
			piece = &l->piece[p];
			KUNIT_ASSERT_LT_MSG(test, p, l->n, "%s", l->name);
			n = min_t(size_t, piece->length - done,
				  sg_dma_len(s) - off);
			dma_test_expect_mapped(test, dev,
					       sg_dma_address(s) + off,
					       piece_phys(piece) + done, n);
			off += n;
			done += n;
			if (done == piece->length) {
				done = 0;
				p++;
			}
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, l->n, skip_empty(l, p), "%s", l->name);
	KUNIT_EXPECT_EQ_MSG(test, 0, done, "%s", l->name);
}

static void check_segments(struct kunit *test, struct scatterlist *sgl,
			   int count, const struct list_case *l)
{
	struct scatterlist *s;
	int i;

	if (l->want)
		KUNIT_EXPECT_EQ_MSG(test, l->want, count, "%s", l->name);
	for_each_sg(sgl, s, count, i) {
		dma_addr_t first = sg_dma_address(s);
		dma_addr_t last = first + sg_dma_len(s) - 1;

		if (l->max_seg)
			KUNIT_EXPECT_LE_MSG(test, sg_dma_len(s), l->max_seg,
					    "%s", l->name);
		if (l->boundary)
			KUNIT_EXPECT_EQ_MSG(test, first & ~l->boundary,
					    last & ~l->boundary, "%s", l->name);
	}
}

/* The caller's part of the list is as it was. */
static void check_intact(struct kunit *test, struct scatterlist *sgl,
			 const struct list_case *l)
{
	for (unsigned int i = 0; i < l->n; i++) {
		KUNIT_EXPECT_PTR_EQ(test, pool + l->piece[i].page,
				    sg_page(&sgl[i]));
		KUNIT_EXPECT_EQ(test, l->piece[i].offset, sgl[i].offset);
		KUNIT_EXPECT_EQ(test, l->piece[i].length, sgl[i].length);
	}
}

static void check_list(struct kunit *test, struct device *dev,
		       const struct list_case *l)
{
	static struct scatterlist sgl[PIECES_MAX];
	dma_addr_t first, last;
	int count;

	make_list(dev, sgl, l);
	count = dma_map_sg(dev, sgl, l->n, DMA_TO_DEVICE);
	KUNIT_ASSERT_GT_MSG(test, count, 0, "%s", l->name);
	check_segments(test, sgl, count, l);
	check_content(test, dev, sgl, count, l);
	check_intact(test, sgl, l);

	first = sg_dma_address(sgl);
	last = sg_dma_address(&sgl[count - 1]) + sg_dma_len(&sgl[count - 1]) - 1;
	dma_unmap_sg(dev, sgl, l->n, DMA_TO_DEVICE);
	dma_test_expect_unmapped(test, dev, first, last);
}

static void sg_lists(struct kunit *test)
{
	struct device *dev = new_device(test);

	/* Several times, for several addresses. */
	for (unsigned int i = 0; i < 5 * ARRAY_SIZE(lists); i++)
		check_list(test, dev, &lists[i % ARRAY_SIZE(lists)]);
}

enum long_kind { LONG_SPREAD, LONG_JOINED, LONG_EMPTY, LONG_BOUNDARY, LONG_KINDS };

/* Pages of which no two are neighbours; some that are, some empty, or a boundary. */
static struct list_case long_list(unsigned int n, enum long_kind kind)
{
	struct list_case l = {
		.name = "long list",
		.boundary = kind == LONG_BOUNDARY ? SZ_16K - 1 : 0,
		.n = n,
		.want = kind == LONG_BOUNDARY ? 0 : 1,
	};

	for (unsigned int i = 0; i < n; i++)
		l.piece[i] = (struct piece) { i * 2 % POOL_PAGES, 0, SZ_4K };
	/* The last piece of a call goes on, in the next entry but one even. */
	if (kind == LONG_JOINED && n > 17) {
		l.piece[16].page = l.piece[15].page + 1;
		l.piece[17].page = l.piece[15].page + 2;
	}
	/* Around what does not fit any more, too, and at the end. */
	for (unsigned int i = 1; kind == LONG_EMPTY && i < n; i++)
		if (i % 3 == 1 || (i > 22 && i < 26) || i + 1 == n)
			l.piece[i].length = 0;
	return l;
}

/* Lists of more pieces than are mapped by one call. */
static void sg_long(struct kunit *test)
{
	struct device *dev = new_device(test);

	for (unsigned int n = 14; n <= PIECES_MAX; n++) {
		for (enum long_kind kind = 0; kind < LONG_KINDS; kind++) {
			struct list_case l = long_list(n, kind);

			check_list(test, dev, &l);
		}
	}
}

static void sg_careful(struct kunit *test)
{
	struct device *dev = new_device(test);

	set_dma_ops(dev, &iodma_careful_ops);
	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++)
		check_list(test, dev, &lists[i]);
	set_dma_ops(dev, &iodma_ops);
}

/* One range: what lies in a gap is mapped, to nothing that matters. */
static void sg_gaps(struct kunit *test)
{
	static const struct list_case l = {
		"gaps", 0, SZ_16K - 1,
		{ { 1, 0, SZ_12K }, { 9, 0, SZ_12K }, { 20, 0, SZ_12K } }, 3,
	};
	struct device *dev = new_device(test);
	struct scatterlist sgl[PIECES_MAX];
	dma_addr_t first;

	make_list(dev, sgl, &l);
	KUNIT_ASSERT_EQ(test, 3, dma_map_sg(dev, sgl, l.n, DMA_FROM_DEVICE));
	first = sg_dma_address(sgl);
	KUNIT_EXPECT_EQ(test, 0, first & (SZ_16K - 1));
	KUNIT_EXPECT_EQ(test, first + SZ_16K, sg_dma_address(&sgl[1]));
	KUNIT_EXPECT_EQ(test, first + SZ_32K, sg_dma_address(&sgl[2]));
	dma_test_expect_mapped(test, dev, first + SZ_12K,
			       page_to_phys(ZERO_PAGE(0)), SZ_4K);
	dma_unmap_sg(dev, sgl, l.n, DMA_FROM_DEVICE);
	dma_test_expect_unmapped(test, dev, first, first + SZ_64K - 1);
}

/* The gaps are part of the range: who maps next gets other addresses. */
static void sg_gaps_owned(struct kunit *test)
{
	static const struct list_case l = {
		"gaps", 0, SZ_16K - 1,
		{ { 1, 0, SZ_12K }, { 9, 0, SZ_12K }, { 20, 0, SZ_12K } }, 3,
	};
	struct device *dev = new_device(test);
	struct scatterlist sgl[PIECES_MAX];
	dma_addr_t page[16];

	make_list(dev, sgl, &l);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
		if (i == 1)
			KUNIT_ASSERT_EQ(test, 3, dma_map_sg(dev, sgl, l.n,
							    DMA_TO_DEVICE));
		page[i] = dma_map_page(dev, pool, 0, SZ_4K, DMA_TO_DEVICE);
		KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, page[i]));
	}
	dma_unmap_sg(dev, sgl, l.n, DMA_TO_DEVICE);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		if (!dma_mapping_error(dev, page[i]))
			dma_unmap_page(dev, page[i], SZ_4K, DMA_TO_DEVICE);
}

/* Chained lists, longer than a page holds. */
static void sg_chained(struct kunit *test)
{
	struct device *dev = new_device(test);
	struct scatterlist *s;
	struct sg_table sgt;
	dma_addr_t first;
	int i;

	parms = (struct device_dma_parameters) {
		.max_segment_size = UINT_MAX,
	};
	KUNIT_ASSERT_EQ(test, 0, sg_alloc_table(&sgt, 500, GFP_KERNEL));
	for_each_sgtable_sg(&sgt, s, i)
		sg_set_page(s, pool + i * 7 % POOL_PAGES, SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, 0, dma_map_sgtable(dev, &sgt, DMA_TO_DEVICE, 0));
	KUNIT_EXPECT_EQ(test, 1, sgt.nents);
	KUNIT_EXPECT_EQ(test, 500 * SZ_4K, sg_dma_len(sgt.sgl));
	first = sg_dma_address(sgt.sgl);
	for_each_sgtable_sg(&sgt, s, i)
		dma_test_expect_mapped(test, dev, first + i * SZ_4K, sg_phys(s),
				       SZ_4K);
	dma_unmap_sgtable(dev, &sgt, DMA_TO_DEVICE, 0);
	dma_test_expect_unmapped(test, dev, first, first + 500 * SZ_4K - 1);
	sg_free_table(&sgt);
}

/* unwind: wherever it fails, nothing stays mapped and the list is as it was */
static void check_fails(struct kunit *test, struct device *dev,
			const struct list_case *l)
{
	static struct scatterlist sgl[PIECES_MAX];
	unsigned int at;
	int count = 0;

	for (at = 1; !count; at++) {
		make_list(dev, sgl, l);
		dma_test_iommu.fail_at = at;
		dma_test_watch_maps(iodma_domain(dev));
		count = dma_map_sg(dev, sgl, l->n, DMA_TO_DEVICE);
		if (count)
			break;
		KUNIT_ASSERT_EQ(test, at, dma_test_iommu.map_calls);
		check_intact(test, sgl, l);
		/* Who unmaps it all the same unmaps nothing. DMA_API_DEBUG would mind. */
		iodma_unmap_sg(dev, sgl, l->n, DMA_TO_DEVICE, 0);
		if (dma_test_iommu.map_last)
			dma_test_expect_unmapped(test, dev,
						 dma_test_iommu.map_first,
						 dma_test_iommu.map_last);
	}
	KUNIT_EXPECT_GT(test, count, 0);
	KUNIT_EXPECT_GT(test, at, 1);
	dma_unmap_sg(dev, sgl, l->n, DMA_TO_DEVICE);
}

static void sg_fails(struct kunit *test)
{
	struct device *dev = new_device(test);

	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++)
		check_fails(test, dev, &lists[i]);
	for (enum long_kind kind = 0; kind < LONG_KINDS; kind++) {
		struct list_case l = long_list(PIECES_MAX, kind);

		check_fails(test, dev, &l);
	}
}

/* Memory of another device is refused, first or behind others, and never copied. */
static void sg_foreign(struct kunit *test)
{
	struct device *dev = new_device(test);
	struct iodom *dom = iodma_domain(dev);
	struct scatterlist sgl[2];
	struct sg_table sgt = { .sgl = sgl, .nents = 2, .orig_nents = 2 };
	struct page *foreign;
	void *buf;

	if (!IS_ENABLED(CONFIG_PCI_P2PDMA)) {
		kunit_skip(test, "needs CONFIG_PCI_P2PDMA");
		return;
	}
	foreign = dma_test_foreign_page(test, dev);
	buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, 0, dma_test_copies(dev, iodma_pool(dom) ? 512 : 0));
	for (unsigned int i = 0; i < 4; i++) {
		const unsigned int bytes = i & 2 ? PAGE_SIZE : 100;

		sg_init_table(sgl, 2);
		sg_set_page(&sgl[i & 1], foreign, bytes, 0);
		sg_set_buf(&sgl[!(i & 1)], buf, bytes);
		dma_test_watch_maps(dom);
		KUNIT_EXPECT_EQ(test, -EREMOTEIO,
				dma_map_sgtable(dev, &sgt, DMA_TO_DEVICE, 0));
		/* For the copy of the other a page of slots may have been mapped. */
		if (bytes == PAGE_SIZE)
			KUNIT_EXPECT_EQ(test, 0, dma_test_iommu.map_calls);
		KUNIT_EXPECT_EQ(test, 0, sg_dma_len(sgl));
	}
	KUNIT_EXPECT_EQ(test, 0, dma_test_ranges_out(dom));
}

/* A list of nothing is one segment of nothing. */
static void sg_nothing(struct kunit *test)
{
	static const struct list_case l = {
		"nothing", 0, 0, { { 1, 8, 0 }, { 2, 0, 0 } }, 2,
	};
	struct device *dev = new_device(test);
	struct scatterlist sgl[PIECES_MAX];

	make_list(dev, sgl, &l);
	dma_test_watch_maps(iodma_domain(dev));
	for (unsigned int n = 1; n <= l.n; n++) {
		KUNIT_EXPECT_EQ(test, 1, dma_map_sg(dev, sgl, n, DMA_TO_DEVICE));
		KUNIT_EXPECT_EQ(test, 0, sg_dma_len(sgl));
		dma_unmap_sg(dev, sgl, n, DMA_TO_DEVICE);
	}
	KUNIT_EXPECT_EQ(test, 0, dma_test_iommu.map_calls);
	check_intact(test, sgl, &l);
}

static struct kunit_case sg_cases[] = {
	KUNIT_CASE(sg_lists),
	KUNIT_CASE(sg_long),
	KUNIT_CASE(sg_careful),
	KUNIT_CASE(sg_gaps),
	KUNIT_CASE(sg_gaps_owned),
	KUNIT_CASE(sg_chained),
	KUNIT_CASE(sg_fails),
	KUNIT_CASE(sg_foreign),
	KUNIT_CASE(sg_nothing),
	{}
};

static struct kunit_suite sg_suite = {
	.name = "ioflush_dma_sg",
	.init = dma_test_init,
	.test_cases = sg_cases,
};

kunit_test_suite(sg_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's mappings of scatterlists");
MODULE_LICENSE("GPL");
