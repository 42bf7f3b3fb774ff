/*
 * clusterLocal.h --
 *
 *	The host's own addresses. Whether an address is one of them is asked for
 *	every packet, so the list is kept, per thread, and read anew when an
 *	address is missed, at most once a second.
 */

#ifndef CLUSTER_LOCAL_H
#define CLUSTER_LOCAL_H

#include "base/clusterAddress.h"

#define CLUSTER_LOCAL_MAX 256

/* True for loopback and the addresses of the host's interfaces. */
bool ClusterIsLocal(const ClusterAddress *address);
/* Is it in the net of one of them, so that no router is needed to get there? What is no address of a host counts as near. */
bool ClusterIsNear(const ClusterAddress *address);
/*
 * Does the error of sending to the loopback address mean that this host has
 * none, and is `own` another address of the host, by which it reaches itself?
 */
bool ClusterLacksLoopback(int error, const ClusterAddress *own);
/* How many addresses the host has, CLUSTER_LOCAL_MAX at most. refresh: ask the system now. */
int ClusterLocalCount(bool refresh);
/* One of those last counted; loopback is the first. */
ClusterAddress ClusterLocalAt(int index);
/* The address of an interface, with NULL that by which the LAN is reached. False, and none, when there is none. */
bool ClusterLanAddress(const char *interface, ClusterAddress *address);

#endif
