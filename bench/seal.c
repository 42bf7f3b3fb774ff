/*
 * seal.c --
 *
 *	What sealing and opening cost, and what refusing does: nanoseconds for each,
 *	the least of some rounds. What somebody without a key sends has to be
 *	refused for half a microsecond.
 */

#include "base/clusterSystem.h"
#include "seal/clusterSecret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS   15
#define TIMES    2000 /* in a round */
#define MOST     70000
#define AUDIENCE ((ClusterAudience){NULL, 0})

typedef struct Bench {
    ClusterKeys *keys, *others;
    ClusterSeal *sender, *stranger, *receiver;
    ClusterSecret *ends[2];
    uint8_t *packet, *room;
    size_t length; /* of the packet */
    size_t size;   /* of what was sealed */
    uint8_t *many; /* TIMES datagrams of `size` bytes */
} Bench;

static double
Nanoseconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

static void
MakeMany(Bench *bench, ClusterSeal *sender, bool bad)
{
    int i;

    bench->size = ClusterSealSize(bench->length);
    for (i = 0; i < TIMES; i++) {
        uint8_t *at = bench->many + (size_t) i * bench->size;

        ClusterSealDatagram(sender, bench->packet, bench->length, AUDIENCE, 0, at, bench->size,
                &bench->size);
        if (bad) {
            at[bench->size - 3] ^= 1;
        }
    }
}

static void
OpenMany(Bench *bench, ClusterSealResult expected)
{
    ClusterOpened opened;
    int i;

    for (i = 0; i < TIMES; i++) {
        ClusterSealResult result =
                ClusterSealOpen(bench->receiver, bench->many + (size_t) i * bench->size,
                        bench->size, AUDIENCE, 0, 0, bench->room, &opened);

        if (result != expected) {
            fprintf(stderr, "seal: %s\n", ClusterSealResultName(result));
            exit(1);
        }
    }
}

/* Prints the least time of an OpenMany, of datagrams that are made anew, unless `again`. */
static void
MeasureOpen(Bench *bench, const char *what, ClusterSeal *sender, bool bad, bool again,
        ClusterSealResult expected)
{
    double best = 1e18;
    int i;

    MakeMany(bench, sender, bad);
    if (again) {
        OpenMany(bench, CLUSTER_SEAL_OK);
    }
    for (i = 0; i < ROUNDS; i++) {
        double before, took;

        if (!again) {
            MakeMany(bench, sender, bad);
        }
        before = Nanoseconds();
        OpenMany(bench, expected);
        took = (Nanoseconds() - before) / TIMES;
        best = took < best ? took : best;
    }
    printf("%-44s %6zu %10.0f\n", what, bench->length, best);
}

static void
MeasureSeal(Bench *bench)
{
    double best = 1e18;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        double before = Nanoseconds(), took;

        MakeMany(bench, bench->sender, false);
        took = (Nanoseconds() - before) / TIMES;
        best = took < best ? took : best;
    }
    printf("%-44s %6zu %10.0f\n", "sealed", bench->length, best);
}

static ClusterSeal *
MakeSeal(ClusterKeys *keys)
{
    return ClusterSealNew(&(ClusterSealConfig){.keys = keys,
            .system = &clusterSystem,
            .group = "230.230.230.230",
            .port = 23000,
            .origins = 65536});
}

static void
Datagrams(Bench *bench)
{
    static const size_t lengths[] = {64, 150, 500, 1300};
    size_t i;

    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        bench->length = lengths[i];
        MeasureSeal(bench);
        MeasureOpen(bench, "opened", bench->sender, false, false, CLUSTER_SEAL_OK);
        MeasureOpen(bench, "refused: its tag, of a known origin", bench->sender, true, false,
                CLUSTER_SEAL_BAD);
        ClusterSealFree(bench->receiver);
        bench->receiver = MakeSeal(bench->keys);
        MeasureOpen(bench, "refused: its tag, of an unknown origin", bench->sender, true, false,
                CLUSTER_SEAL_BAD);
        MeasureOpen(bench, "refused: replayed", bench->sender, false, true, CLUSTER_SEAL_REPLAYED);
        MeasureOpen(bench, "refused: another key", bench->stranger, false, false,
                CLUSTER_SEAL_UNKNOWN_KEY);
    }
}

