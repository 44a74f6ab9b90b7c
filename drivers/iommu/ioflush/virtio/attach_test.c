// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of devices that come to domains, and go
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "test_dev.h"

#define ENTRIES	64
#define IOVA	SZ_16M
#define RW	(IOMMU_READ | IOMMU_WRITE)

static void test_fail(struct test_viommu *v, u8 type, unsigned int times)
{
	v->fail_type = type;
	v->fail_status = VIRTIO_IOMMU_S_NOMEM;
	v->fail_after = 0;
	v->fail_times = times;
}

/* What cannot be attached stays where it was, with all that is mapped there. */
static void attach_fails(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *old = test_domain_new(test, v);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	unsigned int attaches;

	KUNIT_ASSERT_EQ(test, 0, test_map_at(old, IOVA, SZ_2M, SZ_4K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_4M, SZ_4K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_attach(old, ep));
	for (unsigned int i = 0; i < 2; i++) {
		/* The ATTACH; then the MAP that follows it. */
		test_fail(v, i ? VIRTIO_IOMMU_T_MAP : VIRTIO_IOMMU_T_ATTACH, 1);
		attaches = v->requests[VIRTIO_IOMMU_T_ATTACH];
		KUNIT_EXPECT_EQ(test, -ENOMEM, test_attach(dom, ep));
		/* What has not been left is not come back to. */
		KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_ATTACH],
				attaches + 1 + i);
		KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
		KUNIT_EXPECT_PTR_EQ(test, ep->vdev.dom, old);
		KUNIT_EXPECT_EQ(test, v->domain[1], test_domain_id(test, old));
		KUNIT_EXPECT_NOT_NULL(test, test_viommu_find(v, v->domain[1], IOVA));
		KUNIT_EXPECT_EQ(test, 0, test_map_at(old, SZ_1G, SZ_1G, SZ_4K, RW));
		KUNIT_EXPECT_EQ(test, v->n, 2);
		iodom_unmap_sync(old, SZ_1G, SZ_4K);
	}
	iodom_unmap_sync(old, IOVA, SZ_4K);
	KUNIT_EXPECT_EQ(test, v->n, 0);
	iodom_unmap_sync(dom, IOVA, SZ_4K);
}

/* unwind: where a device could not go back to nothing can be mapped, until it is told */
static void attach_lost(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *old = test_domain_new(test, v);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);

	KUNIT_ASSERT_EQ(test, 0, test_map_at(old, IOVA, SZ_2M, SZ_4K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_4M, SZ_4K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_attach(old, ep));
	test_fail(v, VIRTIO_IOMMU_T_MAP, 2);
	KUNIT_EXPECT_EQ(test, -ENOMEM, test_attach(dom, ep));
	KUNIT_EXPECT_PTR_EQ(test, ep->vdev.dom, old);
	KUNIT_EXPECT_EQ(test, -EIO, test_map_at(old, SZ_1G, SZ_1G, SZ_4K, RW));
	KUNIT_EXPECT_EQ(test, 0, dom->domain.ops->iova_to_phys(&old->domain, SZ_1G));

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_ASSERT_EQ(test, 0, test_attach(old, ep));
	KUNIT_EXPECT_NOT_NULL(test, test_viommu_find(v, v->domain[1], IOVA));
	KUNIT_EXPECT_EQ(test, 0, test_map_at(old, SZ_1G, SZ_1G, SZ_4K, RW));
	iodom_unmap_sync(old, SZ_1G, SZ_4K);
	iodom_unmap_sync(old, IOVA, SZ_4K);
	iodom_unmap_sync(dom, IOVA, SZ_4K);
}

/*
 * reuse: the number of a domain in which an endpoint may be that is nobody's is no other
 * domain's, and nothing is mapped there
 */
static void attach_retires(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct iodom *other = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *later = test_endpoint_new(test, v, 2);

	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_8K, RW));
	test_fail(v, VIRTIO_IOMMU_T_MAP, 0);
	v->fail_after = 1;
	v->fail_also = VIRTIO_IOMMU_T_DETACH;
	KUNIT_EXPECT_EQ(test, -ENOMEM, test_attach(dom, ep));
	KUNIT_ASSERT_NE(test, 0, v->domain[1]);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	KUNIT_EXPECT_EQ(test, v->n, 0);

	v->fail_type = 0;
	v->fail_also = 0;
	KUNIT_ASSERT_EQ(test, 0, test_attach(other, later));
	KUNIT_EXPECT_NE(test, v->domain[2], v->domain[1]);
	iodom_unmap_sync(dom, IOVA, SZ_8K);
}

