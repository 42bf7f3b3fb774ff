/*
 * bpacketTemplate.h --
 *
 *	Compiles the template of packets: which fields there are, by id and by name.
 *
 *	A template is text: `ID TYPE NAME ?| ARGUMENTS? ?= VERSION?` for each
 *	field. Arguments reach to the end of the line, or are a group in braces
 *	or quotes, which may span lines and needs no bar. No Tcl; words are runs
 *	of bytes without white space, whatever the bytes.
 */

#ifndef BPACKET_TEMPLATE_H
#define BPACKET_TEMPLATE_H

#include "bpacket/bpacketReader.h"

/* The types that the codec knows; the numbers are the ids they are registered with. */
typedef enum bpacket_type {
    BPACKET_TYPE_VARINT,
    BPACKET_TYPE_BOOLEAN,
    BPACKET_TYPE_FLOAT,
    BPACKET_TYPE_VFLOAT,
    BPACKET_TYPE_STRING,
    BPACKET_TYPE_RAW,
    BPACKET_TYPE_LIST,
    BPACKET_TYPE_DICT,
    BPACKET_TYPE_FLAGS,
    BPACKET_TYPE_NUMLIST,
    BPACKET_TYPE_OWN /* any other name: somebody else's */
} bpacket_type;

#define BPACKET_TYPES BPACKET_TYPE_OWN

/* The spans point into the template. */
typedef struct bpacket_field {
    uint32_t id;
    uint32_t version; /* 0 when none is given */
    size_t line;      /* where it begins, from 1 */
    bpacket_type type;
    bpacket_span id_text;
    bpacket_span type_name;
    bpacket_span name;
    bpacket_span args; /* without the group's braces or quotes; empty when there are none */
} bpacket_field;

typedef struct bpacket_template bpacket_template;

/* What is wrong with a template: "line LINE: expected EXPECTED, but found FOUND". */
typedef struct bpacket_template_fault {
    size_t line;
    const char *expected; /* static; NULL when there was no memory */
    bpacket_span found;   /* in the text that was given; empty at its end */
} bpacket_template_fault;

/* Copies what it needs of the text. Returns NULL and the fault. */
bpacket_template *bpacket_template_new(const char *text, size_t length,
        bpacket_template_fault *fault);
/* Frees *template and sets it to NULL; NULL is fine. */
void bpacket_template_destroy(bpacket_template **template);

size_t bpacket_template_count(const bpacket_template *template);
/* The fields in the order of the text, index from 0 to below count. */
const bpacket_field *bpacket_template_field(const bpacket_template *template, size_t index);

#define BPACKET_NO_FIELD SIZE_MAX

/* The index of a field, or BPACKET_NO_FIELD. */
size_t bpacket_template_by_id(const bpacket_template *template, uint64_t id);
size_t bpacket_template_by_name(const bpacket_template *template, const char *name, size_t length);

/* "varint" ...; not for BPACKET_TYPE_OWN. */
const char *bpacket_type_name(bpacket_type type);
bpacket_type bpacket_type_by_name(const void *name, size_t length);

#endif
