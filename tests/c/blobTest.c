/*
 * blobTest.c --
 *
 *	The command ::cluster::test::blobs, a queue of counted packets.
 */

#include "blobTest.h"

#include "base/clusterBlob.h"

#include <stdlib.h>

static int
GetBytes(Tcl_Interp *interp, Tcl_Obj *value, ClusterBlob **blob)
{
    Tcl_Size length;
    const unsigned char *bytes = Tcl_GetByteArrayFromObj(value, &length);

    *blob = bytes ? ClusterBlobNew(bytes, (size_t) length) : NULL;
    if (!*blob) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("no bytes, or out of memory", -1));
    }
    return *blob ? TCL_OK : TCL_ERROR;
}

static Tcl_Obj *
NewBytes(const ClusterBlob *blob)
{
    return blob ? Tcl_NewByteArrayObj(blob->bytes, (Tcl_Size) blob->length) : Tcl_NewObj();
}

/* {count bytes capacity} */
static Tcl_Obj *
State(const ClusterBlobQueue *queue)
{
    Tcl_Obj *words[3];

    words[0] = Tcl_NewWideIntObj((Tcl_WideInt) queue->count);
    words[1] = Tcl_NewWideIntObj((Tcl_WideInt) queue->bytes);
    words[2] = Tcl_NewWideIntObj((Tcl_WideInt) queue->capacity);
    return Tcl_NewListObj(3, words);
}

/* plain BYTES OTHER: of a packet that a hook made of another: its bytes, the plain one's, and how often that is held. */
static int
PlainCmd(Tcl_Interp *interp, Tcl_Obj *const *objv)
{
    ClusterBlob *plain, *dressed;
    Tcl_Obj *words[4];

    if (GetBytes(interp, objv[2], &plain) != TCL_OK) {
        return TCL_ERROR;
    }
    if (GetBytes(interp, objv[3], &dressed) != TCL_OK) {
        ClusterBlobRelease(plain);
        return TCL_ERROR;
    }
    words[0] = Tcl_NewBooleanObj(ClusterBlobPlain(plain) == plain);
    dressed->plain = ClusterBlobHold(plain);
    words[1] = NewBytes(dressed);
    words[2] = NewBytes(ClusterBlobPlain(dressed));
    ClusterBlobRelease(dressed);
    words[3] = Tcl_NewWideIntObj((Tcl_WideInt) plain->refCount);
    ClusterBlobRelease(plain);
    ClusterBlobRelease(NULL);
    Tcl_SetObjResult(interp, Tcl_NewListObj(4, words));
    return TCL_OK;
}

/* blobs push BYTES | pop | at INDEX | state | clear | plain BYTES OTHER */
static int
BlobsCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"at", "clear", "plain", "pop", "push", "state", NULL};
    enum { AT, CLEAR, PLAIN, POP, PUSH, STATE };
    static const int counts[] = {3, 2, 4, 2, 3, 2};
    ClusterBlobQueue *queue = clientData;
    ClusterBlob *blob = NULL;
    int word, index;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc != counts[word]) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?arg ...?");
        return TCL_ERROR;
    }
    switch (word) {
    case AT:
        if (Tcl_GetIntFromObj(interp, objv[2], &index) != TCL_OK) {
            return TCL_ERROR;
        }
        Tcl_SetObjResult(interp, NewBytes(ClusterBlobQueueAt(queue, (size_t) index)));
        return TCL_OK;
    case CLEAR:
        ClusterBlobQueueFree(queue);
        return TCL_OK;
    case PLAIN:
        return PlainCmd(interp, objv);
    case POP:
        blob = ClusterBlobQueuePop(queue);
        Tcl_SetObjResult(interp, NewBytes(blob));
        break;
    case PUSH:
        if (GetBytes(interp, objv[2], &blob) != TCL_OK) {
            return TCL_ERROR;
        }
        Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterBlobQueuePush(queue, blob)));
        break;
    default:
        Tcl_SetObjResult(interp, State(queue));
        break;
    }
    ClusterBlobRelease(blob);
    return TCL_OK;
}

static void
DeleteQueue(void *clientData)
{
    ClusterBlobQueueFree(clientData);
    free(clientData);
}

int
Clusterblobtest_Init(Tcl_Interp *interp)
{
    ClusterBlobQueue *queue = malloc(sizeof *queue);

    if (!queue) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
        return TCL_ERROR;
    }
    ClusterBlobQueueInit(queue);
    Tcl_CreateObjCommand(interp, "::cluster::test::blobs", BlobsCmd, queue, DeleteQueue);
    return TCL_OK;
}
