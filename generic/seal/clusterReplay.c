/*
 * clusterReplay.c --
 *
 *	Lets each sealed datagram pass once (see clusterReplay.h).
 *
 *	What was there is a window of the latest numbers. A number within it may
 *	still be too old: who holds a datagram back, while its sender says little,
 *	could bring it hours later. So its time may not be long before that of the
 *	highest number, which both are of the sender's clock.
 */

#include "seal/clusterReplay.h"

#include "base/clusterHash.h"
#include "base/clusterLimits.h"
#include "base/clusterTable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW    1024 /* numbers */
#define WORD_BITS 64
/* Milliseconds for which a text to ask by is made; it holds so long at least, twice that at most. */
#define ASK_MS 10000

typedef struct Origin {
    uint8_t name[CLUSTER_ORIGIN];
    ClusterTableEntry byName;
    ClusterTableEntry byMember; /* in the table while it has one */
    ClusterListEntry inIdle;
    char *member; /* whose it is, malloc'ed; NULL as long as nobody said */
    size_t memberLength;
    int64_t heard;                       /* ms of the clock that nobody sets */
    int64_t time;                        /* of the highest number, of the sender's clock */
    uint64_t highest;                    /* number that was there */
    uint64_t window[WINDOW / WORD_BITS]; /* a bit for each up to it, at its remainder */
} Origin;

struct ClusterReplay {
    ClusterTable byName, byMember;
    ClusterList idle; /* who was heard longest ago first */
    size_t most;
    int64_t born; /* ms since 1970 */
    uint64_t askKey[2];
};

/* ---- the table -------------------------------------------------------------- */

ClusterReplay *
ClusterReplayNew(const ClusterSystem *system, size_t most, int64_t wall)
{
    ClusterReplay *replay = calloc(1, sizeof *replay);
    uint64_t keys[3][2];

    if (!replay) {
        return NULL;
    }
    system->random(system->context, keys, sizeof keys);
    ClusterTableInit(&replay->byName, keys[0]);
    ClusterTableInit(&replay->byMember, keys[1]);
    memcpy(replay->askKey, keys[2], sizeof replay->askKey);
    ClusterListInit(&replay->idle);
    replay->most = most;
    replay->born = wall;
    return replay;
}

static void
Unbind(ClusterReplay *replay, Origin *origin)
{
    ClusterTableRemove(&replay->byMember, &origin->byMember);
    free(origin->member);
    origin->member = NULL;
}

static void
RemoveOrigin(ClusterReplay *replay, Origin *origin)
{
    Unbind(replay, origin);
    ClusterTableRemove(&replay->byName, &origin->byName);
    ClusterListRemove(&origin->inIdle);
    free(origin);
}

static Origin *
LongestIdle(const ClusterReplay *replay)
{
    ClusterListEntry *entry = ClusterListFirst(&replay->idle);

    return entry ? CLUSTER_LIST_ITEM(entry, Origin, inIdle) : NULL;
}

void
ClusterReplayFree(ClusterReplay *replay)
{
    Origin *origin;

    if (!replay) {
        return;
    }
    while ((origin = LongestIdle(replay)) != NULL) {
        RemoveOrigin(replay, origin);
    }
    ClusterTableFree(&replay->byName, NULL);
    ClusterTableFree(&replay->byMember, NULL);
    free(replay);
}

size_t
ClusterReplayCount(const ClusterReplay *replay)
{
    return replay->byName.count;
}

static Origin *
FindOrigin(const ClusterReplay *replay, const uint8_t name[CLUSTER_ORIGIN])
{
    ClusterTableEntry *entry =
            ClusterTableFind(&replay->byName, (const char *) name, CLUSTER_ORIGIN);

    return entry ? CLUSTER_TABLE_ITEM(entry, Origin, byName) : NULL;
}

/* Was it not heard for so long that nothing which it sent then would be believed again? */
static bool
IsIdle(const Origin *origin, int64_t now)
{
    return now - origin->heard > CLUSTER_ORIGIN_KEPT_MS;
}

