/*
 * bpacketValue.c --
 *
 *	Between Tcl values and the bytes of a field, type by type.
 */

#include "bpacketValue.h"

#include "bpacketText.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the largest integer as a varint. */
#define INTEGER_BYTES (BPACKET_INTEGER_BITS / 7)
#define HEX_DIGITS    (BPACKET_INTEGER_BITS / 4)

/* A float has 64 bits beyond this, else 32. */
#define FLOAT_SHORT_LIMIT 2147483647.0

/*
 * The most zeros with which the fraction of a vfloat may begin: 5e-324, the
 * smallest double, has 323.
 */
#define FRACTION_ZEROS 330

/* Frees a value that nobody holds. */
static void
Discard(Tcl_Obj *value)
{
    Tcl_IncrRefCount(value);
    Tcl_DecrRefCount(value);
}

/* ---- integers ----------------------------------------------------------- */

/* Tcl's `format` of a value; NULL when the format does not take it. */
static Tcl_Obj *
Format(const char *format, Tcl_Obj *value)
{
    return Tcl_Format(NULL, format, 1, &value);
}

static unsigned
HexValue(char digit)
{
    return (unsigned) ((digit <= '9') ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/*
 * Puts a number in hex, without leading zeros, as a varint. Returns how many
 * bytes that took.
 */
static size_t
PutHex(const char *hex, size_t digits, uint8_t out[INTEGER_BYTES])
{
    size_t count = 0;
    unsigned held = 0, bits = 0;

    while (digits > 0 || bits > 0) {
        if (digits > 0 && bits < 7) {
            held |= HexValue(hex[--digits]) << bits;
            bits += 4;
            continue;
        }
        out[count++] = (uint8_t) (0x80 | (held & 0x7f));
        held >>= 7;
        bits = (bits > 7) ? bits - 7 : 0;
    }
    while (count > 1 && out[count - 1] == 0x80) {
        count--;
    }
    out[count - 1] &= 0x7f;
    return count;
}

/* An integer that does not fit 63 bits. */
static bool
WriteBig(bpacket_writer *writer, Tcl_Obj *value, unsigned bits)
{
    Tcl_Obj *text = Format("%llx", value);
    uint8_t bytes[INTEGER_BYTES + 1];
    unsigned used = 0;
    const char *hex;
    Tcl_Size digits;
    bool fits;

    if (text == NULL) {
        return false;
    }
    Tcl_IncrRefCount(text);
    hex = Tcl_GetStringFromObj(text, &digits);
    fits = (digits > 0 && digits <= HEX_DIGITS && hex[0] != '-');
    if (fits) {
        for (unsigned top = HexValue(hex[0]); top != 0; top >>= 1) {
            used++;
        }
        fits = (used + 4 * (unsigned) (digits - 1) <= bits);
    }
    if (fits) {
        bpacket_write_bytes(writer, bytes, PutHex(hex, (size_t) digits, bytes));
    }
    Tcl_DecrRefCount(text);
    return fits;
}

bool
BpacketWriteInteger(bpacket_writer *writer, Tcl_Obj *value, unsigned bits)
{
    Tcl_WideInt wide;
    double sign;

    /*
     * Tcl 8.6 lets numbers between -2^64 and 2^64 pass as wide, wrapping them
     * around; the double tells their sign.
     */
    if (Tcl_GetWideIntFromObj(NULL, value, &wide) != TCL_OK
            || Tcl_GetDoubleFromObj(NULL, value, &sign) != TCL_OK) {
        return WriteBig(writer, value, bits);
    }
    if (sign < 0) {
        return false;
    }
    bpacket_write_varint(writer, (uint64_t) wide);
    return true;
}

Tcl_Obj *
BpacketIntegerObj(uint64_t number)
{
    char decimal[24];

    if (number <= INT64_MAX) {
        return Tcl_NewWideIntObj((Tcl_WideInt) number);
    }
    snprintf(decimal, sizeof decimal, "%" PRIu64, number);
    return Tcl_NewStringObj(decimal, -1);
}

/* The value of a varint of any size within bounds. */
static Tcl_Obj *
BigObj(bpacket_span varint)
{
    static const char hexDigits[] = "0123456789abcdef";
    char hex[2 + INTEGER_BYTES * 7 / 4 + 2];
    char *p = hex;
    size_t digits = (varint.length * 7 + 3) / 4;
    Tcl_Obj *text, *value;

    *p++ = '0';
    *p++ = 'x';
    while (digits-- > 0) {
        size_t bit = digits * 4;
        unsigned pair = varint.bytes[bit / 7] & 0x7fu;

        if (bit / 7 + 1 < varint.length) {
            pair |= (varint.bytes[bit / 7 + 1] & 0x7fu) << 7;
        }
        *p++ = hexDigits[pair >> bit % 7 & 0xf];
    }
    text = Tcl_NewStringObj(hex, (Tcl_Size) (p - hex));
    Tcl_IncrRefCount(text);
    value = Format("%lld", text);
    Tcl_DecrRefCount(text);
    return value;
}

/* The bytes of a varint, at most `most` of them. */
static bpacket_span
ReadVarintBytes(bpacket_reader *reader, size_t most)
{
    size_t left = bpacket_reader_left(reader), length = 0;
    bpacket_span none = {NULL, 0};

    while (length < left && length < most && reader->next[length] >= 0x80) {
        length++;
    }
    if (length == left || length == most) {
        bpacket_reader_fail(reader, (length == left) ? BPACKET_TRUNCATED : BPACKET_OVERFLOW);
        return none;
    }
    return bpacket_read_bytes(reader, length + 1);
}

static Tcl_Obj *
ReadInteger(bpacket_reader *reader)
{
    uint64_t number = bpacket_read_varint(reader);
    bpacket_span varint;

    if (reader->status == BPACKET_OK) {
        return BpacketIntegerObj(number);
    }
    if (reader->status != BPACKET_OVERFLOW) {
        return NULL;
    }
    reader->status = BPACKET_OK;
    varint = ReadVarintBytes(reader, INTEGER_BYTES);
    return (reader->status == BPACKET_OK) ? BigObj(varint) : NULL;
}

/* ---- text and bytes ----------------------------------------------------- */

void
BpacketWriteText(bpacket_writer *writer, Tcl_Obj *value)
{
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(value, &length);

    bpacket_write_text(writer, text, (size_t) length);
}

Tcl_Obj *
BpacketTextObj(bpacket_span wire)
{
    bpacket_writer text;
    Tcl_Obj *value;

    if (bpacket_text_is_plain(wire)) {
        return Tcl_NewStringObj((const char *) wire.bytes, (Tcl_Size) wire.length);
    }
    bpacket_writer_init(&text, 0);
    bpacket_text_to_tcl(&text, wire, CLUSTER_TEXT_PAIRS);
    if (text.status != BPACKET_OK) {
        Tcl_Panic("unable to alloc %lu bytes for text", (unsigned long) wire.length);
    }
    value = Tcl_NewStringObj((const char *) text.bytes, (Tcl_Size) text.length);
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

/* ---- numbers with a fraction -------------------------------------------- */

static void
WriteLittleEndian(bpacket_writer *writer, uint64_t bits, size_t size)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t) (bits >> 8 * i);
    }
    bpacket_write_bytes(writer, bytes, size);
}

