/*
 * clusterNews.h --
 *
 *	What a node has heard or found out about others lately, to be passed on
 *	with the packets of probes: who is suspected, who is alive after all. Each
 *	item is told a number of times that grows with the logarithm of the number
 *	of members, those told least first, as SWIM does.
 *
 *	Knows values and numbers, neither members nor packets.
 */

#ifndef CLUSTER_NEWS_H
#define CLUSTER_NEWS_H

#include "base/clusterCompat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Items that are kept, and that go into one packet. */
#define CLUSTER_NEWS_KEPT 32
#define CLUSTER_NEWS_TOLD 6

typedef enum ClusterNewsKind {
    CLUSTER_NEWS_SUSPECT = 0, /* does not answer */
    CLUSTER_NEWS_ALIVE,       /* says so itself, by a higher incarnation */
    CLUSTER_NEWS_KINDS
} ClusterNewsKind;

typedef struct ClusterNewsItem {
    ClusterNewsKind kind;
    Tcl_Obj *uuid; /* held */
    uint32_t incarnation;
    int told;
} ClusterNewsItem;

/* Zero-initialised it is empty. */
typedef struct ClusterNews {
    ClusterNewsItem items[CLUSTER_NEWS_KEPT];
    int count;
} ClusterNews;

void ClusterNewsFree(ClusterNews *news);
/* Adds an item, in place of what was said of the same member before; without room in place of the one told most often. */
void ClusterNewsAdd(ClusterNews *news, ClusterNewsKind kind, Tcl_Obj *uuid, uint32_t incarnation);
/* A member is gone: nothing more is said of it. */
void ClusterNewsForget(ClusterNews *news, Tcl_Obj *uuid);
/* The next items as a flat list (new, refCount 0) of kind, uuid and incarnation; NULL when there are none. */
Tcl_Obj *ClusterNewsTake(ClusterNews *news, size_t members);
/* By its word in such a list. False for others. */
bool ClusterNewsKindByName(const char *name, ClusterNewsKind *kind);

#endif
