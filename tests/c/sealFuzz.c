/*
 * sealFuzz.c --
 *
 *	Fuzz target `seal`: datagrams that come, from who has the key as well.
 *
 *	Input: steps, each a byte for its kind, two for the length of what follows,
 *	and that. A member hears what comes of each. Whatever comes, nothing passes
 *	twice, nothing that was changed passes, and no more origins are known than
 *	there is room for.
 */

#include "fuzz.h"

#include "sealTestInt.h"

#include "seal/clusterEnvelope.h"
#include "seal/clusterSeal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GROUP    "230.230.230.230"
#define PORT     23000
#define WALL     1790000000000 /* ms since 1970, when it begins */
#define ORIGINS  4
#define PASSED   256   /* datagrams that are remembered to have passed */
#define MOST     70000 /* bytes of a datagram */
#define AUDIENCE ((ClusterAudience){NULL, 0})
/* Of a datagram that the target makes itself: origin's last byte, number, time. */
#define MADE_HEAD 17

typedef struct SealFuzz {
    ClusterKeys *keys;
    ClusterKeyId id;
    SealTestSystem systems[2];
    ClusterSeal *sender, *receiver;
    int64_t now;
    ClusterStamp passed[PASSED];
    size_t count;
    uint8_t *datagram, *room;
} SealFuzz;

/* The same number with another time is another datagram: who has the key can make that, and nobody else. */
static const char *
CountPassed(SealFuzz *fuzz, const ClusterStamp *stamp)
{
    size_t i;

    for (i = 0; i < fuzz->count; i++) {
        if (fuzz->passed[i].sequence == stamp->sequence && fuzz->passed[i].time == stamp->time
                && memcmp(fuzz->passed[i].origin, stamp->origin, CLUSTER_ORIGIN) == 0) {
            return "a datagram passed twice";
        }
    }
    if (fuzz->count < PASSED) {
        fuzz->passed[fuzz->count++] = *stamp;
    }
    return NULL;
}

static bool
IsAuthentic(ClusterSealResult result)
{
    return result == CLUSTER_SEAL_OK || result == CLUSTER_SEAL_CHALLENGE
            || result == CLUSTER_SEAL_FULL;
}

/* The member hears it: authentic or not, as far as that is known; packet: what has to be in it then. */
static const char *
Hear(SealFuzz *fuzz, const uint8_t *bytes, size_t length, bool mayBe, const uint8_t *packet,
        size_t size)
{
    ClusterOpened opened;
    ClusterSealResult result = ClusterSealOpen(fuzz->receiver, bytes, length, AUDIENCE, fuzz->now,
            WALL + fuzz->now, fuzz->room, &opened);

    if (ClusterReplayCount(ClusterSealReplay(fuzz->receiver)) > ORIGINS) {
        return "more origins than there is room for";
    }
    if (!IsAuthentic(result)) {
        return NULL;
    }
    if (!mayBe) {
        return "it is authentic, and nobody sealed it";
    }
    if (opened.length != size || memcmp(opened.packet, packet, size) != 0) {
        return "another packet than was sealed";
    }
    return result == CLUSTER_SEAL_OK ? CountPassed(fuzz, &opened.stamp) : NULL;
}

/* As they come: nobody who has no key makes one that is authentic. */
static const char *
StepRaw(SealFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    return Hear(fuzz, bytes, length, false, NULL, 0);
}

static const char *
StepValue(SealFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    memcpy(ClusterEnvelopeWrite(fuzz->datagram, length), bytes, length);
    return Hear(fuzz, fuzz->datagram, ClusterEnvelopeSize(length), false, NULL, 0);
}

/* Sealed by another member, and then changed: two bytes say where, one how. */
static const char *
StepSent(SealFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    size_t size, at;

    if (length < 3
            || ClusterSealDatagram(fuzz->sender, bytes + 3, length - 3, AUDIENCE, WALL + fuzz->now,
                       fuzz->datagram, MOST, &size)
                    != CLUSTER_SEAL_OK) {
        return NULL;
    }
    at = ((size_t) bytes[0] << 8 | bytes[1]) % size;
    fuzz->datagram[at] ^= bytes[2];
    return Hear(fuzz, fuzz->datagram, size, bytes[2] == 0, bytes + 3, length - 3);
}

