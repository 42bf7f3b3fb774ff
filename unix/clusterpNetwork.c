/*
 * clusterpNetwork.c --
 *
 *	Changes of the host's interfaces and addresses, as Linux tells of them by netlink.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* Messages read before others get their turn; the descriptor stays readable for the rest. */
#define READS 64

int
ClusterpNetworkOpen(void)
{
    struct sockaddr_nl name;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0) {
        return -1;
    }
    memset(&name, 0, sizeof(name));
    name.nl_family = AF_NETLINK;
    name.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR;
    if (bind(fd, (struct sockaddr *) &name, sizeof(name)) != 0) {
        ClusterpClose(fd);
        return -1;
    }
    return fd;
}

/*
 * An interface that went takes its memberships along, but the socket holds on
 * to them: without being left the group could not be joined again where one
 * has its number. Bridges report in the same words that they lost a port.
 */
static void
Heed(const struct nlmsghdr *message, ClusterpMulticast *multicast)
{
    struct ifinfomsg link;

    if (message->nlmsg_type == RTM_DELLINK && message->nlmsg_len >= NLMSG_LENGTH(sizeof(link))) {
        memcpy(&link, NLMSG_DATA(message), sizeof(link));
        if (link.ifi_family == AF_UNSPEC && link.ifi_index > 0) {
            ClusterpWaysLeave(multicast, (unsigned) link.ifi_index);
        }
    }
}

void
ClusterpNetworkRead(int fd, ClusterpMulticast *multicast)
{
    union {
        struct nlmsghdr aligned;
        char bytes[16384];
    } buffer;

    for (int i = 0; i < READS; i++) {
        struct sockaddr_nl from = {0};
        socklen_t size = sizeof(from);
        ssize_t got = recvfrom(fd, buffer.bytes, sizeof(buffer), MSG_TRUNC,
                (struct sockaddr *) &from, &size);
        const struct nlmsghdr *message = &buffer.aligned;
        size_t left = got > 0 ? (size_t) got : 0;

        if (got < 0 && ClusterpWouldBlock(errno)) {
            return;
        }
        if (got < 0 || left > sizeof(buffer)) {
            ClusterpWaysLeave(multicast, 0); /* something was missed: all are joined anew */
            continue;
        }
        while (from.nl_pid == 0 && NLMSG_OK(message, left)) { /* the kernel's word */
            Heed(message, multicast);
            message = NLMSG_NEXT(message, left);
        }
    }
}
