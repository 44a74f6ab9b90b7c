/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a VT-d unit of memory only
 */
#ifndef _IOFLUSH_VTD_TEST_FAKE_H
#define _IOFLUSH_VTD_TEST_FAKE_H

#include <kunit/test.h>

#include "vtd.h"

/* 128, so that invalidations are as long as they may be */
#define FAKE_QUEUE_LG2	7
#define LOG_ENTRIES	64

#define RID		0x0110
#define ALIAS		0x0100

/**
 * struct fake - the unit and what happened to it
 * @unit: the unit
 * @slots: its queue
 * @done: the queue's done word
 * @head: next slot to take
 * @n: descriptors in @log, without those of syncs
 * @log: low halves of the descriptors
 * @present: was the entry of RID present then?
 * @taken: if set, called with each descriptor, syncs included, as it is taken
 * @data: of @taken
 */
struct fake {
	struct vtd_unit unit;
	struct invq_cmd slots[1 << FAKE_QUEUE_LG2];
	__le32 done;
	u32 head;
	unsigned int n;
	u64 log[LOG_ENTRIES];
	bool present[LOG_ENTRIES];
	void (*taken)(struct fake *fake, const struct invq_cmd *cmd);
	void *data;
};

/**
 * struct fake_dev - a device behind it
 * @dev: as the core knows it
 * @iommu: the core's part
 * @vdev: our part, followed by its source ids
 */
struct fake_dev {
	struct device dev;
	struct dev_iommu iommu;
	struct vtd_dev *vdev;
};

struct vtd_entry *vtd_fake_entry(struct fake *fake, u16 rid);
struct fake *vtd_fake_new(struct kunit *test, u64 cap);
struct fake *vtd_fake_scalable(struct kunit *test, u64 cap, u64 ecap);
const struct vtd_pasid *vtd_fake_pasid(struct kunit *test, struct fake *fake,
				       u16 rid);
void vtd_fake_expect_pasid(struct kunit *test, struct fake *fake, u16 rid,
			   u64 word0, u64 word1, u64 word2);
void vtd_fake_expect_forgotten(struct kunit *test, struct fake *fake,
			       unsigned int at, u16 rid, u16 did, u8 iotlb);
struct fake_dev *vtd_fake_dev_new(struct kunit *test, struct fake *fake,
				  u16 rid);
struct iodom *vtd_fake_dom_new(struct kunit *test, struct fake *fake);
void vtd_fake_expect_named(struct kunit *test, struct iodom *dom,
			   struct fake_dev *fd);
int vtd_fake_attach(struct iodom *dom, struct fake_dev *fd);
void vtd_fake_attach_static(struct kunit *test, struct iommu_domain *domain,
			    struct fake_dev *fd);

#endif /* _IOFLUSH_VTD_TEST_FAKE_H */
