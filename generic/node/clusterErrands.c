/*
 * clusterErrands.c --
 *
 *	Carries out the errands of a node: heartbeats, probes, pings, replies and
 *	reports, whose packets are made when they are sent.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* Bytes of the sids in one ping, so that it goes into a datagram, and others heed it. */
#define PING_BYTES 60000

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
    if (node->datagram && node->datagram->transport) {
        node->datagram->type->event(node->datagram->transport, CLUSTER_EVENT_HEARTBEAT);
    }
    node->checking = false;
}

static ClusterSendStatus
SendBeat(ClusterNode *node, ClusterType type, int with, uint64_t channel, Tcl_Obj *ruid)
{
    ClusterSendStatus status;
    ClusterOutgoing beat;

    ClusterBeaconMake(node, type, with, channel, ruid, &beat);
    status = ClusterSendToAll(node, &beat, false, NULL);
    ClusterOutgoingFree(&beat);
    return status;
}

/* A beat that is too large goes out bare, so that we are not lost. */
static ClusterSendStatus
SendHeartbeat(ClusterNode *node, int with, uint64_t channel)
{
    ClusterSendStatus status = SendBeat(node, CLUSTER_HEARTBEAT, with, channel, NULL);

    if (status == CLUSTER_SEND_OVERSIZED && with && !node->closed) {
        SendBeat(node, CLUSTER_HEARTBEAT, 0, channel, NULL);
    }
    return status;
}

/* Did the latest packet to all not go by all ways? */
static bool
MissedSome(const ClusterNode *node)
{
    bool missed = false;
    int i;

    for (i = 0; i < node->slotCount; i++) {
        const ClusterSlot *slot = node->slots[i];

        missed = missed
                || (slot->transport && slot->type->missed && slot->type->missed(slot->transport));
    }
    return missed;
}

/* What was to be told with a beat is told again unless it went to everybody. */
static void
NoteBeat(ClusterNode *node, ClusterSendStatus status, int changes)
{
    if (node->closed) {
        return;
    }
    if (status != CLUSTER_SEND_DONE) {
        ClusterBeaconPutBack(node, changes, status == CLUSTER_SEND_UNREACHABLE);
    } else if (changes && MissedSome(node)) {
        ClusterBeaconRepeat(node, changes);
    } else if (changes) {
        node->repeatAfter = 0;
    }
}

bool
ClusterErrandHeartbeat(ClusterNode *node, int with, uint64_t channel)
{
    ClusterSendStatus status;
    int changes = 0;

    if (node->closed || ClusterNodeForked(node)) {
        return false;
    }
    if (channel == CLUSTER_CHANNEL_BROADCAST) {
        CheckTransports(node);
        ClusterBeaconAgain(node);
        changes = ClusterBeaconTakeChanges(node);
        ClusterRosterExpire(node);
    }
    if (node->closed) {
        return false;
    }
    status = SendHeartbeat(node, with | changes, channel);
    NoteBeat(node, status, changes);
    return status == CLUSTER_SEND_DONE;
}

bool
ClusterErrandDiscover(ClusterNode *node, Tcl_Obj *ruid, uint64_t channel)
{
    return ClusterBeaconMayDiscover(node)
            && SendBeat(node, CLUSTER_DISCOVERY, CLUSTER_WITH_PROPS | CLUSTER_WITH_TAGS, channel,
                       ruid)
            == CLUSTER_SEND_DONE;
}

/* One ping, which goes into a datagram. */
static void
SendPing(ClusterNode *node, Tcl_Obj *sids)
{
    ClusterOutgoing ping;

    ClusterNodeOutgoing(node, CLUSTER_PING, CLUSTER_CHANNEL_BROADCAST, &ping);
    ClusterOutgoingSetValue(&ping, CLUSTER_DATA, sids);
    ClusterNodeAddKnown(node, false, &ping);
    ClusterSendToAll(node, &ping, false, NULL);
    ClusterOutgoingFree(&ping);
    if (!node->closed) {
        ClusterRosterExpect(node, sids);
    }
}

