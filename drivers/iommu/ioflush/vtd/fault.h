/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a recorded VT-d fault
 */
#ifndef _IOFLUSH_VTD_FAULT_H
#define _IOFLUSH_VTD_FAULT_H

#include <linux/types.h>

/**
 * enum vtd_access - what a device tried, by the two type bits of a record
 * @VTD_ACCESS_WRITE: a write
 * @VTD_ACCESS_PAGE_REQUEST: a page request
 * @VTD_ACCESS_READ: a read
 * @VTD_ACCESS_ATOMIC: an atomic operation
 */
enum vtd_access {
	VTD_ACCESS_WRITE = 0,
	VTD_ACCESS_PAGE_REQUEST = 1,
	VTD_ACCESS_READ = 2,
	VTD_ACCESS_ATOMIC = 3,
};

/**
 * struct vtd_fault - a decoded fault recording register
 * @addr: page that was accessed
 * @sid: source id of the request
 * @with_pasid: the request named an address space of a process
 * @pasid: which
 * @reason: reason code
 * @access: what was tried
 */
struct vtd_fault {
	u64 addr;
	u16 sid;
	bool with_pasid;
	u32 pasid;
	u8 reason;
	enum vtd_access access;
};

u32 vtd_fault_first(u32 status, u32 fault_regs);
bool vtd_fault_of_interrupt(const struct vtd_fault *fault, u16 *index);
bool vtd_fault_decode(struct vtd_fault *fault, u64 lo, u64 hi);
const char *vtd_fault_reason(u8 reason);
const char *vtd_fault_access(enum vtd_access access);

#endif /* _IOFLUSH_VTD_FAULT_H */
