/*
 * clusterHeap.h --
 *
 *	One intrusive heap for everything that waits for a time: the entry with
 *	the smallest key is found at once, entries come and go in logarithmic time.
 *
 *	The entries are the nodes of a complete binary tree (Williams, 1964), so
 *	nothing is allocated and adding cannot fail. Of equal keys the one with
 *	the smaller `order` comes first.
 */

#ifndef CLUSTER_HEAP_H
#define CLUSTER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised it is in no heap. The owner sets key and order before it is added. */
typedef struct ClusterHeapEntry {
    int64_t key;
    uint64_t order;
    bool listed;
    struct ClusterHeapEntry *parent, *left, *right;
} ClusterHeapEntry;

/* Zero-initialised it is empty. Owns none of its entries. */
typedef struct ClusterHeap {
    ClusterHeapEntry *top; /* the smallest; NULL when empty */
    size_t count;
} ClusterHeap;

/* Adds an entry that is in no heap. */
void ClusterHeapAdd(ClusterHeap *heap, ClusterHeapEntry *entry);
/* Takes an entry out; one that is in none stays as it is. */
void ClusterHeapRemove(ClusterHeap *heap, ClusterHeapEntry *entry);

#endif
