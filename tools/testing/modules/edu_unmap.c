// SPDX-License-Identifier: GPL-2.0
/*
 * What must not be reached after it was unmapped
 */

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "edu.h"

/*
 * Strict: the device writes this long after the unmap. Short, so that a flush
 * that only comes soon does not pass for one that came before the return.
 */
#define EDU_LEAD_MIN_NS		(100 * NSEC_PER_USEC)
#define EDU_LEAD_MAX_NS		(2 * NSEC_PER_MSEC)

/* Lazy: it writes this long after, by when the window has long ended. */
#define EDU_LEAD_LAZY_NS	(90 * NSEC_PER_MSEC)

/* To get an address again: attempts, and mappings kept in each of them. */
#define EDU_REUSE_ROUNDS	64
#define EDU_REUSE_PAUSE_MS	40
#define EDU_HOLD		4096
#define EDU_HOLD_SAME		16

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

/* Mappings that are kept while others are tried, all of the same memory. */
struct edu_hold {
	struct edu_target *t;
	unsigned int n;
	struct {
		dma_addr_t addr;
		size_t bytes;
	} map[EDU_HOLD];
};

static int edu_hold(struct edu_hold *h, size_t bytes, dma_addr_t *addr)
{
	struct device *dev = h->t->edu->dev;

	*addr = dma_map_page(dev, h->t->buf, 0, bytes, h->t->dir);
	if (dma_mapping_error(dev, *addr))
		return -EIO;
	h->map[h->n].addr = *addr;
	h->map[h->n++].bytes = bytes;
	return 0;
}

static void edu_hold_release(struct edu_hold *h)
{
	while (h->n--)
		dma_unmap_page(h->t->edu->dev, h->map[h->n].addr,
			       h->map[h->n].bytes, h->t->dir);
	h->n = 0;
}

/* Did the newest mapping get the address? Then it is the target's from now on. */
static bool edu_hold_take(struct edu_hold *h, dma_addr_t want)
{
	struct edu_target *t = h->t;
	unsigned int i;

	if (h->map[h->n - 1].addr != want ||
	    h->map[h->n - 1].bytes != t->nr_pages * PAGE_SIZE)
		return false;
	h->n--;
	for (i = 0; i < t->nr_pages; i++)
		t->addr[i] = want + i * PAGE_SIZE;
	return true;
}

/*
 * For allocators that keep what was freed by its size, and may put what was
 * freed since on top: take more each time.
 */
static int edu_try_same_size(struct edu_hold *h, dma_addr_t want,
			     unsigned int n)
{
	dma_addr_t addr;
	int ret = 0;

	while (!ret && h->n < n) {
		ret = edu_hold(h, h->t->nr_pages * PAGE_SIZE, &addr);
		if (!ret && edu_hold_take(h, want))
			return 0;
	}
	return ret ?: -EAGAIN;
}

/* For those that hand out what comes next: up to the page before, then it. */
static int edu_try_next(struct edu_hold *h, dma_addr_t want)
{
	dma_addr_t addr;
	int ret = 0;

	while (!ret && h->n < EDU_HOLD - 1) {
		ret = edu_hold(h, PAGE_SIZE, &addr);
		if (!ret && addr + PAGE_SIZE == want)
			ret = edu_hold(h, h->t->nr_pages * PAGE_SIZE, &addr);
		if (!ret && edu_hold_take(h, want))
			return 0;
	}
	return ret ?: -EAGAIN;
}

/* Map @t where the device knows another page. */
static int edu_map_at(struct edu_target *t, dma_addr_t want)
{
	struct edu_hold *h = kzalloc(sizeof(*h), GFP_KERNEL);
	int i, ret = -EAGAIN;

	if (!h)
		return -ENOMEM;
	h->t = t;
	for (i = 0; ret == -EAGAIN && i < EDU_REUSE_ROUNDS; i++) {
		if (i & 1)
			ret = edu_try_next(h, want);
		else
			ret = edu_try_same_size(h, want, EDU_HOLD_SAME * (i + 1));
		edu_hold_release(h);
		/* In lazy mode they come back with the next flush. */
		if (ret)
			msleep(EDU_REUSE_PAUSE_MS);
	}
	kfree(h);
	if (ret == -EAGAIN)
		edu_note("address %#llx did not come back", (u64)want);
	return ret;
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
