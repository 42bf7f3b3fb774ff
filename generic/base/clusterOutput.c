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

/* Takes off the queue what the system took. */
static void
Advance(ClusterOutput *output, size_t taken, ClusterOutputCount *count)
{
    count->bytes += taken;
    taken += output->written;
    for (;;) {
        ClusterBlob *blob = ClusterBlobQueueAt(&output->queue, 0);

        if (!blob || taken < blob->length) {
            break;
        }
        taken -= blob->length;
        count->packets++;
        ClusterBlobRelease(ClusterBlobQueuePop(&output->queue));
    }
    output->written = taken;
}

ClusterpResult
ClusterOutputWrite(ClusterOutput *output, int fd, ClusterOutputCount *count, int *error)
{
    ClusterpBytes runs[WRITE_RUNS];
    size_t taken = 0;
    ClusterpResult result = ClusterpWrite(fd, runs, CollectRuns(output, runs), &taken, error);

    if (result == CLUSTERP_OK) {
        Advance(output, taken, count);
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
