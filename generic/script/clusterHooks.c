/*
 * clusterHooks.c --
 *
 *	Stores hooks and runs them (see clusterHooks.h).
 */

#include "base/clusterError.h"
#include "script/clusterHooksInt.h"

#include <stdlib.h>
#include <string.h>

/*
 * Counted: the table holds one, each evaluation another, as a hook may
 * replace or remove itself.
 */
struct ClusterHook {
    size_t refCount;
    ClusterHookKind kind;
    Tcl_Obj *path; /* canonical, a list */
    Tcl_Obj *body;
    Tcl_Obj *method; /* "<7:query>" */
};

/* Not in ::cluster, as a hook may delete that namespace and still has to leave. */
#define LEAVE_COMMAND "::oo::cluster::leave"

/*
 * ------------------------------------------------------------------------
 * Storing
 * ------------------------------------------------------------------------
 */

static void
HookRelease(ClusterHook *hook)
{
    if (--hook->refCount == 0) {
        Tcl_DecrRefCount(hook->path);
        Tcl_DecrRefCount(hook->body);
        Tcl_DecrRefCount(hook->method);
        free(hook);
    }
}

static int
EvalWords(Tcl_Interp *interp, int count, Tcl_Obj **words)
{
    int i, code;

    for (i = 0; i < count; i++) {
        Tcl_IncrRefCount(words[i]);
    }
    code = Tcl_EvalObjv(interp, count, words, TCL_EVAL_GLOBAL);
    for (i = 0; i < count; i++) {
        Tcl_DecrRefCount(words[i]);
    }
    return code;
}

/*
 * The method's body. All on the first line, so that line numbers in errors
 * are the user's. The empty foreach gives the variables compiled slots
 * without setting them.
 *
 * What a filter leaves in its variable is read back however it ends. For
 * others only an error has to pass the leaving command: without a `finally`
 * a call costs a third less.
 */
static Tcl_Obj *
HookMethodBody(ClusterInterp *data, ClusterHookKind kind, Tcl_Obj *body)
{
    Tcl_Obj *script = Tcl_NewStringObj("foreach {", -1);
    Tcl_Obj *words[2], *list;

    Tcl_AppendObjToObj(script, data->names.list);
    Tcl_AppendToObj(script, "} {} {};::cluster::_enter;", -1);
    words[0] = Tcl_NewStringObj("try", -1);
    words[1] = body;
    list = Tcl_NewListObj(2, words);
    Tcl_IncrRefCount(list);
    Tcl_AppendObjToObj(script, list);
    Tcl_DecrRefCount(list);
    Tcl_AppendToObj(script,
            clusterHookRows[kind].filter ? " finally " LEAVE_COMMAND
                                         : " on error {_message _options} {" LEAVE_COMMAND
                                           " $_message $_options}",
            -1);
    return script;
}

static int
DefineHookMethod(ClusterInterp *data, ClusterHook *hook)
{
    Tcl_Obj *class = ClusterInterpClassName(data, clusterHookRows[hook->kind].class);
    Tcl_Obj *words[6];

    if (!class) {
        return TCL_ERROR;
    }
    words[0] = Tcl_NewStringObj("::oo::define", -1);
    words[1] = class;
    words[2] = Tcl_NewStringObj("method", -1);
    words[3] = hook->method;
    words[4] = Tcl_NewObj();
    words[5] = HookMethodBody(data, hook->kind, hook->body);
    return EvalWords(data->interp, 6, words);
}

/* The class may be gone: then so is the method. */
static void
DeleteHookMethod(ClusterInterp *data, ClusterHook *hook)
{
    Tcl_Obj *words[4];

    if (!data->interp || Tcl_InterpDeleted(data->interp)
            || !data->classes[clusterHookRows[hook->kind].class].class) {
        return;
    }
    words[0] = Tcl_NewStringObj("::oo::define", -1);
    words[1] = ClusterInterpClassName(data, clusterHookRows[hook->kind].class);
    words[2] = Tcl_NewStringObj("deletemethod", -1);
    words[3] = hook->method;
    EvalWords(data->interp, 4, words);
    Tcl_ResetResult(data->interp);
}

