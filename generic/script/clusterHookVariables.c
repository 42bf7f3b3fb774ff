/*
 * clusterHookVariables.c --
 *
 *	The names of the variables that hooks may see.
 */

#include "script/clusterHookVariables.h"

/* Those that are no fields of the packet, which has the names of its own. */
static const char *const variableNames[] = {
        [CLUSTER_VAR_PAYLOAD] = "payload",
        [CLUSTER_VAR_CLUSTER] = "cluster",
        [CLUSTER_VAR_SERVICE] = "service",
        [CLUSTER_VAR_PROTOCOL] = "protocol",
        [CLUSTER_VAR_CHANID] = "chanID",
        [CLUSTER_VAR_DESCRIPTOR] = "descriptor",
        [CLUSTER_VAR_PACKET] = "packet",
        [CLUSTER_VAR_UUID] = "uuid",
        [CLUSTER_VAR_SERVICE_ID] = "service_id",
        [CLUSTER_VAR_SYSTEM_ID] = "system_id",
        [CLUSTER_VAR_SERVICE_EXISTS] = "serviceExists",
        [CLUSTER_VAR_OLD_TAGS] = "oldTags",
        [CLUSTER_VAR_REASON] = "reason",
        [CLUSTER_VAR_ADDRESS] = "address",
};

_Static_assert(CLUSTER_COUNT(variableNames) == CLUSTER_HOOK_VARIABLES, "a variable has no name");

void
ClusterHookNamesInit(ClusterHookNames *names)
{
    int i;

    names->name[0] = NULL;
    names->list = Tcl_NewListObj(0, NULL);
    Tcl_IncrRefCount(names->list);
    for (i = 1; i < CLUSTER_HOOK_VARIABLES; i++) {
        const char *name = i < CLUSTER_FIELDS ? clusterFields[i].name : variableNames[i];

        names->name[i] = Tcl_NewStringObj(name, -1);
        Tcl_IncrRefCount(names->name[i]);
        Tcl_ListObjAppendElement(NULL, names->list, Tcl_NewStringObj(name, -1));
    }
}

void
ClusterHookNamesFree(ClusterHookNames *names)
{
    int i;

    for (i = 1; i < CLUSTER_HOOK_VARIABLES; i++) {
        Tcl_DecrRefCount(names->name[i]);
    }
    Tcl_DecrRefCount(names->list);
}
