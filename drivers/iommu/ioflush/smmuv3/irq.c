// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: interrupts of an SMMU, and its global errors
 *
 * Interrupts are wires, one for each purpose or one for all, or else messages
 * that the unit itself writes. What the command queue and the message of a sync
 * have to do with is left to those who wait for the queue.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/interrupt.h>
#include <linux/msi.h>
#include <linux/platform_device.h>

#include "regs.h"
#include "smmuv3.h"

/* Errors that whoever waits for the command queue recovers from */
#define SMMU3_GERROR_OF_QUEUE \
	(SMMU3_GERROR_CMDQ_ERR | SMMU3_GERROR_MSI_CMDQ_ABT)

/* Places in struct smmu3_unit.irqs; the first two number messages, too. */
enum smmu3_irq {
	SMMU3_IRQ_EVENT,
	SMMU3_IRQ_GERROR,
	SMMU3_IRQ_COMBINED,
};

#define SMMU3_IRQ_MESSAGES 2

static const struct {
	u32 error;
	const char *text;
} smmu3_gerrors[] = {
	{ SMMU3_GERROR_CMDQ_ERR, "command queue stopped at an error" },
	{ SMMU3_GERROR_PRIQ_ABT, "page requests could not be written" },
	{ SMMU3_GERROR_MSI_CMDQ_ABT, "message of a sync could not be written" },
	{ SMMU3_GERROR_MSI_EVENTQ_ABT, "interrupt of the event queue could not be sent" },
	{ SMMU3_GERROR_MSI_PRIQ_ABT, "interrupt of the page request queue could not be sent" },
	{ SMMU3_GERROR_MSI_GERROR_ABT, "interrupt of a global error could not be sent" },
	{ SMMU3_GERROR_SFM, "the unit has failed: it blocks all DMA until it is reset" },
};

/**
 * smmu3_gerror_active() - errors that nobody has acknowledged
 * @unit: the unit
 *
 * Section 7.5: an error is active where GERROR and GERRORN differ.
 *
 * Context: any context.
 * Return: SMMU3_GERROR_*.
 */
u32 smmu3_gerror_active(struct smmu3_unit *unit)
{
	return smmu3_read32(unit, SMMU3_REG_GERROR) ^
	       smmu3_read32(unit, SMMU3_REG_GERRORN);
}

/**
 * smmu3_gerror_ack() - acknowledge errors
 * @unit: the unit
 * @errors: which; of these, errors that are not active stay so
 *
 * Context: any context.
 */
void smmu3_gerror_ack(struct smmu3_unit *unit, u32 errors)
{
	unsigned long flags;
	u32 acked;

	raw_spin_lock_irqsave(&unit->gerror_lock, flags);
	acked = smmu3_read32(unit, SMMU3_REG_GERRORN);
	acked ^= smmu3_gerror_active(unit) & errors;
	smmu3_write32(unit, SMMU3_REG_GERRORN, acked);
	raw_spin_unlock_irqrestore(&unit->gerror_lock, flags);
}

/**
 * smmu3_gerror_take() - name and acknowledge global errors
 * @unit: the unit
 *
 * A command queue with an error is recovered by waiting for it, as others do who
 * have commands in it: so it goes on also when there are none.
 *
 * Context: process context.
 */
void smmu3_gerror_take(struct smmu3_unit *unit)
{
	u32 errors = smmu3_gerror_active(unit);

	for (unsigned int i = 0; i < ARRAY_SIZE(smmu3_gerrors); i++)
		if (errors & smmu3_gerrors[i].error)
			pr_err_ratelimited("%s: %s (GERROR %#x)\n", unit->name,
					   smmu3_gerrors[i].text, errors);

	if (errors & SMMU3_GERROR_EVENTQ_ABT)
		smmu3_event_lost(unit);
	/* Nothing is consumed any more: there is no queue to wait for. */
	if (errors & SMMU3_GERROR_OF_QUEUE && !(errors & SMMU3_GERROR_SFM))
		invq_wait(&unit->q, invq_newest(&unit->q));
	/* By the last those who wait know that nothing will come. */
	smmu3_gerror_ack(unit, errors & ~(SMMU3_GERROR_OF_QUEUE |
					  SMMU3_GERROR_SFM));
}

static irqreturn_t smmu3_irq_event(int irq, void *data)
{
	smmu3_event_take(data);
	return IRQ_HANDLED;
}

static irqreturn_t smmu3_irq_gerror(int irq, void *data)
{
	smmu3_gerror_take(data);
	return IRQ_HANDLED;
}

static irqreturn_t smmu3_irq_combined(int irq, void *data)
{
	smmu3_gerror_take(data);
	smmu3_event_take(data);
	return IRQ_HANDLED;
}

static const struct {
	const char *name;
	irq_handler_t thread;
	u32 enable;
} smmu3_irq_kinds[] = {
	[SMMU3_IRQ_EVENT] = {
		"eventq", smmu3_irq_event, SMMU3_IRQ_CTRL_EVENTQ,
	},
	[SMMU3_IRQ_GERROR] = {
		"gerror", smmu3_irq_gerror, SMMU3_IRQ_CTRL_GERROR,
	},
	[SMMU3_IRQ_COMBINED] = {
		"combined", smmu3_irq_combined,
		SMMU3_IRQ_CTRL_EVENTQ | SMMU3_IRQ_CTRL_GERROR,
	},
};

