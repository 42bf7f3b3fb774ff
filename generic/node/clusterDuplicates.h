/*
 * clusterDuplicates.h --
 *
 *	Lets a packet pass once that comes over several ways that reach everybody.
 *
 *	Packets have no number. But the n-th copy of the same bytes over one way is
 *	the n-th over any other, so each packet that passed is remembered for a
 *	while, with the ways it was heard over: a copy over a way that is missing
 *	there is that packet again, any other is a packet of its own. What is sent
 *	over one way alone waits in vain for its copies, and is forgotten; equal
 *	bytes over another way meanwhile are taken for such a copy.
 *
 *	Who has several nets on one link sends there once for each, from another
 *	address: so copies from different addresses are told apart as well.
 */

#ifndef CLUSTER_DUPLICATES_H
#define CLUSTER_DUPLICATES_H

#include "base/clusterAddress.h"
#include "bpacket/bpacketReader.h"

/* So long a copy may come after the first, in milliseconds. */
#define CLUSTER_DUPLICATES_MS 5000
/* So many packets are remembered; of more the oldest are forgotten, and their copies pass. */
#define CLUSTER_DUPLICATES_MAX 4096

/* So many ways are told apart. */
#define CLUSTER_DUPLICATES_WAYS 32
/* The addresses that copies of one packet come from, as far as they are told apart. */
#define CLUSTER_DUPLICATES_SOURCES 4

typedef struct ClusterDuplicates ClusterDuplicates;

/*
 * key: what nobody can guess, so that nobody can make other bytes that count
 * as the same. NULL without memory. Ends with ClusterDuplicatesFree.
 */
ClusterDuplicates *ClusterDuplicatesNew(const uint64_t key[2]);
/* NULL is allowed. */
void ClusterDuplicatesFree(ClusterDuplicates *duplicates);
/*
 * The number of a way: a slot's, and the interface's there. Of more than
 * CLUSTER_DUPLICATES_WAYS the one that was numbered first gives up its number.
 */
int ClusterDuplicatesWay(ClusterDuplicates *duplicates, int slot, unsigned interface);
/*
 * A packet came over a way at a time, in ms, no earlier than the last. May it
 * pass? from: its address, NULL where that makes no difference.
 */
bool ClusterDuplicatesPass(ClusterDuplicates *duplicates, int way, const ClusterAddress *from,
        bpacket_span packet, int64_t now);

#endif
