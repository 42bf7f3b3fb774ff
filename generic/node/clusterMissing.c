/*
 * clusterMissing.c --
 *
 *	Members that were lost though they may live: behind a network that does not
 *	carry packets now, or on a host that does not hear. They are tried again as
 *	long as they are remembered, more and more seldom, and at once when
 *	something is heard of them. Until one answers it stays lost, whatever it
 *	says: what it cannot hear it cannot do.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>
#include <string.h>

/* Milliseconds: for which they are remembered; between two attempts at first, when they are heard, and at most. */
#define REMEMBERED (24 * 3600 * 1000LL)
#define AGAIN      500
#define AGAIN_SOON 250
#define AGAIN_MOST 60000
/* ... for which it is still answered as one that is missing when it answered itself. */
#define RETURN_WITHIN 10000
/* The time between two attempts is one part in so many of the time that it has been missing. */
#define AGAIN_SHARE 60
/* Of one that never answered, and may be invented: between two attempts at first, and for how long it is tried at all. */
#define AGAIN_UNPROVEN 1000
#define TRIED_UNPROVEN (600 * 1000LL)

struct ClusterMissing {
    ClusterNode *node; /* which has it in its table */
    ClusterTableEntry entry;
    ClusterListEntry inMissing;
    Tcl_Obj *uuid, *sid; /* held */
    ClusterAddress address;
    bool local;
    uint16_t port; /* where it heard datagrams */
    int64_t since, tried;
    bool proven;   /* it answered probes once */
    bool answered; /* it may come back, and waits for us to answer it, perhaps */
    char id[CLUSTER_PROBE_ID + 1];
    ClusterDeadline due;
};

static ClusterMissing *
MissingOfEntry(ClusterTableEntry *entry)
{
    return entry ? CLUSTER_TABLE_ITEM(entry, ClusterMissing, entry) : NULL;
}

ClusterMissing *
ClusterMissingFind(const ClusterNode *node, const char *uuid)
{
    return MissingOfEntry(ClusterTableFind(&node->missingByUuid, uuid, strlen(uuid)));
}

void
ClusterMissingForget(ClusterMissing *missing)
{
    ClusterNodeClearDue(missing->node, &missing->due);
    ClusterTableRemove(&missing->node->missingByUuid, &missing->entry);
    ClusterListRemove(&missing->inMissing);
    missing->node->missingCount--;
    ClusterReplaceObj(&missing->uuid, NULL);
    ClusterReplaceObj(&missing->sid, NULL);
    free(missing);
}

ClusterMissing *
ClusterMissingNext(const ClusterNode *node, const ClusterMissing *missing)
{
    ClusterListEntry *entry = missing ? ClusterListNext(&node->missing, &missing->inMissing)
                                      : ClusterListFirst(&node->missing);

    return entry ? CLUSTER_LIST_ITEM(entry, ClusterMissing, inMissing) : NULL;
}

bool
ClusterMissingIsAt(const ClusterMissing *missing, const ClusterAddress *address)
{
    ClusterAddress host = ClusterAddressWithPort(address, 0);

    return missing->port == ClusterAddressPort(address)
            && ClusterAddressCompare(&missing->address, &host) == 0;
}

void
ClusterMissingForgetAll(ClusterNode *node)
{
    while (node->missingCount > 0) {
        ClusterMissingForget(ClusterMissingNext(node, NULL));
    }
}

/* When it is tried next; 0 for not at all, until something is heard of it. */
static int64_t
NextTry(const ClusterMissing *missing)
{
    int64_t now = ClusterNodeNow(missing->node);
    int64_t away = now - missing->since, wait = away / AGAIN_SHARE;
    int64_t least = missing->proven ? AGAIN : AGAIN_UNPROVEN;

    if (!missing->proven && away >= TRIED_UNPROVEN) {
        return 0;
    }
    if (wait < least) {
        wait = least;
    }
    return now + (wait > AGAIN_MOST ? AGAIN_MOST : wait);
}

static void
SetDue(ClusterMissing *missing)
{
    int64_t next = NextTry(missing);

    ClusterNodeSetDue(missing->node, &missing->due, CLUSTER_DUE_MISSING,
            next ? next : missing->since + REMEMBERED);
}

/*
 * Who said goodbye or was not wanted does not come back. What speaks for the end
 * of a process may deceive; one that is really gone is forgotten when the system
 * says so.
 */
static bool
MayReturn(const ClusterMember *member)
{
    ClusterLossReason reason = member->life.reason;

    return member->datagramPort && (member->can & CLUSTER_CAN_PROBE) && reason != CLUSTER_LOSS_LEFT
            && reason != CLUSTER_LOSS_DROPPED;
}

