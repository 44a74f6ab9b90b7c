// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a page table has to be like, for tests to compare with
 *
 * An oracle keeps the leaves of a table in one XArray and its tables in another
 * one a level, and knows of shapes only what struct iopgt_kunit_format says. It
 * does to them what each operation promises, so it also says what that has to
 * return, to gather and to allocate.
 */
#include "test_oracle.h"

/**
 * iopgt_oracle_init() - speak of an empty table
 * @o: the oracle
 * @k: the table
 *
 * Context: any context.
 */
void iopgt_oracle_init(struct iopgt_oracle *o, struct iopgt_kunit *k)
{
	unsigned int level;

	*o = (struct iopgt_oracle){ .k = k, .live = 1 };
	xa_init(&o->leaf);
	for (level = 0; level < IOPGT_KUNIT_LEVELS; level++)
		xa_init(&o->table[level]);
}

/**
 * iopgt_oracle_destroy() - free what an oracle holds
 * @o: the oracle
 *
 * Context: any context.
 */
void iopgt_oracle_destroy(struct iopgt_oracle *o)
{
	unsigned int level;

	xa_destroy(&o->leaf);
	for (level = 0; level < IOPGT_KUNIT_LEVELS; level++)
		xa_destroy(&o->table[level]);
}

static unsigned int lg2_of(struct iopgt_oracle *o, unsigned int level)
{
	return iopgt_kunit_lg2(o->k, level);
}

/* The level whose entries a leaf is made of, one or several. */
static unsigned int level_of(struct iopgt_oracle *o, u8 lg2)
{
	unsigned int level = 0;

	while (level + 1 < o->k->f->leaf_levels && lg2 >= lg2_of(o, level + 1))
		level++;
	return level;
}

static unsigned long granule_of(struct iopgt_oracle *o, unsigned long iova)
{
	return iova >> o->k->f->granule_lg2;
}

static unsigned long last_of(unsigned long iova, u8 lg2)
{
	return iova + (BIT(lg2) - 1);
}

/* A leaf as a value of an XArray, by the granule it begins at. */
static void leaf_read(struct iopgt_oracle *o, unsigned long granule,
		      unsigned long value, struct iopgt_oracle_leaf *leaf)
{
	leaf->iova = granule << o->k->f->granule_lg2;
	leaf->dirty = value & 1;
	leaf->prot = value >> 1 & 3;
	leaf->lg2 = value >> 3 & 63;
	leaf->paddr = (phys_addr_t)(value >> 9) << o->k->f->granule_lg2;
}

/**
 * iopgt_oracle_put() - have a leaf, in place of one that began there
 * @o: the oracle
 * @leaf: the leaf
 *
 * Context: may sleep.
 */
void iopgt_oracle_put(struct iopgt_oracle *o,
		      const struct iopgt_oracle_leaf *leaf)
{
	unsigned long value = leaf->paddr >> o->k->f->granule_lg2;

	value = value << 6 | leaf->lg2;
	value = value << 2 | (leaf->prot & IOPGT_RW);
	value = value << 1 | leaf->dirty;
	KUNIT_ASSERT_FALSE(o->k->test,
			   xa_is_err(xa_store(&o->leaf,
					      granule_of(o, leaf->iova),
					      xa_mk_value(value),
					      GFP_KERNEL)));
}

/**
 * iopgt_oracle_find() - which leaf translates an address?
 * @o: the oracle
 * @iova: the address
 * @leaf: set to it
 *
 * Context: any context.
 * Return: false if there is none.
 */
bool iopgt_oracle_find(struct iopgt_oracle *o, unsigned long iova,
		       struct iopgt_oracle_leaf *leaf)
{
	unsigned long sizes = o->k->pgt.cfg.pgsize_bitmap;
	unsigned int lg2;

