/*
 * clusterScriptedLink.c --
 *
 *	The links of a transport written in Tcl, which its script names and
 *	tells us of.
 */

#include "script/clusterScriptedInt.h"

#include <stdlib.h>

ClusterLink *
ClusterScriptedLink(ClusterTransport *transport, Tcl_Obj *chanID, bool make)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    Tcl_HashEntry *entry = Tcl_FindHashEntry(&self->links, Tcl_GetString(chanID));
    struct ScriptedLink *link = entry ? Tcl_GetHashValue(entry) : NULL;
    int isNew;

    if (!link) {
        if (!make || self->closed || (link = calloc(1, sizeof *link)) == NULL) {
            return NULL;
        }
        link->refCount = 1;
        link->name = chanID;
        Tcl_IncrRefCount(chanID);
        link->entry = Tcl_CreateHashEntry(&self->links, Tcl_GetString(chanID), &isNew);
        Tcl_SetHashValue(link->entry, link);
        self->traffic.opened++;
    }
    link->refCount++;
    return (ClusterLink *) link;
}

void
ClusterScriptedRelease(ClusterLink *handle)
{
    struct ScriptedLink *link = (struct ScriptedLink *) handle;

    if (--link->refCount == 0) {
        Tcl_DecrRefCount(link->name);
        free(link);
    }
}

Tcl_Obj *
ClusterScriptedName(ClusterLink *link)
{
    return ((struct ScriptedLink *) link)->name;
}

void
ClusterScriptedCount(ClusterTransport *transport, size_t length)
{
    if (ClusterScriptedIs(transport->type)) {
        ClusterTraffic *traffic = &((ClusterScriptedTransport *) transport)->traffic;

        traffic->packetsIn++;
        traffic->bytesIn += length;
    }
}

void
ClusterScriptedClosed(ClusterTransport *transport, ClusterLink *handle)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    struct ScriptedLink *link = (struct ScriptedLink *) handle;
    ClusterBlobQueue none;

    if (link->entry) {
        link->refCount++;
        ClusterScriptedDrop(link);
        ClusterBlobQueueInit(&none);
        self->delegate->closed(self->context, transport, handle, link->owner, &none);
        ClusterScriptedRelease(handle);
    }
}

void
ClusterScriptedDrop(struct ScriptedLink *link)
{
    Tcl_DeleteHashEntry(link->entry);
    link->entry = NULL;
    ClusterScriptedRelease((ClusterLink *) link);
}

void *
ClusterScriptedOwn(ClusterLink *handle, void *owner)
{
    struct ScriptedLink *link = (struct ScriptedLink *) handle;
    void *before = link->owner;

    link->owner = owner;
    return before;
}

bool
ClusterScriptedIsOpen(const ClusterLink *handle)
{
    return ((const struct ScriptedLink *) handle)->entry != NULL;
}
