/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: memory of which each CPU has its own
 */
#ifndef _USER_LINUX_PERCPU_H
#define _USER_LINUX_PERCPU_H

#include <linux/cpumask.h>
#include <linux/sizes.h>

/* From one CPU's to the next one's, for whatever is allocated. */
#define USER_PERCPU_BYTES	SZ_2K

/* Which CPU this thread runs on: what it was given, or the first. */
unsigned int user_cpu(void);
/* Give it one. */
void user_cpu_enter(unsigned int cpu);
/* Whether a case of KUnit is given the first one. */
extern bool user_case_on_cpu;

void *user_percpu_alloc(size_t bytes);
void free_percpu(void *ptr);

#define alloc_percpu(type)	((type *)user_percpu_alloc(sizeof(type)))
#define __alloc_percpu(bytes, align) user_percpu_alloc(bytes)

/* The compiler would find it is beyond what it knows of. */
#define per_cpu_ptr(ptr, cpu)						\
({									\
	char *user_percpu = (char *)(ptr);				\
									\
	__asm__("" : "+r"(user_percpu));				\
	(typeof(ptr))(user_percpu + (size_t)(cpu) * USER_PERCPU_BYTES);	\
})
#define raw_cpu_ptr(ptr)	per_cpu_ptr(ptr, user_cpu())
#define this_cpu_ptr(ptr)	raw_cpu_ptr(ptr)
/* An interrupt cannot come in between, nor can another thread here. */
#define this_cpu_add_return(var, n)					\
	__atomic_add_fetch(this_cpu_ptr(&(var)), n, __ATOMIC_RELAXED)
#define this_cpu_add(var, n)	((void)this_cpu_add_return(var, n))
#define this_cpu_inc_return(var) this_cpu_add_return(var, 1)
#define this_cpu_inc(var)	this_cpu_add(var, 1)
#define this_cpu_dec(var)	this_cpu_add(var, -1)
#define this_cpu_write(var, val)						\
	__atomic_store_n(this_cpu_ptr(&(var)), val, __ATOMIC_RELAXED)
#define this_cpu_read(var)						\
	__atomic_load_n(this_cpu_ptr(&(var)), __ATOMIC_RELAXED)

/* A variable of this name is where the first CPU's is. */
#define DEFINE_PER_CPU(type, name)					\
	char user_percpu_##name[USER_CPUS * USER_PERCPU_BYTES]		\
		__aligned(64);						\
	_Static_assert(sizeof(type) <= USER_PERCPU_BYTES, #name);	\
	static typeof(type) name __attribute__((__alias__("user_percpu_" #name)))

#endif /* _USER_LINUX_PERCPU_H */
