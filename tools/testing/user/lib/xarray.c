// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: an array with an entry for every unsigned long
 *
 * A tree of nodes that grows at the top when an index needs more bits. Nodes
 * stay until the array is destroyed, empty or not.
 */
#include <stdlib.h>

#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/xarray.h>

#define SLOT_BITS	6
#define SLOTS		64

struct user_xa_node {
	void *slot[SLOTS];
};

void xa_init(struct xarray *xa)
{
	*xa = (struct xarray){};
	mutex_init(&xa->lock);
}

/* Does the tree have enough levels for this index? */
static bool reaches(const struct xarray *xa, unsigned long index)
{
	return xa->root && (xa->shift + SLOT_BITS >= BITS_PER_LONG ||
			    !(index >> (xa->shift + SLOT_BITS)));
}

static struct user_xa_node *new_node(void)
{
	struct user_xa_node *node = calloc(1, sizeof(*node));

	if (!node)
		user_die("no memory\n");
	return node;
}

static void grow(struct xarray *xa, unsigned long index)
{
	if (!xa->root)
		xa->root = new_node();
	while (!reaches(xa, index)) {
		struct user_xa_node *top = new_node();

		top->slot[0] = xa->root;
		xa->root = top;
		xa->shift += SLOT_BITS;
	}
}

/* The slot of an index, or NULL; with @make it is made. */
static void **find_slot(struct xarray *xa, unsigned long index, bool make)
{
	unsigned int shift = xa->shift;
	struct user_xa_node *node = xa->root;
	void **slot;

	for (;; shift -= SLOT_BITS) {
		slot = &node->slot[index >> shift & (SLOTS - 1)];
		if (!shift)
			return slot;
		if (!*slot && !make)
			return NULL;
		if (!*slot)
			*slot = new_node();
		node = *slot;
	}
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	void **slot, *entry = NULL;

	mutex_lock(&xa->lock);
	if (reaches(xa, index)) {
		slot = find_slot(xa, index, false);
		entry = slot ? *slot : NULL;
	}
	mutex_unlock(&xa->lock);
	return entry;
}

void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	void **slot, *old;

	mutex_lock(&xa->lock);
	grow(xa, index);
	slot = find_slot(xa, index, true);
	old = *slot;
	*slot = entry;
	mutex_unlock(&xa->lock);
	return old;
}

int xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	if (xa_load(xa, index))
		return -EBUSY;
	xa_store(xa, index, entry, gfp);
	return 0;
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	void **slot, *old = NULL;

	mutex_lock(&xa->lock);
	slot = reaches(xa, index) ? find_slot(xa, index, false) : NULL;
	if (slot) {
		old = *slot;
		*slot = NULL;
	}
	mutex_unlock(&xa->lock);
	return old;
}

/* The first entry from *@index on below a node whose first index is @base. */
static void *first_below(const struct user_xa_node *node, unsigned int shift,
			 unsigned long base, unsigned long *index)
{
	unsigned int i = *index > base ? (*index - base) >> shift : 0;
	void *entry;

	for (; i < SLOTS; i++) {
		unsigned long start = base + ((unsigned long)i << shift);

		if (!node->slot[i])
			continue;
		if (!shift) {
			*index = start;
			return node->slot[i];
		}
		entry = first_below(node->slot[i], shift - SLOT_BITS, start,
				    index);
		if (entry)
			return entry;
	}
	return NULL;
}

void *user_xa_find(struct xarray *xa, unsigned long *index, unsigned long max)
{
	unsigned long at = *index;
	void *entry = NULL;

	mutex_lock(&xa->lock);
	if (reaches(xa, at))
		entry = first_below(xa->root, xa->shift, 0, &at);
	mutex_unlock(&xa->lock);
	if (!entry || at > max)
		return NULL;
	*index = at;
	return entry;
}

bool xa_empty(const struct xarray *xa)
{
	unsigned long index = 0;

	return !user_xa_find((struct xarray *)xa, &index, ~0UL);
}

static void free_below(struct user_xa_node *node, unsigned int shift)
{
	unsigned int i;

	if (!node)
		return;
	for (i = 0; shift && i < SLOTS; i++)
		free_below(node->slot[i], shift - SLOT_BITS);
	free(node);
}

void xa_destroy(struct xarray *xa)
{
	free_below(xa->root, xa->shift);
	xa->root = NULL;
	xa->shift = 0;
}
