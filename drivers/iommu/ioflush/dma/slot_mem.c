// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: where slots come from and go to
 *
 * A domain gets its pool as a driver is bound to the first device that may use it:
 * one that sees the CPU's caches. The pool is empty then, but for a range of addresses
 * below 4 GiB that it will fill.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/ioflush/iova.h>
#include <linux/ioflush/params.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "internal.h"
#include "slot_copy.h"

/* Of all memory, what the slots of one domain may have, and what they always may. */
#define IOSLOT_MEMORY_LG2	10
#define IOSLOT_KB_MIN		SZ_1K
#define IOSLOT_KB_MAX		SZ_64K

static int ioslot_copy_bytes = -1;

static int ioslot_copy_bytes_set(const char *val, const struct kernel_param *kp)
{
	int bytes, ret = kstrtoint(val, 0, &bytes);

	if (ret || bytes < -1 || bytes > (int)IOSLOT_MAX_BYTES) {
		pr_err("copy_bytes=%s not understood: give 0 to %lu, or -1 for what is measured\n",
		       val, IOSLOT_MAX_BYTES);
		return ret ?: -EINVAL;
	}
	ioslot_copy_bytes = bytes;
	return 0;
}

static const struct kernel_param_ops ioslot_copy_bytes_ops = {
	.set = ioslot_copy_bytes_set,
	.get = param_get_int,
};

module_param_cb(copy_bytes, &ioslot_copy_bytes_ops, &ioslot_copy_bytes, 0444);
MODULE_PARM_DESC(copy_bytes,
		 "Buffers up to this length are copied to memory that stays mapped, 0 to 4096 (default -1: as long as that takes less than to map and unmap them, by measurement)");

static unsigned int ioslot_copy_kb;

static int ioslot_copy_kb_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, SZ_1K, SZ_1M);
}

static const struct kernel_param_ops ioslot_copy_kb_ops = {
	.set = ioslot_copy_kb_set,
	.get = param_get_uint,
};

module_param_cb(copy_kb, &ioslot_copy_kb_ops, &ioslot_copy_kb, 0444);
MODULE_PARM_DESC(copy_kb,
		 "Memory that a domain may have for copies, in KiB, rounded up to a power of two, 1024 to 1048576 (default: a 1024th of all memory, 1024 to 65536)");

/* Protects ioslot_pools. A pool is on it while the shrinker may use it. */
static DEFINE_MUTEX(ioslot_pools_lock);
static LIST_HEAD(ioslot_pools);

static int ioslot_cpuhp_state __ro_after_init;

/**
 * ioslot_mem_get() - get a page for slots, mapped for the device
 * @pool: the pool
 * @slot: offset in the pool's range
 * @dir: what the device may do
 *
 * Context: any context.
 * Return: the page's address, zeroed: a device may see it all; or NULL.
 */
char *ioslot_mem_get(struct ioslot_pool *pool, u32 slot, unsigned int dir)
{
	char *memory = (char *)get_zeroed_page(GFP_NOWAIT | __GFP_NOWARN);

	if (!memory)
		return NULL;
	if (iodom_map(pool->dom, pool->base + slot, virt_to_phys(memory),
		      PAGE_SIZE, iodma_prot(dir, true, 0), GFP_NOWAIT) ||
	    iodma_map_sync(pool->dom, pool->base + slot, PAGE_SIZE)) {
		free_page((unsigned long)memory);
		return NULL;
	}
	return memory;
}

/**
 * ioslot_mem_put() - free a page of slots
 * @pool: the pool
 * @slot: offset in the pool's range
 * @memory: from ioslot_mem_get()
 * @mapped: a device may be using the domain: take the page away from it first
 *
 * A page that hardware has refused to take away from the device is not freed, ever.
 *
 * Context: any context; waits for hardware.
 * Return: whether the slots' addresses may have another page.
 */
bool ioslot_mem_put(struct ioslot_pool *pool, u32 slot, char *memory,
		    bool mapped)
{
	if (mapped) {
		iodom_unmap_sync(pool->dom, pool->base + slot, PAGE_SIZE);
		if (iospace_is_quarantined(pool->dom->space, pool->base + slot,
					   PAGE_SIZE))
			return false;
	}
	free_page((unsigned long)memory);
	return true;
}

static unsigned int ioslot_nr_pages(void)
{
	unsigned long kb = ioslot_copy_kb;

	if (!kb)
		kb = clamp_t(unsigned long,
			     totalram_pages() << (PAGE_SHIFT - 10) >>
			     IOSLOT_MEMORY_LG2, IOSLOT_KB_MIN, IOSLOT_KB_MAX);
	return roundup_pow_of_two(kb) >> (PAGE_SHIFT - 10);
}

