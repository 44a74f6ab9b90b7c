// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which pages of a table of mainline's are marked
 *
 * Our page tables keep that in a bit of the leaf, which the core does not let us
 * write. Here it is in bitmaps beside the table, a page of bits for each 128 MiB of
 * addresses, allocated when the first one there is set. Addresses come from arenas,
 * which use the same ones again and again, so there are few.
 *
 * A bit belongs to whoever has the address.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>

#include "host.h"

#define IOHOST_BITS	(BITS_PER_BYTE * PAGE_SIZE)

/* The bitmap of an address, or NULL. */
static unsigned long *iohost_bits(struct iohost *host, unsigned long iova)
{
	return xa_load(&host->marks, (iova >> PAGE_SHIFT) / IOHOST_BITS);
}

/* The same; it is made if there is none. */
static unsigned long *iohost_bits_get(struct iohost *host, unsigned long iova,
				      gfp_t gfp)
{
	unsigned long *bits = iohost_bits(host, iova), *old, flags;

	if (likely(bits))
		return bits;
	bits = (unsigned long *)get_zeroed_page(gfp);
	if (!bits)
		return NULL;
	/* With interrupts off nothing may sleep. */
	xa_lock_irqsave(&host->marks, flags);
	old = __xa_cmpxchg(&host->marks, (iova >> PAGE_SHIFT) / IOHOST_BITS, NULL,
			   bits, GFP_ATOMIC);
	xa_unlock_irqrestore(&host->marks, flags);
	if (!old)
		return bits;
	free_page((unsigned long)bits);
	/* Somebody else was first, or there is no memory. */
	return xa_is_err(old) ? NULL : old;
}

/**
 * iohost_mark() - mark pages that are about to be mapped
 * @host: the domain
 * @iova: first byte
 * @bytes: length, whole pages
 * @gfp: for the bitmap
 *
 * Context: any context that @gfp allows.
 * Return: 0, or -ENOMEM: none is marked.
 */
int iohost_mark(struct iohost *host, unsigned long iova, size_t bytes,
		gfp_t gfp)
{
	for (size_t done = 0; done < bytes; done += PAGE_SIZE) {
		unsigned long *bits = iohost_bits_get(host, iova + done, gfp);

		if (unlikely(!bits)) {
			iohost_unmark(host, iova, done);
			return -ENOMEM;
		}
		/* Atomic: the word has bits of others. */
		set_bit(((iova + done) >> PAGE_SHIFT) % IOHOST_BITS, bits);
	}
	return 0;
}

/**
 * iohost_unmark() - unmark pages, marked or not
 * @host: the domain
 * @iova: first byte
 * @bytes: length, whole pages
 *
 * Context: any context.
 */
void iohost_unmark(struct iohost *host, unsigned long iova, size_t bytes)
{
	for (size_t done = 0; done < bytes; done += PAGE_SIZE) {
		unsigned long *bits = iohost_bits(host, iova + done);
		unsigned long bit = ((iova + done) >> PAGE_SHIFT) % IOHOST_BITS;

		if (bits && test_bit(bit, bits))
			clear_bit(bit, bits);
	}
}

/**
 * iohost_is_marked() - is a page marked?
 * @host: the domain
 * @iova: its address
 *
 * Context: any context.
 * Return: whether it is.
 */
bool iohost_is_marked(struct iohost *host, unsigned long iova)
{
	const unsigned long *bits = iohost_bits(host, iova);

	return bits && test_bit((iova >> PAGE_SHIFT) % IOHOST_BITS, bits);
}

/**
 * iohost_marks_free() - free the bitmaps of a domain
 * @host: the domain, in which nobody maps any more
 *
 * Context: process context.
 */
void iohost_marks_free(struct iohost *host)
{
	unsigned long *bits, index;

	xa_for_each(&host->marks, index, bits)
		free_page((unsigned long)bits);
	xa_destroy(&host->marks);
}
