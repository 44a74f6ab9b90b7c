// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a virtio-iommu of memory only
 *
 * Virtio 1.2, sections 2.7 (virtqueues) and 5.13.6 (requests).
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/ioflush/iova.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "test_dev.h"

/**
 * test_viommu_find() - what an address is mapped to
 * @v: the device
 * @domain: the domain, as the device knows it
 * @addr: the address
 *
 * Context: any context.
 * Return: the mapping, or NULL.
 */
const struct test_mapping *test_viommu_find(const struct test_viommu *v,
					    u32 domain, u64 addr)
{
	for (unsigned int i = 0; i < v->n; i++)
		if (v->mapped[i].domain == domain &&
		    v->mapped[i].start <= addr && v->mapped[i].last >= addr)
			return &v->mapped[i];
	return NULL;
}

/* A domain is there as long as an endpoint is in it. */
static bool test_domain_exists(const struct test_viommu *v, u32 domain)
{
	for (unsigned int i = 0; i < TEST_ENDPOINTS; i++)
		if (v->domain[i] == domain)
			return true;
	return false;
}

static void test_forget(struct test_viommu *v, u32 domain, u64 start, u64 last)
{
	for (unsigned int i = 0; i < v->n;) {
		if (v->mapped[i].domain == domain &&
		    v->mapped[i].start >= start && v->mapped[i].last <= last)
			v->mapped[i] = v->mapped[--v->n];
		else
			i++;
	}
}

static u8 test_map(struct test_viommu *v, const struct virtio_iommu_req_map *req)
{
	const struct test_mapping m = {
		.domain = le32_to_cpu(req->domain),
		.start = le64_to_cpu(req->virt_start),
		.last = le64_to_cpu(req->virt_end),
		.phys = le64_to_cpu(req->phys_start),
		.flags = le32_to_cpu(req->flags),
	};

	if (!test_domain_exists(v, m.domain))
		return VIRTIO_IOMMU_S_NOENT;
	if (v->n == TEST_MAPPINGS)
		return VIRTIO_IOMMU_S_NOMEM;
	for (unsigned int i = 0; i < v->n; i++)
		if (v->mapped[i].domain == m.domain &&
		    v->mapped[i].start <= m.last && v->mapped[i].last >= m.start)
			return VIRTIO_IOMMU_S_INVAL;
	v->mapped[v->n++] = m;
	if (v->during)
		v->during(v);
	return VIRTIO_IOMMU_S_OK;
}

/* To unmap a part of what one MAP has mapped is refused, as section 5.13.6.6 has it. */
static u8 test_unmap(struct test_viommu *v,
		     const struct virtio_iommu_req_unmap *req)
{
	const u64 start = le64_to_cpu(req->virt_start);
	const u64 last = le64_to_cpu(req->virt_end);
	const u32 domain = le32_to_cpu(req->domain);

	if (!test_domain_exists(v, domain))
		return VIRTIO_IOMMU_S_NOENT;
	for (unsigned int i = 0; i < v->n; i++) {
		const struct test_mapping *m = &v->mapped[i];

		if (m->domain == domain && m->start <= last && m->last >= start &&
		    (m->start < start || m->last > last))
			return VIRTIO_IOMMU_S_RANGE;
	}
	test_forget(v, domain, start, last);
	return VIRTIO_IOMMU_S_OK;
}

static u8 test_move(struct test_viommu *v, __le32 endpoint, u32 domain)
{
	const u32 id = le32_to_cpu(endpoint);
	u32 old;

	if (id >= TEST_ENDPOINTS)
		return VIRTIO_IOMMU_S_NOENT;
	old = v->domain[id];
	v->domain[id] = 0;
	if (old && !test_domain_exists(v, old))
		test_forget(v, old, 0, U64_MAX);
	v->domain[id] = domain;
	return VIRTIO_IOMMU_S_OK;
}

static bool test_fails(struct test_viommu *v, u8 type)
{
	if (!type || (type != v->fail_type && type != v->fail_also))
		return false;
	if (v->fail_after) {
		v->fail_after--;
		return false;
	}
	if (v->fail_times && !--v->fail_times)
		v->fail_type = 0;
	return true;
}

static u8 test_execute(struct test_viommu *v, const void *req)
{
	const struct virtio_iommu_req_head *head = req;
	const struct virtio_iommu_req_attach *attach = req;
	const struct virtio_iommu_req_detach *detach = req;

	v->requests[head->type]++;
	if (test_fails(v, head->type))
		return v->fail_status;
	switch (head->type) {
	case VIRTIO_IOMMU_T_ATTACH:
		return test_move(v, attach->endpoint,
				 le32_to_cpu(attach->domain));
	case VIRTIO_IOMMU_T_DETACH:
		return test_move(v, detach->endpoint, 0);
	case VIRTIO_IOMMU_T_MAP:
		return test_map(v, req);
	case VIRTIO_IOMMU_T_UNMAP:
		return test_unmap(v, req);
	default:
		return VIRTIO_IOMMU_S_UNSUPP;
	}
}

