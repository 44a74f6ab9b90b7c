// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: what the compiler calls at each access
 *
 * Before a plain one; instead of an atomic one.
 */
#include <linux/types.h>

#include <scale/atomics.h>

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
