// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the SMMUv3 end of an invalidation queue
 *
 * A sync that is over is seen in one of two ways. Units that can send messages,
 * and snoop, store the sync's number to a word in memory, and nobody reads a
 * register while waiting. Of others the index of the next command to consume
 * is polled: a CMD_SYNC is consumed when all before it have completed, section
 * 4.7.3.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "regs.h"
#include "smmuv3.h"

/* Log2 of the most commands in a queue: 64 KiB of them */
#define SMMU3_CMDQ_LG2		12

/* How long the first commands may take, which show if the unit works. */
#define SMMU3_CHECK_US		(1 * USEC_PER_SEC)

/* Where the message of the first sync goes, beside the queue's done word. */
#define SMMU3_CHECK_WORD	1
#define SMMU3_CHECK_NUMBER	0x5afe

static struct smmu3_unit *smmu3_q_unit(struct invq *q)
{
	return container_of(q, struct smmu3_unit, q);
}

/* Index and wrap bit, as they are in the registers */
static u32 smmu3_q_pos(const struct invq *q, u32 value)
{
	return value & (2 * q->mask + 1);
}

/**
 * smmu3_ring_alloc() - memory for a ring
 * @unit: a unit with its device and DMA mask set
 * @ring: the ring
 * @lg2: log2 of the number of entries
 * @entry_bytes: size of an entry
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int smmu3_ring_alloc(struct smmu3_unit *unit, struct smmu3_queue *ring, u8 lg2,
		     u8 entry_bytes)
{
	size_t bytes = (size_t)entry_bytes << lg2;

	ring->lg2 = lg2;
	ring->entry_bytes = entry_bytes;
	ring->mem = dma_alloc_coherent(unit->dev, bytes, &ring->dma,
				       GFP_KERNEL);
	if (!ring->mem)
		return -ENOMEM;
	/* Hardware takes the low bits of the address for zero. */
	if (IS_ALIGNED(ring->dma, bytes))
		return 0;
	smmu3_ring_free(unit, ring);
	return -ENOMEM;
}

/**
 * smmu3_ring_free() - free what smmu3_ring_alloc() allocated
 * @unit: the unit; it does not use the ring
 * @ring: the ring, or one that was never allocated
 *
 * Context: process context.
 */
void smmu3_ring_free(struct smmu3_unit *unit, struct smmu3_queue *ring)
{
	if (!ring->mem)
		return;
	dma_free_coherent(unit->dev, (size_t)ring->entry_bytes << ring->lg2,
			  ring->mem, ring->dma);
	ring->mem = NULL;
}

/* The number goes into the upper half of the first word: MSIData, 63:32. */
static void smmu3_queue_sync_msi(struct invq *q, struct invq_cmd *cmd)
{
	static_assert(!(SMMU3_SYNC0_MSIDATA ^ GENMASK_ULL(63, 32)));

	smmu3_cmd_sync_msi(cmd, virt_to_phys(q->done), true);
}

static void smmu3_queue_sync(struct invq *q, struct invq_cmd *cmd)
{
	smmu3_cmd_sync(cmd);
}

static void smmu3_queue_fence(struct invq *q, struct invq_cmd *cmd)
{
	smmu3_cmd_sync(cmd);
}

static void smmu3_queue_doorbell(struct invq *q, u32 seq)
{
	smmu3_write32(smmu3_q_unit(q), SMMU3_REG_CMDQ_PROD,
		      smmu3_q_pos(q, seq));
}

/* The reason of an error lies in the same register, above. */
static u32 smmu3_queue_head(struct invq *q)
{
	return smmu3_q_pos(q, smmu3_read32(smmu3_q_unit(q),
					   SMMU3_REG_CMDQ_CONS));
}

/*
 * Section 7.1: after an error the index stays at the command that it is about,
 * and nothing is consumed until the error has been acknowledged. Then the
 * command is fetched again: after an abort on the way to memory that is all there
 * is to do. So it is after a sync that devices have kept from completing, once
 * these have been cut off.
 */
