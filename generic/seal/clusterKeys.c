/*
 * clusterKeys.c --
 *
 *	The key ring of a cluster (see clusterKeys.h).
 */

#include "seal/clusterKeys.h"

#include "base/clusterLimits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is made of one key of the group. */
typedef struct Key {
    ClusterKeyId id;
    uint8_t purposes[2][CLUSTER_CIPHER_KEY]; /* by ClusterKeysPurpose */
} Key;

/* In memory for keys. */
typedef struct Ring {
    Key keys[CLUSTER_KEYS_MAX]; /* in the order in which they were added */
    size_t count;
    size_t sealing; /* its index */
} Ring;

struct ClusterKeys {
    size_t refCount;
    Ring *ring; /* never NULL */
};

/* What the keys for each purpose are made with, so that no key serves two. */
static const char *const purposes[] = {
        [CLUSTER_KEYS_DATAGRAM] = "cluster seal 1 datagram",
        [CLUSTER_KEYS_HANDSHAKE] = "cluster seal 1 handshake",
};

ClusterKeysResult
ClusterKeysNew(ClusterKeys **made)
{
    ClusterKeys *keys;

    if (!ClusterCipherStart()) {
        return CLUSTER_KEYS_UNAVAILABLE;
    }
    keys = calloc(1, sizeof *keys);
    if (!keys) {
        return CLUSTER_KEYS_NO_MEMORY;
    }
    keys->refCount = 1;
    keys->ring = ClusterCipherAllocate(sizeof *keys->ring);
    if (!keys->ring) {
        free(keys);
        return CLUSTER_KEYS_NO_MEMORY;
    }
    *made = keys;
    return CLUSTER_KEYS_OK;
}

ClusterKeys *
ClusterKeysHold(ClusterKeys *keys)
{
    keys->refCount++;
    return keys;
}

void
ClusterKeysRelease(ClusterKeys *keys)
{
    if (keys && --keys->refCount == 0) {
        ClusterCipherFree(keys->ring);
        free(keys);
    }
}

bool
ClusterKeysMake(const ClusterSystem *system, char text[CLUSTER_CIPHER_KEY_TEXT + 1])
{
    uint8_t key[CLUSTER_CIPHER_KEY];

    if (!ClusterCipherStart()) {
        return false;
    }
    system->random(system->context, key, sizeof key);
    ClusterCipherTextOfKey(text, key);
    ClusterCipherWipe(key, sizeof key);
    return true;
}

/* ---- the ring --------------------------------------------------------------- */

static Key *
FindKey(Ring *ring, const uint8_t id[CLUSTER_KEY_ID])
{
    size_t i;

    for (i = 0; i < ring->count; i++) {
        if (memcmp(ring->keys[i].id.bytes, id, CLUSTER_KEY_ID) == 0) {
            return &ring->keys[i];
        }
    }
    return NULL;
}

static void
MakeKey(Key *key, const uint8_t bytes[CLUSTER_CIPHER_KEY])
{
    uint8_t hash[CLUSTER_CIPHER_KEY];
    size_t i;

    ClusterCipherHash(hash, NULL, bytes, CLUSTER_CIPHER_KEY, NULL, 0);
    memcpy(key->id.bytes, hash, CLUSTER_KEY_ID);
    for (i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        ClusterCipherHash(key->purposes[i], bytes, purposes[i], strlen(purposes[i]), NULL, 0);
    }
    ClusterCipherWipe(hash, sizeof hash);
}

/* Two keys of one id are one in four thousand million pairs: who meets one makes another key. */
static ClusterKeysResult
AddKey(Ring *ring, const uint8_t bytes[CLUSTER_CIPHER_KEY], ClusterKeyId *id)
{
    Key *key = &ring->keys[ring->count];

    if (ring->count >= CLUSTER_KEYS_MAX) {
        return CLUSTER_KEYS_FULL;
    }
    MakeKey(key, bytes);
    if (id) {
        *id = key->id;
    }
    if (FindKey(ring, key->id.bytes)) {
        ClusterCipherWipe(key, sizeof *key);
        return CLUSTER_KEYS_TWICE;
    }
    ring->count++;
    return CLUSTER_KEYS_OK;
}

static ClusterKeysResult
AddText(Ring *ring, const char *text, size_t length, ClusterKeyId *id)
{
    uint8_t key[CLUSTER_CIPHER_KEY];
    ClusterKeysResult result = CLUSTER_KEYS_MALFORMED;

    if (ClusterCipherKeyOfText(key, text, length)) {
        result = AddKey(ring, key, id);
    }
    ClusterCipherWipe(key, sizeof key);
    return result;
}

