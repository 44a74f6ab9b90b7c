/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what the files of cliff share
 */
#ifndef _USER_CLIFF_H
#define _USER_CLIFF_H

#include <stdio.h>

#include <linux/types.h>

/* Basic blocks that have run so far. */
extern unsigned long cliff_blocks;

struct mapping {
	dma_addr_t iova;
	u32 pages;
};

/* cliff_flat.c */
void cliff_flat_usage(FILE *to);
bool cliff_flat(const char *only);

#endif /* _USER_CLIFF_H */
