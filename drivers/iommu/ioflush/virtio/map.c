// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what is mapped in a domain becomes MAPs and UNMAPs
 *
 * The device does not read the domain's table. That is the record of what is mapped:
 * for whoever wants to know where an address goes, for guarded mode, which marks
 * leaves, and for a domain whose endpoints come later than its mappings, or come
 * back: a domain without endpoints is nothing to the device.
 *
 * So a domain is told anew of all that is in its table when its first endpoint
 * is attached. Others may be changing it:
 *
 *	CPU 0 (map)			CPU 1 (attach)
 *
 *	write the translation		state = REPLAY
 *	smp_mb()			smp_mb()
 *	read the state			ATTACH
 *	ABSENT: leave it to CPU 1	read the table, MAP
 *	REPLAY: fail
 *
 *	CPU 0 (unmap)			CPU 1
 *
 *	clear the translation		state = REPLAY
 *	smp_mb()			smp_mb()
 *	read the state			lock
 *	REPLAY: lock, unlock		read the translation
 *	queue UNMAP_AFTER, wait		queue MAP
 *					unlock, wait
 *
 * If CPU 0 has the lock first CPU 1 reads no translation; else the MAP is in the queue
 * before the UNMAP, and done before the device is given that. If CPU 0 reads another
 * state than REPLAY the translation had been cleared before CPU 1 came to read it, or
 * CPU 1's MAPs were over. A map while a domain gets its first endpoint fails, which
 * nobody does who has a device there: there was none.
 *
 * Which leaves were mapped at once the table does not say, and what a MAP is longer than
 * an UNMAP the device refuses. So each leaf is a MAP of its own: an UNMAP may be of
 * many. So it is at any time in a domain that is not the DMA API's, which alone unmaps
 * what it has mapped: VFIO maps two pages and unmaps one of them.
 */
#include <linux/compiler.h>

#include "virtio.h"

/* MAPs that are sent together */
#define VTIOMMU_BATCH	(IODOM_CMDS_MAX / VTIOMMU_MAP_SLOTS)

/* MAPs of what was mapped before are in the queue, or will not come: see above. */
static noinline void vtiommu_after_replayed(struct vtiommu_place *at,
					    struct invq_cmd *cmd)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&at->replaying, flags);
	raw_spin_unlock_irqrestore(&at->replaying, flags);
	vtiommu_cmd_unmap_after(cmd);
}

/**
 * vtiommu_encode_range() - &iodom_hw_ops.encode_range
 * @dom: the domain
 * @link: its place on the unit
 * @range: what has been unmapped
 * @cmds: receives one command
 *
 * Context: any context.
 * Return: 1.
 */
unsigned int vtiommu_encode_range(struct iodom *dom, struct iodom_link *link,
				  const struct ioflush_range *range,
				  struct invq_cmd *cmds)
{
	struct vtiommu_place *at = link->priv;

	vtiommu_cmd_unmap(cmds, at->domain, range);
	if (unlikely(READ_ONCE(at->state) == VTIOMMU_REPLAY))
		vtiommu_after_replayed(at, cmds);
	return 1;
}

/* -EOPNOTSUPP for memory that the device cannot map. */
static __always_inline int vtiommu_flags(const struct vtiommu_unit *unit,
					 int prot, u32 *flags)
{
	*flags = (prot & IOMMU_READ ? VIRTIO_IOMMU_MAP_F_READ : 0) |
		 (prot & IOMMU_WRITE ? VIRTIO_IOMMU_MAP_F_WRITE : 0) |
		 (prot & IOMMU_MMIO ? VIRTIO_IOMMU_MAP_F_MMIO : 0);
	return *flags & ~unit->map_flags ? -EOPNOTSUPP : 0;
}

/* What has become of MAPs that have been waited for */
static __always_inline int vtiommu_maps_over(const struct vtiommu_unit *unit,
					     const struct vtiommu_place *at,
					     const struct vtiommu_result *result)
{
	if (unlikely(READ_ONCE(unit->queue.dead)))
		return -EIO;
	/* All that it had is gone, and what comes back is told of all. */
	if (unlikely(result->status == VIRTIO_IOMMU_S_NOENT) &&
	    READ_ONCE(at->state) == VTIOMMU_LEAVING)
		return 0;
	return vtiommu_error(result->status);
}

