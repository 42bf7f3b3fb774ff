/*
 * bpacketIoCmd.c --
 *
 *	Class ::bpacket::classes::io: encodes dicts as packets and decodes them.
 */

#include "bpacket/bpacketIoCmd.h"

#include "bpacket/bpacketError.h"
#include "bpacket/bpacketIo.h"
#include "base/clusterError.h"

#include <stdlib.h>
#include <string.h>

#define MADE_BY "bpacket create io"

/* Largest packet made here, in bytes; streams accept less unless told otherwise. */
#define MAX_PACKET (1024u * 1024u * 1024u)

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

void
BpacketIoHold(void *self)
{
    ((BpacketIo *) self)->refCount++;
}

void
BpacketIoRelease(void *self)
{
    BpacketIo *io = self;

    if (--io->refCount > 0) {
        return;
    }
    if (io->template) {
        BpacketIoTemplateRelease(io->template);
    }
    Tcl_DecrRefCount(io->types);
    bpacket_writer_free(&io->writer);
    free(io->rest.owned);
    free(io);
}

static void
IoMetadataDeleted(void *clientData)
{
    BpacketIo *io = clientData;

    io->object = NULL;
    BpacketIoRelease(io);
}

static const Tcl_ObjectMetadataType ioMetadata = {
        .version = TCL_OO_METADATA_VERSION_CURRENT,
        .name = "bpacket io",
        .deleteProc = IoMetadataDeleted,
        .cloneProc = ClusterMethodRefuseCopy,
};

BpacketIo *
BpacketIoFromContext(Tcl_Interp *interp, Tcl_ObjectContext context)
{
    BpacketIo *io = Tcl_ObjectGetMetadata(Tcl_ObjectContextObject(context), &ioMetadata);

    if (!io) {
        ClusterFail(interp, Tcl_NewStringObj("this object was not made by " MADE_BY, -1), "CLUSTER",
                "OBJECT", (char *) NULL);
    }
    return io;
}

/* Puts another template in place, and back when its types cannot be had. */
static int
ReplaceTemplate(BpacketIo *io, Tcl_Interp *interp, Tcl_Obj *text)
{
    BpacketIoTemplate *before = io->template;
    Tcl_InterpState state;

    io->template = BpacketIoTemplateNew(interp, text);
    if (!io->template) {
        io->template = before;
        return TCL_ERROR;
    }
    if (BpacketIoTypesReset(io, interp) == TCL_OK) {
        if (before) {
            BpacketIoTemplateRelease(before);
        }
        return TCL_OK;
    }
    if (before) {
        state = Tcl_SaveInterpState(interp, TCL_ERROR);
        BpacketIoTemplateRelease(io->template);
        io->template = before;
        if (io->object) {
            (void) BpacketIoTypesReset(io, interp);
        }
        (void) Tcl_RestoreInterpState(interp, state);
    }
    return TCL_ERROR;
}

/* ::bpacket::classes::io create NAME TEMPLATE */
static int
ConstructIo(Tcl_Interp *interp, Tcl_Object object, int objc, Tcl_Obj *const *objv)
{
    BpacketIo *io;
    int code;

    if (objc != 1) {
        return ClusterFail(interp,
                Tcl_NewStringObj("wrong # args: should be \"bpacket create io name template\"", -1),
                "TCL", "WRONGARGS", (char *) NULL);
    }
    io = calloc(1, sizeof *io);
    if (!io) {
        return BpacketFailMemory(interp);
    }
    io->refCount = 1;
    io->interp = interp;
    io->object = object;
    io->types = Tcl_NewListObj(0, NULL);
    Tcl_IncrRefCount(io->types);
    bpacket_writer_init(&io->writer, MAX_PACKET);
    bpacket_reader_init(&io->rest.reader, NULL, 0);
    io->rest.budget = BPACKET_MAX_ELEMENTS;
    io->input = &io->rest;
    Tcl_ObjectSetMetadata(object, &ioMetadata, io);
    BpacketIoHold(io);
    code = ReplaceTemplate(io, interp, objv[0]);
    BpacketIoRelease(io);
    return code;
}

/*
 * ------------------------------------------------------------------------
 * Encoding
 * ------------------------------------------------------------------------
 */

/* An option of encode and decode; false with a message. */
static bool
IsRawOption(Tcl_Interp *interp, Tcl_Obj *word, const char *options)
{
    const char *text = Tcl_GetString(word);

    if (strcmp(text, "-raw") == 0) {
        return true;
    }
    ClusterFail(interp, Tcl_ObjPrintf("bad option \"%s\": must be %s", text, options), "CLUSTER",
            "OPTION", text, (char *) NULL);
    return false;
}

