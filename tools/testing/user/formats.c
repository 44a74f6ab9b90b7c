// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: the formats that the programs run through
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/gfp.h>
#include <linux/sizes.h>

#include "formats.h"

/* Every size that a format has; hitless, and not coherent, now and then. */
#define CONFIG(ias, oas, sizes, coherent, no_faults) {			\
		.ias_bits = (ias),					\
		.oas_bits = (oas),					\
		.pgsize_bitmap = ~((sizes) - 1UL),			\
		.coherent_walk = (coherent),				\
		.hitless = (no_faults),					\
		.hw_dirty = true,					\
		.nid = NUMA_NO_NODE,					\
	}
#define FORMAT(id, format, ias, oas, granule, idx, coherent, hitless) {\
		.name = id,						\
		.ops = &iopgt_##format##_ops,				\
		.cfg = CONFIG(ias, oas, 1UL << (granule), coherent,	\
			      hitless),					\
		.granule_lg2 = (granule),				\
		.idx_lg2 = (idx),					\
	}

const struct user_format user_formats[] = {
	FORMAT("vtdss-4", vtdss, 48, 46, 12, 9, true, false),
	FORMAT("vtdss-3", vtdss, 39, 39, 12, 9, false, false),
	FORMAT("vtdss-5", vtdss, 57, 52, 12, 9, true, true),
	FORMAT("x86_64-4", x86_64, 47, 46, 12, 9, true, false),
	FORMAT("x86_64-5", x86_64, 56, 52, 12, 9, false, true),
	FORMAT("arm-s1-4k", arm_s1, 48, 48, 12, 9, true, false),
	FORMAT("arm-s1-16k", arm_s1, 47, 40, 14, 11, false, false),
	FORMAT("arm-s1-64k", arm_s1, 52, 52, 16, 13, true, true),
	FORMAT("arm-s2-4k", arm_s2, 40, 44, 12, 9, true, true),
	FORMAT("arm-s2-16k", arm_s2, 40, 40, 14, 11, true, false),
	FORMAT("arm-s2-64k", arm_s2, 42, 48, 16, 13, false, false),
	FORMAT("amdv1-4", amdv1, 48, 48, 12, 9, true, false),
	FORMAT("amdv1-6", amdv1, 64, 52, 12, 9, true, true),
	FORMAT("riscv-39", riscv, 38, 44, 12, 9, true, false),
	FORMAT("riscv-48", riscv, 47, 56, 12, 9, false, true),
	FORMAT("riscv-57", riscv, 56, 50, 12, 9, true, false),
	{}
};

const struct user_format *user_format(const char *name)
{
	const struct user_format *f;

	for (f = user_formats; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	fprintf(stderr, "format %s is not known; choose one of:", name);
	for (f = user_formats; f->name; f++)
		fprintf(stderr, " %s", f->name);
	fprintf(stderr, "\n");
	exit(2);
}
