/*
 * recordsFuzz.c --
 *
 *	Fuzz target `records`: what comes over a stream that is open.
 *
 *	Input: steps, each a byte for its kind and direction, two for the length of
 *	what follows, and that. Each end hears what the other one wrote, in its
 *	order, each piece once; or it breaks, and hears nothing more.
 */

#include "fuzz.h"

#include "sealTestInt.h"

#include "seal/clusterEnvelope.h"
#include "seal/clusterSecret.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOST    70000
#define RECORDS 16 /* of a direction that are kept */

/* One direction: what was sealed, and what of it was heard. */
typedef struct Direction {
    ClusterSecret *from, *to;
    uint8_t *packets[RECORDS]; /* malloc'ed, as they were sealed */
    size_t sizes[RECORDS];
    const uint8_t *plain[RECORDS]; /* in the input */
    size_t lengths[RECORDS];
    size_t sealed, heard;
    bool broken;
} Direction;

typedef struct RecordsFuzz {
    ClusterKeys *keys;
    SealTestSystem systems[2];
    ClusterSecret *ends[2];
    Direction directions[2];
    uint8_t *packet, *out;
    int64_t now;
} RecordsFuzz;

/* The other end hears this: it is the record that comes next, if it is to be taken. */
static const char *
Hear(RecordsFuzz *fuzz, Direction *direction, const uint8_t *packet, size_t length, bool next)
{
    size_t size;
    ClusterSecretFed fed =
            ClusterSecretFeed(direction->to, packet, length, fuzz->now, fuzz->out, &size);

    if (direction->broken || !next) {
        direction->broken = true;
        return fed == CLUSTER_SECRET_BROKEN ? NULL : "something else than the next record is taken";
    }
    if (fed != CLUSTER_SECRET_PLAIN) {
        return "the next record is not taken";
    }
    if (size != direction->lengths[direction->heard]
            || memcmp(fuzz->out, direction->plain[direction->heard], size) != 0) {
        return "other bytes than were sealed";
    }
    direction->heard++;
    return NULL;
}

static const char *
StepSeal(RecordsFuzz *fuzz, Direction *direction, const uint8_t *bytes, size_t length)
{
    size_t index = direction->sealed;
    ClusterSealResult result;

    if (index == RECORDS || !ClusterSecretIsOpen(direction->from)) {
        return ClusterSecretIsOpen(direction->from)
                        || ClusterSecretSeal(direction->from, bytes, length, fuzz->now,
                                   fuzz->packet, &(size_t){0})
                                == CLUSTER_SEAL_CLOSED
                ? NULL
                : "a broken stream seals";
    }
    direction->packets[index] = malloc(ClusterSecretSize(length));
    if (!direction->packets[index]) {
        return NULL;
    }
    result = ClusterSecretSeal(direction->from, bytes, length, fuzz->now, direction->packets[index],
            &direction->sizes[index]);
    direction->plain[index] = bytes;
    direction->lengths[index] = length;
    direction->sealed++;
    return result == CLUSTER_SEAL_OK ? NULL : "a record is not sealed";
}

/* The next one, or with a byte any one. */
static const char *
StepDeliver(RecordsFuzz *fuzz, Direction *direction, const uint8_t *bytes, size_t length)
{
    size_t index = length > 0 ? bytes[0] % RECORDS : direction->heard;

    if (index >= direction->sealed) {
        return NULL;
    }
    return Hear(fuzz, direction, direction->packets[index], direction->sizes[index],
            index == direction->heard);
}

/* The next one, changed: two bytes say where, one how. */
static const char *
StepChanged(RecordsFuzz *fuzz, Direction *direction, const uint8_t *bytes, size_t length)
{
    size_t index = direction->heard, size, at;

    if (index >= direction->sealed || length < 3) {
        return NULL;
    }
    size = direction->sizes[index];
    memcpy(fuzz->packet, direction->packets[index], size);
    at = ((size_t) bytes[0] << 8 | bytes[1]) % size;
    fuzz->packet[at] ^= bytes[2];
    return Hear(fuzz, direction, fuzz->packet, size, bytes[2] == 0);
}

/* A record of the other direction. */
static const char *
StepReflect(RecordsFuzz *fuzz, Direction *direction, const uint8_t *bytes, size_t length)
{
    const Direction *other = &fuzz->directions[direction == &fuzz->directions[0]];
    size_t index = length > 0 ? bytes[0] % RECORDS : 0;

    return index < other->sealed
            ? Hear(fuzz, direction, other->packets[index], other->sizes[index], false)
            : NULL;
}

