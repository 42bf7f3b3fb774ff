/*
 * clusterOutput.c --
 *
 *	Writes the packets that wait behind one connection (see clusterOutput.h).
 */

#include "base/clusterOutput.h"

/* Runs handed to the system in one write. */
#define WRITE_RUNS 64

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

/* Takes off the queue what the system took. Without memory a packet is not kept. */
static void
Advance(ClusterOutput *output, size_t bytes, ClusterBlobQueue *taken, ClusterOutputCount *count)
{
    count->bytes += bytes;
    bytes += output->written;
    for (;;) {
        ClusterBlob *blob = ClusterBlobQueueAt(&output->queue, 0);

        if (!blob || bytes < blob->length) {
            break;
        }
        bytes -= blob->length;
        count->packets++;
        if (taken) {
            ClusterBlobQueuePush(taken, blob);
        }
        ClusterBlobRelease(ClusterBlobQueuePop(&output->queue));
    }
    output->written = bytes;
}

ClusterpResult
ClusterOutputWrite(ClusterOutput *output, int fd, ClusterBlobQueue *taken,
        ClusterOutputCount *count, int *error)
{
    ClusterpBytes runs[WRITE_RUNS];
    size_t bytes = 0;
    ClusterpResult result = ClusterpWrite(fd, runs, CollectRuns(output, runs), &bytes, error);

    if (result == CLUSTERP_OK) {
        Advance(output, bytes, taken, count);
    }
    return result;
}

void
ClusterOutputMove(ClusterOutput *to, ClusterOutput *from)
{
    *to = *from;
    ClusterBlobQueueInit(&from->queue);
    from->written = 0;
}
