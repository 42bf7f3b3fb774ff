/*
 * clusterNodeTrace.c --
 *
 *	What the trace says of a node: packets, states of members, deadlines.
 */

#include "node/clusterNodeInt.h"

#include "base/clusterTrace.h"

#include <inttypes.h>

bool
ClusterNodeTrace(const ClusterNode *node)
{
    return node->trace;
}

void
ClusterNodeSetTrace(ClusterNode *node, bool on)
{
    node->trace = on;
}

void
ClusterNodeTraceLine(const ClusterNode *node, const char *what, const char *format, ...)
{
    va_list arguments;

    if (node->trace) {
        va_start(arguments, format);
        ClusterTrace(node->sid, what, format, arguments);
        va_end(arguments);
    }
}

/* One that a hook made, or that is not one at all, shows as such. */
void
ClusterNodeTracePacket(const ClusterSlot *slot, const char *what, bpacket_span packet,
        Tcl_Obj *whose, const char *remark)
{
    const char *name = whose ? Tcl_GetString(whose) : "everybody";
    ClusterPacket fields;

    if (ClusterPacketDecode(packet.bytes, packet.length, NULL, NULL, &fields) != BPACKET_OK) {
        ClusterNodeTraceLine(slot->node, what, "%s %s %zu bytes, no packet: %s", slot->type->id,
                name, packet.length, remark);
        return;
    }
    ClusterNodeTraceLine(slot->node, what, "%s %s %s channel %" PRIu64 " %zu bytes: %s",
            slot->type->id, name, ClusterTypeName(fields.field[CLUSTER_TYPE].number),
            fields.field[CLUSTER_CHANNEL].number, packet.length, remark);
}
