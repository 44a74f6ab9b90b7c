// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: a virtio-iommu that says anything
 *
 * The first byte of the input chooses what the rest is: properties of an endpoint, the
 * device's configuration, or what comes from its queue of events.
 */
#include <linux/align.h>
#include <linux/io.h>
#include <linux/unaligned.h>
#include <linux/xarray.h>

#include "dma-iommu.h"
#include "parse.h"
#include "../../../../drivers/iommu/ioflush/virtio/virtio.h"

#define RESV_BYTES	sizeof(struct virtio_iommu_probe_resv_mem)
/* What a fault becomes is never longer, for a device with a name of PCI. */
#define EVENT_TEXT	160

static struct iodom dom;
static struct device known = { .name = "0000:00:03.0" };
static struct device loner = { .name = "0000:00:04.0" };
static unsigned int said;

/* Each message is one line, whatever is in it. */
void user_said(const char *fmt, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	EXPECT(n > 0 && n < sizeof(text), "%d", n);
	EXPECT(strchr(text, '\n') == text + n - 1, "%s", text);
	said++;
}

struct iommu_resv_region *
iommu_alloc_resv_region(phys_addr_t start, size_t length, int prot,
			enum iommu_resv_type type, gfp_t gfp)
{
	struct iommu_resv_region *region = kzalloc(sizeof(*region), gfp);

	*region = (struct iommu_resv_region) {
		.start = start, .length = length, .prot = prot, .type = type,
	};
	return region;
}

void iommu_dma_get_resv_regions(struct device *dev, struct list_head *list)
{
}

static void regions_free(struct list_head *list)
{
	struct iommu_resv_region *region, *next;

	list_for_each_entry_safe(region, next, list, list)
		kfree(region);
}

/* Not empty, not all there is, and of a kind that the device may name. */
static void region_is(const struct iommu_resv_region *region, const u8 *raw)
{
	const u64 start = get_unaligned_le64(raw + 8);
	const u64 end = get_unaligned_le64(raw + 16);

	EXPECT(region->length, "%#llx", start);
	EXPECT(region->start == start, "%#llx", region->start);
	EXPECT(region->start + region->length - 1 == end, "%#zx",
	       region->length);
	/* The core allocates something for each page of a place for messages. */
	if (region->type == IOMMU_RESV_MSI)
		EXPECT(raw[4] == VIRTIO_IOMMU_RESV_MEM_T_MSI &&
		       region->prot & IOMMU_WRITE && region->length <= SZ_16M,
		       "%u", raw[4]);
	else
		EXPECT(region->type == IOMMU_RESV_RESERVED && !region->prot,
		       "%u", region->type);
}

static bool is_region(const u8 *raw, size_t length)
{
	if ((get_unaligned_le16(raw) & VIRTIO_IOMMU_PROBE_T_MASK) !=
	    VIRTIO_IOMMU_PROBE_T_RESV_MEM || length < RESV_BYTES)
		return false;
	/* All of them would be one more than can be counted. */
	return get_unaligned_le64(raw + 8) <= get_unaligned_le64(raw + 16) &&
	       get_unaligned_le64(raw + 16) - get_unaligned_le64(raw + 8) !=
	       U64_MAX;
}

/* Each region that can be is one, up to the property that has no room. */
static void regions_all(const u8 *raw, size_t bytes, const struct list_head *list)
{
	const struct list_head *node = list->next;
	size_t at, length;

	for (at = 0; bytes - at >= 4; at += length) {
		length = 4 + get_unaligned_le16(raw + at + 2);
		if (!(get_unaligned_le16(raw + at) & VIRTIO_IOMMU_PROBE_T_MASK) ||
		    length > bytes - at)
			break;
		if (!is_region(raw + at, length))
			continue;
		EXPECT(node != list, "at %zu", at);
		region_is(list_entry(node, struct iommu_resv_region, list),
			  raw + at);
		node = node->next;
	}
	EXPECT(node == list, "at %zu", at);
}

