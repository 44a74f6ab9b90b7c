// SPDX-License-Identifier: GPL-2.0
/*
 * What must not be read after it was unmapped
 *
 * A device that still reads memory it was once given learns what is there now. Of
 * memory that was freed, that is what its next owner keeps there.
 */

#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "edu.h"

/* What is in the memory from the unmap on; before, there is EDU_POISON. */
#define EDU_SECRET		0x3c

/*
 * Blocks that the next owners take: who frees memory has it back soon. Of long ones they
 * take fewer, which they are through with before the window is.
 */
#define EDU_OWNERS		64
#define EDU_OWNERS_LONG		12

/**
 * struct edu_owners - those who take what was freed
 * @n: how many blocks they have
 * @block: the blocks, all full of EDU_SECRET
 * @order: of a block
 * @again: the one that was freed is among them
 */
struct edu_owners {
	unsigned int n;
	struct page *block[EDU_OWNERS];
	unsigned int order;
	bool again;
};

static void edu_owners_take(struct edu_owners *o, struct page *freed)
{
	const unsigned int max = o->order ? EDU_OWNERS_LONG : EDU_OWNERS;

	while (o->n < max && !o->again) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, o->order);

		if (!page)
			return;
		memset(page_address(page), EDU_SECRET, PAGE_SIZE << o->order);
		o->again |= page == freed;
		o->block[o->n++] = page;
	}
}

static void edu_owners_free(struct edu_owners *o)
{
	while (o->n)
		__free_pages(o->block[--o->n], o->order);
}

/* Did the device read what was not there while it was mapped? */
static int edu_learned(struct edu *edu, bool *learned)
{
	u8 *got = kmalloc(EDU_BYTES, GFP_KERNEL);
	int ret, err;

	if (!got)
		return -ENOMEM;
	ret = edu_buffer_get(edu, got);
	*learned = !ret && memchr(got, EDU_SECRET, EDU_BYTES);

	/* The buffer has to hold the payload again for all that follows. */
	memcpy(edu->loader, edu->payload, EDU_BYTES);
	err = edu_read(edu, edu->loader_addr);
	kfree(got);
	return ret ?: err;
}

/**
 * struct edu_peek - one attempt to read through a mapping that is gone
 * @shape: how the memory is mapped
 * @freed: its owner frees it at once; else writes there
 * @first: it is freed before it is unmapped, as some drivers do, not after
 * @lead_ns: how long before the device reads it is unmapped
 * @took_ns: where others own it by then, what it took to find them the last time: it is
 *	begun so much earlier
 * @late_ns: result: the device read at least this long after all was in place
 *	for it; negative if it may have been before
 * @again: result: what was freed had another owner by then
 * @learned: result: the device has what it should not
 */
struct edu_peek {
	enum edu_shape shape;
	bool freed;
	bool first;
	u64 lead_ns;
	u64 took_ns;
	s64 late_ns;
	bool again;
	bool learned;
};

static int edu_peek_armed(struct edu_target *t, struct edu_peek *peek)
{
	struct edu_owners owners = {
		.order = t->buf ? get_order(t->nr_pages * PAGE_SIZE) : 0,
	};
	struct page *last = t->pages[t->nr_pages - 1];
	struct edu *edu = t->edu;
	u64 began_ns;
	int ret;

	edu_sleep_until(edu_fires_ns(edu) - peek->lead_ns - peek->took_ns);
	began_ns = ktime_get_ns();
	if (!peek->first)
		edu_target_unmap(t);
	if (peek->freed) {
		struct page *freed = t->buf ?: last;

		edu_target_exit(t);
		edu_owners_take(&owners, freed);
	} else {
		memset(page_address(last), EDU_SECRET, PAGE_SIZE);
	}
	if (peek->first) {
		edu_target_unmap(t);
		peek->took_ns = ktime_get_ns() - began_ns;
	}
	peek->late_ns = edu_fires_ns(edu) - ktime_get_ns();
	peek->again = owners.again;
	ret = edu_finish(edu, NULL);
	if (!ret)
		ret = edu_learned(edu, &peek->learned);
	edu_owners_free(&owners);
	if (!peek->freed)
		edu_target_exit(t);
	return ret;
}

