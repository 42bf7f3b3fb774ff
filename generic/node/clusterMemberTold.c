/*
 * clusterMemberTold.c --
 *
 *	What a member says of itself: protocols, props and tags, and what they
 *	weigh.
 */

#include "node/clusterNodeInt.h"

#include "packet/clusterForeign.h"

#include <stdlib.h>
#include <string.h>

size_t
ClusterMemberWeight(size_t bytes, size_t elements)
{
    return 2 * bytes + CLUSTER_ELEMENT_PRICE * elements;
}

static size_t
ListWeight(const ClusterPacket *packet, ClusterField id)
{
    bpacket_list list = packet->field[id].list;

    return ClusterPacketHas(packet, id) ? ClusterMemberWeight(list.elements.length, list.count) : 0;
}

/*
 * As long as there is a link to the member, its word counts: whoever sends a
 * datagram in its name could have what is meant for it sent to all.
 */
static bool
SaysHowToReachIt(const ClusterMember *member, const ClusterMessage *message)
{
    return !ClusterMemberConnected(member)
            || (message->link && member->links[message->slot->index] == message->link);
}

void
ClusterMemberTakeProtocols(ClusterMember *member, ClusterMessage *message)
{
    bpacket_span wire = message->packet.field[CLUSTER_PROTOCOLS].list.elements;
    uint8_t *copy;

    if (member->protocolsWire.bytes && wire.length == member->protocolsWire.length
            && (wire.length == 0
                    || memcmp(wire.bytes, member->protocolsWire.bytes, wire.length) == 0)) {
        return;
    }
    if (!SaysHowToReachIt(member, message)) {
        return;
    }
    ClusterReplaceObj(&member->protocols, ClusterPayloadField(&message->packet, CLUSTER_PROTOCOLS));
    member->weights[CLUSTER_PART_PROTOCOLS] = ListWeight(&message->packet, CLUSTER_PROTOCOLS);
    copy = malloc(wire.length + 1);
    free((void *) member->protocolsWire.bytes);
    member->protocolsWire.bytes = copy;
    member->protocolsWire.length = copy ? wire.length : 0;
    if (copy && wire.length) {
        memcpy(copy, wire.bytes, wire.length);
    }
}

static bool
HasProps(const ClusterMessage *message)
{
    uint64_t type = message->packet.field[CLUSTER_TYPE].number;

    return (type == CLUSTER_HEARTBEAT || type == CLUSTER_DISCOVERY || type == CLUSTER_FLUSH)
            && ClusterPacketHas(&message->packet, CLUSTER_DATA);
}

/* Heartbeats and discoveries add to the props, a flush replaces them. */
static void
UpdateProps(ClusterMember *member, ClusterMessage *message)
{
    Tcl_Obj *data = HasProps(message) ? ClusterMessageData(message, CLUSTER_PROPS_BYTES_MAX) : NULL;

    if (!data) {
        return;
    }
    ClusterMemberSetProps(member, data,
            message->packet.field[CLUSTER_TYPE].number == CLUSTER_FLUSH);
    Tcl_DecrRefCount(data);
}

static void
UpdateTags(ClusterMember *member, ClusterMessage *message, Tcl_Obj **before)
{
    Tcl_Obj *tags;

    if (!ClusterPacketHas(&message->packet, CLUSTER_TAGS)) {
        return;
    }
    member->tagsKnown = true;
    member->weights[CLUSTER_PART_TAGS] = ListWeight(&message->packet, CLUSTER_TAGS);
    tags = ClusterPayloadField(&message->packet, CLUSTER_TAGS);
    Tcl_IncrRefCount(tags);
    if (strcmp(Tcl_GetString(tags), Tcl_GetString(member->tags)) != 0) {
        *before = member->tags; /* the member's reference becomes the caller's */
        member->tags = NULL;
        ClusterReplaceObj(&member->tags, tags);
    }
    Tcl_DecrRefCount(tags);
}