void
ClusterErrandPing(ClusterNode *node, Tcl_Obj *sids)
{
    Tcl_Obj *part, *sid;
    Tcl_Size at = 0, bytes, length;

    while (!node->closed && Tcl_ListObjIndex(NULL, sids, at, &sid) == TCL_OK && sid) {
        part = Tcl_NewListObj(0, NULL);
        Tcl_IncrRefCount(part);
        for (bytes = 0; sid && bytes < PING_BYTES; bytes += length + 3) {
            Tcl_GetStringFromObj(sid, &length);
            Tcl_ListObjAppendElement(NULL, part, sid);
            Tcl_ListObjIndex(NULL, sids, ++at, &sid);
        }
        SendPing(node, part);
        Tcl_DecrRefCount(part);
    }
}

/*
 * ------------------------------------------------------------------------
 * The kinds
 * ------------------------------------------------------------------------
 */

static void
RunHeartbeat(ClusterNode *node, ClusterErrand *errand)
{
    ClusterErrandHeartbeat(node, errand->with, CLUSTER_CHANNEL_BROADCAST);
}

static void
RunDiscovery(ClusterNode *node, ClusterErrand *errand)
{
    (void) errand;
    ClusterErrandDiscover(node, NULL, CLUSTER_CHANNEL_BROADCAST);
}

static void
RunPing(ClusterNode *node, ClusterErrand *errand)
{
    ClusterErrandPing(node, errand->list);
}

static ClusterSendStatus
SendFiltered(ClusterNode *node, ClusterType type, int with, Tcl_Obj *sids, Tcl_Obj *ruid)
{
    ClusterSendStatus status;
    ClusterOutgoing probe;

    ClusterBeaconMake(node, type, with, CLUSTER_CHANNEL_BROADCAST, ruid, &probe);
    ClusterOutgoingSetValue(&probe, CLUSTER_FILTER, sids);
    status = ClusterSendToAll(node, &probe, false, NULL);
    ClusterOutgoingFree(&probe);
    return status;
}

/* A probe filtered to those who are to say who they are; without our tags if they leave no room for that. */
static void
RunAsk(ClusterNode *node, ClusterErrand *errand)
{
    ClusterSendStatus status = SendFiltered(node, CLUSTER_DISCOVERY,
            CLUSTER_WITH_PROPS | CLUSTER_WITH_TAGS, errand->list, NULL);

    if (status == CLUSTER_SEND_OVERSIZED && !node->closed) {
        SendFiltered(node, CLUSTER_DISCOVERY, CLUSTER_WITH_PROPS, errand->list, NULL);
    }
}

/* Who is not believed yet is asked whether it is there, or told that we are: bare, as it need not be there. */
static void
RunCall(ClusterNode *node, ClusterErrand *errand)
{
    SendFiltered(node, (ClusterType) errand->with, 0, errand->list, errand->ruid);
}

/*
 * Who and what we are, first over the way the request came when that was a
 * direct one. No connection is made for it: where to, is but what a stranger says.
 */
static void
RunReply(ClusterNode *node, ClusterErrand *errand)
{
    ClusterOutgoing reply;

    ClusterNodeOutgoing(node, CLUSTER_HEARTBEAT, CLUSTER_CHANNEL_BROADCAST, &reply);
    if (errand->ruid) {
        ClusterOutgoingSetValue(&reply, CLUSTER_RUID, errand->ruid);
    }
    if (errand->keepalive) {
        ClusterOutgoingSetValue(&reply, CLUSTER_KEEPALIVE, errand->keepalive);
    }
    ClusterOutgoingSetValue(&reply, CLUSTER_DATA, ClusterBeaconProps(node));
    ClusterNodeAddKnown(node, true, &reply);
    if (errand->slot != node->datagram || !ClusterSendBeatTo(errand->member, &reply)) {
        ClusterSendReply(errand->member,
                errand->slot == node->datagram ? ClusterNodeSlotToAll(node) : errand->slot, &reply,
                CLUSTER_ONLY_LINKS);
    }
    ClusterOutgoingFree(&reply);
}

