// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: an SMMU comes up and goes down
 *
 * What happens to the requests of devices meanwhile is up to GBPA as long as
 * SMMUEN is clear, section 3.11. A unit that is found disabled is left with
 * what firmware chose: as a rule requests pass, and what firmware has set up,
 * say a screen, goes on until the core has attached the device. A unit that is
 * found enabled belonged to a kernel that crashed, or to firmware; its tables
 * cannot be replaced while they are in use, and what devices send through them
 * are no physical addresses. So requests are aborted until our tables take
 * over, also those of a crashed kernel's devices that still run; and aborted
 * again when the unit is switched off.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/iopoll.h>

#include "regs.h"
#include "smmuv3.h"

/* How long hardware may take over a change of its state. */
#define SMMU3_ACK_US		(1 * USEC_PER_SEC)
#define SMMU3_POLL_US		10

/**
 * smmu3_unit_read_caps() - find out what a unit can do, and who it is
 * @unit: a unit whose registers are mapped
 *
 * The hardware goes on as it was.
 *
 * Context: process context.
 * Return: 0 or an error; the reason is logged.
 */
int smmu3_unit_read_caps(struct smmu3_unit *unit)
{
	const struct smmu3_idr idr = {
		.idr0 = smmu3_read32(unit, SMMU3_REG_IDR0),
		.idr1 = smmu3_read32(unit, SMMU3_REG_IDR1),
		.idr3 = smmu3_read32(unit, SMMU3_REG_IDR3),
		.idr5 = smmu3_read32(unit, SMMU3_REG_IDR5),
		.iidr = smmu3_read32(unit, SMMU3_REG_IIDR),
		.aidr = smmu3_read32(unit, SMMU3_REG_AIDR),
	};
	const struct smmu3_ident ident = { .iidr = idr.iidr };
	const char *why;
	int ret;

	ret = smmu3_caps_decode(&unit->caps, &idr, &why);
	if (ret)
		pr_err("%s: left alone: %s (IDR0 %#x, IDR1 %#x, IDR5 %#x)\n",
		       unit->name, why, idr.idr0, idr.idr1, idr.idr5);
	unit->quirks |= smmu3_quirks_find(&ident);
	unit->cmdq_quirks = smmu3_quirks_of_cmdq(unit->quirks);
	/* What cuts a device off that does not answer comes only once, cutoff.c. */
	if (unit->cmdq_quirks & INVQ_TWICE)
		unit->caps.ats = false;
	unit->caps.ranges_only = unit->caps.range_inval &&
				 unit->quirks & SMMU3_QUIRK_RANGES_ONLY;
	return ret;
}

/**
 * smmu3_unit_set() - write a register and wait until it has effect
 * @unit: the unit
 * @reg: CR0 or IRQ_CTRL
 * @ack: the register that takes over the value when it has
 * @value: the value
 *
 * Context: process context; sleeps.
 * Return: 0 or -ETIMEDOUT, which is logged.
 */
int smmu3_unit_set(struct smmu3_unit *unit, u32 reg, u32 ack, u32 value)
{
	u32 state;
	int ret;

	smmu3_write32(unit, reg, value);
	ret = readl_poll_timeout(unit->regs + ack, state, state == value,
				 SMMU3_POLL_US, SMMU3_ACK_US);
	if (ret)
		pr_err("%s: no answer to %#x in register %#x, state is %#x\n",
		       unit->name, value, reg, state);
	return ret;
}

static int smmu3_unit_set_cr0(struct smmu3_unit *unit, u32 value)
{
	return smmu3_unit_set(unit, SMMU3_REG_CR0, SMMU3_REG_CR0ACK, value);
}

/* Section 6.3.14: UPDATE is clear before a write, and again when it is over. */
static int smmu3_unit_set_gbpa(struct smmu3_unit *unit, u32 value)
{
	void __iomem *gbpa = unit->regs + SMMU3_REG_GBPA;
	u32 state;
	int ret;

	ret = readl_poll_timeout(gbpa, state, !(state & SMMU3_GBPA_UPDATE),
				 SMMU3_POLL_US, SMMU3_ACK_US);
	if (!ret) {
		writel(value | SMMU3_GBPA_UPDATE, gbpa);
		ret = readl_poll_timeout(gbpa, state,
					 !(state & SMMU3_GBPA_UPDATE),
					 SMMU3_POLL_US, SMMU3_ACK_US);
	}
	if (ret)
		pr_err("%s: no answer to %#x in GBPA, which is %#x\n",
		       unit->name, value, state);
	return ret;
}

