/*
 * clusterMember.c --
 *
 *	Another member: what it says of itself, where it is, and the links to it.
 *	Whether it is alive is for clusterLiveness.c.
 */

#include "node/clusterNodeInt.h"

#include "packet/clusterForeign.h"

#include <stdlib.h>
#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

void
ClusterMemberHold(ClusterMember *member)
{
    member->refCount++;
}

void
ClusterMemberRelease(ClusterMember *member)
{
    if (--member->refCount > 0) {
        return;
    }
    ClusterReplaceObj(&member->sid, NULL);
    ClusterReplaceObj(&member->hid, NULL);
    ClusterReplaceObj(&member->uuid, NULL);
    ClusterReplaceObj(&member->protocols, NULL);
    ClusterReplaceObj(&member->tags, NULL);
    ClusterReplaceObj(&member->props, NULL);
    ClusterReplaceObj(&member->place, NULL);
    ClusterReplaceObj(&member->firstPayload, NULL);
    ClusterReplaceObj(&member->name, NULL);
    free((void *) member->protocolsWire.bytes);
    ClusterNodeRelease(member->node);
    free(member);
}

ClusterMember *
ClusterMemberNew(ClusterNode *node, ClusterMessage *message, Tcl_Obj *uuid, bool leaving)
{
    ClusterMember *member = calloc(1, sizeof *member);

    if (!member) {
        return NULL;
    }
    member->refCount = 1;
    member->node = node;
    ClusterNodeHold(node);
    ClusterReplaceObj(&member->uuid, uuid);
    ClusterReplaceObj(&member->sid, ClusterMessageField(message, CLUSTER_SID));
    ClusterReplaceObj(&member->hid, ClusterMessageField(message, CLUSTER_HID));
    ClusterReplaceObj(&member->protocols, Tcl_NewListObj(0, NULL));
    ClusterReplaceObj(&member->tags, Tcl_NewListObj(0, NULL));
    ClusterReplaceObj(&member->props, Tcl_NewDictObj());
    member->address = message->local ? ClusterAddressLoopback()
                                     : ClusterAddressWithPort(&message->origin.address, 0);
    member->local = message->local;
    member->interface = message->origin.interface;
    member->addressHeard = true;
    member->isNew = true;
    member->found = ClusterNodeNow(node);
    ClusterLivenessInit(&member->life, node->ttl, member->local, leaving, ClusterNodeNow(node));
    return member;
}

/*
 * ------------------------------------------------------------------------
 * What it says of itself, and what that weighs
 * ------------------------------------------------------------------------
 */

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

