/*
 * clusterUnicast.c --
 *
 *	Packets by datagram for one alone: of probes, which no hook sees, and beats
 *	in place of those to all.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

static ClusterPeer
PeerOf(ClusterMember *member)
{
    return (ClusterPeer){.sid = Tcl_GetString(member->sid),
            .address = member->address,
            .local = member->local,
            .owner = member,
            .uuid = Tcl_GetString(member->uuid)};
}

static ClusterSendResult
TransmitUnicast(ClusterNode *node, ClusterPeer *peer, uint16_t port, ClusterBlob *blob)
{
    ClusterSlot *slot = node->datagram;
    ClusterSendResult result;
    ClusterLink *none = NULL;

    if (!slot || !slot->transport || !port) {
        return CLUSTER_SEND_FAILED;
    }
    peer->props = Tcl_ObjPrintf("port %d", (int) port);
    Tcl_IncrRefCount(peer->props);
    result = ClusterSendTransmit(slot, peer->owner, peer, &none, blob);
    Tcl_DecrRefCount(peer->props);
    return result;
}

void
ClusterSendDatagramTo(ClusterNode *node, ClusterPeer *peer, uint16_t port,
        ClusterOutgoing *outgoing)
{
    Tcl_Obj *only = Tcl_NewStringObj(peer->sid, -1);
    ClusterSendDetails details;
    ClusterBlob *blob;

    memset(&details, 0, sizeof details);
    Tcl_IncrRefCount(only);
    blob = ClusterNodeForked(node) ? NULL : ClusterSendEncode(node, outgoing, only, &details);
    if (blob) {
        TransmitUnicast(node, peer, port, blob);
        ClusterBlobRelease(blob);
    }
    Tcl_DecrRefCount(only);
}

/*
 * In place of a packet to all, so with the hooks of that way. False when it is
 * too large for a datagram, or the member cannot hear any.
 */
bool
ClusterSendBeatTo(ClusterMember *member, ClusterOutgoing *beat)
{
    ClusterNode *node = member->node;
    ClusterSendResult result = CLUSTER_SEND_FAILED;
    ClusterSendDetails details;
    ClusterBlob *blob, *hooked;

    memset(&details, 0, sizeof details);
    if (!ClusterNodeAskOut(node, beat, false)) {
        return true; /* a hook did not want it to be sent */
    }
    blob = member->lost ? NULL : ClusterSendEncode(node, beat, member->sid, &details);
    hooked = blob ? ClusterSendHooked(node, ClusterNodeSlotToAll(node), blob) : NULL;
    if (hooked) {
        ClusterPeer peer = PeerOf(member);

        result = TransmitUnicast(node, &peer, member->datagramPort, hooked);
        ClusterBlobRelease(hooked);
    }
    if (blob) {
        ClusterBlobRelease(blob);
    }
    return result == CLUSTER_SENT;
}

void
ClusterSendDatagram(ClusterMember *member, ClusterOutgoing *outgoing)
{
    ClusterPeer peer = PeerOf(member);

    ClusterSendDatagramTo(member->node, &peer, member->datagramPort, outgoing);
}