static const void *test_request(struct test_viommu *v, u16 number)
{
	const u16 head = virtio16_to_cpu(&v->vdev,
					 v->vring.avail->ring[number % v->vring.num]);

	return phys_to_virt(virtio64_to_cpu(&v->vdev, v->vring.desc[head].addr));
}

static bool test_is_held(struct test_viommu *v, u16 number)
{
	const struct virtio_iommu_req_head *head = test_request(v, number);

	return v->hold_type && head->type == v->hold_type;
}

/* One request: a descriptor to read, and one to write to, with the status at its end. */
static void test_take(struct test_viommu *v, u16 number)
{
	const u16 head = virtio16_to_cpu(&v->vdev,
					 v->vring.avail->ring[number % v->vring.num]);
	const struct vring_desc *out = &v->vring.desc[head];
	const struct vring_desc *in =
		&v->vring.desc[virtio16_to_cpu(&v->vdev, out->next)];
	const u32 bytes = virtio32_to_cpu(&v->vdev, in->len);
	u16 at = virtio16_to_cpu(&v->vdev, v->vring.used->idx);
	struct virtio_iommu_req_tail *tail =
		phys_to_virt(virtio64_to_cpu(&v->vdev, in->addr)) + bytes -
		sizeof(*tail);
	u8 status = test_execute(v, test_request(v, number));

	if (!v->mute)
		tail->status = status;
	v->vring.used->ring[at % v->vring.num] = (struct vring_used_elem) {
		.id = cpu_to_virtio32(&v->vdev, head),
		.len = cpu_to_virtio32(&v->vdev, v->mute ? 0 : bytes),
	};
	smp_wmb(); /* the driver reads the index first */
	v->vring.used->idx = cpu_to_virtio16(&v->vdev, at + 1);
}

/**
 * test_viommu_run() - do what has been asked for
 * @v: the device
 * @most: at most so many requests
 *
 * From the newest on, requests are exchanged with older ones that are left.
 *
 * Context: any context.
 */
void test_viommu_run(struct test_viommu *v, unsigned int most)
{
	__virtio16 *ring = v->vring.avail->ring;
	unsigned long flags;
	u16 end;

	raw_spin_lock_irqsave(&v->running, flags);
	end = virtio16_to_cpu(&v->vdev, READ_ONCE(v->vring.avail->idx));
	smp_rmb(); /* entries after the index */
	while (most-- && v->taken != end && !test_is_held(v, v->taken)) {
		if (v->backwards)
			swap(ring[v->taken % v->vring.num],
			     ring[(u16)(end - 1) % v->vring.num]);
		test_take(v, v->taken++);
	}
	raw_spin_unlock_irqrestore(&v->running, flags);
}

/* Write the same fault to all buffers that there are, as long as the storm lasts. */
static void test_blow(struct test_viommu *v)
{
	const u16 end = virtio16_to_cpu(&v->vdev, v->events.avail->idx);
	const u32 bytes = sizeof(struct virtio_iommu_fault);
	u16 at = virtio16_to_cpu(&v->vdev, v->events.used->idx);
	struct virtio_iommu_fault *fault;

	for (; v->storm && at != end; v->storm--, at++) {
		const u16 head = virtio16_to_cpu(&v->vdev,
						 v->events.avail->ring[at % v->events.num]);

		fault = phys_to_virt(virtio64_to_cpu(&v->vdev,
						     v->events.desc[head].addr));
		*fault = (struct virtio_iommu_fault) {
			.reason = VIRTIO_IOMMU_FAULT_R_DOMAIN,
		};
		v->events.used->ring[at % v->events.num] = (struct vring_used_elem) {
			.id = cpu_to_virtio32(&v->vdev, head),
			.len = cpu_to_virtio32(&v->vdev, bytes),
		};
	}
	smp_wmb(); /* the driver reads the index first */
	v->events.used->idx = cpu_to_virtio16(&v->vdev, at);
}

/**
 * test_viommu_storm() - have faults reported, as fast as they are taken
 * @v: the device
 * @events: how many
 *
 * Context: process context.
 */
void test_viommu_storm(struct test_viommu *v, unsigned int events)
{
	v->storm = events;
	test_blow(v);
	vtiommu_events_notify(v->unit.events);
}

