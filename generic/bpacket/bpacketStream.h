/*
 * bpacketStream.h --
 *
 *	Finds packets in a stream of bytes that comes in pieces of any size.
 *
 *	Memory: one buffer, which holds at most one incomplete packet plus what
 *	one read brought (never more than limit + the largest single feed, if
 *	next is called until it says false before more is fed), and is at most
 *	half as large again as that.
 *	Time: linear in the bytes fed, whatever their chunking. After garbage it
 *	goes on with the next header C0 8D; a frame whose end mark is wrong or
 *	whose length exceeds the limit is garbage from its second byte on. No Tcl.
 */

#ifndef BPACKET_STREAM_H
#define BPACKET_STREAM_H

#include "bpacket/bpacketReader.h"

typedef struct bpacket_stream bpacket_stream;

/* Largest packet accepted by default, header and end mark included, in bytes. */
#define BPACKET_STREAM_LIMIT (16u * 1024u * 1024u)

/* Returns NULL without memory. limit in bytes; 0 for BPACKET_STREAM_LIMIT. */
bpacket_stream *bpacket_stream_new(size_t limit);
/* Frees *stream and sets it to NULL; NULL is fine. */
void bpacket_stream_destroy(bpacket_stream **stream);

/* Adds a copy of the bytes; spans given before are invalid after this. Returns false without memory. */
bool bpacket_stream_feed(bpacket_stream *stream, const void *bytes, size_t length);

/*
 * The same without copying: room for that many bytes, which the caller writes,
 * and then so many of them (no more) have come. Nothing else is called between.
 * NULL without memory.
 */
uint8_t *bpacket_stream_room(bpacket_stream *stream, size_t length);
void bpacket_stream_filled(bpacket_stream *stream, size_t length);

/* From now on packets may be that large: as in bpacket_stream_new. */
void bpacket_stream_set_limit(bpacket_stream *stream, size_t limit);

/*
 * The next whole packet (header, length, body, end mark), in order. Returns
 * false when none is complete. The span is valid until the next feed, trim or
 * destroy.
 */
bool bpacket_stream_next(bpacket_stream *stream, bpacket_span *packet);

/*
 * Gives back the memory that a large packet needed, if little of it is in use
 * now; feed does so too. For when the last packet was dealt with and the
 * stream may be idle for long. Spans given before are invalid after this.
 */
void bpacket_stream_trim(bpacket_stream *stream);

/* Gives back all memory if nothing waits. Spans given before are invalid after this. */
void bpacket_stream_idle(bpacket_stream *stream);

/* Bytes of the buffer. */
size_t bpacket_stream_memory(const bpacket_stream *stream);
/* Bytes waiting for the rest of a packet. */
size_t bpacket_stream_pending(const bpacket_stream *stream);
/* Counters since creation: bytes skipped as garbage, frames refused as too large. */
uint64_t bpacket_stream_garbage(const bpacket_stream *stream);
uint64_t bpacket_stream_oversized(const bpacket_stream *stream);

#endif
