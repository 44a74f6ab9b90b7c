// SPDX-License-Identifier: GPL-2.0
/*
 * What must not be reached after it was unmapped
 */

#include <linux/dma-mapping.h>
#include <linux/sched.h>

#include "edu.h"

/*
 * Strict: the device writes this long after the unmap. Short, so that a flush
 * that only comes soon does not pass for one that came before the return.
 */
#define EDU_LEAD_MIN_NS		(100 * NSEC_PER_USEC)
#define EDU_LEAD_MAX_NS		(2 * NSEC_PER_MSEC)

/* Lazy: it writes this long after, by when the window has long ended. */
#define EDU_LEAD_LAZY_NS	(90 * NSEC_PER_MSEC)

/* Mappings to try until an address comes back. */
#define EDU_REUSE_TRIES		BIT(18)

static u64 edu_lead_ns(struct edu *edu)
{
	if (edu->mode == EDU_LAZY)
		return EDU_LEAD_LAZY_NS;
	return edu_random(edu, EDU_LEAD_MIN_NS, EDU_LEAD_MAX_NS);
}

static int edu_case_unmapped(struct edu *edu, int arg)
{
	unsigned int i, landed = 0, tried = 0;
	int ret;

	/* A busy host may make the unmap come too late: that proves nothing. */
	for (i = 0; tried < edu_repeats && i < 16 * edu_repeats; i++) {
		struct edu_trial trial = {
			.shape = arg,
			.lead_ns = edu_lead_ns(edu),
			.unmap_cpu = -1,
		};

		ret = edu_trial(edu, &trial);
		if (ret)
			return ret;
		if (trial.late_ns < 0)
			continue;
		tried++;
		landed += trial.landed;
	}
	if (landed) {
		edu_note("%u of %u writes landed after the unmap", landed,
			 tried);
		return -EACCES;
	}
	if (tried < edu_repeats) {
		edu_note("only %u of %u unmaps came in time", tried, i);
		return -ETIME;
	}
	return 0;
}

/*
 * An allocator that hands out what comes next would go round and miss the
 * address for ever: change its step.
 */
static void edu_change_step(struct edu_target *t, unsigned int pages)
{
	struct device *dev = t->edu->dev;

	while (pages--) {
		dma_addr_t addr = dma_map_page(dev, t->pages[0], 0, PAGE_SIZE,
					       DMA_TO_DEVICE);

		if (!dma_mapping_error(dev, addr))
			dma_unmap_page(dev, addr, PAGE_SIZE, DMA_TO_DEVICE);
	}
}

/* Map @t again and again, until it is where the device knows another page. */
static int edu_map_at(struct edu_target *t, dma_addr_t addr)
{
	unsigned long i;
	int ret;

	for (i = 0; i < EDU_REUSE_TRIES; i++) {
		ret = edu_target_map(t);
		if (ret || t->addr[0] == addr)
			return ret;
		edu_target_unmap(t);
		edu_change_step(t, edu_random(t->edu, 0, t->nr_pages - 1));
		cond_resched();
	}
	edu_note("address %#llx did not come back", (u64)addr);
	return -EADDRNOTAVAIL;
}

/* What the device knew of @old must be forgotten once @new is there. */
static int edu_reuse(struct edu_target *old, struct edu_target *new)
{
	struct edu *edu = old->edu;
	int ret = edu_target_map(old);

	if (ret)
		return ret;
	ret = edu_write(edu, old->addr[0]);
	edu_target_unmap(old);
	if (!ret)
		ret = edu_map_at(new, old->addr[0]);
	if (ret)
		return ret;

	edu_target_poison(old);
	edu_target_poison(new);
	ret = edu_write(edu, new->addr[0]);
	if (!ret && !edu_target_untouched(old)) {
		edu_note("the write landed where the address pointed before");
		ret = -EACCES;
	} else if (!ret && !edu_target_landed(new, 0)) {
		edu_note("the write did not land");
		ret = -EIO;
	}
	edu_target_unmap(new);
	return ret;
}

static int edu_case_reuse(struct edu *edu, int arg)
{
	struct edu_target old, new;
	unsigned int i;
	int ret;

	if (edu->mode < EDU_STRICT) {
		edu_note("no two pages ever have one address here");
		return -EOPNOTSUPP;
	}
	ret = edu_target_init(&old, edu, arg, DMA_FROM_DEVICE);
	if (ret)
		return ret;
	ret = edu_target_init(&new, edu, arg, DMA_FROM_DEVICE);
	for (i = 0; !ret && i < edu_repeats; i++)
		ret = edu_reuse(&old, &new);

	edu_target_exit(&new);
	edu_target_exit(&old);
	return ret;
}

const struct edu_case edu_unmap_cases[] = {
	{ "unmapped_4k", edu_case_unmapped, EDU_4K, EDU_ALL_MODES },
	{ "unmapped_64k", edu_case_unmapped, EDU_64K, EDU_ALL_MODES },
	{ "unmapped_sg", edu_case_unmapped, EDU_SG, EDU_ALL_MODES },
	{ "unmapped_coherent", edu_case_unmapped, EDU_COHERENT, EDU_ALL_MODES },
	{ "reused_4k", edu_case_reuse, EDU_4K, EDU_ALL_MODES },
	{ "reused_64k", edu_case_reuse, EDU_64K, EDU_ALL_MODES },
	{ }
};
