/*
 * clusterProber.c --
 *
 *	Who is probed when, and what is made of answers and of their absence: the
 *	failure detector of SWIM, on top of what the systems of the members' hosts
 *	tell. Changes state, sets deadlines, leaves errands behind, and sends
 *	nothing.
 *
 *	A probe goes to each member in turn. If its answer is missing it is
 *	repeated, over a link as well, and others are asked to try. Then the member
 *	is suspect: that is told to others, each of whom tries for itself, and so do
 *	we until it answers or its time is over. How long that is depends on what
 *	its host says: a process that stands still is not a host that is gone.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* Others that are asked to probe a member that does not answer, as in SWIM. */
#define RELAYS 3
/* Milliseconds between the packets of a probe of one that is suspect, at first and at most. */
#define AGAIN      250
#define AGAIN_MOST 1000
/* Waits for an answer after which one is lost that is gone most likely: as long as two packets take. */
#define GONE_WAITS 3
/* One part in so many of the period is enough as well. */
#define AGAIN_PERIOD_SHARE 4
/* ... and at most to one that never answered: it may be where nobody asked for packets. */
#define AGAIN_UNTRIED_MOST 8000
/* Members of one host that are looked at together when one of them falls silent, or one is found. */
#define MATES_MOST 64
/* Members that are passed over in one turn of the round. */
#define PASSED_MOST 64
/* Others that are looked at now as one is found to be gone of which nobody had told: it may not be alone. */
#define NEXT_AFTER 4

/*
 * ------------------------------------------------------------------------
 * The round
 * ------------------------------------------------------------------------
 */

bool
ClusterProberCan(const ClusterMember *member)
{
    const ClusterNode *node = member->node;

    return node->probing.period > 0 && node->datagram && (member->can & CLUSTER_CAN_PROBE)
            && member->datagramPort;
}

static ClusterMember *
Next(ClusterNode *node, ClusterRound *round)
{
    ClusterRoundEntry *entry = ClusterRoundNext(round, &node->system);

    return entry ? CLUSTER_LIST_ITEM(entry, ClusterMember, probe.inRound) : NULL;
}

/*
 * Whose turn it is, NULL when there is nobody. Those who never answered may be
 * invented, as many as somebody likes: they have every other turn at most.
 */
static ClusterMember *
NextTurn(ClusterNode *node)
{
    ClusterMember *member = NULL;

    node->triesNext = !node->triesNext;
    if (!node->triesNext) {
        member = Next(node, &node->round);
    }
    if (!member) {
        member = Next(node, &node->untried);
    }
    return member ? member : Next(node, &node->round);
}

/*
 * ------------------------------------------------------------------------
 * One probe
 * ------------------------------------------------------------------------
 */

static void
SetProbeDue(ClusterMember *member, int64_t wait)
{
    ClusterNodeSetDue(member->node, &member->probe.due, CLUSTER_DUE_PROBED,
            ClusterNodeNow(member->node) + wait);
}

/* Asks for a packet of the probe: `with` says over what. */
static void
Send(ClusterMember *member, ClusterProbeWay with)
{
    ClusterErrandAppend(member->node, CLUSTER_SEND_PROBE, member)->with = (int) with;
}

/* Ends it, whatever came of it. */
static void
EndProbe(ClusterMember *member)
{
    if (member->probe.stage == CLUSTER_PROBE_SUSPECT) {
        member->node->unanswered--;
    }
    member->probe.stage = CLUSTER_PROBE_IDLE;
    ClusterNodeClearDue(member->node, &member->probe.due);
}

void
ClusterProberBegin(ClusterMember *member)
{
    ClusterProbe *probe = &member->probe;
    ClusterNode *node = member->node;

    if (probe->stage > CLUSTER_PROBE_WAITS || member->lost) {
        return;
    }
    if (!ClusterProberCan(member) || ClusterLivenessLeaves(&member->life)) {
        EndProbe(member);
        return;
    }
    if (probe->stage == CLUSTER_PROBE_IDLE) {
        probe->evidence = 0;
        probe->confirmed = 0;
    }
    probe->stage = CLUSTER_PROBE_ASKED;
    probe->first = probe->since = ClusterNodeNow(node);
    probe->sent = ClusterSystemMicroseconds(&node->system);
    probe->repeated = false;
    probe->again = AGAIN;
    ClusterSystemRandomText(&node->system, probe->id, CLUSTER_PROBE_ID);
    Send(member, CLUSTER_BY_DATAGRAM);
    SetProbeDue(member, ClusterProbingWait(&node->probing, &probe->rtt));
}

