// SPDX-License-Identifier: GPL-2.0
/*
 * Lazy mode: how long after an unmap the device still gets through
 */

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "edu.h"

/* A transfer takes 100 ms, and three windows have to fit. */
#define EDU_WINDOW_MAX_US	(25 * USEC_PER_MSEC)

/* For unmaps that come late because the host is busy. */
#define EDU_SLACK_NS		(10 * NSEC_PER_MSEC)
#define EDU_TRIALS_FACTOR	16

struct edu_window {
	unsigned int trials;
	unsigned int tried;	/* in time, within the window or after it */
	unsigned int after;	/* of these, after the window */
	unsigned int landed;
	unsigned int wrong;	/* landed after the window */
	s64 latest_ns;		/* the longest after the unmap that one landed */
};

/* Every other trial lets the window end; the rest look how long it really is. */
static u64 edu_window_lead_ns(struct edu *edu, unsigned int i)
{
	u64 window_ns = (u64)edu_window_us * NSEC_PER_USEC;

	if (i & 1)
		return edu_random(edu, window_ns + window_ns / 16,
				  3 * window_ns + EDU_SLACK_NS);
	return edu_random(edu, 0, window_ns);
}

static int edu_window_trial(struct edu *edu, struct edu_window *w,
			    struct edu_load *load, int unmap_cpu)
{
	u64 window_ns = (u64)edu_window_us * NSEC_PER_USEC;
	struct edu_trial trial = {
		.shape = edu_random(edu, 0, EDU_SHAPES - 1),
		.lead_ns = edu_window_lead_ns(edu, w->trials++),
		.load = load,
		.head_start_ns = edu_random(edu, 0, window_ns / 2),
		.unmap_cpu = unmap_cpu,
	};
	bool after;
	int ret;

	ret = edu_trial(edu, &trial);
	if (ret || trial.late_ns < 0)
		return ret;

	after = trial.late_ns > (s64)window_ns;
	w->tried++;
	w->after += after;
	w->landed += trial.landed;
	w->wrong += trial.landed && after;
	if (trial.landed)
		w->latest_ns = max(w->latest_ns, trial.late_ns);
	return 0;
}

/* A CPU that can go offline and come back. */
static int edu_spare_cpu(void)
{
	int cpu = cpumask_last(cpu_online_mask);

	return cpu == raw_smp_processor_id() ? -1 : cpu;
}

static int edu_window_trials(struct edu *edu, struct edu_window *w,
			     enum edu_load_kind kind)
{
	int cpu = kind == EDU_OFFLINE ? edu_spare_cpu() : -1;
	struct edu_load *load = edu_load_start(edu, kind);
	int ret = 0;

	if (!load)
		return -ENOMEM;
	while (!ret && w->after < edu_repeats &&
	       w->trials < EDU_TRIALS_FACTOR * edu_repeats) {
		ret = edu_window_trial(edu, w, load, cpu);
		if (cpu >= 0)
			add_cpu(cpu);
	}
	edu_load_stop(load);
	return ret;
}

static int edu_window_verdict(const struct edu_window *w)
{
	edu_note("%u of %u writes landed, of these %u of %u after %u us",
		 w->landed, w->tried, w->wrong, w->after, edu_window_us);
	edu_note("the latest %lld us after its unmap, or up to 1 ms more",
		 div_s64(w->latest_ns, NSEC_PER_USEC));
	if (w->wrong)
		return -EACCES;
	if (w->after < edu_repeats) {
		edu_note("too few unmaps came in time");
		return -ETIME;
	}
	return 0;
}

static int edu_case_window(struct edu *edu, int arg)
{
	struct edu_window w = {};
	int ret;

	if ((arg == EDU_OTHERS || arg == EDU_OFFLINE) && num_online_cpus() < 2)
		return EDU_SKIPPED;
	if (!edu_window_us || edu_window_us > EDU_WINDOW_MAX_US) {
		edu_note("window_us has to be given, up to %lu",
			 EDU_WINDOW_MAX_US);
		return -EINVAL;
	}

	ret = edu_window_trials(edu, &w, arg);
	if (ret)
		return ret;
	return edu_window_verdict(&w);
}

const struct edu_case edu_window_cases[] = {
	{ "window_idle", edu_case_window, EDU_IDLE, BIT(EDU_LAZY) },
	{ "window_light_load", edu_case_window, EDU_LIGHT, BIT(EDU_LAZY) },
	{ "window_heavy_load", edu_case_window, EDU_HEAVY, BIT(EDU_LAZY) },
	{ "window_others_load", edu_case_window, EDU_OTHERS, BIT(EDU_LAZY) },
	{ "window_cpu_offline", edu_case_window, EDU_OFFLINE, BIT(EDU_LAZY) },
	{ }
};
