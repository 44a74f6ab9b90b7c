// SPDX-License-Identifier: GPL-2.0
/*
 * Does the IOMMU stand between a device and memory that is not its own?
 *
 * Loading this module makes QEMU's edu device play the errant device and
 * leaves the result in /sys/kernel/debug/ioflush_edu/results, in KTAP: one line
 * "ok" or "not ok" a case, and what was measured in comments. It uses the DMA
 * API alone, so it judges any stack under it. Which cases there are depends on
 * the domain that the device is in; without an IOMMU, or with one that lets
 * everything through, all but the first few fail, as they should.
 */

#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "edu.h"

#define EDU_RESULTS_BYTES	SZ_16K

unsigned int edu_repeats = 8;
module_param_named(repeats, edu_repeats, uint, 0444);
MODULE_PARM_DESC(repeats, "attempts of each kind (default 8)");

unsigned int edu_window_us;
module_param_named(window_us, edu_window_us, uint, 0444);
MODULE_PARM_DESC(window_us,
		 "lazy mode: no write may land longer after its unmap");

static bool guarded;
module_param(guarded, bool, 0444);
MODULE_PARM_DESC(guarded,
		 "the domain defers unmaps of what the device could only read; the core calls it strict");

static bool lazy;
module_param(lazy, bool, 0444);
MODULE_PARM_DESC(lazy,
		 "the domain defers unmaps, and is one of which the core does not know that");

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "makes a run repeat the choices of another (default 0: a new one)");

static struct edu *edu_found;
static struct dentry *edu_dir;
static char *edu_results;
static size_t edu_results_len;

static __printf(1, 2) void edu_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	edu_results_len += vscnprintf(edu_results + edu_results_len,
				      EDU_RESULTS_BYTES - edu_results_len,
				      fmt, args);
	va_end(args);
}

/* A comment on the case that is running. */
void edu_note(const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	edu_print("# %pV\n", &vaf);
	va_end(args);
}

/* A number between @from and @to, both inclusive. */
u64 edu_random(struct edu *edu, u64 from, u64 to)
{
	u64 rnd = (u64)prandom_u32_state(&edu->rnd) << 32;

	rnd |= prandom_u32_state(&edu->rnd);
	return from + rnd % (to - from + 1);
}

static enum edu_mode edu_mode(const struct edu *edu)
{
	if (!edu->domain)
		return EDU_NO_IOMMU;
	switch (edu->domain->type) {
	case IOMMU_DOMAIN_DMA:
		return guarded ? EDU_GUARDED : EDU_STRICT;
	case IOMMU_DOMAIN_DMA_FQ:
		return EDU_LAZY;
	/* One of the module over mainline's drivers. */
	case IOMMU_DOMAIN_UNMANAGED:
		return lazy ? EDU_LAZY : guarded ? EDU_GUARDED : EDU_STRICT;
	default:
		return EDU_IDENTITY;
	}
}

static const char *edu_mode_name(enum edu_mode mode)
{
	static const char * const name[] = {
		[EDU_NO_IOMMU]	= "none",
		[EDU_IDENTITY]	= "passthrough",
		[EDU_STRICT]	= "strict",
		[EDU_GUARDED]	= "guarded",
		[EDU_LAZY]	= "lazy",
	};

	return name[mode];
}

static const struct edu_case * const edu_tables[] = {
	edu_access_cases,
	edu_unmap_cases,
	edu_read_cases,
	edu_domain_cases,
	edu_window_cases,
};

static unsigned int edu_count(const struct edu *edu)
{
	const struct edu_case *c;
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(edu_tables); i++)
		for (c = edu_tables[i]; c->name; c++)
			n += !!(c->modes & BIT(edu->mode));
	return n;
}

static void edu_run_case(struct edu *edu, const struct edu_case *c,
			 unsigned int n)
{
	static const char * const skips[] = {
		[EDU_SKIPPED] = " # SKIP needs another CPU",
		[EDU_TAKEN] = " # SKIP has a domain of its own already",
	};
	int ret = c->run(edu, c->arg);

	if (ret < 0)
		edu_note("%s: error %d", c->name, ret);
	edu_print("%s %u %s%s\n", ret < 0 ? "not ok" : "ok", n, c->name,
		  ret > 0 ? skips[ret] : "");
}

static void edu_run(struct edu *edu)
{
	const struct edu_case *c;
	unsigned int i, n = 0;

	edu_print("KTAP version 1\n");
	edu_print("# mode %s, seed %u, repeats %u\n", edu_mode_name(edu->mode),
		  seed, edu_repeats);
	edu_print("1..%u\n", edu_count(edu));
	for (i = 0; i < ARRAY_SIZE(edu_tables); i++)
		for (c = edu_tables[i]; c->name; c++)
			if (c->modes & BIT(edu->mode))
				edu_run_case(edu, c, ++n);
}

/* Stay on one CPU: deferred flushes and address caches are per CPU. */
static void edu_run_pinned(struct edu *edu)
{
	cpumask_var_t old;

	if (!alloc_cpumask_var(&old, GFP_KERNEL))
		return;
	cpumask_copy(old, current->cpus_ptr);
	set_cpus_allowed_ptr(current, cpumask_of(0));
	edu_run(edu);
	set_cpus_allowed_ptr(current, old);
	free_cpumask_var(old);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	int ret;

	if (!edu)
		return -ENOMEM;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs)
		return -ENOMEM;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	pci_set_master(pdev);

	edu->dev = &pdev->dev;
	edu->pdev = pdev;
	edu->domain = iommu_get_domain_for_dev(&pdev->dev);
	edu->mode = edu_mode(edu);
	prandom_seed_state(&edu->rnd, seed);
	pci_set_drvdata(pdev, edu);

	ret = edu_engine_init(edu);
	if (ret) {
		dev_err(&pdev->dev, "the device does not work: %d\n", ret);
		edu_engine_exit(edu);
		return ret;
	}
	edu_found = edu;
	return 0;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	if (edu_found == edu)
		edu_found = NULL;
	edu_engine_exit(edu);
	pci_clear_master(pdev);
}

static const struct pci_device_id edu_id_table[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_id_table);

static struct pci_driver edu_driver = {
	.name		= "ioflush_edu",
	.id_table	= edu_id_table,
	.probe		= edu_probe,
	.remove		= edu_remove,
};

static int edu_results_show(struct seq_file *m, void *unused)
{
	seq_write(m, edu_results, edu_results_len);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(edu_results);

static int __init edu_init(void)
{
	int ret;

	if (!edu_repeats)
		return -EINVAL;
	while (!seed)
		seed = get_random_u32();
	edu_results = kzalloc(EDU_RESULTS_BYTES, GFP_KERNEL);
	if (!edu_results)
		return -ENOMEM;

	ret = pci_register_driver(&edu_driver);
	if (ret) {
		kfree(edu_results);
		return ret;
	}
	/* Not in the probe function, during which no CPU goes offline. */
	if (edu_found)
		edu_run_pinned(edu_found);
	else
		edu_print("Bail out! there is no edu device that works\n");
	edu_dir = debugfs_create_dir("ioflush_edu", NULL);
	debugfs_create_file("results", 0400, edu_dir, NULL, &edu_results_fops);
	return 0;
}
module_init(edu_init);

static void __exit edu_exit(void)
{
	debugfs_remove(edu_dir);
	pci_unregister_driver(&edu_driver);
	kfree(edu_results);
}
module_exit(edu_exit);

MODULE_DESCRIPTION("QEMU's edu device as the errant device");
MODULE_LICENSE("GPL");
