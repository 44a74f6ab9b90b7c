/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of drivers/iommu/ioflush/flush/{ring,drain,window}.c: rings of ranges, the
 * counters started and finished, the timer, and IOVAs that are given out again,
 * with a device that caches any translation it finds, at any time.
 *
 * Spin interleaves, but never reorders. The one store whose delay matters is
 * the one that clears a translation: it stays in its CPU's buffer until a
 * barrier, or the memory process, lets it go.
 *
 * What is shown, as assertions:
 *
 *  reuse	when an IOVA is given back, and when it is given out, the device's
 *		cache has nothing for it, and no IOVA is given back twice;
 *  window	whenever a ring's lock is dropped, entries that no drain has
 *		claimed have a timer. That timer and drain are in time is not
 *		shown: there is no time here;
 *  tighten	when ioflush_drain(IOFLUSH_TIGHTEN) returns, what was deferred
 *		before the call has been given back;
 *  bounded	a ring has no more entries than slots;
 *  end		nobody waits for ever: there is no invalid end state.
 *
 * -D of one of these removes a step, and one of the assertions has to fail:
 *
 *  NO_PUSH_MB		ioflush_unmapped(), ioflush_push(): no smp_mb__after_atomic()
 *			before the counter is read
 *  NO_STARTED_MB	ioflush_all_begin(): the invalidation passes the increment
 *  NO_FINISHED_RELEASE	ioflush_all_end(): finished moves before the wait has ended
 *  NO_WAIT		ioflush_batch_run(): ranges are queued, not waited for
 *  COVERED_EQUAL	ioflush_queue_ranges(): <= where < belongs
 *  MERGE_OLD_COUNTER	ioflush_ring_extend(), ioflush_entry_extend(): the counter
 *			stays the older one
 *  MERGE_CLAIMED	ioflush_ring_merge(): extends what a drain has claimed; so
 *			would ioflush_batch_add() without ioflush_ring_close()
 *  FREE_EARLY		ioflush_claim_end(): IOVAs go back before the invalidation
 *  RETIRE_EARLY	ioflush_claim_end(): so do the entries
 *  NO_DRAINING		ioflush_batch_add(): two drains at a time
 *  NO_REARM		ioflush_window_check(): sleeps without a look at the ring
 *  NO_ARM		ioflush_window_arm(): starts no timer
 *  NO_TIGHTEN_LOOP	ioflush_drain(): does not wait for another drain
 *  NO_FULL		ioflush_ring_full(): does not look for room
 */

#ifndef ROUNDS
#define ROUNDS	1
#endif
/* How many CPUs there are; each has a ring of SLOTS entries */
#define CPUS	2
#ifndef SLOTS
#define SLOTS	2
#endif
#define HIGH	SLOTS
#ifndef IOVAS
#define IOVAS	3
#endif

#define SLOT(r, n)	((r) * SLOTS + (n) % SLOTS)
#define BIT(v)		(1 << (v))
#define ALL_IOVAS	(BIT(IOVAS) - 1)

byte started, finished;		/* struct ioflush */

/* struct ioflush_ring, one a CPU; what its lock protects is in one atomic step */
byte head[CPUS], claimed[CPUS], tail[CPUS];
bool draining[CPUS], armed[CPUS];
/* struct ioflush_entry: a set of IOVAs for a range, and the counter */
byte range[CPUS * SLOTS], counter[CPUS * SLOTS];

bool used[IOVAS];		/* the IOVA space */
bool pte[IOVAS];		/* the page table in memory */
bool iotlb[IOVAS];		/* what the device has cached */

/* The clearing of a translation that has not reached memory: IOVA + 1, or 0 */
byte pending[CPUS];

/* Ghosts */
byte deferred;			/* IOVAs that are in rings */
byte old;			/* of those, the ones from before a tighten */

active proctype memory()
{
end:
	do
	:: d_step { pending[0] -> pte[pending[0] - 1] = false; pending[0] = 0 }
	:: d_step { pending[1] -> pte[pending[1] - 1] = false; pending[1] = 0 }
	od
}

