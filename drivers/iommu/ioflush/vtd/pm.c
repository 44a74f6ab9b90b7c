// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d units over suspend, resume, reboot and kexec
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/syscore_ops.h>
#include <asm/x86_init.h>

#include "pm.h"
#include "vtd.h"

/*
 * Drivers have quiesced their devices and one CPU is left. Tables and domains
 * stay in memory; the registers are lost.
 */
static int vtd_suspend(void *data)
{
	struct vtd_unit *unit = NULL;
	int ret = 0;

	while ((unit = vtd_unit_next(unit))) {
		vtd_irq_save(unit);
		ret = vtd_unit_stop(unit) ?: ret;
	}
	return ret;
}

static void vtd_resume(void *data)
{
	struct vtd_unit *unit = NULL;

	while ((unit = vtd_unit_next(unit))) {
		if (vtd_unit_start(unit) || vtd_unit_translate(unit, true))
			panic("ioflush: %s does not come back, DMA is not isolated\n",
			      unit->name);
		vtd_irq_restore(unit);
	}
}

static const struct syscore_ops vtd_syscore_ops = {
	.suspend = vtd_suspend,
	.resume = vtd_resume,
};

static struct syscore vtd_syscore = {
	.ops = &vtd_syscore_ops,
};

/* What comes next, be it firmware or a kernel, expects units that are off. */
static void vtd_shutdown(void)
{
	struct vtd_unit *unit = NULL;

	while ((unit = vtd_unit_next(unit)))
		vtd_unit_stop(unit);
}

/**
 * vtd_pm_init() - have the units follow the system's state
 *
 * Context: process context, once, when all units are up.
 */
void vtd_pm_init(void)
{
	register_syscore(&vtd_syscore);
	x86_platform.iommu_shutdown = vtd_shutdown;
}