static uint64_t
ReadLittleEndian(bpacket_reader *reader, size_t size)
{
    bpacket_span span = bpacket_read_bytes(reader, size);
    uint64_t bits = 0;

    for (size_t i = 0; i < span.length; i++) {
        bits |= (uint64_t) span.bytes[i] << 8 * i;
    }
    return bits;
}

/* Byte 0 and 32 bits of IEEE 754, or byte 1 and 64 bits. */
static bool
WriteFloat(bpacket_writer *writer, Tcl_Obj *value)
{
    double number;

    if (Tcl_GetDoubleFromObj(NULL, value, &number) != TCL_OK || !isfinite(number)) {
        return false;
    }
    if (fabs(number) > FLOAT_SHORT_LIMIT) {
        uint64_t bits;

        memcpy(&bits, &number, sizeof bits);
        bpacket_write_boolean(writer, true);
        WriteLittleEndian(writer, bits, sizeof bits);
    } else {
        float narrow = (float) number;
        uint32_t bits;

        memcpy(&bits, &narrow, sizeof bits);
        bpacket_write_boolean(writer, false);
        WriteLittleEndian(writer, bits, sizeof bits);
    }
    return true;
}

/* A byte that is 0 or 1. */
static bool
ReadMark(bpacket_reader *reader)
{
    bpacket_span mark = bpacket_read_bytes(reader, 1);

    if (mark.length == 1 && mark.bytes[0] > 1) {
        bpacket_reader_fail(reader, BPACKET_MALFORMED);
    }
    return mark.length == 1 && mark.bytes[0] == 1;
}