static bool test_events_notify(struct virtqueue *vq)
{
	test_blow(container_of(vq->vdev, struct test_viommu, vdev));
	return true;
}

static bool test_notify(struct virtqueue *vq)
{
	struct test_viommu *v = container_of(vq->vdev, struct test_viommu, vdev);

	v->kicks++;
	if (!v->held)
		test_viommu_run(v, UINT_MAX);
	return true;
}

static void test_reset(struct virtio_device *vdev)
{
	struct test_viommu *v = container_of(vdev, struct test_viommu, vdev);

	v->resets++;
	memset(v->domain, 0, sizeof(v->domain));
	v->n = 0;
}

static void test_config_get(struct virtio_device *vdev, unsigned int offset,
			    void *buf, unsigned int len)
{
	struct test_viommu *v = container_of(vdev, struct test_viommu, vdev);

	memcpy(buf, (u8 *)&v->config + offset, len);
}

static void test_config_set(struct virtio_device *vdev, unsigned int offset,
			    const void *buf, unsigned int len)
{
	struct test_viommu *v = container_of(vdev, struct test_viommu, vdev);

	if (!v->keeps_bypass)
		memcpy((u8 *)&v->config + offset, buf, len);
}

static const struct virtio_config_ops test_config = {
	.get = test_config_get,
	.set = test_config_set,
	.reset = test_reset,
};

static void test_viommu_free(void *data)
{
	struct test_viommu *v = data;

	cancel_delayed_work_sync(&v->unit.event_work);
	vtiommu_unit_exit(&v->unit);
	vtiommu_control_drain(&v->unit.queue);
	vring_del_virtqueue(v->unit.queue.vq);
	vring_del_virtqueue(v->unit.events);
	vtiommu_queue_exit(&v->unit.queue);
	free_pages_exact(v->vring.desc, vring_size(v->vring.num, PAGE_SIZE));
	free_pages_exact(v->events.desc, vring_size(v->events.num, PAGE_SIZE));
	put_device(&v->vdev.dev);
}

static void test_viommu_release(struct device *dev)
{
	kfree(container_of(dev_to_virtio(dev), struct test_viommu, vdev));
}

static struct virtqueue *test_virtqueue(struct kunit *test,
					struct test_viommu *v,
					struct vring *vring, unsigned int entries,
					bool (*notify)(struct virtqueue *vq))
{
	void *pages = alloc_pages_exact(vring_size(entries, PAGE_SIZE),
					GFP_KERNEL | __GFP_ZERO);
	struct virtqueue *vq;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	vring_init(vring, entries, pages, PAGE_SIZE);
	vq = vring_new_virtqueue(0, entries, PAGE_SIZE, &v->vdev, true, false,
				 pages, notify, NULL, "test");
	KUNIT_ASSERT_NOT_NULL(test, vq);
	return vq;
}

/**
 * test_viommu_new() - make a device, and a unit of it
 * @test: the test; frees both at its end
 * @entries: entries of the virtqueue, a power of two; a request takes two
 *
 * Context: process context.
 * Return: the device.
 */
struct test_viommu *test_viommu_new(struct kunit *test, unsigned int entries)
{
	struct test_viommu *v = kzalloc(sizeof(*v), GFP_KERNEL);
	struct vtiommu_unit *unit = &v->unit;
	struct virtqueue *vq;

	KUNIT_ASSERT_NOT_NULL(test, v);
	device_initialize(&v->vdev.dev);
	v->vdev.dev.release = test_viommu_release;
	raw_spin_lock_init(&v->running);
	v->vdev.features = BIT_ULL(VIRTIO_F_VERSION_1);
	v->vdev.config = &test_config;
	v->vdev.dev.parent = kunit_device_register(test, "viommu");
	INIT_LIST_HEAD(&v->vdev.vqs);
	spin_lock_init(&v->vdev.vqs_list_lock);
	vq = test_virtqueue(test, v, &v->vring, entries, test_notify);
	unit->events = test_virtqueue(test, v, &v->events, 2 * VTIOMMU_EVENTS_MAX,
				      test_events_notify);

	vtiommu_unit_init(unit, &v->vdev, 0);
	unit->queue.first_domain = TEST_FIRST_DOMAIN;
	unit->pgsize_bitmap = ~(u64)(SZ_4K - 1);
	unit->last = U64_MAX;
	unit->domains = 16;
	unit->map_flags = VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE;
	unit->can_bypass = true;
	unit->blocks = true;
	unit->iommu.ops = &vtiommu_ops;
	KUNIT_ASSERT_EQ(test, 0, vtiommu_statics_init(unit));
	KUNIT_ASSERT_EQ(test, 0, vtiommu_queue_init(&unit->queue, vq, "test",
						    &vtiommu_invq_ops));
	KUNIT_ASSERT_EQ(test, 0, vtiommu_events_init(unit));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_viommu_free, v));
	return v;
}

