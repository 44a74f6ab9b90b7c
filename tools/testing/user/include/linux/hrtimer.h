/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: timers, which fire when the program says
 */
#ifndef _USER_LINUX_HRTIMER_H
#define _USER_LINUX_HRTIMER_H

#include <linux/percpu.h>
#include <linux/timekeeping.h>

enum hrtimer_restart {
	HRTIMER_NORESTART,
	HRTIMER_RESTART,
};

enum hrtimer_mode {
	HRTIMER_MODE_REL_PINNED_HARD,
};

/**
 * struct hrtimer - a timer
 * @function: what it calls
 * @expires: when
 * @queued: it is going to
 * @running: it does now
 * @known: it is on the list of all timers
 * @cpu: which CPU's it is
 * @next: on that list
 */
struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	ktime_t expires;
	bool queued;
	bool running;
	bool known;
	unsigned int cpu;
	struct hrtimer *next;
};

/* As fine as the clock. */
#define hrtimer_resolution	1U

#define hrtimer_setup(timer, fn, clock, mode)				\
	(*(timer) = (struct hrtimer){ .function = (fn) })

void hrtimer_start(struct hrtimer *timer, ktime_t ns, enum hrtimer_mode mode);
int hrtimer_cancel(struct hrtimer *timer);

static inline bool hrtimer_is_queued(struct hrtimer *timer)
{
	return READ_ONCE(timer->queued);
}

/* Of a timer that is not queued. */
static inline void hrtimer_set_expires(struct hrtimer *timer, ktime_t at)
{
	WRITE_ONCE(timer->expires, at);
}

/*
 * Fire, as an interrupt on its CPU, each timer that is due, and with @early one
 * of so many that are not. @state is the state of a random number.
 */
struct rnd_state;
void user_timers_fire(struct rnd_state *state, unsigned int early);

#endif /* _USER_LINUX_HRTIMER_H */
