/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ioflush_pgbench: what it measures
 */
#ifndef _PGBENCH_H
#define _PGBENCH_H

#include <linux/types.h>

struct device;

/**
 * struct pgbench_target - one page table that can be measured
 * @format: which entries it has
 * @stack: whose code works on it; "booted" where the command line chooses
 * @open: make an empty one; -ENODEV where this kernel or machine has none
 * @close: drop it
 * @map: map @count pages of @pgsize; 0 or an error
 * @unmap: the opposite; true if all was unmapped
 * @to_phys: what an address translates to
 * @track: have hardware record writes from now on; last, as it changes entries
 * @scan: look which pages were written, and forget that; 0 or an error
 *
 * The last two are NULL where there is no such thing. One target is open at a
 * time, and what belongs to it is kept by the file that has it.
 */
struct pgbench_target {
	const char *format;
	const char *stack;
	int (*open)(const struct pgbench_target *target);
	void (*close)(void);
	int (*map)(unsigned long iova, phys_addr_t paddr, size_t pgsize,
		   size_t count);
	bool (*unmap)(unsigned long iova, size_t pgsize, size_t count);
	phys_addr_t (*to_phys)(unsigned long iova);
	int (*track)(void);
	int (*scan)(unsigned long iova, size_t bytes);
};

/* Lists that end with an entry without a format. */
extern const struct pgbench_target pgbench_ours[];
extern const struct pgbench_target pgbench_arm[];
extern const struct pgbench_target pgbench_domain[];

int pgbench_storm(u64 what);
void pgbench_storm_close(void);

int pgbench_domain_register(void);
void pgbench_domain_unregister(void);

#endif /* _PGBENCH_H */
