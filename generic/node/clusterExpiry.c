/*
 * clusterExpiry.c --
 *
 *	Until when each member may stay silent, and what happens then.
 *
 *	A binary heap (Williams, 1964) has the members by `key`, which is their
 *	deadline or an earlier one: hearing a member only moves its deadline, and
 *	the heap learns of that when the member comes to the top. So a packet
 *	costs nothing here, and a loss a logarithm, however many members there are.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>

/* The timer is never armed for less than this, ms: deadlines close together are one pass. */
#define EXPIRY_STEP 100

/*
 * ------------------------------------------------------------------------
 * The heap
 * ------------------------------------------------------------------------
 */

static void
Place(ClusterNode *node, size_t index, ClusterMember *member)
{
    node->deadlines[index] = member;
    member->place = index;
}

static void
SiftUp(ClusterNode *node, ClusterMember *member)
{
    size_t index = member->place;

    while (index > 0) {
        size_t parent = (index - 1) / 2;

        if (node->deadlines[parent]->key <= member->key) {
            break;
        }
        Place(node, index, node->deadlines[parent]);
        index = parent;
    }
    Place(node, index, member);
}

static void
SiftDown(ClusterNode *node, ClusterMember *member)
{
    size_t index = member->place, child;

    while ((child = 2 * index + 1) < node->memberCount) {
        if (child + 1 < node->memberCount
                && node->deadlines[child + 1]->key < node->deadlines[child]->key) {
            child++;
        }
        if (member->key <= node->deadlines[child]->key) {
            break;
        }
        Place(node, index, node->deadlines[child]);
        index = child;
    }
    Place(node, index, member);
}

bool
ClusterExpiryAdd(ClusterNode *node, ClusterMember *member)
{
    if (node->memberCount == node->deadlineRoom) {
        size_t room = node->deadlineRoom ? node->deadlineRoom * 2 : 16;
        ClusterMember **grown = realloc(node->deadlines, room * sizeof *grown);

        if (!grown) {
            return false;
        }
        node->deadlines = grown;
        node->deadlineRoom = room;
    }
    member->key = member->deadline = ClusterClockNow(node->clock) + node->ttl;
    member->place = node->memberCount++;
    SiftUp(node, member);
    return true;
}

void
ClusterExpiryRemove(ClusterNode *node, ClusterMember *member)
{
    ClusterMember *last = node->deadlines[--node->memberCount];

    if (last == member) {
        return;
    }
    Place(node, member->place, last);
    SiftUp(node, last);
    SiftDown(node, last);
}

/* Whose time is over first; NULL when there is nobody. */
static ClusterMember *
Soonest(ClusterNode *node)
{
    while (node->memberCount > 0) {
        ClusterMember *member = node->deadlines[0];

        if (member->key >= member->deadline) {
            return member;
        }
        member->key = member->deadline;
        SiftDown(node, member);
    }
    return NULL;
}

/*
 * ------------------------------------------------------------------------
 * Deadlines
 * ------------------------------------------------------------------------
 */

/* Moves the deadline to an earlier time. */
static void
Shorten(ClusterMember *member, int64_t deadline)
{
    ClusterNode *node = member->node;

    member->deadline = deadline;
    if (member->lost || deadline >= member->key) {
        return;
    }
    member->key = deadline;
    SiftUp(node, member);
    ClusterTimerCancel(&node->expiry);
    ClusterNodeArmExpiry(node);
}

void
ClusterMemberHeard(ClusterMember *member, Tcl_Obj *data)
{
    ClusterNode *node = member->node;
    int64_t deadline;

    member->seen = ClusterClockNow(node->clock);
    deadline = member->seen + (member->leaving ? LEAVE_WITHIN : node->ttl);
    if (deadline < member->key) {
        Shorten(member, deadline);
    } else {
        member->deadline = deadline;
    }
    if (data) {
        ClusterMemberSetProps(member, data, false);
    }
    member->expected = member->tried = member->hurried = false;
    ClusterNodeCancelPing(node, member->sid);
    ClusterNodeArmExpiry(node);
}

void
ClusterMemberLeave(ClusterMember *member)
{
    member->leaving = true;
    Shorten(member, ClusterClockNow(member->node->clock) + LEAVE_WITHIN);
}

int64_t
ClusterMemberSilence(const ClusterMember *member)
{
    return ClusterClockNow(member->node->clock) - member->seen;
}

