/*
 * bpacketText.h --
 *
 *	Converts text between the wire (UTF-8) and Tcl's internal form, which
 *	differs from it in U+0000 (C0 80) and, in Tcl 8.6, in what lies beyond
 *	the BMP (a surrogate pair, three bytes each).
 *
 *	Hostile or foreign bytes that are not UTF-8 become the characters
 *	U+0080..U+00FF of the same value, as Tcl's own decoder does; a lone
 *	surrogate becomes U+FFFD on its way out. No Tcl headers.
 */

#ifndef BPACKET_TEXT_H
#define BPACKET_TEXT_H

#include "bpacket/bpacketReader.h"
#include "bpacket/bpacketWriter.h"

/* Is wire text also Tcl's internal text, byte for byte? (ASCII without NUL, and well-formed UTF-8 of 2 or 3 bytes) */
bool bpacket_text_is_plain(bpacket_span wire);
/* Appends `wire` in Tcl's internal form; pairs: surrogate pairs beyond the BMP (Tcl 8.6). */
void bpacket_text_to_tcl(bpacket_writer *out, bpacket_span wire, bool pairs);
/* bpacket_write_span for Tcl's internal text: varint length, then the text as UTF-8. */
void bpacket_write_text(bpacket_writer *out, const char *text, size_t length);

#endif
