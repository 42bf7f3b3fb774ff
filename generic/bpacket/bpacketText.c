/*
 * bpacketText.c --
 *
 *	Converts text between the wire (UTF-8) and Tcl's internal form.
 */

#include "bpacket/bpacketText.h"

#include <string.h>

/* Is this the second or a later byte of a sequence? */
static bool
IsTrail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/*
 * The length of the well-formed UTF-8 sequence of 2 to 4 bytes at p, 0 when
 * there is none: no over-long forms, no surrogates, nothing past U+10FFFF.
 */
static size_t
SequenceLength(const uint8_t *p, size_t left)
{
    if (left < 2 || !IsTrail(p[1])) {
        return 0;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        return 2;
    }
    if (left < 3 || !IsTrail(p[2])) {
        return 0;
    }
    if (p[0] >= 0xe0 && p[0] <= 0xef) {
        bool overlong = (p[0] == 0xe0 && p[1] < 0xa0);
        bool surrogate = (p[0] == 0xed && p[1] >= 0xa0);

        return (overlong || surrogate) ? 0 : 3;
    }
    if (left < 4 || !IsTrail(p[3])) {
        return 0;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        bool overlong = (p[0] == 0xf0 && p[1] < 0x90);
        bool beyond = (p[0] == 0xf4 && p[1] >= 0x90);

        return (overlong || beyond) ? 0 : 4;
    }
    return 0;
}

/*
 * Top bits where one of eight bytes is NUL or no ASCII: a zero byte borrows
 * into its own top bit, others keep theirs clear.
 */
static uint64_t
SpecialBits(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, 8);
    return ((word - 0x0101010101010101u) | word) & 0x8080808080808080u;
}

/* How many bytes of ASCII without NUL there are at p: 32 at a time, then eight, then one. */
static size_t
AsciiRun(const uint8_t *p, size_t length)
{
    size_t at = 0;

    while (length - at >= 32
            && (SpecialBits(p + at) | SpecialBits(p + at + 8) | SpecialBits(p + at + 16)
                       | SpecialBits(p + at + 24))
                    == 0) {
        at += 32;
    }
    while (length - at >= 8 && SpecialBits(p + at) == 0) {
        at += 8;
    }
    while (at < length && p[at] != 0 && p[at] < 0x80) {
        at++;
    }
    return at;
}

/* How many bytes at p are the same on the wire and inside Tcl. */
static size_t
PlainRun(const uint8_t *p, size_t length)
{
    size_t at = 0;

    for (;;) {
        size_t count;

        at += AsciiRun(p + at, length - at);
        if (at == length || p[at] == 0) {
            return at;
        }
        count = SequenceLength(p + at, length - at);
        if (count < 2 || count > 3) {
            return at;
        }
        at += count;
    }
}

bool
bpacket_text_is_plain(bpacket_span wire)
{
    return wire.length == 0 || PlainRun(wire.bytes, wire.length) == wire.length;
}

/* Puts U+0080..U+00FF, the stand-in for a stray byte of that value. */
static size_t
PutLatin(uint8_t byte, uint8_t *out)
{
    out[0] = (uint8_t) (0xc0 | byte >> 6);
    out[1] = (uint8_t) (0x80 | (byte & 0x3f));
    return 2;
}

/* Puts one half of a surrogate pair as three bytes. */
static void
PutSurrogate(uint32_t code, uint8_t *out)
{
    out[0] = (uint8_t) (0xe0 | code >> 12);
    out[1] = (uint8_t) (0x80 | (code >> 6 & 0x3f));
    out[2] = (uint8_t) (0x80 | (code & 0x3f));
}

/* Splits the four-byte sequence at p into a surrogate pair of six bytes. */
static size_t
PutPair(const uint8_t *p, uint8_t *out)
{
    uint32_t code = (uint32_t) (p[0] & 0x07) << 18 | (uint32_t) (p[1] & 0x3f) << 12
            | (uint32_t) (p[2] & 0x3f) << 6 | (uint32_t) (p[3] & 0x3f);

    code -= 0x10000;
    PutSurrogate(0xd800 | code >> 10, out);
    PutSurrogate(0xdc00 | (code & 0x3ff), out + 3);
    return 6;
}

/* Puts what differs at p inside Tcl, at most TCL_FORM_MAX bytes; *taken: how many of p that is. Returns how many were put. */
static size_t
PutTclForm(const uint8_t *p, size_t left, bool pairs, uint8_t *out, size_t *taken)
{
    *taken = 1;
    if (*p == 0) {
        out[0] = 0xc0;
        out[1] = 0x80;
        return 2;
    }
    if (SequenceLength(p, left) != 4) {
        return PutLatin(*p, out);
    }
    *taken = 4;
    if (pairs) {
        return PutPair(p, out);
    }
    memcpy(out, p, 4);
    return 4;
}

/* Is the character at p another inside Tcl? */
static bool
Differs(const uint8_t *p, size_t left)
{
    size_t length;

    if (*p > 0 && *p < 0x80) {
        return false;
    }
    length = *p ? SequenceLength(p, left) : 0;
    return length != 2 && length != 3;
}

