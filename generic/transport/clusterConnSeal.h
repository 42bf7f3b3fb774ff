/*
 * clusterConnSeal.h --
 *
 *	What a sealed connection has beside its socket and its queue: the secret
 *	that both ends have, bytes that came and are no whole envelope yet, and
 *	those that were sealed and are not written yet.
 *
 *	It knows no connection: clusterConnSealed.c makes one of it, and
 *	clusterLinger.c finishes what that had to write.
 *
 *	Anybody on the way can end a connection. So its end is the peer's wish only
 *	if an empty record came before it.
 *
 *	Out of what waits pieces are sealed only when they can be written, so there
 *	is never more than one record, and what waits is counted, and handed back,
 *	as the plain packets. They are written once their record is.
 */

#ifndef CLUSTER_CONN_SEAL_H
#define CLUSTER_CONN_SEAL_H

#include "base/clusterLoop.h"
#include "base/clusterOutput.h"
#include "bpacket/bpacketStream.h"
#include "seal/clusterEnvelope.h"
#include "seal/clusterSecret.h"

typedef struct ClusterConnSeal ClusterConnSeal;

/* One that is to hear or say who is there. NULL without memory. */
ClusterConnSeal *ClusterConnSealNew(void);
/* NULL is allowed. */
void ClusterConnSealFree(ClusterConnSeal *seal);

/*
 * It connects, and this is the first that it writes. It breaks if the other end is
 * not that member (sid@hid; NULL: any). False without a key or memory, or in a
 * forked child.
 */
bool ClusterConnSealHello(ClusterConnSeal *seal, const ClusterSecretConfig *config,
        const char *member);

/* Nothing was said yet, so it may turn out plain. */
bool ClusterConnSealIsNew(const ClusterConnSeal *seal);
/* Why it is broken: NOT_SEALED for what is plain. */
ClusterSealResult ClusterConnSealReason(const ClusterConnSeal *seal);
/* Is the handshake over? */
bool ClusterConnSealIsOpen(const ClusterConnSeal *seal);
/* Whose the other end is, once it is; borrowed. */
const char *ClusterConnSealPeer(const ClusterConnSeal *seal);
/* Was it made with a key of this ring? True as long as it was made with none. */
bool ClusterConnSealIsOf(const ClusterConnSeal *seal, const ClusterKeys *ring);

/* ---- in ---- */

/* What came and was not looked at yet; the owner of a connection that turns out plain takes it over, and puts NULL here. */
bpacket_stream **ClusterConnSealFrames(ClusterConnSeal *seal);

typedef enum ClusterConnSealStep {
    CLUSTER_CONN_SEAL_NONE, /* no whole envelope is there */
    CLUSTER_CONN_SEAL_DONE, /* one was, and what was in it is at the end of `plain` */
    CLUSTER_CONN_SEAL_BROKEN
} ClusterConnSealStep;

/* It was accepted, and this envelope is the first that came: a hello. now: as below. */
ClusterConnSealStep ClusterConnSealHeard(ClusterConnSeal *seal, const ClusterSecretConfig *config,
        bpacket_span hello, int64_t now);
/* The next envelope. plain may be NULL until it is open. now: ms of the loop's clock. */
ClusterConnSealStep ClusterConnSealNext(ClusterConnSeal *seal, bpacket_stream *plain, int64_t now);

/* Has the peer said that this is all? */
bool ClusterConnSealEnded(const ClusterConnSeal *seal);

/* ---- out ---- */

/* Behind all that waits the peer is told that this was all. */
void ClusterConnSealFinish(ClusterConnSeal *seal);

/* Is there something that could be written? */
bool ClusterConnSealHasOutput(const ClusterConnSeal *seal, const ClusterOutput *output);
/* Bytes of what waits, behind what was written of it, that are sealed already. */
size_t ClusterConnSealBegun(const ClusterConnSeal *seal);
/* What waits was thrown away. */
void ClusterConnSealForget(ClusterConnSeal *seal);
/*
 * The same as ClusterOutputWrite, sealed: once, a record at most. What the
 * handshake needs is not counted.
 */
ClusterpResult ClusterConnSealWrite(ClusterConnSeal *seal, ClusterOutput *output, int fd,
        ClusterLoop *loop, ClusterBlobQueue *taken, ClusterOutputCount *count, int *error);
/* Of so many bytes at the end of what the system has taken: how many bytes of packets may be in them, at most. */
size_t ClusterConnSealPlain(const ClusterConnSeal *seal, size_t bytes);

#endif
