/*
 * clusterNames.h --
 *
 *	Types of packets and reserved channels: their numbers, and the names by
 *	which scripts may give them. No interp is known.
 */

#ifndef CLUSTER_NAMES_H
#define CLUSTER_NAMES_H

#include "base/clusterCompat.h"

#include <stdbool.h>
#include <stdint.h>

/* What a packet is for: its field `type`. */
typedef enum ClusterType {
    CLUSTER_DISCONNECT = 0,
    CLUSTER_HEARTBEAT,
    CLUSTER_DISCOVERY,
    CLUSTER_PING,
    CLUSTER_QUERY,
    CLUSTER_RESPONSE,
    CLUSTER_EVENT,
    CLUSTER_FLUSH,
    CLUSTER_FAILURE,
    CLUSTER_PROBE, /* these three are above what 1.1.8 knows */
    CLUSTER_ACK,
    CLUSTER_RELAY,
    CLUSTER_DELIVERY, /* an event to be confirmed */
    CLUSTER_RECEIPT,  /* confirms it */
    CLUSTER_TYPES
} ClusterType;

/* Channels that every node is on: the field `channel`, as are all others. */
enum { CLUSTER_CHANNEL_BROADCAST = 0, CLUSTER_CHANNEL_SYSTEM, CLUSTER_CHANNEL_LAN };

/* A number of 0 or more, or a name. False when the value is neither. */
bool ClusterTypeByName(Tcl_Obj *value, int64_t *type);
/* "heartbeat", ...; "unknown" for a type that is none of ours. */
const char *ClusterTypeName(uint64_t type);
bool ClusterChannelByName(Tcl_Obj *value, uint64_t *channel);

#endif