/* The core gets all of them, and a place for doorbells unless the device has one. */
static void regions_told(struct vtiommu_dev *vdev)
{
	struct device dev = { .name = known.name, .iommu_priv = vdev };
	const struct iommu_resv_region *region;
	const struct list_head *node = vdev->resv.next;
	unsigned int places = 0;
	LIST_HEAD(list);

	vtiommu_get_resv_regions(&dev, &list);
	list_for_each_entry(region, &list, list) {
		places += region->type == IOMMU_RESV_MSI ||
			  region->type == IOMMU_RESV_SW_MSI;
		if (region->type == IOMMU_RESV_SW_MSI) {
			EXPECT(places == 1, "%u", places);
			continue;
		}
		EXPECT(node != &vdev->resv, "");
		EXPECT(list_entry(node, struct iommu_resv_region, list)->start ==
		       region->start, "%#llx", region->start);
		node = node->next;
	}
	EXPECT(node == &vdev->resv && places, "%u", places);
	regions_free(&list);
}

/* What the device answers next */
static struct input answer;

int vtiommu_control(struct vtiommu_queue *queue, const void *request,
		    size_t bytes, void *to, size_t room)
{
	const struct virtio_iommu_req_probe *req = request;

	EXPECT(req->head.type == VIRTIO_IOMMU_T_PROBE, "%u", req->head.type);
	EXPECT(room == answer.left + sizeof(struct virtio_iommu_req_tail),
	       "%zu", room);
	memcpy(to, answer.at, answer.left);
	return 0;
}

/* The same without anything behind them, and as an answer. */
static void properties(const u8 *data, size_t bytes)
{
	u8 *raw = exact_copy(data, bytes);
	struct vtiommu_unit unit = { .probe_bytes = bytes };
	struct vtiommu_dev vdev = { .place.dev = &known, .unit = &unit };

	INIT_LIST_HEAD(&vdev.resv);
	EXPECT(!vtiommu_parse_properties(&known, raw, bytes, &vdev.resv), "");
	regions_all(raw, bytes, &vdev.resv);
	regions_told(&vdev);
	regions_free(&vdev.resv);

	INIT_LIST_HEAD(&vdev.resv);
	answer = (struct input) { raw, bytes };
	EXPECT(!vtiommu_probe_endpoint(&vdev, 0x18), "");
	regions_all(raw, bytes, &vdev.resv);
	regions_free(&vdev.resv);
	free(raw);
}

/* At most as many as there are numbers, and as commands can name. */
static void domains_within(const struct vtiommu_unit *unit,
			   const struct vtiommu_config *config)
{
	EXPECT(unit->domains <= VTIOMMU_DOMAINS_MAX, "%u", unit->domains);
	EXPECT(!unit->domains ||
	       (unit->queue.first_domain >= config->first_domain &&
		(u64)unit->queue.first_domain + unit->domains - 1 <=
		config->last_domain), "%u from %u", unit->domains,
	       unit->queue.first_domain);
}

/* A page of the kernel's can be mapped, and commands can name the device's. */
static void pages_fit(const struct vtiommu_unit *unit)
{
	EXPECT(unit->pgsize_bitmap, "");
	EXPECT(!(unit->pgsize_bitmap & (BIT(VTIOMMU_PAGE_LG2) - 1)), "%#llx",
	       unit->pgsize_bitmap);
	EXPECT(BIT(__ffs(unit->pgsize_bitmap)) <= PAGE_SIZE, "%#llx",
	       unit->pgsize_bitmap);
}

/* The answer to a PROBE is of a size that can be allocated. */
static void probe_bounded(const struct vtiommu_unit *unit)
{
	EXPECT(unit->probe_bytes <= PAGE_SIZE << MAX_PAGE_ORDER, "%u",
	       unit->probe_bytes);
}

