/*
 * clusterInterp.c --
 *
 *	Per-interpreter data and classes (see clusterInterp.h).
 */

#include "script/clusterInterp.h"

#include "base/clusterError.h"
#include "base/clusterLoop.h"
#include "script/clusterObject.h"

#include <stdlib.h>

#define ASSOC_KEY "::cluster"

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

void
ClusterInterpHold(ClusterInterp *data)
{
    data->refCount++;
}

void
ClusterInterpRelease(ClusterInterp *data)
{
    int i;

    if (--data->refCount > 0) {
        return;
    }
    ClusterHookNamesFree(&data->names);
    for (i = 0; i < data->classCount; i++) {
        Tcl_DecrRefCount(data->classes[i].name);
    }
    free(data->classes);
    free(data->freeNumbers);
    free(data);
}

unsigned
ClusterInterpTakeNumber(ClusterInterp *data)
{
    return data->freeCount ? data->freeNumbers[--data->freeCount] : ++data->lastNumber;
}

/* Without memory the number is not used again, which does no harm. */
void
ClusterInterpGiveNumber(ClusterInterp *data, unsigned number)
{
    if (data->freeCount == data->freeRoom) {
        size_t room = data->freeRoom ? 2 * data->freeRoom : 8;
        unsigned *numbers = realloc(data->freeNumbers, room * sizeof *numbers);

        if (!numbers) {
            return;
        }
        data->freeNumbers = numbers;
        data->freeRoom = room;
    }
    data->freeNumbers[data->freeCount++] = number;
}

/*
 * Says goodbye for every cluster, without hooks: at `exit` none run any more.
 * The object of a transport written in Tcl is destroyed even then, and may
 * destroy clusters and join others, so those that are to be closed wait in a
 * list of their own, which one that is destroyed leaves as any other.
 */
static void
InterpExit(void *clientData)
{
    ClusterInterp *data = clientData;
    ClusterListEntry *entry;
    ClusterList open;

    ClusterListInit(&open);
    while ((entry = ClusterListFirst(&data->clusters)) != NULL) {
        ClusterListRemove(entry);
        ClusterListAppend(&open, entry);
    }
    while ((entry = ClusterListFirst(&open)) != NULL) {
        ClusterListRemove(entry);
        ClusterListAppend(&data->clusters, entry);
        ClusterNodeClose(CLUSTER_LIST_ITEM(entry, ClusterObject, entry)->node, true);
    }
}

/* The interp goes: what its objects' metadata did not end yet is ended here. */
static void
InterpDeleted(void *clientData, Tcl_Interp *interp)
{
    ClusterInterp *data = clientData;

    (void) interp;
    InterpExit(data);
    if (data->exitHandler) {
        Tcl_DeleteThreadExitHandler(InterpExit, data);
    }
    data->interp = NULL;
    ClusterInterpRelease(data);
}

ClusterInterp *
ClusterInterpGet(Tcl_Interp *interp)
{
    ClusterInterp *data = Tcl_GetAssocData(interp, ASSOC_KEY, NULL);

    if (data) {
        return data;
    }
    data = calloc(1, sizeof *data);
    if (data) {
        data->refCount = 1;
        data->interp = interp;
        ClusterHookNamesInit(&data->names);
        ClusterListInit(&data->clusters);
        Tcl_SetAssocData(interp, ASSOC_KEY, InterpDeleted, data);
    }
    return data;
}

void
ClusterInterpWatchExit(ClusterInterp *data)
{
    int error;

    if (!data->exitHandler) {
        ClusterLoopGet(&error); /* handlers run last made first: the loop must outlive us */
        data->exitHandler = true;
        Tcl_CreateThreadExitHandler(InterpExit, data);
    }
}

/*
 * ------------------------------------------------------------------------
 * Classes
 *
 * A script may destroy a class at any time. The class carries metadata, whose
 * delete proc clears our pointer, and the next use makes the class anew.
 * ------------------------------------------------------------------------
 */

typedef struct ClassMark {
    ClusterInterp *data; /* held */
    int id;
} ClassMark;

static void
ClassGone(void *clientData)
{
    ClassMark *mark = clientData;

    mark->data->classes[mark->id].class = NULL;
    mark->data->classesLost++;
    ClusterInterpRelease(mark->data);
    free(mark);
}

