// SPDX-License-Identifier: GPL-2.0
/*
 * A device whose domain goes away under it
 *
 * As when a user of VFIO is killed while its device is busy: the device uses an
 * address of a domain of its own, so that the IOMMU has that in its caches, and is
 * told to write there again. Shortly before it does the address goes, or the domain:
 * that is to be over when the call returns, in any mode.
 */

#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "edu.h"

/* No driver's: where the kernel hands out addresses it begins at the top. */
#define EDU_DOMAIN_IOVA	0x40000000UL

/* Pages that are taken as soon as a domain is freed, and may have been its tables. */
#define EDU_DOMAIN_NEW	64

/* The device is looked at again this long after it should have written. */
#define EDU_SETTLE_NS	(500 * NSEC_PER_USEC)

enum edu_end {
	EDU_END_UNMAP,	/* the address is unmapped */
	EDU_END_DETACH,	/* the device gets its own domain back */
	EDU_END_SWITCH,	/* it gets another, in which the address is another page's */
	EDU_END_FREE,	/* it gets its own back, and the domain is freed */
};

/**
 * struct edu_domains - one attempt
 * @edu: the device
 * @domain: the one that it uses, and the one that it is switched to
 * @page: what the address leads to in each; held to the end
 * @new: pages taken after @domain was freed
 * @took_ns: how long the end took, in the longest attempt so far
 * @late_ns: result: the device wrote at least this long after the end
 */
struct edu_domains {
	struct edu *edu;
	struct iommu_domain *domain[2];
	struct page *page[2];
	struct page *new[EDU_DOMAIN_NEW];
	u64 took_ns;
	s64 late_ns;
};

static void edu_page_poison(struct page *page)
{
	if (page)
		memset(page_address(page), EDU_POISON, PAGE_SIZE);
}

static bool edu_page_untouched(struct page *page)
{
	return !page || !memchr_inv(page_address(page), EDU_POISON, PAGE_SIZE);
}

static void edu_domain_free(struct edu_domains *d, unsigned int i)
{
	if (d->domain[i])
		iommu_domain_free(d->domain[i]);
	d->domain[i] = NULL;
}

static int edu_domain_make(struct edu_domains *d, unsigned int i)
{
	struct iommu_domain *domain = iommu_paging_domain_alloc(d->edu->dev);

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	d->domain[i] = domain;
	edu_page_poison(d->page[i]);
	return iommu_map(domain, EDU_DOMAIN_IOVA, page_to_phys(d->page[i]),
			 PAGE_SIZE, IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE,
			 GFP_KERNEL);
}

/* Use the address, and tell the device to do so once more. */
static int edu_domain_prime(struct edu_domains *d)
{
	int ret = edu_write(d->edu, EDU_DOMAIN_IOVA);

	if (ret)
		return ret;
	if (memcmp(page_address(d->page[0]), d->edu->payload, EDU_BYTES)) {
		edu_note("a write through a live domain did not land");
		return -EIO;
	}
	edu_page_poison(d->page[0]);
	return edu_write_start(d->edu, EDU_DOMAIN_IOVA);
}

/* Returns whether the device is in a domain of ours still. */
static bool edu_domain_end(struct edu_domains *d, enum edu_end end)
{
	struct device *dev = d->edu->dev;

	if (end == EDU_END_UNMAP) {
		iommu_unmap(d->domain[0], EDU_DOMAIN_IOVA, PAGE_SIZE);
		return true;
	}
	iommu_detach_device(d->domain[0], dev);
	if (end == EDU_END_FREE)
		edu_domain_free(d, 0);
	return end == EDU_END_SWITCH && !iommu_attach_device(d->domain[1], dev);
}

static void edu_domain_new(struct edu_domains *d)
{
	for (unsigned int i = 0; i < EDU_DOMAIN_NEW; i++) {
		d->new[i] = alloc_page(GFP_KERNEL);
		edu_page_poison(d->new[i]);
	}
}

