/*
 * clusterStats.c --
 *
 *	`$cluster stats`: what was counted, by names that the manual documents.
 */

#include "command/clusterCommandInt.h"

static void
PutCount(Tcl_Obj *dict, const char *name, uint64_t count)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(name, -1), Tcl_NewWideIntObj((Tcl_WideInt) count));
}

static Tcl_Obj *
TransportStats(ClusterTransport *transport)
{
    const ClusterTraffic *traffic = transport->type->traffic(transport);
    Tcl_Obj *stats = Tcl_NewDictObj();

    PutCount(stats, "packets_in", traffic->packetsIn);
    PutCount(stats, "packets_out", traffic->packetsOut);
    PutCount(stats, "bytes_in", traffic->bytesIn);
    PutCount(stats, "bytes_out", traffic->bytesOut);
    PutCount(stats, "connections", traffic->connections);
    PutCount(stats, "opened", traffic->opened);
    PutCount(stats, "failures", traffic->failures);
    PutCount(stats, "queued_bytes", traffic->queuedBytes);
    return stats;
}

Tcl_Obj *
ClusterObjectStats(ClusterObject *cluster)
{
    ClusterNode *node = cluster->node;
    Tcl_Obj *stats = Tcl_NewDictObj(), *transports = Tcl_NewDictObj(), *drops = Tcl_NewDictObj();
    Tcl_Obj *withheld = Tcl_NewDictObj(), *undelivered = Tcl_NewDictObj();
    int i;

    for (i = 0; i < ClusterNodeSlotCount(node); i++) {
        ClusterSlot *slot = ClusterNodeSlot(node, i);

        if (ClusterSlotTransport(slot)) {
            Tcl_DictObjPut(NULL, transports, ClusterSlotId(slot),
                    TransportStats(ClusterSlotTransport(slot)));
        }
    }
    for (i = 0; i < CLUSTER_DROPS; i++) {
        PutCount(drops, ClusterDropName((ClusterDrop) i), ClusterNodeDrops(node, (ClusterDrop) i));
    }
    for (i = 0; i < CLUSTER_QUOTAS; i++) {
        PutCount(withheld, ClusterQuotaName((ClusterQuota) i),
                ClusterNodeWithheld(node, (ClusterQuota) i));
    }
    for (i = 0; i < CLUSTER_UNDELIVERED_REASONS; i++) {
        PutCount(undelivered, ClusterUndeliveredName((ClusterUndelivered) i),
                ClusterNodeUndelivered(node, (ClusterUndelivered) i));
    }
    PutCount(stats, "services", ClusterNodeMemberCount(node));
    Tcl_DictObjPut(NULL, stats, Tcl_NewStringObj("protocols", -1), transports);
    Tcl_DictObjPut(NULL, stats, Tcl_NewStringObj("drops", -1), drops);
    Tcl_DictObjPut(NULL, stats, Tcl_NewStringObj("withheld", -1), withheld);
    Tcl_DictObjPut(NULL, stats, Tcl_NewStringObj("undelivered", -1), undelivered);
    PutCount(stats, "refused", ClusterNodeRefused(node));
    PutCount(stats, "hook_errors", cluster->hookErrors);
    return stats;
}