static enum invq_fault smmu3_queue_error(struct smmu3_unit *unit, u32 slot,
					 u32 cons)
{
	switch (FIELD_GET(SMMU3_CMDQ_CONS_ERR, cons)) {
	case SMMU3_CERROR_ILL:
		return INVQ_FAULT_COMMAND;
	case SMMU3_CERROR_ATC_INV_SYNC:
		return smmu3_cutoff_due(unit, slot) ? INVQ_FAULT_DEVICE :
						      INVQ_FAULT_OTHER;
	default:
		return INVQ_FAULT_OTHER;
	}
}

static enum invq_fault smmu3_queue_fault(struct invq *q, struct invq_error *err)
{
	struct smmu3_unit *unit = smmu3_q_unit(q);
	u32 cons = smmu3_read32(unit, SMMU3_REG_CMDQ_CONS);
	u32 errors = smmu3_gerror_active(unit);

	err->slot = cons & q->mask;
	err->status[0] = cons;
	err->status[1] = errors;
	/* Section 12.3: all is aborted, and nothing consumed, until a reset. */
	if (errors & SMMU3_GERROR_SFM)
		return INVQ_FAULT_DEAD;
	if (errors & SMMU3_GERROR_CMDQ_ERR) {
		/* Read again: behind the error the index stands still. */
		cons = smmu3_read32(unit, SMMU3_REG_CMDQ_CONS);
		err->slot = cons & q->mask;
		err->status[0] = cons;
		return smmu3_queue_error(unit, err->slot, cons);
	}
	/* Consumed, but its number went nowhere; only syncs send messages. */
	if (errors & SMMU3_GERROR_MSI_CMDQ_ABT)
		return INVQ_FAULT_SYNC;
	return INVQ_FAULT_NONE;
}

/*
 * Sections 6.3.9 and 6.3.14: with SMMUEN clear, and that confirmed, the unit
 * translates nothing more, and what devices send is aborted if GBPA says so. That
 * comes first. Each step is confirmed before the next.
 */
static bool smmu3_queue_kill(struct invq *q)
{
	struct smmu3_unit *unit = smmu3_q_unit(q);
	u32 gbpa = smmu3_read32(unit, SMMU3_REG_GBPA);
	u32 cr0;

	if (gbpa & SMMU3_GBPA_UPDATE)
		return false;
	if (!(gbpa & SMMU3_GBPA_ABORT)) {
		smmu3_write32(unit, SMMU3_REG_GBPA,
			      gbpa | SMMU3_GBPA_ABORT | SMMU3_GBPA_UPDATE);
		return false;
	}
	cr0 = smmu3_read32(unit, SMMU3_REG_CR0);
	if (cr0 & SMMU3_CR0_SMMUEN) {
		smmu3_write32(unit, SMMU3_REG_CR0, cr0 & ~SMMU3_CR0_SMMUEN);
		return false;
	}
	return !(smmu3_read32(unit, SMMU3_REG_CR0ACK) & SMMU3_CR0_SMMUEN);
}

static void smmu3_queue_tell(struct invq *q, const struct invq_error *err)
{
	if (err->fault == INVQ_FAULT_SYNC) {
		pr_err_ratelimited("%s: message of a sync could not be written\n",
				   q->name);
		return;
	}
	switch (FIELD_GET(SMMU3_CMDQ_CONS_ERR, err->status[0])) {
	case SMMU3_CERROR_ILL:
		break;
	case SMMU3_CERROR_ABT:
		pr_err_ratelimited("%s: commands cannot be read from memory\n",
				   q->name);
		break;
	case SMMU3_CERROR_ATC_INV_SYNC:
		pr_err_ratelimited("%s: invalidation of a device's cache failed\n",
				   q->name);
		/* Their names take a mutex. */
		if (err->fault == INVQ_FAULT_DEVICE)
			schedule_work(&smmu3_q_unit(q)->cutoff_work);
		break;
	default:
		pr_err_ratelimited("%s: command queue stopped, CMDQ_CONS is %#x\n",
				   q->name, err->status[0]);
	}
}

/*
 * Everything of the kind that was refused. What nothing takes the place of, or
 * needs none, like a prefetch, becomes a sync: that does nothing, and is valid
 * everywhere. A unit that refuses ATC_INV knows of no device with a cache.
 */
static void smmu3_queue_substitute(struct invq *q, const struct invq_cmd *bad,
				   struct invq_cmd *cmd)
{
	u64 word = le64_to_cpu(bad->u64s[0]);