/* Registers below are read-only while the unit or a queue is enabled. */
static int smmu3_unit_take_over(struct smmu3_unit *unit)
{
	u32 cr0 = smmu3_read32(unit, SMMU3_REG_CR0);
	int ret = 0;

	unit->gbpa = smmu3_read32(unit, SMMU3_REG_GBPA) & ~SMMU3_GBPA_UPDATE;
	if (cr0 & SMMU3_CR0_SMMUEN) {
		pr_info("%s: was left enabled, DMA is aborted until our tables take over\n",
			unit->name);
		unit->gbpa |= SMMU3_GBPA_ABORT;
		ret = smmu3_unit_set_gbpa(unit, unit->gbpa);
	}
	if (!ret)
		ret = smmu3_unit_set_cr0(unit, 0);
	if (!ret)
		ret = smmu3_unit_set(unit, SMMU3_REG_IRQ_CTRL,
				     SMMU3_REG_IRQ_CTRLACK, 0);
	/* An old error of the command queue would keep ours from starting. */
	smmu3_gerror_ack(unit, ~0);
	return ret;
}

/* Memory as dma_alloc_coherent() gives it to a unit that snoops, or does not. */
static u32 smmu3_unit_cr1(const struct smmu3_unit *unit)
{
	if (!unit->coherent)
		return 0;
	return FIELD_PREP(SMMU3_CR1_QUEUE_IC, SMMU3_WB) |
	       FIELD_PREP(SMMU3_CR1_QUEUE_OC, SMMU3_WB) |
	       FIELD_PREP(SMMU3_CR1_QUEUE_SH, SMMU3_SH_INNER) |
	       FIELD_PREP(SMMU3_CR1_TABLE_IC, SMMU3_WB) |
	       FIELD_PREP(SMMU3_CR1_TABLE_OC, SMMU3_WB) |
	       FIELD_PREP(SMMU3_CR1_TABLE_SH, SMMU3_SH_INNER);
}

/*
 * Streams beyond the table are reported like all others; CPUs' own broadcast
 * invalidations are none of the unit's business, since it shares no table with
 * a process.
 */
static void smmu3_unit_configure(struct smmu3_unit *unit)
{
	const struct smmu3_streams *streams = &unit->streams;
	u32 fmt = streams->split ? SMMU3_STRTAB_FMT_2LVL :
				   SMMU3_STRTAB_FMT_LINEAR;

	smmu3_write32(unit, SMMU3_REG_CR1, smmu3_unit_cr1(unit));
	smmu3_write32(unit, SMMU3_REG_CR2,
		      SMMU3_CR2_PTM | SMMU3_CR2_RECINVSID);
	smmu3_write64(unit, SMMU3_REG_STRTAB_BASE,
		      streams->base | SMMU3_STRTAB_BASE_RA);
	smmu3_write32(unit, SMMU3_REG_STRTAB_BASE_CFG,
		      FIELD_PREP(SMMU3_STRTAB_CFG_FMT, fmt) |
		      FIELD_PREP(SMMU3_STRTAB_CFG_SPLIT, streams->split) |
		      FIELD_PREP(SMMU3_STRTAB_CFG_LOG2SIZE,
				 streams->sid_bits));
}

/* Section 4.4: without EL2, what it tags is none of a unit's commands. */
static void smmu3_unit_forget_el2(struct smmu3_unit *unit)
{
	struct invq_cmd cmd = {
		.u64s[0] = cpu_to_le64(FIELD_PREP(SMMU3_CMD0_OP,
						  SMMU3_OP_TLBI_EL2_ALL)),
	};

	if (unit->caps.idr.idr0 & SMMU3_IDR0_HYP)
		invq_submit_wait(&unit->q, &cmd, 1);
}

