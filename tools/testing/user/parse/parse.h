/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: parsers of what firmware, devices and registers say, fuzzed
 *
 * libFuzzer makes up the bytes. What has to hold whatever they are is checked by
 * functions that are named after it; one that does not hold ends the process.
 */
#ifndef _USER_PARSE_H
#define _USER_PARSE_H

#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/types.h>

#define EXPECT(good, fmt, ...)						\
do {									\
	if (!(good))							\
		user_die("%s:%d: %s: %s: " fmt "\n", __FILE__, __LINE__, \
			 __func__, #good, ##__VA_ARGS__);		\
} while (0)

/**
 * struct input - bytes that are left to be used
 * @at: the next
 * @left: how many
 */
struct input {
	const u8 *at;
	size_t left;
};

/* Little-endian; what is not there is 0. */
static inline u64 input_number(struct input *in, size_t bytes)
{
	u64 value = 0;
	size_t n = bytes < in->left ? bytes : in->left;

	memcpy(&value, in->at, n);
	in->at += n;
	in->left -= n;
	return value;
}

/* In a buffer of just that size, so that ASan sees who reads beyond. Never fails. */
static inline u8 *exact_copy(const void *from, size_t bytes)
{
	u8 *copy = malloc(bytes);

	if (bytes && !copy)
		user_die("no memory for %zu bytes\n", bytes);
	if (bytes)
		memcpy(copy, from, bytes);
	return copy;
}

/* By this name libFuzzer calls it. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#endif /* _USER_PARSE_H */
