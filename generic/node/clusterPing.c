/*
 * clusterPing.c --
 *
 *	Asks the cluster after members that cannot be reached, and answers when
 *	somebody asks after us.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* The index of a sid in a list, -1 when it is not there. */
static Tcl_Size
Find(Tcl_Obj *list, Tcl_Obj *sid)
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

static void
PingNow(void *data)
{
    ClusterNode *node = data;

    ClusterNodeHold(node);
    ClusterNodeSendPing(node);
    ClusterNodeRelease(node);
}

void
ClusterNodeSchedulePing(ClusterNode *node, Tcl_Obj *sid)
{
    if (node->closed || (node->pinged && Find(node->pinged, sid) >= 0)) {
        return;
    }
    if (!node->pinged) {
        ClusterReplaceObj(&node->pinged, Tcl_NewListObj(0, NULL));
        ClusterTimerSet(&node->ping, node->clock, PING_AFTER, PingNow, node);
    }
    Tcl_ListObjAppendElement(NULL, node->pinged, sid);
}

void
ClusterNodeCancelPing(ClusterNode *node, Tcl_Obj *sid)
{
    Tcl_Size at = node->pinged ? Find(node->pinged, sid) : -1;
    Tcl_Size left;

    if (at < 0) {
        return;
    }
    Tcl_ListObjReplace(NULL, node->pinged, at, 1, 0, NULL);
    Tcl_ListObjLength(NULL, node->pinged, &left);
    if (left == 0) {
        ClusterReplaceObj(&node->pinged, NULL);
        ClusterTimerCancel(&node->ping);
    }
}

/* Multicasts a ping for these sids, a list. */
static void
Ask(ClusterNode *node, Tcl_Obj *sids)
{
    ClusterOutgoing ping;

    ClusterNodeOutgoing(node, CLUSTER_PING, CLUSTER_CHANNEL_BROADCAST, &ping);
    ClusterOutgoingSetValue(&ping, CLUSTER_DATA, sids);
    ClusterNodeAddKnown(node, false, &ping);
    ClusterNodeBroadcast(node, &ping, 0, NULL);
    ClusterOutgoingFree(&ping);
    ClusterNodeExpect(node, sids);
}

void
ClusterNodeSendPing(ClusterNode *node)
{
    Tcl_Obj *sids = node->pinged;

    if (node->closed || !sids || ClusterNodeForked(node)) {
        return;
    }
    node->pinged = NULL; /* the reference is ours now */
    ClusterTimerCancel(&node->ping);
    Ask(node, sids);
    Tcl_DecrRefCount(sids);
}

/*
 * ------------------------------------------------------------------------
 * After a connection ended
 * ------------------------------------------------------------------------
 */

/* Who is asked after alone answers at once, so each gets a ping of its own. */
static void
AskEach(void *data)
{
    ClusterNode *node = data;
    Tcl_Obj *sids = node->hungUp, *sid, *one;
    Tcl_Size i;

    ClusterNodeHold(node);
    node->hungUp = NULL; /* the reference is ours now */
    for (i = 0; sids && !node->closed && !ClusterNodeForked(node)
            && Tcl_ListObjIndex(NULL, sids, i, &sid) == TCL_OK && sid;
            i++) {
        one = Tcl_NewListObj(1, &sid);
        Tcl_IncrRefCount(one);
        Ask(node, one);
        Tcl_DecrRefCount(one);
    }
    if (sids) {
        Tcl_DecrRefCount(sids);
    }
    ClusterNodeRelease(node);
}

bool
ClusterNodePingSoon(ClusterNode *node, Tcl_Obj *sid)
{
    int64_t now = ClusterClockNow(node->clock);

    if (now - node->soonSince >= PING_SOON_EVERY) {
        node->soonSince = now;
        node->soonCount = 0;
    }
    if (node->closed || node->soonCount >= PING_SOON_MOST) {
        return false;
    }
    node->soonCount++;
    if (!node->hungUp) {
        ClusterReplaceObj(&node->hungUp, Tcl_NewListObj(0, NULL));
        ClusterTimerSet(&node->hangUp, node->clock, 0, AskEach, node);
    }
    Tcl_ListObjAppendElement(NULL, node->hungUp, sid);
    return true;
}

/*
 * ------------------------------------------------------------------------
 * Asked after
 * ------------------------------------------------------------------------
 */

static void
AnswerNow(void *data)
{
    ClusterNode *node = data;

    ClusterNodeHold(node);
    ClusterTimerCancel(&node->answer);
    node->answered = true;
    node->lastAnswer = ClusterClockNow(node->clock);
    ClusterNodeHeartbeat(node, CLUSTER_WITH_PROPS | CLUSTER_WITH_TAGS, CLUSTER_CHANNEL_BROADCAST);
    ClusterNodeRelease(node);
}

/* Until then no ping is answered, ms: who asks again and again makes us say as much only once a second. */
static int64_t
AnswerWait(const ClusterNode *node)
{
    int64_t passed = ClusterClockNow(node->clock) - node->lastAnswer;

    return node->answered && passed < PING_ANSWER_EVERY ? PING_ANSWER_EVERY - passed : 0;
}

/*
 * We were asked after: at once when alone in the list, else some time within
 * 15 s, so that not all answer together. Once an answer is under way it is
 * not put off, and the beats go on meanwhile.
 */
static void
Answer(ClusterNode *node, Tcl_Size asked)
{
    int64_t wait = AnswerWait(node);
    uint32_t random;

    if (asked < 2 && wait == 0) {
        AnswerNow(node);
        return;
    }
    if (asked > 1) {
        ClusterpRandom(&random, sizeof random);
        wait = random % (PING_ANSWER_WITHIN + 1);
    }
    if (!ClusterTimerIsSet(&node->answer) || asked < 2) {
        ClusterTimerSet(&node->answer, node->clock, wait, AnswerNow, node);
    }
}

/* Each member is looked up among the words, of which a stranger may send any number. */
static void
ExpectMembers(ClusterNode *node, Tcl_Obj *const *words, Tcl_Size count)
{
    Tcl_HashTable named;
    ClusterMember *member;
    Tcl_Size i;
    int isNew;

    Tcl_InitHashTable(&named, TCL_STRING_KEYS);
    for (i = 0; i < count && i < CLUSTER_MEMBERS_MAX; i++) {
        Tcl_CreateHashEntry(&named, Tcl_GetString(words[i]), &isNew);
    }
    for (member = node->first; member; member = member->next) {
        if (Tcl_FindHashEntry(&named, Tcl_GetString(member->sid))) {
            ClusterMemberExpect(member, PING_EXPECT_WITHIN);
        }
    }
    Tcl_DeleteHashTable(&named);
}

void
ClusterNodeExpect(ClusterNode *node, Tcl_Obj *sids)
{
    Tcl_Obj **words;
    Tcl_Size count;

    if (node->closed || Tcl_ListObjGetElements(NULL, sids, &count, &words) != TCL_OK) {
        return;
    }
    ExpectMembers(node, words, count);
    if (Find(sids, node->sidObj) >= 0) {
        Answer(node, count);
    }
}
