// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: SMMUv3 events in words
 *
 * Section 7.3: a record says what was wrong with a request, and of what else
 * it holds depends on that.
 */
#include <linux/bitfield.h>
#include <linux/ioflush/invq.h>
#include <linux/kernel.h>

#include "event.h"
#include "regs.h"

/* What a record holds besides number and stream */
#define EVENT_ADDR	BIT(0)	/* input address */
#define EVENT_ACCESS	BIT(1)	/* read or write, data or instruction */
#define EVENT_STAGE	BIT(2)	/* stage, and class of what was translated */
#define EVENT_FETCH	BIT(3)	/* address that the unit itself could not read */
#define EVENT_MAPPING	BIT(4)	/* may stall; is about what is mapped */

#define EVENT_OF_MAPPING (EVENT_ADDR | EVENT_ACCESS | EVENT_STAGE | EVENT_MAPPING)

/* The smallest page there is */
#define EVENT_PAGE_LG2	12

struct smmu3_event_type {
	const char *reason;
	const char *request;
	u8 fields;
};

static const struct smmu3_event_type smmu3_event_types[] = {
	[SMMU3_F_UUT] = {
		"transaction of a kind that is not supported",
		.fields = EVENT_ADDR | EVENT_ACCESS,
	},
	[SMMU3_C_BAD_STREAMID] = { "stream has no entry in the stream table" },
	[SMMU3_F_STE_FETCH] = {
		"stream table entry cannot be read", .fields = EVENT_FETCH,
	},
	[SMMU3_C_BAD_STE] = { "stream is attached to no domain" },
	[SMMU3_F_BAD_ATS_TREQ] = {
		"device may not ask for translations",
		"translation request", EVENT_ADDR,
	},
	[SMMU3_F_STREAM_DISABLED] = { "substream is not accepted" },
	[SMMU3_F_TRANSL_FORBIDDEN] = {
		"device may not send translated requests",
		.fields = EVENT_ADDR | EVENT_ACCESS,
	},
	[SMMU3_C_BAD_SUBSTREAMID] = { "substream has no context descriptor" },
	[SMMU3_F_CD_FETCH] = {
		"context descriptor cannot be read", .fields = EVENT_FETCH,
	},
	[SMMU3_C_BAD_CD] = { "context descriptor is not valid" },
	[SMMU3_F_WALK_EABT] = {
		"a table cannot be read",
		.fields = EVENT_ADDR | EVENT_ACCESS | EVENT_STAGE | EVENT_FETCH,
	},
	[SMMU3_F_TRANSLATION] = {
		"not mapped", .fields = EVENT_OF_MAPPING,
	},
	[SMMU3_F_ADDR_SIZE] = {
		"address is wider than accepted", .fields = EVENT_OF_MAPPING,
	},
	[SMMU3_F_ACCESS] = {
		"mapping has no access flag", .fields = EVENT_OF_MAPPING,
	},
	[SMMU3_F_PERMISSION] = {
		"not mapped for this kind of access",
		.fields = EVENT_OF_MAPPING,
	},
	[SMMU3_F_TLB_CONFLICT] = {
		"translations contradict each other",
		.fields = EVENT_ADDR | EVENT_ACCESS | EVENT_STAGE,
	},
	[SMMU3_F_CFG_CONFLICT] = { "stream table entries contradict each other" },
	[SMMU3_E_PAGE_REQUEST] = {
		"nobody answers such requests", "page request", EVENT_ADDR,
	},
	[SMMU3_F_VMS_FETCH] = {
		"structure of the virtual machine cannot be read",
		.fields = EVENT_FETCH,
	},
};

static const struct smmu3_event_type *smmu3_event_type(u8 number)
{
	static const struct smmu3_event_type unknown = { "event unknown" };

	if (number < ARRAY_SIZE(smmu3_event_types) &&
	    smmu3_event_types[number].reason)
		return &smmu3_event_types[number];
	return &unknown;
}

/**
 * smmu3_event_reason() - why a request was blocked
 * @type: event number
 *
 * Return: in words, never NULL.
 */
const char *smmu3_event_reason(u8 type)
{
	return smmu3_event_type(type)->reason;
}

static const char *smmu3_event_access(u64 word)
{
	if (!(word & SMMU3_EVENT1_RNW))
		return "write";
	return word & SMMU3_EVENT1_IND ? "instruction fetch" : "read";
}

