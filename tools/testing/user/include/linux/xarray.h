/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: an array with an entry for every unsigned long
 */
#ifndef _USER_LINUX_XARRAY_H
#define _USER_LINUX_XARRAY_H

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mutex.h>

struct user_xa_node;

/**
 * struct xarray - a tree of nodes of 64 slots
 * @lock: for all of it, readers too
 * @root: the top, NULL while empty
 * @shift: what an index is shifted right by to choose a slot of @root
 */
struct xarray {
	struct mutex lock;
	struct user_xa_node *root;
	unsigned int shift;
};

#define DEFINE_XARRAY(name)						\
	struct xarray name = { .lock = USER_MUTEX_INIT }

void xa_init(struct xarray *xa);
void *xa_load(struct xarray *xa, unsigned long index);
/* What was there before, or an error for which xa_is_err() holds. */
void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
int xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *xa_erase(struct xarray *xa, unsigned long index);
void xa_destroy(struct xarray *xa);
bool xa_empty(const struct xarray *xa);
/* The first entry from *index to max, whose index is stored there. */
void *user_xa_find(struct xarray *xa, unsigned long *index, unsigned long max);

static inline void *xa_mk_value(unsigned long v)
{
	return (void *)(v << 1 | 1);
}

static inline unsigned long xa_to_value(const void *entry)
{
	return (unsigned long)entry >> 1;
}

static inline bool xa_is_value(const void *entry)
{
	return (unsigned long)entry & 1;
}

/* Marked as no pointer and no value is. */
static inline void *user_xa_error(int err)
{
	return (void *)((unsigned long)(long)err << 2 | 2);
}

static inline bool xa_is_err(const void *entry)
{
	return ((unsigned long)entry & 3) == 2;
}

static inline int xa_err(void *entry)
{
	return xa_is_err(entry) ? (long)entry >> 2 : 0;
}

#define XA_PRESENT	0
#define xa_find(xa, indexp, max, filter)				\
	user_xa_find(xa, indexp, max)
#define xa_for_each_range(xa, index, entry, start, last)		\
	for ((index) = (start),						\
	     (entry) = user_xa_find(xa, &(index), last);		\
	     (entry);							\
	     (entry) = (index)++ == (last) ? NULL :			\
		       user_xa_find(xa, &(index), last))
#define xa_for_each_start(xa, index, entry, start)			\
	xa_for_each_range(xa, index, entry, start, ~0UL)
#define xa_for_each(xa, index, entry)					\
	xa_for_each_start(xa, index, entry, 0UL)

#endif /* _USER_LINUX_XARRAY_H */