	for_each_set_bit(lg2, &sizes, BITS_PER_LONG) {
		unsigned long granule = granule_of(o, iova & ~(BIT(lg2) - 1));
		void *entry = xa_load(&o->leaf, granule);

		if (!entry)
			continue;
		leaf_read(o, granule, xa_to_value(entry), leaf);
		if (leaf->lg2 >= lg2)
			return true;
	}
	return false;
}

/**
 * iopgt_oracle_next() - the first leaf that translates any of a range
 * @o: the oracle
 * @iova: first address of the range
 * @last: its last address
 * @leaf: set to it
 *
 * Context: any context.
 * Return: false if there is none.
 */
bool iopgt_oracle_next(struct iopgt_oracle *o, unsigned long iova,
		       unsigned long last, struct iopgt_oracle_leaf *leaf)
{
	unsigned long granule = granule_of(o, iova);
	void *entry;

	if (iopgt_oracle_find(o, iova, leaf))
		return true;
	entry = xa_find(&o->leaf, &granule, granule_of(o, last), XA_PRESENT);
	if (entry)
		leaf_read(o, granule, xa_to_value(entry), leaf);
	return entry;
}

/* The leaf at an address, if its entries are not below @level. */
static bool oracle_leaf_at(struct iopgt_oracle *o, unsigned long iova,
			   unsigned int level)
{
	struct iopgt_oracle_leaf leaf;

	return iopgt_oracle_find(o, iova, &leaf) &&
	       leaf.lg2 >= lg2_of(o, level);
}

/**
 * iopgt_oracle_table() - is there a table?
 * @o: the oracle
 * @iova: an address that it translates
 * @level: its level, below the root's
 *
 * Context: any context.
 * Return: whether there is.
 */
bool iopgt_oracle_table(struct iopgt_oracle *o, unsigned long iova,
			unsigned int level)
{
	return xa_load(&o->table[level], iova >> lg2_of(o, level + 1));
}

/* A new table, unless its allocation fails. */
static int oracle_add_table(struct iopgt_oracle *o, unsigned long iova,
			    unsigned int level)
{
	if (o->fail && !--o->fail)
		return -ENOMEM;
	KUNIT_ASSERT_FALSE(o->k->test,
			   xa_is_err(xa_store(&o->table[level],
					      iova >> lg2_of(o, level + 1),
					      xa_mk_value(1), GFP_KERNEL)));
	o->live++;
	return 0;
}

/* Lose all tables below @level that lie in a range; returns how many. */
static unsigned int oracle_drop_tables(struct iopgt_oracle *o,
				       unsigned long iova, unsigned long last,
				       unsigned int level)
{
	unsigned int gone = 0;

	while (level--) {
		unsigned int lg2 = lg2_of(o, level + 1);
		unsigned long i = iova >> lg2;

		/* The first and the last one may reach out of the range. */
		i += !!(iova & (BIT(lg2) - 1));
		while (xa_find(&o->table[level], &i, last >> lg2,
			       XA_PRESENT) &&
		       last_of(i << lg2, lg2) <= last) {
			xa_erase(&o->table[level], i);
			gone++;
		}
	}
	o->live -= gone;
	return gone;
}

/* All tables on the way down to @level. */
static int oracle_path(struct iopgt_oracle *o, unsigned long iova,
		       unsigned int level)
{
	unsigned int l;
	int ret = 0;

	for (l = o->k->f->levels - 1; l-- > level && !ret;) {
		if (oracle_leaf_at(o, iova, l + 1))
			return -EEXIST;
		if (!iopgt_oracle_table(o, iova, l))
			ret = oracle_add_table(o, iova, l);
	}
	return ret;
}

