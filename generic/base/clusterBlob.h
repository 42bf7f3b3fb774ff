/*
 * clusterBlob.h --
 *
 *	An encoded packet that several connections send without copying it, and
 *	the queue of such packets that waits behind one connection.
 */

#ifndef CLUSTER_BLOB_H
#define CLUSTER_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Counted; the bytes never change. `plain` is the packet as it was before a
 * "protocol P send" hook made this one of it, NULL when there was none: if
 * another protocol has to carry it, that starts from the plain one. `ways`
 * notes for the layer above which of its transports may carry it, `told` that
 * somebody is to be told if it may be lost.
 */
typedef struct ClusterBlob {
    size_t refCount;
    struct ClusterBlob *plain;
    uint32_t ways;
    bool told;
    bool kept; /* the layer above sends it again by itself */
    size_t length;
    uint8_t bytes[];
} ClusterBlob;

/* A copy of the bytes with one reference, the caller's; NULL without memory. */
ClusterBlob *ClusterBlobNew(const void *bytes, size_t length);
/* The same with room for so many bytes, which the caller writes before anybody else sees it. */
ClusterBlob *ClusterBlobMake(size_t length);
ClusterBlob *ClusterBlobHold(ClusterBlob *blob);
void ClusterBlobRelease(ClusterBlob *blob);
/* The packet before hooks, itself when there is no other; not held. */
ClusterBlob *ClusterBlobPlain(ClusterBlob *blob);

typedef struct ClusterBlobQueue {
    ClusterBlob **slots; /* ring of `capacity` entries, a power of two */
    size_t capacity, head, count;
    size_t bytes; /* sum of the lengths */
} ClusterBlobQueue;

void ClusterBlobQueueInit(ClusterBlobQueue *queue);
/* Releases all it holds, and its memory. */
void ClusterBlobQueueFree(ClusterBlobQueue *queue);
/* Appends and holds; false without memory. */
bool ClusterBlobQueuePush(ClusterBlobQueue *queue, ClusterBlob *blob);
/* The index-th from the front, borrowed; NULL beyond the end. */
ClusterBlob *ClusterBlobQueueAt(const ClusterBlobQueue *queue, size_t index);
/* Takes the first, whose reference goes to the caller; NULL when empty. With the last of many goes their memory. */
ClusterBlob *ClusterBlobQueuePop(ClusterBlobQueue *queue);

#endif