static int
EncodeField(BpacketIo *io, Tcl_Interp *interp, BpacketIoTemplate *template, bpacket_writer *writer,
        Tcl_Obj *key, Tcl_Obj *value)
{
    Tcl_Size length;
    const char *name = Tcl_GetStringFromObj(key, &length);
    size_t index = bpacket_template_by_name(template->template, name, (size_t) length);
    const BpacketIoField *field;
    BpacketProblem problem;

    if (index == BPACKET_NO_FIELD) {
        return ClusterFail(interp, Tcl_ObjPrintf("Encoding Failed: %s is not a known field", name),
                "CLUSTER", "PACKET", "UNKNOWN_FIELD", name, (char *) NULL);
    }
    field = &template->fields[index];
    bpacket_write_varint(writer, field->field->id);
    if (field->scripted) {
        return BpacketIoEncodeScripted(io, interp, writer, field, value);
    }
    if (!BpacketWriteValue(writer, field->field->type, field->keys, value, &problem)) {
        return BpacketFailValue(interp, &problem, field->field->type, field->name);
    }
    return TCL_OK;
}

static int
EncodeDictFields(BpacketIo *io, Tcl_Interp *interp, BpacketIoTemplate *template,
        bpacket_writer *writer, Tcl_Obj *data)
{
    Tcl_DictSearch search;
    Tcl_Obj *key, *value;
    int done, code = TCL_OK;

    if (Tcl_DictObjFirst(interp, data, &search, &key, &value, &done) != TCL_OK) {
        return TCL_ERROR;
    }
    while (!done && code == TCL_OK) {
        code = EncodeField(io, interp, template, writer, key, value);
        Tcl_DictObjNext(&search, &key, &value, &done);
    }
    Tcl_DictObjDone(&search);
    return code;
}

/* Encodes into a writer that is empty, and sets the result. */
static int
EncodeDict(BpacketIo *io, Tcl_Interp *interp, bpacket_writer *writer, Tcl_Obj *data, bool raw)
{
    BpacketIoTemplate *template = io->template;
    bpacket_span packet;
    int code;

    if (!raw) {
        bpacket_frame_begin(writer);
    }
    template->refCount++;
    code = EncodeDictFields(io, interp, template, writer, data);
    BpacketIoTemplateRelease(template);
    if (code != TCL_OK) {
        return code;
    }
    if (raw) {
        packet.bytes = writer->bytes;
        packet.length = writer->length;
    } else {
        packet = bpacket_frame_end(writer);
    }
    if (writer->status != BPACKET_OK) {
        return BpacketFailStatus(interp, writer->status);
    }
    Tcl_SetObjResult(interp, BpacketBytesObj(packet));
    return TCL_OK;
}

/* $io encode data ?-raw? */
static int
EncodeMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    BpacketIo *io = self;
    bpacket_writer own;
    int code;

    if (objc == 2 && !IsRawOption(interp, objv[1], "-raw")) {
        return TCL_ERROR;
    }
    if (io->encoding) {
        /* A type written in Tcl encodes another packet for its own. */
        bpacket_writer_init(&own, MAX_PACKET);
        code = EncodeDict(io, interp, &own, objv[0], objc == 2);
        bpacket_writer_free(&own);
        return code;
    }
    io->encoding = true;
    bpacket_writer_reset(&io->writer);
    code = EncodeDict(io, interp, &io->writer, objv[0], objc == 2);
    io->encoding = false;
    return code;
}

/*
 * ------------------------------------------------------------------------
 * Decoding
 * ------------------------------------------------------------------------
 */

/* What becomes of a field, and of decoding, after -validate was asked. */
typedef enum Verdict {
    VERDICT_KEEP,   /* the field is in the result */
    VERDICT_SKIP,   /* it is not */
    VERDICT_STOP,   /* decoding ends with what there is */
    VERDICT_CANCEL, /* decoding ends with an empty result */
    VERDICT_ERROR
} Verdict;

