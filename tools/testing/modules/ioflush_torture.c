// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads that map and unmap through one device, and check what they get.
 *
 * Each has a table of live mappings and at every step maps into a random slot
 * that is empty, or unmaps one that is not: single buffers of any length and
 * scatterlists. While a mapping lives, each of its pages has to translate to
 * where it was mapped, and no other mapping may have been given any of its
 * addresses. Small buffers for one direction may be copied instead: of these,
 * what the device finds there has to be what is in the buffer, and what is
 * written there has to be in the buffer after the unmap, and nowhere else. It
 * binds to QEMU's edu device, or to any PCI device by way of driver_override,
 * and never makes the device do anything.
 *
 *   echo 20 > /sys/kernel/debug/ioflush_torture/<device>/run	(seconds)
 *   cat /sys/kernel/debug/ioflush_torture/<device>/results
 *
 * What else is done meanwhile, such as taking CPUs away, is up to whoever
 * writes to that file.
 */

#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#define TORTURE_SLOTS		64
/* As many locks, so that the bookkeeping is not what the threads wait for. */
#define TORTURE_SHARDS		256
#define TORTURE_SG_ENTRIES	8
#define TORTURE_BUF_BYTES	SZ_128K
/* Small buffers, and what each of them has around it. */
#define TORTURE_SMALL_BYTES	2048
#define TORTURE_SMALL_ROOM	SZ_4K
#define TORTURE_GUARD		0x5a
#define TORTURE_THREADS_MAX	256
#define TORTURE_SECONDS_MAX	3600

static unsigned int threads;
module_param(threads, uint, 0444);
MODULE_PARM_DESC(threads, "How many threads; 0 for one a CPU (default 0)");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "Repeats the choices of an earlier run; 0 for new ones (default 0)");

/**
 * struct torture_slot - one mapping
 * @nents: entries of @sgl that are in use; 0 for a single buffer
 * @bytes: length of a single buffer; 0 if the slot is empty
 * @small: the buffer, if it is a small one
 * @dir: its direction
 * @value: of all its bytes
 * @addr: of a single buffer
 * @sgl: a scatterlist
 */
struct torture_slot {
	int nents;
	size_t bytes;
	u8 *small;
	enum dma_data_direction dir;
	u8 value;
	dma_addr_t addr;
	struct scatterlist sgl[TORTURE_SG_ENTRIES];
};

/**
 * struct torture_thread - one thread, and all that only it touches
 * @torture: what it belongs to
 * @task: the thread
 * @rnd: its choices
 * @buf: what it maps, contiguous
 * @small: room for a small buffer of each slot
 * @slot: its mappings
 * @maps: how many mappings it made
 * @refused: mappings that the DMA API refused
 * @wrong: translations that were not what was mapped
 * @twice: addresses that somebody else had, too
 */
struct torture_thread {
	struct torture *torture;
	struct task_struct *task;
	struct rnd_state rnd;
	void *buf;
	u8 *small;
	struct torture_slot slot[TORTURE_SLOTS];
	unsigned long maps;
	unsigned long refused;
	unsigned long wrong;
	unsigned long twice;
};

/**
 * struct torture - one device under torture
 * @dev: the device
 * @dir: its folder in debugfs
 * @live: the pages of bus addresses that are mapped, by their lowest bits
 * @lock: one run at a time; protects all below
 * @seconds: how long the last run took, 0 before the first
 * @nr: how many threads it had
 * @seed: its seed
 * @thread: its threads
 */
struct torture {
	struct device *dev;
	struct dentry *dir;
	struct xarray live[TORTURE_SHARDS];
	struct mutex lock; /* one run at a time */
	u64 seconds;
	unsigned int nr;
	u64 seed;
	struct torture_thread *thread[TORTURE_THREADS_MAX];
};

static struct dentry *torture_root;

static u32 torture_below(struct torture_thread *t, u32 ceil)
{
	return prandom_u32_state(&t->rnd) % ceil;
}

/* Whole pages: an address is given out with the rest of its page. */
static void torture_take(struct torture_thread *t, dma_addr_t addr,
			 size_t bytes)
{
	const dma_addr_t last = (addr + bytes - 1) >> PAGE_SHIFT;
	dma_addr_t page;

	for (page = addr >> PAGE_SHIFT; page <= last; page++)
		if (xa_insert(&t->torture->live[page % TORTURE_SHARDS],
			      page / TORTURE_SHARDS, t, GFP_KERNEL))
			t->twice++;
}

