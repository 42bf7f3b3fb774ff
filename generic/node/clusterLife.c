/*
 * clusterLife.c --
 *
 *	A node's beginning and end.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>

/*
 * ------------------------------------------------------------------------
 * Beginning
 * ------------------------------------------------------------------------
 */

static void
SetIdentity(ClusterNode *node, const char *hid)
{
    ClusterSystemRandomText(&node->system, node->sid, CLUSTER_SID_LENGTH);
    ClusterReplaceObj(&node->sidObj, Tcl_NewStringObj(node->sid, -1));
    ClusterReplaceObj(&node->hidObj, Tcl_NewStringObj(hid, -1));
    ClusterReplaceObj(&node->uuidObj, Tcl_ObjPrintf("%s@%s", node->sid, hid));
}

static void
InitTables(ClusterNode *node)
{
    uint64_t key[2];

    ClusterPayloadKeysInit(&node->keys);
    bpacket_writer_init(&node->writer, CLUSTER_MAX_PACKET);
    node->system.random(node->system.context, key, sizeof key);
    ClusterTableInit(&node->byUuid, key);
    ClusterTableInit(&node->bySid, key);
    Tcl_InitHashTable(&node->queries, TCL_STRING_KEYS);
    ClusterTableInit(&node->sources, key);
    ClusterListInit(&node->heard);
    ClusterListInit(&node->members);
    ClusterListInit(&node->unasked);
    ClusterListInit(&node->asked);
    ClusterListInit(&node->notices);
    ClusterListInit(&node->errands);
    ClusterListInit(&node->relays);
    ClusterListInit(&node->askers);
    ClusterTableInit(&node->missingByUuid, key);
    ClusterListInit(&node->missing);
}

ClusterNode *
ClusterNodeNew(const ClusterNodeConfig *config, const ClusterNodeDelegate *delegate, void *context)
{
    ClusterNode *node = calloc(1, sizeof *node);
    uint64_t channel;
    size_t i;

    if (!node) {
        return NULL;
    }
    node->refCount = 1;
    node->delegate = delegate;
    node->context = context;
    node->clock = config->clock;
    ClusterClockUse(node->clock);
    node->due = ClusterPulse;
    node->system = config->system ? *config->system : clusterSystem;
    node->pid = node->system.processId(node->system.context);
    ClusterSelfInit(node, config->name);
    node->trace = config->trace;
    node->group = config->group;
    node->ttl = config->ttl;
    node->heartbeat = config->heartbeat;
    node->probing.period = config->probe;
    node->remote = config->remote;
    node->memory = config->memory ? config->memory : CLUSTER_MEMORY;
    node->queue = config->queue;
    node->confirms = config->confirms ? config->confirms : CLUSTER_CONFIRMS;
    node->abilities |= CLUSTER_CAN_CONFIRM;
    node->backlog = config->backlog ? config->backlog : CLUSTER_BACKLOG;
    node->tagsChanged = true;
    InitTables(node);
    SetIdentity(node, config->hid);
    ClusterReplaceObj(&node->tags, config->tags ? config->tags : Tcl_NewObj());
    ClusterReplaceObj(&node->protocols, Tcl_NewListObj(0, NULL));
    for (channel = 0; channel <= CLUSTER_CHANNEL_LAN; channel++) {
        ClusterNodeJoinChannel(node, channel);
    }
    for (i = 0; i < config->channelCount; i++) {
        ClusterNodeJoinChannel(node, config->channels[i]);
    }
    if (config->keys && !ClusterNodeSeal(node, config->keys, config->mode)) {
        ClusterNodeRelease(node);
        return NULL;
    }
    return node;
}

/* A second way that reaches everybody: what is heard over both must pass once. False without memory. */
static bool
PrepareDuplicates(ClusterNode *node, const ClusterTransportType *type)
{
    int i;

    for (i = 0; type->reachesAll && !node->severalSlots && i < node->slotCount; i++) {
        node->severalSlots = node->slots[i]->type->reachesAll;
    }
    return !node->severalSlots || ClusterNodeFilterDuplicates(node);
}

/* A slot with its transport; NULL, with nothing left open, when that fails. */
static ClusterSlot *
OpenSlot(ClusterNode *node, const ClusterTransportType *type, int index, Tcl_Obj *options,
        Tcl_Obj **why, const char **code)
{
    ClusterTransportConfig config;
    ClusterSlot *slot = calloc(1, sizeof *slot);

    if (!slot) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return NULL;
    }
    slot->node = node;
    slot->index = index;
    slot->type = type;
    ClusterReplaceObj(&slot->id, Tcl_NewStringObj(type->id, -1));
    config.type = type;
    config.group = node->group;
    config.remote = node->remote;
    config.sid = node->sid;
    config.queue = node->queue;
    config.options = options;
    slot->transport = type->open(&config, &clusterNodeTransportDelegate, slot, why, code);
    if (!slot->transport) {
        Tcl_DecrRefCount(slot->id);
        free(slot);
        return NULL;
    }
    return slot;
}

