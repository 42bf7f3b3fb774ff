/*
 * clusterQueryCallback.c --
 *
 *	What happens to a query, told to the command of the script that asked.
 */

#include "base/clusterError.h"
#include "command/clusterQueryInt.h"

#include <string.h>

/* {event E result V} of a service's answer. */
static void
CollectResult(ClusterQueryObject *query, const char *event, Tcl_Obj *service, Tcl_Obj *result)
{
    Tcl_Obj *entry = Tcl_NewDictObj();

    Tcl_DictObjPut(NULL, entry, Tcl_NewStringObj("event", -1), Tcl_NewStringObj(event, -1));
    Tcl_DictObjPut(NULL, entry, Tcl_NewStringObj("result", -1), result);
    if (Tcl_IsShared(query->results)) {
        ClusterReplaceObj(&query->results, Tcl_DuplicateObj(query->results));
    }
    Tcl_DictObjPut(NULL, query->results, service, entry);
}

/* Calls {*}PREFIX {EVENT QUERY} at global level. Returns its code, the result in the interp. */
static int
CallQueryCommand(ClusterQueryObject *query, Tcl_Interp *interp, const char *event)
{
    Tcl_Obj *argument = Tcl_NewListObj(0, NULL), *command;
    int code;

    Tcl_ListObjAppendElement(NULL, argument, Tcl_NewStringObj(event, -1));
    Tcl_ListObjAppendElement(NULL, argument, query->name);
    command = Tcl_DuplicateObj(query->command);
    Tcl_ListObjAppendElement(NULL, command, argument);
    Tcl_IncrRefCount(command);
    code = Tcl_EvalObjEx(interp, command, TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
    Tcl_DecrRefCount(command);
    return code;
}

void
ClusterQueryObjectCall(ClusterQueryObject *query, const char *event, Tcl_Obj *service)
{
    ClusterInterp *data = query->cluster->data;
    Tcl_Interp *interp = data->interp;
    int code;

    if (!interp || Tcl_InterpDeleted(interp)) {
        return;
    }
    ClusterInterpHold(data);
    Tcl_Preserve(interp);
    ClusterQueryObjectHold(query);
    code = CallQueryCommand(query, interp, event);
    if (!Tcl_InterpDeleted(interp)) {
        if (code == TCL_ERROR) {
            ClusterBackground(interp, code, "command of a query", query->name);
        } else if (code != TCL_RETURN && service && query->collect) {
            CollectResult(query, event, service, Tcl_GetObjResult(interp));
        }
        Tcl_ResetResult(interp);
        if (code == TCL_BREAK && query->query) {
            ClusterQueryEnd(query->query);
        }
    }
    ClusterQueryObjectRelease(query);
    Tcl_Release(interp);
    ClusterInterpRelease(data);
}

static const char *
ErrorText(const char *reason)
{
    static const struct {
        const char *reason, *text;
    } texts[] = {
            {"lost", "the service was lost"},
            {"backpressure", "the service does not read what is sent to it: its queue is full"},
            {"too_large", "the query is too large for the ways to the service"},
    };
    size_t i;

    for (i = 0; i < CLUSTER_COUNT(texts); i++) {
        if (strcmp(reason, texts[i].reason) == 0) {
            return texts[i].text;
        }
    }
    return "the service could not be reached";
}

/* An answer made here, as the service gives none. */
static Tcl_Obj *
ErrorPayload(const ClusterNode *node, const char *reason)
{
    Tcl_Obj *payload = Tcl_NewDictObj();

    Tcl_DictObjPut(NULL, payload, ClusterNodeKeys(node)->name[CLUSTER_ERROR],
            Tcl_NewStringObj(ErrorText(reason), -1));
    return payload;
}

/*
 * Keeps what the service answered, or why it did not. Many services lost
 * together share one error: the payloads of a query may be thousands.
 */
static void
KeepAnswer(ClusterQueryObject *query, ClusterQueryEvent event, Tcl_Obj *payload, const char *reason)
{
    if (payload) {
        ClusterReplaceObj(&query->payload, payload);
        ClusterReplaceObj(&query->reason,
                event == CLUSTER_QUERY_ERROR ? Tcl_NewStringObj("answered", -1) : NULL);
    } else if (!query->reason || strcmp(Tcl_GetString(query->reason), reason) != 0) {
        ClusterReplaceObj(&query->payload, ErrorPayload(query->cluster->node, reason));
        ClusterReplaceObj(&query->reason, Tcl_NewStringObj(reason, -1));
    }
}

static void
QueryAnswered(ClusterQueryObject *query, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    Tcl_Obj *service;

    ClusterReplaceObj(&query->service, ClusterMemberName(member));
    KeepAnswer(query, event, payload, reason);
    if (!query->service) {
        return;
    }
    if (Tcl_IsShared(query->payloads)) {
        ClusterReplaceObj(&query->payloads, Tcl_DuplicateObj(query->payloads));
    }
    Tcl_DictObjPut(NULL, query->payloads, query->service, query->payload);
    service = query->service;
    Tcl_IncrRefCount(service); /* the next answer may come while the command runs */
    ClusterQueryObjectCall(query, event == CLUSTER_QUERY_ERROR ? "error" : "response", service);
    Tcl_DecrRefCount(service);
}

void
ClusterQueryTold(ClusterQuery *source, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    ClusterQueryObject *query = ClusterQueryOwner(source);

    if (!query) {
        return;
    }
    ClusterQueryObjectHold(query);
    if (event == CLUSTER_QUERY_TIMEOUT) {
        ClusterQueryObjectCall(query, "timeout", NULL);
    } else if (event == CLUSTER_QUERY_DONE) {
        ClusterQueryObjectCall(query, "done", NULL);
        ClusterQueryObjectEnd(query);
    } else {
        QueryAnswered(query, event, member, payload, reason);
    }
    ClusterQueryObjectRelease(query);
}
