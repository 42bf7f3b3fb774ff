/*
 * clusterNode.c --
 *
 *	The node itself: its life, identity, channels and transports.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>
#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

/* Eight letters and digits, each equally likely: bytes beyond a multiple of 62 are not used. */
static void
MakeSid(char *sid)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const unsigned letters = sizeof alphabet - 1;
    int n = 0;

    while (n < CLUSTER_SID_LENGTH) {
        unsigned char random[16];
        size_t i;

        ClusterpRandom(random, sizeof random);
        for (i = 0; i < sizeof random && n < CLUSTER_SID_LENGTH; i++) {
            if (random[i] < 256 / letters * letters) {
                sid[n++] = alphabet[random[i] % letters];
            }
        }
    }
    sid[n] = '\0';
}

static void
SetIdentity(ClusterNode *node, const char *hid)
{
    MakeSid(node->sid);
    ClusterReplaceObj(&node->sidObj, Tcl_NewStringObj(node->sid, -1));
    ClusterReplaceObj(&node->hidObj, Tcl_NewStringObj(hid, -1));
    ClusterReplaceObj(&node->uuidObj, Tcl_ObjPrintf("%s@%s", node->sid, hid));
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
    node->pid = ClusterpProcessId();
    node->delegate = delegate;
    node->context = context;
    node->clock = config->clock;
    ClusterClockUse(node->clock);
    node->group = config->group;
    node->ttl = config->ttl;
    node->heartbeat = config->heartbeat;
    node->remote = config->remote;
    node->tagsChanged = true;
    ClusterPayloadKeysInit(&node->keys);
    bpacket_writer_init(&node->writer, CLUSTER_MAX_PACKET);
    Tcl_InitHashTable(&node->members, TCL_STRING_KEYS);
    Tcl_InitHashTable(&node->queries, TCL_STRING_KEYS);
    SetIdentity(node, config->hid);
    ClusterReplaceObj(&node->tags, config->tags ? config->tags : Tcl_NewObj());
    ClusterReplaceObj(&node->protocols, Tcl_NewListObj(0, NULL));
    for (channel = 0; channel <= CLUSTER_CHANNEL_LAN; channel++) {
        ClusterNodeJoinChannel(node, channel);
    }
    for (i = 0; i < config->channelCount; i++) {
        ClusterNodeJoinChannel(node, config->channels[i]);
    }
    return node;
}

