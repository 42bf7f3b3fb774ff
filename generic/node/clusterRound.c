/*
 * clusterRound.c --
 *
 *	The array behind clusterRound.h. Its front are those that had their turn;
 *	who is next is drawn from the rest and put at their end, so that the array
 *	is shuffled step by step (Fisher, Yates).
 */

#include "node/clusterRound.h"

#include <stdint.h>
#include <stdlib.h>

#define ROOM_FIRST 16

void
ClusterRoundFree(ClusterRound *round)
{
    while (round->count > 0) {
        ClusterRoundRemove(round->entries[round->count - 1]);
    }
    free(round->entries);
    round->entries = NULL;
    round->room = 0;
}

static bool
MakeRoom(ClusterRound *round)
{
    size_t room = round->room ? 2 * round->room : ROOM_FIRST;
    ClusterRoundEntry **entries;

    if (round->count < round->room) {
        return true;
    }
    entries = realloc(round->entries, room * sizeof(ClusterRoundEntry *));
    if (!entries) {
        return false;
    }
    round->entries = entries;
    round->room = room;
    return true;
}

static void
Put(ClusterRound *round, size_t at, ClusterRoundEntry *entry)
{
    round->entries[at] = entry;
    entry->at = at;
}

static void
Swap(ClusterRound *round, size_t one, size_t other)
{
    ClusterRoundEntry *entry = round->entries[one];

    Put(round, one, round->entries[other]);
    Put(round, other, entry);
}

bool
ClusterRoundAdd(ClusterRound *round, ClusterRoundEntry *entry, bool had)
{
    if (!MakeRoom(round)) {
        return false;
    }
    entry->round = round;
    Put(round, round->count++, entry);
    if (had) {
        Swap(round, round->turn++, entry->at);
    }
    return true;
}

void
ClusterRoundRemove(ClusterRoundEntry *entry)
{
    ClusterRound *round = entry->round;

    if (!round) {
        return;
    }
    if (entry->at < round->turn) {
        Swap(round, entry->at, --round->turn);
    }
    Swap(round, entry->at, --round->count);
    entry->round = NULL;
    entry->at = 0;
}

ClusterRoundEntry *
ClusterRoundNext(ClusterRound *round, const ClusterSystem *system)
{
    uint32_t left;

    if (round->count == 0) {
        return NULL;
    }
    if (round->turn == round->count) {
        round->turn = 0;
    }
    left = (uint32_t) (round->count - round->turn);
    Swap(round, round->turn, round->turn + ClusterSystemRandomBelow(system, left));
    return round->entries[round->turn++];
}

ClusterRoundEntry *
ClusterRoundAt(const ClusterRound *round, size_t number)
{
    return round->entries[number % round->count];
}
