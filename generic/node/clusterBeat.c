/*
 * clusterBeat.c --
 *
 *	What a node says of itself: payloads, heartbeats and discovery probes.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* Beats are spread by this share of the interval, to either side, so that members do not beat together. */
#define JITTER_PERCENT 10
/* Members named in one probe that asks for their props. */
#define ASK_MOST 64

/*
 * ------------------------------------------------------------------------
 * Payloads
 * ------------------------------------------------------------------------
 */

Tcl_Obj *
ClusterNodeProps(ClusterNode *node)
{
    Tcl_Obj *all = Tcl_NewDictObj();
    int i;

    for (i = 0; i < node->slotCount; i++) {
        ClusterSlot *slot = node->slots[i];
        Tcl_Obj *props = slot->transport ? slot->type->props(slot->transport) : NULL;

        if (props) {
            Tcl_DictObjPut(NULL, all, slot->id, props);
        }
    }
    return all;
}

void
ClusterNodeOutgoing(const ClusterNode *node, uint64_t type, uint64_t channel,
        ClusterOutgoing *outgoing)
{
    ClusterOutgoingInit(outgoing, &node->keys);
    ClusterOutgoingSetValue(outgoing, CLUSTER_SID, node->sidObj);
    ClusterOutgoingSetValue(outgoing, CLUSTER_HID, node->hidObj);
    ClusterOutgoingSetNumber(outgoing, CLUSTER_TYPE, type);
    ClusterOutgoingSetNumber(outgoing, CLUSTER_CHANNEL, channel);
    ClusterOutgoingSetValue(outgoing, CLUSTER_PROTOCOLS, node->protocols);
}

void
ClusterNodeAddKnown(const ClusterNode *node, bool tags, ClusterOutgoing *outgoing)
{
    ClusterOutgoingSetNumber(outgoing, CLUSTER_KNOWN, node->memberCount);
    if (tags) {
        ClusterOutgoingSetValue(outgoing, CLUSTER_TAGS, node->tags);
    }
}

static void
Put(const ClusterNode *node, Tcl_Obj *payload, ClusterField id, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, payload, node->keys.name[id], value);
}

/* Adds what extra has, but for a filter, which stands first already. */
static void
Merge(const ClusterNode *node, Tcl_Obj *payload, Tcl_Obj *extra)
{
    Tcl_Obj *key, *value;
    Tcl_DictSearch search;
    int done;

    if (!extra || Tcl_DictObjFirst(NULL, extra, &search, &key, &value, &done) != TCL_OK) {
        return;
    }
    for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
        if (strcmp(Tcl_GetString(key), Tcl_GetString(node->keys.name[CLUSTER_FILTER])) != 0) {
            Tcl_DictObjPut(NULL, payload, key, value);
        }
    }
    Tcl_DictObjDone(&search);
}

Tcl_Obj *
ClusterNodePayload(ClusterNode *node, int64_t type, uint64_t channel, Tcl_Obj *extra, bool tags,
        bool known)
{
    Tcl_Obj *payload, *filter = NULL;
    ClusterOutgoing outgoing;

    ClusterNodeOutgoing(node, (uint64_t) type, channel, &outgoing);
    if (extra) {
        Tcl_DictObjGet(NULL, extra, node->keys.name[CLUSTER_FILTER], &filter);
    }
    if (filter) {
        ClusterOutgoingSetValue(&outgoing, CLUSTER_FILTER, filter);
    }
    payload = Tcl_DuplicateObj(ClusterOutgoingPayload(&outgoing));
    ClusterOutgoingFree(&outgoing);
    Merge(node, payload, extra);
    if (known) {
        Put(node, payload, CLUSTER_KNOWN, Tcl_NewWideIntObj((Tcl_WideInt) node->memberCount));
    }
    if (tags) {
        Put(node, payload, CLUSTER_TAGS, node->tags);
    }
    return payload;
}

/* A heartbeat or a probe. */
static ClusterSendStatus
SendBeat(ClusterNode *node, ClusterType type, int with, uint64_t channel, Tcl_Obj *ruid)
{
    ClusterSendStatus status;
    ClusterOutgoing beat;

    ClusterNodeOutgoing(node, type, channel, &beat);
    if (ruid) {
        ClusterOutgoingSetValue(&beat, CLUSTER_RUID, ruid);
    }
    if (with & CLUSTER_WITH_PROPS) {
        ClusterOutgoingSetValue(&beat, CLUSTER_DATA, ClusterNodeProps(node));
    }
    ClusterNodeAddKnown(node, (with & CLUSTER_WITH_TAGS) != 0, &beat);
    status = ClusterNodeBroadcast(node, &beat, 0, NULL);
    ClusterOutgoingFree(&beat);
    return status;
}

/*
 * ------------------------------------------------------------------------
 * Beating
 * ------------------------------------------------------------------------
 */