/* May it be probed out of its turn, as others or its host's silence would have it? What goes to our own host harms nobody. */
static bool
MayHurry(const ClusterMember *member)
{
    return ClusterNodeMay(member->node,
            member->probe.proven || member->local ? CLUSTER_QUOTA_PROBES : CLUSTER_QUOTA_TRIALS);
}

/* As all are told to at the same time, each begins at a time of its own. */
static void
BeginSoon(ClusterMember *member)
{
    ClusterNode *node = member->node;
    int64_t spread = ClusterProbingSpread(node->memberCount);

    if (spread == 0 || !ClusterProberCan(member) || ClusterLivenessLeaves(&member->life)) {
        ClusterProberBegin(member);
        return;
    }
    member->probe.stage = CLUSTER_PROBE_WAITS;
    member->probe.evidence = 0;
    member->probe.confirmed = 0;
    SetProbeDue(member, ClusterSystemRandomBelow(&node->system, (uint32_t) spread + 1));
}

/* Others who can be asked about a member: alive, and not on its host if there are any elsewhere. */
static bool
MayRelay(const ClusterMember *relay, const ClusterMember *member, bool elsewhere)
{
    return relay != member && relay->life.state == CLUSTER_ALIVE
            && relay->probe.stage == CLUSTER_PROBE_IDLE
            && (!elsewhere || ClusterAddressCompare(&relay->address, &member->address) != 0);
}

static void
AskRelay(ClusterMember *relay, const ClusterMember *member)
{
    ClusterErrand *errand = ClusterErrandAppend(relay->node, CLUSTER_SEND_RELAY, relay);

    ClusterReplaceObj(&errand->list, member->uuid);
    ClusterReplaceObj(&errand->ruid, Tcl_NewStringObj(member->probe.id, -1));
}

/* From anywhere in the round on, which is in random order: the next ones are as good as any. */
static void
AskRelays(ClusterMember *member)
{
    ClusterNode *node = member->node;
    const ClusterRound *round = &node->round;
    size_t i, from;
    int asked = 0, pass;

    if (round->count == 0) {
        return;
    }
    from = ClusterSystemRandomBelow(&node->system, (uint32_t) round->count);
    for (pass = 0; pass < 2 && asked == 0; pass++) {
        for (i = 0; i < round->count && asked < RELAYS; i++) {
            ClusterMember *relay = CLUSTER_LIST_ITEM(ClusterRoundAt(round, from + i), ClusterMember,
                    probe.inRound);

            if (MayRelay(relay, member, pass == 0)) {
                AskRelay(relay, member);
                asked++;
            }
        }
    }
}

/* The first packet was not answered in time: once more, by all means. */
static void
Widen(ClusterMember *member)
{
    member->probe.stage = CLUSTER_PROBE_WIDE;
    member->probe.repeated = true;
    Send(member, CLUSTER_BY_BOTH);
    AskRelays(member);
    SetProbeDue(member, 2 * ClusterProbingWait(&member->node->probing, &member->probe.rtt));
}

/*
 * ------------------------------------------------------------------------
 * Suspicion
 * ------------------------------------------------------------------------
 */

/* Does the system of its host answer, as far as a link of its own shows? */
static bool
HostAnswers(const ClusterMember *member)
{
    int64_t passed = ClusterNodeNow(member->node) - member->probe.first;
    int i;

    for (i = 0; i < member->node->slotCount; i++) {
        const ClusterSlot *slot = member->node->slots[i];
        ClusterLink *link = member->links[i];

        if (link && slot->type->answers && slot->type->answers(link, passed)) {
            return true;
        }
    }
    return false;
}

/*
 * Its link has ended, and where it took links nobody does, or another: a
 * process that lives would answer by datagram, or over the link that was tried.
 * The system's word that the port for datagrams is closed too would prove it,
 * but comes seldom: hosts say so to another host a few times, then once a second.
 */
static bool
IsGoneMostLikely(const ClusterProbe *probe)
{
    return (probe->evidence & CLUSTER_EVIDENCE_ENDED)
            && (probe->evidence & (CLUSTER_EVIDENCE_LINK | CLUSTER_EVIDENCE_HEIR));
}

