// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of VT-d invalidation descriptors, bit by bit
 *
 * Values worked out by hand from section 6.5.2 and, for the registers, from
 * section 11.4.6.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "inval.h"
#include "reginv.h"

static void expect_cmd(struct kunit *test, const struct invq_cmd *cmd, u64 lo,
		       u64 hi)
{
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd->u64s[0]), lo);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd->u64s[1]), hi);
}

static const struct vtd_caps plain = {
	.page_selective = true,
	.mamv = 9,
};

static const struct vtd_caps drains = {
	.page_selective = true,
	.mamv = 9,
	.drain_read = true,
	.drain_write = true,
};

/* Section 6.5.2.1: type 1, granularity 5:4, DID 31:16, SID 47:32, FM 49:48 */
static void inval_context(struct kunit *test)
{
	struct invq_cmd cmd;

	vtd_inv_context(&cmd, VTD_GRAN_GLOBAL, 0, 0);
	expect_cmd(test, &cmd, 0x11, 0);
	vtd_inv_context(&cmd, VTD_GRAN_DOMAIN, 0xabcd, 0);
	expect_cmd(test, &cmd, 0xabcd0021, 0);
	vtd_inv_context(&cmd, VTD_GRAN_LOCAL, 0xffff, 0x1f08);
	expect_cmd(test, &cmd, 0x1f08ffff0031, 0);
}

/* Section 6.5.2.2: type 7, granularity 5:4, DID 31:16, PASID 51:32 */
static void inval_pasid(struct kunit *test)
{
	struct invq_cmd cmd;

	vtd_inv_pasid(&cmd, VTD_PASID_GRAN_DOMAIN, 0xabcd);
	expect_cmd(test, &cmd, 0xabcd0007, 0);
	vtd_inv_pasid(&cmd, VTD_PASID_GRAN_GLOBAL, 0);
	expect_cmd(test, &cmd, 0x37, 0);
}

/* Section 6.5.2.3: type 2, granularity 5:4, DW 6, DR 7, DID 31:16 */
static void inval_iotlb(struct kunit *test)
{
	struct invq_cmd cmd;

	vtd_inv_iotlb(&cmd, &plain, VTD_GRAN_GLOBAL, 0);
	expect_cmd(test, &cmd, 0x12, 0);
	vtd_inv_iotlb(&cmd, &plain, VTD_GRAN_DOMAIN, 0x1234);
	expect_cmd(test, &cmd, 0x12340022, 0);
	vtd_inv_iotlb(&cmd, &drains, VTD_GRAN_DOMAIN, 0x1234);
	expect_cmd(test, &cmd, 0x123400e2, 0);
}

/*
 * Section 6.5.2.5: type 3, PFSID 3:0 in 15:12, MIP 20:16, SID 47:32, PFSID 15:4 in 63:52;
 * S 0, address 63:12
 */
static void inval_device(struct kunit *test)
{
	const struct vtd_atc atc = { .sid = 0x0110, .depth = 5 };
	const struct vtd_atc vf = {
		.sid = 0xffff, .pfsid = 0xabcd, .depth = 32,
	};
	struct ioflush_range range = { .start = 0x5000, .last = 0x5fff };
	struct invq_cmd cmd;

	vtd_inv_device(&cmd, &atc, &range);
	expect_cmd(test, &cmd, 0x11000050003, 0x5000);
	/* 32 is too wide for the field, and is written as 0. */
	vtd_inv_device(&cmd, &vf, &range);
	expect_cmd(test, &cmd, 0xabc0ffff0000d003, 0x5000);
	/* S: bit 12 clear is two pages, the lowest clear one 13 is four. */
	range.start = 0x4000;
	vtd_inv_device(&cmd, &atc, &range);
	expect_cmd(test, &cmd, 0x11000050003, 0x4001);
	range.last = 0x7fff;
	vtd_inv_device(&cmd, &atc, &range);
	expect_cmd(test, &cmd, 0x11000050003, 0x5001);
	/* From page 3 to page 4: of the smallest block that has both */
	range.start = 0x3000;
	range.last = 0x4fff;
	vtd_inv_device(&cmd, &atc, &range);
	expect_cmd(test, &cmd, 0x11000050003, 0x3001);
	range.start = SZ_1G;
	range.last = SZ_1G + SZ_2M - 1;
	vtd_inv_device(&cmd, &atc, &range);
	expect_cmd(test, &cmd, 0x11000050003, 0x400ff001);

	vtd_inv_device_all(&cmd, &atc);
	expect_cmd(test, &cmd, 0x11000050003, 0x7ffffffffffff001);
	range.start = 0;
	range.last = ~0UL;
	vtd_inv_device(&cmd, &atc, &range);
	expect_cmd(test, &cmd, 0x11000050003, 0x7ffffffffffff001);
}

