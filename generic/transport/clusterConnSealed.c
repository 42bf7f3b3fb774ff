/*
 * clusterConnSealed.c --
 *
 *	Connections with a seal: who has to begin, whether one that was accepted is
 *	sealed or plain, whose it is, and its end when it is not as it should be.
 *
 *	As long as the handshake of one that we made goes on, it counts as being
 *	made (`connecting`), and what is sent waits. One that was accepted serves
 *	nobody before it is open, so nothing is sent over it.
 */

#include "transport/clusterConnInt.h"

#include <stdlib.h>
#include <string.h>

static int64_t
Now(const ClusterLink *conn)
{
    return ClusterClockNow(ClusterLoopClock(conn->stream->loop));
}

bool
ClusterConnHasOutput(const ClusterLink *conn)
{
    return conn->seal ? ClusterConnSealHasOutput(conn->seal, &conn->output)
                      : conn->output.queue.count > 0;
}

ClusterpResult
ClusterConnOutput(ClusterLink *conn, ClusterOutputCount *count, int *error)
{
    return conn->seal ? ClusterConnSealWrite(conn->seal, &conn->output, conn->fd,
                   conn->stream->loop, &conn->taken, count, error)
                      : ClusterOutputWrite(&conn->output, conn->fd, &conn->taken, count, error);
}

bpacket_stream *
ClusterConnInput(ClusterLink *conn)
{
    return conn->seal ? *ClusterConnSealFrames(conn->seal) : conn->frames;
}

/* What records are put together in is used again by the next read of a burst. */
void
ClusterConnTrim(ClusterLink *conn, bool all)
{
    bpacket_stream_trim(conn->frames);
    if (conn->seal && all) {
        bpacket_stream_trim(*ClusterConnSealFrames(conn->seal));
    }
}

/* In a burst records are read to where they are opened, which spares a copy: there is room of that size by then. */
void *
ClusterConnReadRoom(ClusterLink *conn, size_t most, size_t *size)
{
    void *buffer = ClusterLoopBuffer(conn->stream->loop, size), *room = NULL;

    *size = *size < most ? *size : most;
    if (conn->seal && bpacket_stream_memory(ClusterConnInput(conn)) >= *size) {
        room = bpacket_stream_room(ClusterConnInput(conn), *size);
    }
    return room ? room : buffer;
}

bool
ClusterConnWasRead(ClusterLink *conn, const void *room, size_t length)
{
    size_t size;

    if (room == ClusterLoopBuffer(conn->stream->loop, &size)) {
        return bpacket_stream_feed(ClusterConnInput(conn), room, length);
    }
    bpacket_stream_filled(ClusterConnInput(conn), length);
    return true;
}

size_t
ClusterConnPartial(const ClusterLink *conn)
{
    return bpacket_stream_pending(conn->frames)
            + (conn->seal ? bpacket_stream_pending(*ClusterConnSealFrames(conn->seal)) : 0);
}

size_t
ClusterConnMemory(const ClusterLink *conn)
{
    return bpacket_stream_memory(conn->frames)
            + (conn->seal ? bpacket_stream_memory(*ClusterConnSealFrames(conn->seal)) : 0);
}

/*
 * ------------------------------------------------------------------------
 * Beginning
 * ------------------------------------------------------------------------
 */

/* The keys that there are now; false when there are none. */
static bool
AskKeys(const ClusterLink *conn, ClusterTransportKeys *keys)
{
    ClusterStream *stream = conn->stream;

    return stream->delegate->keys && stream->delegate->keys(stream->context, &stream->base, keys);
}

/* group: room for its text. */
static ClusterSecretConfig
ConfigOf(const ClusterTransportKeys *keys, char *group)
{
    ClusterAddressFormat(&keys->group, group);
    return (ClusterSecretConfig){.keys = keys->ring,
            .system = &clusterSystem, /* the node may be gone before it */
            .group = group,
            .port = ClusterAddressPort(&keys->group),
            .name = keys->name,
            .nameLength = strlen(keys->name)};
}

