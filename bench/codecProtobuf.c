/*
 * codecProtobuf.c --
 *
 *	protobuf-c on the same fields: a generated struct, packed into a buffer
 *	that is kept, unpacked into a struct of its own.
 */

#include "codec.h"

#include "codecPacket.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef struct Proto {
    Bench__Packet packet;
    char *protocols[2], *tags[2], *filter[1];
    uint8_t *bytes;
    size_t length, capacity;
} Proto;

/* The struct's strings are not const, though they are only read. */
static char *
Own(Text text)
{
    char *copy = CodecAllocate(text.length + 1);

    memcpy(copy, text.bytes, text.length);
    return copy;
}

static void
OwnList(char **to, size_t *toCount, const Text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = Own(texts[i]);
    }
    *toCount = count;
}

static void *
Open(const Sample *sample)
{
    Proto *proto = CodecAllocate(sizeof *proto);
    Bench__Packet *packet = &proto->packet;

    bench__packet__init(packet);
    packet->has_type = packet->has_channel = 1;
    packet->type = sample->type;
    packet->channel = sample->channel;
    packet->has_known = sample->hasKnown;
    packet->known = sample->known;
    packet->sid = Own(sample->sid);
    packet->hid = Own(sample->hid);
    packet->has_data = 1;
    packet->data.data = (uint8_t *) Own(sample->data);
    packet->data.len = sample->data.length;
    packet->protocols = proto->protocols;
    packet->tags = proto->tags;
    packet->filter = proto->filter;
    OwnList(proto->protocols, &packet->n_protocols, sample->protocols, sample->protocolCount);
    OwnList(proto->tags, &packet->n_tags, sample->tags, sample->tagCount);
    OwnList(proto->filter, &packet->n_filter, sample->filter, sample->filterCount);
    return proto;
}

static size_t
Encode(void *state)
{
    Proto *proto = state;

    proto->length = bench__packet__get_packed_size(&proto->packet);
    if (proto->length > proto->capacity) {
        free(proto->bytes);
        proto->bytes = CodecAllocate(proto->length);
        proto->capacity = proto->length;
    }
    return bench__packet__pack(&proto->packet, proto->bytes);
}

static size_t
ListLength(char *const *texts, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        total += strlen(texts[i]);
    }
    return total;
}

static size_t
Decode(void *state)
{
    Proto *proto = state;
    Bench__Packet *packet = bench__packet__unpack(NULL, proto->length, proto->bytes);
    size_t total;

    if (!packet) {
        return 0;
    }
    total = strlen(packet->sid) + strlen(packet->hid) + packet->data.len
            + ListLength(packet->protocols, packet->n_protocols)
            + ListLength(packet->tags, packet->n_tags)
            + ListLength(packet->filter, packet->n_filter);
    bench__packet__free_unpacked(packet, NULL);
    return total;
}

static void
Close(void *state)
{
    Proto *proto = state;

    free(proto->packet.sid);
    free(proto->packet.hid);
    free(proto->packet.data.data);
    for (size_t i = 0; i < 2; i++) {
        free(proto->protocols[i]);
        free(proto->tags[i]);
    }
    free(proto->filter[0]);
    free(proto->bytes);
    free(proto);
}

const Codec codecProtobuf = {"protobuf-c", Open, Encode, Decode, Close};
