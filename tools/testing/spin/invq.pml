/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of drivers/iommu/ioflush/invq/invq.c: reservation, marks, combined
 * waits and recovery, with a device that consumes the ring.
 *
 * Spin interleaves, but never reorders. So each CPU has a buffer of stores
 * that have not reached memory, and they leave it in any order that the code's
 * barriers allow: a plain store at any time, a release only when all that is
 * older has left. Loads take effect at once, except for the one that a barrier
 * in invq_poll() holds back.
 *
 * What is shown, as assertions:
 *
 *  strict	when a wait returns, the device's cache no longer holds the
 *		translation, and no write of the device through it follows;
 *  slots	the device finds a complete command in each slot up to the tail;
 *  tail	the tail only moves forward, and only over slots that are marked;
 *  combine	one sync is in flight at a time, and it covers all that was
 *		reserved before it: a caller waits for at most two;
 *  room	when no sync is in flight there is room for one;
 *  post		when a post returns, the device has been told of its commands;
 *  end		nobody waits for ever. Waiters block here where they poll in C,
 *		so that this is the absence of an invalid end state.
 *
 * -D of one of these removes a step, and one of the assertions has to fail:
 *
 *  NO_MARK_RELEASE	invq_mark(): plain store instead of a release
 *  NO_MARK		invq_see_marks(): no wait for the marks
 *  NO_ROOM		invq_reserve(): no look at the done word
 *  NO_SPARE		invq_reserve(): commands leave no slot for a sync
 *  NO_CLAIM		invq_try_sync(): no claim
 *  NO_CLAIM_RELEASE	invq_try_sync(): claim dropped by a plain store
 *  NO_RECHECK		invq_try_sync(): no second look under the claim
 *  NO_DOORBELL_WMB	ops->doorbell(): writel_relaxed() for writel()
 *  NO_WAIT_ACQUIRE	invq_poll(): no barrier after the last look
 *  NO_WAIT		invq_submit_wait(): returns without a wait
 *  NO_REISSUE		invq_recover(): a lost sync is not issued again
 *  NO_RESUME_CLAIM	invq_recover(): resumes without the claim
 *  SKIP_ONLY		invq_recover(): a refused command is only skipped
 *  NO_HEAD_ORDER	invq_read_head(): no rmb(), the register comes first
 *  NO_RING_CLAIM	invq_ring(): the doorbell without the claim
 *  NO_RING		invq_post(): no doorbell
 *
 * PRODUCERS, ROUNDS and FAULTS set the size. With POST the CPUs post, too. With
 * POLLED the device stores no done word: those who wait do, when its head has
 * passed the newest sync.
 *
 * Not in it: who has the patience to wait, since here nobody polls; reservations for
 * several CPUs at once, which group.pml is about; and marks of 2^32 slots ago.
 */

#ifndef PRODUCERS
#define PRODUCERS	2
#endif
#ifndef ROUNDS
#define ROUNDS		1
#endif
/* How often the device refuses a command or loses a sync. */
#ifndef FAULTS
#define FAULTS		0
#endif

#define SLOTS		4
/* invq_init(): sequence numbers begin shortly before they wrap, here at 256 */
#define FIRST		252
#define SPARE_SYNC	1
#ifdef NO_SPARE
#define SPARE_CMDS	1
#else
#define SPARE_CMDS	2
#endif

#define ADD(a, b)	(((a) + (b)) & 255)
#define DIST(a, b)	(((a) - (b)) & 255)
/* (s32)(a - b) >= 0 */
#define REACHED(a, b)	(DIST(a, b) < 128)
#define SLOT(seq)	((seq) % SLOTS)

/* What a slot holds: nothing, the invalidation of a CPU's page, or a sync. */
#define GARBAGE		0
#define INVAL(p)	(1 + (p))
#define IS_INVAL(c)	((c) > 0 && (c) <= PRODUCERS)
#define PAGE(c)		((c) - 1)
/* What a recovery puts in place of an invalidation: one of everything */
#define INVAL_ALL	50
#define NOP		51
#define SYNC(seq)	(100 + (seq))
#define IS_SYNC(c)	((c) >= 100)
#define SEQ(c)		((c) - 100)

/* Places in memory that stores are buffered for. Slots are 0 to SLOTS - 1. */
#define L_MARK		24		/* to 24 + SLOTS - 1 */
#define L_SYNCED	11
#define L_CLAIM		12
#define L_TAIL		13
#define L_RESUME	14
#define L_PTE		20

