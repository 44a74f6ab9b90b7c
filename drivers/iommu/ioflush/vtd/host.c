// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a VT-d unit that the kernel has brought up to remap interrupts
 *
 * Such a unit has an invalidation queue, a global command register and a fault
 * event interrupt already, and the kernel goes on using them. What is here uses
 * them beside it, by its rules. For the queue see shared.c.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/dmar.h>
#include <linux/interrupt.h>

#include "intel/iommu.h"
#include "irq_remapping.h"
#include "regs.h"
#include "vtd.h"

/**
 * vtd_host_init() - do for remapped interrupts what the replaced function did
 *
 * Which unit a device's interrupts go through is looked up when the device is
 * found. For those that are there at boot the kernel does that by itself; for those
 * that are plugged in later only with the notifier that nobody else registers.
 *
 * Context: process context, once, when PCI devices have been found.
 */
void __init vtd_host_init(void)
{
	int ret;

	if (!irq_remapping_enabled)
		return;
	down_write(&dmar_global_lock);
	ret = dmar_dev_scope_init();
	up_write(&dmar_global_lock);
	if (ret)
		pr_warn("scopes of VT-d units are not known for interrupts: error %d\n",
			ret);
	/* It takes the lock by itself. */
	dmar_register_bus_notifier();
}

/**
 * vtd_host_find() - does the kernel remap interrupts through a unit?
 * @unit: a unit whose registers are mapped; its @host is set if so
 *
 * The kernel has all units remap interrupts or none, and has given each a queue then.
 * It frees a unit only if that is unplugged, which ioflush does not support.
 *
 * Context: process context.
 * Return: 0, or -EBUSY if it does, but does not say how.
 */
int vtd_host_find(struct vtd_unit *unit)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;

	if (!irq_remapping_enabled)
		return 0;
	down_read(&dmar_global_lock);
	for_each_iommu(iommu, drhd)
		if (drhd->reg_base_addr == unit->drhd->base && iommu->qi)
			unit->host = iommu;
	up_read(&dmar_global_lock);
	return unit->host ? 0 : -EBUSY;
}

/**
 * vtd_host_lock() - keep the kernel from giving global commands
 * @unit: a unit of the kernel's
 *
 * Its lock serialises commands and protects the copy of the lasting state. Also its
 * handler of faults takes it.
 *
 * Context: any context.
 * Return: interrupt flags for vtd_host_unlock().
 */
unsigned long vtd_host_lock(struct vtd_unit *unit)
	__acquires(&unit->host->register_lock)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->host->register_lock, flags);
	return flags;
}

/**
 * vtd_host_unlock() - undo vtd_host_lock()
 * @unit: the unit
 * @flags: what that has returned
 *
 * Context: any context.
 */
void vtd_host_unlock(struct vtd_unit *unit, unsigned long flags)
	__releases(&unit->host->register_lock)
{
	raw_spin_unlock_irqrestore(&unit->host->register_lock, flags);
}

/**
 * vtd_host_gcmd() - what to write to the global command register
 * @unit: a unit of the kernel's
 * @on: bits to switch on, or a one-shot command
 * @off: bits to switch off
 *
 * The kernel writes the whole register from a copy of its own: a bit that is not in
 * there is switched off by its next command.
 *
 * Context: with the unit locked.
 * Return: the value.
 */
u32 vtd_host_gcmd(struct vtd_unit *unit, u32 on, u32 off)
{
	struct intel_iommu *iommu = unit->host;

	lockdep_assert_held(&iommu->register_lock);
	iommu->gcmd = (iommu->gcmd | (on & VTD_G_LASTING)) & ~off;
	return iommu->gcmd | on;
}

/**
 * vtd_host_give() - give a global command, but do not wait for its effect
 * @unit: a unit of the kernel's
 * @on: bits to switch on, or a one-shot command
 * @off: bits to switch off
 *
 * Nothing is begun while the kernel waits for a command of its own.
 *
 * Context: interrupts off.
 * Return: whether it has been given.
 */
bool vtd_host_give(struct vtd_unit *unit, u32 on, u32 off)
{
	scoped_guard(raw_spinlock_try, &unit->host->register_lock) {
		vtd_write32(unit, VTD_REG_GCMD, vtd_host_gcmd(unit, on, off));
		return true;
	}
	return false;
}

/**
 * vtd_host_irq_get() - take over the fault event interrupt
 * @unit: a unit of the kernel's
 * @thread: what to call, in process context
 *
 * The kernel's function composes the message, which is not remapped and may have to
 * name a CPU beyond the first 255. Its handler only logs.
 *
 * Context: process context.
 * Return: the interrupt, or an error.
 */
int vtd_host_irq_get(struct vtd_unit *unit, irq_handler_t thread)
{
	struct intel_iommu *iommu = unit->host;
	int ret;

	ret = dmar_set_interrupt(iommu);
	if (ret)
		return ret;
	free_irq(iommu->irq, iommu);
	ret = request_threaded_irq(iommu->irq, NULL, thread, IRQF_ONESHOT,
				   unit->name, unit);
	if (!ret)
		return iommu->irq;
	vtd_host_irq_put(unit);
	return ret;
}

/**
 * vtd_host_irq_put() - give the fault event interrupt back
 * @unit: a unit of the kernel's whose interrupt has no handler now
 *
 * Context: process context.
 */
void vtd_host_irq_put(struct vtd_unit *unit)
{
	struct intel_iommu *iommu = unit->host;

	if (request_irq(iommu->irq, dmar_fault, IRQF_NO_THREAD, iommu->name,
			iommu))
		pr_warn("%s: the kernel does not learn of faults any more\n",
			unit->name);
}
