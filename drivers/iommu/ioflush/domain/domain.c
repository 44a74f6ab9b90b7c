// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the paging domain that all drivers share
 */
#include <linux/ioflush/dma.h>
#include <linux/ioflush/iova.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "internal.h"

/* The largest page that fits an address pair and what is left to map. */
static size_t iodom_pgsize(const struct iodom *dom, unsigned long addrs,
			   size_t bytes)
{
	unsigned long sizes = dom->domain.pgsize_bitmap;

	sizes &= GENMASK(__fls(bytes), 0);
	if (addrs)
		sizes &= GENMASK(__ffs(addrs), 0);
	return BIT(__fls(sizes));
}

/* How many pages of a size, before a larger size would fit. */
static size_t iodom_pgcount(const struct iodom *dom, unsigned long iova,
			    phys_addr_t paddr, size_t bytes, size_t pgsize)
{
	unsigned long larger = dom->domain.pgsize_bitmap &
			       ~GENMASK(__ffs(pgsize), 0);
	unsigned long next, offset;

	if (!larger)
		return bytes >> __ffs(pgsize);
	next = BIT(__ffs(larger));
	/* Where the two differ below the next size, that one never fits. */
	if (((unsigned long)paddr ^ iova) & (next - 1))
		return bytes >> __ffs(pgsize);
	offset = next - (iova & (next - 1));
	if (offset + next <= bytes)
		bytes = offset;
	return bytes >> __ffs(pgsize);
}

/**
 * iodom_map_undo() - clear what an unsuccessful iodom_map() has mapped
 * @dom: the domain
 * @iova: first byte
 * @bytes: how much was mapped, 0 for nothing
 * @error: why it failed
 *
 * Context: any context; waits for hardware.
 * Return: @error.
 */
int iodom_map_undo(struct iodom *dom, unsigned long iova, size_t bytes,
		   int error)
{
	if (bytes)
		iodom_unmap_sync(dom, iova, bytes);
	return error;
}

/**
 * iodom_map_mixed() - iodom_map() with every page size there is
 * @dom: the domain
 * @iova: see iodom_map(), as all that follow
 * @paddr: what
 * @bytes: how much
 * @prot: permissions
 * @gfp: for table pages
 *
 * Context: see iodom_map().
 * Return: see iodom_map().
 */
int iodom_map_mixed(struct iodom *dom, unsigned long iova, phys_addr_t paddr,
		    size_t bytes, int prot, gfp_t gfp)
{
	size_t done = 0, pgsize, count;
	int ret;

	while (done < bytes) {
		pgsize = iodom_pgsize(dom, (iova + done) | (paddr + done),
				      bytes - done);
		count = iodom_pgcount(dom, iova + done, paddr + done,
				      bytes - done, pgsize);
		ret = iopgt_map_pages(&dom->pgt, iova + done, paddr + done,
				      pgsize, count, prot, gfp, &done);
		if (ret)
			return iodom_map_undo(dom, iova, done, ret);
	}
	return 0;
}

/* A list in which some piece has room for a larger page. */
static noinline int iodom_map_blocks(struct iodom *dom, unsigned long iova,
				     const struct iopgt_piece *piece,
				     unsigned int n, int prot, gfp_t gfp,
				     size_t *mapped)
{
	for (unsigned int i = 0; i < n; i++) {
		size_t bytes = piece[i].pages << dom->granule_lg2;
		int ret = iodom_map(dom, iova, piece[i].paddr, bytes, prot,
				    gfp);

		if (ret)
			return ret;
		iova += bytes;
		*mapped += bytes;
	}
	return 0;
}

/**
 * iodom_map_list() - map scattered memory to neighbouring addresses
 * @dom: the domain
 * @iova: where, a multiple of the smallest page
 * @piece: what
 * @n: how many pieces
 * @prot: IOMMU_READ, IOMMU_WRITE and friends
 * @gfp: for table pages
 * @mapped: raised by how much was mapped
 *
 * Unlike iodom_map(), a call that fails leaves mapped what @mapped says, for the caller
 * to unmap.
 *
 * Context: see iodom_map().
 * Return: 0 or an error of iopgt_map_pages().
 */
int iodom_map_list(struct iodom *dom, unsigned long iova,
		   const struct iopgt_piece *piece, unsigned int n, int prot,
		   gfp_t gfp, size_t *mapped)
{
	size_t longest = 0;

	/* Like a page size block_pages is a power of two: that may be ored. */
	for (unsigned int i = 0; i < n; i++)
		longest |= piece[i].pages;
	if (unlikely(longest >= dom->block_pages))
		return iodom_map_blocks(dom, iova, piece, n, prot, gfp, mapped);
	return iopgt_map_list(&dom->pgt, iova, piece, n, prot, gfp, mapped);
}

/**
 * iodom_unmap() - clear a mapping of the DMA API and give its IOVAs back
 * @dom: the domain
 * @iova: first byte, as allocated
 * @bytes: length, as allocated
 *
 * In strict mode no access through the range succeeds when this returns; in
 * lazy mode none does after the window.
 *
 * Context: any context; waits for hardware in strict mode, and in lazy mode if
 *	there is no room. The caller should hold no lock.
 */