/* Send MAPs, at most VTIOMMU_BATCH of them, and wait. */
static __always_inline int
vtiommu_send_maps(struct vtiommu_unit *unit, const struct vtiommu_place *at,
		  u64 start, const struct iopgt_piece *piece, unsigned int n,
		  u32 flags, unsigned int page_lg2)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX] __uninitialized;
	struct vtiommu_result result = { VIRTIO_IOMMU_S_OK };

	for (unsigned int i = 0; i < n; i++) {
		const struct vtiommu_run run = {
			.start = start,
			.last = start + (piece[i].pages << page_lg2) - 1,
			.paddr = piece[i].paddr,
			.flags = flags,
		};

		vtiommu_cmd_map(&cmds[i * VTIOMMU_MAP_SLOTS], at->domain, &run,
				&result);
		start = run.last + 1;
	}
	invq_submit_wait(&unit->queue.q, cmds, n * VTIOMMU_MAP_SLOTS);
	return vtiommu_maps_over(unit, at, &result);
}

/* As iopgt_mapped(), but a piece is a leaf. */
static noinline size_t vtiommu_leaves(struct iopgt *pgt, unsigned long iova,
				      size_t bytes, struct iopgt_piece *piece,
				      unsigned int *n, int *prot)
{
	const unsigned int room = *n;
	size_t done = 0, leaf;

	for (*n = 0; *n < room && done < bytes; done += leaf) {
		unsigned int one = 1;

		leaf = iopgt_leaf_bytes(pgt, iova + done);
		if (!leaf || iopgt_mapped(pgt, iova + done, leaf, &piece[*n],
					  &one, prot) != leaf)
			break;
		++*n;
	}
	return done;
}

/*
 * Map what is in the table from an address on, as much as goes at once. Returns in
 * @done how much that was: 0 if nothing is mapped there.
 */
static __always_inline int
vtiommu_map_some(struct iodom *dom, struct vtiommu_unit *unit,
		 const struct vtiommu_place *at, unsigned long iova,
		 size_t bytes, size_t *done)
{
	struct iopgt_piece piece[VTIOMMU_BATCH] __uninitialized;
	unsigned int n = VTIOMMU_BATCH;
	u32 flags;
	int prot;

	*done = likely(dom->space) ?
		iopgt_mapped(&dom->pgt, iova, bytes, piece, &n, &prot) :
		vtiommu_leaves(&dom->pgt, iova, bytes, piece, &n, &prot);
	if (!*done)
		return 0;
	return vtiommu_flags(unit, prot, &flags) ?:
	       vtiommu_send_maps(unit, at, iova, piece, n, flags,
				 dom->granule_lg2);
}

/* Of scattered memory, or of who may unmap a part of it */
static noinline int vtiommu_map_table(struct iodom *dom,
				      struct vtiommu_unit *unit,
				      const struct vtiommu_place *at,
				      unsigned long iova, size_t bytes)
{
	size_t done;
	int ret;

	do {
		ret = vtiommu_map_some(dom, unit, at, iova, bytes, &done);
		iova += done;
		bytes -= done;
	} while (!ret && done && bytes);
	return ret;
}

/**
 * vtiommu_map() - &iodom_hw_ops.map
 * @dom: the domain
 * @link: its place on the unit
 * @iova: first byte of what has been mapped
 * @bytes: length
 * @run: what to, if that is contiguous and unmapped at once; NULL: see the table
 *
 * Context: any context; waits for the device.
 * Return: 0; an error by vtiommu_error(); -EOPNOTSUPP; -EIO if the device is dead, or
 *	it is not known where a device of the domain is attached; -EBUSY while the
 *	domain gets its first endpoint.
 */
int vtiommu_map(struct iodom *dom, struct iodom_link *link, unsigned long iova,
		size_t bytes, const struct iodom_run *run)
{
	const struct vtiommu_place *at = link->priv;
	struct vtiommu_unit *unit = link->unit;
	u32 state = READ_ONCE(at->state), flags;
	int ret;

	if (unlikely(state != VTIOMMU_LIVE && state != VTIOMMU_LEAVING)) {
		if (state == VTIOMMU_ABSENT)
			return 0;
		return state == VTIOMMU_REPLAY ? -EBUSY : -EIO;
	}
	if (!run)
		return vtiommu_map_table(dom, unit, at, iova, bytes);
	ret = vtiommu_flags(unit, run->prot, &flags);
	if (unlikely(ret))
		return ret;
	return vtiommu_send_maps(unit, at, iova,
				 &(const struct iopgt_piece) {
					.paddr = run->paddr,
					.pages = bytes >> dom->granule_lg2,
				 }, 1, flags, dom->granule_lg2);
}

/**
 * struct vtiommu_batch - leaves that a unit is told of together
 * @run: the leaves
 * @n: how many
 * @unit: the unit
 */
