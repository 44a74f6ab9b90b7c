/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: files that are made as they are read, by the program
 */
#ifndef _USER_LINUX_SEQ_FILE_H
#define _USER_LINUX_SEQ_FILE_H

#include <linux/compiler.h>

struct seq_file;

void seq_puts(struct seq_file *m, const char *text);
void __printf(2, 3) seq_printf(struct seq_file *m, const char *fmt, ...);

#endif /* _USER_LINUX_SEQ_FILE_H */