#define TCL_FORM_MAX 6
#define TCL_FORMS    64 /* put at once */
#define SHORT_RUN    8

/*
 * Puts what differs, and ASCII between it that is short, until the buffer is
 * full or something else begins. Returns how many bytes of p that was.
 */
static size_t
PutMixed(bpacket_writer *out, const uint8_t *p, size_t left, bool pairs)
{
    uint8_t bytes[TCL_FORMS * TCL_FORM_MAX];
    size_t at = 0, filled = 0, taken, run = 0;

    while (at < left && filled <= sizeof bytes - TCL_FORM_MAX) {
        if (Differs(p + at, left - at)) {
            filled += PutTclForm(p + at, left - at, pairs, bytes + filled, &taken);
            at += taken;
            run = 0;
        } else if (p[at] < 0x80 && run < SHORT_RUN) {
            bytes[filled++] = p[at++];
            run++;
        } else {
            break;
        }
    }
    bpacket_write_bytes(out, bytes, filled);
    return at;
}

/* Strangers may send millions of bytes that differ, so these are gathered. */
void
bpacket_text_to_tcl(bpacket_writer *out, bpacket_span wire, bool pairs)
{
    const uint8_t *p = wire.bytes;
    size_t left = wire.length;

    while (left > 0) {
        size_t taken = PutMixed(out, p, left, pairs);

        p += taken;
        left -= taken;
        taken = PlainRun(p, left);
        bpacket_write_bytes(out, p, taken);
        p += taken;
        left -= taken;
    }
}

/* The surrogate (U+D800..U+DFFF) in three bytes at p, 0 when there is none. */
static uint32_t
SurrogateAt(const uint8_t *p, size_t left)
{
    if (left < 3 || p[0] != 0xed || p[1] < 0xa0 || !IsTrail(p[1]) || !IsTrail(p[2])) {
        return 0;
    }
    return 0xd000u | (uint32_t) (p[1] & 0x3f) << 6 | (uint32_t) (p[2] & 0x3f);
}

/* Puts the character of a surrogate pair as UTF-8. */
static void
PutJoined(uint32_t high, uint32_t low, uint8_t *out)
{
    uint32_t code = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));

    out[0] = (uint8_t) (0xf0 | code >> 18);
    out[1] = (uint8_t) (0x80 | (code >> 12 & 0x3f));
    out[2] = (uint8_t) (0x80 | (code >> 6 & 0x3f));
    out[3] = (uint8_t) (0x80 | (code & 0x3f));
}

/*
 * Converts what is not plain at p, inside Tcl, to UTF-8 in out. Returns how
 * many bytes were taken (not 0), *count how many there are in out.
 */
static size_t
SpecialFromTcl(const uint8_t *p, size_t left, uint8_t out[4], size_t *count)
{
    uint32_t high = SurrogateAt(p, left);

    if (p[0] == 0 || (left >= 2 && p[0] == 0xc0 && p[1] == 0x80)) {
        out[0] = 0;
        *count = 1;
        return (p[0] == 0) ? 1 : 2;
    }
    if (high != 0) {
        uint32_t low = SurrogateAt(p + 3, left - 3);

        if (high < 0xdc00 && low >= 0xdc00) {
            PutJoined(high, low, out);
            *count = 4;
            return 6;
        }
        memcpy(out, "\xef\xbf\xbd", 3);
        *count = 3;
        return 3;
    }
    if (SequenceLength(p, left) == 4) {
        memcpy(out, p, 4);
        *count = 4;
        return 4;
    }
    *count = PutLatin(p[0], out);
    return 1;
}

/* Appends Tcl's internal text as UTF-8. */
static void
WriteFromTcl(bpacket_writer *out, const char *text, size_t length)
{
    const uint8_t *p = (const uint8_t *) text;

    while (length > 0) {
        size_t taken = PlainRun(p, length);
        uint8_t bytes[4];
        size_t count;

        bpacket_write_bytes(out, p, taken);
        p += taken;
        length -= taken;
        if (length == 0) {
            break;
        }
        taken = SpecialFromTcl(p, length, bytes, &count);
        bpacket_write_bytes(out, bytes, count);
        p += taken;
        length -= taken;
    }
}

/* The length in bytes that WriteFromTcl would append. */
static size_t
WireLength(const char *text, size_t length)
{
    const uint8_t *p = (const uint8_t *) text;
    size_t total = 0;

    while (length > 0) {
        size_t taken = PlainRun(p, length);
        uint8_t bytes[4];
        size_t count;

        total += taken;
        p += taken;
        length -= taken;
        if (length == 0) {
            break;
        }
        taken = SpecialFromTcl(p, length, bytes, &count);
        total += count;
        p += taken;
        length -= taken;
    }
    return total;
}

void
bpacket_write_text(bpacket_writer *out, const char *text, size_t length)
{
    size_t plain = (length > 0) ? PlainRun((const uint8_t *) text, length) : 0;

    if (plain == length) {
        bpacket_write_span(out, text, length);
        return;
    }
    bpacket_write_varint(out, plain + WireLength(text + plain, length - plain));
    WriteFromTcl(out, text, length);
}
