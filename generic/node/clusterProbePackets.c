/*
 * clusterProbePackets.c --
 *
 *	What the packets of probes say, and what follows from that: `probe`, `ack`
 *	and `relay`, and the news and names that ride on them. Makes packets and
 *	changes state, and sends nothing.
 */

#include "node/clusterNodeInt.h"

#include "packet/clusterForeign.h"

#include <stdlib.h>
#include <string.h>

/* Members named in one packet, and how many of those are the newest. */
#define NAMED        6
#define NAMED_NEWEST 2
/* A probe of fewer bytes is answered without news, so that no answer has many times as many. */
#define NEWS_FOR 200
/* Members probed as one ping names them. */
#define PINGED_MOST 16
/* Milliseconds for which an answer for another is waited for. */
#define RELAY_WITHIN 2000
/* The digits of an incarnation. */
#define DIGITS_MOST 10

/*
 * ------------------------------------------------------------------------
 * Made
 * ------------------------------------------------------------------------
 */

static void
Put(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(key, -1), value);
}

static ClusterMember *
MemberBefore(const ClusterNode *node, const ClusterMember *member)
{
    ClusterListEntry *entry = member ? ClusterListPrevious(&node->members, &member->inMembers)
                                     : ClusterListLast(&node->members);

    return entry ? CLUSTER_LIST_ITEM(entry, ClusterMember, inMembers) : NULL;
}

/* Appends the member's name, and takes it from the bytes that there is room for. */
static void
AppendName(Tcl_Obj *names, const ClusterMember *member, Tcl_Size *room)
{
    Tcl_Size length;

    Tcl_GetStringFromObj(member->uuid, &length);
    *room -= length + 1;
    Tcl_ListObjAppendElement(NULL, names, member->uuid);
}

/* The members found last, and some of the others by turns: who does not know one asks for it. */
static Tcl_Obj *
Names(ClusterNode *node, Tcl_Size room)
{
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    ClusterMember *member = NULL;
    int i;

    for (i = 0; i < NAMED_NEWEST && room > 0 && (member = MemberBefore(node, member)) != NULL;
            i++) {
        AppendName(names, member, &room);
    }
    for (; i < NAMED && room > 0 && member && (member = MemberBefore(node, node->named)) != NULL;
            i++) {
        node->named = member;
        AppendName(names, member, &room);
    }
    if (!member) {
        node->named = NULL; /* from the newest on again */
    }
    return names;
}

void
ClusterProbePacket(ClusterNode *node, const ClusterErrand *errand, ClusterType type,
        ClusterOutgoing *packet)
{
    bool answers = errand->kind == CLUSTER_SEND_ACK && errand->with > 0;
    Tcl_Obj *data = Tcl_NewDictObj(), *news = NULL;

    if (!answers || errand->with >= NEWS_FOR) {
        news = ClusterNewsTake(&node->news, node->memberCount);
    }
    if (type == CLUSTER_RELAY) {
        Put(data, "of", errand->list);
    } else if (errand->list) {
        Put(data, "for", errand->list);
    }
    Put(data, "incarnation", Tcl_NewWideIntObj((Tcl_WideInt) node->incarnation));
    if (news) {
        Put(data, "news", news);
    }
    Put(data, "names", Names(node, answers ? errand->with : CLUSTER_UNICAST_BYTES));
    ClusterNodeOutgoing(node, type, CLUSTER_CHANNEL_BROADCAST, packet);
    ClusterOutgoingSetValue(packet, CLUSTER_RUID, errand->ruid);
    ClusterOutgoingSetValue(packet, CLUSTER_DATA, data);
    ClusterNodeAddKnown(node, false, packet);
}

/*
 * ------------------------------------------------------------------------
 * Probes for others
 * ------------------------------------------------------------------------
 */

