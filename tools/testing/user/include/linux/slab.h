/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: memory that is not in pages
 */
#ifndef _USER_LINUX_SLAB_H
#define _USER_LINUX_SLAB_H

#include <stdlib.h>

#include <linux/mm.h>

static inline void *kzalloc(size_t bytes, gfp_t gfp)
{
	return user_alloc_fails() ? NULL : calloc(1, bytes);
}

static inline void *kcalloc(size_t n, size_t bytes, gfp_t gfp)
{
	return user_alloc_fails() ? NULL : calloc(n, bytes);
}

static inline void *kmalloc(size_t bytes, gfp_t gfp)
{
	return user_alloc_fails() ? NULL : malloc(bytes);
}

static inline void *krealloc(void *old, size_t bytes, gfp_t gfp)
{
	return user_alloc_fails() ? NULL : realloc(old, bytes);
}

static inline void *kmemdup(const void *from, size_t bytes, gfp_t gfp)
{
	void *copy = kmalloc(bytes, gfp);

	if (copy)
		memcpy(copy, from, bytes);
	return copy;
}

static inline void kfree(const void *ptr)
{
	free((void *)ptr);
}

/**
 * struct kmem_cache - objects of one kind
 * @name: which
 * @bytes: of one
 * @used: how many there are
 * @next: all kinds
 */
struct kmem_cache {
	const char *name;
	size_t bytes;
	long used;
	struct kmem_cache *next;
};

struct kmem_cache *kmem_cache_create(const char *name, unsigned int bytes,
				     unsigned int align, unsigned int flags,
				     void (*ctor)(void *obj));
void kmem_cache_destroy(struct kmem_cache *cache);
/* How many there are of that name. */
long user_cache_used(const char *name);

static inline void *user_cache_alloc(struct kmem_cache *cache, bool zero)
{
	void *obj = zero ? kzalloc(cache->bytes, 0) : kmalloc(cache->bytes, 0);

	if (obj)
		__atomic_fetch_add(&cache->used, 1, __ATOMIC_RELAXED);
	return obj;
}

static inline void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	__atomic_fetch_sub(&cache->used, 1, __ATOMIC_RELAXED);
	kfree(obj);
}

#define SLAB_HWCACHE_ALIGN		0
#define kmem_cache_alloc(cache, gfp)	user_cache_alloc(cache, false)
#define kmem_cache_zalloc(cache, gfp)	user_cache_alloc(cache, true)

#define kvcalloc_node(n, bytes, gfp, nid) ((void)(nid), kcalloc(n, bytes, gfp))
#define kmalloc_array(n, bytes, gfp)	kcalloc(n, bytes, gfp)
#define kvmalloc(bytes, gfp)		kmalloc(bytes, gfp)
#define kvzalloc(bytes, gfp)		kzalloc(bytes, gfp)
#define kvcalloc(n, bytes, gfp)		kcalloc(n, bytes, gfp)
#define kvmalloc_array(n, bytes, gfp)	kcalloc(n, bytes, gfp)
#define kvfree(ptr)			kfree(ptr)
#define vmalloc(bytes)			kmalloc(bytes, GFP_KERNEL)
#define vzalloc(bytes)			kzalloc(bytes, GFP_KERNEL)
#define vfree(ptr)			kfree(ptr)

#endif /* _USER_LINUX_SLAB_H */
