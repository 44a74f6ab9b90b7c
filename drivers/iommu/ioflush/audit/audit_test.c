// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the auditor
 *
 * What is found of the pages of a test is counted for the test, and not printed. Their
 * devices are on no unit, so that the tests have to say that their domains are watched.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>

#include "../dma/mode.h"
#include "../dma/test_util.h"
#include "internal.h"

/* Neighbours, each of which can be freed by itself. */
#define PAGES_LG2	1
#define PAGES		BIT(PAGES_LG2)

/* Whether pages are the test's, and not freed yet. */
static bool have[PAGES];
static struct page *pages;
static struct ioaudit_test audited;

static void free_nth(unsigned int i)
{
	have[i] = false;
	__free_page(pages + i);
}

static void audit_end(void *unused)
{
	for (unsigned int i = 0; i < PAGES; i++)
		if (have[i])
			free_nth(i);
	WRITE_ONCE(ioaudit_test, NULL);
	/* Nobody who frees a page has it in hand any more. */
	synchronize_rcu();
}

static int audit_init(struct kunit *test)
{
	int ret = dma_test_init(test);

	if (ret)
		return ret;
	pages = alloc_pages(GFP_KERNEL, PAGES_LG2);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	split_page(pages, PAGES_LG2);
	for (unsigned int i = 0; i < PAGES; i++)
		have[i] = true;
	memset(&audited, 0, sizeof(audited));
	audited.pfn = page_to_pfn(pages);
	audited.n = PAGES;
	WRITE_ONCE(ioaudit_test, &audited);
	return kunit_add_action_or_reset(test, audit_end, NULL);
}

static struct device *audited_device(struct kunit *test, enum iodma_mode mode)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);

	dma_test_any_timer(test, dom);
	KUNIT_ASSERT_EQ(test, 0, iodma_mode_set(dom, dev, mode));
	ioaudit_watch_domain(&dom->audit, dom->flush.id);
	return dev;
}

static dma_addr_t map(struct kunit *test, struct device *dev, unsigned int i,
		      enum dma_data_direction dir)
{
	dma_addr_t iova = dma_map_page(dev, pages + i, 0, PAGE_SIZE, dir);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	return iova;
}

static void map_and_unmap(struct kunit *test, struct device *dev,
			  unsigned int i, enum dma_data_direction dir)
{
	dma_unmap_page(dev, map(test, dev, i, dir), PAGE_SIZE, dir);
}

static void drain(struct device *dev)
{
	ioflush_drain(&iodma_domain(dev)->flush, IOFLUSH_TIGHTEN);
}

static unsigned long pfn_of(unsigned int i)
{
	return page_to_pfn(pages) + i;
}

static int live(unsigned int i)
{
	return atomic_read(&ioaudit_page(pfn_of(i))->live);
}

static bool stale(unsigned int i)
{
	struct ioaudit_page *page = ioaudit_page(pfn_of(i));

	return ioaudit_pending(page->ticket[0]) || ioaudit_pending(page->ticket[1]);
}

/* Of each defect so many. */
static void expect(struct kunit *test, long freed_mapped, long freed_stale,
		   long mapped_stale, long reused_late)
{
	const atomic_long_t *n = audited.counts.defects;

	KUNIT_EXPECT_EQ(test, freed_mapped,
			atomic_long_read(&n[IOAUDIT_FREED_MAPPED]));
	KUNIT_EXPECT_EQ(test, freed_stale,
			atomic_long_read(&n[IOAUDIT_FREED_STALE]));
	KUNIT_EXPECT_EQ(test, mapped_stale,
			atomic_long_read(&n[IOAUDIT_MAPPED_STALE]));
	KUNIT_EXPECT_EQ(test, reused_late,
			atomic_long_read(&n[IOAUDIT_REUSED_LATE]));
}

/* A strict unmap leaves nothing behind, of one page or a list. */
static void audit_strict(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_STRICT);
	struct scatterlist sg[PAGES];

	map_and_unmap(test, dev, 0, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, live(0));
	KUNIT_EXPECT_FALSE(test, stale(0));

	sg_init_table(sg, PAGES);
	sg_set_page(&sg[0], pages + 1, PAGE_SIZE, 0);
	sg_set_page(&sg[1], pages, PAGE_SIZE, 0);
	KUNIT_ASSERT_LT(test, 0, dma_map_sg(dev, sg, PAGES, DMA_TO_DEVICE));
	KUNIT_EXPECT_EQ(test, 1, live(0));
	KUNIT_EXPECT_EQ(test, 1, live(1));
	dma_unmap_sg(dev, sg, PAGES, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, live(0));
	KUNIT_EXPECT_EQ(test, 0, live(1));
	free_nth(0);
	free_nth(1);
	expect(test, 0, 0, 0, 0);
}

