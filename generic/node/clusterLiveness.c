/*
 * clusterLiveness.c --
 *
 *	The table behind clusterLiveness.h: what each event does in each state.
 */

#include "node/clusterLiveness.h"

#include "base/clusterCompat.h"

/* How the deadline moves. Those that bring it forward never put it off. */
typedef enum Deadline {
    KEEP,
    RENEW,       /* the ttl from now */
    RENEW_CHECK, /* LEAVE_CHECK_AFTER from now */
    RENEW_LEAVE, /* LEAVE_WITHIN from now */
    RENEW_ASKED, /* UNREACHABLE_EXPECT_WITHIN from now, as it may be asked with many others */
    LEAVE_CHECK, /* forward to LEAVE_CHECK_AFTER */
    LEAVE,       /* forward to LEAVE_WITHIN */
    SOON,        /* forward to what the event says */
    WITHIN,      /* what the event says, be it later than before */
    UNREACHABLE, /* forward to UNREACHABLE_EXPECT_WITHIN */
    HUNG_UP      /* forward to HUNG_UP_EXPECT_WITHIN, of another host the longer time */
} Deadline;

/* When the row applies; otherwise nothing happens. */
typedef enum Guard {
    ALWAYS,
    SILENT, /* not heard for RECENTLY */
    OVERDUE /* past its deadline */
} Guard;

typedef struct Step {
    bool taken; /* false in rows that are not in the table: the event does nothing */
    Guard guard;
    ClusterLifeState next;
    Deadline deadline;
    unsigned actions;
} Step;

#define LOSE_IT                                                                                    \
   {                                                                                               \
      true, ALWAYS, CLUSTER_LOST, KEEP, CLUSTER_DO_LOSE                                            \
   }
#define IS_HEARD                                                                                   \
   {                                                                                               \
      true, ALWAYS, CLUSTER_ALIVE, RENEW, CLUSTER_DO_CANCEL_PING                                   \
   }
#define IS_OVERDUE                                                                                 \
   {                                                                                               \
      true, OVERDUE, CLUSTER_LOST, KEEP, CLUSTER_DO_LOSE                                           \
   }
#define IS_SILENT                                                                                  \
   {                                                                                               \
      true, ALWAYS, CLUSTER_SILENT, WITHIN, 0                                                      \
   }
#define STAYS_SILENT                                                                               \
   {                                                                                               \
      true, ALWAYS, CLUSTER_SILENT, KEEP, 0                                                        \
   }
#define SAYS_BYE                                                                                   \
   {                                                                                               \
      true, ALWAYS, CLUSTER_LEAVING, LEAVE_CHECK, 0                                                \
   }
#define IS_URGENT                                                                                  \
   {                                                                                               \
      true, ALWAYS, CLUSTER_URGENT, HUNG_UP, 0                                                     \
   }

/*
 * A member that answers no probe may go on being heard, as one whose host is
 * deaf is. So only an answer ends CLUSTER_SILENT. A goodbye that is under way
 * is stronger than an answer that was.
 *
 * Who still listens may have closed its link on purpose, or another process
 * has its port by now, so a member whose link ended is asked after in good
 * time only; when it refuses the next link as well, or that ends too, at once.
 */