void
ClusterHooksInit(ClusterHooks *hooks, ClusterInterp *data, unsigned number)
{
    memset(hooks, 0, sizeof *hooks);
    hooks->data = data;
    hooks->number = number;
    Tcl_InitHashTable(&hooks->byPath, TCL_STRING_KEYS);
}

/* Takes a hook out of the table; its method stays. */
static void
ForgetHook(ClusterHooks *hooks, Tcl_HashEntry *entry)
{
    ClusterHook *hook = Tcl_GetHashValue(entry);

    Tcl_DeleteHashEntry(entry);
    hooks->counts[hook->kind]--;
    if (clusterHookRows[hook->kind].parameter == CLUSTER_HOOK_NO_PARAMETER) {
        hooks->single[hook->kind] = NULL;
    }
    HookRelease(hook);
}

void
ClusterHooksFree(ClusterHooks *hooks)
{
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    while ((entry = Tcl_FirstHashEntry(&hooks->byPath, &search)) != NULL) {
        DeleteHookMethod(hooks->data, Tcl_GetHashValue(entry));
        ForgetHook(hooks, entry);
    }
    Tcl_DeleteHashTable(&hooks->byPath);
    Tcl_InitHashTable(&hooks->byPath, TCL_STRING_KEYS);
}

static ClusterHook *
NewHook(ClusterHooks *hooks, ClusterHookKind kind, Tcl_Obj *path, Tcl_Obj *body)
{
    ClusterHook *hook = calloc(1, sizeof *hook);

    if (hook) {
        hook->refCount = 1;
        hook->kind = kind;
        hook->path = path;
        hook->body = body;
        hook->method = Tcl_ObjPrintf("<%u:%s>", hooks->number, Tcl_GetString(path));
        Tcl_IncrRefCount(hook->path);
        Tcl_IncrRefCount(hook->body);
        Tcl_IncrRefCount(hook->method);
    }
    return hook;
}

/* Looked up anew: methods are defined by commands, which a script may trace. */
static void
ForgetHookAt(ClusterHooks *hooks, Tcl_Obj *path)
{
    Tcl_HashEntry *entry = Tcl_FindHashEntry(&hooks->byPath, Tcl_GetString(path));

    if (entry) {
        ForgetHook(hooks, entry);
    }
}

/* Stores, replaces or (empty body) removes one. */
static int
StoreHook(ClusterHooks *hooks, Tcl_Interp *interp, ClusterHookKind kind, const char *parameter,
        Tcl_Obj *body)
{
    Tcl_Obj *path = ClusterHookPathCanonical(kind, parameter);
    Tcl_HashEntry *entry;
    ClusterHook *hook;
    Tcl_Size length;
    int isNew;

    Tcl_IncrRefCount(path);
    entry = Tcl_FindHashEntry(&hooks->byPath, Tcl_GetString(path));
    Tcl_GetStringFromObj(body, &length);
    if (length == 0) {
        if (entry) {
            DeleteHookMethod(hooks->data, Tcl_GetHashValue(entry));
            ForgetHookAt(hooks, path);
        }
        Tcl_DecrRefCount(path);
        return TCL_OK;
    }
    hook = NewHook(hooks, kind, path, body);
    Tcl_DecrRefCount(path);
    if (!hook) {
        return ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
    }
    if (DefineHookMethod(hooks->data, hook) != TCL_OK) {
        HookRelease(hook);
        return TCL_ERROR;
    }
    ForgetHookAt(hooks, hook->path);
    entry = Tcl_CreateHashEntry(&hooks->byPath, Tcl_GetString(hook->path), &isNew);
    Tcl_SetHashValue(entry, hook);
    hooks->counts[kind]++;
    if (clusterHookRows[kind].parameter == CLUSTER_HOOK_NO_PARAMETER) {
        hooks->single[kind] = hook;
    }
    return TCL_OK;
}

