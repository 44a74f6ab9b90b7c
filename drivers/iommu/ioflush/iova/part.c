// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: where in a space its arenas and its trees of long ranges are
 */
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/ioflush/iova.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "space.h"

/* Of the addresses of a zone each part gets no more than one in so many. */
#define IOSPACE_SHARE 4

/*
 * Above 4 GiB a part has so many addresses for each of 64 CPUs, or more if there
 * are more, with pages of 4 KiB. They take no memory until they are used.
 */
#define IOSPACE_HIGH_LG2 30
#define IOSPACE_HIGH_CPUS 64

/* How small a part may be. */
static u64 iospace_part_min(enum iospace_part part)
{
	/* A tree of long ranges is worth no less than an arena of large ones. */
	u8 granule_lg2 = part == IOSPACE_SMALL ? IOSPACE_GRANULE_LG2 :
						 IOSPACE_LARGE_GRANULE_LG2;

	return (u64)ARENA_CHUNKS_MIN << (granule_lg2 + ARENA_CHUNK_LG2);
}

/**
 * iospace_reaches_high() - are there addresses above 4 GiB for a device?
 * @space: a space
 * @limit: the last address that the device reaches
 *
 * Context: any context.
 * Return: whether there are. Where all addresses are above, none count as such.
 */
bool iospace_reaches_high(const struct iospace *space, u64 limit)
{
	return limit > DMA_BIT_MASK(32) && space->last > DMA_BIT_MASK(32) &&
	       space->first <= DMA_BIT_MASK(32);
}

/* The last address of a zone that a device reaches. */
static u64 iospace_zone_last(const struct iospace *space,
			     enum iospace_zone_nr zone, u64 limit)
{
	u64 last = min(space->last, limit);

	if (zone == IOSPACE_LOW && space->first <= DMA_BIT_MASK(32))
		last = min_t(u64, last, DMA_BIT_MASK(32));
	return last;
}

static u64 iospace_zone_first(const struct iospace *space,
			      enum iospace_zone_nr zone)
{
	return zone == IOSPACE_LOW ? space->first : DMA_BIT_MASK(32) + 1;
}

/*
 * How much of a zone up to @limit a part may have; 0 if that makes none.
 */
static u64 iospace_part_share(const struct iospace *space,
			      enum iospace_zone_nr zone, enum iospace_part part,
			      u64 limit)
{
	u64 first = iospace_zone_first(space, zone);
	u64 last = iospace_zone_last(space, zone, limit);
	u64 most = 1ULL << IOSPACE_LOW_LG2, bytes;

	if (zone == IOSPACE_HIGH && !iospace_reaches_high(space, limit))
		return 0;
	if (zone == IOSPACE_HIGH)
		most = (u64)roundup_pow_of_two(max_t(u32, num_possible_cpus(),
						     IOSPACE_HIGH_CPUS)) <<
		       (IOSPACE_HIGH_LG2 + PAGE_SHIFT - 12);
	bytes = (last - first) / IOSPACE_SHARE;
	if (last < first || bytes < iospace_part_min(part))
		return 0;
	return min_t(u64, rounddown_pow_of_two(bytes), most);
}

/**
 * iospace_part_bytes_max() - the most that a part may get
 * @space: a space
 * @zone: which
 * @part: of that
 *
 * Context: any context.
 * Return: the length, 0 if there is none to be had.
 */
u64 iospace_part_bytes_max(const struct iospace *space,
			   enum iospace_zone_nr zone, enum iospace_part part)
{
	return iospace_part_share(space, zone, part, space->last);
}

static void iospace_part_open(struct iospace *space, enum iospace_zone_nr zone,
			      enum iospace_part part, u64 first, u64 bytes)
{
	struct iospace_zone *z = &space->zone[zone];

	if (part == IOSPACE_LONG)
		iospace_longs_open(&z->longs, first, bytes);
	else
		/* No piece of an arena may touch one of another's. */
		arena_open(&z->arena[part], first, bytes,
			   zone == IOSPACE_HIGH || part == IOSPACE_LARGE);
}

/*
 * One allocation, aligned to its size. What fails at once may have lacked memory
 * instead of room: it has lacked room if a page can be had, and it fails again.
 */
