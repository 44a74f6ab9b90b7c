// SPDX-License-Identifier: GPL-2.0
/*
 * What one DMA mapping costs, in nanoseconds with decimals.
 *
 * Under QEMU's instruction counter one nanosecond is one instruction, so what
 * this module reports there is the number of instructions that a mapping takes,
 * the share of timer ticks and deferred flushes included, and it is the same in
 * each run. It binds to QEMU's edu device, or to any PCI device by way of
 * driver_override, and never makes the device do anything.
 *
 *   echo 10000 > /sys/kernel/debug/ioflush_maptime/<device>/run
 *   cat /sys/kernel/debug/ioflush_maptime/<device>/results
 *
 * Others have mappings that stay. So that a run has some beside it: in turn map
 * 128 pages and keep the first of them, until so many are kept, or none with 0.
 *
 *   echo 1100 > /sys/kernel/debug/ioflush_maptime/<device>/keep
 */

#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

/* Mappings that are live at once where maps and unmaps are timed apart. */
#define MAPTIME_SLOTS		64
#define MAPTIME_SG_ENTRIES	16
#define MAPTIME_LARGE_BYTES	SZ_64K
/* Every second page of it is a scatterlist entry: no two are neighbours. */
#define MAPTIME_BUF_BYTES	(2 * MAPTIME_SG_ENTRIES * SZ_4K)
#define MAPTIME_LOOPS_MAX	10000000
/* Of each page that is kept, pages that are mapped with it and go again. */
#define MAPTIME_KEEP_SPAN	128
#define MAPTIME_KEEP_MAX	1000000

enum maptime_step {
	MAPTIME_PAIR,		/* unmap right after each map */
	MAPTIME_MAP,		/* the maps of a batch */
	MAPTIME_UNMAP,		/* the unmaps of the same batch */
	MAPTIME_STEPS
};

static const char * const maptime_step_name[MAPTIME_STEPS] = {
	[MAPTIME_PAIR]	= "pair",
	[MAPTIME_MAP]	= "map",
	[MAPTIME_UNMAP]	= "unmap",
};

enum maptime_shape {
	MAPTIME_EMPTY,		/* the loop alone, subtracted from the others */
	MAPTIME_64,		/* a short packet */
	MAPTIME_256,
	MAPTIME_256_FROM,	/* DMA_FROM_DEVICE; the others are TO_DEVICE */
	MAPTIME_1500_FROM,	/* room for a packet */
	MAPTIME_4K,
	MAPTIME_64K,
	MAPTIME_SG16,
	MAPTIME_SHAPES
};

struct maptime {
	struct device *dev;
	struct dentry *dir;
	struct mutex lock;	/* one run at a time; protects all below */
	u64 loops;		/* operations of the last complete run, or 0 */
	u64 sum_ns[MAPTIME_SHAPES][MAPTIME_STEPS];
	dma_addr_t *kept;	/* mappings that stay, each of a page */
	u64 nr_kept;
	void *buf;		/* contiguous, and aligned to its size */
	dma_addr_t addr[MAPTIME_SLOTS];
	struct scatterlist sgl[MAPTIME_SLOTS][MAPTIME_SG_ENTRIES];
};

struct maptime_ops {
	const char *name;
	int (*map)(struct maptime *mt, int slot);
	void (*unmap)(struct maptime *mt, int slot);
};

static struct dentry *maptime_root;

static noinline int maptime_empty_map(struct maptime *mt, int slot)
{
	barrier();
	return 0;
}

static noinline void maptime_empty_unmap(struct maptime *mt, int slot)
{
	barrier();
}

static int maptime_map(struct maptime *mt, int slot, size_t bytes,
		       enum dma_data_direction dir)
{
	mt->addr[slot] = dma_map_single(mt->dev, mt->buf, bytes, dir);
	return dma_mapping_error(mt->dev, mt->addr[slot]);
}

static int maptime_single_map(struct maptime *mt, int slot, size_t bytes)
{
	return maptime_map(mt, slot, bytes, DMA_TO_DEVICE);
}

static int maptime_64_map(struct maptime *mt, int slot)
{
	return maptime_single_map(mt, slot, 64);
}

static void maptime_64_unmap(struct maptime *mt, int slot)
{
	dma_unmap_single(mt->dev, mt->addr[slot], 64, DMA_TO_DEVICE);
}

