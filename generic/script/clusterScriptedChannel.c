/*
 * clusterScriptedChannel.c --
 *
 *	The channels of a transport written in Tcl, which its script names and
 *	tells us of.
 */

#include "script/clusterScriptedInt.h"

#include <stdlib.h>

ClusterChannel *
ClusterScriptedChannel(ClusterTransport *transport, Tcl_Obj *chanID, bool make)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    Tcl_HashEntry *entry = Tcl_FindHashEntry(&self->channels, Tcl_GetString(chanID));
    struct ScriptedChannel *channel = entry ? Tcl_GetHashValue(entry) : NULL;
    int isNew;

    if (!channel) {
        if (!make || self->closed || (channel = calloc(1, sizeof *channel)) == NULL) {
            return NULL;
        }
        channel->refCount = 1;
        channel->name = chanID;
        Tcl_IncrRefCount(chanID);
        channel->entry = Tcl_CreateHashEntry(&self->channels, Tcl_GetString(chanID), &isNew);
        Tcl_SetHashValue(channel->entry, channel);
        self->traffic.opened++;
    }
    channel->refCount++;
    return (ClusterChannel *) channel;
}

void
ClusterScriptedRelease(ClusterChannel *handle)
{
    struct ScriptedChannel *channel = (struct ScriptedChannel *) handle;

    if (--channel->refCount == 0) {
        Tcl_DecrRefCount(channel->name);
        free(channel);
    }
}

Tcl_Obj *
ClusterScriptedName(ClusterChannel *channel)
{
    return ((struct ScriptedChannel *) channel)->name;
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
ClusterScriptedClosed(ClusterTransport *transport, ClusterChannel *handle)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    struct ScriptedChannel *channel = (struct ScriptedChannel *) handle;
    ClusterBlobQueue none;

    if (channel->entry) {
        channel->refCount++;
        ClusterScriptedDrop(channel);
        ClusterBlobQueueInit(&none);
        self->delegate->closed(self->context, transport, handle, channel->owner, &none, false);
        ClusterScriptedRelease(handle);
    }
}

void
ClusterScriptedDrop(struct ScriptedChannel *channel)
{
    Tcl_DeleteHashEntry(channel->entry);
    channel->entry = NULL;
    ClusterScriptedRelease((ClusterChannel *) channel);
}

void *
ClusterScriptedOwn(ClusterChannel *handle, void *owner)
{
    struct ScriptedChannel *channel = (struct ScriptedChannel *) handle;
    void *before = channel->owner;

    channel->owner = owner;
    return before;
}

bool
ClusterScriptedIsOpen(const ClusterChannel *handle)
{
    return ((const struct ScriptedChannel *) handle)->entry != NULL;
}
