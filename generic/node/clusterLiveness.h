/*
 * clusterLiveness.h --
 *
 *	Is a member alive? A state machine for one member, which knows neither the
 *	member nor the cluster: events go in, the next state and what is to be done
 *	come out.
 *
 *	A member is lost when its deadline passes in silence. Evidence of its death
 *	brings the deadline forward, and whatever is heard of it puts it back.
 */

#ifndef CLUSTER_LIVENESS_H
#define CLUSTER_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds. */
#define RECENTLY                  3000 /* heard within: not suspected on somebody's word */
#define UNREACHABLE_EXPECT_WITHIN 30000
#define HUNG_UP_EXPECT_WITHIN     3000 /* a member on this host whose link ended */
#define HUNG_UP_EXPECT_FAR_WITHIN 10000
/* Silence after a goodbye while a link is open: until it is asked, and until it is lost then. */
#define LEAVE_CHECK_AFTER 2000
#define LEAVE_WITHIN      8000

typedef enum ClusterLifeState {
    CLUSTER_ALIVE = 0,
    CLUSTER_SUSPECT,      /* must be heard soon */
    CLUSTER_RECONNECTING, /* suspect: its link ended without a goodbye, and a new one was tried */
    CLUSTER_URGENT,       /* suspect, and asked after alone: dead most likely */
    CLUSTER_SILENT, /* suspect: answers no probe, whatever else is heard of it; only an answer ends that */
    CLUSTER_LEAVING,   /* said goodbye, but what it sent before may still come over a link */
    CLUSTER_LINGERING, /* the same, but its links do not end, and it was asked whether it lives */
    CLUSTER_LOST,
    CLUSTER_LIFE_STATES
} ClusterLifeState;

typedef enum ClusterLifeEvent {
    CLUSTER_LIFE_HEARD = 0,    /* a packet came from it over a link, which a goodbye overtakes */
    CLUSTER_LIFE_HEARD_NOW,    /* ... by datagram: sent after any goodbye, which it takes back */
    CLUSTER_LIFE_EXPECTED,     /* it must be heard within some time: somebody asks after it */
    CLUSTER_LIFE_UNREACHABLE,  /* no way to it worked */
    CLUSTER_LIFE_LINK_ENDED,   /* its link ended without a goodbye, as when its process dies */
    CLUSTER_LIFE_REFUSED,      /* a new link was refused, or no way to it is left */
    CLUSTER_LIFE_PINGED_ALONE, /* what CLUSTER_DO_PING_ALONE asked for is under way */
    CLUSTER_LIFE_GOODBYE,      /* said by datagram, which overtakes what it wrote to its links */
    CLUSTER_LIFE_LAST_WORD,    /* a goodbye after which nothing comes */
    CLUSTER_LIFE_LINKS_GONE,   /* its last link was read to its end */
    CLUSTER_LIFE_TIME,         /* look whether the deadline has passed */
    CLUSTER_LIFE_DROPPED,      /* we want no more of it */
    CLUSTER_LIFE_UNANSWERED, /* it answers no probe; it has so long until it is lost, which may be put off */
    CLUSTER_LIFE_ANSWERED, /* ... and now it does */
    CLUSTER_LIFE_DEAD,     /* the system of its host says that it is gone */
    CLUSTER_LIFE_REPLACED, /* it is gone, and another is where it was */
    CLUSTER_LIFE_EVENTS
} ClusterLifeEvent;

/* Why a member was lost. */
typedef enum ClusterLossReason {
    CLUSTER_LOSS_LEFT = 0,    /* it said goodbye */
    CLUSTER_LOSS_CRASHED,     /* its process ended without a goodbye */
    CLUSTER_LOSS_UNREACHABLE, /* it answers no probe */
    CLUSTER_LOSS_EXPIRED,     /* it was not heard for its ttl, or when it was asked after */
    CLUSTER_LOSS_REPLACED,    /* another process has its place */
    CLUSTER_LOSS_DROPPED,     /* this side wanted no more of it */
    CLUSTER_LOSS_REASONS
} ClusterLossReason;

/* What is to be done: bits. */
#define CLUSTER_DO_PING        1 /* ask the cluster after it, with others */
#define CLUSTER_DO_PING_ALONE  2 /* ask at once, in a ping of its own, which it answers at once */
#define CLUSTER_DO_CANCEL_PING 4
#define CLUSTER_DO_RECONNECT                                                                       \
   8 /* open a new link: a refusal tells at once what silence tells late */
#define CLUSTER_DO_LOSE 16

/* The owner keeps `local` up to date; the other fields are for reading. */
typedef struct ClusterLiveness {
    int64_t ttl; /* ms of silence until it is lost */
    bool local;  /* on this host: its answers come sooner */
    ClusterLifeState state;
    int64_t seen;             /* when it was last heard */
    int64_t deadline;         /* it is lost when it was not heard by then */
    ClusterLifeEvent cause;   /* the event that led to the state */
    ClusterLossReason reason; /* once it is lost */
} ClusterLiveness;

/*
 * One that was heard at `now`, in milliseconds; `leaving`: its goodbye came
 * before its first packet.
 */
void ClusterLivenessInit(ClusterLiveness *life, int64_t ttl, bool local, bool leaving, int64_t now);
/*
 * Takes an event at `now`; `within` (ms) is for EXPECTED and UNANSWERED. Returns what is
 * to be done. *taken (may be NULL): whether the event changed anything, which
 * an expectation of a member that was heard lately does not.
 */
unsigned ClusterLivenessStep(ClusterLiveness *life, ClusterLifeEvent event, int64_t now,
        int64_t within, bool *taken);
/* Did it say goodbye, whether that was checked or not? */
bool ClusterLivenessLeaves(const ClusterLiveness *life);
/* As hooks know it. */
const char *ClusterLossReasonName(ClusterLossReason reason);
const char *ClusterLifeStateName(ClusterLifeState state);
const char *ClusterLifeEventName(ClusterLifeEvent event);

#endif