static int maptime_256_map(struct maptime *mt, int slot)
{
	return maptime_single_map(mt, slot, 256);
}

static void maptime_256_unmap(struct maptime *mt, int slot)
{
	dma_unmap_single(mt->dev, mt->addr[slot], 256, DMA_TO_DEVICE);
}

static int maptime_256_from_map(struct maptime *mt, int slot)
{
	return maptime_map(mt, slot, 256, DMA_FROM_DEVICE);
}

static void maptime_256_from_unmap(struct maptime *mt, int slot)
{
	dma_unmap_single(mt->dev, mt->addr[slot], 256, DMA_FROM_DEVICE);
}

static int maptime_1500_from_map(struct maptime *mt, int slot)
{
	return maptime_map(mt, slot, 1500, DMA_FROM_DEVICE);
}

static void maptime_1500_from_unmap(struct maptime *mt, int slot)
{
	dma_unmap_single(mt->dev, mt->addr[slot], 1500, DMA_FROM_DEVICE);
}

static int maptime_4k_map(struct maptime *mt, int slot)
{
	return maptime_single_map(mt, slot, SZ_4K);
}

static void maptime_4k_unmap(struct maptime *mt, int slot)
{
	dma_unmap_single(mt->dev, mt->addr[slot], SZ_4K, DMA_TO_DEVICE);
}

static int maptime_64k_map(struct maptime *mt, int slot)
{
	return maptime_single_map(mt, slot, MAPTIME_LARGE_BYTES);
}

static void maptime_64k_unmap(struct maptime *mt, int slot)
{
	dma_unmap_single(mt->dev, mt->addr[slot], MAPTIME_LARGE_BYTES,
			 DMA_TO_DEVICE);
}

static int maptime_sg16_map(struct maptime *mt, int slot)
{
	int mapped = dma_map_sg(mt->dev, mt->sgl[slot], MAPTIME_SG_ENTRIES,
				DMA_TO_DEVICE);

	return mapped ? 0 : -EIO;
}

static void maptime_sg16_unmap(struct maptime *mt, int slot)
{
	dma_unmap_sg(mt->dev, mt->sgl[slot], MAPTIME_SG_ENTRIES, DMA_TO_DEVICE);
}

static const struct maptime_ops maptime_ops[MAPTIME_SHAPES] = {
	[MAPTIME_EMPTY]	= { "empty", maptime_empty_map, maptime_empty_unmap },
	[MAPTIME_64]	= { "64", maptime_64_map, maptime_64_unmap },
	[MAPTIME_256]	= { "256", maptime_256_map, maptime_256_unmap },
	[MAPTIME_256_FROM] = { "256_from", maptime_256_from_map,
			       maptime_256_from_unmap },
	[MAPTIME_1500_FROM] = { "1500_from", maptime_1500_from_map,
				maptime_1500_from_unmap },
	[MAPTIME_4K]	= { "4k", maptime_4k_map, maptime_4k_unmap },
	[MAPTIME_64K]	= { "64k", maptime_64k_map, maptime_64k_unmap },
	[MAPTIME_SG16]	= { "sg16", maptime_sg16_map, maptime_sg16_unmap },
};

/* One batch of map and unmap in turn, as a driver with one packet in flight. */
static int maptime_pairs(struct maptime *mt, const struct maptime_ops *ops,
			 u64 *sum_ns)
{
	ktime_t start = ktime_get();
	int slot, ret;

	for (slot = 0; slot < MAPTIME_SLOTS; slot++) {
		ret = ops->map(mt, slot);
		if (unlikely(ret))
			return ret;
		ops->unmap(mt, slot);
	}

	sum_ns[MAPTIME_PAIR] += ktime_to_ns(ktime_sub(ktime_get(), start));
	return 0;
}

/* One batch of maps, then one of unmaps, as a driver that fills a ring. */
static int maptime_halves(struct maptime *mt, const struct maptime_ops *ops,
			  u64 *sum_ns)
{
	ktime_t start = ktime_get(), middle;
	int slot, ret;

	for (slot = 0; slot < MAPTIME_SLOTS; slot++) {
		ret = ops->map(mt, slot);
		if (unlikely(ret))
			goto err_unmap;
	}

	middle = ktime_get();
	for (slot = 0; slot < MAPTIME_SLOTS; slot++)
		ops->unmap(mt, slot);

	sum_ns[MAPTIME_UNMAP] += ktime_to_ns(ktime_sub(ktime_get(), middle));
	sum_ns[MAPTIME_MAP] += ktime_to_ns(ktime_sub(middle, start));
	return 0;

err_unmap:
	while (--slot >= 0)
		ops->unmap(mt, slot);
	return ret;
}

