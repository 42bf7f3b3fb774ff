/*
 * bpacketCmd.c --
 *
 *	Package bpacket: the ensemble ::bpacket, its classes and variables.
 */

#include "bpacket/bpacketCmd.h"

#include "bpacket/bpacketError.h"
#include "bpacket/bpacketIo.h"
#include "bpacket/bpacketIoCmd.h"
#include "bpacket/bpacketStreamCmd.h"
#include "base/clusterError.h"

#include <string.h>

#define REGISTRY "::bpacket::REGISTRY"

/* A command: its clientData is its row. */
typedef struct CommandRow {
    const char *name;
    Tcl_ObjCmdProc *proc;
    int detail;      /* for commands that share a function */
    int least, most; /* arguments; most -1 for any number */
    const char *usage;
} CommandRow;

/*
 * ------------------------------------------------------------------------
 * create, template
 * ------------------------------------------------------------------------
 */

/* What can be created: the class, made anew if a script destroyed it. */
static const struct CreateRow {
    const char *name;
    const char *class;
    int (*make)(Tcl_Interp *interp);
} createRows[] = {
        {"io", "::bpacket::classes::io", BpacketIoMakeClass},
        {"stream", "::bpacket::classes::stream", BpacketStreamMakeClass},
        {NULL, NULL, NULL},
};

/* bpacket create io|stream NAME ?arg ...?: NAME is the caller's. */
static int
CreateCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *kind = Tcl_NewStringObj(Tcl_GetString(objv[1]), -1), *command;
    Tcl_Obj *words[2];
    Tcl_CmdInfo info;
    int index, code;

    (void) clientData;
    Tcl_IncrRefCount(kind);
    Tcl_SetObjLength(kind, Tcl_UtfToLower(Tcl_GetString(kind)));
    code = Tcl_GetIndexFromObjStruct(interp, kind, createRows, sizeof createRows[0], "type",
            TCL_EXACT, &index);
    Tcl_DecrRefCount(kind);
    if (code != TCL_OK
            || (!Tcl_GetCommandInfo(interp, createRows[index].class, &info)
                    && createRows[index].make(interp) != TCL_OK)) {
        return TCL_ERROR;
    }
    command = Tcl_NewListObj(objc - 2, objv + 2);
    words[0] = Tcl_NewStringObj(createRows[index].class, -1);
    words[1] = Tcl_NewStringObj("create", -1);
    Tcl_ListObjReplace(NULL, command, 0, 0, 2, words);
    Tcl_IncrRefCount(command);
    code = Tcl_EvalObjEx(interp, command, TCL_EVAL_DIRECT);
    Tcl_DecrRefCount(command);
    return code;
}

/* bpacket template TEXT */
static int
TemplateCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    BpacketIoTemplate *template = BpacketIoTemplateNew(interp, objv[1]);

    (void) clientData;
    (void) objc;
    if (!template) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, BpacketIoTemplateDict(template));
    BpacketIoTemplateRelease(template);
    return TCL_OK;
}

/*
 * ------------------------------------------------------------------------
 * register
 *
 * The registry is a dict in a variable, as in 1.3.2: type -> id and id -> type.
 * ------------------------------------------------------------------------
 */

/* A copy of the registry, held once; NULL with a message. */
static Tcl_Obj *
CopyRegistry(Tcl_Interp *interp)
{
    Tcl_Obj *registry = Tcl_GetVar2Ex(interp, REGISTRY, NULL, TCL_GLOBAL_ONLY);
    Tcl_Size size;

    if (registry && Tcl_DictObjSize(interp, registry, &size) != TCL_OK) {
        return NULL;
    }
    registry = registry ? Tcl_DuplicateObj(registry) : Tcl_NewDictObj();
    Tcl_IncrRefCount(registry);
    return registry;
}

