// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which buffers are short enough to be copied
 *
 * What a copy has to beat is what it takes the place of: addresses, table entries,
 * and an invalidation with its wait, or in a lazy domain a share of one. Both are
 * measured, on the domain itself as its first driver is bound or its mode changes: a
 * page mapped and unmapped, and buffers of more and more bytes. The longest that is
 * copied in less time is the limit, for either direction.
 *
 * Which copy is fastest is measured as well: the architecture's, words in a loop, and
 * on x86 the processor's own for words. It has to do for all sizes.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/gfp.h>
#include <linux/instrumented.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "guard.h"
#include "slot_copy.h"

/* The fastest of this many attempts counts: others were interrupted. */
#define IOSLOT_TRIES		8
/* In lazy mode so many unmaps share an invalidation here. */
#define IOSLOT_SHARED		16
/* Limits are multiples of this. */
#define IOSLOT_STEP_BYTES	64

/* The architecture's own may be in assembly, without what CFI looks for in a function. */
#ifdef CONFIG_CFI_CLANG
static void *ioslot_copy_arch(void *to, const void *from, size_t bytes)
{
	return memcpy(to, from, bytes);
}
#else
#define ioslot_copy_arch memcpy
#endif

DEFINE_STATIC_CALL(ioslot_copy_call, ioslot_copy_arch);

/* What is left when all words have gone; the last word may overlap them. */
static __always_inline void ioslot_copy_tail(void *to, const void *from,
					     size_t bytes)
{
	if (bytes >= sizeof(u64)) {
		put_unaligned(get_unaligned((const u64 *)(from + bytes) - 1),
			      (u64 *)(to + bytes) - 1);
		return;
	}
	for (; bytes; bytes--)
		*(u8 *)to++ = *(const u8 *)from++;
}

static void *ioslot_copy_words(void *to, const void *from, size_t bytes)
{
	const size_t all = bytes;
	void *start = to;

	for (; bytes >= 4 * sizeof(u64); bytes -= 4 * sizeof(u64)) {
		const u64 a = get_unaligned((const u64 *)from);
		const u64 b = get_unaligned((const u64 *)from + 1);
		const u64 c = get_unaligned((const u64 *)from + 2);
		const u64 d = get_unaligned((const u64 *)from + 3);

		put_unaligned(a, (u64 *)to);
		put_unaligned(b, (u64 *)to + 1);
		put_unaligned(c, (u64 *)to + 2);
		put_unaligned(d, (u64 *)to + 3);
		from += 4 * sizeof(u64);
		to += 4 * sizeof(u64);
	}
	for (; bytes >= sizeof(u64); bytes -= sizeof(u64)) {
		put_unaligned(get_unaligned((const u64 *)from), (u64 *)to);
		from += sizeof(u64);
		to += sizeof(u64);
	}
	if (!bytes)
		return start;
	if (all < sizeof(u64))
		ioslot_copy_tail(to, from, bytes);
	else
		ioslot_copy_tail(to + bytes - sizeof(u64),
				 from + bytes - sizeof(u64), sizeof(u64));
	return start;
}

#ifdef CONFIG_X86_64
static void *ioslot_copy_string(void *to, const void *from, size_t bytes)
{
	size_t words = bytes / sizeof(u64);
	void *t = to;
	const void *f = from;

	instrument_read(from, bytes);
	instrument_write(to, bytes);
	asm volatile("rep movsq" : "+D" (t), "+S" (f), "+c" (words) : : "memory");
	if (bytes % sizeof(u64))
		ioslot_copy_tail(to, from, bytes);
	return to;
}
#endif

static const struct {
	const char *name;
	void *(*copy)(void *to, const void *from, size_t bytes);
} ioslot_copies[] = {
	{ "memcpy", ioslot_copy_arch },
	{ "words", ioslot_copy_words },
#ifdef CONFIG_X86_64
	{ "rep movsq", ioslot_copy_string },
#endif
};

/* How long it takes to copy some sizes, none of which is to count for little. */
static u64 ioslot_copy_time(void *(*copy)(void *to, const void *from,
					  size_t bytes), char *buf)
{
	static const unsigned int sizes[] = { 64, 256, 1024, 2048 };
	u64 sum = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 best = U64_MAX;

		for (unsigned int j = 0; j < IOSLOT_TRIES; j++) {
			const u64 start = ktime_get_ns();

			for (unsigned int n = 0; n < 2048 / sizes[i]; n++)
				copy(buf, buf + 2048, sizes[i]);
			best = min(best, ktime_get_ns() - start);
		}
		sum += best;
	}
	return sum;
}

