/*
 * clusterSeal.c --
 *
 *	Datagrams that only who has a key can read or make (see clusterSeal.h).
 *
 *	The value in the envelope: kind 1, key id, origin, number (8 bytes, the
 *	highest first), then what was sealed and its tag. Sealed is the time (8
 *	bytes) and the packet. The nonce is origin and number, so none comes twice:
 *	each join has an origin of its own, and no number is used again.
 */

#include "seal/clusterSeal.h"

#include "seal/clusterEnvelope.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER 8 /* bytes of a number or time */
/* Where what stands in the value, and how long what is not sealed of it is. */
#define AT_KEY    1
#define AT_ORIGIN (AT_KEY + CLUSTER_KEY_ID)
#define AT_NUMBER (AT_ORIGIN + CLUSTER_ORIGIN)
#define CLEAR     (AT_NUMBER + NUMBER)
/* The shortest value: a time, and no byte of a packet. */
#define LEAST (CLEAR + NUMBER + CLUSTER_CIPHER_TAG)

_Static_assert(CLUSTER_SEAL_MOST == LEAST + CLUSTER_ENVELOPE_MOST, "the header says so");
_Static_assert(CLUSTER_ORIGIN + NUMBER == CLUSTER_CIPHER_NONCE, "origin and number are the nonce");

struct ClusterSeal {
    ClusterKeys *keys; /* held */
    const ClusterSystem *system;
    ClusterReplay *replay;
    ClusterSealGroup group;
    uint8_t origin[CLUSTER_ORIGIN];
    uint64_t sequence; /* of the last datagram */
    int process;       /* in which it was made */
};

ClusterSeal *
ClusterSealNew(const ClusterSealConfig *config)
{
    ClusterSeal *seal = calloc(1, sizeof *seal);

    if (!seal) {
        return NULL;
    }
    seal->keys = ClusterKeysHold(config->keys);
    seal->system = config->system;
    seal->sequence = config->sequence;
    seal->process = config->system->processId(config->system->context);
    config->system->random(config->system->context, seal->origin, sizeof seal->origin);
    seal->replay = ClusterReplayNew(config->system, config->origins, config->wall);
    if (!seal->replay || !ClusterSealGroupInit(&seal->group, config->group, config->port)) {
        ClusterSealFree(seal);
        return NULL;
    }
    return seal;
}

void
ClusterSealFree(ClusterSeal *seal)
{
    if (seal) {
        ClusterReplayFree(seal->replay);
        ClusterKeysRelease(seal->keys);
        free(seal);
    }
}

ClusterReplay *
ClusterSealReplay(ClusterSeal *seal)
{
    return seal->replay;
}

/* ---- what both directions do --------------------------------------------------- */

static void
WriteNumber(uint8_t at[NUMBER], uint64_t number)
{
    int i;

    for (i = 0; i < NUMBER; i++) {
        at[i] = (uint8_t) (number >> (8 * (NUMBER - 1 - i)));
    }
}

