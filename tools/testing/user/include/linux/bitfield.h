/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: fields of a register or an entry
 */
#ifndef _USER_LINUX_BITFIELD_H
#define _USER_LINUX_BITFIELD_H

#include <linux/build_bug.h>
#include <linux/types.h>

#define FIELD_SHIFT(mask)	__builtin_ctzll(mask)
#define FIELD_PREP(mask, val)						\
	(((typeof(mask))(val) << FIELD_SHIFT(mask)) & (mask))
#define FIELD_PREP_CONST(mask, val) FIELD_PREP(mask, val)
#define FIELD_GET(mask, reg)						\
	((typeof(mask))(((reg) & (mask)) >> FIELD_SHIFT(mask)))

#endif /* _USER_LINUX_BITFIELD_H */