/**
 * ioslot_copy_choose() - find out which copy is fastest, once
 *
 * Context: process context, no lock is held that CPU hotplug waits for.
 */
void ioslot_copy_choose(void)
{
	static DEFINE_MUTEX(lock); /* protects done */
	static bool done;
	unsigned int best = 0;
	u64 ns, best_ns = U64_MAX;
	char *buf;

	mutex_lock(&lock);
	buf = done ? NULL : (char *)get_zeroed_page(GFP_KERNEL);
	for (unsigned int i = 0; buf && i < ARRAY_SIZE(ioslot_copies); i++) {
		ns = ioslot_copy_time(ioslot_copies[i].copy, buf);
		if (ns < best_ns) {
			best_ns = ns;
			best = i;
		}
	}
	if (buf) {
		static_call_update(ioslot_copy_call, ioslot_copies[best].copy);
		pr_info("small buffers are copied by %s, 8 KiB in %llu ns\n",
			ioslot_copies[best].name, best_ns);
		free_page((unsigned long)buf);
		done = true;
	}
	mutex_unlock(&lock);
}

/*
 * What a page mapped and unmapped takes, with the wait; U64_MAX if it cannot be. It is
 * unmapped as a driver's is, or copies would seem to cost more beside it than they do, and
 * so it is counted as a driver's, too. Where memory may be held, to find out that this
 * page is not is a part of it.
 */
static u64 ioslot_time_precise(struct iodom *dom, struct device *dev,
			       phys_addr_t phys)
{
	u64 best = U64_MAX, start;
	dma_addr_t iova;

	for (unsigned int i = 0; i < IOSLOT_TRIES; i++) {
		start = ktime_get_ns();
		iova = iospace_alloc(dom->space, PAGE_SIZE, DMA_BIT_MASK(32),
				     IOSPACE_STREAMING);
		if (!iova)
			return best;
		if (iodom_map(dom, iova, phys, PAGE_SIZE, IOMMU_READ,
			      GFP_KERNEL) ||
		    iodma_map_sync(dom, iova, PAGE_SIZE)) {
			iospace_free(dom->space, iova, PAGE_SIZE);
			return best;
		}
		if (iodma_holds(dom))
			iodma_unmap_guarded(dom, dev, iova, PAGE_SIZE);
		else
			iodma_unmap_in(dom, dev, iova, PAGE_SIZE);
		best = min(best, ktime_get_ns() - start);
	}
	return best;
}

/*
 * Map pages one by one, each as if it had addresses of its own. Returns how many are to
 * be unmapped.
 */
static unsigned int ioslot_map_shared(struct iodom *dom, dma_addr_t iova,
				      phys_addr_t phys)
{
	unsigned int i;
	dma_addr_t own;

	for (i = 0; i < IOSLOT_SHARED; i++, iova += PAGE_SIZE) {
		own = iospace_alloc(dom->space, PAGE_SIZE, DMA_BIT_MASK(32),
				    IOSPACE_STREAMING);
		if (own)
			iospace_free(dom->space, own, PAGE_SIZE);
		if (iodom_map(dom, iova, phys, PAGE_SIZE, IOMMU_READ,
			      GFP_KERNEL))
			return i;
		if (iodma_map_sync(dom, iova, PAGE_SIZE))
			return i + 1;
	}
	return i;
}

/* Unmap them one by one, and have all of them invalidated. */
static void ioslot_unmap_shared(struct iodom *dom, dma_addr_t iova, unsigned int n)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, true);
	ioaudit_unmap(&dom->audit, &dom->pgt, iova, n * PAGE_SIZE, &gather.audit);
	for (unsigned int i = 0; i < n; i++)
		iopgt_unmap_pages(&dom->pgt, iova + i * PAGE_SIZE, PAGE_SIZE,
				  &gather);
	ioflush_sync(&dom->flush, &gather);
}

/*
 * What pages mapped and unmapped take in lazy mode, with their share of an
 * invalidation; U64_MAX if they cannot be. The rings are not asked: as long as timers
 * are coarse, when most drivers are bound, they defer nothing.
 */
