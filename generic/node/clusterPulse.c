/*
 * clusterPulse.c --
 *
 *	What is due: the deadlines of a node, its members and its queries, one
 *	turn for each.
 */

#include "node/clusterConfirmInt.h"

/* Deadlines met, and milliseconds spent on them, before others have their turn in the event loop. */
#define DUE_MOST 64
#define DUE_MS   2

/*
 * ------------------------------------------------------------------------
 * The kinds
 * ------------------------------------------------------------------------
 */

static void
BeatDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) deadline;
    ClusterErrandAppend(node, CLUSTER_SEND_HEARTBEAT, NULL);
}

static void
PingDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) deadline;
    ClusterErrandAppend(node, CLUSTER_SEND_PING, NULL)->list = ClusterPingerTake(node);
}

/* Who is asked after alone answers at once, so each gets a ping of its own. */
static void
PingAloneDue(ClusterNode *node, ClusterDeadline *deadline)
{
    Tcl_Obj *sids = ClusterPingerTakeAlone(node), *sid;
    Tcl_Size i;

    (void) deadline;
    for (i = 0; Tcl_ListObjIndex(NULL, sids, i, &sid) == TCL_OK && sid; i++) {
        ClusterReplaceObj(&ClusterErrandAppend(node, CLUSTER_SEND_PING, NULL)->list,
                Tcl_NewListObj(1, &sid));
    }
    Tcl_DecrRefCount(sids);
}

static void
AnswerDue(ClusterNode *node, ClusterDeadline *deadline)
{
    ClusterErrand *errand = ClusterErrandAppend(node, CLUSTER_SEND_HEARTBEAT, NULL);

    (void) deadline;
    errand->with = CLUSTER_WITH_PROPS | CLUSTER_WITH_TAGS;
    ClusterPingerAnswers(node);
}

/*
 * While scripts are nested too deep to be told more, what others make us tell
 * waits: members are discovered and lost later. Beats, pings and the time-outs
 * of queries go on.
 */
static void
DiscoveryDue(ClusterNode *node, ClusterDeadline *deadline)
{
    if (ClusterClockHeld(node->clock)) {
        ClusterNodeSetDue(node, deadline, CLUSTER_DUE_DISCOVERY, ClusterNodeNow(node) + LATE_GRACE);
    } else {
        ClusterRosterDiscoveryDue(CLUSTER_LIST_ITEM(deadline, ClusterMember, discovery));
    }
}

static void
ExpiryDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) node;
    ClusterRosterExpiryDue(CLUSTER_LIST_ITEM(deadline, ClusterMember, expiry));
}

static void
JoinDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) deadline;
    ClusterJoiningDue(node);
}

static void
AskersDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) deadline;
    ClusterReplyAskersDue(node);
}

/* Answers that wait are read before anybody is taken for silent (HeedLateness). */
static void
ProbeDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) deadline;
    ClusterProberDue(node);
}

static void
ProbedDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) node;
    ClusterProberMemberDue(CLUSTER_LIST_ITEM(deadline, ClusterMember, probe.due));
}

static void
MissingDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) node;
    ClusterMissingDue(deadline);
}

static void
DrainedDue(ClusterNode *node, ClusterDeadline *deadline)
{
    if (ClusterClockHeld(node->clock)) {
        ClusterNodeSetDue(node, deadline, CLUSTER_DUE_DRAINED, ClusterNodeNow(node) + LATE_GRACE);
    } else {
        ClusterFlowDue(CLUSTER_LIST_ITEM(deadline, ClusterMember, drained));
    }
}

static void
DeliveryDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) node;
    ClusterDeliveryDue(CLUSTER_LIST_ITEM(deadline, ClusterDelivery, due));
}

static void
AgainDue(ClusterNode *node, ClusterDeadline *deadline)
{
    ClusterErrandAppend(node, CLUSTER_DELIVER_AGAIN,
            CLUSTER_LIST_ITEM(deadline, ClusterOutbox, again)->member);
}

static void
ReceiptDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) node;
    ClusterReceiptsDue(CLUSTER_LIST_ITEM(deadline, ClusterInbox, due));
}

static void
TimeoutDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) node;
    ClusterNoticeQuery(CLUSTER_LIST_ITEM(deadline, ClusterQuery, timeout), CLUSTER_QUERY_TIMEOUT,
            NULL, NULL, NULL);
}