/* A device goes, whether or not the unit lets go of it. */
static void device_goes(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct iodom *other = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *later = test_endpoint_new(test, v, 2);

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_4K, RW));
	test_fail(v, VIRTIO_IOMMU_T_ATTACH, 0);
	vtiommu_dev_detach(&ep->vdev, false);
	v->fail_type = 0;
	KUNIT_ASSERT_NE(test, 0, v->domain[1]);
	KUNIT_EXPECT_EQ(test, v->n, 0);
	KUNIT_EXPECT_NULL(test, ep->vdev.dom);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->devices));
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));

	KUNIT_ASSERT_EQ(test, 0, test_attach(other, later));
	KUNIT_EXPECT_NE(test, v->domain[2], v->domain[1]);
	iodom_unmap_sync(dom, IOVA, SZ_4K);
}

/* forsaken: what the core frees no device is left with, whatever the unit refuses. */
static void domain_goes(struct kunit *test)
{
	struct iommu_domain *blocked = &vtiommu_blocked_domain;
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct iodom *gone;

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	test_fail(v, VIRTIO_IOMMU_T_ATTACH, 0);
	KUNIT_EXPECT_EQ(test, 0, ioflush_attach(blocked, &ep->dev));
	KUNIT_EXPECT_NULL(test, ep->vdev.dom);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));

	v->fail_type = 0;
	gone = vtiommu_domain_create(&v->unit, NUMA_NO_NODE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(gone));
	KUNIT_ASSERT_EQ(test, 0, test_attach(gone, ep));
	gone->domain.ops->free(&gone->domain);
	KUNIT_EXPECT_NULL(test, ep->vdev.dom);
	KUNIT_EXPECT_EQ(test, v->domain[1],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
}

/* A device with an endpoint of its own, 2, that makes requests by endpoint 1, too */
static struct test_endpoint *alias_new(struct kunit *test, struct test_viommu *v)
{
	struct test_endpoint *alias = test_endpoint_new(test, v, 2);

	vtiommu_endpoints_remove(&alias->vdev);
	alias->fwspec->ids[alias->fwspec->num_ids++] = 1;
	KUNIT_ASSERT_EQ(test, 0, vtiommu_endpoints_add(&alias->vdev));
	return alias;
}

/* shared: an endpoint that another device has too stays where it is. */
static void endpoint_is_shared(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *alias = alias_new(test, v);

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, alias));
	KUNIT_EXPECT_PTR_EQ(test, &alias->vdev, xa_load(&v->unit.endpoints, 1));
	test_endpoint_go(alias);
	KUNIT_EXPECT_EQ(test, v->domain[1], test_domain_id(test, dom));
	KUNIT_EXPECT_EQ(test, v->domain[2],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
	KUNIT_EXPECT_PTR_EQ(test, &ep->vdev, xa_load(&v->unit.endpoints, 1));
	KUNIT_EXPECT_NULL(test, xa_load(&v->unit.endpoints, 2));
	test_endpoint_go(ep);
	KUNIT_EXPECT_EQ(test, v->domain[1],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
}

/* shared: nor is it attached once more, or detached, for one that comes, or fails to. */
static void endpoint_comes_late(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *alias = alias_new(test, v);

	/* What is shared comes first. */
	swap(alias->fwspec->ids[0], alias->fwspec->ids[1]);
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_2M, SZ_4K, RW));
	for (unsigned int i = 0; i < 2; i++) {
		const int ret = i ? 0 : -ENOMEM;

		if (ret)
			test_fail(v, VIRTIO_IOMMU_T_ATTACH, 1);
		KUNIT_EXPECT_EQ(test, ret, test_attach(dom, alias));
		KUNIT_EXPECT_EQ(test, v->domain[1], test_domain_id(test, dom));
		KUNIT_EXPECT_EQ(test, v->domain[2], ret ? 0 : v->domain[1]);
		KUNIT_EXPECT_NOT_NULL(test, test_viommu_find(v, v->domain[1], IOVA));
		KUNIT_EXPECT_EQ(test, 0, v->requests[VIRTIO_IOMMU_T_DETACH]);
	}
	iodom_unmap_sync(dom, IOVA, SZ_4K);
	KUNIT_EXPECT_EQ(test, v->n, 0);
}

/* shared: where nobody knows what is there all is attached that should be. */
static void endpoint_comes_to_lost(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *lost = test_domain_new(test, v);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *alias = alias_new(test, v);

	KUNIT_ASSERT_EQ(test, 0, test_map_at(lost, IOVA, SZ_2M, SZ_4K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_map_at(dom, IOVA, SZ_4M, SZ_4K, RW));
	KUNIT_ASSERT_EQ(test, 0, test_attach(lost, ep));
	test_fail(v, VIRTIO_IOMMU_T_MAP, 2);
	KUNIT_EXPECT_EQ(test, -ENOMEM, test_attach(dom, ep));
	/* As if it had not come home either */
	v->domain[1] = TEST_FIRST_DOMAIN + v->unit.blocked.domain;
	KUNIT_ASSERT_EQ(test, 0, test_attach(lost, alias));
	KUNIT_EXPECT_EQ(test, v->domain[2], test_domain_id(test, lost));
	KUNIT_EXPECT_EQ(test, v->domain[1], v->domain[2]);
	KUNIT_EXPECT_NOT_NULL(test, test_viommu_find(v, v->domain[1], IOVA));
	iodom_unmap_sync(lost, IOVA, SZ_4K);
	iodom_unmap_sync(dom, IOVA, SZ_4K);
}

/* reuse: but not for one that is attached to nothing: the domain's number is another's next. */
static void endpoint_of_none(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *alias = alias_new(test, v);

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	test_endpoint_go(ep);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	KUNIT_EXPECT_EQ(test, v->domain[1],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
	/* It has its endpoints when it comes. */
	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, alias));
	KUNIT_EXPECT_EQ(test, v->domain[1], test_domain_id(test, dom));
}

