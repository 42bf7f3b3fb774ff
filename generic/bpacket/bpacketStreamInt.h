/*
 * bpacketStreamInt.h --
 *
 *	The body of a stream, for bpacketStream.c and the tests that check how
 *	much memory it takes.
 */

#ifndef BPACKET_STREAM_INT_H
#define BPACKET_STREAM_INT_H

#include "bpacket/bpacketStream.h"

/* The bytes not yet given out are bytes[start .. end). */
struct bpacket_stream {
    uint8_t *bytes; /* malloc'ed, NULL as long as nothing was fed */
    size_t capacity;
    size_t start;
    size_t end;
    size_t limit;
    uint64_t garbage;
    uint64_t oversized;
};

#endif