/* CPUs: the producers, and the waiter that looks for errors */
#define LOOKER		PRODUCERS
#define CPUS		(PRODUCERS + 1)

#define PLAIN		0
#define RELEASE		1

short slots[SLOTS];
/* q->marks; the first one that is due is another */
byte marks[SLOTS] = FIRST;
byte reserved = FIRST;		/* q->reserved */
byte published = FIRST;		/* q->published */
byte synced = FIRST;		/* q->synced */
byte done = FIRST;		/* *q->done */
bool claim;			/* q->claim */

byte tail = FIRST;		/* the device's tail register */
byte head = FIRST;		/* how far the device has come */
bool stopped;			/* it refuses the command at its head */
bool lost;			/* it went past a sync without storing */
byte faults = FAULTS;

bool pte[PRODUCERS] = true;	/* the page is mapped */
bool iotlb[PRODUCERS];		/* the device has cached that it is */
bool dirty;			/* the device has written to the first page */

/* Ghosts, which no step of the code looks at */
byte in_flight;			/* syncs between doorbell and completion */
byte ended = FIRST;		/* the newest sync that the device has executed */
bool waiting[PRODUCERS];	/* a CPU's commands are marked, not done */
byte target[PRODUCERS];		/* what it waits for */
byte missed[PRODUCERS];		/* syncs that have finished since, short of it */

chan buffer[CPUS] = [10] of { byte, short, bit };

#ifdef ORDERED
#define STORE(cpu, where, what, how)	atomic { arrive(cpu, where, what) }
#else
#define STORE(cpu, where, what, how)	buffer[cpu]!where, what, how
#endif

/* A store reaches memory, or a register of the device. */
inline arrive(cpu, where, what) {
	if
	:: where < SLOTS -> slots[where] = what
	:: where >= L_MARK && where < L_MARK + SLOTS ->
		marks[where - L_MARK] = what;
		if
		:: cpu != LOOKER ->
			if
			:: !waiting[cpu] -> waiting[cpu] = true; missed[cpu] = 0
			:: else
			fi;
			target[cpu] = what
		:: else
		fi
	:: where == L_SYNCED -> synced = what
	:: where == L_CLAIM -> claim = what
	:: where == L_RESUME -> stopped = false
	:: where == L_TAIL ->
		assert(REACHED(what, tail));		/* tail */
		do
		:: tail == what -> break
		:: else ->
			assert(marks[SLOT(tail)] == ADD(tail, 1));	/* tail */
			if
			:: IS_SYNC(slots[SLOT(tail)]) -> in_flight++
			:: else
			fi;
			assert(in_flight <= 1);		/* combine */
			tail = ADD(tail, 1)
		od
	:: else -> pte[where - L_PTE] = what
	fi
}

/* The oldest store leaves the buffer, or a plain one before its turn. */
#define LEAVE(cpu) \
	atomic { \
		nempty(buffer[cpu]); \
		if \
		:: buffer[cpu]?where, what, how \
		:: buffer[cpu]??0, what, PLAIN -> where = 0 \
		:: buffer[cpu]??1, what, PLAIN -> where = 1 \
		:: buffer[cpu]??2, what, PLAIN -> where = 2 \
		:: buffer[cpu]??3, what, PLAIN -> where = 3 \
		:: buffer[cpu]??24, what, PLAIN -> where = 24 \
		:: buffer[cpu]??25, what, PLAIN -> where = 25 \
		:: buffer[cpu]??26, what, PLAIN -> where = 26 \
		:: buffer[cpu]??27, what, PLAIN -> where = 27 \
		:: buffer[cpu]??L_SYNCED, what, PLAIN -> where = L_SYNCED \
		:: buffer[cpu]??L_CLAIM, what, PLAIN -> where = L_CLAIM \
		:: buffer[cpu]??L_TAIL, what, PLAIN -> where = L_TAIL \
		:: buffer[cpu]??eval(L_PTE + cpu), what, PLAIN -> where = L_PTE + cpu \
		fi; \
		arrive(cpu, where, what); \
		where = 0; what = 0; how = 0 \
	}

active proctype memory()
{
	byte where;
	short what;
	bit how;
end:
	do
	:: LEAVE(0)
	:: LEAVE(1)
#if CPUS > 2
	:: LEAVE(2)
#endif
#if CPUS > 3
	:: LEAVE(3)
#endif
	od
}

