// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that map and unmap in the device's domain, and do nothing else
 */

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "edu.h"

/* A light load maps about this often. */
#define EDU_LIGHT_US	300

struct edu_load_cpu {
	struct edu_load *load;
	struct task_struct *task;
	struct page *page;
};

struct edu_load {
	struct edu *edu;
	unsigned int pause_us;
	bool on;
	struct wait_queue_head wait;	/* for @on, or the end of the thread */
	struct edu_load_cpu cpus[];
};

static void edu_load_once(struct edu_load_cpu *c)
{
	struct device *dev = c->load->edu->dev;
	dma_addr_t addr = dma_map_page(dev, c->page, 0, PAGE_SIZE,
				       DMA_TO_DEVICE);

	if (!dma_mapping_error(dev, addr))
		dma_unmap_page(dev, addr, PAGE_SIZE, DMA_TO_DEVICE);
}

static int edu_load_thread(void *data)
{
	struct edu_load_cpu *c = data;
	struct edu_load *load = c->load;

	while (!kthread_should_stop()) {
		wait_event_idle(load->wait, READ_ONCE(load->on) ||
				kthread_should_stop());
		edu_load_once(c);
		if (load->pause_us)
			usleep_range(load->pause_us, load->pause_us * 2);
		else
			cond_resched();
	}
	return 0;
}

static bool edu_load_is_on(enum edu_load_kind kind, int cpu)
{
	switch (kind) {
	case EDU_LIGHT:
	case EDU_HEAVY:
		return cpu == raw_smp_processor_id();
	case EDU_OTHERS:
		return cpu != raw_smp_processor_id();
	default:
		return false;
	}
}

static int edu_load_start_cpu(struct edu_load *load, int cpu)
{
	struct edu_load_cpu *c = &load->cpus[cpu];
	struct task_struct *task;

	c->load = load;
	c->page = alloc_page(GFP_KERNEL);
	if (!c->page)
		return -ENOMEM;
	task = kthread_run_on_cpu(edu_load_thread, c, cpu, "edu_load/%u");
	if (IS_ERR(task))
		return PTR_ERR(task);
	c->task = task;
	return 0;
}

/* One thread on each CPU that this kind of load is for; they start asleep. */
struct edu_load *edu_load_start(struct edu *edu, enum edu_load_kind kind)
{
	struct edu_load *load;
	int cpu;

	load = kzalloc(struct_size(load, cpus, nr_cpu_ids), GFP_KERNEL);
	if (!load)
		return NULL;
	load->edu = edu;
	load->pause_us = kind == EDU_LIGHT ? EDU_LIGHT_US : 0;
	init_waitqueue_head(&load->wait);

	for_each_online_cpu(cpu) {
		if (edu_load_is_on(kind, cpu) &&
		    edu_load_start_cpu(load, cpu)) {
			edu_load_stop(load);
			return NULL;
		}
	}
	return load;
}

void edu_load_set(struct edu_load *load, bool on)
{
	WRITE_ONCE(load->on, on);
	wake_up_all(&load->wait);
}

void edu_load_stop(struct edu_load *load)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		if (load->cpus[cpu].task)
			kthread_stop(load->cpus[cpu].task);
		if (load->cpus[cpu].page)
			__free_page(load->cpus[cpu].page);
	}
	kfree(load);
}
