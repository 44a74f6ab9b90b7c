/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: there is no core
 */
#include <linux/iommu.h>
