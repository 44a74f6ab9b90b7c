/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of drivers/iommu/ioflush/invq/group.c: CPUs that reserve slots of an
 * invalidation queue together.
 *
 * Spin interleaves, but never reorders. What orders the steps of group.c are full
 * barriers, of the list, and releases with their acquires; each step that is one
 * access to memory is one step here.
 *
 * What is shown, as assertions:
 *
 *  own		the slots that a CPU is given are its own: no other has them;
 *  answer	who is answered has asked, and has not been answered yet;
 *  one		one CPU of a group leads at a time;
 *  end		nobody waits for ever: the absence of an invalid end state.
 *
 * -D of one of these removes a step, and one of the assertions has to fail:
 *
 *  NO_LED	invq_lead(): no wait for the one that leads
 *  NO_ANSWER_EACH invq_lead(): where there is no room for all, no answer
 *  NO_NEXT	invq_lead(): the next one is looked up after the answer
 *
 * CPUS, ROUNDS and ROOM set the size. With ROOM there are fewer slots than are asked
 * for: some are told so.
 */
#ifndef CPUS
#define CPUS	3
#endif
#ifndef ROUNDS
#define ROUNDS	2
#endif
#ifndef ROOM
#define ROOM	(CPUS * ROUNDS * 2)
#endif

#define NOBODY	CPUS
#define SLOTS	(CPUS * ROUNDS * 2)

#define ASKED	1
#define GIVEN	2
#define FULL	3

byte reserved;			/* q->reserved */
byte asking = NOBODY;		/* group->asking: the newest on the list */
bool led;			/* group->led */
byte next[CPUS] = NOBODY;	/* cpu->node.next */
byte slots[CPUS];		/* cpu->slots */
byte first[CPUS];		/* cpu->start */
byte answer[CPUS];		/* cpu->answer */

/* Ghosts, which no step of the code looks at */
bool given[SLOTS];
byte leaders;

/* invq_reserve(): the look for room and the cmpxchg are one step, as in invq.pml */
inline reserve(n) {
	atomic {
		if
		:: reserved + n <= ROOM -> at = reserved; reserved = reserved + n; ok = true
		:: else -> ok = false
		fi
	}
}

inline tell(cpu, start, how) {
	first[cpu] = start;
	atomic {
		assert(answer[cpu] == ASKED);		/* answer */
		answer[cpu] = how
	}
}

/* invq_lead() */
inline lead() {
#ifndef NO_LED
	!led;					/* smp_cond_load_acquire() */
	led = true;
#endif
	leaders++;
	assert(leaders == 1);				/* one */
	/* Whoever comes from here on is for the next leader. */
	atomic { list = asking; asking = NOBODY };
	total = 0;
	c = list;
	do
	:: c == NOBODY -> break
	:: else -> total = total + slots[c]; c = next[c]
	od;
	reserve(total);
	leaders--;
	led = false;				/* smp_store_release() */
	c = list;
	if
	:: ok ->
		do
		:: c == NOBODY -> break
		:: else ->
#ifdef NO_NEXT
			n = slots[c];
			tell(c, at, GIVEN);
			at = at + n;
			c = next[c]
#else
			n = slots[c];
			list = next[c];
			tell(c, at, GIVEN);
			at = at + n;
			c = list
#endif
		od
	:: else ->
#ifndef NO_ANSWER_EACH
		do
		:: c == NOBODY -> break
		:: else ->
			list = next[c];
			reserve(slots[c]);
			if
			:: ok -> tell(c, at, GIVEN)
			:: else -> tell(c, 0, FULL)
			fi;
			c = list
		od
#else
		skip
#endif
	fi
}

active [CPUS] proctype cpu()
{
	byte round, list, total, at, c, n;
	bool ok, leads;

	do
	:: round == ROUNDS -> break
	:: else ->
		atomic {
			slots[_pid] = (_pid == 0 -> 2 : 1);
			answer[_pid] = ASKED
		};
		/* llist_add() */
		atomic {
			next[_pid] = asking;
			leads = asking == NOBODY;
			asking = _pid
		};
		if
		:: leads -> lead()
		:: else
		fi;
		answer[_pid] != ASKED;
		atomic {
			if
			:: answer[_pid] == GIVEN ->
				c = 0;
				do
				:: c == slots[_pid] -> break
				:: else ->
					assert(!given[first[_pid] + c]);	/* own */
					given[first[_pid] + c] = true;
					c++
				od
			:: else -> assert(answer[_pid] == FULL)
			fi;
			round++;
			list = 0; total = 0; at = 0; c = 0; n = 0; ok = false; leads = false
		}
	od
}
