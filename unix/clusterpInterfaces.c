/*
 * clusterpInterfaces.c --
 *
 *	The host's network interfaces, their addresses and the id made of them.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Loopback, on every host. */
#define LOOPBACK_NET 127

static const uint8_t noMac[CLUSTERP_MAC_SIZE] = {0};

/* The interface's name, also where an address goes by a label of its own, as "eth0:1". */
static void
EntryName(const struct ifaddrs *entry, char name[IF_NAMESIZE])
{
    (void) snprintf(name, IF_NAMESIZE, "%s", entry->ifa_name);
    name[strcspn(name, ":")] = '\0';
}

static ClusterpInterface *
FindName(const ClusterpInterfaces *all, const char *name)
{
    for (int i = 0; i < all->count; i++) {
        if (strcmp(all->list[i].name, name) == 0) {
            return &all->list[i];
        }
    }
    return NULL;
}

/* The interface of an entry, made if it is new. The list has room for one for each entry. */
static ClusterpInterface *
Enter(ClusterpInterfaces *all, const struct ifaddrs *entry)
{
    char name[IF_NAMESIZE];
    ClusterpInterface *interface;

    EntryName(entry, name);
    interface = FindName(all, name);
    if (interface == NULL) {
        interface = &all->list[all->count++];
        memcpy(interface->name, name, sizeof(name));
        interface->index = if_nametoindex(name);
        interface->flags = entry->ifa_flags;
    }
    return interface;
}

static uint32_t
IpOf(const struct sockaddr *name)
{
    ClusterpAddr address = {0, 0};

    if (name != NULL) {
        ClusterpFromSockaddr(name, &address);
    }
    return address.ip;
}

static uint32_t
EntryIp(const struct ifaddrs *entry)
{
    return IpOf(entry->ifa_addr);
}

bool
ClusterpInterfacesGet(ClusterpInterfaces *all)
{
    const struct ifaddrs *entry;
    size_t count = 1;

    memset(all, 0, sizeof(*all));
    if (getifaddrs(&all->addresses) != 0) {
        all->addresses = NULL;
        return false;
    }
    for (entry = all->addresses; entry != NULL; entry = entry->ifa_next) {
        count++;
    }
    all->list = calloc(count, sizeof(*all->list));
    if (all->list == NULL) {
        ClusterpInterfacesFree(all);
        errno = ENOMEM;
        return false;
    }
    for (entry = all->addresses; entry != NULL; entry = entry->ifa_next) {
        ClusterpInterface *interface = Enter(all, entry);

        if (interface->ip == 0) {
            interface->ip = EntryIp(entry);
            interface->mask = interface->ip != 0 ? IpOf(entry->ifa_netmask) : 0;
        }
        ClusterpLinkAddress(entry, interface->mac);
    }
    return true;
}

void
ClusterpInterfacesFree(ClusterpInterfaces *all)
{
    free(all->list);
    if (all->addresses != NULL) {
        freeifaddrs(all->addresses);
    }
    memset(all, 0, sizeof(*all));
}

/* Any address of an interface names it, not only its first. */
static const ClusterpInterface *
FindIp(const ClusterpInterfaces *all, uint32_t ip)
{
    char name[IF_NAMESIZE];

    for (const struct ifaddrs *entry = all->addresses; entry != NULL; entry = entry->ifa_next) {
        if (ip != 0 && EntryIp(entry) == ip) {
            EntryName(entry, name);
            return FindName(all, name);
        }
    }
    return NULL;
}

const ClusterpInterface *
ClusterpInterfaceFind(const ClusterpInterfaces *all, const char *text)
{
    const ClusterpInterface *found = FindName(all, text);
    char name[IF_NAMESIZE];
    uint32_t ip;

    if (found != NULL) {
        return found;
    }
    if (ClusterpParseIp(text, &ip)) {
        return FindIp(all, ip);
    }
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0'
            || strlen(text) > sizeof(name) - 1 - strlen(ClusterpInterfacePrefix())) {
        return NULL;
    }
    (void) snprintf(name, sizeof(name), "%s%s", ClusterpInterfacePrefix(), text);
    return FindName(all, name);
}

const ClusterpInterface *
ClusterpInterfaceDefault(const ClusterpInterfaces *all)
{
    char name[IF_NAMESIZE];

    return ClusterpDefaultRoute(all, name) ? FindName(all, name) : NULL;
}

/* ---- addresses ---------------------------------------------------------- */

static int
AddAddress(uint32_t *ips, uint32_t *masks, int count, int max, uint32_t ip, uint32_t mask)
{
    for (int i = 0; i < count; i++) {
        if (ips[i] == ip) {
            return count;
        }
    }
    if (ip != 0 && count < max) {
        ips[count] = ip;
        masks[count++] = mask;
    }
    return count;
}

