/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of drivers/iommu/ioflush/flush/{ring,step,drain,window}.c: rings of ranges,
 * the counters started and finished, the timer, and IOVAs that are given out again,
 * with a device that caches any translation it finds, at any time, and executes
 * what is posted at any time until the wait for it is over.
 *
 * Spin interleaves, but never reorders. The one store whose delay matters is
 * the one that clears a translation: it stays in its CPU's buffer until a
 * barrier, or the memory process, lets it go.
 *
 * What is shown, as assertions:
 *
 *  reuse	when an IOVA is given back, and when it is given out, the device's
 *		cache has nothing for it, and no IOVA is given back twice;
 *  step	whoever gets a ring's lock finds that hardware has been told of
 *		all that counts as posted;
 *  window	whenever a ring's lock is dropped, entries that are not posted
 *		have a timer. That it is in time is not shown: there is no time
 *		here;
 *  tighten	when ioflush_drain() returns, what was deferred before the call
 *		has been invalidated; when ioflush_disable_deferred() returns,
 *		nothing is deferred;
 *  bounded	a ring has no more entries than slots;
 *  end		nobody waits for ever: there is no invalid end state.
 *
 * -D of one of these removes a step, and one of the assertions has to fail:
 *
 *  NO_PUSH_MB		ioflush_unmapped(), ioflush_push(): no smp_mb__after_atomic()
 *			before the counter is read
 *  NO_STARTED_MB	ioflush_all_post(): the invalidation passes the increment
 *  NO_FINISHED_RELEASE	ioflush_all_end(): finished moves before the wait has ended
 *  NO_WAIT		ioflush_ring_finish(): does not wait
 *  LATE_END		ioflush_ring_finish(): looks after the wait what was posted
 *  COVERED_EQUAL	ioflush_batch_collect(): <= where < belongs
 *  MERGE_OLD_COUNTER	ioflush_ring_extend(), ioflush_entry_extend(): the counter
 *			stays the older one
 *  MERGE_POSTED	ioflush_ring_merge(): extends what hardware has been told of;
 *			so would ioflush_ring_posted() without ioflush_ring_close()
 *  CLAIM_FIRST		ioflush_ring_step(): the lock is dropped between claiming
 *			entries and telling hardware of them
 *  NO_ROOM_CLAIMED	ioflush_ring_step(): entries count as posted where a queue
 *			had no room
 *  FREE_EARLY		ioflush_ring_take(): takes what is posted
 *  NO_REARM		ioflush_window_check(): sleeps without a look at the ring
 *  NO_ARM		ioflush_window_arm(): starts no timer
 *  NO_SYNC		ioflush_disable_deferred(): does not wait for RCU
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

/* struct ioflush_ring, one a CPU */
bool lock[CPUS];
byte head[CPUS], done[CPUS], posted[CPUS], tail[CPUS];
byte all[CPUS];
bool armed[CPUS], handed[CPUS];
/* struct ioflush_entry: a set of IOVAs for a range, and the counter */
byte range[CPUS * SLOTS], counter[CPUS * SLOTS];

bool used[IOVAS];		/* the IOVA space */
bool pte[IOVAS];		/* the page table in memory */
bool iotlb[IOVAS];		/* what the device has cached */

/* The clearing of a translation that has not reached memory: IOVA + 1, or 0 */
byte pending[CPUS];

/*
 * IOVAs whose invalidation is with hardware, and not done: of each ring what was
 * posted from there, and of each CPU what an unmap of its own waits for
 */
byte queued[2 * CPUS];

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
	od
}

#define WINDOW(r)	assert(tail[r] == posted[r] || armed[r])
#define BOUNDED(r)	assert(tail[r] - head[r] <= SLOTS)

/* What counts as posted and is cached: hardware knows of it. */
#define TOLD_ONE(r, v)	(!iotlb[v] || (queued[r] & BIT(v)))
#if IOVAS > 2
#define TOLD(r, set)	(((set) & 1 && !TOLD_ONE(r, 0)) || \
			 ((set) & 2 && !TOLD_ONE(r, 1)) || \
			 ((set) & 4 && !TOLD_ONE(r, 2)))
#else
#define TOLD(r, set)	(((set) & 1 && !TOLD_ONE(r, 0)) || \
			 ((set) & 2 && !TOLD_ONE(r, 1)))
#endif

inline check_step(r) {
	i = done[r];
	do
	:: i == posted[r] -> break
	:: else ->
		assert(!TOLD(r, range[SLOT(r, i)]));	/* step */
		i++
	od;
	i = 0
}

/* iospace_free() */
inline give_back(v) {
	assert(used[v]);				/* reuse */
	assert(!iotlb[v] && !pte[v]);			/* reuse */
	used[v] = false;
	deferred = deferred & ~BIT(v);
	old = old & ~BIT(v)
}

#define QUEUE(q, set)	queued[q] = queued[q] | (set)

inline max_finished(m) {
	finished = (m > finished -> m : finished)
}

#ifdef COVERED_EQUAL
#define COVERED(e)	(counter[e] <= fin)
#else
#define COVERED(e)	(counter[e] < fin)
#endif

/* ioflush_batch_collect(): up to where is chance, and leaves out what is covered */
inline collect(r) {
	fin = finished;				/* atomic64_read_acquire() */
	if
	:: e = tail[r]
	:: e = posted[r] + 1
	fi;
	i = posted[r];
	do
	:: i == e -> break
	:: else ->
		if
		:: COVERED(SLOT(r, i))
		:: else -> todo = todo | range[SLOT(r, i)]
		fi;
		i++
	od;
	i = 0; fin = 0
}

