/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: KUnit, as much of it as our suites use
 */
#ifndef _USER_KUNIT_TEST_H
#define _USER_KUNIT_TEST_H

#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#define KUNIT_PARAM_DESC_SIZE	128
#define KUNIT_STATUS_COMMENT_SIZE 256

enum kunit_status {
	KUNIT_SUCCESS,
	KUNIT_FAILURE,
	KUNIT_SKIPPED,
};

struct user_kunit_action;

/**
 * struct kunit - a case that is running
 * @priv: for the suite
 * @name: the case's
 * @param_value: of a case with parameters, the parameter
 * @param_index: its number
 * @status: so far
 * @status_comment: why it was skipped
 * @lock: protects @actions
 * @actions: what is called at the end, the newest first
 */
struct kunit {
	void *priv;
	const char *name;
	const void *param_value;
	int param_index;
	enum kunit_status status;
	char status_comment[KUNIT_STATUS_COMMENT_SIZE];
	struct mutex lock; /* @actions */
	struct user_kunit_action *actions;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

#define KUNIT_CASE(fn)		{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn)	KUNIT_CASE(fn)
#define KUNIT_CASE_PARAM(fn, gen)					\
	{ .run_case = fn, .name = #fn, .generate_params = gen }
#define KUNIT_CASE_PARAM_ATTR(fn, gen, attr)	KUNIT_CASE_PARAM(fn, gen)

void user_kunit_add(struct kunit_suite *suite);

#define kunit_test_suite(suite)						\
static void __attribute__((constructor)) user_add_##suite(void)	\
{									\
	user_kunit_add(&suite);						\
}									\
_Static_assert(sizeof(suite), #suite)

/* Of two, each of which is the address of one. */
#define kunit_test_suites(one, other)					\
static void __attribute__((constructor)) user_add_suites(void)		\
{									\
	user_kunit_add(one);						\
	user_kunit_add(other);						\
}									\
_Static_assert(1, "suites")

/* The next parameter: an element of an array, or the first for no @prev. */
#define KUNIT_ARRAY_PARAM(prefix, array, get_desc)			\
static const void *prefix##_gen_params(const void *prev, char *desc)	\
{									\
	const typeof((array)[0]) *next = prev;				\
	void (*describe)(typeof(&(array)[0]) param, char *desc) = get_desc; \
									\
	next = next ? next + 1 : (array);				\
	if (next == (array) + ARRAY_SIZE(array))			\
		return NULL;						\
	if (describe)							\
		describe((typeof(&(array)[0]))next, desc);		\
	return next;							\
}

int kunit_add_action(struct kunit *test, void (*fn)(void *arg), void *arg);
int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *arg),
			      void *arg);
void kunit_remove_action(struct kunit *test, void (*fn)(void *arg), void *arg);
void kunit_release_action(struct kunit *test, void (*fn)(void *arg),
			  void *arg);
#define kunit_action_t		typeof(void (void *))
#define KUNIT_DEFINE_ACTION_WRAPPER(wrapper, fn, type)			\
static void wrapper(void *arg)						\
{									\
	fn((type)arg);							\
}

void *kunit_kzalloc(struct kunit *test, size_t bytes, gfp_t gfp);
void kunit_kfree(struct kunit *test, const void *ptr);
#define kunit_kmalloc(test, bytes, gfp)	kunit_kzalloc(test, bytes, gfp)
#define kunit_kcalloc(test, n, bytes, gfp)				\
	kunit_kzalloc(test, (n) * (bytes), gfp)
#define kunit_kmalloc_array(test, n, bytes, gfp)			\
	kunit_kcalloc(test, n, bytes, gfp)

void user_kunit_log(struct kunit *test, const char *fmt, ...) __printf(2, 3);
#define kunit_info(test, fmt, ...)	user_kunit_log(test, fmt, ##__VA_ARGS__)
#define kunit_warn(test, fmt, ...)	user_kunit_log(test, fmt, ##__VA_ARGS__)
#define kunit_err(test, fmt, ...)	user_kunit_log(test, fmt, ##__VA_ARGS__)

/* Ends the calling thread, as an assertion does in the kernel. */
void __noreturn user_kunit_abort(void);
void user_kunit_fail(struct kunit *test, bool assert, const char *file,
		     int line, const char *what, const char *fmt, ...)
	__printf(6, 7);
void user_kunit_values(const char *left, unsigned long long l,
		       const char *right, unsigned long long r);

#define kunit_mark_skipped(test, fmt, ...)				\
do {									\
	WRITE_ONCE((test)->status, KUNIT_SKIPPED);			\
	snprintf((test)->status_comment, KUNIT_STATUS_COMMENT_SIZE,	\
		 fmt, ##__VA_ARGS__);					\
} while (0)
#define kunit_skip(test, fmt, ...)					\
do {									\
	kunit_mark_skipped(test, fmt, ##__VA_ARGS__);			\
	user_kunit_abort();						\
} while (0)

/* @values prints what was found; it is empty where there is nothing to say. */
#define USER_KUNIT(test, assert, good, what, values, ...)		\
do {									\
	if (unlikely(!(good))) {					\
		values;							\
		user_kunit_fail(test, assert, __FILE__, __LINE__, what,	\
				__VA_ARGS__);				\
	}								\
} while (0)

#define USER_KUNIT_BOOL(test, assert, good, what, ...)			\
	USER_KUNIT(test, assert, good, what, , __VA_ARGS__)
#define USER_KUNIT_CMP(test, assert, left, op, right, ...)		\
do {									\
	typeof(left) user_left = (left);				\
	typeof(right) user_right = (right);				\
									\
	USER_KUNIT(test, assert, user_left op user_right,		\
		   #left " " #op " " #right,				\
		   user_kunit_values(#left,				\
				     (unsigned long long)user_left,	\
				     #right,				\
				     (unsigned long long)user_right),	\
		   __VA_ARGS__);					\
} while (0)

#define KUNIT_FAIL(test, ...)						\
	USER_KUNIT_BOOL(test, false, false, "not to come here", __VA_ARGS__)
#define KUNIT_FAIL_AND_ABORT(test, ...)					\
	USER_KUNIT_BOOL(test, true, false, "not to come here", __VA_ARGS__)
#define KUNIT_SUCCEED(test)	((void)(test))

#define KUNIT_EXPECT_TRUE(test, c)			\
	USER_KUNIT_BOOL(test, false, c, #c, "%s", "")
#define KUNIT_EXPECT_TRUE_MSG(test, c, ...)			\
	USER_KUNIT_BOOL(test, false, c, #c, __VA_ARGS__)
#define KUNIT_EXPECT_FALSE(test, c)			\
	USER_KUNIT_BOOL(test, false, !(c), "!(" #c ")", "%s", "")
#define KUNIT_EXPECT_FALSE_MSG(test, c, ...)			\
	USER_KUNIT_BOOL(test, false, !(c), "!(" #c ")", __VA_ARGS__)
#define KUNIT_EXPECT_EQ(test, l, r)			\
	USER_KUNIT_CMP(test, false, l, ==, r, "%s", "")
#define KUNIT_EXPECT_EQ_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, false, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_NE(test, l, r)			\
	USER_KUNIT_CMP(test, false, l, !=, r, "%s", "")
#define KUNIT_EXPECT_NE_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, false, l, !=, r, __VA_ARGS__)
#define KUNIT_EXPECT_LT(test, l, r)			\
	USER_KUNIT_CMP(test, false, l, <, r, "%s", "")
#define KUNIT_EXPECT_LT_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, false, l, <, r, __VA_ARGS__)
#define KUNIT_EXPECT_LE(test, l, r)			\
	USER_KUNIT_CMP(test, false, l, <=, r, "%s", "")
#define KUNIT_EXPECT_LE_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, false, l, <=, r, __VA_ARGS__)
#define KUNIT_EXPECT_GT(test, l, r)			\
	USER_KUNIT_CMP(test, false, l, >, r, "%s", "")
#define KUNIT_EXPECT_GT_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, false, l, >, r, __VA_ARGS__)
#define KUNIT_EXPECT_GE(test, l, r)			\
	USER_KUNIT_CMP(test, false, l, >=, r, "%s", "")
#define KUNIT_EXPECT_GE_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, false, l, >=, r, __VA_ARGS__)
#define KUNIT_EXPECT_PTR_EQ(test, l, r)			\
	USER_KUNIT_CMP(test, false, l, ==, r, "%s", "")
#define KUNIT_EXPECT_PTR_EQ_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, false, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_PTR_NE(test, l, r)			\
	USER_KUNIT_CMP(test, false, l, !=, r, "%s", "")
#define KUNIT_EXPECT_PTR_NE_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, false, l, !=, r, __VA_ARGS__)
#define KUNIT_EXPECT_NULL(test, p)			\
	USER_KUNIT_BOOL(test, false, !(p), #p " is NULL", "%s", "")
#define KUNIT_EXPECT_NULL_MSG(test, p, ...)			\
	USER_KUNIT_BOOL(test, false, !(p), #p " is NULL", __VA_ARGS__)
#define KUNIT_EXPECT_NOT_NULL(test, p)			\
	USER_KUNIT_BOOL(test, false, p, #p " is not NULL", "%s", "")
#define KUNIT_EXPECT_NOT_NULL_MSG(test, p, ...)			\
	USER_KUNIT_BOOL(test, false, p, #p " is not NULL", __VA_ARGS__)
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(test, p)			\
	USER_KUNIT_BOOL(test, false, !IS_ERR_OR_NULL(p), #p, "%s", "")
#define KUNIT_EXPECT_NOT_ERR_OR_NULL_MSG(test, p, ...)			\
	USER_KUNIT_BOOL(test, false, !IS_ERR_OR_NULL(p), #p, __VA_ARGS__)
#define KUNIT_EXPECT_STREQ(test, l, r)			\
	USER_KUNIT_BOOL(test, false, !strcmp(l, r), #l " is " #r, "%s", "")
#define KUNIT_EXPECT_STREQ_MSG(test, l, r, ...)			\
	USER_KUNIT_BOOL(test, false, !strcmp(l, r), #l " is " #r, __VA_ARGS__)
#define KUNIT_EXPECT_MEMEQ(test, l, r, n)			\
	USER_KUNIT_BOOL(test, false, !memcmp(l, r, n), #l " is " #r, "%s", "")
#define KUNIT_EXPECT_MEMEQ_MSG(test, l, r, n, ...)			\
	USER_KUNIT_BOOL(test, false, !memcmp(l, r, n), #l " is " #r, __VA_ARGS__)
#define KUNIT_ASSERT_TRUE(test, c)			\
	USER_KUNIT_BOOL(test, true, c, #c, "%s", "")
#define KUNIT_ASSERT_TRUE_MSG(test, c, ...)			\
	USER_KUNIT_BOOL(test, true, c, #c, __VA_ARGS__)
#define KUNIT_ASSERT_FALSE(test, c)			\
	USER_KUNIT_BOOL(test, true, !(c), "!(" #c ")", "%s", "")
#define KUNIT_ASSERT_FALSE_MSG(test, c, ...)			\
	USER_KUNIT_BOOL(test, true, !(c), "!(" #c ")", __VA_ARGS__)
#define KUNIT_ASSERT_EQ(test, l, r)			\
	USER_KUNIT_CMP(test, true, l, ==, r, "%s", "")
#define KUNIT_ASSERT_EQ_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, true, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_NE(test, l, r)			\
	USER_KUNIT_CMP(test, true, l, !=, r, "%s", "")
#define KUNIT_ASSERT_NE_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, true, l, !=, r, __VA_ARGS__)
#define KUNIT_ASSERT_LT(test, l, r)			\
	USER_KUNIT_CMP(test, true, l, <, r, "%s", "")
#define KUNIT_ASSERT_LT_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, true, l, <, r, __VA_ARGS__)
#define KUNIT_ASSERT_LE(test, l, r)			\
	USER_KUNIT_CMP(test, true, l, <=, r, "%s", "")
#define KUNIT_ASSERT_LE_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, true, l, <=, r, __VA_ARGS__)
#define KUNIT_ASSERT_GT(test, l, r)			\
	USER_KUNIT_CMP(test, true, l, >, r, "%s", "")
#define KUNIT_ASSERT_GT_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, true, l, >, r, __VA_ARGS__)
#define KUNIT_ASSERT_GE(test, l, r)			\
	USER_KUNIT_CMP(test, true, l, >=, r, "%s", "")
#define KUNIT_ASSERT_GE_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, true, l, >=, r, __VA_ARGS__)
#define KUNIT_ASSERT_PTR_EQ(test, l, r)			\
	USER_KUNIT_CMP(test, true, l, ==, r, "%s", "")
#define KUNIT_ASSERT_PTR_EQ_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, true, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_PTR_NE(test, l, r)			\
	USER_KUNIT_CMP(test, true, l, !=, r, "%s", "")
#define KUNIT_ASSERT_PTR_NE_MSG(test, l, r, ...)			\
	USER_KUNIT_CMP(test, true, l, !=, r, __VA_ARGS__)
#define KUNIT_ASSERT_NULL(test, p)			\
	USER_KUNIT_BOOL(test, true, !(p), #p " is NULL", "%s", "")
#define KUNIT_ASSERT_NULL_MSG(test, p, ...)			\
	USER_KUNIT_BOOL(test, true, !(p), #p " is NULL", __VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL(test, p)			\
	USER_KUNIT_BOOL(test, true, p, #p " is not NULL", "%s", "")
#define KUNIT_ASSERT_NOT_NULL_MSG(test, p, ...)			\
	USER_KUNIT_BOOL(test, true, p, #p " is not NULL", __VA_ARGS__)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p)			\
	USER_KUNIT_BOOL(test, true, !IS_ERR_OR_NULL(p), #p, "%s", "")
#define KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(test, p, ...)			\
	USER_KUNIT_BOOL(test, true, !IS_ERR_OR_NULL(p), #p, __VA_ARGS__)
#define KUNIT_ASSERT_STREQ(test, l, r)			\
	USER_KUNIT_BOOL(test, true, !strcmp(l, r), #l " is " #r, "%s", "")
#define KUNIT_ASSERT_STREQ_MSG(test, l, r, ...)			\
	USER_KUNIT_BOOL(test, true, !strcmp(l, r), #l " is " #r, __VA_ARGS__)
#define KUNIT_ASSERT_MEMEQ(test, l, r, n)			\
	USER_KUNIT_BOOL(test, true, !memcmp(l, r, n), #l " is " #r, "%s", "")
#define KUNIT_ASSERT_MEMEQ_MSG(test, l, r, n, ...)			\
	USER_KUNIT_BOOL(test, true, !memcmp(l, r, n), #l " is " #r, __VA_ARGS__)

#endif /* _USER_KUNIT_TEST_H */
