/*
 * clusterStrangers.c --
 *
 *	Those who are no members, though others know them or they speak to us: how
 *	often they are asked who they are. An answer may get lost; it may also be
 *	that a hook refuses them, or that a script wanted no more of them, and then
 *	each question is for nothing.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* Milliseconds from one question to the next, at first, and at most. */
#define AGAIN      400
#define AGAIN_MOST 30000

static ClusterStranger *
Find(ClusterNode *node, const char *uuid)
{
    int i;

    for (i = 0; i < CLUSTER_STRANGERS_MAX; i++) {
        ClusterStranger *stranger = &node->strangers[i];

        if (stranger->uuid && strcmp(Tcl_GetString(stranger->uuid), uuid) == 0) {
            return stranger;
        }
    }
    return NULL;
}

/* In place of the one that was entered longest ago. */
static ClusterStranger *
Enter(ClusterNode *node, const char *uuid)
{
    ClusterStranger *stranger = &node->strangers[node->strangersNext];

    node->strangersNext = (node->strangersNext + 1) % CLUSTER_STRANGERS_MAX;
    ClusterReplaceObj(&stranger->uuid, Tcl_NewStringObj(uuid, -1));
    stranger->wait = AGAIN;
    stranger->next = 0;
    return stranger;
}

bool
ClusterStrangerMayBeAsked(ClusterNode *node, const char *uuid, ClusterQuota quota)
{
    ClusterStranger *stranger = Find(node, uuid);
    int64_t now = ClusterNodeNow(node);

    if (stranger && now < stranger->next) {
        return false;
    }
    if (!ClusterNodeMay(node, quota)) {
        return false;
    }
    stranger = stranger ? stranger : Enter(node, uuid);
    stranger->next = now + stranger->wait;
    stranger->wait = 2 * stranger->wait < AGAIN_MOST ? 2 * stranger->wait : AGAIN_MOST;
    return true;
}

void
ClusterStrangerUnwanted(ClusterNode *node, const char *uuid)
{
    ClusterStranger *stranger = Find(node, uuid);

    stranger = stranger ? stranger : Enter(node, uuid);
    stranger->wait = AGAIN_MOST;
    stranger->next = ClusterNodeNow(node) + AGAIN_MOST;
}

void
ClusterStrangersFree(ClusterNode *node)
{
    int i;

    for (i = 0; i < CLUSTER_STRANGERS_MAX; i++) {
        ClusterReplaceObj(&node->strangers[i].uuid, NULL);
    }
}
