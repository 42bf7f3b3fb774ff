/*
 * clusterSealing.h --
 *
 *	What a node with keys has: its key ring, the seal of its datagrams, and
 *	whether it seals and what it hears. A node without keys has none of this.
 */

#ifndef CLUSTER_SEALING_H
#define CLUSTER_SEALING_H

#include "base/clusterBlob.h"
#include "seal/clusterSeal.h"
#include "transport/clusterTransport.h"

/* What is sent sealed, and what is heard, from the loosest on. */
typedef enum ClusterSealMode {
    CLUSTER_SEAL_ACCEPT,  /* sends plain, hears both */
    CLUSTER_SEAL_SEND,    /* sends sealed, hears both */
    CLUSTER_SEAL_REQUIRE, /* sends sealed, and hears nothing else */
    CLUSTER_SEAL_MODES
} ClusterSealMode;

/* As in the join option, and in what members tell each other. */
const char *ClusterSealModeName(ClusterSealMode mode);

/* False for other words. */
bool ClusterSealModeParse(const char *word, ClusterSealMode *mode);

typedef struct ClusterSealing ClusterSealing;

/* keys: held. system: outlives it. group: with its port. NULL without memory. */
ClusterSealing *ClusterSealingNew(ClusterKeys *keys, ClusterSealMode mode,
        const ClusterSystem *system, const ClusterAddress *group);
/* NULL is allowed. */
void ClusterSealingFree(ClusterSealing *sealing);

ClusterKeys *ClusterSealingKeys(const ClusterSealing *sealing);
ClusterSealMode ClusterSealingMode(const ClusterSealing *sealing);
void ClusterSealingSetMode(ClusterSealing *sealing, ClusterSealMode mode);

/* May nothing be sent over such a transport, as it would be plain? */
bool ClusterSealingBars(const ClusterSealing *sealing, const ClusterTransportType *type);
/* Are datagrams sealed? */
bool ClusterSealingSeals(const ClusterSealing *sealing);
/* Is what is not sealed heard? */
bool ClusterSealingHearsPlain(const ClusterSealing *sealing);

/*
 * The packet as a sealed datagram for a member (sid@hid; NULL: for all), a new
 * reference that holds the packet as its plain one. NULL when it cannot be sealed.
 */
ClusterBlob *ClusterSealingSeal(ClusterSealing *sealing, ClusterBlob *blob, const char *member);
/*
 * Opens what came, for that member or for all, as ClusterSealOpen does. What was
 * in it is valid until the next is opened, so until a script may run.
 */
ClusterSealResult ClusterSealingOpen(ClusterSealing *sealing, bpacket_span packet,
        const char *member, int64_t now, ClusterOpened *opened);
/* What is known of others' datagrams. Borrowed. */
ClusterReplay *ClusterSealingReplay(const ClusterSealing *sealing);

/* This one is taken now: a copy of it may come by another way. */
void ClusterSealingTook(ClusterSealing *sealing, const ClusterStamp *stamp, int64_t now);
/* Is it such a copy? */
bool ClusterSealingIsCopy(const ClusterSealing *sealing, const ClusterStamp *stamp, int64_t now);

/* Is somebody to be told that what this host sent was dropped for that? Then that counts as done. */
bool ClusterSealingMayTell(ClusterSealing *sealing, const ClusterAddress *host, ClusterDrop reason,
        int64_t now);

#endif