void iodom_unmap(struct iodom *dom, dma_addr_t iova, size_t bytes)
{
	/* Of its ranges only those are read that there are. */
	struct iopgt_gather gather __uninitialized;

	iopgt_gather_init(&gather, iodom_deferred(dom));
	WARN_ON_ONCE(iopgt_unmap_pages(&dom->pgt, iova, bytes, &gather) !=
		     bytes);
	ioflush_unmapped(&dom->flush, &gather, iova, bytes);
}

/**
 * iodom_unmap_held() - clear a mapping of memory that is held as long as it is read
 * @dom: a guarded domain
 * @iova: first byte, as allocated
 * @bytes: length, as allocated
 * @hold: all of the memory, with references that are given back in the end
 *
 * The device could not write to it.
 *
 * Context: any context; waits for hardware if there is no room. The caller should
 *	hold no lock.
 */
void iodom_unmap_held(struct iodom *dom, dma_addr_t iova, size_t bytes,
		      struct ioflush_hold *hold)
{
	struct iopgt_gather gather __uninitialized;

	iopgt_gather_init(&gather, true);
	WARN_ON_ONCE(iopgt_unmap_pages(&dom->pgt, iova, bytes, &gather) !=
		     bytes);
	ioflush_unmapped_held(&dom->flush, &gather, iova, bytes, hold);
}

/**
 * iodom_unmap_sync() - clear a range and wait for its invalidation
 * @dom: the domain
 * @iova: first byte
 * @bytes: length
 *
 * The IOVAs stay with the caller.
 *
 * Context: any context; waits for hardware. The caller should hold no lock.
 */
void iodom_unmap_sync(struct iodom *dom, unsigned long iova, size_t bytes)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	WARN_ON_ONCE(iopgt_unmap_pages(&dom->pgt, iova, bytes, &gather) !=
		     bytes);
	ioflush_sync(&dom->flush, &gather);
}

/**
 * iodom_set_space() - give a domain of the DMA API its bus addresses
 * @dom: the domain
 * @space: the addresses; the domain destroys them when it goes
 *
 * Context: process context, once, before the first device uses the DMA API.
 */
void iodom_set_space(struct iodom *dom, struct iospace *space)
{
	dom->flush.space = space;
	/* Pairs with the acquire or the dependency of who finds it set. */
	smp_store_release(&dom->space, space);
}

/* The table is about to make an entry anew that it has broken: wait. */
static void iodom_pgt_invalidate(struct iopgt *pgt,
				 struct iopgt_gather *gather)
{
	ioflush_sync(&container_of(pgt, struct iodom, pgt)->flush, gather);
}

/* What it broke translates again. */
static void iodom_pgt_remade(struct iopgt *pgt, unsigned long iova,
			     size_t bytes)
{
	iodom_map_sync(container_of(pgt, struct iodom, pgt), iova, bytes);
}

/* See &iodom.block_pages. */
static size_t iodom_block_pages(unsigned long sizes)
{
	const unsigned long larger = sizes & (sizes - 1);

	return larger ? BIT(__ffs(larger) - __ffs(sizes)) : BIT(BITS_PER_LONG - 1);
}

/**
 * iodom_create() - make a paging domain
 * @hw: the driver's part
 * @fmt: the format of the page table
 * @cfg: its configuration
 *
 * The core completes what it returns: type, owner, cookie.
 *
 * Context: process context.
 * Return: the domain or an ERR_PTR().
 */
struct iodom *iodom_create(const struct iodom_hw_ops *hw,
			   const struct iopgt_ops *fmt,
			   const struct iopgt_cfg *cfg)
{
	struct iodom *dom = kzalloc(sizeof(*dom), GFP_KERNEL);
	int ret;

	if (!dom)
		return ERR_PTR(-ENOMEM);
	dom->hw = hw;
	INIT_LIST_HEAD(&dom->links);
	INIT_LIST_HEAD(&dom->devices);
	INIT_LIST_HEAD(&dom->node);
	mutex_init(&dom->attach_lock);

	ret = iopgt_init(&dom->pgt, fmt, cfg);
	if (ret)
		goto err_free;
	ret = ioflush_init(&dom->flush, &iodom_flush_ops, &dom->pgt);
	if (ret)
		goto err_pgt;

	dom->pgt.invalidate = iodom_pgt_invalidate;
	dom->pgt.remade = iodom_pgt_remade;
	dom->domain.ops = &iodom_ops;
	if (dom->pgt.cfg.hw_dirty)
		dom->domain.dirty_ops = &iodom_dirty_ops;
	dom->domain.pgsize_bitmap = dom->pgt.cfg.pgsize_bitmap;
	dom->granule_lg2 = __ffs(dom->pgt.cfg.pgsize_bitmap);
	dom->block_pages = iodom_block_pages(dom->pgt.cfg.pgsize_bitmap);
	dom->domain.geometry.aperture_start = 0;
	dom->domain.geometry.aperture_end =
		GENMASK_ULL(dom->pgt.cfg.ias_bits - 1, 0);
	dom->domain.geometry.force_aperture = true;
	iodom_debugfs_add(dom);
	return dom;

err_pgt:
	iopgt_destroy(&dom->pgt);
err_free:
	kfree(dom);
	return ERR_PTR(ret);
}

