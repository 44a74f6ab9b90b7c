// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the fault event interrupt of a VT-d unit
 *
 * A unit writes messages like an MSI device, but has registers of its own for
 * them (section 11.4.7.2 and on) and is no device on a bus. So there is an
 * interrupt domain of its own, directly above the CPUs' vectors: messages of
 * the unit itself are not remapped. Where the kernel remaps interrupts it has that
 * by itself, see host.c.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>

#include "compat-irq.h"
#include "regs.h"
#include "vtd.h"

static struct irq_domain *vtd_irq_domain;

static struct vtd_unit *vtd_irq_unit(struct irq_data *data)
{
	return irq_data_get_irq_handler_data(data);
}

static void vtd_irq_mask(struct irq_data *data)
{
	vtd_write32(vtd_irq_unit(data), VTD_REG_FECTL, VTD_FECTL_IM);
}

static void vtd_irq_unmask(struct irq_data *data)
{
	vtd_write32(vtd_irq_unit(data), VTD_REG_FECTL, 0);
}

static void vtd_irq_write_msg(struct irq_data *data, struct msi_msg *msg)
{
	struct vtd_unit *unit = vtd_irq_unit(data);

	vtd_write32(unit, VTD_REG_FEDATA, msg->data);
	vtd_write32(unit, VTD_REG_FEADDR, msg->address_lo);
	vtd_write32(unit, VTD_REG_FEUADDR, msg->address_hi);
}

static struct irq_chip vtd_irq_chip = {
	.name = "ioflush-vtd",
	.irq_mask = vtd_irq_mask,
	.irq_unmask = vtd_irq_unmask,
	.irq_ack = irq_chip_ack_parent,
	.irq_set_affinity = msi_domain_set_affinity,
	.irq_retrigger = irq_chip_retrigger_hierarchy,
	.irq_write_msi_msg = vtd_irq_write_msg,
	/*
	 * The message is in three registers, of which a fault must not see some old and
	 * some new: it would be lost, and no other is told while that one is pending.
	 */
	.flags = IRQCHIP_SKIP_SET_WAKE | IRQCHIP_AFFINITY_PRE_STARTUP |
		 IOFLUSH_IRQCHIP_MOVE_DEFERRED,
};

static int vtd_irq_msi_init(struct irq_domain *domain,
			    struct msi_domain_info *info, unsigned int virq,
			    irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	irq_domain_set_info(domain, virq, hwirq, info->chip, NULL,
			    handle_edge_irq, arg->data, "edge");
	return 0;
}

static struct msi_domain_ops vtd_irq_msi_ops = {
	.msi_init = vtd_irq_msi_init,
};

static struct msi_domain_info vtd_irq_msi_info = {
	.ops = &vtd_irq_msi_ops,
	.chip = &vtd_irq_chip,
	.flags = MSI_FLAG_USE_DEF_DOM_OPS,
};

static int vtd_irq_domain_get(void)
{
	struct fwnode_handle *fwnode;

	if (vtd_irq_domain)
		return 0;
	fwnode = irq_domain_alloc_named_fwnode("ioflush-vtd");
	if (!fwnode)
		return -ENOMEM;
	vtd_irq_domain = msi_create_irq_domain(fwnode, &vtd_irq_msi_info,
					       x86_vector_domain);
	if (!vtd_irq_domain) {
		irq_domain_free_fwnode(fwnode);
		return -ENOMEM;
	}
	return 0;
}

static irqreturn_t vtd_irq_thread(int irq, void *data)
{
	vtd_fault_report(data);
	return IRQ_HANDLED;
}

/**
 * vtd_irq_init() - have a unit's faults reported
 * @unit: the unit
 *
 * Context: process context, while units are brought up one by one.
 * Return: 0 or an error; faults are blocked all the same then, but silently.
 */
int vtd_irq_init(struct vtd_unit *unit)
{
	struct irq_alloc_info info;
	int irq, ret;

	if (vtd_is_shared(unit)) {
		irq = vtd_host_irq_get(unit, vtd_irq_thread);
		if (irq < 0)
			return irq;
		unit->irq = irq;
		return 0;
	}
	ret = vtd_irq_domain_get();
	if (ret)
		return ret;

	init_irq_alloc_info(&info, NULL);
	info.type = X86_IRQ_ALLOC_TYPE_DMAR;
	info.devid = unit->id;
	info.hwirq = unit->id;
	info.data = unit;
	irq = irq_domain_alloc_irqs(vtd_irq_domain, 1, NUMA_NO_NODE, &info);
	if (irq < 0)
		return irq;

	ret = request_threaded_irq(irq, NULL, vtd_irq_thread, IRQF_ONESHOT,
				   unit->name, unit);
	if (ret) {
		irq_domain_free_irqs(irq, 1);
		return ret;
	}
	unit->irq = irq;
	return 0;
}

/**
 * vtd_irq_exit() - undo vtd_irq_init()
 * @unit: the unit
 *
 * Context: process context.
 */
void vtd_irq_exit(struct vtd_unit *unit)
{
	if (!unit->irq)
		return;
	free_irq(unit->irq, unit);
	if (vtd_is_shared(unit))
		vtd_host_irq_put(unit);
	else
		irq_domain_free_irqs(unit->irq, 1);
	unit->irq = 0;
}

static const u32 vtd_irq_regs[] = {
	VTD_REG_FEDATA, VTD_REG_FEADDR, VTD_REG_FEUADDR, VTD_REG_FECTL,
};

/**
 * vtd_irq_save() - remember the fault event registers over a suspend
 * @unit: the unit
 *
 * Context: one CPU, interrupts off.
 */
void vtd_irq_save(struct vtd_unit *unit)
{
	static_assert(ARRAY_SIZE(vtd_irq_regs) == ARRAY_SIZE(unit->fault_msg));

	for (unsigned int i = 0; i < ARRAY_SIZE(vtd_irq_regs); i++)
		unit->fault_msg[i] = vtd_read32(unit, vtd_irq_regs[i]);
}

/**
 * vtd_irq_restore() - write back what vtd_irq_save() remembered
 * @unit: the unit
 *
 * Context: one CPU, interrupts off.
 */
void vtd_irq_restore(struct vtd_unit *unit)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vtd_irq_regs); i++)
		vtd_write32(unit, vtd_irq_regs[i], unit->fault_msg[i]);
}
