/*
 * clusterProtocolCmd.c --
 *
 *	The Tcl objects of the built-in transports: classes ::cluster::protocol::ID.
 */

#include "base/clusterError.h"
#include "command/clusterCommandInt.h"

#include <stdlib.h>
#include <string.h>

static void
HoldProtocol(void *self)
{
    ((ClusterProtocolObject *) self)->refCount++;
}

static void
ReleaseProtocol(void *self)
{
    ClusterProtocolObject *protocol = self;

    if (--protocol->refCount == 0) {
        ClusterObjectRelease(protocol->cluster);
        free(protocol);
    }
}

static void
ProtocolMetadataDeleted(void *clientData)
{
    ((ClusterProtocolObject *) clientData)->object = NULL;
    ReleaseProtocol(clientData);
}

static const Tcl_ObjectMetadataType protocolMetadata = {
        .version = TCL_OO_METADATA_VERSION_CURRENT,
        .name = "cluster protocol",
        .deleteProc = ProtocolMetadataDeleted,
        .cloneProc = ClusterMethodRefuseCopy,
};

Tcl_Obj *
ClusterProtocolName(ClusterObject *cluster, ClusterSlot *slot)
{
    return Tcl_ObjPrintf("::cluster::clusters::%u::protocols::%s", cluster->id,
            Tcl_GetString(ClusterSlotId(slot)));
}

/* The class of a built-in transport's objects. */
static int
ProtocolClass(const ClusterSlot *slot)
{
    return CLUSTER_CLASS_PROTOCOL + ClusterTransportIndex(Tcl_GetString(ClusterSlotId(slot)));
}

int
ClusterProtocolCreate(ClusterObject *cluster, ClusterSlot *slot)
{
    ClusterProtocolObject *protocol = calloc(1, sizeof *protocol);
    Tcl_Obj *name;

    if (!protocol) {
        return ClusterFail(cluster->data->interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER",
                "MEMORY", (char *) NULL);
    }
    protocol->refCount = 1;
    protocol->cluster = cluster;
    ClusterObjectHold(cluster);
    protocol->slot = slot;
    name = ClusterProtocolName(cluster, slot);
    Tcl_IncrRefCount(name);
    protocol->object = ClusterInterpNewObject(cluster->data, ProtocolClass(slot),
            Tcl_GetString(name), &protocolMetadata, protocol);
    Tcl_DecrRefCount(name);
    if (!protocol->object) {
        ReleaseProtocol(protocol);
        return TCL_ERROR;
    }
    return TCL_OK;
}

Tcl_Obj *
ClusterProtocolDescriptor(const ClusterOrigin *origin)
{
    Tcl_Obj *descriptor;
    char text[CLUSTER_ADDRESS_TEXT];

    if (origin->descriptor) {
        return origin->descriptor;
    }
    descriptor = Tcl_NewDictObj();
    if (origin->path) {
        Tcl_DictObjPut(NULL, descriptor, Tcl_NewStringObj("address", -1), origin->path);
        Tcl_DictObjPut(NULL, descriptor, Tcl_NewStringObj("local", -1), Tcl_NewIntObj(1));
    } else {
        ClusterAddressFormat(&origin->address, text);
        Tcl_DictObjPut(NULL, descriptor, Tcl_NewStringObj("address", -1),
                Tcl_NewStringObj(text, -1));
        Tcl_DictObjPut(NULL, descriptor, Tcl_NewStringObj("port", -1),
                Tcl_NewIntObj(ClusterAddressPort(&origin->address)));
    }
    return descriptor;
}

/*
 * ------------------------------------------------------------------------
 * Methods
 * ------------------------------------------------------------------------
 */

/* NULL, with a message, once the cluster is destroyed. */
static ClusterTransport *
OpenTransport(ClusterProtocolObject *protocol, Tcl_Interp *interp)
{
    if (ClusterObjectAlive(protocol->cluster, interp) != TCL_OK) {
        return NULL;
    }
    return ClusterSlotTransport(protocol->slot);
}

static Tcl_Obj *
ProtocolId(void *self)
{
    return ClusterSlotId(((ClusterProtocolObject *) self)->slot);
}

static const ClusterFact protocolFacts[] = {
        {"proto", ProtocolId},
        {NULL, NULL},
};

static int
ProtocolPropsCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterTransport *transport = OpenTransport(self, interp);
    Tcl_Obj *props;

    (void) objc;
    (void) objv;
    if (!transport) {
        return TCL_ERROR;
    }
    props = transport->type->props(transport);
    if (props) {
        Tcl_SetObjResult(interp, props);
    }
    return TCL_OK;
}

