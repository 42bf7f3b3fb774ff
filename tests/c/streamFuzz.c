/*
 * streamFuzz.c --
 *
 *	Fuzz target `stream`: packets found in bytes that come in pieces.
 *
 *	Input: one byte for the limit, one for how the bytes are handed in, six
 *	for the sizes of the pieces, which are used in turn; the rest are the
 *	bytes of the stream. What is found must be what a plain search of all
 *	bytes finds, whatever the pieces, in memory of a bounded size.
 */

#include "fuzz.h"

#include "bpacket/bpacketStreamInt.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_SIZES 6
#define HEAD        (2 + PIECE_SIZES)

/* Bits of the second byte; 1 and 8 stand for nothing. */
#define HAND_LATE  2  /* packets are taken only every third piece */
#define HAND_TRIM  4  /* the memory is trimmed after each piece */
#define HAND_LARGE 16 /* pieces are 64 times as large */

/* What was found so far. */
typedef struct Found {
    uint64_t packets, garbage, oversized;
    uint64_t hash; /* of the packets and their places among each other */
    size_t pending;
} Found;

typedef struct Input {
    size_t limit;
    uint8_t hand;
    const uint8_t *pieces;
    const uint8_t *bytes;
    size_t length;
} Input;

/* ---- the plain search ----------------------------------------------------- */

typedef enum Verdict { IS_PACKET, IS_GARBAGE, IS_OVERSIZED, IS_UNFINISHED } Verdict;

/* The varint at p: how many bytes it has, 0 when they run out, -1 when it does not fit in 64 bits. */
static int
Varint(const uint8_t *p, size_t left, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < left; i++) {
        if (i == 9 && p[i] > 1) {
            return -1;
        }
        *value |= (uint64_t) (p[i] & 127) << (7 * i);
        if (p[i] < 128) {
            return (int) i + 1;
        }
    }
    return 0;
}

static Verdict
Classify(const uint8_t *p, size_t left, size_t limit, size_t *size)
{
    uint64_t body;
    int digits;

    if (p[0] != 0xc0 || (left > 1 && p[1] != 0x8d)) {
        return IS_GARBAGE;
    }
    if (left < 2 || (digits = Varint(p + 2, left - 2, &body)) == 0) {
        return IS_UNFINISHED;
    }
    if (digits < 0) {
        return IS_GARBAGE;
    }
    if (body > limit || body + 4 + (uint64_t) digits > limit) {
        return IS_OVERSIZED;
    }
    *size = (size_t) body + 4 + (size_t) digits;
    if (*size > left) {
        return IS_UNFINISHED;
    }
    return (p[*size - 2] == 0 && p[*size - 1] == 0) ? IS_PACKET : IS_GARBAGE;
}

static void
Note(Found *found, const uint8_t *packet, size_t length)
{
    found->packets++;
    for (size_t i = 0; i < length; i++) {
        found->hash = (found->hash ^ packet[i]) * 0x100000001b3u;
    }
    found->hash = (found->hash ^ length) * 0x100000001b3u + found->packets;
}

static Found
Search(const Input *input)
{
    Found found = {0, 0, 0, 0, 0};
    size_t at = 0, size = 0;

    while (at < input->length) {
        switch (Classify(input->bytes + at, input->length - at, input->limit, &size)) {
        case IS_UNFINISHED:
            found.pending = input->length - at;
            return found;
        case IS_PACKET:
            Note(&found, input->bytes + at, size);
            at += size;
            continue;
        case IS_OVERSIZED:
            found.oversized++;
            break;
        case IS_GARBAGE:
            break;
        }
        found.garbage++;
        at++;
    }
    return found;
}

/* ---- the stream ----------------------------------------------------------- */