static int maptime_shape_run(struct maptime *mt, enum maptime_shape shape,
			     u64 batches)
{
	const struct maptime_ops *ops = &maptime_ops[shape];
	u64 scratch[MAPTIME_STEPS] = {};
	u64 *sum_ns = mt->sum_ns[shape];
	u64 i;
	int ret;

	/* The first batches fill caches and allocate table pages: untimed. */
	ret = maptime_pairs(mt, ops, scratch);
	if (!ret)
		ret = maptime_halves(mt, ops, scratch);

	for (i = 0; !ret && i < batches; i++) {
		ret = maptime_pairs(mt, ops, sum_ns);
		cond_resched();
	}
	for (i = 0; !ret && i < batches; i++) {
		ret = maptime_halves(mt, ops, sum_ns);
		cond_resched();
	}
	return ret;
}

static int maptime_run_set(void *data, u64 loops)
{
	struct maptime *mt = data;
	u64 batches = div_u64(loops + MAPTIME_SLOTS - 1, MAPTIME_SLOTS);
	int shape, ret = 0;

	if (!loops || loops > MAPTIME_LOOPS_MAX)
		return -EINVAL;

	mutex_lock(&mt->lock);
	mt->loops = 0;
	memset(mt->sum_ns, 0, sizeof(mt->sum_ns));
	for (shape = 0; !ret && shape < MAPTIME_SHAPES; shape++)
		ret = maptime_shape_run(mt, shape, batches);
	if (!ret)
		mt->loops = batches * MAPTIME_SLOTS;
	mutex_unlock(&mt->lock);

	return ret;
}