/* Calls {*}PREFIX FIELD. The result is the interp's on VERDICT_ERROR only. */
static Verdict
Validate(Tcl_Interp *interp, Tcl_Obj *prefix, const BpacketIoField *field, Tcl_Obj *value)
{
    Tcl_Obj *command = Tcl_DuplicateObj(prefix);
    Tcl_Obj *description = Tcl_DuplicateObj(field->description);
    Verdict verdict = VERDICT_KEEP;
    int code, yes;

    Tcl_IncrRefCount(command);
    Tcl_DictObjPut(NULL, description, Tcl_NewStringObj("value", -1), value);
    Tcl_ListObjAppendElement(NULL, command, description);
    code = Tcl_EvalObjEx(interp, command, TCL_EVAL_DIRECT);
    Tcl_DecrRefCount(command);
    if (code == TCL_ERROR || Tcl_InterpDeleted(interp)) {
        return VERDICT_ERROR;
    }
    if (code == TCL_BREAK) {
        verdict = VERDICT_STOP;
    } else if (code == TCL_CONTINUE) {
        verdict = VERDICT_SKIP;
    } else if (Tcl_GetBooleanFromObj(NULL, Tcl_GetObjResult(interp), &yes) == TCL_OK && !yes) {
        verdict = VERDICT_CANCEL;
    }
    Tcl_ResetResult(interp);
    return verdict;
}

/* Reads the next field's id; NULL with a message. */
static const BpacketIoField *
ReadId(BpacketIo *io, Tcl_Interp *interp, const BpacketIoTemplate *template)
{
    bpacket_reader *reader = &io->input->reader;
    uint64_t id = bpacket_read_varint(reader);
    size_t index;

    if (reader->status != BPACKET_OK) {
        BpacketFailStatus(interp, reader->status);
        return NULL;
    }
    index = bpacket_template_by_id(template->template, id);
    if (index == BPACKET_NO_FIELD) {
        Tcl_Obj *number = BpacketIntegerObj(id);

        Tcl_IncrRefCount(number);
        ClusterFail(interp,
                Tcl_ObjPrintf("the packet has a field %s, which the template has not",
                        Tcl_GetString(number)),
                "BINARY_PACKET", "DECODE", "UNKNOWN_FIELD", Tcl_GetString(number), (char *) NULL);
        Tcl_DecrRefCount(number);
        return NULL;
    }
    return &template->fields[index];
}

/* Reads the value of a field; held once. NULL with a message. */
static Tcl_Obj *
ReadFieldValue(BpacketIo *io, Tcl_Interp *interp, const BpacketIoField *field)
{
    BpacketInput *input = io->input;
    Tcl_Obj *value;

    if (field->scripted) {
        if (BpacketIoDecodeScripted(io, interp, field) != TCL_OK) {
            return NULL;
        }
        value = Tcl_GetObjResult(interp);
        Tcl_IncrRefCount(value);
        Tcl_ResetResult(interp);
        return value;
    }
    value = BpacketReadValue(&input->reader, field->field->type, field->keys, &input->budget);
    if (!value) {
        BpacketFailStatus(interp, input->reader.status);
        return NULL;
    }
    Tcl_IncrRefCount(value);
    return value;
}

static Verdict
DecodeField(BpacketIo *io, Tcl_Interp *interp, const BpacketIoTemplate *template, Tcl_Obj *validate,
        Tcl_Obj *result)
{
    const BpacketIoField *field = ReadId(io, interp, template);
    Tcl_Obj *value = field ? ReadFieldValue(io, interp, field) : NULL;
    Verdict verdict = VERDICT_KEEP;

    if (!value) {
        return VERDICT_ERROR;
    }
    if (validate) {
        verdict = Validate(interp, validate, field, value);
    }
    if (verdict == VERDICT_KEEP) {
        Tcl_DictObjPut(NULL, result, field->name, value);
    }
    Tcl_DecrRefCount(value);
    return verdict;
}

/* Decodes io->input to its end, and sets the result. */
static int
DecodeFields(BpacketIo *io, Tcl_Interp *interp, const BpacketIoTemplate *template,
        Tcl_Obj *validate)
{
    Tcl_Obj *result = Tcl_NewDictObj();
    Verdict verdict = VERDICT_KEEP;

    Tcl_IncrRefCount(result);
    while (verdict <= VERDICT_SKIP && bpacket_reader_left(&io->input->reader) > 0) {
        verdict = DecodeField(io, interp, template, validate, result);
    }
    if (verdict != VERDICT_ERROR) {
        Tcl_SetObjResult(interp, (verdict == VERDICT_CANCEL) ? Tcl_NewObj() : result);
    }
    Tcl_DecrRefCount(result);
    return (verdict == VERDICT_ERROR) ? TCL_ERROR : TCL_OK;
}

static int
FailFrame(Tcl_Interp *interp, const char *what, const char *word)
{
    return ClusterFail(interp, Tcl_ObjPrintf("malformed packet: %s", what), "BINARY_PACKET",
            "DECODE", "MALFORMED_PACKET", word, (char *) NULL);
}

