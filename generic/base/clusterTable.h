/*
 * clusterTable.h --
 *
 *	A table of texts that strangers choose: their hashes have a random key, so
 *	nobody can make them collide, as they can in a Tcl_HashTable.
 *
 *	Intrusive, as lists are: a struct has a ClusterTableEntry for each table it
 *	may be in, which names the text. The table copies no text and owns no
 *	entry: who adds one takes it out again before its struct or text is freed.
 */

#ifndef CLUSTER_TABLE_H
#define CLUSTER_TABLE_H

#include "base/clusterList.h"

#include <stdint.h>

/* Zero-initialised it is in no table. */
typedef struct ClusterTableEntry {
    ClusterListEntry chain; /* of its bucket */
    const char *text;       /* not ended by NUL */
    size_t length;
    uint64_t hash;
} ClusterTableEntry;

/* Begins with ClusterTableInit. The fields are for clusterTable.c, but for `count`. */
typedef struct ClusterTable {
    uint64_t key[2];
    ClusterList *buckets;
    size_t room;        /* buckets, a power of two */
    size_t count;       /* entries */
    ClusterList single; /* the only bucket until memory for more was needed */
} ClusterTable;

/* The struct that an entry is the field `member` of. */
#define CLUSTER_TABLE_ITEM(entry, type, member) CLUSTER_LIST_ITEM(entry, type, member)

/* Empty. The table may not be moved. key: random. */
void ClusterTableInit(ClusterTable *table, const uint64_t key[2]);
/* Takes out all entries, and hands each to proc, unless that is NULL, which may free it. The table is as it was made. */
void ClusterTableFree(ClusterTable *table, void (*proc)(ClusterTableEntry *entry));
/* Adds an entry, which is in no table. Others may have the same text: it stands behind them. */
void ClusterTableAdd(ClusterTable *table, ClusterTableEntry *entry, const char *text,
        size_t length);
/* Takes it out; one that is in no table stays so. */
void ClusterTableRemove(ClusterTable *table, ClusterTableEntry *entry);
/* The entry of a text that was added first of those in the table, NULL when there is none. */
ClusterTableEntry *ClusterTableFind(const ClusterTable *table, const char *text, size_t length);
/* Another one with the same text, NULL when there are no more. */
ClusterTableEntry *ClusterTableNextSame(const ClusterTable *table, const ClusterTableEntry *entry);

#endif