static const char *
TakePackets(bpacket_stream *stream, const Input *input, Found *found)
{
    bpacket_span packet;

    while (bpacket_stream_next(stream, &packet)) {
        if (packet.length > input->limit) {
            return "a packet beyond the limit";
        }
        Note(found, packet.bytes, packet.length);
    }
    /* All was looked at: the next call may not find more. */
    return bpacket_stream_next(stream, &packet) ? "a packet after the last" : NULL;
}

/* largest: what may wait besides one packet, in bytes. */
static const char *
CheckMemory(const bpacket_stream *stream, const Input *input, size_t largest)
{
    size_t bound = input->limit + largest;

    bound += bound / 2;
    if (stream->capacity > (bound < 4096 ? 4096 : bound)) {
        return "more memory than limit and pieces allow";
    }
    return bpacket_stream_pending(stream) > stream->capacity ? "more waits than there is memory"
                                                             : NULL;
}

/* Hands all in, piece by piece. */
static const char *
Feed(bpacket_stream *stream, const Input *input, Found *found)
{
    size_t at = 0, waiting = 0, most = 0;
    const char *fault = NULL;

    for (unsigned turn = 0; at < input->length && !fault; turn++) {
        size_t size = input->pieces[turn % PIECE_SIZES];
        bool late = (input->hand & HAND_LATE) && turn % 3 != 0;

        size = 1 + size * ((input->hand & HAND_LARGE) ? 64 : 1);
        size = size < input->length - at ? size : input->length - at;
        if (!bpacket_stream_feed(stream, input->bytes + at, size)) {
            return "no room for a piece";
        }
        at += size;
        waiting += size;
        most = waiting > most ? waiting : most;
        if (!late) {
            fault = TakePackets(stream, input, found);
            waiting = 0;
        }
        if (!fault && (input->hand & HAND_TRIM)) {
            bpacket_stream_trim(stream);
        }
        fault = fault ? fault : CheckMemory(stream, input, most);
    }
    return fault ? fault : TakePackets(stream, input, found);
}

/* What no memory holds is refused, and changes nothing; nothing at all may be fed. */
static const char *
Refuse(bpacket_stream *stream)
{
    size_t pending = bpacket_stream_pending(stream);

    if (bpacket_stream_feed(stream, "", SIZE_MAX - 1)
            || bpacket_stream_feed(stream, "", SIZE_MAX / 2)) {
        return "more was fed than memory can have";
    }
    if (!bpacket_stream_feed(stream, "", 0)) {
        return "no room for nothing";
    }
    return bpacket_stream_pending(stream) == pending ? NULL : "what was refused waits";
}

static const char *
Compare(const bpacket_stream *stream, const Found *found, const Found *expected)
{
    if (found->packets != expected->packets || found->hash != expected->hash) {
        return "other packets than there are";
    }
    if (bpacket_stream_pending(stream) != expected->pending) {
        return "something else waits than the unfinished packet";
    }
    if (bpacket_stream_garbage(stream) != expected->garbage) {
        return "garbage is counted wrongly";
    }
    return bpacket_stream_oversized(stream) != expected->oversized
            ? "oversized packets are counted wrongly"
            : NULL;
}

static const char *
Run(const Input *input)
{
    bpacket_stream *stream = bpacket_stream_new(input->limit);
    Found expected = Search(input), found = {0, 0, 0, 0, 0};
    const char *fault;

    if (!stream) {
        return NULL;
    }
    fault = Feed(stream, input, &found);
    if (!fault) {
        fault = Refuse(stream);
    }
    if (!fault) {
        fault = Compare(stream, &found, &expected);
    }
    bpacket_stream_destroy(&stream);
    bpacket_stream_destroy(&stream);
    return fault;
}

const char *
FuzzStream(const uint8_t *bytes, size_t length)
{
    Input input;

    if (length < HEAD) {
        return NULL;
    }
    input.limit = 4u + bytes[0] * (size_t) bytes[0] * 4;
    input.hand = bytes[1];
    input.pieces = bytes + 2;
    input.bytes = bytes + HEAD;
    input.length = length - HEAD;
    return Run(&input);
}
