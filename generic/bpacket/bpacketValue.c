/*
 * bpacketValue.c --
 *
 *	Between Tcl values and the bytes of a field, type by type: text, bytes
 *	and lists here, numbers in bpacketInteger.c and bpacketFloat.c.
 */

#include "bpacket/bpacketValueInt.h"

#include "bpacket/bpacketText.h"

#include <string.h>

void
BpacketDiscard(Tcl_Obj *value)
{
    Tcl_IncrRefCount(value);
    Tcl_DecrRefCount(value);
}

/* ---- text and bytes ----------------------------------------------------- */

void
BpacketWriteText(bpacket_writer *writer, Tcl_Obj *value)
{
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(value, &length);

    bpacket_write_text(writer, text, (size_t) length);
}

/* Converted and appended at a time; a converted text may be twice as long as it was. */
#define TEXT_PIECE 65536

/* The length of a piece that ends between two characters. */
static size_t
PieceLength(bpacket_span wire)
{
    size_t length = TEXT_PIECE, back;

    if (wire.length <= TEXT_PIECE) {
        return wire.length;
    }
    for (back = 0; back < 4; back++) {
        if ((wire.bytes[length - back] & 0xc0) != 0x80) {
            return length - back;
        }
    }
    return length; /* within bytes that are no characters */
}

Tcl_Obj *
BpacketTextObj(bpacket_span wire)
{
    bpacket_writer text;
    Tcl_Obj *value;

    if (bpacket_text_is_plain(wire)) {
        return Tcl_NewStringObj((const char *) wire.bytes, (Tcl_Size) wire.length);
    }
    value = Tcl_NewObj();
    bpacket_writer_init(&text, 0);
    while (wire.length) {
        bpacket_span piece = {wire.bytes, PieceLength(wire)};

        bpacket_writer_reset(&text);
        bpacket_text_to_tcl(&text, piece, CLUSTER_TEXT_PAIRS);
        if (text.status != BPACKET_OK) {
            Tcl_Panic("unable to alloc %lu bytes for text", (unsigned long) piece.length);
        }
        Tcl_AppendToObj(value, (const char *) text.bytes, (Tcl_Size) text.length);
        wire.bytes += piece.length;
        wire.length -= piece.length;
    }
    bpacket_writer_free(&text);
    return value;
}

/* Has Tcl's internal text no character above U+00FF? */
static bool
IsLatin(const uint8_t *text, Tcl_Size length)
{
    for (Tcl_Size at = 0; at < length; at++) {
        if (text[at] < 0x80) {
            continue;
        }
        if (at + 1 == length || (text[at + 1] & 0xc0) != 0x80
                || (text[at] != 0xc0 && text[at] != 0xc2 && text[at] != 0xc3)) {
            return false;
        }
        at++;
    }
    return true;
}

/* A value that has bytes and no text yet; Tcl offers no other question that does not convert. */
static bool
IsPureBytes(const Tcl_Obj *value)
{
    return value->bytes == NULL && value->typePtr != NULL
            && strcmp(value->typePtr->name, "bytearray") == 0;
}

bool
BpacketGetBytes(Tcl_Obj *value, bpacket_span *bytes)
{
    Tcl_Size length;

    if (!IsPureBytes(value)) {
        const uint8_t *text = (const uint8_t *) Tcl_GetStringFromObj(value, &length);

        if (!IsLatin(text, length)) {
            return false;
        }
    }
    bytes->bytes = Tcl_GetByteArrayFromObj(value, &length);
    bytes->length = (size_t) length;
    return true;
}

Tcl_Obj *
BpacketBytesObj(bpacket_span bytes)
{
    return Tcl_NewByteArrayObj(bytes.bytes, (Tcl_Size) bytes.length);
}

bool
BpacketWriteRaw(bpacket_writer *writer, Tcl_Obj *value)
{
    bpacket_span bytes;

    if (!BpacketGetBytes(value, &bytes)) {
        return false;
    }
    bpacket_write_span(writer, bytes.bytes, bytes.length);
    return true;
}

bool
BpacketWriteBoolean(bpacket_writer *writer, Tcl_Obj *value)
{
    int boolean;

    if (Tcl_GetBooleanFromObj(NULL, value, &boolean) != TCL_OK) {
        return false;
    }
    bpacket_write_boolean(writer, boolean != 0);
    return true;
}

/* ---- lists -------------------------------------------------------------- */

static bool
SetProblem(BpacketProblem *problem, BpacketFault fault, Tcl_Obj *culprit)
{
    problem->fault = fault;
    problem->culprit = culprit;
    return false;
}

Tcl_Obj *
BpacketListObj(bpacket_list list)
{
    Tcl_Obj *value = Tcl_NewListObj(0, NULL);
    bpacket_span element;

    while (bpacket_list_next(&list, &element)) {
        Tcl_ListObjAppendElement(NULL, value, BpacketTextObj(element));
    }
    return value;
}

