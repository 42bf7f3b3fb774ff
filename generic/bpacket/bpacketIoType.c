/*
 * bpacketIoType.c --
 *
 *	Types of fields for class ::bpacket::classes::io: the methods of our own
 *	types, which types written in Tcl build on, and those types themselves,
 *	which are classes in ::bpacket::type mixed into the object.
 */

#include "bpacket/bpacketIo.h"

#include "bpacket/bpacketCmd.h"
#include "bpacket/bpacketError.h"
#include "base/clusterError.h"
#include "base/clusterHold.h"

#include <string.h>

#define TYPE_NAMESPACE "::bpacket::type::"

/* Evaluates words, which it takes over, in the current frame. */
static int
EvaluateWords(Tcl_Interp *interp, int count, Tcl_Obj **words)
{
    int i, code;

    for (i = 0; i < count; i++) {
        Tcl_IncrRefCount(words[i]);
    }
    code = Tcl_EvalObjv(interp, count, words, 0);
    for (i = 0; i < count; i++) {
        Tcl_DecrRefCount(words[i]);
    }
    return code;
}

static int
FailDestroyed(Tcl_Interp *interp)
{
    return ClusterFail(interp, Tcl_NewStringObj("the object was destroyed", -1), "CLUSTER",
            "OBJECT", (char *) NULL);
}

/* Calls `my METHOD WORD ?WORD?`. */
static int
CallMy(BpacketIo *io, Tcl_Interp *interp, Tcl_Obj *method, Tcl_Obj *first, Tcl_Obj *second)
{
    Tcl_Obj *words[4];
    int count = 2;

    if (!io->object) {
        Tcl_IncrRefCount(method);
        Tcl_DecrRefCount(method);
        return FailDestroyed(interp);
    }
    words[0] = Tcl_ObjPrintf("%s::my", Tcl_GetObjectNamespace(io->object)->fullName);
    words[1] = method;
    if (first) {
        words[count++] = first;
    }
    if (second) {
        words[count++] = second;
    }
    return EvaluateWords(interp, count, words);
}

/*
 * ------------------------------------------------------------------------
 * Methods of our own types
 * ------------------------------------------------------------------------
 */

/* The key arguments of a field that a script describes; NULL for none. */
static Tcl_Obj *
FieldKeys(Tcl_Obj *description)
{
    Tcl_Obj *key = Tcl_NewStringObj("args", -1), *keys = NULL;

    Tcl_IncrRefCount(key);
    if (Tcl_DictObjGet(NULL, description, key, &keys) != TCL_OK) {
        keys = NULL;
    }
    Tcl_DecrRefCount(key);
    return keys;
}

/* my @encode::TYPE value ?field ...?: the bytes of a value. */
static int
EncodeType(void *clientData, Tcl_Interp *interp, Tcl_ObjectContext context, int objc,
        Tcl_Obj *const *objv)
{
    bpacket_type type = bpacket_type_by_name(clientData, strlen(clientData));
    int skip = (int) Tcl_ObjectContextSkippedArgs(context);

    if (objc == skip) {
        Tcl_WrongNumArgs(interp, skip, objv, "value ?field ...?");
        return TCL_ERROR;
    }
    return BpacketEncode(interp, type, (objc > skip + 1) ? FieldKeys(objv[skip + 1]) : NULL,
            objv[skip]);
}

/* my @decode::TYPE ?field ...?: the value that is next. */
static int
DecodeType(void *clientData, Tcl_Interp *interp, Tcl_ObjectContext context, int objc,
        Tcl_Obj *const *objv)
{
    bpacket_type type = bpacket_type_by_name(clientData, strlen(clientData));
    int skip = (int) Tcl_ObjectContextSkippedArgs(context);
    BpacketIo *io = BpacketIoFromContext(interp, context);
    Tcl_Obj *keys = (objc > skip) ? FieldKeys(objv[skip]) : NULL, *value;

    if (!io) {
        return TCL_ERROR;
    }
    if (type == BPACKET_TYPE_DICT && !keys) {
        return ClusterFail(interp,
                Tcl_NewStringObj("decoding a dict takes a field with arguments", -1),
                "BINARY_PACKET", "DECODE", "FIELD", "DICT", "FIELD_REQUIRED", (char *) NULL);
    }
    value = BpacketReadValue(&io->input->reader, type, keys, &io->input->budget);
    if (!value) {
        bpacket_status status = io->input->reader.status;

        io->input->reader.status = BPACKET_OK;
        return BpacketFailStatus(interp, status);
    }
    Tcl_SetObjResult(interp, value);
    return TCL_OK;
}

static const Tcl_MethodType encodeType = {
        .version = TCL_OO_METHOD_VERSION_CURRENT,
        .name = "bpacket encode type",
        .callProc = EncodeType,
};
static const Tcl_MethodType decodeType = {
        .version = TCL_OO_METHOD_VERSION_CURRENT,
        .name = "bpacket decode type",
        .callProc = DecodeType,
};