static void ioslot_give_here(void *data)
{
	struct ioslot_pool *pool = data;
	unsigned long flags;

	local_irq_save(flags);
	ioslot_give_all(pool, this_cpu_ptr(pool->cpu));
	local_irq_restore(flags);
}

static bool ioslot_has_any(int cpu, void *data)
{
	struct ioslot_pool *pool = data;
	const struct ioslot_cpu *c = per_cpu_ptr(pool->cpu, cpu);

	for (unsigned int kind = 0; kind < IOSLOT_KINDS; kind++)
		if (READ_ONCE(c->list[kind].first))
			return true;
	return false;
}

/**
 * ioslot_release() - free all pages that no driver uses
 * @pool: the pool
 *
 * Context: process context; waits for hardware.
 */
void ioslot_release(struct ioslot_pool *pool)
{
	on_each_cpu_cond(ioslot_has_any, ioslot_give_here, pool, true);
	ioslot_unstash(pool);
	ioslot_shrink(pool, UINT_MAX);
}

static void ioslot_tidy(struct work_struct *work)
{
	ioslot_release(container_of(to_delayed_work(work), struct ioslot_pool,
				    tidy));
}

static struct ioslot_pool *ioslot_create(struct iodom *dom)
{
	struct ioslot_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);

	if (!pool)
		return NULL;
	pool->dom = dom;
	if (ioslot_pool_init(pool, ioslot_nr_pages()))
		goto err_free;
	/* Devices that reach no farther are to have it, too. */
	pool->base = iospace_alloc(dom->space, pool->bytes, DMA_BIT_MASK(32),
				   IOSPACE_LASTING);
	if (!pool->base)
		goto err_exit;
	pool->last = pool->base + pool->bytes - 1;
	INIT_DELAYED_WORK(&pool->tidy, ioslot_tidy);
	if (cpuhp_state_add_instance_nocalls(ioslot_cpuhp_state, &pool->cpuhp))
		goto err_iova;
	mutex_lock(&ioslot_pools_lock);
	list_add_tail(&pool->node, &ioslot_pools);
	mutex_unlock(&ioslot_pools_lock);
	return pool;

err_iova:
	iospace_free(dom->space, pool->base, pool->bytes);
err_exit:
	ioslot_pool_exit(pool);
err_free:
	kfree(pool);
	return NULL;
}

/*
 * For a driver that would not find what was copied. Another driver, or one of another
 * device of the group, is not asked again: the domain copies nothing any more, unless
 * the user says so.
 */
static void ioslot_forbid(struct iodom *dom, struct device *dev)
{
	if (dom->no_copies)
		return;
	dom->no_copies = true;
	if (dom->slots)
		ioslot_set_limit(dom->slots, dev, 0);
	dev_info(dev, "ioflush: small buffers are not copied: %s does not synchronise them\n",
		 dev_driver_string(dev));
}

/**
 * ioslot_enable() - let a domain copy small buffers
 * @dom: a domain of the DMA API with a space
 * @dev: a device that uses it, whose driver is about to be bound or is bound
 *
 * A device that does not see the CPU's caches never uses slots, see careful devices, nor
 * does a domain that has had a driver that is on the list in unsynced.c.
 *
 * Context: process context, with the mutex of the domain's group held; waits for
 *	hardware.
 */
void ioslot_enable(struct iodom *dom, struct device *dev)
{
	struct ioslot_pool *pool;

	if (ioslot_is_unsynced(dev))
		ioslot_forbid(dom, dev);
	if (dom->no_copies || dom->slots || !dom->space ||
	    !ioslot_copy_bytes || !dev_is_dma_coherent(dev))
		return;
	pool = ioslot_create(dom);
	if (!pool) {
		dev_warn(dev, "no memory or addresses for copies, small buffers are mapped\n");
		return;
	}
	ioslot_copy_choose();
	dom->slot_base = pool->base;
	dom->slot_bytes = pool->bytes;
	/* Pairs with the dependency of who finds it set. */
	smp_store_release(&dom->slots, pool);
	ioslot_set_limit(pool, dev, ioslot_copy_bytes);
}

/**
 * ioslot_follow_mode() - a domain has changed its mode: copy what pays now
 * @dom: a domain of the DMA API
 * @dev: a device that uses it
 *
 * What is in slots stays there until it is unmapped.
 *
 * Context: process context, with the mutex of the domain's group held; waits for
 *	hardware.
 */
