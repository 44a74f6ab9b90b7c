// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for maps of scattered memory
 *
 * A list has to do what one map for each of its pieces does, with as many tables.
 */
#include "test_snap.h"

#define LIST_MAX	8

/**
 * struct list_test - some pieces, as a test has laid them out
 * @k: the table that they are mapped in
 * @iova: where the first one goes
 * @mark: 0 or IOPGT_MARK
 * @n: how many
 * @pages: in all of them
 * @piece: the pieces, none a neighbour of the one before
 */
struct list_test {
	struct iopgt_kunit *k;
	unsigned long iova;
	int mark;
	unsigned int n;
	size_t pages;
	struct iopgt_piece piece[LIST_MAX];
};

static void list_piece(struct list_test *l, size_t pages)
{
	const unsigned long page = iopgt_kunit_size(l->k, 0);

	l->piece[l->n].paddr = l->k->out + (l->pages + 3 * l->n) * page;
	l->piece[l->n].pages = pages;
	l->n++;
	l->pages += pages;
}

static int list_try(const struct list_test *l, size_t *mapped)
{
	*mapped = 0;
	return iopgt_map_list(&l->k->pgt, l->iova, l->piece, l->n,
			      IOPGT_RW | l->mark, GFP_KERNEL, mapped);
}

/* What hardware finds for the first @pages of a list, and behind them nothing. */
static void list_expect(const struct list_test *l, size_t pages)
{
	const unsigned long page = iopgt_kunit_size(l->k, 0);
	unsigned long iova = l->iova;

	for (unsigned int i = 0; i < l->n; i++) {
		for (size_t j = 0; j < l->piece[i].pages; j++) {
			bool there = pages && pages--;

			iopgt_kunit_expect(l->k, iova,
					   l->piece[i].paddr + j * page,
					   there ? l->k->f->granule_lg2 : 0);
			iova += page;
		}
	}
	iopgt_kunit_expect(l->k, iova, 0, 0);
}

/* One map a piece, in a table like that of the list; has to make as many tables. */
static void list_as_plain(const struct list_test *l)
{
	struct iopgt_kunit *plain = iopgt_kunit_param(l->k->test);
	const unsigned long page = iopgt_kunit_size(plain, 0);
	unsigned long iova = l->iova;

	for (unsigned int i = 0; i < l->n; i++) {
		iopgt_kunit_map(plain, iova, l->piece[i].paddr, page,
				l->piece[i].pages);
		iova += l->piece[i].pages * page;
	}
	KUNIT_EXPECT_EQ(l->k->test, iopgt_kunit_live(l->k),
			iopgt_kunit_live(plain));
}

/* Some pieces around the end of a table, the longest across it and into a third. */
static struct list_test list_around(struct iopgt_kunit *k)
{
	const size_t table = iopgt_kunit_size(k, 1) / iopgt_kunit_size(k, 0);
	struct list_test l = {
		.k = k,
		.iova = 2 * iopgt_kunit_size(k, 1) - 9 * iopgt_kunit_size(k, 0),
	};

	list_piece(&l, 1);
	list_piece(&l, 5);
	list_piece(&l, 2);
	list_piece(&l, 1 + table + 2);
	list_piece(&l, 1);
	list_piece(&l, 4);
	return l;
}

static void list_test_tables(struct kunit *test)
{
	struct list_test l = list_around(iopgt_kunit_param(test));
	const unsigned long page = iopgt_kunit_size(l.k, 0);
	size_t mapped;

	/* Once with tables to be made, and once with those that the first left. */
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, list_try(&l, &mapped), 0);
		KUNIT_EXPECT_EQ(test, mapped, l.pages * page);
		list_expect(&l, l.pages);
		list_as_plain(&l);
		for (size_t done = 0; done < l.pages; done++)
			iopgt_kunit_unmap(l.k, l.iova + done * page, page);
		list_expect(&l, 0);
	}
}

/* The caches of a walker that does not snoop: all that was written gets there. */
static void list_test_noncoherent(struct kunit *test)
{
	struct list_test l = list_around(iopgt_kunit_noncoherent(test));
	const unsigned long page = iopgt_kunit_size(l.k, 0);
	size_t mapped;
	int syncs;

	KUNIT_ASSERT_EQ(test, list_try(&l, &mapped), 0);
	list_expect(&l, l.pages);
	for (size_t done = 0; done < l.pages; done++)
		iopgt_kunit_unmap(l.k, l.iova + done * page, page);

	/* Of one table all at once. */
	l.n = 3;
	l.pages = 8;
	syncs = atomic_read(&l.k->syncs);
	KUNIT_ASSERT_EQ(test, list_try(&l, &mapped), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&l.k->syncs), syncs + 1);
	list_expect(&l, l.pages);
}

