// SPDX-License-Identifier: GPL-2.0
/*
 * A user-space driver for QEMU's edu device: maps physically contiguous blocks
 * and single pages through VFIO, has the device copy within and between them,
 * unmaps a part and sees that the device cannot reach it any more. Behind a VT-d unit
 * it learns the width of addresses as such drivers do, and prints it. Runs
 * in the guest, where ioflush_blocks.ko has the blocks.
 *
 * usage: vfio_edu CONTAINER GROUP PCI-DEVICE
 *
 * CONTAINER is /dev/vfio/vfio, or /dev/iommu, which takes the same requests and
 * has iommufd do them.
 */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* edu's registers, and its buffer as its own DMA engine addresses it. */
#define EDU_DMA_FROM	0x80
#define EDU_DMA_TO	0x88
#define EDU_DMA_BYTES	0x90
#define EDU_DMA_COMMAND	0x98
#define EDU_DMA_RUN	1
#define EDU_DMA_TO_RAM	2
#define EDU_BUFFER	0x40000

/* Big and aligned enough for blocks, small enough for any guest. */
#define AREA_BYTES	(8UL << 20)
#define AREA_IOVA	(1UL << 30)
#define HALF		(AREA_BYTES / 2)

/* Pages of their own, each mapped by itself, with holes between them. */
#define PAGES		5UL
#define PAGE_BYTES	4096UL
#define PAGES_IOVA	(2UL << 30)
#define PAGES_STEP	(2 * PAGE_BYTES)

#define COPY_BYTES	2048
#define POISON		0xa5

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

struct vfio {
	int container;
	int device;
	volatile uint8_t *regs;
};

/* Without bus mastering the device's writes go nowhere, IOMMU or not. */
static void vfio_enable_dma(struct vfio *v)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;
	off_t at;

	check(!ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &config),
	      "config space");
	at = config.offset + PCI_COMMAND;
	check(pread(v->device, &command, 2, at) == 2, "read command");
	command |= PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY;
	check(pwrite(v->device, &command, 2, at) == 2, "write command");
}

static void vfio_open(struct vfio *v, const char *container,
		      const char *group_number, const char *device)
{
	struct vfio_region_info bar = {
		.argsz = sizeof(bar),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	char path[64];
	int group;

	v->container = open(container, O_RDWR);
	check(v->container >= 0, container);
	snprintf(path, sizeof(path), "/dev/vfio/%s", group_number);
	group = open(path, O_RDWR);
	check(group >= 0, path);
	check(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &v->container),
	      "set container");
	check(!ioctl(v->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU),
	      "set IOMMU");
	v->device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device);
	check(v->device >= 0, device);

	check(!ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &bar), "BAR 0");
	v->regs = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		       v->device, bar.offset);
	check(v->regs != MAP_FAILED, "map BAR 0");
	vfio_enable_dma(v);
}

static int vfio_try_map(struct vfio *v, void *memory, uint64_t iova,
			uint64_t bytes)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = bytes,
	};

	return ioctl(v->container, VFIO_IOMMU_MAP_DMA, &map);
}

static void vfio_map(struct vfio *v, void *memory, uint64_t iova,
		     uint64_t bytes)
{
	check(!vfio_try_map(v, memory, iova, bytes), "map");
}

static void vfio_unmap(struct vfio *v, uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = bytes,
	};

	check(!ioctl(v->container, VFIO_IOMMU_UNMAP_DMA, &unmap), "unmap");
	check(unmap.size == bytes, "unmap all of it");
}

static void edu_set(struct vfio *v, unsigned int reg, uint64_t value)
{
	*(volatile uint64_t *)(v->regs + reg) = value;
}

static void edu_dma(struct vfio *v, uint64_t from, uint64_t to, uint64_t how)
{
	volatile uint64_t *command = (void *)(v->regs + EDU_DMA_COMMAND);

	edu_set(v, EDU_DMA_FROM, from);
	edu_set(v, EDU_DMA_TO, to);
	edu_set(v, EDU_DMA_BYTES, COPY_BYTES);
	*command = how | EDU_DMA_RUN;
	while (*command & EDU_DMA_RUN)
		usleep(1000);
}

/* Through the device's buffer, as it cannot copy from memory to memory. */
static void edu_copy(struct vfio *v, uint64_t from, uint64_t to)
{
	edu_dma(v, from, EDU_BUFFER, 0);
	edu_dma(v, EDU_BUFFER, to, EDU_DMA_TO_RAM);
}

static int is_all(const uint8_t *memory, uint8_t value)
{
	for (unsigned int i = 0; i < COPY_BYTES; i++)
		if (memory[i] != value)
			return 0;
	return 1;
}

