/*
 * clusterTransport.c --
 *
 *	The table of built-in transports.
 */

#include "transport/clusterTransport.h"

#include "transport/clusterMulticast.h"
#include "transport/clusterTcp.h"
#include "transport/clusterUnix.h"

#include <string.h>

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
    };

    _Static_assert(CLUSTER_COUNT(names) == CLUSTER_DROPS, "a reason to drop has no name");
    return names[reason];
}
