/*
 * clusterNode.c --
 *
 *	The node itself: its identity, channels, transports and deadlines.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>
#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

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
    return node->pid != node->system.processId(node->system.context);
}

void
ClusterNodeHold(ClusterNode *node)
{
    node->refCount++;
}

static void
FreeSlot(ClusterSlot *slot)
{
    if (slot->type->release) {
        slot->type->release(slot->type);
    }
    Tcl_DecrRefCount(slot->id);
    free(slot);
}

static void
FreeSlots(ClusterNode *node)
{
    int i;

    for (i = 0; i < node->slotCount; i++) {
        FreeSlot(node->slots[i]);
    }
    if (node->datagram) {
        FreeSlot(node->datagram);
    }
}

static void
FreePinger(ClusterPinger *pinger)
{
    ClusterReplaceObj(&pinger->together, NULL);
    ClusterReplaceObj(&pinger->alone, NULL);
}

void
ClusterNodeRelease(ClusterNode *node)
{
    int i;

    if (--node->refCount > 0) {
        return;
    }
    FreeSlots(node);
    ClusterTableFree(&node->byUuid, NULL);
    ClusterTableFree(&node->bySid, NULL);
    ClusterTableFree(&node->missingByUuid, NULL);
    ClusterTableFree(&node->sources, NULL); /* empty: each member holds the node */
    Tcl_DeleteHashTable(&node->queries);
    ClusterReplaceObj(&node->sidObj, NULL);
    ClusterReplaceObj(&node->hidObj, NULL);
    ClusterReplaceObj(&node->uuidObj, NULL);
    ClusterReplaceObj(&node->tags, NULL);
    ClusterReplaceObj(&node->protocols, NULL);
    FreePinger(&node->pinger);
    ClusterNewsFree(&node->news);
    ClusterRoundFree(&node->untried);
    ClusterRoundFree(&node->round);
    ClusterNodeForgetNames(node);
    for (i = 0; i < CLUSTER_DEPARTED_MAX; i++) {
        ClusterReplaceObj(&node->departed[i], NULL);
    }
    for (i = 0; i < CLUSTER_ENDED_MAX; i++) {
        ClusterReplaceObj(&node->ended[i], NULL);
    }
    ClusterPayloadKeysFree(&node->keys);
    bpacket_writer_free(&node->writer);
    ClusterDuplicatesFree(node->duplicates);
    ClusterSealingFree(node->sealing);
    free(node->channels);
    ClusterClockLeave(node->clock);
    free(node);
}

/*
 * ------------------------------------------------------------------------
 * Time
 * ------------------------------------------------------------------------
 */

int64_t
ClusterNodeNow(const ClusterNode *node)
{
    return ClusterClockNow(node->clock);
}

void
ClusterNodeSetDue(ClusterNode *node, ClusterDeadline *deadline, ClusterDueKind kind, int64_t at)
{
    if (!node->closed) {
        deadline->kind = (int) kind;
        ClusterDeadlineSet(&node->deadlines, deadline, at);
        if (!ClusterTimerIsSet(&node->timer) || at < node->timer.deadline.due) {
            ClusterTimerSetAt(&node->timer, node->clock, at, node->due, node);
        }
    }
}

ClusterSlot *
ClusterNodeSlotToAll(const ClusterNode *node)
{
    int i = 0;

    while (i < node->slotCount - 1 && !node->slots[i]->type->reachesAll) {
        i++;
    }
    return node->slots[i];
}

bool
ClusterNodeFilterDuplicates(ClusterNode *node)
{
    uint64_t key[2];

    if (!node->duplicates) {
        node->system.random(node->system.context, key, sizeof key);
        node->duplicates = ClusterDuplicatesNew(key);
    }
    return node->duplicates != NULL;
}

void
ClusterNodeClearDue(ClusterNode *node, ClusterDeadline *deadline)
{
    ClusterDeadlineClear(&node->deadlines, deadline);
}

/*
 * ------------------------------------------------------------------------
 * Facts
 * ------------------------------------------------------------------------
 */

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
ClusterNodeRefused(const ClusterNode *node)
{
    return node->refused;
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
    ClusterNodeTraceLine(node, "drop", "%s", ClusterDropName(reason));
}

/*
 * ------------------------------------------------------------------------
 * Keys
 * ------------------------------------------------------------------------
 */

ClusterKeys *
ClusterNodeKeyRing(const ClusterNode *node)
{
    return node->sealing ? ClusterSealingKeys(node->sealing) : NULL;
}

ClusterSealMode
ClusterNodeSealMode(const ClusterNode *node)
{
    return ClusterSealingMode(node->sealing);
}

bool
ClusterNodeSeal(ClusterNode *node, ClusterKeys *keys, ClusterSealMode mode)
{
    node->sealing = ClusterSealingNew(keys, mode, &node->system, &node->group);
    return node->sealing != NULL;
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

ClusterTransport *
ClusterSlotTransport(const ClusterSlot *slot)
{
    return slot->transport;
}
