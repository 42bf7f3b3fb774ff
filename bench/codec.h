/*
 * codec.h --
 *
 *	The packets that codecs are measured with, and what each codec is to the
 *	program that measures: a table of functions.
 */

#ifndef BENCH_CODEC_H
#define BENCH_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Text {
    const char *bytes;
    size_t length;
} Text;

/* A packet as a program has it. data may be long; a list is empty when it is not there. */
typedef struct Sample {
    Text sid, hid, data;
    uint64_t type, channel, known;
    bool hasKnown;
    Text protocols[2], tags[2], filter[1];
    size_t protocolCount, tagCount, filterCount;
} Sample;

typedef struct Codec {
    const char *name;
    /* Makes what encode and decode work on; ends the program when that fails. */
    void *(*open)(const Sample *sample);
    /* Encodes the sample once. Returns how many bytes it took. */
    size_t (*encode)(void *state);
    /* Decodes what was encoded last, and looks at each field. Returns the lengths of all texts, added up. */
    size_t (*decode)(void *state);
    void (*close)(void *state);
} Codec;

extern const Codec codecSpans, codecCopies, codecDicts;
#ifdef HAVE_PROTOBUF_C
extern const Codec codecProtobuf;
#endif
#ifdef HAVE_MSGPACK_C
extern const Codec codecMsgpack;
#endif

/* Memory of that size, or the program ends. */
void *CodecAllocate(size_t size);

#endif
