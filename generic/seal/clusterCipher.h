/*
 * clusterCipher.h --
 *
 *	The cryptography that seals are made of, as a contract. Either libsodium
 *	fulfils it (clusterCipherSodium.c) or nothing does (clusterCipherNone.c),
 *	as configure found it; the other source is not compiled. There is no
 *	cryptography of our own, and nothing else here knows libsodium.
 *
 *	Where ClusterCipherStart says no, no other function may be called.
 */

#ifndef CLUSTER_CIPHER_H
#define CLUSTER_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLUSTER_CIPHER_KEY   32 /* bytes of every key, hash, and X25519 number */
#define CLUSTER_CIPHER_NONCE 24 /* of XChaCha20-Poly1305 */
#define CLUSTER_CIPHER_TAG   16
/* Bytes by which a stream begins, and by which each piece of it is longer than what is in it. */
#define CLUSTER_CIPHER_STREAM_HEADER 24
#define CLUSTER_CIPHER_STREAM_EXTRA  17
/* Characters of a key as text, which is base64 with padding; without NUL. */
#define CLUSTER_CIPHER_KEY_TEXT 44

/* Makes the library ready, any number of times and in any thread. false: there is none. */
bool ClusterCipherStart(void);

/* ---- memory for keys ------------------------------------------------------- */

/*
 * Zeroed memory for keys: not swapped out where the system permits, in no core
 * dump where it can be told so, wiped when it is freed. Costs pages of its own.
 * NULL without memory.
 */
void *ClusterCipherAllocate(size_t size);
/* NULL is allowed. */
void ClusterCipherFree(void *memory);
/* Overwrites it, also where the compiler sees that nobody reads it any more. */
void ClusterCipherWipe(void *memory, size_t size);
/* Are they the same? Takes as long if they are as if not. */
bool ClusterCipherSame(const void *a, const void *b, size_t size);
/* false when the text is not exactly the base64 of a key. Time does not depend on the key. */
bool ClusterCipherKeyOfText(uint8_t key[CLUSTER_CIPHER_KEY], const char *text, size_t length);
void ClusterCipherTextOfKey(char text[CLUSTER_CIPHER_KEY_TEXT + 1],
        const uint8_t key[CLUSTER_CIPHER_KEY]);

/* ---- hash: BLAKE2b of 32 bytes --------------------------------------------- */

/* Of some bytes and of more bytes after them. key: NULL for none, else it is the hash's. */
void ClusterCipherHash(uint8_t hash[CLUSTER_CIPHER_KEY], const uint8_t *key, const void *bytes,
        size_t length, const void *more, size_t moreLength);

/* ---- one message: XChaCha20-Poly1305 (IETF) ----------------------------------- */

/* What the tag speaks for, and under what; beside the message itself. */
typedef struct ClusterCipherBox {
    const uint8_t *key;   /* CLUSTER_CIPHER_KEY bytes */
    const uint8_t *nonce; /* CLUSTER_CIPHER_NONCE bytes, never twice with one key */
    const void *with;     /* the associated data */
    size_t withLength;
} ClusterCipherBox;

/* Writes `length` bytes and a tag to `sealed`, which may be `plain`. */
void ClusterCipherSeal(const ClusterCipherBox *box, uint8_t *sealed, const void *plain,
        size_t length);
/*
 * Writes length - CLUSTER_CIPHER_TAG bytes to `plain`, which may be `sealed`.
 * false when the tag does not hold, or there is none; then what was at `plain`
 * may be lost.
 */
bool ClusterCipherOpen(const ClusterCipherBox *box, uint8_t *plain, const uint8_t *sealed,
        size_t length);

/* ---- agreeing on a secret: X25519 ------------------------------------------- */

void ClusterCipherPublic(uint8_t public[CLUSTER_CIPHER_KEY],
        const uint8_t secret[CLUSTER_CIPHER_KEY]);
/* false when the other's number makes the result the same for every secret (low order). */
bool ClusterCipherExchange(uint8_t shared[CLUSTER_CIPHER_KEY],
        const uint8_t secret[CLUSTER_CIPHER_KEY], const uint8_t public[CLUSTER_CIPHER_KEY]);

/* ---- a stream of pieces, each at its place: secretstream -------------------- */

/* One direction of a stream, at one end. To be wiped. */
typedef struct ClusterCipherStream {
    uint64_t state[8];
} ClusterCipherStream;

/* The same at both ends. header: random; no two streams may have the same key and header. */
void ClusterCipherStreamBegin(ClusterCipherStream *stream,
        const uint8_t header[CLUSTER_CIPHER_STREAM_HEADER], const uint8_t key[CLUSTER_CIPHER_KEY]);
/* Writes length + CLUSTER_CIPHER_STREAM_EXTRA bytes. rekey: what comes after it is under a new key. */
void ClusterCipherStreamSeal(ClusterCipherStream *stream, uint8_t *sealed, const void *plain,
        size_t length, bool rekey);
/*
 * Writes length - CLUSTER_CIPHER_STREAM_EXTRA bytes. false: it is not the next
 * piece of the stream, or none that StreamSeal makes; nothing may be opened
 * after it.
 */
bool ClusterCipherStreamOpen(ClusterCipherStream *stream, uint8_t *plain, const uint8_t *sealed,
        size_t length);

#endif
