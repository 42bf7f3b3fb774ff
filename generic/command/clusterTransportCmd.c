/*
 * clusterTransportCmd.c --
 *
 *	How transports written in Tcl hand packets in and report their links.
 */

#include "command/clusterTransportCmd.h"

#include "base/clusterError.h"
#include "script/clusterScripted.h"

#include <ctype.h>
#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Arguments
 * ------------------------------------------------------------------------
 */

/* A protocol by its id or by its object's name. NULL with a message. */
static ClusterSlot *
SlotByWord(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *word)
{
    const char *text = Tcl_GetString(word);
    const char *tail = strrchr(text, ':');
    ClusterSlot *slot = ClusterNodeSlotById(cluster->node, tail ? tail + 1 : text);

    if (!slot || !ClusterSlotTransport(slot)) {
        ClusterFail(interp, Tcl_ObjPrintf("\"%s\" is not a protocol of this cluster", text),
                "CLUSTER", "PROTOCOL", "UNKNOWN", text, (char *) NULL);
        return NULL;
    }
    return slot;
}

/* The link behind a chanID, held; built-in transports know their own, so NULL for those. */
static ClusterLink *
ScriptedLinkByChanID(ClusterSlot *slot, Tcl_Obj *chanID, bool make)
{
    ClusterTransport *transport = ClusterSlotTransport(slot);

    if (!transport || !ClusterScriptedIs(transport->type)) {
        return NULL;
    }
    return ClusterScriptedLink(transport, chanID, make);
}

static void
ReleaseLink(ClusterLink *link)
{
    if (link) {
        ClusterScriptedRelease(link);
    }
}

/*
 * ------------------------------------------------------------------------
 * $cluster event
 * ------------------------------------------------------------------------
 */

/* A service's link is open: sends go over it. */
static void
LinkOpen(ClusterSlot *slot, Tcl_Obj *chanID, ClusterMember *member)
{
    ClusterLink *link = ScriptedLinkByChanID(slot, chanID, true);

    if (link && member) {
        ClusterMemberUseLink(member, slot, link);
    }
    ReleaseLink(link);
}

static void
LinkClose(ClusterSlot *slot, Tcl_Obj *chanID)
{
    ClusterLink *link = ScriptedLinkByChanID(slot, chanID, false);

    if (link) {
        ClusterScriptedClosed(ClusterSlotTransport(slot), link);
    }
    ReleaseLink(link);
}

/* By its first letter, as 1.1.8 does. */
static int
FirstLetter(Tcl_Obj *word)
{
    return tolower((unsigned char) *Tcl_GetString(word));
}

/* Words: open|close|receive PROTOCOL CHANID ?SERVICE? */
static int
OpenOrCloseLink(ClusterObject *cluster, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member = NULL;
    ClusterSlot *slot = SlotByWord(cluster, interp, objv[1]);

    if (!slot) {
        return TCL_ERROR;
    }
    if (FirstLetter(objv[0]) == 'c') { /* whom it served is known, and may be gone */
        LinkClose(slot, objv[2]);
        return TCL_OK;
    }
    if (objc > 3 && *Tcl_GetString(objv[3])
            && (member = ClusterServiceFind(cluster, interp, objv[3])) == NULL) {
        return TCL_ERROR;
    }
    LinkOpen(slot, objv[2], member);
    return TCL_OK;
}

/*
 * event channel open|close|receive|server PROTOCOL ?CHANID? ?SERVICE?
 *
 * A transport may call this while it is made, when it has no slot yet, and
 * while it ends, when it has none any more: there is nothing to note then.
 */
