/*
 * fuzzTargets.c --
 *
 *	The fuzz targets by their names.
 */

#include "fuzz.h"

#include <string.h>

FuzzTarget *
FuzzTargetByName(const char *name)
{
    static const struct {
        const char *name;
        FuzzTarget *target;
    } targets[] = {
            {"decode", FuzzDecode},
            {"stream", FuzzStream},
            {"receive", FuzzReceive},
            {"template", FuzzTemplate},
            {"seal", FuzzSeal},
            {"handshake", FuzzHandshake},
            {"records", FuzzRecords},
    };

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (strcmp(targets[i].name, name) == 0) {
            return targets[i].target;
        }
    }
    return NULL;
}
