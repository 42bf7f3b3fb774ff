/*
 * clusterBeacon.c --
 *
 *	What a node says of itself, and when: payloads, heartbeats and probes.
 *	Sets deadlines and makes packets, and sends nothing.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* Beats are spread by this share of the interval, to either side, so that members do not beat together. */
#define JITTER_PERCENT 10
/* Milliseconds until a heartbeat with news is tried again that could not be sent. */
#define BEAT_AGAIN 1000
/* Members named in one probe that asks for their props. */
#define ASK_MOST 64
/* Bytes by which a dict may be quoted within a dict. */
#define QUOTES 3

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

/* The largest packet that reaches everybody, 0 when there is no limit. */
static size_t
LargestToAll(const ClusterNode *node)
{
    size_t largest = 1;
    int i;

    for (i = 0; i < node->slotCount; i++) {
        const ClusterTransportType *type = node->slots[i]->type;

        if (type->reachesAll && (type->largest == 0 || type->largest > largest)) {
            largest = type->largest;
        }
        if (largest == 0) {
            return 0;
        }
    }
    if (node->sealing && largest > CLUSTER_SEAL_MOST) {
        largest -= CLUSTER_SEAL_MOST;
    }
    return largest;
}

static size_t
TextLength(Tcl_Obj *value)
{
    Tcl_Size length;

    Tcl_GetStringFromObj(value, &length);
    return (size_t) length;
}

/*
 * Is there room for what the node tells of itself, beside the transports' props
 * and its tags? Those have precedence: what a script may set does not depend
 * on what we have to say. A list's text is no shorter than its elements on the
 * wire, but for the lengths of those.
 */
static bool
HasRoomForSelf(const ClusterNode *node, Tcl_Obj *props, Tcl_Obj *self)
{
    size_t most = LargestToAll(node);
    size_t all = TextLength(props) + sizeof CLUSTER_SELF_KEY + TextLength(self) + QUOTES;
    Tcl_Size count;

    Tcl_DictObjSize(NULL, props, &count);
    return count < CLUSTER_PROTOCOLS_MAX && all <= CLUSTER_PROPS_BYTES_MAX
            && (most == 0
                    || all + TextLength(node->tags) + CLUSTER_TAGS_MAX + CLUSTER_BEAT_SPARE
                            <= most);
}

Tcl_Obj *
ClusterBeaconProps(ClusterNode *node)
{
    Tcl_Obj *props = ClusterNodeProps(node), *self, *key, *other = NULL;

    key = Tcl_NewStringObj(CLUSTER_SELF_KEY, -1);
    Tcl_IncrRefCount(key);
    Tcl_DictObjGet(NULL, props, key, &other);
    if (!other) { /* else a transport has that name */
        self = ClusterNodeDescribeSelf(node);
        Tcl_IncrRefCount(self);
        if (HasRoomForSelf(node, props, self)) {
            Tcl_DictObjPut(NULL, props, key, self);
        }
        Tcl_DecrRefCount(self);
    }
    Tcl_DecrRefCount(key);
    return props;
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
PutField(const ClusterNode *node, Tcl_Obj *payload, ClusterField id, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, payload, node->keys.name[id], value);
}

/* Adds what extra has, but for a filter, which stands first already. */
static void
MergeFields(const ClusterNode *node, Tcl_Obj *payload, Tcl_Obj *extra)
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
    MergeFields(node, payload, extra);
    if (known) {
        PutField(node, payload, CLUSTER_KNOWN, Tcl_NewWideIntObj((Tcl_WideInt) node->memberCount));
    }
    if (tags) {
        PutField(node, payload, CLUSTER_TAGS, node->tags);
    }
    return payload;
}

void
ClusterBeaconMake(ClusterNode *node, ClusterType type, int with, uint64_t channel, Tcl_Obj *ruid,
        ClusterOutgoing *beat)
{
    ClusterNodeOutgoing(node, type, channel, beat);
    if (ruid) {
        ClusterOutgoingSetValue(beat, CLUSTER_RUID, ruid);
    }
    if (with & CLUSTER_WITH_PROPS) {
        ClusterOutgoingSetValue(beat, CLUSTER_DATA, ClusterBeaconProps(node));
    }
    ClusterNodeAddKnown(node, (with & CLUSTER_WITH_TAGS) != 0, beat);
}

/*
 * ------------------------------------------------------------------------
 * Beating
 * ------------------------------------------------------------------------
 */

/* The interval, moved by up to JITTER_PERCENT either way. */
static int64_t
NextInterval(const ClusterNode *node)
{
    int64_t spread = node->heartbeat * JITTER_PERCENT / 100;
    uint32_t random;

    node->system.random(node->system.context, &random, sizeof random);
    return node->heartbeat - spread + (int64_t) (random % (uint64_t) (2 * spread + 1));
}

void
ClusterBeaconAfter(ClusterNode *node, int64_t ms)
{
    ClusterNodeSetDue(node, &node->beatDue, CLUSTER_DUE_BEAT,
            ClusterNodeNow(node) + (ms > 0 ? ms : 0));
}

void
ClusterBeaconAgain(ClusterNode *node)
{
    ClusterBeaconAfter(node, NextInterval(node));
}

void
ClusterBeaconPropsChanged(ClusterNode *node)
{
    node->propsChanged = true;
    ClusterBeaconAfter(node, 0);
}

int
ClusterBeaconTakeChanges(ClusterNode *node)
{
    int changes = (node->tagsChanged ? CLUSTER_WITH_TAGS : 0)
            | (node->propsChanged ? CLUSTER_WITH_PROPS : 0);

    node->tagsChanged = node->propsChanged = false;
    return changes;
}

