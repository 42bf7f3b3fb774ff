/*
 * clusterPinger.c --
 *
 *	Whom the cluster is to be asked after, and when; and when to answer, if
 *	somebody asks after us. Sets deadlines, and sends nothing.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* The index of a sid in a list, -1 when it is not there. */
static Tcl_Size
IndexOf(Tcl_Obj *list, Tcl_Obj *sid)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(NULL, list, &count, &words) == TCL_OK) {
        for (i = 0; i < count; i++) {
            if (strcmp(Tcl_GetString(words[i]), Tcl_GetString(sid)) == 0) {
                return i;
            }
        }
    }
    return -1;
}

void
ClusterPingerAdd(ClusterNode *node, Tcl_Obj *sid)
{
    ClusterPinger *pinger = &node->pinger;

    if (node->closed || (pinger->together && IndexOf(pinger->together, sid) >= 0)) {
        return;
    }
    if (!pinger->together) {
        ClusterReplaceObj(&pinger->together, Tcl_NewListObj(0, NULL));
        ClusterNodeSetDue(node, &pinger->togetherDue, CLUSTER_DUE_PING,
                ClusterNodeNow(node) + PING_AFTER);
    }
    Tcl_ListObjAppendElement(NULL, pinger->together, sid);
}

void
ClusterPingerCancel(ClusterNode *node, Tcl_Obj *sid)
{
    ClusterPinger *pinger = &node->pinger;
    Tcl_Size at = pinger->together ? IndexOf(pinger->together, sid) : -1;
    Tcl_Size left;

    if (at < 0) {
        return;
    }
    Tcl_ListObjReplace(NULL, pinger->together, at, 1, 0, NULL);
    Tcl_ListObjLength(NULL, pinger->together, &left);
    if (left == 0) {
        ClusterReplaceObj(&pinger->together, NULL);
        ClusterNodeClearDue(node, &pinger->togetherDue);
    }
}

Tcl_Obj *
ClusterPingerTake(ClusterNode *node)
{
    Tcl_Obj *sids = node->pinger.together;

    node->pinger.together = NULL;
    ClusterNodeClearDue(node, &node->pinger.togetherDue);
    return sids;
}

bool
ClusterPingerAddAlone(ClusterNode *node, Tcl_Obj *sid)
{
    ClusterPinger *pinger = &node->pinger;
    int64_t now = ClusterNodeNow(node);

    if (pinger->alone && IndexOf(pinger->alone, sid) >= 0) {
        return true;
    }
    if (now - pinger->aloneSince >= PING_SOON_EVERY) {
        pinger->aloneSince = now;
        pinger->aloneCount = 0;
    }
    if (node->closed || pinger->aloneCount >= PING_SOON_MOST) {
        return false;
    }
    pinger->aloneCount++;
    if (!pinger->alone) {
        ClusterReplaceObj(&pinger->alone, Tcl_NewListObj(0, NULL));
        ClusterNodeSetDue(node, &pinger->aloneDue, CLUSTER_DUE_PING_ALONE, now);
    }
    Tcl_ListObjAppendElement(NULL, pinger->alone, sid);
    return true;
}

Tcl_Obj *
ClusterPingerTakeAlone(ClusterNode *node)
{
    Tcl_Obj *sids = node->pinger.alone;

    node->pinger.alone = NULL;
    ClusterNodeClearDue(node, &node->pinger.aloneDue);
    return sids;
}

/* Until then no ping is answered, ms: who asks again and again makes us say as much only once a second. */
static int64_t
AnswerWait(const ClusterNode *node)
{
    int64_t passed = ClusterNodeNow(node) - node->pinger.lastAnswer;

    return node->pinger.answered && passed < PING_ANSWER_EVERY ? PING_ANSWER_EVERY - passed : 0;
}

/*
 * At once when we are alone in the list, else some time within 15 s, so that
 * not all answer together. Once an answer is under way it is not put off, and
 * the beats go on meanwhile.
 */
void
ClusterPingerAsked(ClusterNode *node, Tcl_Size count)
{
    int64_t wait = AnswerWait(node);

    if (count < 2 && wait == 0) {
        ClusterErrand *errand = ClusterErrandAppend(node, CLUSTER_SEND_HEARTBEAT, NULL);

        errand->with = CLUSTER_WITH_PROPS | CLUSTER_WITH_TAGS;
        ClusterPingerAnswers(node);
        return;
    }
    if (count > 1) {
        wait = ClusterSystemRandomBelow(&node->system, PING_ANSWER_WITHIN + 1);
    }
    if (!ClusterDeadlineIsSet(&node->pinger.answerDue) || count < 2) {
        ClusterNodeSetDue(node, &node->pinger.answerDue, CLUSTER_DUE_ANSWER,
                ClusterNodeNow(node) + wait);
    }
}

/* At most one a second, and not all members at the same moment: the more there are, the longer it may take. */
void
ClusterPingerAnswerTogether(ClusterNode *node)
{
    ClusterPinger *pinger = &node->pinger;
    int64_t now = ClusterNodeNow(node);
    size_t spread = node->memberCount < CLUSTER_ANSWER_TOGETHER ? node->memberCount
                                                                : CLUSTER_ANSWER_TOGETHER;
    int64_t wait;

    if (ClusterDeadlineIsSet(&pinger->answerDue)
            && pinger->answerDue.due <= now + CLUSTER_ANSWER_TOGETHER) {
        return;
    }
    wait = ClusterSystemRandomBelow(&node->system, (uint32_t) spread + 1);
    ClusterNodeSetDue(node, &pinger->answerDue, CLUSTER_DUE_ANSWER,
            now + (wait > AnswerWait(node) ? wait : AnswerWait(node)));
}

void
ClusterPingerAnswers(ClusterNode *node)
{
    ClusterNodeClearDue(node, &node->pinger.answerDue);
    node->pinger.answered = true;
    node->pinger.lastAnswer = ClusterNodeNow(node);
}
