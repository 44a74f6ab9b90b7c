/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: an RCU read section that goes on while something else is tried
 */
#ifndef _IOFLUSH_DOMAIN_TEST_READER_H
#define _IOFLUSH_DOMAIN_TEST_READER_H

#include <linux/completion.h>
#include <linux/types.h>

struct kunit;
struct task_struct;

/**
 * struct test_reader - the reader: a thread on another CPU
 * @look: called when its section has begun; may be NULL
 * @finish: called when it is about to end; may be NULL
 * @data: for both
 * @test_task: the test's thread
 * @task: the reader's
 * @looked: completed after @look
 * @armed: the test has gone on, and sleeps only to wait for the reader
 * @done: the test has what it wanted; the section may end
 * @ended: it has
 */
struct test_reader {
	void (*look)(void *data);
	void (*finish)(void *data);
	void *data;
	struct task_struct *test_task;
	struct task_struct *task;
	struct completion looked;
	bool armed;
	bool done;
	bool ended;
};

void test_reader_start(struct kunit *test, struct test_reader *reader);
bool test_reader_stop(struct test_reader *reader);

#endif /* _IOFLUSH_DOMAIN_TEST_READER_H */
