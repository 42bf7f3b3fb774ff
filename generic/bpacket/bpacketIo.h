/*
 * bpacketIo.h --
 *
 *	The state of objects of class ::bpacket::classes::io, which four files
 *	share: bpacketIoCmd.c encodes and decodes, bpacketIoType.c deals with
 *	types written in Tcl, bpacketIoBuffer.c with the bytes they decode,
 *	bpacketIoTemplate.c with templates.
 */

#ifndef BPACKET_IO_H
#define BPACKET_IO_H

#include "bpacket/bpacketTemplate.h"
#include "bpacket/bpacketValue.h"
#include "base/clusterCompat.h"
#include "base/clusterMethod.h"

/* What a template's field is to Tcl. */
typedef struct BpacketIoField {
    const bpacket_field *field;
    Tcl_Obj *name;
    Tcl_Obj *type;
    Tcl_Obj *keys;        /* a list; NULL when there are no arguments */
    Tcl_Obj *description; /* dict: type name version ?args? id */
    bool scripted;        /* a type written in Tcl, or one that replaces ours */
} BpacketIoField;

/* Counted: it may be replaced while it is in use. */
typedef struct BpacketIoTemplate {
    size_t refCount;
    bpacket_template *template;
    BpacketIoField *fields; /* as many as the template has */
    bool scripted;          /* is any field? */
} BpacketIoTemplate;

/*
 * Bytes being decoded. They are somebody else's as long as no script can run,
 * else a copy of our own.
 */
typedef struct BpacketInput {
    bpacket_reader reader;
    uint8_t *owned; /* malloc'ed, NULL when the bytes are not ours */
    size_t budget;  /* elements of lists still allowed */
    struct BpacketInput *outer;
} BpacketInput;

/*
 * Counted: the object's metadata holds one, a method under way another, the
 * trace of DECODE_BUFFER a third.
 */
typedef struct BpacketIo {
    size_t refCount;
    Tcl_Interp *interp;
    Tcl_Object object; /* NULL when it was destroyed */
    BpacketIoTemplate *template;
    Tcl_Obj *types;        /* names of the types required so far */
    bool mixed;            /* classes of types were mixed in */
    bpacket_writer writer; /* kept between packets; in use while `encoding` */
    bool encoding;
    BpacketInput rest;    /* what type methods read outside of decode */
    BpacketInput *input;  /* what they read now */
    bool traced;          /* DECODE_BUFFER has our trace */
    bool syncing;         /* it is we who set it */
    const uint8_t *shown; /* DECODE_BUFFER holds what is left from here */
} BpacketIo;

/* ---- bpacketIoCmd.c ------------------------------------------------------ */

/* The object's state; NULL with a message when the object has none. */
BpacketIo *BpacketIoFromContext(Tcl_Interp *interp, Tcl_ObjectContext context);
void BpacketIoHold(void *self);
void BpacketIoRelease(void *self);

/* ---- bpacketIoTemplate.c ------------------------------------------------- */

/* Compiles a template; held once. NULL with a message. */
BpacketIoTemplate *BpacketIoTemplateNew(Tcl_Interp *interp, Tcl_Obj *text);
void BpacketIoTemplateRelease(BpacketIoTemplate *template);
/* dict: fields, types, index; a new value. */
Tcl_Obj *BpacketIoTemplateDict(const BpacketIoTemplate *template);

/* ---- bpacketIoType.c ----------------------------------------------------- */

/* Adds the methods @encode::TYPE and @decode::TYPE of our own types to the class. */
void BpacketIoTypeInstall(Tcl_Interp *interp, Tcl_Class class);

/* Forgets the types, and requires those of the template anew. TCL_ERROR with a message. */
int BpacketIoTypesReset(BpacketIo *io, Tcl_Interp *interp);
/* Methods. */
ClusterMethodProc BpacketIoRequiresMethod;
ClusterMethodProc BpacketIoCanMethod;

/* Has a type written in Tcl append a value to the writer. */
int BpacketIoEncodeScripted(BpacketIo *io, Tcl_Interp *interp, bpacket_writer *writer,
        const BpacketIoField *field, Tcl_Obj *value);
/* Has a type written in Tcl read a value from io->input, as the interp's result. */
int BpacketIoDecodeScripted(BpacketIo *io, Tcl_Interp *interp, const BpacketIoField *field);

/* ---- bpacketIoBuffer.c --------------------------------------------------- */

/*
 * Begins and ends reading other bytes. With `scripts` they are copied, as
 * scripts may run meanwhile. False without memory.
 */
bool BpacketIoPushInput(BpacketIo *io, BpacketInput *input, bpacket_span bytes, bool scripts);
void BpacketIoPopInput(BpacketIo *io);
/* Makes the variable DECODE_BUFFER, unless it is there; also after a script unset it. TCL_ERROR with a message. */
int BpacketIoMakeBuffer(BpacketIo *io, Tcl_Interp *interp);

#endif
