/*
 * clusterTransport.c --
 *
 *	The table of built-in transports, and what several of them do alike.
 */

#include "transport/clusterTransport.h"

#include "base/clusterLimits.h"
#include "packet/clusterForeign.h"
#include "transport/clusterMulticast.h"
#include "transport/clusterTcp.h"
#include "transport/clusterUnix.h"

#include <string.h>

#define PORT_DIGITS 5

/* One more here, and it can be joined with and has a class ::cluster::protocol::ID. */
static const ClusterTransportType *const builtIn[] = {
        &clusterMulticastType,
        &clusterTcpType,
        &clusterUnixType,
        NULL,
};

const ClusterTransportType *
ClusterTransportAt(int index)
{
    return builtIn[index];
}

int
ClusterTransportIndex(const char *id)
{
    int i;

    for (i = 0; builtIn[i]; i++) {
        if (strcmp(builtIn[i]->id, id) == 0) {
            return i;
        }
    }
    return -1;
}

const ClusterTransportType *
ClusterTransportByName(const char *id)
{
    int index = ClusterTransportIndex(id);

    return index < 0 ? NULL : builtIn[index];
}

/* A port as a stranger writes it, 0 when it is none: long digits would be dear to convert. */
static uint16_t
PortOf(Tcl_Obj *value)
{
    Tcl_Size length;
    int port = 0;

    Tcl_GetStringFromObj(value, &length);
    if (length > PORT_DIGITS || Tcl_GetIntFromObj(NULL, value, &port) != TCL_OK || port < 0
            || port > UINT16_MAX) {
        return 0;
    }
    return (uint16_t) port;
}

uint16_t
ClusterPeerPort(const ClusterPeer *peer)
{
    Tcl_Obj *value =
            peer->props ? ClusterForeignGet(peer->props, CLUSTER_PROPS_BYTES_MAX, "port") : NULL;
    uint16_t port = 0;

    if (value) {
        port = PortOf(value);
        Tcl_DecrRefCount(value);
    }
    return port;
}

const char *
ClusterDropName(ClusterDrop reason)
{
    static const char *const names[] = {
            [CLUSTER_DROP_MALFORMED] = "malformed",
            [CLUSTER_DROP_OVERSIZED] = "oversized",
            [CLUSTER_DROP_FOREIGN] = "foreign",
            [CLUSTER_DROP_OWN] = "own",
            [CLUSTER_DROP_FILTERED] = "filtered",
            [CLUSTER_DROP_CHANNEL] = "channel",
            [CLUSTER_DROP_HOOK] = "hook",
            [CLUSTER_DROP_REJECTED] = "rejected",
            [CLUSTER_DROP_LIMIT] = "limit",
            [CLUSTER_DROP_DUPLICATE] = "duplicate",
            [CLUSTER_DROP_SILENT] = "silent",
            [CLUSTER_DROP_SLOW] = "slow",
            [CLUSTER_DROP_STALLED] = "stalled",
            [CLUSTER_DROP_CROWDED] = "crowded",
            [CLUSTER_DROP_LATE] = "late",
            [CLUSTER_DROP_UNSEALED] = "unsealed",
            [CLUSTER_DROP_BADSEAL] = "badseal",
            [CLUSTER_DROP_REPLAYED] = "replayed",
    };

    _Static_assert(CLUSTER_COUNT(names) == CLUSTER_DROPS, "a reason to drop has no name");
    return names[reason];
}
