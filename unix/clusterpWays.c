/*
 * clusterpWays.c --
 *
 *	The interfaces of a multicast socket: where it is a member of its group, and
 *	by which ways it sends.
 *
 *	Above ttl 0 a datagram goes out once on each link: by every interface that
 *	is up, of those with addresses of one net by the first alone, as they share
 *	a link most likely. What goes to other hosts is not looped back; this host
 *	gets a copy of its own, by the loopback device. So nobody here hears a
 *	datagram twice, whichever interfaces it listens on.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <string.h>

/* ---- memberships -------------------------------------------------------- */

static bool
ChangeMembership(const ClusterpMulticast *socket, int fd, int option, unsigned index)
{
    struct ip_mreqn request;

    memset(&request, 0, sizeof(request));
    request.imr_multiaddr.s_addr = htonl(socket->group.ip);
    request.imr_ifindex = (int) index;
    return setsockopt(fd, IPPROTO_IP, option, &request, sizeof(request)) == 0;
}

/*
 * Beyond the system's limit for one socket others are members in its place, and
 * the ears hear whatever the host is a member of. That is all they may hear
 * unless interfaces were asked for.
 */
static bool
JoinSpare(ClusterpMulticast *socket, unsigned index)
{
#ifdef IP_MULTICAST_ALL
    for (int i = 0; i < CLUSTERP_SPARES && socket->wantedCount == 0; i++) {
        if (socket->spare[i] < 0) {
            socket->spare[i] = ClusterpSocket(AF_INET, SOCK_DGRAM);
            for (int ear = 0; ear < CLUSTERP_EARS && socket->spare[i] >= 0; ear++) {
                if (socket->fd[ear] >= 0) {
                    (void) ClusterpSetOption(socket->fd[ear], IPPROTO_IP, IP_MULTICAST_ALL, 1);
                }
            }
        }
        if (socket->spare[i] < 0) {
            return false;
        }
        if (ChangeMembership(socket, socket->spare[i], IP_ADD_MEMBERSHIP, index)) {
            return true;
        }
        if (errno != ENOBUFS) {
            return false;
        }
    }
#else
    (void) socket;
    (void) index;
#endif
    return false;
}

/* Joins with all ears unless it has; that too many have been joined, or that the interface cannot, is no matter. */
static void
Join(ClusterpMulticast *socket, unsigned index)
{
    for (int i = 0; i < socket->joinedCount; i++) {
        if (socket->joined[i] == index) {
            return;
        }
    }
    if (index == 0 || socket->joinedCount == CLUSTERP_MEMBERSHIPS) {
        return;
    }
    if (ChangeMembership(socket, socket->fd[CLUSTERP_HOME], IP_ADD_MEMBERSHIP, index)
            || errno == EADDRINUSE) {
        socket->joined[socket->joinedCount++] = index;
        if (socket->told && socket->fd[CLUSTERP_AWAY] >= 0) {
            (void) ChangeMembership(socket, socket->fd[CLUSTERP_AWAY], IP_ADD_MEMBERSHIP, index);
        }
    } else if (errno == ENOBUFS && JoinSpare(socket, index)) {
        socket->joined[socket->joinedCount++] = index;
    }
}

void
ClusterpWaysLeave(ClusterpMulticast *socket, unsigned index)
{
    int kept = 0;

    for (int i = 0; i < socket->joinedCount; i++) {
        if (index != 0 && socket->joined[i] != index) {
            socket->joined[kept++] = socket->joined[i];
            continue;
        }
        for (int ear = 0; ear < CLUSTERP_EARS; ear++) {
            if (socket->fd[ear] >= 0) {
                (void) ChangeMembership(socket, socket->fd[ear], IP_DROP_MEMBERSHIP,
                        socket->joined[i]);
            }
        }
        for (int spare = 0; spare < CLUSTERP_SPARES && socket->spare[spare] >= 0; spare++) {
            (void) ChangeMembership(socket, socket->spare[spare], IP_DROP_MEMBERSHIP,
                    socket->joined[i]);
        }
    }
    socket->joinedCount = kept;
    for (int i = 0; i < socket->wayCount; i++) {
        if (index == 0 || socket->ways[i].index == index) {
            socket->ways[i].carrier = false; /* whoever is there now is somebody new */
        }
    }
}

static const ClusterpInterface *
FindIndex(const ClusterpInterfaces *all, unsigned index)
{
    for (int i = 0; i < all->count; i++) {
        if (all->list[i].index == index) {
            return &all->list[i];
        }
    }
    return NULL;
}

static bool
CanMulticast(const ClusterpInterface *interface)
{
    /* On Linux loopback does not claim that it can, but it does. */
    return (interface->flags & IFF_LOOPBACK) != 0
            || ((interface->flags & IFF_UP) != 0 && (interface->flags & IFF_MULTICAST) != 0);
}

