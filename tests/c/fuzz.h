/*
 * fuzz.h --
 *
 *	The fuzz targets: each takes any bytes at all, feeds them to a part of
 *	the package, and looks whether what must always hold does.
 *
 *	How the bytes are read is said in each target's file. A target leaves
 *	nothing behind, so inputs may come in any order.
 */

#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns NULL when all is well, else what does not hold (static). */
typedef const char *(FuzzTarget) (const uint8_t *bytes, size_t length);

FuzzTarget FuzzDecode, FuzzStream, FuzzReceive, FuzzTemplate, FuzzSeal, FuzzHandshake, FuzzRecords;

/* By their names: decode, stream, receive, template, seal, handshake, records. NULL for others. */
FuzzTarget *FuzzTargetByName(const char *name);

#endif
