// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: reserving slots of an invalidation queue for several CPUs at once
 *
 * With many CPUs the word that reservations move forward is what they all queue
 * for. So those that are neighbours ask one of themselves: whoever puts itself on
 * the group's empty list leads, takes off all who have come until it is its turn,
 * reserves for them with one cmpxchg, and tells each where its slots begin.
 *
 * All have interrupts off from when they ask until they have written their slots,
 * so that nobody waits for a leader that is not running. Who is given no slots is
 * told that, and waits for room as any other.
 */
#include <linux/llist.h>
#include <linux/math.h>
#include <linux/percpu.h>
#include <linux/processor.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "internal.h"

enum { INVQ_ASKED, INVQ_GIVEN, INVQ_FULL };

/**
 * struct invq_group - CPUs that reserve together
 * @asking: struct invq_cpu of those who wait for a leader to take them off
 * @led: 1 while one leads. Of the next ones only the first waits for it: the list
 *	is not empty before that one has taken it
 */
struct invq_group {
	struct llist_head asking ____cacheline_aligned_in_smp;
	unsigned int led ____cacheline_aligned_in_smp;
};

/**
 * invq_set_groups() - have neighbours reserve together
 * @q: a queue that nobody uses now
 * @cpus: how many a group has; CPUs are neighbours by their numbers
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int invq_set_groups(struct invq *q, unsigned int cpus)
{
	kvfree(q->groups);
	q->group_cpus = cpus;
	q->groups = kvcalloc(DIV_ROUND_UP(nr_cpu_ids, cpus), sizeof(*q->groups),
			     GFP_KERNEL);
	return q->groups ? 0 : -ENOMEM;
}

/*
 * Who is answered goes on at once, and may soon ask again: nothing of it is looked
 * at any more.
 */
static void invq_answer(struct invq_cpu *cpu, u32 start, bool given)
{
	cpu->start = start;
	/* Pairs with the acquire of the one that waits for it. */
	smp_store_release(&cpu->answer, given ? INVQ_GIVEN : INVQ_FULL);
}

/* Where there is no room for all there may be some for one or the other. */
static void invq_answer_each(struct invq *q, struct llist_node *list)
{
	struct invq_cpu *cpu, *next;
	u32 start = 0;

	llist_for_each_entry_safe(cpu, next, list, node) {
		bool given = invq_reserve(q, cpu->slots, INVQ_SPARE_CMDS, &start);

		invq_answer(cpu, start, given);
	}
}

static void invq_lead(struct invq *q, struct invq_group *group)
{
	struct invq_cpu *cpu, *next;
	struct llist_node *list;
	unsigned int slots = 0;
	u32 start;
	bool room;

	/* Pairs with the release below: one at a time, the others gather. */
	smp_cond_load_acquire(&group->led, !VAL);
	WRITE_ONCE(group->led, 1);
	list = llist_del_all(&group->asking);
	llist_for_each_entry(cpu, list, node)
		slots += cpu->slots;
	room = invq_reserve(q, slots, INVQ_SPARE_CMDS, &start);
	/* Pairs with the acquire above. */
	smp_store_release(&group->led, 0);
	if (unlikely(!room)) {
		invq_answer_each(q, list);
		return;
	}
	llist_for_each_entry_safe(cpu, next, list, node) {
		u32 first = start;

		start += cpu->slots;
		invq_answer(cpu, first, true);
	}
}

/**
 * invq_reserve_together() - reserve slots for commands, with the CPU's neighbours
 * @q: a queue that has groups
 * @n: how many slots
 * @start: receives the first
 *
 * Context: interrupts off; they stay so until the slots have been marked.
 * Return: false if there is no room.
 */
bool invq_reserve_together(struct invq *q, unsigned int n, u32 *start)
{
	unsigned int id = smp_processor_id();
	struct invq_cpu *cpu = per_cpu_ptr(q->cpus, id);
	struct invq_group *group = &q->groups[id / q->group_cpus];

	cpu->slots = n;
	WRITE_ONCE(cpu->answer, INVQ_ASKED);
	/* A full barrier, as llist_del_all() is: leaders see what was asked for. */
	if (llist_add(&cpu->node, &group->asking))
		invq_lead(q, group);
	/* Pairs with the release in invq_answer(). */
	if (smp_cond_load_acquire(&cpu->answer, VAL != INVQ_ASKED) == INVQ_FULL)
		return false;
	*start = cpu->start;
	return true;
}
