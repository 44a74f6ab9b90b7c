/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: how a scatterlist is read, and becomes one of segments
 */
#ifndef _IOFLUSH_DMA_SG_H
#define _IOFLUSH_DMA_SG_H

#include <linux/memremap.h>
#include <linux/scatterlist.h>

#include "internal.h"

/**
 * struct iodma_sg_out - the list as the device sees it, while it is laid out
 * @first: first entry of the list
 * @sg: the newest segment, NULL while there is none
 * @count: number of segments
 * @end: where @sg ends
 * @max_len: longest segment
 * @foreign: some entry is memory of another device
 */
struct iodma_sg_out {
	struct scatterlist *first;
	struct scatterlist *sg;
	int count;
	dma_addr_t end;
	size_t max_len;
	bool foreign;
};

/* sg_next() of an entry that is not the last, without a call. */
static __always_inline struct scatterlist *
iodma_sg_next(struct scatterlist *s)
{
#ifdef CONFIG_DEBUG_SG
	WARN_ON_ONCE(sg_is_last(s));
#endif
	s++;
	return unlikely(sg_is_chain(s)) ? sg_chain_ptr(s) : s;
}

/* To the next of @left entries, which counts down to 0. */
static __always_inline struct scatterlist *
iodma_sg_step(struct scatterlist *s, int *left)
{
	return --*left > 0 ? iodma_sg_next(s) : s;
}

/* Bytes of address space that an entry takes. */
static __always_inline size_t iodma_sg_bytes(const struct scatterlist *s)
{
	return PAGE_ALIGN((size_t)offset_in_page(s->offset) + s->length);
}

/*
 * Is an entry memory of another PCI device? Whether this one reaches that, and by which
 * address, depends on what is between the two. Kernels without P2PDMA have no such memory.
 */
static __always_inline bool iodma_sg_foreign(struct scatterlist *s)
{
	return is_pci_p2pdma_page(sg_page(s));
}

static __always_inline bool iodma_sg_crosses(dma_addr_t start, size_t bytes,
					     unsigned long boundary)
{
	return (start ^ (start + bytes - 1)) & ~boundary;
}

/**
 * iodma_sg_emit() - tell the device of an entry
 * @out: the list
 * @addr: the device's address of its first byte
 * @len: its length, not 0
 * @boundary: mask of what no segment may cross, ULONG_MAX for none
 *
 * Context: any context.
 */
static __always_inline void iodma_sg_emit(struct iodma_sg_out *out,
					  dma_addr_t addr, unsigned int len,
					  unsigned long boundary)
{
	/* At an address that is a boundary a new segment has to begin. */
	if (out->sg && addr == out->end && addr & boundary &&
	    (size_t)sg_dma_len(out->sg) + len <= out->max_len) {
		sg_dma_len(out->sg) += len;
	} else {
		out->sg = out->sg ? iodma_sg_next(out->sg) : out->first;
		out->count++;
		sg_dma_address(out->sg) = addr;
		sg_dma_len(out->sg) = len;
	}
	out->end = addr + len;
}

/**
 * iodma_sg_end() - there is no other segment
 * @out: the list, with at least one
 * @nents: its length
 *
 * Context: any context.
 */
static __always_inline void iodma_sg_end(struct iodma_sg_out *out, int nents)
{
	if (out->count < nents)
		sg_dma_len(iodma_sg_next(out->sg)) = 0;
}

/* The pages that an entry touches. */
static __always_inline phys_addr_t iodma_sg_pages(struct scatterlist *s)
{
	return sg_phys(s) & PAGE_MASK;
}

/**
 * iodma_sg_failed() - a list could not be mapped
 * @sgl: the list, which may have been filled in; it becomes one of nothing, so that
 *	who unmaps it all the same unmaps nothing
 * @error: why
 *
 * Context: any context.
 * Return: what the DMA API knows of @error.
 */
static inline int iodma_sg_failed(struct scatterlist *sgl, int error)
{
	sg_dma_address(sgl) = IODMA_NOTHING;
	sg_dma_len(sgl) = 0;
	return error == -ENOMEM || error == -EREMOTEIO ? error : -EINVAL;
}

/* The range that a mapped list takes; its length is 0 if the list is empty. */
static inline size_t iodma_sg_range(struct scatterlist *sgl, int nents,
				    dma_addr_t *start)
{
	dma_addr_t end = 0;
	struct scatterlist *s;
	int left;

	for (s = sgl, left = nents; left > 0; s = iodma_sg_step(s, &left)) {
		if (!sg_dma_len(s))
			break;
		end = sg_dma_address(s) + sg_dma_len(s);
	}
	if (unlikely(!end))
		return 0;
	*start = sg_dma_address(sgl);
	return end - *start;
}

/* sg.c */
int iodma_map_sg_unusual(struct device *dev, struct scatterlist *sgl, int nents,
			 int prot);

/* sg_apart.c */
void iodma_sg_undo(struct iodom *dom, dma_addr_t iova, size_t mapped,
		   size_t total);
int iodma_sg_map_apart(struct device *dev, struct iodom *dom,
		       struct scatterlist *sgl, int nents, int prot);

#endif /* _IOFLUSH_DMA_SG_H */
