/*
 * bpacketFeed.h --
 *
 *	The streams of one object of class ::bpacket::classes::stream, one for
 *	each id, and the packets that wait, in the order of all of them.
 */

#ifndef BPACKET_FEED_H
#define BPACKET_FEED_H

#include "base/clusterCompat.h"
#include "base/clusterList.h"
#include "bpacket/bpacketStream.h"

/* A complete packet that waits for delivery. */
typedef struct BpacketPacket {
    Tcl_Obj *bytes; /* held */
    struct BpacketFeed *feed;
    ClusterListEntry ofAll;
    ClusterListEntry ofFeed;
} BpacketPacket;

/*
 * What is known of one id. It exists as long as there are bytes of an
 * incomplete packet or packets that wait.
 */
typedef struct BpacketFeed {
    bpacket_stream *stream;
    Tcl_HashEntry *entry; /* in `byId` of the feeds */
    ClusterList packets;  /* BpacketPacket.ofFeed, in order */
    size_t count;
} BpacketFeed;

typedef struct BpacketFeeds {
    Tcl_HashTable byId;  /* id -> BpacketFeed */
    size_t limit;        /* of each stream made from now on, in bytes */
    ClusterList packets; /* BpacketPacket.ofAll: of all feeds, in order */
    uint64_t garbage;    /* of feeds that are gone */
    uint64_t oversized;
} BpacketFeeds;

void BpacketFeedsInit(BpacketFeeds *feeds, size_t limit);
void BpacketFeedsFree(BpacketFeeds *feeds);
/* Forgets all. */
void BpacketFeedsDrop(BpacketFeeds *feeds);
/* The feed of that id; NULL when there is none. */
BpacketFeed *BpacketFeedsFind(BpacketFeeds *feeds, const char *id);
/* The same, made if there is none; NULL without memory. */
BpacketFeed *BpacketFeedsNeed(BpacketFeeds *feeds, const char *id);

/* Adds a packet, of which it makes a copy. False without memory. */
bool BpacketFeedAdd(BpacketFeeds *feeds, BpacketFeed *feed, bpacket_span span);
/* The feed of the first of all packets; NULL when none waits. */
BpacketFeed *BpacketFeedsFirst(const BpacketFeeds *feeds);
/* Takes the first packet of a feed, which has one, out of both queues. The caller holds its bytes then. */
Tcl_Obj *BpacketFeedTake(BpacketFeed *feed);
void BpacketFeedDrop(BpacketFeeds *feeds, BpacketFeed *feed);
/* Forgets a feed that has nothing. */
void BpacketFeedTidy(BpacketFeeds *feeds, BpacketFeed *feed);

#endif
