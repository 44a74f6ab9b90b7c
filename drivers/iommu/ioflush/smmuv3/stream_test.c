// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the stream table
 *
 * IHI 0070 section 5.1: a level-1 descriptor has Span in bits 4:0, n + 1 for 2^n
 * entries, and L2Ptr in bits 51:6. Entries are 64 bytes.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>

#include "smmuv3.h"
#include "test_fake.h"

static void stream_free(void *data)
{
	struct smmu3_unit *unit = data;

	smmu3_streams_exit(unit);
	xa_destroy(&unit->sids);
}

static struct smmu3_unit *stream_unit(struct kunit *test, u8 sid_bits,
				      bool two_level)
{
	struct smmu3_unit *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, unit);
	fake_unit_init(test, unit);
	strscpy(unit->name, "test");
	unit->caps.sid_bits = sid_bits;
	unit->caps.two_level = two_level;
	KUNIT_ASSERT_EQ(test, 0, smmu3_streams_init(unit));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, stream_free, unit));
	return unit;
}

static struct smmu3_dev *stream_dev(struct kunit *test,
				    struct smmu3_unit *unit, u32 a, u32 b)
{
	struct smmu3_dev *sdev;

	sdev = kunit_kzalloc(test, struct_size(sdev, sids, 2), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	sdev->dev = unit->dev;
	sdev->unit = unit;
	sdev->nsids = 2;
	sdev->sids[0] = a;
	sdev->sids[1] = b;
	return sdev;
}

static int grow(struct smmu3_unit *unit, u32 sid)
{
	int ret;

	mutex_lock(&unit->mutex);
	ret = smmu3_streams_grow(unit, sid);
	mutex_unlock(&unit->mutex);
	return ret;
}

static void expect_zero(struct kunit *test, const struct smmu3_entry *entry)
{
	static const struct smmu3_entry zero;

	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_MEMEQ(test, entry, &zero, sizeof(zero));
}

/**
 * struct shape_row - a unit, and the table that it gets
 * @bits: of its StreamIDs
 * @two_level: it has such tables
 * @want_bits: what the table knows
 * @want_split: 0 for a linear table
 */
struct shape_row {
	u8 bits;
	bool two_level;
	u8 want_bits;
	u8 want_split;
};

static const struct shape_row shape_rows[] = {
	{ 0, true, 0, 0 },
	{ 8, true, 8, 0 },
	{ 9, true, 9, 8 },
	{ 16, true, 16, 8 },
	{ 32, true, 25, 8 },
	{ 5, false, 5, 0 },
	{ 16, false, 16, 0 },
	{ 32, false, 16, 0 },
};

static void shape_describe(const struct shape_row *r, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%u bits%s", r->bits,
		 r->two_level ? ", two levels" : "");
}

KUNIT_ARRAY_PARAM(shape, shape_rows, shape_describe);

static void stream_shape(struct kunit *test)
{
	const struct shape_row *r = test->param_value;
	struct smmu3_unit *unit = stream_unit(test, r->bits, r->two_level);
	const u32 last = (1U << r->want_bits) - 1;

	KUNIT_EXPECT_EQ(test, unit->streams.sid_bits, r->want_bits);
	KUNIT_EXPECT_EQ(test, unit->streams.split, r->want_split);
	KUNIT_EXPECT_EQ(test, grow(unit, last), 0);
	expect_zero(test, smmu3_streams_find(unit, last));
	KUNIT_EXPECT_EQ(test, grow(unit, last + 1), -ERANGE);
	KUNIT_EXPECT_NULL(test, smmu3_streams_find(unit, last + 1));
}

/* All entries of a linear table are there, in the order of StreamIDs. */
static void stream_linear(struct kunit *test)
{
	struct smmu3_unit *unit = stream_unit(test, 6, false);

	for (u32 sid = 0; sid < 64; sid++) {
		struct smmu3_entry *entry = smmu3_streams_find(unit, sid);

		KUNIT_EXPECT_PTR_EQ(test, (void *)entry,
				    (void *)unit->streams.l1 + 64 * sid);
		expect_zero(test, entry);
	}
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(unit->streams.base, 64 * 64));
}