	switch (FIELD_GET(SMMU3_CMD0_OP, word)) {
	case SMMU3_OP_CFGI_STE ... SMMU3_OP_CFGI_CD_ALL:
		smmu3_cmd_cfgi_all(cmd);
		break;
	case SMMU3_OP_ATC_INV:
		if (smmu3_q_unit(q)->caps.ats)
			smmu3_cmd_atc_inv_all(cmd, FIELD_GET(SMMU3_CMD0_SID,
							     word));
		else
			smmu3_cmd_sync(cmd);
		break;
	case SMMU3_OP_RESUME:
	case SMMU3_OP_STALL_TERM:
	case SMMU3_OP_SYNC:
		smmu3_cmd_sync(cmd);
		break;
	default:
		smmu3_cmd_tlbi_all(cmd);
	}
}

static void smmu3_queue_block(struct invq *q, struct invq_error *err)
{
	smmu3_cutoff(smmu3_q_unit(q), err->slot, &err->now);
}

/*
 * Acknowledging is enough, also without a write to CMDQ_PROD: hardware goes on
 * from CMDQ_CONS. writel() has the new command in memory before.
 */
static void smmu3_queue_resume(struct invq *q, enum invq_fault fault)
{
	smmu3_gerror_ack(smmu3_q_unit(q), fault == INVQ_FAULT_SYNC ?
			 SMMU3_GERROR_MSI_CMDQ_ABT : SMMU3_GERROR_CMDQ_ERR);
}

static void smmu3_queue_dump(struct invq *q)
{
	struct smmu3_unit *unit = smmu3_q_unit(q);
	u32 cons = smmu3_read32(unit, SMMU3_REG_CMDQ_CONS);
	const struct invq_cmd *cmd = &q->slots[cons & q->mask];

	pr_err("%s: CMDQ_CONS %#x, CMDQ_PROD %#x, CR0ACK %#x, GERROR %#x, GERRORN %#x, next command %#018llx %#018llx\n",
	       unit->name, cons, smmu3_read32(unit, SMMU3_REG_CMDQ_PROD),
	       smmu3_read32(unit, SMMU3_REG_CR0ACK),
	       smmu3_read32(unit, SMMU3_REG_GERROR),
	       smmu3_read32(unit, SMMU3_REG_GERRORN),
	       le64_to_cpu(cmd->u64s[0]), le64_to_cpu(cmd->u64s[1]));
}

static const struct invq_ops smmu3_queue_ops = {
	.sync = smmu3_queue_sync,
	.fence = smmu3_queue_fence,
	.kind = SMMU3_CMD0_OP,
	.doorbell = smmu3_queue_doorbell,
	.head = smmu3_queue_head,
	.fault = smmu3_queue_fault,
	.substitute = smmu3_queue_substitute,
	.block = smmu3_queue_block,
	.resume = smmu3_queue_resume,
	.kill = smmu3_queue_kill,
	.tell = smmu3_queue_tell,
	.dump = smmu3_queue_dump,
};

static const struct invq_ops smmu3_queue_msi_ops = {
	.sync = smmu3_queue_sync_msi,
	.fence = smmu3_queue_fence,
	.kind = SMMU3_CMD0_OP,
	.doorbell = smmu3_queue_doorbell,
	.fault = smmu3_queue_fault,
	.substitute = smmu3_queue_substitute,
	.block = smmu3_queue_block,
	.resume = smmu3_queue_resume,
	.kill = smmu3_queue_kill,
	.tell = smmu3_queue_tell,
	.dump = smmu3_queue_dump,
};

/* Also after a queue was found not to send messages: what it needs stays. */
static int smmu3_queue_set_up(struct smmu3_unit *unit,
			      const struct invq_ops *ops)
{
	invq_exit(&unit->q);
	return invq_init(&unit->q, ops, unit->name, unit->cmdq.mem, unit->done,
			 unit->cmdq.lg2) ?:
	       invq_set_quirks(&unit->q, unit->cmdq_quirks);
}

