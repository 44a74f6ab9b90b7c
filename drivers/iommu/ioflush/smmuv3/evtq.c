// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: takes SMMUv3 events from their queue
 *
 * Hardware writes behind EVENTQ_PROD and raises an interrupt when the queue was
 * empty; software reads behind EVENTQ_CONS. Both hold the index, a bit that
 * changes each time it wraps, and one that tells of an overflow, section 7.4.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/ratelimit.h>

#include "event.h"
#include "regs.h"
#include "smmuv3.h"

/* Log2 of the most events in a queue: as many as a page has words of 32 bits */
#define SMMU3_EVTQ_LG2		10

/* Between two rounds over the queue: a storm of events gets no whole CPU. */
#define SMMU3_EVENT_PAUSE_MS	10

static u32 smmu3_evtq_span(const struct smmu3_unit *unit)
{
	return (2U << unit->evtq.lg2) - 1;
}

static u32 smmu3_evtq_prod(const struct smmu3_unit *unit)
{
	return readl(unit->page1 + SMMU3_PAGE1_EVENTQ_PROD);
}

/* Where both stand at the same place, with the same wrap bit, it is empty. */
static u32 smmu3_evtq_pending(const struct smmu3_unit *unit, u32 prod)
{
	return (prod - unit->evtq_cons) & smmu3_evtq_span(unit);
}

/**
 * struct smmu3_event_run - events that are alike, one after the other
 * @event: the first
 * @times: how many; 0 for none
 *
 * A device that may not write a page tries with every few bytes of it.
 */
struct smmu3_event_run {
	struct smmu3_event event;
	unsigned int times;
};

/*
 * Offer a fault to the owner of the domain. The mutex keeps the device in the
 * domain.
 */
static bool smmu3_event_handled(struct smmu3_unit *unit,
				const struct smmu3_event *event)
{
	struct smmu3_dev *sdev;
	bool handled = false;

	if (!event->mapping)
		return false;
	mutex_lock(&unit->mutex);
	sdev = smmu3_dev_of_sid(unit, event->sid);
	if (sdev && sdev->dom)
		handled = !report_iommu_fault(sdev->domain, sdev->dev,
					      event->addr, event->is_read ?
					      IOMMU_FAULT_READ :
					      IOMMU_FAULT_WRITE);
	mutex_unlock(&unit->mutex);
	return handled;
}

static void smmu3_event_tell(struct smmu3_unit *unit,
			     const struct smmu3_event_run *run)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	char text[SMMU3_EVENT_TEXT];
	struct smmu3_dev *sdev;

	if (!run->times || !__ratelimit(&limit))
		return;
	mutex_lock(&unit->mutex);
	sdev = smmu3_dev_of_sid(unit, run->event.sid);
	smmu3_event_text(text, sizeof(text), &run->event,
			 sdev ? dev_name(sdev->dev) : NULL);
	mutex_unlock(&unit->mutex);
	if (run->times > 1)
		pr_err("%s: %s, %u times\n", unit->name, text, run->times);
	else
		pr_err("%s: %s\n", unit->name, text);
}

/* Tell of a run of events that are alike when one comes that is not. */
static void smmu3_event_one(struct smmu3_unit *unit,
			    const struct smmu3_event *event,
			    struct smmu3_event_run *run)
{
	if (smmu3_event_handled(unit, event))
		return;
	if (!run->times || !smmu3_event_alike(event, &run->event)) {
		smmu3_event_tell(unit, run);
		run->event = *event;
		run->times = 0;
	}
	run->times++;
}

/* No entry of ours lets a request stall; one that does must not wait for ever. */
static void smmu3_event_unstall(struct smmu3_unit *unit,
				const struct smmu3_event *event)
{
	struct invq_cmd cmd;

	if (!event->stalled)
		return;
	smmu3_event_resume(&cmd, event);
	invq_submit_wait(&unit->q, &cmd, 1);
}

/**
 * smmu3_event_lost() - events could not be recorded
 * @unit: the unit
 *
 * Which, and how many, nobody knows.
 *
 * Context: any context.
 */
void smmu3_event_lost(struct smmu3_unit *unit)
{
	if (atomic_long_inc_return(&unit->evtq_lost) == 1)
		pr_err("%s: events could not be recorded and are lost; from now on that is only counted\n",
		       unit->name);
}

