/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: VT-d invalidation through registers, the pure part
 */
#ifndef _IOFLUSH_VTD_REGINV_H
#define _IOFLUSH_VTD_REGINV_H

#include <linux/types.h>

u64 vtd_reginv_ccmd(u64 lo);
u64 vtd_reginv_iotlb(u64 lo);

#endif /* _IOFLUSH_VTD_REGINV_H */
