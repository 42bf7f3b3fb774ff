/*
 * clusterTable.c --
 *
 *	A hash table of chains (see clusterTable.h), which doubles when it has as
 *	many entries as buckets. Without memory for that the chains grow longer.
 */

#include "base/clusterTable.h"

#include "base/clusterHash.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16 /* buckets */

void
ClusterTableInit(ClusterTable *table, const uint64_t key[2])
{
    memcpy(table->key, key, sizeof table->key);
    ClusterListInit(&table->single);
    table->buckets = &table->single;
    table->room = 1;
    table->count = 0;
}

static ClusterTableEntry *
EntryOf(ClusterListEntry *chain)
{
    return chain ? CLUSTER_LIST_ITEM(chain, ClusterTableEntry, chain) : NULL;
}

void
ClusterTableFree(ClusterTable *table, void (*proc)(ClusterTableEntry *entry))
{
    size_t i;

    for (i = 0; i < table->room; i++) {
        ClusterTableEntry *entry;

        while ((entry = EntryOf(ClusterListFirst(&table->buckets[i]))) != NULL) {
            ClusterListRemove(&entry->chain);
            if (proc) {
                proc(entry);
            }
        }
    }
    if (table->buckets != &table->single) {
        free(table->buckets);
    }
    table->buckets = &table->single;
    table->room = 1;
    table->count = 0;
}

static ClusterList *
BucketOf(const ClusterTable *table, uint64_t hash)
{
    return &table->buckets[hash & (table->room - 1)];
}

/* Entries of a bucket keep their order, and so do those of one text. */
static void
GrowTable(ClusterTable *table)
{
    size_t room = table->room > 1 ? table->room * 2 : FIRST_ROOM, before = table->room, i;
    ClusterList *old = table->buckets, *buckets = calloc(room, sizeof *buckets);

    if (!buckets) {
        return;
    }
    for (i = 0; i < room; i++) {
        ClusterListInit(&buckets[i]);
    }
    table->buckets = buckets;
    table->room = room;
    for (i = 0; i < before; i++) {
        ClusterTableEntry *entry;

        while ((entry = EntryOf(ClusterListFirst(&old[i]))) != NULL) {
            ClusterListRemove(&entry->chain);
            ClusterListAppend(BucketOf(table, entry->hash), &entry->chain);
        }
    }
    if (old != &table->single) {
        free(old);
    }
}

/* The first entry of a bucket that has the text, from `chain` on. */
static ClusterTableEntry *
FindFrom(const ClusterList *bucket, ClusterListEntry *chain, uint64_t hash, const char *text,
        size_t length)
{
    for (; chain; chain = ClusterListNext(bucket, chain)) {
        ClusterTableEntry *entry = EntryOf(chain);

        if (entry->hash == hash && entry->length == length
                && (length == 0 || memcmp(entry->text, text, length) == 0)) {
            return entry;
        }
    }
    return NULL;
}

ClusterTableEntry *
ClusterTableFind(const ClusterTable *table, const char *text, size_t length)
{
    uint64_t hash = ClusterHash(table->key, text, length);
    const ClusterList *bucket = BucketOf(table, hash);

    return FindFrom(bucket, ClusterListFirst(bucket), hash, text, length);
}

ClusterTableEntry *
ClusterTableNextSame(const ClusterTable *table, const ClusterTableEntry *entry)
{
    const ClusterList *bucket = BucketOf(table, entry->hash);

    return FindFrom(bucket, ClusterListNext(bucket, &entry->chain), entry->hash, entry->text,
            entry->length);
}

void
ClusterTableAdd(ClusterTable *table, ClusterTableEntry *entry, const char *text, size_t length)
{
    if (table->count >= table->room) {
        GrowTable(table);
    }
    entry->text = text;
    entry->length = length;
    entry->hash = ClusterHash(table->key, text, length);
    ClusterListAppend(BucketOf(table, entry->hash), &entry->chain);
    table->count++;
}

void
ClusterTableRemove(ClusterTable *table, ClusterTableEntry *entry)
{
    if (ClusterListHas(&entry->chain)) {
        ClusterListRemove(&entry->chain);
        table->count--;
    }
}