/* Sealed by who has the key, with any origin, number and time. */
static const char *
StepMade(SealFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    uint8_t with[64] = {CLUSTER_ENVELOPE_DATAGRAM}, *value;
    size_t plain = length - 9, whole = 29 + plain + CLUSTER_CIPHER_TAG;
    ClusterSealGroup group;
    ClusterCipherBox box;

    if (length < MADE_HEAD) {
        return NULL;
    }
    ClusterSealGroupInit(&group, GROUP, PORT);
    memcpy(with + 1, fuzz->id.bytes, CLUSTER_KEY_ID);
    memcpy(with + 5, group.bytes, group.length);
    value = ClusterEnvelopeWrite(fuzz->datagram, whole);
    memcpy(value, with, 5);
    memset(value + 5, 0, CLUSTER_ORIGIN);
    value[20] = bytes[0] % 8;
    memcpy(value + 21, bytes + 1, 8);
    memcpy(value + 29, bytes + 9, plain);
    box = (ClusterCipherBox){.key = ClusterKeysFind(fuzz->keys, fuzz->id.bytes,
                                     CLUSTER_KEYS_DATAGRAM),
            .nonce = value + 5,
            .with = with,
            .withLength = 5 + group.length};
    ClusterCipherSeal(&box, value + 29, value + 29, plain);
    return Hear(fuzz, fuzz->datagram, ClusterEnvelopeSize(whole), true, bytes + MADE_HEAD,
            length - MADE_HEAD);
}

/* Both clocks go on. */
static const char *
StepTime(SealFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    if (length >= 2) {
        fuzz->now += 2 * (int64_t) ((unsigned) bytes[0] << 8 | bytes[1]);
    }
    return NULL;
}

/* A member is gone, an origin is one's, or it answered what it was asked by. */
static const char *
StepReplay(SealFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    ClusterReplay *replay = ClusterSealReplay(fuzz->receiver);
    ClusterStamp stamp = {{0}, 1, WALL};
    char text[CLUSTER_CHALLENGE_TEXT + 1];

    if (length < 3) {
        return NULL;
    }
    stamp.origin[CLUSTER_ORIGIN - 1] = bytes[1] % 8;
    stamp.sequence = 1 + (uint64_t) bytes[2];
    switch (bytes[0] % 3) {
    case 0:
        ClusterReplayForget(replay, (const char *) bytes + 2, length - 2);
        return NULL;
    case 1:
        ClusterReplayBind(replay, stamp.origin, (const char *) bytes + 2, length - 2, fuzz->now);
        return NULL;
    default:
        ClusterReplayAsk(replay, stamp.origin, fuzz->now, text);
        return ClusterReplayAnswered(replay, &stamp, text, sizeof text - 1, fuzz->now)
                        == CLUSTER_REPLAY_FRESH
                ? CountPassed(fuzz, &stamp)
                : NULL;
    }
}

static const char *
RunSteps(SealFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    typedef const char *Step(SealFuzz * fuzz, const uint8_t *bytes, size_t length);
    static Step *const steps[] = {StepRaw, StepValue, StepSent, StepMade, StepTime, StepReplay};
    const char *fault = NULL;

    while (length >= 3 && !fault) {
        size_t size = (size_t) bytes[1] << 8 | bytes[2], left = length - 3;
        Step *step = steps[bytes[0] % (sizeof steps / sizeof steps[0])];

        size = size < left ? size : left;
        fault = step(fuzz, bytes + 3, size);
        bytes += 3 + size;
        length = left - size;
    }
    return fault;
}

static ClusterSeal *
MakeSeal(SealFuzz *fuzz, SealTestSystem *system, const char *random)
{
    ClusterSealConfig config = {.keys = fuzz->keys,
            .system = &system->system,
            .group = GROUP,
            .port = PORT,
            .origins = ORIGINS};

    SealTestSystemInit(system, (const uint8_t *) random, strlen(random));
    return ClusterSealNew(&config);
}

const char *
FuzzSeal(const uint8_t *bytes, size_t length)
{
    static const uint8_t key[CLUSTER_CIPHER_KEY] = {1, 2, 3};
    SealFuzz *fuzz = calloc(1, sizeof *fuzz);
    const char *fault = NULL;

    if (fuzz && ClusterKeysNew(&fuzz->keys) == CLUSTER_KEYS_OK) {
        ClusterKeysAdd(fuzz->keys, key, &fuzz->id);
        fuzz->sender = MakeSeal(fuzz, &fuzz->systems[0], "sender");
        fuzz->receiver = MakeSeal(fuzz, &fuzz->systems[1], "receiver");
        fuzz->datagram = malloc(MOST);
        fuzz->room = malloc(MOST);
        if (fuzz->sender && fuzz->receiver && fuzz->datagram && fuzz->room) {
            fault = RunSteps(fuzz, bytes, length);
        }
        ClusterSealFree(fuzz->sender);
        ClusterSealFree(fuzz->receiver);
        free(fuzz->datagram);
        free(fuzz->room);
        ClusterKeysRelease(fuzz->keys);
    }
    free(fuzz);
    return fault;
}
