/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of drivers/iommu/ioflush/flush/{ring,drain,window}.c: rings of ranges, the
 * counters started and finished, the timer, and IOVAs that are given out again,
 * with a device that caches any translation it finds, at any time, and executes
 * what is queued at any time until the wait for it is over.
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
 *		before the call has been given back; when ioflush_disable_deferred()
 *		returns, nothing is deferred;
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
 *  NO_SYNC		ioflush_disable_deferred(): does not wait for RCU
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

/* Of each process that drains, IOVAs whose invalidation is queued: its token */
byte queued[2 * CPUS + 1];

bool rings = true;		/* flush->rings is not NULL */
bool reads[CPUS];		/* a CPU has interrupts off, which RCU waits for */

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
#define EXECUTE(d, v) \
	:: d_step { queued[d] & BIT(v) -> \
		queued[d] = queued[d] & ~BIT(v); iotlb[v] = false }
	EXECUTE(0, 0) EXECUTE(0, 1) EXECUTE(1, 0) EXECUTE(1, 1)
	EXECUTE(2, 0) EXECUTE(2, 1) EXECUTE(3, 0) EXECUTE(3, 1)
#if IOVAS > 2
	EXECUTE(0, 2) EXECUTE(1, 2) EXECUTE(2, 2) EXECUTE(3, 2)
#endif
#ifdef TIGHTEN
	EXECUTE(4, 0) EXECUTE(4, 1)
#if IOVAS > 2
	EXECUTE(4, 2)
#endif
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

/* ops->queue() */
#define QUEUE(set)	queued[me] = queued[me] | (set)

inline max_finished(m) {
	finished = (m > finished -> m : finished)
}

/* ioflush_all_begin() */
inline all_begin(r) {
#ifdef NO_STARTED_MB
	QUEUE(ALL_IOVAS);
	atomic { started++; n[r] = started }
#else
	atomic { started++; n[r] = started };	/* atomic64_inc_return() */
#ifdef NO_FINISHED_RELEASE
	atomic { max_finished(n[r]); QUEUE(ALL_IOVAS) }
#else
	QUEUE(ALL_IOVAS)
#endif
#endif
}

#ifdef COVERED_EQUAL
#define COVERED(e)	(counter[e] <= fin)
#else
#define COVERED(e)	(counter[e] < fin)
#endif

/*
 * ioflush_claim_queue(): leaves out what is covered. Ranges or everything is a
 * matter of cost; here it is either.
 */