/* Takes the protocols when they differ from the last packet's, which is rare. */
static void
UpdateProtocols(ClusterMember *member, ClusterMessage *message)
{
    bpacket_span wire = message->packet.field[CLUSTER_PROTOCOLS].list.elements;
    uint8_t *copy;

    if (member->protocolsWire.bytes && wire.length == member->protocolsWire.length
            && (wire.length == 0
                    || memcmp(wire.bytes, member->protocolsWire.bytes, wire.length) == 0)) {
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
SameAddress(const ClusterMember *member, const ClusterMessage *message)
{
    ClusterAddress address = ClusterAddressWithPort(&message->origin.address, 0);

    return ClusterAddressCompare(&address, &member->address) == 0;
}

/*
 * Who shares several links with us is heard by each, with another address.
 * Which copy is the first is chance, so the address that is known holds until
 * nothing came from it since the last datagram but one. On one link, where
 * there can be but one, a new address counts at once.
 */
static bool
KeepsAddress(ClusterMember *member, const ClusterMessage *message)
{
    bool heard = member->addressHeard;

    member->addressHeard = SameAddress(member, message);
    return heard && !member->addressHeard && message->origin.severally
            && message->local == member->local && message->origin.interface != member->interface;
}

void
ClusterMemberHeardAgain(ClusterMember *member, const ClusterMessage *message)
{
    member->addressHeard = member->addressHeard || SameAddress(member, message);
}

/*
 * It is heard from another address than before. If it was heard from there
 * shortly before, or that was so once, it has both: its links stay.
 */
static bool
HasMoved(ClusterMember *member, const ClusterAddress *address)
{
    int64_t now = ClusterNodeNow(member->node);
    bool returns = ClusterAddressCompare(address, &member->former) == 0
            && (member->hasBoth || now - member->formerHeard < RETURNS_WITHIN);

    member->hasBoth = returns;
    member->former = member->address;
    member->formerHeard = now;
    return !returns;
}

/* Its links to where it was end, and what waits there goes out anew. */
static void
MoveLinks(ClusterMember *member)
{
    int i;

    for (i = 0; i < member->node->slotCount; i++) {
        const ClusterSlot *slot = member->node->slots[i];

        if (member->links[i] && slot->type->moved) {
            slot->type->moved(member->links[i], &member->address);
        }
    }
}

/* The address is taken from datagrams, which come from the member itself; the far end of a link may be anybody. */
static void
UpdateAddress(ClusterMember *member, const ClusterMessage *message, bool datagram)
{
    ClusterAddress address = member->address;

    if (datagram && !KeepsAddress(member, message)) {
        address = ClusterAddressWithPort(&message->origin.address, 0);
        member->interface = message->origin.interface;
        member->addressHeard = true;
    }

    if (ClusterAddressCompare(&address, &member->address) != 0 || message->local != member->local) {
        bool moved = !message->local && !member->local && HasMoved(member, &address);

        member->address = address;
        member->local = member->life.local = message->local;
        ClusterReplaceObj(&member->place, NULL);
        if (moved) {
            MoveLinks(member);
        }
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
            ClusterMemberWeight(CLUSTER_PROPS_BYTES_MAX, 2 * CLUSTER_PROTOCOLS_MAX));
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

/*
 * ------------------------------------------------------------------------
 * Its links
 * ------------------------------------------------------------------------
 */

static bool
LinkIsOpen(const ClusterSlot *slot, const ClusterLink *link)
{
    return link && (!slot->type->isOpen || slot->type->isOpen(link));
}

/* A link serves one member: whoever speaks over it last. False when it is closed, or the member is lost. */
static bool
AssignLink(ClusterMember *member, ClusterSlot *slot, ClusterLink *link)
{
    ClusterMember *before;

    if (member->lost || !LinkIsOpen(slot, link)) {
        return false; /* a hook may have closed it since the packet came */
    }
    before = slot->type->own(link, member);
    if (before && before != member && before->links[slot->index] == link) {
        before->links[slot->index] = NULL;
    }
    return true;
}

void
ClusterMemberEndLink(ClusterMember *member, ClusterSlot *slot, ClusterLink *link)
{
    ClusterMember *owner;

    if (!slot->transport || !LinkIsOpen(slot, link)) {
        return;
    }
    owner = slot->type->own(link, member);
    if (owner && owner != member) {
        slot->type->own(link, owner); /* a hook let a packet of another be read there since */
        return;
    }
    slot->type->done(slot->transport, link);
}

void
ClusterMemberUseLink(ClusterMember *member, ClusterSlot *slot, ClusterLink *link)
{
    if (AssignLink(member, slot, link)) {
        member->links[slot->index] = link;
    }
}

/* Does the packet come from where the member is known to be? A transport written in Tcl is taken at its word. */
static bool
ComesFromIt(const ClusterMember *member, const ClusterMessage *message)
{
    ClusterAddress from = ClusterAddressWithPort(&message->origin.address, 0);

    if (message->origin.descriptor) {
        return true;
    }
    return message->local ? member->local : ClusterAddressCompare(&from, &member->address) == 0;
}

/*
 * A packet came over the link, which says to be the member's. What is sent to
 * the member goes over one as long as that is open, though both sides may have
 * made one at the same moment: over another it would overtake what waits there.
 * Nor does a link from elsewhere get what is meant for the member. It is read
 * all the same, and to its end when the member leaves.
 */
static void
HearOver(ClusterMember *member, const ClusterMessage *message)
{
    ClusterSlot *slot = message->slot;
    ClusterLink *used = member->links[slot->index];

    if (used != message->link && AssignLink(member, slot, message->link) && !LinkIsOpen(slot, used)
            && ComesFromIt(member, message)) {
        member->links[slot->index] = message->link;
    }
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
ClusterMemberTakeWay(ClusterMember *member, ClusterMessage *message)
{
    UpdateProtocols(member, message);
    UpdateAddress(member, message, !message->slot->type->reliable);
    if (message->link) {
        HearOver(member, message);
    }
}

void
ClusterMemberTakeState(ClusterMember *member, ClusterMessage *message, Tcl_Obj **before)
{
    *before = NULL;
    UpdateProps(member, message);
    UpdateTags(member, message, before);
}

/*
 * ------------------------------------------------------------------------
 * Ways that cannot work
 * ------------------------------------------------------------------------
 */

bool
ClusterMemberBar(ClusterMember *member, const ClusterSlot *slot, ClusterSendResult result,
        bool telling)
{
    uint32_t bit = 1u << slot->index;
    int64_t now = ClusterNodeNow(member->node);
    bool tell = result == CLUSTER_SEND_ABSENT && (member->toldSlots & bit) == 0;

    if (result != CLUSTER_SEND_DENIED && result != CLUSTER_SEND_ABSENT) {
        return true;
    }
    if (now >= member->barredUntil) {
        member->barredFor = result == CLUSTER_SEND_ABSENT && member->barredFor == 0
                ? CLUSTER_BARRED_FIRST
                : CLUSTER_BARRED_MOST;
        member->barredUntil = now + member->barredFor;
    }
    member->barredSlots |= bit;
    if (tell && telling) {
        member->toldSlots |= bit;
    }
    return tell;
}

/* It says where it is: elsewhere, or in the same place, where it may have made anew what was not there. */
static void
HearWhereabouts(ClusterMember *member, Tcl_Obj *props)
{
    if (strcmp(Tcl_GetString(props), Tcl_GetString(member->props)) != 0) {
        member->barredSlots = member->toldSlots = 0;
        member->barredFor = 0;
        member->barredUntil = 0;
    } else if (member->barredFor == CLUSTER_BARRED_FIRST) {
        member->barredUntil = 0;
    }
}

bool
ClusterMemberBarred(const ClusterMember *member, const ClusterSlot *slot)
{
    return (member->barredSlots & (1u << slot->index)) && !member->links[slot->index]
            && ClusterNodeNow(member->node) < member->barredUntil;
}

void
ClusterMemberSetProps(ClusterMember *member, Tcl_Obj *props, bool replace)
{
    Tcl_Obj *merged, **words;
    Tcl_Size count, length = 0, i;

    if (!ClusterForeignDict(props, CLUSTER_PROPS_BYTES_MAX, &count, &words)
            || count > 2 * CLUSTER_PROTOCOLS_MAX) {
        return; /* a stranger's data need not be a dict */
    }
    merged = replace ? Tcl_NewDictObj() : Tcl_DuplicateObj(member->props);
    for (i = 0; i < count; i += 2) {
        Tcl_DictObjPut(NULL, merged, words[i], words[i + 1]);
    }
    Tcl_IncrRefCount(merged);
    Tcl_DictObjSize(NULL, merged, &count);
    if (count <= CLUSTER_PROTOCOLS_MAX) {
        Tcl_GetStringFromObj(merged, &length);
        if (length <= CLUSTER_PROPS_BYTES_MAX) {
            if (member->barredSlots) {
                HearWhereabouts(member, merged);
            }
            ClusterReplaceObj(&member->props, merged);
            member->propsKnown = true;
            member->weights[CLUSTER_PART_PROPS] =
                    ClusterMemberWeight((size_t) length, 2 * (size_t) count);
        }
    }
    Tcl_DecrRefCount(merged);
}

/*
 * ------------------------------------------------------------------------
 * Facts
 * ------------------------------------------------------------------------
 */

bool
ClusterMemberLost(const ClusterMember *member)
{
    return member->lost;
}

Tcl_Obj *
ClusterMemberSid(const ClusterMember *member)
{
    return member->sid;
}

Tcl_Obj *
ClusterMemberHid(const ClusterMember *member)
{
    return member->hid;
}

Tcl_Obj *
ClusterMemberUuid(const ClusterMember *member)
{
    return member->uuid;
}

Tcl_Obj *
ClusterMemberTags(const ClusterMember *member)
{
    return member->tags;
}

Tcl_Obj *
ClusterMemberProps(const ClusterMember *member)
{
    return member->props;
}

Tcl_Obj *
ClusterMemberProtocols(const ClusterMember *member)
{
    return member->protocols;
}

Tcl_Obj *
ClusterMemberIp(const ClusterMember *member)
{
    char text[CLUSTER_ADDRESS_TEXT];

    ClusterAddressFormat(&member->address, text);
    return Tcl_NewStringObj(text, -1);
}

bool
ClusterMemberLocal(const ClusterMember *member)
{
    return member->local;
}

/* A hardware address, as hids are. */
static bool
LooksLikeHid(const char *text)
{
    int pairs;

    for (pairs = 0; pairs < 6; pairs++, text += 3) {
        if (strspn(text, "0123456789abcdefABCDEF") != 2 || text[2] != (pairs < 5 ? ':' : '\0')) {
            return false;
        }
    }
    return true;
}

/*
 * As members draw them. Others are not protected, or a stranger could take any
 * word for its sid, and take it away as a tag.
 */
static bool
LooksLikeSid(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    return strspn(text, letters) == CLUSTER_SID_LENGTH && text[CLUSTER_SID_LENGTH] == '\0';
}

/* Is it the sid of somebody else? A member of another host takes no tag away from one of this host. */
static bool
IsSidOfOther(const ClusterMember *member, const char *text)
{
    const ClusterNode *node = member->node;
    ClusterTableEntry *entry;

    if (!LooksLikeSid(text)) {
        return false;
    }
    if (strcmp(text, node->sid) == 0) {
        return true;
    }
    entry = ClusterTableFind(&node->bySid, text, CLUSTER_SID_LENGTH);
    for (; entry; entry = ClusterTableNextSame(&node->bySid, entry)) {
        const ClusterMember *other = CLUSTER_TABLE_ITEM(entry, ClusterMember, inSids);

        if (other != member && (other->local || !member->local)) {
            return true;
        }
    }
    return false;
}

/* `localhost`, or an address. */
static bool
LooksLikeAddress(const char *text)
{
    ClusterAddress address;

    return ClusterAddressParse(text, &address);
}

bool
ClusterMemberTagCounts(const ClusterMember *member, Tcl_Obj *tag)
{
    const char *text = Tcl_GetString(tag);

    return !LooksLikeAddress(text) && !LooksLikeHid(text) && !IsSidOfOther(member, text);
}

/*
 * A member chooses its sid. Of several with one sid those of this host are
 * meant, and of these the first.
 */
bool
ClusterMemberSidCounts(const ClusterMember *member)
{
    Tcl_Size length;
    const char *sid = Tcl_GetStringFromObj(member->sid, &length);
    const ClusterTable *table = &member->node->bySid;
    ClusterTableEntry *entry = ClusterTableFind(table, sid, (size_t) length);
    bool before = true;

    if (LooksLikeAddress(sid) || LooksLikeHid(sid)) {
        return false;
    }
    for (; entry; entry = ClusterTableNextSame(table, entry)) {
        const ClusterMember *other = CLUSTER_TABLE_ITEM(entry, ClusterMember, inSids);

        if (other == member) {
            before = false;
        } else if (other->local != member->local ? other->local : before) {
            return false;
        }
    }
    return true;
}

/* Its hid too, but our host's is of members here alone. */
static bool
HidCounts(const ClusterMember *member)
{
    const char *hid = Tcl_GetString(member->hid);

    return !LooksLikeAddress(hid)
            && (member->local || strcmp(hid, Tcl_GetString(member->node->hidObj)) != 0);
}

static void
AppendAddress(const ClusterMember *member, Tcl_Obj *list)
{
    Tcl_ListObjAppendElement(NULL, list, ClusterMemberIp(member));
    if (member->local) {
        Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj("localhost", -1));
    }
}

Tcl_Obj *
ClusterMemberPlace(ClusterMember *member)
{
    if (!member->place) {
        Tcl_Obj *place = Tcl_NewListObj(0, NULL);

        if (HidCounts(member)) {
            Tcl_ListObjAppendElement(NULL, place, member->hid);
        }
        AppendAddress(member, place);
        ClusterReplaceObj(&member->place, place);
    }
    return member->place;
}

Tcl_Obj *
ClusterMemberWords(ClusterMember *member)
{
    Tcl_Obj *words = Tcl_NewListObj(0, NULL), **tags;
    Tcl_Size count = 0, i;

    Tcl_ListObjGetElements(NULL, member->tags, &count, &tags);
    for (i = 0; i < count; i++) {
        if (ClusterMemberTagCounts(member, tags[i])) {
            Tcl_ListObjAppendElement(NULL, words, tags[i]);
        }
    }
    if (HidCounts(member)) {
        Tcl_ListObjAppendElement(NULL, words, member->hid);
    }
    if (ClusterMemberSidCounts(member)) {
        Tcl_ListObjAppendElement(NULL, words, member->sid);
    }
    AppendAddress(member, words);
    return words;
}

int64_t
ClusterMemberSilence(const ClusterMember *member)
{
    return ClusterNodeNow(member->node) - member->life.seen;
}

bool
ClusterMemberConnected(const ClusterMember *member)
{
    int i;

    for (i = 0; i < member->node->slotCount; i++) {
        if (member->links[i]) {
            return true;
        }
    }
    return false;
}

bool
ClusterMemberServed(ClusterMember *member)
{
    const ClusterNode *node = member->node;
    int i;

    for (i = 0; i < node->slotCount; i++) {
        const ClusterSlot *slot = node->slots[i];

        if (member->links[i]
                || (slot->transport && slot->type->serving
                        && slot->type->serving(slot->transport, member))) {
            return true;
        }
    }
    return false;
}

ClusterLink *
ClusterMemberLink(const ClusterMember *member, const ClusterSlot *slot)
{
    return member->links[slot->index];
}

void *
ClusterMemberOwner(const ClusterMember *member)
{
    return member->owner;
}

void
ClusterMemberSetOwner(ClusterMember *member, void *owner, Tcl_Obj *name)
{
    member->owner = owner;
    if (name) {
        ClusterReplaceObj(&member->name, name);
    }
}

Tcl_Obj *
ClusterMemberName(const ClusterMember *member)
{
    return member->name;
}
