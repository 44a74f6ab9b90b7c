// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: one invalidation queue for every IOMMU
 *
 * A producer goes through four steps, the first three with interrupts off, so
 * that nobody ever waits for a producer that is not running:
 *
 *  1. reserve slots by moving @reserved forward with cmpxchg; with many CPUs the
 *     neighbours' together with its own, see group.c;
 *  2. write the commands;
 *  3. mark each slot as complete;
 *  4. wait, with interrupts as the caller had them, until @done has passed.
 *
 * A sync command takes the same way, but only the holder of @claim issues one,
 * and only while no other is in flight. It covers all that was reserved before it:
 * its issuer sees by the marks that they are complete before it rings the doorbell,
 * and is the only one that waits for another's step 2. Whoever finds a sync in
 * flight marks its commands and polls: the next one covers all of them, so that
 * with many CPUs there is less than one sync, and less than one doorbell, per
 * caller. A caller waits at most for the sync in flight and the one after it.
 *
 * invq_post() has hardware begin even if nobody waits. Where a sync is in flight
 * it rings the doorbell without one: hardware then knows of commands behind the
 * newest sync, and whoever waits for them issues a sync as for any others.
 *
 * Nobody owns a wait: the done word counts up, all poll it, and any of them may
 * issue the next sync. That they do not all try at once, the one whose slots come
 * next behind the sync that has finished is the first to; the others leave it to
 * that one for as long as it takes to poll some times. A waiter that is preempted
 * or interrupted therefore holds up nobody.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/processor.h>
#include <linux/timekeeping.h>

#include "internal.h"

/* How often others poll before they do what is somebody else's turn. */
#define INVQ_PATIENCE		32

/* How often they poll the done word for each time that they read a register. */
#define INVQ_POLLS_PER_HEAD	16

/* A wait looks at the clock each time it has polled this often. */
#define INVQ_POLLS_PER_LOOK	256

/* Step 2 */
static __always_inline void invq_fill(struct invq *q, u32 start,
				      const struct invq_cmd *cmds,
				      unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		q->slots[invq_index(q, start + i)] = cmds[i];
}

/* How many slots they need; those of a quirk are more. */
static __always_inline unsigned int invq_slots(const struct invq *q,
					       const struct invq_cmd *cmds,
					       unsigned int n)
{
	return likely(!q->quirks) ? n : invq_quirk_slots(q, cmds, n);
}

/* Step 2 where no sync follows at once */
static __always_inline void invq_fill_fenced(struct invq *q, u32 start,
					     const struct invq_cmd *cmds,
					     unsigned int n)
{
	if (likely(!q->quirks))
		invq_fill(q, start, cmds, n);
	else
		invq_quirk_fill(q, start, cmds, n);
}

/*
 * Step 3. A slot is marked each time it is used, so that a mark is never older
 * than one lap: it tells by its number which.
 */
static __always_inline void invq_mark(struct invq *q, u32 start, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		/* Pairs with the acquire in invq_see_marks(). */
		smp_store_release(&q->marks[invq_index(q, start + i)],
				  start + i + 1);
}

/*
 * With the claim: see that all slots before @end, which have been reserved, are
 * complete. Who has reserved one and not yet marked it has interrupts off, so this
 * waits for nobody who does not run.
 */
static __always_inline void invq_see_marks(const struct invq *q, u32 end)
{
	for (u32 seq = q->published; (s32)(end - seq) > 0; seq++)
		/*
		 * Pairs with the release in invq_mark(). The doorbell hands the
		 * commands on to hardware, and the release of the claim to the
		 * next one who has it.
		 */
		smp_cond_load_acquire(&q->marks[invq_index(q, seq)],
				      seq + 1 == VAL);
}

/*
 * Steps 2 and 3 of @n commands, at least one, of who has the claim: until it lets go
 * of that nobody looks at the marks, which are written all the same, so that none
 * stays for more than a lap.
 */
static __always_inline void invq_fill_marked(struct invq *q, u32 seq,
					     const struct invq_cmd *cmds,
					     unsigned int n)
{
	const struct invq_cmd *end = cmds + n;

	do {
		u32 slot = invq_index(q, seq++);

		q->slots[slot] = *cmds++;
		q->marks[slot] = seq;
	} while (cmds != end);
}

