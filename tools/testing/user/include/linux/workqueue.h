/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: work for later, which is done when the program says
 */
#ifndef _USER_LINUX_WORKQUEUE_H
#define _USER_LINUX_WORKQUEUE_H

#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct work_struct - work
 * @func: what it is
 * @queued: it is to be done
 * @running: it is being done
 * @cpu: where it was asked for
 * @next: on the list of all that is to be done
 */
struct work_struct {
	void (*func)(struct work_struct *work);
	bool queued;
	bool running;
	unsigned int cpu;
	struct work_struct *next;
};

struct delayed_work {
	struct work_struct work;
};

#define INIT_WORK(w, f)		(*(w) = (struct work_struct){ .func = (f) })
#define INIT_DELAYED_WORK(w, f)	INIT_WORK(&(w)->work, f)

/* One queue for all, and no delay is kept. */
#define system_bh_highpri_wq	NULL
#define system_unbound_wq	NULL
#define queue_work(wq, work)	((void)(wq), user_work_queue(work))
#define schedule_delayed_work(w, delay) ((void)(delay), user_work_queue(&(w)->work))
#define delayed_work_pending(w)	__atomic_load_n(&(w)->work.queued, __ATOMIC_RELAXED)
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)
#define cancel_work_sync(work)	user_work_cancel(work)
#define cancel_delayed_work_sync(w) user_work_cancel(&(w)->work)
#define msecs_to_jiffies(ms)	(ms)

bool user_work_queue(struct work_struct *work);
bool user_work_cancel(struct work_struct *work);
/* Do what is to be done now; what is asked for meanwhile is left. */
void user_work_run(void);

/* With all else that is to be done now; says if there was that. */
static inline bool flush_work(struct work_struct *work)
{
	unsigned int cpu = user_cpu();
	bool queued = work->queued;

	user_work_run();
	user_cpu_enter(cpu);
	return queued;
}

#endif /* _USER_LINUX_WORKQUEUE_H */