/* Registers of the message of each, sections 6.3.21 and 6.3.30 */
static const u32 smmu3_irq_cfg[SMMU3_IRQ_MESSAGES] = {
	[SMMU3_IRQ_EVENT] = SMMU3_REG_EVENTQ_IRQ_CFG0,
	[SMMU3_IRQ_GERROR] = SMMU3_REG_GERROR_IRQ_CFG0,
};

/*
 * CFG0 to CFG2: address, data, attributes. Hardware takes them only while the
 * interrupt is not enabled in IRQ_CTRL. So it is when one is requested; and
 * when it moves to another CPU, the message stays the same.
 */
static void smmu3_irq_write_msg(struct msi_desc *desc, struct msi_msg *msg)
{
	struct smmu3_unit *unit = dev_get_drvdata(msi_desc_to_dev(desc));
	u32 cfg = smmu3_irq_cfg[desc->msi_index];
	u64 addr = (u64)msg->address_hi << 32 | msg->address_lo;

	smmu3_write64(unit, cfg, addr & SMMU3_IRQ_CFG0_ADDR);
	smmu3_write32(unit, cfg + 8, msg->data);
	smmu3_write32(unit, cfg + 12, FIELD_PREP(SMMU3_IRQ_CFG2_MEMATTR,
						 SMMU3_MEMATTR_DEVICE_NGNRE));
}

/* With an address of 0 the unit uses its wires. */
static void smmu3_irq_no_messages(struct smmu3_unit *unit)
{
	if (!(unit->caps.idr.idr0 & SMMU3_IDR0_MSI))
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(smmu3_irq_cfg); i++)
		smmu3_write64(unit, smmu3_irq_cfg[i], 0);
	if (unit->caps.idr.idr0 & SMMU3_IDR0_PRI)
		smmu3_write64(unit, SMMU3_REG_PRIQ_IRQ_CFG0, 0);
}

static void smmu3_irq_request(struct smmu3_unit *unit, enum smmu3_irq kind,
			      int irq)
{
	int ret = request_threaded_irq(irq, NULL, smmu3_irq_kinds[kind].thread,
				       IRQF_ONESHOT, unit->name, unit);

	if (ret)
		pr_warn("%s: interrupt %s cannot be had: error %d\n",
			unit->name, smmu3_irq_kinds[kind].name, ret);
	else
		unit->irqs[kind] = irq;
}

static void smmu3_irq_wired(struct smmu3_unit *unit)
{
	struct platform_device *pdev = to_platform_device(unit->dev);
	int irq;

	for (int kind = SMMU3_IRQ_COMBINED; kind >= 0; kind--) {
		irq = platform_get_irq_byname_optional(pdev,
						       smmu3_irq_kinds[kind].name);
		if (irq > 0)
			smmu3_irq_request(unit, kind, irq);
		if (unit->irqs[SMMU3_IRQ_COMBINED])
			return;
	}
}

static void smmu3_irq_messages(struct smmu3_unit *unit)
{
	if (!(unit->caps.idr.idr0 & SMMU3_IDR0_MSI) || !unit->dev->msi.domain ||
	    platform_device_msi_init_and_alloc_irqs(unit->dev,
						    SMMU3_IRQ_MESSAGES,
						    smmu3_irq_write_msg))
		return;
	unit->irq_messages = true;
	for (int kind = 0; kind < SMMU3_IRQ_MESSAGES; kind++)
		smmu3_irq_request(unit, kind,
				  msi_get_virq(unit->dev, kind));
}

static u32 smmu3_irq_enabled(const struct smmu3_unit *unit)
{
	u32 enable = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(unit->irqs); i++)
		if (unit->irqs[i])
			enable |= smmu3_irq_kinds[i].enable;
	return enable;
}

/**
 * smmu3_irq_init() - have a unit's events and errors reported
 * @unit: a unit that smmu3_unit_reset() has brought up, and that is the data of
 *	its device's driver
 *
 * A unit without an interrupt works all the same, but silently, and a line in
 * the log says so.
 *
 * Context: process context; sleeps.
 * Return: 0 or -ETIMEDOUT, which is logged.
 */
int smmu3_irq_init(struct smmu3_unit *unit)
{
	u32 enable;

	smmu3_irq_no_messages(unit);
	smmu3_irq_wired(unit);
	if (!smmu3_irq_enabled(unit))
		smmu3_irq_messages(unit);

	enable = smmu3_irq_enabled(unit);
	if (!(enable & SMMU3_IRQ_CTRL_EVENTQ))
		pr_warn("%s: no interrupt for events, faults stay unreported\n",
			unit->name);
	if (!(enable & SMMU3_IRQ_CTRL_GERROR))
		pr_warn("%s: no interrupt for global errors, they stay unreported\n",
			unit->name);
	return smmu3_unit_set(unit, SMMU3_REG_IRQ_CTRL, SMMU3_REG_IRQ_CTRLACK,
			      enable);
}

/**
 * smmu3_irq_exit() - undo smmu3_irq_init()
 * @unit: the unit; smmu3_irq_init() may have failed, or not been called
 *
 * Context: process context; sleeps.
 */
void smmu3_irq_exit(struct smmu3_unit *unit)
{
	if (unit->regs && smmu3_irq_enabled(unit))
		smmu3_unit_set(unit, SMMU3_REG_IRQ_CTRL, SMMU3_REG_IRQ_CTRLACK,
			       0);
	for (unsigned int i = 0; i < ARRAY_SIZE(unit->irqs); i++) {
		if (unit->irqs[i])
			free_irq(unit->irqs[i], unit);
		unit->irqs[i] = 0;
	}
	if (unit->irq_messages)
		platform_device_msi_free_irqs_all(unit->dev);
	unit->irq_messages = false;
}
