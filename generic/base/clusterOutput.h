/*
 * clusterOutput.h --
 *
 *	What waits to be written to one connection.
 */

#ifndef CLUSTER_OUTPUT_H
#define CLUSTER_OUTPUT_H

#include "base/clusterBlob.h"
#include "base/clusterPlatform.h"

typedef struct ClusterOutput {
    ClusterBlobQueue queue;
    size_t written; /* bytes of the first packet that the system has taken */
} ClusterOutput;

/* Adds up over calls. */
typedef struct ClusterOutputCount {
    size_t bytes;   /* taken by the system */
    size_t packets; /* of which the last byte was */
} ClusterOutputCount;

/*
 * Hands waiting packets to the system once, and takes off the queue those it
 * took; they go to the end of `taken` unless that is NULL. CLUSTERP_OK also
 * when none wait. error may be NULL.
 */
ClusterpResult ClusterOutputWrite(ClusterOutput *output, int fd, ClusterBlobQueue *taken,
        ClusterOutputCount *count, int *error);
/*
 * The bytes that are to be written next in one run, `most` of them at most: in
 * place, or copied to `room`, which has room for so many. NULL when none wait.
 */
const uint8_t *ClusterOutputPeek(const ClusterOutput *output, size_t most, uint8_t *room,
        size_t *length);
/* So many more bytes are written: does to the queue what ClusterOutputWrite does. Returns the packets of which the last byte is. */
size_t ClusterOutputTake(ClusterOutput *output, size_t bytes, ClusterBlobQueue *taken);
/* Moves everything from one to the other, which is not initialized. */
void ClusterOutputMove(ClusterOutput *to, ClusterOutput *from);

#endif
