/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what firmware says of a device, which the program makes up
 */
#ifndef _USER_LINUX_PROPERTY_H
#define _USER_LINUX_PROPERTY_H

#include <linux/types.h>

struct fwnode_handle;

bool fwnode_device_is_compatible(const struct fwnode_handle *fwnode,
				 const char *compatible);
bool fwnode_property_read_bool(const struct fwnode_handle *fwnode,
			       const char *property);

#endif /* _USER_LINUX_PROPERTY_H */
