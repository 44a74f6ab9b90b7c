/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what a VT-d unit can do
 */
#ifndef _IOFLUSH_VTD_CAPS_H
#define _IOFLUSH_VTD_CAPS_H

#include <linux/ioflush/pgtable.h>
#include <linux/types.h>

/**
 * struct vtd_caps - the capability registers in usable form
 * @cap: CAP_REG as read
 * @ecap: ECAP_REG as read
 * @domains: number of domain ids
 * @mgaw_bits: widest guest address that the unit accepts
 * @levels_mask: bit n is set if tables of n levels are supported
 * @levels: levels of the tables we make for it
 * @levels_max: most levels that it supports
 * @mamv: log2 of the most pages that one page-selective invalidation covers
 * @fault_regs: number of fault recording registers
 * @fault_offset: of the first one
 * @iotlb_offset: of the IVA register, which the IOTLB register follows
 * @regs_bytes: how much of the register space is in use
 * @pgsize_bitmap: leaf sizes
 * @must_write_flush: writes to tables reach the walker only with an explicit
 *	or implied flush of the write buffer
 * @protected_regions: has protected memory regions
 * @caching_mode: caches not-present entries
 * @page_selective: has page-selective IOTLB invalidation
 * @drain_write: can drain writes with an IOTLB invalidation
 * @drain_read: can drain reads with an IOTLB invalidation
 * @coherent: the walker snoops CPU caches, in legacy mode also for page tables
 * @coherent_walk: it does for page tables
 * @queued: has an invalidation queue
 * @pass_through: has the pass-through translation type
 * @snoop_control: can force snooping
 * @first_stage: translates by first-stage tables, see vtd_caps_set_scalable()
 */
struct vtd_caps {
	u64 cap;
	u64 ecap;
	u32 domains;
	u8 mgaw_bits;
	u8 levels_mask;
	u8 levels;
	u8 levels_max;
	u8 mamv;
	u16 fault_regs;
	u32 fault_offset;
	u32 iotlb_offset;
	u32 regs_bytes;
	unsigned long pgsize_bitmap;
	bool must_write_flush;
	bool protected_regions;
	bool caching_mode;
	bool page_selective;
	bool drain_write;
	bool drain_read;
	bool coherent;
	bool coherent_walk;
	bool queued;
	bool pass_through;
	bool snoop_control;
	bool first_stage;
};

/**
 * vtd_caps_unusable() - does an error of vtd_caps_decode() mean just that?
 * @error: an error
 *
 * Return: whether the unit is not there, or is none that translates.
 */
static inline bool vtd_caps_unusable(int error)
{
	return error == -ENODEV || error == -EOPNOTSUPP;
}

int vtd_caps_decode(struct vtd_caps *caps, u64 cap, u64 ecap);
int vtd_caps_queue(const struct vtd_caps *caps, u8 version, bool wanted);
const struct iopgt_ops *vtd_caps_format(const struct vtd_caps *caps);
void vtd_caps_pgt_cfg(const struct vtd_caps *caps, u8 haw_bits,
		      struct iopgt_cfg *cfg);
void vtd_caps_set_scalable(struct vtd_caps *caps);
u64 vtd_caps_last(const struct vtd_caps *caps);
bool vtd_caps_fit(const struct vtd_caps *caps, u8 haw_bits,
		  const struct iopgt *pgt, u64 last);

/**
 * vtd_caps_map_needs_flush() - does a new mapping need an invalidation?
 * @caps: decoded capabilities
 *
 * With caching mode to drop the cached not-present entry, section 6.1. With
 * write buffers because an invalidation flushes them first, section 6.8; no
 * other flush is needed then.
 *
 * Return: true if it does.
 */
static inline bool vtd_caps_map_needs_flush(const struct vtd_caps *caps)
{
	return caps->caching_mode || caps->must_write_flush;
}

#endif /* _IOFLUSH_VTD_CAPS_H */
