/*
 * bpacketReader.h --
 *
 *	Reads bpacket values (behaviour: doc/wire.md) from a bounded run of bytes.
 *
 *	The reader's error is sticky: after the first fault every read returns
 *	zero or an empty span and leaves the reader where it is, so that callers
 *	read on and check bpacket_reader.status once. No function reads outside
 *	[next, end), allocates, or knows Tcl.
 */

#ifndef BPACKET_READER_H
#define BPACKET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum bpacket_status {
    BPACKET_OK = 0,
    BPACKET_TRUNCATED,     /* a value runs past the end */
    BPACKET_OVERFLOW,      /* a varint beyond 64 bits */
    BPACKET_UNKNOWN_FIELD, /* a field id that the packet does not have */
    BPACKET_MALFORMED,     /* header, end mark or a value is not what it must be */
    BPACKET_TOO_LARGE,     /* beyond a limit */
    BPACKET_NO_MEMORY,
    BPACKET_REFUSED /* the caller's check said no */
} bpacket_status;

/* What stands around the body of a packet. */
#define BPACKET_HEADER        "\xc0\x8d"
#define BPACKET_HEADER_SIZE   2
#define BPACKET_END_MARK_SIZE 2
#define BPACKET_VARINT_SIZE   10 /* of a number of 64 bits, at most */

/* Bytes that belong to somebody else; not terminated. */
typedef struct bpacket_span {
    const uint8_t *bytes;
    size_t length;
} bpacket_span;

/* A list as it stands in a packet; every element was checked to be in bounds. */
typedef struct bpacket_list {
    bpacket_span elements; /* the encoded elements, without the count */
    size_t count;
} bpacket_list;

typedef struct bpacket_reader {
    const uint8_t *next;
    const uint8_t *end;
    bpacket_status status;
} bpacket_reader;

void bpacket_reader_init(bpacket_reader *reader, const void *bytes, size_t length);
size_t bpacket_reader_left(const bpacket_reader *reader);
void bpacket_reader_fail(bpacket_reader *reader, bpacket_status status);

/* Little-endian base 128, unsigned, at most 64 bits (10 bytes). */
uint64_t bpacket_read_varint(bpacket_reader *reader);
/* `length` bytes as they are. */
bpacket_span bpacket_read_bytes(bpacket_reader *reader, size_t length);
/* A varint length and that many bytes: string and raw. */
bpacket_span bpacket_read_span(bpacket_reader *reader);
/* One byte, 0 or not 0. */
bool bpacket_read_boolean(bpacket_reader *reader);
/* A varint count and that many spans, each checked. */
bpacket_list bpacket_read_list(bpacket_reader *reader);

/*
 * Reads header and length of a frame and leaves the reader at the body, which
 * with the end mark is in bounds then. Returns the body's length, at most `most`.
 */
size_t bpacket_read_frame(bpacket_reader *reader, size_t most);
/* Is the end mark at bytes[0] and bytes[1]? */
bool bpacket_end_mark(const uint8_t *bytes);

/*
 * Takes the next element off the list. Returns false, leaving *element
 * alone, when there is none.
 */
bool bpacket_list_next(bpacket_list *list, bpacket_span *element);

bool bpacket_span_equals(bpacket_span span, const void *bytes, size_t length);
/* A short English phrase for a status ("truncated value"), for messages and counters. */
const char *bpacket_status_text(bpacket_status status);

#endif
