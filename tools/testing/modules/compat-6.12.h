/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test modules need to know of Linux 6.12
 */

/* The counter of irq_stat that only a forged interrupt raises. */
#define EDU_PLATFORM_IPIS	x86_platform_ipis
