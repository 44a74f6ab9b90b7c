// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: warnings, parameters and random numbers
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/slab.h>

#ifdef USER_TSAN
/* It waits a second for threads that are still there, as RCU's always is. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "atexit_sleep_ms=0:halt_on_error=1";
}
#endif

static unsigned int warnings;

/* In the form that tools/testing/kunit/ktap takes for the kernel's log. */
void user_warn(const char *file, int line, const char *what)
{
	__atomic_add_fetch(&warnings, 1, __ATOMIC_RELAXED);
	printf("complaint WARNING: %s:%d: %s\n", file, line, what);
	fflush(stdout);
}

unsigned int user_warnings(void)
{
	return __atomic_load_n(&warnings, __ATOMIC_RELAXED);
}

void user_die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	abort();
}

static struct user_param *params;

void user_param_add(struct user_param *param)
{
	param->next = params;
	params = param;
}

bool user_param_set(const char *text)
{
	const char *value = strchr(text, '=');
	struct user_param *p;
	unsigned long n;
	char *end;

	if (!value || !value[1])
		return false;
	n = strtoul(value + 1, &end, 0);
	if (*end)
		return false;
	for (p = params; p; p = p->next) {
		if (strlen(p->name) != (size_t)(value - text) ||
		    memcmp(p->name, text, value - text))
			continue;
		/* Little-endian, and unsigned. */
		memcpy(p->value, &n, p->bytes);
		return true;
	}
	return false;
}

static struct kmem_cache *caches;

/* Callers have a lock of their own. */
struct kmem_cache *kmem_cache_create(const char *name, unsigned int bytes,
				     unsigned int align, unsigned int flags,
				     void (*ctor)(void *obj))
{
	struct kmem_cache *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	if (!cache)
		return NULL;
	cache->name = name;
	cache->bytes = bytes;
	cache->next = caches;
	caches = cache;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	struct kmem_cache **p = &caches;

	if (!cache)
		return;
	WARN_ON(cache->used);
	while (*p != cache)
		p = &(*p)->next;
	*p = cache->next;
	kfree(cache);
}

long user_cache_used(const char *name)
{
	struct kmem_cache *cache = caches;

	while (cache && strcmp(cache->name, name))
		cache = cache->next;
	return cache ? __atomic_load_n(&cache->used, __ATOMIC_RELAXED) : 0;
}

u64 get_random_u64(void)
{
	u64 n;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		user_die("no random number\n");
	return n;
}