/* Is there room for a leaf? Empty tables go, one entry after the other. */
static int oracle_room(struct iopgt_oracle *o, unsigned long iova, u8 lg2,
		       unsigned int level)
{
	unsigned long last = last_of(iova, lg2), step = BIT(lg2_of(o, level));
	struct iopgt_oracle_leaf leaf;
	unsigned long at;

	for (at = iova; at - iova <= last - iova; at += step) {
		if (oracle_leaf_at(o, at, level))
			return -EEXIST;
		if (!level || !iopgt_oracle_table(o, at, level - 1))
			continue;
		if (iopgt_oracle_next(o, at, at + step - 1, &leaf))
			return -EEXIST;
		oracle_drop_tables(o, at, at + step - 1, level);
		o->invalidations++;
	}
	return 0;
}

/**
 * iopgt_oracle_map() - iopgt_map_pages() with good arguments
 * @o: the oracle
 * @iova: see iopgt_map_pages(), as all that follow
 * @paddr: output address
 * @pgsize: leaf size
 * @pgcount: number of leaves
 * @prot: permissions
 * @mapped: raised by the bytes mapped
 *
 * Context: may sleep.
 * Return: what iopgt_map_pages() has to return.
 */
int iopgt_oracle_map(struct iopgt_oracle *o, unsigned long iova,
		     phys_addr_t paddr, size_t pgsize, size_t pgcount,
		     int prot, size_t *mapped)
{
	struct iopgt_oracle_leaf leaf = {
		.iova = iova,
		.paddr = paddr,
		.lg2 = __ffs(pgsize),
		.prot = prot,
	};
	unsigned int level = level_of(o, leaf.lg2);
	int ret;

	while (pgcount--) {
		ret = oracle_path(o, leaf.iova, level);
		if (!ret)
			ret = oracle_room(o, leaf.iova, leaf.lg2, level);
		if (ret)
			return ret;
		iopgt_oracle_put(o, &leaf);
		leaf.iova += pgsize;
		leaf.paddr += pgsize;
		*mapped += pgsize;
	}
	return 0;
}

/* Replace a leaf by its pieces. */
static void oracle_split(struct iopgt_oracle *o, struct iopgt_oracle_leaf leaf,
			 u8 lg2)
{
	unsigned long n = BIT(leaf.lg2 - lg2);

	leaf.lg2 = lg2;
	while (n--) {
		iopgt_oracle_put(o, &leaf);
		leaf.iova += BIT(lg2);
		leaf.paddr += BIT(lg2);
	}
}

/* How many levels of tables it takes to have a boundary inside of an entry. */
static unsigned int oracle_cut_depth(struct iopgt_oracle *o,
				     unsigned long iova, unsigned int level)
{
	unsigned int depth = 0;

	while (level > depth && iova & (BIT(lg2_of(o, level - depth)) - 1))
		depth++;
	return depth;
}

/**
 * iopgt_oracle_cut() - iopgt_cut()
 * @o: the oracle
 * @iova: the address that becomes a boundary
 *
 * Context: may sleep.
 * Return: what iopgt_cut() has to return.
 */
int iopgt_oracle_cut(struct iopgt_oracle *o, unsigned long iova)
{
	struct iopgt_oracle_leaf leaf;
	unsigned int level, depth;

	if (!iopgt_oracle_find(o, iova, &leaf) || leaf.iova == iova)
		return 0;
	level = level_of(o, leaf.lg2);
	depth = oracle_cut_depth(o, iova, level);
	/* All or nothing. */
	if (o->fail && o->fail <= depth) {
		o->fail = 0;
		return -ENOMEM;
	}

	/* A run becomes single entries first, also if one is cut further. */
	oracle_split(o, leaf, lg2_of(o, level));
	while (depth--) {
		oracle_add_table(o, iova, --level);
		iopgt_oracle_find(o, iova, &leaf);
		oracle_split(o, leaf, lg2_of(o, level));
	}
	o->invalidations++;
	return 0;
}

