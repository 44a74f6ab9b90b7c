// SPDX-License-Identifier: GPL-2.0
/*
 * What must not be reached after it was unmapped
 */

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "edu.h"

/* Reuse: the address has this long to come back to another page. */
#define EDU_LEAD_REUSE_NS	(80 * NSEC_PER_MSEC)
#define EDU_TRY_MAPS		256U
#define EDU_TRY_PAUSE_US	4000
#define EDU_HOLD		4096U

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

/* One attempt to get an address; each is for another kind of allocator. */
enum edu_try {
	EDU_TRY_AGAIN,	/* goes round in what is free, if one holds nothing */
	EDU_TRY_SAME,	/* keeps what was freed by size, the newest on top */
	EDU_TRY_NEXT,	/* hands out what comes next */
	EDU_TRIES
};

/* The page before is mapped: the target comes next. */
static int edu_hold_after(struct edu_hold *h, dma_addr_t addr, dma_addr_t want)
{
	if (addr + PAGE_SIZE != want)
		return 0;
	return edu_hold(h, h->t->nr_pages * PAGE_SIZE, &addr);
}

/* Returns 0 if the target is mapped where it should be. */
static int edu_try(struct edu_hold *h, enum edu_try how, unsigned int n,
		   dma_addr_t want)
{
	size_t bytes = how == EDU_TRY_SAME ? h->t->nr_pages * PAGE_SIZE :
					     PAGE_SIZE;
	dma_addr_t addr;
	int ret;

	while (n--) {
		ret = edu_hold(h, bytes, &addr);
		if (!ret && how != EDU_TRY_SAME)
			ret = edu_hold_after(h, addr, want);
		if (ret)
			return ret;
		if (edu_hold_take(h, want))
			return 0;
		if (how == EDU_TRY_AGAIN)
			edu_hold_release(h);
	}
	return -EAGAIN;
}

/*
 * Map @t where the device knows another page. What was freed since may be on
 * top of the address, so that more is taken in each round.
 */
static int edu_map_at(struct edu_target *t, dma_addr_t want, u64 until_ns)
{
	struct edu_hold *h = kzalloc(sizeof(*h), GFP_KERNEL);
	unsigned int n = EDU_TRY_MAPS;
	int i, ret = -EAGAIN;

	if (!h)
		return -ENOMEM;
	h->t = t;
	for (i = 0; ret == -EAGAIN && ktime_get_ns() < until_ns; i++) {
		ret = edu_try(h, i % EDU_TRIES, n, want);
		edu_hold_release(h);
		/* In lazy mode they come back with the next flush. */
		if (ret && i % EDU_TRIES == EDU_TRY_NEXT) {
			n = min(2 * n, EDU_HOLD / 2);
			usleep_range(EDU_TRY_PAUSE_US, 2 * EDU_TRY_PAUSE_US);
		}
	}
	kfree(h);
	return ret;
}

/* What the device does next must not go to the memory that was there before. */
static int edu_reuse_armed(struct edu_target *old, struct edu_target *new,
			   u64 lead_ns)
{
	struct edu *edu = old->edu;
	u64 mapped_ns, fires_ns = edu_fires_ns(edu);
	int ret, err;

	edu_sleep_until(fires_ns - lead_ns);
	edu_target_unmap(old);
	ret = edu_map_at(new, old->addr[0], fires_ns);
	mapped_ns = ktime_get_ns();

	err = edu_finish(edu, NULL);
	if (ret)
		return ret;
	if (err || mapped_ns >= fires_ns) {
		ret = err ?: -EAGAIN;
	} else if (!edu_target_untouched(old)) {
		edu_note("the write landed where the address pointed before");
		ret = -EACCES;
	} else if (!edu_target_landed(new, 0)) {
		edu_note("the write did not land");
		ret = -EIO;
	}
	edu_target_unmap(new);
	return ret;
}

/* Returns -EAGAIN if the address did not come back in time. */
static int edu_reuse(struct edu_target *old, struct edu_target *new,
		     u64 lead_ns)
{
	struct edu *edu = old->edu;
	int ret = edu_target_map(old);

	if (ret)
		return ret;
	/* The device gets to know the old page. */
	ret = edu_write(edu, old->addr[0]);
	edu_target_poison(old);
	edu_target_poison(new);
	if (!ret)
		ret = edu_write_start(edu, old->addr[0]);
	if (ret) {
		edu_target_unmap(old);
		return ret;
	}
	return edu_reuse_armed(old, new, lead_ns);
}

/*
 * Every other time the device writes so soon after the unmap that in lazy mode
 * a flush is not due yet, and the address must not come back in time.
 */
static u64 edu_reuse_lead_ns(struct edu *edu, unsigned int i)
{
	u64 soon_ns = EDU_LEAD_SOON_NS;

	if (i & 1)
		return EDU_LEAD_REUSE_NS;
	if (edu->mode == EDU_LAZY && edu_window_us)
		soon_ns = (u64)edu_window_us * NSEC_PER_USEC;
	/* The device's clock may add a millisecond. */
	return edu_random(edu, soon_ns / 4, soon_ns / 2);
}

static int edu_reuse_trials(struct edu_target *old, struct edu_target *new)
{
	unsigned int i, again = 0;
	int ret;

	for (i = 0; again < edu_repeats && i < 8 * edu_repeats; i++) {
		ret = edu_reuse(old, new, edu_reuse_lead_ns(old->edu, i));
		if (ret && ret != -EAGAIN)
			return ret;
		again += !ret && (i & 1);
	}
	if (again < edu_repeats) {
		edu_note("the address came back in %u of %u attempts only",
			 again, i / 2);
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static int edu_case_reuse(struct edu *edu, int arg)
{
	struct edu_target old, new;
	int ret;

	if (edu->mode < EDU_STRICT) {
		edu_note("no two pages ever have one address here");
		return -EOPNOTSUPP;
	}
	ret = edu_target_init(&old, edu, arg, DMA_FROM_DEVICE);
	if (ret)
		return ret;
	ret = edu_target_init(&new, edu, arg, DMA_FROM_DEVICE);
	if (!ret) {
		ret = edu_reuse_trials(&old, &new);
		edu_target_exit(&new);
	}
	edu_target_exit(&old);
	return ret;
}

const struct edu_case edu_unmap_cases[] = {
	{ "unmapped_4k", edu_case_unmapped, EDU_4K, EDU_ALL_MODES },
	{ "unmapped_part", edu_case_unmapped, EDU_PART, EDU_ALL_MODES },
	{ "unmapped_64k", edu_case_unmapped, EDU_64K, EDU_ALL_MODES },
	{ "unmapped_sg", edu_case_unmapped, EDU_SG, EDU_ALL_MODES },
	{ "unmapped_coherent", edu_case_unmapped, EDU_COHERENT, EDU_ALL_MODES },
	{ "reused_4k", edu_case_reuse, EDU_4K, EDU_ALL_MODES },
	{ "reused_64k", edu_case_reuse, EDU_64K, EDU_ALL_MODES },
	{ }
};