static void smmu3_event_next(struct smmu3_unit *unit,
			     struct smmu3_event_run *run)
{
	u32 index = unit->evtq_cons & (smmu3_evtq_span(unit) >> 1);
	const __le64 *record = unit->evtq.mem;
	struct smmu3_event event;

	smmu3_event_decode(&event, record + index * SMMU3_EVENT_U64S);
	smmu3_event_one(unit, &event, run);
	smmu3_event_unstall(unit, &event);
	unit->evtq_cons = (unit->evtq_cons & ~smmu3_evtq_span(unit)) |
			  ((unit->evtq_cons + 1) & smmu3_evtq_span(unit));
}

/* Take what @prod says is there; readl() has ordered that before the records. */
static void smmu3_event_round(struct smmu3_unit *unit, u32 prod)
{
	u32 n = smmu3_evtq_pending(unit, prod);
	struct smmu3_event_run run = {};

	if (n > 1U << unit->evtq.lg2) {
		pr_err_ratelimited("%s: EVENTQ_PROD is %#x, EVENTQ_CONS %#x: events skipped\n",
				   unit->name, prod, unit->evtq_cons);
		n = 0;
		unit->evtq_cons = prod;
	}
	while (n--)
		smmu3_event_next(unit, &run);
	smmu3_event_tell(unit, &run);

	if ((prod ^ unit->evtq_cons) & SMMU3_EVENTQ_PROD_OVFLG)
		smmu3_event_lost(unit);
	unit->evtq_cons = (unit->evtq_cons & smmu3_evtq_span(unit)) |
			  (prod & SMMU3_EVENTQ_PROD_OVFLG);
	/* The records have been read before hardware may write to them again. */
	mb();
	writel(unit->evtq_cons, unit->page1 + SMMU3_PAGE1_EVENTQ_CONS);
}

static bool smmu3_event_any(const struct smmu3_unit *unit, u32 prod)
{
	return smmu3_evtq_pending(unit, prod) ||
	       (prod ^ unit->evtq_cons) & SMMU3_EVENTQ_PROD_OVFLG;
}

/**
 * smmu3_event_take() - take all events out of a unit's queue and report them
 * @unit: the unit
 *
 * Returns when the queue was seen empty after the last write to EVENTQ_CONS:
 * what comes later raises an interrupt.
 *
 * Context: process context, one thread a unit; sleeps between rounds.
 */
void smmu3_event_take(struct smmu3_unit *unit)
{
	u32 prod = smmu3_evtq_prod(unit);

	while (smmu3_event_any(unit, prod)) {
		smmu3_event_round(unit, prod);
		prod = smmu3_evtq_prod(unit);
		if (smmu3_event_any(unit, prod))
			msleep(SMMU3_EVENT_PAUSE_MS);
	}
}

/**
 * smmu3_event_init() - allocate a unit's event queue
 * @unit: a unit with decoded capabilities, whose device has its DMA mask
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int smmu3_event_init(struct smmu3_unit *unit)
{
	return smmu3_ring_alloc(unit, &unit->evtq,
				min(unit->caps.evtq_lg2, SMMU3_EVTQ_LG2),
				SMMU3_EVENT_U64S * sizeof(__le64));
}

/**
 * smmu3_event_exit() - free a unit's event queue
 * @unit: a unit that is disabled; smmu3_event_init() may have failed
 *
 * Context: process context.
 */
void smmu3_event_exit(struct smmu3_unit *unit)
{
	smmu3_ring_free(unit, &unit->evtq);
}

/**
 * smmu3_event_start() - tell hardware about the event queue
 * @unit: a unit whose CR0.EVENTQEN is clear
 *
 * Context: process context.
 */
void smmu3_event_start(struct smmu3_unit *unit)
{
	unit->evtq_cons = 0;
	smmu3_write64(unit, SMMU3_REG_EVENTQ_BASE,
		      unit->evtq.dma | SMMU3_Q_BASE_WA |
		      FIELD_PREP(SMMU3_Q_BASE_LOG2SIZE, unit->evtq.lg2));
	writel(0, unit->page1 + SMMU3_PAGE1_EVENTQ_PROD);
	writel(0, unit->page1 + SMMU3_PAGE1_EVENTQ_CONS);
}
