// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: one test of a program that has several
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "case.h"

static void __noreturn run(unsigned int seconds, void (*fn)(void *arg),
			   void *arg)
{
	/* Much longer than it takes: a hang is found, and a busy machine is none. */
	alarm(10 * seconds);
	fn(arg);
	rcu_barrier();
	if (user_pages_used())
		user_die("pages that were not freed: %ld\n", user_pages_used());
	exit(!!user_warnings());
}

bool user_case(const char *name, unsigned int seconds, void (*fn)(void *arg),
	       void *arg)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		run(seconds, fn, arg);
	if (pid > 0)
		waitpid(pid, &status, 0);
	printf("%s - %s\n", status ? "not ok" : "ok", name);
	if (status)
		printf("    its status is %#x, see what it said before\n",
		       status);
	fflush(stdout);
	return !status;
}
