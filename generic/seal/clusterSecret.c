/*
 * clusterSecret.c --
 *
 *	A stream that nobody else can read (see clusterSecret.h).
 *
 *	A direction of the stream begins with a header of random bytes: that of the
 *	end that accepted is in its answer, that of the end that connects in its
 *	first record, which stands before the others and has the name in it. A name is
 *	its length in a byte, and its bytes; what follows is for later versions.
 */

#include "seal/clusterSecret.h"

#include "base/clusterLimits.h"
#include "seal/clusterHandshake.h"

#include <stdlib.h>
#include <string.h>

#define HEADER CLUSTER_CIPHER_STREAM_HEADER
/* What the answer has sealed: header and name. What the first record has before what is sealed: kind, header. */
#define PAYLOAD_LEAST (HEADER + 1)
#define FIRST_CLEAR   (1 + HEADER)
/* The least of a record: its kind and what a piece of a stream has more. */
#define RECORD_LEAST (1 + CLUSTER_CIPHER_STREAM_EXTRA)

_Static_assert(CLUSTER_SECRET_REPLY_MOST >= CLUSTER_ENVELOPE_MOST + CLUSTER_HANDSHAKE_ANSWER
                        + PAYLOAD_LEAST + CLUSTER_SECRET_NAME_MOST,
        "an answer has room");
_Static_assert(CLUSTER_SECRET_REPLY_MOST >= CLUSTER_ENVELOPE_MOST + FIRST_CLEAR
                        + CLUSTER_CIPHER_STREAM_EXTRA + 1 + CLUSTER_SECRET_NAME_MOST,
        "a first record has room");
_Static_assert(CLUSTER_SECRET_NAME_MOST <= UINT8_MAX, "its length is a byte");

typedef enum Stage {
    CONNECTS, /* nothing was said */
    AWAITS_ANSWER,
    AWAITS_HELLO,
    AWAITS_NAME,
    OPEN,
    BROKEN,
    STAGES
} Stage;

typedef struct Name {
    uint8_t length;
    char bytes[CLUSTER_SECRET_NAME_MOST];
} Name;

struct ClusterSecret {
    Stage stage;
    ClusterSealResult reason; /* of BROKEN */
    ClusterKeys *keys;        /* held; NULL once the handshake is over */
    const ClusterSystem *system;
    int process; /* in which it was made */
    ClusterSealGroup group;
    ClusterKeyId key; /* once there was a hello */
    Name own, peer;
    ClusterHandshake handshake; /* wiped once it is over */
    ClusterCipherStream in, out;
    uint8_t inKey[CLUSTER_CIPHER_KEY]; /* of `in`, until its header is there */
    uint64_t rekeyBytes;
    uint64_t outBytes; /* under the present key of `out` */
    int64_t outSince;  /* ms: when it got that */
};

ClusterSecret *
ClusterSecretNew(const ClusterSecretConfig *config, bool connects)
{
    ClusterSecret *secret =
            config->nameLength <= CLUSTER_SECRET_NAME_MOST ? calloc(1, sizeof *secret) : NULL;

    if (!secret || !ClusterSealGroupInit(&secret->group, config->group, config->port)) {
        free(secret);
        return NULL;
    }
    secret->stage = connects ? CONNECTS : AWAITS_HELLO;
    secret->keys = ClusterKeysHold(config->keys);
    secret->system = config->system;
    secret->process = config->system->processId(config->system->context);
    secret->own.length = (uint8_t) config->nameLength;
    memcpy(secret->own.bytes, config->name, config->nameLength);
    secret->rekeyBytes = config->rekeyBytes ? config->rekeyBytes : CLUSTER_SECRET_REKEY_BYTES;
    return secret;
}

/* The handshake is over, one way or the other. */
static void
EndHandshake(ClusterSecret *secret)
{
    ClusterCipherWipe(&secret->handshake, sizeof secret->handshake);
    ClusterKeysRelease(secret->keys);
    secret->keys = NULL;
}

void
ClusterSecretFree(ClusterSecret *secret)
{
    if (secret) {
        ClusterKeysRelease(secret->keys);
        ClusterCipherWipe(secret, sizeof *secret);
        free(secret);
    }
}