static size_t
Smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* Of props that are merged with those that are there. */
static size_t
PropsWeight(const ClusterMember *member, const ClusterMessage *message)
{
    size_t length = message->packet.field[CLUSTER_DATA].span.length;
    size_t least = Smaller(length, CLUSTER_PROPS_BYTES_MAX);

    return Smaller(member->weights[CLUSTER_PART_PROPS]
                    + ClusterMemberWeight(least, Smaller(least, 2 * CLUSTER_PROTOCOLS_MAX)),
            ClusterMemberWeight(CLUSTER_PROPS_BYTES_MAX + CLUSTER_SELF_BYTES_MAX,
                    2 * CLUSTER_PROTOCOLS_MAX));
}

size_t
ClusterMemberWeightOf(const ClusterMember *member, ClusterPart part, const ClusterMessage *message)
{
    const ClusterPacket *packet = &message->packet;

    switch (part) {
    case CLUSTER_PART_TAGS:
        return ClusterPacketHas(packet, CLUSTER_TAGS) ? ListWeight(packet, CLUSTER_TAGS)
                                                      : member->weights[part];
    case CLUSTER_PART_PROPS:
        return HasProps(message) ? PropsWeight(member, message) : member->weights[part];
    case CLUSTER_PART_FIRST:
        return ClusterMemberWeight(message->length, 0) + ListWeight(packet, CLUSTER_PROTOCOLS)
                + ListWeight(packet, CLUSTER_TAGS) + ListWeight(packet, CLUSTER_FILTER);
    default:
        return ListWeight(packet, CLUSTER_PROTOCOLS);
    }
}

/* What tells who it is and is never large. */
static Tcl_Obj *
SmallPayload(ClusterMember *member, ClusterMessage *message)
{
    static const ClusterField small[] = {CLUSTER_SID, CLUSTER_HID, CLUSTER_TYPE, CLUSTER_CHANNEL,
            CLUSTER_PROTOCOLS, CLUSTER_KNOWN};
    Tcl_Obj *payload = Tcl_NewDictObj();
    size_t i;

    for (i = 0; i < CLUSTER_COUNT(small); i++) {
        Tcl_Obj *value = ClusterMessageField(message, small[i]);

        if (value) {
            Tcl_DictObjPut(NULL, payload, member->node->keys.name[small[i]], value);
        }
    }
    return payload;
}

void
ClusterMemberKeepFirst(ClusterMember *member, ClusterMessage *message, bool all)
{
    ClusterReplaceObj(&member->firstPayload,
            all ? ClusterMessagePayload(message) : SmallPayload(member, message));
    member->weights[CLUSTER_PART_FIRST] =
            all ? ClusterMemberWeightOf(member, CLUSTER_PART_FIRST, message) : 0;
}

static bool
HasMulticast(bpacket_list protocols)
{
    bpacket_span word;

    while (bpacket_list_next(&protocols, &word)) {
        if (bpacket_span_equals(word, "c", 1)) {
            return true;
        }
    }
    return false;
}

/* An element costs far more than its bytes, of which an empty one has a single one. */
static bool
WithinLimits(bpacket_list list, size_t elements, size_t bytes)
{
    return list.count <= elements && list.elements.length <= bytes;
}

bool
ClusterMemberAccepts(const ClusterMessage *message)
{
    const ClusterPacket *packet = &message->packet;
    uint64_t channel = packet->field[CLUSTER_CHANNEL].number;

    if (ClusterPacketHas(packet, CLUSTER_TAGS)
            && !WithinLimits(packet->field[CLUSTER_TAGS].list, CLUSTER_TAGS_MAX,
                    CLUSTER_TAGS_BYTES_MAX)) {
        return false;
    }
    if (!WithinLimits(packet->field[CLUSTER_PROTOCOLS].list, CLUSTER_PROTOCOLS_MAX,
                CLUSTER_PROTOCOLS_BYTES_MAX)) {
        return false;
    }
    if (!message->local && (channel == CLUSTER_CHANNEL_SYSTEM || channel == CLUSTER_CHANNEL_LAN)) {
        return false;
    }
    return HasMulticast(packet->field[CLUSTER_PROTOCOLS].list);
}

