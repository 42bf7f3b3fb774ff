/*
 * clusterRound.h --
 *
 *	Whose turn it is: each of a set has one turn in a round, in an order that is
 *	random and another in each round, so that members that know the same others
 *	do not look at the same ones at the same time. (SWIM: round-robin over a
 *	list that is shuffled.)
 *
 *	Knows neither members nor packets.
 */

#ifndef CLUSTER_ROUND_H
#define CLUSTER_ROUND_H

#include "base/clusterSystem.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ClusterRound ClusterRound;

/* Zero-initialised it is in no round. */
typedef struct ClusterRoundEntry {
    ClusterRound *round; /* NULL: in none */
    size_t at;
} ClusterRoundEntry;

/* Zero-initialised it is empty. Those before `turn` had theirs. */
struct ClusterRound {
    ClusterRoundEntry **entries;
    size_t count, room, turn;
};

void ClusterRoundFree(ClusterRound *round);
/* Adds one that is in none; `had`: it has just had its turn. False without memory. */
bool ClusterRoundAdd(ClusterRound *round, ClusterRoundEntry *entry, bool had);
/* Takes it out of its round, if it is in one. */
void ClusterRoundRemove(ClusterRoundEntry *entry);
/* Whose turn it is, by a random number of the system; NULL when there is nobody. */
ClusterRoundEntry *ClusterRoundNext(ClusterRound *round, const ClusterSystem *system);
/* One of them, as if they stood in a ring; there is one. */
ClusterRoundEntry *ClusterRoundAt(const ClusterRound *round, size_t number);

#endif