static int edu_peek(struct edu *edu, struct edu_peek *peek)
{
	struct edu_target t;
	dma_addr_t addr;
	int ret = edu_target_init(&t, edu, peek->shape, DMA_TO_DEVICE);

	if (ret)
		return ret;
	edu_target_poison(&t);
	ret = edu_target_map(&t);
	if (ret) {
		edu_target_exit(&t);
		return ret;
	}
	/* The device gets to know the page. */
	addr = t.addr[t.nr_pages - 1];
	ret = edu_read(edu, addr);
	if (!ret)
		ret = edu_read_start(edu, addr);
	if (!ret)
		return edu_peek_armed(&t, peek);
	edu_target_unmap(&t);
	edu_target_exit(&t);
	return ret;
}

static int edu_peeks(struct edu *edu, struct edu_peek *peek, u64 (*lead_ns)(struct edu *edu))
{
	const bool held = edu->mode == EDU_GUARDED;
	unsigned int i, learned = 0, again = 0, tried = 0;

	/*
	 * A busy host, or a kernel that checks all it does, may make the unmap come too
	 * late: that proves nothing.
	 */
	for (i = 0; tried < edu_repeats && i < 64 * edu_repeats; i++) {
		int ret;

		peek->lead_ns = lead_ns(edu);
		ret = edu_peek(edu, peek);
		if (ret)
			return ret;
		if (peek->late_ns < 0)
			continue;
		tried++;
		learned += peek->learned;
		again += peek->again;
	}
	if (peek->freed)
		edu_note("%u of %u had another owner by then", again, tried);
	if (learned) {
		edu_note("%u of %u reads found what came after the unmap",
			 learned, tried);
		return -EACCES;
	}
	if (tried < edu_repeats) {
		edu_note("only %u of %u unmaps came in time", tried, i);
		return -ETIME;
	}
	/* Where it is held it must not come back, else it has to: or nothing is proved. */
	if (peek->freed && held == !!again) {
		edu_note("what was freed %s", again ? "was not held" :
						      "never had another owner");
		return -ENOMEM;
	}
	return 0;
}

static int edu_case_freed(struct edu *edu, int arg)
{
	struct edu_peek peek = { .shape = arg, .freed = true };

	return edu_peeks(edu, &peek, edu_lead_ns);
}

static int edu_case_freed_first(struct edu *edu, int arg)
{
	struct edu_peek peek = { .shape = arg, .freed = true, .first = true };

	return edu_peeks(edu, &peek, edu_lead_ns);
}

/* Where unmaps are deferred, the window has long ended. */
static u64 edu_kept_lead_ns(struct edu *edu)
{
	return edu->mode >= EDU_GUARDED ? edu_lead_late_ns(edu) :
					  edu_lead_soon_ns(edu);
}

static int edu_case_kept(struct edu *edu, int arg)
{
	struct edu_peek peek = { .shape = arg };

	return edu_peeks(edu, &peek, edu_kept_lead_ns);
}

const struct edu_case edu_read_cases[] = {
	{ "unmapped_freed_4k", edu_case_freed, EDU_4K, EDU_ALL_MODES },
	{ "unmapped_freed_64k", edu_case_freed, EDU_64K, EDU_ALL_MODES },
	{ "unmapped_freed_sg", edu_case_freed, EDU_SG, EDU_ALL_MODES },
	{ "unmapped_after_freed_4k", edu_case_freed_first, EDU_4K, EDU_ALL_MODES },
	{ "unmapped_after_freed_64k", edu_case_freed_first, EDU_64K, EDU_ALL_MODES },
	{ "unmapped_after_freed_sg", edu_case_freed_first, EDU_SG, EDU_ALL_MODES },
	{ "unmapped_read_4k", edu_case_kept, EDU_4K, EDU_ALL_MODES },
	{ "unmapped_read_sg", edu_case_kept, EDU_SG, EDU_ALL_MODES },
	{ }
};
