// SPDX-License-Identifier: GPL-2.0
/*
 * A device that reaches only so many bits of address maps until it has no address left,
 * gives the first half back and takes it again, and gives all back; over and over.
 *
 * One buffer is mapped each time, and a bit for each page says whether an address was given
 * out twice. It binds to QEMU's edu device, and never makes the
 * device do anything.
 *
 *   echo 3 > /sys/kernel/debug/ioflush_fill/<device>/run	(rounds)
 *   cat /sys/kernel/debug/ioflush_fill/<device>/results
 */

#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#define FILL_BITS_MIN		24
#define FILL_BITS_MAX		32
#define FILL_ROUNDS_MAX		10000

static unsigned int bits = 32;
module_param(bits, uint, 0444);
MODULE_PARM_DESC(bits, "How many bits of address the device reaches, 24 to 32 (default 32)");

static unsigned int bytes = SZ_64K;
module_param(bytes, uint, 0444);
MODULE_PARM_DESC(bytes, "Length of the buffer, a power of two from 4096 to 131072 (default 65536)");

/**
 * struct fill - the device, and what it has mapped
 * @dev: the device
 * @dir: its files
 * @lock: one run at a time; protects all below
 * @buf: what is mapped
 * @places: how many buffers its space has room for
 * @addr: the mappings; 0 is none, as no driver is given that address
 * @taken: a bit for each page that is given out
 * @rounds: of the last run that was complete
 * @most: mappings of the round that had most
 * @least: of the one that had least
 * @short_of: the most mappings of the first half that were not to be had again
 * @twice: pages that were given out twice
 * @beyond: addresses that are not to be reached
 */
struct fill {
	struct device *dev;
	struct dentry *dir;
	struct mutex lock; /* one run at a time; protects all below */
	void *buf;
	unsigned long places;
	dma_addr_t *addr;
	unsigned long *taken;
	u64 rounds;
	unsigned long most;
	unsigned long least;
	unsigned long short_of;
	unsigned long twice;
	unsigned long beyond;
};

static struct dentry *fill_root;

static bool fill_reaches(dma_addr_t addr)
{
	return addr + bytes - 1 <= DMA_BIT_MASK(bits);
}

/* Is it one that the device may have, and that nobody has? */
static void fill_look_at(struct fill *fill, dma_addr_t addr)
{
	unsigned long page = addr / SZ_4K, n = bytes / SZ_4K;

	if (!fill_reaches(addr)) {
		fill->beyond++;
		return;
	}
	if (find_next_bit(fill->taken, page + n, page) < page + n)
		fill->twice++;
	bitmap_set(fill->taken, page, n);
}

static void fill_unmap_one(struct fill *fill, unsigned long i)
{
	if (fill_reaches(fill->addr[i]))
		bitmap_clear(fill->taken, fill->addr[i] / SZ_4K, bytes / SZ_4K);
	dma_unmap_single(fill->dev, fill->addr[i], bytes, DMA_TO_DEVICE);
	fill->addr[i] = 0;
}

/* From an empty entry on; returns how many there are now that were not there before. */
static unsigned long fill_map_all(struct fill *fill)
{
	unsigned long i, n = 0;
	dma_addr_t addr;

	for (i = 0; i < fill->places && !fatal_signal_pending(current); i++) {
		if (fill->addr[i])
			continue;
		addr = dma_map_single(fill->dev, fill->buf, bytes, DMA_TO_DEVICE);
		if (dma_mapping_error(fill->dev, addr))
			break;
		fill_look_at(fill, addr);
		fill->addr[i] = addr;
		n++;
		cond_resched();
	}
	return n;
}

/* The first entries, or all; returns how many of these were mappings. */
static unsigned long fill_unmap(struct fill *fill, unsigned long end)
{
	unsigned long i, n = 0;

	for (i = 0; i < end; i++) {
		if (!fill->addr[i])
			continue;
		fill_unmap_one(fill, i);
		n++;
		cond_resched();
	}
	return n;
}

static void fill_round(struct fill *fill)
{
	unsigned long n, freed, again;

	n = fill_map_all(fill);
	fill->most = max(fill->most, n);
	fill->least = min(fill->least, n);
	freed = fill_unmap(fill, n / 2);
	again = fill_map_all(fill);
	if (again < freed)
		fill->short_of = max(fill->short_of, freed - again);
	fill_unmap(fill, fill->places);
}