static void
Heard(ClusterReplay *replay, Origin *origin, int64_t now)
{
    origin->heard = now;
    ClusterListRemove(&origin->inIdle);
    ClusterListAppend(&replay->idle, &origin->inIdle);
}

/* ---- the window --------------------------------------------------------------- */

static uint64_t *
WordOf(Origin *origin, uint64_t sequence)
{
    return &origin->window[sequence % WINDOW / WORD_BITS];
}

static uint64_t
BitOf(uint64_t sequence)
{
    return (uint64_t) 1 << sequence % WORD_BITS;
}

static bool
WasThere(const Origin *origin, uint64_t sequence)
{
    if (sequence > origin->highest) {
        return false;
    }
    return origin->highest - sequence >= WINDOW
            || (origin->window[sequence % WINDOW / WORD_BITS] & BitOf(sequence)) != 0;
}

/* The window goes on to a higher number; those between were not there. */
static void
Advance(Origin *origin, uint64_t sequence)
{
    if (sequence - origin->highest >= WINDOW) {
        memset(origin->window, 0, sizeof origin->window);
    } else {
        uint64_t number = origin->highest;

        while (number++ < sequence) {
            *WordOf(origin, number) &= ~BitOf(number);
        }
    }
    origin->highest = sequence;
}

static void
Note(Origin *origin, const ClusterStamp *stamp)
{
    if (stamp->sequence > origin->highest) {
        Advance(origin, stamp->sequence);
        origin->time = stamp->time;
    }
    *WordOf(origin, stamp->sequence) |= BitOf(stamp->sequence);
}

/* Was it held back, as its sender's clock says? */
static bool
IsLate(const Origin *origin, const ClusterStamp *stamp)
{
    return stamp->sequence < origin->highest
            && stamp->time < origin->time - CLUSTER_ORIGIN_BELIEVED_MS;
}

bool
ClusterReplaySeen(const ClusterReplay *replay, const uint8_t name[CLUSTER_ORIGIN],
        uint64_t sequence)
{
    const Origin *origin = FindOrigin(replay, name);

    return origin && WasThere(origin, sequence);
}

/* ---- origins that become known --------------------------------------------------- */

/* Room for one more: that of who was not heard for long, if there is no other. */
static bool
MakeRoom(ClusterReplay *replay, int64_t now)
{
    Origin *longest = LongestIdle(replay);

    if (ClusterReplayCount(replay) < replay->most) {
        return true;
    }
    if (!longest || !IsIdle(longest, now)) {
        return false;
    }
    RemoveOrigin(replay, longest);
    return true;
}

static ClusterReplayResult
Enter(ClusterReplay *replay, const ClusterStamp *stamp, int64_t now)
{
    Origin *origin = MakeRoom(replay, now) ? calloc(1, sizeof *origin) : NULL;

    if (!origin) {
        return CLUSTER_REPLAY_FULL;
    }
    memcpy(origin->name, stamp->origin, sizeof origin->name);
    ClusterTableAdd(&replay->byName, &origin->byName, (const char *) origin->name,
            sizeof origin->name);
    Heard(replay, origin, now);
    Note(origin, stamp);
    return CLUSTER_REPLAY_FRESH;
}

static ClusterReplayResult
TakeKnown(ClusterReplay *replay, Origin *origin, const ClusterStamp *stamp, int64_t now)
{
    if (WasThere(origin, stamp->sequence) || IsLate(origin, stamp)) {
        return CLUSTER_REPLAY_SEEN;
    }
    Note(origin, stamp);
    Heard(replay, origin, now);
    return CLUSTER_REPLAY_FRESH;
}

/* Times are what others say: no difference of two of them need fit. */
static bool
IsNow(const ClusterReplay *replay, int64_t time, int64_t wall)
{
    return time >= replay->born && time >= wall - CLUSTER_ORIGIN_BELIEVED_MS
            && time <= wall + CLUSTER_ORIGIN_BELIEVED_MS;
}