/* Checks all parameters before the first is stored, so that a failed call leaves nothing. */
static int
StoreHooks(ClusterHooks *hooks, Tcl_Interp *interp, const ClusterHookPath *path, Tcl_Obj *body)
{
    ClusterHookParameter parameter = clusterHookRows[path->kind].parameter;
    Tcl_Obj *list, **words;
    Tcl_Size count, i;
    int code = TCL_OK;

    if (parameter == CLUSTER_HOOK_NO_PARAMETER) {
        return StoreHook(hooks, interp, path->kind, NULL, body);
    }
    list = Tcl_NewListObj(0, NULL);
    Tcl_IncrRefCount(list);
    Tcl_ListObjGetElements(NULL, path->parameters, &count, &words);
    for (i = 0; i < count && code == TCL_OK; i++) {
        Tcl_Obj *canonical = ClusterHookPathParameter(interp, parameter, words[i]);

        if (canonical) {
            Tcl_ListObjAppendElement(NULL, list, canonical);
        } else {
            code = TCL_ERROR;
        }
    }
    if (code == TCL_OK) {
        Tcl_ListObjGetElements(NULL, list, &count, &words);
        for (i = 0; i < count && code == TCL_OK; i++) {
            code = StoreHook(hooks, interp, path->kind, Tcl_GetString(words[i]), body);
        }
    }
    Tcl_DecrRefCount(list);
    return code;
}

/*
 * ------------------------------------------------------------------------
 * The command
 * ------------------------------------------------------------------------
 */

static void
ListHooks(const ClusterHooks *hooks, Tcl_Interp *interp)
{
    Tcl_Obj *all = Tcl_NewDictObj();
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    for (entry = Tcl_FirstHashEntry((Tcl_HashTable *) &hooks->byPath, &search); entry;
            entry = Tcl_NextHashEntry(&search)) {
        ClusterHook *hook = Tcl_GetHashValue(entry);

        Tcl_DictObjPut(NULL, all, hook->path, hook->body);
    }
    Tcl_SetObjResult(interp, all);
}

/* The hook of a parsed path, NULL when there is none; *bad with a message for a bad parameter. */
static ClusterHook *
StoredHook(const ClusterHooks *hooks, Tcl_Interp *interp, const ClusterHookPath *path, bool *bad)
{
    Tcl_Obj *parameter = NULL, *canonical;
    Tcl_HashEntry *entry;

    if (path->parameters) {
        Tcl_ListObjIndex(NULL, path->parameters, 0, &parameter);
        parameter =
                ClusterHookPathParameter(interp, clusterHookRows[path->kind].parameter, parameter);
        *bad = parameter == NULL;
        if (*bad) {
            return NULL;
        }
        Tcl_IncrRefCount(parameter);
    }
    canonical = ClusterHookPathCanonical(path->kind, parameter ? Tcl_GetString(parameter) : NULL);
    Tcl_IncrRefCount(canonical);
    entry = Tcl_FindHashEntry((Tcl_HashTable *) &hooks->byPath, Tcl_GetString(canonical));
    Tcl_DecrRefCount(canonical);
    if (parameter) {
        Tcl_DecrRefCount(parameter);
    }
    return entry ? Tcl_GetHashValue(entry) : NULL;
}

/* Its body, empty when there is none. NULL with a message for a bad parameter. */
static Tcl_Obj *
StoredBody(const ClusterHooks *hooks, Tcl_Interp *interp, const ClusterHookPath *path)
{
    bool bad = false;
    ClusterHook *hook = StoredHook(hooks, interp, path, &bad);

    if (bad) {
        return NULL;
    }
    return hook ? hook->body : Tcl_NewObj();
}

ClusterHook *
ClusterHooksByPath(const ClusterHooks *hooks, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv,
        bool *bad)
{
    ClusterHookPath path;

    *bad = !ClusterHookPathParse(objc, objv, &path);
    if (*bad) {
        ClusterHookPathUnknown(interp, objc, objv);
        return NULL;
    }
    return StoredHook(hooks, interp, &path, bad);
}

bool
ClusterHookIsService(const ClusterHook *hook)
{
    return clusterHookRows[hook->kind].class == CLUSTER_CLASS_SERVICE;
}