/* Milliseconds from the first packet until it is lost. */
static int64_t
TimeLeftTo(const ClusterMember *member)
{
    const ClusterProbe *probe = &member->probe;
    const ClusterNode *node = member->node;
    int64_t time = ClusterProbingSuspicion(&node->probing, node->memberCount, probe->confirmed);

    if (IsGoneMostLikely(probe)) {
        int64_t soon = GONE_WAITS * ClusterProbingLeastWait(&probe->rtt);

        return soon < time ? soon : time;
    }
    if ((probe->evidence & (CLUSTER_EVIDENCE_PORT | CLUSTER_EVIDENCE_LINK)) == 0
            && (probe->evidence & CLUSTER_EVIDENCE_HOST)) {
        return ClusterProbingHung(&node->probing);
    }
    return time;
}

/*
 * Where many are gone at once they are found soon, as each that is found has
 * us look at more; where one is, that costs a few packets.
 */
static void
LookAtNext(ClusterNode *node)
{
    int i;

    for (i = 0; i < NEXT_AFTER; i++) {
        ClusterMember *member = Next(node, &node->round);

        if (member && member->probe.stage == CLUSTER_PROBE_IDLE && MayHurry(member)) {
            ClusterProberBegin(member);
        }
    }
}

/*
 * Says that it is suspected, or gone, unless others have said so. All hear a
 * ping, also who hears no datagrams. Who hears nothing is cut off rather, and
 * looks at no more.
 */
static void
Tell(ClusterMember *member)
{
    ClusterNode *node = member->node;
    bool first = member->probe.confirmed == 0 && node->answered >= member->probe.first;

    ClusterNewsAdd(&node->news, CLUSTER_NEWS_SUSPECT, member->uuid, member->probe.incarnation);
    if (member->probe.confirmed < CLUSTER_CONFIRMERS) {
        ClusterPingerAddAlone(node, member->sid);
    }
    if (first) {
        LookAtNext(node);
    }
}

static void
Bury(ClusterMember *member)
{
    ClusterRosterStep(member,
            member->probe.evidence & CLUSTER_EVIDENCE_HEIR ? CLUSTER_LIFE_REPLACED
                                                           : CLUSTER_LIFE_DEAD);
}

/*
 * Sets when the suspect is lost, by what is known now; now, if that is over.
 * One that is gone most likely is looked at then, and no later.
 */
static void
Reckon(ClusterMember *member)
{
    ClusterProbe *probe = &member->probe;
    int64_t now = ClusterNodeNow(member->node), hung, left, end;

    if (HostAnswers(member)) {
        probe->evidence |= CLUSTER_EVIDENCE_HOST;
    }
    left = TimeLeftTo(member);
    hung = ClusterProbingHung(&member->node->probing);
    end = probe->first + left;
    if (end > probe->since + (left > hung ? left : hung)) { /* it was denied, by whomever */
        end = probe->since + (left > hung ? left : hung);
    }
    if (end <= now && IsGoneMostLikely(probe)) {
        Bury(member);
    } else {
        ClusterRosterStepWithin(member, CLUSTER_LIFE_UNANSWERED, end > now ? end - now : 0);
        if (IsGoneMostLikely(probe) && end < probe->due.due) {
            SetProbeDue(member, end - now);
        }
    }
}

/* Who is on the same host is looked at now rather than in its turn. */
static void
LookAtMates(const ClusterMember *member)
{
    ClusterMember *mate = NULL;
    int i;

    if (member->local) {
        return;
    }
    for (i = 0; i < MATES_MOST && (mate = ClusterRoomNeighbor(member, mate)) != NULL; i++) {
        if (mate->probe.stage == CLUSTER_PROBE_IDLE
                && ClusterAddressCompare(&mate->address, &member->address) == 0 && MayHurry(mate)) {
            ClusterProberBegin(mate);
        }
    }
}

/*
 * If nobody else answers either, it is rather we who are cut off. Lifeguard
 * learns that from those who are asked for help; here other probes tell, and
 * what the system heard of the member's host.
 */
static void
BlameOurselves(const ClusterMember *member)
{
    ClusterNode *node = member->node;

    if (node->unanswered > 0 && node->answered < member->probe.first
            && !(member->probe.evidence & (CLUSTER_EVIDENCE_PORT | CLUSTER_EVIDENCE_LINK))) {
        ClusterProbingFailed(&node->probing);
    }
}

static void
Suspect(ClusterMember *member)
{
    ClusterNode *node = member->node;
    ClusterProbe *probe = &member->probe;

    probe->stage = CLUSTER_PROBE_SUSPECT;
    BlameOurselves(member);
    node->unanswered++;
    if (member->local) {
        probe->evidence |= CLUSTER_EVIDENCE_HOST;
    }
    Tell(member);
    Send(member, CLUSTER_BY_BOTH);
    SetProbeDue(member, probe->again);
    Reckon(member);
    if (!member->lost) {
        ClusterNoticeAppend(node, CLUSTER_NOTICE_SUSPECT, member);
        LookAtMates(member);
    }
}

