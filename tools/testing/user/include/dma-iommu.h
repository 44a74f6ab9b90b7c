/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what firmware reserves for a device
 */
#ifndef _USER_DMA_IOMMU_H
#define _USER_DMA_IOMMU_H

#include <linux/iommu.h>

void iommu_dma_get_resv_regions(struct device *dev, struct list_head *list);

#endif /* _USER_DMA_IOMMU_H */
