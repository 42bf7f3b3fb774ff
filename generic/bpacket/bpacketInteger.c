/*
 * bpacketInteger.c --
 *
 *	Between Tcl's integers, of any size, and varints.
 */

#include "bpacket/bpacketValueInt.h"

#include <inttypes.h>
#include <stdio.h>

#define HEX_DIGITS (BPACKET_INTEGER_BITS / 4)

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
PutHex(const char *hex, size_t digits, uint8_t out[BPACKET_INTEGER_BYTES])
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
    uint8_t bytes[BPACKET_INTEGER_BYTES + 1];
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

Tcl_Obj *
BpacketBigObj(bpacket_span varint)
{
    static const char hexDigits[] = "0123456789abcdef";
    char hex[2 + BPACKET_INTEGER_BYTES * 7 / 4 + 2];
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

bpacket_span
BpacketReadVarintBytes(bpacket_reader *reader, size_t most)
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

Tcl_Obj *
BpacketReadInteger(bpacket_reader *reader)
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
    varint = BpacketReadVarintBytes(reader, BPACKET_INTEGER_BYTES);
    return (reader->status == BPACKET_OK) ? BpacketBigObj(varint) : NULL;
}