static ClusterSecretFed
Break(ClusterSecret *secret, ClusterSealResult reason)
{
    EndHandshake(secret);
    ClusterCipherWipe(&secret->in, sizeof secret->in);
    ClusterCipherWipe(&secret->out, sizeof secret->out);
    ClusterCipherWipe(secret->inKey, sizeof secret->inKey);
    secret->stage = BROKEN;
    secret->reason = reason;
    return CLUSTER_SECRET_BROKEN;
}

static bool
IsForked(const ClusterSecret *secret)
{
    return secret->system->processId(secret->system->context) != secret->process;
}

/* ---- what the ends tell each other in the handshake ------------------------------ */

/* Our direction begins. */
static void
BeginOut(ClusterSecret *secret, const uint8_t *key, int64_t now, const uint8_t header[HEADER])
{
    ClusterCipherStreamBegin(&secret->out, header, key);
    secret->outSince = now;
}

static size_t
WriteName(const ClusterSecret *secret, uint8_t *at)
{
    at[0] = secret->own.length;
    memcpy(at + 1, secret->own.bytes, secret->own.length);
    return (size_t) secret->own.length + 1;
}

static bool
ReadName(ClusterSecret *secret, const uint8_t *at, size_t length)
{
    if (length < 1 || at[0] > CLUSTER_SECRET_NAME_MOST || at[0] > length - 1) {
        return false;
    }
    secret->peer.length = at[0];
    memcpy(secret->peer.bytes, at + 1, at[0]);
    return true;
}

ClusterSealResult
ClusterSecretHello(ClusterSecret *secret, uint8_t *out, size_t *size)
{
    ClusterKeyId id;

    if (secret->stage != CONNECTS) {
        return CLUSTER_SEAL_CLOSED;
    }
    if (IsForked(secret)) {
        return CLUSTER_SEAL_FORKED;
    }
    if (!ClusterKeysSealing(secret->keys, &id)) {
        return CLUSTER_SEAL_NO_KEY;
    }
    ClusterHandshakeHello(&secret->handshake, &secret->group, &id,
            ClusterKeysFind(secret->keys, id.bytes, CLUSTER_KEYS_HANDSHAKE), secret->system,
            ClusterEnvelopeWrite(out, CLUSTER_HANDSHAKE_HELLO));
    *size = ClusterEnvelopeSize(CLUSTER_HANDSHAKE_HELLO);
    secret->key = id;
    secret->stage = AWAITS_ANSWER;
    return CLUSTER_SEAL_OK;
}

/* ---- what comes ----------------------------------------------------------------- */

/* Header and name of ours, sealed in the answer; then the keys are there. */
static ClusterSecretFed
Answer(ClusterSecret *secret, int64_t now, uint8_t *out, size_t *size)
{
    uint8_t payload[PAYLOAD_LEAST + CLUSTER_SECRET_NAME_MOST];
    size_t length = HEADER + WriteName(secret, payload + HEADER);
    ClusterHandshakeKeys keys;

    secret->system->random(secret->system->context, payload, HEADER);
    if (!ClusterHandshakeAnswer(&secret->handshake, secret->system, payload, length,
                ClusterEnvelopeWrite(out, CLUSTER_HANDSHAKE_ANSWER + length))) {
        return Break(secret, CLUSTER_SEAL_BAD);
    }
    ClusterHandshakeSplit(&secret->handshake, &keys);
    BeginOut(secret, keys.gets, now, payload);
    memcpy(secret->inKey, keys.sends, sizeof secret->inKey);
    ClusterCipherWipe(&keys, sizeof keys);
    EndHandshake(secret);
    *size = ClusterEnvelopeSize(CLUSTER_HANDSHAKE_ANSWER + length);
    secret->stage = AWAITS_NAME;
    return CLUSTER_SECRET_REPLY;
}