static u64 ioslot_time_shared(struct iodom *dom, phys_addr_t phys)
{
	const size_t bytes = IOSLOT_SHARED * PAGE_SIZE;
	dma_addr_t iova = iospace_alloc(dom->space, bytes, DMA_BIT_MASK(32),
					IOSPACE_STREAMING);
	unsigned int n = IOSLOT_SHARED;
	u64 best = U64_MAX, start;

	if (!iova)
		return best;
	for (unsigned int i = 0; n == IOSLOT_SHARED && i < IOSLOT_TRIES; i++) {
		start = ktime_get_ns();
		n = ioslot_map_shared(dom, iova, phys);
		ioslot_unmap_shared(dom, iova, n);
		if (n == IOSLOT_SHARED)
			best = min(best, ktime_get_ns() - start);
	}
	iospace_free(dom->space, iova, bytes);
	return best;
}

/* What so many buffers copied there and back take. */
static u64 ioslot_time_copied(struct ioslot_pool *pool, const void *buf,
			      size_t size, enum dma_data_direction dir,
			      unsigned int count)
{
	u64 best = U64_MAX, start;
	dma_addr_t iova;

	for (unsigned int i = 0; i < IOSLOT_TRIES; i++) {
		start = ktime_get_ns();
		for (unsigned int n = 0; n < count; n++) {
			iova = ioslot_map(pool, buf, size, IOSLOT_ALIGN_MASK, dir);
			if (iova == DMA_MAPPING_ERROR)
				return U64_MAX;
			ioslot_unmap(pool, iova, size, 0);
		}
		best = min(best, ktime_get_ns() - start);
	}
	return best;
}

/* The longest buffer of which @count are copied in less than that, by halves. */
static u32 ioslot_find_limit(struct ioslot_pool *pool, const void *buf,
			     enum dma_data_direction dir, u64 precise,
			     unsigned int count)
{
	unsigned int good = 0, bad = IOSLOT_MAX_BYTES / IOSLOT_STEP_BYTES + 1;

	while (bad - good > 1) {
		const unsigned int mid = (good + bad) / 2;

		if (ioslot_time_copied(pool, buf, mid * IOSLOT_STEP_BYTES,
				       dir, count) < precise)
			good = mid;
		else
			bad = mid;
	}
	return good * IOSLOT_STEP_BYTES;
}

/**
 * ioslot_measure() - find out up to which length copies pay in the domain's mode
 * @pool: the pool
 * @dev: a device that uses it
 *
 * What others do meanwhile may make the result less exact. If nothing can be measured,
 * for want of memory or addresses, nothing is copied: what paid in another mode may not
 * in this one. Of both directions nothing is copied unless the user says so: memory
 * that CPU and device share is mapped for both, and not every driver synchronises it as
 * it should.
 *
 * Context: process context; waits for hardware.
 */
void ioslot_measure(struct ioslot_pool *pool, struct device *dev)
{
	char *buf = (char *)get_zeroed_page(GFP_KERNEL);
	const bool lazy = iodom_deferred(pool->dom);
	const unsigned int count = lazy ? IOSLOT_SHARED : 1;
	u64 precise = U64_MAX;
	u32 from = 0, to = 0;

	if (buf)
		precise = lazy ?
			  ioslot_time_shared(pool->dom, virt_to_phys(buf)) :
			  ioslot_time_precise(pool->dom, dev, virt_to_phys(buf));
	if (precise != U64_MAX) {
		from = ioslot_find_limit(pool, buf, DMA_FROM_DEVICE, precise,
					 count);
		to = ioslot_find_limit(pool, buf, DMA_TO_DEVICE, precise,
				       count);
	}
	WRITE_ONCE(pool->limit[DMA_BIDIRECTIONAL], 0);
	WRITE_ONCE(pool->limit[DMA_FROM_DEVICE], from);
	WRITE_ONCE(pool->limit[DMA_TO_DEVICE], to);
	free_page((unsigned long)buf);
	ioslot_release(pool);
}

/**
 * ioslot_set_limit() - let the user say what is copied
 * @pool: the pool
 * @dev: a device that uses it
 * @bytes: the longest buffer to be copied, 0 for none, or -1 for what is measured
 *
 * What is in slots stays there until it is unmapped.
 *
 * Context: process context; may wait for hardware.
 * Return: 0, or -EINVAL: it is more than a slot holds, or makes no sense.
 */
int ioslot_set_limit(struct ioslot_pool *pool, struct device *dev, int bytes)
{
	if (bytes > (int)IOSLOT_MAX_BYTES || bytes < -1)
		return -EINVAL;
	pool->asked = bytes;
	if (bytes < 0) {
		ioslot_measure(pool, dev);
		return 0;
	}
	for (unsigned int dir = 0; dir < IOSLOT_DIRS; dir++)
		WRITE_ONCE(pool->limit[dir], bytes);
	return 0;
}