/*
 * A sync in the slot @at, and the doorbell, of who has the claim and all slots from
 * @start to there. The write to the register is ordered after the slots by writel()
 * and its kin.
 */
static __always_inline void __invq_issue(struct invq *q, u32 start, u32 at)
{
	u32 slot = invq_index(q, at), seq = at + 1;

	invq_write_sync(q, &q->slots[slot], seq);
	q->marks[slot] = seq;
	invq_see_marks(q, start);
	q->stats.slots += seq - q->synced;
	q->stats.syncs++;
	WRITE_ONCE(q->synced, seq);
	q->ops->doorbell(q, seq);
	WRITE_ONCE(q->published, seq);
}

/**
 * invq_issue() - issue a sync
 * @q: the queue
 * @at: a slot that is the caller's
 *
 * Context: holder of the claim, interrupts off.
 */
void invq_issue(struct invq *q, u32 at)
{
	__invq_issue(q, at, at);
}

/**
 * invq_issue_behind() - issue a sync behind commands
 * @q: the queue
 * @start: a slot; the caller's are those for all commands, and one more
 * @cmds: the commands
 * @n: how many
 *
 * Context: holder of the claim, interrupts off.
 */
void invq_issue_behind(struct invq *q, u32 start, const struct invq_cmd *cmds,
		       unsigned int n)
{
	invq_fill(q, start, cmds, n);
	invq_mark(q, start, n);
	invq_issue(q, start + n);
}

/*
 * Issue @n commands and the sync that covers them and all reserved before,
 * unless a sync is in flight or being issued. Interrupts are off.
 */
static __always_inline bool invq_try_sync(struct invq *q,
					  const struct invq_cmd *cmds,
					  unsigned int n, u32 *seq)
{
	u32 start, done;
	bool issued;

	if (invq_sync_in_flight(q))
		return false;
	if (unlikely(q->quirks) && !invq_quirk_plain(q, cmds, n))
		return false;
	if (!invq_try_claim(q))
		return false;

	/* Somebody may have issued one between the look and the claim. */
	done = invq_done(q);
	issued = (s32)(done - q->synced) >= 0 &&
		 invq_reserve_since(q, done, n + 1, INVQ_SPARE_SYNC, &start);
	if (likely(issued)) {
		invq_fill_marked(q, start, cmds, n);
		__invq_issue(q, start, start + n);
		*seq = start + n + 1;
	}
	invq_unclaim(q);
	return issued;
}

/*
 * Is another sync needed for @seq? Of one look at the done word: between two the
 * sync in flight may finish that covers @seq.
 */
static bool invq_wants_sync(const struct invq *q, u32 seq)
{
	u32 done = invq_done(q);

	return (s32)(done - seq) < 0 &&
	       (s32)(done - READ_ONCE(q->synced)) >= 0;
}

/*
 * With the claim, and no sync in flight: all before the newest is done, and what was
 * reserved since has left a slot.
 */
static u32 invq_reserve_sync(struct invq *q)
{
	return atomic_fetch_add(1, &q->reserved);
}

static bool invq_sync_now(struct invq *q, u32 seq)
{
	unsigned long flags;
	bool issued = false;

	local_irq_save(flags);
	if (invq_try_claim(q)) {
		/* Somebody may have issued one between the look and the claim. */
		issued = invq_wants_sync(q, seq);
		if (issued)
			invq_issue(q, invq_reserve_sync(q));
		invq_unclaim(q);
	}
	local_irq_restore(flags);
	return issued;
}

/* Forward only. Full barriers: what was passed is before the store. */
static void invq_move_done(struct invq *q, u32 old, u32 seq)
{
	while ((s32)(seq - old) > 0) {
		u32 seen = le32_to_cpu(cmpxchg(q->done, cpu_to_le32(old),
					       cpu_to_le32(seq)));

		if (seen == old)
			break;
		old = seen;
	}
}

/*
 * On a queue without a done word in hardware, see if the newest sync has been
 * passed, and store that. The number is read before the register: of a head that
 * was read long before, nobody could tell how often it has wrapped since.
 */
