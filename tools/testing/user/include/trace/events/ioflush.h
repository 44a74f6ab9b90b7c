/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: nobody looks at tracepoints
 */
#ifndef _USER_TRACE_IOFLUSH_H
#define _USER_TRACE_IOFLUSH_H

#define trace_ioflush_unmap_enabled()	false
#define trace_ioflush_defer_enabled()	false
#define trace_ioflush_unmap(...)	do { } while (0)
#define trace_ioflush_defer(...)	do { } while (0)
#define trace_ioflush_drain(...)	do { } while (0)
#define trace_ioflush_window(...)	do { } while (0)

#endif /* _USER_TRACE_IOFLUSH_H */