static void
FreeRelay(ClusterRelay *relay)
{
    relay->asker->node->relayCount--;
    ClusterListRemove(&relay->entry);
    ClusterReplaceObj(&relay->ruid, NULL);
    ClusterMemberRelease(relay->asker);
    ClusterMemberRelease(relay->target);
    free(relay);
}

void
ClusterRelaysFree(ClusterNode *node)
{
    ClusterListEntry *entry;

    while ((entry = ClusterListFirst(&node->relays)) != NULL) {
        FreeRelay(CLUSTER_LIST_ITEM(entry, ClusterRelay, entry));
    }
}

/* Those whose time is over go, and the oldest when there are more than so many. */
static void
TrimRelays(ClusterNode *node, int most)
{
    ClusterListEntry *entry;

    while ((entry = ClusterListFirst(&node->relays)) != NULL) {
        ClusterRelay *relay = CLUSTER_LIST_ITEM(entry, ClusterRelay, entry);

        if (node->relayCount <= most && relay->until > ClusterNodeNow(node)) {
            return;
        }
        FreeRelay(relay);
    }
}

static void
BeginRelay(ClusterMember *asker, ClusterMember *target, Tcl_Obj *ruid)
{
    ClusterNode *node = asker->node;
    ClusterRelay *relay;

    TrimRelays(node, CLUSTER_RELAYS_MAX - 1);
    relay = calloc(1, sizeof *relay);
    if (!relay) {
        return;
    }
    relay->asker = asker;
    ClusterMemberHold(asker);
    relay->target = target;
    ClusterMemberHold(target);
    relay->until = ClusterNodeNow(node) + RELAY_WITHIN;
    ClusterReplaceObj(&relay->ruid, ruid);
    ClusterSystemRandomText(&node->system, relay->id, CLUSTER_PROBE_ID);
    ClusterListAppend(&node->relays, &relay->entry);
    node->relayCount++;
    ClusterReplaceObj(&ClusterErrandAppend(node, CLUSTER_SEND_PROBE, target)->ruid,
            Tcl_NewStringObj(relay->id, -1));
}

/* The member answered a probe that was another's. */
static void
FinishRelay(ClusterNode *node, const ClusterMember *target, bpacket_span id)
{
    ClusterListEntry *entry;

    TrimRelays(node, CLUSTER_RELAYS_MAX);
    for (entry = ClusterListFirst(&node->relays); entry;
            entry = ClusterListNext(&node->relays, entry)) {
        ClusterRelay *relay = CLUSTER_LIST_ITEM(entry, ClusterRelay, entry);

        if (relay->target == target && bpacket_span_equals(id, relay->id, CLUSTER_PROBE_ID)) {
            ClusterErrand *ack = ClusterErrandAppend(node, CLUSTER_SEND_ACK, relay->asker);

            ClusterReplaceObj(&ack->ruid, relay->ruid);
            ClusterReplaceObj(&ack->list, target->uuid);
            FreeRelay(relay);
            return;
        }
    }
}

/*
 * ------------------------------------------------------------------------
 * What rides on them
 * ------------------------------------------------------------------------
 */

