/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a recorded SMMUv3 event
 */
#ifndef _IOFLUSH_SMMU3_EVENT_H
#define _IOFLUSH_SMMU3_EVENT_H

#include <linux/types.h>

struct invq_cmd;

/** SMMU3_EVENT_U64S - size of a record, in units of 8 bytes */
#define SMMU3_EVENT_U64S 4

/** SMMU3_EVENT_TEXT - room for an event in words */
#define SMMU3_EVENT_TEXT 192

/**
 * struct smmu3_event - a decoded event record
 * @type: event number
 * @sid: StreamID
 * @access: what was tried: "write", "read" or the like; "request" if the
 *	record does not say
 * @has_addr: @addr is valid
 * @addr: input address
 * @has_fetch: @fetch is valid
 * @fetch: what the unit could not read
 * @stage: 1 or 2, or 0 if the record does not say
 * @class: what the unit was after: SMMU3_CLASS_*; counts if @stage is 2
 * @mapping: it is about a translation, and the owner of the domain may mend it
 * @is_read: no write
 * @stalled: the request waits for a CMD_RESUME
 * @stag: which names it
 */
struct smmu3_event {
	u8 type;
	u32 sid;
	const char *access;
	bool has_addr;
	u64 addr;
	bool has_fetch;
	u64 fetch;
	u8 stage;
	u8 class;
	bool mapping;
	bool is_read;
	bool stalled;
	u16 stag;
};

void smmu3_event_decode(struct smmu3_event *event,
			const __le64 record[SMMU3_EVENT_U64S]);
const char *smmu3_event_reason(u8 type);
bool smmu3_event_alike(const struct smmu3_event *a,
		       const struct smmu3_event *b);
int smmu3_event_text(char *text, size_t bytes, const struct smmu3_event *event,
		     const char *dev_name);
void smmu3_event_resume(struct invq_cmd *cmd, const struct smmu3_event *event);

#endif /* _IOFLUSH_SMMU3_EVENT_H */
