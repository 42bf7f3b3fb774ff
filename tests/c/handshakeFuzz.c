/*
 * handshakeFuzz.c --
 *
 *	Fuzz target `handshake`: what comes before a stream is open, from who has the
 *	key as well.
 *
 *	Input: a byte for what is done, and bytes for that. Nobody without the key
 *	opens a stream, nothing that was changed does, and who has it is known by
 *	the name that it said, or not at all.
 */

#include "fuzz.h"

#include "sealTestInt.h"

#include "seal/clusterHandshake.h"
#include "seal/clusterSecret.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GROUP "230.230.230.230"
#define PORT  23000
#define MOST  70000
#define STEPS 4 /* of a handshake, with the record after it */

typedef struct HandshakeFuzz {
    ClusterKeys *keys;
    ClusterKeyId id;
    const uint8_t *psk;
    ClusterSealGroup group;
    SealTestSystem systems[3];
    ClusterSecret *ends[2]; /* who connects, who accepted */
    uint8_t *packet, *out;
} HandshakeFuzz;

/* Goes on with the handshake for so many packets; the last one is left in fuzz->packet. */
static size_t
Proceed(HandshakeFuzz *fuzz, int packets)
{
    size_t size = 0;
    int i;

    if (packets > 0) {
        ClusterSecretHello(fuzz->ends[0], fuzz->packet, &size);
    }
    for (i = 1; i < packets; i++) {
        ClusterSecretFed fed =
                ClusterSecretFeed(fuzz->ends[i % 2], fuzz->packet, size, 0, fuzz->out, &size);

        if (fed == CLUSTER_SECRET_PLAIN) {
            ClusterSecretSeal(fuzz->ends[0], "record", 6, 0, fuzz->out, &size);
        }
        memcpy(fuzz->packet, fuzz->out, size);
    }
    return size;
}

/* An end that waits for the packet after so many. */
static ClusterSecret *
Waiting(HandshakeFuzz *fuzz, int packets)
{
    return fuzz->ends[(packets + 1) % 2];
}

/* Any bytes, at any stage: as they come, or as a value. */
static const char *
RunRaw(HandshakeFuzz *fuzz, bool value, const uint8_t *bytes, size_t length)
{
    int packets = length > 0 ? bytes[0] % STEPS : 0;
    ClusterSecret *end = Waiting(fuzz, packets);
    bool open;
    size_t size;

    if (length < 1) {
        return NULL;
    }
    Proceed(fuzz, packets);
    /* Of the packets only the last was not fed; the one who waits for the next is not open by it. */
    open = ClusterSecretIsOpen(end);
    if (value) {
        memcpy(ClusterEnvelopeWrite(fuzz->packet, length - 1), bytes + 1, length - 1);
        size = ClusterEnvelopeSize(length - 1);
    } else {
        size = length - 1;
        memcpy(fuzz->packet, bytes + 1, size);
    }
    if (ClusterSecretFeed(end, fuzz->packet, size, 0, fuzz->out, &size) != CLUSTER_SECRET_BROKEN) {
        return "bytes of nobody were taken";
    }
    if (ClusterSecretIsOpen(end)) {
        return open ? "a stream stays open though it broke" : "bytes of nobody opened a stream";
    }
    return ClusterSecretFeed(end, fuzz->packet, size, 0, fuzz->out, &size) != CLUSTER_SECRET_BROKEN
            ? "it goes on after it broke"
            : NULL;
}

/* A packet of a real handshake, changed: three bytes say which, where, how. */
static const char *
RunChanged(HandshakeFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    ClusterSecret *end;
    size_t size, at;
    int packets;

    if (length < 4) {
        return NULL;
    }
    packets = 1 + bytes[0] % STEPS;
    /* The record after the handshake is of the same end as its last packet. */
    end = fuzz->ends[packets == STEPS ? 1 : packets % 2];
    size = Proceed(fuzz, packets);
    at = ((size_t) bytes[1] << 8 | bytes[2]) % size;
    fuzz->packet[at] ^= bytes[3];
    if (bytes[3] == 0) {
        return ClusterSecretFeed(end, fuzz->packet, size, 0, fuzz->out, &size)
                        == CLUSTER_SECRET_BROKEN
                ? "what is good breaks it"
                : NULL;
    }
    return ClusterSecretFeed(end, fuzz->packet, size, 0, fuzz->out, &size) != CLUSTER_SECRET_BROKEN
            ? "what was changed is taken"
            : NULL;
}

/* Is this the name that comes of what was said, or none as that is none? */
static const char *
CheckName(const ClusterSecret *end, const uint8_t *said, size_t length)
{
    bool good = length >= 1 && said[0] <= CLUSTER_SECRET_NAME_MOST && said[0] <= length - 1;
    size_t size;
    const char *name = ClusterSecretPeer(end, &size);

    if (ClusterSecretIsOpen(end) != good) {
        return good ? "a name is refused" : "what is no name opens a stream";
    }
    return good && (size != said[0] || memcmp(name, said + 1, size) != 0) ? "another name" : NULL;
}