/* A block of any range: aligned, a power of two, all of it inside, no smaller one. */
static void inval_device_covers(struct kunit *test)
{
	const struct vtd_atc atc = { .sid = 1, .depth = 1 };
	struct invq_cmd cmd;

	for (u64 first = 0; first < 40; first++) {
		for (u64 pages = 1; pages < 40; pages++) {
			struct ioflush_range range = {
				.start = first * SZ_4K,
				.last = (first + pages) * SZ_4K - 1,
			};
			u64 hi, bytes = SZ_4K, at;

			vtd_inv_device(&cmd, &atc, &range);
			hi = le64_to_cpu(cmd.u64s[1]);
			if (hi & 1)
				bytes = SZ_8K << __ffs64(~(hi >> 12));
			at = hi & ~(bytes - 1);
			KUNIT_ASSERT_LE(test, at, range.start);
			KUNIT_ASSERT_LE(test, range.last, at + bytes - 1);
			KUNIT_ASSERT_TRUE(test, bytes == SZ_4K ||
					  (range.start ^ range.last) & bytes / 2);
		}
	}
}

/* Section 6.5.2.8: type 5, SW 5, FN 6, data 63:32; address 63:2 */
static void inval_wait(struct kunit *test)
{
	struct invq_cmd cmd;

	vtd_inv_wait(&cmd, 0x123456789abc, 0xfedcba98);
	expect_cmd(test, &cmd, 0xfedcba9800000065, 0x123456789abc);
	vtd_inv_wait(&cmd, 0x1000, 0);
	expect_cmd(test, &cmd, 0x65, 0x1000);
}

/* A page: AM 5:0 is 0, IH 6, address 63:12 */
static void inval_page(struct kunit *test)
{
	struct ioflush_range range = {
		.start = 0x7fffffe000, .last = 0x7fffffefff, .leaf_lg2 = 12,
	};
	struct invq_cmd cmd[VTD_RANGE_CMDS];

	KUNIT_ASSERT_EQ(test, 1, vtd_inv_range(cmd, &plain, 5, &range));
	expect_cmd(test, &cmd[0], 0x50032, 0x7fffffe000);
	range.leaf_only = true;
	KUNIT_ASSERT_EQ(test, 1, vtd_inv_range(cmd, &drains, 5, &range));
	expect_cmd(test, &cmd[0], 0x500f2, 0x7fffffe040);
}

/* 1 + 2 + 4 + 1 pages from an odd one: aligned blocks, exactly those pages. */
static void inval_blocks(struct kunit *test)
{
	struct ioflush_range range = {
		.start = 0x1000, .last = 0x8fff, .leaf_lg2 = 12,
		.leaf_only = true,
	};
	struct invq_cmd cmd[VTD_RANGE_CMDS];

	KUNIT_ASSERT_EQ(test, 4, vtd_inv_range(cmd, &plain, 1, &range));
	expect_cmd(test, &cmd[0], 0x10032, 0x1040);
	expect_cmd(test, &cmd[1], 0x10032, 0x2041);
	expect_cmd(test, &cmd[2], 0x10032, 0x4042);
	expect_cmd(test, &cmd[3], 0x10032, 0x8040);
}

