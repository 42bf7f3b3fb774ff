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
    Tcl_InitHashTable(&feeds->byId, TCL_STRING_KEYS);
}

void
BpacketFeedsFree(BpacketFeeds *feeds)
{
    BpacketFeedsDrop(feeds);
    Tcl_DeleteHashTable(&feeds->byId);
}

Tcl_Obj *
BpacketFeedTake(BpacketFeeds *feeds, BpacketFeed *feed)
{
    BpacketPacket *packet = feed->first;
    Tcl_Obj *bytes = packet->bytes;

    *(packet->previous ? &packet->previous->next : &feeds->first) = packet->next;
    *(packet->next ? &packet->next->previous : &feeds->last) = packet->previous;
    feed->first = packet->nextOfFeed;
    if (!feed->first) {
        feed->last = NULL;
    }
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
    packet->previous = feeds->last;
    *(feeds->last ? &feeds->last->next : &feeds->first) = packet;
    feeds->last = packet;
    *(feed->last ? &feed->last->nextOfFeed : &feed->first) = packet;
    feed->last = packet;
    feed->count++;
    return true;
}

void
BpacketFeedDrop(BpacketFeeds *feeds, BpacketFeed *feed)
{
    while (feed->first) {
        Tcl_Obj *bytes = BpacketFeedTake(feeds, feed);

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
    if (!feed->first && bpacket_stream_pending(feed->stream) == 0) {
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
    feed->stream = bpacket_stream_new(feeds->limit);
    if (!feed->stream) {
        free(feed);
        return NULL;
    }
    feed->entry = Tcl_CreateHashEntry(&feeds->byId, id, &isNew);
    Tcl_SetHashValue(feed->entry, feed);
    return feed;
}