/* What is mapped already ends a list, on the short way and on the long one. */
static void list_test_exists(struct kunit *test)
{
	const struct list_test all = list_around(iopgt_kunit_param(test));

	/* In each piece; the long one at both of its ends. */
	for (size_t at = 0; at < all.pages; at += at == 14 ? all.pages - 22 : 1) {
		struct list_test l = list_around(iopgt_kunit_noncoherent(test));
		const unsigned long page = iopgt_kunit_size(l.k, 0);
		size_t mapped;

		iopgt_kunit_map(l.k, l.iova + at * page, 0, page, 1);
		KUNIT_EXPECT_EQ(test, list_try(&l, &mapped), -EEXIST);
		KUNIT_EXPECT_EQ(test, mapped, at * page);
		iopgt_kunit_expect(l.k, l.iova + at * page, 0,
				   l.k->f->granule_lg2);
		KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(l.k, l.iova + at * page,
							page), page);
		list_expect(&l, at);
	}
}

/* A list whose third piece, or all of it, cannot be: nothing of that is mapped. */
static void list_refused(struct list_test *l, int want)
{
	const size_t good = (l->piece[0].pages + l->piece[1].pages) *
			    iopgt_kunit_size(l->k, 0);
	size_t mapped;

	KUNIT_EXPECT_EQ(l->k->test, list_try(l, &mapped), want);
	KUNIT_EXPECT_EQ(l->k->test, mapped, good);
	KUNIT_EXPECT_EQ(l->k->test, iopgt_kunit_unmap(l->k, l->iova, good),
			good);
	list_expect(l, 0);
}

static void list_test_refused(struct kunit *test)
{
	struct list_test good = list_around(iopgt_kunit_param(test)), l;
	const unsigned long page = iopgt_kunit_size(good.k, 0);
	size_t mapped = 7;

	/* The first time no table is there, later they are. */
	for (unsigned int i = 0; i < 2; i++) {
		l = good;
		l.piece[2].paddr += page / 2;
		list_refused(&l, -EINVAL);
		l.piece[2].paddr = BIT_ULL(good.k->f->cfg.oas_bits);
		list_refused(&l, -ERANGE);
		l.piece[2].paddr -= page;
		list_refused(&l, -ERANGE);
		l = good;
		l.piece[2].pages = 0;
		list_refused(&l, -EINVAL);
		l.piece[2].pages = SIZE_MAX;
		KUNIT_EXPECT_EQ(test, list_try(&l, &mapped), -ERANGE);
		KUNIT_EXPECT_EQ(test, mapped, 6 * page);
		iopgt_kunit_unmap(l.k, l.iova, mapped);

		mapped = 7;
		KUNIT_EXPECT_EQ(test,
				iopgt_map_list(&l.k->pgt, l.iova, good.piece,
					       good.n, 0, GFP_KERNEL, &mapped),
				-EINVAL);
		KUNIT_EXPECT_EQ(test,
				iopgt_map_list(&l.k->pgt, l.iova + page / 2,
					       good.piece, good.n, IOPGT_RW,
					       GFP_KERNEL, &mapped), -EINVAL);
		KUNIT_EXPECT_EQ(test,
				iopgt_map_list(&l.k->pgt, l.iova, NULL, 0,
					       IOPGT_RW, GFP_KERNEL, &mapped),
				0);
		KUNIT_EXPECT_EQ(test, mapped, 7);
	}
}

/* A list that runs out of the input range, from its last table. */
static void list_test_end(struct kunit *test)
{
	struct list_test l = { .k = iopgt_kunit_param(test) };
	const unsigned long page = iopgt_kunit_size(l.k, 0);
	size_t mapped;

	l.iova = iopgt_kunit_last(l.k) - 3 * page + 1;
	list_piece(&l, 2);
	list_piece(&l, 1);
	KUNIT_EXPECT_EQ(test, list_try(&l, &mapped), 0);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(l.k, l.iova, 3 * page),
			3 * page);

	l.piece[1].pages = 2;
	KUNIT_EXPECT_EQ(test, list_try(&l, &mapped), -ERANGE);
	KUNIT_EXPECT_EQ(test, mapped, 2 * page);
	iopgt_kunit_unmap(l.k, l.iova, mapped);

	l.piece[1].pages = 1;
	list_piece(&l, 1);
	KUNIT_EXPECT_EQ(test, list_try(&l, &mapped), -ERANGE);
	KUNIT_EXPECT_EQ(test, mapped, 3 * page);
	iopgt_kunit_unmap(l.k, l.iova, mapped);
}

/* No memory for the table of the fourth piece: what came before stays. */
static void list_test_nomem(struct kunit *test)
{
	struct list_test l = list_around(iopgt_kunit_noncoherent(test));
	const unsigned long page = iopgt_kunit_size(l.k, 0);
	size_t mapped;

	iopgt_kunit_map(l.k, l.iova, 0, page, 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(l.k, l.iova, page), page);
	l.k->hooks.fail_alloc = 1;
	KUNIT_EXPECT_EQ(test, list_try(&l, &mapped), -ENOMEM);
	/* As a plain map does: the last page of the first table is mapped, too. */
	KUNIT_EXPECT_EQ(test, mapped, 9 * page);
	list_expect(&l, 9);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(l.k, l.iova, mapped), mapped);
}

