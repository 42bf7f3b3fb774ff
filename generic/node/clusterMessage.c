/*
 * clusterMessage.c --
 *
 *	Received packets (see clusterMessage.h).
 */

#include "node/clusterMessage.h"

#include "base/clusterHold.h"

#include <stdlib.h>
#include <string.h>

void
ClusterMessageInit(ClusterMessage *message, const ClusterPayloadKeys *keys)
{
    memset(message, 0, offsetof(ClusterMessage, inlineBytes));
    message->bytes = message->inlineBytes;
    message->keys = keys;
}

static void
FreeBytes(ClusterMessage *message)
{
    if (message->bytes != message->inlineBytes) {
        free(message->bytes);
    }
    message->bytes = message->inlineBytes;
    message->length = 0;
}

static void
HoldIfAny(Tcl_Obj *value)
{
    if (value) {
        Tcl_IncrRefCount(value);
    }
}

void
ClusterMessageSetOrigin(ClusterMessage *message, const ClusterOrigin *origin)
{
    message->origin = *origin;
    HoldIfAny(message->origin.path);
    HoldIfAny(message->origin.chanID);
    HoldIfAny(message->origin.descriptor);
}

void
ClusterMessageFree(ClusterMessage *message)
{
    FreeBytes(message);
    ClusterReplaceObj(&message->origin.path, NULL);
    ClusterReplaceObj(&message->origin.chanID, NULL);
    ClusterReplaceObj(&message->origin.descriptor, NULL);
    if (message->payload) {
        Tcl_DecrRefCount(message->payload);
        message->payload = NULL;
    }
    if (message->hold) {
        Tcl_DecrRefCount(message->hold);
        message->hold = NULL;
    }
}

/* Moves a span from one copy of the bytes to another. An empty span may point anywhere. */
static void
Rebase(bpacket_span *span, const uint8_t *from, const uint8_t *to)
{
    if (span->length) {
        span->bytes = to + (span->bytes - from);
    }
}

bool
ClusterMessageKeep(ClusterMessage *message, bpacket_span source)
{
    uint8_t *bytes = message->inlineBytes;
    int i;

    if (source.length > sizeof message->inlineBytes && (bytes = malloc(source.length)) == NULL) {
        return false;
    }
    FreeBytes(message);
    memcpy(bytes, source.bytes, source.length);
    message->bytes = bytes;
    message->length = source.length;
    for (i = 0; i < message->packet.count; i++) {
        int id = message->packet.order[i];

        switch (clusterFields[id].type) {
        case CLUSTER_STRING:
        case CLUSTER_RAWBYTES:
            Rebase(&message->packet.field[id].span, source.bytes, bytes);
            break;
        case CLUSTER_LIST:
            Rebase(&message->packet.field[id].list.elements, source.bytes, bytes);
            break;
        default:
            break;
        }
    }
    return true;
}

Tcl_Obj *
ClusterMessagePayload(ClusterMessage *message)
{
    if (!message->payload) {
        message->payload = ClusterPayloadFromPacket(message->keys, &message->packet);
        Tcl_IncrRefCount(message->payload);
    }
    return message->payload;
}

/* A new dict of the entries that are fields; NULL when it is no dict. */
static Tcl_Obj *
OnlyFields(Tcl_Obj *payload)
{
    Tcl_Obj *known, *key, *value;
    Tcl_DictSearch search;
    int done;

    if (Tcl_DictObjFirst(NULL, payload, &search, &key, &value, &done) != TCL_OK) {
        return NULL;
    }
    known = Tcl_NewDictObj();
    for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
        Tcl_Size length;
        const char *name = Tcl_GetStringFromObj(key, &length);

        if (ClusterFieldByName(name, (size_t) length)) {
            Tcl_DictObjPut(NULL, known, key, value);
        }
    }
    Tcl_DictObjDone(&search);
    return known;
}