static struct iova *iospace_part_find(struct iospace *space, u64 last,
				      u64 bytes, bool *memory)
{
	struct iova_domain *tree = &space->tree;
	unsigned long last_pfn = iospace_limit_pfn(last);
	unsigned long pages = bytes >> IOSPACE_GRANULE_LG2;
	struct iova *iova = alloc_iova(tree, pages, last_pfn, true), *page;

	if (iova)
		return iova;
	page = alloc_iova(tree, 1, last_pfn, true);
	*memory = page;
	if (!page)
		return NULL;
	__free_iova(tree, page);
	return alloc_iova(tree, pages, last_pfn, true);
}

/*
 * The largest power of two that is left, of a fair share. Nothing but the end of
 * the space gives it back.
 */
static bool iospace_part_place(struct iospace *space, enum iospace_zone_nr zone,
			       enum iospace_part part, u64 last, u64 bytes)
{
	u64 first = iospace_zone_first(space, zone);
	struct iova_domain *tree = &space->tree;
	struct iova *iova = NULL;
	bool memory = true;

	for (; memory && bytes >= iospace_part_min(part); bytes >>= 1) {
		iova = iospace_part_find(space, last, bytes, &memory);
		if (!iova)
			continue;
		if (iova_dma_addr(tree, iova) >= first)
			break;
		/* Above 4 GiB there was nothing. */
		__free_iova(tree, iova);
		iova = NULL;
	}
	if (last < min(space->last, DMA_BIT_MASK(32)))
		iospace_tree_forget_failure(tree);
	if (!iova)
		return false;
	iospace_part_open(space, zone, part, iova_dma_addr(tree, iova), bytes);
	return true;
}

/* Is this one of the allocations that are to go by after a failure? */
static bool iospace_part_skip(struct iospace *space, enum iospace_zone_nr zone,
			      enum iospace_part part)
{
	if (this_cpu_read(space->cpu->part_skips[zone][part]) <= 0)
		return false;
	this_cpu_dec(space->cpu->part_skips[zone][part]);
	return true;
}

static void iospace_part_failed(struct iospace *space, enum iospace_zone_nr zone,
				enum iospace_part part)
{
	int *skips = &space->zone[zone].part_skips[part];
	int cpu;

	*skips = clamp(2 * *skips, IOSPACE_SKIPS_MIN, IOSPACE_SKIPS_MAX);
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(space->cpu, cpu)->part_skips[zone][part],
			   *skips);
}

/**
 * iospace_part_is() - where is a space with one of its parts?
 * @space: a space
 * @zone: which
 * @part: of that
 * @state: where it might be
 *
 * Context: any context.
 * Return: whether it is there; it may have moved on.
 */
bool iospace_part_is(const struct iospace *space, enum iospace_zone_nr zone,
		     enum iospace_part part, enum iospace_part_state state)
{
	return atomic_read(&space->zone[zone].part_state[part]) == state;
}

/**
 * iospace_part_start() - open a part, if it is not and can be
 * @space: a space
 * @zone: which
 * @part: of that
 * @limit: the last address that the device reaches that wants something of it
 *
 * A part is placed when the first mapping wants an address of it: all that the
 * space's owner reserves has been reserved by then. It is placed where that
 * mapping's device can reach it; where that is too narrow, the part waits for a
 * device that reaches farther. Who comes while another CPU is at it does
 * without, and so do many after it has failed.
 *
 * Context: any context but NMI.
 */
void iospace_part_start(struct iospace *space, enum iospace_zone_nr zone,
			enum iospace_part part, u64 limit)
{
	atomic_t *at = &space->zone[zone].part_state[part];
	enum iospace_part_state state = IOSPACE_PART_NONE;
	u64 bytes;

	if (atomic_read(at) != IOSPACE_PART_NONE)
		return;
	bytes = iospace_part_share(space, zone, part, limit);
	/* Acquire: pairs with the release of who had it before. */
	if (!bytes || iospace_part_skip(space, zone, part) ||
	    atomic_cmpxchg_acquire(at, IOSPACE_PART_NONE, IOSPACE_PART_BUSY) !=
	    IOSPACE_PART_NONE)
		return;

	if (iospace_part_place(space, zone, part,
			       iospace_zone_last(space, zone, limit), bytes))
		state = IOSPACE_PART_OPEN;
	else
		iospace_part_failed(space, zone, part);
	/* Pairs with the acquires above and in iospace_part_claim(). */
	atomic_set_release(at, state);
}
