// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: bring-up of the module
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/ioflush/dma.h>
#include <linux/ioflush/flush.h>
#include <linux/ioflush/iova.h>
#include <linux/module.h>

#include "../dma/internal.h"
#include "host.h"

static char *devices = "";
module_param(devices, charp, 0444);
MODULE_PARM_DESC(devices,
		 "Which devices, by PCI address (0000:03:00.0) or id (8086:10d3), with commas between them: each when a driver is bound to it next");

/* A module keeps its exit code until it goes: what fails may use it. */
static int __ref iohost_layers(void)
{
	int ret;

	ioflush_params_setup();
	ret = iospace_setup();
	if (ret)
		return ret;
	ret = ioflush_setup();
	if (ret)
		goto err_space;
	ret = ioflush_pressure_setup();
	if (ret)
		goto err_flush;
	ret = ioslot_setup();
	if (!ret)
		return 0;
	ioflush_pressure_teardown();
err_flush:
	ioflush_teardown();
err_space:
	iospace_teardown();
	return ret;
}

static void __ref iohost_layers_end(void)
{
	/* Callbacks of RCU are code of the module. */
	rcu_barrier();
	ioslot_teardown();
	ioflush_pressure_teardown();
	ioflush_teardown();
	iospace_teardown();
}

/* Attributes first: whoever is bound as soon as the other is there is to have them. */
static int __ref iohost_watch(void)
{
	int ret = iodma_knobs_setup();

	if (ret)
		return ret;
	ret = iohost_takeover_setup();
	if (ret)
		iodma_knobs_teardown();
	return ret;
}

static int __init iohost_start(void)
{
	int ret;

	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		pr_err("not with PREEMPT_RT: mainline's IOMMU drivers have locks that sleep there\n");
		return -EOPNOTSUPP;
	}
	ret = iohost_choose(devices);
	if (ret)
		return ret;
	ret = iohost_layers();
	if (ret)
		return ret;
	ret = iohost_watch();
	if (ret)
		iohost_layers_end();
	return ret;
}

static void __exit iohost_end(void)
{
	iohost_takeover_teardown();
	iodma_knobs_teardown();
	iohost_layers_end();
}

module_init(iohost_start);
module_exit(iohost_end);

MODULE_DESCRIPTION("ioflush's DMA layer over mainline's IOMMU drivers");
MODULE_LICENSE("GPL");
