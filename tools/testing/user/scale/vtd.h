/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: a model of the invalidation queue of mainline's VT-d driver
 */
#ifndef _SCALE_VTD_H
#define _SCALE_VTD_H

#include "unit.h"

void vtd_setup(void);
void vtd_issue(struct unit_cmd cmd);

#endif /* _SCALE_VTD_H */
