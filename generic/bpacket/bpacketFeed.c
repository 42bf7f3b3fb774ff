/*
 * bpacketFeed.c --
 *
 *	Keeps bytes apart by id, and the packets found among them in the order in
 *	which they were complete (see bpacketFeed.h).
 */

#include "bpacket/bpacketFeed.h"

#include "bpacket/bpacketValue.h"

#include <stdlib.h>
#include <string.h>

void
BpacketFeedsInit(BpacketFeeds *feeds, size_t limit)
{
    memset(feeds, 0, sizeof *feeds);
    feeds->limit = limit;
    ClusterListInit(&feeds->packets);
    Tcl_InitHashTable(&feeds->byId, TCL_STRING_KEYS);
}

void
BpacketFeedsFree(BpacketFeeds *feeds)
{
    BpacketFeedsDrop(feeds);
    Tcl_DeleteHashTable(&feeds->byId);
}

BpacketFeed *
BpacketFeedsFirst(const BpacketFeeds *feeds)
{
    ClusterListEntry *first = ClusterListFirst(&feeds->packets);

    return first ? CLUSTER_LIST_ITEM(first, BpacketPacket, ofAll)->feed : NULL;
}

Tcl_Obj *
BpacketFeedTake(BpacketFeed *feed)
{
    BpacketPacket *packet =
            CLUSTER_LIST_ITEM(ClusterListFirst(&feed->packets), BpacketPacket, ofFeed);
    Tcl_Obj *bytes = packet->bytes;

    ClusterListRemove(&packet->ofAll);
    ClusterListRemove(&packet->ofFeed);
    feed->count--;
    free(packet);
    return bytes;
}

bool
BpacketFeedAdd(BpacketFeeds *feeds, BpacketFeed *feed, bpacket_span span)
{
    BpacketPacket *packet = calloc(1, sizeof *packet);

    if (!packet) {
        return false;
    }
    packet->bytes = BpacketBytesObj(span);
    Tcl_IncrRefCount(packet->bytes);
    packet->feed = feed;
    ClusterListAppend(&feeds->packets, &packet->ofAll);
    ClusterListAppend(&feed->packets, &packet->ofFeed);
    feed->count++;
    return true;
}

void
BpacketFeedDrop(BpacketFeeds *feeds, BpacketFeed *feed)
{
    while (!ClusterListEmpty(&feed->packets)) {
        Tcl_Obj *bytes = BpacketFeedTake(feed);

        Tcl_DecrRefCount(bytes);
    }
    feeds->garbage += bpacket_stream_garbage(feed->stream);
    feeds->oversized += bpacket_stream_oversized(feed->stream);
    Tcl_DeleteHashEntry(feed->entry);
    bpacket_stream_destroy(&feed->stream);
    free(feed);
}

void
BpacketFeedTidy(BpacketFeeds *feeds, BpacketFeed *feed)
{
    if (ClusterListEmpty(&feed->packets) && bpacket_stream_pending(feed->stream) == 0) {
        BpacketFeedDrop(feeds, feed);
    }
}

void
BpacketFeedsDrop(BpacketFeeds *feeds)
{
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    while ((entry = Tcl_FirstHashEntry(&feeds->byId, &search)) != NULL) {
        BpacketFeedDrop(feeds, Tcl_GetHashValue(entry));
    }
}

BpacketFeed *
BpacketFeedsFind(BpacketFeeds *feeds, const char *id)
{
    Tcl_HashEntry *entry = Tcl_FindHashEntry(&feeds->byId, id);

    return entry ? Tcl_GetHashValue(entry) : NULL;
}

BpacketFeed *
BpacketFeedsNeed(BpacketFeeds *feeds, const char *id)
{
    BpacketFeed *feed = BpacketFeedsFind(feeds, id);
    int isNew;

    if (feed) {
        return feed;
    }
    feed = calloc(1, sizeof *feed);
    if (!feed) {
        return NULL;
    }
    ClusterListInit(&feed->packets);
    feed->stream = bpacket_stream_new(feeds->limit);
    if (!feed->stream) {
        free(feed);
        return NULL;
    }
    feed->entry = Tcl_CreateHashEntry(&feeds->byId, id, &isNew);
    Tcl_SetHashValue(feed->entry, feed);
    return feed;
}
