/*
 * clusterScripted.c --
 *
 *	Makes a transport of a Tcl object (see clusterScripted.h).
 */

#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "script/clusterScriptedInt.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Words of a call to the object, its name included. */
#define WORDS_MAX 5
/* Of the props of one transport, in bytes: they go out with heartbeats, which must fit in a datagram. */
#define PROPS_MAX 4096

/*
 * Of one class for one cluster. Counted: the slot's, and the transport's.
 */
typedef struct ScriptedType {
    ClusterTransportType base;
    size_t refCount;
    ClusterObject *cluster; /* borrowed: asked only while the transport is open */
    ClusterInterp *data;    /* held */
    char id[];              /* with its NUL */
} ScriptedType;

static ClusterTransportType ScriptedRows(void);

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

static void
ReleaseScriptedType(ScriptedType *type)
{
    if (--type->refCount == 0) {
        ClusterInterpRelease(type->data);
        free(type);
    }
}

void
ClusterScriptedTypeFree(const ClusterTransportType *type)
{
    ReleaseScriptedType((ScriptedType *) type);
}

bool
ClusterScriptedIs(const ClusterTransportType *type)
{
    return type->release == ClusterScriptedTypeFree;
}

/* Is ::cluster::protocol::ID a class? */
static bool
IsProtocolClass(Tcl_Interp *interp, const char *id)
{
    Tcl_Obj *name = Tcl_ObjPrintf("::cluster::protocol::%s", id);
    Tcl_CmdInfo info;
    Tcl_Object object = NULL;

    Tcl_IncrRefCount(name);
    if (*id && !strstr(id, "::") && Tcl_GetCommandInfo(interp, Tcl_GetString(name), &info)) {
        object = Tcl_GetObjectFromObj(interp, name);
    }
    Tcl_DecrRefCount(name);
    return object && Tcl_GetObjectAsClass(object);
}

const ClusterTransportType *
ClusterScriptedType(ClusterObject *cluster, const char *id)
{
    ScriptedType *type;

    if (!IsProtocolClass(cluster->data->interp, id)) {
        Tcl_ResetResult(cluster->data->interp);
        return NULL;
    }
    type = calloc(1, sizeof *type + strlen(id) + 1);
    if (type) {
        type->base = ScriptedRows();
        memcpy(type->id, id, strlen(id) + 1);
        type->base.id = type->id;
        type->refCount = 1;
        type->cluster = cluster;
        type->data = cluster->data;
        ClusterInterpHold(type->data);
    }
    return type ? &type->base : NULL;
}

static void
ReleaseScripted(ClusterScriptedTransport *self)
{
    if (--self->refCount > 0) {
        return;
    }
    Tcl_DeleteHashTable(&self->links);
    Tcl_DecrRefCount(self->name);
    ClusterReplaceObj(&self->chanID, NULL);
    ClusterReplaceObj(&self->descriptor, NULL);
    ReleaseScriptedType(self->type);
    free(self);
}

/*
 * ------------------------------------------------------------------------
 * Calling the object
 * ------------------------------------------------------------------------
 */

/*
 * Calls a method with arguments up to NULL. Returns its result, held, or NULL
 * when it failed, which is reported unless `quietly`, or the interp is gone.
 */
static Tcl_Obj *
CallScript(ClusterScriptedTransport *self, bool quietly, const char *method, ...)
{
    ClusterInterp *data = self->type->data;
    Tcl_Interp *interp = data->interp;
    Tcl_Obj *words[WORDS_MAX], *word, *result = NULL;
    int count = 0, code, i;
    va_list arguments;

    words[count++] = self->name;
    words[count++] = Tcl_NewStringObj(method, -1);
    va_start(arguments, method);
    while (count < WORDS_MAX && (word = va_arg(arguments, Tcl_Obj *)) != NULL) {
        words[count++] = word;
    }
    va_end(arguments);
    for (i = 0; i < count; i++) {
        Tcl_IncrRefCount(words[i]);
    }
    if (interp && !Tcl_InterpDeleted(interp)) {
        Tcl_InterpState state = Tcl_SaveInterpState(interp, TCL_OK);

        self->refCount++;
        ClusterInterpHold(data);
        Tcl_Preserve(interp);
        code = Tcl_EvalObjv(interp, count, words, TCL_EVAL_GLOBAL);
        if (code == TCL_OK) {
            result = Tcl_GetObjResult(interp);
            Tcl_IncrRefCount(result);
        } else if (!quietly) {
            ClusterBackground(interp, code, "transport of the cluster", self->name);
        }
        Tcl_RestoreInterpState(interp, state);
        Tcl_Release(interp);
        ClusterInterpRelease(data);
        ReleaseScripted(self);
    }
    for (i = 0; i < count; i++) {
        Tcl_DecrRefCount(words[i]);
    }
    return result;
}

