/*
 * clusterHash.c --
 *
 *	SipHash-2-4 (see clusterHash.h).
 */

#include "base/clusterHash.h"

static uint64_t
RotateLeft(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void
SipRounds(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[1] = RotateLeft(v[1], 13) ^ v[0];
        v[0] = RotateLeft(v[0], 32);
        v[2] += v[3];
        v[3] = RotateLeft(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = RotateLeft(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = RotateLeft(v[1], 17) ^ v[2];
        v[2] = RotateLeft(v[2], 32);
    }
}

/* Eight bytes, the first in the lowest bits; compilers make one load of it. */
static uint64_t
SipFullWord(const uint8_t *b)
{
    return (uint64_t) b[0] | (uint64_t) b[1] << 8 | (uint64_t) b[2] << 16 | (uint64_t) b[3] << 24
            | (uint64_t) b[4] << 32 | (uint64_t) b[5] << 40 | (uint64_t) b[6] << 48
            | (uint64_t) b[7] << 56;
}

/* Fewer. */
static uint64_t
SipWord(const uint8_t *bytes, size_t length)
{
    uint64_t word = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        word |= (uint64_t) bytes[i] << (8 * i);
    }
    return word;
}

static void
SipTake(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    SipRounds(v, 2);
    v[0] ^= word;
}

uint64_t
ClusterHash(const uint64_t key[2], const void *bytes, size_t length)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
            key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    const uint8_t *text = bytes;
    size_t at;

    for (at = 0; length - at >= 8; at += 8) {
        SipTake(v, SipFullWord(text + at));
    }
    SipTake(v, SipWord(text + at, length - at) | (uint64_t) length << 56);
    v[2] ^= 0xff;
    SipRounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