static Tcl_Obj *
ReadFloat(bpacket_reader *reader)
{
    double number;

    if (ReadMark(reader)) {
        uint64_t bits = ReadLittleEndian(reader, sizeof bits);

        memcpy(&number, &bits, sizeof number);
    } else {
        uint32_t bits = (uint32_t) ReadLittleEndian(reader, sizeof bits);
        float narrow;

        memcpy(&narrow, &bits, sizeof narrow);
        number = (double) narrow;
    }
    return (reader->status == BPACKET_OK) ? Tcl_NewDoubleObj(number) : NULL;
}

/* A number in decimal. */
typedef struct Decimal {
    char digits[32]; /* without zeros at the end */
    int count;       /* of digits[] */
    int point;       /* the digit that the point stands before; it may be out of bounds */
} Decimal;

/* The shortest decimal that gives this finite double back. */
static void
MakeDecimal(double number, Decimal *decimal)
{
    char text[TCL_DOUBLE_SPACE];
    const char *p;

    Tcl_PrintDouble(NULL, fabs(number), text);
    decimal->count = decimal->point = 0;
    for (p = text; *p != '\0' && *p != 'e'; p++) {
        if (*p == '.') {
            decimal->point = decimal->count;
            continue;
        }
        decimal->digits[decimal->count++] = *p;
    }
    if (memchr(text, '.', (size_t) (p - text)) == NULL) {
        decimal->point = decimal->count;
    }
    if (*p == 'e') {
        decimal->point += (int) strtol(p + 1, NULL, 10);
    }
    while (decimal->count > 0 && decimal->digits[decimal->count - 1] == '0') {
        decimal->count--;
    }
}

/* Writes digits[from..to), with zeros for those that are not there, as an integer. */
static void
WriteDigits(bpacket_writer *writer, const Decimal *decimal, int from, int to)
{
    Tcl_Obj *text = Tcl_NewObj();
    bool leading = true;

    Tcl_IncrRefCount(text);
    for (int i = from; i < to; i++) {
        char digit = (i >= 0 && i < decimal->count) ? decimal->digits[i] : '0';

        /* Tcl 8.6 takes an integer with a zero in front for octal. */
        if (leading && digit == '0' && i + 1 < to) {
            continue;
        }
        leading = false;
        Tcl_AppendToObj(text, &digit, 1);
    }
    if (from >= to) {
        Tcl_AppendToObj(text, "0", 1);
    }
    (void) BpacketWriteInteger(writer, text, BPACKET_INTEGER_BITS);
    Tcl_DecrRefCount(text);
}

/* Makes the varint that ends the writer, from `start`, longer without changing its value. */
static void
PadVarint(bpacket_writer *writer, size_t start, int more)
{
    static const uint8_t go_on = 0x80, stop = 0;

    if (more <= 0 || writer->status != BPACKET_OK || writer->length == start) {
        return;
    }
    writer->bytes[writer->length - 1] |= 0x80;
    while (--more > 0) {
        bpacket_write_bytes(writer, &go_on, 1);
    }
    bpacket_write_bytes(writer, &stop, 1);
}

