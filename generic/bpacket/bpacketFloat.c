/*
 * bpacketFloat.c --
 *
 *	Between Tcl's doubles and the two ways to write numbers with a fraction:
 *	float, in binary with 32 or 64 bits, and vfloat, in decimal.
 */

#include "bpacket/bpacketValueInt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A float has 64 bits beyond this, else 32. */
#define FLOAT_SHORT_LIMIT 2147483647.0

/*
 * The most zeros with which the fraction of a vfloat may begin: 5e-324, the
 * smallest double, has 323.
 */
#define FRACTION_ZEROS 330

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

bool
BpacketWriteFloat(bpacket_writer *writer, Tcl_Obj *value)
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

Tcl_Obj *
BpacketReadFloat(bpacket_reader *reader)
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
        char digit = (char) ((i >= 0 && i < decimal->count) ? decimal->digits[i] : '0');

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
    for (int i = decimal->point; i < decimal->count && (i < 0 || decimal->digits[i] == '0'); i++) {
        zeros++;
    }
    PadVarint(writer, start, zeros);
}

bool
BpacketWriteVfloat(bpacket_writer *writer, Tcl_Obj *value)
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

Tcl_Obj *
BpacketReadVfloat(bpacket_reader *reader)
{
    bool positive = ReadMark(reader);
    Tcl_Obj *integer = NULL, *fraction;
    bpacket_span varint;
    size_t zeros;
    double number;

    if (reader->status == BPACKET_OK) {
        integer = BpacketReadInteger(reader);
    }
    if (integer == NULL) {
        return NULL;
    }
    varint = BpacketReadVarintBytes(reader, BPACKET_INTEGER_BYTES);
    zeros = varint.length - NeededBytes(varint);
    if (reader->status == BPACKET_OK && zeros > FRACTION_ZEROS) {
        bpacket_reader_fail(reader, BPACKET_OVERFLOW);
    }
    if (reader->status != BPACKET_OK) {
        BpacketDiscard(integer);
        return NULL;
    }
    varint.length -= zeros;
    fraction = BpacketBigObj(varint);
    number = JoinDigits(positive, integer, zeros, fraction);
    BpacketDiscard(fraction);
    BpacketDiscard(integer);
    if (!isfinite(number)) {
        bpacket_reader_fail(reader, BPACKET_OVERFLOW);
        return NULL;
    }
    return Tcl_NewDoubleObj(number);
}
