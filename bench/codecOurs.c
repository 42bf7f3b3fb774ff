/*
 * codecOurs.c --
 *
 *	The package's codec at its three levels: spans of the packet, copies of
 *	them as protobuf-c makes, and Tcl dicts.
 */

#include "codec.h"

#include "packet/clusterPayload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Ours {
    const Sample *sample;
    bpacket_writer writer;
    bpacket_span packet;
    ClusterPayloadKeys keys;
    Tcl_Obj *payload; /* held */
} Ours;

/* ---- from and to C -------------------------------------------------------- */

static void
WriteText(bpacket_writer *writer, ClusterField id, Text text)
{
    bpacket_write_varint(writer, id);
    bpacket_write_span(writer, text.bytes, text.length);
}

static void
WriteNumber(bpacket_writer *writer, ClusterField id, uint64_t number)
{
    bpacket_write_varint(writer, id);
    bpacket_write_varint(writer, number);
}

static void
WriteList(bpacket_writer *writer, ClusterField id, const Text *texts, size_t count)
{
    if (count > 0) {
        WriteNumber(writer, id, count);
    }
    for (size_t i = 0; i < count; i++) {
        bpacket_write_span(writer, texts[i].bytes, texts[i].length);
    }
}

static size_t
EncodeSample(void *state)
{
    Ours *ours = state;
    const Sample *sample = ours->sample;
    bpacket_writer *writer = &ours->writer;

    bpacket_writer_reset(writer);
    bpacket_frame_begin(writer);
    WriteList(writer, CLUSTER_FILTER, sample->filter, sample->filterCount);
    WriteText(writer, CLUSTER_SID, sample->sid);
    WriteText(writer, CLUSTER_HID, sample->hid);
    WriteNumber(writer, CLUSTER_TYPE, sample->type);
    WriteNumber(writer, CLUSTER_CHANNEL, sample->channel);
    WriteList(writer, CLUSTER_PROTOCOLS, sample->protocols, sample->protocolCount);
    WriteText(writer, CLUSTER_DATA, sample->data);
    if (sample->hasKnown) {
        WriteNumber(writer, CLUSTER_KNOWN, sample->known);
    }
    WriteList(writer, CLUSTER_TAGS, sample->tags, sample->tagCount);
    ours->packet = bpacket_frame_end(writer);
    return ours->packet.length;
}

static size_t
DecodeSpans(void *state)
{
    Ours *ours = state;
    ClusterPacket packet;
    size_t total = 0;

    if (ClusterPacketDecode(ours->packet.bytes, ours->packet.length, NULL, NULL, &packet)
            != BPACKET_OK) {
        return 0;
    }
    for (unsigned i = 0; i < packet.count; i++) {
        const ClusterFieldValue *value = &packet.field[packet.order[i]];
        bpacket_list list;
        bpacket_span element;

        if (clusterFields[packet.order[i]].type == CLUSTER_STRING) {
            total += value->span.length;
        } else if (clusterFields[packet.order[i]].type == CLUSTER_LIST) {
            list = value->list;
            while (bpacket_list_next(&list, &element)) {
                total += element.length;
            }
        }
    }
    return total;
}

/* A string of its own, as a struct of C would have it. */
static char *
Copy(bpacket_span span)
{
    char *copy = malloc(span.length + 1);

    if (copy) {
        memcpy(copy, span.bytes, span.length);
        copy[span.length] = '\0';
    }
    return copy;
}

static char **
CopyList(bpacket_list list, size_t *total)
{
    char **copies = malloc((list.count + 1) * sizeof *copies);
    bpacket_span element;
    size_t count = 0;

    while (copies && bpacket_list_next(&list, &element)) {
        *total += element.length;
        copies[count++] = Copy(element);
    }
    if (copies) {
        copies[count] = NULL;
    }
    return copies;
}

static void
FreeList(char **copies)
{
    for (size_t i = 0; copies && copies[i]; i++) {
        free(copies[i]);
    }
    free(copies);
}