/*
 * The fraction's digits as an integer. A varint cannot tell 05 from 5, so
 * each zero in front makes it a byte longer than it need be, which any
 * decoder takes for the same integer, and ours for the zeros.
 */
static void
WriteFraction(bpacket_writer *writer, const Decimal *decimal)
{
    size_t start = writer->length;
    int zeros = 0;

    WriteDigits(writer, decimal, decimal->point, decimal->count);
    if (decimal->point < decimal->count) {
        for (int i = decimal->point; i < 0 || decimal->digits[i] == '0'; i++) {
            zeros++;
        }
    }
    PadVarint(writer, start, zeros);
}

/* Sign byte (1 for positive), the integer part and the fraction as varints. */
static bool
WriteVfloat(bpacket_writer *writer, Tcl_Obj *value)
{
    Decimal decimal;
    double number;

    if (Tcl_GetDoubleFromObj(NULL, value, &number) != TCL_OK || !isfinite(number)) {
        return false;
    }
    bpacket_write_boolean(writer, signbit(number) == 0);
    MakeDecimal(number, &decimal);
    WriteDigits(writer, &decimal, (decimal.point < 0) ? decimal.point : 0, decimal.point);
    WriteFraction(writer, &decimal);
    return true;
}

/* The bytes that a varint's value needs. */
static size_t
NeededBytes(bpacket_span varint)
{
    size_t length = varint.length;

    while (length > 1 && (varint.bytes[length - 1] & 0x7f) == 0) {
        length--;
    }
    return length;
}

/*
 * The number whose digits are those of an integer and of a fraction, which
 * begins with `zeros` zeros. Not Tcl's own parser: that is off by the last bit
 * for some numbers with many digits. No point, as that depends on the locale.
 */
static double
JoinDigits(bool positive, Tcl_Obj *integer, size_t zeros, Tcl_Obj *fraction)
{
    Tcl_Obj *text = Tcl_NewStringObj(positive ? "" : "-", -1);
    Tcl_Size digits;
    double number;

    Tcl_IncrRefCount(text);
    (void) Tcl_GetStringFromObj(fraction, &digits);
    Tcl_AppendObjToObj(text, integer);
    for (size_t i = 0; i < zeros; i++) {
        Tcl_AppendToObj(text, "0", 1);
    }
    Tcl_AppendObjToObj(text, fraction);
    Tcl_AppendPrintfToObj(text, "e-%d", (int) zeros + (int) digits);
    number = strtod(Tcl_GetString(text), NULL);
    Tcl_DecrRefCount(text);
    return number;
}

static Tcl_Obj *
ReadVfloat(bpacket_reader *reader)
{
    bool positive = ReadMark(reader);
    Tcl_Obj *integer = NULL, *fraction;
    bpacket_span varint;
    size_t zeros;
    double number;

    if (reader->status == BPACKET_OK) {
        integer = ReadInteger(reader);
    }
    if (integer == NULL) {
        return NULL;
    }
    varint = ReadVarintBytes(reader, INTEGER_BYTES);
    zeros = varint.length - NeededBytes(varint);
    if (reader->status == BPACKET_OK && zeros > FRACTION_ZEROS) {
        bpacket_reader_fail(reader, BPACKET_OVERFLOW);
    }
    if (reader->status != BPACKET_OK) {
        Discard(integer);
        return NULL;
    }
    varint.length -= zeros;
    fraction = BigObj(varint);
    number = JoinDigits(positive, integer, zeros, fraction);
    Discard(fraction);
    Discard(integer);
    if (!isfinite(number)) {
        bpacket_reader_fail(reader, BPACKET_OVERFLOW);
        return NULL;
    }
    return Tcl_NewDoubleObj(number);
}

/* ---- lists -------------------------------------------------------------- */