bool
ClusterNodeAddTransport(ClusterNode *node, const ClusterTransportType *type, Tcl_Obj *options,
        Tcl_Obj **why, const char **code)
{
    ClusterTransportConfig config;
    ClusterSlot *slot;

    if (node->slotCount >= CLUSTER_SLOTS_MAX || (slot = calloc(1, sizeof *slot)) == NULL) {
        *why = Tcl_NewStringObj("too many protocols", -1);
        *code = "CONFIG";
        return false;
    }
    slot->node = node;
    slot->index = node->slotCount;
    slot->type = type;
    ClusterReplaceObj(&slot->id, Tcl_NewStringObj(type->id, -1));
    config.type = type;
    config.group = node->group;
    config.remote = node->remote;
    config.sid = node->sid;
    config.options = options;
    slot->transport = type->open(&config, &clusterNodeTransportDelegate, slot, why, code);
    if (!slot->transport) {
        Tcl_DecrRefCount(slot->id);
        free(slot);
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
    ClusterNodeHeartbeat(node, 0, CLUSTER_CHANNEL_BROADCAST);
    if (!node->closed) {
        ClusterNodeDiscover(node, NULL, CLUSTER_CHANNEL_BROADCAST);
    }
    ClusterNodeRelease(node);
}

static void
CloseTransports(ClusterNode *node)
{
    int i;

    for (i = 0; i < node->slotCount; i++) {
        ClusterTransport *transport = node->slots[i]->transport;

        if (transport) {
            node->slots[i]->transport = NULL;
            transport->type->close(transport);
        }
    }
}

static void
SayGoodbye(ClusterNode *node)
{
    ClusterOutgoing goodbye;

    ClusterNodeOutgoing(node, CLUSTER_DISCONNECT, CLUSTER_CHANNEL_BROADCAST, &goodbye);
    ClusterNodeAddKnown(node, true, &goodbye);
    ClusterNodeBroadcast(node, &goodbye, 0, NULL);
    ClusterOutgoingFree(&goodbye);
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
    ClusterTimerCancel(&node->beat);
    ClusterTimerCancel(&node->expiry);
    ClusterTimerCancel(&node->answer);
    ClusterTimerCancel(&node->hangUp);
    ClusterTimerCancel(&node->ping);
    ClusterQueriesEndAll(node);
    while (node->first) {
        ClusterMemberLose(node->first);
    }
    CloseTransports(node);
    node->delegate = &clusterDeafDelegate;
    ClusterNodeRelease(node);
}

void
ClusterNodeAbandon(ClusterNode *node)
{
    node->delegate = &clusterDeafDelegate;
    node->closing = node->closed = true;
    CloseTransports(node);
}

bool
ClusterNodeReady(const ClusterNode *node)
{
    return node->started && !node->closed;
}

bool
ClusterNodeClosed(const ClusterNode *node)
{
    return node->closed;
}

bool
ClusterNodeForked(const ClusterNode *node)
{
    return node->pid != ClusterpProcessId();
}

void
ClusterNodeHold(ClusterNode *node)
{
    node->refCount++;
}

static void
FreeSlots(ClusterNode *node)
{
    int i;

    for (i = 0; i < node->slotCount; i++) {
        ClusterSlot *slot = node->slots[i];

        if (slot->type->release) {
            slot->type->release(slot->type);
        }
        Tcl_DecrRefCount(slot->id);
        free(slot);
    }
}

void
ClusterNodeRelease(ClusterNode *node)
{
    int i;

    if (--node->refCount > 0) {
        return;
    }
    FreeSlots(node);
    Tcl_DeleteHashTable(&node->members);
    Tcl_DeleteHashTable(&node->queries);
    ClusterReplaceObj(&node->sidObj, NULL);
    ClusterReplaceObj(&node->hidObj, NULL);
    ClusterReplaceObj(&node->uuidObj, NULL);
    ClusterReplaceObj(&node->tags, NULL);
    ClusterReplaceObj(&node->protocols, NULL);
    ClusterReplaceObj(&node->pinged, NULL);
    ClusterReplaceObj(&node->hungUp, NULL);
    for (i = 0; i < DEPARTED_MAX; i++) {
        ClusterReplaceObj(&node->departed[i], NULL);
    }
    ClusterPayloadKeysFree(&node->keys);
    bpacket_writer_free(&node->writer);
    free(node->channels);
    free(node->deadlines);
    ClusterClockLeave(node->clock);
    free(node);
}

/*
 * ------------------------------------------------------------------------
 * Facts
 * ------------------------------------------------------------------------
 */

void *
ClusterNodeContext(const ClusterNode *node)
{
    return node->context;
}

Tcl_Obj *
ClusterNodeSid(const ClusterNode *node)
{
    return node->sidObj;
}

Tcl_Obj *
ClusterNodeHid(const ClusterNode *node)
{
    return node->hidObj;
}

Tcl_Obj *
ClusterNodeUuid(const ClusterNode *node)
{
    return node->uuidObj;
}

Tcl_Obj *
ClusterNodeTags(const ClusterNode *node)
{
    return node->tags;
}

Tcl_Obj *
ClusterNodeProtocols(const ClusterNode *node)
{
    return node->protocols;
}

int64_t
ClusterNodeTtl(const ClusterNode *node)
{
    return node->ttl;
}

const ClusterPayloadKeys *
ClusterNodeKeys(const ClusterNode *node)
{
    return &node->keys;
}

uint64_t
ClusterNodeDrops(const ClusterNode *node, ClusterDrop reason)
{
    return node->drops[reason];
}

void
ClusterNodeCountDrop(ClusterNode *node, ClusterDrop reason)
{
    node->drops[reason]++;
}

void
ClusterNodeSetTags(ClusterNode *node, Tcl_Obj *tags)
{
    if (strcmp(Tcl_GetString(tags), Tcl_GetString(node->tags)) == 0) {
        return;
    }
    ClusterReplaceObj(&node->tags, tags);
    node->tagsChanged = true;
    if (!node->closed) {
        ClusterNodeHeartbeatAfter(node, 0);
    }
}

/*
 * ------------------------------------------------------------------------
 * Channels
 * ------------------------------------------------------------------------
 */

const uint64_t *
ClusterNodeChannels(const ClusterNode *node, size_t *count)
{
    *count = node->channelCount;
    return node->channels;
}

/* Where a channel stands, or would. */
static size_t
FindChannel(const ClusterNode *node, uint64_t channel)
{
    size_t low = 0, high = node->channelCount;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (node->channels[middle] < channel) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool
ClusterNodeOnChannel(const ClusterNode *node, uint64_t channel)
{
    size_t at = FindChannel(node, channel);

    return at < node->channelCount && node->channels[at] == channel;
}

bool
ClusterNodeJoinChannel(ClusterNode *node, uint64_t channel)
{
    size_t at = FindChannel(node, channel);
    uint64_t *channels;

    if (ClusterNodeOnChannel(node, channel)) {
        return true;
    }
    channels = realloc(node->channels, (node->channelCount + 1) * sizeof *channels);
    if (!channels) {
        return false;
    }
    memmove(channels + at + 1, channels + at, (node->channelCount - at) * sizeof *channels);
    channels[at] = channel;
    node->channels = channels;
    node->channelCount++;
    return true;
}

bool
ClusterNodeLeaveChannel(ClusterNode *node, uint64_t channel)
{
    size_t at = FindChannel(node, channel);

    if (channel <= CLUSTER_CHANNEL_LAN) {
        return false;
    }
    if (ClusterNodeOnChannel(node, channel)) {
        node->channelCount--;
        memmove(node->channels + at, node->channels + at + 1,
                (node->channelCount - at) * sizeof *node->channels);
    }
    return true;
}

/* Compares wire text with a value, which need not be converted for that. */
static bool
SameText(bpacket_span wire, Tcl_Obj *value)
{
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(value, &length);
    Tcl_Obj *converted;
    bool same;

    if (bpacket_span_equals(wire, text, (size_t) length)) {
        return true;
    }
    if (wire.length == (size_t) length) {
        return false;
    }
    converted = ClusterPayloadText(wire);
    Tcl_IncrRefCount(converted);
    same = strcmp(Tcl_GetString(converted), text) == 0;
    Tcl_DecrRefCount(converted);
    return same;
}

bool
ClusterNodeIsNamed(const ClusterNode *node, Tcl_Obj *word)
{
    const char *text = Tcl_GetString(word);
    Tcl_Obj **tags;
    Tcl_Size count, i;

    if (strcmp(text, node->sid) == 0 || strcmp(text, Tcl_GetString(node->hidObj)) == 0) {
        return true;
    }
    if (Tcl_ListObjGetElements(NULL, node->tags, &count, &tags) != TCL_OK) {
        return false;
    }
    for (i = 0; i < count && strcmp(text, Tcl_GetString(tags[i])) != 0; i++) {
        continue;
    }
    return i < count;
}

bool
ClusterNodeInFilter(const ClusterNode *node, bpacket_list filter)
{
    Tcl_Obj **tags;
    Tcl_Size count, i;
    bpacket_span word;

    if (Tcl_ListObjGetElements(NULL, node->tags, &count, &tags) != TCL_OK) {
        count = 0;
    }
    while (bpacket_list_next(&filter, &word)) {
        if (SameText(word, node->sidObj) || SameText(word, node->hidObj)) {
            return true;
        }
        for (i = 0; i < count; i++) {
            if (SameText(word, tags[i])) {
                return true;
            }
        }
    }
    return false;
}

/*
 * ------------------------------------------------------------------------
 * Slots
 * ------------------------------------------------------------------------
 */

int
ClusterNodeSlotCount(const ClusterNode *node)
{
    return node->slotCount;
}

ClusterSlot *
ClusterNodeSlot(const ClusterNode *node, int index)
{
    return node->slots[index];
}

ClusterSlot *
ClusterNodeSlotById(const ClusterNode *node, const char *id)
{
    int i;

    for (i = 0; i < node->slotCount; i++) {
        if (strcmp(node->slots[i]->type->id, id) == 0) {
            return node->slots[i];
        }
    }
    return NULL;
}

Tcl_Obj *
ClusterSlotId(const ClusterSlot *slot)
{
    return slot->id;
}

ClusterNode *
ClusterSlotNode(const ClusterSlot *slot)
{
    return slot->node;
}

ClusterTransport *
ClusterSlotTransport(const ClusterSlot *slot)
{
    return slot->transport;
}
