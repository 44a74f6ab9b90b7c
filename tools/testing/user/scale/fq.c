// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: a model of mainline's flush queue, over the kernel's own IOVA allocator
 *
 * Written from its description. Each CPU has a ring of 256 under a lock of its own.
 * An unmap frees what the last flush of the domain has covered, flushes the domain
 * itself if the ring is full, and appends; the first one arms a timer of 10 ms,
 * which is the domain's. When that fires the domain is flushed, and what that has
 * covered is freed from the rings of all CPUs.
 */
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/hrtimer.h>
#include <linux/iova.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "load.h"
#include "sim.h"
#include "smmu.h"
#include "unit.h"
#include "vtd.h"

#define FQ_SIZE		256
#define FQ_TIMEOUT_NS	(10 * NSEC_PER_MSEC)

struct fq_entry {
	unsigned long pfn;
	unsigned long pages;
	u64 counter;
};

struct fq {
	spinlock_t lock; /* all below */
	unsigned int head;
	unsigned int tail;
	struct fq_entry *entries;
};

/**
 * struct fq_domain - a domain
 * @iovad: whose addresses
 * @issue: to the queue of its unit
 * @fq: of each CPU
 * @started: flushes begun
 * @finished: flushes that are over
 * @timer_on: the timer is going to fire
 * @timer: it
 * @work: what it does
 */
struct fq_domain {
	struct iova_domain iovad;
	void (*issue)(struct unit_cmd cmd);
	struct fq __percpu *fq;
	atomic64_t started;
	atomic64_t finished;
	atomic_t timer_on ____cacheline_aligned_in_smp;
	struct hrtimer timer;
	struct work_struct work;
};

static struct fq_domain *domain;

static void fq_flush(void)
{
	atomic64_inc_return(&domain->started);
	domain->issue((struct unit_cmd){ { UNIT_ALL } });
	atomic64_inc_return(&domain->finished);
}

/* With its lock. */
static void fq_free(struct fq *fq)
{
	u64 finished = atomic64_read(&domain->finished);

	while (fq->head != fq->tail) {
		struct fq_entry *e = &fq->entries[fq->head];

		if (e->counter >= finished)
			break;
		free_iova_fast(&domain->iovad, e->pfn, e->pages);
		fq->head = (fq->head + 1) % FQ_SIZE;
	}
}

static void fq_work(struct work_struct *work)
{
	unsigned long flags;
	int cpu;

	atomic_set(&domain->timer_on, 0);
	fq_flush();
	for_each_possible_cpu(cpu) {
		struct fq *fq = per_cpu_ptr(domain->fq, cpu);

		spin_lock_irqsave(&fq->lock, flags);
		fq_free(fq);
		spin_unlock_irqrestore(&fq->lock, flags);
	}
}

static enum hrtimer_restart fq_timer(struct hrtimer *timer)
{
	user_work_queue(&domain->work);
	return HRTIMER_NORESTART;
}

static void fq_unmap(u64 iova)
{
	struct fq *fq = raw_cpu_ptr(domain->fq);
	struct fq_entry *e;
	unsigned long flags;

	/* The translation is clear before a flush that does not see the entry. */
	smp_mb();
	spin_lock_irqsave(&fq->lock, flags);
	fq_free(fq);
	if ((fq->tail + 1) % FQ_SIZE == fq->head) {
		fq_flush();
		fq_free(fq);
	}
	e = &fq->entries[fq->tail];
	fq->tail = (fq->tail + 1) % FQ_SIZE;
	e->pfn = iova >> UNIT_PAGE_LG2;
	e->pages = LOAD_BYTES >> UNIT_PAGE_LG2;
	e->counter = atomic64_read(&domain->started);
	spin_unlock_irqrestore(&fq->lock, flags);

	if (!atomic_read(&domain->timer_on) &&
	    !atomic_xchg_acquire(&domain->timer_on, 1))
		hrtimer_start(&domain->timer, FQ_TIMEOUT_NS,
			      HRTIMER_MODE_REL_PINNED_HARD);
}

static u64 fq_map(void)
{
	return (u64)alloc_iova_fast(&domain->iovad, LOAD_BYTES >> UNIT_PAGE_LG2,
				    0xfffff, true) << UNIT_PAGE_LG2;
}

static void setup(void (*issue)(struct unit_cmd cmd))
{
	int cpu;

	domain = sim_alloc(sizeof(*domain), "flush queue", 0);
	domain->issue = issue;
	domain->fq = alloc_percpu(struct fq);
	for_each_possible_cpu(cpu)
		per_cpu_ptr(domain->fq, cpu)->entries =
			sim_alloc(FQ_SIZE * sizeof(struct fq_entry),
				  "flush queue's entries", 0);
	domain->timer.function = fq_timer;
	INIT_WORK(&domain->work, fq_work);
	user_refuse(iova_cache_get());
	init_iova_domain(&domain->iovad, LOAD_BYTES, 1);
	user_refuse(iova_domain_init_rcaches(&domain->iovad));
}

static void setup_smmu(void)
{
	smmu_setup();
	setup(smmu_issue);
}

static void setup_vtd(void)
{
	vtd_setup();
	setup(vtd_issue);
}

const struct stack stack_fq_smmu = {
	.name = "fq-smmuv3",
	.what = "a model of mainline's flush queue, on that of its SMMUv3 queue",
	.model = true,
	.lazy = true,
	.ms = 12,
	.warm = 600,
	.setup = setup_smmu,
	.map = fq_map,
	.unmap = fq_unmap,
};

const struct stack stack_fq_vtd = {
	.name = "fq-vtd",
	.what = "a model of mainline's flush queue, on that of its VT-d queue",
	.model = true,
	.lazy = true,
	.ms = 12,
	.warm = 600,
	.setup = setup_vtd,
	.map = fq_map,
	.unmap = fq_unmap,
};
