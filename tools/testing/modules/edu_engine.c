// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of QEMU's edu device, and when a transfer takes place
 */

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/pci.h>
#include <linux/random.h>

#include "edu.h"

#define EDU_ID			0x00
#define EDU_ID_MASK		0xff
#define EDU_ID_VALUE		0xed
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_CMD_RUN		BIT(0)
#define EDU_DMA_CMD_TO_RAM	BIT(1)

/* Where the device sees its own buffer. */
#define EDU_BUFFER		0x40000

/*
 * Transfers take 100 ms of the device's clock, which has begun its millisecond
 * before: none is over after 99. Until close to that it is not worth looking, and
 * in guest time each look is dear.
 */
#define EDU_ASLEEP_NS		(98500 * NSEC_PER_USEC)
#define EDU_TIMEOUT_NS		(5 * NSEC_PER_SEC)

static bool edu_running(struct edu *edu)
{
	return readl(edu->regs + EDU_DMA_CMD) & EDU_DMA_CMD_RUN;
}

static int edu_start(struct edu *edu, u64 src, u64 dst, u32 bytes, u32 cmd)
{
	if (edu_running(edu))
		return -EBUSY;

	writeq(src, edu->regs + EDU_DMA_SRC);
	writeq(dst, edu->regs + EDU_DMA_DST);
	writeq(bytes, edu->regs + EDU_DMA_COUNT);
	edu->told_ns = ktime_get_ns();
	writeq(cmd | EDU_DMA_CMD_RUN, edu->regs + EDU_DMA_CMD);
	return 0;
}

/* Have the device write its buffer to @to, some 100 ms from now. */
int edu_write_start(struct edu *edu, dma_addr_t to)
{
	return edu_start(edu, EDU_BUFFER, to, EDU_BYTES, EDU_DMA_CMD_TO_RAM);
}

/* Have the device read its buffer from @from, by then. */
int edu_read_start(struct edu *edu, dma_addr_t from)
{
	return edu_start(edu, from, EDU_BUFFER, EDU_BYTES, 0);
}

/*
 * The transfer in progress does not take place before this time. It may do so
 * up to a millisecond later, as the device's clock has no finer ticks.
 */
u64 edu_fires_ns(const struct edu *edu)
{
	return edu->told_ns + edu->latency_ns;
}

/* Wait for the transfer in progress; @done_ns is when it was seen done. */
int edu_finish(struct edu *edu, u64 *done_ns)
{
	u64 now;

	while (edu_running(edu)) {
		if (ktime_get_ns() - edu->told_ns > EDU_TIMEOUT_NS)
			return -ETIMEDOUT;
		usleep_range(100, 200);
	}
	now = ktime_get_ns();
	if (done_ns)
		*done_ns = now;
	return 0;
}

/* A whole transfer. It is watched closely, to know how long one takes. */
static int edu_transfer(struct edu *edu, u64 src, u64 dst, u32 cmd)
{
	int ret = edu_start(edu, src, dst, EDU_BYTES, cmd);
	u64 now;

	if (ret)
		return ret;
	usleep_range(EDU_ASLEEP_NS / NSEC_PER_USEC,
		     EDU_ASLEEP_NS / NSEC_PER_USEC + 100);
	while (edu_running(edu)) {
		if (ktime_get_ns() - edu->told_ns > EDU_TIMEOUT_NS)
			return -ETIMEDOUT;
		cpu_relax();
	}
	now = ktime_get_ns();
	edu->latency_ns = min(edu->latency_ns, now - edu->told_ns);
	return 0;
}

int edu_write(struct edu *edu, dma_addr_t to)
{
	return edu_transfer(edu, EDU_BUFFER, to, EDU_DMA_CMD_TO_RAM);
}

int edu_read(struct edu *edu, dma_addr_t from)
{
	return edu_transfer(edu, from, EDU_BUFFER, 0);
}

/* What is in the device's buffer. */
int edu_buffer_get(struct edu *edu, u8 *to)
{
	int ret = edu_write(edu, edu->loader_addr);

	if (!ret)
		memcpy(to, edu->loader, EDU_BYTES);
	return ret;
}

/* A write of one word, which is an interrupt if @to is where those go. */
int edu_write_word(struct edu *edu, dma_addr_t to, u32 word)
{
	int ret;

	memcpy(edu->loader, &word, sizeof(word));
	ret = edu_read(edu, edu->loader_addr);
	if (!ret)
		ret = edu_start(edu, EDU_BUFFER, to, sizeof(word),
				EDU_DMA_CMD_TO_RAM);
	if (!ret)
		ret = edu_finish(edu, NULL);
	/* The buffer has to hold the payload again for all that follows. */
	memcpy(edu->loader, edu->payload, EDU_BYTES);
	return edu_read(edu, edu->loader_addr) ?: ret;
}

/* Fill the device's buffer with what no page of ours holds otherwise. */
int edu_engine_init(struct edu *edu)
{
	u32 id = readl(edu->regs + EDU_ID);

	if ((id & EDU_ID_MASK) != EDU_ID_VALUE) {
		dev_err(edu->dev, "not an edu device: %#x\n", id);
		return -ENODEV;
	}

	edu->latency_ns = EDU_TIMEOUT_NS;
	prandom_bytes_state(&edu->rnd, edu->payload, EDU_BYTES);
	edu->loader = dma_alloc_coherent(edu->dev, PAGE_SIZE,
					 &edu->loader_addr, GFP_KERNEL);
	if (!edu->loader)
		return -ENOMEM;
	memcpy(edu->loader, edu->payload, EDU_BYTES);
	return edu_read(edu, edu->loader_addr);
}

void edu_engine_exit(struct edu *edu)
{
	/* A transfer that is left over must not outlive the loader. */
	edu_finish(edu, NULL);
	if (edu->loader)
		dma_free_coherent(edu->dev, PAGE_SIZE, edu->loader,
				  edu->loader_addr);
}