/* Its index is none of a link's, for it has no links. */
bool
ClusterNodeAddDatagram(ClusterNode *node, const ClusterTransportType *type, Tcl_Obj **why,
        const char **code)
{
    node->datagram = OpenSlot(node, type, CLUSTER_SLOTS_MAX, NULL, why, code);
    if (!node->datagram) {
        return false;
    }
    ClusterSelfHasDatagram(node);
    return true;
}

bool
ClusterNodeAddTransport(ClusterNode *node, const ClusterTransportType *type, Tcl_Obj *options,
        Tcl_Obj **why, const char **code)
{
    ClusterSlot *slot;

    if (node->slotCount >= CLUSTER_SLOTS_MAX) {
        *why = Tcl_NewStringObj("too many protocols", -1);
        *code = "CONFIG";
        return false;
    }
    if (!PrepareDuplicates(node, type)) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return false;
    }
    slot = OpenSlot(node, type, node->slotCount, options, why, code);
    if (!slot) {
        return false;
    }
    node->slots[node->slotCount++] = slot;
    if (Tcl_IsShared(node->protocols)) { /* a transport written in Tcl asked for them */
        ClusterReplaceObj(&node->protocols, Tcl_DuplicateObj(node->protocols));
    }
    Tcl_ListObjAppendElement(NULL, node->protocols, slot->id);
    node->propsChanged = true;
    return true;
}

void
ClusterNodeStart(ClusterNode *node)
{
    ClusterNodeHold(node);
    node->started = true;
    ClusterErrandHeartbeat(node, 0, CLUSTER_CHANNEL_BROADCAST);
    if (!node->closed) {
        ClusterErrandDiscover(node, NULL, CLUSTER_CHANNEL_BROADCAST);
        ClusterJoiningBegin(node);
    }
    ClusterTurnEnd(node);
    ClusterNodeRelease(node);
}

/*
 * ------------------------------------------------------------------------
 * End
 * ------------------------------------------------------------------------
 */

static void
CloseTransport(ClusterSlot *slot)
{
    ClusterTransport *transport = slot->transport;

    if (transport) {
        slot->transport = NULL;
        transport->type->close(transport);
    }
}

static void
CloseTransports(ClusterNode *node)
{
    int i;

    for (i = 0; i < node->slotCount; i++) {
        CloseTransport(node->slots[i]);
    }
    if (node->datagram) {
        CloseTransport(node->datagram);
    }
    ClusterRelaysFree(node);
    ClusterMissingForgetAll(node);
    ClusterStrangersFree(node);
}

/* Nothing is sealed or opened any more: the keys go now, whoever still holds the node. */
static void
ForgetKeys(ClusterNode *node)
{
    ClusterSealingFree(node->sealing);
    node->sealing = NULL;
}

static void
SayGoodbye(ClusterNode *node)
{
    ClusterOutgoing goodbye;

    ClusterNodeOutgoing(node, CLUSTER_DISCONNECT, CLUSTER_CHANNEL_BROADCAST, &goodbye);
    ClusterNodeAddKnown(node, true, &goodbye);
    ClusterSendToAll(node, &goodbye, false, NULL);
    ClusterOutgoingFree(&goodbye);
}

/* The deadlines of the node itself; those of members and queries go with these. */
static void
ClearOwnDeadlines(ClusterNode *node)
{
    ClusterPinger *pinger = &node->pinger;

    ClusterNodeClearDue(node, &node->beatDue);
    ClusterNodeClearDue(node, &node->probeDue);
    ClusterNodeClearDue(node, &node->joinDue);
    ClusterNodeClearDue(node, &node->askersDue);
    ClusterNodeClearDue(node, &pinger->togetherDue);
    ClusterNodeClearDue(node, &pinger->aloneDue);
    ClusterNodeClearDue(node, &pinger->answerDue);
}

static void
LoseAll(ClusterNode *node)
{
    ClusterMember *member;

    while ((member = ClusterNodeNextMember(node, NULL)) != NULL) {
        ClusterRosterStep(member, CLUSTER_LIFE_DROPPED);
    }
}

/*
 * A hook of the goodbye or of a lost member may close the node again: the
 * second call finds it closing. Unless that is a quiet one: the process may
 * be about to end and the first never go on, so the second does all that is
 * left, and the first finds nothing to do. After a fork the child only
 * closes: the goodbye would be the parent's.
 */
void
ClusterNodeClose(ClusterNode *node, bool quiet)
{
    if (quiet) {
        node->delegate = &clusterDeafDelegate;
    } else if (node->closing) {
        return;
    }
    node->closing = true;
    ClusterNodeHold(node);
    if (!node->closed && node->slotCount && !ClusterNodeForked(node)) {
        SayGoodbye(node);
    }
    node->closed = true;
    ClearOwnDeadlines(node);
    ClusterQueriesFinishAll(node);
    LoseAll(node);
    ClusterTurnEnd(node);
    CloseTransports(node);
    ForgetKeys(node);
    node->delegate = &clusterDeafDelegate;
    ClusterNodeRelease(node);
}

void
ClusterNodeAbandon(ClusterNode *node)
{
    node->delegate = &clusterDeafDelegate;
    node->closing = node->closed = true;
    ClearOwnDeadlines(node);
    ClusterTurnEnd(node);
    CloseTransports(node);
    ForgetKeys(node);
}
