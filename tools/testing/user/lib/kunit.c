// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: the program that runs KUnit suites
 *
 * Prints KTAP as a kernel does. A case fails also if it warns, and if it leaves
 * pages behind. An assertion that fails ends its thread, so a case has one of
 * its own, and so has what is to be done after it.
 */
#include <fnmatch.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "thread.h"

struct user_kunit_action {
	void (*fn)(void *arg);
	void *arg;
	struct user_kunit_action *next;
};

static struct kunit_suite *suites;
static const char *filter;
/* One message at a time, whichever thread it comes from. */
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

/* By name, so that their order does not depend on the linker. */
void user_kunit_add(struct kunit_suite *suite)
{
	struct kunit_suite **p = &suites;

	while (*p && strcmp((*p)->name, suite->name) < 0)
		p = &(*p)->next;
	suite->next = *p;
	*p = suite;
}

void user_kunit_abort(void)
{
	pthread_exit(NULL);
}

void user_kunit_log(struct kunit *test, const char *fmt, ...)
{
	va_list args;

	pthread_mutex_lock(&output);
	printf("    # %s: ", test->name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	pthread_mutex_unlock(&output);
}

/* Said before the failure that they explain, by the thread that met it. */
static __thread char values[512];

void user_kunit_values(const char *left, unsigned long long l,
		       const char *right, unsigned long long r)
{
	snprintf(values, sizeof(values),
		 "        %s == %lld (%#llx)\n        %s == %lld (%#llx)\n",
		 left, l, l, right, r, r);
}

void user_kunit_fail(struct kunit *test, bool assert, const char *file,
		     int line, const char *what, const char *fmt, ...)
{
	va_list args;

	WRITE_ONCE(test->status, KUNIT_FAILURE);
	pthread_mutex_lock(&output);
	printf("    # %s: %s FAILED at %s:%d\n        Expected %s\n%s",
	       test->name, assert ? "ASSERTION" : "EXPECTATION", file, line,
	       what, values);
	values[0] = 0;
	printf("        ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	pthread_mutex_unlock(&output);
	if (assert)
		user_kunit_abort();
}

int kunit_add_action(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	struct user_kunit_action *action = malloc(sizeof(*action));

	if (!action)
		return -ENOMEM;
	mutex_lock(&test->lock);
	*action = (struct user_kunit_action){ fn, arg, test->actions };
	test->actions = action;
	mutex_unlock(&test->lock);
	return 0;
}

int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *arg),
			      void *arg)
{
	int ret = kunit_add_action(test, fn, arg);

	if (ret)
		fn(arg);
	return ret;
}

static bool take_action(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	struct user_kunit_action **p, *action;

	mutex_lock(&test->lock);
	for (p = &test->actions; *p; p = &(*p)->next)
		if ((*p)->fn == fn && (*p)->arg == arg)
			break;
	action = *p;
	if (action)
		*p = action->next;
	mutex_unlock(&test->lock);
	free(action);
	return action;
}

void kunit_remove_action(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	take_action(test, fn, arg);
}

void kunit_release_action(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	if (take_action(test, fn, arg))
		fn(arg);
}

void *kunit_kzalloc(struct kunit *test, size_t bytes, gfp_t gfp)
{
	void *ptr = calloc(1, bytes);

	if (ptr && kunit_add_action_or_reset(test, free, ptr))
		return NULL;
	return ptr;
}

void kunit_kfree(struct kunit *test, const void *ptr)
{
	kunit_release_action(test, free, (void *)ptr);
}

struct run {
	struct kunit_suite *suite;
	struct kunit_case *test_case;
	struct kunit test;
};

static int run_case(void *arg)
{
	struct run *run = arg;

	if (user_case_on_cpu)
		user_cpu_enter(0);
	if (run->suite->init && run->suite->init(&run->test))
		KUNIT_FAIL(&run->test, "init");
	else
		run->test_case->run_case(&run->test);
	return 0;
}

static int run_exit(void *arg)
{
	struct run *run = arg;
	struct user_kunit_action *action;

	if (user_case_on_cpu)
		user_cpu_enter(0);
	if (run->suite->exit)
		run->suite->exit(&run->test);
	while ((action = run->test.actions)) {
		run->test.actions = action->next;
		action->fn(action->arg);
		free(action);
	}
	return 0;
}

/* In a thread that an assertion may end; with all that this one has started. */
static void in_thread(int (*fn)(void *arg), struct run *run)
{
	struct task_struct *task = kthread_run(fn, run, "kunit");

	if (IS_ERR(task))
		user_die("no thread for a case\n");
	kthread_stop(task);
	user_threads_reap();
}

