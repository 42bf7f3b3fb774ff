/*
 * clusterJoining.c --
 *
 *	How a node finds the others once it has started: it asks again, with pauses
 *	that double, as long as it knows nobody, or others know more members than it
 *	does. Sets a deadline and leaves an errand, and sends nothing.
 */

#include "node/clusterNodeInt.h"

/* Milliseconds until it asks for the second time, and how often it asks again at most. */
#define AGAIN      200
#define AGAIN_MOST 7

static void
SetAgain(ClusterNode *node)
{
    if (node->askedAgain < AGAIN_MOST) {
        ClusterNodeSetDue(node, &node->joinDue, CLUSTER_DUE_JOIN,
                ClusterNodeNow(node) + ((int64_t) AGAIN << node->askedAgain));
        node->askedAgain++;
    }
}

void
ClusterJoiningBegin(ClusterNode *node)
{
    if (node->datagram && node->probing.period > 0) {
        node->askedAgain = 0;
        SetAgain(node);
    }
}

/* Later than the first pauses nobody is asked on account of a number that anybody may have made up. */
void
ClusterJoiningHeard(ClusterNode *node, const ClusterPacket *packet)
{
    if (ClusterDeadlineIsSet(&node->joinDue) && ClusterPacketHas(packet, CLUSTER_KNOWN)
            && packet->field[CLUSTER_KNOWN].number > node->othersKnow) {
        node->othersKnow = packet->field[CLUSTER_KNOWN].number;
    }
}

void
ClusterJoiningDue(ClusterNode *node)
{
    if (node->met > 0 && node->met >= node->othersKnow) {
        return; /* all were found, whoever is lost by now */
    }
    node->othersKnow = 0;
    node->discovered = false; /* however lately it asked */
    ClusterErrandAppend(node, CLUSTER_SEND_DISCOVERY, NULL);
    SetAgain(node);
}