static const Step steps[CLUSTER_LIFE_EVENTS][CLUSTER_LIFE_STATES] = {
        [CLUSTER_LIFE_HEARD] =
                {
                        [CLUSTER_ALIVE] = IS_HEARD,
                        [CLUSTER_SUSPECT] = IS_HEARD,
                        [CLUSTER_RECONNECTING] = IS_HEARD,
                        [CLUSTER_URGENT] = IS_HEARD,
                        [CLUSTER_SILENT] = STAYS_SILENT,
                        [CLUSTER_LEAVING] = {true, ALWAYS, CLUSTER_LEAVING, RENEW_CHECK,
                                CLUSTER_DO_CANCEL_PING},
                        [CLUSTER_LINGERING] = {true, ALWAYS, CLUSTER_LINGERING, RENEW_LEAVE, 0},
                },
        [CLUSTER_LIFE_HEARD_NOW] =
                {
                        [CLUSTER_ALIVE] = IS_HEARD,
                        [CLUSTER_SUSPECT] = IS_HEARD,
                        [CLUSTER_RECONNECTING] = IS_HEARD,
                        [CLUSTER_URGENT] = IS_HEARD,
                        [CLUSTER_SILENT] = STAYS_SILENT,
                        [CLUSTER_LEAVING] = IS_HEARD,
                        [CLUSTER_LINGERING] = IS_HEARD,
                },
        [CLUSTER_LIFE_EXPECTED] =
                {
                        [CLUSTER_ALIVE] = {true, SILENT, CLUSTER_SUSPECT, SOON, 0},
                        [CLUSTER_LEAVING] = {true, SILENT, CLUSTER_LEAVING, SOON, 0},
                },
        [CLUSTER_LIFE_UNREACHABLE] =
                {
                        [CLUSTER_ALIVE] = {true, SILENT, CLUSTER_SUSPECT, UNREACHABLE,
                                CLUSTER_DO_PING},
                        [CLUSTER_LEAVING] = {true, SILENT, CLUSTER_LEAVING, UNREACHABLE,
                                CLUSTER_DO_PING},
                },
        [CLUSTER_LIFE_LINK_ENDED] =
                {
                        [CLUSTER_ALIVE] = {true, ALWAYS, CLUSTER_RECONNECTING, UNREACHABLE,
                                CLUSTER_DO_PING | CLUSTER_DO_RECONNECT},
                        [CLUSTER_RECONNECTING] = {true, ALWAYS, CLUSTER_RECONNECTING, KEEP,
                                CLUSTER_DO_PING_ALONE},
                },
        [CLUSTER_LIFE_REFUSED] =
                {
                        [CLUSTER_ALIVE] = {true, ALWAYS, CLUSTER_SUSPECT, UNREACHABLE,
                                CLUSTER_DO_PING | CLUSTER_DO_PING_ALONE},
                        [CLUSTER_SUSPECT] = {true, ALWAYS, CLUSTER_SUSPECT, KEEP,
                                CLUSTER_DO_PING_ALONE},
                        [CLUSTER_RECONNECTING] =
                                {true, ALWAYS, CLUSTER_RECONNECTING, KEEP, CLUSTER_DO_PING_ALONE},
                },
        [CLUSTER_LIFE_PINGED_ALONE] =
                {
                        [CLUSTER_ALIVE] = IS_URGENT,
                        [CLUSTER_SUSPECT] = IS_URGENT,
                        [CLUSTER_RECONNECTING] = IS_URGENT,
                        [CLUSTER_LINGERING] = {true, ALWAYS, CLUSTER_LINGERING, LEAVE, 0},
                },
        [CLUSTER_LIFE_GOODBYE] =
                {
                        [CLUSTER_ALIVE] = SAYS_BYE,
                        [CLUSTER_SUSPECT] = SAYS_BYE,
                        [CLUSTER_RECONNECTING] = SAYS_BYE,
                        [CLUSTER_URGENT] = SAYS_BYE,
                        [CLUSTER_SILENT] = SAYS_BYE,
                        [CLUSTER_LEAVING] = SAYS_BYE,
                },
        [CLUSTER_LIFE_LAST_WORD] =
                {
                        [CLUSTER_ALIVE] = LOSE_IT,
                        [CLUSTER_SUSPECT] = LOSE_IT,
                        [CLUSTER_RECONNECTING] = LOSE_IT,
                        [CLUSTER_URGENT] = LOSE_IT,
                        [CLUSTER_SILENT] = LOSE_IT,
                        [CLUSTER_LEAVING] = LOSE_IT,
                        [CLUSTER_LINGERING] = LOSE_IT,
                },
        [CLUSTER_LIFE_LINKS_GONE] =
                {
                        [CLUSTER_LEAVING] = LOSE_IT,
                        [CLUSTER_LINGERING] = LOSE_IT,
                },
        [CLUSTER_LIFE_TIME] =
                {
                        [CLUSTER_ALIVE] = IS_OVERDUE,
                        [CLUSTER_SUSPECT] = IS_OVERDUE,
                        [CLUSTER_RECONNECTING] = IS_OVERDUE,
                        [CLUSTER_URGENT] = IS_OVERDUE,
                        [CLUSTER_SILENT] = IS_OVERDUE,
                        [CLUSTER_LEAVING] = {true, OVERDUE, CLUSTER_LINGERING, RENEW_ASKED,
                                CLUSTER_DO_PING | CLUSTER_DO_PING_ALONE},
                        [CLUSTER_LINGERING] = IS_OVERDUE,
                },
        [CLUSTER_LIFE_DROPPED] =
                {
                        [CLUSTER_ALIVE] = LOSE_IT,
                        [CLUSTER_SUSPECT] = LOSE_IT,
                        [CLUSTER_RECONNECTING] = LOSE_IT,
                        [CLUSTER_URGENT] = LOSE_IT,
                        [CLUSTER_SILENT] = LOSE_IT,
                        [CLUSTER_LEAVING] = LOSE_IT,
                        [CLUSTER_LINGERING] = LOSE_IT,
                },
        [CLUSTER_LIFE_UNANSWERED] =
                {
                        [CLUSTER_ALIVE] = IS_SILENT,
                        [CLUSTER_SUSPECT] = IS_SILENT,
                        [CLUSTER_RECONNECTING] = IS_SILENT,
                        [CLUSTER_URGENT] = IS_SILENT,
                        [CLUSTER_SILENT] = IS_SILENT,
                },
        [CLUSTER_LIFE_ANSWERED] =
                {
                        [CLUSTER_ALIVE] = IS_HEARD,
                        [CLUSTER_SUSPECT] = IS_HEARD,
                        [CLUSTER_RECONNECTING] = IS_HEARD,
                        [CLUSTER_URGENT] = IS_HEARD,
                        [CLUSTER_SILENT] = IS_HEARD,
                },
        [CLUSTER_LIFE_DEAD] =
                {
                        [CLUSTER_ALIVE] = LOSE_IT,
                        [CLUSTER_SUSPECT] = LOSE_IT,
                        [CLUSTER_RECONNECTING] = LOSE_IT,
                        [CLUSTER_URGENT] = LOSE_IT,
                        [CLUSTER_SILENT] = LOSE_IT,
                },
        [CLUSTER_LIFE_REPLACED] =
                {
                        [CLUSTER_ALIVE] = LOSE_IT,
                        [CLUSTER_SUSPECT] = LOSE_IT,
                        [CLUSTER_RECONNECTING] = LOSE_IT,
                        [CLUSTER_URGENT] = LOSE_IT,
                        [CLUSTER_SILENT] = LOSE_IT,
                },
};

