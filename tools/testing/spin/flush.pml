/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of drivers/iommu/ioflush/flush/{ring,step,drain,window}.c: rings of ranges,
 * the counters started and finished, the timer, and an IOVA that is given out again,
 * with a device that caches any translation it finds, and executes what is posted
 * at any time until the wait for it is over.
 *
 * What is left out, and why nothing is lost by it:
 *
 *  IOVAs	One is watched; of an entry, or a queue, the model knows whether the
 *		IOVA is in it or only others. Nothing the code does depends on which
 *		IOVAs there are, and what can go wrong goes wrong with one of them,
 *		which is the one to watch.
 *  caching	The device caches the IOVA when it is mapped, and whenever it is
 *		invalidated while the page table still has it. Nothing the CPUs do
 *		depends on the cache, and assertions only want it to be empty: a
 *		device that caches less, or later, breaks none that this one keeps.
 *  commands	All that is posted from a ring is executed together. If a trace breaks
 *		an assertion for the IOVA, the one in which the others are executed
 *		when it is does so too: what waits for them may go on later.
 *  stores	Spin never reorders. The one store whose delay matters clears the
 *		translation, and the later it takes effect the worse, as above: it does
 *		at the barrier that it cannot pass. Mapping, clearing, the barrier, the
 *		read of the counter and the entry are one step then: of all that others
 *		do meanwhile only the increment of the counter matters, and that is
 *		before or after the read. Without the barrier they are two steps.
 *  locks	A ring's lock is kept over steps only where something of another CPU can
 *		come between: the two of an invalidation of the whole domain.
 *  strict	An unmap that finds no ring, or no room, waits for what is its own.
 *  time	There is none. A timer that is armed may fire at any time.
 *
 * CPU 0 unmaps ROUNDS times, and has a timer and a bottom half; the other CPU unmaps
 * once and drains its own ring, which covers what is in the first.
 *
 * What is shown, as assertions:
 *
 *  reuse	when the IOVA is given back, and when it is given out, the device's
 *		cache has nothing for it, and it is not given back twice;
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
#define ROUNDS	2
#endif
/* How many CPUs there are; each has a ring of SLOTS entries */
#define CPUS	2
#ifndef SLOTS
#define SLOTS	2
#endif
#define HIGH	SLOTS

#define SLOT(r, n)	((r) * SLOTS + (n) % SLOTS)

/* What a queue may hold */
#define OTHERS	1
#define WATCHED	2
#define DOMAIN	(OTHERS | WATCHED)	/* all that the device has cached */

byte started, finished;		/* struct ioflush */

/* struct ioflush_ring, one a CPU */
bool lock[CPUS];
byte head[CPUS], done[CPUS], posted[CPUS], tail[CPUS];
byte all[CPUS];
bool armed[CPUS], handed[CPUS];
/* struct ioflush_entry: whether the IOVA is in its range, and the counter */
bool watched[CPUS * SLOTS];
byte counter[CPUS * SLOTS];

/* The IOVA: it is taken; the page table in memory; what the device has cached */
bool used, pte, iotlb;

/* What was posted from a ring and is not done */
byte queued[CPUS];

#ifdef STRICT
bool rings = true;		/* flush->rings is not NULL */
bool reads[CPUS];		/* a CPU has interrupts off, which RCU waits for */
#endif
#ifdef TIGHTEN
bool old;			/* a ghost: the IOVA was deferred before a tighten */
#endif

active proctype device()
{
end:
	do
#define EXECUTE(r) \
	:: d_step { queued[r] -> \
		iotlb = (queued[r] & WATCHED -> pte : iotlb); \
		queued[r] = 0 \
	}
	EXECUTE(0)
	EXECUTE(1)
	od
}

#define WINDOW(r)	assert(tail[r] == posted[r] || armed[r])
#define BOUNDED(r)	assert(tail[r] - head[r] <= SLOTS)

/* Whoever gets the lock: what counts as posted and is cached, hardware knows of. */
inline check_step(r) {
	i = done[r];
	do
	:: i == posted[r] -> break
	:: else ->
		assert(!watched[SLOT(r, i)] || !iotlb || queued[r] & WATCHED);
		i++
	od;
	i = 0
}

/* iospace_free() */
inline give_back() {
	assert(used);					/* reuse */
	assert(!iotlb && !pte);				/* reuse */
#ifdef TIGHTEN
	old = false;
#endif
	used = false
}

