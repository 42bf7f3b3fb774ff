/*
 * clusterDeaf.c --
 *
 *	The delegate of nodes that have nobody to tell.
 */

#include "node/clusterNodeInt.h"

static ClusterVerdict
PacketIn(void *context, ClusterSlot *slot, ClusterMessage *message, bpacket_span *packet)
{
    (void) context;
    (void) slot;
    (void) message;
    (void) packet;
    return CLUSTER_GO_ON;
}

static ClusterVerdict
MessageIn(void *context, ClusterMessage *message)
{
    (void) context;
    (void) message;
    return CLUSTER_GO_ON;
}

static ClusterVerdict
MemberIn(void *context, ClusterMessage *message, Tcl_Obj *uuid)
{
    (void) context;
    (void) message;
    (void) uuid;
    return CLUSTER_GO_ON;
}

static bool
MemberAdded(void *context, ClusterMember *member)
{
    (void) context;
    (void) member;
    return true;
}

static void
MemberPayload(void *context, ClusterMember *member, Tcl_Obj *payload)
{
    (void) context;
    (void) member;
    (void) payload;
}

static void
MemberTags(void *context, ClusterMember *member, Tcl_Obj *payload, Tcl_Obj *before)
{
    (void) context;
    (void) member;
    (void) payload;
    (void) before;
}

static void
MemberLost(void *context, ClusterMember *member)
{
    (void) context;
    (void) member;
}

static bool
Query(void *context, ClusterMessage *message, Tcl_Obj **answer)
{
    (void) context;
    (void) message;
    *answer = Tcl_NewObj();
    Tcl_IncrRefCount(*answer);
    return true;
}

static void
Event(void *context, ClusterMessage *message)
{
    (void) context;
    (void) message;
}

static bool
PayloadOut(void *context, ClusterOutgoing *outgoing, int flags)
{
    (void) context;
    (void) outgoing;
    (void) flags;
    return true;
}

static ClusterBlob *
PacketOut(void *context, ClusterSlot *slot, ClusterBlob *blob)
{
    (void) context;
    (void) slot;
    return ClusterBlobHold(blob);
}

static void
QueryEvent(void *context, ClusterQuery *query, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    (void) context;
    (void) query;
    (void) event;
    (void) member;
    (void) payload;
    (void) reason;
}

const ClusterNodeDelegate clusterDeafDelegate = {PacketIn, MessageIn, MemberIn, MemberAdded,
        MemberTags, MemberPayload, MemberLost, Query, Event, PayloadOut, PacketOut, QueryEvent};
