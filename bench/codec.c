/*
 * codec.c --
 *
 *	Measures codecs beside each other on the same packets. Asserts nothing.
 *
 * usage: codec CASE ROUNDS MILLISECONDS
 *
 *	CASE is heartbeat, event100 or event64k. Prints, for each round, each
 *	codec and `encode` and `decode`: "ROUND CODEC WHAT NANOSECONDS BYTES".
 *	The codecs take turns, so that all have the same weather.
 */

#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcl.h>
#include <time.h>

static const Codec *const codecs[] = {&codecSpans, &codecCopies,
#ifdef HAVE_PROTOBUF_C
        &codecProtobuf,
#endif
#ifdef HAVE_MSGPACK_C
        &codecMsgpack,
#endif
        &codecDicts};

#define BATCH_NANOSECONDS 200000

#define CODECS (sizeof codecs / sizeof codecs[0])

void *
CodecAllocate(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory) {
        fprintf(stderr, "codec: out of memory\n");
        exit(1);
    }
    return memory;
}

static Text
MakeText(const char *bytes)
{
    Text text = {bytes, strlen(bytes)};

    return text;
}

/* False for an unknown case. */
static bool
MakeSample(Sample *sample, const char *name)
{
    size_t bytes = strcmp(name, "event100") == 0 ? 100 : 64 * 1024;
    char *data;

    memset(sample, 0, sizeof *sample);
    sample->sid = MakeText("9Z2p3466");
    sample->hid = MakeText("02:fc:00:00:00:01");
    sample->protocols[0] = MakeText("t");
    sample->protocols[1] = MakeText("c");
    sample->protocolCount = 2;
    if (strcmp(name, "heartbeat") == 0) {
        sample->type = 1;
        sample->data = MakeText("t {port 42885}");
        sample->known = 3;
        sample->hasKnown = true;
        sample->tags[0] = MakeText("one");
        sample->tags[1] = MakeText("two");
        sample->tagCount = 2;
        return true;
    }
    sample->type = 6;
    sample->filter[0] = MakeText("Y2FHR676");
    sample->filterCount = 1;
    data = CodecAllocate(bytes + 1);
    memset(data, 'x', bytes);
    sample->data.bytes = data;
    sample->data.length = bytes;
    return strcmp(name, "event100") == 0 || strcmp(name, "event64k") == 0;
}

static size_t
TextBytes(const Sample *sample)
{
    size_t total = sample->sid.length + sample->hid.length + sample->data.length;

    for (size_t i = 0; i < sample->protocolCount; i++) {
        total += sample->protocols[i].length;
    }
    for (size_t i = 0; i < sample->tagCount; i++) {
        total += sample->tags[i].length;
    }
    for (size_t i = 0; i < sample->filterCount; i++) {
        total += sample->filter[i].length;
    }
    return total;
}

static double
Now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static double
Batch(size_t (*work)(void *), void *state, size_t calls)
{
    double start = Now();

    for (size_t i = 0; i < calls; i++) {
        work(state);
    }
    return Now() - start;
}

/*
 * Nanoseconds for one call: of the fastest of the batches that so many
 * milliseconds hold, as whatever else the machine does only makes it slower.
 */
static double
Measure(size_t (*work)(void *), void *state, double milliseconds)
{
    double spent = 0, best = 0, end = Now() + milliseconds * 1e6;
    size_t calls = 8;

    while ((spent = Batch(work, state, calls)) < BATCH_NANOSECONDS) {
        calls *= 2;
    }
    best = spent;
    while (Now() < end) {
        spent = Batch(work, state, calls);
        best = spent < best ? spent : best;
    }
    return best / (double) calls;
}

/* Every codec must see the packet as it is, or its times mean nothing. */
static void
Check(const Codec *codec, void *state, const Sample *sample)
{
    codec->encode(state);
    if (codec->decode(state) != TextBytes(sample)) {
        fprintf(stderr, "codec: %s loses text\n", codec->name);
        exit(1);
    }
}

int
main(int argc, char **argv)
{
    Sample sample;
    void *states[CODECS];
    double milliseconds;

    if (argc != 4 || !MakeSample(&sample, argv[1])) {
        fprintf(stderr, "usage: codec heartbeat|event100|event64k ROUNDS MILLISECONDS\n");
        return 2;
    }
    Tcl_FindExecutable(argv[0]);
    milliseconds = strtod(argv[3], NULL);
    for (size_t i = 0; i < CODECS; i++) {
        states[i] = codecs[i]->open(&sample);
        Check(codecs[i], states[i], &sample);
    }
    for (int round = 1; round <= atoi(argv[2]); round++) {
        for (size_t i = 0; i < CODECS; i++) {
            size_t bytes = codecs[i]->encode(states[i]);
            double encode = Measure(codecs[i]->encode, states[i], milliseconds);
            double decode = Measure(codecs[i]->decode, states[i], milliseconds);

            printf("%d {%s} encode %.1f %zu\n", round, codecs[i]->name, encode, bytes);
            printf("%d {%s} decode %.1f %zu\n", round, codecs[i]->name, decode, bytes);
        }
    }
    for (size_t i = 0; i < CODECS; i++) {
        codecs[i]->close(states[i]);
    }
    return 0;
}
