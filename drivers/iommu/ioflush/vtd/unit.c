// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a VT-d unit comes up and goes down
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <kunit/static_stub.h>
#include <linux/acpi.h>
#include <linux/bitfield.h>
#include <linux/crash_dump.h>
#include <linux/iopoll.h>
#include <linux/ioport.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "inval.h"
#include "quirk.h"
#include "regs.h"
#include "scalable.h"
#include "vtd.h"

/* How long hardware may take over a command. */
#define VTD_COMMAND_US (1 * USEC_PER_SEC)

/**
 * vtd_unit_gcmd() - what to write to the global command register
 * @unit: the unit
 * @on: bits to switch on, or a one-shot command
 * @off: bits to switch off
 *
 * Section 11.4.4.1: each write repeats the lasting state.
 *
 * Context: where no other command is given, see vtd_unit_command().
 * Return: the value.
 */
u32 vtd_unit_gcmd(struct vtd_unit *unit, u32 on, u32 off)
{
	u32 state;

	if (vtd_is_shared(unit))
		return vtd_host_gcmd(unit, on, off);
	state = vtd_read32(unit, VTD_REG_GSTS) & VTD_G_LASTING;
	return (state | on) & ~off;
}

/**
 * vtd_unit_command() - give a global command and wait until it has effect
 * @unit: the unit
 * @bit: VTD_G_*
 * @on: switch on or off; one-shot commands are switched on
 *
 * Section 11.4.4.1: one command at a time. Commands are only given while one CPU
 * brings units up or down, which is why no lock is taken unless the kernel gives
 * some, too.
 *
 * Context: any context; polls.
 * Return: 0 or -ETIMEDOUT, which is logged.
 */
int vtd_unit_command(struct vtd_unit *unit, u32 bit, bool on)
{
	unsigned long flags = 0;
	u32 state;
	int ret;

	if (vtd_is_shared(unit))
		flags = vtd_host_lock(unit);
	vtd_write32(unit, VTD_REG_GCMD,
		    vtd_unit_gcmd(unit, on ? bit : 0, on ? 0 : bit));
	ret = readl_poll_timeout_atomic(unit->regs + VTD_REG_GSTS, state,
					!!(state & bit) == on, 1,
					VTD_COMMAND_US);
	if (vtd_is_shared(unit))
		vtd_host_unlock(unit, flags);
	if (ret)
		pr_err("%s: no answer to switching %s %#x, status is %#x\n",
		       unit->name, on ? "on" : "off", bit, state);
	return ret;
}

static int vtd_unit_map(struct vtd_unit *unit, u32 bytes)
{
	if (unit->regs)
		iounmap(unit->regs);
	unit->regs_bytes = bytes;
	unit->regs = ioremap(unit->drhd->base, bytes);
	return unit->regs ? 0 : -ENOMEM;
}

/* How many registers there are is in the registers. */
static int vtd_unit_probe(struct vtd_unit *unit)
{
	int ret;

	ret = vtd_unit_map(unit, SZ_4K);
	if (ret)
		return ret;
	unit->version = vtd_read32(unit, VTD_REG_VER);
	ret = vtd_caps_decode(&unit->caps, vtd_read64(unit, VTD_REG_CAP),
			      vtd_read64(unit, VTD_REG_ECAP));
	if (ret) {
		pr_err("%s: the VT-d unit at %#llx is left alone: %s\n",
		       unit->name, unit->drhd->base,
		       ret == -ENODEV ? "no registers answer" :
		       "it has no table of three or four levels, or too few addresses");
		return ret;
	}
	unit->caps.must_write_flush |= vtd_has_quirk(VTD_QUIRK_WRITE_FLUSH);
	if (unit->caps.regs_bytes > SZ_4K) {
		ret = vtd_unit_map(unit, PAGE_ALIGN(unit->caps.regs_bytes));
		if (ret)
			return ret;
	}
	/*
	 * Mainline's parser may hold the region without using the unit; it
	 * lets go of it later, unless it remaps interrupts.
	 */
	unit->regs_claimed = request_mem_region(unit->drhd->base,
						unit->regs_bytes, unit->name);
	return 0;
}

/*
 * By mode, unless there is something to go on with: the mode does not change while the
 * unit translates, section 11.4.5.
 */
static void vtd_unit_choose_mode(struct vtd_unit *unit)
{
	unit->scalable = vtd_scalable_wanted() && !vtd_inherit_can(unit) &&
			 vtd_queue_used(unit) &&
			 vtd_scalable_fits(&unit->caps, vtd_dmar_table());
	if (unit->scalable)
		vtd_caps_set_scalable(&unit->caps);
}

/**
 * vtd_unit_create() - find out about a unit and allocate what it needs
 * @drhd: what the DMAR table says about it
 * @id: its place in the table
 * @haw_bits: width of the platform's addresses
 *
 * The hardware goes on as it was.
 *
 * Context: process context.
 * Return: the unit or an ERR_PTR(); the reason is logged.
 */