static int maptime_run_get(void *data, u64 *loops)
{
	struct maptime *mt = data;

	mutex_lock(&mt->lock);
	*loops = mt->loops;
	mutex_unlock(&mt->lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(maptime_run_fops, maptime_run_get, maptime_run_set,
			 "%llu\n");

/* Map pages and unmap them, as much as the buffer holds at a time. */
static int maptime_pass(struct maptime *mt, unsigned int pages)
{
	while (pages) {
		size_t bytes = min_t(size_t, pages * SZ_4K, MAPTIME_BUF_BYTES);
		int ret = maptime_single_map(mt, 0, bytes);

		if (ret)
			return ret;
		dma_unmap_single(mt->dev, mt->addr[0], bytes, DMA_TO_DEVICE);
		pages -= bytes / SZ_4K;
	}
	return 0;
}

static int maptime_keep_one(struct maptime *mt)
{
	dma_addr_t addr = dma_map_single(mt->dev, mt->buf, SZ_4K, DMA_TO_DEVICE);
	int ret = dma_mapping_error(mt->dev, addr);

	if (ret)
		return ret;
	mt->kept[mt->nr_kept++] = addr;
	return maptime_pass(mt, MAPTIME_KEEP_SPAN - 1);
}

static void maptime_keep_none(struct maptime *mt)
{
	while (mt->nr_kept) {
		dma_unmap_single(mt->dev, mt->kept[--mt->nr_kept], SZ_4K,
				 DMA_TO_DEVICE);
		cond_resched();
	}
	kvfree(mt->kept);
	mt->kept = NULL;
}

static int maptime_keep_set(void *data, u64 count)
{
	struct maptime *mt = data;
	int ret = 0;

	if (count > MAPTIME_KEEP_MAX)
		return -EINVAL;

	mutex_lock(&mt->lock);
	maptime_keep_none(mt);
	if (count)
		mt->kept = kvcalloc(count, sizeof(*mt->kept), GFP_KERNEL);
	if (count && !mt->kept)
		ret = -ENOMEM;
	while (!ret && mt->nr_kept < count) {
		ret = maptime_keep_one(mt);
		cond_resched();
	}
	if (ret)
		maptime_keep_none(mt);
	mutex_unlock(&mt->lock);
	return ret;
}

static int maptime_keep_get(void *data, u64 *count)
{
	struct maptime *mt = data;

	mutex_lock(&mt->lock);
	*count = mt->nr_kept;
	mutex_unlock(&mt->lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(maptime_keep_fops, maptime_keep_get, maptime_keep_set,
			 "%llu\n");

static void maptime_show_one(struct seq_file *m, struct maptime *mt, int shape,
			     int step)
{
	s64 diff_ns = mt->sum_ns[shape][step] - mt->sum_ns[MAPTIME_EMPTY][step];
	u64 milli_ns = div64_u64(max(diff_ns, 0) * 1000, mt->loops);
	u32 milli;

	milli_ns = div_u64_rem(milli_ns, 1000, &milli);
	seq_printf(m, "%s_%s %llu.%03u\n", maptime_step_name[step],
		   maptime_ops[shape].name, milli_ns, milli);
}

static int maptime_results_show(struct seq_file *m, void *unused)
{
	struct maptime *mt = m->private;
	int shape, step;

	mutex_lock(&mt->lock);
	if (mt->loops) {
		seq_printf(m, "loops %llu\n", mt->loops);
		for (shape = MAPTIME_EMPTY + 1; shape < MAPTIME_SHAPES; shape++)
			for (step = 0; step < MAPTIME_STEPS; step++)
				maptime_show_one(m, mt, shape, step);
	}
	mutex_unlock(&mt->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(maptime_results);

static void maptime_free(struct maptime *mt)
{
	free_pages_exact(mt->buf, MAPTIME_BUF_BYTES);
	kvfree(mt);
}

static struct maptime *maptime_alloc(struct device *dev)
{
	struct maptime *mt = kvzalloc(sizeof(*mt), GFP_KERNEL);
	int i, slot;

	if (!mt)
		return NULL;

	mt->dev = dev;
	mutex_init(&mt->lock);
	mt->buf = alloc_pages_exact(MAPTIME_BUF_BYTES, GFP_KERNEL);
	if (!mt->buf) {
		kvfree(mt);
		return NULL;
	}

	for (slot = 0; slot < MAPTIME_SLOTS; slot++) {
		sg_init_table(mt->sgl[slot], MAPTIME_SG_ENTRIES);
		for (i = 0; i < MAPTIME_SG_ENTRIES; i++)
			sg_set_buf(&mt->sgl[slot][i], mt->buf + 2 * i * SZ_4K,
				   SZ_4K);
	}
	return mt;
}

static int maptime_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct maptime *mt;
	int ret;

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;

	mt = maptime_alloc(&pdev->dev);
	if (!mt)
		return -ENOMEM;

	mt->dir = debugfs_create_dir(pci_name(pdev), maptime_root);
	debugfs_create_file_unsafe("run", 0600, mt->dir, mt, &maptime_run_fops);
	debugfs_create_file_unsafe("keep", 0600, mt->dir, mt, &maptime_keep_fops);
	debugfs_create_file("results", 0400, mt->dir, mt, &maptime_results_fops);
	pci_set_drvdata(pdev, mt);
	return 0;
}

static void maptime_remove(struct pci_dev *pdev)
{
	struct maptime *mt = pci_get_drvdata(pdev);

	debugfs_remove(mt->dir);
	maptime_keep_none(mt);
	maptime_free(mt);
}

static const struct pci_device_id maptime_id_table[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },	/* QEMU's edu */
	{ }
};
MODULE_DEVICE_TABLE(pci, maptime_id_table);

static struct pci_driver maptime_driver = {
	.name		= "ioflush_maptime",
	.id_table	= maptime_id_table,
	.probe		= maptime_probe,
	.remove		= maptime_remove,
};

static int __init maptime_init(void)
{
	int ret;

	maptime_root = debugfs_create_dir("ioflush_maptime", NULL);
	ret = pci_register_driver(&maptime_driver);
	if (ret)
		debugfs_remove(maptime_root);
	return ret;
}
module_init(maptime_init);

static void __exit maptime_exit(void)
{
	pci_unregister_driver(&maptime_driver);
	debugfs_remove(maptime_root);
}
module_exit(maptime_exit);

MODULE_DESCRIPTION("Instructions per DMA mapping");
MODULE_LICENSE("GPL");