ClusterKeysResult
ClusterKeysAdd(ClusterKeys *keys, const uint8_t key[CLUSTER_CIPHER_KEY], ClusterKeyId *id)
{
    return AddKey(keys->ring, key, id);
}

ClusterKeysResult
ClusterKeysAddText(ClusterKeys *keys, const char *text, size_t length, ClusterKeyId *id)
{
    return AddText(keys->ring, text, length, id);
}

ClusterKeysResult
ClusterKeysUse(ClusterKeys *keys, const ClusterKeyId *id)
{
    Key *key = FindKey(keys->ring, id->bytes);

    if (!key) {
        return CLUSTER_KEYS_UNKNOWN;
    }
    keys->ring->sealing = (size_t) (key - keys->ring->keys);
    return CLUSTER_KEYS_OK;
}

ClusterKeysResult
ClusterKeysRemove(ClusterKeys *keys, const ClusterKeyId *id)
{
    Ring *ring = keys->ring;
    Key *key = FindKey(ring, id->bytes);
    size_t index;

    if (!key) {
        return CLUSTER_KEYS_UNKNOWN;
    }
    index = (size_t) (key - ring->keys);
    if (index == ring->sealing) {
        return CLUSTER_KEYS_SEALS;
    }
    ring->count--;
    memmove(key, key + 1, (ring->count - index) * sizeof *key);
    ClusterCipherWipe(&ring->keys[ring->count], sizeof *key);
    if (index < ring->sealing) {
        ring->sealing--;
    }
    return CLUSTER_KEYS_OK;
}

/* ---- a text with keys ------------------------------------------------------- */

static bool
IsBlank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The key of a line from text to end, without blanks and comment; NULL when there is none. */
static const char *
KeyOfLine(const char *text, const char *end, size_t *length)
{
    const char *comment = memchr(text, '#', (size_t) (end - text));

    end = comment ? comment : end;
    while (text < end && IsBlank(*text)) {
        text++;
    }
    while (end > text && IsBlank(end[-1])) {
        end--;
    }
    *length = (size_t) (end - text);
    return *length > 0 ? text : NULL;
}

static ClusterKeysResult
ReadLines(Ring *ring, const char *text, size_t length, size_t *line)
{
    const char *end = text + length;
    ClusterKeysResult result = CLUSTER_KEYS_OK;

    *line = 0;
    while (text < end && result == CLUSTER_KEYS_OK) {
        const char *newline = memchr(text, '\n', (size_t) (end - text));
        const char *after = newline ? newline : end, *key;
        size_t size;

        ++*line;
        key = KeyOfLine(text, after, &size);
        if (key) {
            result = AddText(ring, key, size, NULL);
        }
        text = newline ? after + 1 : end;
    }
    return result == CLUSTER_KEYS_OK && ring->count == 0 ? CLUSTER_KEYS_EMPTY : result;
}

ClusterKeysResult
ClusterKeysRead(ClusterKeys *keys, const char *text, size_t length, size_t *line)
{
    Ring *ring = ClusterCipherAllocate(sizeof *ring);
    ClusterKeysResult result;

    if (!ring) {
        return CLUSTER_KEYS_NO_MEMORY;
    }
    result = ReadLines(ring, text, length, line);
    if (result == CLUSTER_KEYS_OK) {
        ClusterCipherFree(keys->ring);
        keys->ring = ring;
    } else {
        ClusterCipherFree(ring);
    }
    return result;
}

void
ClusterKeysExchange(ClusterKeys *keys, ClusterKeys *other)
{
    Ring *ring = keys->ring;

    keys->ring = other->ring;
    other->ring = ring;
}

/* ---- facts ------------------------------------------------------------------ */

size_t
ClusterKeysCount(const ClusterKeys *keys)
{
    return keys->ring->count;
}

ClusterKeyId
ClusterKeysAt(const ClusterKeys *keys, size_t index)
{
    return keys->ring->keys[index].id;
}

bool
ClusterKeysSealing(const ClusterKeys *keys, ClusterKeyId *id)
{
    if (keys->ring->count == 0) {
        return false;
    }
    *id = keys->ring->keys[keys->ring->sealing].id;
    return true;
}

void
ClusterKeyIdText(const ClusterKeyId *id, char text[CLUSTER_KEY_ID_TEXT + 1])
{
    snprintf(text, CLUSTER_KEY_ID_TEXT + 1, "%02x%02x%02x%02x", id->bytes[0], id->bytes[1],
            id->bytes[2], id->bytes[3]);
}

const uint8_t *
ClusterKeysFind(const ClusterKeys *keys, const uint8_t id[CLUSTER_KEY_ID],
        ClusterKeysPurpose purpose)
{
    const Key *key = FindKey(keys->ring, id);

    return key ? key->purposes[purpose] : NULL;
}