active proctype device()
{
end:
	do
	:: d_step { pte[0] && !iotlb[0] -> iotlb[0] = true }
	:: d_step { pte[1] && !iotlb[1] -> iotlb[1] = true }
#if IOVAS > 2
	:: d_step { pte[2] && !iotlb[2] -> iotlb[2] = true }
#endif
	od
}

#define WINDOW(r)	assert(tail[r] == claimed[r] || armed[r])
#define BOUNDED(r)	assert(tail[r] - head[r] <= SLOTS)

/* iospace_free() */
inline give_back(v) {
	assert(used[v]);				/* reuse */
	assert(!iotlb[v] && !pte[v]);			/* reuse */
	used[v] = false;
	deferred = deferred & ~BIT(v);
	old = old & ~BIT(v)
}

/* ops->ranges(): the caches lose one IOVA after the other */
inline invalidate_ranges(set) {
	v = 0;
	do
	:: v == IOVAS -> break
	:: else -> atomic {
		if
		:: set & BIT(v) -> iotlb[v] = false
		:: else
		fi;
		v++
	   }
	od;
	v = 0
}

inline max_finished(n) {
	finished = (n > finished -> n : finished)
}

/* ioflush_all_begin(), the wait, and ioflush_all_end() */
inline flush_all() {
#ifdef NO_STARTED_MB
	invalidate_ranges(ALL_IOVAS);
	atomic { started++; n = started };
#else
	atomic { started++; n = started };	/* atomic64_inc_return() */
#ifdef NO_FINISHED_RELEASE
	max_finished(n);
#endif
	invalidate_ranges(ALL_IOVAS);
#endif
	d_step { max_finished(n); n = 0 }	/* try_cmpxchg_release() */
}

#ifdef COVERED_EQUAL
#define COVERED(e)	(counter[e] <= fin)
#else
#define COVERED(e)	(counter[e] < fin)
#endif

/*
 * ioflush_claim_queue() and the wait: leaves out what is covered. Ranges or
 * everything is a matter of cost; here it is either.
 */
inline invalidate(r) {
	fin = finished;				/* atomic64_read_acquire() */
	atomic {
		i = h;
		do
		:: i == c -> break
		:: else ->
			if
			:: COVERED(SLOT(r, i))
			:: else -> todo = todo | range[SLOT(r, i)]
			fi;
			i++
		od;
		i = 0; fin = 0
	};
	if
	:: todo ->
		if
#ifdef NO_WAIT
		:: skip
#else
		:: invalidate_ranges(todo)
#endif
		:: flush_all()
		fi
	:: else
	fi;
	todo = 0
}

/* ioflush_claim_end() */
inline give_back_entries(r) {
	atomic {
		i = h;
		do
		:: i == c -> break
		:: else ->
			v = 0;
			do
			:: v == IOVAS -> break
			:: else ->
				if
				:: range[SLOT(r, i)] & BIT(v) -> give_back(v)
				:: else
				fi;
				v++
			od;
			i++
		od;
		i = 0; v = 0
	}
}

/* ioflush_claim_retire() */
inline retire(r) {
	head[r] = c;
	draining[r] = false;
	WINDOW(r)
}

/* ioflush_ring_drain(): ioflush_batch_add(), then the rest of a batch of one */
inline drain(r) {
	atomic {
		busy = draining[r];
#ifdef NO_DRAINING
		busy = false;
#endif
		h = head[r];
		c = (busy -> h : tail[r]);
		if
		:: h != c -> draining[r] = true; claimed[r] = c
		:: else
		fi
	};
	if
	:: h != c ->
#ifdef FREE_EARLY
		give_back_entries(r);
#endif
#ifdef RETIRE_EARLY
		atomic { retire(r) };
#endif
		invalidate(r);
#ifndef FREE_EARLY
		give_back_entries(r);
#endif
#ifndef RETIRE_EARLY
		atomic { retire(r) }
#endif
	:: else
	fi;
	h = 0; c = 0
}