static void
RunReport(ClusterNode *node, ClusterErrand *errand)
{
    Tcl_Obj *data = Tcl_NewDictObj();
    ClusterOutgoing report;

    Tcl_DictObjPut(NULL, data, node->keys.name[CLUSTER_PROTOCOLS], errand->list);
    ClusterNodeOutgoing(node, CLUSTER_FAILURE, CLUSTER_CHANNEL_BROADCAST, &report);
    ClusterOutgoingSetValue(&report, CLUSTER_DATA, data);
    ClusterSendToOne(errand->member, &report, errand->ways, errand->with, NULL);
    ClusterOutgoingFree(&report);
}

static void
RunReconnect(ClusterNode *node, ClusterErrand *errand)
{
    ClusterSendResult result;

    (void) node;
    if (errand->member->lost || errand->member->heir) {
        return;
    }
    result = ClusterSendReach(errand->member, errand->slot);
    if (result == CLUSTER_SENT) {
        ClusterMemberRenewed(errand->member);
    }
    if (!errand->with
            && (result == CLUSTER_SEND_FAILED || result == CLUSTER_SEND_REFUSED
                    || result == CLUSTER_SEND_ABSENT)) {
        ClusterRosterStep(errand->member, CLUSTER_LIFE_REFUSED);
    }
    if (result == CLUSTER_SEND_REFUSED || result == CLUSTER_SEND_ABSENT) {
        ClusterProberEvidence(errand->member, CLUSTER_EVIDENCE_LINK);
    }
}

/* Nothing that somebody else chose is in it, as nobody knows yet who listens there. */
static void
RunConnect(ClusterNode *node, ClusterErrand *errand)
{
    ClusterOutgoing beat;

    if (ClusterMemberConnected(errand->member)) {
        return;
    }
    ClusterBeaconMake(node, CLUSTER_HEARTBEAT, 0, CLUSTER_CHANNEL_BROADCAST, NULL, &beat);
    ClusterSendToOne(errand->member, &beat, NULL, 0, NULL);
    ClusterOutgoingFree(&beat);
}

/*
 * The first way of the member that works, and a link if there is none: whether
 * that comes about is what is to be known. That no way is left, as our own
 * network is down or the member has but multicast, says nothing of it. A link that ends from here on is
 * the one that was to be made.
 */
static void
ProbeByLink(ClusterNode *node, ClusterMember *member, ClusterOutgoing *packet)
{
    ClusterSendDetails details;
    ClusterSendStatus status;
    bool anew = !ClusterMemberConnected(member);

    if (anew) {
        if (!ClusterMemberHasWays(member) || !ClusterNodeMay(node, CLUSTER_QUOTA_PROBES)) {
            return;
        }
        member->probe.evidence |= CLUSTER_EVIDENCE_ENDED;
    }
    status = ClusterSendToOne(member, packet, NULL, CLUSTER_NO_HOOKS | CLUSTER_LATE_TOO, &details);
    if (anew && !member->lost) {
        ClusterMemberRenewed(member);
    }
    if (status == CLUSTER_SEND_UNREACHABLE && details.absent && !node->closed) {
        ClusterProberEvidence(member, CLUSTER_EVIDENCE_LINK);
    }
}

static void
RunProbe(ClusterNode *node, ClusterErrand *errand)
{
    ClusterMember *member = errand->member;
    ClusterOutgoing packet;

    if (member->lost || (!errand->ruid && member->probe.stage == CLUSTER_PROBE_IDLE)) {
        return;
    }
    if (!errand->ruid) {
        ClusterReplaceObj(&errand->ruid, Tcl_NewStringObj(member->probe.id, -1));
    }
    ClusterProbePacket(node, errand, CLUSTER_PROBE, &packet);
    ClusterSendDatagram(member, &packet);
    if (errand->with == CLUSTER_BY_BOTH) {
        ProbeByLink(node, member, &packet);
    }
    ClusterOutgoingFree(&packet);
}

/* Over the link that asked, which proves that this works, or another that is open. False: there is none. */
static bool
AckByLink(ClusterErrand *errand, ClusterOutgoing *packet)
{
    Tcl_Obj *protocols = Tcl_NewListObj(1, &errand->slot->id);
    ClusterSendStatus status;

    Tcl_IncrRefCount(protocols);
    Tcl_ListObjAppendList(NULL, protocols, errand->member->protocols);
    status = ClusterSendToOne(errand->member, packet, protocols,
            CLUSTER_ONLY_LINKS | CLUSTER_NO_HOOKS, NULL);
    Tcl_DecrRefCount(protocols);
    return status == CLUSTER_SEND_DONE;
}

