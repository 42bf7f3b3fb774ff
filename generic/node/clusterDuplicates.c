/*
 * clusterDuplicates.c --
 *
 *	Packets heard over several ways (see clusterDuplicates.h): a ring in the
 *	order they came, with a hash table of chains through it.
 */

#include "node/clusterDuplicates.h"

#include "base/clusterHash.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS CLUSTER_DUPLICATES_MAX
#define NONE    UINT32_MAX

_Static_assert(CLUSTER_DUPLICATES_WAYS <= 32, "ways are bits");
/* An address that copies came from; without ways it is not in use. */
typedef struct Source {
    uint32_t from;
    uint32_t ways; /* bits: those they were heard over */
} Source;

/* One packet that passed. */
typedef struct Passed {
    uint64_t hash;
    int64_t time;
    size_t length;
    Source sources[CLUSTER_DUPLICATES_SOURCES];
    uint32_t next; /* the next newer one of its bucket */
} Passed;

/* What packets come over. */
typedef struct Way {
    int slot;
    unsigned interface;
} Way;

struct ClusterDuplicates {
    uint64_t key[2];
    Way ways[CLUSTER_DUPLICATES_WAYS];
    unsigned wayCount;      /* numbered so far, beyond the table too */
    uint32_t oldest, count; /* of the ring */
    Passed ring[CLUSTER_DUPLICATES_MAX];
    uint32_t first[BUCKETS], last[BUCKETS]; /* oldest and newest of each */
};

ClusterDuplicates *
ClusterDuplicatesNew(const uint64_t key[2])
{
    ClusterDuplicates *self = calloc(1, sizeof *self);

    if (self) {
        memcpy(self->key, key, sizeof self->key);
        memset(self->first, 0xff, sizeof self->first); /* NONE */
    }
    return self;
}

void
ClusterDuplicatesFree(ClusterDuplicates *duplicates)
{
    free(duplicates);
}

static uint32_t
BucketOf(const Passed *passed)
{
    return (uint32_t) passed->hash % BUCKETS;
}

/* The oldest of all is the oldest of its bucket. */
static void
ForgetOldest(ClusterDuplicates *self)
{
    const Passed *passed = &self->ring[self->oldest];

    self->first[BucketOf(passed)] = passed->next;
    self->oldest = (self->oldest + 1) % CLUSTER_DUPLICATES_MAX;
    self->count--;
}

static void
Remember(ClusterDuplicates *self, const Passed *passed)
{
    uint32_t at, bucket = BucketOf(passed);

    if (self->count == CLUSTER_DUPLICATES_MAX) {
        ForgetOldest(self);
    }
    at = (self->oldest + self->count) % CLUSTER_DUPLICATES_MAX;
    self->ring[at] = *passed;
    if (self->first[bucket] == NONE) {
        self->first[bucket] = at;
    } else {
        self->ring[self->last[bucket]].next = at;
    }
    self->last[bucket] = at;
    self->count++;
}

int
ClusterDuplicatesWay(ClusterDuplicates *duplicates, int slot, unsigned interface)
{
    unsigned known = duplicates->wayCount < CLUSTER_DUPLICATES_WAYS ? duplicates->wayCount
                                                                    : CLUSTER_DUPLICATES_WAYS;
    unsigned i;

    for (i = 0; i < known; i++) {
        if (duplicates->ways[i].slot == slot && duplicates->ways[i].interface == interface) {
            return (int) i;
        }
    }
    i = duplicates->wayCount++ % CLUSTER_DUPLICATES_WAYS;
    duplicates->ways[i].slot = slot;
    duplicates->ways[i].interface = interface;
    return (int) i;
}

/* Addresses are told apart by a number that nobody can aim at. */
static uint32_t
NumberOf(const ClusterDuplicates *self, const ClusterAddress *from)
{
    char text[CLUSTER_ADDRESS_TEXT];

    if (!from) {
        return 0;
    }
    ClusterAddressFormat(from, text);
    return (uint32_t) ClusterHash(self->key, text, strlen(text));
}

/* Is it one more copy? Those from more addresses than are kept all are. */
static bool
TakeCopy(Passed *earlier, const Source *copy)
{
    int i;

    for (i = 0; i < CLUSTER_DUPLICATES_SOURCES && earlier->sources[i].ways; i++) {
        Source *source = &earlier->sources[i];

        if (source->from == copy->from) {
            if (source->ways & copy->ways) {
                return false;
            }
            source->ways |= copy->ways;
            return true;
        }
    }
    if (i < CLUSTER_DUPLICATES_SOURCES) {
        earlier->sources[i] = *copy;
    }
    return true;
}

bool
ClusterDuplicatesPass(ClusterDuplicates *duplicates, int way, const ClusterAddress *from,
        bpacket_span packet, int64_t now)
{
    Passed passed = {
            .hash = ClusterHash(duplicates->key, packet.bytes, packet.length),
            .time = now,
            .length = packet.length,
            .sources = {{NumberOf(duplicates, from), 1u << way}},
            .next = NONE,
    };
    uint32_t at;

    while (duplicates->count
            && now - duplicates->ring[duplicates->oldest].time >= CLUSTER_DUPLICATES_MS) {
        ForgetOldest(duplicates);
    }
    for (at = duplicates->first[BucketOf(&passed)]; at != NONE; at = duplicates->ring[at].next) {
        Passed *earlier = &duplicates->ring[at];

        if (earlier->hash == passed.hash && earlier->length == passed.length
                && TakeCopy(earlier, &passed.sources[0])) {
            return false;
        }
    }
    Remember(duplicates, &passed);
    return true;
}
