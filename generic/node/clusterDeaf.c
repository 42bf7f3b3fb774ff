/*
 * clusterDeaf.c --
 *
 *	The delegate of a node that has nobody to tell: one that is closed, or is
 *	to close without a word. Lets everything pass, and does nothing.
 */

#include "node/clusterNodeInt.h"

static ClusterVerdict
DeafPacketIn(void *context, ClusterSlot *slot, ClusterMessage *message, bpacket_span *packet)
{
    (void) context;
    (void) slot;
    (void) message;
    (void) packet;
    return CLUSTER_GO_ON;
}

static ClusterVerdict
DeafMessageIn(void *context, ClusterMessage *message)
{
    (void) context;
    (void) message;
    return CLUSTER_GO_ON;
}

static ClusterVerdict
DeafMemberIn(void *context, ClusterMessage *message, Tcl_Obj *uuid)
{
    (void) context;
    (void) message;
    (void) uuid;
    return CLUSTER_GO_ON;
}

static bool
DeafMemberAdded(void *context, ClusterMember *member)
{
    (void) context;
    (void) member;
    return true;
}

static void
DeafMemberDiscovered(void *context, ClusterMember *member, Tcl_Obj *payload)
{
    (void) context;
    (void) member;
    (void) payload;
}

static void
DeafMemberTags(void *context, ClusterMember *member, Tcl_Obj *payload, Tcl_Obj *before)
{
    (void) context;
    (void) member;
    (void) payload;
    (void) before;
}

static void
DeafMemberSuspect(void *context, ClusterMember *member)
{
    (void) context;
    (void) member;
}

static void
DeafMemberLost(void *context, ClusterMember *member)
{
    (void) context;
    (void) member;
}

static void
DeafMemberDrained(void *context, ClusterMember *member)
{
    (void) context;
    (void) member;
}

static void
DeafConfirmed(void *context, ClusterMember *member, Tcl_Obj *confirm, ClusterConfirmStatus status,
        const char *reason, Tcl_Obj *text)
{
    (void) context;
    (void) member;
    (void) confirm;
    (void) status;
    (void) reason;
    (void) text;
}

static void
DeafUndelivered(void *context, ClusterMember *member, const ClusterBlob *packet, Tcl_Obj *payload,
        ClusterUndelivered reason)
{
    (void) context;
    (void) member;
    (void) packet;
    (void) payload;
    (void) reason;
}

static bool
DeafQuery(void *context, ClusterMessage *message, Tcl_Obj **answer)
{
    (void) context;
    (void) message;
    *answer = Tcl_NewObj();
    Tcl_IncrRefCount(*answer);
    return true;
}

static bool
DeafEvent(void *context, ClusterMessage *message, Tcl_Obj **error)
{
    (void) context;
    (void) message;
    (void) error;
    return true;
}

static bool
DeafPayloadOut(void *context, ClusterOutgoing *outgoing, bool toAll)
{
    (void) context;
    (void) outgoing;
    (void) toAll;
    return true;
}

static ClusterBlob *
DeafPacketOut(void *context, ClusterSlot *slot, ClusterBlob *blob)
{
    (void) context;
    (void) slot;
    return ClusterBlobHold(blob);
}

static void
DeafQueryEvent(void *context, ClusterQuery *query, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    (void) context;
    (void) query;
    (void) event;
    (void) member;
    (void) payload;
    (void) reason;
}

static void
DeafUnsealed(void *context, const char *reason, Tcl_Obj *address, Tcl_Obj *protocol)
{
    (void) context;
    (void) reason;
    (void) address;
    (void) protocol;
}

const ClusterNodeDelegate clusterDeafDelegate = {
        .packetIn = DeafPacketIn,
        .messageIn = DeafMessageIn,
        .memberIn = DeafMemberIn,
        .memberAdded = DeafMemberAdded,
        .memberTags = DeafMemberTags,
        .memberDiscovered = DeafMemberDiscovered,
        .memberSuspect = DeafMemberSuspect,
        .memberLost = DeafMemberLost,
        .memberDrained = DeafMemberDrained,
        .undelivered = DeafUndelivered,
        .confirmed = DeafConfirmed,
        .query = DeafQuery,
        .event = DeafEvent,
        .payloadOut = DeafPayloadOut,
        .packetOut = DeafPacketOut,
        .queryEvent = DeafQueryEvent,
        .unsealed = DeafUnsealed,
};