/* Takes header, length and end mark off a packet. */
static int
Unwrap(Tcl_Interp *interp, bpacket_span *packet)
{
    bpacket_reader reader;
    size_t body;

    if (packet->length < BPACKET_HEADER_SIZE
            || memcmp(packet->bytes, BPACKET_HEADER, BPACKET_HEADER_SIZE) != 0) {
        return FailFrame(interp, "it does not begin with the header", "INVALID_HEADER");
    }
    if (packet->length < BPACKET_HEADER_SIZE + BPACKET_END_MARK_SIZE
            || !bpacket_end_mark(packet->bytes + packet->length - BPACKET_END_MARK_SIZE)) {
        return FailFrame(interp, "it does not end with the end mark", "INVALID_FOOTER");
    }
    bpacket_reader_init(&reader, packet->bytes, packet->length);
    body = bpacket_read_frame(&reader, MAX_PACKET);
    if (reader.status != BPACKET_OK
            || bpacket_reader_left(&reader) != body + BPACKET_END_MARK_SIZE) {
        return FailFrame(interp, "its length is not what it says", "INVALID_LENGTH");
    }
    packet->bytes = reader.next;
    packet->length = body;
    return TCL_OK;
}

typedef struct DecodeOptions {
    bool raw;
    Tcl_Obj *validate; /* NULL for none */
} DecodeOptions;

static int
ParseDecodeOptions(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv, DecodeOptions *options)
{
    Tcl_Size count;
    int i;

    options->raw = false;
    options->validate = NULL;
    for (i = 0; i < objc; i++) {
        if (strcmp(Tcl_GetString(objv[i]), "-validate") != 0) {
            if (!IsRawOption(interp, objv[i], "-raw or -validate")) {
                return TCL_ERROR;
            }
            options->raw = true;
            continue;
        }
        if (++i == objc) {
            return ClusterFail(interp, Tcl_NewStringObj("-validate takes a command prefix", -1),
                    "CLUSTER", "OPTION", "-validate", (char *) NULL);
        }
        if (Tcl_ListObjLength(interp, objv[i], &count) != TCL_OK) {
            return TCL_ERROR;
        }
        options->validate = (count > 0) ? objv[i] : NULL;
    }
    return TCL_OK;
}

/* $io decode packet ?-raw? ?-validate prefix? */
static int
DecodeMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    BpacketIo *io = self;
    BpacketIoTemplate *template = io->template;
    DecodeOptions options;
    BpacketInput input;
    bpacket_span bytes;
    int code;

    if (ParseDecodeOptions(interp, objc - 1, objv + 1, &options) != TCL_OK) {
        return TCL_ERROR;
    }
    if (!BpacketGetBytes(objv[0], &bytes)) {
        return FailFrame(interp, "it holds characters above U+00FF", "NOT_BYTES");
    }
    if (!options.raw && Unwrap(interp, &bytes) != TCL_OK) {
        return TCL_ERROR;
    }
    if (!BpacketIoPushInput(io, &input, bytes, options.validate || template->scripted)) {
        return BpacketFailMemory(interp);
    }
    template->refCount++;
    code = DecodeFields(io, interp, template, options.validate);
    BpacketIoTemplateRelease(template);
    BpacketIoPopInput(io);
    return code;
}

/*
 * ------------------------------------------------------------------------
 * The class
 * ------------------------------------------------------------------------
 */

/* $io template template */
static int
TemplateMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    return ReplaceTemplate(self, interp, objv[0]);
}

/* $io reset */
static int
IoResetMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return BpacketIoTypesReset(self, interp);
}

static const ClusterMethod methods[] = {
        {"can", BpacketIoCanMethod, .least = 1, .most = 1, .usage = "method"},
        {"decode", DecodeMethod, .least = 1, .most = -1,
                .usage = "packet ?-raw? ?-validate prefix?"},
        {"encode", EncodeMethod, .least = 1, .most = 2, .usage = "data ?-raw?"},
        {"requires", BpacketIoRequiresMethod, .most = -1, .usage = "?type ...?"},
        {"reset", IoResetMethod, .most = 0},
        {"template", TemplateMethod, .least = 1, .most = 1, .usage = "template"},
        {.name = NULL},
};

static const ClusterClassInfo ioClassInfo = {
        .name = "::bpacket::classes::io",
        .methods = methods,
        .metadata = &ioMetadata,
        .hold = BpacketIoHold,
        .release = BpacketIoRelease,
        .construct = ConstructIo,
        .how = MADE_BY,
};

int
BpacketIoMakeClass(Tcl_Interp *interp)
{
    Tcl_Class class = ClusterMethodCreateClass(interp, ioClassInfo.name);

    if (!class) {
        return TCL_ERROR;
    }
    ClusterMethodInstall(interp, class, &ioClassInfo);
    BpacketIoTypeInstall(interp, class);
    return TCL_OK;
}