static void
MakeEnds(Bench *bench)
{
    int i;

    for (i = 0; i < 2; i++) {
        ClusterSecretFree(bench->ends[i]);
        bench->ends[i] = ClusterSecretNew(&(ClusterSecretConfig){.keys = bench->keys,
                                                  .system = &clusterSystem,
                                                  .group = "230.230.230.230",
                                                  .port = 23000,
                                                  .name = "9Z2p3466@02:fc:00:00:00:01",
                                                  .nameLength = 26},
                i == 0);
    }
}

/* Both ends in turn; `bad`: the hello is changed, and refused. */
static void
Handshakes(Bench *bench, bool bad)
{
    double best = 1e18;
    int i;

    for (i = 0; i < 200; i++) {
        double before, took;
        size_t size;
        int step;

        MakeEnds(bench);
        before = Nanoseconds();
        ClusterSecretHello(bench->ends[0], bench->packet, &size);
        if (bad) {
            bench->packet[size - 3] ^= 1;
            before = Nanoseconds();
        }
        for (step = 1; step < (bad ? 2 : 4); step++) {
            ClusterSecretFeed(bench->ends[step % 2], bench->packet, size, 0, bench->room, &size);
            memcpy(bench->packet, bench->room, size);
        }
        took = Nanoseconds() - before;
        best = took < best ? took : best;
        if (ClusterSecretIsOpen(bench->ends[1]) == bad) {
            fprintf(stderr, "seal: a handshake ended wrongly\n");
            exit(1);
        }
    }
    printf("%-44s %6s %10.0f\n", bad ? "a hello refused" : "a handshake, both ends", "", best);
}

static void
Records(Bench *bench, size_t length)
{
    double sealing = 1e18, opening = 1e18;
    int i, times = length > 10000 ? 100 : TIMES;
    size_t size = ClusterSecretSize(length), got;

    for (i = 0; i < ROUNDS; i++) {
        double before = Nanoseconds(), took;
        int j;

        for (j = 0; j < times; j++) {
            ClusterSecretSeal(bench->ends[0], bench->packet, length, 0,
                    bench->many + (size_t) j * size, &got);
        }
        took = (Nanoseconds() - before) / times;
        sealing = took < sealing ? took : sealing;
        before = Nanoseconds();
        for (j = 0; j < times; j++) {
            ClusterSecretFeed(bench->ends[1], bench->many + (size_t) j * size, size, 0, bench->room,
                    &got);
        }
        took = (Nanoseconds() - before) / times;
        opening = took < opening ? took : opening;
    }
    printf("%-44s %6zu %10.0f %6.2f GB/s\n", "a record sealed", length, sealing,
            (double) length / sealing);
    printf("%-44s %6zu %10.0f %6.2f GB/s\n", "a record opened", length, opening,
            (double) length / opening);
}

int
main(void)
{
    static const uint8_t key[CLUSTER_CIPHER_KEY] = {1}, other[CLUSTER_CIPHER_KEY] = {2};
    Bench bench = {0};

    if (ClusterKeysNew(&bench.keys) != CLUSTER_KEYS_OK
            || ClusterKeysNew(&bench.others) != CLUSTER_KEYS_OK) {
        puts("built without libsodium");
        return 0;
    }
    ClusterKeysAdd(bench.keys, key, NULL);
    ClusterKeysAdd(bench.others, other, NULL);
    bench.sender = MakeSeal(bench.keys);
    bench.stranger = MakeSeal(bench.others);
    bench.receiver = MakeSeal(bench.keys);
    bench.packet = calloc(1, MOST);
    bench.room = malloc(MOST);
    bench.many = malloc((size_t) 200 * MOST);
    if (!bench.sender || !bench.stranger || !bench.receiver || !bench.packet || !bench.room
            || !bench.many) {
        fprintf(stderr, "seal: out of memory\n");
        return 1;
    }
    printf("%-44s %6s %10s\n", "", "bytes", "ns");
    Datagrams(&bench);
    Handshakes(&bench, true);
    Handshakes(&bench, false);
    Records(&bench, 128);
    Records(&bench, 1400);
    Records(&bench, 65536);
    return 0;
}