/* Of two levels the lower is there when a stream needs it, once. */
static void stream_two_level(struct kunit *test)
{
	struct smmu3_unit *unit = stream_unit(test, 16, true);
	struct smmu3_streams *s = &unit->streams;
	struct smmu3_entry *entry;
	u64 descriptor;

	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(s->base, 8 << 8));
	KUNIT_EXPECT_NULL(test, smmu3_streams_find(unit, 0x0310));
	KUNIT_ASSERT_EQ(test, 0, grow(unit, 0x0310));
	entry = smmu3_streams_find(unit, 0x0310);
	expect_zero(test, entry);
	KUNIT_EXPECT_PTR_EQ(test, entry, s->l2[3] + 0x10);
	descriptor = le64_to_cpu(s->l1[3]);
	/* 2^8 entries, on a boundary of their size */
	KUNIT_EXPECT_EQ(test, descriptor & ((64 << 8) - 1), 9);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(s->l1[2]), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(s->l1[4]), 0);

	KUNIT_ASSERT_EQ(test, 0, grow(unit, 0x03ff));
	KUNIT_EXPECT_EQ(test, descriptor, le64_to_cpu(s->l1[3]));
	KUNIT_EXPECT_PTR_EQ(test, smmu3_streams_find(unit, 0x03ff),
			    s->l2[3] + 0xff);
	KUNIT_EXPECT_NULL(test, smmu3_streams_find(unit, 0x0400));
}

/* No memory below: the descriptor stays as it was, and it can be tried again. */
static void stream_no_memory(struct kunit *test)
{
	struct smmu3_unit *unit = stream_unit(test, 16, true);

	unit->dev->coherent_dma_mask = DMA_BIT_MASK(8);
	KUNIT_EXPECT_EQ(test, -ENOMEM, grow(unit, 0x0310));
	unit->dev->coherent_dma_mask = DMA_BIT_MASK(48);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(unit->streams.l1[3]), 0);
	KUNIT_EXPECT_NULL(test, smmu3_streams_find(unit, 0x0310));
	KUNIT_EXPECT_EQ(test, 0, grow(unit, 0x0310));
}

/* Who uses a stream; one that two use stays with the one that stays. */
static void stream_sids(struct kunit *test)
{
	struct smmu3_unit *unit = stream_unit(test, 16, true);
	struct smmu3_dev *a = stream_dev(test, unit, 0x10, 0x1);
	struct smmu3_dev *b = stream_dev(test, unit, 0x11, 0x1);

	KUNIT_ASSERT_EQ(test, 0, smmu3_sids_add(unit, a));
	KUNIT_ASSERT_EQ(test, 0, smmu3_sids_add(unit, b));
	KUNIT_EXPECT_PTR_EQ(test, smmu3_dev_of_sid(unit, 0x10), a);
	KUNIT_EXPECT_PTR_EQ(test, smmu3_dev_of_sid(unit, 0x11), b);
	KUNIT_EXPECT_PTR_EQ(test, smmu3_dev_of_sid(unit, 0x1), a);
	KUNIT_EXPECT_NULL(test, smmu3_dev_of_sid(unit, 0x12));
	mutex_lock(&unit->mutex);
	KUNIT_EXPECT_PTR_EQ(test, smmu3_sid_other(a, 0x1), b);
	KUNIT_EXPECT_NULL(test, smmu3_sid_other(a, 0x10));
	mutex_unlock(&unit->mutex);

	smmu3_sids_remove(unit, a);
	KUNIT_EXPECT_NULL(test, smmu3_dev_of_sid(unit, 0x10));
	KUNIT_EXPECT_PTR_EQ(test, smmu3_dev_of_sid(unit, 0x1), b);
	smmu3_sids_remove(unit, b);
	KUNIT_EXPECT_TRUE(test, xa_empty(&unit->sids));
	KUNIT_EXPECT_TRUE(test, list_empty(&unit->devs));
}

/* Firmware says a StreamID that the unit cannot have: nothing is kept of it. */
static void stream_sid_range(struct kunit *test)
{
	struct smmu3_unit *unit = stream_unit(test, 16, true);
	struct smmu3_dev *a = stream_dev(test, unit, 0x10, 0x10000);

	KUNIT_EXPECT_EQ(test, -ERANGE, smmu3_sids_add(unit, a));
	KUNIT_EXPECT_TRUE(test, xa_empty(&unit->sids));
	KUNIT_EXPECT_TRUE(test, list_empty(&unit->devs));
}

static struct kunit_case stream_cases[] = {
	KUNIT_CASE_PARAM(stream_shape, shape_gen_params),
	KUNIT_CASE(stream_linear),
	KUNIT_CASE(stream_two_level),
	KUNIT_CASE(stream_no_memory),
	KUNIT_CASE(stream_sids),
	KUNIT_CASE(stream_sid_range),
	{}
};

static struct kunit_suite stream_suite = {
	.name = "ioflush_smmu3_stream",
	.test_cases = stream_cases,
};

kunit_test_suite(stream_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 stream table");
MODULE_LICENSE("GPL");
