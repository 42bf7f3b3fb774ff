/*
 * clusterReplay.h --
 *
 *	Lets each sealed datagram pass once, and none that is old.
 *
 *	An origin is what a member numbers its datagrams under; its name is random
 *	bytes, others for each time it joins. Of each origin is kept which numbers were
 *	there, and whose origin it is. All that is asked here is asked of datagrams
 *	whose tag holds, but for ClusterReplaySeen, which changes nothing: who has
 *	no key makes no entry and displaces none.
 *
 *	now is in ms of a clock that nobody sets, wall in ms since 1970.
 */

#ifndef CLUSTER_REPLAY_H
#define CLUSTER_REPLAY_H

#include "base/clusterSystem.h"

#define CLUSTER_ORIGIN 16 /* bytes */
/* Characters by which somebody is asked whether it is there now; without NUL. */
#define CLUSTER_CHALLENGE_TEXT 16

/* The latest time that is one. */
#define CLUSTER_STAMP_TIME_MOST ((int64_t) 1 << 53)

/* What a sealed datagram says of itself. */
typedef struct ClusterStamp {
    uint8_t origin[CLUSTER_ORIGIN];
    uint64_t sequence; /* from 1 on */
    int64_t time;      /* ms since 1970, of the sender's clock; 0 to CLUSTER_STAMP_TIME_MOST */
} ClusterStamp;

typedef enum ClusterReplayResult {
    CLUSTER_REPLAY_FRESH = 0,
    CLUSTER_REPLAY_SEEN,      /* it was there, or may have been: it is too old */
    CLUSTER_REPLAY_CHALLENGE, /* nothing is known of the origin, and its time is not now */
    CLUSTER_REPLAY_CLONE,     /* the origin is another member's, or the member has another origin */
    CLUSTER_REPLAY_FULL       /* there is no room for one more origin */
} ClusterReplayResult;

typedef struct ClusterReplay ClusterReplay;

/*
 * An empty table of at most so many origins, NULL without memory. What was sent
 * before `wall`, when it is made, is not believed without asking: it was not for us.
 */
ClusterReplay *ClusterReplayNew(const ClusterSystem *system, size_t most, int64_t wall);
void ClusterReplayFree(ClusterReplay *replay);
/* Origins in the table. */
size_t ClusterReplayCount(const ClusterReplay *replay);

/*
 * Before the tag is looked at: would this number of this origin be refused
 * anyway? Costs a hash.
 */
bool ClusterReplaySeen(const ClusterReplay *replay, const uint8_t name[CLUSTER_ORIGIN],
        uint64_t sequence);
/*
 * A datagram came whose tag holds: FRESH if it is to be dealt with, else SEEN,
 * CHALLENGE or FULL. From the first FRESH one on its origin is known.
 */
ClusterReplayResult ClusterReplayTake(ClusterReplay *replay, const ClusterStamp *stamp, int64_t now,
        int64_t wall);

/*
 * After CHALLENGE: the text by which to ask the sender, as the ruid of a
 * discovery. Nothing is remembered of it: the text is made of the origin and the
 * time by a secret, and holds for 10 s at least. How often somebody is asked is
 * the caller's to bound.
 */
void ClusterReplayAsk(const ClusterReplay *replay, const uint8_t name[CLUSTER_ORIGIN], int64_t now,
        char text[CLUSTER_CHALLENGE_TEXT + 1]);
/*
 * A datagram that was CHALLENGE has this ruid: if that is what its origin was
 * asked by, the origin is known from now on, and the result is FRESH or FULL;
 * else CHALLENGE.
 */
ClusterReplayResult ClusterReplayAnswered(ClusterReplay *replay, const ClusterStamp *stamp,
        const char *ruid, size_t length, int64_t now);

/*
 * A FRESH datagram of an origin is of this member (sid@hid): from the first time on
 * the origin is that member's and no other's, and the member has no other one,
 * until it is forgotten or not heard for a minute. FRESH, CLONE or FULL (no memory).
 */
ClusterReplayResult ClusterReplayBind(ClusterReplay *replay, const uint8_t name[CLUSTER_ORIGIN],
        const char *member, size_t length, int64_t now);
/* Whose an origin is (sid@hid), borrowed until the next call; NULL when nobody has said so. */
const char *ClusterReplayOwner(const ClusterReplay *replay, const uint8_t origin[CLUSTER_ORIGIN],
        size_t *length);
/* The member is gone: it may come again with another origin. What its origin sent stays refused. */
void ClusterReplayForget(ClusterReplay *replay, const char *member, size_t length);

#endif
