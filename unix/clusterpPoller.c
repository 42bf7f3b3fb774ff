/*
 * clusterpPoller.c --
 *
 *	The life of a poller, whichever the system's is: clusterpEpoll.c or
 *	clusterpKqueue.c opens it, and says what is watched and has happened.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <stdlib.h>

ClusterpPoller *
ClusterpPollerNew(int *error)
{
    ClusterpPoller *poller = malloc(sizeof(*poller));

    if (poller == NULL) {
        errno = ENOMEM;
        (void) ClusterpFail(error);
        return NULL;
    }
    poller->timer = -1;
    if (!ClusterpPollerOpen(poller)) {
        (void) ClusterpFail(error);
        free(poller);
        return NULL;
    }
    return poller;
}

void
ClusterpPollerFree(ClusterpPoller *poller)
{
    if (poller != NULL) {
        ClusterpClose(poller->fd);
        ClusterpClose(poller->timer);
        free(poller);
    }
}

int
ClusterpPollerDescriptor(const ClusterpPoller *poller)
{
    return poller->fd;
}