static uint64_t
ReadNumber(const uint8_t at[NUMBER])
{
    uint64_t number = 0;
    int i;

    for (i = 0; i < NUMBER; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

/* What a tag speaks for beside what it seals: version and key id, group, audience. */
typedef struct With {
    uint8_t bytes[AT_ORIGIN + sizeof(((ClusterSealGroup *) NULL)->bytes)
            + CLUSTER_SEAL_AUDIENCE_MOST];
    size_t length;
} With;

static bool
MakeWith(With *with, const ClusterSeal *seal, const uint8_t *value, ClusterAudience audience)
{
    uint8_t *at = with->bytes;

    if (audience.length > CLUSTER_SEAL_AUDIENCE_MOST) {
        return false;
    }
    memcpy(at, value, AT_ORIGIN);
    at += AT_ORIGIN;
    memcpy(at, seal->group.bytes, seal->group.length);
    at += seal->group.length;
    if (audience.length > 0) {
        memcpy(at, audience.member, audience.length);
    }
    with->length = (size_t) (at - with->bytes) + audience.length;
    return true;
}

static ClusterCipherBox
BoxOf(const With *with, const uint8_t *value, const uint8_t *key)
{
    return (ClusterCipherBox){.key = key,
            .nonce = value + AT_ORIGIN,
            .with = with->bytes,
            .withLength = with->length};
}

/* ---- sealing ------------------------------------------------------------------ */

size_t
ClusterSealSize(size_t length)
{
    return ClusterEnvelopeSize(LEAST + length);
}

/* May the next one be sealed? */
static ClusterSealResult
Permit(const ClusterSeal *seal, size_t length, size_t room, ClusterKeyId *id)
{
    if (seal->system->processId(seal->system->context) != seal->process) {
        return CLUSTER_SEAL_FORKED;
    }
    if (seal->sequence == UINT64_MAX) {
        return CLUSTER_SEAL_SPENT;
    }
    if (!ClusterKeysSealing(seal->keys, id)) {
        return CLUSTER_SEAL_NO_KEY;
    }
    return length > SIZE_MAX / 2 || ClusterSealSize(length) > room ? CLUSTER_SEAL_TOO_LARGE
                                                                   : CLUSTER_SEAL_OK;
}

ClusterSealResult
ClusterSealDatagram(ClusterSeal *seal, const void *packet, size_t length, ClusterAudience audience,
        int64_t wall, uint8_t *out, size_t room, size_t *size)
{
    ClusterKeyId id;
    ClusterSealResult result = Permit(seal, length, room, &id);
    ClusterCipherBox box;
    uint8_t *value;
    With with;

    if (result != CLUSTER_SEAL_OK) {
        return result;
    }
    value = ClusterEnvelopeWrite(out, LEAST + length);
    value[0] = CLUSTER_ENVELOPE_DATAGRAM;
    memcpy(value + AT_KEY, id.bytes, sizeof id.bytes);
    if (!MakeWith(&with, seal, value, audience)) {
        return CLUSTER_SEAL_TOO_LARGE;
    }
    memcpy(value + AT_ORIGIN, seal->origin, sizeof seal->origin);
    WriteNumber(value + AT_NUMBER, ++seal->sequence);
    WriteNumber(value + CLEAR, (uint64_t) wall);
    memcpy(value + CLEAR + NUMBER, packet, length);
    box = BoxOf(&with, value, ClusterKeysFind(seal->keys, id.bytes, CLUSTER_KEYS_DATAGRAM));
    ClusterCipherSeal(&box, value + CLEAR, value + CLEAR, NUMBER + length);
    *size = ClusterSealSize(length);
    return CLUSTER_SEAL_OK;
}

/* ---- opening ------------------------------------------------------------------ */

/* The tag of a value of at least LEAST bytes holds, and its time is one: `opened` is filled in. */
static bool
OpenValue(const ClusterSeal *seal, bpacket_span value, const uint8_t *key, ClusterAudience audience,
        uint8_t *room, ClusterOpened *opened)
{
    const uint8_t *bytes = value.bytes;
    ClusterCipherBox box;
    uint64_t time;
    With with;

    if (!MakeWith(&with, seal, bytes, audience)) {
        return false;
    }
    box = BoxOf(&with, bytes, key);
    if (!ClusterCipherOpen(&box, room, bytes + CLEAR, value.length - CLEAR)) {
        return false;
    }
    time = ReadNumber(room);
    memcpy(opened->key.bytes, bytes + AT_KEY, sizeof opened->key.bytes);
    memcpy(opened->stamp.origin, bytes + AT_ORIGIN, sizeof opened->stamp.origin);
    opened->stamp.sequence = ReadNumber(bytes + AT_NUMBER);
    opened->stamp.time = (int64_t) time;
    opened->packet = room + NUMBER;
    opened->length = value.length - LEAST;
    return time <= (uint64_t) CLUSTER_STAMP_TIME_MOST;
}

ClusterSealResult
ClusterSealOpen(ClusterSeal *seal, const void *bytes, size_t length, ClusterAudience audience,
        int64_t now, int64_t wall, uint8_t *room, ClusterOpened *opened)
{
    static const ClusterSealResult results[] = {
            [CLUSTER_REPLAY_FRESH] = CLUSTER_SEAL_OK,
            [CLUSTER_REPLAY_SEEN] = CLUSTER_SEAL_REPLAYED,
            [CLUSTER_REPLAY_CHALLENGE] = CLUSTER_SEAL_CHALLENGE,
            [CLUSTER_REPLAY_CLONE] = CLUSTER_SEAL_BAD, /* not of Take */
            [CLUSTER_REPLAY_FULL] = CLUSTER_SEAL_FULL,
    };
    bpacket_span value;
    const uint8_t *key;
    uint64_t sequence;

    if (!ClusterEnvelopeRead(bytes, length, &value)) {
        return CLUSTER_SEAL_NOT_SEALED;
    }
    if (value.bytes[0] != CLUSTER_ENVELOPE_DATAGRAM || value.length < LEAST
            || (sequence = ReadNumber(value.bytes + AT_NUMBER)) == 0) {
        return CLUSTER_SEAL_MALFORMED;
    }
    if (memcmp(value.bytes + AT_ORIGIN, seal->origin, sizeof seal->origin) == 0) {
        return CLUSTER_SEAL_OWN;
    }
    key = ClusterKeysFind(seal->keys, value.bytes + AT_KEY, CLUSTER_KEYS_DATAGRAM);
    if (!key) {
        return CLUSTER_SEAL_UNKNOWN_KEY;
    }
    if (ClusterReplaySeen(seal->replay, value.bytes + AT_ORIGIN, sequence)) {
        memcpy(opened->stamp.origin, value.bytes + AT_ORIGIN, sizeof opened->stamp.origin);
        opened->stamp.sequence = sequence;
        return CLUSTER_SEAL_REPLAYED;
    }
    if (!OpenValue(seal, value, key, audience, room, opened)) {
        return CLUSTER_SEAL_BAD;
    }
    return results[ClusterReplayTake(seal->replay, &opened->stamp, now, wall)];
}

const char *
ClusterSealResultName(ClusterSealResult result)
{
    static const char *const names[] = {
            [CLUSTER_SEAL_OK] = "ok",
            [CLUSTER_SEAL_NOT_SEALED] = "notsealed",
            [CLUSTER_SEAL_OWN] = "own",
            [CLUSTER_SEAL_MALFORMED] = "malformed",
            [CLUSTER_SEAL_UNKNOWN_KEY] = "unknownkey",
            [CLUSTER_SEAL_BAD] = "badseal",
            [CLUSTER_SEAL_REPLAYED] = "replayed",
            [CLUSTER_SEAL_CHALLENGE] = "challenge",
            [CLUSTER_SEAL_FULL] = "full",
            [CLUSTER_SEAL_NO_KEY] = "nokey",
            [CLUSTER_SEAL_SPENT] = "spent",
            [CLUSTER_SEAL_FORKED] = "forked",
            [CLUSTER_SEAL_TOO_LARGE] = "toolarge",
            [CLUSTER_SEAL_CLOSED] = "closed",
    };

    _Static_assert(sizeof names / sizeof names[0] == CLUSTER_SEAL_RESULTS, "one name for each");
    return names[result];
}