#define QUEUE(r, set)	queued[r] = queued[r] | (set)

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
	:: tail[r] > posted[r] + 1 -> e = posted[r] + 1
	fi;
	i = posted[r];
	do
	:: i == e -> break
	:: else ->
		if
		:: COVERED(SLOT(r, i))
		:: else ->
			todo = todo | (watched[SLOT(r, i)] -> WATCHED : OTHERS)
		fi;
		i++
	od;
	i = 0; fin = 0
}

/* ioflush_ring_posted(), and the lock is dropped */
inline claim(r) {
	do
	:: posted[r] == e -> break
	:: else -> counter[SLOT(r, posted[r])] = 0; posted[r]++
	od;
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
		todo = (told -> todo : 0)
	};
	if
	:: n ->
#ifdef NO_STARTED_MB
		QUEUE(r, DOMAIN);
		atomic { started++; n = started; claim(r) }
#else
		atomic {
			started++;		/* atomic64_inc_return() */
			n = started;
#ifdef NO_FINISHED_RELEASE
			max_finished(n)
#endif
		};
		atomic { QUEUE(r, DOMAIN); claim(r) }
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
		check_step(r);
		e = posted[r];
		todo = done[r] != e && queued[r];
		n = (done[r] != e -> all[r] : 0)
	};
#ifndef NO_WAIT
	!todo || !queued[r];			/* ops->wait() */
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
			if
			:: watched[SLOT(r, i)] ->
				give_back();
				watched[SLOT(r, i)] = false
			:: else
			fi;
			i++
		od;
		head[r] = done[r];
		all[r] = (done[r] == posted[r] -> 0 : all[r]);
		i = 0; e = 0; n = 0; todo = 0
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
 * timer is started with the lock held. What finds no room does not come.
 */
inline ring_add(r) {
	if
	:: tail[r] != UNPOSTED(r) ->
		if
		:: at = tail[r] - 1
		:: tail[r] - UNPOSTED(r) > 1 -> at = tail[r] - 2
		fi;
#ifndef MERGE_OLD_COUNTER
		counter[SLOT(r, at)] = count;
#endif
		watched[SLOT(r, at)] = watched[SLOT(r, at)] || mine
	:: !FULL(r) ->
		at = tail[r];
		watched[SLOT(r, at)] = mine;
		counter[SLOT(r, at)] = count;
		tail[r]++
	:: FULL(r) -> used = used && !mine; iotlb = iotlb && !mine /* strict */
	fi;
	high = tail[r] - posted[r] >= HIGH;
#ifndef NO_ARM
	armed[r] = true;
#endif
	lock[r] = false;
	at = 0; count = 0; mine = false;
	BOUNDED(r);
	WINDOW(r)
}

/* iospace_alloc() and iopgt_map_pages(): the IOVA, or another */
inline map() {
	if
	:: !used ->
		assert(!iotlb);				/* reuse */
		mine = true; used = true; pte = true; iotlb = true
	:: true
	fi
}

/*
 * A CPU that maps a page, unmaps it, and defers the invalidation. The second comes
 * to a mark each time, so that its timer has nothing to show. The first may have
 * interrupts off there, and leaves the drain to the bottom half.
 */
active [CPUS] proctype unmapper()
{
	byte round, count, at, i, fin, todo, want, e, n;
	byte cpu = _pid - 1;
	bool mine, high, told;

	do
	:: round == (cpu == 0 -> ROUNDS : 1) -> break
	:: else ->
#ifdef STRICT
		reads[cpu] = rings;
		if
		:: !reads[cpu] -> break			/* ioflush_sync() */
		:: else
		fi;
#endif
		atomic {
			!lock[cpu] ->
			map();
#ifdef NO_PUSH_MB
			lock[cpu] = true
		};
		count = started;
		atomic {
			pte = pte && !mine;
#else
			pte = pte && !mine;		/* smp_mb__after_atomic() */
			count = started;
#endif
			ring_add(cpu);
#ifdef STRICT
			reads[cpu] = false;
#endif
			round++
		};
		if
		:: high || cpu -> high = false; post(cpu); finish(cpu)
		:: high && !cpu -> atomic { handed[cpu] = true; high = false }
		:: else
		fi
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
			:: true \
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
	byte i, fin, todo, want, e, n;
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
	byte i, fin, todo, want, e, n;
	bool told;

#ifdef STRICT
	rings = false;
#ifndef NO_SYNC
	!reads[0];				/* synchronize_rcu() */
	!reads[1];
#endif
#endif
	old = used;
	post(0);
	post(1);
	finish(0);
	finish(1);
	assert(!old);				/* tighten */
#ifdef STRICT
	assert(!used)				/* tighten */
#endif
}
#endif