/* A sync has finished: whoever reserved before the one before it is done. */
inline finished(seq) {
	ended = seq;
#ifndef POLLED
	done = seq;
#endif
	in_flight--;
	i = 0;
	do
	:: i == PRODUCERS -> break
	:: else ->
		if
		:: waiting[i] && REACHED(ended, target[i]) -> waiting[i] = false
		:: waiting[i] && !REACHED(ended, target[i]) ->
			missed[i]++;
			assert(missed[i] < 2)		/* combine */
		:: else
		fi;
		i++
	od;
	i = 0
}

inline invalidate_all() {
	i = 0;
	do
	:: i == PRODUCERS -> break
	:: else -> iotlb[i] = false; i++
	od;
	i = 0
}

inline execute(c) {
	if
	:: IS_INVAL(c) -> iotlb[PAGE(c)] = false
	:: c == INVAL_ALL -> invalidate_all()
	:: IS_SYNC(c) -> finished(SEQ(c))
	:: c == NOP
	fi;
	/* So that a slot that a producer fails to write anew is noticed. */
	slots[SLOT(head)] = GARBAGE;
	head = ADD(head, 1)
}

/* Walks page tables, writes through what it cached, and takes commands. */
active proctype device()
{
	short c;
	byte i;
end:
	do
	:: atomic {
		!stopped && SLOT(head) != SLOT(tail);
		c = slots[SLOT(head)];
		assert(c != GARBAGE);			/* slots */
		if
		:: execute(c)
		:: faults > 0 && c != INVAL_ALL -> faults--; stopped = true
		:: faults > 0 && IS_SYNC(c) ->
			faults--;
			lost = true;
			in_flight--;
			slots[SLOT(head)] = GARBAGE;
			head = ADD(head, 1)
		fi;
		c = 0
	   }
	:: d_step { pte[0] && !iotlb[0] -> iotlb[0] = true }
	:: d_step { pte[1] && !iotlb[1] -> iotlb[1] = true }
#if PRODUCERS > 2
	:: d_step { pte[2] && !iotlb[2] -> iotlb[2] = true }
#endif
	/* One page is enough to see what is written to it. */
	:: d_step { iotlb[0] && !dirty -> dirty = true }
	od
}

/* invq_passed() */
#define PASSED(seq)		REACHED(done, seq)
/* The condition of invq_reserve() */
#ifdef NO_ROOM
#define ROOM(old, n, spare)	true
#else
#define ROOM(old, n, spare)	(DIST(old, done) + (n) + (spare) <= SLOTS)
#endif

/*
 * invq_reserve(). Room that is there stays while nobody else reserves, so that
 * the look at the done word and the cmpxchg can be one step here. The cmpxchg
 * needs no order of its own: that the slots are written after the look follows
 * from the branch between.
 */
inline reserve(n, spare) {
	do
	:: old = reserved;
	   if
	   :: atomic { ROOM(old, n, spare) && reserved == old ->
		reserved = ADD(old, n);
		ok = true;
		break
	      }
	   :: atomic { ROOM(old, n, spare) && reserved != old -> skip }
	   :: atomic { !ROOM(old, n, spare) -> ok = false; break }
	   fi
	od
}

/* invq_reserve_sync(): an addition, which looks at nothing */
inline reserve_sync() {
	atomic {
#ifndef NO_CLAIM
		assert(ROOM(reserved, 1, SPARE_SYNC));	/* room */
#endif
		old = reserved;
		reserved = ADD(reserved, 1)
	}
}

/* invq_mark() */
inline mark(cpu, first, n) {
	i = 0;
	do
	:: i == n -> break
	:: else ->
#ifdef NO_MARK_RELEASE
		STORE(cpu, L_MARK + SLOT(ADD(first, i)), ADD(first, i + 1), PLAIN);
#else
		STORE(cpu, L_MARK + SLOT(ADD(first, i)), ADD(first, i + 1), RELEASE);
#endif
		i++
	od;
	i = 0
}

/* invq_see_marks(), with the claim, whose release hands @published on */
inline see_marks(end) {
#ifndef NO_MARK
	i = published;
	do
	:: i == end -> break
	:: i != end && marks[SLOT(i)] == ADD(i, 1) -> i = ADD(i, 1)
	od;
	i = 0
#else
	skip
#endif
}

/* invq_fill() of commands that invalidate the CPU's page */
inline fill(cpu, first, n) {
	i = 0;
	do
	:: i == n -> break
	:: else ->
		STORE(cpu, SLOT(ADD(first, i)), INVAL(cpu), PLAIN);
		i++
	od;
	i = 0
}

/*
 * __invq_issue(): a sync in a slot that is reserved. The look at the marks of others
 * is in see_marks(), before: nothing here depends on the order of the two.
 */
