/*
 * clusterMethod.c --
 *
 *	Makes methods of tables, and calls them (see clusterMethod.h).
 */

#include "base/clusterMethod.h"

#include "base/clusterError.h"

/*
 * What each method is made with: TclOO gives a method one pointer, and the
 * object's state can be told only with the class's metadata type. Freed with
 * the method.
 */
typedef struct Binding {
    const ClusterClassInfo *info;
    const ClusterMethod *row; /* of a method; NULL for the others */
    const ClusterFact *fact;  /* of a fact */
} Binding;

static Binding *
NewBinding(const ClusterClassInfo *info, const ClusterMethod *row, const ClusterFact *fact)
{
    Binding *binding = (Binding *) Tcl_Alloc(sizeof *binding);

    binding->info = info;
    binding->row = row;
    binding->fact = fact;
    return binding;
}

static void
FreeBinding(void *clientData)
{
    Tcl_Free(clientData);
}

static int
CloneBinding(Tcl_Interp *interp, void *clientData, void **copy)
{
    const Binding *binding = clientData;

    (void) interp;
    *copy = NewBinding(binding->info, binding->row, binding->fact);
    return TCL_OK;
}

/* The state of the object that is called. NULL with a message. */
static void *
FindSelf(const ClusterClassInfo *info, Tcl_Interp *interp, Tcl_ObjectContext context)
{
    void *self = Tcl_ObjectGetMetadata(Tcl_ObjectContextObject(context), info->metadata);

    if (!self) {
        ClusterFail(interp, Tcl_ObjPrintf("this object was not made by %s", info->how), "CLUSTER",
                "OBJECT", (char *) NULL);
    }
    return self;
}

/* Checks the arguments, finds the object's state, holds it, calls the row. */
static int
CallMethod(void *clientData, Tcl_Interp *interp, Tcl_ObjectContext context, int objc,
        Tcl_Obj *const *objv)
{
    const ClusterClassInfo *info = ((Binding *) clientData)->info;
    const ClusterMethod *row = ((Binding *) clientData)->row;
    int skip = (int) Tcl_ObjectContextSkippedArgs(context);
    int count = objc - skip, code;
    void *self;

    if (count < row->least || (row->most >= 0 && count > row->most)) {
        Tcl_WrongNumArgs(interp, skip, objv, row->usage);
        return TCL_ERROR;
    }
    self = FindSelf(info, interp, context);
    if (!self) {
        return TCL_ERROR;
    }
    info->hold(self);
    code = row->proc(self, interp, count, objv + skip);
    info->release(self);
    return code;
}

static int
CallFact(void *clientData, Tcl_Interp *interp, Tcl_ObjectContext context, int objc,
        Tcl_Obj *const *objv)
{
    const Binding *binding = clientData;
    int skip = (int) Tcl_ObjectContextSkippedArgs(context);
    Tcl_Obj *value;
    void *self;

    if (objc != skip) {
        Tcl_WrongNumArgs(interp, skip, objv, NULL);
        return TCL_ERROR;
    }
    self = FindSelf(binding->info, interp, context);
    if (!self) {
        return TCL_ERROR;
    }
    value = binding->fact->proc(self);
    if (value) {
        Tcl_SetObjResult(interp, value);
    }
    return TCL_OK;
}

static int
Construct(void *clientData, Tcl_Interp *interp, Tcl_ObjectContext context, int objc,
        Tcl_Obj *const *objv)
{
    const ClusterClassInfo *info = ((Binding *) clientData)->info;
    int skip = (int) Tcl_ObjectContextSkippedArgs(context);
    Tcl_Class class;

    if (info->construct) {
        return info->construct(interp, Tcl_ObjectContextObject(context), objc - skip, objv + skip);
    }
    class = Tcl_MethodDeclarerClass(Tcl_ObjectContextMethod(context));
    return ClusterFail(interp,
            Tcl_ObjPrintf("objects of %s are made by %s",
                    Tcl_GetString(Tcl_GetObjectName(interp, Tcl_GetClassAsObject(class))),
                    info->how),
            "CLUSTER", "OBJECT", (char *) NULL);
}