/**
 * smmu3_queue_init() - allocate a unit's command queue
 * @unit: a unit with decoded capabilities, whose device has its DMA mask
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int smmu3_queue_init(struct smmu3_unit *unit)
{
	u8 lg2 = min(unit->caps.cmdq_lg2, SMMU3_CMDQ_LG2);
	int ret;

	raw_spin_lock_init(&unit->gerror_lock);
	/*
	 * Ordinary memory, on a line of its own: it is polled, and where hardware
	 * does not store to it CPUs do, by cmpxchg.
	 */
	unit->done = kzalloc(max(SMP_CACHE_BYTES, 64), GFP_KERNEL);
	if (!unit->done)
		return -ENOMEM;
	ret = smmu3_ring_alloc(unit, &unit->cmdq, lg2, sizeof(struct invq_cmd));
	if (ret)
		return ret;
	return smmu3_queue_set_up(unit, unit->caps.msi && unit->coherent ?
				  &smmu3_queue_msi_ops : &smmu3_queue_ops);
}

/**
 * smmu3_queue_exit() - free a unit's command queue
 * @unit: a unit that is disabled; smmu3_queue_init() may have failed
 *
 * Context: process context.
 */
void smmu3_queue_exit(struct smmu3_unit *unit)
{
	invq_exit(&unit->q);
	smmu3_ring_free(unit, &unit->cmdq);
	kfree(unit->done);
	unit->done = NULL;
}

/**
 * smmu3_queue_start() - tell hardware about the queue
 * @unit: a unit whose CR0.CMDQEN is clear; all that was ever submitted has
 *	been waited for
 *
 * Both indices begin where the software side is.
 *
 * Context: process context.
 */
void smmu3_queue_start(struct smmu3_unit *unit)
{
	u32 pos = smmu3_q_pos(&unit->q, invq_newest(&unit->q));

	smmu3_write64(unit, SMMU3_REG_CMDQ_BASE,
		      unit->cmdq.dma | SMMU3_Q_BASE_RA |
		      FIELD_PREP(SMMU3_Q_BASE_LOG2SIZE, unit->cmdq.lg2));
	smmu3_write32(unit, SMMU3_REG_CMDQ_PROD, pos);
	smmu3_write32(unit, SMMU3_REG_CMDQ_CONS, pos);
}

static bool smmu3_queue_stored(const struct smmu3_unit *unit)
{
	return !unit->q.sync_mask ||
	       READ_ONCE(unit->done[SMMU3_CHECK_WORD]) ==
	       cpu_to_le32(SMMU3_CHECK_NUMBER);
}

/**
 * smmu3_queue_check() - see if a queue that was just started works
 * @unit: a unit with CR0.CMDQEN set, whose queue nobody else uses yet
 *
 * Once the queue is in use, waits for it never give up; here is where a unit
 * that does not answer is found out. Of one that answers, but whose messages do
 * not arrive, the software side is set up again, to be polled.
 *
 * Context: process context; sleeps.
 * Return: 0; -ETIMEDOUT, which is logged; or -EAGAIN if the queue has to be
 *	started once more.
 */
int smmu3_queue_check(struct smmu3_unit *unit)
{
	struct invq *q = &unit->q;
	struct invq_cmd cmd;
	u32 seq, head;
	bool stored;

	smmu3_cmd_sync(&cmd);
	/* Not by whether there is a head, which a queue that is late has, too. */
	if (q->sync_mask) {
		smmu3_cmd_sync_msi(&cmd, virt_to_phys(&unit->done[SMMU3_CHECK_WORD]),
				   true);
		cmd.u64s[0] |= cpu_to_le64(FIELD_PREP(SMMU3_SYNC0_MSIDATA,
						      SMMU3_CHECK_NUMBER));
	}
	seq = invq_submit(q, &cmd, 1);
	smmu3_queue_doorbell(q, seq);
	if (read_poll_timeout(smmu3_queue_head, head,
			      head == smmu3_q_pos(q, seq), 10, SMMU3_CHECK_US,
			      false, q)) {
		pr_err("%s: command queue does not answer\n", unit->name);
		smmu3_queue_dump(q);
		return -ETIMEDOUT;
	}
	if (!read_poll_timeout(smmu3_queue_stored, stored, stored, 10,
			       SMMU3_CHECK_US, false, unit))
		return 0;

	pr_warn("%s: messages of syncs do not arrive, polling for them\n",
		unit->name);
	smmu3_gerror_ack(unit, SMMU3_GERROR_MSI_CMDQ_ABT);
	return smmu3_queue_set_up(unit, &smmu3_queue_ops) ?: -EAGAIN;
}
