/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: a model of the command queue of mainline's SMMUv3 driver
 */
#ifndef _SCALE_SMMU_H
#define _SCALE_SMMU_H

#include "unit.h"

void smmu_setup(void);
void smmu_issue(struct unit_cmd cmd);

#endif /* _SCALE_SMMU_H */
