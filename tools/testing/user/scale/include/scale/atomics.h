/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: what is called instead of an atomic access, by its size
 */
#ifndef _SCALE_ATOMICS_H
#define _SCALE_ATOMICS_H

#define UPDATE(type, bits, name, expr)					\
type __tsan_atomic##bits##_##name(type *p, type n, int order)		\
{									\
	type old;							\
									\
	sim_access(p, sizeof(*p), SIM_ATOMIC, SITE);			\
	old = *p;							\
	*p = expr;							\
	return old;							\
}

#define COMPARE(type, bits, name)					\
bool __tsan_atomic##bits##_##name(type *p, type *old, type n,		\
				  int order, int failed)		\
{									\
	type was;							\
									\
	sim_access(p, sizeof(*p), SIM_ATOMIC, SITE);			\
	was = *p;							\
	if (was != *old) {						\
		*old = was;						\
		return false;						\
	}								\
	*p = n;								\
	return true;							\
}

#define STORE(type, bits)						\
void __tsan_atomic##bits##_store(type *p, type n, int order)		\
{									\
	sim_access(p, sizeof(*p), SIM_WRITE, SITE);			\
	*p = n;								\
}

#define LOAD(type, bits)						\
type __tsan_atomic##bits##_load(const type *p, int order)		\
{									\
	sim_access(p, sizeof(*p), SIM_READ, SITE);			\
	return *p;							\
}

#endif /* _SCALE_ATOMICS_H */
