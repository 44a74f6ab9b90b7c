// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: which instructions wait for cache lines
 */
#include <linux/bug.h>

#include "sim.h"

#define SITES	8192

static struct sim_site sites[SITES];

void sim_site_add(unsigned long site, u64 cost)
{
	unsigned int i = (site ^ site >> 13) % SITES;

	for (unsigned int n = 0; sites[i].at && sites[i].at != site; n++) {
		user_refuse(n == SITES);
		i = (i + 1) % SITES;
	}
	sites[i].at = site;
	sites[i].cost += cost;
	sites[i].n++;
}

struct sim_site *sim_sites(size_t *n)
{
	*n = SITES;
	return sites;
}
