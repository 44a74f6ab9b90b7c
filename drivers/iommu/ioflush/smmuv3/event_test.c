// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of decoding SMMUv3 events
 *
 * Section 7.3: number 7:0, StreamID 63:32; STAG 79:64, Stall 95, InD 98, RnW
 * 99, S2 103, Class 105:104; input address 191:128; fetch address or IPA from
 * 192 on.
 */
#include <kunit/test.h>
#include <linux/ioflush/invq.h>

#include "event.h"

/**
 * struct event_row - a record, and what is said of it
 * @w: the record
 * @what: was tried
 * @where: after the StreamID
 * @why: it was blocked
 */
struct event_row {
	u64 w[SMMU3_EVENT_U64S];
	const char *what;
	const char *where;
	const char *why;
};

#define ON(number)	((number) | 0x10ULL << 32)
#define ADDR		0xffffff8040400123
#define AT		" at 0xffffff8040400123"
/* All bits that an event does not define are set: none of them may count. */
#define X3		(~0ULL)
#define FETCH		(0xfff0000000000007 | 0x80001000)

static const struct event_row event_rows[] = {
	{ { ON(0x01), 0x8ULL << 32, ADDR, X3 },
	  "read" AT, "",
	  "transaction of a kind that is not supported (event 0x01)" },
	{ { ON(0x02), X3, X3, X3 },
	  "request", "",
	  "stream has no entry in the stream table (event 0x02)" },
	{ { ON(0x03), X3, X3, FETCH },
	  "request", "",
	  "stream table entry cannot be read (event 0x03, at 0x80001000)" },
	{ { ON(0x04), X3, X3, X3 },
	  "request", "",
	  "stream is attached to no domain (event 0x04)" },
	{ { ON(0x05), X3, ADDR, X3 },
	  "translation request" AT, "",
	  "device may not ask for translations (event 0x05)" },
	{ { ON(0x06), X3, X3, X3 },
	  "request", "",
	  "substream is not accepted (event 0x06)" },
	{ { ON(0x07), 0, ADDR, X3 },
	  "write" AT, "",
	  "device may not send translated requests (event 0x07)" },
	{ { ON(0x08), X3, X3, X3 },
	  "request", "",
	  "substream has no context descriptor (event 0x08)" },
	{ { ON(0x09), X3, X3, FETCH },
	  "request", "",
	  "context descriptor cannot be read (event 0x09, at 0x80001000)" },
	{ { ON(0x0a), X3, X3, X3 },
	  "request", "",
	  "context descriptor is not valid (event 0x0a)" },
	{ { ON(0x0b), 0x188ULL << 32, ADDR, FETCH },
	  "read" AT, ", stage 2 of a table",
	  "a table cannot be read (event 0x0b, at 0x80001000)" },
	{ { ON(0x10), 0x200ULL << 32, ADDR, X3 },
	  "write" AT, ", stage 1",
	  "not mapped (event 0x10)" },
	{ { ON(0x10), 0x00cULL << 32, 0, X3 },
	  "instruction fetch at 0x0", ", stage 1",
	  "not mapped (event 0x10)" },
	{ { ON(0x11), 0x288ULL << 32, ADDR, X3 },
	  "read" AT, ", stage 2",
	  "address is wider than accepted (event 0x11)" },
	{ { ON(0x12), 0x088ULL << 32, ADDR, X3 },
	  "read" AT, ", stage 2 of a context descriptor",
	  "mapping has no access flag (event 0x12)" },
	{ { ON(0x13), 0x202ULL << 32, ADDR, X3 },
	  "write" AT, ", stage 1",
	  "not mapped for this kind of access (event 0x13)" },
	{ { ON(0x20), 0x200ULL << 32, ADDR, X3 },
	  "write" AT, ", stage 1",
	  "translations contradict each other (event 0x20)" },
	{ { ON(0x21), X3, X3, X3 },
	  "request", "",
	  "stream table entries contradict each other (event 0x21)" },
	{ { ON(0x24), X3, ADDR, X3 },
	  "page request" AT, "",
	  "nobody answers such requests (event 0x24)" },
	{ { ON(0x25), X3, X3, FETCH },
	  "request", "",
	  "structure of the virtual machine cannot be read (event 0x25, at 0x80001000)" },
	{ { ON(0xe0), X3, X3, X3 },
	  "request", "",
	  "event unknown (event 0xe0)" },
};

static void event_make(struct smmu3_event *event, const u64 *words)
{
	__le64 record[SMMU3_EVENT_U64S];

	for (unsigned int i = 0; i < SMMU3_EVENT_U64S; i++)
		record[i] = cpu_to_le64(words[i]);
	smmu3_event_decode(event, record);
}