/* A block of 2 MiB is one descriptor, and from address 0 on as well. */
static void inval_large(struct kunit *test)
{
	struct ioflush_range range = {
		.start = SZ_2M, .last = 2 * SZ_2M - 1, .leaf_lg2 = 21,
	};
	struct invq_cmd cmd[VTD_RANGE_CMDS];

	KUNIT_ASSERT_EQ(test, 1, vtd_inv_range(cmd, &plain, 1, &range));
	expect_cmd(test, &cmd[0], 0x10032, 0x200009);
	range.start = 0;
	range.last = SZ_2M - 1;
	KUNIT_ASSERT_EQ(test, 1, vtd_inv_range(cmd, &plain, 1, &range));
	expect_cmd(test, &cmd[0], 0x10032, 0x9);
}

/* CAP.MAMV bounds a block; more descriptors than allowed become none. */
static void inval_bounds(struct kunit *test)
{
	struct ioflush_range range = {
		.start = 0, .last = VTD_RANGE_CMDS * (u64)SZ_2M - 1,
		.leaf_lg2 = 21,
	};
	struct invq_cmd cmd[VTD_RANGE_CMDS];

	KUNIT_ASSERT_EQ(test, VTD_RANGE_CMDS,
			vtd_inv_range(cmd, &plain, 1, &range));
	expect_cmd(test, &cmd[VTD_RANGE_CMDS - 1], 0x10032,
		   (VTD_RANGE_CMDS - 1) * (u64)SZ_2M + 9);
	range.last += SZ_4K;
	KUNIT_EXPECT_EQ(test, 0, vtd_inv_range(cmd, &plain, 1, &range));
	/* The whole address space */
	range.last = ~0UL;
	KUNIT_EXPECT_EQ(test, 0, vtd_inv_range(cmd, &plain, 1, &range));
	/* Ragged at both ends: 1 + 2 + 4 + 8 + 16 and down again */
	range.start = 0x1000;
	range.last = 0x3efff;
	KUNIT_EXPECT_EQ(test, 10, vtd_inv_range(cmd, &plain, 1, &range));
}

static void inval_no_psi(struct kunit *test)
{
	const struct vtd_caps caps = { .mamv = 9 };
	struct ioflush_range range = { .start = 0, .last = SZ_4K - 1 };
	struct invq_cmd cmd[VTD_RANGE_CMDS];

	KUNIT_EXPECT_EQ(test, 0, vtd_inv_range(cmd, &caps, 1, &range));
}

/* Blocks of any range: aligned, in a row, first to last page, none beyond. */
static void inval_covers(struct kunit *test)
{
	struct invq_cmd cmd[VTD_RANGE_CMDS];

	for (u64 first = 0; first < 40; first++) {
		for (u64 pages = 1; pages < 40; pages++) {
			struct ioflush_range range = {
				.start = first * SZ_4K,
				.last = (first + pages) * SZ_4K - 1,
			};
			unsigned int n;
			u64 at = range.start;

			n = vtd_inv_range(cmd, &plain, 1, &range);
			KUNIT_ASSERT_GT(test, n, 0);
			for (unsigned int i = 0; i < n; i++) {
				u64 hi = le64_to_cpu(cmd[i].u64s[1]);
				u64 bytes = SZ_4K << (hi & 0x3f);

				KUNIT_ASSERT_EQ(test, at, hi & ~0xfffULL);
				KUNIT_ASSERT_EQ(test, 0, at & (bytes - 1));
				at += bytes;
			}
			KUNIT_ASSERT_EQ(test, at - 1, range.last);
		}
	}
}

/*
 * The registers that take the place of a queue. CCMD: ICC 63, CIRG 62:61, FM
 * 33:32, SID 31:16, DID 15:0. IOTLB: IVT 63, IIRG 61:60, DR 49, DW 48, DID
 * 47:32.
 */
