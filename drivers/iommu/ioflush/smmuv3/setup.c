// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: finds the SMMUs and brings them up
 *
 * Units are platform devices, made from the device tree, or from the IORT
 * table of ACPI. Each is claimed by name before a driver can be bound to it,
 * so that mainline's driver, in the same kernel, stays away: also from those
 * that this driver then cannot bring up.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/acpi.h>
#include <linux/acpi_iort.h>
#include <linux/bitfield.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/ioflush/ioflush.h>
#include <linux/notifier.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/sizes.h>

#include "regs.h"
#include "smmuv3.h"
#include "ste.h"

#define SMMU3_DRIVER	"ioflush-smmuv3"
#define SMMU3_OF	"arm,smmu-v3"
/* What the IORT code calls the devices that it makes */
#define SMMU3_IORT	"arm-smmu-v3"

/* What is used of each page; counters of performance may follow. */
#define SMMU3_PAGE_BYTES	SZ_4K

/* Protects the list of units. Those on it stay for good. */
static DEFINE_MUTEX(smmu3_units_lock);
static LIST_HEAD(smmu3_units);

/**
 * smmu3_unit_of() - find a unit
 * @fwnode: what firmware has for it; NULL for any unit
 *
 * Context: process context.
 * Return: the unit, or NULL.
 */
struct smmu3_unit *smmu3_unit_of(const struct fwnode_handle *fwnode)
{
	struct smmu3_unit *unit, *found = NULL;

	mutex_lock(&smmu3_units_lock);
	list_for_each_entry(unit, &smmu3_units, node) {
		if (fwnode && dev_fwnode(unit->dev) != fwnode)
			continue;
		found = unit;
		break;
	}
	mutex_unlock(&smmu3_units_lock);
	return found;
}

static void smmu3_unit_list(struct smmu3_unit *unit)
{
	mutex_lock(&smmu3_units_lock);
	list_add_tail(&unit->node, &smmu3_units);
	mutex_unlock(&smmu3_units_lock);
}

static void smmu3_unit_unlist(struct smmu3_unit *unit)
{
	mutex_lock(&smmu3_units_lock);
	list_del(&unit->node);
	mutex_unlock(&smmu3_units_lock);
}

#ifdef CONFIG_ACPI
static const struct acpi_iort_smmu_v3 *smmu3_iort(struct device *dev)
{
	struct acpi_iort_node **node = dev_get_platdata(dev);

	if (dev->of_node || !node)
		return NULL;
	return (struct acpi_iort_smmu_v3 *)(*node)->node_data;
}

static u32 smmu3_iort_model(struct device *dev)
{
	const struct acpi_iort_smmu_v3 *iort = smmu3_iort(dev);

	return iort ? iort->model : ACPI_IORT_SMMU_V3_GENERIC;
}

static void smmu3_check_httu(struct smmu3_unit *unit)
{
	const struct acpi_iort_smmu_v3 *iort = smmu3_iort(unit->dev);

	if (iort)
		smmu3_caps_limit_httu(&unit->caps,
				      FIELD_GET(ACPI_IORT_SMMU_V3_HTTU_OVERRIDE,
						iort->flags));
}
#else
static u32 smmu3_iort_model(struct device *dev)
{
	return ACPI_IORT_SMMU_V3_GENERIC;
}

static void smmu3_check_httu(struct smmu3_unit *unit)
{
}
#endif

/* What firmware knows; registers add to it when they can be read. */
static void smmu3_firmware_quirks(struct smmu3_unit *unit)
{
	const struct smmu3_ident ident = {
		.model = smmu3_iort_model(unit->dev),
		.fwnode = dev_fwnode(unit->dev),
	};

	unit->quirks = smmu3_quirks_find(&ident);
}

static void __iomem *smmu3_map_page(struct device *dev, resource_size_t start)
{
	struct resource res = DEFINE_RES_MEM(start, SMMU3_PAGE_BYTES);

	return devm_ioremap_resource(dev, &res);
}

static int smmu3_map(struct smmu3_unit *unit, const struct resource *res)
{
	const bool one_page = unit->quirks & SMMU3_QUIRK_ONE_PAGE;
	const size_t needs = one_page ? SMMU3_PAGE1_OFFSET : SMMU3_REGS_BYTES;

	if (!res || resource_size(res) < needs) {
		pr_err("%s: left alone: firmware gives it %#llx bytes of registers, not %#zx\n",
		       unit->name, res ? (u64)resource_size(res) : 0, needs);
		return -EINVAL;
	}
	/* devm_ioremap_resource() logs why, if it cannot. */
	unit->regs = smmu3_map_page(unit->dev, res->start);
	if (IS_ERR(unit->regs))
		return PTR_ERR(unit->regs);
	unit->page1 = one_page ? unit->regs :
		      smmu3_map_page(unit->dev,
				     res->start + SMMU3_PAGE1_OFFSET);
	return PTR_ERR_OR_ZERO(unit->page1);
}