inline queue(r) {
	fin = finished;				/* atomic64_read_acquire() */
	atomic {
		i = h[r];
		do
		:: i == c[r] -> break
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
		:: QUEUE(todo)
		:: all_begin(r)
		fi
	:: else
	fi;
	todo = 0
}

/* ops->wait() */
inline wait() {
#ifdef NO_WAIT
	skip
#else
	!queued[me]
#endif
}

/* ioflush_claim_end() */
inline give_back_entries(r) {
	atomic {
		max_finished(n[r]);		/* ioflush_all_end() */
		n[r] = 0;
		i = h[r];
		do
		:: i == c[r] -> break
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
	head[r] = c[r];
	draining[r] = false;
	WINDOW(r)
}

/* ioflush_batch_add(): claims what is in a ring */
inline claim(r) {
	atomic {
		busy = draining[r];
#ifdef NO_DRAINING
		busy = false;
#endif
		h[r] = head[r];
		c[r] = (busy -> h[r] : tail[r]);
		if
		:: h[r] != c[r] -> draining[r] = true; claimed[r] = c[r]
		:: else
		fi
	}
}

/* The three loops of ioflush_batch_run(), for one ring each */
inline run_queue(r) {
	if
	:: h[r] != c[r] ->
#ifdef FREE_EARLY
		give_back_entries(r);
#endif
#ifdef RETIRE_EARLY
		atomic { retire(r) };
#endif
		queue(r)
	:: else
	fi
}

inline run_end(r) {
	if
	:: h[r] != c[r] ->
#ifndef FREE_EARLY
		give_back_entries(r);
#endif
#ifndef RETIRE_EARLY
		atomic { retire(r); h[r] = 0; c[r] = 0 }
#else
		atomic { h[r] = 0; c[r] = 0 }
#endif
	:: else -> atomic { h[r] = 0; c[r] = 0 }
	fi
}

/*
 * ioflush_ring_drain(). The rings of other domains that it takes along have
 * nothing to do with this one.
 */
inline drain(r) {
	claim(r);
	if
	:: h[r] != c[r] ->
		run_queue(r);
		wait()
	:: else
	fi;
	run_end(r)
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
 * ioflush_ring_extend() and ioflush_ring_add(), under the ring's lock: extends one
 * of the two newest entries, where that is possible, which is chance here. The
 * timer is started with the lock held.
 */
inline ring_add(r, iova, count) {
	atomic {
		added = true;
		if
		:: tail[r] != UNCLAIMED(r) ->
			if
			:: at = tail[r] - 1
			:: tail[r] - UNCLAIMED(r) > 1 -> at = tail[r] - 2
			fi;
			range[SLOT(r, at)] = range[SLOT(r, at)] | BIT(iova);
#ifndef MERGE_OLD_COUNTER
			counter[SLOT(r, at)] = count;
#endif
			at = 0
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
	byte round, iova, count, at, i, v, fin, todo;
	byte h[CPUS], c[CPUS], n[CPUS];
	byte me = _pid - 2;
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
#ifdef STRICT
		atomic { reads[cpu] = true; added = rings };
#else
		added = true;
#endif
		if
		:: added ->
#ifndef NO_PUSH_MB
			!pending[cpu];			/* smp_mb__after_atomic() */
#endif
			count = started;
			!pending[cpu];			/* the release of the lock */
			ring_add(cpu, iova, count)
		:: else
		fi;
#ifdef STRICT
		reads[cpu] = false;
#endif
		if
		:: !added ->				/* ioflush_sync() */
			!pending[cpu];			/* the doorbell */
			QUEUE(BIT(iova));
			wait();
			atomic { give_back(iova) }
		:: added && high -> drain(cpu)
		:: else
		fi;
		atomic { iova = 0; count = 0; added = false; high = false; round++ }
	od
}

/*
 * ioflush_window_check() of each ring: drains, or finds that it is early. So do
 * the work that it hands over and the callback of the RCU engine.
 */
active [CPUS] proctype timer()
{
	byte i, v, fin, todo;
	byte h[CPUS], c[CPUS], n[CPUS];
	byte me = _pid - 2;
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
/*
 * ioflush_drain(IOFLUSH_TIGHTEN): all rings in one batch, up to one that another
 * drain is at work on. With STRICT, ioflush_disable_deferred().
 */
active proctype tighten()
{
	byte i, v, fin, todo;
	byte h[CPUS], c[CPUS], n[CPUS];
	byte me = _pid - 2;
	byte ring;
	bool busy;

#ifdef STRICT
	rings = false;
#ifndef NO_SYNC
	!reads[0];				/* synchronize_rcu() */
	!reads[1];
#endif
#endif
	old = deferred;
	do
	:: ring == CPUS -> break
	:: else ->
		do				/* ioflush_drain_cpus() */
		:: ring == CPUS -> break
		:: else ->
			claim(ring);
			if
#ifdef NO_TIGHTEN_LOOP
			:: ring++
#else
			:: busy -> break
			:: !busy -> ring++
#endif
			fi
		od;
		run_queue(0);
		run_queue(1);
		wait();
		run_end(0);
		run_end(1);
		if
		:: ring < CPUS -> !draining[ring]	/* calls it again */
		:: else
		fi
	od;
	assert(!old);				/* tighten */
#ifdef STRICT
	assert(!deferred)			/* tighten */
#endif
}
#endif