static size_t
DecodeCopies(void *state)
{
    Ours *ours = state;
    ClusterPacket *packet = malloc(sizeof *packet);
    char *texts[CLUSTER_FIELDS] = {NULL};
    char **lists[CLUSTER_FIELDS] = {NULL};
    size_t total = 0;

    if (!packet
            || ClusterPacketDecode(ours->packet.bytes, ours->packet.length, NULL, NULL, packet)
                    != BPACKET_OK) {
        free(packet);
        return 0;
    }
    for (unsigned i = 0; i < packet->count; i++) {
        unsigned id = packet->order[i];

        if (clusterFields[id].type == CLUSTER_STRING) {
            total += packet->field[id].span.length;
            texts[id] = Copy(packet->field[id].span);
        } else if (clusterFields[id].type == CLUSTER_LIST) {
            lists[id] = CopyList(packet->field[id].list, &total);
        }
    }
    for (unsigned i = 0; i < packet->count; i++) {
        free(texts[packet->order[i]]);
        FreeList(lists[packet->order[i]]);
    }
    free(packet);
    return total;
}

/* ---- from and to Tcl -------------------------------------------------------- */

static size_t
EncodeDict(void *state)
{
    Ours *ours = state;

    if (ClusterPayloadEncode(ours->payload, &ours->writer, &ours->packet, NULL)
            != CLUSTER_PAYLOAD_OK) {
        fprintf(stderr, "codec: a payload does not encode\n");
        exit(1);
    }
    return ours->packet.length;
}

/* The length of a field's texts. */
static size_t
TextOf(Tcl_Obj *value, ClusterFieldType type)
{
    Tcl_Obj **elements;
    Tcl_Size count, length = 0;
    size_t total = 0;

    if (type == CLUSTER_STRING) {
        (void) Tcl_GetStringFromObj(value, &length);
        return (size_t) length;
    }
    if (type == CLUSTER_LIST && Tcl_ListObjGetElements(NULL, value, &count, &elements) == TCL_OK) {
        for (Tcl_Size i = 0; i < count; i++) {
            (void) Tcl_GetStringFromObj(elements[i], &length);
            total += (size_t) length;
        }
    }
    return total;
}

static size_t
DecodeDict(void *state)
{
    Ours *ours = state;
    ClusterPacket packet;
    Tcl_Obj *payload, *key, *value;
    Tcl_DictSearch search;
    size_t total = 0;
    int done;

    if (ClusterPacketDecode(ours->packet.bytes, ours->packet.length, NULL, NULL, &packet)
            != BPACKET_OK) {
        return 0;
    }
    payload = ClusterPayloadFromPacket(&ours->keys, &packet);
    Tcl_IncrRefCount(payload);
    Tcl_DictObjFirst(NULL, payload, &search, &key, &value, &done);
    for (unsigned i = 0; !done; i++, Tcl_DictObjNext(&search, &key, &value, &done)) {
        total += TextOf(value, clusterFields[packet.order[i]].type);
    }
    Tcl_DictObjDone(&search);
    Tcl_DecrRefCount(payload);
    return total;
}

/* ---- all three ----------------------------------------------------------------- */

static void *
Open(const Sample *sample)
{
    Ours *ours = CodecAllocate(sizeof *ours);
    ClusterPacket packet;

    ours->sample = sample;
    bpacket_writer_init(&ours->writer, CLUSTER_MAX_PACKET);
    ClusterPayloadKeysInit(&ours->keys);
    EncodeSample(ours);
    if (ClusterPacketDecode(ours->packet.bytes, ours->packet.length, NULL, NULL, &packet)
            != BPACKET_OK) {
        fprintf(stderr, "codec: a packet does not decode\n");
        exit(1);
    }
    ours->payload = ClusterPayloadFromPacket(&ours->keys, &packet);
    Tcl_IncrRefCount(ours->payload);
    return ours;
}

static void
Close(void *state)
{
    Ours *ours = state;

    Tcl_DecrRefCount(ours->payload);
    ClusterPayloadKeysFree(&ours->keys);
    bpacket_writer_free(&ours->writer);
    free(ours);
}

const Codec codecSpans = {"C, spans", Open, EncodeSample, DecodeSpans, Close};
const Codec codecCopies = {"C, copied texts", Open, EncodeSample, DecodeCopies, Close};
const Codec codecDicts = {"C, Tcl dicts", Open, EncodeDict, DecodeDict, Close};