/* Milliseconds between two packets at most: where nothing comes from its host there is little time. */
static int64_t
AgainMost(const ClusterMember *member)
{
    if (!member->probe.proven) {
        return AGAIN_UNTRIED_MOST;
    }
    if (member->probe.evidence & CLUSTER_EVIDENCE_HOST) {
        return AGAIN_MOST;
    }
    return member->node->probing.period / AGAIN_PERIOD_SHARE;
}

/* Still no answer. */
static void
GoOn(ClusterMember *member)
{
    ClusterProbe *probe = &member->probe;

    Send(member, CLUSTER_BY_BOTH);
    if (probe->again < AgainMost(member)) {
        probe->again *= 2;
    }
    SetProbeDue(member, probe->again);
    Reckon(member);
}

void
ClusterProberMemberDue(ClusterMember *member)
{
    ClusterNode *node = member->node;

    if (ClusterNodeNow(node) < node->graceUntil) { /* what was answered is not read yet */
        member->probe.first = member->probe.since = ClusterNodeNow(node);
        SetProbeDue(member, node->graceUntil - ClusterNodeNow(node));
        return;
    }
    switch (member->probe.stage) {
    case CLUSTER_PROBE_WAITS:
        ClusterProberBegin(member);
        break;
    case CLUSTER_PROBE_ASKED:
        Widen(member);
        break;
    case CLUSTER_PROBE_WIDE:
        Suspect(member);
        break;
    case CLUSTER_PROBE_SUSPECT:
        GoOn(member);
        break;
    default:
        break;
    }
}

/* Who is probed already needs no turn. At most so many are passed over. */
void
ClusterProberDue(ClusterNode *node)
{
    ClusterMember *member = NextTurn(node);
    int passed;

    for (passed = 0; member && member->probe.stage != CLUSTER_PROBE_IDLE && passed < PASSED_MOST;
            passed++) {
        member = NextTurn(node);
    }
    if (member) {
        ClusterProberBegin(member);
        ClusterNodeSetDue(node, &node->probeDue, CLUSTER_DUE_PROBE,
                ClusterNodeNow(node) + ClusterProbingGap(&node->probing));
    }
}

/*
 * ------------------------------------------------------------------------
 * What is heard
 * ------------------------------------------------------------------------
 */

void
ClusterProberHears(ClusterNode *node)
{
    node->answered = ClusterNodeNow(node);
}

/* It is where it says to be: from now on it has its turn with the others. */
static void
Prove(ClusterMember *member)
{
    if (!member->probe.proven) {
        member->probe.proven = true;
        ClusterRoundRemove(&member->probe.inRound);
        ClusterRoundAdd(&member->node->round, &member->probe.inRound, true);
    }
}

bool
ClusterProberAnswered(ClusterMember *member, const char *id, size_t length, bool direct)
{
    ClusterProbe *probe = &member->probe;
    ClusterNode *node = member->node;

    if (probe->stage <= CLUSTER_PROBE_WAITS || length != CLUSTER_PROBE_ID
            || memcmp(id, probe->id, CLUSTER_PROBE_ID) != 0) {
        return false;
    }
    if (direct) {
        probe->answered = ClusterNodeNow(node);
    }
    if (direct && !probe->repeated) {
        ClusterRttTake(&probe->rtt, ClusterSystemMicroseconds(&node->system) - probe->sent);
    }
    ClusterProbingAnswered(&node->probing, probe->repeated);
    Prove(member);
    ClusterProberHears(node);
    ClusterNewsForget(&node->news, member->uuid);
    EndProbe(member);
    ClusterRosterStep(member, CLUSTER_LIFE_ANSWERED);
    return true;
}

/*
 * The port for datagrams is closed, and that for links as well, or is another's
 * by now. Of the latter, and where there is none for links, the word of our own
 * system is enough, and no other's.
 */
static bool
IsProven(const ClusterMember *member)
{
    const ClusterProbe *probe = &member->probe;

    return (probe->evidence & CLUSTER_EVIDENCE_PORT)
            && ((probe->evidence & CLUSTER_EVIDENCE_LINK)
                    || (member->local
                            && (IsGoneMostLikely(probe) || !ClusterMemberHasWays(member))));
}

