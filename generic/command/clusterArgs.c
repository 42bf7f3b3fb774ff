/*
 * clusterArgs.c --
 *
 *	A list of protocols, and the messages that several commands share.
 */

#include "base/clusterError.h"
#include "base/clusterLimits.h"
#include "command/clusterCommandInt.h"

int
ClusterParseProtocols(Tcl_Interp *interp, const ClusterObject *cluster, Tcl_Obj *value)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(interp, value, &count, &words) != TCL_OK) {
        return TCL_ERROR;
    }
    for (i = 0; i < count; i++) {
        if (ClusterNodeSlotById(cluster->node, Tcl_GetString(words[i]))) {
            return TCL_OK;
        }
    }
    if (count == 0) {
        return TCL_OK;
    }
    return ClusterFail(interp,
            Tcl_ObjPrintf("bad protocols \"%s\": must have one of this member's, which are %s",
                    Tcl_GetString(value), Tcl_GetString(ClusterNodeProtocols(cluster->node))),
            "CLUSTER", "PROTOCOL", "UNKNOWN", Tcl_GetString(value), (char *) NULL);
}

int
ClusterResolveFail(Tcl_Interp *interp, ClusterResolveStatus status, Tcl_Obj *culprit)
{
    const char *word = culprit ? Tcl_GetString(culprit) : "";
    int code;

    if (culprit) {
        Tcl_IncrRefCount(culprit);
    }
    switch (status) {
    case CLUSTER_RESOLVE_BAD_WORD:
        code = ClusterFail(interp,
                Tcl_ObjPrintf("unknown resolver option \"%s\": must be -equal, -match, -regexp, "
                              "-has, -all, -not, -some, or -exact",
                        word),
                "CLUSTER", "RESOLVER", "OPTION", word, (char *) NULL);
        break;
    case CLUSTER_RESOLVE_BAD_MODE:
        code = ClusterFail(interp,
                Tcl_ObjPrintf("unknown mode \"%s\": must be equal, match, or regexp", word),
                "CLUSTER", "RESOLVER", "OPTION", word, (char *) NULL);
        break;
    case CLUSTER_RESOLVE_BAD_OPERATOR:
        code = ClusterFail(interp,
                Tcl_ObjPrintf("unknown operator \"%s\": must be has, all, not, some, or exact",
                        word),
                "CLUSTER", "RESOLVER", "OPTION", word, (char *) NULL);
        break;
    case CLUSTER_RESOLVE_OPTION:
        code = ClusterFail(interp,
                Tcl_ObjPrintf(
                        "\"%s\" is no tag but an option of resolver, where an option comes first",
                        word),
                "CLUSTER", "RESOLVER", "OPTION", word, (char *) NULL);
        break;
    case CLUSTER_RESOLVE_NO_LIST:
        code = ClusterFail(interp, Tcl_ObjPrintf("no list follows \"%s\" in the resolver", word),
                "CLUSTER", "RESOLVER", "LIST", (char *) NULL);
        break;
    case CLUSTER_RESOLVE_BAD_LIST:
        code = ClusterFail(interp, Tcl_ObjPrintf("\"%s\" is not a list of tags", word), "CLUSTER",
                "RESOLVER", "LIST", (char *) NULL);
        break;
    case CLUSTER_RESOLVE_BAD_REGEXP:
        code = ClusterFail(interp, Tcl_ObjPrintf("\"%s\" is not a regular expression", word),
                "CLUSTER", "RESOLVER", "REGEXP", (char *) NULL);
        break;
    default:
        code = ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
        break;
    }
    if (culprit) {
        Tcl_DecrRefCount(culprit);
    }
    return code;
}

static int
BadPayload(Tcl_Interp *interp, const ClusterSendDetails *details)
{
    const char *key = details->culprit;

    switch (details->payloadStatus) {
    case CLUSTER_PAYLOAD_UNKNOWN_KEY:
        return ClusterFail(interp, Tcl_ObjPrintf("Encoding Failed: %s is not a known field", key),
                "CLUSTER", "PAYLOAD", "UNKNOWN_FIELD", key, (char *) NULL);
    case CLUSTER_PAYLOAD_BAD_VALUE:
        return ClusterFail(interp,
                Tcl_ObjPrintf("Encoding Failed: the value of %s must be %s", key,
                        ClusterPayloadMust(key)),
                "CLUSTER", "PAYLOAD", "BAD_VALUE", key, (char *) NULL);
    case CLUSTER_PAYLOAD_INCOMPLETE:
        return ClusterFail(interp,
                Tcl_ObjPrintf("the payload lacks %s; $cluster payload makes complete ones", key),
                "CLUSTER", "PAYLOAD", "INCOMPLETE", key, (char *) NULL);
    case CLUSTER_PAYLOAD_TOO_LARGE:
        return ClusterFail(interp,
                Tcl_ObjPrintf("the packet would be larger than %u bytes", CLUSTER_MAX_PACKET),
                "CLUSTER", "PACKET", "TOO_LARGE", (char *) NULL);
    default:
        return ClusterFail(interp, Tcl_NewStringObj("the payload is not a dict", -1), "CLUSTER",
                "PAYLOAD", "NOT_DICT", (char *) NULL);
    }
}

int
ClusterSendFail(Tcl_Interp *interp, ClusterSendStatus status, const ClusterSendDetails *details)
{
    if (status == CLUSTER_SEND_BAD_PAYLOAD) {
        return BadPayload(interp, details);
    }
    if (status == CLUSTER_SEND_OVERSIZED) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("the packet is larger than the %d bytes that a datagram carries",
                        CLUSTER_DATAGRAM_MAX),
                "CLUSTER", "PACKET", "TOO_LARGE", (char *) NULL);
    }
    return TCL_OK;
}

const char *
ClusterSendReason(ClusterSendStatus status)
{
    switch (status) {
    case CLUSTER_SEND_BUSY:
        return "backpressure";
    case CLUSTER_SEND_OVERSIZED:
        return "too_large";
    case CLUSTER_SEND_CANCELLED:
        return "cancelled";
    default:
        return "negotiation_failure";
    }
}

int
ClusterFitFail(Tcl_Interp *interp, ClusterFit fit)
{
    switch (fit) {
    case CLUSTER_TAGS_TOO_MANY:
        return ClusterFail(interp,
                Tcl_ObjPrintf("too many tags: others take %d at most", CLUSTER_TAGS_MAX), "CLUSTER",
                "TAGS", "COUNT", (char *) NULL);
    case CLUSTER_TAGS_TOO_LARGE:
        return ClusterFail(interp,
                Tcl_NewStringObj(
                        "the tags are too large: with the properties they must fit a datagram", -1),
                "CLUSTER", "TAGS", "SIZE", (char *) NULL);
    case CLUSTER_PROPS_TOO_LARGE:
        return ClusterFail(interp,
                Tcl_ObjPrintf("the protocols' properties are too large: others take %d bytes",
                        CLUSTER_PROPS_BYTES_MAX),
                "CLUSTER", "PROPS", "SIZE", (char *) NULL);
    default:
        return TCL_OK;
    }
}