struct vtiommu_batch {
	struct vtiommu_run run[VTIOMMU_BATCH];
	unsigned int n;
	const struct vtiommu_unit *unit;
};

/* &iopgt_visit_fn. Ends with 1 when there is no room for more. */
static int vtiommu_collect(const struct iopgt_entry *entry, void *arg)
{
	struct vtiommu_batch *batch = arg;
	struct vtiommu_run *run = &batch->run[batch->n];
	int ret;

	if (entry->table)
		return 0;
	ret = vtiommu_flags(batch->unit, entry->prot, &run->flags);
	if (ret)
		return ret;
	run->start = entry->iova;
	run->last = entry->iova + BIT(entry->lg2) - 1;
	run->paddr = entry->paddr;
	return ++batch->n == VTIOMMU_BATCH;
}

/* With the lock: is a leaf as it was when it was collected? */
static bool vtiommu_still_mapped(struct iodom *dom, const struct vtiommu_run *run)
{
	const size_t bytes = run->last - run->start + 1;
	struct iopgt_piece piece;
	unsigned int n = 1;
	int prot;

	return iopgt_mapped(&dom->pgt, run->start, bytes, &piece, &n,
			    &prot) == bytes && piece.paddr == run->paddr;
}

/* With the lock: returns how many slots the MAPs take. */
static unsigned int vtiommu_encode_batch(struct iodom *dom,
					 const struct vtiommu_place *at,
					 const struct vtiommu_batch *batch,
					 struct invq_cmd *cmds,
					 struct vtiommu_result *result)
{
	unsigned int slots = 0;

	for (unsigned int i = 0; i < batch->n; i++) {
		if (!vtiommu_still_mapped(dom, &batch->run[i]))
			continue;
		vtiommu_cmd_map(&cmds[slots], at->domain, &batch->run[i], result);
		slots += VTIOMMU_MAP_SLOTS;
	}
	return slots;
}

/* Send a MAP for each leaf that is still there, and wait. */
static int vtiommu_send_batch(struct iodom *dom, struct vtiommu_unit *unit,
			      struct vtiommu_place *at,
			      const struct vtiommu_batch *batch)
{
	struct vtiommu_result result = { VIRTIO_IOMMU_S_OK };
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct invq *q = &unit->queue.q;
	unsigned long flags;
	unsigned int slots;
	bool posted;
	u32 seq;

	do {
		seq = invq_newest(q);
		raw_spin_lock_irqsave(&at->replaying, flags);
		slots = vtiommu_encode_batch(dom, at, batch, cmds, &result);
		posted = !slots || invq_post(q, cmds, slots, &seq);
		raw_spin_unlock_irqrestore(&at->replaying, flags);
		/* Or until there is room */
		invq_wait(q, seq);
	} while (!posted);
	return vtiommu_maps_over(unit, at, &result);
}

/**
 * vtiommu_replay() - tell a unit of all that is mapped in a domain
 * @dom: the domain
 * @unit: the unit
 * @at: the domain on it, in state VTIOMMU_REPLAY; its first endpoint is attached
 *
 * Context: process context; waits for the device. The caller holds the unit's mutex.
 * Return: 0 or an error as that of vtiommu_map().
 */
int vtiommu_replay(struct iodom *dom, struct vtiommu_unit *unit,
		   struct vtiommu_place *at)
{
	struct vtiommu_batch batch = { .unit = unit };
	unsigned long iova = 0;
	int more, ret;

	do {
		batch.n = 0;
		more = iopgt_visit(&dom->pgt, iova, dom->pgt.ias_last,
				   vtiommu_collect, &batch);
		if (more < 0)
			return more;
		ret = vtiommu_send_batch(dom, unit, at, &batch);
		if (more)
			iova = batch.run[batch.n - 1].last + 1;
	} while (!ret && more && iova && iova <= dom->pgt.ias_last);
	return ret;
}

/**
 * vtiommu_forget() - have a unit forget all that it knows of a domain
 * @unit: the unit
 * @at: the domain on it
 *
 * Context: process context; waits for the device.
 */
void vtiommu_forget(struct vtiommu_unit *unit, const struct vtiommu_place *at)
{
	const struct ioflush_range range = {
		.start = unit->first,
		.last = unit->last,
	};
	struct invq_cmd cmd;

	vtiommu_cmd_unmap(&cmd, at->domain, &range);
	vtiommu_cmd_unmap_after(&cmd);
	invq_submit_wait(&unit->queue.q, &cmd, 1);
}
