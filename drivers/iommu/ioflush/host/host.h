/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the DMA layer as a module, over mainline's drivers of IOMMUs
 */
#ifndef _IOFLUSH_HOST_H
#define _IOFLUSH_HOST_H

#include <linux/ioflush/place.h>

struct pci_dev;

static inline struct iohost *to_iohost(struct iodom *dom)
{
	return container_of(dom, struct iohost, dom);
}

/* domain.c */
struct iohost *iohost_create(struct device *dev);
void iohost_destroy(struct iohost *host);

/* flush.c */
extern const struct ioflush_ops iohost_flush_ops;

/* marks.c */
int iohost_mark(struct iohost *host, unsigned long iova, size_t bytes,
		gfp_t gfp);
void iohost_unmark(struct iohost *host, unsigned long iova, size_t bytes);
bool iohost_is_marked(struct iohost *host, unsigned long iova);
void iohost_marks_free(struct iohost *host);

/* table.c */
extern const struct iopgt_ops iohost_table_ops;

/* ops.c */
extern const struct iohost iohost_template;

/* chosen.c */
int iohost_choose(const char *list);
bool iohost_chosen(const struct pci_dev *pdev);

/* takeover.c */
int iohost_takeover_setup(void);
void iohost_takeover_teardown(void);

#endif /* _IOFLUSH_HOST_H */
