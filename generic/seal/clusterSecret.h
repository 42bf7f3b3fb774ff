/*
 * clusterSecret.h --
 *
 *	A stream between two members that nobody else can read, change or go on
 *	with: a handshake, then records.
 *
 *	It opens no socket: it is fed the packets that come, each a whole envelope,
 *	and says what to write. Its records carry bytes, not packets: many packets
 *	may be in one, and one in many. What is wrong once breaks it for good, and
 *	the connection is to be closed then.
 *
 *	    connects                                    accepted
 *	    ClusterSecretHello  ---- hello ---->  Feed: REPLY
 *	    Feed: REPLY, open   <--- answer ----
 *	                        ---- name ----->  Feed: PLAIN of nothing, open
 *	    ClusterSecretSeal   ---- record --->  Feed: PLAIN
 *	    Feed: PLAIN         <--- record ----  ClusterSecretSeal
 *
 *	Each end tells its name (sid@hid) in there, and what comes over the stream
 *	is of that member or of nobody: the caller compares. The keys of a stream
 *	are in ordinary memory, as there may be thousands, and are wiped with it.
 */

#ifndef CLUSTER_SECRET_H
#define CLUSTER_SECRET_H

#include "seal/clusterSeal.h"

/* Bytes of a member's name (sid@hid), at most. */
#define CLUSTER_SECRET_NAME_MOST CLUSTER_SEAL_AUDIENCE_MOST
/* Bytes that go into one record, at most. */
#define CLUSTER_SECRET_RECORD 65536
/* Bytes of a packet that ClusterSecretHello or Feed has written, at most. */
#define CLUSTER_SECRET_REPLY_MOST 384

typedef struct ClusterSecretConfig {
    ClusterKeys *keys;           /* held until the handshake is over */
    const ClusterSystem *system; /* outlives it */
    const char *group;           /* address of the cluster's group, as text */
    uint16_t port;
    const char *name; /* our own: sid@hid; copied */
    size_t nameLength;
    /* Bytes after which a direction gets another key: 0 for a GiB, as always but in tests. */
    uint64_t rekeyBytes;
} ClusterSecretConfig;

typedef struct ClusterSecret ClusterSecret;

/* connects: it is the end that made the connection. NULL without memory, or when a text is too long. */
ClusterSecret *ClusterSecretNew(const ClusterSecretConfig *config, bool connects);
void ClusterSecretFree(ClusterSecret *secret);

/*
 * What the end that connects writes first, once: OK, NO_KEY or FORKED. out has room
 * for CLUSTER_SECRET_REPLY_MOST bytes.
 */
ClusterSealResult ClusterSecretHello(ClusterSecret *secret, uint8_t *out, size_t *size);

typedef enum ClusterSecretFed {
    CLUSTER_SECRET_REPLY, /* write these bytes before anything else */
    CLUSTER_SECRET_PLAIN, /* these bytes (perhaps none) come next in the peer's stream */
    CLUSTER_SECRET_BROKEN /* now, or already: ClusterSecretReason says why */
} ClusterSecretFed;

/*
 * A packet came over the connection. Writes *size bytes to out, which has room for
 * CLUSTER_SECRET_REPLY_MOST or `length` bytes, whichever is more, and does not
 * overlap the packet. Afterwards the stream may be open. now: ms of a clock that
 * nobody sets.
 */
ClusterSecretFed ClusterSecretFeed(ClusterSecret *secret, const void *packet, size_t length,
        int64_t now, uint8_t *out, size_t *size);

/* Is the handshake over, so that the peer has a name, and something can be sealed? */
bool ClusterSecretIsOpen(const ClusterSecret *secret);
/* The peer's name, borrowed, once it is open; may be any bytes, as the peer said it. */
const char *ClusterSecretPeer(const ClusterSecret *secret, size_t *length);
/* Which key of the ring it was made with; false as long as there was no hello. */
bool ClusterSecretKey(const ClusterSecret *secret, ClusterKeyId *id);
/*
 * Why it broke: NOT_SEALED, MALFORMED (or out of turn), UNKNOWN_KEY, BAD, FORKED;
 * OK as long as it is not broken.
 */
ClusterSealResult ClusterSecretReason(const ClusterSecret *secret);

/* Bytes of the packet for a record of so many. */
size_t ClusterSecretSize(size_t length);
/*
 * Makes the next record, of at most CLUSTER_SECRET_RECORD bytes: OK, CLOSED (not
 * open, or broken), FORKED, TOO_LARGE. out has room for ClusterSecretSize(length)
 * bytes and does not overlap them. Records are written in the order in which they
 * were made, each once and whole. now: ms of a clock that nobody sets.
 */
ClusterSealResult ClusterSecretSeal(ClusterSecret *secret, const void *bytes, size_t length,
        int64_t now, uint8_t *out, size_t *size);

#endif
