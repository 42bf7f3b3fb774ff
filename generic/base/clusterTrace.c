/*
 * clusterTrace.c --
 *
 *	Writes the lines of the trace (see clusterTrace.h).
 */

#include "base/clusterTrace.h"

#include "base/clusterPlatform.h"

#include <inttypes.h>
#include <stdio.h>

#define TRACE_MAX 512

/* What a formatting function left in a buffer: its length, also when it was cut or failed. */
static size_t
Kept(int length, size_t room)
{
    if (length < 0) {
        return 0;
    }
    return (size_t) length < room ? (size_t) length : room - 1;
}

static void
MakePrintable(char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            text[i] = '?';
        }
    }
}

void
ClusterTrace(const char *who, const char *what, const char *format, va_list arguments)
{
    int64_t now = ClusterpMonotonic();
    char line[TRACE_MAX];
    size_t room = sizeof line - 1; /* for the end of the line */
    size_t length = Kept(snprintf(line, room, "%" PRId64 ".%06" PRId64 " %s %-6s ", now / 1000000,
                                 now % 1000000, who, what),
            room);

    length += Kept(vsnprintf(line + length, room - length, format, arguments), room - length);
    MakePrintable(line, length);
    line[length++] = '\n';
    fwrite(line, 1, length, stderr);
}