/* The end that accepted: the first thing it hears. */
static ClusterSecretFed
HearHello(ClusterSecret *secret, bpacket_span value, int64_t now, uint8_t *out, size_t *size)
{
    const uint8_t *psk;

    if (value.bytes[0] != CLUSTER_ENVELOPE_HELLO || value.length != CLUSTER_HANDSHAKE_HELLO) {
        return Break(secret, CLUSTER_SEAL_MALFORMED);
    }
    psk = ClusterKeysFind(secret->keys, value.bytes + 1, CLUSTER_KEYS_HANDSHAKE);
    if (!psk) {
        return Break(secret, CLUSTER_SEAL_UNKNOWN_KEY);
    }
    if (!ClusterHandshakeReadHello(&secret->handshake, &secret->group, psk, value.bytes)) {
        return Break(secret, CLUSTER_SEAL_BAD);
    }
    if (IsForked(secret)) {
        return Break(secret, CLUSTER_SEAL_FORKED);
    }
    memcpy(secret->key.bytes, value.bytes + 1, sizeof secret->key.bytes);
    return Answer(secret, now, out, size);
}

/* The first record of the end that connected: its header, and its name. */
static ClusterSecretFed
SendName(ClusterSecret *secret, const uint8_t *key, int64_t now, uint8_t *out, size_t *size)
{
    uint8_t name[1 + CLUSTER_SECRET_NAME_MOST];
    size_t length = WriteName(secret, name);
    size_t whole = FIRST_CLEAR + length + CLUSTER_CIPHER_STREAM_EXTRA;
    uint8_t *value = ClusterEnvelopeWrite(out, whole);

    value[0] = CLUSTER_ENVELOPE_RECORD;
    secret->system->random(secret->system->context, value + 1, HEADER);
    BeginOut(secret, key, now, value + 1);
    ClusterCipherStreamSeal(&secret->out, value + FIRST_CLEAR, name, length, false);
    *size = ClusterEnvelopeSize(whole);
    secret->stage = OPEN;
    return CLUSTER_SECRET_REPLY;
}

/* The end that connects: the answer to its hello. */
static ClusterSecretFed
HearAnswer(ClusterSecret *secret, bpacket_span value, int64_t now, uint8_t *out, size_t *size)
{
    ClusterHandshakeKeys keys;
    ClusterSecretFed fed;

    if (value.bytes[0] != CLUSTER_ENVELOPE_ANSWER
            || value.length < CLUSTER_HANDSHAKE_ANSWER + PAYLOAD_LEAST) {
        return Break(secret, CLUSTER_SEAL_MALFORMED);
    }
    if (IsForked(secret)) {
        return Break(secret, CLUSTER_SEAL_FORKED);
    }
    /* What is sealed in it goes to `out`, which has room, and is overwritten by our reply. */
    if (!ClusterHandshakeReadAnswer(&secret->handshake, value, out)) {
        return Break(secret, CLUSTER_SEAL_BAD);
    }
    if (!ReadName(secret, out + HEADER, value.length - CLUSTER_HANDSHAKE_ANSWER - HEADER)) {
        return Break(secret, CLUSTER_SEAL_MALFORMED);
    }
    ClusterHandshakeSplit(&secret->handshake, &keys);
    ClusterCipherStreamBegin(&secret->in, out, keys.gets);
    fed = SendName(secret, keys.sends, now, out, size);
    ClusterCipherWipe(&keys, sizeof keys);
    EndHandshake(secret);
    return fed;
}

/* The end that accepted: who connected says its name, and so that its hello was not a recorded one. */
static ClusterSecretFed
HearName(ClusterSecret *secret, bpacket_span value, int64_t now, uint8_t *out, size_t *size)
{
    (void) now;
    if (value.bytes[0] != CLUSTER_ENVELOPE_RECORD
            || value.length < FIRST_CLEAR + CLUSTER_CIPHER_STREAM_EXTRA) {
        return Break(secret, CLUSTER_SEAL_MALFORMED);
    }
    ClusterCipherStreamBegin(&secret->in, value.bytes + 1, secret->inKey);
    ClusterCipherWipe(secret->inKey, sizeof secret->inKey);
    if (!ClusterCipherStreamOpen(&secret->in, out, value.bytes + FIRST_CLEAR,
                value.length - FIRST_CLEAR)) {
        return Break(secret, CLUSTER_SEAL_BAD);
    }
    if (!ReadName(secret, out, value.length - FIRST_CLEAR - CLUSTER_CIPHER_STREAM_EXTRA)) {
        return Break(secret, CLUSTER_SEAL_MALFORMED);
    }
    *size = 0;
    secret->stage = OPEN;
    return CLUSTER_SECRET_PLAIN;
}

