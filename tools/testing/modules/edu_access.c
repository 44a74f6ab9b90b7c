// SPDX-License-Identifier: GPL-2.0
/*
 * What a device may and may not reach, whoever unmaps what when
 */

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/kmsg_dump.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#ifdef CONFIG_X86
#include <asm/hardirq.h>
#include <asm/irq_vectors.h>
#endif

#include "edu.h"

#define EDU_LOG_WAIT_MS	2000

/* The narrow device: the low 256 MiB only. */
#define EDU_NARROW_BITS	28
#define EDU_NARROW_MAPS	16

/* A write and a read through a live mapping: without them nothing is proved. */
static int edu_case_write_lands(struct edu *edu, int arg)
{
	struct edu_target t;
	int ret = edu_target_init(&t, edu, arg, DMA_FROM_DEVICE);
	unsigned int page;

	if (ret)
		return ret;
	ret = edu_target_map(&t);
	for (page = 0; !ret && page < t.nr_pages; page += 3) {
		edu_target_poison(&t);
		edu_target_to_device(&t);
		ret = edu_write(edu, t.addr[page]);
		edu_target_to_cpu(&t);
		if (!ret && !edu_target_landed(&t, page))
			ret = -EIO;
	}
	if (t.virt || t.addr[0])
		edu_target_unmap(&t);
	edu_target_exit(&t);
	return ret;
}

static int edu_case_read_lands(struct edu *edu, int arg)
{
	u8 *got = kmalloc(EDU_BYTES, GFP_KERNEL);
	struct edu_target t;
	int ret, err;

	if (!got)
		return -ENOMEM;
	ret = edu_target_init(&t, edu, EDU_4K, DMA_TO_DEVICE);
	if (ret)
		goto out_free;

	edu_target_poison(&t);
	ret = edu_target_map(&t);
	if (!ret) {
		ret = edu_read(edu, t.addr[0]);
		edu_target_unmap(&t);
	}
	if (!ret)
		ret = edu_buffer_get(edu, got);
	if (!ret && memchr_inv(got, EDU_POISON, EDU_BYTES))
		ret = -EIO;

	/* The buffer has to hold the payload again for all that follows. */
	memcpy(edu->loader, edu->payload, EDU_BYTES);
	err = edu_read(edu, edu->loader_addr);
	if (!ret)
		ret = err;
	edu_target_exit(&t);
out_free:
	kfree(got);
	return ret;
}

/* How many lines of the log name the device and this address? */
static unsigned int edu_log_lines(struct edu *edu, dma_addr_t addr)
{
	/* Without the segment, which not every driver prints. */
	const char *name = strchr(pci_name(edu->pdev), ':') + 1;
	struct kmsg_dump_iter iter;
	static char line[512];
	unsigned int n = 0;
	char hex[20];
	size_t len;

	snprintf(hex, sizeof(hex), "%llx", (u64)addr & PAGE_MASK);
	kmsg_dump_rewind(&iter);
	while (kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		if (strstr(line, name) && strstr(line, hex))
			n++;
	}
	return n;
}

/* A write to @addr must leave @t alone, and the log must tell of it. */
static int edu_blocked(struct edu_target *t, dma_addr_t addr)
{
	unsigned int waited, before = edu_log_lines(t->edu, addr);
	int ret;

	edu_target_poison(t);
	ret = edu_write(t->edu, addr);
	if (ret)
		return ret;
	if (!edu_target_untouched(t)) {
		edu_note("the write to %#llx landed", (u64)addr);
		return -EACCES;
	}
	for (waited = 0; waited < EDU_LOG_WAIT_MS; waited += 20) {
		if (edu_log_lines(t->edu, addr) > before)
			return 0;
		msleep(20);
	}
	edu_note("the write to %#llx was blocked, but no fault was logged",
		 (u64)addr);
	return -ENOMSG;
}

/*
 * The bus address tried is the physical address of a page of ours: where the
 * device can reach all memory, that page is what it hits.
 */
static int edu_case_never_mapped(struct edu *edu, int arg)
{
	struct edu_target t;
	phys_addr_t phys;
	int ret = edu_target_init(&t, edu, EDU_4K, DMA_FROM_DEVICE);

	if (ret)
		return ret;
	phys = page_to_phys(t.pages[0]);
	if (edu->mode >= EDU_STRICT && iommu_iova_to_phys(edu->domain, phys)) {
		edu_note("bus address %#llx is in use", (u64)phys);
		ret = -EBUSY;
	} else {
		ret = edu_blocked(&t, phys);
	}
	edu_target_exit(&t);
	return ret;
}

