/*
 * clusterTrace.h --
 *
 *	What happens inside, a line each, on standard error: for those who look
 *	for a fault. Switched on per node (`$cluster trace`, CLUSTER_TRACE=1).
 */

#ifndef CLUSTER_TRACE_H
#define CLUSTER_TRACE_H

#include <stdarg.h>

/*
 * Writes "SECONDS.MICROSECONDS WHO WHAT ..." in one write, cut if it is too
 * long. The time is that of the monotonic clock. What is not printable ASCII
 * becomes `?`, as names come from strangers.
 */
void ClusterTrace(const char *who, const char *what, const char *format, va_list arguments);

#endif
