/*
 * clusterHandshake.h --
 *
 *	How the two ends of a stream agree on two keys that nobody else has, for
 *	one direction each, if both have the key of the group: Noise's pattern
 *	NNpsk0, by X25519, XChaCha20-Poly1305 and BLAKE2b (the bytes: doc/wire.md).
 *
 *	What went over the stream cannot be read later by who gets hold of the
 *	group's key then: the keys come from numbers that are drawn for it and
 *	forgotten. Two values go to and fro, hello and answer; each is bound to all
 *	before it, to the group, and to the key's id.
 */

#ifndef CLUSTER_HANDSHAKE_H
#define CLUSTER_HANDSHAKE_H

#include "seal/clusterEnvelope.h"
#include "seal/clusterKeys.h"

/* Bytes of a hello's value, and of an answer's without what is sealed in it. */
#define CLUSTER_HANDSHAKE_HELLO  (1 + CLUSTER_KEY_ID + CLUSTER_CIPHER_KEY + CLUSTER_CIPHER_TAG)
#define CLUSTER_HANDSHAKE_ANSWER (1 + CLUSTER_CIPHER_KEY + CLUSTER_CIPHER_TAG)

/* One end, while it goes on. To be wiped, whatever comes of it. */
typedef struct ClusterHandshake {
    uint8_t hash[CLUSTER_CIPHER_KEY];   /* of all that was said */
    uint8_t chain[CLUSTER_CIPHER_KEY];  /* what the keys come from */
    uint8_t key[CLUSTER_CIPHER_KEY];    /* of the next value */
    uint8_t secret[CLUSTER_CIPHER_KEY]; /* our number's */
    uint8_t public[CLUSTER_CIPHER_KEY]; /* the other end's number */
} ClusterHandshake;

/* ---- the end that connects ---- */

/* Writes a hello. psk: the key for handshakes of that id. */
void ClusterHandshakeHello(ClusterHandshake *handshake, const ClusterSealGroup *group,
        const ClusterKeyId *id, const uint8_t *psk, const ClusterSystem *system,
        uint8_t value[CLUSTER_HANDSHAKE_HELLO]);
/*
 * Reads the answer, of at least CLUSTER_HANDSHAKE_ANSWER bytes, and writes what
 * was sealed in it, which is so many bytes shorter. false: it is none to our hello.
 */
bool ClusterHandshakeReadAnswer(ClusterHandshake *handshake, bpacket_span value, uint8_t *payload);

/* ---- the end that accepted ---- */

/*
 * Reads a hello of CLUSTER_HANDSHAKE_HELLO bytes: a tag, and no more. false: who
 * made it does not have the key, or is of another group.
 */
bool ClusterHandshakeReadHello(ClusterHandshake *handshake, const ClusterSealGroup *group,
        const uint8_t *psk, const uint8_t *value);
/*
 * Writes an answer of CLUSTER_HANDSHAKE_ANSWER + length bytes. false: the other's
 * number is one with which nothing is secret.
 */
bool ClusterHandshakeAnswer(ClusterHandshake *handshake, const ClusterSystem *system,
        const void *payload, size_t length, uint8_t *value);

/* ---- both ---- */

/* The keys of what the end that connected sends, and of what it gets. */
typedef struct ClusterHandshakeKeys {
    uint8_t sends[CLUSTER_CIPHER_KEY], gets[CLUSTER_CIPHER_KEY];
} ClusterHandshakeKeys;

/* After the answer. To be wiped. */
void ClusterHandshakeSplit(const ClusterHandshake *handshake, ClusterHandshakeKeys *keys);

#endif
