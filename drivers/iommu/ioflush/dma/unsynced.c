// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: drivers whose small buffers must not be copied
 *
 * A copy is as good as the buffer only for a driver that does what the DMA API asks of
 * it: that looks at what the device wrote after dma_sync_*_for_cpu() or the unmap, writes
 * for the device before the map or dma_sync_*_for_device(), and keeps a buffer until it
 * has unmapped it. Where all devices see the CPU's caches nothing else tells them if they
 * do not. These are known from reading Linux 6.12; others can be told
 * ioflush.copy_bytes=0, or 0 in the device's file.
 */
#include <linux/device.h>
#include <linux/device/driver.h>
#include <linux/string.h>

#include "slot_copy.h"

static const char *const ioslot_unsynced[] = {
	/* Looks at what was written without either. */
	"aacraid",	/* raw SRBs: copied to the user, and never unmapped */
	"ccp",		/* work areas that are mapped before they are filled, too */
	"ioatdma",	/* its self-test compares before the unmap */
	"ionic",	/* statistics of its virtual functions */
	/* Writes after the map. */
	"erdma",	/* translations of memory regions */
	/* Frees before the unmap, which copies to what is somebody else's by then. */
	"ipw2200",	/* notifications */
	"qla3xxx",	/* as the interface goes down */
	"smsc9420",	/* likewise */
};

/**
 * ioslot_is_unsynced() - must nothing be copied for the driver of a device?
 * @dev: the device
 *
 * Context: process context; the driver does not go meanwhile.
 * Return: whether it has a driver of which that is known.
 */
bool ioslot_is_unsynced(const struct device *dev)
{
	return dev->driver && match_string(ioslot_unsynced,
					   ARRAY_SIZE(ioslot_unsynced),
					   dev->driver->name) >= 0;
}
