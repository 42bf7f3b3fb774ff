/*
 * clusterLocal.h --
 *
 *	Is an address one of this host's? Asked for every packet, so the list is
 *	kept, per thread, and read anew when an address is missed, at most once a second.
 */

#ifndef CLUSTER_LOCAL_H
#define CLUSTER_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#define CLUSTER_LOCAL_MAX 256

/* True for 127.0.0.0/8 and the addresses of the host's interfaces. */
bool ClusterIsLocal(uint32_t ip);
/* The host's addresses, loopback first; borrowed until the next call. refresh: ask the system now. */
const uint32_t *ClusterLocalList(bool refresh, int *count);

#endif
