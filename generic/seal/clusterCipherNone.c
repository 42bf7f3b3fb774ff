/*
 * clusterCipherNone.c --
 *
 *	What seals are made of (see clusterCipher.h), where there is no libsodium:
 *	ClusterCipherStart says so, and what is below it is never called.
 */

#include "seal/clusterCipher.h"

#include <stdlib.h>
#include <string.h>

bool
ClusterCipherStart(void)
{
    return false;
}

void *
ClusterCipherAllocate(size_t size)
{
    (void) size;
    return NULL;
}

void
ClusterCipherFree(void *memory)
{
    (void) memory;
}

void
ClusterCipherWipe(void *memory, size_t size)
{
    memset(memory, 0, size);
}

bool
ClusterCipherSame(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

bool
ClusterCipherKeyOfText(uint8_t key[CLUSTER_CIPHER_KEY], const char *text, size_t length)
{
    (void) key;
    (void) text;
    (void) length;
    return false;
}

void
ClusterCipherTextOfKey(char text[CLUSTER_CIPHER_KEY_TEXT + 1],
        const uint8_t key[CLUSTER_CIPHER_KEY])
{
    (void) key;
    text[0] = '\0';
}

/* What would go on without a secret ends the process instead. */
void
ClusterCipherHash(uint8_t hash[CLUSTER_CIPHER_KEY], const uint8_t *key, const void *bytes,
        size_t length, const void *more, size_t moreLength)
{
    (void) hash;
    (void) key;
    (void) bytes;
    (void) length;
    (void) more;
    (void) moreLength;
    abort();
}

void
ClusterCipherSeal(const ClusterCipherBox *box, uint8_t *sealed, const void *plain, size_t length)
{
    (void) box;
    (void) sealed;
    (void) plain;
    (void) length;
    abort();
}

bool
ClusterCipherOpen(const ClusterCipherBox *box, uint8_t *plain, const uint8_t *sealed, size_t length)
{
    (void) box;
    (void) plain;
    (void) sealed;
    (void) length;
    return false;
}

void
ClusterCipherPublic(uint8_t public[CLUSTER_CIPHER_KEY], const uint8_t secret[CLUSTER_CIPHER_KEY])
{
    (void) public;
    (void) secret;
    abort();
}

bool
ClusterCipherExchange(uint8_t shared[CLUSTER_CIPHER_KEY], const uint8_t secret[CLUSTER_CIPHER_KEY],
        const uint8_t public[CLUSTER_CIPHER_KEY])
{
    (void) shared;
    (void) secret;
    (void) public;
    return false;
}

void
ClusterCipherStreamBegin(ClusterCipherStream *stream,
        const uint8_t header[CLUSTER_CIPHER_STREAM_HEADER], const uint8_t key[CLUSTER_CIPHER_KEY])
{
    (void) stream;
    (void) header;
    (void) key;
    abort();
}

void
ClusterCipherStreamSeal(ClusterCipherStream *stream, uint8_t *sealed, const void *plain,
        size_t length, bool rekey)
{
    (void) stream;
    (void) sealed;
    (void) plain;
    (void) length;
    (void) rekey;
    abort();
}

bool
ClusterCipherStreamOpen(ClusterCipherStream *stream, uint8_t *plain, const uint8_t *sealed,
        size_t length)
{
    (void) stream;
    (void) plain;
    (void) sealed;
    (void) length;
    return false;
}
