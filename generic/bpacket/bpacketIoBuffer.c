/*
 * bpacketIoBuffer.c --
 *
 *	What objects of class ::bpacket::classes::io decode, and the variable
 *	DECODE_BUFFER that shows it to scripts.
 *
 *	A type written for 1.3.2 takes its bytes from that variable of the object,
 *	which holds what is still to be decoded, and leaves the rest there. Bytes
 *	are copied into it only when a script reads it: a type that keeps to
 *	`my @decode::...` costs no more than our own.
 */

#include "bpacket/bpacketIo.h"

#include <stdlib.h>
#include <string.h>

static Tcl_Obj *
BufferName(BpacketIo *io)
{
    return Tcl_ObjPrintf("%s::DECODE_BUFFER", Tcl_GetObjectNamespace(io->object)->fullName);
}

static void
InputInit(BpacketInput *input, const void *bytes, size_t length)
{
    bpacket_reader_init(&input->reader, bytes, length);
    input->owned = NULL;
    input->budget = BPACKET_MAX_ELEMENTS;
}

/* Replaces the bytes of the input by a copy of these; false without memory. */
static bool
InputCopy(BpacketInput *input, bpacket_span bytes)
{
    uint8_t *copy = malloc(bytes.length + 1);

    if (!copy) {
        return false;
    }
    if (bytes.length > 0) {
        memcpy(copy, bytes.bytes, bytes.length);
    }
    free(input->owned);
    input->owned = copy;
    bpacket_reader_init(&input->reader, copy, bytes.length);
    return true;
}

static void
SetBuffer(BpacketIo *io, Tcl_Interp *interp, Tcl_Obj *name, Tcl_Obj *bytes)
{
    io->syncing = true;
    Tcl_IncrRefCount(bytes);
    Tcl_SetVar2Ex(interp, Tcl_GetString(name), NULL, bytes, TCL_GLOBAL_ONLY);
    Tcl_DecrRefCount(bytes);
    io->syncing = false;
}

/* A script is about to read the variable. */
static void
ShowInput(BpacketIo *io, Tcl_Interp *interp, Tcl_Obj *name)
{
    const bpacket_reader *reader = &io->input->reader;
    bpacket_span rest = {reader->next, bpacket_reader_left(reader)};

    if (io->shown != reader->next) {
        SetBuffer(io, interp, name, BpacketBytesObj(rest));
        io->shown = reader->next;
    }
}

/* A script has set the variable: decoding goes on with its bytes. Returns an error or NULL. */
static char *
AdoptBuffer(BpacketIo *io, Tcl_Interp *interp, Tcl_Obj *name)
{
    static char notBytes[] = "DECODE_BUFFER holds bytes only", noMemory[] = "out of memory";
    Tcl_Obj *value = Tcl_GetVar2Ex(interp, Tcl_GetString(name), NULL, TCL_GLOBAL_ONLY);
    bpacket_span bytes;

    io->shown = NULL;
    if (!value || !BpacketGetBytes(value, &bytes)) {
        return notBytes;
    }
    if (!InputCopy(io->input, bytes)) {
        return noMemory;
    }
    io->shown = io->input->reader.next;
    return NULL;
}

static char *
TraceBuffer(void *clientData, Tcl_Interp *interp, const char *name1, const char *name2, int flags)
{
    BpacketIo *io = clientData;
    char *problem = NULL;
    Tcl_Obj *name;

    (void) name1;
    (void) name2;
    if (flags & TCL_TRACE_DESTROYED) {
        io->traced = false;
        BpacketIoRelease(io);
        return NULL;
    }
    if (io->syncing || !io->object || Tcl_InterpDeleted(interp)) {
        return NULL;
    }
    name = BufferName(io);
    Tcl_IncrRefCount(name);
    if (flags & TCL_TRACE_READS) {
        ShowInput(io, interp, name);
    } else if (flags & TCL_TRACE_WRITES) {
        problem = AdoptBuffer(io, interp, name);
    }
    Tcl_DecrRefCount(name);
    return problem;
}

int
BpacketIoMakeBuffer(BpacketIo *io, Tcl_Interp *interp)
{
    Tcl_Obj *name;
    int code;

    if (io->traced) {
        return TCL_OK;
    }
    name = BufferName(io);
    Tcl_IncrRefCount(name);
    io->shown = NULL;
    SetBuffer(io, interp, name, Tcl_NewObj());
    code = Tcl_TraceVar2(interp, Tcl_GetString(name), NULL,
            TCL_GLOBAL_ONLY | TCL_TRACE_READS | TCL_TRACE_WRITES | TCL_TRACE_UNSETS, TraceBuffer,
            io);
    if (code == TCL_OK) {
        io->traced = true;
        BpacketIoHold(io);
    }
    Tcl_DecrRefCount(name);
    return code;
}

bool
BpacketIoPushInput(BpacketIo *io, BpacketInput *input, bpacket_span bytes, bool scripts)
{
    InputInit(input, bytes.bytes, bytes.length);
    if (scripts && !InputCopy(input, bytes)) {
        return false;
    }
    input->outer = io->input;
    io->input = input;
    io->shown = NULL;
    return true;
}

void
BpacketIoPopInput(BpacketIo *io)
{
    BpacketInput *input = io->input;

    io->input = input->outer;
    free(input->owned);
    if (io->shown) {
        io->shown = NULL;
        if (io->traced && io->object && !Tcl_InterpDeleted(io->interp)) {
            Tcl_Obj *name = BufferName(io);

            /* It may hold much that nobody needs any more. */
            Tcl_IncrRefCount(name);
            SetBuffer(io, io->interp, name, Tcl_NewObj());
            Tcl_DecrRefCount(name);
        }
    }
}
