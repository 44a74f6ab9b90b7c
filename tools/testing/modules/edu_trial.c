// SPDX-License-Identifier: GPL-2.0
/*
 * One attempt to write through a mapping that is gone
 *
 * The mapping is first used while it is live, so that the IOMMU has it in its
 * caches: a device that comes through afterwards came through a cache. Then
 * the device is told to write again, and the mapping goes away shortly before
 * it does.
 */

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/workqueue.h>

#include "edu.h"

/* The device is looked at again this long after it should have written. */
#define EDU_SETTLE_US	500

struct edu_unmap {
	struct edu_target *target;
	u64 done_ns;
};

/* It comes this long after the unmap at least. */
#define EDU_LEAD_MIN_NS	(100 * NSEC_PER_USEC)

/* Deferred: it comes this long after, by when the window has long ended. */
#define EDU_LEAD_LATE_NS	(90 * NSEC_PER_MSEC)

u64 edu_lead_soon_ns(struct edu *edu)
{
	return edu_random(edu, EDU_LEAD_MIN_NS, EDU_LEAD_SOON_NS);
}

u64 edu_lead_late_ns(struct edu *edu)
{
	return EDU_LEAD_LATE_NS;
}

/* For what has to be closed as soon as the unmap has returned, but in lazy mode. */
u64 edu_lead_ns(struct edu *edu)
{
	return edu->mode == EDU_LAZY ? edu_lead_late_ns(edu) :
				       edu_lead_soon_ns(edu);
}

void edu_sleep_until(u64 ns)
{
	s64 left_us = div_s64(ns - ktime_get_ns(), NSEC_PER_USEC);

	if (left_us > 0)
		usleep_range(left_us, left_us + 10);
}

static long edu_unmap(void *data)
{
	struct edu_unmap *unmap = data;

	edu_target_unmap(unmap->target);
	unmap->done_ns = ktime_get_ns();
	return 0;
}

/* A CPU that unmaps, and is gone before it could look after it later. */
static int edu_unmap_and_leave(struct edu_unmap *unmap, int cpu)
{
	int ret;

	work_on_cpu(cpu, edu_unmap, unmap);
	ret = remove_cpu(cpu);
	if (ret)
		edu_note("CPU %d does not go offline: %d", cpu, ret);
	return ret;
}

/* Use the mapping while it is live. */
static int edu_prime(struct edu_target *t, unsigned int page)
{
	int ret;

	edu_target_poison(t);
	edu_target_to_device(t);
	ret = edu_write(t->edu, t->addr[page]);
	if (ret)
		return ret;
	edu_target_to_cpu(t);
	if (!edu_target_landed(t, page)) {
		edu_note("%s: a write through a live mapping did not land",
			 edu_shape_name[t->shape]);
		return -EIO;
	}
	edu_target_poison(t);
	edu_target_to_device(t);
	return 0;
}

static int edu_trial_armed(struct edu_target *t, struct edu_trial *trial)
{
	struct edu_unmap unmap = { .target = t };
	struct edu *edu = t->edu;
	int ret = 0;

	if (trial->load) {
		edu_sleep_until(edu_fires_ns(edu) - trial->lead_ns -
				trial->head_start_ns);
		edu_load_set(trial->load, true);
	}
	edu_sleep_until(edu_fires_ns(edu) - trial->lead_ns);
	if (trial->unmap_cpu >= 0)
		ret = edu_unmap_and_leave(&unmap, trial->unmap_cpu);
	else
		edu_unmap(&unmap);
	trial->late_ns = edu_fires_ns(edu) - unmap.done_ns;

	/* Asleep, so that an idle CPU is idle when its flush is due. */
	edu_sleep_until(edu_fires_ns(edu) + EDU_SETTLE_US * NSEC_PER_USEC);
	if (trial->load)
		edu_load_set(trial->load, false);
	return ret;
}

/* Returns 0 if it could be carried out, whatever its result. */
int edu_trial(struct edu *edu, struct edu_trial *trial)
{
	unsigned int page;
	struct edu_target t;
	int ret, err;

	/* Of a copy the device is shown what is in the memory before it writes. */
	ret = edu_target_init(&t, edu, trial->shape,
			      trial->shape == EDU_PART ? DMA_BIDIRECTIONAL :
							 DMA_FROM_DEVICE);
	if (ret)
		return ret;
	ret = edu_target_map(&t);
	if (ret) {
		edu_note("%s: cannot be mapped: %d",
			 edu_shape_name[trial->shape], ret);
		goto out_exit;
	}

	page = edu_random(edu, 0, t.nr_pages - 1);
	ret = edu_prime(&t, page);
	if (!ret)
		ret = edu_write_start(edu, t.addr[page]);
	if (ret) {
		edu_target_unmap(&t);
		goto out_exit;
	}

	ret = edu_trial_armed(&t, trial);
	/* Before the memory goes: the device may write until it is done. */
	err = edu_finish(edu, NULL);
	trial->landed = !edu_target_untouched(&t);
	if (!ret)
		ret = err;
out_exit:
	edu_target_exit(&t);
	return ret;
}