/* To free what is mapped is wrong, however often it is mapped. */
static void audit_freed_mapped(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_LAZY);
	dma_addr_t a = map(test, dev, 0, DMA_TO_DEVICE);
	dma_addr_t b = map(test, dev, 0, DMA_TO_DEVICE);

	KUNIT_EXPECT_EQ(test, 2, live(0));
	dma_unmap_page(dev, a, PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 1, live(0));
	free_nth(0);
	expect(test, 1, 0, 0, 0);
	/* That is said of it once, and not of its next owner, too. */
	KUNIT_EXPECT_EQ(test, 0, live(0));
	dma_unmap_page(dev, b, PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, live(0));
	drain(dev);
}

/* What an unmap of the first page has left behind that is not deferred. */
static void leave_stale(struct kunit *test, struct device *dev,
			struct ioaudit_ticket *ticket)
{
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t iova = map(test, dev, 0, DMA_FROM_DEVICE);

	ioaudit_ticket_init(ticket);
	ioaudit_unmap(&dom->audit, &dom->pgt, iova, PAGE_SIZE, ticket);
	dma_unmap_page(dev, iova, PAGE_SIZE, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, stale(0));
}

/* A page that goes before its invalidation has finished, and one that goes after. */
static void audit_freed_stale(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_STRICT);
	struct ioaudit_ticket ticket;

	leave_stale(test, dev, &ticket);
	ioaudit_returned(&ticket);
	ioaudit_freed(pfn_of(0), 1);
	expect(test, 0, 1, 0, 0);
	/* Said once. */
	ioaudit_freed(pfn_of(0), 1);
	expect(test, 0, 1, 0, 0);
	ioaudit_done(&ticket);

	leave_stale(test, dev, &ticket);
	ioaudit_done(&ticket);
	ioaudit_freed(pfn_of(0), 1);
	expect(test, 0, 1, 0, 0);
}

/* An unmap of nothing has no invalidation that would end it. */
static void audit_nothing(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_STRICT);
	struct iodom *dom = iodma_domain(dev);
	struct ioaudit_ticket ticket;

	ioaudit_ticket_init(&ticket);
	ioaudit_unmap(&dom->audit, &dom->pgt, SZ_1G, 0, &ticket);
	KUNIT_EXPECT_EQ(test, 0, ticket.newest);
}

/* Another device may have what is still unmapped, but not what should have been. */
static void audit_other_device(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_STRICT);
	struct device *other = audited_device(test, IODMA_STRICT);
	struct ioaudit_ticket ticket;

	leave_stale(test, dev, &ticket);
	map_and_unmap(test, other, 0, DMA_TO_DEVICE);
	expect(test, 0, 0, 0, 0);
	ioaudit_returned(&ticket);
	map_and_unmap(test, dev, 0, DMA_TO_DEVICE);
	expect(test, 0, 0, 0, 0);
	map_and_unmap(test, other, 0, DMA_TO_DEVICE);
	expect(test, 0, 0, 1, 0);
	ioaudit_done(&ticket);
}

/* Within the window pages go and come: that is counted. */
static void audit_window(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_LAZY);
	struct device *other = audited_device(test, IODMA_STRICT);

	map_and_unmap(test, dev, 0, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, live(0));
	KUNIT_EXPECT_TRUE(test, stale(0));
	map_and_unmap(test, other, 0, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&audited.counts.shared));

	ioaudit_reused(pfn_of(0), 1);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&audited.counts.reused));
	ioaudit_freed(pfn_of(0), 1);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&audited.counts.freed));
	ioaudit_reused(pfn_of(0), 1);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&audited.counts.reused));
	KUNIT_EXPECT_LT(test, 0, atomic64_read(&audited.counts.longest_ns));
	drain(dev);
	KUNIT_EXPECT_FALSE(test, stale(0));
	ioaudit_freed(pfn_of(0), 1);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&audited.counts.freed));
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&audited.counts.late));
	expect(test, 0, 0, 0, 0);
}

/* A page that was given away, freed and reused so much later than it was unmapped. */
static void reuse_after(struct kunit *test, struct device *dev, u64 ns)
{
	audited.skew_ns = ns;
	map_and_unmap(test, dev, 0, DMA_FROM_DEVICE);
	ioaudit_freed(pfn_of(0), 1);
	ioaudit_reused(pfn_of(0), 1);
	drain(dev);
}