static int
LinkEvent(ClusterObject *cluster, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int letter = FirstLetter(objv[0]);

    if (!letter || !strchr("ocrs", letter)) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("unknown channel event \"%s\": must be close, open, receive, or "
                              "server",
                        Tcl_GetString(objv[0])),
                "CLUSTER", "EVENT", Tcl_GetString(objv[0]), (char *) NULL);
    }
    if (!ClusterNodeReady(cluster->node)) {
        return TCL_OK;
    }
    if (letter == 's') {
        ClusterNodePropsChanged(cluster->node);
        return TCL_OK;
    }
    if (objc < 3) {
        return ClusterFail(interp, Tcl_NewStringObj("a channel event needs a chanID", -1),
                "CLUSTER", "EVENT", Tcl_GetString(objv[0]), (char *) NULL);
    }
    return OpenOrCloseLink(cluster, interp, objc, objv);
}

/* event service lost SERVICE: the transport knows that it is gone. */
static int
ServiceEvent(ClusterObject *cluster, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member;

    if (objc < 2 || *Tcl_GetString(objv[0]) != 'l') {
        return TCL_OK;
    }
    member = ClusterServiceFind(cluster, interp, objv[1]);
    if (!member) {
        return TCL_ERROR;
    }
    ClusterMemberLose(member);
    return TCL_OK;
}

/* event channel|service EVENT ... */
int
ClusterCmdEvent(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    const char *what = Tcl_GetString(objv[0]);

    if (Tcl_StringCaseMatch(what, "cha*", TCL_MATCH_NOCASE) && objc > 2) {
        return LinkEvent(self, interp, objc - 1, objv + 1);
    }
    if (ClusterObjectAlive(self, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    if (Tcl_StringCaseMatch(what, "ser*", TCL_MATCH_NOCASE)) {
        return ServiceEvent(self, interp, objc - 1, objv + 1);
    }
    return ClusterFail(interp,
            Tcl_ObjPrintf("unknown event \"%s\": must be channel EVENT PROTOCOL, or service EVENT "
                          "SERVICE",
                    what),
            "CLUSTER", "EVENT", what, (char *) NULL);
}

/*
 * ------------------------------------------------------------------------
 * Packets
 * ------------------------------------------------------------------------
 */

/* A packet over a slot, from wherever its transport says. A script that is asked may end the cluster. */
static void
HandOver(ClusterNode *node, ClusterSlot *slot, Tcl_Obj *chanID, bpacket_span packet)
{
    ClusterTransport *transport = ClusterSlotTransport(slot);
    ClusterLink *link = ScriptedLinkByChanID(slot, chanID, true);
    ClusterOrigin origin;

    ClusterNodeHold(node);
    ClusterScriptedCount(transport, packet.length);
    (void) transport->type->describe(transport, link, &origin);
    ClusterNodeReceive(slot, link, packet, &origin);
    ClusterNodeRelease(node);
    ReleaseLink(link);
}

/* receive PROTOCOL CHANID PACKET: what is wrong with the packet is counted, not an error. */
int
ClusterCmdReceive(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    ClusterSlot *slot;
    bpacket_span packet;
    Tcl_Size length;
    Tcl_Obj *copy;

    (void) objc;
    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || (slot = SlotByWord(cluster, interp, objv[0])) == NULL) {
        return TCL_ERROR;
    }
    packet.bytes = ClusterPayloadBytes(objv[2], &length);
    if (!packet.bytes) {
        ClusterNodeCountDrop(cluster->node, CLUSTER_DROP_MALFORMED);
        return TCL_OK;
    }
    copy = Tcl_NewByteArrayObj(packet.bytes,
            length); /* a script that is asked may convert the value */
    Tcl_IncrRefCount(copy);
    packet.bytes = Tcl_GetByteArrayFromObj(copy, &length);
    packet.length = (size_t) length;
    HandOver(cluster->node, slot, objv[1], packet);
    Tcl_DecrRefCount(copy);
    Tcl_ResetResult(interp);
    return TCL_OK;
}

/* Takes PROTOCOL CHANID PAYLOAD DESCRIPTOR. The member, held; NULL with *failed telling a bad call from a refusal. */
static ClusterMember *
TakePayload(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *const *objv, bool act,
        bool *failed)
{
    ClusterSlot *slot;
    ClusterOrigin origin;
    ClusterLink *link;
    ClusterMember *member;
    Tcl_Size size;

    *failed = true;
    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || (slot = SlotByWord(cluster, interp, objv[0])) == NULL
            || Tcl_DictObjSize(interp, objv[2], &size) != TCL_OK
            || Tcl_DictObjSize(interp, objv[3], &size) != TCL_OK) {
        return NULL;
    }
    *failed = false;
    ClusterScriptedReadDescriptor(objv[3], &origin);
    origin.chanID = objv[1];
    link = ScriptedLinkByChanID(slot, objv[1], false);
    member = ClusterNodeTake(slot, link, &origin, objv[2], act);
    ReleaseLink(link);
    Tcl_ResetResult(interp);
    return member;
}

