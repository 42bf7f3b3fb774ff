/*
 * clusterpHost.c --
 *
 *	What macOS and the BSDs are asked in another way than Linux: the default route, hardware
 *	addresses, the machine's id.
 */

#include "../unix/clusterpInt.h"

#include <net/if_dl.h>
#include <string.h>
#include <sys/types.h>
#include <sys/sysctl.h>
#include <time.h>
#include <unistd.h>

/* Of the block reserved for documentation: leads to the default route, and nobody is there. */
#define ELSEWHERE 0xCB007101u

const char *
ClusterpPlatformName(void)
{
#ifdef __APPLE__
    return "osx";
#else
    return "linux"; /* as 1.1.8 names every other Unix */
#endif
}

const char *
ClusterpInterfacePrefix(void)
{
    return "en";
}

/* The address that the system would send from to somewhere else. Connecting sends nothing. */
static uint32_t
SourceAddress(void)
{
    struct sockaddr_storage near;
    struct sockaddr_in far;
    socklen_t length = sizeof(near);
    ClusterpAddr address = {0, 0};
    int fd = ClusterpSocket(AF_INET, SOCK_DGRAM);

    if (fd < 0) {
        return 0;
    }
    ClusterpToSockaddr(ELSEWHERE, 9, &far);
    if (connect(fd, (struct sockaddr *) &far, sizeof(far)) == 0
            && getsockname(fd, (struct sockaddr *) &near, &length) == 0) {
        ClusterpFromSockaddr((struct sockaddr *) &near, &address);
    }
    ClusterpClose(fd);
    return address.ip;
}

bool
ClusterpDefaultRoute(const ClusterpInterfaces *all, char name[IF_NAMESIZE])
{
    uint32_t ip = SourceAddress();

    for (int i = 0; i < all->count; i++) {
        if (ip != 0 && all->list[i].ip == ip) {
            memcpy(name, all->list[i].name, IF_NAMESIZE);
            return true;
        }
    }
    return false;
}

void
ClusterpLinkAddress(const struct ifaddrs *entry, uint8_t mac[CLUSTERP_MAC_SIZE])
{
    const struct sockaddr_dl *link;

    if (entry->ifa_addr == NULL || entry->ifa_addr->sa_family != AF_LINK) {
        return;
    }
    link = (const struct sockaddr_dl *) (const void *) entry->ifa_addr;
    if (link->sdl_alen == CLUSTERP_MAC_SIZE) {
        memcpy(mac, LLADDR(link), CLUSTERP_MAC_SIZE);
    }
}

bool
ClusterpPrimaryMac(uint8_t mac[CLUSTERP_MAC_SIZE])
{
    const ClusterpInterface *interface;
    ClusterpInterfaces all;
    unsigned any = 0;

    if (!ClusterpInterfacesGet(&all)) {
        return false;
    }
    interface = ClusterpInterfaceFind(&all, "en0");
    for (int i = 0; interface != NULL && i < CLUSTERP_MAC_SIZE; i++) {
        mac[i] = interface->mac[i];
        any |= mac[i];
    }
    ClusterpInterfacesFree(&all);
    return any != 0;
}

size_t
ClusterpMachineId(char *buffer, size_t size)
{
#ifdef __APPLE__
    static const struct timespec patience = {0, 0};
    uuid_t id;

    if (size >= sizeof(id) && gethostuuid(id, &patience) == 0) {
        memcpy(buffer, id, sizeof(id));
        return sizeof(id);
    }
#else
    size_t length = size;

    if (sysctlbyname("kern.hostuuid", buffer, &length, NULL, 0) == 0 && length > 1) {
        return length;
    }
#endif
    return 0;
}

bool
ClusterpConfine(int fd, ClusterpWhence whence)
{
    /* Binding to an interface by IP_BOUND_IF governs what is sent, not what comes in. */
    (void) fd;
    (void) whence;
    return false;
}