static void invq_read_head(struct invq *q)
{
	u32 old = invq_done(q), synced = READ_ONCE(q->synced);
	u32 span = 2 * q->mask + 1;
	u32 head;

	/* Memory before a register; no other barrier orders these on arm64. */
	rmb();
	head = q->ops->head(q);
	if (((head - synced) & span) > q->mask)
		return;
	/* It may have stopped being a sync before it was passed: invq_recover(). */
	rmb();
	if (unlikely(READ_ONCE(q->synced) != synced))
		return;
	invq_move_done(q, old, synced);
}

/*
 * On the queue of a unit that blocks all DMA everything is done that was ever
 * reserved, once it is complete: no slot may be reused before it has been written.
 * Hardware may still store an old number; then the next one to look moves the word
 * forward again.
 */
static void invq_dead_done(struct invq *q)
{
	unsigned long flags;

	local_irq_save(flags);
	if (invq_try_claim(q)) {
		u32 newest = invq_newest(q);

		invq_see_marks(q, newest);
		WRITE_ONCE(q->published, newest);
		invq_move_done(q, invq_done(q), newest);
		invq_unclaim(q);
	}
	local_irq_restore(flags);
}

static bool invq_has_passed(struct invq *q, u32 seq)
{
	if (invq_passed(q, seq))
		return true;
	/* Pairs with the release in invq_end(). */
	if (unlikely(smp_load_acquire(&q->life) == INVQ_DEAD))
		invq_dead_done(q);
	else if (q->ops->head)
		invq_read_head(q);
	return invq_passed(q, seq);
}

/*
 * Step 4 of who has reserved the slots from @first to before @seq, or does not know
 * and says @seq twice. Returns whether this caller issued a sync itself. May return
 * early when it has taken @limit_ns.
 *
 * As long as the newest sync that it has seen is in flight it only reads the done
 * word; on a queue that is polled it is whoever has issued that sync who moves the
 * word, as a rule. Whose turn it then is to issue one can be told from the word,
 * too: @synced and @claim are left to that one.
 */
static noinline bool invq_poll_slow(struct invq *q, u32 first, u32 seq,
				    u64 limit_ns)
{
	u64 start_ns = 0, looked_ns = 0, reported_ns = 0, waited_ns;
	unsigned int polls = 0, patience = first == seq ? 0 : INVQ_PATIENCE;
	u32 synced = READ_ONCE(q->synced);
	bool issued = false;

	for (;;) {
		bool eager = issued || seq == synced;
		u32 done = invq_done(q);

		if ((s32)(done - seq) >= 0)
			break;
		if ((eager || !(polls % INVQ_POLLS_PER_HEAD)) &&
		    invq_has_passed(q, seq))
			break;
		if ((s32)(done - synced) >= 0 && (done == first || !patience)) {
			if (invq_wants_sync(q, seq) && invq_sync_now(q, seq)) {
				issued = true;
				continue;
			}
			synced = READ_ONCE(q->synced);
		} else if ((s32)(done - synced) >= 0) {
			patience--;
		}
		cpu_relax();
		if (++polls % INVQ_POLLS_PER_LOOK)
			continue;
		if (!start_ns)
			start_ns = ktime_get_mono_fast_ns();
		waited_ns = ktime_get_mono_fast_ns() - start_ns;
		if (waited_ns >= limit_ns)
			break;
		if (waited_ns - looked_ns < INVQ_LOOK_NS)
			continue;
		looked_ns = waited_ns;
		invq_look(q, seq, waited_ns, &reported_ns);
	}
	return issued;
}

static __always_inline bool invq_poll(struct invq *q, u32 first, u32 seq)
{
	bool issued = false;

	/* The first look at a head is in line: a doorbell may have waited for all. */
	if (!invq_passed(q, seq) &&
	    !(q->ops->head && invq_has_passed(q, seq)))
		issued = invq_poll_slow(q, first, seq, U64_MAX);
	/*
	 * The caller goes on to look at and reuse what the commands were about.
	 * Orders that after the read of the done word; pairs with hardware,
	 * which stores the word when the commands before have taken effect.
	 */
	smp_acquire__after_ctrl_dep();
	return issued;
}

static __always_inline void __invq_wait(struct invq *q, u32 first, u32 seq)
{
	if (!invq_poll(q, first, seq))
		this_cpu_inc(q->cpus->riders);
}