Tcl_Obj *
ClusterHooksBody(const ClusterHooks *hooks, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterHookPath path;

    if (!ClusterHookPathParse(objc, objv, &path)) {
        ClusterHookPathUnknown(interp, objc, objv);
        return NULL;
    }
    return StoredBody(hooks, interp, &path);
}

int
ClusterHooksCommand(ClusterHooks *hooks, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterHookPath path;
    Tcl_Obj *body;

    if (objc == 0) {
        ListHooks(hooks, interp);
        return TCL_OK;
    }
    if (ClusterHookPathParse(objc, objv, &path)) {
        body = StoredBody(hooks, interp, &path);
        if (!body) {
            return TCL_ERROR;
        }
        Tcl_SetObjResult(interp, body);
        return TCL_OK;
    }
    if (ClusterHookPathParse(objc - 1, objv, &path)) {
        if (!Tcl_CommandComplete(Tcl_GetString(objv[objc - 1]))) {
            return ClusterFail(interp,
                    Tcl_NewStringObj("the hook's body is not complete: a brace, bracket or quote "
                                     "is open",
                            -1),
                    "CLUSTER", "HOOK", "BODY", (char *) NULL);
        }
        return StoreHooks(hooks, interp, &path, objv[objc - 1]);
    }
    return ClusterHookPathUnknown(interp, objc > 1 ? objc - 1 : objc, objv);
}

ClusterHook *
ClusterHooksFind(const ClusterHooks *hooks, ClusterHookKind kind, uint64_t channel,
        const char *protocol)
{
    Tcl_Obj *path, *number;
    Tcl_HashEntry *entry;

    if (hooks->counts[kind] == 0 || clusterHookRows[kind].parameter == CLUSTER_HOOK_NO_PARAMETER) {
        return hooks->single[kind];
    }
    if (clusterHookRows[kind].parameter == CLUSTER_HOOK_OF_CHANNEL) {
        number = Tcl_NewWideIntObj((Tcl_WideInt) channel);
        Tcl_IncrRefCount(number);
        path = ClusterHookPathCanonical(kind, Tcl_GetString(number));
        Tcl_DecrRefCount(number);
    } else {
        path = ClusterHookPathCanonical(kind, protocol);
    }
    Tcl_IncrRefCount(path);
    entry = Tcl_FindHashEntry((Tcl_HashTable *) &hooks->byPath, Tcl_GetString(path));
    Tcl_DecrRefCount(path);
    return entry ? Tcl_GetHashValue(entry) : NULL;
}

/*
 * ------------------------------------------------------------------------
 * Running
 * ------------------------------------------------------------------------
 */

int
ClusterHookRun(ClusterInterp *data, ClusterHook *hook, ClusterHookCall *call)
{
    Tcl_Interp *interp = data->interp;
    Tcl_Obj *words[2];
    int code;

    call->changed = NULL;
    call->entered = false;
    call->broken = false;
    if (!interp || Tcl_InterpDeleted(interp)) {
        return TCL_ERROR;
    }
    words[0] = call->my;
    words[1] = hook->method;
    hook->refCount++;
    Tcl_IncrRefCount(words[0]);
    ClusterInterpHold(data);
    Tcl_Preserve(interp);
    call->outer = data->call;
    call->classesLost = data->classesLost;
    data->call = call;
    code = Tcl_EvalObjv(interp, 2, words, TCL_EVAL_GLOBAL);
    data->call = call->outer;
    call->broken = code == TCL_BREAK;
    if (code == TCL_RETURN || code == TCL_BREAK || code == TCL_CONTINUE) {
        code = TCL_OK;
    }
    if (Tcl_InterpDeleted(interp)) {
        code = TCL_ERROR;
    }
    Tcl_Release(interp);
    ClusterInterpRelease(data);
    Tcl_DecrRefCount(words[0]);
    HookRelease(hook);
    return code;
}

static int
SetHookVariable(Tcl_Interp *interp, Tcl_Obj *name, Tcl_Obj *value)
{
    return Tcl_ObjSetVar2(interp, name, NULL, value, TCL_LEAVE_ERR_MSG) ? TCL_OK : TCL_ERROR;
}