static void
DropResult(Tcl_Obj *result)
{
    if (result) {
        Tcl_DecrRefCount(result);
    }
}

static Tcl_Obj *
ServiceName(void *owner)
{
    Tcl_Obj *name = owner ? ClusterMemberName(owner) : NULL;

    return name ? name : Tcl_NewObj();
}

/*
 * ------------------------------------------------------------------------
 * Opening and closing
 * ------------------------------------------------------------------------
 */

/* `CLASS create NAME CLUSTER N CONFIG`; CONFIG is the cluster's. TCL_ERROR with a message in the interp. */
static int
CreateObject(ClusterScriptedTransport *self)
{
    ClusterObject *cluster = self->type->cluster;
    Tcl_Interp *interp = self->type->data->interp;
    Tcl_Obj *words[6];
    int i, code;

    words[0] = Tcl_ObjPrintf("::cluster::protocol::%s", self->type->id);
    words[1] = Tcl_NewStringObj("create", -1);
    words[2] = self->name;
    words[3] = cluster->name;
    words[4] = Tcl_NewWideIntObj((Tcl_WideInt) cluster->id);
    words[5] = cluster->config;
    for (i = 0; i < 6; i++) {
        Tcl_IncrRefCount(words[i]);
    }
    code = Tcl_EvalObjv(interp, 6, words, TCL_EVAL_GLOBAL);
    for (i = 0; i < 6; i++) {
        Tcl_DecrRefCount(words[i]);
    }
    return code;
}

/* An entry of a dict; NULL when there is none. Borrowed. */
static Tcl_Obj *
DictEntry(Tcl_Obj *dict, const char *name)
{
    Tcl_Obj *key = Tcl_NewStringObj(name, -1), *value = NULL;

    Tcl_IncrRefCount(key);
    if (Tcl_DictObjGet(NULL, dict, key, &value) != TCL_OK) {
        value = NULL;
    }
    Tcl_DecrRefCount(key);
    return value;
}

/* Does its descriptor, asked without a link, say that it reaches this host alone? */
static bool
SaysLocal(ClusterScriptedTransport *self)
{
    Tcl_Obj *descriptor = CallScript(self, true, "descriptor", (Tcl_Obj *) NULL);
    Tcl_Obj *value = descriptor ? DictEntry(descriptor, "local") : NULL;
    int local = 0;

    if (value && Tcl_GetBooleanFromObj(NULL, value, &local) != TCL_OK) {
        local = 0;
    }
    DropResult(descriptor);
    return local != 0;
}

static ClusterTransport *
ScriptedOpen(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate,
        void *context, Tcl_Obj **why, const char **code)
{
    const ClusterTransportType *type = config->type;
    ClusterScriptedTransport *self = calloc(1, sizeof *self);

    *code = "CLASS";
    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        return NULL;
    }
    self->base.type = type;
    self->refCount = 1;
    self->type = (ScriptedType *) type;
    self->type->refCount++;
    self->delegate = delegate;
    self->context = context;
    Tcl_InitHashTable(&self->links, TCL_STRING_KEYS);
    self->name = Tcl_ObjPrintf("::cluster::clusters::%u::protocols::%s", self->type->cluster->id,
            self->type->id);
    Tcl_IncrRefCount(self->name);
    if (CreateObject(self) != TCL_OK) {
        *why = Tcl_ObjPrintf("cannot open protocol %s: %s", self->type->id,
                Tcl_GetString(Tcl_GetObjResult(self->type->data->interp)));
        ReleaseScripted(self);
        return NULL;
    }
    self->type->base.localOnly = SaysLocal(self);
    return &self->base;
}

