// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a flush state has done and what is pending
 */
#include <linux/percpu.h>

#include "ring.h"

/**
 * ioflush_count() - read one of a flush state's counters
 * @flush: the flush state
 * @what: which
 *
 * Context: any context.
 * Return: the sum over all CPUs; may lag behind what happens meanwhile.
 */
unsigned long ioflush_count(const struct ioflush *flush,
			    enum ioflush_count what)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(flush->stats, cpu)->n[what]);
	return sum;
}

static unsigned long ioflush_ring_bytes(struct ioflush_ring *ring)
{
	unsigned long bytes = 0, flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	for (u32 i = ring->head; i != ring->tail; i++)
		bytes += ring->entries[i & (IOFLUSH_RING_SIZE - 1)].bytes;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return bytes;
}

/**
 * ioflush_pending_bytes() - IOVA bytes that wait for an invalidation
 * @flush: the flush state
 *
 * Context: any context.
 * Return: the sum over all rings, each looked at for itself.
 */
unsigned long ioflush_pending_bytes(const struct ioflush *flush)
{
	/* Pairs with the release in ioflush_rings_alloc(). */
	struct ioflush_ring __percpu *rings = smp_load_acquire(&flush->rings);
	unsigned long bytes = 0;
	int cpu;

	if (!rings)
		return 0;
	for_each_possible_cpu(cpu)
		bytes += ioflush_ring_bytes(per_cpu_ptr(rings, cpu));
	return bytes;
}
