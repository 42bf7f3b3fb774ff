/*
 * bpacketIoTemplate.c --
 *
 *	Compiled templates together with the Tcl values of their fields.
 */

#include "bpacket/bpacketError.h"
#include "bpacket/bpacketIo.h"

#include <stdlib.h>

static void
PutEntry(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(key, -1), value);
}

static Tcl_Obj *
SpanObj(bpacket_span span)
{
    return Tcl_NewStringObj((const char *) span.bytes, (Tcl_Size) span.length);
}

/* dict: type name version ?args?; a new value. */
static Tcl_Obj *
Describe(const BpacketIoField *field)
{
    Tcl_Obj *dict = Tcl_NewDictObj();

    PutEntry(dict, "type", field->type);
    PutEntry(dict, "name", field->name);
    PutEntry(dict, "version", Tcl_NewWideIntObj((Tcl_WideInt) field->field->version));
    if (field->keys) {
        PutEntry(dict, "args", field->keys);
    }
    return dict;
}

static bool
TakesKeys(bpacket_type type)
{
    return type == BPACKET_TYPE_DICT || type == BPACKET_TYPE_FLAGS || type == BPACKET_TYPE_NUMLIST;
}

/* Makes the values of a field. The keys of our own types must be a list. */
static int
InitField(Tcl_Interp *interp, const bpacket_field *source, BpacketIoField *field)
{
    Tcl_Size count;

    field->field = source;
    field->name = SpanObj(source->name);
    Tcl_IncrRefCount(field->name);
    field->type = SpanObj(source->type_name);
    Tcl_IncrRefCount(field->type);
    if (source->args.length > 0) {
        field->keys = SpanObj(source->args);
        Tcl_IncrRefCount(field->keys);
    }
    field->description = Describe(field);
    Tcl_IncrRefCount(field->description);
    PutEntry(field->description, "id", Tcl_NewWideIntObj((Tcl_WideInt) source->id));
    if (field->keys && TakesKeys(source->type)
            && Tcl_ListObjLength(NULL, field->keys, &count) != TCL_OK) {
        bpacket_template_fault fault = {source->line, "a list of keys", source->args};

        return BpacketFailTemplate(interp, &fault);
    }
    return TCL_OK;
}

static void
FreeField(BpacketIoField *field)
{
    if (field->field) {
        Tcl_DecrRefCount(field->name);
        Tcl_DecrRefCount(field->type);
        Tcl_DecrRefCount(field->description);
        if (field->keys) {
            Tcl_DecrRefCount(field->keys);
        }
    }
}

void
BpacketIoTemplateRelease(BpacketIoTemplate *template)
{
    size_t i;

    if (--template->refCount > 0) {
        return;
    }
    for (i = 0; template->fields && i < bpacket_template_count(template->template); i++) {
        FreeField(&template->fields[i]);
    }
    free(template->fields);
    bpacket_template_destroy(&template->template);
    free(template);
}

BpacketIoTemplate *
BpacketIoTemplateNew(Tcl_Interp *interp, Tcl_Obj *text)
{
    BpacketIoTemplate *template = calloc(1, sizeof *template);
    bpacket_template_fault fault = {1, NULL, {NULL, 0}};
    Tcl_Size length;
    const char *bytes = Tcl_GetStringFromObj(text, &length);
    size_t count, i;

    if (!template) {
        BpacketFailMemory(interp);
        return NULL;
    }
    template->refCount = 1;
    template->template = bpacket_template_new(bytes, (size_t) length, &fault);
    if (!template->template) {
        BpacketFailTemplate(interp, &fault);
        free(template);
        return NULL;
    }
    count = bpacket_template_count(template->template);
    template->fields = calloc(count + 1, sizeof *template->fields);
    if (!template->fields) {
        BpacketFailMemory(interp);
        BpacketIoTemplateRelease(template);
        return NULL;
    }
    for (i = 0; i < count; i++) {
        if (InitField(interp, bpacket_template_field(template->template, i), &template->fields[i])
                != TCL_OK) {
            BpacketIoTemplateRelease(template);
            return NULL;
        }
    }
    return template;
}

Tcl_Obj *
BpacketIoTemplateDict(const BpacketIoTemplate *template)
{
    Tcl_Obj *dict = Tcl_NewDictObj(), *fields = Tcl_NewDictObj(), *types = Tcl_NewDictObj();
    Tcl_Obj *index = Tcl_NewDictObj(), *list = Tcl_NewListObj(0, NULL), *type, *value;
    size_t i, count = bpacket_template_count(template->template);
    Tcl_DictSearch search;
    int done;

    for (i = 0; i < count; i++) {
        const BpacketIoField *field = &template->fields[i];
        Tcl_Obj *id = Tcl_NewWideIntObj((Tcl_WideInt) field->field->id);

        Tcl_DictObjPut(NULL, fields, id, Describe(field));
        Tcl_DictObjPut(NULL, index, field->name, id);
        Tcl_DictObjPut(NULL, types, field->type, field->type);
    }
    Tcl_DictObjFirst(NULL, types, &search, &type, &value, &done);
    for (; !done; Tcl_DictObjNext(&search, &type, &value, &done)) {
        Tcl_ListObjAppendElement(NULL, list, type);
    }
    Tcl_IncrRefCount(types);
    Tcl_DecrRefCount(types);
    PutEntry(dict, "fields", fields);
    PutEntry(dict, "types", list);
    PutEntry(dict, "index", index);
    return dict;
}