/* Sets a variable for each key that is a field: other keys could name anything, such as ::x. */
static int
SetFieldVariables(Tcl_Interp *interp, ClusterInterp *data, const ClusterHookCall *call)
{
    Tcl_Obj *key, *value;
    Tcl_DictSearch search;
    int done, code = TCL_OK;
    bool hasData = false;

    if (!call->payload
            || Tcl_DictObjFirst(NULL, call->payload, &search, &key, &value, &done) != TCL_OK) {
        return TCL_OK;
    }
    for (; !done && code == TCL_OK; Tcl_DictObjNext(&search, &key, &value, &done)) {
        Tcl_Size length;
        const char *name = Tcl_GetStringFromObj(key, &length);
        int id = ClusterFieldByName(name, (size_t) length);

        if (id && !call->variables[id]) {
            code = SetHookVariable(interp, data->names.name[id], value);
            hasData |= id == CLUSTER_DATA;
        }
    }
    Tcl_DictObjDone(&search);
    if (code == TCL_OK && call->wholeData && !hasData) {
        code = SetHookVariable(interp, data->names.name[CLUSTER_DATA], call->payload);
    }
    return code;
}

/* ::cluster::_enter, the first command of a hook's method: sets its variables. */
static int
HookEnterCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterInterp *data = clientData;
    ClusterHookCall *call = data->call;
    int i, code;

    if (objc != 1 || !call || call->entered) {
        (void) objv;
        return ClusterFail(interp, Tcl_NewStringObj("only hooks may call this", -1), "CLUSTER",
                "HOOK", (char *) NULL);
    }
    call->entered = true;
    code = SetFieldVariables(interp, data, call);
    if (code == TCL_OK && call->payload) {
        code = SetHookVariable(interp, data->names.name[CLUSTER_VAR_PAYLOAD], call->payload);
    }
    for (i = 1; i < CLUSTER_HOOK_VARIABLES && code == TCL_OK; i++) {
        if (call->variables[i]) {
            code = SetHookVariable(interp, data->names.name[i], call->variables[i]);
        }
    }
    return code;
}

/*
 * An error that leaves a method whose class is gone makes Tcl read the
 * freed class for its message, so such a hook returns nothing instead.
 */
static int
LeaveCode(const ClusterInterp *data, const ClusterHookCall *call)
{
    return data->classesLost == call->classesLost ? TCL_OK : TCL_RETURN;
}

/* An error goes on its way: LEAVE_COMMAND MESSAGE OPTIONS. */
static int
LeaveByError(const ClusterInterp *data, Tcl_Interp *interp, Tcl_Obj *const *objv)
{
    int code = LeaveCode(data, data->call);

    if (code == TCL_OK) {
        Tcl_SetObjResult(interp, objv[1]);
        code = Tcl_SetReturnOptions(interp, objv[2]);
    }
    return code;
}

/* The last command: reads back what the hook may change. */
static int
HookLeaveCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterInterp *data = clientData;
    ClusterHookCall *call = data->call;
    Tcl_Obj *value, *before;

    if ((objc != 1 && objc != 3) || !call || !call->entered) {
        return ClusterFail(interp, Tcl_NewStringObj("only hooks may call this", -1), "CLUSTER",
                "HOOK", (char *) NULL);
    }
    if (objc == 3) {
        return LeaveByError(data, interp, objv);
    }
    if (!call->writable || call->changed) {
        return LeaveCode(data, call);
    }
    before =
            call->writable == CLUSTER_VAR_PAYLOAD ? call->payload : call->variables[call->writable];
    value = Tcl_ObjGetVar2(interp, data->names.name[call->writable], NULL, 0);
    if (value && value != before) {
        Tcl_IncrRefCount(value);
        call->changed = value;
    }
    return LeaveCode(data, call);
}

void
ClusterHooksCommands(Tcl_Interp *interp, ClusterInterp *data)
{
    Tcl_CreateObjCommand(interp, "::cluster::_enter", HookEnterCmd, data, NULL);
    Tcl_CreateObjCommand(interp, LEAVE_COMMAND, HookLeaveCmd, data, NULL);
}