/* The script may have destroyed its object already. */
static bool
ObjectExists(const ClusterScriptedTransport *self)
{
    Tcl_Interp *interp = self->type->data->interp;
    Tcl_CmdInfo info;

    return interp && !Tcl_InterpDeleted(interp)
            && Tcl_GetCommandInfo(interp, Tcl_GetString(self->name), &info);
}

static void
ScriptedClose(ClusterTransport *transport)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    self->closed = true;
    if (ObjectExists(self)) {
        DropResult(CallScript(self, false, "destroy", (Tcl_Obj *) NULL));
    }
    while ((entry = Tcl_FirstHashEntry(&self->links, &search)) != NULL) {
        ClusterScriptedDrop(Tcl_GetHashValue(entry));
    }
    ReleaseScripted(self);
}

/*
 * ------------------------------------------------------------------------
 * Rows of the type table
 * ------------------------------------------------------------------------
 */

static ClusterSendResult
ScriptedSend(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link,
        ClusterBlob *blob)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    Tcl_Obj *packet = Tcl_NewByteArrayObj(blob->bytes, (Tcl_Size) blob->length), *result;
    int sent = 0;

    (void) link;
    self->refCount++; /* the script may destroy the cluster */
    result = peer
            ? CallScript(self, false, "send", packet, ServiceName(peer->owner), (Tcl_Obj *) NULL)
            : CallScript(self, false, "send", packet, (Tcl_Obj *) NULL);
    if (!result || Tcl_GetBooleanFromObj(NULL, result, &sent) != TCL_OK) {
        sent = 0;
    }
    DropResult(result);
    if (sent) {
        self->traffic.packetsOut++;
        self->traffic.bytesOut += blob->length;
    } else {
        self->traffic.failures++;
    }
    ReleaseScripted(self);
    return sent ? CLUSTER_SENT : CLUSTER_SEND_FAILED;
}

/* Reports in the background that what the script gave as its props cannot be used. */
static void
ReportProps(ClusterScriptedTransport *self, Tcl_Obj *message)
{
    ClusterInterp *data = self->type->data;
    Tcl_Interp *interp = data->interp;
    Tcl_InterpState state;

    Tcl_IncrRefCount(message);
    if (interp && !Tcl_InterpDeleted(interp)) {
        ClusterInterpHold(data);
        Tcl_Preserve(interp);
        state = Tcl_SaveInterpState(interp, TCL_OK);
        ClusterFail(interp, message, "CLUSTER", "PROTOCOL", "PROPS", self->type->id, (char *) NULL);
        ClusterBackground(interp, TCL_ERROR, "transport of the cluster", self->name);
        Tcl_RestoreInterpState(interp, state);
        Tcl_Release(interp);
        ClusterInterpRelease(data);
    }
    Tcl_DecrRefCount(message);
}

/* What is no dict, or so much that no heartbeat could carry it, is not advertised. */
static Tcl_Obj *
ScriptedProps(ClusterTransport *transport)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    Tcl_Obj *result, *props = NULL;
    Tcl_Size size, length;

    self->refCount++;
    result = CallScript(self, false, "props", (Tcl_Obj *) NULL);
    if (result && Tcl_DictObjSize(NULL, result, &size) != TCL_OK) {
        ReportProps(self, Tcl_ObjPrintf("the props of protocol %s are not a dict", self->type->id));
    } else if (result && size > 0) {
        Tcl_GetStringFromObj(result, &length);
        if (length > PROPS_MAX) {
            ReportProps(self,
                    Tcl_ObjPrintf("the props of protocol %s are longer than %d bytes",
                            self->type->id, PROPS_MAX));
        } else {
            props = Tcl_DuplicateObj(result);
        }
    }
    DropResult(result);
    ReleaseScripted(self);
    return props;
}

static void
ScriptedEvent(ClusterTransport *transport, ClusterTransportEvent event)
{
    const char *name = event == CLUSTER_EVENT_HEARTBEAT ? "heartbeat" : "refresh";

    DropResult(CallScript((ClusterScriptedTransport *) transport, false, "event",
            Tcl_NewStringObj(name, -1), NULL));
}

