// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a domain on a unit: its ASID or VMID, its context descriptor, and
 * the commands that invalidate what is tagged with it
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "smmuv3.h"
#include "ste.h"

/* Both kinds come from one pool; 0 is for what has neither. */
static int smmu3_tag_alloc(struct smmu3_unit *unit, bool stage2)
{
	unsigned int bits = stage2 ? unit->caps.id_bits_vmid :
				     unit->caps.id_bits_asid;

	return ida_alloc_range(&unit->ids, 1, BIT(bits) - 1, GFP_KERNEL);
}

/* Nobody refers to the descriptor yet, so it may be written in any order. */
static int smmu3_cd_create(struct smmu3_ctx *ctx, const struct iodom *dom)
{
	struct smmu3_unit *unit = ctx->unit;

	ctx->cd = dma_alloc_coherent(unit->dev, PAGE_SIZE, &ctx->cd_dma,
				     GFP_KERNEL);
	if (!ctx->cd)
		return -ENOMEM;
	smmu3_cd_stage1(ctx->cd, &unit->caps, &ctx->regs, ctx->tag.id,
			dom->pgt.cfg.hw_dirty);
	return 0;
}

static void smmu3_ctx_free(struct smmu3_ctx *ctx)
{
	if (ctx->cd)
		dma_free_coherent(ctx->unit->dev, PAGE_SIZE, ctx->cd,
				  ctx->cd_dma);
	kfree(ctx);
}

static struct smmu3_ctx *smmu3_ctx_create(struct smmu3_unit *unit,
					  struct iodom *dom, u16 id)
{
	struct smmu3_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;
	ctx->unit = unit;
	INIT_LIST_HEAD(&ctx->ats);
	ctx->tag.stage2 = dom->pgt.ops == &iopgt_arm_s2_ops;
	ctx->tag.id = id;
	ctx->tag.granule_lg2 = dom->granule_lg2;
	if (ctx->tag.stage2) {
		iopgt_arm_s2_regs(&dom->pgt, &ctx->regs);
		return ctx;
	}
	iopgt_arm_s1_regs(&dom->pgt, &ctx->regs);
	if (!smmu3_cd_create(ctx, dom))
		return ctx;
	smmu3_ctx_free(ctx);
	return NULL;
}

/**
 * smmu3_link_get() - a domain comes to a unit
 * @dom: the domain
 * @link: its place there
 *
 * Context: process context.
 * Return: 0, -ENOSPC if there are no more ids, or -ENOMEM.
 */
int smmu3_link_get(struct iodom *dom, struct iodom_link *link)
{
	struct smmu3_unit *unit = link->unit;
	bool stage2 = dom->pgt.ops == &iopgt_arm_s2_ops;
	struct smmu3_ctx *ctx;
	int id;

	id = smmu3_tag_alloc(unit, stage2);
	if (id < 0)
		return id;
	ctx = smmu3_ctx_create(unit, dom, id);
	if (!ctx) {
		ida_free(&unit->ids, id);
		return -ENOMEM;
	}
	link->id = id;
	link->priv = ctx;
	return 0;
}

/**
 * smmu3_link_put() - a domain leaves a unit
 * @dom: the domain
 * @link: its place there, which no device uses any more
 *
 * What is cached under the id goes before the id can be given to another.
 *
 * Context: process context, an RCU grace period after the link went off the
 *	domain's list; waits for hardware.
 */
void smmu3_link_put(struct iodom *dom, struct iodom_link *link)
{
	struct smmu3_unit *unit = link->unit;
	struct smmu3_ctx *ctx = link->priv;
	struct invq_cmd cmd;

	smmu3_cmd_tlbi_tag(&cmd, &ctx->tag);
	invq_submit_wait(&unit->q, &cmd, 1);
	ida_free(&unit->ids, ctx->tag.id);
	smmu3_ctx_free(ctx);
}

/**
 * smmu3_encode_range() - see struct iodom_hw_ops
 * @dom: the domain
 * @link: its place on a unit
 * @range: what to invalidate
 * @cmds: receives the commands
 *
 * Context: any context in which the queue may be used; in an RCU read section.
 * Return: how many commands, 0 if the whole domain is cheaper.
 */
unsigned int smmu3_encode_range(struct iodom *dom, struct iodom_link *link,
				const struct ioflush_range *range,
				struct invq_cmd *cmds)
{
	struct smmu3_ctx *ctx = link->priv;
	unsigned int n;

	n = smmu3_cmd_tlbi_range(cmds, IODOM_CMDS_MAX, &ctx->unit->caps,
				 &ctx->tag, range);
	if (likely(!n || list_empty(&ctx->ats)))
		return n;
	return smmu3_ats_encode(ctx, range, cmds, n);
}

/**
 * smmu3_encode_all() - see struct iodom_hw_ops
 * @dom: the domain
 * @link: its place on a unit
 * @cmds: receives the commands
 *
 * Context: any context in which the queue may be used; in an RCU read section.
 * Return: how many commands.
 */
unsigned int smmu3_encode_all(struct iodom *dom, struct iodom_link *link,
			      struct invq_cmd *cmds)
{
	struct smmu3_ctx *ctx = link->priv;

	smmu3_cmd_tlbi_tag(cmds, &ctx->tag);
	return smmu3_ats_encode(ctx, NULL, cmds, 1);
}