static int fill_run_set(void *data, u64 rounds)
{
	struct fill *fill = data;
	int ret = 0;

	if (!rounds || rounds > FILL_ROUNDS_MAX)
		return -EINVAL;

	mutex_lock(&fill->lock);
	fill->rounds = 0;
	fill->most = 0;
	fill->least = ULONG_MAX;
	fill->short_of = 0;
	fill->twice = 0;
	fill->beyond = 0;
	for (u64 i = 0; !ret && i < rounds; i++) {
		fill_round(fill);
		ret = fatal_signal_pending(current) ? -EINTR : 0;
	}
	if (!ret)
		fill->rounds = rounds;
	mutex_unlock(&fill->lock);
	return ret;
}
DEFINE_DEBUGFS_ATTRIBUTE(fill_run_fops, NULL, fill_run_set, "%llu\n");

static int fill_results_show(struct seq_file *m, void *unused)
{
	struct fill *fill = m->private;

	mutex_lock(&fill->lock);
	seq_printf(m, "rounds %llu places %lu most %lu least %lu short %lu twice %lu beyond %lu\n",
		   fill->rounds, fill->places, fill->most, fill->least,
		   fill->short_of, fill->twice, fill->beyond);
	mutex_unlock(&fill->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fill_results);

static void fill_free(struct fill *fill)
{
	kvfree(fill->taken);
	kvfree(fill->addr);
	free_pages((unsigned long)fill->buf, get_order(bytes));
	kfree(fill);
}

static struct fill *fill_alloc(struct device *dev)
{
	struct fill *fill = kzalloc(sizeof(*fill), GFP_KERNEL);

	if (!fill)
		return NULL;
	fill->dev = dev;
	mutex_init(&fill->lock);
	fill->places = BIT(bits) / bytes;
	fill->buf = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(bytes));
	fill->addr = kvcalloc(fill->places, sizeof(*fill->addr), GFP_KERNEL);
	fill->taken = kvcalloc(BITS_TO_LONGS(BIT(bits) / SZ_4K), sizeof(long), GFP_KERNEL);
	if (fill->buf && fill->addr && fill->taken)
		return fill;
	fill_free(fill);
	return NULL;
}

static int fill_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct fill *fill;
	int ret;

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(bits));
	if (ret)
		return ret;
	fill = fill_alloc(&pdev->dev);
	if (!fill)
		return -ENOMEM;

	fill->dir = debugfs_create_dir(pci_name(pdev), fill_root);
	debugfs_create_file_unsafe("run", 0200, fill->dir, fill, &fill_run_fops);
	debugfs_create_file("results", 0400, fill->dir, fill, &fill_results_fops);
	pci_set_drvdata(pdev, fill);
	return 0;
}

static void fill_remove(struct pci_dev *pdev)
{
	struct fill *fill = pci_get_drvdata(pdev);

	debugfs_remove(fill->dir);
	fill_unmap(fill, fill->places);
	fill_free(fill);
}

static const struct pci_device_id fill_id_table[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },	/* QEMU's edu */
	{ }
};
MODULE_DEVICE_TABLE(pci, fill_id_table);

static struct pci_driver fill_driver = {
	.name		= "ioflush_fill",
	.id_table	= fill_id_table,
	.probe		= fill_probe,
	.remove		= fill_remove,
};

static int __init fill_init(void)
{
	int ret;

	if (bits < FILL_BITS_MIN || bits > FILL_BITS_MAX ||
	    !is_power_of_2(bytes) || bytes < SZ_4K || bytes > SZ_128K)
		return -EINVAL;
	fill_root = debugfs_create_dir("ioflush_fill", NULL);
	ret = pci_register_driver(&fill_driver);
	if (ret)
		debugfs_remove(fill_root);
	return ret;
}
module_init(fill_init);

static void __exit fill_exit(void)
{
	pci_unregister_driver(&fill_driver);
	debugfs_remove(fill_root);
}
module_exit(fill_exit);

MODULE_DESCRIPTION("Takes all addresses that a device reaches, and gives them back");
MODULE_LICENSE("GPL");
