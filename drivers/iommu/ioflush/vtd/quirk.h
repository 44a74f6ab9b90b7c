/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: chipsets whose VT-d units need something special
 */
#ifndef _IOFLUSH_VTD_QUIRK_H
#define _IOFLUSH_VTD_QUIRK_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * enum vtd_quirks - what is done differently
 * @VTD_QUIRK_GFX_ALONE: units for graphics only are left alone
 * @VTD_QUIRK_GFX_STAYS_ON: units for graphics only are not switched off
 * @VTD_QUIRK_WRITE_FLUSH: units have write buffers, and do not say so
 * @VTD_QUIRK_STRICT: nothing is put off
 * @VTD_QUIRK_SOUND_IDENTITY: the chipset's sound device is not translated
 */
enum vtd_quirks {
	VTD_QUIRK_GFX_ALONE = BIT(0),
	VTD_QUIRK_GFX_STAYS_ON = BIT(1),
	VTD_QUIRK_WRITE_FLUSH = BIT(2),
	VTD_QUIRK_STRICT = BIT(3),
	VTD_QUIRK_SOUND_IDENTITY = BIT(4),
};

/** VTD_QUIRK_SOUND - the sound device of VTD_QUIRK_SOUND_IDENTITY, Intel's */
#define VTD_QUIRK_SOUND	0x3a3e

void vtd_quirks_look(void);
bool vtd_has_quirk(enum vtd_quirks what);

/* For tests */
unsigned int vtd_quirks_of(u16 device, u32 class);
unsigned int vtd_quirks_of_ggc(u16 ggc);
unsigned int vtd_quirks_of_isoch(u32 control);

#endif /* _IOFLUSH_VTD_QUIRK_H */
