/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: atomic operations, by the compiler's
 */
#ifndef _USER_LINUX_ATOMIC_H
#define _USER_LINUX_ATOMIC_H

#include <linux/types.h>

#define ATOMIC_INIT(i)		{ (i) }
#define ATOMIC_LONG_INIT(i)	{ (i) }

/* What returns nothing orders nothing; what returns a value orders all. */
#define atomic_read(v)		__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_read_acquire(v)	__atomic_load_n(&(v)->counter, __ATOMIC_ACQUIRE)
#define atomic_set(v, i)						\
	__atomic_store_n(&(v)->counter, i, __ATOMIC_RELAXED)
#define atomic_set_release(v, i)					\
	__atomic_store_n(&(v)->counter, i, __ATOMIC_RELEASE)
#define atomic_add(i, v)						\
	((void)__atomic_fetch_add(&(v)->counter, i, __ATOMIC_RELAXED))
#define atomic_sub(i, v)						\
	((void)__atomic_fetch_sub(&(v)->counter, i, __ATOMIC_RELAXED))
#define atomic_inc(v)		atomic_add(1, v)
#define atomic_dec(v)		atomic_sub(1, v)
#define atomic_add_return(i, v)						\
	__atomic_add_fetch(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic_sub_return(i, v)						\
	__atomic_sub_fetch(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic_sub_return_release(i, v)					\
	__atomic_sub_fetch(&(v)->counter, i, __ATOMIC_RELEASE)
#define atomic_fetch_add(i, v)						\
	__atomic_fetch_add(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic_inc_return(v)	atomic_add_return(1, v)
#define atomic_dec_return(v)	atomic_sub_return(1, v)
#define atomic_dec_return_release(v)	atomic_sub_return_release(1, v)
#define atomic_dec_and_test(v)	(!atomic_dec_return(v))
#define atomic_sub_and_test(i, v)	(!atomic_sub_return(i, v))

#define atomic_xchg_acquire(v, i)					\
	__atomic_exchange_n(&(v)->counter, i, __ATOMIC_ACQUIRE)
#define atomic_try_cmpxchg_relaxed(v, old, new)				\
	try_cmpxchg_relaxed(&(v)->counter, old, new)
#define atomic_try_cmpxchg_acquire(v, old, new)				\
	try_cmpxchg_acquire(&(v)->counter, old, new)
#define atomic_cmpxchg(v, old, new)	cmpxchg(&(v)->counter, old, new)
#define atomic_cmpxchg_acquire(v, old, new)				\
	cmpxchg_acquire(&(v)->counter, old, new)

#define atomic_long_read(v)		atomic_read(v)
#define atomic_long_read_acquire(v)	atomic_read_acquire(v)
#define atomic_long_set(v, i)		atomic_set(v, i)
#define atomic_long_add(i, v)		atomic_add(i, v)
#define atomic_long_sub(i, v)		atomic_sub(i, v)
#define atomic_long_inc(v)		atomic_inc(v)
#define atomic_long_dec(v)		atomic_dec(v)
#define atomic_long_inc_return(v)	atomic_inc_return(v)
#define atomic_long_dec_return(v)	atomic_dec_return(v)
#define atomic_long_sub_return_release(i, v) atomic_sub_return_release(i, v)
#define atomic_long_dec_return_release(v) atomic_dec_return_release(v)
#define atomic_long_dec_and_test(v)	atomic_dec_and_test(v)

#define atomic64_read(v)		atomic_read(v)
#define atomic64_read_acquire(v)	atomic_read_acquire(v)
#define atomic64_set(v, i)		atomic_set(v, i)
#define atomic64_add(i, v)		atomic_add(i, v)
#define atomic64_add_negative(i, v)	(atomic_add_return(i, v) < 0)
#define atomic64_inc_return(v)		atomic_inc_return(v)
#define atomic64_try_cmpxchg(v, old, new)				\
	try_cmpxchg(&(v)->counter, old, new)
#define atomic64_try_cmpxchg_release(v, old, new)			\
	try_cmpxchg_release(&(v)->counter, old, new)
#define atomic64_try_cmpxchg_relaxed(v, old, new)			\
	try_cmpxchg_relaxed(&(v)->counter, old, new)

#define USER_TRY_CMPXCHG(p, old, new, order)				\
	__atomic_compare_exchange_n(p, old, new, false, order,		\
				    __ATOMIC_RELAXED)
#define try_cmpxchg(p, old, new)					\
	USER_TRY_CMPXCHG(p, old, new, __ATOMIC_SEQ_CST)
#define try_cmpxchg_acquire(p, old, new)				\
	USER_TRY_CMPXCHG(p, old, new, __ATOMIC_ACQUIRE)
#define try_cmpxchg_release(p, old, new)				\
	USER_TRY_CMPXCHG(p, old, new, __ATOMIC_RELEASE)
#define try_cmpxchg_relaxed(p, old, new)				\
	USER_TRY_CMPXCHG(p, old, new, __ATOMIC_RELAXED)
#define try_cmpxchg64(p, old, new)		try_cmpxchg(p, old, new)
#define try_cmpxchg64_acquire(p, old, new)	try_cmpxchg_acquire(p, old, new)
#define try_cmpxchg64_release(p, old, new)	try_cmpxchg_release(p, old, new)
#define try_cmpxchg64_relaxed(p, old, new)	try_cmpxchg_relaxed(p, old, new)

#define USER_CMPXCHG(p, old, new, order)				\
({									\
	typeof(*(p)) user_old = (old);					\
									\
	USER_TRY_CMPXCHG(p, &user_old, new, order);			\
	user_old;							\
})
#define cmpxchg(p, old, new)						\
	USER_CMPXCHG(p, old, new, __ATOMIC_SEQ_CST)
#define cmpxchg_acquire(p, old, new)					\
	USER_CMPXCHG(p, old, new, __ATOMIC_ACQUIRE)
#define cmpxchg_release(p, old, new)					\
	USER_CMPXCHG(p, old, new, __ATOMIC_RELEASE)
#define cmpxchg_relaxed(p, old, new)					\
	USER_CMPXCHG(p, old, new, __ATOMIC_RELAXED)
#define cmpxchg64(p, old, new)		cmpxchg(p, old, new)

#define xchg(p, new)		__atomic_exchange_n(p, new, __ATOMIC_SEQ_CST)
#define xchg_acquire(p, new)	__atomic_exchange_n(p, new, __ATOMIC_ACQUIRE)
#define xchg_release(p, new)	__atomic_exchange_n(p, new, __ATOMIC_RELEASE)
#define xchg_relaxed(p, new)	__atomic_exchange_n(p, new, __ATOMIC_RELAXED)

#endif /* _USER_LINUX_ATOMIC_H */
