/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: an SMMU for tests, with registers in memory
 */
#ifndef _IOFLUSH_SMMU3_TEST_HW_H
#define _IOFLUSH_SMMU3_TEST_HW_H

#include <linux/hrtimer.h>

#include "event.h"
#include "smmuv3.h"

struct kunit;

/** TEST_HW_LOG - commands that are remembered */
#define TEST_HW_LOG 64

/** TEST_HW_SID_BITS - width of its StreamIDs */
#define TEST_HW_SID_BITS 5
#define TEST_HW_STREAMS BIT(TEST_HW_SID_BITS)

/**
 * struct test_hw - the SMMU
 * @unit: what the driver knows of it
 * @name: of its device
 * @timer: looks at the registers and does what hardware would, every 500 us,
 *	also while a CPU waits for it
 * @mute_cr0: it does not answer to changes of CR0
 * @mute_gbpa: nor to one of GBPA
 * @mute_queue: it takes no commands
 * @late: nor does it for so many looks
 * @mute_messages: messages of syncs go nowhere, and nothing says so
 * @aborts: how many of the next go nowhere, and an error says so
 * @refuse: opcode that it refuses, or 0
 * @fail: a CERROR_* that the next @fails commands meet
 * @fails: see there
 * @silent: the first of two StreamIDs whose device answers no invalidation; 0 for none
 * @unanswered: one of those, since the last sync
 * @owed: how many there were
 * @leaks: syncs that were completed while the unit lets through what comes from a
 *	device that owes an answer
 * @entries: the stream table as the unit has it cached
 * @shadow: registers that must not change while the unit is enabled
 * @broken_rules: how often they did
 * @gbpa_at_off: GBPA when SMMUEN was last cleared
 * @ncmds: commands taken
 * @cmds: the first of them
 */
struct test_hw {
	struct smmu3_unit unit;
	char name[24];
	struct hrtimer timer;
	bool mute_cr0;
	bool mute_gbpa;
	bool mute_queue;
	unsigned int late;
	bool mute_messages;
	unsigned int aborts;
	u8 refuse;
	u8 fail;
	unsigned int fails;
	u32 silent;
	bool unanswered;
	unsigned int owed;
	unsigned int leaks;
	struct smmu3_entry entries[TEST_HW_STREAMS];
	u64 shadow[4];
	unsigned int broken_rules;
	u32 gbpa_at_off;
	unsigned int ncmds;
	struct invq_cmd cmds[TEST_HW_LOG];
};

struct test_hw *test_hw_new(struct kunit *test, bool msi, u8 cmdq_lg2);
void test_hw_run(struct kunit *test, struct test_hw *hw);
void test_hw_event(struct test_hw *hw, const __le64 record[SMMU3_EVENT_U64S]);
u8 test_hw_op(const struct test_hw *hw, unsigned int i);

static inline u32 test_page1(const struct smmu3_unit *unit, u32 reg)
{
	return readl(unit->page1 + reg);
}

#endif /* _IOFLUSH_SMMU3_TEST_HW_H */