ClusterPayloadStatus
ClusterMessageReplace(ClusterMessage *message, Tcl_Obj *payload)
{
    ClusterPayloadStatus status = CLUSTER_PAYLOAD_NOT_DICT;
    Tcl_Obj *known = OnlyFields(payload);
    bpacket_writer writer;
    bpacket_span packet;

    if (!known) {
        return status;
    }
    bpacket_writer_init(&writer, CLUSTER_MAX_PACKET);
    Tcl_IncrRefCount(known);
    status = ClusterPayloadEncode(known, &writer, &packet, NULL);
    if (status == CLUSTER_PAYLOAD_OK) {
        ClusterPacket before = message->packet;

        if (ClusterPacketDecode(packet.bytes, packet.length, NULL, NULL, &message->packet)
                        != BPACKET_OK
                || !ClusterMessageKeep(message, packet)) {
            message->packet = before;
            status = CLUSTER_PAYLOAD_TOO_LARGE;
        } else {
            Tcl_IncrRefCount(payload);
            if (message->payload) {
                Tcl_DecrRefCount(message->payload);
            }
            message->payload = payload;
        }
    }
    Tcl_DecrRefCount(known);
    bpacket_writer_free(&writer);
    return status;
}

Tcl_Obj *
ClusterMessageField(ClusterMessage *message, ClusterField id)
{
    Tcl_Obj *value = NULL;

    if (message->payload) {
        Tcl_DictObjGet(NULL, message->payload, message->keys->name[id], &value);
        return value;
    }
    return ClusterPacketHas(&message->packet, id) ? ClusterPayloadField(&message->packet, id)
                                                  : NULL;
}

Tcl_Obj *
ClusterMessageData(ClusterMessage *message, size_t most)
{
    const ClusterPacket *packet = &message->packet;
    Tcl_Obj *data;

    if (!ClusterPacketHas(packet, CLUSTER_DATA) || packet->field[CLUSTER_DATA].span.length > most) {
        return NULL;
    }
    data = ClusterMessageField(message, CLUSTER_DATA);
    if (data) {
        Tcl_IncrRefCount(data);
    }
    return data;
}

bool
ClusterMessageComplete(const ClusterMessage *message)
{
    const ClusterPacket *packet = &message->packet;

    return ClusterPacketHas(packet, CLUSTER_SID) && ClusterPacketHas(packet, CLUSTER_HID)
            && ClusterPacketHas(packet, CLUSTER_TYPE) && ClusterPacketHas(packet, CLUSTER_CHANNEL)
            && ClusterPacketHas(packet, CLUSTER_PROTOCOLS)
            && packet->field[CLUSTER_SID].span.length > 0
            && packet->field[CLUSTER_HID].span.length > 0;
}

void
ClusterMessageUuid(const ClusterMessage *message, char uuid[CLUSTER_UUID_SIZE])
{
    bpacket_span sid = message->packet.field[CLUSTER_SID].span;
    bpacket_span hid = message->packet.field[CLUSTER_HID].span;

    memcpy(uuid, sid.bytes, sid.length);
    uuid[sid.length] = '@';
    memcpy(uuid + sid.length + 1, hid.bytes, hid.length);
    uuid[sid.length + 1 + hid.length] = '\0';
}

/* A name in scripts is made of it, so only what such a name may hold. */
static bool
PlainIdentity(bpacket_span text)
{
    size_t i;

    for (i = 0; i < text.length; i++) {
        uint8_t c = text.bytes[i];

        if (c <= ' ' || c >= 0x7f || strchr("\"$;[\\]{}@*?", c)
                || (c == ':' && i + 1 < text.length && text.bytes[i + 1] == ':')) {
            return false;
        }
    }
    return text.bytes[0] != ':' && text.bytes[text.length - 1] != ':';
}

bool
ClusterMessageNameable(const ClusterMessage *message)
{
    const ClusterPacket *packet = &message->packet;

    return packet->field[CLUSTER_SID].span.length <= CLUSTER_IDENTITY_MAX
            && packet->field[CLUSTER_HID].span.length <= CLUSTER_IDENTITY_MAX
            && PlainIdentity(packet->field[CLUSTER_SID].span)
            && PlainIdentity(packet->field[CLUSTER_HID].span);
}
