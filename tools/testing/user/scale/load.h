/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: what is looked at: a way to map and to unmap
 */
#ifndef _SCALE_LOAD_H
#define _SCALE_LOAD_H

#include <linux/types.h>

#define LOAD_BYTES	4096UL
/* What ours promises in lazy mode. */
#define LOAD_WINDOW_US	2000

/**
 * struct stack - a way to map and to unmap, of which there is one in a process
 * @name: what users call it
 * @what: for the report
 * @model: written from a description, not the code itself
 * @lazy: an unmap does not wait
 * @ms: how long it is usually looked at
 * @warm: unmaps of a CPU before that
 * @setup: before the CPUs run; takes no time
 * @map: returns an address
 * @unmap: gives it back
 */
struct stack {
	const char *name;
	const char *what;
	bool model;
	bool lazy;
	unsigned int ms;
	unsigned int warm;
	void (*setup)(void);
	u64 (*map)(void);
	void (*unmap)(u64 iova);
};

extern const struct stack stack_invq;
extern const struct stack stack_strict;
extern const struct stack stack_lazy;
extern const struct stack stack_lazy_many;
extern const struct stack stack_smmu;
extern const struct stack stack_vtd;
extern const struct stack stack_fq_smmu;
extern const struct stack stack_fq_vtd;
extern const struct stack stack_strict_locked;
extern const struct stack stack_lazy_locked;
extern const struct stack stack_lazy_late;
extern const struct stack stack_many_short;

/* An address for those that look at a queue alone: a page for each CPU. */
u64 load_page(void);

#endif /* _SCALE_LOAD_H */
