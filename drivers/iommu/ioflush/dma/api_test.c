// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of what else drivers expect of the DMA API
 *
 * Documentation/ioflush/porting.rst has the table of all calls.
 */
#include <linux/anon_inodes.h>
#include <linux/dma-mapping.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "test_util.h"

/* A device that needs no hand-over is not asked for one. */
static void api_need_sync(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	char *buf = kunit_kmalloc(test, SZ_4K, GFP_KERNEL);
	dma_addr_t iova;

	if (!IS_ENABLED(CONFIG_DMA_NEED_SYNC))
		kunit_skip(test, "no device needs one");
	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (unsigned int careful = 0; careful < 2; careful++) {
		set_dma_ops(dev, careful ? &iodma_careful_ops : &iodma_ops);
		KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, DMA_BIT_MASK(64)));
		iova = dma_map_single(dev, buf, SZ_4K, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
		/* What is copied may change while a buffer is mapped. */
		KUNIT_EXPECT_TRUE(test, dma_need_sync(dev, iova));
		dma_unmap_single(dev, iova, SZ_4K, DMA_TO_DEVICE);
	}
	set_dma_ops(dev, &iodma_ops);
}

/* What drivers ask about before they map. */
static void api_limits(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);

	KUNIT_EXPECT_EQ(test, SIZE_MAX, dma_max_mapping_size(dev));
	KUNIT_EXPECT_EQ(test, iova_rcache_range(), dma_opt_mapping_size(dev));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE - 1, dma_get_merge_boundary(dev));
	KUNIT_EXPECT_EQ(test, DMA_BIT_MASK(32), dma_get_required_mask(dev));
	KUNIT_EXPECT_TRUE(test, dma_can_mmap(dev));
	KUNIT_EXPECT_FALSE(test, dma_addressing_limited(dev));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, DMA_BIT_MASK(31)));
	KUNIT_EXPECT_TRUE(test, dma_addressing_limited(dev));
	/* Any table of operations has it refused. */
	KUNIT_EXPECT_FALSE(test, dma_pci_p2pdma_supported(dev));
}

/* Permissions follow direction, coherence and attributes. */
static void api_prot(struct kunit *test)
{
	const unsigned long privileged = DMA_ATTR_PRIVILEGED;
	struct device *dev = dma_test_bound(test);
	char *buf = kunit_kmalloc(test, SZ_4K, GFP_KERNEL);
	dma_addr_t iova;
	void *cpu;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	dma_test_watch_maps(iodma_domain(dev));
	iova = dma_map_single_attrs(dev, buf, SZ_4K, DMA_TO_DEVICE, privileged |
				    DMA_ATTR_WEAK_ORDERING);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	KUNIT_EXPECT_EQ(test, IOMMU_READ | IOMMU_CACHE | IOMMU_PRIV,
			dma_test_iommu.map_prot);
	dma_unmap_single_attrs(dev, iova, SZ_4K, DMA_TO_DEVICE, privileged);

	iova = dma_map_resource(dev, 0xfd00000000ULL, SZ_4K, DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	KUNIT_EXPECT_EQ(test, IOMMU_WRITE | IOMMU_MMIO, dma_test_iommu.map_prot);
	dma_unmap_resource(dev, iova, SZ_4K, DMA_FROM_DEVICE, 0);

	cpu = dma_alloc_attrs(dev, SZ_4K, &iova, GFP_KERNEL, privileged);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	KUNIT_EXPECT_EQ(test, IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | IOMMU_PRIV,
			dma_test_iommu.map_prot);
	dma_free_attrs(dev, SZ_4K, cpu, iova, privileged);

	if (!IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE))
		return;
	dma_test_set_coherent(dev, false);
	set_dma_ops(dev, &iodma_careful_ops);
	iova = dma_map_single(dev, buf, SZ_4K, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	KUNIT_EXPECT_EQ(test, IOMMU_READ, dma_test_iommu.map_prot);
	dma_unmap_single(dev, iova, SZ_4K, DMA_TO_DEVICE);
	dma_test_set_coherent(dev, true);
	set_dma_ops(dev, &iodma_ops);
}

/**
 * struct api_mem - an allocation that a file shows
 * @dev: whose it is
 * @sgt: for memory of dma_alloc_noncontiguous(); or NULL
 * @cpu: the kernel's address otherwise
 * @handle: the device's address
 * @size: length
 * @attrs: as it was allocated
 */
struct api_mem {
	struct device *dev;
	struct sg_table *sgt;
	char *cpu;
	dma_addr_t handle;
	size_t size;
	unsigned long attrs;
};

static int api_mem_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct api_mem *mem = file->private_data;

	if (mem->sgt)
		return dma_mmap_noncontiguous(mem->dev, vma, mem->size,
					      mem->sgt);
	return dma_mmap_attrs(mem->dev, vma, mem->cpu, mem->handle, mem->size,
			      mem->attrs);
}

