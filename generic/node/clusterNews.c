/*
 * clusterNews.c --
 *
 *	The list behind clusterNews.h. It is short, so it is searched from end to
 *	end. As items are told that were told least, of those the oldest, and new
 *	ones are appended, the first is always one of those told most often, and
 *	the oldest of them.
 */

#include "node/clusterNews.h"

#include "base/clusterHold.h"

#include <string.h>

/* An item is told this often for each doubling of the number of members. */
#define TOLD_FACTOR 3

static const char *const kindNames[] = {
        [CLUSTER_NEWS_SUSPECT] = "suspect",
        [CLUSTER_NEWS_ALIVE] = "alive",
};

_Static_assert(CLUSTER_COUNT(kindNames) == CLUSTER_NEWS_KINDS, "each kind has a name");

static void
RemoveAt(ClusterNews *news, int at)
{
    ClusterReplaceObj(&news->items[at].uuid, NULL);
    news->count--;
    memmove(&news->items[at], &news->items[at + 1],
            (size_t) (news->count - at) * sizeof news->items[0]);
    memset(&news->items[news->count], 0, sizeof news->items[0]);
}

void
ClusterNewsFree(ClusterNews *news)
{
    while (news->count > 0) {
        RemoveAt(news, 0);
    }
}

/* The number of items when there is none. */
static int
IndexOf(const ClusterNews *news, Tcl_Obj *uuid)
{
    int i;

    for (i = 0; i < news->count; i++) {
        if (strcmp(Tcl_GetString(news->items[i].uuid), Tcl_GetString(uuid)) == 0) {
            break;
        }
    }
    return i;
}

void
ClusterNewsForget(ClusterNews *news, Tcl_Obj *uuid)
{
    int at = IndexOf(news, uuid);

    if (at < news->count) {
        RemoveAt(news, at);
    }
}

void
ClusterNewsAdd(ClusterNews *news, ClusterNewsKind kind, Tcl_Obj *uuid, uint32_t incarnation)
{
    ClusterNewsItem *item;

    ClusterNewsForget(news, uuid);
    if (news->count == CLUSTER_NEWS_KEPT) {
        RemoveAt(news, 0);
    }
    item = &news->items[news->count++];
    item->kind = kind;
    item->incarnation = incarnation;
    item->told = 0;
    ClusterReplaceObj(&item->uuid, uuid);
}

static int
TimesToTell(size_t members)
{
    int doublings = 1;

    while (members > 1) {
        members /= 2;
        doublings++;
    }
    return TOLD_FACTOR * doublings;
}

/* The item told least often of those not taken, of several the oldest; NULL when there is none. */
static ClusterNewsItem *
LeastTold(ClusterNews *news, const bool *taken)
{
    ClusterNewsItem *least = NULL;
    int i;

    for (i = 0; i < news->count; i++) {
        if (!taken[i] && (!least || news->items[i].told < least->told)) {
            least = &news->items[i];
        }
    }
    return least;
}

static void
AppendItem(Tcl_Obj *list, const ClusterNewsItem *item)
{
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj(kindNames[item->kind], -1));
    Tcl_ListObjAppendElement(NULL, list, item->uuid);
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewWideIntObj((Tcl_WideInt) item->incarnation));
}

Tcl_Obj *
ClusterNewsTake(ClusterNews *news, size_t members)
{
    Tcl_Obj *list = news->count ? Tcl_NewListObj(0, NULL) : NULL;
    bool taken[CLUSTER_NEWS_KEPT] = {false};
    ClusterNewsItem *item;
    int n, most = TimesToTell(members);

    for (n = 0; n < CLUSTER_NEWS_TOLD && (item = LeastTold(news, taken)) != NULL; n++) {
        taken[item - news->items] = true;
        item->told++;
        AppendItem(list, item);
    }
    while (news->items[0].told >= most) { /* what is not there was told 0 times */
        RemoveAt(news, 0);
    }
    return list;
}

bool
ClusterNewsKindByName(const char *name, ClusterNewsKind *kind)
{
    *kind = strcmp(name, kindNames[CLUSTER_NEWS_ALIVE]) == 0 ? CLUSTER_NEWS_ALIVE
                                                             : CLUSTER_NEWS_SUSPECT;
    return strcmp(name, kindNames[*kind]) == 0;
}
