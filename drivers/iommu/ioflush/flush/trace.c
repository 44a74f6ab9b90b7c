// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the tracepoints' definitions
 */
#define CREATE_TRACE_POINTS
#include <trace/events/ioflush.h>
