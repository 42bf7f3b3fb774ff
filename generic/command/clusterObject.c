/*
 * clusterObject.c --
 *
 *	The life of a cluster's Tcl object.
 */

#include "command/clusterCommandInt.h"

#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "command/clusterFactCmd.h"

#include <stdio.h>
#include <stdlib.h>

void
ClusterObjectHold(ClusterObject *cluster)
{
    cluster->refCount++;
}

void
ClusterObjectRelease(ClusterObject *cluster)
{
    if (--cluster->refCount > 0) {
        return;
    }
    Tcl_DecrRefCount(cluster->name);
    Tcl_DecrRefCount(cluster->config);
    ClusterReplaceObj(&cluster->my, NULL);
    if (cluster->node) {
        ClusterNodeClose(cluster->node, true);
        ClusterNodeRelease(cluster->node);
    }
    Tcl_DeleteHashTable(&cluster->hooks.byPath);
    ClusterInterpGiveNumber(cluster->data, cluster->hooks.number);
    ClusterInterpRelease(cluster->data);
    free(cluster);
}

/*
 * The object is gone. After a destructor there is nothing left to close; when
 * the interp is deleted, no destructor ran, and this is the end.
 */
static void
ClusterMetadataDeleted(void *clientData)
{
    ClusterObject *cluster = clientData;

    cluster->object = NULL;
    ClusterNodeClose(cluster->node, true);
    ClusterHooksFree(&cluster->hooks);
    ClusterListRemove(&cluster->entry);
    ClusterObjectRelease(cluster);
}

static const Tcl_ObjectMetadataType clusterMetadata = {
        .version = TCL_OO_METADATA_VERSION_CURRENT,
        .name = "cluster",
        .deleteProc = ClusterMetadataDeleted,
        .cloneProc = ClusterMethodRefuseCopy,
};

void
ClusterObjectDropNamespace(ClusterInterp *data, unsigned id)
{
    char name[64];
    Tcl_Namespace *namespace;

    if (!data->interp || Tcl_InterpDeleted(data->interp)) {
        return;
    }
    snprintf(name, sizeof name, "::cluster::clusters::%u", id);
    namespace = Tcl_FindNamespace(data->interp, name, NULL, 0);
    if (namespace) {
        Tcl_DeleteNamespace(namespace);
    }
}

ClusterObject *
ClusterObjectNew(ClusterInterp *data, unsigned id, Tcl_Obj *config)
{
    ClusterObject *cluster = calloc(1, sizeof *cluster);

    if (!cluster) {
        return NULL;
    }
    cluster->refCount = 1;
    cluster->data = data;
    ClusterInterpHold(data);
    cluster->id = id;
    cluster->config = config;
    Tcl_IncrRefCount(config);
    cluster->name = Tcl_ObjPrintf("::cluster::clusters::cluster_%u", id);
    Tcl_IncrRefCount(cluster->name);
    ClusterHooksInit(&cluster->hooks, data, ClusterInterpTakeNumber(data));
    return cluster;
}

int
ClusterObjectPublish(ClusterObject *cluster)
{
    ClusterInterp *data = cluster->data;

    cluster->object = ClusterInterpNewObject(data, CLUSTER_CLASS_CLUSTER,
            Tcl_GetString(cluster->name), &clusterMetadata, cluster);
    if (!cluster->object) {
        return TCL_ERROR;
    }
    cluster->my = ClusterInterpMy(cluster->object);
    Tcl_IncrRefCount(cluster->my);
    ClusterListPrepend(&data->clusters, &cluster->entry);
    ClusterInterpWatchExit(data);
    return TCL_OK;
}

int
ClusterObjectAlive(ClusterObject *cluster, Tcl_Interp *interp)
{
    if (ClusterNodeForked(cluster->node)) {
        return ClusterFail(interp,
                Tcl_NewStringObj(
                        "the cluster was joined by the process that this one was forked from", -1),
                "CLUSTER", "FORKED", (char *) NULL);
    }
    if (cluster->object && !ClusterNodeClosed(cluster->node)) {
        return TCL_OK;
    }
    return ClusterFail(interp, Tcl_NewStringObj("the cluster was destroyed", -1), "CLUSTER",
            "DESTROYED", (char *) NULL);
}

/*
 * ------------------------------------------------------------------------
 * The class
 * ------------------------------------------------------------------------
 */

/* Goodbye, with the hooks that belong to it; then everything of the cluster's goes. */
static void
DestroyCluster(void *self)
{
    ClusterObject *cluster = self;

    ClusterNodeClose(cluster->node, false);
    ClusterHooksFree(&cluster->hooks);
    ClusterObjectDropNamespace(cluster->data, cluster->id);
}

static void
HoldCluster(void *self)
{
    ClusterObjectHold(self);
}

static void
ReleaseCluster(void *self)
{
    ClusterObjectRelease(self);
}

const ClusterClassInfo clusterClassInfo = {
        .name = "::cluster::cluster",
        .methods = clusterMethods,
        .facts = clusterFacts,
        .metadata = &clusterMetadata,
        .hold = HoldCluster,
        .release = ReleaseCluster,
        .destroy = DestroyCluster,
        .how = "\"cluster join\"",
};
