// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: a model of the command queue of mainline's SMMUv3 driver
 *
 * Written from its description, for its cache lines. A CPU takes room for its
 * commands and a CMD_SYNC of its own by a compare-and-exchange of the word that
 * holds producer and consumer; who finds no owner there is the owner. Each writes
 * its slots and sets their bits in a bitmap; the owner waits for the owner before
 * it, closes its gathering, waits for the bits of all that it has gathered, rings
 * the doorbell and hands over. Then each polls its own slot for the message of its
 * own CMD_SYNC. Interrupts are off all the while. A count of those that wait keeps
 * the queue from going round twice: the last of them, or one that finds the queue
 * full and nobody waiting, moves the consumer on.
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/irqflags.h>
#include <linux/processor.h>

#include "load.h"
#include "sim.h"
#include "smmu.h"
#include "unit.h"

#define QUEUE_LG2	15
#define QUEUE_SIZE	BIT(QUEUE_LG2)
#define OWNED		BIT(31)
#define EXCLUSIVE	((int)BIT(31))

/**
 * struct smmu - the queue
 * @room: producer in the lower half, with OWNED; consumer in the upper
 * @slots: the ring
 * @valid: a bit for each slot, which changes each time round
 * @owner_prod: where the owner before has left off
 * @lock: how many wait; negative while one moves the consumer
 */
struct smmu {
	u64 room ____cacheline_aligned_in_smp;
	struct unit_cmd *slots ____cacheline_aligned_in_smp;
	unsigned long *valid;
	u32 owner_prod ____cacheline_aligned_in_smp;
	atomic_t lock;
};

static struct smmu *smmu;

static u32 prod_of(u64 room)
{
	return (u32)room & ~OWNED;
}

static u32 cons_of(u64 room)
{
	return room >> 32;
}

static u32 after(u32 number, u32 n)
{
	return (number + n) & ~OWNED;
}

static bool has_room(u64 room, u32 n)
{
	return (after(prod_of(room), -cons_of(room)) & (2 * QUEUE_SIZE - 1)) + n <=
	       QUEUE_SIZE;
}

static void set_cons(u32 cons)
{
	WRITE_ONCE(((u32 *)&smmu->room)[1], cons);
}

/* With interrupts off when it returns. */
static u64 wait_for_room(unsigned long *flags, u32 n)
{
	int nobody = 0;
	u64 room;

	local_irq_restore(*flags);
	for (;;) {
		if (atomic_try_cmpxchg_acquire(&smmu->lock, &nobody, EXCLUSIVE)) {
			set_cons(after(unit_read_head(), 0));
			atomic_set_release(&smmu->lock, 0);
		}
		nobody = 0;
		room = READ_ONCE(smmu->room);
		if (has_room(room, n))
			break;
		cpu_relax();
	}
	local_irq_save(*flags);
	return READ_ONCE(smmu->room);
}

static u64 take_room(unsigned long *flags, u32 n)
{
	u64 room = READ_ONCE(smmu->room), next, seen;

	for (;;) {
		while (!has_room(room, n))
			room = wait_for_room(flags, n);
		next = (room & ~(u64)~0U) | after(prod_of(room), n) | OWNED;
		seen = cmpxchg_relaxed(&smmu->room, room, next);
		if (seen == room)
			return room;
		room = seen;
	}
}

static unsigned int word_of(u32 number)
{
	return (number & (QUEUE_SIZE - 1)) / 64;
}

/* The bits of a word that belong to slots from @number on, before @end. */
static unsigned long bits_of(u32 number, u32 end)
{
	unsigned int n = after(end, -number), shift = number % 64;

	if (n > 64 - shift)
		n = 64 - shift;
	return (n == 64 ? ~0UL : BIT(n) - 1) << shift;
}

static void set_valid(u32 start, u32 end)
{
	while (start != end) {
		unsigned long bits = bits_of(start, end);

		__atomic_fetch_xor(&smmu->valid[word_of(start)], bits,
				   __ATOMIC_RELAXED);
		start = after(start, __builtin_popcountl(bits));
	}
}

static void wait_valid(u32 start, u32 end)
{
	while (start != end) {
		unsigned long bits = bits_of(start, end);
		unsigned long want = start & QUEUE_SIZE ? 0 : bits;

		smp_cond_load_relaxed(&smmu->valid[word_of(start)],
				      (VAL & bits) == want);
		start = after(start, __builtin_popcountl(bits));
	}
}

static void lock_shared(void)
{
	if (atomic_fetch_add(1, &smmu->lock) >= 0)
		return;
	do
		smp_cond_load_relaxed(&smmu->lock.counter, VAL >= 0);
	while (atomic_fetch_add(1, &smmu->lock) < 0);
}

static void be_owner(u32 start)
{
	u32 prod;

	smp_cond_load_relaxed(&smmu->owner_prod, VAL == start);
	prod = prod_of(__atomic_fetch_and((u32 *)&smmu->room, ~OWNED,
					  __ATOMIC_RELAXED));
	wait_valid(start, prod);
	unit_doorbell(prod);
	smp_store_release(&smmu->owner_prod, prod);
}

/* Have a command done, and a CMD_SYNC behind it. */
void smmu_issue(struct unit_cmd cmd)
{
	struct unit_cmd *sync;
	unsigned long flags;
	u32 start, end;
	u64 room;

	local_irq_save(flags);
	room = take_room(&flags, 2);
	start = prod_of(room);
	end = after(start, 2);
	smmu->slots[start & (QUEUE_SIZE - 1)] = cmd;
	sync = &smmu->slots[after(start, 1) & (QUEUE_SIZE - 1)];
	*sync = unit_sync(sync, 0);
	lock_shared();
	set_valid(start, end);
	if (!(room & OWNED))
		be_owner(start);
	smp_cond_load_relaxed((u32 *)sync, !VAL);
	/* The last one knows how far the queue is. */
	if (atomic_read(&smmu->lock) == 1)
		set_cons(end);
	atomic_dec_return_release(&smmu->lock);
	local_irq_restore(flags);
}

void smmu_setup(void)
{
	smmu = sim_alloc(sizeof(*smmu), "struct smmu", 0);
	smmu->slots = sim_alloc(sizeof(*smmu->slots) * QUEUE_SIZE, "slots", 0);
	smmu->valid = sim_alloc(QUEUE_SIZE / 8, "valid bits", 0);
	unit_start(smmu->slots, QUEUE_LG2);
}

static void smmu_unmap(u64 iova)
{
	smmu_issue(unit_range(iova, iova + LOAD_BYTES - 1));
}

const struct stack stack_smmu = {
	.name = "smmuv3",
	.what = "a model of mainline's SMMUv3 queue",
	.model = true,
	.ms = 2,
	.warm = 8,
	.setup = smmu_setup,
	.map = load_page,
	.unmap = smmu_unmap,
};