inline issue(cpu, first, n) {
	STORE(cpu, SLOT(ADD(first, n)), SYNC(ADD(first, n + 1)), PLAIN);
	mark(cpu, first, n + 1);
	STORE(cpu, L_SYNCED, ADD(first, n + 1), PLAIN);	/* WRITE_ONCE() */
#ifdef NO_DOORBELL_WMB
	STORE(cpu, L_TAIL, ADD(first, n + 1), PLAIN);	/* ops->doorbell() */
#else
	STORE(cpu, L_TAIL, ADD(first, n + 1), RELEASE);
#endif
	published = ADD(first, n + 1)
}

inline unclaim(cpu) {
#ifdef NO_CLAIM
	skip
#elif defined(NO_CLAIM_RELEASE)
	STORE(cpu, L_CLAIM, 0, PLAIN)
#else
	STORE(cpu, L_CLAIM, 0, RELEASE)		/* atomic_set_release() */
#endif
}

/*
 * invq_read_head(). The register tells the slot and one bit of how often it has
 * wrapped. C looks again and again, here it looks when there is something new.
 */
#define SPAN(a)		((a) & (2 * SLOTS - 1))
inline read_head() {
#ifdef NO_HEAD_ORDER
	seen = head;
	sync = synced;
	atomic {
		if
		:: SPAN(seen - sync) < SLOTS && !REACHED(done, sync) -> done = sync
		:: else
		fi;
		seen = 0; sync = 0
	}
#else
	sync = synced;
	atomic {
		SPAN(head - sync) < SLOTS || synced != sync;
		if
		:: SPAN(head - sync) < SLOTS && !REACHED(done, sync) -> done = sync
		:: else
		fi;
		sync = 0
	}
#endif
}

/* invq_try_sync() */
inline try_sync(cpu, n, wanted) {
	issued = false;
	ok = PASSED(synced);
	if
#ifdef NO_CLAIM
	:: ok ->
#else
	:: atomic { ok && !claim -> claim = true }	/* xchg, acquire */
#endif
#ifndef NO_RECHECK
	   ok = PASSED(synced) && (wanted);
#endif
	   if
	   :: ok && n > 0 -> reserve(n + 1, SPARE_SYNC)
	   :: ok && n == 0 -> reserve_sync()
	   :: else
	   fi;
	   if
	   :: ok -> see_marks(old)
	   :: else
	   fi;
	   atomic {
		if
		:: ok ->
			start = old;
			fill(cpu, start, n);
			issue(cpu, start, n);
			seq = ADD(start, n + 1);
			issued = true
		:: else
		fi;
		unclaim(cpu);
		old = 0; start = 0; ok = false
	   }
#ifndef NO_CLAIM
	:: !ok || claim -> ok = false
#else
	:: !ok
#endif
	fi
}

/*
 * invq_poll(). Looks at three words one by one in C, and again as long as
 * nothing comes of it; here it looks when something may.
 */
inline poll(cpu, until) {
	do
	:: PASSED(until) -> break
#ifdef POLLED
	:: !PASSED(until) && !PASSED(synced) -> read_head()
#endif
	:: !PASSED(until) && PASSED(synced) && !claim ->
		try_sync(cpu, 0, !PASSED(until))
	od
}

/* invq_submit(), with invq_make_room() */
inline submit(cpu, n) {
	do
	:: reserve(n, SPARE_CMDS);
	   if
	   :: ok -> break
	   :: else ->
		until = reserved;
		poll(cpu, until);
		until = 0;
		ROOM(reserved, n, SPARE_CMDS) || !PASSED(reserved)
	   fi
	od;
	atomic {
		start = old;
		fill(cpu, start, n);
		mark(cpu, start, n);
		seq = ADD(start, n);
		old = 0; start = 0; ok = false
	}
}

/*
 * invq_ring(). Buffers are empty at its end here: what it wrote is in its place
 * soon enough. C need not get the claim if another has rung meanwhile.
 */
inline ring(cpu) {
#ifndef NO_RING_CLAIM
	atomic { !claim -> claim = true };
#endif
	if
	:: REACHED(published, seq)
	:: else ->
		ok = PASSED(synced);
		if
		:: ok ->
			reserve_sync();
			see_marks(old);
			atomic { start = old; issue(cpu, start, 0) }
		:: else ->
			see_marks(seq);
			STORE(cpu, L_TAIL, seq, RELEASE);
			published = seq
		fi
	fi;
	old = 0; start = 0; ok = false;
#ifndef NO_RING_CLAIM
	STORE(cpu, L_CLAIM, 0, RELEASE);
#endif
	empty(buffer[cpu])
}