static void inval_registers(struct kunit *test)
{
	struct invq_cmd cmd;

	vtd_inv_context(&cmd, VTD_GRAN_GLOBAL, 0, 0);
	KUNIT_EXPECT_EQ(test, vtd_reginv_ccmd(le64_to_cpu(cmd.u64s[0])),
			0xa000000000000000ULL);
	vtd_inv_context(&cmd, VTD_GRAN_LOCAL, 0x1234, 0x5678);
	KUNIT_EXPECT_EQ(test, vtd_reginv_ccmd(le64_to_cpu(cmd.u64s[0])),
			0xe000000056781234ULL);
	vtd_inv_iotlb(&cmd, &plain, VTD_GRAN_DOMAIN, 0x1234);
	KUNIT_EXPECT_EQ(test, vtd_reginv_iotlb(le64_to_cpu(cmd.u64s[0])),
			0xa000123400000000ULL);
	vtd_inv_iotlb(&cmd, &drains, VTD_GRAN_GLOBAL, 0);
	KUNIT_EXPECT_EQ(test, vtd_reginv_iotlb(le64_to_cpu(cmd.u64s[0])),
			0x9003000000000000ULL);
}

/*
 * Section 6.5.2.4: type 6, granularity 5:4 (10b all of a PASID, 11b pages of it), DID 31:16,
 * PASID 51:32; AM 5:0, IH 6, address 63:12. There is no DW, and no DR.
 */
static void inval_first(struct kunit *test)
{
	const struct vtd_caps drains_first = {
		.page_selective = true, .mamv = 9, .drain_read = true,
		.drain_write = true, .first_stage = true,
	};
	const struct vtd_caps no_psi = { .mamv = 9 };
	struct ioflush_range range = {
		.start = 0x7fffffffe000, .last = 0x7fffffffefff, .leaf_lg2 = 12,
	};
	struct invq_cmd cmd[VTD_RANGE_CMDS];

	vtd_inv_pasid_iotlb(cmd, 0xabcd);
	expect_cmd(test, cmd, 0xabcd0026, 0);
	KUNIT_ASSERT_EQ(test, 1, vtd_inv_pasid_range(cmd, &drains_first, 5, &range));
	expect_cmd(test, cmd, 0x50036, 0x7fffffffe000);
	range.leaf_only = true;
	KUNIT_ASSERT_EQ(test, 1, vtd_inv_pasid_range(cmd, &drains_first, 5, &range));
	expect_cmd(test, cmd, 0x50036, 0x7fffffffe040);
	range.start = 0x1000;
	range.last = 0x3fff;
	KUNIT_ASSERT_EQ(test, 2, vtd_inv_pasid_range(cmd, &drains_first, 0xffff, &range));
	expect_cmd(test, &cmd[0], 0xffff0036, 0x1040);
	expect_cmd(test, &cmd[1], 0xffff0036, 0x2041);
	KUNIT_EXPECT_EQ(test, 0, vtd_inv_pasid_range(cmd, &no_psi, 5, &range));
	/* Of a domain, by what the unit walks */
	vtd_inv_domain(cmd, &drains, 0x1234);
	expect_cmd(test, cmd, 0x123400e2, 0);
	vtd_inv_domain(cmd, &drains_first, 0x1234);
	expect_cmd(test, cmd, 0x12340026, 0);
}

static struct kunit_case inval_cases[] = {
	KUNIT_CASE(inval_context),
	KUNIT_CASE(inval_pasid),
	KUNIT_CASE(inval_iotlb),
	KUNIT_CASE(inval_device),
	KUNIT_CASE(inval_device_covers),
	KUNIT_CASE(inval_wait),
	KUNIT_CASE(inval_page),
	KUNIT_CASE(inval_blocks),
	KUNIT_CASE(inval_large),
	KUNIT_CASE(inval_bounds),
	KUNIT_CASE(inval_no_psi),
	KUNIT_CASE(inval_covers),
	KUNIT_CASE(inval_first),
	KUNIT_CASE(inval_registers),
	{}
};

static struct kunit_suite inval_suite = {
	.name = "ioflush_vtd_inval",
	.test_cases = inval_cases,
};

kunit_test_suite(inval_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d invalidation descriptors");
MODULE_LICENSE("GPL");
