/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: memory in pieces
 */
#ifndef _USER_LINUX_SCATTERLIST_H
#define _USER_LINUX_SCATTERLIST_H

#include <linux/types.h>

/**
 * struct scatterlist - a piece
 * @buf: where it is
 * @bytes: how much
 */
struct scatterlist {
	void *buf;
	unsigned int bytes;
};

static inline void sg_init_one(struct scatterlist *sg, void *buf,
			       unsigned int bytes)
{
	*sg = (struct scatterlist) { .buf = buf, .bytes = bytes };
}

#endif /* _USER_LINUX_SCATTERLIST_H */
