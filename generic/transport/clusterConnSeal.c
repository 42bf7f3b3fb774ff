/*
 * clusterConnSeal.c --
 *
 *	What a sealed connection has beside its socket (see clusterConnSeal.h).
 */

#include "transport/clusterConnSeal.h"

#include "base/clusterLimits.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of an envelope at most: in the handshake, and of a record. */
#define HANDSHAKE_MOST (CLUSTER_SECRET_MESSAGE_MOST + CLUSTER_ENVELOPE_MOST)
#define RECORD_MOST    (CLUSTER_SECRET_RECORD + CLUSTER_ENVELOPE_MOST + 32)

/* Records that were written are remembered in so many lines, the older ones several in one. */
#define LINES 128
/* Bytes that a line counts to: more than any system has of a connection. */
#define LINE_MOST (1u << 30)

typedef struct Line {
    uint32_t sealed, plain; /* bytes */
} Line;

/* Bytes that we seal into one record: its packet is as large as one read. */
#define PIECE (65536 - 64)

struct ClusterConnSeal {
    ClusterSecret *secret; /* NULL until something is said */
    bpacket_stream *frames;
    char *member;  /* sid@hid: who is to be there, then who is; NULL: anybody */
    uint8_t *room; /* what is sealed: written up to `from` of `to`; NULL when all is */
    size_t from, to;
    size_t covered;    /* bytes of what waits that are in there; 0: it is of the handshake */
    Line lines[LINES]; /* of the records that were written, oldest first */
    unsigned lineCount;
    bool finish, finished; /* it is to be said that this is all; it was */
    bool ended;            /* the peer has said so */
};

ClusterConnSeal *
ClusterConnSealNew(void)
{
    ClusterConnSeal *seal = calloc(1, sizeof *seal);

    if (seal && !(seal->frames = bpacket_stream_new(HANDSHAKE_MOST))) {
        free(seal);
        return NULL;
    }
    return seal;
}

void
ClusterConnSealFree(ClusterConnSeal *seal)
{
    if (seal) {
        ClusterSecretFree(seal->secret);
        bpacket_stream_destroy(&seal->frames);
        free(seal->room);
        free(seal->member);
        free(seal);
    }
}

/* So many bytes are to be written, which were sealed: they follow what is there. NULL without memory. */
static uint8_t *
MakeRoom(ClusterConnSeal *seal, size_t size)
{
    uint8_t *room = realloc(seal->room, seal->to + size);

    if (room) {
        seal->room = room;
    }
    return room ? room + seal->to : NULL;
}

static void
LeaveRoom(ClusterConnSeal *seal)
{
    free(seal->room);
    seal->room = NULL;
    seal->from = seal->to = 0;
}

/* ---- the handshake -------------------------------------------------------------- */