static void
BeatNow(void *data)
{
    ClusterNode *node = data;

    ClusterNodeHold(node);
    ClusterNodeHeartbeat(node, 0, CLUSTER_CHANNEL_BROADCAST);
    ClusterNodeRelease(node);
}

/* The interval, moved by up to JITTER_PERCENT either way. */
static int64_t
NextBeat(const ClusterNode *node)
{
    int64_t spread = node->heartbeat * JITTER_PERCENT / 100;
    uint32_t random;

    ClusterpRandom(&random, sizeof random);
    return node->heartbeat - spread + (int64_t) (random % (uint64_t) (2 * spread + 1));
}

void
ClusterNodeHeartbeatAfter(ClusterNode *node, int64_t ms)
{
    if (!node->closed) {
        ClusterTimerSet(&node->beat, node->clock, ms, BeatNow, node);
    }
}

void
ClusterNodePropsChanged(ClusterNode *node)
{
    node->propsChanged = true;
    ClusterNodeHeartbeatAfter(node, 0);
}

/* Lets transports look after themselves; what they change goes out with this beat. */
static void
CheckTransports(ClusterNode *node)
{
    int i;

    if (node->checking) { /* one of them sends a heartbeat itself */
        return;
    }
    node->checking = true;
    for (i = 0; i < node->slotCount; i++) {
        ClusterSlot *slot = node->slots[i];

        if (slot->transport) {
            slot->type->event(slot->transport, CLUSTER_EVENT_HEARTBEAT);
        }
    }
    node->checking = false;
}

bool
ClusterNodeHeartbeat(ClusterNode *node, int with, uint64_t channel)
{
    bool sent = false;

    if (node->closed || ClusterNodeForked(node)) {
        return false;
    }
    ClusterNodeHold(node);
    if (channel == CLUSTER_CHANNEL_BROADCAST) {
        CheckTransports(node);
        ClusterNodeHeartbeatAfter(node, NextBeat(node));
        with |= (node->tagsChanged ? CLUSTER_WITH_TAGS : 0)
                | (node->propsChanged ? CLUSTER_WITH_PROPS : 0);
        node->tagsChanged = node->propsChanged = false;
        ClusterNodeExpire(node);
    }
    if (!node->closed) {
        sent = SendBeat(node, CLUSTER_HEARTBEAT, with, channel, NULL) == CLUSTER_SEND_DONE;
    }
    ClusterNodeRelease(node);
    return sent;
}

static bool
IsToBeAsked(const ClusterMember *member, int64_t now)
{
    return !(member->propsKnown && member->tagsKnown)
            && (member->asked == 0 || now - member->asked > DISCOVER_EVERY);
}

/* The sids of members to be asked, that one first, at most ASK_MOST; a new list. */
static Tcl_Obj *
ToBeAsked(ClusterMember *member, int64_t now)
{
    Tcl_Obj *sids = Tcl_NewListObj(1, &member->sid);
    int count = 1;

    member->asked = now;
    for (member = member->node->first; member && count < ASK_MOST; member = member->next) {
        if (IsToBeAsked(member, now)) {
            member->asked = now;
            Tcl_ListObjAppendElement(NULL, sids, member->sid);
            count++;
        }
    }
    return sids;
}

/*
 * Who was lost and is heard again, or whose first answer got lost, is known
 * by bare heartbeats only, and cannot be reached directly until it says where.
 * One probe asks many, so that a stranger who invents members does not make
 * us send a packet for each.
 */
void
ClusterMemberAsk(ClusterMember *member)
{
    ClusterNode *node = member->node;
    int64_t now = ClusterClockNow(node->clock);
    ClusterOutgoing probe;

    if (node->closed || member->lost || !IsToBeAsked(member, now)) {
        return;
    }
    ClusterNodeOutgoing(node, CLUSTER_DISCOVERY, CLUSTER_CHANNEL_BROADCAST, &probe);
    ClusterOutgoingSetValue(&probe, CLUSTER_FILTER, ToBeAsked(member, now));
    ClusterOutgoingSetValue(&probe, CLUSTER_DATA, ClusterNodeProps(node));
    ClusterNodeAddKnown(node, true, &probe);
    ClusterNodeBroadcast(node, &probe, 0, NULL);
    ClusterOutgoingFree(&probe);
}

bool
ClusterNodeDiscover(ClusterNode *node, Tcl_Obj *ruid, uint64_t channel)
{
    int64_t now = ClusterClockNow(node->clock);

    if (node->closed || (node->discovered && now - node->lastDiscovery <= DISCOVER_EVERY)) {
        return false;
    }
    node->discovered = true;
    node->lastDiscovery = now;
    return SendBeat(node, CLUSTER_DISCOVERY, CLUSTER_WITH_PROPS | CLUSTER_WITH_TAGS, channel, ruid)
            == CLUSTER_SEND_DONE;
}
