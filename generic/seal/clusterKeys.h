/*
 * clusterKeys.h --
 *
 *	The key ring of a cluster: the keys of its group, each by its id, and which
 *	of them seals what is sent. What comes in is opened by any of them, so that
 *	a key can be changed while members have the old one.
 *
 *	A key of the group is 32 bytes, as text their base64. It never encrypts
 *	anything itself: from each one the ring makes two keys, for datagrams and
 *	for handshakes, keeps those in memory for keys, and forgets the key.
 */

#ifndef CLUSTER_KEYS_H
#define CLUSTER_KEYS_H

#include "base/clusterSystem.h"
#include "seal/clusterCipher.h"

/* What a packet says of the key: the first bytes of the hash (BLAKE2b of 32 bytes) of a group's key. */
#define CLUSTER_KEY_ID 4
/* The same as text, in hexadecimal digits; without NUL. */
#define CLUSTER_KEY_ID_TEXT (2 * CLUSTER_KEY_ID)

typedef struct ClusterKeyId {
    uint8_t bytes[CLUSTER_KEY_ID];
} ClusterKeyId;

typedef enum ClusterKeysResult {
    CLUSTER_KEYS_OK = 0,
    CLUSTER_KEYS_UNAVAILABLE, /* built without libsodium */
    CLUSTER_KEYS_NO_MEMORY,
    CLUSTER_KEYS_MALFORMED, /* not the base64 of 32 bytes */
    CLUSTER_KEYS_TWICE,     /* the key, or another one of its id, is in the ring */
    CLUSTER_KEYS_FULL,      /* CLUSTER_KEYS_MAX are in the ring */
    CLUSTER_KEYS_UNKNOWN,   /* no key of that id is in the ring */
    CLUSTER_KEYS_SEALS,     /* it is the one that seals, so it cannot be removed */
    CLUSTER_KEYS_EMPTY      /* a text without a key */
} ClusterKeysResult;

/* Counted: whoever seals or opens holds it. */
typedef struct ClusterKeys ClusterKeys;

/* An empty ring, with one reference, the caller's. UNAVAILABLE and NO_MEMORY leave *made alone. */
ClusterKeysResult ClusterKeysNew(ClusterKeys **made);
ClusterKeys *ClusterKeysHold(ClusterKeys *keys);
void ClusterKeysRelease(ClusterKeys *keys);

/* A new key as text, for people to distribute. false without libsodium. The text is to be wiped. */
bool ClusterKeysMake(const ClusterSystem *system, char text[CLUSTER_CIPHER_KEY_TEXT + 1]);

/*
 * Adds a key, and says its id unless that is NULL. The first one of an empty ring
 * seals. The caller wipes what it has.
 */
ClusterKeysResult ClusterKeysAdd(ClusterKeys *keys, const uint8_t key[CLUSTER_CIPHER_KEY],
        ClusterKeyId *id);
ClusterKeysResult ClusterKeysAddText(ClusterKeys *keys, const char *text, size_t length,
        ClusterKeyId *id);
/*
 * Puts the keys of a text in place of those in the ring: one a line, blanks
 * around it, and from a # to the end of the line a comment. The first one seals.
 * On a fault the ring stays as it was, and *line is the line's number, from 1.
 */
ClusterKeysResult ClusterKeysRead(ClusterKeys *keys, const char *text, size_t length, size_t *line);
/* Each has the keys of the other from now on, and the one that seals. */
void ClusterKeysExchange(ClusterKeys *keys, ClusterKeys *other);
/* From now on this one seals. */
ClusterKeysResult ClusterKeysUse(ClusterKeys *keys, const ClusterKeyId *id);
ClusterKeysResult ClusterKeysRemove(ClusterKeys *keys, const ClusterKeyId *id);

size_t ClusterKeysCount(const ClusterKeys *keys);
/* The index-th in the order in which they were added; index < count. */
ClusterKeyId ClusterKeysAt(const ClusterKeys *keys, size_t index);
/* The one that seals; false when the ring is empty. */
bool ClusterKeysSealing(const ClusterKeys *keys, ClusterKeyId *id);
void ClusterKeyIdText(const ClusterKeyId *id, char text[CLUSTER_KEY_ID_TEXT + 1]);

/* ---- for clusterSeal.c and clusterHandshake.c ------------------------------- */

typedef enum ClusterKeysPurpose {
    CLUSTER_KEYS_DATAGRAM,
    CLUSTER_KEYS_HANDSHAKE
} ClusterKeysPurpose;

/* The key for a purpose, made from the one of that id: borrowed until the ring changes. NULL when there is none. */
const uint8_t *ClusterKeysFind(const ClusterKeys *keys, const uint8_t id[CLUSTER_KEY_ID],
        ClusterKeysPurpose purpose);

#endif
