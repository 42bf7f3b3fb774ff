/*
 * clusterHandshake.c --
 *
 *	How the two ends of a stream agree on keys (see clusterHandshake.h).
 *
 *	Named as in "The Noise Protocol Framework", revision 34: MixHash, MixKey,
 *	MixKeyAndHash, Split. Its HMAC is BLAKE2b with a key here, which needs none.
 *	Each key seals one value, so the nonce is always zero.
 */

#include "seal/clusterHandshake.h"

#include <string.h>

#define AT_KEY    1 /* in a hello; the number follows */
#define AT_NUMBER (AT_KEY + CLUSTER_KEY_ID)
/* Where the number and what is sealed stand in an answer. */
#define AT_ANSWER_NUMBER 1
#define AT_ANSWER_SEALED (AT_ANSWER_NUMBER + CLUSTER_CIPHER_KEY)

static const char protocol[] = "cluster seal 1 NNpsk0 25519 XChaChaPoly BLAKE2b";
static const uint8_t noNonce[CLUSTER_CIPHER_NONCE];

/* ---- the state of both ends ------------------------------------------------------ */

/* So many keys from the chain's and these bytes, each from the one before. */
static void
Derive(const uint8_t *chain, const void *bytes, size_t length, uint8_t (*made)[CLUSTER_CIPHER_KEY],
        uint8_t count)
{
    uint8_t key[CLUSTER_CIPHER_KEY], i;

    ClusterCipherHash(key, chain, bytes, length, NULL, 0);
    for (i = 0; i < count; i++) {
        const uint8_t number = (uint8_t) (i + 1);

        ClusterCipherHash(made[i], key, i > 0 ? made[i - 1] : NULL, i > 0 ? CLUSTER_CIPHER_KEY : 0,
                &number, 1);
    }
    ClusterCipherWipe(key, sizeof key);
}

static void
MixHash(ClusterHandshake *handshake, const void *bytes, size_t length)
{
    ClusterCipherHash(handshake->hash, NULL, handshake->hash, sizeof handshake->hash, bytes,
            length);
}

static void
MixKey(ClusterHandshake *handshake, const uint8_t bytes[CLUSTER_CIPHER_KEY])
{
    uint8_t made[2][CLUSTER_CIPHER_KEY];

    Derive(handshake->chain, bytes, CLUSTER_CIPHER_KEY, made, 2);
    memcpy(handshake->chain, made[0], sizeof handshake->chain);
    memcpy(handshake->key, made[1], sizeof handshake->key);
    ClusterCipherWipe(made, sizeof made);
}

static void
MixKeyAndHash(ClusterHandshake *handshake, const uint8_t psk[CLUSTER_CIPHER_KEY])
{
    uint8_t made[3][CLUSTER_CIPHER_KEY];

    Derive(handshake->chain, psk, CLUSTER_CIPHER_KEY, made, 3);
    memcpy(handshake->chain, made[0], sizeof handshake->chain);
    MixHash(handshake, made[1], sizeof made[1]);
    memcpy(handshake->key, made[2], sizeof handshake->key);
    ClusterCipherWipe(made, sizeof made);
}

/* A number of one end, which both have then: it goes into hash and key. */
static void
MixNumber(ClusterHandshake *handshake, const uint8_t number[CLUSTER_CIPHER_KEY])
{
    MixHash(handshake, number, CLUSTER_CIPHER_KEY);
    MixKey(handshake, number);
}

/* Up to the key of the group. What both know before is version, key id and group. */
static void
Begin(ClusterHandshake *handshake, const ClusterSealGroup *group, const uint8_t *id,
        const uint8_t *psk)
{
    uint8_t before[1 + CLUSTER_KEY_ID + sizeof group->bytes];

    memset(handshake, 0, sizeof *handshake);
    before[0] = 1;
    memcpy(before + 1, id, CLUSTER_KEY_ID);
    memcpy(before + 1 + CLUSTER_KEY_ID, group->bytes, group->length);
    ClusterCipherHash(handshake->hash, NULL, protocol, sizeof protocol - 1, NULL, 0);
    memcpy(handshake->chain, handshake->hash, sizeof handshake->chain);
    MixHash(handshake, before, 1 + CLUSTER_KEY_ID + group->length);
    MixKeyAndHash(handshake, psk);
}