static char *
CopyText(const char *text, size_t length)
{
    char *copy = malloc(length + 1);

    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

bool
ClusterConnSealHello(ClusterConnSeal *seal, const ClusterSecretConfig *config, const char *member)
{
    uint8_t *room = MakeRoom(seal, CLUSTER_SECRET_REPLY_MOST);
    size_t size;

    if (member && !(seal->member = CopyText(member, strlen(member)))) {
        return false;
    }
    seal->secret = ClusterSecretNew(config, true);
    if (!room || !seal->secret
            || ClusterSecretHello(seal->secret, room, &size) != CLUSTER_SEAL_OK) {
        return false;
    }
    seal->to += size;
    return true;
}

bool
ClusterConnSealIsNew(const ClusterConnSeal *seal)
{
    return !seal->secret;
}

ClusterSealResult
ClusterConnSealReason(const ClusterConnSeal *seal)
{
    return seal->secret ? ClusterSecretReason(seal->secret) : CLUSTER_SEAL_NOT_SEALED;
}

bool
ClusterConnSealIsOpen(const ClusterConnSeal *seal)
{
    return seal->secret && ClusterSecretIsOpen(seal->secret);
}

const char *
ClusterConnSealPeer(const ClusterConnSeal *seal)
{
    return seal->member;
}

bool
ClusterConnSealIsOf(const ClusterConnSeal *seal, const ClusterKeys *ring)
{
    ClusterKeyId id;

    return !seal->secret || !ClusterSecretKey(seal->secret, &id)
            || ClusterKeysFind(ring, id.bytes, CLUSTER_KEYS_HANDSHAKE);
}

/* ---- in ------------------------------------------------------------------------- */

bpacket_stream **
ClusterConnSealFrames(ClusterConnSeal *seal)
{
    return &seal->frames;
}

/* It is open. Is the other end who is to be there, by a name that can be one? */
static bool
TakePeer(ClusterConnSeal *seal)
{
    size_t length;
    const char *name = ClusterSecretPeer(seal->secret, &length);

    if (memchr(name, '\0', length)) {
        return false;
    }
    if (seal->member) {
        return strlen(seal->member) == length && memcmp(seal->member, name, length) == 0;
    }
    seal->member = CopyText(name, length);
    return seal->member != NULL;
}

/* Before it is open: what has to be said goes to the end of what is to be written. */
static ClusterConnSealStep
HearHandshake(ClusterConnSeal *seal, bpacket_span frame, int64_t now)
{
    uint8_t *room = MakeRoom(seal, CLUSTER_SECRET_REPLY_MOST);
    size_t size;

    if (!room || frame.length > CLUSTER_SECRET_REPLY_MOST) {
        return CLUSTER_CONN_SEAL_BROKEN;
    }
    switch (ClusterSecretFeed(seal->secret, frame.bytes, frame.length, now, room, &size)) {
    case CLUSTER_SECRET_REPLY:
        seal->to += size;
        break;
    case CLUSTER_SECRET_PLAIN:
        break;
    default:
        return CLUSTER_CONN_SEAL_BROKEN;
    }
    if (ClusterSecretIsOpen(seal->secret)) {
        if (!TakePeer(seal)) {
            return CLUSTER_CONN_SEAL_BROKEN;
        }
        bpacket_stream_set_limit(seal->frames, RECORD_MOST);
    }
    if (seal->from == seal->to) {
        LeaveRoom(seal);
    }
    return CLUSTER_CONN_SEAL_DONE;
}

ClusterConnSealStep
ClusterConnSealHeard(ClusterConnSeal *seal, const ClusterSecretConfig *config, bpacket_span hello,
        int64_t now)
{
    seal->secret = ClusterSecretNew(config, false);
    bpacket_stream_set_limit(seal->frames, HANDSHAKE_MOST);
    return seal->secret ? HearHandshake(seal, hello, now) : CLUSTER_CONN_SEAL_BROKEN;
}

static ClusterConnSealStep
HearRecord(ClusterConnSeal *seal, bpacket_span frame, bpacket_stream *plain, int64_t now)
{
    size_t size =
            frame.length < CLUSTER_SECRET_REPLY_MOST ? CLUSTER_SECRET_REPLY_MOST : frame.length;
    uint8_t *room = bpacket_stream_room(plain, size);

    if (!room
            || ClusterSecretFeed(seal->secret, frame.bytes, frame.length, now, room, &size)
                    != CLUSTER_SECRET_PLAIN) {
        return CLUSTER_CONN_SEAL_BROKEN;
    }
    bpacket_stream_filled(plain, size);
    seal->ended = seal->ended || size == 0;
    return CLUSTER_CONN_SEAL_DONE;
}

ClusterConnSealStep
ClusterConnSealNext(ClusterConnSeal *seal, bpacket_stream *plain, int64_t now)
{
    bpacket_span frame;
    bool whole = bpacket_stream_next(seal->frames, &frame);

    if (bpacket_stream_garbage(seal->frames)) {
        return CLUSTER_CONN_SEAL_BROKEN;
    }
    if (!whole) {
        return CLUSTER_CONN_SEAL_NONE;
    }
    return ClusterSecretIsOpen(seal->secret) ? HearRecord(seal, frame, plain, now)
                                             : HearHandshake(seal, frame, now);
}

/* ---- out ------------------------------------------------------------------------ */

bool
ClusterConnSealEnded(const ClusterConnSeal *seal)
{
    return seal->ended;
}

void
ClusterConnSealFinish(ClusterConnSeal *seal)
{
    seal->finish = true;
}

bool
ClusterConnSealHasOutput(const ClusterConnSeal *seal, const ClusterOutput *output)
{
    return seal->to > 0
            || ((output->queue.count || (seal->finish && !seal->finished))
                    && ClusterConnSealIsOpen(seal));
}

size_t
ClusterConnSealBegun(const ClusterConnSeal *seal)
{
    return seal->covered;
}

void
ClusterConnSealForget(ClusterConnSeal *seal)
{
    seal->covered = 0;
}

/* Seals the next piece of what waits, or that there is none any more. */
static bool
SealNext(ClusterConnSeal *seal, const ClusterOutput *output, ClusterLoop *loop)
{
    size_t most, length, size;
    uint8_t *buffer = ClusterLoopBuffer(loop, &most), *room;
    const uint8_t *bytes = ClusterOutputPeek(output, most < PIECE ? most : PIECE, buffer, &length);

    if (!bytes && !seal->finish) {
        return false;
    }
    seal->finished = !bytes;
    room = MakeRoom(seal, ClusterSecretSize(length));
    if (!room
            || ClusterSecretSeal(seal->secret, bytes ? bytes : buffer, length,
                       ClusterClockNow(ClusterLoopClock(loop)), room, &size)
                    != CLUSTER_SEAL_OK) {
        return false;
    }
    seal->to = size;
    seal->covered = length;
    return true;
}

static uint32_t
Add(uint32_t a, uint32_t b)
{
    return a + b < LINE_MOST ? a + b : LINE_MOST;
}

/* Puts two lines into one, so that half of them are free. */
static void
MergeLines(ClusterConnSeal *seal)
{
    unsigned i;

    for (i = 0; i < LINES / 2; i++) {
        const Line *pair = &seal->lines[2 * i];

        seal->lines[i] =
                (Line){Add(pair[0].sealed, pair[1].sealed), Add(pair[0].plain, pair[1].plain)};
    }
    seal->lineCount = LINES / 2;
}

static void
Remember(ClusterConnSeal *seal, Line line)
{
    if (seal->lineCount == LINES) {
        MergeLines(seal);
    }
    seal->lines[seal->lineCount++] = line;
}

/* All that was sealed is written. The room is kept for what waits behind it. */
static void
RecordWritten(ClusterConnSeal *seal, ClusterOutput *output, ClusterBlobQueue *taken,
        ClusterOutputCount *count)
{
    count->packets += ClusterOutputTake(output, seal->covered, taken);
    Remember(seal, (Line){(uint32_t) seal->to, (uint32_t) seal->covered});
    seal->covered = seal->from = seal->to = 0;
    if (!output->queue.count || !ClusterConnSealIsOpen(seal)) {
        LeaveRoom(seal);
    }
}

ClusterpResult
ClusterConnSealWrite(ClusterConnSeal *seal, ClusterOutput *output, int fd, ClusterLoop *loop,
        ClusterBlobQueue *taken, ClusterOutputCount *count, int *error)
{
    ClusterpResult result;
    ClusterpBytes run;
    size_t bytes = 0;

    if (seal->to == 0 && !SealNext(seal, output, loop)) {
        return CLUSTERP_ERROR;
    }
    run.bytes = seal->room + seal->from;
    run.length = seal->to - seal->from;
    result = ClusterpWrite(fd, &run, 1, &bytes, error);
    if (result != CLUSTERP_OK) {
        return result;
    }
    count->bytes += seal->covered ? bytes : 0;
    seal->from += bytes;
    if (seal->from == seal->to) {
        RecordWritten(seal, output, taken, count);
    }
    return CLUSTERP_OK;
}

/*
 * Of a record nothing is opened before it is whole, so that one counts of which
 * any byte is among these. The last of them are of the one that is begun, which
 * stands behind all packets that were taken.
 */
size_t
ClusterConnSealPlain(const ClusterConnSeal *seal, size_t bytes)
{
    size_t left = bytes > seal->from ? bytes - seal->from : 0, plain = 0;
    unsigned i = seal->lineCount;

    while (i > 0 && left > 0) {
        const Line *line = &seal->lines[--i];

        plain += line->plain;
        left = left > line->sealed ? left - line->sealed : 0;
    }
    return plain;
}
