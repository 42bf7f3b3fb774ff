/*
 * clusterOutcomes.c --
 *
 *	Sends to several members, each by itself, and what came of each; so also
 *	what was for all, and is larger than the multicast carries.
 */

#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "command/clusterCommandInt.h"

#include <string.h>

/* {status S result R} of one service, as 1.1.8 gives it. */
static Tcl_Obj *
SendOutcome(const char *status, Tcl_Obj *result)
{
    Tcl_Obj *outcome = Tcl_NewDictObj();

    Tcl_DictObjPut(NULL, outcome, Tcl_NewStringObj("status", -1), Tcl_NewStringObj(status, -1));
    Tcl_DictObjPut(NULL, outcome, Tcl_NewStringObj("result", -1), result);
    return outcome;
}

static void
NoteFailure(ClusterOutcomes *outcomes, Tcl_Obj *name, ClusterSendStatus status)
{
    Tcl_Obj *reason = Tcl_NewStringObj(ClusterSendReason(status), -1);

    if (outcomes->failed) {
        Tcl_DictObjPut(NULL, outcomes->failed, name, SendOutcome("fail", reason));
        return;
    }
    if (!outcomes->refused) {
        ClusterReplaceObj(&outcomes->refused, Tcl_NewDictObj());
    }
    Tcl_DictObjPut(NULL, outcomes->refused, name, reason);
}

void
ClusterOutcomeNote(ClusterOutcomes *outcomes, ClusterMember *member, ClusterSendStatus status,
        const ClusterSendDetails *details)
{
    outcomes->done += status == CLUSTER_SEND_DONE;
    outcomes->full += status == CLUSTER_SEND_BUSY;
    outcomes->oversized += status == CLUSTER_SEND_OVERSIZED;
    if (!ClusterMemberName(member)) {
        return;
    }
    if (status != CLUSTER_SEND_DONE) {
        NoteFailure(outcomes, ClusterMemberName(member), status);
    } else if (outcomes->success) {
        Tcl_DictObjPut(NULL, outcomes->success, ClusterMemberName(member),
                SendOutcome("ok", ClusterSlotId(details->slot)));
    }
}

int
ClusterSendEach(Tcl_Interp *interp, ClusterOutgoing *outgoing, Tcl_Obj *protocols, int flags,
        const ClusterMembers *members, ClusterOutcomes *outcomes)
{
    size_t i;

    for (i = 0; i < members->count; i++) {
        ClusterMember *member = members->list[i];
        ClusterSendDetails details;
        ClusterSendStatus status = ClusterMemberSend(member, outgoing, protocols, flags, &details);

        if (status == CLUSTER_SEND_BAD_PAYLOAD) {
            return ClusterSendFail(interp, status, &details);
        }
        ClusterOutcomeNote(outcomes, member, status, &details);
    }
    return TCL_OK;
}

int
ClusterQueuesFull(Tcl_Interp *interp, size_t count)
{
    return ClusterFail(interp,
            count == 1 ? Tcl_NewStringObj("the queue of the service is full", -1)
                       : Tcl_ObjPrintf("the queues of all %d services are full", (int) count),
            "CLUSTER", "QUEUE_FULL", (char *) NULL);
}

/* Nobody was reached, for this reason; other reasons are no errors. */
static int
LargeFail(Tcl_Interp *interp, const ClusterOutcomes *outcomes, size_t count)
{
    if (count > 0 && outcomes->full == count) {
        return ClusterQueuesFull(interp, count);
    }
    return outcomes->oversized == count ? ClusterSendFail(interp, CLUSTER_SEND_OVERSIZED, NULL)
                                        : TCL_OK;
}

int
ClusterSendLarge(ClusterObject *cluster, Tcl_Interp *interp, ClusterOutgoing *outgoing,
        ClusterOutcomes *outcomes)
{
    Tcl_Obj *filter = ClusterOutgoingGet(outgoing, CLUSTER_FILTER);
    ClusterMembers members;
    int code;

    memset(&members, 0, sizeof members);
    if (filter) {
        Tcl_IncrRefCount(filter);
    }
    code = ClusterMembersAddressed(cluster, interp, filter, &members);
    if (code == TCL_OK) {
        code = ClusterSendEach(interp, outgoing, NULL, CLUSTER_SEND_FLAGS | CLUSTER_ALLOW_BROADCAST,
                &members, outcomes);
    }
    if (code == TCL_OK && outcomes->done == 0) {
        code = LargeFail(interp, outcomes, members.count);
    }
    if (filter) {
        Tcl_DecrRefCount(filter);
    }
    ClusterMembersFree(&members);
    return code;
}
