/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test modules need to know of Linux 7.3
 */

/* The counter of irq_stat that only a forged interrupt raises. */
#define EDU_PLATFORM_IPIS	counts[IRQ_COUNT_X86_PLATFORM_IPI]