/* Takes type, an entry of the registry, out of it, and destroys its class. */
static void
Unregister(Tcl_Interp *interp, Tcl_Obj *registry, Tcl_Obj *type, Tcl_Obj *id)
{
    Tcl_Obj *class = Tcl_ObjPrintf("::bpacket::type::%s", Tcl_GetString(type));

    Tcl_IncrRefCount(class);
    Tcl_IncrRefCount(type);
    Tcl_IncrRefCount(id);
    Tcl_DictObjRemove(NULL, registry, type);
    Tcl_DictObjRemove(NULL, registry, id);
    Tcl_DeleteCommand(interp, Tcl_GetString(class));
    Tcl_DecrRefCount(id);
    Tcl_DecrRefCount(type);
    Tcl_DecrRefCount(class);
}

static int
FailTaken(Tcl_Interp *interp, Tcl_Obj *type, Tcl_Obj *id, Tcl_Obj *entry, Tcl_Obj *owner)
{
    return ClusterFail(interp,
            Tcl_ObjPrintf("cannot register type %s with id %s: %s is registered with %s "
                          "(a true third argument replaces it)",
                    Tcl_GetString(type), Tcl_GetString(id), Tcl_GetString(entry),
                    Tcl_GetString(owner)),
            "BINARY_PACKET", "REGISTER_TYPE", "TYPE_EXISTS", Tcl_GetString(type), (char *) NULL);
}

/* bpacket register TYPE ID ?force? */
static int
RegisterCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *type = objv[1], *id = objv[2], *registry, *owner;
    int force = 0, i, code = TCL_OK;

    (void) clientData;
    if (objc > 3 && Tcl_GetBooleanFromObj(interp, objv[3], &force) != TCL_OK) {
        return TCL_ERROR;
    }
    registry = CopyRegistry(interp);
    if (!registry) {
        return TCL_ERROR;
    }
    for (i = 1; i <= 2 && code == TCL_OK; i++) {
        Tcl_DictObjGet(NULL, registry, objv[i], &owner);
        if (owner && !force) {
            code = FailTaken(interp, type, id, objv[i], owner);
        } else if (owner) {
            Unregister(interp, registry, (i == 1) ? type : owner, (i == 1) ? owner : id);
        }
    }
    if (code == TCL_OK) {
        Tcl_DictObjPut(NULL, registry, type, id);
        Tcl_DictObjPut(NULL, registry, id, type);
        code = Tcl_SetVar2Ex(interp, REGISTRY, NULL, registry, TCL_GLOBAL_ONLY | TCL_LEAVE_ERR_MSG)
                ? TCL_OK
                : TCL_ERROR;
    }
    Tcl_DecrRefCount(registry);
    return code;
}

/*
 * ------------------------------------------------------------------------
 * Headers
 * ------------------------------------------------------------------------
 */

static int
FailBytes(Tcl_Interp *interp)
{
    return ClusterFail(interp,
            Tcl_NewStringObj("the data holds characters above U+00FF, which are no bytes", -1),
            "CLUSTER", "PACKET", "MALFORMED", (char *) NULL);
}

static bool
StartsWithHeader(bpacket_span data)
{
    return data.length >= BPACKET_HEADER_SIZE
            && memcmp(data.bytes, BPACKET_HEADER, BPACKET_HEADER_SIZE) == 0;
}

static void
AdvanceSpan(bpacket_span *data, size_t count)
{
    data->bytes += count;
    data->length -= count;
}

/* Takes the headers off the start. */
static void
TrimHeaders(bpacket_span *data)
{
    while (StartsWithHeader(*data)) {
        AdvanceSpan(data, BPACKET_HEADER_SIZE);
    }
}

/* Takes off what stands before the first header: all, if there is none. */
static void
SeekHeader(bpacket_span *data)
{
    while (data->length > 0 && !StartsWithHeader(*data)) {
        const uint8_t *found =
                memchr(data->bytes + 1, (uint8_t) BPACKET_HEADER[0], data->length - 1);

        AdvanceSpan(data, found ? (size_t) (found - data->bytes) : data->length);
    }
}