void
ClusterMemberTakeState(ClusterMember *member, ClusterMessage *message, Tcl_Obj **before)
{
    *before = NULL;
    UpdateProps(member, message);
    UpdateTags(member, message, before);
}

/* Does it tell of itself there? A member that has a transport of that name tells of that. */
static bool
IsSelf(const ClusterMember *member, const char *key)
{
    Tcl_Obj **words;
    Tcl_Size count;

    if (strcmp(key, CLUSTER_SELF_KEY) != 0
            || Tcl_ListObjGetElements(NULL, member->protocols, &count, &words) != TCL_OK) {
        return false;
    }
    for (; count > 0; count--) {
        if (strcmp(Tcl_GetString(words[count - 1]), CLUSTER_SELF_KEY) == 0) {
            return false;
        }
    }
    return true;
}

/* A key that is there already stays, and the new one would not be freed. */
static void
PutText(Tcl_Obj *dict, const char *key, const char *value)
{
    Tcl_Obj *name = Tcl_NewStringObj(key, -1);

    Tcl_IncrRefCount(name);
    Tcl_DictObjPut(NULL, dict, name, Tcl_NewStringObj(value, -1));
    Tcl_DecrRefCount(name);
}

/* Puts those entries into a dict, but what the member tells of itself into *self (held); false when they are too many. */
static bool
MergeProps(const ClusterMember *member, Tcl_Obj *merged, Tcl_Obj *props, Tcl_Obj **self)
{
    const char **words;
    Tcl_Size count, i;
    bool fits;

    if (!ClusterForeignDict(props, CLUSTER_PROPS_BYTES_MAX, &count, &words)) {
        return false; /* a stranger's data need not be a dict */
    }
    fits = count <= 2 * CLUSTER_PROTOCOLS_MAX;
    for (i = 0; fits && i < count; i += 2) {
        if (IsSelf(member, words[i])) {
            ClusterReplaceObj(self, Tcl_NewStringObj(words[i + 1], -1));
        } else {
            PutText(merged, words[i], words[i + 1]);
        }
    }
    ClusterForeignFree(words);
    return fits;
}

/* Takes them over if they are not too large. self: what it tells of itself, or NULL. */
static void
TakeProps(ClusterMember *member, Tcl_Obj *props, Tcl_Obj *self)
{
    Tcl_Size count, length;

    Tcl_DictObjSize(NULL, props, &count);
    if (count > CLUSTER_PROTOCOLS_MAX) {
        return;
    }
    Tcl_GetStringFromObj(props, &length);
    if (length > CLUSTER_PROPS_BYTES_MAX) {
        return;
    }
    if (member->barredSlots | member->lateSlots) {
        ClusterMemberHearWhereabouts(member, props);
    }
    ClusterReplaceObj(&member->props, props);
    Tcl_InvalidateStringRep(props); /* as long again as what it is made of */
    member->propsKnown = true;
    if (self) {
        ClusterSelfHear(member, self);
    }
    member->weights[CLUSTER_PART_PROPS] =
            ClusterMemberWeight((size_t) length + ClusterSelfBytes(member), 2 * (size_t) count);
}

/* What it told of itself stays until it tells otherwise, even when a flush replaces the rest. */
void
ClusterMemberSetProps(ClusterMember *member, Tcl_Obj *props, bool replace)
{
    Tcl_Obj *merged = replace ? Tcl_NewDictObj() : Tcl_DuplicateObj(member->props), *self = NULL;

    Tcl_IncrRefCount(merged);
    if (MergeProps(member, merged, props, &self)) {
        TakeProps(member, merged, self);
    }
    ClusterReplaceObj(&self, NULL);
    Tcl_DecrRefCount(merged);
}
