/*
 * unicastTest.c --
 *
 *	The command ::cluster::test::unicast, which opens transport `d` and notes
 *	what it tells.
 */

#include "unicastTest.h"

#include "base/clusterHold.h"
#include "transport/clusterDatagram.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Freed with its command; a callback under way holds it. */
typedef struct Unicast {
    size_t refCount;
    Tcl_Interp *interp;
    ClusterTransport *transport; /* NULL once it was closed */
    Tcl_Obj *log;                /* what it told, a list */
    Tcl_Obj *prefix;             /* a command called for each entry, NULL for none */
} Unicast;

static void
UnicastRelease(Unicast *test)
{
    if (--test->refCount == 0) {
        ClusterReplaceObj(&test->log, NULL);
        ClusterReplaceObj(&test->prefix, NULL);
        free(test);
    }
}

static void
UnicastClose(Unicast *test)
{
    if (test->transport) {
        test->transport->type->close(test->transport);
        test->transport = NULL;
    }
}

/* ---- what it tells --------------------------------------------------------- */

static void
Note(Unicast *test, int count, Tcl_Obj *const *words)
{
    Tcl_Obj *entry = Tcl_NewListObj(count, words), *call;

    if (Tcl_IsShared(test->log)) {
        ClusterReplaceObj(&test->log, Tcl_DuplicateObj(test->log));
    }
    Tcl_ListObjAppendElement(NULL, test->log, entry);
    if (!test->prefix) {
        return;
    }
    call = Tcl_DuplicateObj(test->prefix);
    Tcl_IncrRefCount(call);
    Tcl_ListObjAppendElement(NULL, call, entry);
    test->refCount++;
    if (Tcl_EvalObjEx(test->interp, call, TCL_EVAL_GLOBAL) != TCL_OK) {
        Tcl_BackgroundException(test->interp, TCL_ERROR);
    }
    UnicastRelease(test);
    Tcl_DecrRefCount(call);
}

static Tcl_Obj *
AddressWord(const ClusterAddress *address)
{
    char text[CLUSTER_ADDRESS_TEXT];

    ClusterAddressFormat(address, text);
    return Tcl_NewStringObj(text, -1);
}

/* {received BYTES ADDRESS PORT INTERFACE VOUCHED FOREIGN} */
static bool
UnicastReceived(void *context, ClusterTransport *transport, ClusterLink *link, bpacket_span packet,
        const ClusterOrigin *origin)
{
    Tcl_Obj *words[7];

    (void) transport;
    words[0] = Tcl_NewStringObj(link ? "linked" : "received", -1);
    words[1] = Tcl_NewByteArrayObj(packet.bytes, (Tcl_Size) packet.length);
    words[2] = AddressWord(&origin->address);
    words[3] = Tcl_NewIntObj(ClusterAddressPort(&origin->address));
    words[4] = Tcl_NewWideIntObj((Tcl_WideInt) origin->interface);
    words[5] = Tcl_NewBooleanObj(origin->vouched);
    words[6] = Tcl_NewBooleanObj(origin->foreign);
    Note(context, 7, words);
    return true;
}

/* {refused ADDRESS PORT UNREACHABLE} */
static void
UnicastRefused(void *context, ClusterTransport *transport, const ClusterAddress *address,
        bool unreachable)
{
    Tcl_Obj *words[4];

    (void) transport;
    words[0] = Tcl_NewStringObj("refused", -1);
    words[1] = AddressWord(address);
    words[2] = Tcl_NewIntObj(ClusterAddressPort(address));
    words[3] = Tcl_NewBooleanObj(unreachable);
    Note(context, 4, words);
}

static void
UnicastChanged(void *context, ClusterTransport *transport)
{
    Tcl_Obj *word = Tcl_NewStringObj("changed", -1);

    (void) transport;
    Note(context, 1, &word);
}

/* Only counts, so no command is called. */
static void
UnicastDropped(void *context, ClusterTransport *transport, ClusterDrop reason, uint64_t count)
{
    Unicast *test = context;

    (void) transport;
    (void) count;
    if (Tcl_IsShared(test->log)) {
        ClusterReplaceObj(&test->log, Tcl_DuplicateObj(test->log));
    }
    Tcl_ListObjAppendElement(NULL, test->log, Tcl_ObjPrintf("dropped %s", ClusterDropName(reason)));
}

static const ClusterTransportDelegate unicastDelegate = {
        .received = UnicastReceived,
        .refused = UnicastRefused,
        .changed = UnicastChanged,
        .dropped = UnicastDropped,
};

/* ---- the command ------------------------------------------------------------ */

/* send ADDRESS PROPS BYTES ?local?: what came of it */
static int
SendUnicast(Unicast *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    static const char *const results[CLUSTER_SEND_RESULTS] = {
            [CLUSTER_SENT] = "sent",
            [CLUSTER_SEND_FAILED] = "failed",
            [CLUSTER_SEND_REFUSED] = "refused",
            [CLUSTER_SEND_DENIED] = "denied",
            [CLUSTER_SEND_ABSENT] = "absent",
            [CLUSTER_SEND_FULL] = "full",
            [CLUSTER_SEND_TOO_LARGE] = "large",
    };
    ClusterPeer peer = {.sid = "test", .props = objv[3]};
    ClusterLink *link = NULL;
    ClusterSendResult result;
    const unsigned char *bytes;
    ClusterBlob *blob;
    Tcl_Size length;
    int local = 0;

    bytes = Tcl_GetByteArrayFromObj(objv[4], &length);
    if (!bytes || (objc > 5 && Tcl_GetBooleanFromObj(interp, objv[5], &local) != TCL_OK)
            || !ClusterAddressParse(Tcl_GetString(objv[2]), &peer.address)
            || (blob = ClusterBlobNew(bytes, (size_t) length)) == NULL) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("bad address, bytes or local", -1));
        return TCL_ERROR;
    }
    peer.local = local;
    result = test->transport->type->send(test->transport, &peer, &link, blob);
    ClusterBlobRelease(blob);
    Tcl_SetObjResult(interp, Tcl_NewStringObj(link ? "linked" : results[result], -1));
    return TCL_OK;
}

