// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d faults
 *
 * Primary fault logging, section 7.2.1: a ring of recording registers, one a
 * fault. While records are pending no further interrupt is raised.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>

#include "fault.h"
#include "regs.h"
#include "vtd.h"

/* Between two rounds over the registers: a fault storm gets no whole CPU. */
#define VTD_FAULT_PAUSE_MS 10

/*
 * Reason codes of section 7.1.3: of legacy mode up to 0x0d, of scalable mode from 0x30;
 * and of interrupts, 5.1.4.1
 */
static const char * const vtd_reasons[] = {
	[0x01] = "bus has no context table",
	[0x02] = "device is attached to no domain",
	[0x03] = "context entry is not valid",
	[0x04] = "address is wider than the unit accepts",
	[0x05] = "not mapped for writing",
	[0x06] = "not mapped for reading",
	[0x07] = "a table cannot be read",
	[0x08] = "the root table cannot be read",
	[0x09] = "the context table cannot be read",
	[0x0a] = "reserved bits set in the root entry",
	[0x0b] = "reserved bits set in the context entry",
	[0x0c] = "reserved bits set in a table entry",
	[0x0d] = "device may not send translated or translation requests",
	[0x20] = "reserved bits set in the request",
	[0x21] = "beyond the end of the table",
	[0x22] = "nobody gave it to a device",
	[0x23] = "the table cannot be read",
	[0x24] = "reserved bits set in the table entry",
	[0x25] = "not in the format that is remapped",
	[0x26] = "it is another device's",
	[0x30] = "the root table address is not valid",
	[0x31] = "request with a PASID in legacy mode",
	[0x32] = "page request in legacy mode",
	[0x38] = "scalable mode: the root table cannot be read",
	[0x39] = "scalable mode: bus has no context table",
	[0x3a] = "scalable mode: reserved bits set in the root entry",
	[0x40] = "scalable mode: the context table cannot be read",
	[0x41] = "scalable mode: device is attached to no domain",
	[0x42] = "scalable mode: reserved bits set in the context entry",
	[0x43] = "scalable mode: context entry is not valid",
	[0x44] = "scalable mode: device may not send translated or translation requests",
	[0x45] = "device may not send a PASID",
	[0x46] = "PASID is beyond the device's directory",
	[0x47] = "device may not send page requests",
	[0x48] = "PASID of requests without one is not valid",
	[0x50] = "the PASID directory cannot be read",
	[0x51] = "PASID has no table",
	[0x52] = "reserved bits set in the PASID directory entry",
	[0x58] = "the PASID table cannot be read",
	[0x59] = "PASID is attached to no domain",
	[0x5a] = "reserved bits set in the PASID table entry",
	[0x5b] = "PASID table entry is not valid",
	[0x5c] = "PASID may not execute",
	[0x5d] = "PASID may not act as supervisor",
	[0x70] = "first stage: a table cannot be read",
	[0x71] = "first stage: not mapped",
	[0x72] = "first stage: reserved bits set in a table entry",
	[0x73] = "first stage: the root cannot be read",
	[0x74] = "first stage: a table is wider than the second accepts",
	[0x75] = "first stage: the second does not map the root for reading",
	[0x76] = "first stage: the second does not map a table for reading",
	[0x77] = "first stage: the second does not map a table for writing",
	[0x78] = "second stage: a table cannot be read",
	[0x79] = "second stage: not mapped for this",
	[0x7a] = "second stage: reserved bits set in a table entry",
	[0x7b] = "second stage: the root is not valid",
	[0x7c] = "second stage: a table cannot be marked without snooping",
	[0x80] = "first stage: address is not canonical",
	[0x81] = "first stage: for supervisors only",
	[0x82] = "first stage: not for execution",
	[0x83] = "first stage: address is wider than the unit accepts",
	[0x84] = "second stage: address is wider than the unit accepts",
	[0x85] = "first stage: not mapped for writing",
	[0x86] = "second stage: not mapped for reading",
	[0x87] = "address is an interrupt's",
	[0x90] = "first stage: a table cannot be marked without snooping",
};

