/*
 * bpacketTemplate.c --
 *
 *	Compiles the template of packets.
 */

#include "bpacket/bpacketTemplate.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 16 /* fields */
#define LEAST_SLOTS    16
#define MOST_FIELDS    65536 /* no packet has that many; keeps the tables small */

struct bpacket_template {
    char *text; /* malloc'ed copy, which the fields point into */
    bpacket_field *fields;
    size_t count;
    size_t capacity;
    /*
     * Open hash tables of as many slots each, a power of two and at least
     * twice the fields: index + 1, or 0.
     */
    uint32_t *by_id;
    uint32_t *by_name;
    size_t slots;
};

/* ---- types -------------------------------------------------------------- */

static const char *const typeNames[] = {
        [BPACKET_TYPE_VARINT] = "varint",
        [BPACKET_TYPE_BOOLEAN] = "boolean",
        [BPACKET_TYPE_FLOAT] = "float",
        [BPACKET_TYPE_VFLOAT] = "vfloat",
        [BPACKET_TYPE_STRING] = "string",
        [BPACKET_TYPE_RAW] = "raw",
        [BPACKET_TYPE_LIST] = "list",
        [BPACKET_TYPE_DICT] = "dict",
        [BPACKET_TYPE_FLAGS] = "flags",
        [BPACKET_TYPE_NUMLIST] = "numlist",
};

_Static_assert(sizeof typeNames / sizeof typeNames[0] == BPACKET_TYPES, "a type has no name");

const char *
bpacket_type_name(bpacket_type type)
{
    return typeNames[type];
}

bpacket_type
bpacket_type_by_name(const void *name, size_t length)
{
    int type;

    for (type = 0; type < BPACKET_TYPES; type++) {
        if (strlen(typeNames[type]) == length && memcmp(typeNames[type], name, length) == 0) {
            break;
        }
    }
    return (bpacket_type) type;
}

/* ---- looking up --------------------------------------------------------- */

/* FNV-1a: names are short. */
static size_t
HashName(const uint8_t *name, size_t length)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ name[i]) * 16777619u;
    }
    return hash ^ hash >> 15;
}

size_t
bpacket_template_by_id(const bpacket_template *template, uint64_t id)
{
    size_t mask = template->slots - 1;
    uint32_t entry;

    for (size_t slot = (size_t) id & mask; (entry = template->by_id[slot]) != 0;
            slot = (slot + 1) & mask) {
        if (template->fields[entry - 1].id == id) {
            return entry - 1;
        }
    }
    return BPACKET_NO_FIELD;
}

size_t
bpacket_template_by_name(const bpacket_template *template, const char *name, size_t length)
{
    size_t mask = template->slots - 1;
    uint32_t entry;

    for (size_t slot = HashName((const uint8_t *) name, length) & mask;
            (entry = template->by_name[slot]) != 0; slot = (slot + 1) & mask) {
        if (bpacket_span_equals(template->fields[entry - 1].name, name, length)) {
            return entry - 1;
        }
    }
    return BPACKET_NO_FIELD;
}

size_t
bpacket_template_count(const bpacket_template *template)
{
    return template->count;
}

const bpacket_field *
bpacket_template_field(const bpacket_template *template, size_t index)
{
    return &template->fields[index];
}

static void
EnterField(uint32_t *table, size_t slots, size_t hash, size_t index)
{
    size_t slot = hash & (slots - 1);

    while (table[slot] != 0) {
        slot = (slot + 1) & (slots - 1);
    }
    table[slot] = (uint32_t) index + 1;
}

/* ---- words -------------------------------------------------------------- */

/* Where the parser is. */
typedef struct Cursor {
    const char *next;
    const char *end;
    size_t line;
    bpacket_template_fault *fault;
} Cursor;