/* Before the unmap: after it the addresses may be somebody else's. */
static void torture_let_go(struct torture_thread *t, dma_addr_t addr,
			   size_t bytes)
{
	const dma_addr_t last = (addr + bytes - 1) >> PAGE_SHIFT;
	dma_addr_t page;

	for (page = addr >> PAGE_SHIFT; page <= last; page++)
		if (xa_erase(&t->torture->live[page % TORTURE_SHARDS],
			     page / TORTURE_SHARDS) != t)
			t->twice++;
}

/* Does each page of a mapping lead to where it was mapped? */
static void torture_check(struct torture_thread *t, dma_addr_t addr,
			  phys_addr_t phys, size_t bytes)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(t->torture->dev);
	size_t off;

	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING))
		return;
	for (off = 0; off < bytes; off += PAGE_SIZE)
		if (iommu_iova_to_phys(domain, addr + off) != phys + off)
			t->wrong++;
}

static void torture_map_single(struct torture_thread *t,
			       struct torture_slot *slot)
{
	size_t off = torture_below(t, TORTURE_BUF_BYTES);
	/* Small ones most of the time, as NICs have them. */
	size_t most = torture_below(t, 8) ? SZ_4K : TORTURE_BUF_BYTES;
	size_t bytes = 1 + torture_below(t, most);

	bytes = min_t(size_t, bytes, TORTURE_BUF_BYTES - off);
	slot->addr = dma_map_single(t->torture->dev, t->buf + off, bytes,
				    DMA_BIDIRECTIONAL);
	if (dma_mapping_error(t->torture->dev, slot->addr)) {
		t->refused++;
		return;
	}
	slot->bytes = bytes;
	slot->nents = 0;
	t->maps++;
	torture_take(t, slot->addr, bytes);
	torture_check(t, slot->addr, virt_to_phys(t->buf + off), bytes);
	/* Where the buffer begins, for the check before the unmap. */
	sg_set_buf(slot->sgl, t->buf + off, bytes);
}

/* Where a small mapping leads to, which is in one piece; NULL where nobody can tell. */
static u8 *torture_seen(struct torture_thread *t, struct torture_slot *slot)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(t->torture->dev);
	phys_addr_t phys;

	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING))
		return NULL;
	phys = iommu_iova_to_phys(domain, slot->addr);
	if (!phys)
		t->wrong++;
	return phys ? phys_to_virt(phys) : NULL;
}

static void torture_expect(struct torture_thread *t, const u8 *from, u8 value,
			   size_t bytes)
{
	if (memchr_inv(from, value, bytes))
		t->wrong++;
}

static void torture_map_small(struct torture_thread *t,
			      struct torture_slot *slot)
{
	u8 *room = t->small + (slot - t->slot) * TORTURE_SMALL_ROOM, *seen;
	size_t bytes = 1 + torture_below(t, TORTURE_SMALL_BYTES);

	slot->small = room + torture_below(t, TORTURE_SMALL_ROOM - bytes);
	slot->dir = torture_below(t, 2) ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
	slot->value = torture_below(t, TORTURE_GUARD);
	memset(room, TORTURE_GUARD, TORTURE_SMALL_ROOM);
	memset(slot->small, slot->value, bytes);
	slot->addr = dma_map_single(t->torture->dev, slot->small, bytes,
				    slot->dir);
	if (dma_mapping_error(t->torture->dev, slot->addr)) {
		slot->small = NULL;
		t->refused++;
		return;
	}
	slot->bytes = bytes;
	t->maps++;
	seen = torture_seen(t, slot);
	if (seen)
		torture_expect(t, seen, slot->value, bytes);
}

/* The device writes just before the unmap. */
static void torture_unmap_small(struct torture_thread *t,
				struct torture_slot *slot)
{
	u8 *room = t->small + (slot - t->slot) * TORTURE_SMALL_ROOM;
	u8 *seen = torture_seen(t, slot), *end = slot->small + slot->bytes;

	if (seen)
		torture_expect(t, seen, slot->value, slot->bytes);
	if (seen && slot->dir == DMA_FROM_DEVICE) {
		slot->value++;
		memset(seen, slot->value, slot->bytes);
	}
	dma_unmap_single(t->torture->dev, slot->addr, slot->bytes, slot->dir);
	torture_expect(t, slot->small, slot->value, slot->bytes);
	torture_expect(t, room, TORTURE_GUARD, slot->small - room);
	torture_expect(t, end, TORTURE_GUARD, room + TORTURE_SMALL_ROOM - end);
	slot->small = NULL;
	slot->bytes = 0;
}

/*
 * The bus addresses of a scatterlist follow one another, in pieces that need not
 * be those of the memory: walk both.
 */