#ifdef MERGE_CLAIMED
#define UNCLAIMED(r)	head[r]
#else
#define UNCLAIMED(r)	claimed[r]
#endif
#ifdef NO_FULL
#define FULL(r)		false
#else
#define FULL(r)		(tail[r] - head[r] == SLOTS)
#endif

/*
 * ioflush_ring_extend() and ioflush_ring_add(), under the ring's lock: extends the
 * newest entry, where that is possible, which is chance here. The timer is
 * started with the lock held.
 */
inline ring_add(r, iova, count) {
	atomic {
		added = true;
		if
		:: tail[r] != UNCLAIMED(r) ->
			range[SLOT(r, tail[r] - 1)] =
				range[SLOT(r, tail[r] - 1)] | BIT(iova);
#ifndef MERGE_OLD_COUNTER
			counter[SLOT(r, tail[r] - 1)] = count
#endif
		:: !FULL(r) ->
			range[SLOT(r, tail[r])] = BIT(iova);
			counter[SLOT(r, tail[r])] = count;
			tail[r]++
		:: FULL(r) -> added = false
		fi;
		deferred = (added -> deferred | BIT(iova) : deferred);
		high = tail[r] - claimed[r] >= HIGH && !draining[r];
#ifndef NO_ARM
		armed[r] = true;
#endif
		BOUNDED(r);
		WINDOW(r)
	}
}

/* A CPU that maps a page, unmaps it, and defers the invalidation */
active [CPUS] proctype unmapper()
{
	byte round, iova, count, h, c, i, v, n, fin, todo;
	byte cpu = _pid - 2;
	bool added, high, busy;

	do
	:: round == (cpu == 0 -> ROUNDS : 1) -> break
	:: else ->
		atomic {				/* iospace_alloc() */
			if
			:: !used[0] -> iova = 0
			:: !used[1] -> iova = 1
#if IOVAS > 2
			:: !used[2] -> iova = 2
#endif
			fi;
			assert(!iotlb[iova]);		/* reuse */
			used[iova] = true;
			pte[iova] = true		/* iopgt_map_pages() */
		};
		pending[cpu] = iova + 1;		/* iopgt_unmap_pages() */
#ifndef NO_PUSH_MB
		!pending[cpu];				/* smp_mb__after_atomic() */
#endif
		count = started;
		!pending[cpu];				/* the release of the lock */
		ring_add(cpu, iova, count);
		if
		:: !added ->				/* ioflush_sync() */
			invalidate_ranges(BIT(iova));
			atomic { give_back(iova) }
		:: added && high -> drain(cpu)
		:: else
		fi;
		atomic { iova = 0; count = 0; added = false; high = false; round++ }
	od
}

/* ioflush_window_check() of each ring: drains, or finds that it is early */
active [CPUS] proctype timer()
{
	byte h, c, i, v, n, fin, todo;
	byte ring = _pid - 2 - CPUS;
	bool busy;
end:
	do
	:: armed[ring] ->
		if
		:: drain(ring)
		:: skip
		fi;
		atomic {
			busy = false;
#ifdef NO_REARM
			armed[ring] = false;
#else
			armed[ring] = tail[ring] != claimed[ring];
#endif
			WINDOW(ring)
		}
	od
}

#ifdef TIGHTEN
/* ioflush_drain(IOFLUSH_TIGHTEN) */
active proctype tighten()
{
	byte ring, h, c, i, v, n, fin, todo;
	bool busy;

	old = deferred;
	do
	:: ring == CPUS -> break
	:: else ->
		drain(ring);
		if
#ifndef NO_TIGHTEN_LOOP
		:: busy -> !draining[ring]		/* calls it again */
		:: !busy -> ring++
#else
		:: ring++
#endif
		fi
	od;
	assert(!old)					/* tighten */
}
#endif