/* reuse: nor for one that is elsewhere by then: only as a group moves, if that fails. */
static void endpoint_elsewhere(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct iodom *next = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *alias = alias_new(test, v);

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	KUNIT_ASSERT_EQ(test, 0, test_attach(next, alias));
	KUNIT_EXPECT_EQ(test, v->domain[1], test_domain_id(test, next));
	test_endpoint_go(alias);
	KUNIT_EXPECT_TRUE(test, list_empty(&next->links));
	KUNIT_EXPECT_EQ(test, v->domain[1],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
}

/* One that was attached to nothing takes nothing along that it shares. */
static void endpoint_never_attached(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct test_endpoint *alias = alias_new(test, v);
	const u32 before = v->domain[1];

	test_endpoint_go(alias);
	KUNIT_EXPECT_EQ(test, v->domain[1], before);
	KUNIT_EXPECT_EQ(test, v->domain[2],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
	test_endpoint_go(ep);
	KUNIT_EXPECT_EQ(test, v->domain[1],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
}

/* Blocked is attached, to where nothing is mapped; identity to what is not translated. */
static void attach_statics(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);
	struct iommu_domain *identity = &vtiommu_identity_domain;
	struct iommu_domain *blocked = &vtiommu_blocked_domain;

	KUNIT_ASSERT_EQ(test, 0, ioflush_attach(identity, &ep->dev));
	KUNIT_EXPECT_EQ(test, v->domain[1],
			TEST_FIRST_DOMAIN + v->unit.bypass.domain);
	KUNIT_ASSERT_EQ(test, 0, ioflush_attach(blocked, &ep->dev));
	KUNIT_EXPECT_EQ(test, v->domain[1],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
	KUNIT_EXPECT_NE(test, v->unit.blocked.domain, v->unit.bypass.domain);

	v->unit.can_bypass = false;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			ioflush_attach(identity, &ep->dev));
	KUNIT_EXPECT_EQ(test, v->domain[1],
			TEST_FIRST_DOMAIN + v->unit.blocked.domain);
}

/* A MAP to a device that was reset fails. */
static void domain_of_dead(struct kunit *test)
{
	struct iommu_domain *blocked = &vtiommu_blocked_domain;
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct iodom *dom = test_domain_new(test, v);
	struct test_endpoint *ep = test_endpoint_new(test, v, 1);

	KUNIT_ASSERT_EQ(test, 0, test_attach(dom, ep));
	v->held = true;
	v->unit.queue.q.timeout_us = 2000;
	v->unit.queue.q.kill_timeouts = 1;
	KUNIT_EXPECT_EQ(test, -EIO, test_map_at(dom, IOVA, SZ_2M, SZ_4K, RW));
	KUNIT_EXPECT_EQ(test, 0, dom->domain.ops->iova_to_phys(&dom->domain, IOVA));
	KUNIT_EXPECT_EQ(test, v->domain[1], 0);
	/* It cannot be detached any more, and lets go of its domain all the same. */
	KUNIT_EXPECT_EQ(test, 0, ioflush_attach(blocked, &ep->dev));
	KUNIT_EXPECT_NULL(test, ep->vdev.dom);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->devices));
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
}

static struct kunit_case vtiommu_attach_cases[] = {
	KUNIT_CASE(attach_fails),
	KUNIT_CASE(attach_lost),
	KUNIT_CASE(attach_retires),
	KUNIT_CASE(device_goes),
	KUNIT_CASE(domain_goes),
	KUNIT_CASE(endpoint_is_shared),
	KUNIT_CASE(endpoint_comes_late),
	KUNIT_CASE(endpoint_comes_to_lost),
	KUNIT_CASE(endpoint_of_none),
	KUNIT_CASE(endpoint_elsewhere),
	KUNIT_CASE(endpoint_never_attached),
	KUNIT_CASE(attach_statics),
	KUNIT_CASE(domain_of_dead),
	{}
};

static struct kunit_suite vtiommu_attach_suite = {
	.name = "ioflush_virtio_attach",
	.test_cases = vtiommu_attach_cases,
};

kunit_test_suite(vtiommu_attach_suite);