int
ClusterpLocalAddresses(uint32_t *ips, uint32_t *masks, int max)
{
    ClusterpInterfaces all;
    int count = AddAddress(ips, masks, 0, max, INADDR_LOOPBACK, UINT32_MAX);

    if (!ClusterpInterfacesGet(&all)) {
        return count;
    }
    for (int loopback = 1; loopback >= 0; loopback--) {
        for (const struct ifaddrs *entry = all.addresses; entry != NULL; entry = entry->ifa_next) {
            uint32_t ip = EntryIp(entry);

            if ((ip >> 24 == LOOPBACK_NET) == (loopback != 0)) {
                count = AddAddress(ips, masks, count, max, ip, IpOf(entry->ifa_netmask));
            }
        }
    }
    ClusterpInterfacesFree(&all);
    return count;
}

/* The first that is up and not loopback; with false, the first even if it is down. */
static const ClusterpInterface *
FirstOutward(const ClusterpInterfaces *all, bool up)
{
    for (int i = 0; i < all->count; i++) {
        const ClusterpInterface *interface = &all->list[i];

        if (interface->ip != 0 && (interface->flags & IFF_LOOPBACK) == 0
                && (!up || (interface->flags & IFF_UP) != 0)) {
            return interface;
        }
    }
    return NULL;
}

uint32_t
ClusterpLanAddress(const char *name)
{
    const ClusterpInterface *interface;
    ClusterpInterfaces all;
    uint32_t ip = 0;

    if (!ClusterpInterfacesGet(&all)) {
        return 0;
    }
    if (name != NULL) {
        interface = ClusterpInterfaceFind(&all, name);
    } else {
        interface = ClusterpInterfaceDefault(&all);
        if (interface == NULL || interface->ip == 0) {
            interface = FirstOutward(&all, true);
        }
        if (interface == NULL) {
            interface = FirstOutward(&all, false);
        }
    }
    if (interface != NULL) {
        ip = interface->ip;
    }
    ClusterpInterfacesFree(&all);
    return ip;
}

/* ---- hardware id -------------------------------------------------------- */

static void
FormatMac(const uint8_t mac[CLUSTERP_MAC_SIZE], char id[CLUSTERP_HARDWARE_ID_SIZE])
{
    (void) snprintf(id, CLUSTERP_HARDWARE_ID_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
            mac[2], mac[3], mac[4], mac[5]);
}

/* Copies the address of an interface, if there is the one and the other. */
static bool
TakeMac(const ClusterpInterface *interface, uint8_t mac[CLUSTERP_MAC_SIZE])
{
    if (interface == NULL || memcmp(interface->mac, noMac, sizeof(noMac)) == 0) {
        return false;
    }
    memcpy(mac, interface->mac, sizeof(interface->mac));
    return true;
}

static bool
FirstMac(const ClusterpInterfaces *all, uint8_t mac[CLUSTERP_MAC_SIZE])
{
    for (int i = 0; i < all->count; i++) {
        if (TakeMac(&all->list[i], mac)) {
            return true;
        }
    }
    return false;
}

/* An address of the locally administered kind, always the same for the same text. */
static void
HashMac(const char *text, size_t length, uint8_t mac[CLUSTERP_MAC_SIZE])
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (uint8_t) text[i]) * 0x100000001b3u;
    }
    mac[0] = 0x02;
    for (int i = 1; i < CLUSTERP_MAC_SIZE; i++) {
        mac[i] = (uint8_t) (hash >> (8 * i));
    }
}

static bool
MachineMac(uint8_t mac[CLUSTERP_MAC_SIZE])
{
    char machine[256];
    size_t length = ClusterpMachineId(machine, sizeof(machine));

    HashMac(machine, length, mac);
    return length > 0;
}

static void
NameMac(uint8_t mac[CLUSTERP_MAC_SIZE])
{
    char name[256];

    if (gethostname(name, sizeof(name) - 1) != 0) {
        name[0] = '\0';
    }
    name[sizeof(name) - 1] = '\0';
    HashMac(name, strlen(name), mac);
}

/*
 * What stays the same comes first: members of version 1.1.8 know no other than
 * the primary interface's, the machine's id outlives routes and cards.
 */
static void
HostMac(uint8_t mac[CLUSTERP_MAC_SIZE])
{
    ClusterpInterfaces all;

    if (ClusterpPrimaryMac(mac) || MachineMac(mac)) {
        return;
    }
    (void) ClusterpInterfacesGet(&all); /* empty when it fails */
    if (!TakeMac(ClusterpInterfaceDefault(&all), mac) && !FirstMac(&all, mac)) {
        NameMac(mac);
    }
    ClusterpInterfacesFree(&all);
}

bool
ClusterpHardwareId(const char *interface, char id[CLUSTERP_HARDWARE_ID_SIZE])
{
    ClusterpInterfaces all;
    uint8_t mac[CLUSTERP_MAC_SIZE];
    bool found = true;

    id[0] = '\0';
    if (interface != NULL) {
        (void) ClusterpInterfacesGet(&all); /* empty when it fails */
        found = TakeMac(ClusterpInterfaceFind(&all, interface), mac);
        ClusterpInterfacesFree(&all);
    } else {
        HostMac(mac);
    }
    if (found) {
        FormatMac(mac, id);
    }
    return found;
}
