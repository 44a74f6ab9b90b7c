// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the stream table, and who uses which StreamID
 *
 * IHI 0070 section 3.3. Of a table of two levels only the lower parts that have
 * a device are there. Entries begin as zeros, which is not valid: requests of
 * a stream that nobody has attached are blocked, and reported.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "regs.h"
#include "smmuv3.h"

/* log2 of the entries below a level-1 descriptor: a PCI bus has as many */
#define STREAMS_SPLIT		8
/* No table of one level, and no level 1, is larger: 4 MiB, and 1 MiB */
#define STREAMS_LINEAR_BITS	16
#define STREAMS_L1_BITS		17

static size_t streams_l1_bytes(const struct smmu3_streams *s)
{
	if (!s->split)
		return sizeof(struct smmu3_entry) << s->sid_bits;
	return sizeof(*s->l1) << (s->sid_bits - s->split);
}

static size_t streams_l2_bytes(const struct smmu3_streams *s)
{
	return sizeof(struct smmu3_entry) << s->split;
}

static unsigned int streams_l2_count(const struct smmu3_streams *s)
{
	return s->split ? 1U << (s->sid_bits - s->split) : 0;
}

/* How wide StreamIDs are, and how the table is split. */
static void streams_shape(struct smmu3_streams *s,
			  const struct smmu3_caps *caps)
{
	if (caps->two_level && caps->sid_bits > STREAMS_SPLIT) {
		s->split = STREAMS_SPLIT;
		s->sid_bits = min(caps->sid_bits,
				  STREAMS_SPLIT + STREAMS_L1_BITS);
	} else {
		s->split = 0;
		s->sid_bits = min(caps->sid_bits, STREAMS_LINEAR_BITS);
	}
}

/**
 * smmu3_streams_init() - give a unit a stream table that knows no stream
 * @unit: a unit with decoded capabilities
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int smmu3_streams_init(struct smmu3_unit *unit)
{
	struct smmu3_streams *s = &unit->streams;

	streams_shape(s, &unit->caps);
	/* Memory of this kind is aligned to its size, as tables have to be. */
	s->l1 = dma_alloc_coherent(unit->dev, streams_l1_bytes(s), &s->base,
				   GFP_KERNEL);
	if (!s->l1)
		return -ENOMEM;
	if (!s->split)
		return 0;
	s->l2 = kvcalloc(streams_l2_count(s), sizeof(*s->l2), GFP_KERNEL);
	if (s->l2)
		return 0;
	smmu3_streams_exit(unit);
	return -ENOMEM;
}

/**
 * smmu3_streams_exit() - free a unit's stream table
 * @unit: a unit that does not translate
 *
 * Context: process context.
 */
void smmu3_streams_exit(struct smmu3_unit *unit)
{
	struct smmu3_streams *s = &unit->streams;

	for (unsigned int i = 0; s->l2 && i < streams_l2_count(s); i++) {
		if (!s->l2[i])
			continue;
		dma_free_coherent(unit->dev, streams_l2_bytes(s), s->l2[i],
				  le64_to_cpu(s->l1[i]) & SMMU3_L1_L2PTR);
	}
	kvfree(s->l2);
	s->l2 = NULL;
	if (s->l1)
		dma_free_coherent(unit->dev, streams_l1_bytes(s), s->l1,
				  s->base);
	s->l1 = NULL;
}

/**
 * smmu3_streams_grow() - make sure that a stream has an entry
 * @unit: the unit
 * @sid: the StreamID
 *
 * An entry that is new to hardware takes effect when it is invalidated, and
 * the level-1 descriptor above it with it: setting one does both.
 *
 * Context: process context, with the unit's mutex.
 * Return: 0, -ERANGE if the table knows no such stream, or -ENOMEM.
 */
int smmu3_streams_grow(struct smmu3_unit *unit, u32 sid)
{
	struct smmu3_streams *s = &unit->streams;
	struct smmu3_entry *l2;
	unsigned int i;
	dma_addr_t dma;

	lockdep_assert_held(&unit->mutex);
	if (sid >> s->sid_bits)
		return -ERANGE;
	if (!s->split)
		return 0;
	i = sid >> s->split;
	if (s->l2[i])
		return 0;

	l2 = dma_alloc_coherent(unit->dev, streams_l2_bytes(s), &dma,
				GFP_KERNEL);
	if (!l2)
		return -ENOMEM;
	/* Entries are zeros before hardware can find them. */
	dma_wmb();
	WRITE_ONCE(s->l1[i], cpu_to_le64((dma & SMMU3_L1_L2PTR) |
					 FIELD_PREP(SMMU3_L1_SPAN,
						    s->split + 1)));
	/* Pairs with the acquire in smmu3_streams_find(). */
	smp_store_release(&s->l2[i], l2);
	return 0;
}

