// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: bring-up
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/ioflush/dma.h>
#include <linux/ioflush/flush.h>
#include <linux/ioflush/ioflush.h>
#include <linux/ioflush/iova.h>
#include <linux/kstrtox.h>
#include <linux/printk.h>

static bool ioflush_on __ro_after_init = IS_ENABLED(CONFIG_IOFLUSH_DEFAULT_ON);

static int __init ioflush_param(char *arg)
{
	if (!arg || kstrtobool(arg, &ioflush_on)) {
		pr_err("ioflush=%s not understood, staying %s: use ioflush=on or ioflush=off\n",
		       arg ?: "", ioflush_on ? "on" : "off");
		return -EINVAL;
	}
	return 0;
}
early_param("ioflush", ioflush_param);

/**
 * ioflush_enabled() - does the user want these drivers?
 *
 * Context: any context, after early parameters have been parsed.
 * Return: true if ioflush=on was given, or nothing and the kernel was
 *	configured so; false for mainline's drivers.
 */
bool ioflush_enabled(void)
{
	return ioflush_on;
}

#ifdef CONFIG_IOFLUSH_DEBUGFS
/**
 * ioflush_debugfs_root() - the directory for ioflush's files
 *
 * Context: process context, from fs_initcall level on; not concurrently.
 * Return: the directory, or what debugfs takes for one that is not there.
 */
struct dentry *ioflush_debugfs_root(void)
{
	static struct dentry *root;

	if (!root)
		root = debugfs_create_dir("ioflush", NULL);
	return root;
}
#endif

/*
 * The layers come up whether or not hardware is going to use them: a domain
 * may be made without any, as tests do. It has to be before rootfs_initcall,
 * at which the architecture brings up its IOMMUs.
 */
static int __init ioflush_bringup(void)
{
	int ret;

	ioflush_params_setup();
	ret = iospace_setup() ?: ioflush_setup() ?: ioflush_pressure_setup() ?:
	      ioslot_setup();
	if (ret) {
		pr_err("cannot register with the kernel: error %d, staying off\n",
		       ret);
		return ret;
	}
	if (!ioflush_on)
		return 0;

	ret = iodma_setup();
	if (ret) {
		pr_err("cannot watch drivers bind: error %d, staying off\n",
		       ret);
		return ret;
	}
	ret = vtd_setup();
	return ret ?: smmu3_setup() ?: vtiommu_setup();
}
fs_initcall(ioflush_bringup);