static enum kunit_status run_one(struct kunit_suite *suite,
				 struct kunit_case *c, const void *param,
				 int index, char *comment)
{
	struct run run = {
		.suite = suite,
		.test_case = c,
		.test = {
			.name = c->name,
			.param_value = param,
			.param_index = index,
			.lock = USER_MUTEX_INIT,
		},
	};
	unsigned int warned = user_warnings();
	long pages = user_pages_used();

	in_thread(run_case, &run);
	in_thread(run_exit, &run);
	rcu_barrier();
	if (user_warnings() != warned)
		KUNIT_FAIL(&run.test, "it warned");
	if (user_pages_used() != pages)
		KUNIT_FAIL(&run.test, "pages that were not freed: %ld",
			   user_pages_used() - pages);
	memcpy(comment, run.test.status_comment, KUNIT_STATUS_COMMENT_SIZE);
	return run.test.status;
}

static void print_result(unsigned int depth, enum kunit_status status, int nr,
			 const char *name, const char *comment)
{
	printf("%*s%s %d %s", depth * 4, "",
	       status == KUNIT_FAILURE ? "not ok" : "ok", nr, name);
	if (status == KUNIT_SKIPPED)
		printf(" # SKIP %s", comment);
	printf("\n");
	fflush(stdout);
}

/* A case with parameters passes if all of them do. */
static enum kunit_status run_params(struct kunit_suite *suite,
				    struct kunit_case *c)
{
	enum kunit_status status = KUNIT_SKIPPED, one;
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	char comment[KUNIT_STATUS_COMMENT_SIZE];
	const void *param = NULL;
	int nr = 0;

	printf("        KTAP version 1\n        # Subtest: %s\n", c->name);
	while ((param = c->generate_params(param, desc))) {
		one = run_one(suite, c, param, nr, comment);
		if (one == KUNIT_FAILURE || status != KUNIT_FAILURE)
			status = one == KUNIT_SKIPPED ? status : one;
		if (!desc[0])
			snprintf(desc, sizeof(desc), "%d", nr);
		print_result(2, one, ++nr, desc, comment);
		desc[0] = 0;
	}
	return status;
}

/* "SUITE", "SUITE.CASE", with the shell's wildcards. */
static bool chosen(const struct kunit_suite *suite, const struct kunit_case *c)
{
	char name[256];

	if (!filter || !fnmatch(filter, suite->name, 0))
		return true;
	snprintf(name, sizeof(name), "%s.%s", suite->name, c->name);
	return !fnmatch(filter, name, 0);
}

static unsigned int count_chosen(const struct kunit_suite *suite)
{
	const struct kunit_case *c;
	unsigned int n = 0;

	for (c = suite->test_cases; c->run_case; c++)
		n += chosen(suite, c);
	return n;
}

static enum kunit_status run_suite(struct kunit_suite *suite)
{
	enum kunit_status status = KUNIT_SUCCESS, one;
	char comment[KUNIT_STATUS_COMMENT_SIZE];
	struct kunit_case *c;
	int nr = 0;

	printf("    KTAP version 1\n    # Subtest: %s\n    1..%u\n",
	       suite->name, count_chosen(suite));
	if (suite->suite_init && suite->suite_init(suite))
		return KUNIT_FAILURE;
	for (c = suite->test_cases; c->run_case; c++) {
		if (!chosen(suite, c))
			continue;
		comment[0] = 0;
		if (c->generate_params)
			one = run_params(suite, c);
		else
			one = run_one(suite, c, NULL, 0, comment);
		if (one == KUNIT_FAILURE)
			status = one;
		print_result(1, one, ++nr, c->name, comment);
	}
	if (suite->suite_exit)
		suite->suite_exit(suite);
	return status;
}

static int usage(FILE *to)
{
	fprintf(to, "usage: kunit [--list] [PATTERN] [PARAMETER=VALUE...]\n\n"
		"Runs the suites, or the cases, that PATTERN names: SUITE or SUITE.CASE.\n"
		"Parameters are those of the kernel's command line, for instance\n"
		"ioflush_pgtable.seed=1.\n");
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	enum kunit_status status = KUNIT_SUCCESS;
	struct kunit_suite *suite;
	unsigned int n = 0, nr = 0;
	bool list = false;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help"))
			return usage(stdout);
		if (!strcmp(argv[i], "--list"))
			list = true;
		else if (argv[i][0] != '-' && !strchr(argv[i], '=') && !filter)
			filter = argv[i];
		else if (!user_param_set(argv[i]))
			return usage(stderr);
	}

	for (suite = suites; suite; suite = suite->next) {
		n += !!count_chosen(suite);
		if (list)
			printf("%s\n", suite->name);
	}
	if (list)
		return 0;
	if (!n) {
		fprintf(stderr, "kunit: nothing is called %s\n", filter);
		return 2;
	}

	printf("KTAP version 1\n1..%u\n", n);
	for (suite = suites; suite; suite = suite->next) {
		enum kunit_status one;

		if (!count_chosen(suite))
			continue;
		one = run_suite(suite);
		print_result(0, one, ++nr, suite->name, "");
		if (one == KUNIT_FAILURE)
			status = one;
	}
	return status == KUNIT_FAILURE || user_warnings();
}