static void event_texts(struct kunit *test)
{
	char text[SMMU3_EVENT_TEXT], want[SMMU3_EVENT_TEXT];
	struct smmu3_event event;

	for (unsigned int i = 0; i < ARRAY_SIZE(event_rows); i++) {
		const struct event_row *r = &event_rows[i];
		int n;

		event_make(&event, r->w);
		n = smmu3_event_text(text, sizeof(text), &event,
				     "0000:00:02.0");
		snprintf(want, sizeof(want),
			 "%s by 0000:00:02.0 (stream 0x10%s) blocked: %s",
			 r->what, r->where, r->why);
		KUNIT_EXPECT_STREQ(test, text, want);
		KUNIT_EXPECT_EQ(test, n, strlen(text));
	}
	event_make(&event, event_rows[1].w);
	smmu3_event_text(text, sizeof(text), &event, NULL);
	KUNIT_EXPECT_STREQ(test, text,
			   "request by an unknown device (stream 0x10) blocked: stream has no entry in the stream table (event 0x02)");
}

/* The longest text has room, and one that has none is cut. */
static void event_text_room(struct kunit *test)
{
	static const u64 words[SMMU3_EVENT_U64S] = {
		0xffffffff0000000b, 0x18cULL << 32, ~0ULL, ~0ULL,
	};
	char text[SMMU3_EVENT_TEXT];
	struct smmu3_event event;

	event_make(&event, words);
	KUNIT_EXPECT_LT(test, smmu3_event_text(text, sizeof(text), &event,
					       "0123456789012345"),
			SMMU3_EVENT_TEXT - 1);
	text[20] = '!';
	KUNIT_EXPECT_EQ(test, smmu3_event_text(text, 20, &event, "x"), 19);
	KUNIT_EXPECT_EQ(test, text[20], '!');
}

/* Only what is about a mapping goes to the owner of the domain, or stalls. */
static void event_mapping(struct kunit *test)
{
	struct smmu3_event event;

	for (u64 type = 0; type < 0x100; type++) {
		const u64 words[SMMU3_EVENT_U64S] = { type, 0x80001234 | 0x208ULL << 32 };
		bool mapping = type >= 0x10 && type <= 0x13;

		event_make(&event, words);
		KUNIT_EXPECT_EQ(test, event.type, type);
		KUNIT_EXPECT_EQ(test, event.mapping, mapping);
		KUNIT_EXPECT_EQ(test, event.stalled, mapping);
		KUNIT_EXPECT_EQ(test, event.stag, mapping ? 0x1234 : 0);
		KUNIT_EXPECT_TRUE(test, !mapping || event.is_read);
	}
}

/* One line is enough for what a device does with one page, and no other. */
static void event_alike(struct kunit *test)
{
	static const u64 words[][SMMU3_EVENT_U64S] = {
		{ ON(0x10), 0x200ULL << 32, 0x1000 },
		{ ON(0x10), 0x200ULL << 32, 0x1fff },
		{ ON(0x10), 0x200ULL << 32, 0x2000 },
		{ ON(0x10), 0x208ULL << 32, 0x1000 },
		{ ON(0x10), 0x280ULL << 32, 0x1000 },
		{ ON(0x13), 0x200ULL << 32, 0x1000 },
		{ 0x10 | 0x11ULL << 32, 0x200ULL << 32, 0x1000 },
	};
	struct smmu3_event first, event;

	event_make(&first, words[0]);
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		event_make(&event, words[i]);
		KUNIT_EXPECT_EQ(test, i < 2, smmu3_event_alike(&event, &first));
	}
}

/* Each event has words of its own; numbers without one have some. */
static void event_reasons(struct kunit *test)
{
	const char *unknown = smmu3_event_reason(0xff);
	unsigned int known = 0;

	for (unsigned int i = 0; i <= 0xff; i++) {
		if (smmu3_event_reason(i) == unknown)
			continue;
		known++;
		for (unsigned int j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, smmu3_event_reason(i),
					    smmu3_event_reason(j));
	}
	KUNIT_EXPECT_EQ(test, known, 19);
}

/* Section 4.6.1: Ab 13 without Ac 12, StreamID 63:32, STAG 79:64. */
static void event_resume(struct kunit *test)
{
	static const u64 words[SMMU3_EVENT_U64S] = { 0x10 | 0x10ULL << 32, 0x80001234 };
	struct smmu3_event event;
	struct invq_cmd cmd;

	event_make(&event, words);
	smmu3_event_resume(&cmd, &event);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.u64s[0]), 0x1000002044);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.u64s[1]), 0x1234);
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE(event_texts),
	KUNIT_CASE(event_text_room),
	KUNIT_CASE(event_mapping),
	KUNIT_CASE(event_alike),
	KUNIT_CASE(event_reasons),
	KUNIT_CASE(event_resume),
	{}
};

static struct kunit_suite event_suite = {
	.name = "ioflush_smmu3_event",
	.test_cases = event_cases,
};

kunit_test_suite(event_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 events");
MODULE_LICENSE("GPL");
