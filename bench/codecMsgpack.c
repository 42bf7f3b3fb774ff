/*
 * codecMsgpack.c --
 *
 *	msgpack-c on the same fields: a map from the fields' numbers to their
 *	values, unpacked into objects whose texts stay in the buffer.
 */

#include "codec.h"

#include <msgpack.h>
#include <stdlib.h>

typedef struct Pack {
    const Sample *sample;
    msgpack_sbuffer buffer;
    msgpack_unpacked unpacked;
} Pack;

static void *
Open(const Sample *sample)
{
    Pack *pack = CodecAllocate(sizeof *pack);

    pack->sample = sample;
    msgpack_sbuffer_init(&pack->buffer);
    msgpack_unpacked_init(&pack->unpacked);
    return pack;
}

static void
PackText(msgpack_packer *packer, Text text)
{
    msgpack_pack_str(packer, text.length);
    msgpack_pack_str_body(packer, text.bytes, text.length);
}

static void
PackField(msgpack_packer *packer, uint64_t id, Text text)
{
    msgpack_pack_uint64(packer, id);
    PackText(packer, text);
}

static void
PackNumber(msgpack_packer *packer, uint64_t id, uint64_t number)
{
    msgpack_pack_uint64(packer, id);
    msgpack_pack_uint64(packer, number);
}

static void
PackList(msgpack_packer *packer, uint64_t id, const Text *texts, size_t count)
{
    if (count == 0) {
        return;
    }
    msgpack_pack_uint64(packer, id);
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++) {
        PackText(packer, texts[i]);
    }
}

static size_t
Encode(void *state)
{
    Pack *pack = state;
    const Sample *sample = pack->sample;
    msgpack_packer packer;

    msgpack_sbuffer_clear(&pack->buffer);
    msgpack_packer_init(&packer, &pack->buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer,
            6u + sample->hasKnown + (sample->tagCount > 0) + (sample->filterCount > 0));
    PackList(&packer, 14, sample->filter, sample->filterCount);
    PackField(&packer, 4, sample->sid);
    PackField(&packer, 3, sample->hid);
    PackNumber(&packer, 1, sample->type);
    PackNumber(&packer, 2, sample->channel);
    PackList(&packer, 7, sample->protocols, sample->protocolCount);
    PackField(&packer, 10, sample->data);
    if (sample->hasKnown) {
        PackNumber(&packer, 5, sample->known);
    }
    PackList(&packer, 12, sample->tags, sample->tagCount);
    return pack->buffer.size;
}

static size_t
TextOf(const msgpack_object *object)
{
    size_t total = 0;

    if (object->type == MSGPACK_OBJECT_STR) {
        return object->via.str.size;
    }
    if (object->type == MSGPACK_OBJECT_ARRAY) {
        for (uint32_t i = 0; i < object->via.array.size; i++) {
            total += object->via.array.ptr[i].via.str.size;
        }
    }
    return total;
}

static size_t
Decode(void *state)
{
    Pack *pack = state;
    const msgpack_object *object = &pack->unpacked.data;
    size_t offset = 0, total = 0;

    if (msgpack_unpack_next(&pack->unpacked, pack->buffer.data, pack->buffer.size, &offset)
                    != MSGPACK_UNPACK_SUCCESS
            || object->type != MSGPACK_OBJECT_MAP) {
        return 0;
    }
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        total += TextOf(&object->via.map.ptr[i].val);
    }
    return total;
}

static void
Close(void *state)
{
    Pack *pack = state;

    msgpack_unpacked_destroy(&pack->unpacked);
    msgpack_sbuffer_destroy(&pack->buffer);
    free(pack);
}

const Codec codecMsgpack = {"msgpack-c", Open, Encode, Decode, Close};