/* Two mappings in the area, so that one of them can go. */
static void test_area(struct vfio *v, uint8_t *area)
{
	vfio_map(v, area, AREA_IOVA, HALF);
	vfio_map(v, area + HALF, AREA_IOVA + HALF, HALF);
	edu_copy(v, AREA_IOVA, AREA_IOVA + HALF);
	check(is_all(area + HALF, 0x11), "the device copies");

	vfio_unmap(v, AREA_IOVA + HALF, HALF);
	memset(area + HALF, POISON, COPY_BYTES);
	edu_copy(v, AREA_IOVA, AREA_IOVA + HALF);
	check(is_all(area + HALF, POISON), "the unmapped half stays untouched");

	/* The other half is still there, and the address can be had again. */
	vfio_map(v, area + HALF, AREA_IOVA + HALF, HALF);
	edu_copy(v, AREA_IOVA, AREA_IOVA + AREA_BYTES - PAGE_BYTES);
	check(is_all(area + AREA_BYTES - PAGE_BYTES, 0x11),
	      "the device copies again");
}

/* From the area to each page, and back again where that page is still mapped. */
static void test_pages(struct vfio *v, uint8_t *area, uint8_t *pages)
{
	uint64_t iova = PAGES_IOVA;

	for (unsigned int i = 0; i < PAGES; i++, iova += PAGES_STEP) {
		uint8_t *page = pages + i * PAGE_BYTES;

		vfio_map(v, page, iova, PAGE_BYTES);
		edu_copy(v, AREA_IOVA, iova);
		check(is_all(page, 0x11), "the device copies to a page");
	}

	iova = PAGES_IOVA + PAGES_STEP;
	vfio_unmap(v, iova, PAGE_BYTES);
	memset(pages, 0x22, PAGES * PAGE_BYTES);
	edu_copy(v, AREA_IOVA, iova);
	check(is_all(pages + PAGE_BYTES, 0x22), "the unmapped page stays untouched");
	edu_copy(v, iova + PAGES_STEP, AREA_IOVA + HALF);
	check(is_all(area + HALF, 0x22), "the device copies from the next page");

	vfio_unmap(v, PAGES_IOVA, PAGE_BYTES);
	for (unsigned int i = 2; i < PAGES; i++)
		vfio_unmap(v, PAGES_IOVA + i * PAGES_STEP, PAGE_BYTES);
}

/* CAP_REG.MGAW of the unit above the device; 0 above which there is no VT-d unit. */
static unsigned int vtd_width(const char *device)
{
	unsigned long long cap;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/iommu/intel-iommu/cap", device);
	file = fopen(path, "r");
	if (!file)
		return 0;
	check(fscanf(file, "%llx", &cap) == 1, path);
	fclose(file);
	return ((cap >> 16) & 0x3f) + 1;
}

/* Behind the last address that the container says it translates. */
static uint64_t vfio_end(struct vfio *v)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	union {
		struct vfio_iommu_type1_info info;
		struct vfio_info_cap_header cap;
		uint8_t bytes[4096];
	} all = { .info.argsz = sizeof(all) };
	uint32_t at;

	check(!ioctl(v->container, VFIO_IOMMU_GET_INFO, &all), "info");
	check(all.info.flags & VFIO_IOMMU_INFO_CAPS, "capabilities");
	for (at = all.info.cap_offset; at; at = ranges->header.next) {
		ranges = (void *)&all.bytes[at];
		if (ranges->header.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE)
			return ranges->iova_ranges[ranges->nr_iovas - 1].end + 1;
	}
	check(0, "ranges of addresses");
	return 0;
}

/*
 * The last page that the device can address, and the first that it cannot. That may be
 * earlier than the unit says, which does not tell a first stage from a second.
 */
static void test_limit(struct vfio *v, uint8_t *page, const char *device)
{
	unsigned int most = vtd_width(device), width = 0;
	uint64_t end;

	if (!most)
		return;
	end = vfio_end(v);
	while (width < most && 1ULL << width < end)
		width++;
	check(1ULL << width == end, "a power of two of addresses");
	vfio_map(v, page, end - PAGE_BYTES, PAGE_BYTES);
	memset(page, POISON, PAGE_BYTES);
	edu_copy(v, AREA_IOVA, end - PAGE_BYTES);
	check(is_all(page, 0x11), "the device copies to its last page");
	vfio_unmap(v, end - PAGE_BYTES, PAGE_BYTES);
	check(vfio_try_map(v, page, end, PAGE_BYTES) < 0, "no page is beyond");
	printf("addresses have %u bits\n", width);
}

int main(int argc, char **argv)
{
	int blocks = open("/dev/ioflush_blocks", O_RDWR);
	uint8_t *area, *pages;
	struct vfio v;

	if (argc != 4) {
		fprintf(stderr, "usage: vfio_edu CONTAINER GROUP PCI-DEVICE\n");
		return 2;
	}
	vfio_open(&v, argv[1], argv[2], argv[3]);
	check(blocks >= 0, "open blocks");
	area = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, blocks, 0);
	check(area != MAP_FAILED, "blocks");
	pages = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	check(pages != MAP_FAILED, "pages");
	memset(area, POISON, AREA_BYTES);
	memset(area, 0x11, COPY_BYTES);
	memset(pages, POISON, PAGES * PAGE_BYTES);

	test_area(&v, area);
	test_pages(&v, area, pages);
	test_limit(&v, pages, argv[3]);
	vfio_unmap(&v, AREA_IOVA, AREA_BYTES);
	return 0;
}
