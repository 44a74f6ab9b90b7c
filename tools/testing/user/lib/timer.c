// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: timers and work, which wait for the program to call
 */
#include <pthread.h>
#include <sched.h>

#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all lists */
static struct hrtimer *timers;
static struct work_struct *works, **works_end = &works;

/* As the kernel does: a timer that runs may be started meanwhile. */
void hrtimer_start(struct hrtimer *timer, ktime_t ns, enum hrtimer_mode mode)
{
	pthread_mutex_lock(&lock);
	hrtimer_set_expires(timer, ktime_add_ns(ktime_get(), ns));
	WRITE_ONCE(timer->queued, true);
	timer->cpu = user_cpu();
	if (!timer->known) {
		timer->known = true;
		timer->next = timers;
		timers = timer;
	}
	pthread_mutex_unlock(&lock);
}

int hrtimer_cancel(struct hrtimer *timer)
{
	struct hrtimer **p;
	bool was;

	pthread_mutex_lock(&lock);
	while (timer->running) {
		pthread_mutex_unlock(&lock);
		sched_yield();
		pthread_mutex_lock(&lock);
	}
	was = timer->queued;
	WRITE_ONCE(timer->queued, false);
	for (p = &timers; timer->known && *p != timer; p = &(*p)->next)
		;
	if (timer->known)
		*p = timer->next;
	timer->known = false;
	pthread_mutex_unlock(&lock);
	return was;
}

/*
 * Called with the lock held, which it drops for a while. A timer whose CPU has its
 * interrupts off stays pending: whoever turned them off may cancel it.
 */
static void timer_fire(struct hrtimer *timer)
{
	enum hrtimer_restart restart;

	user_cpu_enter(timer->cpu);
	if (!user_irqs_try_off())
		return;
	WRITE_ONCE(timer->queued, false);
	timer->running = true;
	pthread_mutex_unlock(&lock);

	restart = timer->function(timer);

	pthread_mutex_lock(&lock);
	timer->running = false;
	if (restart == HRTIMER_RESTART)
		WRITE_ONCE(timer->queued, true);
	user_irqs_on();
}

void user_timers_fire(struct rnd_state *state, unsigned int early)
{
	ktime_t now = ktime_get();
	struct hrtimer *timer;

	pthread_mutex_lock(&lock);
	/* It is not forgotten while it runs. */
	for (timer = timers; timer; timer = timer->next)
		if (timer->queued && !timer->running &&
		    (READ_ONCE(timer->expires) <= now ||
		     (early && prandom_u32_state(state) % early == 0)))
			timer_fire(timer);
	pthread_mutex_unlock(&lock);
}

bool user_work_queue(struct work_struct *work)
{
	bool was;

	pthread_mutex_lock(&lock);
	was = work->queued;
	if (!was) {
		WRITE_ONCE(work->queued, true);
		work->cpu = user_cpu();
		work->next = NULL;
		*works_end = work;
		works_end = &work->next;
	}
	pthread_mutex_unlock(&lock);
	return !was;
}

static void work_unlink(struct work_struct *work)
{
	struct work_struct **p;

	for (p = &works; *p != work; p = &(*p)->next)
		;
	*p = work->next;
	if (!*p)
		works_end = p;
	WRITE_ONCE(work->queued, false);
}

bool user_work_cancel(struct work_struct *work)
{
	bool was;

	pthread_mutex_lock(&lock);
	while (work->running) {
		pthread_mutex_unlock(&lock);
		sched_yield();
		pthread_mutex_lock(&lock);
	}
	was = work->queued;
	if (was)
		work_unlink(work);
	pthread_mutex_unlock(&lock);
	return was;
}

static unsigned int works_queued(void)
{
	unsigned int n = 0;

	for (struct work_struct *work = works; work; work = work->next)
		n++;
	return n;
}

/* By one thread at a time. */
void user_work_run(void)
{
	struct work_struct *work;

	pthread_mutex_lock(&lock);
	for (unsigned int n = works_queued(); n && works; n--) {
		work = works;
		work_unlink(work);
		work->running = true;
		user_cpu_enter(work->cpu);
		pthread_mutex_unlock(&lock);
		work->func(work);
		pthread_mutex_lock(&lock);
		work->running = false;
	}
	pthread_mutex_unlock(&lock);
}