/* All that a unit may remember of those who had it before */
static void smmu3_unit_forget(struct smmu3_unit *unit)
{
	struct invq_cmd cmd;

	/* In this order: a cached entry would bring translations back. */
	smmu3_cmd_cfgi_all(&cmd);
	invq_submit_wait(&unit->q, &cmd, 1);
	smmu3_unit_forget_el2(unit);
	smmu3_cmd_tlbi_all(&cmd);
	invq_submit_wait(&unit->q, &cmd, 1);
}

static int smmu3_unit_start_queue(struct smmu3_unit *unit)
{
	smmu3_queue_start(unit);
	return smmu3_unit_set_cr0(unit, SMMU3_CR0_CMDQEN) ?:
	       smmu3_queue_check(unit);
}

/**
 * smmu3_unit_reset() - make a unit use our tables and our queues
 * @unit: a unit with its queues and its stream table
 *
 * Order as in sections 3.11 and 6.3.9: first all off, then what may only be
 * written while it is off, then the command queue, with it what caches hold,
 * then the event queue. It does not translate yet.
 *
 * Context: process context; sleeps.
 * Return: 0 or -ETIMEDOUT, which is logged.
 */
int smmu3_unit_reset(struct smmu3_unit *unit)
{
	int ret;

	ret = smmu3_unit_take_over(unit);
	if (ret)
		return ret;
	smmu3_unit_configure(unit);
	ret = smmu3_unit_start_queue(unit);
	if (ret == -EAGAIN)
		ret = smmu3_unit_set_cr0(unit, 0) ?:
		      smmu3_unit_start_queue(unit);
	if (ret)
		return ret;
	smmu3_unit_forget(unit);
	smmu3_event_start(unit);
	return smmu3_unit_set_cr0(unit, SMMU3_CR0_CMDQEN |
					SMMU3_CR0_EVENTQEN);
}

/**
 * smmu3_unit_enable() - let a unit translate
 * @unit: a unit that smmu3_unit_reset() has brought up
 *
 * Translated requests, which devices that cache translations send, are looked
 * up in the stream table, too: only of a device that was told to are they
 * accepted.
 *
 * Context: process context; sleeps.
 * Return: 0 or -ETIMEDOUT, which is logged.
 */
int smmu3_unit_enable(struct smmu3_unit *unit)
{
	u32 cr0 = SMMU3_CR0_CMDQEN | SMMU3_CR0_EVENTQEN;
	int ret;

	if (unit->caps.ats) {
		cr0 |= SMMU3_CR0_ATSCHK;
		ret = smmu3_unit_set_cr0(unit, cr0);
		if (ret)
			return ret;
	}
	return smmu3_unit_set_cr0(unit, cr0 | SMMU3_CR0_SMMUEN);
}

/* GBPA first: requests never see anything between our tables and firmware's. */
static void smmu3_unit_give_back(struct smmu3_unit *unit, u32 cr0)
{
	smmu3_unit_set_gbpa(unit, unit->gbpa);
	smmu3_unit_set_cr0(unit, cr0);
}

/**
 * smmu3_unit_disable() - switch a unit off
 * @unit: a unit that smmu3_unit_reset() has looked at
 *
 * Requests then pass or are aborted as before smmu3_unit_reset(), or aborted if
 * the unit was enabled then.
 *
 * Context: process context; sleeps.
 */
void smmu3_unit_disable(struct smmu3_unit *unit)
{
	smmu3_unit_give_back(unit, 0);
}

/**
 * smmu3_unit_shutdown() - switch a unit off at the end of this kernel
 * @unit: a unit that is enabled
 *
 * As smmu3_unit_disable(), but commands are still taken: a device that is shut
 * down later than its unit unmaps, and waits for that. The next kernel finds
 * nothing that writes to its memory.
 *
 * Context: process context; sleeps.
 */
void smmu3_unit_shutdown(struct smmu3_unit *unit)
{
	smmu3_unit_set(unit, SMMU3_REG_IRQ_CTRL, SMMU3_REG_IRQ_CTRLACK, 0);
	smmu3_unit_give_back(unit, SMMU3_CR0_CMDQEN);
}