static ClusterCipherBox
BoxOf(const ClusterHandshake *handshake)
{
    return (ClusterCipherBox){.key = handshake->key,
            .nonce = noNonce,
            .with = handshake->hash,
            .withLength = sizeof handshake->hash};
}

static void
SealValue(ClusterHandshake *handshake, uint8_t *sealed, const void *plain, size_t length)
{
    ClusterCipherBox box = BoxOf(handshake);

    ClusterCipherSeal(&box, sealed, plain, length);
    MixHash(handshake, sealed, length + CLUSTER_CIPHER_TAG);
}

static bool
OpenValue(ClusterHandshake *handshake, uint8_t *plain, const uint8_t *sealed, size_t length)
{
    ClusterCipherBox box = BoxOf(handshake);

    if (!ClusterCipherOpen(&box, plain, sealed, length)) {
        return false;
    }
    MixHash(handshake, sealed, length);
    return true;
}

/* Draws our number, and writes what the other end gets of it. */
static void
DrawNumber(ClusterHandshake *handshake, const ClusterSystem *system, uint8_t *number)
{
    system->random(system->context, handshake->secret, sizeof handshake->secret);
    ClusterCipherPublic(number, handshake->secret);
    MixNumber(handshake, number);
}

/* What only who has one of the two secrets can compute. Our secret is not needed any more. */
static bool
MixShared(ClusterHandshake *handshake, const uint8_t *number)
{
    uint8_t shared[CLUSTER_CIPHER_KEY];
    bool good = ClusterCipherExchange(shared, handshake->secret, number);

    if (good) {
        MixKey(handshake, shared);
    }
    ClusterCipherWipe(shared, sizeof shared);
    ClusterCipherWipe(handshake->secret, sizeof handshake->secret);
    return good;
}

/* ---- hello ---------------------------------------------------------------------- */

void
ClusterHandshakeHello(ClusterHandshake *handshake, const ClusterSealGroup *group,
        const ClusterKeyId *id, const uint8_t *psk, const ClusterSystem *system,
        uint8_t value[CLUSTER_HANDSHAKE_HELLO])
{
    Begin(handshake, group, id->bytes, psk);
    value[0] = CLUSTER_ENVELOPE_HELLO;
    memcpy(value + AT_KEY, id->bytes, CLUSTER_KEY_ID);
    DrawNumber(handshake, system, value + AT_NUMBER);
    SealValue(handshake, value + AT_NUMBER + CLUSTER_CIPHER_KEY, "", 0);
}

bool
ClusterHandshakeReadHello(ClusterHandshake *handshake, const ClusterSealGroup *group,
        const uint8_t *psk, const uint8_t *value)
{
    uint8_t nothing[1];

    Begin(handshake, group, value + AT_KEY, psk);
    memcpy(handshake->public, value + AT_NUMBER, sizeof handshake->public);
    MixNumber(handshake, handshake->public);
    return OpenValue(handshake, nothing, value + AT_NUMBER + CLUSTER_CIPHER_KEY,
            CLUSTER_CIPHER_TAG);
}

/* ---- answer --------------------------------------------------------------------- */

bool
ClusterHandshakeAnswer(ClusterHandshake *handshake, const ClusterSystem *system,
        const void *payload, size_t length, uint8_t *value)
{
    value[0] = CLUSTER_ENVELOPE_ANSWER;
    DrawNumber(handshake, system, value + AT_ANSWER_NUMBER);
    if (!MixShared(handshake, handshake->public)) {
        return false;
    }
    SealValue(handshake, value + AT_ANSWER_SEALED, payload, length);
    return true;
}

bool
ClusterHandshakeReadAnswer(ClusterHandshake *handshake, bpacket_span value, uint8_t *payload)
{
    MixNumber(handshake, value.bytes + AT_ANSWER_NUMBER);
    return MixShared(handshake, value.bytes + AT_ANSWER_NUMBER)
            && OpenValue(handshake, payload, value.bytes + AT_ANSWER_SEALED,
                    value.length - AT_ANSWER_SEALED);
}

void
ClusterHandshakeSplit(const ClusterHandshake *handshake, ClusterHandshakeKeys *keys)
{
    uint8_t made[2][CLUSTER_CIPHER_KEY];

    Derive(handshake->chain, NULL, 0, made, 2);
    memcpy(keys->sends, made[0], sizeof keys->sends);
    memcpy(keys->gets, made[1], sizeof keys->gets);
    ClusterCipherWipe(made, sizeof made);
}