/* Firmware knows how the unit is wired; what the unit says is a default. */
static void smmu3_check_coherence(struct smmu3_unit *unit)
{
	unit->coherent = dev_is_dma_coherent(unit->dev);
	if (unit->coherent != unit->caps.coherent)
		pr_warn("%s: firmware says that it is %scoherent, its registers say otherwise: following firmware\n",
			unit->name, unit->coherent ? "" : "not ");
}

static void smmu3_bypass_sid(struct smmu3_unit *unit, u32 sid)
{
	struct smmu3_entry ste;
	int ret;

	mutex_lock(&unit->mutex);
	ret = smmu3_streams_grow(unit, sid);
	if (ret) {
		pr_err("%s: firmware's reserved memory is out of reach for StreamID %#x: error %d\n",
		       unit->name, sid, ret);
	} else {
		smmu3_ste_bypass(&ste, &unit->caps);
		smmu3_entry_store(smmu3_streams_find(unit, sid), &ste);
	}
	mutex_unlock(&unit->mutex);
}

/*
 * Devices that firmware has set going, say to show a picture, go on until the
 * core attaches them, with the memory that they use mapped.
 */
static void smmu3_bypass_live(struct smmu3_unit *unit)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);

	iort_get_rmr_sids(dev_fwnode(unit->dev), &regions);
	list_for_each_entry(region, &regions, list) {
		struct iommu_iort_rmr_data *rmr =
			container_of(region, struct iommu_iort_rmr_data, rr);

		for (u32 i = 0; i < rmr->num_sids; i++)
			smmu3_bypass_sid(unit, rmr->sids[i]);
	}
	iort_put_rmr_sids(dev_fwnode(unit->dev), &regions);
}

/* What its tables look like, and what they could. */
static void smmu3_log_unit(const struct smmu3_unit *unit, phys_addr_t base)
{
	const struct smmu3_caps *caps = &unit->caps;
	const bool stage2 = smmu3_uses_stage2(unit);
	struct iopgt_cfg cfg = {};

	smmu3_caps_pgt_cfg(caps, stage2, unit->coherent, &cfg);
	pr_info("%s: ioflush owns the SMMUv3 at %#llx: version 3.%u, stage %u%s, %u bits to %u, pages %lu KiB (has%s%s%s), StreamIDs of %u bits in %u level%s, %s%s%s%s%s%s\n",
		unit->name, (u64)base, caps->minor, stage2 ? 2 : 1,
		caps->stage1 && caps->stage2 ? " of two" : "", cfg.ias_bits,
		cfg.oas_bits, BIT(__ffs(cfg.pgsize_bitmap)) / SZ_1K,
		caps->pgsize_bitmap & SZ_4K ? " 4" : "",
		caps->pgsize_bitmap & SZ_16K ? " 16" : "",
		caps->pgsize_bitmap & SZ_64K ? " 64" : "",
		unit->streams.sid_bits, unit->streams.split ? 2 : 1,
		unit->streams.split ? "s" : "",
		caps->range_inval ? "range invalidation" :
				    "invalidation page by page",
		unit->q.sync_mask ? ", syncs by message" : ", polled",
		unit->coherent ? ", coherent" : "",
		caps->ats ? ", ATS" : "", caps->httu_dirty ? ", HTTU" : "",
		caps->hitless ? ", BBM 2" : "");
}

/* Memory, in the order in which it is needed; freed by smmu3_unit_free(). */
static int smmu3_unit_alloc(struct smmu3_unit *unit)
{
	int ret;

	ret = dma_set_mask_and_coherent(unit->dev,
					DMA_BIT_MASK(unit->caps.oas_bits));
	if (!ret)
		ret = smmu3_queue_init(unit);
	if (!ret)
		ret = smmu3_streams_init(unit);
	if (!ret)
		ret = smmu3_event_init(unit);
	return ret;
}

static void smmu3_unit_free(struct smmu3_unit *unit)
{
	smmu3_cutoff_exit(unit);
	smmu3_event_exit(unit);
	smmu3_streams_exit(unit);
	smmu3_queue_exit(unit);
	ida_destroy(&unit->ids);
	xa_destroy(&unit->sids);
}

/*
 * The core attaches the devices that it knows while the unit is registered; only
 * then does the unit translate, so that reserved memory stays reachable.
 */
static int smmu3_unit_register(struct smmu3_unit *unit)
{
	int ret;

	ret = iodom_queue_add(&unit->q);
	if (ret)
		return ret;
	ret = iommu_device_sysfs_add(&unit->iommu, unit->dev, NULL, "%s",
				     unit->name);
	if (ret)
		goto err_queue;
	smmu3_debugfs_add(unit);
	smmu3_unit_list(unit);
	ret = iommu_device_register(&unit->iommu, &smmu3_ops, unit->dev);
	if (ret)
		goto err_sysfs;
	ret = smmu3_unit_enable(unit);
	if (!ret)
		return 0;

	iommu_device_unregister(&unit->iommu);
err_sysfs:
	smmu3_unit_unlist(unit);
	smmu3_debugfs_remove(unit);
	iommu_device_sysfs_remove(&unit->iommu);
err_queue:
	iodom_queue_remove(&unit->q);
	return ret;
}