/* Else by datagram to where the member says it is, and never to all, who would drop it. */
static void
RunAck(ClusterNode *node, ClusterErrand *errand)
{
    ClusterOutgoing packet;

    if (errand->member->lost) {
        return;
    }
    ClusterProbePacket(node, errand, CLUSTER_ACK, &packet);
    if (!errand->slot || errand->slot == node->datagram || !AckByLink(errand, &packet)) {
        ClusterSendDatagram(errand->member, &packet);
    }
    ClusterOutgoingFree(&packet);
}

static void
RunRelay(ClusterNode *node, ClusterErrand *errand)
{
    ClusterOutgoing packet;

    if (!errand->member->lost) {
        ClusterProbePacket(node, errand, CLUSTER_RELAY, &packet);
        ClusterSendDatagram(errand->member, &packet);
        ClusterOutgoingFree(&packet);
    }
}

/* One that is missing is tried, or answered. */
static void
RunTry(ClusterNode *node, ClusterErrand *errand)
{
    ClusterMissing *missing = ClusterMissingFind(node, Tcl_GetString(errand->ways));
    ClusterOutgoing packet;
    ClusterPeer peer;
    uint16_t port;

    if (missing) {
        ClusterMissingPeer(missing, &peer, &port);
        ClusterProbePacket(node, errand, errand->with ? CLUSTER_ACK : CLUSTER_PROBE, &packet);
        ClusterSendDatagramTo(node, &peer, port, &packet);
        ClusterOutgoingFree(&packet);
    }
}

static void
RunReceipt(ClusterNode *node, ClusterErrand *errand)
{
    ClusterOutgoing receipt;

    ClusterNodeOutgoing(node, CLUSTER_RECEIPT, CLUSTER_CHANNEL_BROADCAST, &receipt);
    ClusterOutgoingSetValue(&receipt, CLUSTER_RUID, errand->ruid);
    if (errand->list) {
        ClusterOutgoingSetValue(&receipt, CLUSTER_DATA, errand->list);
    }
    if (errand->ways) {
        ClusterOutgoingSetValue(&receipt, CLUSTER_ERROR, errand->ways);
    }
    ClusterSendToOne(errand->member, &receipt, NULL, CLUSTER_UNASKED | CLUSTER_ACCEPTED, NULL);
    ClusterOutgoingFree(&receipt);
}

static void
RunAgain(ClusterNode *node, ClusterErrand *errand)
{
    (void) node;
    ClusterDeliverAgain(errand->member);
}

void
ClusterErrandRun(ClusterNode *node, ClusterErrand *errand)
{
    static void (*const procs[])(ClusterNode *, ClusterErrand *) = {
            [CLUSTER_SEND_HEARTBEAT] = RunHeartbeat,
            [CLUSTER_SEND_DISCOVERY] = RunDiscovery,
            [CLUSTER_SEND_PING] = RunPing,
            [CLUSTER_SEND_ASK] = RunAsk,
            [CLUSTER_SEND_REPLY] = RunReply,
            [CLUSTER_SEND_REPORT] = RunReport,
            [CLUSTER_RECONNECT] = RunReconnect,
            [CLUSTER_CONNECT] = RunConnect,
            [CLUSTER_SEND_PROBE] = RunProbe,
            [CLUSTER_SEND_ACK] = RunAck,
            [CLUSTER_SEND_RELAY] = RunRelay,
            [CLUSTER_SEND_TRY] = RunTry,
            [CLUSTER_SEND_RECEIPT] = RunReceipt,
            [CLUSTER_DELIVER_AGAIN] = RunAgain,
            [CLUSTER_SEND_CALL] = RunCall,
    };

    _Static_assert(CLUSTER_COUNT(procs) == CLUSTER_ERRAND_KINDS, "each kind has a procedure");
    if (!node->closed && !ClusterNodeForked(node)) {
        procs[errand->kind](node, errand);
    }
}