/* Leaves that follow each other and have one size are one range. */
static void oracle_gather(struct iopgt_oracle_gather *gather,
			  const struct iopgt_oracle_leaf *leaf)
{
	const struct iopgt_range range = {
		.start = leaf->iova,
		.last = last_of(leaf->iova, leaf->lg2),
		.leaf_lg2 = leaf->lg2,
	};
	struct iopgt_range *r;

	if (!gather->nr) {
		gather->range[gather->nr++] = range;
		return;
	}
	r = &gather->range[gather->nr - 1];
	if (r->leaf_lg2 == leaf->lg2 || gather->nr == IOPGT_GATHER_RANGES) {
		/* Where there is no room the last one is for all the rest. */
		r->last = range.last;
		r->leaf_lg2 = min(r->leaf_lg2, leaf->lg2);
	} else {
		gather->range[gather->nr++] = range;
	}
}

/**
 * iopgt_oracle_unmap() - iopgt_unmap_pages() with good arguments
 * @o: the oracle
 * @iova: first address
 * @size: bytes
 * @gather: what has to be gathered
 *
 * Context: may sleep.
 * Return: what iopgt_unmap_pages() has to return.
 */
size_t iopgt_oracle_unmap(struct iopgt_oracle *o, unsigned long iova,
			  size_t size, struct iopgt_oracle_gather *gather)
{
	unsigned long last = iova + size - 1;
	struct iopgt_oracle_leaf leaf;
	size_t done = 0;

	*gather = (struct iopgt_oracle_gather){};
	while (done < size && iopgt_oracle_find(o, iova + done, &leaf)) {
		if (leaf.iova != iova + done ||
		    last_of(leaf.iova, leaf.lg2) > last) {
			if (iopgt_oracle_cut(o, iova + done))
				break;
			if (last != iopgt_kunit_last(o->k) &&
			    iopgt_oracle_cut(o, last + 1))
				break;
			continue;
		}
		xa_erase(&o->leaf, granule_of(o, leaf.iova));
		oracle_gather(gather, &leaf);
		done += BIT(leaf.lg2);
	}
	if (done)
		gather->tables = oracle_drop_tables(o, iova, iova + done - 1,
						    o->k->f->levels - 1);
	return done;
}

/*
 * A block is made of a full table, a run of entries of its own level; and those
 * may be runs themselves.
 */
static bool oracle_goes_into(struct iopgt_oracle *o, u8 from, u8 to)
{
	unsigned int level = level_of(o, to);

	if (to == lg2_of(o, level))
		level--;
	return from < to && from >= lg2_of(o, level);
}

/**
 * iopgt_oracle_collapse() - iopgt_collapse() with good arguments
 * @o: the oracle
 * @iova: first address of the leaf to be
 * @size: its size
 *
 * Context: may sleep.
 * Return: what iopgt_collapse() has to return.
 */
int iopgt_oracle_collapse(struct iopgt_oracle *o, unsigned long iova,
			  size_t size)
{
	struct iopgt_oracle_leaf leaf, whole = {};
	const u8 lg2 = __ffs(size);
	unsigned int level = level_of(o, lg2);
	unsigned long at;

	if (iopgt_oracle_find(o, iova, &leaf) && leaf.lg2 >= lg2)
		return 0;
	for (at = 0; at < size; at += BIT(leaf.lg2)) {
		if (!iopgt_oracle_find(o, iova + at, &leaf) ||
		    !oracle_goes_into(o, leaf.lg2, lg2))
			return -EINVAL;
		if (!at) {
			whole = leaf;
			whole.lg2 = lg2;
		}
		if (leaf.paddr != whole.paddr + at || leaf.prot != whole.prot)
			return -EINVAL;
		whole.dirty |= leaf.dirty;
	}
	if (whole.paddr & (size - 1))
		return -EINVAL;

	while (iopgt_oracle_next(o, iova, iova + (size - 1), &leaf))
		xa_erase(&o->leaf, granule_of(o, leaf.iova));
	iopgt_oracle_put(o, &whole);
	if (lg2 == lg2_of(o, level))
		oracle_drop_tables(o, iova, iova + (size - 1), level);
	o->invalidations++;
	return 0;
}
