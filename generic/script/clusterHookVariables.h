/*
 * clusterHookVariables.h --
 *
 *	The variables that hooks may see: the packet's fields by their ids, then
 *	those that tell where it came from and whom it concerns.
 */

#ifndef CLUSTER_HOOK_VARIABLES_H
#define CLUSTER_HOOK_VARIABLES_H

#include "base/clusterCompat.h"
#include "packet/clusterPacket.h"

/* One more here needs its name in clusterHookVariables.c, and who sets it in the node's delegate. */
typedef enum ClusterHookVariable {
    CLUSTER_VAR_PAYLOAD = CLUSTER_FIELDS,
    CLUSTER_VAR_CLUSTER,
    CLUSTER_VAR_SERVICE,
    CLUSTER_VAR_PROTOCOL,
    CLUSTER_VAR_CHANID,
    CLUSTER_VAR_DESCRIPTOR,
    CLUSTER_VAR_PACKET,
    CLUSTER_VAR_UUID,
    CLUSTER_VAR_SERVICE_ID,
    CLUSTER_VAR_SYSTEM_ID,
    CLUSTER_VAR_SERVICE_EXISTS,
    CLUSTER_VAR_OLD_TAGS,
    CLUSTER_VAR_REASON,
    CLUSTER_VAR_ADDRESS,
    CLUSTER_HOOK_VARIABLES /* one more than the last; 0 is none */
} ClusterHookVariable;

/* Their names as values that hooks of one interp share. */
typedef struct ClusterHookNames {
    Tcl_Obj *name[CLUSTER_HOOK_VARIABLES]; /* held; entry 0 is NULL */
    Tcl_Obj *list;                         /* all of them; held */
} ClusterHookNames;

void ClusterHookNamesInit(ClusterHookNames *names);
void ClusterHookNamesFree(ClusterHookNames *names);

#endif
