// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which devices the user wants to be taken over
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/pci.h>
#include <linux/string.h>

#include "host.h"

/** IOHOST_CHOSEN_MAX - words that the list may have */
#define IOHOST_CHOSEN_MAX 64

/**
 * struct iohost_chosen - a word of the list
 * @by_id: it names a kind of device; else one by its place
 * @vendor: of the kind
 * @device: of the kind
 * @domain: of the place
 * @bus: of the place
 * @devfn: of the place
 */
struct iohost_chosen {
	bool by_id;
	u16 vendor;
	u16 device;
	int domain;
	u8 bus;
	u8 devfn;
};

static struct iohost_chosen iohost_list[IOHOST_CHOSEN_MAX];
static unsigned int iohost_n;

/* All of the word has to be understood: %n says how far it was. */
static bool iohost_parse(const char *word, struct iohost_chosen *c)
{
	unsigned int a, b, d, f;
	int end = 0;

	*c = (struct iohost_chosen){};
	if (sscanf(word, "%x:%x:%x.%x%n", &a, &b, &d, &f, &end) == 4 &&
	    !word[end] && b <= 0xff && d <= 0x1f && f <= 7) {
		c->domain = a;
		c->bus = b;
		c->devfn = PCI_DEVFN(d, f);
		return true;
	}
	end = 0;
	if (sscanf(word, "%x:%x%n", &a, &b, &end) == 2 && !word[end] &&
	    a <= 0xffff && b <= 0xffff) {
		c->by_id = true;
		c->vendor = a;
		c->device = b;
		return true;
	}
	return false;
}

/**
 * iohost_choose() - read the user's list
 * @list: PCI addresses or ids, with commas between them
 *
 * Context: process context, once.
 * Return: 0 or -EINVAL; the log says why.
 */
int iohost_choose(const char *list)
{
	char word[32];
	size_t len;

	for (; *list; list += len + !!list[len]) {
		len = strcspn(list, ",");
		strscpy(word, list, min(len + 1, sizeof(word)));
		if (len >= sizeof(word) || iohost_n == IOHOST_CHOSEN_MAX ||
		    !iohost_parse(word, &iohost_list[iohost_n])) {
			pr_err("devices=: '%s' not understood: give up to %d PCI addresses (0000:03:00.0) or ids (8086:10d3), with commas between them\n",
			       word, IOHOST_CHOSEN_MAX);
			return -EINVAL;
		}
		iohost_n++;
	}
	if (iohost_n)
		return 0;
	pr_err("no devices: name some by devices=, PCI addresses (0000:03:00.0) or ids (8086:10d3)\n");
	return -EINVAL;
}

/**
 * iohost_chosen() - is a device on the list?
 * @pdev: the device
 *
 * Context: any context.
 * Return: whether it is.
 */
bool iohost_chosen(const struct pci_dev *pdev)
{
	for (unsigned int i = 0; i < iohost_n; i++) {
		const struct iohost_chosen *c = &iohost_list[i];

		if (c->by_id ? pdev->vendor == c->vendor && pdev->device == c->device :
			       pci_domain_nr(pdev->bus) == c->domain &&
			       pdev->bus->number == c->bus && pdev->devfn == c->devfn)
			return true;
	}
	return false;
}