static void torture_check_sg(struct torture_thread *t,
			     struct torture_slot *slot)
{
	struct scatterlist *mem = slot->sgl, *bus = slot->sgl;
	size_t mem_off = 0, bus_off = 0;
	int left = slot->nents;

	while (left) {
		torture_check(t, sg_dma_address(bus) + bus_off,
			      sg_phys(mem) + mem_off, SZ_4K);
		mem_off += SZ_4K;
		bus_off += SZ_4K;
		if (mem_off == mem->length) {
			mem = sg_next(mem);
			mem_off = 0;
		}
		if (bus_off == sg_dma_len(bus)) {
			bus = sg_next(bus);
			bus_off = 0;
			left--;
		}
	}
}

static void torture_map_sg(struct torture_thread *t, struct torture_slot *slot)
{
	struct scatterlist *sg;
	int i, mapped;

	sg_init_table(slot->sgl, TORTURE_SG_ENTRIES);
	/* No two are neighbours in memory, so that each stays an entry. */
	for_each_sg(slot->sgl, sg, TORTURE_SG_ENTRIES, i)
		sg_set_buf(sg, t->buf + 2 * i * SZ_8K,
			   SZ_4K * (1 + torture_below(t, 2)));
	mapped = dma_map_sg(t->torture->dev, slot->sgl, TORTURE_SG_ENTRIES,
			    DMA_BIDIRECTIONAL);
	if (!mapped) {
		t->refused++;
		return;
	}
	slot->bytes = 1;
	slot->nents = mapped;
	t->maps++;
	for_each_sg(slot->sgl, sg, mapped, i)
		torture_take(t, sg_dma_address(sg), sg_dma_len(sg));
	torture_check_sg(t, slot);
}

static void torture_unmap(struct torture_thread *t, struct torture_slot *slot)
{
	struct scatterlist *sg;
	int i;

	if (slot->nents) {
		torture_check_sg(t, slot);
		for_each_sg(slot->sgl, sg, slot->nents, i)
			torture_let_go(t, sg_dma_address(sg), sg_dma_len(sg));
		dma_unmap_sg(t->torture->dev, slot->sgl, TORTURE_SG_ENTRIES,
			     DMA_BIDIRECTIONAL);
	} else {
		torture_check(t, slot->addr, sg_phys(slot->sgl), slot->bytes);
		torture_let_go(t, slot->addr, slot->bytes);
		dma_unmap_single(t->torture->dev, slot->addr, slot->bytes,
				 DMA_BIDIRECTIONAL);
	}
	slot->bytes = 0;
}

static void torture_step(struct torture_thread *t)
{
	struct torture_slot *slot = &t->slot[torture_below(t, TORTURE_SLOTS)];

	if (slot->small)
		torture_unmap_small(t, slot);
	else if (slot->bytes)
		torture_unmap(t, slot);
	else if (torture_below(t, 2))
		torture_map_small(t, slot);
	else if (torture_below(t, 2))
		torture_map_single(t, slot);
	else
		torture_map_sg(t, slot);
}

static int torture_thread_fn(void *data)
{
	struct torture_thread *t = data;
	int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < TORTURE_SLOTS; i++)
			torture_step(t);
		cond_resched();
	}
	for (i = 0; i < TORTURE_SLOTS; i++)
		if (t->slot[i].small)
			torture_unmap_small(t, &t->slot[i]);
		else if (t->slot[i].bytes)
			torture_unmap(t, &t->slot[i]);
	return 0;
}

static void torture_thread_free(struct torture_thread *t)
{
	if (!t)
		return;
	if (t->small)
		free_pages_exact(t->small, TORTURE_SLOTS * TORTURE_SMALL_ROOM);
	if (t->buf)
		free_pages_exact(t->buf, 2 * TORTURE_BUF_BYTES);
	kvfree(t);
}

static struct torture_thread *torture_thread_start(struct torture *torture,
						   unsigned int i)
{
	struct torture_thread *t = kvzalloc(sizeof(*t), GFP_KERNEL);
	int slot;

	if (!t)
		return ERR_PTR(-ENOMEM);
	t->torture = torture;
	prandom_seed_state(&t->rnd, torture->seed + i);
	t->buf = alloc_pages_exact(2 * TORTURE_BUF_BYTES, GFP_KERNEL);
	t->small = alloc_pages_exact(TORTURE_SLOTS * TORTURE_SMALL_ROOM,
				     GFP_KERNEL);
	if (!t->buf || !t->small) {
		torture_thread_free(t);
		return ERR_PTR(-ENOMEM);
	}
	for (slot = 0; slot < TORTURE_SLOTS; slot++)
		sg_init_table(t->slot[slot].sgl, TORTURE_SG_ENTRIES);
	t->task = kthread_run(torture_thread_fn, t, "ioflush_torture/%u", i);
	if (IS_ERR(t->task)) {
		int ret = PTR_ERR(t->task);

		torture_thread_free(t);
		return ERR_PTR(ret);
	}
	return t;
}