/**
 * vtd_fault_reason() - why a request was blocked
 * @reason: reason code
 *
 * Return: in words, never NULL.
 */
const char *vtd_fault_reason(u8 reason)
{
	if (reason < ARRAY_SIZE(vtd_reasons) && vtd_reasons[reason])
		return vtd_reasons[reason];
	return "reason unknown";
}

/**
 * vtd_fault_of_interrupt() - was it an interrupt that was blocked?
 * @fault: a decoded fault
 * @index: receives the number of its entry in the table
 *
 * Return: whether it was.
 */
bool vtd_fault_of_interrupt(const struct vtd_fault *fault, u16 *index)
{
	*index = FIELD_GET(VTD_FRCD_LO_INDEX, fault->addr);
	return fault->reason >= 0x20 && fault->reason <= 0x26;
}

/**
 * vtd_fault_access() - what was tried
 * @access: from a decoded fault
 *
 * Return: in a word.
 */
const char *vtd_fault_access(enum vtd_access access)
{
	static const char * const words[] = {
		[VTD_ACCESS_WRITE] = "write",
		[VTD_ACCESS_PAGE_REQUEST] = "page request",
		[VTD_ACCESS_READ] = "read",
		[VTD_ACCESS_ATOMIC] = "atomic operation",
	};

	return words[access];
}

/**
 * vtd_fault_decode() - decode a fault recording register, section 11.4.7.6
 * @fault: receives the result
 * @lo: low half
 * @hi: high half
 *
 * Return: false if the register holds no fault.
 */
bool vtd_fault_decode(struct vtd_fault *fault, u64 lo, u64 hi)
{
	if (!(hi & VTD_FRCD_HI_F))
		return false;
	*fault = (struct vtd_fault) {
		.addr = lo & VTD_FRCD_LO_FI,
		.sid = FIELD_GET(VTD_FRCD_HI_SID, hi),
		.with_pasid = hi & VTD_FRCD_HI_PP,
		.pasid = FIELD_GET(VTD_FRCD_HI_PASID, hi),
		.reason = FIELD_GET(VTD_FRCD_HI_FR, hi),
		.access = (hi & VTD_FRCD_HI_T1 ? 2 : 0) |
			  (hi & VTD_FRCD_HI_T2 ? 1 : 0),
	};
	return true;
}

/**
 * vtd_fault_first() - the recording register of the oldest fault, section 11.4.7.1
 * @status: FSTS_REG
 * @fault_regs: how many recording registers there are
 *
 * Return: its number, which is that of a register whatever the unit says.
 */
u32 vtd_fault_first(u32 status, u32 fault_regs)
{
	return FIELD_GET(VTD_FSTS_FRI, status) % fault_regs;
}

static struct vtd_dev *vtd_fault_dev(struct vtd_unit *unit, u16 sid)
{
	struct vtd_dev *vdev;

	lockdep_assert_held(&unit->lock);
	list_for_each_entry(vdev, &unit->devs, node)
		for (unsigned int i = 0; i < vdev->nrids; i++)
			if (vdev->rids[i] == sid)
				return vdev;
	return NULL;
}

/*
 * Offer a fault to the owner of the domain. The lock keeps the device in the
 * domain; handlers expect to be called in atomic context.
 */
static bool vtd_fault_handled(struct vtd_unit *unit,
			      const struct vtd_fault *fault)
{
	int flags = fault->access == VTD_ACCESS_READ ? IOMMU_FAULT_READ :
						       IOMMU_FAULT_WRITE;
	struct vtd_dev *vdev;
	bool handled = false;

	spin_lock(&unit->lock);
	vdev = vtd_fault_dev(unit, fault->sid);
	if (vdev && vdev->dom)
		handled = !report_iommu_fault(vdev->domain, vdev->dev,
					      fault->addr, flags);
	spin_unlock(&unit->lock);
	return handled;
}