static void
InstallOne(Tcl_Interp *interp, Tcl_Class class, const char *prefix, const char *typeName,
        const Tcl_MethodType *method)
{
    Tcl_Obj *name = Tcl_ObjPrintf("%s%s", prefix, typeName);

    Tcl_IncrRefCount(name);
    Tcl_NewMethod(interp, class, name, TCL_OO_METHOD_UNEXPORTED, method, (void *) typeName);
    Tcl_DecrRefCount(name);
}

void
BpacketIoTypeInstall(Tcl_Interp *interp, Tcl_Class class)
{
    int type;

    for (type = 0; type < BPACKET_TYPES; type++) {
        const char *name = bpacket_type_name((bpacket_type) type);

        InstallOne(interp, class, "@encode::", name, &encodeType);
        InstallOne(interp, class, "@decode::", name, &decodeType);
    }
}

/*
 * ------------------------------------------------------------------------
 * Requiring types
 * ------------------------------------------------------------------------
 */

/* Is the value an element of the list? */
static bool
InList(Tcl_Obj *list, const char *text)
{
    Tcl_Obj **elements;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(NULL, list, &count, &elements) != TCL_OK) {
        return false;
    }
    for (i = 0; i < count; i++) {
        if (strcmp(Tcl_GetString(elements[i]), text) == 0) {
            return true;
        }
    }
    return false;
}

/* Sets *can: has the object a method of that name, exported or not? */
static int
HasMethod(BpacketIo *io, Tcl_Interp *interp, const char *method, bool *can)
{
    Tcl_Obj *words[6];
    int code;

    words[0] = Tcl_NewStringObj("::info", -1);
    words[1] = Tcl_NewStringObj("object", -1);
    words[2] = Tcl_NewStringObj("methods", -1);
    words[3] = Tcl_GetObjectName(interp, io->object);
    words[4] = Tcl_NewStringObj("-all", -1);
    words[5] = Tcl_NewStringObj("-private", -1);
    code = EvaluateWords(interp, 6, words);
    if (code == TCL_OK) {
        *can = InList(Tcl_GetObjResult(interp), method);
        Tcl_ResetResult(interp);
    }
    return code;
}

static int
HasTypeMethod(BpacketIo *io, Tcl_Interp *interp, const char *prefix, const char *type, bool *can)
{
    Tcl_Obj *name = Tcl_ObjPrintf("%s%s", prefix, type);
    int code;

    Tcl_IncrRefCount(name);
    code = HasMethod(io, interp, Tcl_GetString(name), can);
    Tcl_DecrRefCount(name);
    return code;
}

static bool
ClassExists(Tcl_Interp *interp, const char *type)
{
    Tcl_Obj *name = Tcl_ObjPrintf(TYPE_NAMESPACE "%s", type);
    Tcl_CmdInfo info;
    bool exists;

    Tcl_IncrRefCount(name);
    exists = Tcl_GetCommandInfo(interp, Tcl_GetString(name), &info) != 0;
    Tcl_DecrRefCount(name);
    return exists;
}

/* A type may come as a package, as in 1.3.2; it is no fault if it does not. */
static void
RequirePackage(Tcl_Interp *interp, const char *type)
{
    Tcl_Obj *words[3];

    words[0] = Tcl_NewStringObj("::package", -1);
    words[1] = Tcl_NewStringObj("require", -1);
    words[2] = Tcl_ObjPrintf("bpacket::type::%s", type);
    (void) EvaluateWords(interp, 3, words);
    Tcl_ResetResult(interp);
}

static int
MixIn(BpacketIo *io, Tcl_Interp *interp, const char *type)
{
    Tcl_Obj *words[5];

    words[0] = Tcl_NewStringObj("::oo::objdefine", -1);
    words[1] = Tcl_GetObjectName(interp, io->object);
    words[2] = Tcl_NewStringObj("mixin", -1);
    words[3] = Tcl_NewStringObj(type ? "-append" : "-clear", -1);
    if (type) {
        words[4] = Tcl_ObjPrintf(TYPE_NAMESPACE "%s", type);
    }
    return EvaluateWords(interp, type ? 5 : 4, words);
}

/* Calls the type's @init::TYPE, if it has one. */
static int
InitType(BpacketIo *io, Tcl_Interp *interp, const char *type)
{
    bool can = false;
    int code = HasTypeMethod(io, interp, "@init::", type, &can);

    if (code != TCL_OK || !can) {
        return code;
    }
    if (CallMy(io, interp, Tcl_ObjPrintf("@init::%s", type), NULL, NULL) != TCL_OK) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("initializing the type %s failed: %s", type,
                        Tcl_GetString(Tcl_GetObjResult(interp))),
                "BINARY_PACKET", "REQUIRE_TYPE", "TYPE_INIT_ERROR", type, (char *) NULL);
    }
    return io->object ? TCL_OK : FailDestroyed(interp);
}

/*
 * Makes sure that a type can be used. A class ::bpacket::type::TYPE is mixed
 * in, be the type one of ours or not; else it must be one of ours, or the
 * object's class must have the methods.
 */