static bool
IsSpace(char character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

static bool
IsDigit(char character)
{
    return character >= '0' && character <= '9';
}

/* The run of characters without white space at p. */
static size_t
WordLength(const char *p, const char *end)
{
    size_t length = 0;

    while (p + length < end && !IsSpace(p[length])) {
        length++;
    }
    return length;
}

static void
SkipBlanks(Cursor *cursor)
{
    while (cursor->next < cursor->end && *cursor->next != '\n' && IsSpace(*cursor->next)) {
        cursor->next++;
    }
}

static void
SkipSpace(Cursor *cursor)
{
    for (; cursor->next < cursor->end && IsSpace(*cursor->next); cursor->next++) {
        cursor->line += (*cursor->next == '\n');
    }
}

static bpacket_span
Span(const char *from, const char *to)
{
    bpacket_span span = {(const uint8_t *) from, (size_t) (to - from)};

    return span;
}

/* Something else than `expected` is here. */
static bool
Unexpected(Cursor *cursor, const char *expected)
{
    cursor->fault->line = cursor->line;
    cursor->fault->expected = expected;
    cursor->fault->found = Span(cursor->next, cursor->next + WordLength(cursor->next, cursor->end));
    return false;
}

/* Digits up to white space, or as well up to the end of the text. */
static bool
ReadNumber(Cursor *cursor, uint32_t *number, const char *expected)
{
    const char *p = cursor->next;
    uint64_t value = 0;

    for (; p < cursor->end && IsDigit(*p) && value <= UINT32_MAX; p++) {
        value = value * 10 + (uint64_t) (*p - '0');
    }
    if (p == cursor->next || value > UINT32_MAX || (p < cursor->end && !IsSpace(*p))) {
        return Unexpected(cursor, expected);
    }
    cursor->next = p;
    *number = (uint32_t) value;
    return true;
}

/* A word of the same line, free of what begins or ends arguments. */
static bool
ReadWord(Cursor *cursor, bpacket_span *word, const char *expected)
{
    size_t length;

    SkipBlanks(cursor);
    length = WordLength(cursor->next, cursor->end);
    if (length == 0 || *cursor->next == '=') {
        return Unexpected(cursor, expected);
    }
    for (size_t i = 0; i < length; i++) {
        if (strchr("|{}\"", cursor->next[i]) != NULL) {
            return Unexpected(cursor, expected);
        }
    }
    *word = Span(cursor->next, cursor->next + length);
    cursor->next += length;
    return true;
}

/* ---- arguments ---------------------------------------------------------- */

static void
Trim(bpacket_span *span)
{
    while (span->length > 0 && IsSpace((char) span->bytes[0])) {
        span->bytes++;
        span->length--;
    }
    while (span->length > 0 && IsSpace((char) span->bytes[span->length - 1])) {
        span->length--;
    }
}

/* The end of the group that begins here with { or ", NULL when it has none. */
static const char *
GroupEnd(const char *p, const char *end)
{
    size_t depth = 0;
    char open = *p;

    if (open == '"') {
        return memchr(p + 1, '"', (size_t) (end - p - 1));
    }
    for (; p < end; p++) {
        if (*p == '{') {
            depth++;
        } else if (*p == '}' && --depth == 0) {
            return p;
        }
    }
    return NULL;
}

static bool
ReadGroup(Cursor *cursor, bpacket_span *args)
{
    const char *close = GroupEnd(cursor->next, cursor->end);

    if (close == NULL) {
        return Unexpected(cursor,
                (*cursor->next == '{') ? "a } for the { that stands here"
                                       : "a \" for the one that stands here");
    }
    *args = Span(cursor->next + 1, close);
    Trim(args);
    for (; cursor->next <= close; cursor->next++) {
        cursor->line += (*cursor->next == '\n');
    }
    return true;
}

/* Where `= DIGITS` begins, if the line from..to ends with that; else to. */
static const char *
VersionStart(const char *from, const char *to)
{
    const char *p = to;

    while (p > from && IsSpace(p[-1])) {
        p--;
    }
    if (p == from || !IsDigit(p[-1])) {
        return to;
    }
    while (p > from && IsDigit(p[-1])) {
        p--;
    }
    while (p > from && IsSpace(p[-1])) {
        p--;
    }
    return (p - from >= 2 && p[-1] == '=' && IsSpace(p[-2])) ? p - 1 : to;
}

/* Arguments that are no group: the rest of the line but for the version. */
static bool
ReadLine(Cursor *cursor, bpacket_span *args)
{
    const char *newline = memchr(cursor->next, '\n', (size_t) (cursor->end - cursor->next));
    const char *stop = VersionStart(cursor->next, (newline != NULL) ? newline : cursor->end);

    *args = Span(cursor->next, stop);
    Trim(args);
    cursor->next = stop;
    return true;
}

static bool
ReadArguments(Cursor *cursor, bpacket_span *args)
{
    static const char expected[] = "arguments after the |";
    bool bar = (*cursor->next == '|');
    Cursor ahead;

    if (!bar) {
        return ReadGroup(cursor, args);
    }
    cursor->next++;
    SkipBlanks(cursor);
    ahead = *cursor;
    SkipSpace(&ahead);
    if (ahead.next < ahead.end && (*ahead.next == '{' || *ahead.next == '"')) {
        *cursor = ahead;
        return ReadGroup(cursor, args);
    }
    if (cursor->next == cursor->end || *cursor->next == '\n' || *cursor->next == '=') {
        return Unexpected(cursor, expected);
    }
    return ReadLine(cursor, args);
}

/* ---- fields ------------------------------------------------------------- */

static bool
ReadOptions(Cursor *cursor, bpacket_field *field)
{
    Cursor ahead = *cursor;

    SkipSpace(&ahead);
    if (ahead.next < ahead.end && (*ahead.next == '|' || *ahead.next == '{')) {
        *cursor = ahead;
        if (!ReadArguments(cursor, &field->args)) {
            return false;
        }
        ahead = *cursor;
        SkipSpace(&ahead);
    }
    if (ahead.next < ahead.end && *ahead.next == '=') {
        *cursor = ahead;
        cursor->next++;
        SkipBlanks(cursor);
        return ReadNumber(cursor, &field->version, "a version number after the =");
    }
    return true;
}

/* Reads the field whose id is next. */
static bool
ReadTemplateField(Cursor *cursor, bpacket_field *field)
{
    memset(field, 0, sizeof *field);
    field->line = cursor->line;
    field->id_text = Span(cursor->next, cursor->next + WordLength(cursor->next, cursor->end));
    if (!ReadNumber(cursor, &field->id, "a field id, 0 to 4294967295")
            || !ReadWord(cursor, &field->type_name, "a type after the field id")
            || !ReadWord(cursor, &field->name, "a name after the type")) {
        return false;
    }
    field->type = bpacket_type_by_name(field->type_name.bytes, field->type_name.length);
    if (!ReadOptions(cursor, field)) {
        return false;
    }
    if (field->type == BPACKET_TYPE_DICT && field->args.length == 0) {
        cursor->line = field->line;
        return Unexpected(cursor, "a dict's keys: | key ?key ...?");
    }
    return true;
}

static bool
NoMemory(Cursor *cursor)
{
    cursor->fault->line = cursor->line;
    cursor->fault->expected = NULL;
    return false;
}

_Static_assert(MOST_FIELDS == 65536, "the message says so");

static bool
AddField(bpacket_template *template, const bpacket_field *field, Cursor *cursor)
{
    if (template->count == MOST_FIELDS) {
        return Unexpected(cursor, "no more than 65536 fields");
    }
    if (template->count == template->capacity) {
        size_t capacity = (template->capacity != 0) ? template->capacity * 2 : FIRST_CAPACITY;
        bpacket_field *fields = realloc(template->fields, capacity * sizeof *fields);

        if (fields == NULL) {
            return NoMemory(cursor);
        }
        template->fields = fields;
        template->capacity = capacity;
    }
    template->fields[template->count++] = *field;
    return true;
}

static bool
ReadTemplateFields(bpacket_template *template, Cursor *cursor)
{
    for (SkipSpace(cursor); cursor->next < cursor->end; SkipSpace(cursor)) {
        bpacket_field field;

        if (!ReadTemplateField(cursor, &field) || !AddField(template, &field, cursor)) {
            return false;
        }
    }
    return true;
}

/* Enters the fields into the tables; ids and names must be each field's own. */
static bool
BuildTables(bpacket_template *template, Cursor *cursor)
{
    for (template->slots = LEAST_SLOTS; template->slots < 2 * template->count;) {
        template->slots *= 2;
    }
    template->by_id = calloc(template->slots, sizeof *template->by_id);
    template->by_name = calloc(template->slots, sizeof *template->by_name);
    if (template->by_id == NULL || template->by_name == NULL) {
        return NoMemory(cursor);
    }
    for (size_t i = 0; i < template->count; i++) {
        const bpacket_field *field = &template->fields[i];
        const char *name = (const char *) field->name.bytes;

        cursor->line = field->line;
        if (bpacket_template_by_id(template, field->id) != BPACKET_NO_FIELD) {
            cursor->next = (const char *) field->id_text.bytes;
            return Unexpected(cursor, "a field id that no other field has");
        }
        if (bpacket_template_by_name(template, name, field->name.length) != BPACKET_NO_FIELD) {
            cursor->next = name;
            return Unexpected(cursor, "a name that no other field has");
        }
        EnterField(template->by_id, template->slots, field->id, i);
        EnterField(template->by_name, template->slots,
                HashName(field->name.bytes, field->name.length), i);
    }
    return true;
}

/* Moves the span `found` of the copy to where it is in the text that was given. */
static void
RelateFault(bpacket_template_fault *fault, const char *copy, const char *text)
{
    if (fault->expected != NULL && fault->found.length > 0) {
        fault->found.bytes = (const uint8_t *) text + ((const char *) fault->found.bytes - copy);
    }
}

bpacket_template *
bpacket_template_new(const char *text, size_t length, bpacket_template_fault *fault)
{
    bpacket_template *template = calloc(1, sizeof *template);
    Cursor cursor = {NULL, NULL, 1, fault};

    if (template != NULL) {
        template->text = malloc(length + 1);
    }
    if (template == NULL || template->text == NULL) {
        NoMemory(&cursor);
        goto failed;
    }
    if (length > 0) {
        memcpy(template->text, text, length);
    }
    template->text[length] = '\0';
    cursor.next = template->text;
    cursor.end = template->text + length;
    if (ReadTemplateFields(template, &cursor) && BuildTables(template, &cursor)) {
        return template;
    }
    RelateFault(fault, template->text, text);

failed:
    bpacket_template_destroy(&template);
    return NULL;
}

void
bpacket_template_destroy(bpacket_template **template)
{
    if (*template != NULL) {
        free((*template)->text);
        free((*template)->fields);
        free((*template)->by_id);
        free((*template)->by_name);
        free(*template);
        *template = NULL;
    }
}