static int
Destruct(void *clientData, Tcl_Interp *interp, Tcl_ObjectContext context, int objc,
        Tcl_Obj *const *objv)
{
    const ClusterClassInfo *info = ((Binding *) clientData)->info;
    void *self = Tcl_ObjectGetMetadata(Tcl_ObjectContextObject(context), info->metadata);

    (void) interp;
    (void) objc;
    (void) objv;
    if (self && info->destroy) {
        info->hold(self);
        info->destroy(self);
        info->release(self);
    }
    return TCL_OK;
}

static const Tcl_MethodType methodType = {
        .version = TCL_OO_METHOD_VERSION_CURRENT,
        .name = "cluster method",
        .callProc = CallMethod,
        .deleteProc = FreeBinding,
        .cloneProc = CloneBinding,
};

static const Tcl_MethodType factType = {
        .version = TCL_OO_METHOD_VERSION_CURRENT,
        .name = "cluster fact",
        .callProc = CallFact,
        .deleteProc = FreeBinding,
        .cloneProc = CloneBinding,
};

static const Tcl_MethodType constructorType = {
        .version = TCL_OO_METHOD_VERSION_CURRENT,
        .name = "cluster constructor",
        .callProc = Construct,
        .deleteProc = FreeBinding,
        .cloneProc = CloneBinding,
};

static const Tcl_MethodType destructorType = {
        .version = TCL_OO_METHOD_VERSION_CURRENT,
        .name = "cluster destructor",
        .callProc = Destruct,
        .deleteProc = FreeBinding,
        .cloneProc = CloneBinding,
};

Tcl_Class
ClusterMethodCreateClass(Tcl_Interp *interp, const char *name)
{
    Tcl_Obj *words[3];
    Tcl_Object object = NULL;
    Tcl_CmdInfo info;
    int i;

    words[0] = Tcl_NewStringObj("::oo::class", -1);
    words[1] = Tcl_NewStringObj("create", -1);
    words[2] = Tcl_NewStringObj(name, -1);
    for (i = 0; i < 3; i++) {
        Tcl_IncrRefCount(words[i]);
    }
    if (Tcl_GetCommandInfo(interp, name, &info)
            || Tcl_EvalObjv(interp, 3, words, TCL_EVAL_GLOBAL) == TCL_OK) {
        object = Tcl_GetObjectFromObj(interp, words[2]);
    }
    for (i = 0; i < 3; i++) {
        Tcl_DecrRefCount(words[i]);
    }
    return object ? Tcl_GetObjectAsClass(object) : NULL;
}

static void
AddMethod(Tcl_Interp *interp, Tcl_Class class, const char *name, const Tcl_MethodType *type,
        Binding *binding)
{
    Tcl_Obj *value = Tcl_NewStringObj(name, -1);

    Tcl_IncrRefCount(value);
    Tcl_NewMethod(interp, class, value, TCL_OO_METHOD_PUBLIC, type, binding);
    Tcl_DecrRefCount(value);
}

void
ClusterMethodInstall(Tcl_Interp *interp, Tcl_Class class, const ClusterClassInfo *info)
{
    const ClusterMethod *row;
    const ClusterFact *fact;

    for (row = info->methods; row->name; row++) {
        AddMethod(interp, class, row->name, &methodType, NewBinding(info, row, NULL));
    }
    for (fact = info->facts; fact && fact->name; fact++) {
        AddMethod(interp, class, fact->name, &factType, NewBinding(info, NULL, fact));
    }
    Tcl_ClassSetConstructor(interp, class,
            Tcl_NewMethod(interp, class, NULL, TCL_OO_METHOD_PUBLIC, &constructorType,
                    NewBinding(info, NULL, NULL)));
    Tcl_ClassSetDestructor(interp, class,
            Tcl_NewMethod(interp, class, NULL, TCL_OO_METHOD_PUBLIC, &destructorType,
                    NewBinding(info, NULL, NULL)));
}

int
ClusterMethodRefuseCopy(Tcl_Interp *interp, void *old, void **copy)
{
    (void) old;
    *copy = NULL;
    return ClusterFail(interp, Tcl_NewStringObj("this object cannot be copied", -1), "CLUSTER",
            "OBJECT", (char *) NULL);
}
