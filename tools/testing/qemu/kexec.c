// SPDX-License-Identifier: GPL-2.0
/*
 * kexec: loads a bzImage for the running kernel to hand over to, at once or when it
 * panics. Debian's kexec-tools wants /proc/kcore for the latter, which the test
 * kernels do not have.
 *
 * Everything lies in one piece: the kernel with what it needs to unpack itself, what
 * it is told (Documentation/arch/x86/boot.rst), its command line, a few instructions
 * that tell it, and its initramfs.
 */
#include <asm/bootparam.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE		4096UL
#define ALIGN(x)	(((x) + PAGE - 1) & ~(PAGE - 1))
/* Below lies what a kernel that was not moved uses, and firmware. */
#define LOWEST		(64UL << 20)
#define MEMMAP		"/sys/firmware/memmap"

struct piece {
	char *data;
	size_t bytes;
};

/* What lies between the kernel and its initramfs */
static struct small {
	struct boot_params params;
	char cmdline[PAGE];
	unsigned char code[PAGE];
} small;

static struct piece read_file(const char *name)
{
	int fd = open(name, O_RDONLY);
	struct piece p;
	struct stat st;
	size_t got = 0;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", name);
	p.bytes = st.st_size;
	p.data = malloc(p.bytes + 1);
	if (!p.data)
		err(1, "%s", name);
	while (got < p.bytes) {
		ssize_t n = read(fd, p.data + got, p.bytes - got);

		if (n <= 0)
			err(1, "%s", name);
		got += n;
	}
	close(fd);
	return p;
}

/* The first region of /proc/iomem of that name, and where in it we may begin. */
static void find_region(const char *name, uint64_t *start, uint64_t *last)
{
	FILE *f = fopen("/proc/iomem", "r");
	char line[256];

	if (!f)
		err(1, "/proc/iomem");
	while (fgets(line, sizeof(line), f)) {
		if (!strstr(line, name) ||
		    sscanf(line, "%lx-%lx", start, last) != 2 || *last < LOWEST)
			continue;
		fclose(f);
		return;
	}
	errx(1, "there is no '%s' in /proc/iomem", name);
}

static void read_entry(const char *dir, const char *file, char *text, int bytes)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), MEMMAP "/%s/%s", dir, file);
	f = fopen(path, "r");
	if (!f || !fgets(text, bytes, f))
		err(1, "%s", path);
	fclose(f);
}

static uint32_t e820_type(const char *name)
{
	if (!strncmp(name, "System RAM", 10))
		return 1;
	if (!strncmp(name, "ACPI Tables", 11))
		return 3;
	if (!strncmp(name, "ACPI Non-volatile", 17))
		return 4;
	return 2;
}

static void add_e820(struct boot_params *params, uint64_t start, uint64_t last,
		     uint32_t type)
{
	params->e820_table[params->e820_entries++] = (struct boot_e820_entry) {
		.addr = start, .size = last - start + 1, .type = type,
	};
}

/*
 * Memory as firmware has described it. After a panic, of that only what has been kept
 * for it, and the first megabyte, which no kernel uses but to start CPUs.
 */
static void fill_e820(struct boot_params *params, int panic, uint64_t start,
		      uint64_t last)
{
	DIR *dir = opendir(MEMMAP);
	struct dirent *entry;
	char text[64];

	if (!dir)
		err(1, MEMMAP);
	while ((entry = readdir(dir))) {
		uint64_t from, to;
		uint32_t type;

		if (entry->d_name[0] == '.')
			continue;
		read_entry(entry->d_name, "start", text, sizeof(text));
		from = strtoull(text, NULL, 0);
		read_entry(entry->d_name, "end", text, sizeof(text));
		to = strtoull(text, NULL, 0);
		read_entry(entry->d_name, "type", text, sizeof(text));
		type = e820_type(text);
		if (!panic || type != 1 || to < 1 << 20)
			add_e820(params, from, to, type);
	}
	closedir(dir);
	if (panic)
		add_e820(params, start, last, 1);
}

/* movabs $params, %rsi; movabs $kernel, %rax; jmp *%rax */
static void write_stub(unsigned char *code, uint64_t params, uint64_t kernel)
{
	memcpy(code, "\x48\xbe", 2);
	memcpy(code + 2, &params, 8);
	memcpy(code + 10, "\x48\xb8", 2);
	memcpy(code + 12, &kernel, 8);
	memcpy(code + 20, "\xff\xe0", 2);
}

static void load(int panic, const char *kernel, const char *initrd,
		 const char *arguments)
{
	struct piece image = read_file(kernel), ramdisk = read_file(initrd);
	struct setup_header *hdr = (void *)(image.data + 0x1f1);
	size_t skip = (hdr->setup_sects + 1) * 512, room = ALIGN(hdr->init_size);
	uint64_t start, last, at, disk;

	if (hdr->header != 0x53726448 || !(hdr->xloadflags & XLF_KERNEL_64))
		errx(1, "%s is no 64-bit bzImage", kernel);
	find_region(panic ? "Crash kernel" : "System RAM", &start, &last);
	/* Aligned to what the kernel asks for */
	start = start < LOWEST ? LOWEST : start;
	start = (start + hdr->kernel_alignment - 1) & -(uint64_t)hdr->kernel_alignment;
	at = start + room;
	disk = at + ALIGN(sizeof(small));
	/* The last page is for a header of a core, of which there is none. */
	last -= PAGE;
	if (disk + ramdisk.bytes > last)
		errx(1, "no room: %lu MiB are wanted", (disk + ramdisk.bytes - start) >> 20);

	small.params.hdr = *hdr;
	small.params.hdr.type_of_loader = 0xff;
	small.params.hdr.cmd_line_ptr = at + offsetof(struct small, cmdline);
	small.params.hdr.ramdisk_image = disk;
	small.params.hdr.ramdisk_size = ramdisk.bytes;
	fill_e820(&small.params, panic, start, last);
	snprintf(small.cmdline, sizeof(small.cmdline), panic ? "%s elfcorehdr=%#lx" : "%s",
		 arguments, last + 1);
	/* The kernel's entry for 64 bits is 0x200 behind its beginning. */
	write_stub(small.code, at, start + 0x200);

	struct kexec_segment segments[] = {
		{ image.data + skip, image.bytes - skip, (void *)start, room },
		{ &small, sizeof(small), (void *)at, ALIGN(sizeof(small)) },
		{ ramdisk.data, ramdisk.bytes, (void *)disk, ALIGN(ramdisk.bytes) },
	};
	if (syscall(SYS_kexec_load, at + offsetof(struct small, code), 3, segments,
		    KEXEC_ARCH_X86_64 | (panic ? KEXEC_ON_CRASH : 0)))
		err(1, "kexec_load");
}

int main(int argc, char **argv)
{
	int panic = argc == 5 && !strcmp(argv[1], "-p");

	if (argc == 2 && !strcmp(argv[1], "-e")) {
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_KEXEC, NULL);
		err(1, "reboot");
	}
	if (argc != 4 && !panic)
		errx(2, "usage: kexec [-p] BZIMAGE INITRAMFS ARGUMENTS; kexec -e");
	load(panic, argv[argc - 3], argv[argc - 2], argv[argc - 1]);
	return 0;
}