void
ClusterLivenessInit(ClusterLiveness *life, int64_t ttl, bool local, bool leaving, int64_t now)
{
    life->ttl = ttl;
    life->local = local;
    life->state = leaving ? CLUSTER_LEAVING : CLUSTER_ALIVE;
    life->cause = leaving ? CLUSTER_LIFE_GOODBYE : CLUSTER_LIFE_HEARD;
    life->seen = now;
    life->deadline = now + (leaving ? LEAVE_CHECK_AFTER : ttl);
}

static bool
Applies(Guard guard, const ClusterLiveness *life, int64_t now)
{
    switch (guard) {
    case SILENT:
        return now - life->seen >= RECENTLY;
    case OVERDUE:
        return now > life->deadline;
    default:
        return true;
    }
}

static void
Forward(ClusterLiveness *life, int64_t deadline)
{
    if (deadline < life->deadline) {
        life->deadline = deadline;
    }
}

static void
MoveDeadline(ClusterLiveness *life, Deadline how, int64_t now, int64_t within)
{
    switch (how) {
    case RENEW:
        life->deadline = now + life->ttl;
        break;
    case RENEW_CHECK:
        life->deadline = now + LEAVE_CHECK_AFTER;
        break;
    case RENEW_LEAVE:
        life->deadline = now + LEAVE_WITHIN;
        break;
    case RENEW_ASKED:
        life->deadline = now + UNREACHABLE_EXPECT_WITHIN;
        break;
    case LEAVE_CHECK:
        Forward(life, now + LEAVE_CHECK_AFTER);
        break;
    case LEAVE:
        Forward(life, now + LEAVE_WITHIN);
        break;
    case SOON:
        Forward(life, now + within);
        break;
    case WITHIN:
        life->deadline = now + within;
        break;
    case UNREACHABLE:
        Forward(life, now + UNREACHABLE_EXPECT_WITHIN);
        break;
    case HUNG_UP:
        Forward(life, now + (life->local ? HUNG_UP_EXPECT_WITHIN : HUNG_UP_EXPECT_FAR_WITHIN));
        break;
    default:
        break;
    }
}

