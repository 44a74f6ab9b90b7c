/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: an IOMMU of memory only, and a device behind it, for tests
 */
#ifndef _IOFLUSH_DMA_TEST_UTIL_H
#define _IOFLUSH_DMA_TEST_UTIL_H

#include <kunit/test.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>

#include "internal.h"

/* Reserved regions of all test devices. */
#define DMA_TEST_DIRECT_FIRST	SZ_1M
#define DMA_TEST_DIRECT_BYTES	SZ_64K
#define DMA_TEST_MSI_FIRST	(3 * SZ_1M)
#define DMA_TEST_MSI_BYTES	SZ_256K
#define DMA_TEST_SW_MSI_FIRST	SZ_128M
#define DMA_TEST_SW_MSI_BYTES	SZ_1M

/* And of those that are called DMA_TEST_BESIDE, if the test says nothing else. */
#define DMA_TEST_BESIDE_FIRST	(2 * SZ_1M)
#define DMA_TEST_BESIDE_BYTES	SZ_64K

/* No driver has such a device; it is in the group of dma_test_iommu.neighbour. */
#define DMA_TEST_BESIDE		"ioflush-dma-beside"

/* Names of devices; the drivers of the same names are registered, too. */
#define DMA_TEST_PLAIN		"ioflush-dma-test"
#define DMA_TEST_MANAGED	"ioflush-dma-managed"
/* One that is on the list in unsynced.c */
#define DMA_TEST_UNSYNCED	"smsc9420"

/**
 * struct dma_test_iommu - settings of the IOMMU for the test that runs
 * @type: what type of default domain it asks for
 * @neighbour: the device that those called DMA_TEST_BESIDE share a group with
 * @beside_first: where their reserved region begins
 * @deferred: devices are not attached when they are found
 * @attached: how often one was attached
 * @no_direct: devices report no region that firmware wants mapped
 * @probe: the rest of what drivers do in their probe, or NULL
 * @odd_region: devices report a region before that which cannot be reserved
 * @sw_msi: devices report a region for MSIs that the core maps
 * @map_calls: maps in the page table so far, of a list each piece
 * @fail_at: which of them fails, counted from 1; 0 for none
 * @map_first: first address that has been mapped
 * @map_last: last one
 * @map_prot: permissions of the newest mapping
 */
struct dma_test_iommu {
	int type;
	struct device *neighbour;
	phys_addr_t beside_first;
	bool deferred;
	unsigned int attached;
	bool no_direct;
	int (*probe)(struct device *dev);
	bool odd_region;
	bool sw_msi;
	unsigned int map_calls;
	unsigned int fail_at;
	unsigned long map_first;
	unsigned long map_last;
	int map_prot;
};

extern struct dma_test_iommu dma_test_iommu;

/* Where its devices are not translated. */
extern struct iommu_domain dma_test_identity;

/* Where all devices are coherent, there is no place to say that one is not. */
static inline void dma_test_set_coherent(struct device *dev, bool coherent)
{
#ifdef CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE
	dev->dma_coherent = coherent;
#endif
}

int dma_test_init(struct kunit *test);
struct device *dma_test_device(struct kunit *test, const char *name);
struct device *dma_test_bound(struct kunit *test);
int dma_test_bind_unsynced(struct device *dev);
int dma_test_copies(struct device *dev, int bytes);
unsigned long dma_test_ranges_out(struct iodom *dom);
void dma_test_any_timer(struct kunit *test, struct iodom *dom);
void dma_test_expect_rings(struct kunit *test, struct iodom *dom);
void dma_test_watch_maps(struct iodom *dom);
ssize_t dma_test_write_type(struct kunit *test, struct device *dev,
			    const char *type);
struct page *dma_test_foreign_page(struct kunit *test, struct device *dev);
void dma_test_remove(struct kunit *test, struct device *dev);
void dma_test_expect_mapped(struct kunit *test, struct device *dev,
			    dma_addr_t iova, phys_addr_t phys, size_t size);
void dma_test_expect_unmapped(struct kunit *test, struct device *dev,
			      dma_addr_t first, dma_addr_t last);

#endif /* _IOFLUSH_DMA_TEST_UTIL_H */