static void
UnreachableDue(ClusterNode *node, ClusterDeadline *deadline)
{
    (void) node;
    ClusterQueryTellUnreachable(CLUSTER_LIST_ITEM(deadline, ClusterQuery, tell));
}

typedef struct DueKind {
    const char *name; /* in the trace */
    void (*proc)(ClusterNode *node, ClusterDeadline *deadline);
} DueKind;

static const DueKind kinds[] = {
        [CLUSTER_DUE_BEAT] = {"beat", BeatDue},
        [CLUSTER_DUE_PING] = {"ping", PingDue},
        [CLUSTER_DUE_PING_ALONE] = {"ping-alone", PingAloneDue},
        [CLUSTER_DUE_ANSWER] = {"answer", AnswerDue},
        [CLUSTER_DUE_DISCOVERY] = {"discovery", DiscoveryDue},
        [CLUSTER_DUE_EXPIRY] = {"expiry", ExpiryDue},
        [CLUSTER_DUE_JOIN] = {"join", JoinDue},
        [CLUSTER_DUE_ASKERS] = {"askers", AskersDue},
        [CLUSTER_DUE_PROBE] = {"probe", ProbeDue},
        [CLUSTER_DUE_PROBED] = {"probed", ProbedDue},
        [CLUSTER_DUE_MISSING] = {"missing", MissingDue},
        [CLUSTER_DUE_DRAINED] = {"drained", DrainedDue},
        [CLUSTER_DUE_DELIVERY] = {"delivery", DeliveryDue},
        [CLUSTER_DUE_AGAIN] = {"again", AgainDue},
        [CLUSTER_DUE_RECEIPT] = {"receipt", ReceiptDue},
        [CLUSTER_DUE_TIMEOUT] = {"timeout", TimeoutDue},
        [CLUSTER_DUE_UNREACHABLE] = {"unreachable", UnreachableDue},
};

_Static_assert(CLUSTER_COUNT(kinds) == CLUSTER_DUE_KINDS, "each kind of deadline has a row");

/*
 * ------------------------------------------------------------------------
 * The timer
 * ------------------------------------------------------------------------
 */

/*
 * Deadlines that come late mean that the event loop was not there, in a long
 * computation or as the process or its host was stopped: what the others said
 * meanwhile is not read yet. After a longer absence they may have been
 * stopped with us, so all are asked to report.
 */
static void
HeedLateness(ClusterNode *node, int64_t now)
{
    int64_t late = ClusterClockLateness(node->clock);

    if (late >= AWAY) {
        node->graceUntil = now + AWAY_GRACE;
        node->discovered = false; /* however lately the last probe went out */
        ClusterErrandAppend(node, CLUSTER_SEND_DISCOVERY, NULL);
    } else if ((late >= LATE || ClusterClockHeld(node->clock))
            && node->graceUntil < now + LATE_GRACE) {
        node->graceUntil = now + LATE_GRACE;
    }
}

/* Meets the first deadline, in a turn of its own. False when none is due that was set by then. */
static bool
MeetOne(ClusterNode *node, int64_t now, uint64_t order)
{
    ClusterDeadline *first = ClusterDeadlineSoonest(&node->deadlines);

    if (!first || first->due > now || first->order > order) {
        return false;
    }
    ClusterNodeTraceLine(node, "due", "%s, %d ms late", kinds[first->kind].name,
            (int) (now - first->due));
    ClusterDeadlineClear(&node->deadlines, first);
    kinds[first->kind].proc(node, first);
    ClusterTurnEnd(node);
    return true;
}

void
ClusterPulse(void *data)
{
    ClusterNode *node = data;
    int64_t now = ClusterNodeNow(node);
    uint64_t order = node->deadlines.order;
    int count = 0;

    if (node->closed || ClusterNodeForked(node)) {
        return; /* who is silent here is heard by the parent */
    }
    ClusterNodeHold(node);
    ClusterTurnArm(
            node); /* a script that runs in here may wait in the event loop: the rest goes on */
    HeedLateness(node, now);
    while (count < DUE_MOST && ClusterNodeNow(node) - now < DUE_MS && MeetOne(node, now, order)) {
        count++;
    }
    ClusterTurnEnd(node);
    ClusterTimerCancel(&node->timer); /* it was set for what is met by now */
    ClusterTurnArm(node);
    ClusterNodeRelease(node);
}
