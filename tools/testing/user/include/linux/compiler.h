/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what the compiler is told, and single accesses
 */
#ifndef _USER_LINUX_COMPILER_H
#define _USER_LINUX_COMPILER_H

#include <stddef.h>

#undef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#define noinline	__attribute__((__noinline__))
#define noinline_for_stack noinline
#define __maybe_unused	__attribute__((__unused__))
#define __must_check	__attribute__((__warn_unused_result__))
#define __printf(a, b)	__attribute__((__format__(__printf__, a, b)))
#define __noreturn	__attribute__((__noreturn__))
#define __cold		__attribute__((__cold__))
#define __uninitialized
#define __aligned(n)	__attribute__((__aligned__(n)))
#define fallthrough	__attribute__((__fallthrough__))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ __volatile__("" ::: "memory")
#define __force
#define __user
#define __rcu
#define __init
#define __exit
#define __percpu
#define __acquires(lock)
#define __releases(lock)

#define container_of(ptr, type, member)					\
	((type *)((char *)(ptr) - offsetof(type, member)))
#define offsetofend(type, member)					\
	(offsetof(type, member) + sizeof(((type *)NULL)->member))

#if defined(__has_feature)
#define USER_HAS(feature)	__has_feature(feature)
#else
#define USER_HAS(feature)	0
#endif
#if defined(__SANITIZE_THREAD__) || USER_HAS(thread_sanitizer)
#define USER_TSAN	1
#endif
#if defined(__SANITIZE_ADDRESS__) || USER_HAS(address_sanitizer)
#define USER_ASAN	1
#endif

/*
 * A load that an address depends on is ordered before the accesses to that
 * address. TSan knows nothing of dependencies: for it the load is an acquire.
 */
#ifdef USER_TSAN
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define WRITE_ONCE(x, val)						\
	__atomic_store_n(&(x), (typeof(x))(val), __ATOMIC_RELAXED)
#else
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, val)	(*(volatile typeof(x) *)&(x) = (val))
#endif

#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define rmb()			smp_rmb()
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define dma_rmb()		smp_rmb()
#define dma_wmb()		smp_wmb()
#define smp_mb__before_atomic()	smp_mb()
#define smp_mb__after_atomic()	smp_mb()

#endif /* _USER_LINUX_COMPILER_H */