static int
RequireType(BpacketIo *io, Tcl_Interp *interp, const char *type)
{
    bool ours = bpacket_type_by_name(type, strlen(type)) != BPACKET_TYPE_OWN, can = ours;

    if (InList(io->types, type)) {
        return TCL_OK;
    }
    if (!can && HasTypeMethod(io, interp, "@encode::", type, &can) != TCL_OK) {
        return TCL_ERROR;
    }
    if (!can && !ClassExists(interp, type)) {
        RequirePackage(interp, type);
    }
    if (!io->object) {
        return FailDestroyed(interp);
    }
    /* Entered first, as types may require each other. */
    Tcl_ListObjAppendElement(NULL, io->types, Tcl_NewStringObj(type, -1));
    if (ClassExists(interp, type)) {
        if (MixIn(io, interp, type) != TCL_OK) {
            return TCL_ERROR;
        }
        io->mixed = true;
        return InitType(io, interp, type);
    }
    if (!can) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("there is no type %s: neither a class " TYPE_NAMESPACE
                              "%s nor a package bpacket::type::%s",
                        type, type, type),
                "BINARY_PACKET", "REQUIRE_TYPE", "TYPE_NOT_FOUND", type, (char *) NULL);
    }
    return TCL_OK;
}

/* Takes back the last type entered, if the failure of requiring it left it there. */
static int
Require(BpacketIo *io, Tcl_Interp *interp, const char *type)
{
    Tcl_Size before = 0, after = 0;

    Tcl_ListObjLength(NULL, io->types, &before);
    if (RequireType(io, interp, type) == TCL_OK) {
        return TCL_OK;
    }
    Tcl_ListObjLength(NULL, io->types, &after);
    Tcl_ListObjReplace(NULL, io->types, before, after - before, 0, NULL);
    return TCL_ERROR;
}

int
BpacketIoRequiresMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    BpacketIo *io = self;
    int i;

    for (i = 0; i < objc; i++) {
        if (Require(io, interp, Tcl_GetString(objv[i])) != TCL_OK) {
            return TCL_ERROR;
        }
    }
    /* Where the way to write a type that 1.3.2 taught keeps its name. */
    Tcl_UnsetVar2(interp, TYPE_NAMESPACE "current", NULL, TCL_GLOBAL_ONLY);
    return TCL_OK;
}

int
BpacketIoCanMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    bool can = false;

    (void) objc;
    if (HasMethod(self, interp, Tcl_GetString(objv[0]), &can) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, Tcl_NewStringObj(can ? "true" : "false", -1));
    return TCL_OK;
}

int
BpacketIoTypesReset(BpacketIo *io, Tcl_Interp *interp)
{
    BpacketIoTemplate *template = io->template;
    size_t i, count = bpacket_template_count(template->template);
    bool scripted = false;
    int code = TCL_OK;

    if (io->mixed && MixIn(io, interp, NULL) != TCL_OK) {
        return TCL_ERROR;
    }
    io->mixed = false;
    ClusterReplaceObj(&io->types, Tcl_NewListObj(0, NULL));
    template->refCount++;
    template->scripted = true; /* until it is known: a type's class may use this io as it is made */
    for (i = 0; i < count && code == TCL_OK; i++) {
        BpacketIoField *field = &template->fields[i];

        code = Require(io, interp, Tcl_GetString(field->type));
        field->scripted = (field->field->type == BPACKET_TYPE_OWN)
                || ClassExists(interp, Tcl_GetString(field->type));
        scripted |= field->scripted;
    }
    template->scripted = scripted || code != TCL_OK;
    BpacketIoTemplateRelease(template);
    Tcl_UnsetVar2(interp, TYPE_NAMESPACE "current", NULL, TCL_GLOBAL_ONLY);
    return code;
}

/*
 * ------------------------------------------------------------------------
 * Fields of types written in Tcl
 * ------------------------------------------------------------------------
 */

int
BpacketIoEncodeScripted(BpacketIo *io, Tcl_Interp *interp, bpacket_writer *writer,
        const BpacketIoField *field, Tcl_Obj *value)
{
    Tcl_Obj *method = Tcl_ObjPrintf("@encode::%s", Tcl_GetString(field->type));
    bpacket_span bytes;

    if (CallMy(io, interp, method, value, field->description) != TCL_OK) {
        return TCL_ERROR;
    }
    if (!BpacketGetBytes(Tcl_GetObjResult(interp), &bytes)) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("the type %s encoded field \"%s\" to characters above U+00FF, "
                              "which are no bytes",
                        Tcl_GetString(field->type), Tcl_GetString(field->name)),
                "CLUSTER", "PACKET", "BAD_VALUE", Tcl_GetString(field->type), (char *) NULL);
    }
    bpacket_write_bytes(writer, bytes.bytes, bytes.length);
    Tcl_ResetResult(interp);
    return TCL_OK;
}

int
BpacketIoDecodeScripted(BpacketIo *io, Tcl_Interp *interp, const BpacketIoField *field)
{
    if (!io->object) {
        return FailDestroyed(interp);
    }
    if (BpacketIoMakeBuffer(io, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    return CallMy(io, interp, Tcl_ObjPrintf("@decode::%s", Tcl_GetString(field->type)),
            field->description, NULL);
}
