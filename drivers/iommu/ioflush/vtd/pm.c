// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d units over suspend, resume, reboot and kexec
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <kunit/visibility.h>
#include <linux/syscore_ops.h>
#include <asm/x86_init.h>

#include "pm.h"
#include "vtd.h"

/* Have the units before @end work again; if it is NULL, all. */
static void vtd_bring_back(const struct vtd_unit *end)
{
	struct vtd_unit *unit = NULL;

	while ((unit = vtd_unit_next(unit)) != end) {
		if (vtd_unit_start(unit) || vtd_unit_translate(unit, true))
			panic("ioflush: %s does not come back, DMA is not isolated\n",
			      unit->name);
		vtd_irq_restore(unit);
	}
}

/**
 * vtd_suspend() - stop all units
 * @data: not used
 *
 * Drivers have quiesced their devices and one CPU is left. Tables and domains
 * stay in memory; the registers are lost.
 *
 * Who refuses is not asked to resume. So if a unit cannot be stopped, those before it
 * are brought back here, and it goes on as it was: a stop that fails has at most
 * switched translation off.
 *
 * Context: one CPU, interrupts off; waits for hardware.
 * Return: 0, or -ETIMEDOUT: all units translate.
 */
VISIBLE_IF_KUNIT int vtd_suspend(void *data)
{
	struct vtd_unit *unit = NULL;
	int ret;

	while ((unit = vtd_unit_next(unit))) {
		vtd_irq_save(unit);
		ret = vtd_unit_stop(unit);
		if (!ret)
			continue;
		vtd_bring_back(unit);
		if (vtd_unit_translate(unit, true))
			panic("ioflush: %s neither stops nor goes on, DMA is not isolated\n",
			      unit->name);
		return ret;
	}
	return 0;
}

/**
 * vtd_resume() - have all units work again
 * @data: not used
 *
 * Context: one CPU, interrupts off; waits for hardware. Panics if it cannot.
 */
VISIBLE_IF_KUNIT void vtd_resume(void *data)
{
	vtd_bring_back(NULL);
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
