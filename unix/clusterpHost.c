/*
 * clusterpHost.c --
 *
 *	What only Linux can be asked in this way: routes, hardware addresses, the machine's id,
 *	where a packet came in.
 */

#include "clusterpInt.h"

#include <linux/filter.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *
ClusterpPlatformName(void)
{
    return "linux";
}

const char *
ClusterpInterfacePrefix(void)
{
    return "eth";
}

/* One line of the table of routes; false unless it is of a default route in use. */
static bool
ParseRoute(const char *line, char name[IF_NAMESIZE], int *metric)
{
    unsigned destination, flags, mask;

    return sscanf(line, "%15s %x %*x %x %*d %*d %d %x", name, &destination, &flags, metric, &mask)
            == 5
            && destination == 0 && mask == 0 && (flags & RTF_UP) != 0;
}

bool
ClusterpDefaultRoute(const ClusterpInterfaces *all, char name[IF_NAMESIZE])
{
    FILE *routes = fopen("/proc/net/route", "re");
    char line[512], candidate[IF_NAMESIZE];
    int metric, best = -1;

    (void) all;
    while (routes != NULL && fgets(line, sizeof(line), routes) != NULL) {
        if (ParseRoute(line, candidate, &metric) && metric >= 0 && (best < 0 || metric < best)) {
            best = metric;
            memcpy(name, candidate, IF_NAMESIZE);
        }
    }
    if (routes != NULL) {
        (void) fclose(routes);
    }
    return best >= 0;
}

void
ClusterpLinkAddress(const struct ifaddrs *entry, uint8_t mac[CLUSTERP_MAC_SIZE])
{
    struct sockaddr_ll link;

    if (entry->ifa_addr == NULL || entry->ifa_addr->sa_family != AF_PACKET) {
        return;
    }
    memcpy(&link, entry->ifa_addr, sizeof(link));
    if (link.sll_halen == CLUSTERP_MAC_SIZE) {
        memcpy(mac, link.sll_addr, CLUSTERP_MAC_SIZE);
    }
}

/* The first line of a file, at most size - 1 bytes. Returns its length, 0 when there is none. */
static size_t
ReadLine(const char *path, char *buffer, size_t size)
{
    FILE *file = fopen(path, "re");

    buffer[0] = '\0';
    if (file != NULL) {
        if (fgets(buffer, (int) size, file) == NULL) {
            buffer[0] = '\0';
        }
        (void) fclose(file);
    }
    buffer[strcspn(buffer, "\n")] = '\0';
    return strlen(buffer);
}

/*
 * Members of version 1.1.8 read this very file, and members of one host
 * compare their ids. Where the file shows another network namespace than the
 * one we are in, both have to be misled in the same way.
 */
bool
ClusterpPrimaryMac(uint8_t mac[CLUSTERP_MAC_SIZE])
{
    char text[32];
    unsigned part[CLUSTERP_MAC_SIZE], any = 0;

    if (ReadLine("/sys/class/net/eth0/address", text, sizeof(text)) != CLUSTERP_HARDWARE_ID_SIZE - 1
            || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &part[0], &part[1], &part[2], &part[3],
                       &part[4], &part[5])
                    != CLUSTERP_MAC_SIZE) {
        return false;
    }
    for (int i = 0; i < CLUSTERP_MAC_SIZE; i++) {
        mac[i] = (uint8_t) part[i];
        any |= part[i];
    }
    return any != 0;
}

size_t
ClusterpMachineId(char *buffer, size_t size)
{
    static const char *const files[] = {"/etc/machine-id", "/var/lib/dbus/machine-id",
            "/proc/sys/kernel/random/boot_id"};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        size_t length = ReadLine(files[i], buffer, size);

        if (length > 0) {
            return length;
        }
    }
    return 0;
}

/*
 * What a host sends to any of its own addresses comes in by the loopback
 * device, and nothing else does. Multicast that it sends by another device
 * comes back as if by that one, but it is a copy that the kernel made and calls
 * PACKET_LOOPBACK, which no driver calls anything. A source address says
 * nothing: the kernel can be told to take its own ones, and those of the
 * loopback net, from outside (accept_local, route_localnet).
 *
 * Binding to the loopback device would not do: listeners are looked up by the
 * interface that has the address, and multicast may be sent by any. The filter
 * drops the others' packets before there is a handshake, or anything in the
 * receive buffer; accepted sockets inherit it. It needs no privilege, but on TCP
 * with some kernels: loopback alone is left to those who lack it there, where
 * a handshake with a false source address does not come about.
 */
bool
ClusterpConfine(int fd, ClusterpWhence whence)
{
    const uint32_t whole = UINT32_MAX;
    struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t) (SKF_AD_OFF + SKF_AD_HATYPE)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 2, 0),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t) (SKF_AD_OFF + SKF_AD_PKTTYPE)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_LOOPBACK, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, whence == CLUSTERP_HERE ? whole : 0),
            BPF_STMT(BPF_RET | BPF_K, whence == CLUSTERP_HERE ? 0 : whole),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}