bool
ClusterConnSealConnects(ClusterLink *conn, const ClusterPeer *peer)
{
    char group[CLUSTER_ADDRESS_TEXT];
    ClusterTransportKeys keys;
    ClusterSecretConfig config;

    if (!AskKeys(conn, &keys) || !keys.seals) {
        return true;
    }
    config = ConfigOf(&keys, group);
    conn->seal = ClusterConnSealNew();
    if (!conn->seal || !ClusterConnSealHello(conn->seal, &config, peer->uuid)) {
        return false;
    }
    if (!conn->connecting) {
        conn->connecting = true;
        ClusterConnConnects(conn);
        ClusterConnWrite(conn);
    }
    return true;
}

static void
HandshakeTimedOut(void *context)
{
    ClusterLink *conn = context;

    ClusterConnHold(conn);
    ClusterConnEnd(conn, CLUSTER_DROP_SILENT);
    ClusterConnRelease(conn);
}

/* From now on its handshake is waited for. May end it, or another. */
static void
AwaitHandshake(ClusterLink *conn)
{
    ClusterTimerSet(&conn->timeout, ClusterLoopClock(conn->stream->loop), CLUSTER_HANDSHAKE_MS,
            HandshakeTimedOut, conn);
    ClusterPoolHandshake(conn);
}

/* Where plain ones are heard as well, its first packet may be any. */
bool
ClusterConnSealAccepts(ClusterLink *conn)
{
    ClusterTransportKeys keys;

    if (!AskKeys(conn, &keys)) {
        return true;
    }
    conn->seal = ClusterConnSealNew();
    if (!conn->seal) {
        return false;
    }
    conn->hearsPlain = keys.hearsPlain;
    if (conn->hearsPlain) {
        bpacket_stream_set_limit(*ClusterConnSealFrames(conn->seal), 0);
    } else {
        AwaitHandshake(conn);
    }
    return true;
}

/*
 * ------------------------------------------------------------------------
 * What comes
 * ------------------------------------------------------------------------
 */

/* It ends, as what came is not what should have come. */
static bool
Refuse(ClusterLink *conn, ClusterDrop reason)
{
    ClusterStream *stream = conn->stream;

    if (!stream->delegate->unsealed) {
        ClusterConnEnd(conn, reason);
        return false;
    }
    stream->delegate->unsealed(stream->context, &stream->base, reason, &conn->peer);
    ClusterConnFail(conn, true);
    return false;
}

/* The handshake is over. False without memory: it ended. */
static bool
Opened(ClusterLink *conn)
{
    const char *member = ClusterConnSealPeer(conn->seal);
    size_t size = strlen(member) + 1;

    conn->member = malloc(size);
    if (!conn->member) {
        ClusterConnFail(conn, true);
        return false;
    }
    memcpy(conn->member, member, size);
    conn->connecting = false;
    ClusterTimerCancel(&conn->timeout);
    ClusterPoolHandshakeEnds(conn);
    return true;
}

/* Sees to what follows from an envelope that came. False: it ended. */
static bool
Heard(ClusterLink *conn, ClusterConnSealStep step, bool wasOpen)
{
    if (step == CLUSTER_CONN_SEAL_BROKEN) {
        return Refuse(conn,
                ClusterConnSealReason(conn->seal) == CLUSTER_SEAL_NOT_SEALED
                        ? CLUSTER_DROP_UNSEALED
                        : CLUSTER_DROP_BADSEAL);
    }
    if (wasOpen) {
        return true;
    }
    if (ClusterConnSealIsOpen(conn->seal) && !Opened(conn)) {
        return false;
    }
    ClusterConnWrite(conn); /* what is to be said, and what waited */
    return true;
}

static bool
IsHello(bpacket_span packet, bool *sealed)
{
    bpacket_span value;

    *sealed = ClusterEnvelopeRead(packet.bytes, packet.length, &value);
    return *sealed && value.bytes[0] == CLUSTER_ENVELOPE_HELLO;
}