/**
 * smmu3_event_decode() - decode an event record
 * @event: receives the result
 * @record: as hardware wrote it
 */
void smmu3_event_decode(struct smmu3_event *event,
			const __le64 record[SMMU3_EVENT_U64S])
{
	u64 head = le64_to_cpu(record[0]), word = le64_to_cpu(record[1]);
	u8 number = FIELD_GET(SMMU3_EVENT0_ID, head);
	const struct smmu3_event_type *type = smmu3_event_type(number);

	*event = (struct smmu3_event) {
		.type = number,
		.sid = FIELD_GET(SMMU3_EVENT0_SID, head),
		.access = type->request ?: "request",
		.has_addr = type->fields & EVENT_ADDR,
		.has_fetch = type->fields & EVENT_FETCH,
	};
	if (event->has_addr)
		event->addr = le64_to_cpu(record[2]);
	if (event->has_fetch)
		event->fetch = le64_to_cpu(record[3]) & SMMU3_EVENT3_FETCH;
	if (type->fields & EVENT_ACCESS) {
		event->access = smmu3_event_access(word);
		event->is_read = word & SMMU3_EVENT1_RNW;
	}
	if (type->fields & EVENT_STAGE) {
		event->stage = word & SMMU3_EVENT1_S2 ? 2 : 1;
		event->class = FIELD_GET(SMMU3_EVENT1_CLASS, word);
	}
	if (type->fields & EVENT_MAPPING) {
		event->mapping = true;
		event->stalled = word & SMMU3_EVENT1_STALL;
		event->stag = FIELD_GET(SMMU3_EVENT1_STAG, word);
	}
}

/**
 * smmu3_event_alike() - do two events tell the same of one page?
 * @a: one event
 * @b: another
 *
 * Return: true if one line of the log is enough for both.
 */
bool smmu3_event_alike(const struct smmu3_event *a, const struct smmu3_event *b)
{
	return a->type == b->type && a->sid == b->sid &&
	       a->is_read == b->is_read && a->stage == b->stage &&
	       a->addr >> EVENT_PAGE_LG2 == b->addr >> EVENT_PAGE_LG2;
}

/**
 * smmu3_event_text() - an event for the log
 * @text: receives it
 * @bytes: room there; SMMU3_EVENT_TEXT are enough
 * @event: the event
 * @dev_name: who caused it, or NULL if nobody knows
 *
 * Return: length of the text.
 */
int smmu3_event_text(char *text, size_t bytes, const struct smmu3_event *event,
		     const char *dev_name)
{
	static const char * const classes[] = {
		[SMMU3_CLASS_CD] = " of a context descriptor",
		[SMMU3_CLASS_TT] = " of a table",
		[SMMU3_CLASS_IN] = "",
		[3] = "",
	};
	int n = scnprintf(text, bytes, "%s", event->access);

	if (event->has_addr)
		n += scnprintf(text + n, bytes - n, " at %#llx", event->addr);
	n += scnprintf(text + n, bytes - n, " by %s (stream %#x",
		       dev_name ?: "an unknown device", event->sid);
	/* Stage 1 only translates what devices ask for. */
	if (event->stage)
		n += scnprintf(text + n, bytes - n, ", stage %u%s",
			       event->stage,
			       event->stage == 2 ? classes[event->class] : "");
	n += scnprintf(text + n, bytes - n, ") blocked: %s (event %#04x",
		       smmu3_event_reason(event->type), event->type);
	if (event->has_fetch)
		n += scnprintf(text + n, bytes - n, ", at %#llx", event->fetch);
	return n + scnprintf(text + n, bytes - n, ")");
}

/**
 * smmu3_event_resume() - encode the command that ends a stalled request
 * @cmd: receives it
 * @event: an event with @stalled set
 *
 * The request is aborted, as it would have been without stalling.
 */
void smmu3_event_resume(struct invq_cmd *cmd, const struct smmu3_event *event)
{
	cmd->u64s[0] = cpu_to_le64(FIELD_PREP(SMMU3_CMD0_OP, SMMU3_OP_RESUME) |
				   FIELD_PREP(SMMU3_CMD0_SID, event->sid) |
				   SMMU3_RESUME0_AB);
	cmd->u64s[1] = cpu_to_le64(FIELD_PREP(SMMU3_RESUME1_STAG, event->stag));
}