static void
ExpectWithin(ClusterMember *member, int64_t ms)
{
    int64_t deadline = ClusterClockNow(member->node->clock) + ms;

    member->expected = true;
    if (deadline < member->deadline) {
        Shorten(member, deadline);
    }
}

bool
ClusterMemberExpect(ClusterMember *member, int64_t ms)
{
    if (member->lost || member->expected || ClusterMemberSilence(member) < RECENTLY) {
        return false;
    }
    ExpectWithin(member, ms);
    return true;
}

/* It is dead most likely: to be asked after alone, at once, and lost soon unless it answers. */
static void
Hurry(ClusterMember *member)
{
    if (!member->hurried && ClusterNodePingSoon(member->node, member->sid)) {
        member->hurried = true;
        ExpectWithin(member, member->local ? HUNG_UP_EXPECT_WITHIN : HUNG_UP_EXPECT_FAR_WITHIN);
    }
}

static void
Doubt(ClusterMember *member)
{
    ExpectWithin(member, UNREACHABLE_EXPECT_WITHIN);
    ClusterNodeSchedulePing(member->node, member->sid);
}

/*
 * Who still listens may have closed the connection on purpose, or another
 * process has its port by now, so it is asked after in good time. A refused
 * connection comes back here, or was refused at once.
 */
void
ClusterMemberHungUp(ClusterMember *member, ClusterSlot *slot)
{
    if (member->lost || member->leaving || (member->expected && !member->tried)) {
        return;
    }
    if (member->tried) {
        Hurry(member);
        return;
    }
    Doubt(member);
    member->tried = true;
    if (ClusterMemberReach(member, slot) == CLUSTER_SEND_FAILED) {
        Hurry(member);
    }
}

void
ClusterMemberRefused(ClusterMember *member)
{
    if (member->lost || member->leaving) {
        return;
    }
    if (!member->expected) {
        Doubt(member);
    }
    Hurry(member);
}

/*
 * ------------------------------------------------------------------------
 * The timer
 * ------------------------------------------------------------------------
 */

static void
ExpireNow(void *data)
{
    ClusterNode *node = data;

    if (ClusterNodeForked(node)) {
        return; /* who is silent here is heard by the parent */
    }
    ClusterNodeHold(node);
    ClusterNodeExpire(node);
    if (!ClusterTimerIsSet(&node->expiry)) {
        node->expiryDue = 0;
    }
    ClusterNodeArmExpiry(node);
    ClusterNodeRelease(node);
}

void
ClusterNodeArmExpiry(ClusterNode *node)
{
    ClusterMember *member;
    int64_t due, now;

    if (ClusterTimerIsSet(&node->expiry) || node->closed || (member = Soonest(node)) == NULL) {
        return;
    }
    now = ClusterClockNow(node->clock);
    due = member->deadline + 1; /* over is what is past it */
    due = due < node->graceUntil ? node->graceUntil : due;
    due = due < now + EXPIRY_STEP ? now + EXPIRY_STEP : due;
    node->expiryDue = due;
    ClusterTimerSet(&node->expiry, node->clock, due - now, ExpireNow, node);
}

/* Nobody is lost until then; the timer looks again. */
static void
Spare(ClusterNode *node, int64_t until)
{
    node->expiryDue = 0;
    node->graceUntil = until;
    ClusterTimerCancel(&node->expiry);
    ClusterNodeArmExpiry(node);
}

/*
 * A timer that comes late means that the event loop was not there, in a long
 * computation or as the process or its host was stopped: what the others said
 * meanwhile is not read yet, as timers come before sockets. After a longer
 * absence they may have been stopped with us, so all are asked to report.
 */
static void
HeedLateness(ClusterNode *node, int64_t now)
{
    int64_t late = node->expiryDue ? now - node->expiryDue : 0;

    if (late >= AWAY) {
        Spare(node, now + AWAY_GRACE);
        node->discovered = false; /* however lately the last probe went out */
        ClusterNodeDiscover(node, NULL, CLUSTER_CHANNEL_BROADCAST);
    } else if (late >= LATE) {
        Spare(node, now + EXPIRY_STEP);
    }
}

/* Losing a member may run a script that loses others or closes the node, so each loss looks anew. */
void
ClusterNodeExpire(ClusterNode *node)
{
    int64_t now = ClusterClockNow(node->clock);
    ClusterMember *member;

    HeedLateness(node, now);
    while (!node->closed && now >= node->graceUntil && (member = Soonest(node)) != NULL
            && member->deadline < now) {
        ClusterMemberLose(member);
    }
}