/* Writes one element of a list of that type. */
static bool
WriteElement(bpacket_writer *writer, bpacket_type type, Tcl_Obj *element, BpacketProblem *problem)
{
    if (type == BPACKET_TYPE_FLAGS) {
        return BpacketWriteBoolean(writer, element)
                || SetProblem(problem, BPACKET_NOT_BOOLEAN, element);
    }
    if (type == BPACKET_TYPE_NUMLIST) {
        return BpacketWriteInteger(writer, element, BPACKET_INTEGER_BITS)
                || SetProblem(problem, BPACKET_NOT_INTEGER, element);
    }
    BpacketWriteText(writer, element);
    return true;
}

static bool
WriteValueList(bpacket_writer *writer, bpacket_type type, Tcl_Obj *value, BpacketProblem *problem)
{
    Tcl_Obj **elements;
    Tcl_Size count;

    if (Tcl_ListObjGetElements(NULL, value, &count, &elements) != TCL_OK) {
        return SetProblem(problem, BPACKET_NOT_LIST, value);
    }
    if ((size_t) count > BPACKET_MAX_ELEMENTS) {
        return SetProblem(problem, BPACKET_TOO_MANY, value);
    }
    bpacket_write_varint(writer, (uint64_t) count);
    for (Tcl_Size i = 0; i < count; i++) {
        if (!WriteElement(writer, type, elements[i], problem)) {
            return false;
        }
    }
    return true;
}

/*
 * A list of what the dict has for each key, up to the first one that is
 * missing; a dict field must have them all. NULL with the problem.
 */
static Tcl_Obj *
ValuesOfKeys(bpacket_type type, Tcl_Obj *keys, Tcl_Obj *value, BpacketProblem *problem)
{
    Tcl_Obj **names;
    Tcl_Obj *values, *one;
    Tcl_Size count;

    if (Tcl_ListObjGetElements(NULL, keys, &count, &names) != TCL_OK) {
        SetProblem(problem, BPACKET_NOT_LIST, keys);
        return NULL;
    }
    values = Tcl_NewListObj(0, NULL);
    for (Tcl_Size i = 0; i < count; i++) {
        if (Tcl_DictObjGet(NULL, value, names[i], &one) != TCL_OK) {
            SetProblem(problem, BPACKET_NOT_DICT, value);
            BpacketDiscard(values);
            return NULL;
        }
        if (one == NULL && type == BPACKET_TYPE_DICT) {
            SetProblem(problem, BPACKET_MISSING_KEY, names[i]);
            BpacketDiscard(values);
            return NULL;
        }
        if (one == NULL) {
            break;
        }
        Tcl_ListObjAppendElement(NULL, values, one);
    }
    return values;
}

static bool
WriteKeyed(bpacket_writer *writer, bpacket_type type, Tcl_Obj *keys, Tcl_Obj *value,
        BpacketProblem *problem)
{
    Tcl_Obj *values;
    bool written;

    if (keys == NULL) {
        return (type == BPACKET_TYPE_DICT) ? SetProblem(problem, BPACKET_NEEDS_KEYS, value)
                                           : WriteValueList(writer, type, value, problem);
    }
    values = ValuesOfKeys(type, keys, value, problem);
    if (values == NULL) {
        return false;
    }
    Tcl_IncrRefCount(values);
    written = WriteValueList(writer, type, values, problem);
    /* The culprit may be an element, which the dict holds as well, but not the list that goes. */
    if (!written && problem->culprit == values) {
        problem->culprit = value;
    }
    Tcl_DecrRefCount(values);
    return written;
}

/* Reads the count of a list whose elements take a byte each at least. */
static size_t
ReadCount(bpacket_reader *reader, size_t *budget)
{
    uint64_t count = bpacket_read_varint(reader);

    if (count > bpacket_reader_left(reader)) {
        bpacket_reader_fail(reader, BPACKET_TRUNCATED);
    } else if (count > *budget) {
        bpacket_reader_fail(reader, BPACKET_TOO_LARGE);
    }
    if (reader->status != BPACKET_OK) {
        return 0;
    }
    *budget -= (size_t) count;
    return (size_t) count;
}

static Tcl_Obj *
ReadElement(bpacket_reader *reader, bpacket_type type)
{
    bpacket_span text;

    if (type == BPACKET_TYPE_NUMLIST) {
        return BpacketReadInteger(reader);
    }
    if (type == BPACKET_TYPE_FLAGS) {
        bool flag = bpacket_read_boolean(reader);

        return (reader->status == BPACKET_OK) ? Tcl_NewWideIntObj(flag ? 1 : 0) : NULL;
    }
    text = bpacket_read_span(reader);
    return (reader->status == BPACKET_OK) ? BpacketTextObj(text) : NULL;
}