void
ClusterBeaconPutBack(ClusterNode *node, int changes, bool soon)
{
    node->tagsChanged |= (changes & CLUSTER_WITH_TAGS) != 0;
    node->propsChanged |= (changes & CLUSTER_WITH_PROPS) != 0;
    if (changes && soon && node->heartbeat > BEAT_AGAIN) {
        ClusterBeaconAfter(node, BEAT_AGAIN);
    }
}

/* Each time later than before, as an interface that refuses may do so for ever. */
void
ClusterBeaconRepeat(ClusterNode *node, int changes)
{
    ClusterBeaconPutBack(node, changes, false);
    node->repeatAfter = node->repeatAfter ? 2 * node->repeatAfter : BEAT_AGAIN;
    if (node->repeatAfter < node->heartbeat) {
        ClusterBeaconAfter(node, node->repeatAfter);
    } else {
        node->repeatAfter = node->heartbeat;
    }
}

/*
 * ------------------------------------------------------------------------
 * What can be told
 * ------------------------------------------------------------------------
 */

/* The bytes of a heartbeat with the transports' props and these tags; SIZE_MAX when it cannot be made. */
static size_t
BeatLength(ClusterNode *node, Tcl_Obj *tags)
{
    bpacket_writer writer;
    bpacket_span packet;
    ClusterOutgoing beat;
    uint32_t present;
    size_t length = SIZE_MAX;

    ClusterBeaconMake(node, CLUSTER_HEARTBEAT, 0, CLUSTER_CHANNEL_BROADCAST, NULL, &beat);
    ClusterOutgoingSetValue(&beat, CLUSTER_DATA, ClusterNodeProps(node));
    ClusterOutgoingSetValue(&beat, CLUSTER_TAGS, tags);
    bpacket_writer_init(&writer, CLUSTER_MAX_PACKET);
    if (ClusterOutgoingEncode(&beat, NULL, &writer, &packet, &present, NULL)
            == CLUSTER_PAYLOAD_OK) {
        length = packet.length;
    }
    bpacket_writer_free(&writer);
    ClusterOutgoingFree(&beat);
    return length;
}

/* Tags that are short leave room for the largest props. */
ClusterFit
ClusterNodeFitTags(ClusterNode *node, Tcl_Obj *tags)
{
    size_t most = LargestToAll(node);
    Tcl_Size count, length;

    if (Tcl_ListObjLength(NULL, tags, &count) != TCL_OK || count > CLUSTER_TAGS_MAX) {
        return CLUSTER_TAGS_TOO_MANY;
    }
    Tcl_GetStringFromObj(tags, &length);
    if (length <= CLUSTER_PROPS_BYTES_MAX || most == 0) {
        return CLUSTER_FITS;
    }
    return BeatLength(node, tags) + CLUSTER_BEAT_SPARE <= most ? CLUSTER_FITS
                                                               : CLUSTER_TAGS_TOO_LARGE;
}

ClusterFit
ClusterNodeFitProps(ClusterNode *node)
{
    Tcl_Obj *props = ClusterNodeProps(node);
    Tcl_Size length;

    Tcl_IncrRefCount(props);
    Tcl_GetStringFromObj(props, &length);
    Tcl_DecrRefCount(props);
    return length <= CLUSTER_PROPS_BYTES_MAX ? CLUSTER_FITS : CLUSTER_PROPS_TOO_LARGE;
}

/*
 * ------------------------------------------------------------------------
 * Asking
 * ------------------------------------------------------------------------
 */

bool
ClusterBeaconMayDiscover(ClusterNode *node)
{
    int64_t now = ClusterNodeNow(node);

    if (node->closed || (node->discovered && now - node->lastDiscovery <= DISCOVER_EVERY)) {
        return false;
    }
    node->discovered = true;
    node->lastDiscovery = now;
    return true;
}

static bool
IsToBeAsked(const ClusterMember *member, int64_t now)
{
    return !(member->propsKnown && member->tagsKnown)
            && (member->asked == 0 || now - member->asked > DISCOVER_EVERY);
}

/* Adds the member to a list of sids. */
static void
AddAsked(ClusterMember *member, int64_t now, Tcl_Obj *sids)
{
    member->asked = now;
    member->wantsLink = true;
    ClusterListRemove(&member->inUnknown);
    ClusterListAppend(&member->node->asked, &member->inUnknown);
    Tcl_ListObjAppendElement(NULL, sids, member->sid);
}

/* Who waits longest to be asked, NULL when nobody is to be asked yet. */
static ClusterMember *
NextToAsk(const ClusterNode *node, int64_t now)
{
    ClusterListEntry *entry = ClusterListFirst(&node->unasked);
    ClusterMember *member;

    if (!entry && (entry = ClusterListFirst(&node->asked)) == NULL) {
        return NULL;
    }
    member = CLUSTER_LIST_ITEM(entry, ClusterMember, inUnknown);
    return IsToBeAsked(member, now) ? member : NULL;
}

/*
 * Who was lost and is heard again, or whose first answer got lost, is known
 * by bare heartbeats only, and cannot be reached directly until it says where.
 * One probe asks many, so that a stranger who invents members does not make
 * us send a packet for each.
 */
void
ClusterBeaconAsk(ClusterMember *member)
{
    ClusterNode *node = member->node;
    int64_t now = ClusterNodeNow(node);
    Tcl_Obj *sids;
    int count;

    if (node->closed || member->lost || !IsToBeAsked(member, now)) {
        return;
    }
    sids = Tcl_NewListObj(0, NULL);
    ClusterReplaceObj(&ClusterErrandAppend(node, CLUSTER_SEND_ASK, NULL)->list, sids);
    for (count = 0; count < ASK_MOST && member; count++) {
        AddAsked(member, now, sids);
        member = NextToAsk(node, now);
    }
}