/**
 * smmu3_streams_find() - where the entry of a stream is
 * @unit: the unit
 * @sid: the StreamID
 *
 * Context: any context. To change the entry needs the unit's @ste_lock, and the mutex
 *	or the queue's claim.
 * Return: the entry, or NULL if there is none.
 */
struct smmu3_entry *smmu3_streams_find(struct smmu3_unit *unit, u32 sid)
{
	struct smmu3_streams *s = &unit->streams;
	struct smmu3_entry *l2;

	if (sid >> s->sid_bits)
		return NULL;
	if (!s->split)
		return (struct smmu3_entry *)s->l1 + sid;
	/* Pairs with the release in smmu3_streams_grow(). */
	l2 = smp_load_acquire(&s->l2[sid >> s->split]);
	return l2 ? &l2[sid & (BIT(s->split) - 1)] : NULL;
}

/**
 * smmu3_dev_of_sid() - the device that a stream comes from
 * @unit: the unit
 * @sid: the StreamID
 *
 * Devices behind a bridge may have one in common; it is one of them then.
 *
 * Context: with the unit's mutex, or in an RCU read section, in which the
 *	device stays.
 * Return: the device, or NULL if nobody uses the stream.
 */
struct smmu3_dev *smmu3_dev_of_sid(struct smmu3_unit *unit, u32 sid)
{
	return xa_load(&unit->sids, sid);
}

/**
 * smmu3_dev_has_sid() - is a StreamID one of a device's?
 * @sdev: the device
 * @sid: the StreamID
 *
 * Context: any context.
 * Return: whether it is.
 */
bool smmu3_dev_has_sid(const struct smmu3_dev *sdev, u32 sid)
{
	for (unsigned int i = 0; i < sdev->nsids; i++)
		if (sdev->sids[i] == sid)
			return true;
	return false;
}

/**
 * smmu3_sid_other() - does another device use a stream, too?
 * @sdev: a device
 * @sid: one of its StreamIDs
 *
 * Context: process context, with the unit's mutex.
 * Return: some other device that does, or NULL.
 */
struct smmu3_dev *smmu3_sid_other(struct smmu3_dev *sdev, u32 sid)
{
	struct smmu3_dev *other;

	lockdep_assert_held(&sdev->unit->mutex);
	list_for_each_entry(other, &sdev->unit->devs, node)
		if (other != sdev && smmu3_dev_has_sid(other, sid))
			return other;
	return NULL;
}

static int smmu3_sid_add(struct smmu3_unit *unit, struct smmu3_dev *sdev,
			 u32 sid)
{
	int ret = smmu3_streams_grow(unit, sid);

	if (ret == -ERANGE)
		dev_err(sdev->dev,
			"firmware gives it StreamID %#x, but those of %s have %u bits\n",
			sid, unit->name, unit->streams.sid_bits);
	if (ret)
		return ret;
	/* Whoever was there first keeps it: they are of one group. */
	ret = xa_insert(&unit->sids, sid, sdev, GFP_KERNEL);
	return ret == -EBUSY ? 0 : ret;
}

static void smmu3_sid_remove(struct smmu3_unit *unit, struct smmu3_dev *sdev,
			     u32 sid)
{
	struct smmu3_dev *other;

	if (xa_load(&unit->sids, sid) != sdev)
		return;
	other = smmu3_sid_other(sdev, sid);
	if (other)
		/* The slot is there, so that nothing is allocated. */
		WARN_ON(xa_err(xa_store(&unit->sids, sid, other, GFP_KERNEL)));
	else
		xa_erase(&unit->sids, sid);
}

/**
 * smmu3_sids_add() - a device comes, with its StreamIDs
 * @unit: its unit
 * @sdev: the device
 *
 * Context: process context; takes the unit's mutex.
 * Return: 0; -ERANGE for a StreamID that is too wide, which is logged; -ENOMEM.
 */
int smmu3_sids_add(struct smmu3_unit *unit, struct smmu3_dev *sdev)
{
	int ret = 0;

	mutex_lock(&unit->mutex);
	list_add_tail(&sdev->node, &unit->devs);
	for (unsigned int i = 0; !ret && i < sdev->nsids; i++)
		ret = smmu3_sid_add(unit, sdev, sdev->sids[i]);
	mutex_unlock(&unit->mutex);
	if (ret)
		smmu3_sids_remove(unit, sdev);
	return ret;
}

/**
 * smmu3_sids_remove() - a device goes
 * @unit: its unit
 * @sdev: the device
 *
 * It may be freed after an RCU grace period.
 *
 * Context: process context; takes the unit's mutex.
 */
void smmu3_sids_remove(struct smmu3_unit *unit, struct smmu3_dev *sdev)
{
	mutex_lock(&unit->mutex);
	for (unsigned int i = 0; i < sdev->nsids; i++)
		smmu3_sid_remove(unit, sdev, sdev->sids[i]);
	list_del(&sdev->node);
	mutex_unlock(&unit->mutex);
}