void
ClusterMissingAdd(ClusterMember *member)
{
    ClusterNode *node = member->node;
    ClusterMissing *missing;
    Tcl_Size length;
    const char *uuid;

    if (!node->datagram || node->closed || node->probing.period == 0 || !MayReturn(member)) {
        return;
    }
    if (node->missingCount >= CLUSTER_MISSING_MAX) {
        ClusterMissingForget(ClusterMissingNext(node, NULL));
    }
    missing = calloc(1, sizeof *missing);
    if (!missing) {
        return; /* it comes back as a stranger then */
    }
    missing->node = node;
    ClusterReplaceObj(&missing->uuid, member->uuid);
    ClusterReplaceObj(&missing->sid, member->sid);
    missing->address = member->address;
    missing->local = member->local;
    missing->port = member->datagramPort;
    missing->since = missing->tried = ClusterNodeNow(node);
    ClusterSystemRandomText(&node->system, missing->id, CLUSTER_PROBE_ID);
    uuid = Tcl_GetStringFromObj(missing->uuid, &length);
    ClusterTableAdd(&node->missingByUuid, &missing->entry, uuid, (size_t) length);
    missing->proven = member->probe.proven;
    if (missing->proven) {
        ClusterListAppend(&node->missing, &missing->inMissing);
    } else {
        ClusterListPrepend(&node->missing, &missing->inMissing); /* the first to be forgotten */
    }
    node->missingCount++;
    SetDue(missing);
}

/*
 * ------------------------------------------------------------------------
 * Trying
 * ------------------------------------------------------------------------
 */

static void
Try(ClusterMissing *missing)
{
    ClusterNode *node = missing->node;
    ClusterErrand *errand;

    missing->tried = ClusterNodeNow(node);
    SetDue(missing);
    if (ClusterNodeMay(node, missing->proven ? CLUSTER_QUOTA_PROBES : CLUSTER_QUOTA_TRIALS)) {
        errand = ClusterErrandAppend(node, CLUSTER_SEND_TRY, NULL);
        ClusterReplaceObj(&errand->ways, missing->uuid);
        ClusterReplaceObj(&errand->ruid, Tcl_NewStringObj(missing->id, -1));
    }
}

void
ClusterMissingDue(ClusterDeadline *deadline)
{
    ClusterMissing *missing = CLUSTER_LIST_ITEM(deadline, ClusterMissing, due);

    if (missing->answered || ClusterNodeNow(missing->node) - missing->since >= REMEMBERED) {
        ClusterMissingForget(missing);
    } else {
        Try(missing);
    }
}

void
ClusterMissingHeard(ClusterMissing *missing, const ClusterMessage *message)
{
    if (message->slot->type->reachesAll) {
        missing->address = message->local ? ClusterAddressLoopback()
                                          : ClusterAddressWithPort(&message->origin.address, 0);
        missing->local = message->local;
    }
    if (!missing->answered && ClusterNodeNow(missing->node) - missing->tried >= AGAIN_SOON) {
        Try(missing);
    }
}

void
ClusterMissingPeer(const ClusterMissing *missing, ClusterPeer *peer, uint16_t *port)
{
    memset(peer, 0, sizeof *peer);
    peer->sid = Tcl_GetString(missing->sid);
    peer->uuid = Tcl_GetString(missing->uuid);
    peer->address = missing->address;
    peer->local = missing->local;
    *port = missing->port;
}

bool
ClusterMissingMayReturn(const ClusterMissing *missing)
{
    return missing->answered;
}

/*
 * It asks us perhaps in the same way, and takes nothing from us until we have
 * answered: so it is remembered until it is a member again. All who may have
 * been cut off with it are looked for as well.
 */
void
ClusterMissingAnswered(ClusterMissing *missing, bpacket_span id)
{
    ClusterNode *node = missing->node;
    Tcl_Obj *sids;

    if (missing->answered || !bpacket_span_equals(id, missing->id, CLUSTER_PROBE_ID)) {
        return;
    }
    missing->answered = true;
    ClusterNodeSetDue(node, &missing->due, CLUSTER_DUE_MISSING,
            ClusterNodeNow(node) + RETURN_WITHIN);
    ClusterNodeTraceLine(node, "member", "%s answers again", Tcl_GetString(missing->uuid));
    sids = Tcl_NewListObj(1, &missing->sid);
    ClusterReplaceObj(&ClusterErrandAppend(node, CLUSTER_SEND_ASK, NULL)->list, sids);
    if (ClusterNodeMay(node, CLUSTER_QUOTA_ASKS)) {
        node->discovered = false;
        ClusterErrandAppend(node, CLUSTER_SEND_DISCOVERY, NULL);
    }
}
