/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: who gives memory back when it is short
 */
#ifndef _USER_LINUX_SHRINKER_H
#define _USER_LINUX_SHRINKER_H

#include <linux/slab.h>

#define SHRINK_STOP	(~0UL)
#define SHRINK_EMPTY	(~0UL - 1)
#define DEFAULT_SEEKS	2

struct shrink_control {
	unsigned long nr_to_scan;
};

struct shrinker {
	unsigned long (*count_objects)(struct shrinker *shrinker,
				       struct shrink_control *sc);
	unsigned long (*scan_objects)(struct shrinker *shrinker,
				      struct shrink_control *sc);
	int seeks;
	void *private_data;
};

/* Memory is short when the program says, to whom it likes. */
#define shrinker_alloc(flags, name) kzalloc(sizeof(struct shrinker), GFP_KERNEL)
#define shrinker_register(s)	((void)(s))
#define shrinker_free(s)	kfree(s)

#endif /* _USER_LINUX_SHRINKER_H */
