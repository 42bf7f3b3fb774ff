/*
 * clusterNodeTrace.c --
 *
 *	What the trace says of a node: packets, states of members, deadlines.
 */

#include "node/clusterNodeInt.h"

#include "base/clusterTrace.h"

#include <inttypes.h>
#include <stdio.h>

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

/* Its sender, as far as the packet says. */
static void
FormatSender(const ClusterPacket *fields, char *text, size_t size)
{
    bpacket_span sid = fields->field[CLUSTER_SID].span, hid = fields->field[CLUSTER_HID].span;

    snprintf(text, size, "%.*s@%.*s", ClusterPacketHas(fields, CLUSTER_SID) ? (int) sid.length : 0,
            (const char *) sid.bytes, ClusterPacketHas(fields, CLUSTER_HID) ? (int) hid.length : 0,
            (const char *) hid.bytes);
}

static void
TracePacket(const ClusterSlot *slot, const char *what, bpacket_span packet, const char *whose,
        const char *remark)
{
    char sender[2 * CLUSTER_IDENTITY_MAX + 2];
    ClusterPacket fields;

    if (ClusterPacketDecode(packet.bytes, packet.length, NULL, NULL, &fields) != BPACKET_OK) {
        ClusterNodeTraceLine(slot->node, what, "%s no packet, %zu bytes%s", slot->type->id,
                packet.length, remark); /* as a hook makes of one */
        return;
    }
    if (!whose) {
        FormatSender(&fields, sender, sizeof sender);
        whose = sender;
    }
    ClusterNodeTraceLine(slot->node, what, "%s %s channel %" PRIu64 " %s, %zu bytes%s",
            slot->type->id, ClusterTypeName(fields.field[CLUSTER_TYPE].number),
            fields.field[CLUSTER_CHANNEL].number, whose, packet.length, remark);
}

void
ClusterNodeTraceIn(const ClusterSlot *slot, bpacket_span packet)
{
    if (slot->node->trace) {
        TracePacket(slot, "in", packet, NULL, "");
    }
}

void
ClusterNodeTraceOut(const ClusterSlot *slot, const ClusterMember *member, const ClusterBlob *blob,
        ClusterSendResult result)
{
    static const char *const results[] = {
            [CLUSTER_SENT] = "",
            [CLUSTER_SEND_FAILED] = ": failed",
            [CLUSTER_SEND_REFUSED] = ": refused",
            [CLUSTER_SEND_DENIED] = ": denied",
            [CLUSTER_SEND_ABSENT] = ": nothing there",
            [CLUSTER_SEND_FULL] = ": queue full",
            [CLUSTER_SEND_TOO_LARGE] = ": too large",
    };
    bpacket_span packet = {blob->bytes, blob->length};

    _Static_assert(CLUSTER_COUNT(results) == CLUSTER_SEND_RESULTS, "each result has a word");
    if (slot->node->trace) {
        TracePacket(slot, "out", packet, member ? Tcl_GetString(member->uuid) : "to all",
                results[result]);
    }
}
