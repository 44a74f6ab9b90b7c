/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: bytes become operations, and an oracle knows what they do
 */
#ifndef _USER_FUZZ_H
#define _USER_FUZZ_H

#include <linux/types.h>

/* Chooses the format for all that follows. */
void fuzz_format(const char *name);

/* By these names libFuzzer calls them. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif /* _USER_FUZZ_H */
