/*
 * clusterList.h --
 *
 *	One intrusive doubly linked list for everything that is kept in one: a
 *	struct has a ClusterListEntry for each list it may be in.
 *
 *	A list is a ring through its own entry, so an entry leaves its list without
 *	naming it. The list owns nothing: who adds an entry takes it out again
 *	before its struct is freed.
 */

#ifndef CLUSTER_LIST_H
#define CLUSTER_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised it is in no list. */
typedef struct ClusterListEntry {
    struct ClusterListEntry *next, *previous;
} ClusterListEntry;

/* Begins with ClusterListInit. */
typedef struct ClusterList {
    ClusterListEntry ring; /* next is the first entry, previous the last; itself when empty */
} ClusterList;

/* The struct that an entry is the field `member` of. */
#define CLUSTER_LIST_ITEM(entry, type, member)                                                     \
   ((type *) (void *) ((char *) (entry) -offsetof(type, member)))

static inline void
ClusterListInit(ClusterList *list)
{
    list->ring.next = list->ring.previous = &list->ring;
}

static inline bool
ClusterListEmpty(const ClusterList *list)
{
    return list->ring.next == &list->ring;
}

static inline bool
ClusterListHas(const ClusterListEntry *entry)
{
    return entry->next != NULL;
}

/* Adds an entry, which is in no list, at the end. */
static inline void
ClusterListAppend(ClusterList *list, ClusterListEntry *entry)
{
    entry->next = &list->ring;
    entry->previous = list->ring.previous;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a list begins with ClusterListInit */
    entry->previous->next = entry;
    list->ring.previous = entry;
}

/* Adds an entry, which is in no list, at the beginning. */
static inline void
ClusterListPrepend(ClusterList *list, ClusterListEntry *entry)
{
    entry->previous = &list->ring;
    entry->next = list->ring.next;
    entry->next->previous = entry;
    list->ring.next = entry;
}

/* Takes an entry out of its list; one that is in none stays as it is. */
static inline void
ClusterListRemove(ClusterListEntry *entry)
{
    if (entry->next) {
        entry->next->previous = entry->previous;
        entry->previous->next = entry->next;
        entry->next = entry->previous = NULL;
    }
}

/* The first entry, NULL when there is none. */
static inline ClusterListEntry *
ClusterListFirst(const ClusterList *list)
{
    return ClusterListEmpty(list) ? NULL : list->ring.next;
}

/* The last entry, NULL when there is none. */
static inline ClusterListEntry *
ClusterListLast(const ClusterList *list)
{
    return ClusterListEmpty(list) ? NULL : list->ring.previous;
}

/* The entry after one of the list, NULL after the last, and for an entry that left the list. */
static inline ClusterListEntry *
ClusterListNext(const ClusterList *list, const ClusterListEntry *entry)
{
    return entry->next == &list->ring ? NULL : entry->next;
}

/* The entry before one of the list, NULL before the first, and for an entry that left the list. */
static inline ClusterListEntry *
ClusterListPrevious(const ClusterList *list, const ClusterListEntry *entry)
{
    return entry->previous == &list->ring ? NULL : entry->previous;
}

#endif
