// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: how an entry of 64 bytes that hardware may read at any time goes
 * from one meaning to another
 *
 *	step	changes				what a reader sees
 *	1	bits that the old meaning	the old meaning
 *		ignores
 *	2	one word			the old or the new one
 *	3	bits that the new meaning	the new meaning
 *		ignores
 *
 * After each step hardware forgets what it has read (CFGI and CMD_SYNC): or a
 * reader could hold words from before the first step, and fetch others after
 * the second.
 *
 * Where more than one word would have to change in step 2, no order of stores
 * helps, and the entry is made invalid meanwhile.
 */
#include <linux/compiler.h>
#include <linux/string.h>

#include "entry.h"

static bool entry_equal(const struct smmu3_entry *a,
			const struct smmu3_entry *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* The last step so far, or where the plan begins. */
static const struct smmu3_entry *
plan_last(const struct smmu3_entry_plan *plan, const struct smmu3_entry *now)
{
	return plan->nsteps ? &plan->step[plan->nsteps - 1] : now;
}

static void plan_add(struct smmu3_entry_plan *plan,
		     const struct smmu3_entry *now,
		     const struct smmu3_entry *next)
{
	if (!entry_equal(plan_last(plan, now), next))
		plan->step[plan->nsteps++] = *next;
}

/* Take from @wanted all the bits that do not count in @now. */
static void entry_prepare(struct smmu3_entry *entry,
			  const struct smmu3_entry *now,
			  const struct smmu3_entry *wanted,
			  const struct smmu3_entry *used)
{
	for (int i = 0; i < SMMU3_ENTRY_WORDS; i++)
		entry->w[i] = (now->w[i] & used->w[i]) |
			      (wanted->w[i] & ~used->w[i]);
}

/* Words that still have another meaning than @wanted; the last goes to @word */
static unsigned int entry_critical(const struct smmu3_entry *entry,
				   const struct smmu3_entry *wanted,
				   const struct smmu3_entry *used, int *word)
{
	unsigned int n = 0;

	for (int i = 0; i < SMMU3_ENTRY_WORDS; i++) {
		if (!((entry->w[i] ^ wanted->w[i]) & used->w[i]))
			continue;
		*word = i;
		n++;
	}
	return n;
}

/* V is in the first word of either kind of entry; without it nothing counts. */
static void plan_by_invalid(struct smmu3_entry_plan *plan,
			    const struct smmu3_entry *now,
			    const struct smmu3_entry *wanted)
{
	struct smmu3_entry next = *now;

	next.w[0] = 0;
	plan_add(plan, now, &next);
	next = *wanted;
	next.w[0] = 0;
	plan_add(plan, now, &next);
	plan_add(plan, now, wanted);
}

/**
 * smmu3_entry_plan() - how to change an entry that hardware may read
 * @plan: receives the steps, none if there is nothing to do
 * @now: what the entry is
 * @wanted: what it has to become, bit by bit
 * @used_of: which bits count, for this kind of entry
 *
 * Either entry may be valid or not. From or to one that is not, the way is
 * always hitless: then one of the two meanings is to be invalid.
 *
 * Context: any context.
 */
void smmu3_entry_plan(struct smmu3_entry_plan *plan,
		      const struct smmu3_entry *now,
		      const struct smmu3_entry *wanted,
		      smmu3_entry_used_t *used_of)
{
	struct smmu3_entry used_now, used_wanted, next;
	unsigned int critical;
	int word = 0;

	used_of(now, &used_now);
	used_of(wanted, &used_wanted);
	plan->nsteps = 0;

	entry_prepare(&next, now, wanted, &used_now);
	critical = entry_critical(&next, wanted, &used_wanted, &word);
	plan->hitless = critical <= 1;
	if (!plan->hitless) {
		plan_by_invalid(plan, now, wanted);
		return;
	}

	plan_add(plan, now, &next);
	next.w[word] = wanted->w[word];
	plan_add(plan, now, &next);
	plan_add(plan, now, wanted);
}

/**
 * smmu3_entry_store() - write one step of a plan
 * @entry: where hardware reads
 * @value: the step
 *
 * Each word is stored at once. Their order does not matter: by the rules of
 * struct smmu3_entry_plan at most one of them changes what is seen.
 *
 * Context: whoever owns the entry. The stores are ordered before the CFGI that
 * follows by the publication of commands in invq_submit().
 */
void smmu3_entry_store(struct smmu3_entry *entry,
		       const struct smmu3_entry *value)
{
	for (int i = 0; i < SMMU3_ENTRY_WORDS; i++)
		if (entry->w[i] != value->w[i])
			WRITE_ONCE(entry->w[i], value->w[i]);
}
