/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a virtio-iommu of memory only
 *
 * It is at the other end of a virtqueue, and does what it is told: at once, later, from
 * the newest request to the oldest, not as asked, or never.
 */
#ifndef _IOFLUSH_VIRTIO_TEST_DEV_H
#define _IOFLUSH_VIRTIO_TEST_DEV_H

#include <uapi/linux/virtio_ring.h>

#include "virtio.h"

struct kunit;

#define TEST_FIRST_DOMAIN	7
#define TEST_MAPPINGS		128
#define TEST_ENDPOINTS		4

/**
 * struct test_mapping - what the device has mapped
 * @domain: in which domain
 * @start: first address
 * @last: last address
 * @phys: where the first one goes
 * @flags: of the MAP
 */
struct test_mapping {
	u32 domain;
	u64 start;
	u64 last;
	u64 phys;
	u32 flags;
};

/**
 * struct test_viommu - the device
 * @unit: its driver's
 * @vdev: what that drives
 * @vring: both sides' memory
 * @events: that of events
 * @storm: so many events more there will be, as soon as there are buffers
 * @running: held by whoever makes the device do something: each notification does
 * @taken: entries that have been taken from the queue
 * @held: do nothing until test_viommu_run()
 * @backwards: do the newest first
 * @hold_type: do nothing from the first request of this type on; 0 for none
 * @mute: write no status
 * @fail_type: fail requests of this type, VIRTIO_IOMMU_T_*; 0 for none
 * @fail_also: and of this one
 * @fail_after: how many of them are done before
 * @fail_times: after so many have failed the others are done; 0 for no end
 * @fail_status: with what
 * @during: called after each MAP, or NULL
 * @data: for @during
 * @kicks: notifications
 * @requests: that were done or failed, by type
 * @resets: how often it was reset
 * @config: its configuration
 * @keeps_bypass: that stays as it is there
 * @mapped: what is mapped
 * @n: how many
 * @domain: for each endpoint the domain it is in; 0 for none
 */
struct test_viommu {
	struct vtiommu_unit unit;
	struct virtio_device vdev;
	struct vring vring;
	struct vring events;
	unsigned int storm;
	raw_spinlock_t running; /* see above */
	u16 taken;
	bool held;
	bool backwards;
	u8 hold_type;
	bool mute;
	u8 fail_type;
	u8 fail_also;
	unsigned int fail_after;
	unsigned int fail_times;
	u8 fail_status;
	void (*during)(struct test_viommu *v);
	void *data;
	unsigned int kicks;
	unsigned int requests[VIRTIO_IOMMU_T_PROBE + 1];
	unsigned int resets;
	struct virtio_iommu_config config;
	bool keeps_bypass;
	struct test_mapping mapped[TEST_MAPPINGS];
	unsigned int n;
	u32 domain[TEST_ENDPOINTS];
};

/**
 * struct test_endpoint - a device behind it
 * @dev: as the core knows it
 * @iommu: the core's part
 * @fwspec: its endpoint
 * @vdev: our part
 * @gone: it has been released
 */
struct test_endpoint {
	struct device dev;
	struct dev_iommu iommu;
	struct iommu_fwspec *fwspec;
	struct vtiommu_dev vdev;
	bool gone;
};

struct test_viommu *test_viommu_new(struct kunit *test, unsigned int entries);
void test_viommu_storm(struct test_viommu *v, unsigned int events);
void test_viommu_run(struct test_viommu *v, unsigned int most);
const struct test_mapping *test_viommu_find(const struct test_viommu *v,
					    u32 domain, u64 addr);
struct test_endpoint *test_endpoint_new(struct kunit *test,
					struct test_viommu *v, u32 id);
void test_endpoint_go(struct test_endpoint *ep);
struct iodom *test_domain_new(struct kunit *test, struct test_viommu *v);
struct iodom *test_domain_dma(struct kunit *test, struct test_viommu *v,
			      dma_addr_t first, dma_addr_t last);
u32 test_domain_id(struct kunit *test, struct iodom *dom);
int test_map_at(struct iodom *dom, unsigned long iova, phys_addr_t paddr,
		size_t bytes, int prot);
int test_attach(struct iodom *dom, struct test_endpoint *ep);

#endif /* _IOFLUSH_VIRTIO_TEST_DEV_H */
