/*
 * clusterSeal.h --
 *
 *	Datagrams that only who has a key of the group can read or make.
 *
 *	Each has a packet in it, and stands in a packet of its own (see
 *	clusterEnvelope.h; the bytes: doc/wire.md). A cluster has one ClusterSeal,
 *	for all its transports that send datagrams.
 */

#ifndef CLUSTER_SEAL_H
#define CLUSTER_SEAL_H

#include "seal/clusterKeys.h"
#include "seal/clusterReplay.h"

/* Bytes by which a packet becomes longer, at most. */
#define CLUSTER_SEAL_MOST 78
/* Bytes of a member's name (sid@hid), as an audience. */
#define CLUSTER_SEAL_AUDIENCE_MOST 192

typedef enum ClusterSealResult {
    CLUSTER_SEAL_OK = 0,

    /* ---- of ClusterSealOpen ---- */
    CLUSTER_SEAL_NOT_SEALED,  /* no envelope: an ordinary packet, or nothing */
    CLUSTER_SEAL_OWN,         /* it says to be of this very seal: multicasts come back */
    CLUSTER_SEAL_MALFORMED,   /* an envelope, but no datagram of this version */
    CLUSTER_SEAL_UNKNOWN_KEY, /* sealed with a key that is not in the ring */
    CLUSTER_SEAL_BAD,         /* the tag does not hold */
    CLUSTER_SEAL_REPLAYED,    /* it was there already, or is too old to tell */
    CLUSTER_SEAL_CHALLENGE,   /* authentic, but perhaps of the past: see ClusterReplayAsk */
    CLUSTER_SEAL_FULL,        /* authentic, but there is no room for its origin */

    /* ---- of ClusterSealDatagram ---- */
    CLUSTER_SEAL_NO_KEY,    /* the ring is empty */
    CLUSTER_SEAL_SPENT,     /* all numbers were used: the cluster has to be joined anew */
    CLUSTER_SEAL_FORKED,    /* this process is a child of the one that joined */
    CLUSTER_SEAL_TOO_LARGE, /* there is no room for it */

    /* ---- of ClusterSecretSeal, beside those ---- */
    CLUSTER_SEAL_CLOSED, /* the stream is not open yet, or broken */

    CLUSTER_SEAL_RESULTS
} ClusterSealResult;

typedef struct ClusterSealConfig {
    ClusterKeys *keys;           /* held */
    const ClusterSystem *system; /* outlives it */
    const char *group;           /* address of the cluster's group, as text */
    uint16_t port;
    size_t origins; /* that are remembered: CLUSTER_ORIGINS_MAX */
    int64_t wall;   /* ms since 1970, now */
    /* The number that comes before its first datagram's: 0, but in tests. */
    uint64_t sequence;
} ClusterSealConfig;

typedef struct ClusterSeal ClusterSeal;

/* With an origin of its own. NULL without memory, or when the group's text is too long. */
ClusterSeal *ClusterSealNew(const ClusterSealConfig *config);
void ClusterSealFree(ClusterSeal *seal);
/* What it knows of others: for ClusterReplayAsk, Answered, Bind and Forget. Borrowed. */
ClusterReplay *ClusterSealReplay(ClusterSeal *seal);

/*
 * Whom a datagram is for: one member (sid@hid), or everybody (NULL). Who is
 * another one cannot open what was for one, so nobody can pass on to it what it
 * was not to hear. Both sides have to name the same: a receiver knows it by the
 * socket, one for all or one of its own.
 */
typedef struct ClusterAudience {
    const char *member;
    size_t length; /* at most CLUSTER_SEAL_AUDIENCE_MOST */
} ClusterAudience;

/* Bytes of the datagram for a packet of so many. */
size_t ClusterSealSize(size_t length);
/*
 * Seals a packet with the key that seals: OK, or one of the last group. out has
 * room for `room` bytes, of which *size are the datagram then; it may not overlap
 * the packet. wall: ms since 1970.
 */
ClusterSealResult ClusterSealDatagram(ClusterSeal *seal, const void *packet, size_t length,
        ClusterAudience audience, int64_t wall, uint8_t *out, size_t room, size_t *size);

/* What was in a datagram. */
typedef struct ClusterOpened {
    const uint8_t *packet; /* in the room that was given */
    size_t length;
    ClusterStamp stamp;
    ClusterKeyId key;
} ClusterOpened;

/*
 * Opens what came as a datagram; `room` has at least `length` bytes. With OK the
 * packet is to be dealt with, after ClusterReplayBind has said whose it is. With
 * CHALLENGE and FULL `opened` is filled in too, but of the packet only its sender
 * and ruid may be used. With REPLAYED the stamp's origin and number are what the
 * datagram says. With anything else nothing is filled in, and nothing has changed.
 * now: ms of a clock that nobody sets; wall: ms since 1970.
 */
ClusterSealResult ClusterSealOpen(ClusterSeal *seal, const void *bytes, size_t length,
        ClusterAudience audience, int64_t now, int64_t wall, uint8_t *room, ClusterOpened *opened);

/* A word for a result, for counters and tests. */
const char *ClusterSealResultName(ClusterSealResult result);

#endif