/* Not all may know of it by links of their own. */
static void
TellOfDeath(ClusterMember *member)
{
    if (member->probe.stage < CLUSTER_PROBE_SUSPECT) {
        Tell(member);
    }
}

void
ClusterProberEvidence(ClusterMember *member, unsigned evidence)
{
    ClusterProbe *probe = &member->probe;
    bool isNew;

    if (member->lost || !ClusterProberCan(member)
            || (probe->stage == CLUSTER_PROBE_IDLE && !probe->proven && !member->local
                    && !MayHurry(member))) {
        return;
    }
    ClusterProberBegin(member);
    ClusterNodeTraceLine(member->node, "state", "%s evidence %u and %u",
            Tcl_GetString(member->uuid), probe->evidence, evidence);
    isNew = (probe->evidence & evidence) != evidence;
    probe->evidence |= evidence;
    if (IsProven(member)) {
        TellOfDeath(member);
        Bury(member);
    } else if (probe->stage == CLUSTER_PROBE_ASKED) {
        Widen(member); /* the other way is asked now */
    } else if (probe->stage != CLUSTER_PROBE_IDLE && isNew) {
        Send(member, CLUSTER_BY_BOTH);
        if (probe->stage == CLUSTER_PROBE_SUSPECT) {
            Reckon(member);
        }
    }
}

void
ClusterProberLinkEnded(ClusterMember *member)
{
    const ClusterProbe *probe = &member->probe;
    bool again = probe->stage != CLUSTER_PROBE_IDLE && (probe->evidence & CLUSTER_EVIDENCE_ENDED);

    ClusterProberEvidence(member, again ? CLUSTER_EVIDENCE_LINK : CLUSTER_EVIDENCE_ENDED);
}

/*
 * Of many who are told of a suspicion some lose all packets, suspect it too and
 * tell of that: all would look again, and again. Once in a while will do.
 */
static bool
ToldLately(ClusterMember *member)
{
    const ClusterNode *node = member->node;
    ClusterProbe *probe = &member->probe;
    int64_t now = ClusterNodeNow(node);

    if (node->memberCount > CLUSTER_CONNECT_ALL && probe->told && probe->answered >= probe->told
            && now - probe->told < node->probing.period + ClusterProbingSpread(node->memberCount)) {
        return true;
    }
    probe->told = now;
    return false;
}

void
ClusterProberDoubted(ClusterMember *member, const ClusterMember *by)
{
    ClusterProbe *probe = &member->probe;
    int i;

    if (probe->stage == CLUSTER_PROBE_IDLE) {
        if (ToldLately(member) || !MayHurry(member)) {
            return;
        }
        BeginSoon(member);
    }
    for (i = 0; i < probe->confirmed && probe->confirmers[i] != by; i++) {
        continue;
    }
    if (i == probe->confirmed && i < CLUSTER_CONFIRMERS) {
        probe->confirmers[probe->confirmed++] = by;
        if (probe->stage == CLUSTER_PROBE_SUSPECT) {
            Reckon(member);
        }
    }
}

/*
 * It says so itself, by way of others, or one of them does: it has as much time
 * again, though not for ever.
 */
void
ClusterProberRefuted(ClusterMember *member, uint32_t incarnation)
{
    ClusterProbe *probe = &member->probe;

    if (incarnation <= probe->incarnation) {
        return;
    }
    probe->incarnation = incarnation;
    ClusterNewsAdd(&member->node->news, CLUSTER_NEWS_ALIVE, member->uuid, incarnation);
    if (probe->stage == CLUSTER_PROBE_WAITS && probe->proven) {
        EndProbe(member);
    } else if (probe->stage != CLUSTER_PROBE_IDLE) {
        probe->first = ClusterNodeNow(member->node);
        probe->confirmed = 0;
        if (probe->stage == CLUSTER_PROBE_SUSPECT) {
            Reckon(member);
        }
    }
}

/* Only what is said of us as we are now is refuted: nobody drives the number up at will. */
void
ClusterProberSuspected(ClusterNode *node, uint32_t incarnation)
{
    if (incarnation == node->incarnation && ClusterNodeMay(node, CLUSTER_QUOTA_PROBES)) {
        node->incarnation++;
        if (ClusterNodeNow(node) >= node->doubtedUntil) {
            node->doubtedUntil = ClusterNodeNow(node) + node->probing.period;
            ClusterProbingSuspected(&node->probing);
        }
        ClusterNewsAdd(&node->news, CLUSTER_NEWS_ALIVE, node->uuidObj, node->incarnation);
    }
}