struct vtd_unit *vtd_unit_create(const struct vtd_drhd *drhd,
				 unsigned int id, u8 haw_bits)
{
	struct vtd_unit *unit = kzalloc(sizeof(*unit), GFP_KERNEL);
	int ret;

	if (!unit)
		return ERR_PTR(-ENOMEM);
	unit->drhd = drhd;
	unit->id = id;
	unit->haw_bits = haw_bits;
	/* As mainline's driver calls it, and programs expect it */
	snprintf(unit->name, sizeof(unit->name), "dmar%u", id);
	unit->nid = drhd->proximity == VTD_NO_PROXIMITY ?
		    NUMA_NO_NODE : pxm_to_node(drhd->proximity);
	spin_lock_init(&unit->lock);
	vtd_cutoff_init(unit);
	INIT_LIST_HEAD(&unit->devs);
	ida_init(&unit->dids);

	ret = vtd_unit_probe(unit);
	if (!ret && VTD_SHARED)
		ret = vtd_host_find(unit);
	if (!ret)
		vtd_unit_choose_mode(unit);
	if (!ret)
		ret = vtd_table_init(unit);
	if (!ret)
		ret = vtd_inherit(unit);
	if (!ret)
		ret = vtd_queue_init(unit);
	if (!ret)
		ret = vtd_identity_init(unit);
	if (ret) {
		if (!vtd_caps_unusable(ret))
			pr_err("%s: cannot be set up: error %d\n", unit->name, ret);
		vtd_unit_destroy(unit);
		return ERR_PTR(ret);
	}
	return unit;
}

/**
 * vtd_unit_destroy() - free a unit
 * @unit: a unit that is stopped or was never started
 *
 * Context: process context.
 */
void vtd_unit_destroy(struct vtd_unit *unit)
{
	vtd_irq_exit(unit);
	vtd_identity_exit(unit);
	vtd_queue_exit(unit);
	vtd_cutoff_exit(unit);
	vtd_table_exit(unit);
	vtd_inherit_exit(unit);
	ida_destroy(&unit->dids);
	if (unit->regs)
		iounmap(unit->regs);
	if (unit->regs_claimed)
		release_mem_region(unit->drhd->base, unit->regs_bytes);
	kfree(unit);
}

static int vtd_unit_did_take(struct vtd_unit *unit, u16 first, u16 last)
{
	int did = ida_alloc_range(&unit->dids, first, last, GFP_KERNEL);

	if (did >= 0)
		atomic_inc(&unit->dids_used);
	return did;
}

/**
 * vtd_unit_did_get() - take a domain id
 * @unit: the unit
 *
 * Id 0 tags cached not-present entries, section 6.1.
 *
 * Context: process context.
 * Return: the id, -ENOSPC or -ENOMEM.
 */
int vtd_unit_did_get(struct vtd_unit *unit)
{
	return vtd_unit_did_take(unit, 1, unit->caps.domains - 1);
}

/**
 * vtd_unit_did_reserve() - take a domain id that something is tagged with already
 * @unit: the unit
 * @did: the id
 *
 * Context: process context.
 * Return: a number that is not negative, -ENOSPC or -ENOMEM.
 */
int vtd_unit_did_reserve(struct vtd_unit *unit, u16 did)
{
	return vtd_unit_did_take(unit, did, did);
}

/**
 * vtd_unit_did_put() - give a domain id back
 * @unit: the unit
 * @did: one that nothing is tagged with any more
 *
 * Context: process context.
 */
void vtd_unit_did_put(struct vtd_unit *unit, u16 did)
{
	atomic_dec(&unit->dids_used);
	ida_free(&unit->dids, did);
}

/**
 * vtd_unit_flush_all() - invalidate all that a unit may have cached
 * @unit: a unit whose queue is running
 *
 * Context: process context, or any while only one CPU runs; waits for hardware.
 */
void vtd_unit_flush_all(struct vtd_unit *unit)
{
	struct invq_cmd cmd;

	/* In this order: a cached context or PASID entry would bring translations back. */
	vtd_inv_context(&cmd, VTD_GRAN_GLOBAL, 0, 0);
	invq_submit_wait(&unit->q, &cmd, 1);
	if (unit->scalable) {
		vtd_inv_pasid(&cmd, VTD_PASID_GRAN_GLOBAL, 0);
		invq_submit_wait(&unit->q, &cmd, 1);
	}
	vtd_inv_iotlb(&cmd, &unit->caps, VTD_GRAN_GLOBAL, 0);
	invq_submit_wait(&unit->q, &cmd, 1);
}