/* It begins to be sealed. */
static bool
HearHello(ClusterLink *conn, bpacket_span hello)
{
    char group[CLUSTER_ADDRESS_TEXT];
    ClusterTransportKeys keys;
    ClusterSecretConfig config;

    if (!AskKeys(conn, &keys)) {
        return Refuse(conn, CLUSTER_DROP_BADSEAL);
    }
    config = ConfigOf(&keys, group);
    if (conn->hearsPlain) {
        AwaitHandshake(conn);
    }
    return !ClusterConnIsDead(conn)
            && Heard(conn, ClusterConnSealHeard(conn->seal, &config, hello, Now(conn)), false);
}

/* It is plain: what came is read as such. */
static void
BecomePlain(ClusterLink *conn)
{
    bpacket_stream **frames = ClusterConnSealFrames(conn->seal);

    bpacket_stream_destroy(&conn->frames);
    conn->frames = *frames;
    *frames = NULL;
    ClusterConnSealFree(conn->seal);
    conn->seal = NULL;
}

/* The first that came. *found: it is plain, and this is its first packet. False when there is nothing more yet. */
static bool
Decide(ClusterLink *conn, bpacket_span *packet, bool *found)
{
    bpacket_stream *frames = *ClusterConnSealFrames(conn->seal);
    bool whole = bpacket_stream_next(frames, packet), garbage = bpacket_stream_garbage(frames) > 0;
    bool sealed = false;

    *found = false;
    if (!whole && !garbage) {
        return false;
    }
    if (whole && !garbage && IsHello(*packet, &sealed)) {
        return HearHello(conn, *packet);
    }
    if (!conn->hearsPlain) {
        return Refuse(conn, sealed ? CLUSTER_DROP_BADSEAL : CLUSTER_DROP_UNSEALED);
    }
    BecomePlain(conn);
    *found = whole;
    return false;
}

/* Of one with a seal. */
static bool
NextSealed(ClusterLink *conn, bpacket_span *packet)
{
    bool found;

    while (ClusterConnSealIsNew(conn->seal)) {
        if (!Decide(conn, packet, &found)) {
            return found;
        }
    }
    while (!bpacket_stream_next(conn->frames, packet)) {
        bool wasOpen = ClusterConnSealIsOpen(conn->seal);
        ClusterConnSealStep step = ClusterConnSealNext(conn->seal, conn->frames, Now(conn));

        if (step == CLUSTER_CONN_SEAL_NONE || !Heard(conn, step, wasOpen)) {
            return false;
        }
    }
    return true;
}

bool
ClusterConnNextPacket(ClusterLink *conn, bpacket_span *packet)
{
    return conn->seal ? NextSealed(conn, packet) : bpacket_stream_next(conn->frames, packet);
}

/*
 * ------------------------------------------------------------------------
 * Ends
 * ------------------------------------------------------------------------
 */

bool
ClusterConnSealedEnd(const ClusterLink *conn)
{
    return !conn->seal || !ClusterConnSealIsOpen(conn->seal) || ClusterConnSealEnded(conn->seal);
}

/* Behind a record or a packet that has begun, and does not go on, nothing can be said. */
ClusterConnSeal *
ClusterConnSealLeave(ClusterLink *conn)
{
    ClusterConnSeal *seal = conn->seal;

    if (!seal || !ClusterConnSealIsOpen(seal) || ClusterConnSealBegun(seal)
            || conn->output.written) {
        return NULL;
    }
    conn->seal = NULL;
    ClusterConnSealFinish(seal);
    return seal;
}

/*
 * ------------------------------------------------------------------------
 * Other keys
 * ------------------------------------------------------------------------
 */

/* What is plain stays so where plain is sent; what is sealed, as long as the key that it was made with is there. */
static bool
IsAsNow(const ClusterLink *conn, const ClusterTransportKeys *keys)
{
    if (!conn->seal) {
        return !keys->seals;
    }
    return ClusterConnSealIsOf(conn->seal, keys->ring);
}

void
ClusterConnRekeyed(ClusterLink *conn, const ClusterTransportKeys *keys)
{
    conn->hearsPlain = keys->hearsPlain;
    if (!IsAsNow(conn, keys)) {
        ClusterConnGiveUp(conn);
    }
}