/* invq_post(), where there is room or comes to be some */
inline post(cpu, n) {
	try_sync(cpu, n, true);
	if
	:: issued
	:: else ->
		submit(cpu, n);
#ifndef NO_RING
		ring(cpu)
#endif
	fi;
	empty(buffer[cpu]);
	assert(REACHED(tail, seq))		/* post */
}

/*
 * A CPU that unmaps its page, waits, looks at the page and maps another one.
 * It either calls invq_submit_wait(), or invq_submit() and later invq_wait().
 */
proctype producer(byte cpu)
{
	byte round, n, i, old, start, seq, until, seen, sync;
	bool ok, issued, posted, early, snapshot;

	do
	:: round == (cpu == 0 -> ROUNDS : 1) -> break
	:: else ->
		atomic {
			STORE(cpu, L_PTE + cpu, false, PLAIN);	/* iopgt_unmap_pages() */
			if
			:: n = 1
#if PRODUCERS == 2
			:: cpu == 0 -> n = 2
#endif
			fi
		};
		if
		:: try_sync(cpu, n, true)		/* invq_submit_wait() */
		:: issued = false			/* invq_submit() */
#ifdef POST
		:: post(cpu, n);			/* invq_post() */
		   posted = true
#endif
		fi;
		if
		:: issued || posted
		:: else -> submit(cpu, n)
		fi;
#ifdef NO_WAIT_ACQUIRE
		if
		:: atomic { cpu == 0 -> snapshot = dirty; early = true }
		:: skip
		fi;
#endif
#ifndef NO_WAIT
		until = seq;
		poll(cpu, until);			/* invq_wait() */
#endif
		atomic {
			if
			:: cpu == 0 && !early -> snapshot = dirty	/* reads the page */
			:: else
			fi;
			assert(!iotlb[cpu]);		/* strict */
			assert(!pte[cpu]);		/* strict */
			if
			:: cpu == 0 ->
				assert(snapshot == dirty);	/* strict */
				dirty = false
			:: else
			fi;
			snapshot = false;
			n = 0; seq = 0; until = 0; issued = false; posted = false;
			early = false;
			round++
		};
		STORE(cpu, L_PTE + cpu, true, PLAIN)	/* iopgt_map_pages() */
	od
}

/*
 * invq_recover(), by the one waiter that holds q->recovering. Writes to the
 * device's registers go through writel(): the slots reach memory before.
 */
proctype looker()
{
	byte i, t, slot;
	short c;
end:
	do
	:: stopped ->				/* ops->fault(): a slot is bad */
		atomic {
		slot = SLOT(head);
		c = slots[slot];
		if
		:: slot == SLOT(DIST(synced, 1)) -> c = SYNC(synced)
#ifdef SKIP_ONLY
		:: slot != SLOT(DIST(synced, 1)) -> c = NOP
#else
		:: slot != SLOT(DIST(synced, 1)) -> c = INVAL_ALL
#endif
		fi;
		STORE(LOOKER, slot, c, PLAIN);
		slot = 0; c = 0
		};
#ifndef NO_RESUME_CLAIM
		atomic { !claim -> claim = true };
#endif
		STORE(LOOKER, L_RESUME, 0, RELEASE);	/* ops->resume() */
		empty(buffer[LOOKER]);			/* reads the tail back */
		t = tail;
		STORE(LOOKER, L_TAIL, t, RELEASE);
		t = 0;
#ifndef NO_RESUME_CLAIM
		STORE(LOOKER, L_CLAIM, 0, RELEASE);
#endif
		empty(buffer[LOOKER])
#ifndef NO_REISSUE
	:: lost ->				/* ops->fault(): a sync is lost */
		atomic { !claim -> claim = true };
		lost = false;
		/* Without a look for room: hardware has taken all before. */
		atomic { t = reserved; reserved = ADD(reserved, 1) };
		see_marks(t);
		atomic { issue(LOOKER, t, 0) };
		STORE(LOOKER, L_CLAIM, 0, RELEASE);
		empty(buffer[LOOKER]);
		t = 0
#endif
	od
}

init {
	byte cpu;

	atomic {
		do
		:: cpu == PRODUCERS -> break
		:: else ->
			run producer(cpu);
			cpu++
		od;
#if FAULTS
		run looker();
#endif
		cpu = 0
	}
}
