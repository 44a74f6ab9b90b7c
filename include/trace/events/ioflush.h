/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what happens to a translation from unmap to invalidation
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ioflush

#if !defined(_TRACE_IOFLUSH_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IOFLUSH_H

#include <linux/ioflush/flush.h>
#include <linux/ioflush/invq.h>
#include <linux/tracepoint.h>

TRACE_DEFINE_ENUM(IOFLUSH_HIGH_WATER);
TRACE_DEFINE_ENUM(IOFLUSH_TIMER);
TRACE_DEFINE_ENUM(IOFLUSH_IDLE);
TRACE_DEFINE_ENUM(IOFLUSH_OFFLINE);
TRACE_DEFINE_ENUM(IOFLUSH_SPACE);
TRACE_DEFINE_ENUM(IOFLUSH_TIGHTEN);
TRACE_DEFINE_ENUM(IOFLUSH_PRESSURE);
TRACE_DEFINE_ENUM(IOFLUSH_RCU);

#define ioflush_show_reason(reason)				\
	__print_symbolic(reason,				\
			 { IOFLUSH_HIGH_WATER, "high-water" },	\
			 { IOFLUSH_TIMER, "timer" },		\
			 { IOFLUSH_IDLE, "idle" },		\
			 { IOFLUSH_OFFLINE, "offline" },	\
			 { IOFLUSH_SPACE, "space" },		\
			 { IOFLUSH_TIGHTEN, "tighten" },	\
			 { IOFLUSH_PRESSURE, "pressure" },	\
			 { IOFLUSH_RCU, "rcu" })

DECLARE_EVENT_CLASS(ioflush_range,
		    TP_PROTO(const struct ioflush *flush, dma_addr_t iova,
			     size_t bytes),
		    TP_ARGS(flush, iova, bytes),
		    TP_STRUCT__entry(__field(u32, id)
				     __field(u64, iova)
				     __field(u64, bytes)),
		    TP_fast_assign(__entry->id = flush->id;
				   __entry->iova = iova;
				   __entry->bytes = bytes;),
		    TP_printk("domain=%u iova=%#llx bytes=%llu", __entry->id,
			      __entry->iova, __entry->bytes));

/* The translations of a mapping have been cleared, in whichever mode. */
DEFINE_EVENT(ioflush_range, ioflush_unmap,
	     TP_PROTO(const struct ioflush *flush, dma_addr_t iova,
		      size_t bytes),
	     TP_ARGS(flush, iova, bytes));

/* Their invalidation was put off. */
DEFINE_EVENT(ioflush_range, ioflush_defer,
	     TP_PROTO(const struct ioflush *flush, dma_addr_t iova,
		      size_t bytes),
	     TP_ARGS(flush, iova, bytes));

/* A ring has been drained: why, and by which kind of invalidation. */
TRACE_EVENT(ioflush_drain,
	    TP_PROTO(const struct ioflush *flush, enum ioflush_reason reason,
		     bool all, u32 entries, u32 ranges, size_t bytes),
	    TP_ARGS(flush, reason, all, entries, ranges, bytes),
	    TP_STRUCT__entry(__field(u32, id)
			     __field(u32, reason)
			     __field(bool, all)
			     __field(u32, entries)
			     __field(u32, ranges)
			     __field(u64, bytes)),
	    TP_fast_assign(__entry->id = flush->id;
			   __entry->reason = reason;
			   __entry->all = all;
			   __entry->entries = entries;
			   __entry->ranges = ranges;
			   __entry->bytes = bytes;),
	    TP_printk("domain=%u reason=%s choice=%s entries=%u ranges=%u bytes=%llu",
		      __entry->id, ioflush_show_reason(__entry->reason),
		      __entry->all ? "domain" :
		      __entry->ranges ? "ranges" : "covered",
		      __entry->entries, __entry->ranges, __entry->bytes));

/* How long the oldest entry of a drained ring could still be used. */
TRACE_EVENT(ioflush_window,
	    TP_PROTO(const struct ioflush *flush, u64 age_ns),
	    TP_ARGS(flush, age_ns),
	    TP_STRUCT__entry(__field(u32, id)
			     __field(u64, age_ns)),
	    TP_fast_assign(__entry->id = flush->id;
			   __entry->age_ns = age_ns;),
	    TP_printk("domain=%u age_ns=%llu", __entry->id, __entry->age_ns));

/*
 * A wait for hardware is over. Syncs are what the queue has counted by then, riders
 * what this CPU has.
 */
TRACE_EVENT(ioflush_sync,
	    TP_PROTO(const struct invq *q, u32 seq),
	    TP_ARGS(q, seq),
	    TP_STRUCT__entry(__string(queue, q->name)
			     __field(u32, seq)
			     __field(unsigned long, syncs)
			     __field(unsigned long, riders)),
	    TP_fast_assign(__assign_str(queue);
			   __entry->seq = seq;
			   __entry->syncs = READ_ONCE(q->stats.syncs);
			   __entry->riders = raw_cpu_read(q->cpus->riders);),
	    TP_printk("queue=%s seq=%#x syncs=%lu riders=%lu",
		      __get_str(queue), __entry->seq, __entry->syncs,
		      __entry->riders));

#endif /* _TRACE_IOFLUSH_H */

#include <trace/define_trace.h>