static int edu_case_read_only(struct edu *edu, int arg)
{
	struct edu_target t;
	int ret = edu_target_init(&t, edu, EDU_4K, DMA_TO_DEVICE);

	if (ret)
		return ret;
	ret = edu_target_map(&t);
	if (!ret) {
		ret = edu_blocked(&t, t.addr[0]);
		edu_target_unmap(&t);
	}
	edu_target_exit(&t);
	return ret;
}

static int edu_narrow(struct edu *edu, enum edu_shape shape)
{
	struct edu_target *t = kcalloc(EDU_NARROW_MAPS, sizeof(*t), GFP_KERNEL);
	unsigned int n, i;
	int ret = t ? 0 : -ENOMEM;

	for (n = 0; !ret && n < EDU_NARROW_MAPS; n++) {
		ret = edu_target_init(&t[n], edu, shape, DMA_FROM_DEVICE);
		if (ret)
			break;
		ret = edu_target_map(&t[n]);
		if (ret) {
			edu_target_exit(&t[n]);
			edu_note("%s: cannot be mapped: %d",
				 edu_shape_name[shape], ret);
			break;
		}
		for (i = 0; i < t[n].nr_pages; i++) {
			u64 last = t[n].addr[i] + PAGE_SIZE - 1;

			if (last <= DMA_BIT_MASK(EDU_NARROW_BITS))
				continue;
			edu_note("%s: mapped up to %#llx",
				 edu_shape_name[shape], last);
			ret = -ERANGE;
		}
	}
	while (n--) {
		edu_target_unmap(&t[n]);
		edu_target_exit(&t[n]);
	}
	kfree(t);
	return ret;
}

/* A device that has few address bits gets addresses that fit them. */
static int edu_case_narrow(struct edu *edu, int arg)
{
	enum edu_shape shape;
	int ret;

	ret = dma_set_mask_and_coherent(edu->dev,
					DMA_BIT_MASK(EDU_NARROW_BITS));
	for (shape = 0; !ret && shape < EDU_SHAPES; shape++)
		ret = edu_narrow(edu, shape);
	if (!ret)
		ret = edu_case_write_lands(edu, EDU_64K);
	dma_set_mask_and_coherent(edu->dev, DMA_BIT_MASK(64));
	return ret;
}

#ifdef CONFIG_X86
/*
 * Where interrupts go. Where none is remapped this is the first CPU, and what is
 * written is a vector; else bit 4 has the vector taken from the first entry of the
 * table, which is another device's. Without that bit QEMU does not look into the
 * table: that it should block such interrupts then is not modelled there.
 */
#define EDU_MSI_ADDRESS		0xfee00010

static unsigned int edu_platform_ipis(void)
{
	unsigned int cpu, n = 0;

	for_each_online_cpu(cpu)
		n += per_cpu(irq_stat, cpu).EDU_PLATFORM_IPIS;
	return n;
}

/*
 * A device that sends an interrupt that nobody gave it: one that the kernel counts
 * and that nothing else sends.
 */
static int edu_case_interrupt(struct edu *edu, int arg)
{
	unsigned int before = edu_platform_ipis(), n;
	int ret;

	ret = edu_write_word(edu, EDU_MSI_ADDRESS, X86_PLATFORM_IPI_VECTOR);
	if (ret)
		return ret;
	n = edu_platform_ipis() - before;
	if (!n)
		return 0;
	edu_note("the forged interrupt arrived %u times", n);
	return -EACCES;
}
#endif

/* Faults first: what follows causes so many that logging them is limited. */
const struct edu_case edu_access_cases[] = {
	{ "write_lands_4k", edu_case_write_lands, EDU_4K, EDU_ALL_MODES },
	{ "write_lands_part", edu_case_write_lands, EDU_PART, EDU_ALL_MODES },
	{ "write_lands_64k", edu_case_write_lands, EDU_64K, EDU_ALL_MODES },
	{ "write_lands_sg", edu_case_write_lands, EDU_SG, EDU_ALL_MODES },
	{ "write_lands_coherent", edu_case_write_lands, EDU_COHERENT,
	  EDU_ALL_MODES },
	{ "read_lands", edu_case_read_lands, 0, EDU_ALL_MODES },
	{ "never_mapped_blocked", edu_case_never_mapped, 0, EDU_ALL_MODES },
	{ "read_only_blocked", edu_case_read_only, 0, EDU_ALL_MODES },
	{ "narrow_mask", edu_case_narrow, 0, EDU_ALL_MODES },
#ifdef CONFIG_X86
	{ "forged_interrupt", edu_case_interrupt, 0, EDU_ALL_MODES },
#endif
	{ }
};