/* A number of at most 32 bits. */
static bool
ReadIncarnation(const char *text, uint32_t *incarnation)
{
    uint64_t number = 0;
    int i;

    for (i = 0; text[i]; i++) {
        if (i == DIGITS_MOST || text[i] < '0' || text[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t) (text[i] - '0');
    }
    *incarnation = (uint32_t) number;
    return i > 0 && number <= UINT32_MAX;
}

static void
HeedItem(ClusterNode *node, const ClusterMember *from, const char *kind, const char *uuid,
        uint32_t incarnation)
{
    ClusterMember *member;
    ClusterNewsKind which;

    if (!ClusterNewsKindByName(kind, &which)) {
        return;
    }
    if (strcmp(uuid, Tcl_GetString(node->uuidObj)) == 0) {
        if (which == CLUSTER_NEWS_SUSPECT) {
            ClusterProberSuspected(node, incarnation);
        }
        return;
    }
    member = ClusterNodeMemberByUuid(node, uuid);
    if (!member || member->lost) {
        return;
    }
    if (which == CLUSTER_NEWS_ALIVE) {
        ClusterProberRefuted(member, incarnation);
    } else if (incarnation >= member->probe.incarnation) {
        ClusterProberDoubted(member, from);
    }
}

static void
HeedNews(ClusterNode *node, const ClusterMember *from, Tcl_Obj *news)
{
    const char **words;
    Tcl_Size count, i;
    uint32_t incarnation;

    if (!ClusterForeignList(news, CLUSTER_PROBE_BYTES_MAX, &count, &words)) {
        return;
    }
    for (i = 0; i + 2 < count && i < 3 * CLUSTER_NEWS_TOLD; i += 3) {
        if (ReadIncarnation(words[i + 2], &incarnation)) {
            HeedItem(node, from, words[i], words[i + 1], incarnation);
        }
    }
    ClusterForeignFree(words);
}

/* The sid of one that we do not know and may ask, new; NULL for others. */
static Tcl_Obj *
UnknownSid(ClusterNode *node, const char *text)
{
    const char *at = strchr(text, '@');

    if (!at || at == text || at - text > CLUSTER_IDENTITY_MAX
            || strcmp(text, Tcl_GetString(node->uuidObj)) == 0
            || ClusterNodeMemberByUuid(node, text) || ClusterRosterHasDeparted(node, text)
            || ClusterMissingFind(node, text)
            || !ClusterStrangerMayBeAsked(node, text, CLUSTER_QUOTA_ASKS)) {
        return NULL;
    }
    return Tcl_NewStringObj(text, (Tcl_Size) (at - text));
}

/* Who is known to another and not to us is asked who it is, by one packet for all. */
static void
HeedNames(ClusterNode *node, Tcl_Obj *names)
{
    Tcl_Obj *sids = NULL, *sid;
    const char **words;
    Tcl_Size count, i;

    if (!ClusterForeignList(names, CLUSTER_PROBE_BYTES_MAX, &count, &words)) {
        return;
    }
    for (i = 0; i < count && i < NAMED; i++) {
        if ((sid = UnknownSid(node, words[i])) != NULL) {
            sids = sids ? sids : Tcl_NewListObj(0, NULL);
            Tcl_ListObjAppendElement(NULL, sids, sid);
        }
    }
    ClusterForeignFree(words);
    if (sids) {
        ClusterReplaceObj(&ClusterErrandAppend(node, CLUSTER_SEND_ASK, NULL)->list, sids);
    }
}

/* What the packet says beside its purpose. Returns its data, held; NULL when there is none that can be read. */
static Tcl_Obj *
Heed(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *data = ClusterMessageData(message, CLUSTER_PROBE_BYTES_MAX), *value;

    if (!data) {
        return NULL;
    }
    value = ClusterForeignGet(data, CLUSTER_PROBE_BYTES_MAX, "news");
    if (value) {
        HeedNews(node, message->member, value);
        Tcl_DecrRefCount(value);
    }
    value = ClusterForeignGet(data, CLUSTER_PROBE_BYTES_MAX, "names");
    if (value) {
        HeedNames(node, value);
        Tcl_DecrRefCount(value);
    }
    return data;
}

/*
 * ------------------------------------------------------------------------
 * Taken
 * ------------------------------------------------------------------------
 */

void
ClusterProbeTaken(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *data = Heed(node, message), *ruid = ClusterReplyRuid(message);
    ClusterErrand *ack;

    if (data) {
        Tcl_DecrRefCount(data);
    }
    if (ruid) {
        ack = ClusterErrandAppend(node, CLUSTER_SEND_ACK, message->member);
        ack->slot = message->slot;
        ack->with = message->length < CLUSTER_UNICAST_BYTES ? (int) message->length
                                                            : CLUSTER_UNICAST_BYTES;
        ClusterReplaceObj(&ack->ruid, ruid);
    }
}

/* The member whose uuid is the value of a key; NULL: nobody we know. *named: there is such a key. */
static ClusterMember *
MemberNamed(const ClusterNode *node, Tcl_Obj *data, const char *key, bool *named)
{
    Tcl_Obj *uuid = data ? ClusterForeignGet(data, CLUSTER_PROBE_BYTES_MAX, key) : NULL;
    ClusterMember *member = NULL;

    *named = uuid != NULL;
    if (uuid) {
        member = ClusterNodeMemberByUuid(node, Tcl_GetString(uuid));
        Tcl_DecrRefCount(uuid);
    }
    return member;
}

/* Its own word, in an answer that nobody else could give, so others may have lied. */
static void
TakeIncarnation(ClusterMember *member, Tcl_Obj *data)
{
    Tcl_Obj *value = data ? ClusterForeignGet(data, CLUSTER_PROBE_BYTES_MAX, "incarnation") : NULL;
    uint32_t incarnation;

    if (value) {
        if (ReadIncarnation(Tcl_GetString(value), &incarnation)) {
            member->probe.incarnation = incarnation;
        }
        Tcl_DecrRefCount(value);
    }
}

void
ClusterProbeAcked(ClusterNode *node, ClusterMessage *message)
{
    bpacket_span id = message->packet.field[CLUSTER_RUID].span;
    Tcl_Obj *data = Heed(node, message);
    bool named;
    ClusterMember *member = MemberNamed(node, data, "for", &named);
    bool direct = message->slot == node->datagram;

    if (!ClusterPacketHas(&message->packet, CLUSTER_RUID)) {
        id.length = 0;
    }
    if (member) {
        ClusterProberAnswered(member, (const char *) id.bytes, id.length, false);
    } else if (!named) {
        member = message->member;
        if (ClusterProberAnswered(member, (const char *) id.bytes, id.length, direct)) {
            TakeIncarnation(member, data);
        } else {
            FinishRelay(node, member, id);
        }
    }
    if (data) {
        Tcl_DecrRefCount(data);
    }
}

void
ClusterProbeRelayed(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *data = Heed(node, message), *ruid = ClusterReplyRuid(message);
    bool named;
    ClusterMember *target = MemberNamed(node, data, "of", &named);

    if (ruid) {
        Tcl_IncrRefCount(ruid);
        if (target && ClusterProberCan(target) && ClusterNodeMay(node, CLUSTER_QUOTA_PROBES)) {
            BeginRelay(message->member, target, ruid);
        }
        Tcl_DecrRefCount(ruid);
    }
    if (data) {
        Tcl_DecrRefCount(data);
    }
}

static void
DoubtSid(ClusterNode *node, const ClusterMember *from, const char *sid)
{
    ClusterTableEntry *entry = ClusterTableFind(&node->bySid, sid, strlen(sid));
    int count;

    for (count = 0; entry && count < CLUSTER_MEMBERS_OF_SID_MAX; count++) {
        ClusterMember *member = CLUSTER_TABLE_ITEM(entry, ClusterMember, inSids);

        entry = ClusterTableNextSame(&node->bySid, entry);
        if (member != from && ClusterProberCan(member)) {
            ClusterProberDoubted(member, from);
        }
    }
}

/* Those that most packets of their kind name: with more it is no member's end that is asked after. */
void
ClusterProbePinged(ClusterNode *node, const ClusterMember *from, Tcl_Obj *sids)
{
    const char **words;
    Tcl_Size count, i;

    if (ClusterForeignList(sids, CLUSTER_PING_BYTES_MAX, &count, &words)) {
        for (i = 0; i < count && i < PINGED_MOST; i++) {
            DoubtSid(node, from, words[i]);
        }
        ClusterForeignFree(words);
    }
}
