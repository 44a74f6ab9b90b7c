/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: VT-d registers
 *
 * Offsets and fields by section of the Intel Virtualization Technology for
 * Directed I/O architecture specification, revision 4.1.
 */
#ifndef _IOFLUSH_VTD_REGS_H
#define _IOFLUSH_VTD_REGS_H

#include <linux/bits.h>

#define VTD_REG_VER		0x00	/* 11.4.1, 32 bits */
#define VTD_REG_CAP		0x08	/* 11.4.2, 64 bits */
#define VTD_REG_ECAP		0x10	/* 11.4.3, 64 bits */
#define VTD_REG_GCMD		0x18	/* 11.4.4.1, 32 bits */
#define VTD_REG_GSTS		0x1c	/* 11.4.4.2, 32 bits */
#define VTD_REG_RTADDR		0x20	/* 11.4.5, 64 bits */
#define VTD_REG_CCMD		0x28	/* 11.4.6.1, 64 bits */
#define VTD_REG_FSTS		0x34	/* 11.4.7.1, 32 bits */
#define VTD_REG_FECTL		0x38	/* 11.4.7.2, 32 bits */
#define VTD_REG_FEDATA		0x3c	/* 11.4.7.3, 32 bits */
#define VTD_REG_FEADDR		0x40	/* 11.4.7.4, 32 bits */
#define VTD_REG_FEUADDR		0x44	/* 11.4.7.5, 32 bits */
#define VTD_REG_PMEN		0x64	/* 11.4.8.1, 32 bits */
#define VTD_REG_IQH		0x80	/* 11.4.9.1, 64 bits */
#define VTD_REG_IQT		0x88	/* 11.4.9.2, 64 bits */
#define VTD_REG_IQA		0x90	/* 11.4.9.3, 64 bits */

#define VTD_VER_MINOR		GENMASK(3, 0)
#define VTD_VER_MAJOR		GENMASK(7, 4)
#define VTD_VER_QUEUE_ONLY	6

#define VTD_CAP_ND		GENMASK_ULL(2, 0)
#define VTD_CAP_RWBF		BIT_ULL(4)
#define VTD_CAP_PLMR		BIT_ULL(5)
#define VTD_CAP_PHMR		BIT_ULL(6)
#define VTD_CAP_CM		BIT_ULL(7)
#define VTD_CAP_SAGAW		GENMASK_ULL(12, 8)
#define VTD_CAP_MGAW		GENMASK_ULL(21, 16)
#define VTD_CAP_FRO		GENMASK_ULL(33, 24)
#define VTD_CAP_SSLPS		GENMASK_ULL(37, 34)
#define VTD_CAP_PSI		BIT_ULL(39)
#define VTD_CAP_NFR		GENMASK_ULL(47, 40)
#define VTD_CAP_MAMV		GENMASK_ULL(53, 48)
#define VTD_CAP_DWD		BIT_ULL(54)
#define VTD_CAP_DRD		BIT_ULL(55)
#define VTD_CAP_FS1GP		BIT_ULL(56)
#define VTD_CAP_FS5LP		BIT_ULL(60)

/* Three to five levels; the others are reserved. */
#define VTD_SAGAW_KNOWN		GENMASK(3, 1)

#define VTD_SSLPS_2M		BIT(0)
#define VTD_SSLPS_1G		BIT(1)

#define VTD_ECAP_C		BIT_ULL(0)
#define VTD_ECAP_QI		BIT_ULL(1)
#define VTD_ECAP_DT		BIT_ULL(2)
#define VTD_ECAP_PT		BIT_ULL(6)
#define VTD_ECAP_SC		BIT_ULL(7)
#define VTD_ECAP_IRO		GENMASK_ULL(17, 8)
#define VTD_ECAP_DIT		BIT_ULL(41)
#define VTD_ECAP_SMTS		BIT_ULL(43)
#define VTD_ECAP_SSTS		BIT_ULL(46)
#define VTD_ECAP_FSTS		BIT_ULL(47)
#define VTD_ECAP_SMPWCS		BIT_ULL(48)

/* The same bit commands in GCMD and reports in GSTS. */
#define VTD_G_TE		BIT(31)	/* translation */
#define VTD_G_SRTP		BIT(30)	/* root table pointer, one-shot */
#define VTD_G_QIE		BIT(26)	/* queued invalidation */
#define VTD_G_IRE		BIT(25)	/* interrupt remapping */
/* What GSTS reports and the next GCMD has to repeat, 11.4.4.1. */
#define VTD_G_LASTING		0x96ffffffU

#define VTD_RTADDR_TTM		GENMASK_ULL(11, 10)

#define VTD_CCMD_DID		GENMASK_ULL(15, 0)
#define VTD_CCMD_SID		GENMASK_ULL(31, 16)
#define VTD_CCMD_FM		GENMASK_ULL(33, 32)
#define VTD_CCMD_CAIG		GENMASK_ULL(60, 59)
#define VTD_CCMD_CIRG		GENMASK_ULL(62, 61)
#define VTD_CCMD_ICC		BIT_ULL(63)

/* 11.4.6.2 and 11.4.6.3; both relative to ECAP.IRO. */
#define VTD_REG_IVA		0x00
#define VTD_REG_IOTLB		0x08

#define VTD_IOTLB_DID		GENMASK_ULL(47, 32)
#define VTD_IOTLB_DW		BIT_ULL(48)
#define VTD_IOTLB_DR		BIT_ULL(49)
#define VTD_IOTLB_IAIG		GENMASK_ULL(58, 57)
#define VTD_IOTLB_IIRG		GENMASK_ULL(61, 60)
#define VTD_IOTLB_IVT		BIT_ULL(63)

#define VTD_FSTS_PFO		BIT(0)
#define VTD_FSTS_PPF		BIT(1)
#define VTD_FSTS_IQE		BIT(4)
#define VTD_FSTS_ICE		BIT(5)
#define VTD_FSTS_ITE		BIT(6)
#define VTD_FSTS_FRI		GENMASK(15, 8)
#define VTD_FSTS_QUEUE		(VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE)

#define VTD_FECTL_IM		BIT(31)

#define VTD_PMEN_EPM		BIT(31)
#define VTD_PMEN_PRS		BIT(0)

#define VTD_IQ_INDEX		GENMASK_ULL(18, 4)
#define VTD_IQ_INDEX_WIDE	GENMASK_ULL(18, 5)
#define VTD_IQA_QS		GENMASK_ULL(2, 0)
#define VTD_IQA_DW		BIT_ULL(11)

/* Fault recording register, 11.4.7.6; 128 bits each from CAP.FRO on. */
#define VTD_FRCD_BYTES		16
#define VTD_FRCD_LO_FI		GENMASK_ULL(63, 12)
#define VTD_FRCD_LO_INDEX	GENMASK_ULL(63, 48)
#define VTD_FRCD_HI_SID		GENMASK_ULL(15, 0)
#define VTD_FRCD_HI_T2		BIT_ULL(28)
#define VTD_FRCD_HI_PP		BIT_ULL(31)
#define VTD_FRCD_HI_FR		GENMASK_ULL(39, 32)
#define VTD_FRCD_HI_PASID	GENMASK_ULL(59, 40)
#define VTD_FRCD_HI_T1		BIT_ULL(62)
#define VTD_FRCD_HI_F		BIT_ULL(63)

#endif /* _IOFLUSH_VTD_REGS_H */