static int smmu3_unit_start(struct smmu3_unit *unit)
{
	int ret;

	smmu3_bypass_live(unit);
	ret = smmu3_unit_reset(unit);
	if (ret)
		goto err_disable;
	ret = smmu3_irq_init(unit);
	if (ret)
		goto err_disable;
	ret = smmu3_unit_register(unit);
	if (!ret)
		return 0;

	smmu3_irq_exit(unit);
err_disable:
	smmu3_unit_disable(unit);
	return ret;
}

static struct smmu3_unit *smmu3_unit_new(struct device *dev)
{
	static unsigned int next_id;
	struct smmu3_unit *unit = devm_kzalloc(dev, sizeof(*unit), GFP_KERNEL);

	if (!unit)
		return NULL;
	unit->dev = dev;
	unit->id = next_id++;
	snprintf(unit->name, sizeof(unit->name), "smmu3-%u", unit->id);
	mutex_init(&unit->mutex);
	smmu3_cutoff_init(unit);
	INIT_LIST_HEAD(&unit->devs);
	xa_init(&unit->sids);
	ida_init(&unit->ids);
	return unit;
}

static int smmu3_bring_up(struct smmu3_unit *unit)
{
	int ret;

	smmu3_check_coherence(unit);
	smmu3_check_httu(unit);
	ret = smmu3_unit_alloc(unit);
	if (!ret)
		ret = smmu3_unit_start(unit);
	if (!ret)
		return 0;

	smmu3_unit_free(unit);
	if (ret != -EPROBE_DEFER)
		pr_err("%s: cannot be set up and stays as it was: error %d\n",
		       unit->name, ret);
	return ret;
}

/* Why a unit is left alone has been logged: -ENODEV says no more about it. */
static int smmu3_probe(struct platform_device *pdev)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	struct smmu3_unit *unit = smmu3_unit_new(&pdev->dev);
	int ret;

	if (!unit)
		return -ENOMEM;
	platform_set_drvdata(pdev, unit);
	smmu3_firmware_quirks(unit);
	ret = smmu3_map(unit, res);
	if (!ret)
		ret = smmu3_unit_read_caps(unit);
	if (!ret)
		ret = smmu3_bring_up(unit);
	if (ret)
		return ret == -EPROBE_DEFER ? ret : -ENODEV;
	smmu3_log_unit(unit, res->start);
	return 0;
}

static void smmu3_shutdown(struct platform_device *pdev)
{
	smmu3_unit_shutdown(platform_get_drvdata(pdev));
}

static const struct of_device_id smmu3_of_match[] = {
	{ .compatible = SMMU3_OF },
	{}
};

static struct platform_driver smmu3_driver = {
	.driver = {
		.name = SMMU3_DRIVER,
		.of_match_table = smmu3_of_match,
		.suppress_bind_attrs = true,
	},
	.probe = smmu3_probe,
	.shutdown = smmu3_shutdown,
};

static bool smmu3_is_unit(struct device *dev)
{
	if (dev->of_node)
		return of_device_is_compatible(dev->of_node, SMMU3_OF);
	return !strcmp(to_platform_device(dev)->name, SMMU3_IORT);
}

/*
 * A device with an override is matched by the driver's name and nothing else.
 * Access control between PCI devices makes groups small; it has to be asked for
 * before they are found.
 */
static int smmu3_claim(struct device *dev, void *unused)
{
	int ret;

	if (!smmu3_is_unit(dev))
		return 0;
	pci_request_acs();
	ret = device_set_driver_override(dev, SMMU3_DRIVER);
	if (ret)
		pr_err("%s: cannot be claimed: error %d\n", dev_name(dev), ret);
	return ret;
}

static int smmu3_bus_notify(struct notifier_block *nb, unsigned long action,
			    void *data)
{
	if (action == BUS_NOTIFY_ADD_DEVICE)
		smmu3_claim(data, NULL);
	return NOTIFY_DONE;
}

static struct notifier_block smmu3_nb = {
	.notifier_call = smmu3_bus_notify,
};

/**
 * smmu3_setup() - see to it that SMMUs will be ours
 *
 * Those that are there already are brought up at once.
 *
 * Context: process context, once, before device_initcall, at which mainline's
 *	driver and most bridges of PCI come.
 * Return: 0, also where there is no unit, or an error of the driver core.
 */
int __init smmu3_setup(void)
{
	int ret;

	ret = bus_register_notifier(&platform_bus_type, &smmu3_nb);
	if (ret)
		return ret;
	bus_for_each_dev(&platform_bus_type, NULL, NULL, smmu3_claim);
	ret = platform_driver_register(&smmu3_driver);
	if (ret)
		pr_err("SMMUv3 units stay off: error %d\n", ret);
	return ret;
}