static const char *
StepRaw(RecordsFuzz *fuzz, Direction *direction, const uint8_t *bytes, size_t length)
{
    return Hear(fuzz, direction, bytes, length, false);
}

static const char *
StepValue(RecordsFuzz *fuzz, Direction *direction, const uint8_t *bytes, size_t length)
{
    memcpy(ClusterEnvelopeWrite(fuzz->packet, length), bytes, length);
    return Hear(fuzz, direction, fuzz->packet, ClusterEnvelopeSize(length), false);
}

static const char *
StepTime(RecordsFuzz *fuzz, Direction *direction, const uint8_t *bytes, size_t length)
{
    (void) direction;
    fuzz->now += length > 0 ? bytes[0] * (int64_t) 60000 : 0;
    return NULL;
}

static const char *
RunSteps(RecordsFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    typedef const char *Step(RecordsFuzz * fuzz, Direction * direction, const uint8_t *bytes,
            size_t length);
    static Step *const steps[] = {StepSeal, StepDeliver, StepChanged, StepReflect, StepRaw,
            StepValue, StepTime, StepSeal};
    const char *fault = NULL;

    while (length >= 3 && !fault) {
        size_t size = (size_t) bytes[1] << 8 | bytes[2], left = length - 3;

        size = size < left ? size : left;
        fault = steps[bytes[0] % 8](fuzz, &fuzz->directions[bytes[0] >> 7], bytes + 3, size);
        bytes += 3 + size;
        length = left - size;
    }
    return fault;
}

/* From hello to open. */
static const char *
Shake(RecordsFuzz *fuzz)
{
    size_t size = 0;
    int i;

    ClusterSecretHello(fuzz->ends[0], fuzz->packet, &size);
    for (i = 1; i < 4; i++) {
        ClusterSecretFeed(fuzz->ends[i % 2], fuzz->packet, size, 0, fuzz->out, &size);
        memcpy(fuzz->packet, fuzz->out, size);
    }
    return ClusterSecretIsOpen(fuzz->ends[0]) && ClusterSecretIsOpen(fuzz->ends[1])
            ? NULL
            : "the handshake fails";
}

static bool
MakeEnds(RecordsFuzz *fuzz)
{
    static const uint8_t key[CLUSTER_CIPHER_KEY] = {1, 2, 3};
    ClusterSecretConfig config = {.group = "230.230.230.230", .port = 23000, .rekeyBytes = 100};
    int i;

    if (ClusterKeysNew(&fuzz->keys) != CLUSTER_KEYS_OK) {
        return false;
    }
    ClusterKeysAdd(fuzz->keys, key, NULL);
    config.keys = fuzz->keys;
    config.name = "m@h";
    config.nameLength = 3;
    for (i = 0; i < 2; i++) {
        uint8_t random[] = {(uint8_t) (i + 1), 7, 99};

        SealTestSystemInit(&fuzz->systems[i], random, sizeof random);
        config.system = &fuzz->systems[i].system;
        fuzz->ends[i] = ClusterSecretNew(&config, i == 0);
    }
    for (i = 0; i < 2; i++) {
        fuzz->directions[i].from = fuzz->ends[i];
        fuzz->directions[i].to = fuzz->ends[1 - i];
    }
    fuzz->packet = malloc(MOST);
    fuzz->out = malloc(MOST);
    return fuzz->ends[0] && fuzz->ends[1] && fuzz->packet && fuzz->out;
}

const char *
FuzzRecords(const uint8_t *bytes, size_t length)
{
    RecordsFuzz *fuzz = calloc(1, sizeof *fuzz);
    const char *fault = NULL;
    size_t i;

    if (!fuzz) {
        return NULL;
    }
    if (length < CLUSTER_SECRET_RECORD && MakeEnds(fuzz)) {
        fault = Shake(fuzz);
        fault = fault ? fault : RunSteps(fuzz, bytes, length);
    }
    for (i = 0; i < RECORDS; i++) {
        free(fuzz->directions[0].packets[i]);
        free(fuzz->directions[1].packets[i]);
    }
    ClusterSecretFree(fuzz->ends[0]);
    ClusterSecretFree(fuzz->ends[1]);
    free(fuzz->packet);
    free(fuzz->out);
    ClusterKeysRelease(fuzz->keys);
    free(fuzz);
    return fault;
}
