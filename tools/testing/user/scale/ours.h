/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: our queue
 */
#ifndef _SCALE_OURS_H
#define _SCALE_OURS_H

struct invq;

extern struct invq *ours_queue;
void ours_setup_queue(void);

#endif /* _SCALE_OURS_H */