static Tcl_Obj *
ReadValueList(bpacket_reader *reader, bpacket_type type, size_t *budget)
{
    size_t count = ReadCount(reader, budget);
    Tcl_Obj *list;

    if (reader->status != BPACKET_OK) {
        return NULL;
    }
    list = Tcl_NewListObj(0, NULL);
    while (count-- > 0) {
        Tcl_Obj *element = ReadElement(reader, type);

        if (element == NULL) {
            BpacketDiscard(list);
            return NULL;
        }
        Tcl_ListObjAppendElement(NULL, list, element);
    }
    return list;
}

/*
 * The dict of keys and the list's values. A peer with another template may
 * have sent more, which are left out, or fewer: a dict has all keys then,
 * flags and numlists those that came.
 */
static Tcl_Obj *
ReadKeyed(bpacket_reader *reader, bpacket_type type, Tcl_Obj *keys, size_t *budget)
{
    Tcl_Obj *list = ReadValueList(reader, type, budget), *dict;
    Tcl_Obj **names, **values;
    Tcl_Size count, given;

    if (list == NULL || keys == NULL) {
        return list;
    }
    dict = Tcl_NewDictObj();
    if (Tcl_ListObjGetElements(NULL, keys, &count, &names) == TCL_OK
            && Tcl_ListObjGetElements(NULL, list, &given, &values) == TCL_OK) {
        for (Tcl_Size i = 0; i < count && (i < given || type == BPACKET_TYPE_DICT); i++) {
            Tcl_DictObjPut(NULL, dict, names[i], (i < given) ? values[i] : Tcl_NewObj());
        }
    }
    BpacketDiscard(list);
    return dict;
}

/* ---- all types ---------------------------------------------------------- */

bool
BpacketWriteValue(bpacket_writer *writer, bpacket_type type, Tcl_Obj *keys, Tcl_Obj *value,
        BpacketProblem *problem)
{
    problem->fault = BPACKET_VALUE_OK;
    problem->culprit = NULL;
    switch (type) {
    case BPACKET_TYPE_VARINT:
        return BpacketWriteInteger(writer, value, BPACKET_INTEGER_BITS)
                || SetProblem(problem, BPACKET_NOT_INTEGER, value);
    case BPACKET_TYPE_BOOLEAN:
        return BpacketWriteBoolean(writer, value)
                || SetProblem(problem, BPACKET_NOT_BOOLEAN, value);
    case BPACKET_TYPE_FLOAT:
        return BpacketWriteFloat(writer, value) || SetProblem(problem, BPACKET_NOT_NUMBER, value);
    case BPACKET_TYPE_VFLOAT:
        return BpacketWriteVfloat(writer, value) || SetProblem(problem, BPACKET_NOT_NUMBER, value);
    case BPACKET_TYPE_RAW:
        return BpacketWriteRaw(writer, value) || SetProblem(problem, BPACKET_NOT_BYTES, value);
    case BPACKET_TYPE_LIST:
        return WriteValueList(writer, type, value, problem);
    case BPACKET_TYPE_DICT:
    case BPACKET_TYPE_FLAGS:
    case BPACKET_TYPE_NUMLIST:
        return WriteKeyed(writer, type, keys, value, problem);
    case BPACKET_TYPE_STRING:
    case BPACKET_TYPE_OWN:
        break;
    }
    BpacketWriteText(writer, value);
    return true;
}

Tcl_Obj *
BpacketReadValue(bpacket_reader *reader, bpacket_type type, Tcl_Obj *keys, size_t *budget)
{
    switch (type) {
    case BPACKET_TYPE_VARINT:
        return BpacketReadInteger(reader);
    case BPACKET_TYPE_FLOAT:
        return BpacketReadFloat(reader);
    case BPACKET_TYPE_VFLOAT:
        return BpacketReadVfloat(reader);
    case BPACKET_TYPE_RAW: {
        bpacket_span bytes = bpacket_read_span(reader);

        return (reader->status == BPACKET_OK) ? BpacketBytesObj(bytes) : NULL;
    }
    case BPACKET_TYPE_LIST:
        return ReadValueList(reader, type, budget);
    case BPACKET_TYPE_DICT:
    case BPACKET_TYPE_FLAGS:
    case BPACKET_TYPE_NUMLIST:
        return ReadKeyed(reader, type, keys, budget);
    case BPACKET_TYPE_BOOLEAN:
        return ReadElement(reader, BPACKET_TYPE_FLAGS);
    case BPACKET_TYPE_STRING:
    case BPACKET_TYPE_OWN:
        break;
    }
    return ReadElement(reader, BPACKET_TYPE_STRING);
}
