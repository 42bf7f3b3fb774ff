/*
 * clusterpNetwork.c --
 *
 *	Changes of the host's interfaces and addresses, as macOS and the BSDs tell
 *	of them by a route socket.
 */

#include "../unix/clusterpInt.h"

#include <errno.h>
#include <net/route.h>
#include <string.h>

/* Messages read before others get their turn; the descriptor stays readable for the rest. */
#define READS 64

int
ClusterpNetworkOpen(void)
{
    return ClusterpSocket(PF_ROUTE, SOCK_RAW);
}

/*
 * The memberships of a socket end with their interface here, and numbers are
 * not given again soon; so nothing has to be left. What is told is only that
 * it is time to look.
 */
void
ClusterpNetworkRead(int fd, ClusterpMulticast *multicast)
{
    char buffer[2048];

    (void) multicast;
    for (int i = 0; i < READS; i++) {
        if (recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT) < 0
                && (ClusterpWouldBlock(errno) || errno == EBADF)) {
            return;
        }
    }
}
