/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: ACPI's tables, as the kernel's own headers lay them out
 */
#ifndef _USER_LINUX_ACPI_H
#define _USER_LINUX_ACPI_H

#include <linux/types.h>

#define ACPI_FLEX_ARRAY(type, name)					\
	struct {							\
		struct { } user_empty_##name;				\
		type name[];						\
	}
#define ACPI_NONSTRING
#define ACPI_NAMESEG_SIZE	4
#define ACPI_OEM_ID_SIZE	6
#define ACPI_OEM_TABLE_ID_SIZE	8

typedef u64 acpi_physical_address;
typedef u16 acpi_owner_id;

#include <acpi/actbl.h>

#endif /* _USER_LINUX_ACPI_H */
