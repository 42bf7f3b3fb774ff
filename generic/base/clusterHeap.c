/*
 * clusterHeap.c --
 *
 *	The intrusive heap (see clusterHeap.h).
 */

#include "base/clusterHeap.h"

static bool
Precedes(const ClusterHeapEntry *one, const ClusterHeapEntry *other)
{
    return one->key < other->key || (one->key == other->key && one->order < other->order);
}

/* The link that leads to an entry: of its parent, or the heap's own. */
static ClusterHeapEntry **
LinkTo(ClusterHeap *heap, const ClusterHeapEntry *entry)
{
    if (!entry->parent) {
        return &heap->top;
    }
    return entry->parent->left == entry ? &entry->parent->left : &entry->parent->right;
}

/*
 * The link to the place with this number, counted from 1 level by level. The
 * bits of the number below its highest say the way: 0 left, 1 right.
 */
static ClusterHeapEntry **
LinkToPlace(ClusterHeap *heap, size_t number, ClusterHeapEntry **parent)
{
    ClusterHeapEntry **link = &heap->top;
    size_t bit = 1;

    while (bit <= number / 2) {
        bit *= 2;
    }
    *parent = NULL;
    while ((bit /= 2) > 0) {
        *parent = *link;
        link = number & bit ? &(*link)->right : &(*link)->left;
    }
    return link;
}

static void
AdoptChildren(ClusterHeapEntry *parent)
{
    if (parent->left) {
        parent->left->parent = parent;
    }
    if (parent->right) {
        parent->right->parent = parent;
    }
}

/* Puts an entry where another one is. */
static void
TakePlace(ClusterHeap *heap, const ClusterHeapEntry *before, ClusterHeapEntry *entry)
{
    *LinkTo(heap, before) = entry;
    entry->parent = before->parent;
    entry->left = before->left;
    entry->right = before->right;
    AdoptChildren(entry);
}

/* Exchanges an entry with its parent. */
static void
SwapWithParent(ClusterHeap *heap, ClusterHeapEntry *entry)
{
    ClusterHeapEntry *parent = entry->parent;
    ClusterHeapEntry *left = entry->left, *right = entry->right;

    *LinkTo(heap, parent) = entry;
    entry->parent = parent->parent;
    if (parent->left == entry) {
        entry->left = parent;
        entry->right = parent->right;
    } else {
        entry->left = parent->left;
        entry->right = parent;
    }
    parent->left = left;
    parent->right = right;
    AdoptChildren(parent);
    AdoptChildren(entry);
}

/* Moves an entry up or down to where its key belongs. */
static void
SettleEntry(ClusterHeap *heap, ClusterHeapEntry *entry)
{
    while (entry->parent && Precedes(entry, entry->parent)) {
        SwapWithParent(heap, entry);
    }
    for (;;) {
        ClusterHeapEntry *child = entry->left;

        if (child && entry->right && Precedes(entry->right, child)) {
            child = entry->right;
        }
        if (!child || !Precedes(child, entry)) {
            return;
        }
        SwapWithParent(heap, child);
    }
}

void
ClusterHeapAdd(ClusterHeap *heap, ClusterHeapEntry *entry)
{
    ClusterHeapEntry *parent;
    ClusterHeapEntry **link = LinkToPlace(heap, ++heap->count, &parent);

    *link = entry;
    entry->listed = true;
    entry->parent = parent;
    entry->left = entry->right = NULL;
    SettleEntry(heap, entry);
}

void
ClusterHeapRemove(ClusterHeap *heap, ClusterHeapEntry *entry)
{
    ClusterHeapEntry *parent, *last;
    ClusterHeapEntry **link;

    if (!entry->listed) {
        return;
    }
    link = LinkToPlace(heap, heap->count--, &parent);
    last = *link;
    *link = NULL;
    if (last != entry) {
        TakePlace(heap, entry, last);
        SettleEntry(heap, last);
    }
    entry->listed = false;
    entry->parent = entry->left = entry->right = NULL;
}
