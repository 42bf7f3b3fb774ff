/*
 * templateFuzz.c --
 *
 *	Fuzz target `template`: templates of packets, and values of the types
 *	they name.
 *
 *	Input: a template up to the first zero byte, then fields to decode by it,
 *	each an id and a value. What decodes must encode, and come back the same.
 */

#include "fuzz.h"

#include "bpacket/bpacketTemplate.h"
#include "bpacket/bpacketValue.h"

#include <stdbool.h>
#include <string.h>

#define FIELDS_MAX 64

static bool
InText(bpacket_span part, bpacket_span whole)
{
    return part.length == 0
            || (part.bytes >= whole.bytes
                    && part.bytes + part.length <= whole.bytes + whole.length);
}

static const char *
CheckFault(const bpacket_template_fault *fault, bpacket_span text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text.length; i++) {
        lines += (text.bytes[i] == '\n');
    }
    if (!fault->expected) {
        return "a template failed for no reason";
    }
    if (!InText(fault->found, text)) {
        return "what was found is not in the template";
    }
    return (fault->line < 1 || fault->line > lines) ? "an error in a line that is not there" : NULL;
}

static const char *
CheckTemplate(const bpacket_template *template)
{
    size_t count = bpacket_template_count(template);

    for (size_t i = 0; i < count; i++) {
        const bpacket_field *field = bpacket_template_field(template, i);

        if (field->name.length == 0 || field->type_name.length == 0 || field->id_text.length == 0) {
            return "a field without id, type or name";
        }
        if (bpacket_template_by_id(template, field->id) != i) {
            return "a field that its id does not find";
        }
        if (bpacket_template_by_name(template, (const char *) field->name.bytes, field->name.length)
                != i) {
            return "a field that its name does not find";
        }
        if (field->type != bpacket_type_by_name(field->type_name.bytes, field->type_name.length)) {
            return "a field of another type than its name says";
        }
    }
    return NULL;
}

/* The keys of a field, held; NULL when there are none. False when they are no list. */
static bool
KeysOf(const bpacket_field *field, Tcl_Obj **keys)
{
    Tcl_Size count;

    *keys = NULL;
    if (field->args.length == 0) {
        return true;
    }
    *keys = Tcl_NewStringObj((const char *) field->args.bytes, (Tcl_Size) field->args.length);
    Tcl_IncrRefCount(*keys);
    if (Tcl_ListObjLength(NULL, *keys, &count) == TCL_OK) {
        return true;
    }
    Tcl_DecrRefCount(*keys);
    *keys = NULL;
    return false;
}

static Tcl_Obj *
ReadAgain(const bpacket_writer *writer, bpacket_type type, Tcl_Obj *keys)
{
    bpacket_reader reader;
    size_t budget = BPACKET_MAX_ELEMENTS;
    Tcl_Obj *value;

    bpacket_reader_init(&reader, writer->bytes, writer->length);
    value = BpacketReadValue(&reader, type, keys, &budget);
    if (value) {
        Tcl_IncrRefCount(value);
        if (bpacket_reader_left(&reader) != 0) {
            Tcl_DecrRefCount(value);
            value = NULL;
        }
    }
    return value;
}

/* A float of 64 bits may shrink to 32, so it need not come back, only stay as it is from then on. */
static const char *
CheckValue(bpacket_type type, Tcl_Obj *keys, Tcl_Obj *value)
{
    bpacket_writer first, second;
    BpacketProblem problem;
    Tcl_Obj *again = NULL;
    const char *fault = NULL;

    bpacket_writer_init(&first, 0);
    bpacket_writer_init(&second, 0);
    if (!BpacketWriteValue(&first, type, keys, value, &problem)) {
        bool known = (type == BPACKET_TYPE_FLOAT && problem.fault == BPACKET_NOT_NUMBER)
                || (!keys && type == BPACKET_TYPE_DICT && problem.fault == BPACKET_NEEDS_KEYS);

        fault = known ? NULL : "what was decoded does not encode";
    } else if (!(again = ReadAgain(&first, type, keys))) {
        fault = "what was encoded does not decode";
    } else if (type != BPACKET_TYPE_FLOAT
            && strcmp(Tcl_GetString(value), Tcl_GetString(again)) != 0) {
        fault = "a value comes back changed";
    } else if (!BpacketWriteValue(&second, type, keys, again, &problem)
            || first.length != second.length
            || memcmp(first.bytes, second.bytes, first.length) != 0) {
        fault = "a value encodes otherwise the second time";
    }
    if (again) {
        Tcl_DecrRefCount(again);
    }
    bpacket_writer_free(&first);
    bpacket_writer_free(&second);
    return fault;
}

/* Reads one field's value. */
static const char *
ReadField(bpacket_reader *reader, const bpacket_field *field, size_t *budget)
{
    const uint8_t *start = reader->next;
    bpacket_type type = field->type == BPACKET_TYPE_OWN ? BPACKET_TYPE_STRING : field->type;
    const char *fault = NULL;
    Tcl_Obj *keys, *value;

    if (!KeysOf(field, &keys)) {
        bpacket_reader_fail(reader, BPACKET_REFUSED);
        return NULL;
    }
    value = BpacketReadValue(reader, type, keys, budget);
    if (value) {
        Tcl_IncrRefCount(value);
        fault = reader->status == BPACKET_OK && reader->next > start && reader->next <= reader->end
                ? CheckValue(type, keys, value)
                : "a value was read where there is none";
        Tcl_DecrRefCount(value);
    } else if (reader->status == BPACKET_OK) {
        fault = "nothing was read, for no reason";
    }
    if (keys) {
        Tcl_DecrRefCount(keys);
    }
    return fault;
}

static const char *
ReadFields(const bpacket_template *template, bpacket_span bytes)
{
    bpacket_reader reader;
    size_t budget = BPACKET_MAX_ELEMENTS;
    const char *fault = NULL;

    bpacket_reader_init(&reader, bytes.bytes, bytes.length);
    for (int i = 0; i < FIELDS_MAX && !fault && reader.status == BPACKET_OK
            && bpacket_reader_left(&reader) > 0;
            i++) {
        size_t index = bpacket_template_by_id(template, bpacket_read_varint(&reader));

        if (reader.status == BPACKET_OK && index != BPACKET_NO_FIELD) {
            fault = ReadField(&reader, bpacket_template_field(template, index), &budget);
        }
    }
    return fault;
}

const char *
FuzzTemplate(const uint8_t *bytes, size_t length)
{
    const uint8_t *end = length > 0 ? memchr(bytes, 0, length) : NULL;
    bpacket_span text = {bytes, end ? (size_t) (end - bytes) : length}, rest = {NULL, 0};
    bpacket_template_fault problem = {0, NULL, {NULL, 0}};
    bpacket_template *template;
    const char *fault;

    if (length == 0) {
        return NULL;
    }
    if (end) {
        rest.bytes = end + 1;
        rest.length = length - text.length - 1;
    }
    template = bpacket_template_new((const char *) text.bytes, text.length, &problem);
    if (!template) {
        return CheckFault(&problem, text);
    }
    fault = CheckTemplate(template);
    fault = fault ? fault : ReadFields(template, rest);
    bpacket_template_destroy(&template);
    return fault;
}
