// SPDX-License-Identifier: GPL-2.0
/*
 * Loses memory, for a guest that looks for what ioflush has lost: a search that does
 * not find this has found nothing.
 *
 *   insmod ioflush_lost.ko && echo scan >/sys/kernel/debug/kmemleak
 */
#include <linux/module.h>
#include <linux/slab.h>

/* A stale word on a stack or in a register keeps one of them from being seen, not all. */
#define LOST_PIECES 16

static noinline void lost_piece(void)
{
	u8 *piece = kmalloc(96, GFP_KERNEL | __GFP_NOFAIL);

	/* Written to, or it would not be allocated at all. */
	WRITE_ONCE(*piece, 1);
}

static int __init lost_init(void)
{
	for (unsigned int i = 0; i < LOST_PIECES; i++)
		lost_piece();
	return 0;
}

static void __exit lost_exit(void)
{
}

module_init(lost_init);
module_exit(lost_exit);
MODULE_DESCRIPTION("Loses memory, so that a search for lost memory finds some");
MODULE_LICENSE("GPL");