/**
 * invq_wait() - wait until all slots before a sequence number have been done
 * @q: the queue
 * @seq: as returned by invq_submit()
 *
 * Issues a sync where none that covers @seq has been issued. A queue that
 * does not answer is reported and its error, if it shows one, recovered from;
 * the wait goes on until hardware has confirmed, or has been shown to block all
 * DMA. That may take seconds: a hard interrupt uses invq_wait_bounded().
 *
 * Context: any context; interrupts stay as they are. The caller should hold
 * no lock.
 */
void invq_wait(struct invq *q, u32 seq)
{
	__invq_wait(q, seq, seq);
}

/**
 * invq_wait_bounded() - wait, but not for long
 * @q: the queue
 * @seq: as returned by invq_submit() or invq_post()
 * @limit_ns: about how long
 *
 * For a hard interrupt, where nothing else on the CPU goes on meanwhile. What has
 * been queued stays so. If the wait is not over, nothing that the commands are
 * about may be reused: leave that to a bottom half or a work item, which calls
 * invq_wait() with the same number, or wait for a later number of the same queue.
 * A queue that is in trouble is recovered here as by any wait, one look a
 * millisecond, so a limit of less only polls.
 *
 * Context: any context; interrupts stay as they are.
 * Return: whether all before @seq has been done.
 */
bool invq_wait_bounded(struct invq *q, u32 seq, u64 limit_ns)
{
	bool issued = false;

	if (!invq_passed(q, seq))
		issued = invq_poll_slow(q, seq, seq, limit_ns);
	if (!invq_passed(q, seq))
		return false;
	/* As at the end of invq_poll(). */
	smp_acquire__after_ctrl_dep();
	if (!issued)
		this_cpu_inc(q->cpus->riders);
	return true;
}

/**
 * invq_finished() - have all slots before a sequence number been done?
 * @q: the queue
 * @seq: as returned by invq_submit()
 *
 * One look, for who has no time to wait: issues a sync where none that covers
 * @seq has been issued.
 *
 * Context: any context.
 * Return: whether they have.
 */
bool invq_finished(struct invq *q, u32 seq)
{
	if (!invq_has_passed(q, seq)) {
		if (invq_wants_sync(q, seq))
			invq_sync_now(q, seq);
		return false;
	}
	/* As at the end of a wait. */
	smp_acquire__after_ctrl_dep();
	return true;
}

/*
 * No room: everything reserved so far has to be done first. Waits as all do, with
 * nothing reserved, no lock, and interrupts as the caller had them.
 */
static noinline void invq_make_room(struct invq *q)
{
	u32 newest = invq_newest(q);

	invq_poll(q, newest, newest);
}

static __always_inline bool invq_reserve_cmds(struct invq *q, unsigned int n,
					      u32 *start)
{
	return likely(!q->groups) ?
	       invq_reserve(q, n, INVQ_SPARE_CMDS, start) :
	       invq_reserve_together(q, n, start);
}

static __always_inline u32 __invq_submit(struct invq *q,
					 const struct invq_cmd *cmds,
					 unsigned int n)
{
	unsigned int slots = invq_slots(q, cmds, n);
	unsigned long flags;
	bool full = false;
	u32 start;

	for (;;) {
		local_irq_save(flags);
		if (likely(invq_reserve_cmds(q, slots, &start)))
			break;
		local_irq_restore(flags);
		invq_make_room(q);
		full = true;
	}
	invq_fill_fenced(q, start, cmds, n);
	invq_mark(q, start, slots);
	local_irq_restore(flags);
	if (unlikely(full))
		atomic_long_inc(&q->stats.full);
	return start + slots;
}

/**
 * invq_submit_one() - queue commands of a queue with quirks
 * @q: the queue
 * @cmds: @n commands
 * @n: how many; at most an eighth of the queue
 *
 * Context: any context.
 * Return: what to give to invq_wait().
 */
u32 invq_submit_one(struct invq *q, const struct invq_cmd *cmds,
		    unsigned int n)
{
	return __invq_submit(q, cmds, n);
}