/*
 * Firmware, or the kernel before, may have left the unit translating. As a rule
 * it stops here: the devices are quiet, and memory that firmware reserved for one
 * must stay reachable until the device is attached. After a crash the devices are
 * not quiet: translation stays on while the root table is replaced by ours, in
 * which they have the same entries. Where those cannot be taken over the devices
 * are kept from DMA by themselves, so that it never runs loose.
 *
 * Where the kernel remaps interrupts it has taken over the rest, and uses it.
 */
static int vtd_unit_take_over(struct vtd_unit *unit)
{
	u32 status = vtd_read32(unit, VTD_REG_GSTS);
	int ret = 0;

	if (status & VTD_G_TE && !vtd_inherit_can(unit)) {
		pr_info("%s: was left translating%s, switching it off first\n",
			unit->name, is_kdump_kernel() ?
			" in scalable mode, its devices stop DMA" : "");
		if (is_kdump_kernel())
			vtd_silence(unit);
		ret = vtd_unit_translate(unit, false);
	}
	if (vtd_is_shared(unit))
		return ret;
	if (!ret && status & VTD_G_IRE)
		ret = vtd_unit_command(unit, VTD_G_IRE, false);
	if (!ret && status & VTD_G_QIE)
		ret = vtd_queue_stop(unit);
	return ret;
}

/*
 * Old faults would keep new ones from raising an interrupt. Those of a queue that is
 * on are for who waits for it.
 */
static void vtd_unit_forget_faults(struct vtd_unit *unit)
{
	u32 queue = vtd_is_shared(unit) ? 0 : VTD_FSTS_QUEUE;
	u32 hi = unit->caps.fault_offset + VTD_FRCD_BYTES - sizeof(u32);

	for (u32 i = 0; i < unit->caps.fault_regs; i++)
		vtd_write32(unit, hi + i * VTD_FRCD_BYTES,
			    upper_32_bits(VTD_FRCD_HI_F));
	vtd_write32(unit, VTD_REG_FSTS, VTD_FSTS_PFO | queue);
}

static int vtd_unit_set_root(struct vtd_unit *unit)
{
	vtd_write64(unit, VTD_REG_RTADDR, vtd_table_rtaddr(unit, unit->root));
	return vtd_unit_command(unit, VTD_G_SRTP, true);
}

/**
 * vtd_unit_start() - make a unit use our tables and our queue
 * @unit: a unit that vtd_unit_create() made, or that vtd_unit_stop() stopped
 *
 * It does not translate yet, unless it did and the kernel before crashed.
 *
 * Context: process context, or any while only one CPU runs; waits for hardware.
 * Return: 0 or -ETIMEDOUT.
 */
int vtd_unit_start(struct vtd_unit *unit)
{
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(vtd_unit_start, unit);
	ret = vtd_unit_take_over(unit);
	if (ret)
		return ret;
	vtd_unit_forget_faults(unit);
	ret = vtd_queue_start(unit);
	if (ret)
		return ret;
	ret = vtd_unit_set_root(unit);
	if (ret)
		return ret;
	vtd_unit_flush_all(unit);
	return 0;
}

/* Firmware's coarse protection, section 11.4.8: translation takes its place. */
static int vtd_unit_unprotect(struct vtd_unit *unit)
{
	u32 value;

	if (!unit->caps.protected_regions)
		return 0;
	value = vtd_read32(unit, VTD_REG_PMEN) & ~VTD_PMEN_EPM;
	vtd_write32(unit, VTD_REG_PMEN, value);
	return readl_poll_timeout_atomic(unit->regs + VTD_REG_PMEN, value,
					 !(value & VTD_PMEN_PRS), 1,
					 VTD_COMMAND_US);
}

/**
 * vtd_unit_translate() - switch translation
 * @unit: a started unit
 * @on: on or off
 *
 * Context: process context, or any while only one CPU runs; waits for hardware.
 * Return: 0 or -ETIMEDOUT.
 */
int vtd_unit_translate(struct vtd_unit *unit, bool on)
{
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(vtd_unit_translate, unit, on);
	if (!on && unit->stays_on)
		return 0;
	if (!!(vtd_read32(unit, VTD_REG_GSTS) & VTD_G_TE) != on) {
		ret = vtd_unit_command(unit, VTD_G_TE, on);
		if (ret)
			return ret;
	}
	return on ? vtd_unit_unprotect(unit) : 0;
}

/**
 * vtd_unit_stop() - switch a unit off
 * @unit: any unit
 *
 * Requests then reach memory untranslated, as if there were no unit. One that goes on
 * translating keeps its queue, without which nothing could be unmapped.
 *
 * Context: process context, or any while only one CPU runs; waits for hardware.
 * Return: 0 or -ETIMEDOUT.
 */
int vtd_unit_stop(struct vtd_unit *unit)
{
	KUNIT_STATIC_STUB_REDIRECT(vtd_unit_stop, unit);
	return vtd_unit_translate(unit, false) ?: vtd_queue_stop(unit);
}
