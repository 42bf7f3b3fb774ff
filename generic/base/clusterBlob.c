/*
 * clusterBlob.c --
 *
 *	Counted packets and queues of them (see clusterBlob.h).
 */

#include "base/clusterBlob.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_FIRST 8
/* Slots that an empty queue keeps; more go back. */
#define QUEUE_KEPT 1024

ClusterBlob *
ClusterBlobMake(size_t length)
{
    ClusterBlob *blob = malloc(sizeof *blob + length);

    if (blob) {
        blob->refCount = 1;
        blob->plain = NULL;
        blob->ways = 0;
        blob->told = blob->kept = false;
        blob->length = length;
    }
    return blob;
}

ClusterBlob *
ClusterBlobNew(const void *bytes, size_t length)
{
    ClusterBlob *blob = ClusterBlobMake(length);

    if (blob) {
        memcpy(blob->bytes, bytes, length);
    }
    return blob;
}

ClusterBlob *
ClusterBlobHold(ClusterBlob *blob)
{
    blob->refCount++;
    return blob;
}

void
ClusterBlobRelease(ClusterBlob *blob)
{
    if (blob && --blob->refCount == 0) {
        ClusterBlobRelease(blob->plain);
        free(blob);
    }
}

ClusterBlob *
ClusterBlobPlain(ClusterBlob *blob)
{
    return blob->plain ? blob->plain : blob;
}

void
ClusterBlobQueueInit(ClusterBlobQueue *queue)
{
    memset(queue, 0, sizeof *queue);
}

void
ClusterBlobQueueFree(ClusterBlobQueue *queue)
{
    ClusterBlob *blob;

    while ((blob = ClusterBlobQueuePop(queue)) != NULL) {
        ClusterBlobRelease(blob);
    }
    free(queue->slots);
    ClusterBlobQueueInit(queue);
}

/* Doubles the ring, unrolling it to start at slot 0. */
static bool
GrowQueue(ClusterBlobQueue *queue)
{
    size_t capacity = queue->capacity ? queue->capacity * 2 : QUEUE_FIRST;
    ClusterBlob **slots = malloc(capacity * sizeof *slots);
    size_t i;

    if (!slots) {
        return false;
    }
    for (i = 0; i < queue->count; i++) {
        slots[i] = ClusterBlobQueueAt(queue, i);
    }
    free(queue->slots);
    queue->slots = slots;
    queue->capacity = capacity;
    queue->head = 0;
    return true;
}

bool
ClusterBlobQueuePush(ClusterBlobQueue *queue, ClusterBlob *blob)
{
    if (queue->count == queue->capacity && !GrowQueue(queue)) {
        return false;
    }
    queue->slots[(queue->head + queue->count) & (queue->capacity - 1)] = ClusterBlobHold(blob);
    queue->count++;
    queue->bytes += blob->length;
    return true;
}

ClusterBlob *
ClusterBlobQueueAt(const ClusterBlobQueue *queue, size_t index)
{
    if (index >= queue->count) {
        return NULL;
    }
    return queue->slots[(queue->head + index) & (queue->capacity - 1)];
}

ClusterBlob *
ClusterBlobQueuePop(ClusterBlobQueue *queue)
{
    ClusterBlob *blob = ClusterBlobQueueAt(queue, 0);

    if (blob) {
        queue->head = (queue->head + 1) & (queue->capacity - 1);
        queue->count--;
        queue->bytes -= blob->length;
        if (queue->count == 0 && queue->capacity > QUEUE_KEPT) {
            ClusterBlobQueueFree(queue);
        }
    }
    return blob;
}
