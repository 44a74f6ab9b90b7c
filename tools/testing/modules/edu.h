/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The errant device: QEMU's edu device as a DMA engine that writes where it
 * was told to, 100 ms after it was told, whatever has become of the mapping.
 */
#ifndef _IOFLUSH_EDU_H
#define _IOFLUSH_EDU_H

#include <linux/dma-direction.h>
#include <linux/ktime.h>
#include <linux/mm_types.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct device;
struct iommu_domain;
struct pci_dev;

/* The device's buffer holds 4096 bytes, but it refuses to move the last one. */
#define EDU_BYTES		4088

/* What pages hold before the device writes. */
#define EDU_POISON		0xa5

/* What stands between an unmap and the memory it protected. */
enum edu_mode {
	EDU_NO_IOMMU,
	EDU_IDENTITY,
	EDU_STRICT,
	EDU_GUARDED,	/* strict for what the device may write to */
	EDU_LAZY,
};

struct edu {
	struct device *dev;
	struct pci_dev *pdev;
	void __iomem *regs;
	struct iommu_domain *domain;
	enum edu_mode mode;
	struct rnd_state rnd;
	u8 payload[EDU_BYTES];	/* what the device's buffer holds */
	u8 *loader;		/* coherent page the buffer is filled from */
	dma_addr_t loader_addr;
	u64 told_ns;		/* when the transfer in progress was asked for */
	u64 latency_ns;		/* the shortest transfer seen so far */
};

int edu_engine_init(struct edu *edu);
void edu_engine_exit(struct edu *edu);
int edu_write_start(struct edu *edu, dma_addr_t to);
u64 edu_fires_ns(const struct edu *edu);
int edu_finish(struct edu *edu, u64 *done_ns);
int edu_write(struct edu *edu, dma_addr_t to);
int edu_read_start(struct edu *edu, dma_addr_t from);
int edu_read(struct edu *edu, dma_addr_t from);
int edu_write_word(struct edu *edu, dma_addr_t to, u32 word);
int edu_buffer_get(struct edu *edu, u8 *to);

/* How memory is given to the device. */
enum edu_shape {
	EDU_4K,
	EDU_PART,	/* of a page: may be copied */
	EDU_64K,
	EDU_SG,
	EDU_COHERENT,
	EDU_SHAPES
};

#define EDU_TARGET_PAGES	16

/**
 * struct edu_target - memory that is, or was, mapped for the device
 * @edu: the device
 * @shape: how it is mapped
 * @dir: what the device may do
 * @nr_pages: how many there are
 * @pages: the memory; a reference is held to each, so that it does not become
 *	anybody else's while the device may still write to it
 * @addr: where the device sees each page
 * @sg: for EDU_SG
 * @virt: for EDU_COHERENT, while mapped
 * @buf: for EDU_4K, EDU_PART and EDU_64K
 */
struct edu_target {
	struct edu *edu;
	enum edu_shape shape;
	enum dma_data_direction dir;
	unsigned int nr_pages;
	struct page *pages[EDU_TARGET_PAGES];
	dma_addr_t addr[EDU_TARGET_PAGES];
	struct scatterlist sg[EDU_TARGET_PAGES];
	void *virt;
	struct page *buf;
};

extern const char * const edu_shape_name[EDU_SHAPES];

int edu_target_init(struct edu_target *t, struct edu *edu, enum edu_shape shape,
		    enum dma_data_direction dir);
int edu_target_map(struct edu_target *t);
void edu_target_unmap(struct edu_target *t);
void edu_target_exit(struct edu_target *t);
void edu_target_poison(struct edu_target *t);
void edu_target_to_device(struct edu_target *t);
void edu_target_to_cpu(struct edu_target *t);
bool edu_target_untouched(struct edu_target *t);
bool edu_target_landed(struct edu_target *t, unsigned int page);

struct edu_load;

/**
 * struct edu_trial - one attempt to write through a mapping that is gone
 * @shape: how the memory is mapped
 * @lead_ns: how long before the device writes it is unmapped
 * @load: what else maps and unmaps meanwhile, or NULL
 * @head_start_ns: for how long it does before the unmap. The load is kept off
 *	until then: a flush of the whole domain would make the IOMMU forget the
 *	mapping while it is live, and nothing could be learned
 * @unmap_cpu: the CPU that unmaps and is taken offline at once; negative to
 *	unmap where the trial runs
 * @landed: result: memory has changed
 * @late_ns: result: the device wrote at least this long after the unmap had
 *	returned; negative if it may have been before
 */
struct edu_trial {
	enum edu_shape shape;
	u64 lead_ns;
	struct edu_load *load;
	u64 head_start_ns;
	int unmap_cpu;
	bool landed;
	s64 late_ns;
};

/*
 * Strict: the device comes this long after the unmap. Short, so that a flush that
 * only comes soon does not pass for one that came before the return.
 */
#define EDU_LEAD_SOON_NS	(2 * NSEC_PER_MSEC)

int edu_trial(struct edu *edu, struct edu_trial *trial);
void edu_sleep_until(u64 ns);
u64 edu_lead_soon_ns(struct edu *edu);
u64 edu_lead_late_ns(struct edu *edu);
u64 edu_lead_ns(struct edu *edu);

/* What else goes on in the domain while the window is measured. */
enum edu_load_kind {
	EDU_IDLE,	/* nothing: only a timer can end the window */
	EDU_LIGHT,	/* this CPU maps once in a while, but fills no queue */
	EDU_HEAVY,	/* this CPU does nothing but map */
	EDU_OTHERS,	/* all others do */
	EDU_OFFLINE,	/* the CPU that unmapped goes away */
};

struct edu_load *edu_load_start(struct edu *edu, enum edu_load_kind kind);
void edu_load_set(struct edu_load *load, bool on);
void edu_load_stop(struct edu_load *load);

/**
 * struct edu_case - one test
 * @name: for the report
 * @run: 0 if it passed; EDU_SKIPPED if it needs a second CPU and there is none, EDU_TAKEN
 *	if the device is in nobody's default domain, which the core lets nobody leave for
 *	another; otherwise it failed, and may say more by edu_note()
 * @arg: for @run
 * @modes: bits of enum edu_mode in which it makes sense
 */
struct edu_case {
	const char *name;
	int (*run)(struct edu *edu, int arg);
	int arg;
	unsigned int modes;
};

#define EDU_ALL_MODES		(BIT(EDU_LAZY + 1) - 1)
#define EDU_SKIPPED		1
#define EDU_TAKEN		2

extern const struct edu_case edu_access_cases[];
extern const struct edu_case edu_unmap_cases[];
extern const struct edu_case edu_read_cases[];
extern const struct edu_case edu_domain_cases[];
extern const struct edu_case edu_window_cases[];

/* Module parameters */
extern unsigned int edu_repeats;
extern unsigned int edu_window_us;

u64 edu_random(struct edu *edu, u64 from, u64 to);
__printf(1, 2) void edu_note(const char *fmt, ...);

#endif /* _IOFLUSH_EDU_H */
