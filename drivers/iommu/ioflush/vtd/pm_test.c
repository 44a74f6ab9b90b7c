// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of VT-d units over a suspend
 *
 * Three units that are only what was asked of them.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>

#include "pm.h"
#include "regs.h"
#include "vtd.h"

#define UNITS		3

/**
 * struct pm - the units
 * @units: their names
 * @regs: their registers, for the fault event interrupt
 * @on: do they translate?
 * @queue: is their queue on?
 * @stuck: which of them cannot be stopped, or UNITS
 * @half: it has stopped translating by then
 * @began: how often the units were started
 */
struct pm {
	struct vtd_unit units[UNITS];
	u8 regs[UNITS][128];
	bool on[UNITS];
	bool queue[UNITS];
	unsigned int stuck;
	bool half;
	unsigned int began[UNITS];
};

static struct pm *pm_of(void)
{
	return kunit_get_current_test()->priv;
}

static struct vtd_unit *pm_next(struct vtd_unit *unit)
{
	struct pm *pm = pm_of();
	unsigned int i = unit ? unit->id + 1 : 0;

	return i < UNITS ? &pm->units[i] : NULL;
}

static int pm_translate(struct vtd_unit *unit, bool on)
{
	pm_of()->on[unit->id] = on;
	return 0;
}

static int pm_stop(struct vtd_unit *unit)
{
	struct pm *pm = pm_of();

	if (unit->id == pm->stuck) {
		pm->on[unit->id] = !pm->half;
		return -ETIMEDOUT;
	}
	pm->on[unit->id] = false;
	pm->queue[unit->id] = false;
	/* What sleep does to registers */
	memset(pm->regs[unit->id], 0, sizeof(pm->regs[unit->id]));
	return 0;
}

static int pm_start(struct vtd_unit *unit)
{
	struct pm *pm = pm_of();

	pm->queue[unit->id] = true;
	pm->began[unit->id]++;
	return 0;
}

static int pm_init(struct kunit *test)
{
	struct pm *pm = kunit_kzalloc(test, sizeof(*pm), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pm);
	test->priv = pm;
	pm->stuck = UNITS;
	for (unsigned int i = 0; i < UNITS; i++) {
		pm->units[i].id = i;
		pm->units[i].regs = (void __iomem *)pm->regs[i];
		vtd_write32(&pm->units[i], VTD_REG_FEDATA, 0x4000 + i);
		pm->on[i] = true;
		pm->queue[i] = true;
	}
	kunit_activate_static_stub(test, vtd_unit_next, pm_next);
	kunit_activate_static_stub(test, vtd_unit_translate, pm_translate);
	kunit_activate_static_stub(test, vtd_unit_stop, pm_stop);
	kunit_activate_static_stub(test, vtd_unit_start, pm_start);
	return 0;
}

/* Each works as before, and its faults raise the interrupt that they did. */
static void expect_work(struct kunit *test, struct pm *pm)
{
	for (unsigned int i = 0; i < UNITS; i++) {
		KUNIT_EXPECT_TRUE(test, pm->on[i]);
		KUNIT_EXPECT_TRUE(test, pm->queue[i]);
		KUNIT_EXPECT_EQ(test, 0x4000 + i,
				vtd_read32(&pm->units[i], VTD_REG_FEDATA));
	}
}

static void pm_sleeps(struct kunit *test)
{
	struct pm *pm = test->priv;

	KUNIT_EXPECT_EQ(test, 0, vtd_suspend(NULL));
	for (unsigned int i = 0; i < UNITS; i++) {
		KUNIT_EXPECT_FALSE(test, pm->on[i]);
		KUNIT_EXPECT_FALSE(test, pm->queue[i]);
	}
	vtd_resume(NULL);
	expect_work(test, pm);
}

/* One does not stop: nobody sleeps, and nobody stays off. */
static void pm_refused(struct kunit *test)
{
	struct pm *pm = test->priv;

	for (pm->stuck = 0; pm->stuck < UNITS; pm->stuck++) {
		pm->half = !pm->half;
		memset(pm->began, 0, sizeof(pm->began));
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT, vtd_suspend(NULL));
		expect_work(test, pm);
		/* Who has not been stopped is not begun anew. */
		for (unsigned int i = 0; i < UNITS; i++)
			KUNIT_EXPECT_EQ(test, i < pm->stuck, pm->began[i]);
	}
}

static struct kunit_case pm_cases[] = {
	KUNIT_CASE(pm_sleeps),
	KUNIT_CASE(pm_refused),
	{}
};

static struct kunit_suite pm_suite = {
	.name = "ioflush_vtd_pm",
	.init = pm_init,
	.test_cases = pm_cases,
};

kunit_test_suite(pm_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d units over a suspend");
MODULE_LICENSE("GPL");