/* Past the window it is counted, and long past it reported: timers may be late. */
static void audit_late(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_LAZY);
	u64 bound_ns = ioflush_window_ns(&iodma_domain(dev)->flush);

	reuse_after(test, dev, bound_ns);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&audited.counts.late));
	expect(test, 0, 0, 0, 0);
	reuse_after(test, dev, bound_ns + IOAUDIT_SLACK_NS);
	KUNIT_EXPECT_EQ(test, 2, atomic_long_read(&audited.counts.late));
	expect(test, 0, 0, 0, 1);
}

/* Unmaps that a ring has joined to one entry are invalidated together. */
static void audit_joined(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_LAZY);
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t a, b;

	/* On one CPU, with nothing in between. */
	migrate_disable();
	a = map(test, dev, 0, DMA_TO_DEVICE);
	b = map(test, dev, 1, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, a + PAGE_SIZE, b);
	dma_unmap_page(dev, a, PAGE_SIZE, DMA_TO_DEVICE);
	dma_unmap_page(dev, b, PAGE_SIZE, DMA_TO_DEVICE);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&dom->flush, IOFLUSH_N_MERGED));
	KUNIT_EXPECT_TRUE(test, stale(0));
	KUNIT_EXPECT_TRUE(test, stale(1));
	drain(dev);
	KUNIT_EXPECT_FALSE(test, stale(0));
	KUNIT_EXPECT_FALSE(test, stale(1));
}

/* What is held goes back to the kernel when its invalidation has finished, not before. */
static void audit_held(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_GUARDED);

	map_and_unmap(test, dev, 0, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, stale(0));
	free_nth(0);
	drain(dev);
	KUNIT_EXPECT_FALSE(test, stale(0));
	expect(test, 0, 0, 0, 0);

	/* Who frees it all the same is found out. */
	map_and_unmap(test, dev, 1, DMA_TO_DEVICE);
	ioaudit_freed(pfn_of(1), 1);
	expect(test, 0, 1, 0, 0);
	drain(dev);
}

/* Of a map that fails nothing is mapped, and of a domain that goes, either. */
static void audit_forgotten(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_STRICT);
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t iova = map(test, dev, 0, DMA_TO_DEVICE);

	/* Where there is something already. */
	KUNIT_EXPECT_NE(test, 0, iodom_map(dom, iova - PAGE_SIZE,
					   page_to_phys(pages), PAGES * PAGE_SIZE,
					   IOMMU_READ, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 1, live(0));
	KUNIT_EXPECT_EQ(test, 0, live(1));
	ioaudit_forget(&dom->audit, &dom->pgt);
	KUNIT_EXPECT_EQ(test, 0, live(0));
	free_nth(0);
	dma_unmap_page(dev, iova, PAGE_SIZE, DMA_TO_DEVICE);
	expect(test, 0, 0, 0, 0);
}

static struct page *free_and_allocate(unsigned int i)
{
	struct page *page;
	unsigned long flags;

	/* What this CPU has freed last it allocates first. */
	local_irq_save(flags);
	free_nth(i);
	page = alloc_page(GFP_ATOMIC);
	local_irq_restore(flags);
	return page;
}

/* The kernel says which pages it frees and allocates. */
static void audit_events(struct kunit *test)
{
	struct device *dev = audited_device(test, IODMA_LAZY);
	struct page *page;

	map_and_unmap(test, dev, 0, DMA_FROM_DEVICE);
	page = free_and_allocate(0);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&audited.counts.freed));
	if (page != pages) {
		if (page)
			__free_page(page);
		drain(dev);
		kunit_skip(test, "somebody else has got the page");
	}
	have[0] = true;
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&audited.counts.reused));
	drain(dev);
	expect(test, 0, 0, 0, 0);
}

static struct kunit_case audit_cases[] = {
	KUNIT_CASE(audit_strict),
	KUNIT_CASE(audit_freed_mapped),
	KUNIT_CASE(audit_freed_stale),
	KUNIT_CASE(audit_nothing),
	KUNIT_CASE(audit_other_device),
	KUNIT_CASE(audit_window),
	KUNIT_CASE(audit_late),
	KUNIT_CASE(audit_joined),
	KUNIT_CASE(audit_held),
	KUNIT_CASE(audit_forgotten),
	KUNIT_CASE(audit_events),
	{}
};

static struct kunit_suite audit_suite = {
	.name = "ioflush_audit",
	.init = audit_init,
	.test_cases = audit_cases,
};

kunit_test_suite(audit_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's auditor");
MODULE_LICENSE("GPL");
