/*
 * clusterConfirmCmd.c --
 *
 *	`$cluster send -confirm`: who is sent to, and what became of that, told to
 *	the command of the script that sent.
 */

#include "base/clusterError.h"
#include "command/clusterCommandInt.h"

#include <stdlib.h>

/* As a failure of the command's tells of it: `unreachable` where `send` says that no protocol worked. */
static const char *
FailureWord(ClusterSendStatus status)
{
    return status == CLUSTER_SEND_UNREACHABLE ? "unreachable" : ClusterSendReason(status);
}

/* To those that can confirm, or to the others. */
static int
SendToSome(Tcl_Interp *interp, ClusterOutgoing *event, Tcl_Obj *protocols,
        const ClusterMembers *members, bool able, int64_t timeout, Tcl_Obj *confirm,
        ClusterSendStatus *statuses, ClusterOutcomes *outcomes)
{
    ClusterSendDetails details;
    size_t i;

    for (i = 0; i < members->count; i++) {
        ClusterMember *member = members->list[i];

        if (statuses[i] != CLUSTER_SEND_BAD_PAYLOAD || ClusterMemberConfirms(member) != able) {
            continue;
        }
        statuses[i] = ClusterMemberDeliver(member, event, protocols, CLUSTER_SEND_FLAGS, timeout,
                confirm, &details);
        if (statuses[i] == CLUSTER_SEND_BAD_PAYLOAD) {
            return ClusterSendFail(interp, statuses[i], &details);
        }
        ClusterOutcomeNote(outcomes, member, statuses[i], &details);
    }
    return TCL_OK;
}

/* Those that failed are told of, unless the whole send is an error. */
static void
TellFailures(const ClusterMembers *members, const ClusterSendStatus *statuses, Tcl_Obj *confirm)
{
    size_t i;

    for (i = 0; i < members->count; i++) {
        if (statuses[i] != CLUSTER_SEND_DONE) {
            ClusterMemberConfirmFailed(members->list[i], confirm, FailureWord(statuses[i]));
        }
    }
}

/* First to those that cannot confirm: for the others the event gets another type. */
int
ClusterConfirmSend(Tcl_Interp *interp, ClusterOutgoing *event, Tcl_Obj *protocols,
        const ClusterMembers *members, int64_t timeout, Tcl_Obj *confirm, ClusterOutcomes *outcomes)
{
    ClusterSendStatus *statuses = malloc((members->count + 1) * sizeof *statuses);
    size_t i;
    int code;

    if (!statuses) {
        return ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
    }
    for (i = 0; i < members->count; i++) {
        statuses[i] = CLUSTER_SEND_BAD_PAYLOAD; /* not sent yet */
    }
    code = SendToSome(interp, event, protocols, members, false, timeout, confirm, statuses,
            outcomes);
    if (code == TCL_OK) {
        code = SendToSome(interp, event, protocols, members, true, timeout, confirm, statuses,
                outcomes);
    }
    if (code == TCL_OK && outcomes->full < members->count) {
        TellFailures(members, statuses, confirm);
    }
    free(statuses);
    return code;
}

/* That of its object, also when that is gone. */
static Tcl_Obj *
ServiceName(const ClusterObject *cluster, const ClusterMember *member)
{
    Tcl_Obj *name = ClusterMemberName(member);

    return name ? name
                : Tcl_ObjPrintf("::cluster::clusters::%u::services::%s", cluster->id,
                        Tcl_GetString(ClusterMemberUuid(member)));
}

/* {*}PREFIX SERVICE STATUS REASON TEXT, a new value. */
static Tcl_Obj *
MakeCommand(const ClusterObject *cluster, const ClusterMember *member, Tcl_Obj *confirm,
        ClusterConfirmStatus status, const char *reason, Tcl_Obj *text)
{
    static const char *const words[] = {
            [CLUSTER_CONFIRM_DELIVERED] = "delivered",
            [CLUSTER_CONFIRM_FAILED] = "failed",
            [CLUSTER_CONFIRM_UNCONFIRMED] = "unconfirmed",
    };
    Tcl_Obj *command = Tcl_DuplicateObj(confirm);

    Tcl_ListObjAppendElement(NULL, command, ServiceName(cluster, member));
    Tcl_ListObjAppendElement(NULL, command, Tcl_NewStringObj(words[status], -1));
    Tcl_ListObjAppendElement(NULL, command, Tcl_NewStringObj(reason, -1));
    Tcl_ListObjAppendElement(NULL, command, text ? text : Tcl_NewObj());
    return command;
}

void
ClusterConfirmTold(ClusterObject *cluster, ClusterMember *member, Tcl_Obj *confirm,
        ClusterConfirmStatus status, const char *reason, Tcl_Obj *text)
{
    ClusterInterp *data = cluster->data;
    Tcl_Interp *interp = data->interp;
    Tcl_Obj *command;
    int code;

    if (!interp || Tcl_InterpDeleted(interp)) {
        return;
    }
    ClusterObjectHold(cluster);
    ClusterInterpHold(data);
    Tcl_Preserve(interp);
    command = MakeCommand(cluster, member, confirm, status, reason, text);
    Tcl_IncrRefCount(command);
    code = Tcl_EvalObjEx(interp, command, TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
    if (!Tcl_InterpDeleted(interp)) {
        if (code == TCL_ERROR) {
            ClusterBackground(interp, code, "command of a confirmed send", confirm);
        }
        Tcl_ResetResult(interp);
    }
    Tcl_DecrRefCount(command);
    Tcl_Release(interp);
    ClusterInterpRelease(data);
    ClusterObjectRelease(cluster);
}