static const struct file_operations api_mem_fops = {
	.mmap = api_mem_mmap,
};

/* Every page that is mapped is the one at that offset, and none is behind. */
static void check_mmap(struct kunit *test, struct api_mem *mem)
{
	struct file *file = anon_inode_getfile("[ioflush]", &api_mem_fops, mem,
					       O_RDWR);
	const unsigned int prot = PROT_READ | PROT_WRITE;
	unsigned long addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	for (size_t i = 0; i < mem->size; i += PAGE_SIZE)
		mem->cpu[i] = 1 + i / PAGE_SIZE;
	for (size_t off = 0; off < mem->size; off += PAGE_SIZE) {
		addr = kunit_vm_mmap(test, file, 0, mem->size - off, prot,
				     MAP_SHARED, off);
		KUNIT_ASSERT_NE(test, 0, addr);
		KUNIT_ASSERT_LT(test, addr, (unsigned long)TASK_SIZE);
		for (size_t i = off; i < mem->size; i += PAGE_SIZE) {
			char c = 0;

			KUNIT_EXPECT_EQ(test, 0,
					get_user(c, (char __user *)addr + i - off));
			KUNIT_EXPECT_EQ(test, 1 + i / PAGE_SIZE, c);
		}
		KUNIT_EXPECT_EQ(test, 0, vm_munmap(addr, mem->size - off));
	}
	addr = vm_mmap(file, 0, mem->size + PAGE_SIZE, prot, MAP_SHARED, 0);
	KUNIT_EXPECT_TRUE(test, IS_ERR_VALUE(addr));
	addr = vm_mmap(file, 0, PAGE_SIZE, prot, MAP_SHARED, mem->size);
	KUNIT_EXPECT_TRUE(test, IS_ERR_VALUE(addr));
	fput(file);
}

/* User space sees memory of each kind, all of it or its end. */
static void api_mmap(struct kunit *test)
{
	static const unsigned long attr_sets[] = {
		0, DMA_ATTR_FORCE_CONTIGUOUS, DMA_ATTR_ALLOC_SINGLE_PAGES,
		DMA_ATTR_NO_KERNEL_MAPPING,
	};
	struct api_mem mem = { .dev = dma_test_bound(test) };

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(attr_sets); i++) {
		mem.attrs = attr_sets[i / 2];
		mem.size = i % 2 ? SZ_16K : SZ_4K;
		mem.cpu = dma_alloc_attrs(mem.dev, mem.size, &mem.handle,
					  GFP_KERNEL, mem.attrs);
		KUNIT_ASSERT_NOT_NULL(test, mem.cpu);
		check_mmap(test, &mem);
		dma_free_attrs(mem.dev, mem.size, mem.cpu, mem.handle,
			       mem.attrs);
	}

	mem.sgt = dma_alloc_noncontiguous(mem.dev, mem.size, DMA_TO_DEVICE,
					  GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, mem.sgt);
	mem.cpu = dma_vmap_noncontiguous(mem.dev, mem.size, mem.sgt);
	KUNIT_ASSERT_NOT_NULL(test, mem.cpu);
	check_mmap(test, &mem);
	dma_vunmap_noncontiguous(mem.dev, mem.cpu);
	dma_free_noncontiguous(mem.dev, mem.size, mem.sgt, DMA_TO_DEVICE);
}

static struct kunit_case api_cases[] = {
	KUNIT_CASE(api_need_sync),
	KUNIT_CASE(api_limits),
	KUNIT_CASE(api_prot),
	KUNIT_CASE(api_mmap),
	{}
};

static struct kunit_suite api_suite = {
	.name = "ioflush_dma_api",
	.init = dma_test_init,
	.test_cases = api_cases,
};

kunit_test_suite(api_suite);

MODULE_DESCRIPTION("KUnit tests of what drivers expect of the DMA API");
MODULE_LICENSE("GPL");