/* Which of the interfaces asked for it is, -1 for none of them; 0 when none were. */
static int
Wanted(const ClusterpMulticast *socket, const ClusterpInterfaces *all,
        const ClusterpInterface *interface)
{
    for (int i = 0; i < socket->wantedCount; i++) {
        if (ClusterpInterfaceFind(all, socket->wanted[i]) == interface) {
            return i;
        }
    }
    return socket->wantedCount > 0 ? -1 : 0;
}

/* Is it to be listened to, as far as it depends on what was asked for? */
static bool
MayHear(const ClusterpMulticast *socket, const ClusterpInterfaces *all,
        const ClusterpInterface *interface)
{
    return (interface->flags & IFF_LOOPBACK) != 0 || Wanted(socket, all, interface) >= 0;
}

/*
 * Gives up memberships on interfaces that are gone, as they would count against
 * the limit, and on those that are no longer what was asked for: a name or an
 * address may go from one interface to another.
 */
static void
LeaveOld(ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    for (int i = socket->joinedCount - 1; i >= 0; i--) {
        const ClusterpInterface *interface = FindIndex(all, socket->joined[i]);

        if (interface == NULL
                || (!MayHear(socket, all, interface) && interface->index != socket->home.index)) {
            ClusterpWaysLeave(socket, socket->joined[i]);
        }
    }
}

/* Those that matter most come first, in case there are more than the system allows. */
static void
JoinAll(ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    Join(socket, socket->home.index);
    for (int i = 0; i < socket->wayCount; i++) {
        Join(socket, socket->ways[i].index);
    }
    for (int loopback = 1; loopback >= 0; loopback--) {
        for (int i = 0; i < all->count; i++) {
            const ClusterpInterface *interface = &all->list[i];
            bool isLoopback = (interface->flags & IFF_LOOPBACK) != 0;

            if (isLoopback == (loopback != 0) && CanMulticast(interface)
                    && MayHear(socket, all, interface)) {
                Join(socket, interface->index);
            }
        }
    }
}

/* On how many interfaces that others are heard by? */
static int
CountLinks(const ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    int count = 0;

    for (int i = 0; i < socket->joinedCount; i++) {
        const ClusterpInterface *interface = FindIndex(all, socket->joined[i]);

        if (interface != NULL && (interface->flags & IFF_LOOPBACK) == 0) {
            count++;
        }
    }
    return count;
}

/* ---- ways out ------------------------------------------------------------ */

static bool
Usable(const ClusterpInterface *interface)
{
    return interface->ip != 0 && (interface->flags & IFF_UP) != 0 && CanMulticast(interface);
}

static bool
LeadsOut(const ClusterpInterface *interface)
{
    return Usable(interface) && (interface->flags & IFF_LOOPBACK) == 0;
}

/* One that has just come has none yet, as far as is told, and carries all the same: so it is sent by without, too. */
static bool
HasCarrier(const ClusterpInterface *interface)
{
    return (interface->flags & IFF_RUNNING) != 0;
}

static bool
SameNet(const ClusterpInterface *one, const ClusterpInterface *two)
{
    return one->mask != 0 && one->mask == two->mask
            && (one->ip & one->mask) == (two->ip & two->mask);
}

static ClusterpWay
WayBy(const ClusterpMulticast *socket, const ClusterpInterfaces *all,
        const ClusterpInterface *interface)
{
    int wanted = Wanted(socket, all, interface);
    ClusterpWay way = {.index = interface->index,
            .ip = interface->ip,
            .carrier = HasCarrier(interface)};

    /* An address asked for may be another than the interface's first. */
    if (socket->wantedCount > 0 && wanted >= 0) {
        (void) ClusterpParseIp(socket->wanted[wanted], &way.ip);
    }
    return way;
}

/* What was sent by it before stays known. */
static void
AddWay(ClusterpMulticast *socket, const ClusterpInterfaces *all, const ClusterpInterface *interface,
        const ClusterpWay *before, int beforeCount)
{
    ClusterpWay way = WayBy(socket, all, interface);

    if (socket->wayCount == CLUSTERP_MEMBERSHIPS || !LeadsOut(interface)) {
        return;
    }
    for (int i = 0; i < socket->wayCount; i++) {
        const ClusterpInterface *other = FindIndex(all, socket->ways[i].index);

        if (other == interface || (socket->wantedCount == 0 && SameNet(other, interface))) {
            return;
        }
    }
    for (int i = 0; i < beforeCount; i++) {
        if (before[i].index == way.index) {
            way.sent = before[i].sent;
        }
    }
    socket->ways[socket->wayCount++] = way;
}

/* In the order asked for, else those with a carrier first, of these the default route's. */
static void
ChooseWays(ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    ClusterpWay before[CLUSTERP_MEMBERSHIPS];
    int beforeCount = socket->wayCount;
    const ClusterpInterface *interface;

    memcpy(before, socket->ways, sizeof(before));
    socket->wayCount = 0;
    for (int i = 0; i < socket->wantedCount; i++) {
        interface = ClusterpInterfaceFind(all, socket->wanted[i]);
        if (interface != NULL) {
            AddWay(socket, all, interface, before, beforeCount);
        }
    }
    if (socket->wantedCount > 0) {
        return;
    }
    interface = ClusterpInterfaceDefault(all);
    if (interface != NULL && HasCarrier(interface)) {
        AddWay(socket, all, interface, before, beforeCount);
    }
    for (int carrier = 1; carrier >= 0; carrier--) {
        for (int i = 0; i < all->count; i++) {
            if (HasCarrier(&all->list[i]) == (carrier != 0)) {
                AddWay(socket, all, &all->list[i], before, beforeCount);
            }
        }
    }
}