/* There is a table for it, in which a page can be mapped where the unit has some. */
static void record_made(const struct vtiommu_unit *unit)
{
	struct iopgt_gather gather;
	unsigned long first, last;
	struct iopgt_cfg cfg;
	struct iopgt pgt = {};
	size_t page, mapped = 0;

	vtiommu_record_cfg(unit, &cfg);
	EXPECT(!iopgt_init(&pgt, &iopgt_arm_s2_ops, &cfg), "%u bits, %#lx",
	       cfg.ias_bits, cfg.pgsize_bitmap);
	page = BIT(__ffs(pgt.cfg.pgsize_bitmap));
	EXPECT(unit->first <= unit->last && unit->first <= pgt.ias_last,
	       "%#llx to %#llx", unit->first, unit->last);
	first = ALIGN(max_t(u64, unit->first, PAGE_SIZE), PAGE_SIZE);
	last = min_t(u64, unit->last, pgt.ias_last);
	EXPECT(first < last && last - first >= PAGE_SIZE - 1, "%#lx to %#lx",
	       first, last);
	EXPECT(!iopgt_map_pages(&pgt, first, 0, page, 1, IOMMU_READ, GFP_KERNEL,
				&mapped), "%#lx", first);
	iopgt_gather_init(&gather, false);
	EXPECT(iopgt_unmap_pages(&pgt, first, page, &gather) == page, "%#lx",
	       first);
	iopgt_free_pages(&pgt, &gather.pages);
	iopgt_destroy(&pgt);
}

/* Mostly zeros in front: as many as a byte says. */
static u64 number(struct input *in)
{
	u8 shift = input_number(in, 1);

	return input_number(in, 8) >> (shift & 63);
}

static void configuration(struct input in)
{
	const struct vtiommu_config config = {
		.pgsizes = number(&in), .first = number(&in), .last = number(&in),
		.first_domain = number(&in), .last_domain = number(&in),
		.probe_bytes = number(&in),
	};
	struct vtiommu_unit unit = {};
	const char *why = vtiommu_config_decode(&unit, &config);

	if (why) {
		EXPECT(*why && why[strlen(why) - 1] != '\n', "%s", why);
		return;
	}
	domains_within(&unit, &config);
	pages_fit(&unit);
	probe_bounded(&unit);
	record_made(&unit);
}

/**
 * struct device_queue - the device's end of the queue of events
 * @vq: the queue
 * @in: what it is going to write
 * @bufs: buffers that it has
 * @n: how many
 * @fault: the newest that it has written
 * @faults: events that are faults
 */
static struct device_queue {
	struct virtqueue vq;
	struct input in;
	void *bufs[VTIOMMU_EVENTS_MAX];
	unsigned int n;
	struct virtio_iommu_fault fault;
	unsigned int faults;
} queue;

/* A buffer is with the device once, and has room for a fault. */
int virtqueue_add_inbuf(struct virtqueue *vq, struct scatterlist *sg,
			unsigned int n, void *data, gfp_t gfp)
{
	unsigned int i;

	EXPECT(n == 1 && sg->buf == data && sg->bytes == sizeof(queue.fault), "");
	EXPECT(queue.n < VTIOMMU_EVENTS_MAX, "");
	for (i = 0; i < queue.n; i++)
		EXPECT(queue.bufs[i] != data, "%u", i);
	queue.bufs[queue.n++] = data;
	return 0;
}

/* Most are as long as a fault; those that are not may be longer, too. */
void *virtqueue_get_buf(struct virtqueue *vq, unsigned int *len)
{
	const size_t bytes = sizeof(queue.fault);
	unsigned int taken;
	u8 how, *buf;
	size_t i;

	if (!queue.in.left || !queue.n)
		return NULL;
	how = input_number(&queue.in, 1);
	*len = how < 64 ? how : bytes;
	taken = how % queue.n;
	buf = queue.bufs[taken];
	queue.n--;
	queue.bufs[taken] = queue.bufs[queue.n];
	for (i = 0; i < min_t(size_t, bytes, *len); i++)
		buf[i] = input_number(&queue.in, 1);
	memcpy(&queue.fault, buf, bytes);
	queue.faults += *len >= bytes &&
			!memchr_inv(queue.fault.reserved, 0,
				    sizeof(queue.fault.reserved));
	return buf;
}