static const Tcl_ObjectMetadataType classMarkType = {
        .version = TCL_OO_METADATA_VERSION_CURRENT,
        .name = "cluster class",
        .deleteProc = ClassGone,
        .cloneProc = ClusterMethodRefuseCopy,
};

/* Enters an id that is the next one. False without memory. */
static bool
EnterClass(ClusterInterp *data, const char *name, const ClusterClassInfo *info)
{
    size_t size = ((size_t) data->classCount + 1) * sizeof *data->classes;
    ClusterClass *classes = realloc(data->classes, size), *entry;

    if (!classes) {
        return false;
    }
    data->classes = classes;
    entry = &classes[data->classCount++];
    entry->name = Tcl_NewStringObj(name, -1);
    Tcl_IncrRefCount(entry->name);
    entry->info = info;
    entry->class = NULL;
    return true;
}

/* The class, made anew if a script destroyed it. NULL with a message in the interp. */
static Tcl_Class
NeedClass(ClusterInterp *data, int id)
{
    Tcl_Class class = data->classes[id].class;
    ClassMark *mark;

    if (class) {
        return class;
    }
    mark = malloc(sizeof *mark);
    class = mark ? ClusterMethodCreateClass(data->interp, Tcl_GetString(data->classes[id].name))
                 : NULL;
    if (!class) {
        free(mark);
        return NULL;
    }
    data->classes[id].class = class;
    mark->data = data;
    mark->id = id;
    ClusterInterpHold(data);
    Tcl_ClassSetMetadata(class, &classMarkType, mark);
    ClusterMethodInstall(data->interp, class, data->classes[id].info);
    return class;
}

int
ClusterInterpAddClass(ClusterInterp *data, int id, const char *name, const ClusterClassInfo *info)
{
    if (id == data->classCount && !EnterClass(data, name, info)) {
        return ClusterFail(data->interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
    }
    return NeedClass(data, id) ? TCL_OK : TCL_ERROR;
}

Tcl_Obj *
ClusterInterpClassName(ClusterInterp *data, int id)
{
    Tcl_Class class = NeedClass(data, id);

    return class ? Tcl_GetObjectName(data->interp, Tcl_GetClassAsObject(class)) : NULL;
}

/*
 * ------------------------------------------------------------------------
 * Objects
 * ------------------------------------------------------------------------
 */

/* Objects in which hooks run: only those need the path. It costs as much as all else of an object. */
static bool
RunsHooks(int id)
{
    return id == CLUSTER_CLASS_CLUSTER || id == CLUSTER_CLASS_SERVICE;
}

/*
 * Commands in hooks resolve in the object's namespace, then in ::cluster,
 * then globally; ::cluster::shadowed keeps `join` and `cluster` what they are
 * everywhere else.
 */
static int
SetPath(Tcl_Interp *interp, Tcl_Object object)
{
    Tcl_Obj *words[4];
    int i, code;

    words[0] = Tcl_NewStringObj("::namespace", -1);
    words[1] = Tcl_NewStringObj("eval", -1);
    words[2] = Tcl_NewStringObj(Tcl_GetObjectNamespace(object)->fullName, -1);
    words[3] = Tcl_NewStringObj(
            "::namespace path [::linsert [::namespace path] 0 ::cluster::shadowed ::cluster]", -1);
    for (i = 0; i < 4; i++) {
        Tcl_IncrRefCount(words[i]);
    }
    code = Tcl_EvalObjv(interp, 4, words, TCL_EVAL_GLOBAL);
    for (i = 0; i < 4; i++) {
        Tcl_DecrRefCount(words[i]);
    }
    return code;
}

Tcl_Object
ClusterInterpNewObject(ClusterInterp *data, int id, const char *name,
        const Tcl_ObjectMetadataType *type, void *metadata)
{
    Tcl_Interp *interp = data->interp;
    Tcl_Class class = NeedClass(data, id);
    Tcl_Object object =
            class ? Tcl_NewObjectInstance(interp, class, name, NULL, -1, NULL, 0) : NULL;

    if (!object) {
        return NULL;
    }
    if (RunsHooks(id) && SetPath(interp, object) != TCL_OK) {
        Tcl_DeleteCommandFromToken(interp, Tcl_GetObjectCommand(object));
        return NULL;
    }
    Tcl_ObjectSetMetadata(object, type, metadata);
    return object;
}

Tcl_Obj *
ClusterInterpMy(Tcl_Object object)
{
    return Tcl_ObjPrintf("%s::my", Tcl_GetObjectNamespace(object)->fullName);
}