/* By the event that led to the loss, and the state before. */
static ClusterLossReason
ReasonOf(ClusterLifeEvent event, ClusterLifeState before)
{
    static const ClusterLossReason byState[CLUSTER_LIFE_STATES] = {
            [CLUSTER_ALIVE] = CLUSTER_LOSS_EXPIRED,
            [CLUSTER_SUSPECT] = CLUSTER_LOSS_EXPIRED,
            [CLUSTER_RECONNECTING] = CLUSTER_LOSS_CRASHED,
            [CLUSTER_URGENT] = CLUSTER_LOSS_CRASHED,
            [CLUSTER_SILENT] = CLUSTER_LOSS_UNREACHABLE,
            [CLUSTER_LEAVING] = CLUSTER_LOSS_LEFT,
            [CLUSTER_LINGERING] = CLUSTER_LOSS_LEFT,
    };

    switch (event) {
    case CLUSTER_LIFE_LAST_WORD:
    case CLUSTER_LIFE_LINKS_GONE:
        return CLUSTER_LOSS_LEFT;
    case CLUSTER_LIFE_DROPPED:
        return CLUSTER_LOSS_DROPPED;
    case CLUSTER_LIFE_DEAD:
        return CLUSTER_LOSS_CRASHED;
    case CLUSTER_LIFE_REPLACED:
        return CLUSTER_LOSS_REPLACED;
    default:
        return byState[before];
    }
}

unsigned
ClusterLivenessStep(ClusterLiveness *life, ClusterLifeEvent event, int64_t now, int64_t within,
        bool *taken)
{
    const Step *step = &steps[event][life->state];
    bool applies = step->taken && Applies(step->guard, life, now);

    if (taken) {
        *taken = applies;
    }
    if (!applies) {
        return 0;
    }
    if (event == CLUSTER_LIFE_HEARD || event == CLUSTER_LIFE_HEARD_NOW
            || event == CLUSTER_LIFE_ANSWERED) {
        life->seen = now;
    }
    if (step->next == CLUSTER_LOST) {
        life->reason = ReasonOf(event, life->state);
    }
    if (step->next != life->state) {
        life->cause = event;
    }
    life->state = step->next;
    MoveDeadline(life, step->deadline, now, within);
    return step->actions;
}

bool
ClusterLivenessLeaves(const ClusterLiveness *life)
{
    return life->state == CLUSTER_LEAVING || life->state == CLUSTER_LINGERING;
}

const char *
ClusterLifeStateName(ClusterLifeState state)
{
    static const char *const names[] = {
            [CLUSTER_ALIVE] = "alive",
            [CLUSTER_SUSPECT] = "suspect",
            [CLUSTER_RECONNECTING] = "reconnecting",
            [CLUSTER_URGENT] = "urgent",
            [CLUSTER_SILENT] = "silent",
            [CLUSTER_LEAVING] = "leaving",
            [CLUSTER_LINGERING] = "lingering",
            [CLUSTER_LOST] = "lost",
    };

    _Static_assert(CLUSTER_COUNT(names) == CLUSTER_LIFE_STATES, "each state has a name");
    return names[state];
}

const char *
ClusterLifeEventName(ClusterLifeEvent event)
{
    static const char *const names[] = {
            [CLUSTER_LIFE_HEARD] = "heard",
            [CLUSTER_LIFE_HEARD_NOW] = "heard-now",
            [CLUSTER_LIFE_EXPECTED] = "expected",
            [CLUSTER_LIFE_UNREACHABLE] = "unreachable",
            [CLUSTER_LIFE_LINK_ENDED] = "link-ended",
            [CLUSTER_LIFE_REFUSED] = "refused",
            [CLUSTER_LIFE_PINGED_ALONE] = "pinged-alone",
            [CLUSTER_LIFE_GOODBYE] = "goodbye",
            [CLUSTER_LIFE_LAST_WORD] = "last-word",
            [CLUSTER_LIFE_LINKS_GONE] = "links-gone",
            [CLUSTER_LIFE_TIME] = "time",
            [CLUSTER_LIFE_DROPPED] = "dropped",
            [CLUSTER_LIFE_UNANSWERED] = "unanswered",
            [CLUSTER_LIFE_ANSWERED] = "answered",
            [CLUSTER_LIFE_DEAD] = "dead",
            [CLUSTER_LIFE_REPLACED] = "replaced",
    };

    _Static_assert(CLUSTER_COUNT(names) == CLUSTER_LIFE_EVENTS, "each event has a name");
    return names[event];
}

const char *
ClusterLossReasonName(ClusterLossReason reason)
{
    static const char *const names[] = {
            [CLUSTER_LOSS_LEFT] = "left",
            [CLUSTER_LOSS_CRASHED] = "crashed",
            [CLUSTER_LOSS_UNREACHABLE] = "unreachable",
            [CLUSTER_LOSS_EXPIRED] = "expired",
            [CLUSTER_LOSS_REPLACED] = "replaced",
            [CLUSTER_LOSS_DROPPED] = "dropped",
    };

    _Static_assert(CLUSTER_COUNT(names) == CLUSTER_LOSS_REASONS, "each reason has a name");
    return names[reason];
}