/* bpacket wrapstart DATA: does it begin with the header? */
static int
WrapstartCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    bpacket_span data;
    bool starts = BpacketGetBytes(objv[1], &data) && StartsWithHeader(data);

    (void) clientData;
    (void) objc;
    Tcl_SetObjResult(interp, Tcl_NewStringObj(starts ? "true" : "false", -1));
    return TCL_OK;
}

/* What HeaderCmd does, as the row's detail. */
#define TRIM 1
#define SEEK 2

/* bpacket headerstart|trimheader|nextheader DATA */
static int
HeaderCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int steps = ((const CommandRow *) clientData)->detail;
    bpacket_span data;

    (void) objc;
    if (!BpacketGetBytes(objv[1], &data)) {
        return FailBytes(interp);
    }
    if (steps & TRIM) {
        TrimHeaders(&data);
    }
    if (steps & SEEK) {
        SeekHeader(&data);
    }
    Tcl_SetObjResult(interp, BpacketBytesObj(data));
    return TCL_OK;
}

/*
 * ------------------------------------------------------------------------
 * encode, decode; the type is the row's detail
 * ------------------------------------------------------------------------
 */

int
BpacketEncode(Tcl_Interp *interp, bpacket_type type, Tcl_Obj *keys, Tcl_Obj *value)
{
    BpacketProblem problem;
    bpacket_writer writer;
    int code = TCL_OK;

    bpacket_writer_init(&writer, 0);
    if (!BpacketWriteValue(&writer, type, keys, value, &problem)) {
        code = BpacketFailValue(interp, &problem, type, NULL);
    } else if (writer.status != BPACKET_OK) {
        code = BpacketFailStatus(interp, writer.status);
    } else {
        bpacket_span bytes = {writer.bytes, writer.length};

        Tcl_SetObjResult(interp, BpacketBytesObj(bytes));
    }
    bpacket_writer_free(&writer);
    return code;
}

/* bpacket encode varint|float|vfloat VALUE */
static int
EncodeCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    bpacket_type type = (bpacket_type) ((const CommandRow *) clientData)->detail;

    (void) objc;
    return BpacketEncode(interp, type, NULL, objv[1]);
}

/* Reads one value from the start of data, which moves behind it; NULL with a message. */
static Tcl_Obj *
ReadFrom(Tcl_Interp *interp, bpacket_type type, bpacket_span *data)
{
    size_t budget = 0;
    bpacket_reader reader;
    Tcl_Obj *value;

    bpacket_reader_init(&reader, data->bytes, data->length);
    value = BpacketReadValue(&reader, type, NULL, &budget);
    if (!value) {
        BpacketFailStatus(interp, reader.status);
        return NULL;
    }
    AdvanceSpan(data, data->length - bpacket_reader_left(&reader));
    return value;
}

/* bpacket decode float|vfloat BYTES */
static int
DecodeCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    bpacket_type type = (bpacket_type) ((const CommandRow *) clientData)->detail;
    bpacket_span data;
    Tcl_Obj *value;

    (void) objc;
    if (!BpacketGetBytes(objv[1], &data)) {
        return FailBytes(interp);
    }
    value = ReadFrom(interp, type, &data);
    if (!value) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, value);
    return TCL_OK;
}

/*
 * bpacket decode varint BYTES ?-raw?: value, remaining bytes and how many were
 * taken. A packet may be given to learn its length, so headers are skipped;
 * that spoils numbers that look like one, such as 18112, hence -raw.
 */
static int
DecodeVarintCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    bpacket_span data;
    Tcl_Obj *parts[3];
    size_t length;

    (void) clientData;
    if (objc == 3 && strcmp(Tcl_GetString(objv[2]), "-raw") != 0) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("bad option \"%s\": must be -raw", Tcl_GetString(objv[2])), "CLUSTER",
                "OPTION", Tcl_GetString(objv[2]), (char *) NULL);
    }
    if (!BpacketGetBytes(objv[1], &data)) {
        return FailBytes(interp);
    }
    length = data.length;
    if (objc == 2) {
        TrimHeaders(&data);
    }
    parts[0] = ReadFrom(interp, BPACKET_TYPE_VARINT, &data);
    if (!parts[0]) {
        return TCL_ERROR;
    }
    parts[1] = BpacketBytesObj(data);
    parts[2] = Tcl_NewWideIntObj((Tcl_WideInt) (length - data.length));
    Tcl_SetObjResult(interp, Tcl_NewListObj(3, parts));
    return TCL_OK;
}

