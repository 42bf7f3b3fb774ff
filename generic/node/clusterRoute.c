/*
 * clusterRoute.c --
 *
 *	The ways that a packet to one member may take, in the order in which they
 *	are tried.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* Milliseconds between two attempts to make a link that is late. */
#define LATE_AGAIN 1000

static bool
ListHas(Tcl_Obj *list, const char *word)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(NULL, list, &count, &words) == TCL_OK) {
        for (i = 0; i < count; i++) {
            if (strcmp(Tcl_GetString(words[i]), word) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool
ClusterRouteIsBarred(const ClusterSlot *slot)
{
    return slot->node->sealing && ClusterSealingBars(slot->node->sealing, slot->type);
}

static bool
Usable(const ClusterMember *member, const ClusterSlot *slot, int flags)
{
    if (!slot || !slot->transport) {
        return false;
    }
    if (slot->type->reachesAll && !(flags & CLUSTER_ALLOW_BROADCAST)) {
        return false;
    }
    return (member->local || !slot->type->localOnly) && !ClusterRouteIsBarred(slot);
}

/*
 * A member whose props have not come yet cannot be connected to; that is no
 * failure of its transports.
 */
bool
ClusterRouteIsUnknown(const ClusterMember *member, const ClusterSlot *slot)
{
    return !member->propsKnown && !slot->type->reachesAll && !member->links[slot->index];
}

/* May a connection be opened for it? If not, and none is open, this way is no way. Unasked none is where another is open. */
static bool
MayConnect(ClusterMember *member, const ClusterSlot *slot, const ClusterRoute *route, int flags)
{
    if (!slot->type->connects || member->links[slot->index]) {
        return true;
    }
    return !(flags & CLUSTER_ONLY_LINKS)
            && (!(flags & CLUSTER_UNASKED)
                    || (route->count == 0 && !ClusterMemberConnected(member)
                            && ClusterNodeMay(member->node, CLUSTER_QUOTA_CONNECTS)));
}

/*
 * Has its link not been made in time, or was what went over it not confirmed,
 * and is there none by now that works? What is sent goes other ways then, or is
 * refused, rather than wait for what may never come about.
 */
static bool
IsLate(ClusterMember *member, const ClusterSlot *slot)
{
    uint32_t bit = 1u << slot->index;
    ClusterLink *link = member->links[slot->index];

    if (!(member->lateSlots & bit)) {
        return false;
    }
    if (link && (!slot->type->works || slot->type->works(link))) {
        member->lateSlots &= ~bit;
        return false;
    }
    return ClusterNodeNow(member->node) < member->lateUntil;
}

/* A link is made all the same, to be there for what is sent later. */
static void
MakeLink(ClusterMember *member, ClusterSlot *slot)
{
    int64_t now = ClusterNodeNow(member->node);
    ClusterErrand *errand;

    if (!member->links[slot->index] && now - member->lateTried >= LATE_AGAIN
            && ClusterNodeMay(member->node, CLUSTER_QUOTA_CONNECTS)) {
        member->lateTried = now;
        errand = ClusterErrandAppend(member->node, CLUSTER_RECONNECT, member);
        errand->slot = slot;
        errand->with = 1;
    }
}

/* Of those that are late, what was accepted may wait for one, behind all others. */
static void
AppendLate(ClusterMember *member, ClusterSlot *const *late, int count, int flags,
        ClusterRoute *route)
{
    int i;

    for (i = 0; i < count; i++) {
        if (flags & CLUSTER_LATE_TOO) {
            route->slots[route->count++] = late[i];
        } else {
            route->late = true;
            MakeLink(member, late[i]);
        }
    }
}

/* The slots to try: of `protocols` (all when NULL or empty) those that the member advertises and we speak. */
void
ClusterRouteChoose(ClusterMember *member, Tcl_Obj *protocols, int flags, ClusterRoute *route)
{
    Tcl_Obj **words;
    Tcl_Size count = 0, i;
    ClusterSlot *barred = NULL, *late[CLUSTER_SLOTS_MAX];
    uint32_t seen = 0;
    int lateCount = 0;
    bool chosen;

    route->count = 0;
    route->unknown = false;
    route->late = false;
    chosen = protocols && Tcl_ListObjGetElements(NULL, protocols, &count, &words) == TCL_OK
            && count > 0;
    if (!chosen && Tcl_ListObjGetElements(NULL, member->protocols, &count, &words) != TCL_OK) {
        return;
    }
    for (i = 0; i < count; i++) {
        const char *id = Tcl_GetString(words[i]);
        ClusterSlot *slot = ClusterNodeSlotById(member->node, id);

        if (!Usable(member, slot, flags) || (seen & (1u << slot->index))
                || (chosen && !ListHas(member->protocols, id))) {
            continue;
        }
        seen |= 1u << slot->index;
        if (ClusterRouteIsUnknown(member, slot)) {
            route->unknown = true;
        } else if (ClusterMemberBarred(member, slot)) {
            barred = barred ? barred : slot;
        } else if (!MayConnect(member, slot, route, flags)) {
            continue;
        } else if (IsLate(member, slot)) {
            late[lateCount++] = slot;
        } else {
            route->slots[route->count++] = slot;
        }
    }
    AppendLate(member, late, lateCount, flags, route);
    if (barred && route->count == 0 && MayConnect(member, barred, route, flags)) {
        route->slots[route->count++] = barred; /* there is no other */
    }
}