ClusterReplayResult
ClusterReplayTake(ClusterReplay *replay, const ClusterStamp *stamp, int64_t now, int64_t wall)
{
    Origin *origin = FindOrigin(replay, stamp->origin);

    if (origin) {
        return TakeKnown(replay, origin, stamp, now);
    }
    return IsNow(replay, stamp->time, wall) ? Enter(replay, stamp, now) : CLUSTER_REPLAY_CHALLENGE;
}

/* ---- asking who is not believed --------------------------------------------------- */

static void
MakeText(const ClusterReplay *replay, const uint8_t name[CLUSTER_ORIGIN], int64_t period,
        char text[CLUSTER_CHALLENGE_TEXT + 1])
{
    uint8_t bytes[CLUSTER_ORIGIN + sizeof period];

    memcpy(bytes, name, CLUSTER_ORIGIN);
    memcpy(bytes + CLUSTER_ORIGIN, &period, sizeof period);
    snprintf(text, CLUSTER_CHALLENGE_TEXT + 1, "%016" PRIx64,
            ClusterHash(replay->askKey, bytes, sizeof bytes));
}

void
ClusterReplayAsk(const ClusterReplay *replay, const uint8_t name[CLUSTER_ORIGIN], int64_t now,
        char text[CLUSTER_CHALLENGE_TEXT + 1])
{
    MakeText(replay, name, now / ASK_MS, text);
}

ClusterReplayResult
ClusterReplayAnswered(ClusterReplay *replay, const ClusterStamp *stamp, const char *ruid,
        size_t length, int64_t now)
{
    Origin *origin = FindOrigin(replay, stamp->origin);
    bool same = false;
    int64_t before;

    for (before = 0; before <= 1 && length == CLUSTER_CHALLENGE_TEXT; before++) {
        char text[CLUSTER_CHALLENGE_TEXT + 1];

        MakeText(replay, stamp->origin, now / ASK_MS - before, text);
        same = same || memcmp(text, ruid, length) == 0;
    }
    if (!same) {
        return CLUSTER_REPLAY_CHALLENGE;
    }
    return origin ? TakeKnown(replay, origin, stamp, now) : Enter(replay, stamp, now);
}

/* ---- whose they are -------------------------------------------------------------- */

static Origin *
FindMember(const ClusterReplay *replay, const char *member, size_t length)
{
    ClusterTableEntry *entry = ClusterTableFind(&replay->byMember, member, length);

    return entry ? CLUSTER_TABLE_ITEM(entry, Origin, byMember) : NULL;
}

static bool
IsOf(const Origin *origin, const char *member, size_t length)
{
    return origin->memberLength == length && memcmp(origin->member, member, length) == 0;
}

ClusterReplayResult
ClusterReplayBind(ClusterReplay *replay, const uint8_t name[CLUSTER_ORIGIN], const char *member,
        size_t length, int64_t now)
{
    Origin *origin = FindOrigin(replay, name), *other;

    if (!origin) {
        return CLUSTER_REPLAY_CHALLENGE;
    }
    if (origin->member) {
        return IsOf(origin, member, length) ? CLUSTER_REPLAY_FRESH : CLUSTER_REPLAY_CLONE;
    }
    other = FindMember(replay, member, length);
    if (other && !IsIdle(other, now)) {
        return CLUSTER_REPLAY_CLONE;
    }
    origin->member = malloc(length + 1);
    if (!origin->member) {
        return CLUSTER_REPLAY_FULL;
    }
    if (other) {
        Unbind(replay, other);
    }
    memcpy(origin->member, member, length);
    origin->memberLength = length;
    ClusterTableAdd(&replay->byMember, &origin->byMember, origin->member, length);
    return CLUSTER_REPLAY_FRESH;
}

const char *
ClusterReplayOwner(const ClusterReplay *replay, const uint8_t origin[CLUSTER_ORIGIN],
        size_t *length)
{
    const Origin *found = FindOrigin(replay, origin);

    *length = found && found->member ? found->memberLength : 0;
    return found ? found->member : NULL;
}

void
ClusterReplayForget(ClusterReplay *replay, const char *member, size_t length)
{
    Origin *origin = FindMember(replay, member, length);

    if (origin) {
        Unbind(replay, origin);
    }
}