/* What is found of @size bytes from piece @first on has to be the next @n pieces. */
static size_t list_found(const struct list_test *l, unsigned long iova,
			 size_t size, unsigned int room, unsigned int first,
			 unsigned int n)
{
	struct iopgt_piece found[LIST_MAX];
	struct kunit *test = l->k->test;
	unsigned int got = room;
	size_t done, pages = 0;

	done = iopgt_marked(&l->k->pgt, iova, size, found, &got);
	KUNIT_EXPECT_EQ(test, n, got);
	for (unsigned int i = 0; i < min(n, got); i++) {
		KUNIT_EXPECT_EQ(test, l->piece[first + i].paddr, found[i].paddr);
		KUNIT_EXPECT_EQ(test, l->piece[first + i].pages, found[i].pages);
		pages += found[i].pages;
	}
	KUNIT_EXPECT_EQ(test, done, pages * iopgt_kunit_size(l->k, 0));
	return done;
}

/* A list that was marked is found, up to what is not marked, or not there. */
static void list_test_marked(struct kunit *test)
{
	struct list_test l = list_around(iopgt_kunit_param(test));
	const unsigned long page = iopgt_kunit_size(l.k, 0);
	const size_t bytes = l.pages * page;
	size_t mapped, done;

	KUNIT_EXPECT_EQ(test, list_found(&l, l.iova, bytes, 1, 0, 0), 0);
	KUNIT_ASSERT_EQ(test, list_try(&l, &mapped), 0);
	KUNIT_EXPECT_EQ(test, list_found(&l, l.iova, bytes, LIST_MAX, 0, 0), 0);
	iopgt_kunit_unmap(l.k, l.iova, bytes);

	l.mark = IOPGT_MARK;
	KUNIT_ASSERT_EQ(test, list_try(&l, &mapped), 0);
	list_expect(&l, l.pages);
	KUNIT_EXPECT_EQ(test, bytes,
			list_found(&l, l.iova, bytes, LIST_MAX, 0, l.n));
	done = list_found(&l, l.iova, bytes, 4, 0, 4);
	KUNIT_EXPECT_EQ(test, bytes - done,
			list_found(&l, l.iova + done, bytes - done, 4, 4, 2));
	/* Behind it there is a hole, and then what has no mark. */
	KUNIT_EXPECT_EQ(test, bytes,
			list_found(&l, l.iova, bytes + page, LIST_MAX, 0, l.n));
	iopgt_kunit_map(l.k, l.iova + bytes, l.k->out, page, 1);
	KUNIT_EXPECT_EQ(test, bytes,
			list_found(&l, l.iova, bytes + page, LIST_MAX, 0, l.n));
	KUNIT_EXPECT_EQ(test, 0, list_found(&l, iopgt_kunit_last(l.k) - page + 1,
					    2 * page, 1, 0, 0));
}

/* Of a large leaf any part is found, and with its neighbours it is one piece. */
static void list_test_marked_large(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long large = iopgt_kunit_size(k, 1);
	const unsigned long iova = 2 * large - page;
	const phys_addr_t paddr = 4 * large - page;
	struct iopgt_piece found;
	size_t mapped = 0;
	unsigned int n;

	KUNIT_ASSERT_EQ(test, 0, iopgt_map_pages(&k->pgt, iova, paddr, page, 1,
						 IOPGT_RW | IOPGT_MARK,
						 GFP_KERNEL, &mapped));
	KUNIT_ASSERT_EQ(test, 0, iopgt_map_pages(&k->pgt, iova + page,
						 paddr + page, large, 1,
						 IOPGT_RW | IOPGT_MARK,
						 GFP_KERNEL, &mapped));
	for (unsigned int first = 0; first < 3; first++) {
		size_t size = large - first * page;

		n = 1;
		KUNIT_EXPECT_EQ(test, size,
				iopgt_marked(&k->pgt, iova + first * page, size,
					     &found, &n));
		KUNIT_EXPECT_EQ(test, 1, n);
		KUNIT_EXPECT_EQ(test, found.paddr, paddr + first * page);
		KUNIT_EXPECT_EQ(test, found.pages, size / page);
	}
	/* A cut keeps the mark. */
	KUNIT_ASSERT_EQ(test, 0, iopgt_cut(&k->pgt, iova + 2 * page, GFP_KERNEL));
	n = 1;
	KUNIT_EXPECT_EQ(test, large + page,
			iopgt_marked(&k->pgt, iova, large + page, &found, &n));
	KUNIT_EXPECT_EQ(test, found.pages, large / page + 1);
}

static struct kunit_case list_test_cases[] = {
	KUNIT_CASE_PARAM(list_test_tables, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(list_test_noncoherent, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(list_test_exists, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(list_test_refused, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(list_test_end, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(list_test_nomem, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(list_test_marked, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(list_test_marked_large, iopgt_kunit_formats),
	{}
};

static struct kunit_suite list_test_suite = {
	.name = "ioflush_pgtable_list",
	.test_cases = list_test_cases,
};

kunit_test_suite(list_test_suite);
