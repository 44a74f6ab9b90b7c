// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: what the compiler calls at each access
 *
 * Before a plain one; instead of an atomic one.
 */
#include <linux/types.h>

#include "sim.h"

#define SITE	((unsigned long)__builtin_return_address(0))

#define PLAIN(bytes)							\
void __tsan_read##bytes(void *p);					\
void __tsan_read##bytes(void *p)					\
{									\
	sim_access(p, bytes, SIM_READ, SITE);				\
}									\
void __tsan_write##bytes(void *p);					\
void __tsan_write##bytes(void *p)					\
{									\
	sim_access(p, bytes, SIM_WRITE, SITE);				\
}									\
void __tsan_unaligned_read##bytes(void *p);				\
void __tsan_unaligned_read##bytes(void *p)				\
{									\
	sim_access(p, bytes, SIM_READ, SITE);				\
}									\
void __tsan_unaligned_write##bytes(void *p);				\
void __tsan_unaligned_write##bytes(void *p)				\
{									\
	sim_access(p, bytes, SIM_WRITE, SITE);				\
}									\
void __tsan_volatile_read##bytes(void *p);				\
void __tsan_volatile_read##bytes(void *p)				\
{									\
	sim_access(p, bytes, SIM_READ, SITE);				\
}									\
void __tsan_volatile_write##bytes(void *p);				\
void __tsan_volatile_write##bytes(void *p)				\
{									\
	sim_access(p, bytes, SIM_WRITE, SITE);				\
}

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *p, size_t bytes);
void __tsan_read_range(void *p, size_t bytes)
{
	sim_access(p, bytes, SIM_READ, SITE);
}

void __tsan_write_range(void *p, size_t bytes);
void __tsan_write_range(void *p, size_t bytes)
{
	sim_access(p, bytes, SIM_WRITE, SITE);
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	if (order == __ATOMIC_SEQ_CST)
		sim_fence();
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
}

#define UPDATE(type, bits, name, expr)					\
type __tsan_atomic##bits##_##name(type *p, type n, int order);		\
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
				  int order, int failed);		\
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

#define LOAD(type, bits)						\
type __tsan_atomic##bits##_load(const type *p, int order);		\
type __tsan_atomic##bits##_load(const type *p, int order)		\
{									\
	sim_access(p, sizeof(*p), SIM_READ, SITE);			\
	return *p;							\
}

#define STORE(type, bits)						\
void __tsan_atomic##bits##_store(type *p, type n, int order);		\
void __tsan_atomic##bits##_store(type *p, type n, int order)		\
{									\
	sim_access(p, sizeof(*p), SIM_WRITE, SITE);			\
	*p = n;								\
}

LOAD(u8, 8)
STORE(u8, 8)
UPDATE(u8, 8, exchange, n)
UPDATE(u8, 8, fetch_add, old + n)
UPDATE(u8, 8, fetch_sub, old - n)
UPDATE(u8, 8, fetch_and, old & n)
UPDATE(u8, 8, fetch_or, old | n)
UPDATE(u8, 8, fetch_xor, old ^ n)
COMPARE(u8, 8, compare_exchange_strong)
COMPARE(u8, 8, compare_exchange_weak)
LOAD(u16, 16)
STORE(u16, 16)
UPDATE(u16, 16, exchange, n)
UPDATE(u16, 16, fetch_add, old + n)
UPDATE(u16, 16, fetch_sub, old - n)
UPDATE(u16, 16, fetch_and, old & n)
UPDATE(u16, 16, fetch_or, old | n)
UPDATE(u16, 16, fetch_xor, old ^ n)
COMPARE(u16, 16, compare_exchange_strong)
COMPARE(u16, 16, compare_exchange_weak)
LOAD(u32, 32)
STORE(u32, 32)
UPDATE(u32, 32, exchange, n)
UPDATE(u32, 32, fetch_add, old + n)
UPDATE(u32, 32, fetch_sub, old - n)
UPDATE(u32, 32, fetch_and, old & n)
UPDATE(u32, 32, fetch_or, old | n)
UPDATE(u32, 32, fetch_xor, old ^ n)
COMPARE(u32, 32, compare_exchange_strong)
COMPARE(u32, 32, compare_exchange_weak)
LOAD(u64, 64)
STORE(u64, 64)
UPDATE(u64, 64, exchange, n)
UPDATE(u64, 64, fetch_add, old + n)
UPDATE(u64, 64, fetch_sub, old - n)
UPDATE(u64, 64, fetch_and, old & n)
UPDATE(u64, 64, fetch_or, old | n)
UPDATE(u64, 64, fetch_xor, old ^ n)
COMPARE(u64, 64, compare_exchange_strong)
COMPARE(u64, 64, compare_exchange_weak)