static ClusterSecretFed
HearRecord(ClusterSecret *secret, bpacket_span value, int64_t now, uint8_t *out, size_t *size)
{
    (void) now;
    if (value.bytes[0] != CLUSTER_ENVELOPE_RECORD || value.length < RECORD_LEAST
            || value.length > RECORD_LEAST + CLUSTER_SECRET_RECORD) {
        return Break(secret, CLUSTER_SEAL_MALFORMED);
    }
    if (!ClusterCipherStreamOpen(&secret->in, out, value.bytes + 1, value.length - 1)) {
        return Break(secret, CLUSTER_SEAL_BAD);
    }
    *size = value.length - RECORD_LEAST;
    return CLUSTER_SECRET_PLAIN;
}

ClusterSecretFed
ClusterSecretFeed(ClusterSecret *secret, const void *packet, size_t length, int64_t now,
        uint8_t *out, size_t *size)
{
    typedef ClusterSecretFed Hear(ClusterSecret * secret, bpacket_span value, int64_t now,
            uint8_t * out, size_t * size);
    static Hear *const stages[STAGES] = {
            [AWAITS_ANSWER] = HearAnswer,
            [AWAITS_HELLO] = HearHello,
            [AWAITS_NAME] = HearName,
            [OPEN] = HearRecord,
    };
    bpacket_span value;

    *size = 0;
    if (secret->stage == BROKEN) {
        return CLUSTER_SECRET_BROKEN;
    }
    if (!ClusterEnvelopeRead(packet, length, &value)) {
        return Break(secret, CLUSTER_SEAL_NOT_SEALED);
    }
    if (!stages[secret->stage]
            || (secret->stage != OPEN && value.length > CLUSTER_SECRET_MESSAGE_MOST)) {
        return Break(secret, CLUSTER_SEAL_MALFORMED);
    }
    return stages[secret->stage](secret, value, now, out, size);
}

/* ---- facts ---------------------------------------------------------------------- */

bool
ClusterSecretIsOpen(const ClusterSecret *secret)
{
    return secret->stage == OPEN;
}

const char *
ClusterSecretPeer(const ClusterSecret *secret, size_t *length)
{
    *length = secret->stage == OPEN ? secret->peer.length : 0;
    return secret->peer.bytes;
}

bool
ClusterSecretKey(const ClusterSecret *secret, ClusterKeyId *id)
{
    *id = secret->key;
    return secret->stage == AWAITS_ANSWER || secret->stage == AWAITS_NAME || secret->stage == OPEN;
}

ClusterSealResult
ClusterSecretReason(const ClusterSecret *secret)
{
    return secret->reason;
}

/* ---- records -------------------------------------------------------------------- */

size_t
ClusterSecretSize(size_t length)
{
    return ClusterEnvelopeSize(RECORD_LEAST + length);
}

/* Is this record the last under its key? */
static bool
IsLast(const ClusterSecret *secret, int64_t now)
{
    return secret->outBytes >= secret->rekeyBytes
            || now - secret->outSince >= CLUSTER_SECRET_REKEY_MS;
}

ClusterSealResult
ClusterSecretSeal(ClusterSecret *secret, const void *bytes, size_t length, int64_t now,
        uint8_t *out, size_t *size)
{
    uint8_t *value;
    bool last;

    if (secret->stage != OPEN) {
        return CLUSTER_SEAL_CLOSED;
    }
    if (length > CLUSTER_SECRET_RECORD) {
        return CLUSTER_SEAL_TOO_LARGE;
    }
    if (IsForked(secret)) {
        return CLUSTER_SEAL_FORKED;
    }
    secret->outBytes += length;
    last = IsLast(secret, now);
    if (last) {
        secret->outBytes = 0;
        secret->outSince = now;
    }
    value = ClusterEnvelopeWrite(out, RECORD_LEAST + length);
    value[0] = CLUSTER_ENVELOPE_RECORD;
    ClusterCipherStreamSeal(&secret->out, value + 1, bytes, length, last);
    *size = ClusterSecretSize(length);
    return CLUSTER_SEAL_OK;
}
