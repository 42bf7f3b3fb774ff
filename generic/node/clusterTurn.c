/*
 * clusterTurn.c --
 *
 *	The end of a turn: what it left to send is sent, and what it left to tell
 *	is told, in order.
 *
 *	A turn begins with whatever enters the node (a packet, a deadline, a call)
 *	and ends in here, where nothing is half done. Scripts that run in here
 *	enter the node anew; the turns they begin end before they go on, so that a
 *	script that destroys a service finds that its hook has run. Such a nested
 *	turn tells what the outer one has left first. Only a script that sends or
 *	asks goes on before anything else is told.
 */

#include "node/clusterNodeInt.h"

/*
 * ------------------------------------------------------------------------
 * Telling
 * ------------------------------------------------------------------------
 */

static void
TellAdded(ClusterNode *node, ClusterNotice *notice)
{
    if (!notice->member->lost && !node->delegate->memberAdded(node->context, notice->member)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_LIMIT);
        ClusterRosterStep(notice->member, CLUSTER_LIFE_DROPPED);
    }
}

static void
TellTags(ClusterNode *node, ClusterNotice *notice)
{
    if (!notice->member->lost) {
        node->delegate->memberTags(node->context, notice->member, notice->payload, notice->before);
    }
}

static void
TellDiscovered(ClusterNode *node, ClusterNotice *notice)
{
    if (!notice->member->lost) {
        node->delegate->memberDiscovered(node->context, notice->member, notice->payload);
    }
}

/* Its links serve nobody any more. */
static void
ForgetLinks(ClusterNode *node, ClusterNotice *notice)
{
    int i;

    for (i = 0; i < node->slotCount; i++) {
        ClusterSlot *slot = node->slots[i];

        if (slot->transport) {
            slot->type->forget(slot->transport, notice->member);
        }
    }
}

static void
TellSuspect(ClusterNode *node, ClusterNotice *notice)
{
    if (!notice->member->lost) {
        node->delegate->memberSuspect(node->context, notice->member);
    }
}

static void
TellDrained(ClusterNode *node, ClusterNotice *notice)
{
    if (!notice->member->lost) {
        node->delegate->memberDrained(node->context, notice->member);
    }
}

/* Of one that is lost by now it is told before that is. */
static void
TellUndelivered(ClusterNode *node, ClusterNotice *notice)
{
    if (!notice->member->lossTold) {
        node->delegate->undelivered(node->context, notice->member, notice->blob, notice->payload,
                notice->why);
    }
}

static void
TellConfirm(ClusterNode *node, ClusterNotice *notice)
{
    node->delegate->confirmed(node->context, notice->member, notice->payload, notice->confirm,
            notice->reason, notice->before);
}

static void
TellLost(ClusterNode *node, ClusterNotice *notice)
{
    notice->member->lossTold = true;
    node->delegate->memberLost(node->context, notice->member);
}

static void
TellUnsealed(ClusterNode *node, ClusterNotice *notice)
{
    node->delegate->unsealed(node->context, notice->reason, notice->payload, notice->before);
}

static void
TellQueryEvent(ClusterNotice *notice)
{
    ClusterNode *node = notice->query->node;

    node->delegate->queryEvent(node->context, notice->query, notice->event, notice->member,
            notice->payload, notice->reason);
}

static ClusterAwaitsEvent
AwaitsEvent(ClusterQueryEvent event)
{
    static const ClusterAwaitsEvent events[] = {
            [CLUSTER_QUERY_RESPONSE] = CLUSTER_AWAITS_ANSWER,
            [CLUSTER_QUERY_ERROR] = CLUSTER_AWAITS_ANSWER,
            [CLUSTER_QUERY_TIMEOUT] = CLUSTER_AWAITS_TIMEOUT,
            [CLUSTER_QUERY_DONE] = CLUSTER_AWAITS_END,
    };

    return events[event];
}

/* The end of a query is told right behind what ended it. */
static void
MoveLastToFront(ClusterNode *node)
{
    ClusterListEntry *last = ClusterListLast(&node->notices);

    ClusterListRemove(last);
    ClusterListPrepend(&node->notices, last);
}

static void
TellQuery(ClusterNode *node, ClusterNotice *notice)
{
    ClusterQuery *query = notice->query;
    ClusterAwaitsEvent event = AwaitsEvent(notice->event);
    unsigned follows;

    if (notice->event == CLUSTER_QUERY_DONE) {
        query->endTold = true;
        TellQueryEvent(notice);
        return;
    }
    follows = ClusterAwaitsStep(&query->awaits, event, notice->member);
    if (follows & CLUSTER_AWAITS_TELL) {
        TellQueryEvent(notice);
        if (event == CLUSTER_AWAITS_ANSWER) {
            ClusterMemberRelease(notice->member); /* the query's */
        }
    }
    if ((follows & CLUSTER_AWAITS_DONE) && !query->ended) {
        ClusterQueryFinish(query);
        MoveLastToFront(node);
    }
}

static void
TellNotice(ClusterNode *node, ClusterNotice *notice)
{
    static void (*const procs[])(ClusterNode *, ClusterNotice *) = {
            [CLUSTER_NOTICE_ADDED] = TellAdded,
            [CLUSTER_NOTICE_TAGS] = TellTags,
            [CLUSTER_NOTICE_DISCOVERED] = TellDiscovered,
            [CLUSTER_NOTICE_SUSPECT] = TellSuspect,
            [CLUSTER_NOTICE_DRAINED] = TellDrained,
            [CLUSTER_NOTICE_UNDELIVERED] = TellUndelivered,
            [CLUSTER_NOTICE_CONFIRM] = TellConfirm,
            [CLUSTER_NOTICE_UNLINK] = ForgetLinks,
            [CLUSTER_NOTICE_LOST] = TellLost,
            [CLUSTER_NOTICE_UNSEALED] = TellUnsealed,
            [CLUSTER_NOTICE_QUERY] = TellQuery,
    };

    _Static_assert(CLUSTER_COUNT(procs) == CLUSTER_NOTICE_KINDS, "each kind has a procedure");
    procs[notice->kind](node, notice);
}

/*
 * ------------------------------------------------------------------------
 * The turn
 * ------------------------------------------------------------------------
 */

static void
SendErrands(ClusterNode *node)
{
    ClusterErrand *errand;

    while ((errand = ClusterErrandTake(node)) != NULL) {
        ClusterErrandRun(node, errand);
        ClusterErrandFree(errand);
    }
}

void
ClusterTurnArm(ClusterNode *node)
{
    ClusterDeadline *first = ClusterDeadlineSoonest(&node->deadlines);

    if (!first) {
        ClusterTimerCancel(&node->timer);
    } else if (!ClusterTimerIsSet(&node->timer) || first->due < node->timer.deadline.due) {
        ClusterTimerSetAt(&node->timer, node->clock, first->due, node->due, node);
    }
}

void
ClusterTurnEnd(ClusterNode *node)
{
    ClusterNotice *notice;

    SendErrands(node);
    while ((notice = ClusterNoticeTake(node)) != NULL) {
        node->telling++;
        TellNotice(node, notice);
        node->telling--;
        ClusterNoticeFree(notice);
        SendErrands(node);
    }
    ClusterTurnArm(node);
}

void
ClusterTurnSent(ClusterNode *node)
{
    if (node->telling == 0) {
        ClusterTurnEnd(node);
    } else {
        SendErrands(node);
        ClusterTurnArm(node);
    }
}