bool virtqueue_kick(struct virtqueue *vq)
{
	return true;
}

void virtqueue_disable_cb(struct virtqueue *vq)
{
}

bool virtqueue_enable_cb(struct virtqueue *vq)
{
	return !queue.in.left;
}

/* The owner of a domain hears of faults in it, and of no others. */
int report_iommu_fault(struct iommu_domain *domain, struct device *dev,
		       unsigned long iova, int flags)
{
	const u32 bits = le32_to_cpu(queue.fault.flags);

	EXPECT(domain == &dom.domain && dev == &known, "");
	EXPECT(iova == le64_to_cpu(queue.fault.address), "%#lx", iova);
	EXPECT(bits & VIRTIO_IOMMU_FAULT_F_ADDRESS, "%#x", bits);
	EXPECT(flags == (bits & VIRTIO_IOMMU_FAULT_F_WRITE ?
			 IOMMU_FAULT_WRITE : IOMMU_FAULT_READ), "%d", flags);
	return iova & PAGE_SIZE ? 0 : -EAGAIN;
}

/* In whatever room there is; and all of it, where there is as much as there should be. */
static void event_fits(const u8 *data, size_t bytes)
{
	struct virtio_iommu_fault fault = {};
	size_t room = 1 + bytes % EVENT_TEXT;
	char *text = malloc(room), whole[EVENT_TEXT];
	int n;

	memcpy(&fault, data, min_t(size_t, bytes, sizeof(fault)));
	n = vtiommu_event_text(text, room, &fault, known.name);
	EXPECT(n < room && strlen(text) == n, "%d of %zu", n, room);
	n = vtiommu_event_text(whole, sizeof(whole), &fault, known.name);
	EXPECT(strlen(whole) == n && whole[n - 1] == ')', "%s", whole);
	EXPECT(!strncmp(text, whole, strlen(text)), "%s", text);
	free(text);
}

static void events(const u8 *data, size_t bytes)
{
	static struct virtio_device vdev;
	static struct vtiommu_dev at_dom = { .place.dev = &known, .dom = &dom };
	static struct vtiommu_dev at_none = { .place.dev = &loner };
	struct vtiommu_unit unit = { .vdev = &vdev, .name = "vtiommu-0",
				     .events = &queue.vq };

	event_fits(data, bytes);
	vdev.priv = &unit;
	queue = (struct device_queue) {
		.vq = { .vdev = &vdev, .num_free = VTIOMMU_EVENTS_MAX },
		.in = { data, bytes },
	};
	said = 0;
	mutex_init(&unit.mutex);
	xa_init(&unit.endpoints);
	xa_store(&unit.endpoints, 0x18, &at_dom, GFP_KERNEL);
	xa_store(&unit.endpoints, 0x20, &at_none, GFP_KERNEL);
	EXPECT(!vtiommu_events_init(&unit), "");
	vtiommu_events_notify(&queue.vq);
	while (delayed_work_pending(&unit.event_work))
		user_work_run();
	EXPECT(!queue.in.left, "%zu", queue.in.left);
	EXPECT(queue.n == VTIOMMU_EVENTS_MAX, "%u", queue.n);
	EXPECT(said <= queue.faults, "%u of %u", said, queue.faults);
	xa_destroy(&unit.endpoints);
	kfree(unit.event_bufs);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0] % 3) {
	case 0:
		properties(data + 1, size - 1);
		break;
	case 1:
		configuration((struct input) { data + 1, size - 1 });
		break;
	default:
		events(data + 1, size - 1);
	}
	EXPECT(!user_warnings(), "");
	return 0;
}