static const ClusterpInterface *
Loopback(const ClusterpInterfaces *all)
{
    for (int i = 0; i < all->count; i++) {
        if ((all->list[i].flags & IFF_LOOPBACK) != 0) {
            return &all->list[i];
        }
    }
    return NULL;
}

/* The first that is not loopback: what this host sends to itself comes back by any. */
static const ClusterpInterface *
FirstUsable(const ClusterpInterfaces *all)
{
    for (int i = 0; i < all->count; i++) {
        if (LeadsOut(&all->list[i])) {
            return &all->list[i];
        }
    }
    return NULL;
}

static const ClusterpInterface *
FirstWanted(const ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    const ClusterpInterface *found = NULL;

    for (int i = 0; i < socket->wantedCount && found == NULL; i++) {
        found = ClusterpInterfaceFind(all, socket->wanted[i]);
    }
    return found;
}

/*
 * How this host is reached: with ttl 0 by the interface asked for; else by
 * loopback, where we know that all listen there, as its other members are of
 * this kind or hear whatever any of them listens to (IP_MULTICAST_ALL, on
 * Linux). Elsewhere by the first way out, which then is looped back.
 */
static const ClusterpInterface *
ChooseHome(ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    const ClusterpInterface *loopback = Loopback(all);
    const ClusterpInterface *home = loopback;

    if (socket->ttl == 0 && socket->wantedCount > 0) {
        return FirstWanted(socket, all);
    }
    if (socket->ttl > 0 && socket->wayCount > 0
            && (!socket->told || loopback == NULL || !Usable(loopback))) {
        home = FindIndex(all, socket->ways[0].index);
        memmove(&socket->ways[0], &socket->ways[1],
                sizeof(socket->ways[0]) * (size_t) --socket->wayCount);
    }
    return home != NULL && Usable(home) ? home : FirstUsable(all);
}

bool
ClusterpWaysUse(int fd, const ClusterpWay *way)
{
    struct ip_mreqn request;

    memset(&request, 0, sizeof(request));
    request.imr_ifindex = (int) way->index;
    /* Else Linux puts another interface's address, or none at all, in what goes out by loopback. */
    request.imr_address.s_addr = htonl(way->ip);
    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) == 0;
}

static bool
SetHome(ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    const ClusterpInterface *interface = ChooseHome(socket, all);
    uint64_t sent = socket->home.sent;

    if (interface == NULL) {
        socket->home.index = 0; /* there is still loopback to wait for */
        return true;
    }
    if (interface->index != socket->home.index) {
        sent = 0;
    }
    socket->home = WayBy(socket, all, interface);
    socket->home.sent = sent;
    return ClusterpWaysUse(socket->fd[CLUSTERP_HOME], &socket->home);
}

/* ---- both ---------------------------------------------------------------- */

static bool
SameWay(const ClusterpWay *one, const ClusterpWay *two)
{
    return one->index == two->index && one->ip == two->ip && two->carrier;
}

/* Somebody may be reached by the way now who was not before. */
static bool
IsNew(const ClusterpWay *way, const ClusterpMulticast *before)
{
    bool known = SameWay(way, &before->home);

    for (int i = 0; i < before->wayCount && !known; i++) {
        known = SameWay(way, &before->ways[i]);
    }
    return way->index != 0 && way->carrier && !known;
}

bool
ClusterpWaysSettle(ClusterpMulticast *socket, bool *changed)
{
    const ClusterpMulticast before = *socket;
    const ClusterpInterface *loopback;
    ClusterpInterfaces all;
    bool sends;
    int saved = ENODEV;

    if (!ClusterpInterfacesGet(&all)) {
        return false;
    }
    LeaveOld(socket, &all);
    loopback = Loopback(&all);
    socket->loopback = loopback != NULL ? loopback->index : 0;
    if (socket->ttl > 0) {
        ChooseWays(socket, &all);
    }
    sends = socket->wantedCount == 0 || FirstWanted(socket, &all) != NULL;
    if (sends && !SetHome(socket, &all)) {
        sends = false;
        saved = errno;
    }
    socket->used.index = 0; /* an interface that returned may need to be told again */
    JoinAll(socket, &all);
    socket->links = CountLinks(socket, &all);
    ClusterpInterfacesFree(&all);
    *changed = IsNew(&socket->home, &before);
    for (int i = 0; i < socket->wayCount; i++) {
        *changed = *changed || IsNew(&socket->ways[i], &before);
    }
    errno = saved;
    return sends && socket->joinedCount > 0;
}