/*
 * ------------------------------------------------------------------------
 * The package
 * ------------------------------------------------------------------------
 */

static const CommandRow commands[] = {
        {"::bpacket::create", CreateCmd, .least = 2, .most = -1, .usage = "type name ?arg ...?"},
        {"::bpacket::headerstart", HeaderCmd, .detail = SEEK, .least = 1, .most = 1,
                .usage = "data"},
        {"::bpacket::nextheader", HeaderCmd, .detail = TRIM | SEEK, .least = 1, .most = 1,
                .usage = "data"},
        {"::bpacket::register", RegisterCmd, .least = 2, .most = 3, .usage = "type id ?force?"},
        {"::bpacket::template", TemplateCmd, .least = 1, .most = 1, .usage = "template"},
        {"::bpacket::trimheader", HeaderCmd, .detail = TRIM, .least = 1, .most = 1,
                .usage = "data"},
        {"::bpacket::wrapstart", WrapstartCmd, .least = 1, .most = 1, .usage = "data"},
        {"::bpacket::encode::varint", EncodeCmd, .detail = BPACKET_TYPE_VARINT, .least = 1,
                .most = 1, .usage = "value"},
        {"::bpacket::encode::float", EncodeCmd, .detail = BPACKET_TYPE_FLOAT, .least = 1, .most = 1,
                .usage = "value"},
        {"::bpacket::encode::vfloat", EncodeCmd, .detail = BPACKET_TYPE_VFLOAT, .least = 1,
                .most = 1, .usage = "value"},
        {"::bpacket::decode::varint", DecodeVarintCmd, .least = 1, .most = 2,
                .usage = "bytes ?-raw?"},
        {"::bpacket::decode::float", DecodeCmd, .detail = BPACKET_TYPE_FLOAT, .least = 1, .most = 1,
                .usage = "bytes"},
        {"::bpacket::decode::vfloat", DecodeCmd, .detail = BPACKET_TYPE_VFLOAT, .least = 1,
                .most = 1, .usage = "bytes"},
        {.name = NULL},
};

static int
RunBpacketCommand(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    const CommandRow *row = clientData;

    if (objc - 1 < row->least || (row->most >= 0 && objc - 1 > row->most)) {
        Tcl_WrongNumArgs(interp, 1, objv, row->usage);
        return TCL_ERROR;
    }
    return row->proc(clientData, interp, objc, objv);
}

/* Namespaces; those that are ensembles as well export what begins with a small letter. */
static const struct NamespaceRow {
    const char *name;
    bool ensemble;
} namespaces[] = {
        {"::bpacket", true},
        {"::bpacket::encode", true},
        {"::bpacket::decode", true},
        {"::bpacket::classes", false},
        {"::bpacket::type", false},
        {NULL, false},
};

static int
MakeBpacketNamespaces(Tcl_Interp *interp)
{
    const struct NamespaceRow *row;
    Tcl_CmdInfo info;

    for (row = namespaces; row->name; row++) {
        Tcl_Namespace *namespace = Tcl_FindNamespace(interp, row->name, NULL, 0);

        if (!namespace) {
            namespace = Tcl_CreateNamespace(interp, row->name, NULL, NULL);
        }
        if (!namespace) {
            return TCL_ERROR;
        }
        if (row->ensemble && Tcl_Export(interp, namespace, "[a-z]*", 1) != TCL_OK) {
            return TCL_ERROR;
        }
        if (row->ensemble && !Tcl_GetCommandInfo(interp, row->name, &info)) {
            Tcl_CreateEnsemble(interp, row->name, namespace, TCL_ENSEMBLE_PREFIX);
        }
    }
    return TCL_OK;
}

