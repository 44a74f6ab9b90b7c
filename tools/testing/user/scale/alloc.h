/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: memory that lies where it lay in the run before
 *
 * Included first in all that is simulated.
 */
#ifndef _SCALE_ALLOC_H
#define _SCALE_ALLOC_H

#include <stdlib.h>

void *scale_calloc(size_t n, size_t bytes);
void *scale_malloc(size_t bytes);
void *scale_realloc(void *old, size_t bytes);
void scale_free(void *p);

#ifdef SCALE_SIMULATED
#define calloc(n, bytes)	scale_calloc(n, bytes)
#define malloc(bytes)		scale_malloc(bytes)
#define realloc(p, bytes)	scale_realloc(p, bytes)
#define free(p)			scale_free(p)
#endif

#endif /* _SCALE_ALLOC_H */