void ioslot_follow_mode(struct iodom *dom, struct device *dev)
{
	if (!dom->slots)
		ioslot_enable(dom, dev);
	else if (dom->slots->asked < 0)
		ioslot_measure(dom->slots, dev);
}

/**
 * ioslot_destroy() - free the slots of a domain
 * @pool: the pool, or NULL; no device is attached to its domain any more
 *
 * Context: process context.
 */
void ioslot_destroy(struct ioslot_pool *pool)
{
	if (!pool)
		return;
	mutex_lock(&ioslot_pools_lock);
	list_del(&pool->node);
	mutex_unlock(&ioslot_pools_lock);
	cancel_delayed_work_sync(&pool->tidy);
	cpuhp_state_remove_instance_nocalls(ioslot_cpuhp_state, &pool->cpuhp);
	iospace_free(pool->dom->space, pool->base, pool->bytes);
	ioslot_pool_exit(pool);
	kfree(pool);
}

static int ioslot_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct ioslot_pool *pool = hlist_entry_safe(node, struct ioslot_pool,
						    cpuhp);
	unsigned long flags;

	local_irq_save(flags);
	ioslot_give_all(pool, per_cpu_ptr(pool->cpu, cpu));
	local_irq_restore(flags);
	return 0;
}

static unsigned long ioslot_count_objects(struct shrinker *shrinker,
					  struct shrink_control *sc)
{
	struct ioslot_pool *pool;
	unsigned long count = 0;
	bool some = false;

	/* Who creates or destroys a pool does not wait for memory with it held. */
	if (!mutex_trylock(&ioslot_pools_lock))
		return 0;
	list_for_each_entry(pool, &ioslot_pools, node) {
		count += ioslot_idle(pool);
		some |= READ_ONCE(pool->nr_used) > 1;
	}
	mutex_unlock(&ioslot_pools_lock);
	/* CPUs and batches may hide pages that are idle: nobody counts these. */
	if (!count && some)
		return 1;
	return count ?: SHRINK_EMPTY;
}

static unsigned long ioslot_scan_idle(unsigned long nr_pages)
{
	struct ioslot_pool *pool;
	unsigned long done = 0;

	list_for_each_entry(pool, &ioslot_pools, node) {
		if (done >= nr_pages)
			break;
		done += ioslot_shrink(pool, nr_pages - done);
	}
	return done;
}

/* When no page is known to be idle, look at what CPUs and batches hide, of one pool a time. */
static unsigned long ioslot_scan_objects(struct shrinker *shrinker,
					 struct shrink_control *sc)
{
	struct ioslot_pool *pool;
	unsigned long done;

	if (!mutex_trylock(&ioslot_pools_lock))
		return SHRINK_STOP;
	done = ioslot_scan_idle(sc->nr_to_scan);
	if (!done && !list_empty(&ioslot_pools)) {
		pool = list_first_entry(&ioslot_pools, struct ioslot_pool, node);
		list_move_tail(&pool->node, &ioslot_pools);
		on_each_cpu_cond(ioslot_has_any, ioslot_give_here, pool, true);
		ioslot_unstash(pool);
		done = ioslot_shrink(pool, sc->nr_to_scan);
	}
	mutex_unlock(&ioslot_pools_lock);
	return done ?: SHRINK_STOP;
}

static struct shrinker *ioslot_shrinker;

/**
 * ioslot_setup() - register with CPU hotplug, and be told when memory is short
 *
 * Context: process context, before the first ioslot_enable().
 * Return: 0 or an error.
 */
int __init ioslot_setup(void)
{
	int ret;

	ret = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN, "iommu/ioflush:slots",
				      NULL, ioslot_cpu_dead);
	if (ret < 0)
		return ret;
	ioslot_cpuhp_state = ret;

	ioslot_shrinker = shrinker_alloc(0, "ioflush-slots");
	if (!ioslot_shrinker) {
		cpuhp_remove_multi_state(ioslot_cpuhp_state);
		return -ENOMEM;
	}
	ioslot_shrinker->count_objects = ioslot_count_objects;
	ioslot_shrinker->scan_objects = ioslot_scan_objects;
	shrinker_register(ioslot_shrinker);
	return 0;
}

/**
 * ioslot_teardown() - undo ioslot_setup()
 *
 * Context: process context; there are no pools any more.
 */
void __exit ioslot_teardown(void)
{
	shrinker_free(ioslot_shrinker);
	cpuhp_remove_multi_state(ioslot_cpuhp_state);
}
