// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: which cache lines cost most, and who waits for them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

/* What is used of them. */
#define TOP_MAX	64

static void symbol(unsigned long at, char *text, size_t bytes)
{
	char exe[512], cmd[700], function[256] = "", line[512];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	FILE *p;

	snprintf(text, bytes, "%#lx", at);
	if (n < 0)
		return;
	exe[n] = 0;
	/* The call has returned to behind itself. */
	snprintf(cmd, sizeof(cmd), "addr2line -i -f -e '%s' %#lx 2>/dev/null",
		 exe, at - 1);
	p = popen(cmd, "r");
	if (!p)
		return;
	/* The innermost function that is in none of our own headers. */
	while (fgets(function, sizeof(function), p) && fgets(line, sizeof(line), p)) {
		const char *file = strrchr(line, '/') ?: line - 1;

		function[strcspn(function, "\n")] = 0;
		line[strcspn(line, "\n ")] = 0;
		snprintf(text, bytes, "%s %s", function, file + 1);
		if (!strstr(line, "/user/"))
			break;
		if (strstr(line, "/scale/") && !strstr(line, "/include/"))
			break;
	}
	pclose(p);
}

static void name_line(const struct sim_line *line, char *text, size_t bytes)
{
	const void *at = sim_line_at(line);
	char function[400];
	unsigned long site;
	const char *name;
	size_t offset;

	name = sim_object(at, &offset, &site);
	if (!name && !site) {
		snprintf(text, bytes, "variable at %p", at);
		return;
	}
	function[0] = 0;
	if (site)
		symbol(site, function, sizeof(function));
	snprintf(text, bytes, "%s%s%s +%#zx", name ?: "", name && site ? ", " : "",
		 function, offset);
}

static int site_by_cost(const void *a, const void *b)
{
	const struct sim_site *x = a, *y = b;

	return (x->cost < y->cost) - (x->cost > y->cost);
}

/* Sorts in what costs more than the last one of @n. */
static void insert(struct sim_line **top, unsigned int n, struct sim_line *line)
{
	if (top[n - 1] && top[n - 1]->cost >= line->cost)
		return;
	top[n - 1] = line;
	for (; n > 1 && (!top[n - 2] || top[n - 2]->cost < line->cost); n--) {
		top[n - 1] = top[n - 2];
		top[n - 2] = line;
	}
}

void lines_print(unsigned int n, u64 unmaps)
{
	struct sim_line *top[TOP_MAX] = {};
	struct sim_site *sites;
	char text[600];
	size_t i, j, len;

	n = n > TOP_MAX ? TOP_MAX : n;
	for (j = 0; j < 2; j++) {
		struct sim_line *lines = sim_lines(j, &len);

		for (i = 0; i < len; i++)
			if (lines[i].moves)
				insert(top, n, &lines[i]);
	}
	printf("# moves, ns and ns of these in line, each for one unmap; the line\n");
	for (i = 0; i < n && top[i]; i++) {
		name_line(top[i], text, sizeof(text));
		printf("%8.3f %8.1f %8.1f  %s\n", (double)top[i]->moves / unmaps,
		       (double)top[i]->cost / unmaps,
		       (double)top[i]->queued / unmaps, text);
	}
	sites = sim_sites(&len);
	qsort(sites, len, sizeof(*sites), site_by_cost);
	printf("# waits and ns, each for one unmap; where in the code\n");
	for (i = 0; i < n && sites[i].n; i++) {
		symbol(sites[i].at, text, sizeof(text));
		printf("%8.3f %8.1f           %s\n", (double)sites[i].n / unmaps,
		       (double)sites[i].cost / unmaps, text);
	}
}
