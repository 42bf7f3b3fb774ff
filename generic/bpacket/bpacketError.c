/*
 * bpacketError.c --
 *
 *	Messages and error codes for what goes wrong in the codec.
 */

#include "bpacket/bpacketError.h"

#include "base/clusterError.h"

#include <stdio.h>

#define SHOWN_BYTES 40 /* of a wrong value, in messages */

int
BpacketFailMemory(Tcl_Interp *interp)
{
    return ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
            (char *) NULL);
}

static const char *
StatusWord(bpacket_status status)
{
    switch (status) {
    case BPACKET_TRUNCATED:
        return "TRUNCATED";
    case BPACKET_OVERFLOW:
        return "OVERFLOW";
    case BPACKET_TOO_LARGE:
        return "TOO_LARGE";
    case BPACKET_OK:
    case BPACKET_UNKNOWN_FIELD:
    case BPACKET_MALFORMED:
    case BPACKET_NO_MEMORY:
    case BPACKET_REFUSED:
        break;
    }
    return "MALFORMED";
}

int
BpacketFailStatus(Tcl_Interp *interp, bpacket_status status)
{
    const char *text = bpacket_status_text(status);

    if (status == BPACKET_NO_MEMORY) {
        return BpacketFailMemory(interp);
    }
    if (status == BPACKET_OVERFLOW) {
        text = "number too large";
    }
    return ClusterFail(interp, Tcl_NewStringObj(text, -1), "CLUSTER", "PACKET", StatusWord(status),
            (char *) NULL);
}

/* A value for a message, cut when it is long. */
static Tcl_Obj *
QuotedValue(Tcl_Obj *value)
{
    Tcl_Obj *shown = Tcl_NewStringObj("\"", -1);

    Tcl_AppendLimitedToObj(shown, Tcl_GetString(value), -1, SHOWN_BYTES + 1, "...");
    Tcl_AppendToObj(shown, "\"", 1);
    return shown;
}

_Static_assert(BPACKET_INTEGER_BITS == 8176 && BPACKET_MAX_ELEMENTS == 1048576,
        "the texts below say so");

/* What the fault is, as a sentence behind "cannot encode ...: ". */
static const char *
FaultText(BpacketFault fault)
{
    switch (fault) {
    case BPACKET_NOT_INTEGER:
        return "expected a non-negative integer (of at most 8176 bits) but got ";
    case BPACKET_NOT_NUMBER:
        return "expected a finite number but got ";
    case BPACKET_NOT_BOOLEAN:
        return "expected a boolean but got ";
    case BPACKET_NOT_BYTES:
        return "expected bytes but got characters above U+00FF: ";
    case BPACKET_NOT_LIST:
        return "expected a list but got ";
    case BPACKET_NOT_DICT:
        return "expected a dict but got ";
    case BPACKET_MISSING_KEY:
        return "the dict lacks the key ";
    case BPACKET_NEEDS_KEYS:
        return "the template has no keys for the dict ";
    case BPACKET_TOO_MANY:
        return "more than 1048576 elements in ";
    case BPACKET_VALUE_OK:
        break;
    }
    return "bad value ";
}

static void
SetFaultCode(Tcl_Interp *interp, const BpacketProblem *problem, bpacket_type type)
{
    const char *culprit = Tcl_GetString(problem->culprit);
    const char *name = bpacket_type_name(type);

    if (problem->fault == BPACKET_MISSING_KEY) {
        Tcl_SetErrorCode(interp, "BINARY_PACKET", "ENCODE", "FIELD", "DICT", "MISSING_KEY", culprit,
                (char *) NULL);
    } else if (problem->fault == BPACKET_NEEDS_KEYS) {
        Tcl_SetErrorCode(interp, "BINARY_PACKET", "ENCODE", "FIELD", "DICT", "FIELD_REQUIRED",
                (char *) NULL);
    } else if (problem->fault == BPACKET_NOT_BOOLEAN) {
        Tcl_SetErrorCode(interp, "BINARY_PACKET", "ENCODE", "BOOLEAN", "VALUE_NOT_BOOLEAN",
                (char *) NULL);
    } else if (problem->fault == BPACKET_NOT_INTEGER && type == BPACKET_TYPE_NUMLIST) {
        Tcl_SetErrorCode(interp, "BINARY_PACKET", "ENCODE", "NUM_LIST", "NOT_A_NUMBER", culprit,
                (char *) NULL);
    } else if (problem->fault == BPACKET_TOO_MANY) {
        Tcl_SetErrorCode(interp, "CLUSTER", "PACKET", "TOO_LARGE", (char *) NULL);
    } else {
        Tcl_SetErrorCode(interp, "CLUSTER", "PACKET", "BAD_VALUE", name, (char *) NULL);
    }
}

int
BpacketFailValue(Tcl_Interp *interp, const BpacketProblem *problem, bpacket_type type,
        Tcl_Obj *name)
{
    Tcl_Obj *message = Tcl_NewStringObj("cannot encode ", -1);
    Tcl_Obj *shown = QuotedValue(problem->culprit);

    if (name) {
        Tcl_AppendPrintfToObj(message, "field \"%s\" of type ", Tcl_GetString(name));
    }
    Tcl_AppendPrintfToObj(message, "%s: %s", bpacket_type_name(type), FaultText(problem->fault));
    Tcl_AppendObjToObj(message, shown);
    Tcl_DecrRefCount(shown);
    Tcl_SetObjResult(interp, message);
    SetFaultCode(interp, problem, type);
    return TCL_ERROR;
}

int
BpacketFailTemplate(Tcl_Interp *interp, const bpacket_template_fault *fault)
{
    Tcl_Obj *message;
    char line[24];

    if (!fault->expected) {
        return BpacketFailMemory(interp);
    }
    snprintf(line, sizeof line, "%lu", (unsigned long) fault->line);
    message =
            Tcl_ObjPrintf("bad template, line %s: expected %s, but found ", line, fault->expected);
    if (fault->found.length == 0) {
        Tcl_AppendToObj(message, "nothing", -1);
    } else {
        Tcl_AppendToObj(message, "\"", 1);
        Tcl_AppendLimitedToObj(message, (const char *) fault->found.bytes,
                (Tcl_Size) fault->found.length, SHOWN_BYTES, "...");
        Tcl_AppendToObj(message, "\"", 1);
    }
    return ClusterFail(interp, message, "CLUSTER", "TEMPLATE", line, (char *) NULL);
}