static int torture_start(struct torture *torture)
{
	unsigned int i;

	torture->nr = threads ?: num_online_cpus();
	torture->nr = min(torture->nr, TORTURE_THREADS_MAX);
	torture->seed = seed ?: get_random_u64();
	for (i = 0; i < torture->nr; i++) {
		struct torture_thread *t = torture_thread_start(torture, i);

		if (IS_ERR(t)) {
			torture->nr = i;
			return PTR_ERR(t);
		}
		torture->thread[i] = t;
	}
	return 0;
}

static void torture_stop(struct torture *torture)
{
	unsigned int i;

	for (i = 0; i < torture->nr; i++)
		kthread_stop(torture->thread[i]->task);
	for (i = 0; i < TORTURE_SHARDS; i++)
		xa_destroy(&torture->live[i]);
}

static void torture_threads_free(struct torture *torture)
{
	unsigned int i;

	for (i = 0; i < torture->nr; i++)
		torture_thread_free(torture->thread[i]);
	torture->nr = 0;
}

static int torture_run_set(void *data, u64 seconds)
{
	struct torture *torture = data;
	u64 i;
	int ret;

	if (!seconds || seconds > TORTURE_SECONDS_MAX)
		return -EINVAL;

	mutex_lock(&torture->lock);
	torture_threads_free(torture);
	torture->seconds = 0;
	ret = torture_start(torture);
	for (i = 0; !ret && i < seconds; i++)
		ret = schedule_timeout_interruptible(HZ) ? -EINTR : 0;
	torture_stop(torture);
	if (!ret)
		torture->seconds = seconds;
	mutex_unlock(&torture->lock);
	return ret;
}
DEFINE_DEBUGFS_ATTRIBUTE(torture_run_fops, NULL, torture_run_set, "%llu\n");

static int torture_results_show(struct seq_file *m, void *unused)
{
	struct torture *torture = m->private;
	unsigned long maps = 0, refused = 0, wrong = 0, twice = 0;
	unsigned int i;

	mutex_lock(&torture->lock);
	for (i = 0; i < torture->nr; i++) {
		maps += torture->thread[i]->maps;
		refused += torture->thread[i]->refused;
		wrong += torture->thread[i]->wrong;
		twice += torture->thread[i]->twice;
	}
	seq_printf(m, "seconds %llu threads %u seed %llu\n", torture->seconds,
		   torture->nr, torture->seed);
	seq_printf(m, "maps %lu refused %lu wrong %lu twice %lu\n", maps,
		   refused, wrong, twice);
	mutex_unlock(&torture->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(torture_results);

static int torture_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct torture *torture;
	int i, ret;

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	torture = kvzalloc(sizeof(*torture), GFP_KERNEL);
	if (!torture)
		return -ENOMEM;

	torture->dev = &pdev->dev;
	mutex_init(&torture->lock);
	for (i = 0; i < TORTURE_SHARDS; i++)
		xa_init(&torture->live[i]);
	torture->dir = debugfs_create_dir(pci_name(pdev), torture_root);
	debugfs_create_file_unsafe("run", 0200, torture->dir, torture,
				   &torture_run_fops);
	debugfs_create_file("results", 0400, torture->dir, torture,
			    &torture_results_fops);
	pci_set_drvdata(pdev, torture);
	return 0;
}

static void torture_remove(struct pci_dev *pdev)
{
	struct torture *torture = pci_get_drvdata(pdev);

	debugfs_remove(torture->dir);
	torture_threads_free(torture);
	kvfree(torture);
}

static const struct pci_device_id torture_id_table[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },	/* QEMU's edu */
	{ }
};
MODULE_DEVICE_TABLE(pci, torture_id_table);

static struct pci_driver torture_driver = {
	.name		= "ioflush_torture",
	.id_table	= torture_id_table,
	.probe		= torture_probe,
	.remove		= torture_remove,
};

static int __init torture_init(void)
{
	int ret;

	torture_root = debugfs_create_dir("ioflush_torture", NULL);
	ret = pci_register_driver(&torture_driver);
	if (ret)
		debugfs_remove(torture_root);
	return ret;
}
module_init(torture_init);

static void __exit torture_exit(void)
{
	pci_unregister_driver(&torture_driver);
	debugfs_remove(torture_root);
}
module_exit(torture_exit);

MODULE_DESCRIPTION("Many threads that map and unmap, and check what they get");
MODULE_LICENSE("GPL");
