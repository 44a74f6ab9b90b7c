/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a unit of memory only, for tests of attaching
 *
 * Its queue executes nothing, but writes down which commands it was given, and
 * for each what the stream table entry that the test looks at was at that time.
 */
#ifndef _IOFLUSH_SMMU3_TEST_FAKE_H
#define _IOFLUSH_SMMU3_TEST_FAKE_H

#include "smmuv3.h"

struct kunit;

#define FAKE_QUEUE_LG2	7
#define FAKE_LOG	128

/* StreamIDs: of the device that is looked at, of all, and of another device */
#define SID		0x0110
#define ALIAS		0x0100
#define OTHER		0x0118

/**
 * struct fake - the unit and what happened to it
 * @unit: the unit
 * @slots: its queue
 * @done: the queue's done word
 * @head: next slot to take
 * @taken: called for each command, syncs included, with interrupts off; may be
 *	NULL
 * @data: for @taken
 * @n: commands in @log, without the queue's own syncs
 * @log: the commands
 * @ste: the entry of SID then
 */
struct fake {
	struct smmu3_unit unit;
	struct invq_cmd slots[1 << FAKE_QUEUE_LG2];
	__le32 done;
	u32 head;
	void (*taken)(struct fake *fake, const struct invq_cmd *cmd);
	void *data;
	unsigned int n;
	struct invq_cmd log[FAKE_LOG];
	struct smmu3_entry ste[FAKE_LOG];
};

/**
 * struct fake_dev - a device behind it
 * @dev: as the core knows it
 * @iommu: the core's part
 * @sdev: our part, followed by its StreamIDs
 */
struct fake_dev {
	struct device dev;
	struct dev_iommu iommu;
	struct smmu3_dev *sdev;
};

void fake_unit_init(struct kunit *test, struct smmu3_unit *unit);
struct fake *fake_new(struct kunit *test, bool stage2);
struct fake_dev *fake_dev_on(struct kunit *test, struct smmu3_unit *unit,
			     u32 sid, u32 alias);
struct fake_dev *fake_dev_new(struct kunit *test, struct fake *fake, u32 sid);
struct iodom *fake_dom_on(struct kunit *test, struct smmu3_unit *unit);
struct iodom *fake_dom_new(struct kunit *test, struct fake *fake);
void fake_dom_free(void *data);
int fake_attach(struct iodom *dom, struct fake_dev *fd);
void fake_attach_static(struct kunit *test, struct iommu_domain *domain,
			struct fake_dev *fd);
struct iodom_link *fake_only_link(struct kunit *test, struct iodom *dom);
u64 fake_word(const struct fake *fake, unsigned int at, unsigned int i);
u8 fake_opcode(const struct fake *fake, unsigned int at);
unsigned int fake_count_op(const struct fake *fake, u8 op);

#endif /* _IOFLUSH_SMMU3_TEST_FAKE_H */