void
ClusterScriptedReadDescriptor(Tcl_Obj *descriptor, ClusterOrigin *origin)
{
    Tcl_Obj *address = DictEntry(descriptor, "address"), *port = DictEntry(descriptor, "port");
    Tcl_Obj *local = DictEntry(descriptor, "local");
    int number = 0;

    memset(origin, 0, sizeof *origin);
    origin->descriptor = descriptor;
    if (address) {
        origin->address = ClusterAddressNamed(Tcl_GetString(address));
    }
    if (port && Tcl_GetIntFromObj(NULL, port, &number) == TCL_OK && number > 0
            && number <= UINT16_MAX) {
        origin->address = ClusterAddressWithPort(&origin->address, (uint16_t) number);
    }
    origin->vouched = local && Tcl_GetBooleanFromObj(NULL, local, &number) == TCL_OK && number != 0;
}

/* What is lent lives on in the transport, unless the script has ended that. */
static bool
ScriptedDescribe(ClusterTransport *transport, ClusterLink *handle, ClusterOrigin *origin)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    struct ScriptedLink *link = (struct ScriptedLink *) handle;
    Tcl_Obj *descriptor;
    bool good;

    memset(origin, 0, sizeof *origin);
    self->refCount++;
    ClusterReplaceObj(&self->chanID, link ? link->name : Tcl_NewObj());
    descriptor = CallScript(self, false, "descriptor", link ? link->name : NULL, (Tcl_Obj *) NULL);
    good = descriptor && DictEntry(descriptor, "address") && !self->closed;
    if (good) {
        ClusterScriptedReadDescriptor(descriptor, origin);
        ClusterReplaceObj(&self->descriptor, descriptor);
        origin->chanID = self->chanID;
    }
    DropResult(descriptor);
    ReleaseScripted(self);
    return good;
}

/* `done SERVICE CHANID 0`; the script reports the closing itself. */
static void
ScriptedDone(ClusterTransport *transport, ClusterLink *handle)
{
    struct ScriptedLink *link = (struct ScriptedLink *) handle;
    Tcl_Obj *service = ServiceName(link->owner);

    link->owner = NULL;
    DropResult(CallScript((ClusterScriptedTransport *) transport, false, "done", service,
            link->name, Tcl_NewIntObj(0), NULL));
}

/* Each call may change the table, so the search begins anew until no link is the owner's. */
static void
ScriptedForget(ClusterTransport *transport, void *owner)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;
    Tcl_HashSearch search;
    Tcl_HashEntry *entry = Tcl_FirstHashEntry(&self->links, &search);

    self->refCount++;
    while (entry) {
        struct ScriptedLink *link = Tcl_GetHashValue(entry);

        if (link->owner == owner) {
            ScriptedDone(transport, (ClusterLink *) link);
            entry = Tcl_FirstHashEntry(&self->links, &search);
        } else {
            entry = Tcl_NextHashEntry(&search);
        }
    }
    if (!self->closed) {
        DropResult(CallScript(self, false, "event", Tcl_NewStringObj("service_lost", -1),
                ServiceName(owner), (Tcl_Obj *) NULL));
    }
    ReleaseScripted(self);
}

static const ClusterTraffic *
ScriptedTraffic(ClusterTransport *transport)
{
    ClusterScriptedTransport *self = (ClusterScriptedTransport *) transport;

    self->traffic.connections = (uint64_t) self->links.numEntries;
    return &self->traffic;
}

static ClusterTransportType
ScriptedRows(void)
{
    ClusterTransportType type = {
            .reliable = true,
            .ordered = true,
            .datagrams = true,
            .open = ScriptedOpen,
            .close = ScriptedClose,
            .send = ScriptedSend,
            .props = ScriptedProps,
            .event = ScriptedEvent,
            .describe = ScriptedDescribe,
            .own = ClusterScriptedOwn,
            .forget = ScriptedForget,
            .done = ScriptedDone,
            .traffic = ScriptedTraffic,
            .release = ClusterScriptedTypeFree,
            .isOpen = ClusterScriptedIsOpen,
    };

    return type;
}