static void iodom_free(struct iommu_domain *domain)
{
	struct iodom *dom = to_iodom(domain);

	WARN_ON(!list_empty(&dom->links) || !list_empty(&dom->devices));
	iodom_debugfs_remove(dom);
	/* Until then the shrinker may take pages from it. */
	ioslot_destroy(dom->slots);
	ioflush_exit(&dom->flush);
	if (dom->space)
		iospace_destroy(dom->space);
	iodma_guard_exit(dom);
	iopgt_destroy(&dom->pgt);
	kfree(dom);
}

static int iodom_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct iodom *dom = to_iodom(domain);

	return dom->hw->attach(dom, dev);
}

static int iodom_map_pages(struct iommu_domain *domain, unsigned long iova,
			   phys_addr_t paddr, size_t pgsize, size_t pgcount,
			   int prot, gfp_t gfp, size_t *mapped)
{
	return iopgt_map_pages(&to_iodom(domain)->pgt, iova, paddr, pgsize,
			       pgcount, prot, gfp, mapped);
}

static int iodom_iotlb_sync_map(struct iommu_domain *domain,
				unsigned long iova, size_t size)
{
	iodom_map_sync(to_iodom(domain), iova, size);
	return 0;
}

/*
 * The core's gather keeps one range. Its list of pages is ours to fill: the
 * core only passes it on. A range that does not touch what is gathered already
 * is invalidated on its own, so that the two do not become one over all that
 * lies between.
 *
 * But what goes through the core's own flush queue, as for a device that is not
 * ours, the core frees itself as soon as that has been flushed, under the feet of
 * readers of RCU. So table pages never get there; that they are unlinked is rare.
 */
static size_t iodom_unmap_pages(struct iommu_domain *domain,
				unsigned long iova, size_t pgsize,
				size_t pgcount,
				struct iommu_iotlb_gather *core)
{
	struct iodom *dom = to_iodom(domain);
	struct iopgt_gather gather;
	size_t leaf, done;

	iopgt_gather_init(&gather, false);
	done = iopgt_unmap_pages(&dom->pgt, iova, pgsize * pgcount, &gather);
	if (!done)
		return 0;

	/* What is queued is invalidated by one of the whole domain, later. */
	if (iommu_iotlb_gather_queued(core)) {
		if (gather.tables_unlinked)
			ioflush_sync(&dom->flush, &gather);
		return done;
	}
	if (iommu_iotlb_gather_is_disjoint(core, iova, done))
		iommu_iotlb_sync(domain, core);
	leaf = BIT(iopgt_gather_leaf_lg2(&gather));
	if (!core->pgsize || leaf < core->pgsize)
		core->pgsize = leaf;
	iommu_iotlb_gather_add_range(core, iova, done);
	list_splice_tail(&gather.pages, &core->freelist);
	return done;
}

static void iodom_iotlb_sync(struct iommu_domain *domain,
			     struct iommu_iotlb_gather *core)
{
	struct iodom *dom = to_iodom(domain);
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	if (core->end)
		iopgt_gather_add(&gather, core->start,
				 core->end - core->start + 1,
				 __ffs(core->pgsize));
	gather.tables_unlinked = !list_empty(&core->freelist);
	list_splice_init(&core->freelist, &gather.pages);
	ioflush_sync(&dom->flush, &gather);
}

static void iodom_flush_iotlb_all(struct iommu_domain *domain)
{
	ioflush_all(&to_iodom(domain)->flush);
}

static phys_addr_t iodom_iova_to_phys(struct iommu_domain *domain,
				      dma_addr_t iova)
{
	return iopgt_iova_to_phys(&to_iodom(domain)->pgt, iova);
}

static bool iodom_enforce_cache_coherency(struct iommu_domain *domain)
{
	struct iodom *dom = to_iodom(domain);

	return dom->hw->enforce_coherency && dom->hw->enforce_coherency(dom);
}

const struct iommu_domain_ops iodom_ops = {
	.attach_dev = iodom_attach_dev,
	.map_pages = iodom_map_pages,
	.unmap_pages = iodom_unmap_pages,
	.flush_iotlb_all = iodom_flush_iotlb_all,
	.iotlb_sync_map = iodom_iotlb_sync_map,
	.iotlb_sync = iodom_iotlb_sync,
	.iova_to_phys = iodom_iova_to_phys,
	.enforce_cache_coherency = iodom_enforce_cache_coherency,
	.free = iodom_free,
};

/**
 * iodom_is() - is this domain one of ours?
 * @domain: any domain, or NULL
 *
 * Context: any context.
 * Return: whether to_iodom() may be used on it.
 */
bool iodom_is(struct iommu_domain *domain)
{
	return domain && domain->ops == &iodom_ops;
}
