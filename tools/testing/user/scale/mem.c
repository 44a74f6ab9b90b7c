// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: memory, the same addresses in each run
 *
 * What is larger than a cache line begins at one, as in a kernel's allocator; what
 * is smaller is aligned to its size, rounded up to a power of two.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/bug.h>
#include <linux/log2.h>

#include "alloc.h"
#include "sim.h"

#define MEM_AT		0x200000000000UL
#define CLASSES		32
#define OBJECTS		65536

/**
 * struct object - something that was allocated
 * @at: where
 * @bytes: its length
 * @site: by whom
 * @name: what it is, if that is known
 */
struct object {
	char *at;
	size_t bytes;
	unsigned long site;
	const char *name;
};

char *sim_mem;
static size_t used = 4096;
static struct object objects[OBJECTS];
static size_t nr_objects;
/* What was freed, by the power of two. */
static char *free_list[CLASSES];

static void __attribute__((constructor(101))) mem_init(void)
{
	sim_mem = mmap((void *)MEM_AT, SIM_MEM_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
		       MAP_FIXED_NOREPLACE, -1, 0);
	user_refuse(sim_mem != (void *)MEM_AT);
}

static unsigned int class_of(size_t bytes)
{
	return bytes <= 8 ? 3 : order_base_2(bytes);
}

/* Freed memory of a class has its size in front of it, on a line of its own. */
static char *take(size_t bytes, const char *name, unsigned long site)
{
	unsigned int class = class_of(bytes);
	size_t align = 1UL << (class < 6 ? class : 6);
	char *p = free_list[class];

	if (p) {
		free_list[class] = *(char **)p;
		memset(p, 0, bytes);
		return p;
	}
	used = (used + align - 1) & ~(align - 1);
	p = sim_mem + used;
	used += bytes < 64 ? 1UL << class : bytes;
	user_refuse(used > SIM_MEM_BYTES || nr_objects == OBJECTS);
	objects[nr_objects++] = (struct object){ p, bytes, site, name };
	return p;
}

void *sim_alloc(size_t bytes, const char *name, unsigned long site)
{
	return take(bytes, name, site);
}

void *scale_calloc(size_t n, size_t bytes)
{
	return take(n * bytes, NULL, (unsigned long)__builtin_return_address(0));
}

void *scale_malloc(size_t bytes)
{
	return take(bytes, NULL, (unsigned long)__builtin_return_address(0));
}

/* Addresses go up, so the object is found by halving. */
static struct object *object_of(const void *p)
{
	size_t low = 0, high = nr_objects;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (objects[mid].at <= (char *)p)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? &objects[low - 1] : NULL;
}

void scale_free(void *p)
{
	struct object *o;
	unsigned int class;

	if (!p)
		return;
	o = object_of(p);
	user_refuse(!o || o->at != p);
	class = class_of(o->bytes);
	/* Only what is as large as its class can be given to all of it. */
	if (o->bytes < 64 || o->bytes == 1UL << class) {
		*(char **)p = free_list[class];
		free_list[class] = p;
	}
}

void *scale_realloc(void *old, size_t bytes)
{
	void *p = scale_malloc(bytes);
	struct object *o = old ? object_of(old) : NULL;

	if (o)
		memcpy(p, old, o->bytes < bytes ? o->bytes : bytes);
	scale_free(old);
	return p;
}

size_t sim_mem_used(void)
{
	return used + 64;
}

/* What an address belongs to: its name, or who has allocated it. */
const char *sim_object(const void *p, size_t *offset, unsigned long *site)
{
	struct object *o = object_of(p);

	*offset = 0;
	*site = 0;
	if ((char *)p < sim_mem || (char *)p >= sim_mem + SIM_MEM_BYTES || !o)
		return NULL;
	*offset = (char *)p > o->at ? (char *)p - o->at : 0;
	*site = o->site;
	return o->name;
}