/**
 * invq_submit() - queue commands without waiting for them
 * @q: the queue
 * @cmds: @n commands as the encoder wrote them
 * @n: how many; at most half of the queue
 *
 * The commands are executed at the latest when somebody waits for them or for
 * a later one. Waits itself only if the queue is full.
 *
 * Context: any context.
 * Return: what to give to invq_wait().
 */
u32 invq_submit(struct invq *q, const struct invq_cmd *cmds, unsigned int n)
{
	if (unlikely(q->quirks))
		return invq_quirk_submit(q, cmds, n);
	return __invq_submit(q, cmds, n);
}

/*
 * Tell hardware of all up to @seq, which is marked, with a sync if none is in
 * flight: commands leave a slot for that. Interrupts are off, as they are for all
 * who hold the claim or have reserved and not marked, so none of the waits is for
 * anybody who does not run. Of many who come at once one rings for all: the others
 * need not get the claim.
 */
static void invq_ring(struct invq *q, u32 seq)
{
	while (!invq_try_claim(q)) {
		if ((s32)(READ_ONCE(q->published) - seq) >= 0)
			return;
		cpu_relax();
	}
	if ((s32)(q->published - seq) >= 0) {
		/* By whoever had the claim before. */
	} else if (!invq_sync_in_flight(q)) {
		invq_issue(q, invq_reserve_sync(q));
	} else {
		invq_see_marks(q, seq);
		q->ops->doorbell(q, seq);
		q->stats.rings++;
		WRITE_ONCE(q->published, seq);
	}
	invq_unclaim(q);
}

/**
 * invq_post() - queue commands and have hardware begin with them
 * @q: the queue
 * @cmds: @n commands as the encoder wrote them
 * @n: how many; at most half of the queue
 * @seq: receives what to give to invq_wait()
 *
 * Hardware executes the commands even if nobody ever waits. That they have been
 * executed only a wait tells. One step, which nothing else on this CPU comes
 * between; it waits for other CPUs that are in such a step, never for hardware.
 *
 * Context: any context, interrupts off.
 * Return: false, with nothing queued, if there is no room.
 */
bool invq_post(struct invq *q, const struct invq_cmd *cmds, unsigned int n,
	       u32 *seq)
{
	unsigned int slots = invq_slots(q, cmds, n);
	bool room;
	u32 start;

	lockdep_assert_irqs_disabled();

	if (likely(invq_try_sync(q, cmds, n, seq)))
		return true;
	room = invq_reserve_cmds(q, slots, &start);
	if (!room) {
		/* If nobody waits nobody has looked. */
		invq_has_passed(q, invq_newest(q));
		room = invq_reserve_cmds(q, slots, &start);
	}
	if (!room) {
		atomic_long_inc(&q->stats.full);
		/* Without one there would be none later, if nobody waits. */
		if (invq_wants_sync(q, invq_newest(q)))
			invq_sync_now(q, invq_newest(q));
		return false;
	}
	invq_fill_fenced(q, start, cmds, n);
	invq_mark(q, start, slots);
	*seq = start + slots;
	invq_ring(q, *seq);
	return true;
}

/* Behind a sync in flight. By itself, so that who finds none has less to save. */
static noinline void invq_submit_wait_next(struct invq *q,
					   const struct invq_cmd *cmds,
					   unsigned int n)
{
	u32 seq = invq_submit(q, cmds, n);

	/* Where the slots are more, because of quirks, it is nobody's turn. */
	__invq_wait(q, seq - n, seq);
}

/**
 * invq_submit_wait() - queue commands and wait until they have been done
 * @q: the queue
 * @cmds: @n commands as the encoder wrote them
 * @n: how many; at most half of the queue
 *
 * On a queue that nobody else uses: one reservation, one doorbell, one sync.
 *
 * Context: any context; interrupts stay as they are while it waits. The
 * caller should hold no lock.
 */
void invq_submit_wait(struct invq *q, const struct invq_cmd *cmds,
		      unsigned int n)
{
	unsigned long flags;
	u32 seq;

	local_irq_save(flags);
	if (unlikely(!invq_try_sync(q, cmds, n, &seq))) {
		local_irq_restore(flags);
		invq_submit_wait_next(q, cmds, n);
		return;
	}
	local_irq_restore(flags);
	invq_poll(q, seq, seq);
}