/* The header and the end mark for scripts to see. */
static const struct ConstantRow {
    const char *name;
    const char *bytes;
} constants[] = {
        {"::bpacket::HEADER", BPACKET_HEADER},
        {"::bpacket::EOF", "\0\0"},
        {NULL, NULL},
};

static void
SetConstant(Tcl_Interp *interp, const struct ConstantRow *row)
{
    bpacket_span bytes = {(const uint8_t *) row->bytes, BPACKET_HEADER_SIZE};

    Tcl_SetVar2Ex(interp, row->name, NULL, BpacketBytesObj(bytes), TCL_GLOBAL_ONLY);
}

/* What peers send cannot be changed here: rather an error than packets that nobody reads. */
static char *
RestoreConstant(void *clientData, Tcl_Interp *interp, const char *name1, const char *name2,
        int flags)
{
    static char message[] = "the header and the end mark of packets are fixed";

    (void) name1;
    (void) name2;
    (void) flags;
    SetConstant(interp, clientData);
    return message;
}

static void
MakeVariables(Tcl_Interp *interp)
{
    Tcl_Obj *registry = Tcl_NewDictObj();
    const struct ConstantRow *row;
    int type;

    for (row = constants; row->name; row++) {
        Tcl_UntraceVar2(interp, row->name, NULL, TCL_GLOBAL_ONLY | TCL_TRACE_WRITES,
                RestoreConstant, (void *) row);
        SetConstant(interp, row);
        Tcl_TraceVar2(interp, row->name, NULL, TCL_GLOBAL_ONLY | TCL_TRACE_WRITES, RestoreConstant,
                (void *) row);
    }
    for (type = 0; type < BPACKET_TYPES; type++) {
        Tcl_Obj *name = Tcl_NewStringObj(bpacket_type_name((bpacket_type) type), -1);
        Tcl_Obj *id = Tcl_NewWideIntObj(type);

        Tcl_DictObjPut(NULL, registry, name, id);
        Tcl_DictObjPut(NULL, registry, id, name);
    }
    Tcl_SetVar2Ex(interp, REGISTRY, NULL, registry, TCL_GLOBAL_ONLY);
}

/* In 1.3.2 each type is a package, which scripts require to use its commands. */
static void
ProvideTypes(Tcl_Interp *interp)
{
    int type;

    for (type = 0; type < BPACKET_TYPES; type++) {
        Tcl_Obj *name = Tcl_ObjPrintf("bpacket::type::%s", bpacket_type_name((bpacket_type) type));

        Tcl_IncrRefCount(name);
        (void) Tcl_PkgProvideEx(interp, Tcl_GetString(name), BPACKET_VERSION, NULL);
        Tcl_DecrRefCount(name);
    }
}

int
BpacketInit(Tcl_Interp *interp)
{
    const CommandRow *row;

    if (Tcl_PkgPresentEx(interp, "bpacket", NULL, 0, NULL)) {
        return TCL_OK;
    }
    Tcl_ResetResult(interp);
    if (MakeBpacketNamespaces(interp) != TCL_OK || BpacketIoMakeClass(interp) != TCL_OK
            || BpacketStreamMakeClass(interp) != TCL_OK) {
        return TCL_ERROR;
    }
    for (row = commands; row->name; row++) {
        Tcl_CreateObjCommand(interp, row->name, RunBpacketCommand, (void *) row, NULL);
    }
    MakeVariables(interp);
    ProvideTypes(interp);
    Tcl_ResetResult(interp);
    return Tcl_PkgProvideEx(interp, "bpacket", BPACKET_VERSION, NULL);
}

int
Bpacket_Init(Tcl_Interp *interp)
{
    if (!Tcl_InitStubs(interp, "8.6-", 0) || !Tcl_OOInitStubs(interp)) {
        return TCL_ERROR;
    }
    return BpacketInit(interp);
}

int
Bpacket_SafeInit(Tcl_Interp *interp)
{
    return Bpacket_Init(interp);
}