/* Returns 0 if it could be carried out, whatever came of it. */
static int edu_domain_attempt(struct edu_domains *d, enum edu_end end)
{
	struct device *dev = d->edu->dev;
	u64 begin_ns, end_ns;
	bool attached;
	int ret;

	ret = iommu_attach_device(d->domain[0], dev);
	if (ret)
		return ret;
	ret = edu_domain_prime(d);
	if (ret) {
		iommu_detach_device(d->domain[0], dev);
		return ret;
	}

	edu_sleep_until(edu_fires_ns(d->edu) - edu_lead_soon_ns(d->edu) - d->took_ns);
	begin_ns = ktime_get_ns();
	attached = edu_domain_end(d, end);
	end_ns = ktime_get_ns();
	if (end == EDU_END_FREE)
		edu_domain_new(d);
	d->took_ns = max(d->took_ns, end_ns - begin_ns);
	d->late_ns = edu_fires_ns(d->edu) - end_ns;
	edu_sleep_until(edu_fires_ns(d->edu) + EDU_SETTLE_NS);
	ret = edu_finish(d->edu, NULL);

	if (attached)
		iommu_detach_device(d->domain[end == EDU_END_SWITCH], dev);
	return ret;
}

static int edu_domain_judge(const struct edu_domains *d, enum edu_end end)
{
	unsigned int touched = 0;

	if (!edu_page_untouched(d->page[0])) {
		edu_note("the write landed %lld us after that",
			 div_s64(d->late_ns, NSEC_PER_USEC));
		return -EACCES;
	}
	for (unsigned int i = 0; i < EDU_DOMAIN_NEW; i++)
		touched += !edu_page_untouched(d->new[i]);
	if (touched) {
		edu_note("%u pages were written that were taken after that", touched);
		return -EACCES;
	}
	if (end == EDU_END_SWITCH &&
	    memcmp(page_address(d->page[1]), d->edu->payload, EDU_BYTES)) {
		edu_note("the write did not land in the new domain");
		return -EIO;
	}
	return 0;
}

static int edu_domain_try(struct edu_domains *d, enum edu_end end)
{
	int ret = edu_domain_make(d, 0);

	if (!ret && end == EDU_END_SWITCH)
		ret = edu_domain_make(d, 1);
	if (!ret)
		ret = edu_domain_attempt(d, end);
	if (!ret && d->late_ns >= 0)
		ret = edu_domain_judge(d, end);

	for (unsigned int i = 0; i < EDU_DOMAIN_NEW; i++) {
		if (d->new[i])
			__free_page(d->new[i]);
		d->new[i] = NULL;
	}
	edu_domain_free(d, 0);
	edu_domain_free(d, 1);
	return ret;
}

static int edu_case_domain(struct edu *edu, int arg)
{
	struct edu_domains *d;
	unsigned int i, tried = 0;
	int ret = -ENOMEM;

	/* By the module ioflush-dma. */
	if (edu->domain && edu->domain->type == IOMMU_DOMAIN_UNMANAGED)
		return EDU_TAKEN;
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return ret;
	d->edu = edu;
	d->page[0] = alloc_page(GFP_KERNEL);
	d->page[1] = alloc_page(GFP_KERNEL);
	if (d->page[0] && d->page[1])
		ret = 0;
	/* A busy host may make the end come too late: that proves nothing. */
	for (i = 0; !ret && tried < edu_repeats && i < 16 * edu_repeats; i++) {
		ret = edu_domain_try(d, arg);
		tried += !ret && d->late_ns >= 0;
	}
	if (!ret && tried < edu_repeats) {
		edu_note("only %u of %u attempts came in time", tried, i);
		edu_note("the last was %lld us late, an end took up to %llu us",
			 div_s64(-d->late_ns, NSEC_PER_USEC),
			 div_u64(d->took_ns, NSEC_PER_USEC));
		ret = -ETIME;
	}
	for (i = 0; i < ARRAY_SIZE(d->page); i++)
		if (d->page[i])
			__free_page(d->page[i]);
	kfree(d);
	return ret;
}

#define EDU_OWN_MODES	(BIT(EDU_STRICT) | BIT(EDU_GUARDED) | BIT(EDU_LAZY))

const struct edu_case edu_domain_cases[] = {
	{ "domain_unmapped", edu_case_domain, EDU_END_UNMAP, EDU_OWN_MODES },
	{ "domain_detached", edu_case_domain, EDU_END_DETACH, EDU_OWN_MODES },
	{ "domain_switched", edu_case_domain, EDU_END_SWITCH, EDU_OWN_MODES },
	{ "domain_freed", edu_case_domain, EDU_END_FREE, EDU_OWN_MODES },
	{ }
};