/* service PROTOCOL CHANID PAYLOAD DESCRIPTOR: the sender's object, made if need be; empty when it is refused. */
int
ClusterCmdService(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    bool failed;
    ClusterMember *member = TakePayload(self, interp, objv, false, &failed);

    (void) objc;
    if (member) {
        if (ClusterMemberName(member)) {
            Tcl_SetObjResult(interp, ClusterMemberName(member));
        }
        ClusterMemberRelease(member);
    }
    return failed ? TCL_ERROR : TCL_OK;
}

/*
 * ------------------------------------------------------------------------
 * Methods of services
 * ------------------------------------------------------------------------
 */

/* receive PROTOCOL CHANID PAYLOAD DESCRIPTOR ?REMAINING?: does what the payload's type asks for. */
int
ClusterServiceCmdReceive(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    bool failed;
    ClusterMember *member =
            TakePayload(((ClusterServiceObject *) self)->cluster, interp, objv, true, &failed);

    (void) objc;
    if (member) {
        ClusterMemberRelease(member);
    }
    return failed ? TCL_ERROR : TCL_OK;
}

/* Does the payload name the service as its sender? */
static bool
IsPayloadOf(const ClusterServiceObject *service, Tcl_Obj *payload)
{
    const ClusterPayloadKeys *keys = ClusterNodeKeys(service->cluster->node);
    Tcl_Obj *sid = NULL, *hid = NULL;

    return Tcl_DictObjGet(NULL, payload, keys->name[CLUSTER_SID], &sid) == TCL_OK && sid
            && Tcl_DictObjGet(NULL, payload, keys->name[CLUSTER_HID], &hid) == TCL_OK && hid
            && strcmp(Tcl_GetString(sid), Tcl_GetString(ClusterMemberSid(service->member))) == 0
            && strcmp(Tcl_GetString(hid), Tcl_GetString(ClusterMemberHid(service->member))) == 0;
}

/* validate PROTOCOL CHANID PAYLOAD DESCRIPTOR: is the payload this service's, and acceptable? */
int
ClusterServiceCmdValidate(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    ClusterMember *member = NULL;
    bool failed = false, same;
    Tcl_Size size;

    (void) objc;
    if (Tcl_DictObjSize(interp, objv[2], &size) != TCL_OK) {
        return TCL_ERROR;
    }
    if (IsPayloadOf(service, objv[2])) {
        member = TakePayload(service->cluster, interp, objv, false, &failed);
    }
    if (failed) {
        return TCL_ERROR;
    }
    same = member == service->member;
    if (member) {
        ClusterMemberRelease(member);
    }
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(same));
    return TCL_OK;
}

/* event channel open|close PROTOCOL CHANID */
int
ClusterServiceCmdEvent(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    ClusterSlot *slot;

    if (ClusterObjectAlive(service->cluster, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    if (objc != 4 || !Tcl_StringCaseMatch(Tcl_GetString(objv[0]), "ch*", TCL_MATCH_NOCASE)) {
        return TCL_OK;
    }
    slot = SlotByWord(service->cluster, interp, objv[2]);
    if (!slot) {
        return TCL_ERROR;
    }
    if (FirstLetter(objv[1]) == 'o') {
        LinkOpen(slot, objv[3], service->member);
    } else if (FirstLetter(objv[1]) == 'c') {
        LinkClose(slot, objv[3]);
    }
    return TCL_OK;
}
