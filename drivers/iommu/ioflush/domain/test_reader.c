// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: an RCU read section that goes on while something else is tried
 *
 * It ends when the test's thread sleeps, that is waits for it, or has come
 * through without. So a test sees which of the two it was without a look at a
 * clock.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "test_reader.h"

static bool reader_may_end(struct test_reader *reader)
{
	if (READ_ONCE(reader->done))
		return true;
	/* Pairs with the release in test_reader_start(). */
	return smp_load_acquire(&reader->armed) &&
	       !task_is_running(reader->test_task);
}

static int reader_thread(void *data)
{
	struct test_reader *reader = data;

	rcu_read_lock();
	if (reader->look)
		reader->look(reader->data);
	complete(&reader->looked);
	while (!reader_may_end(reader))
		cpu_relax();
	if (reader->finish)
		reader->finish(reader->data);
	WRITE_ONCE(reader->ended, true);
	rcu_read_unlock();

	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/**
 * test_reader_start() - begin a read section on another CPU
 * @test: the test, which is skipped if there is no other
 * @reader: the reader, with what it is to call; test_reader_stop() follows
 *
 * Context: process context.
 */
void test_reader_start(struct kunit *test, struct test_reader *reader)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "takes two CPUs");
	init_completion(&reader->looked);
	reader->test_task = current;
	reader->task = kthread_create(reader_thread, reader, "ioflush-reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader->task));
	kthread_bind(reader->task, cpumask_any_but(cpu_online_mask,
						   raw_smp_processor_id()));
	wake_up_process(reader->task);
	wait_for_completion(&reader->looked);
	/* Pairs with the acquire in reader_may_end(): no longer in that wait. */
	smp_store_release(&reader->armed, true);
}

/**
 * test_reader_stop() - end a read section
 * @reader: the reader
 *
 * Context: process context.
 * Return: whether it had ended before, since the caller waited for it.
 */
bool test_reader_stop(struct test_reader *reader)
{
	bool ended = READ_ONCE(reader->ended);

	WRITE_ONCE(reader->done, true);
	kthread_stop(reader->task);
	return ended;
}
