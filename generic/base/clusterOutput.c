/*
 * clusterOutput.c --
 *
 *	Writes the packets that wait behind one connection (see clusterOutput.h).
 */

#include "base/clusterOutput.h"

#include <string.h>

/* Runs handed to the system in one write. */
#define WRITE_RUNS 64
/* Bytes of a packet from which on it is not copied to be in one run with others. */
#define IN_PLACE 16384

static int
CollectRuns(const ClusterOutput *output, ClusterpBytes *runs)
{
    int count;

    for (count = 0; count < WRITE_RUNS; count++) {
        ClusterBlob *blob = ClusterBlobQueueAt(&output->queue, (size_t) count);
        size_t skip = count ? 0 : output->written;

        if (!blob) {
            break;
        }
        runs[count].bytes = blob->bytes + skip;
        runs[count].length = blob->length - skip;
    }
    return count;
}

/* Without memory a packet is not kept. */
size_t
ClusterOutputTake(ClusterOutput *output, size_t bytes, ClusterBlobQueue *taken)
{
    size_t packets = 0;

    bytes += output->written;
    for (;;) {
        ClusterBlob *blob = ClusterBlobQueueAt(&output->queue, 0);

        if (!blob || bytes < blob->length) {
            break;
        }
        bytes -= blob->length;
        packets++;
        if (taken) {
            ClusterBlobQueuePush(taken, blob);
        }
        ClusterBlobRelease(ClusterBlobQueuePop(&output->queue));
    }
    output->written = bytes;
    return packets;
}

ClusterpResult
ClusterOutputWrite(ClusterOutput *output, int fd, ClusterBlobQueue *taken,
        ClusterOutputCount *count, int *error)
{
    ClusterpBytes runs[WRITE_RUNS];
    size_t bytes = 0;
    ClusterpResult result = ClusterpWrite(fd, runs, CollectRuns(output, runs), &bytes, error);

    if (result == CLUSTERP_OK) {
        count->bytes += bytes;
        count->packets += ClusterOutputTake(output, bytes, taken);
    }
    return result;
}

/* Of one packet: two halves rather than a large piece and a small one, which would be copied. */
static size_t
PieceOf(size_t left, size_t most)
{
    if (left <= most) {
        return left;
    }
    return left < 2 * most ? left / 2 : most;
}

const uint8_t *
ClusterOutputPeek(const ClusterOutput *output, size_t most, uint8_t *room, size_t *length)
{
    ClusterBlob *blob = ClusterBlobQueueAt(&output->queue, 0);
    size_t skip = output->written, size, i;

    *length = 0;
    if (blob && (blob->length - skip >= IN_PLACE || output->queue.count == 1)) {
        *length = PieceOf(blob->length - skip, most);
        return blob->bytes + skip;
    }
    for (i = 0; blob && *length < most && blob->length - skip < IN_PLACE;
            blob = ClusterBlobQueueAt(&output->queue, ++i)) {
        size = blob->length - skip < most - *length ? blob->length - skip : most - *length;
        memcpy(room + *length, blob->bytes + skip, size);
        *length += size;
        skip = 0;
    }
    return *length ? room : NULL;
}

void
ClusterOutputMove(ClusterOutput *to, ClusterOutput *from)
{
    *to = *from;
    ClusterBlobQueueInit(&from->queue);
    from->written = 0;
}