static void vtd_fault_log(struct vtd_unit *unit, const struct vtd_fault *fault)
{
	char what[64], pasid[24] = "";
	u16 index;

	if (vtd_fault_of_interrupt(fault, &index))
		snprintf(what, sizeof(what), "interrupt %u", index);
	else
		snprintf(what, sizeof(what), "%s at %#llx",
			 vtd_fault_access(fault->access), fault->addr);
	if (fault->with_pasid)
		snprintf(pasid, sizeof(pasid), ", PASID %#x,", fault->pasid);
	pr_err("%s: %s by %04x:%02x:%02x.%d%s blocked: %s (reason %#04x)\n",
	       unit->name, what, unit->drhd->segment, PCI_BUS_NUM(fault->sid),
	       PCI_SLOT(fault->sid & 0xff), PCI_FUNC(fault->sid & 0xff), pasid,
	       vtd_fault_reason(fault->reason), fault->reason);
}

static void vtd_fault_one(struct vtd_unit *unit, const struct vtd_fault *fault)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	u16 index;

	if (!vtd_fault_of_interrupt(fault, &index) &&
	    vtd_fault_handled(unit, fault))
		return;
	if (__ratelimit(&limit))
		vtd_fault_log(unit, fault);
}

/* Take the record out of a register and free it for the next. */
static bool vtd_fault_take(struct vtd_unit *unit, u32 index,
			   struct vtd_fault *fault)
{
	u32 reg = unit->caps.fault_offset + index * VTD_FRCD_BYTES;
	u64 hi = vtd_read64(unit, reg + sizeof(u64));

	if (!vtd_fault_decode(fault, vtd_read64(unit, reg), hi))
		return false;
	vtd_write32(unit, reg + VTD_FRCD_BYTES - sizeof(u32),
		    upper_32_bits(VTD_FRCD_HI_F));
	return true;
}

/*
 * Where the queue is the kernel's it may be the kernel that waits behind what hardware
 * refuses of ours, and nobody of ours. Who waits looks, and gets over the error.
 */
static void vtd_fault_queue(struct vtd_unit *unit)
{
	if (vtd_is_shared(unit) &&
	    vtd_read32(unit, VTD_REG_FSTS) & VTD_FSTS_QUEUE)
		invq_wait_bounded(&unit->q, invq_newest(&unit->q),
				  VTD_FAULT_PAUSE_MS * NSEC_PER_MSEC);
}

/**
 * vtd_fault_report() - take all recorded faults out of a unit and report them
 * @unit: the unit
 *
 * Context: process context; sleeps between rounds.
 */
void vtd_fault_report(struct vtd_unit *unit)
{
	struct vtd_fault fault;
	u32 status, index;

	vtd_fault_queue(unit);
	status = vtd_read32(unit, VTD_REG_FSTS);
	/* A unit that is gone would have faults for ever. */
	while (status & (VTD_FSTS_PPF | VTD_FSTS_PFO) && !vtd_unit_gone(unit)) {
		index = vtd_fault_first(status, unit->caps.fault_regs);
		for (u32 i = 0; i < unit->caps.fault_regs; i++) {
			if (vtd_fault_take(unit, index, &fault))
				vtd_fault_one(unit, &fault);
			index = (index + 1) % unit->caps.fault_regs;
		}
		if (status & VTD_FSTS_PFO) {
			pr_err_ratelimited("%s: more faults than it could record\n",
					   unit->name);
			vtd_write32(unit, VTD_REG_FSTS, VTD_FSTS_PFO);
		}
		status = vtd_read32(unit, VTD_REG_FSTS);
		if (status & (VTD_FSTS_PPF | VTD_FSTS_PFO))
			msleep(VTD_FAULT_PAUSE_MS);
	}
}