/**
 * test_endpoint_go() - have the core release a device
 * @ep: the device
 *
 * Context: process context.
 */
void test_endpoint_go(struct test_endpoint *ep)
{
	if (ep->gone)
		return;
	vtiommu_dev_detach(&ep->vdev, false);
	vtiommu_endpoints_remove(&ep->vdev);
	ep->gone = true;
}

/* The device does what it is told again, or there would be no end. */
static void test_endpoint_gone(void *data)
{
	struct test_endpoint *ep = data;
	struct test_viommu *v = container_of(ep->vdev.unit, struct test_viommu,
					     unit);

	v->held = false;
	v->mute = false;
	v->hold_type = 0;
	v->fail_type = 0;
	v->fail_also = 0;
	test_endpoint_go(ep);
}

/**
 * test_endpoint_new() - make a device behind a unit
 * @test: the test; releases it at its end
 * @v: the unit's device
 * @id: its endpoint, or the first of two
 *
 * Context: process context.
 * Return: the device.
 */
struct test_endpoint *test_endpoint_new(struct kunit *test,
					struct test_viommu *v, u32 id)
{
	struct test_endpoint *ep = kunit_kzalloc(test, sizeof(*ep), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ep);
	ep->fwspec = kunit_kzalloc(test, struct_size(ep->fwspec, ids, 2),
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ep->fwspec);
	ep->fwspec->num_ids = 1;
	ep->fwspec->ids[0] = id;
	ep->vdev.unit = &v->unit;
	ep->vdev.place = (struct iodom_device){ .dev = &ep->dev,
						.unit = &v->unit };
	INIT_LIST_HEAD(&ep->vdev.resv);
	ep->iommu.priv = &ep->vdev;
	ep->iommu.fwspec = ep->fwspec;
	ep->iommu.iommu_dev = &v->unit.iommu;
	ep->dev.iommu = &ep->iommu;
	KUNIT_ASSERT_EQ(test, 0, vtiommu_endpoints_add(&ep->vdev));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_endpoint_gone, ep));
	return ep;
}

static void test_domain_free(void *data)
{
	struct iodom *dom = data;

	dom->domain.ops->free(&dom->domain);
}

/**
 * test_domain_new() - make a paging domain
 * @test: the test; frees it at its end, after the devices that come later
 * @v: the unit's device
 *
 * Context: process context.
 * Return: the domain.
 */
struct iodom *test_domain_new(struct kunit *test, struct test_viommu *v)
{
	struct iodom *dom = vtiommu_domain_create(&v->unit, NUMA_NO_NODE);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_domain_free, dom));
	return dom;
}

/**
 * test_domain_dma() - make a paging domain of the DMA API
 * @test: the test
 * @v: the unit's device
 * @first: first bus address to give out
 * @last: the last
 *
 * Context: process context.
 * Return: the domain.
 */
struct iodom *test_domain_dma(struct kunit *test, struct test_viommu *v,
			      dma_addr_t first, dma_addr_t last)
{
	struct iodom *dom = test_domain_new(test, v);
	struct iospace *space = iospace_create(first, last);

	KUNIT_ASSERT_NOT_NULL(test, space);
	iodom_set_space(dom, space);
	return dom;
}

/**
 * test_domain_id() - the number of a domain for the device
 * @test: the test
 * @dom: the domain, which is on one unit
 *
 * Context: process context.
 * Return: the number.
 */
u32 test_domain_id(struct kunit *test, struct iodom *dom)
{
	KUNIT_ASSERT_TRUE(test, list_is_singular(&dom->links));
	return list_first_entry(&dom->links, struct iodom_link, node)->id;
}

/**
 * test_map_at() - map, as the DMA API does
 * @dom: the domain
 * @iova: where
 * @paddr: what
 * @bytes: how much
 * @prot: IOMMU_READ and friends
 *
 * Context: process context.
 * Return: 0 or an error.
 */
int test_map_at(struct iodom *dom, unsigned long iova, phys_addr_t paddr,
		size_t bytes, int prot)
{
	return iodom_map(dom, iova, paddr, bytes, prot, GFP_KERNEL) ?:
	       iodom_map_sync(dom, iova, bytes);
}

/**
 * test_attach() - attach a device to a paging domain
 * @dom: the domain
 * @ep: the device
 *
 * Context: process context.
 * Return: 0 or an error.
 */
int test_attach(struct iodom *dom, struct test_endpoint *ep)
{
	return vtiommu_hw_ops.attach(dom, &ep->dev);
}