/* ioflush_ring_posted(), and the lock is dropped */
inline claim(r) {
	posted[r] = e;
	all[r] = (n > all[r] -> n : all[r]);
	lock[r] = false;
	WINDOW(r)
}

/*
 * ioflush_ring_step(), of which others see nothing before it is over. Ranges or
 * everything is a matter of cost; here it is either. While the lock is held only
 * the device and the other ring go on, to whom it is all the same in how many
 * steps ranges are told. For the domain there are two: ioflush_all_post().
 */
inline step(r) {
	atomic {
		!lock[r] ->
		lock[r] = true;
		check_step(r);
		if
		:: tail[r] == posted[r] -> lock[r] = false
		:: else ->
			collect(r);
			if
			:: !todo -> claim(r)
			:: todo ->
#ifdef CLAIM_FIRST
				claim(r);
				told = true
#else
				QUEUE(r, todo);
				claim(r)
#endif
			:: todo -> n = 1; e = tail[r]
			:: todo ->		/* no room */
#ifndef NO_ROOM_CLAIMED
				e = posted[r];
#endif
				claim(r)
			fi
		fi;
		todo = (n || told -> todo : 0)
	};
	if
	:: n ->
#ifdef NO_STARTED_MB
		QUEUE(r, ALL_IOVAS);
		atomic { started++; n = started; claim(r) }
#else
		atomic {
			started++;		/* atomic64_inc_return() */
			n = started;
#ifdef NO_FINISHED_RELEASE
			max_finished(n)
#endif
		};
		atomic { QUEUE(r, ALL_IOVAS); claim(r) }
#endif
	:: told -> atomic { QUEUE(r, todo); told = false }
	:: else
	fi;
	atomic { e = 0; n = 0; todo = 0 }
}

/* ioflush_ring_post() */
inline post(r) {
	atomic { !lock[r] -> want = tail[r] };
	do
	:: posted[r] >= want -> break
	:: else -> step(r)
	od;
	want = 0
}

/* ioflush_ring_finish(); what is taken is given back at once */
inline finish(r) {
	atomic {
		!lock[r] ->
		e = posted[r];
		todo = (done[r] != e -> queued[r] : 0);
		n = (done[r] != e -> all[r] : 0)
	};
#ifndef NO_WAIT
	!(queued[r] & todo);			/* ops->wait() */
#endif
#ifdef LATE_END
	e = posted[r];
#endif
	atomic {
		!lock[r] ->
		max_finished(n);
		done[r] = (e > done[r] -> e : done[r]);
#ifdef FREE_EARLY
		done[r] = posted[r];
#endif
		i = head[r];
		do
		:: i == done[r] -> break
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
		head[r] = done[r];
		i = 0; v = 0; e = 0; n = 0; todo = 0
	}
}

#ifdef MERGE_POSTED
#define UNPOSTED(r)	head[r]
#else
#define UNPOSTED(r)	posted[r]
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
		!lock[r] ->
		added = true;
		if
		:: tail[r] != UNPOSTED(r) ->
			if
			:: at = tail[r] - 1
			:: tail[r] - UNPOSTED(r) > 1 -> at = tail[r] - 2
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
		high = tail[r] - posted[r] >= HIGH;
#ifndef NO_ARM
		armed[r] = true;
#endif
		BOUNDED(r);
		WINDOW(r)
	}
}

/*
 * A CPU that maps a page, unmaps it, and defers the invalidation. The second comes
 * to a mark each time, so that its timer has nothing to show.
 */
active [CPUS] proctype unmapper()
{
	byte round, iova, count, at, i, v, fin, todo, want, e, n;
	byte cpu = _pid - 2;
	bool added, high, told;

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
			QUEUE(CPUS + cpu, BIT(iova));
			!queued[CPUS + cpu];
			atomic { give_back(iova) }
		:: added && (high || cpu) -> post(cpu); finish(cpu)
		:: else
		fi;
		atomic { iova = 0; count = 0; added = false; high = false; round++ }
	od
}

/*
 * ioflush_window_check() of the first ring: takes a step, and sees what hardware has
 * done by then, or finds that it is early.
 */
active proctype timer()
{
	byte i, fin, todo, e, n;
	bool told, look;
end:
	do
#define FIRES(r) \
	:: armed[r] -> \
		if \
		:: step(r); look = true \
		:: skip \
		fi; \
		atomic { \
			!lock[r] -> \
			if \
			:: look && done[r] != posted[r] && !queued[r] -> \
				max_finished(all[r]); done[r] = posted[r] \
			:: else \
			fi; \
			handed[r] = handed[r] || look; \
			look = false; \
			armed[r] = REARM(r); \
			WINDOW(r) \
		}
#ifdef NO_REARM
#define REARM(r)	false
#else
#define REARM(r)	(tail[r] != posted[r])
#endif
	FIRES(0)
	od
}

/* ioflush_ring_work(); so does the callback of the RCU engine */
active proctype bottom_half()
{
	byte i, v, fin, todo, want, e, n;
	bool told;
end:
	do
#define RUNS(r) \
	:: handed[r] -> handed[r] = false; \
		if \
		:: post(r) \
		:: skip \
		fi; \
		finish(r)
	RUNS(0)
	od
}

#ifdef TIGHTEN
/* ioflush_drain(); with STRICT, ioflush_disable_deferred() */
active proctype tighten()
{
	byte i, v, fin, todo, want, e, n;
	bool told;

#ifdef STRICT
	rings = false;
#ifndef NO_SYNC
	!reads[0];				/* synchronize_rcu() */
	!reads[1];
#endif
#endif
	old = deferred;
	post(0);
	post(1);
	finish(0);
	finish(1);
	assert(!old);				/* tighten */
#ifdef STRICT
	assert(!deferred)			/* tighten */
#endif
}
#endif
