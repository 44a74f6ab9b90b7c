// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: when the unmaps of a domain are invalidated
 *
 * The core knows strict and lazy. Guarded lies between them, and is strict for the
 * core: whoever does not know of it waits.
 */
#include <kunit/static_stub.h>
#include <linux/ioflush/params.h>
#include <linux/string.h>

#include "mode.h"
#include "slot.h"

static const char *const iodma_modes[] = {
	[IODMA_STRICT] = "strict",
	[IODMA_GUARDED] = "guarded",
	[IODMA_LAZY] = "lazy",
};

/* What domains begin with; negative: what the core wants. */
static int iodma_boot_mode = -1;

static int iodma_boot_mode_set(const char *val, const struct kernel_param *kp)
{
	int mode = iodma_mode_parse(val);

	if (mode < 0) {
		pr_err("ioflush: mode '%s' is not known, choose strict, guarded or lazy\n",
		       val);
		return mode;
	}
	iodma_boot_mode = mode;
	return 0;
}

static int iodma_boot_mode_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", iodma_boot_mode < 0 ? "default" :
			  iodma_modes[iodma_boot_mode]);
}

static const struct kernel_param_ops iodma_boot_mode_ops = {
	.set = iodma_boot_mode_set,
	.get = iodma_boot_mode_get,
};

module_param_cb(mode, &iodma_boot_mode_ops, NULL, 0444);
MODULE_PARM_DESC(mode,
		 "When unmaps are invalidated: strict (at once), guarded (later, if devices could only read the memory and it can be held meanwhile), or lazy (default: as iommu.strict= says, strict or lazy)");

/**
 * iodma_mode_parse() - which mode a user has named
 * @name: the name, maybe with a newline
 *
 * Context: any context.
 * Return: one of enum iodma_mode, or -EINVAL.
 */
int iodma_mode_parse(const char *name)
{
	return __sysfs_match_string(iodma_modes, ARRAY_SIZE(iodma_modes), name);
}

/**
 * iodma_mode_name() - the mode of a domain, for users
 * @dom: the domain
 *
 * Of a domain that has no rings the unmaps are strict, whatever it is to be.
 *
 * Context: any context.
 * Return: its name.
 */
const char *iodma_mode_name(const struct iodom *dom)
{
	enum iodma_mode mode = IODMA_STRICT;

	if (iodom_deferred(dom) && READ_ONCE(dom->flush.rings))
		mode = IODMA_LAZY;
	else if (READ_ONCE(dom->guarded) && READ_ONCE(dom->flush.held_rings))
		mode = IODMA_GUARDED;
	return iodma_modes[mode];
}

/**
 * iodma_lazy_enable() - give a lazy domain its rings
 * @dom: a domain of the DMA API
 * @dev: a device that uses it, for the log
 *
 * If there is no memory, the domain becomes strict.
 *
 * Context: process context, with the mutex of the domain's group held.
 */
void iodma_lazy_enable(struct iodom *dom, struct device *dev)
{
	if (!iodom_deferred(dom) || !ioflush_enable_deferred(&dom->flush))
		return;
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA);
	dev_warn(dev, "no memory for lazy invalidation, its group is strict\n");
}

/*
 * Nothing of lazy mode is left behind: what waits in the rings is not held, and an
 * unmap that has begun finds no rings for what is not.
 */
static void iodma_mode_strict(struct iodom *dom)
{
	WRITE_ONCE(dom->guarded, false);
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA);
	/* A domain that never had rings has nobody to wait for. */
	if (dom->flush.all_rings)
		ioflush_disable_deferred(&dom->flush);
}

static int iodma_mode_begin(struct iodom *dom, struct device *dev,
			    enum iodma_mode mode)
{
	switch (mode) {
	case IODMA_LAZY:
		/*
		 * The type goes first: an unmap that finds the domain lazy and
		 * without rings asks for new ones, see lazy.c.
		 */
		WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);
		WRITE_ONCE(dom->guarded, false);
		iodma_lazy_enable(dom, dev);
		return iodom_deferred(dom) ? 0 : -ENOMEM;
	case IODMA_GUARDED:
		if (ioflush_enable_holds(&dom->flush)) {
			dev_warn(dev, "no memory for guarded mode, its group is strict\n");
			return -ENOMEM;
		}
		WRITE_ONCE(dom->held, true);
		/* Who finds it set has @held seen by who unmaps, see iodma_holds(). */
		smp_store_release(&dom->guarded, true);
		return 0;
	default:
		return 0;
	}
}

/**
 * iodma_mode_set() - change the mode of a domain
 * @dom: the domain, which has a space
 * @dev: a device that uses it
 * @mode: the mode
 *
 * From then on unmaps are as the mode has it; to become stricter all is invalidated
 * that has been deferred.
 *
 * Context: process context, with the mutex of the domain's group held; waits for RCU and
 *	for hardware.
 * Return: 0; -ENOMEM: it is strict.
 */
int iodma_mode_set(struct iodom *dom, struct device *dev, enum iodma_mode mode)
{
	int ret;

	if (mode != IODMA_LAZY)
		iodma_mode_strict(dom);
	ret = iodma_mode_begin(dom, dev, mode);
	ioslot_follow_mode(dom, dev);
	return ret;
}

/**
 * iodma_mode_boot() - a new domain gets the mode that the command line asks for
 * @dom: the domain, which has a space
 * @dev: the first device that uses it
 *
 * Tests count how often.
 *
 * Context: process context, with the mutex of the domain's group held.
 */
void iodma_mode_boot(struct iodom *dom, struct device *dev)
{
	KUNIT_STATIC_STUB_REDIRECT(iodma_mode_boot, dom, dev);
	if (iodma_boot_mode >= 0)
		iodma_mode_set(dom, dev, iodma_boot_mode);
}

/**
 * iodma_mode_asked() - does the command line say in which mode domains begin?
 *
 * Context: any context.
 * Return: whether that is so: what the core wants does not matter.
 */
bool iodma_mode_asked(void)
{
	return iodma_boot_mode >= 0;
}
