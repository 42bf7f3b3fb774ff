/*
 * clusterProbeMeet.c --
 *
 *	One that can be probed is found: it has its turn from now on, and perhaps
 *	the place of another that is gone.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* Members of its host that are looked at for that. */
#define MATES_MOST 64

/* Is what one advertises for a way by which links are made the same as what the other does, on the same host? */
static bool
IsInPlaceOf(const ClusterMember *member, const ClusterMember *other)
{
    const ClusterNode *node = member->node;
    int i;

    if (other == member || ClusterAddressCompare(&other->address, &member->address) != 0) {
        return false;
    }
    for (i = 0; i < node->slotCount; i++) {
        Tcl_Obj *mine = NULL, *its = NULL;

        if (node->slots[i]->type->connects) {
            Tcl_DictObjGet(NULL, member->props, node->slots[i]->id, &mine);
            Tcl_DictObjGet(NULL, other->props, node->slots[i]->id, &its);
        }
        if (mine && its && strcmp(Tcl_GetString(mine), Tcl_GetString(its)) == 0) {
            return true;
        }
    }
    return false;
}

/* A process that was started again has the place of one that is gone most likely: that is to be seen now. */
static void
LookForPredecessor(ClusterMember *member)
{
    ClusterMember *other = ClusterRoomNeighbor(member, NULL), *next;
    int i;

    for (i = 0; i < MATES_MOST && other; i++, other = next) {
        next = ClusterRoomNeighbor(member, other);
        if (IsInPlaceOf(member, other)) {
            ClusterProberEvidence(other, CLUSTER_EVIDENCE_HEIR);
            ClusterRosterSucceeds(member, other);
            if (ClusterMemberReplaced(other) && ClusterLivenessLeaves(&other->life)) {
                ClusterRosterStep(other, CLUSTER_LIFE_LINKS_GONE);
            }
        }
    }
}

void
ClusterProberMeet(ClusterMember *member)
{
    if (!member->lost && ClusterProberCan(member) && !member->probe.inRound.round) {
        ClusterRoundAdd(&member->node->untried, &member->probe.inRound, false);
        LookForPredecessor(member);
        if (!ClusterDeadlineIsSet(&member->node->probeDue)) {
            ClusterNodeSetDue(member->node, &member->node->probeDue, CLUSTER_DUE_PROBE,
                    ClusterNodeNow(member->node) + ClusterProbingGap(&member->node->probing));
        }
    }
}