static bool
Fail(BpacketProblem *problem, BpacketFault fault, Tcl_Obj *culprit)
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
        return BpacketWriteBoolean(writer, element) || Fail(problem, BPACKET_NOT_BOOLEAN, element);
    }
    if (type == BPACKET_TYPE_NUMLIST) {
        return BpacketWriteInteger(writer, element, BPACKET_INTEGER_BITS)
                || Fail(problem, BPACKET_NOT_INTEGER, element);
    }
    BpacketWriteText(writer, element);
    return true;
}

static bool
WriteList(bpacket_writer *writer, bpacket_type type, Tcl_Obj *value, BpacketProblem *problem)
{
    Tcl_Obj **elements;
    Tcl_Size count;

    if (Tcl_ListObjGetElements(NULL, value, &count, &elements) != TCL_OK) {
        return Fail(problem, BPACKET_NOT_LIST, value);
    }
    if ((size_t) count > BPACKET_MAX_ELEMENTS) {
        return Fail(problem, BPACKET_TOO_MANY, value);
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
        Fail(problem, BPACKET_NOT_LIST, keys);
        return NULL;
    }
    values = Tcl_NewListObj(0, NULL);
    for (Tcl_Size i = 0; i < count; i++) {
        if (Tcl_DictObjGet(NULL, value, names[i], &one) != TCL_OK) {
            Fail(problem, BPACKET_NOT_DICT, value);
            Discard(values);
            return NULL;
        }
        if (one == NULL && type == BPACKET_TYPE_DICT) {
            Fail(problem, BPACKET_MISSING_KEY, names[i]);
            Discard(values);
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
        return (type == BPACKET_TYPE_DICT) ? Fail(problem, BPACKET_NEEDS_KEYS, value)
                                           : WriteList(writer, type, value, problem);
    }
    values = ValuesOfKeys(type, keys, value, problem);
    if (values == NULL) {
        return false;
    }
    Tcl_IncrRefCount(values);
    written = WriteList(writer, type, values, problem);
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
        return ReadInteger(reader);
    }
    if (type == BPACKET_TYPE_FLAGS) {
        bool flag = bpacket_read_boolean(reader);

        return (reader->status == BPACKET_OK) ? Tcl_NewWideIntObj(flag ? 1 : 0) : NULL;
    }
    text = bpacket_read_span(reader);
    return (reader->status == BPACKET_OK) ? BpacketTextObj(text) : NULL;
}

static Tcl_Obj *
ReadList(bpacket_reader *reader, bpacket_type type, size_t *budget)
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
            Discard(list);
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
    Tcl_Obj *list = ReadList(reader, type, budget), *dict;
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
    Discard(list);
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
                || Fail(problem, BPACKET_NOT_INTEGER, value);
    case BPACKET_TYPE_BOOLEAN:
        return BpacketWriteBoolean(writer, value) || Fail(problem, BPACKET_NOT_BOOLEAN, value);
    case BPACKET_TYPE_FLOAT:
        return WriteFloat(writer, value) || Fail(problem, BPACKET_NOT_NUMBER, value);
    case BPACKET_TYPE_VFLOAT:
        return WriteVfloat(writer, value) || Fail(problem, BPACKET_NOT_NUMBER, value);
    case BPACKET_TYPE_RAW:
        return BpacketWriteRaw(writer, value) || Fail(problem, BPACKET_NOT_BYTES, value);
    case BPACKET_TYPE_LIST:
        return WriteList(writer, type, value, problem);
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
        return ReadInteger(reader);
    case BPACKET_TYPE_FLOAT:
        return ReadFloat(reader);
    case BPACKET_TYPE_VFLOAT:
        return ReadVfloat(reader);
    case BPACKET_TYPE_RAW: {
        bpacket_span bytes = bpacket_read_span(reader);

        return (reader->status == BPACKET_OK) ? BpacketBytesObj(bytes) : NULL;
    }
    case BPACKET_TYPE_LIST:
        return ReadList(reader, type, budget);
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