/* The link of a service's with this chanID, NULL when there is none. */
static ClusterLink *
LinkByChanID(ClusterProtocolObject *protocol, ClusterTransport *transport, const char *name)
{
    ClusterNode *node = protocol->cluster->node;
    ClusterMember *member = NULL;

    while ((member = ClusterNodeNextMember(node, member)) != NULL) {
        ClusterLink *link = ClusterMemberLink(member, protocol->slot);
        ClusterOrigin origin;

        if (link && transport->type->describe(transport, link, &origin)
                && strcmp(origin.name, name) == 0) {
            return link;
        }
    }
    return NULL;
}

/* protocol descriptor ?chanID?: without one, or with the datagram socket's, of the transport itself. */
static int
ProtocolDescriptorCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterProtocolObject *protocol = self;
    ClusterTransport *transport = OpenTransport(protocol, interp);
    ClusterLink *link = NULL;
    ClusterOrigin origin;

    if (!transport) {
        return TCL_ERROR;
    }
    if (objc > 0 && !transport->type->reachesAll) {
        link = LinkByChanID(protocol, transport, Tcl_GetString(objv[0]));
        if (!link) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("there is no open channel \"%s\"", Tcl_GetString(objv[0])),
                    "CLUSTER", "CHANNEL", Tcl_GetString(objv[0]), (char *) NULL);
        }
    }
    transport->type->describe(transport, link, &origin);
    Tcl_SetObjResult(interp, ClusterProtocolDescriptor(&origin));
    return TCL_OK;
}

/* protocol send PACKET ?SERVICE?: 1 when it went out, 0 when not. */
static int
ProtocolSendCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterProtocolObject *protocol = self;
    ClusterTransport *transport = OpenTransport(protocol, interp);
    ClusterMember *member = NULL;
    const unsigned char *bytes;
    ClusterBlob *blob;
    Tcl_Size length;

    if (!transport
            || (objc > 1
                    && (member = ClusterServiceFind(protocol->cluster, interp, objv[1])) == NULL)) {
        return TCL_ERROR;
    }
    bytes = ClusterPayloadBytes(objv[0], &length);
    if (!bytes) {
        return ClusterFail(interp, Tcl_NewStringObj("the packet is not made of bytes", -1),
                "CLUSTER", "PACKET", "MALFORMED", (char *) NULL);
    }
    blob = ClusterBlobNew(bytes, (size_t) length);
    Tcl_SetObjResult(interp,
            Tcl_NewBooleanObj(blob && ClusterMemberSendBlob(member, protocol->slot, blob)));
    ClusterBlobRelease(blob);
    return TCL_OK;
}

/* protocol event NAME ...: heartbeat and refresh do something; others are for transports that need them. */
static int
ProtocolEventCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterTransport *transport = OpenTransport(self, interp);
    const char *event = Tcl_GetString(objv[0]);

    (void) objc;
    if (!transport) {
        return TCL_ERROR;
    }
    if (strcmp(event, "heartbeat") == 0) {
        transport->type->event(transport, CLUSTER_EVENT_HEARTBEAT);
    } else if (strcmp(event, "refresh") == 0) {
        transport->type->event(transport, CLUSTER_EVENT_REFRESH);
    } else if (strcmp(event, "service_lost") != 0) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("unknown event \"%s\": must be heartbeat, refresh, or service_lost",
                        event),
                "CLUSTER", "EVENT", event, (char *) NULL);
    }
    return TCL_OK;
}

/* protocol done SERVICE CHANID KEEPALIVE: closes the link when keepalive is false. */
static int
ProtocolDoneCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterProtocolObject *protocol = self;
    ClusterTransport *transport = OpenTransport(protocol, interp);
    ClusterMember *member;
    int keepalive;

    (void) objc;
    if (!transport || Tcl_GetBooleanFromObj(interp, objv[2], &keepalive) != TCL_OK
            || (member = ClusterServiceFind(protocol->cluster, interp, objv[0])) == NULL) {
        return TCL_ERROR;
    }
    if (!keepalive) {
        ClusterMemberHangUp(member, protocol->slot);
    }
    return TCL_OK;
}

static const ClusterMethod protocolMethods[] = {
        {"descriptor", ProtocolDescriptorCmd, .most = 1, .usage = "?chanID?"},
        {"done", ProtocolDoneCmd, .least = 3, .most = 4,
                .usage = "service chanID keepalive ?response?"},
        {"event", ProtocolEventCmd, .least = 1, .most = -1, .usage = "event ?arg ...?"},
        {"props", ProtocolPropsCmd, .most = 0},
        {"send", ProtocolSendCmd, .least = 1, .most = 2, .usage = "packet ?service?"},
        {.name = NULL},
};

/*
 * ------------------------------------------------------------------------
 * The class
 * ------------------------------------------------------------------------
 */

const ClusterClassInfo clusterProtocolClassInfo = {
        .methods = protocolMethods,
        .facts = protocolFacts,
        .metadata = &protocolMetadata,
        .hold = HoldProtocol,
        .release = ReleaseProtocol,
        .how = "\"cluster join\"",
};
