// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: kernel threads, completions and time
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "thread.h"

/**
 * struct task_struct - a thread
 * @thread: POSIX's
 * @fn: what it runs
 * @arg: with this
 * @ret: what that returned
 * @started: by wake_up_process()
 * @joined: it has ended
 * @stop: it was asked to
 * @next: on the list of all threads
 */
struct task_struct {
	pthread_t thread;
	int (*fn)(void *arg);
	void *arg;
	int ret;
	bool started;
	bool joined;
	bool stop;
	struct task_struct *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* @tasks */
static struct task_struct *tasks;
static __thread struct task_struct *self;

static void thread_ends(void *unused)
{
	user_rcu_unregister();
}

/* An assertion that fails ends the thread from within @fn. */
static void *thread_fn(void *arg)
{
	self = arg;
	user_rcu_register();
	pthread_cleanup_push(thread_ends, NULL);
	self->ret = self->fn(self->arg);
	pthread_cleanup_pop(1);
	return NULL;
}

struct task_struct *kthread_create(int (*fn)(void *arg), void *arg,
				   const char *fmt, ...)
{
	struct task_struct *task = calloc(1, sizeof(*task));

	if (!task)
		return ERR_PTR(-ENOMEM);
	task->fn = fn;
	task->arg = arg;
	pthread_mutex_lock(&lock);
	task->next = tasks;
	tasks = task;
	pthread_mutex_unlock(&lock);
	return task;
}

int wake_up_process(struct task_struct *task)
{
	if (task->started)
		return 0;
	if (pthread_create(&task->thread, NULL, thread_fn, task))
		user_die("no thread\n");
	task->started = true;
	return 1;
}

bool kthread_should_stop(void)
{
	return self && READ_ONCE(self->stop);
}

static void join(struct task_struct *task)
{
	if (task->started && !task->joined)
		pthread_join(task->thread, NULL);
	task->joined = true;
}

int kthread_stop(struct task_struct *task)
{
	WRITE_ONCE(task->stop, true);
	if (!task->started)
		return -EINTR;
	join(task);
	return task->ret;
}

static struct task_struct *next_task(void)
{
	struct task_struct *task;

	pthread_mutex_lock(&lock);
	task = tasks;
	if (task)
		tasks = task->next;
	pthread_mutex_unlock(&lock);
	return task;
}

void user_threads_reap(void)
{
	struct task_struct *task;

	while ((task = next_task())) {
		join(task);
		free(task);
	}
}

unsigned int num_online_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

void user_cpu_relax(void)
{
	if (irqs_disabled())
		sched_yield();
	else
		cond_resched();
}

void schedule(void)
{
	cond_resched();
	sched_yield();
}

bool user_jitter;

/* Let somebody else run, every now and then. */
void user_jitter_now(void)
{
	static __thread unsigned int n;

	if (n++ % 13 == 0)
		sched_yield();
}

void complete(struct completion *x)
{
	pthread_mutex_lock(&x->lock);
	x->done++;
	pthread_cond_signal(&x->cond);
	pthread_mutex_unlock(&x->lock);
}

void complete_all(struct completion *x)
{
	pthread_mutex_lock(&x->lock);
	x->done = ~0U / 2;
	pthread_cond_broadcast(&x->cond);
	pthread_mutex_unlock(&x->lock);
}

void wait_for_completion(struct completion *x)
{
	cond_resched();
	pthread_mutex_lock(&x->lock);
	while (!x->done)
		pthread_cond_wait(&x->cond, &x->lock);
	x->done--;
	pthread_mutex_unlock(&x->lock);
}

void (*user_sleep_hook)(void);

void user_sleep_ns(u64 ns)
{
	struct timespec left = {
		.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000,
	};

	while (nanosleep(&left, &left))
		;
	if (user_sleep_hook)
		user_sleep_hook();
}