/* The target is the end that accepted, and has anything sealed in its answer. */
static const char *
RunAnswer(HandshakeFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    ClusterHandshake handshake;
    bpacket_span value;
    size_t size = Proceed(fuzz, 1);
    const char *fault = NULL;

    if (length > CLUSTER_SECRET_REPLY_MOST || !ClusterEnvelopeRead(fuzz->packet, size, &value)) {
        return NULL;
    }
    if (!ClusterHandshakeReadHello(&handshake, &fuzz->group, fuzz->psk, value.bytes)
            || !ClusterHandshakeAnswer(&handshake, &fuzz->systems[2].system, bytes, length,
                    ClusterEnvelopeWrite(fuzz->packet, CLUSTER_HANDSHAKE_ANSWER + length))) {
        return "no answer to a hello";
    }
    size = ClusterEnvelopeSize(CLUSTER_HANDSHAKE_ANSWER + length);
    ClusterSecretFeed(fuzz->ends[0], fuzz->packet, size, 0, fuzz->out, &size);
    if (CLUSTER_HANDSHAKE_ANSWER + length <= 320) {
        size_t header =
                length < CLUSTER_CIPHER_STREAM_HEADER ? length : CLUSTER_CIPHER_STREAM_HEADER;

        fault = CheckName(fuzz->ends[0], bytes + header, length - header);
    } else if (ClusterSecretIsOpen(fuzz->ends[0])) {
        fault = "an answer is longer than it may be";
    }
    return fault;
}

/* The target is the end that connects, and has anything sealed as its name. */
static const char *
RunName(HandshakeFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    static const uint8_t header[CLUSTER_CIPHER_STREAM_HEADER] = {1};
    ClusterHandshake handshake;
    ClusterHandshakeKeys keys;
    ClusterCipherStream stream;
    bpacket_span value;
    uint8_t *record;
    size_t size = ClusterEnvelopeSize(CLUSTER_HANDSHAKE_HELLO);
    size_t whole = 1 + sizeof header + CLUSTER_CIPHER_STREAM_EXTRA + length;

    ClusterHandshakeHello(&handshake, &fuzz->group, &fuzz->id, fuzz->psk, &fuzz->systems[2].system,
            ClusterEnvelopeWrite(fuzz->packet, CLUSTER_HANDSHAKE_HELLO));
    if (ClusterSecretFeed(fuzz->ends[1], fuzz->packet, size, 0, fuzz->out, &size)
                    != CLUSTER_SECRET_REPLY
            || !ClusterEnvelopeRead(fuzz->out, size, &value)
            || !ClusterHandshakeReadAnswer(&handshake, value, fuzz->packet)) {
        return "no answer to a hello";
    }
    ClusterHandshakeSplit(&handshake, &keys);
    ClusterCipherStreamBegin(&stream, header, keys.sends);
    record = ClusterEnvelopeWrite(fuzz->packet, whole);
    record[0] = CLUSTER_ENVELOPE_RECORD;
    memcpy(record + 1, header, sizeof header);
    ClusterCipherStreamSeal(&stream, record + 1 + sizeof header, bytes, length, false);
    size = ClusterEnvelopeSize(whole);
    ClusterSecretFeed(fuzz->ends[1], fuzz->packet, size, 0, fuzz->out, &size);
    if (whole > 320) {
        return ClusterSecretIsOpen(fuzz->ends[1]) ? "a name is longer than it may be" : NULL;
    }
    return CheckName(fuzz->ends[1], bytes, length);
}

static const char *
Run(HandshakeFuzz *fuzz, const uint8_t *bytes, size_t length)
{
    switch (bytes[0] % 5) {
    case 0:
        return RunRaw(fuzz, false, bytes + 1, length - 1);
    case 1:
        return RunRaw(fuzz, true, bytes + 1, length - 1);
    case 2:
        return RunChanged(fuzz, bytes + 1, length - 1);
    case 3:
        return RunAnswer(fuzz, bytes + 1, length - 1);
    default:
        return RunName(fuzz, bytes + 1, length - 1);
    }
}

static bool
MakeEnds(HandshakeFuzz *fuzz)
{
    static const uint8_t key[CLUSTER_CIPHER_KEY] = {1, 2, 3};
    ClusterSecretConfig config = {.group = GROUP, .port = PORT, .name = "m@h", .nameLength = 3};
    int i;

    if (ClusterKeysNew(&fuzz->keys) != CLUSTER_KEYS_OK) {
        return false;
    }
    ClusterKeysAdd(fuzz->keys, key, &fuzz->id);
    fuzz->psk = ClusterKeysFind(fuzz->keys, fuzz->id.bytes, CLUSTER_KEYS_HANDSHAKE);
    ClusterSealGroupInit(&fuzz->group, GROUP, PORT);
    config.keys = fuzz->keys;
    for (i = 0; i < 3; i++) {
        uint8_t random[] = {(uint8_t) (i + 1), 7, 99};

        SealTestSystemInit(&fuzz->systems[i], random, sizeof random);
        config.system = &fuzz->systems[i].system;
        if (i < 2) {
            fuzz->ends[i] = ClusterSecretNew(&config, i == 0);
        }
    }
    fuzz->packet = malloc(MOST);
    fuzz->out = malloc(MOST);
    return fuzz->ends[0] && fuzz->ends[1] && fuzz->packet && fuzz->out;
}

const char *
FuzzHandshake(const uint8_t *bytes, size_t length)
{
    HandshakeFuzz *fuzz = calloc(1, sizeof *fuzz);
    const char *fault = NULL;

    if (!fuzz) {
        return NULL;
    }
    if (length > 0 && length < MOST - CLUSTER_SECRET_REPLY_MOST && MakeEnds(fuzz)) {
        fault = Run(fuzz, bytes, length);
    }
    ClusterSecretFree(fuzz->ends[0]);
    ClusterSecretFree(fuzz->ends[1]);
    free(fuzz->packet);
    free(fuzz->out);
    ClusterKeysRelease(fuzz->keys);
    free(fuzz);
    return fault;
}