static int
EventUnicast(Unicast *test, Tcl_Interp *interp, Tcl_Obj *word)
{
    static const char *const words[] = {"heartbeat", "reported", "refresh", NULL};
    int event;

    if (Tcl_GetIndexFromObj(interp, word, words, "event", 0, &event) != TCL_OK) {
        return TCL_ERROR;
    }
    test->transport->type->event(test->transport, (ClusterTransportEvent) event);
    return TCL_OK;
}

/* spoil: its descriptor is no socket any more, as if the system had ended it. */
static void
SpoilUnicast(const Unicast *test)
{
    int fd, nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    ClusterOrigin origin;

    test->transport->type->describe(test->transport, NULL, &origin);
    if (nothing >= 0 && sscanf(origin.name, "udp%d", &fd) == 1) {
        (void) dup2(nothing, fd);
    }
    if (nothing >= 0) {
        (void) close(nothing);
    }
}

/* Takes what was noted. */
static void
LogUnicast(Unicast *test, Tcl_Interp *interp)
{
    Tcl_SetObjResult(interp, test->log);
    ClusterReplaceObj(&test->log, Tcl_NewListObj(0, NULL));
}

/* {packetsIn packetsOut failures} */
static void
TrafficUnicast(const Unicast *test, Tcl_Interp *interp)
{
    const ClusterTraffic *traffic = test->transport->type->traffic(test->transport);

    Tcl_SetObjResult(interp,
            Tcl_ObjPrintf("%d %d %d", (int) traffic->packetsIn, (int) traffic->packetsOut,
                    (int) traffic->failures));
}

/* NAME close | event WORD | log | on PREFIX | props | send ADDRESS PROPS BYTES ?local? | spoil | traffic */
static int
UnicastNameCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    static const char *const words[] = {"close", "event", "log", "on", "props", "send", "spoil",
            "traffic", NULL};
    enum { CLOSE, EVENT, LOG, ON, PROPS, SEND, SPOIL, TRAFFIC };
    static const int least[] = {2, 3, 2, 3, 2, 5, 2, 2}, most[] = {2, 3, 2, 3, 2, 6, 2, 2};
    Unicast *test = clientData;
    Tcl_Obj *props;
    int word;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc < least[word] || objc > most[word] || (!test->transport && word != LOG)) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?arg ...?");
        return TCL_ERROR;
    }
    switch (word) {
    case CLOSE:
        UnicastClose(test);
        return TCL_OK;
    case EVENT:
        return EventUnicast(test, interp, objv[2]);
    case LOG:
        LogUnicast(test, interp);
        return TCL_OK;
    case ON:
        ClusterReplaceObj(&test->prefix, objv[2]);
        return TCL_OK;
    case PROPS:
        props = test->transport->type->props(test->transport);
        Tcl_SetObjResult(interp, props ? props : Tcl_NewObj());
        return TCL_OK;
    case SEND:
        return SendUnicast(test, interp, objc, objv);
    case SPOIL:
        SpoilUnicast(test);
        return TCL_OK;
    default:
        TrafficUnicast(test, interp);
        return TCL_OK;
    }
}

static void
DeleteUnicast(void *clientData)
{
    UnicastClose(clientData);
    UnicastRelease(clientData);
}

/* unicast NAME ?remote?: opens one and makes the command NAME, which closes it when it goes. */
static int
UnicastCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterTransportConfig config = {.type = &clusterDatagramType, .sid = "test"};
    Unicast *test;
    Tcl_Obj *why;
    const char *code;

    (void) clientData;
    if (objc < 2 || objc > 3
            || (objc > 2 && Tcl_GetIntFromObj(interp, objv[2], &config.remote) != TCL_OK)
            || (test = calloc(1, sizeof *test)) == NULL) {
        Tcl_WrongNumArgs(interp, 1, objv, "name ?remote?");
        return TCL_ERROR;
    }
    test->refCount = 1;
    test->interp = interp;
    ClusterReplaceObj(&test->log, Tcl_NewListObj(0, NULL));
    test->transport = clusterDatagramType.open(&config, &unicastDelegate, test, &why, &code);
    if (!test->transport) {
        Tcl_SetObjResult(interp, why);
        UnicastRelease(test);
        return TCL_ERROR;
    }
    Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), UnicastNameCmd, test, DeleteUnicast);
    Tcl_SetObjResult(interp, objv[1]);
    return TCL_OK;
}

int
Clusterunicasttest_Init(Tcl_Interp *interp)
{
    Tcl_CreateObjCommand(interp, "::cluster::test::unicast", UnicastCmd, NULL, NULL);
    return TCL_OK;
}
