/*
 * clusterSealing.c --
 *
 *	What a node with keys seals, opens and hears (see clusterSealing.h).
 */

#include "node/clusterSealing.h"

#include "base/clusterLimits.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the room that is kept from one packet to the next. */
#define ROOM 65536

/* Of whom something was told, and until when it is not told again. */
typedef struct Told {
    ClusterAddress host;
    ClusterDrop reason;
    int64_t until;
} Told;

/* One that was taken lately. */
typedef struct Taken {
    uint8_t origin[CLUSTER_ORIGIN];
    uint64_t sequence; /* 0: none */
    int64_t at;
} Taken;

struct ClusterSealing {
    ClusterKeys *keys; /* held */
    ClusterSeal *seal;
    const ClusterSystem *system;
    ClusterSealMode mode;
    uint8_t *room; /* what was opened last */
    size_t roomSize;
    Taken taken[CLUSTER_SEALED_COPIES]; /* at the remainder of its number */
    Told told[CLUSTER_UNSEALED_TOLD];
};

const char *
ClusterSealModeName(ClusterSealMode mode)
{
    static const char *const names[] = {
            [CLUSTER_SEAL_ACCEPT] = "accept",
            [CLUSTER_SEAL_SEND] = "send",
            [CLUSTER_SEAL_REQUIRE] = "require",
    };

    _Static_assert(CLUSTER_COUNT(names) == CLUSTER_SEAL_MODES, "each mode has a name");
    return names[mode];
}

bool
ClusterSealModeParse(const char *word, ClusterSealMode *mode)
{
    int i;

    for (i = 0; i < CLUSTER_SEAL_MODES; i++) {
        if (strcmp(word, ClusterSealModeName((ClusterSealMode) i)) == 0) {
            *mode = (ClusterSealMode) i;
            return true;
        }
    }
    return false;
}

ClusterSealing *
ClusterSealingNew(ClusterKeys *keys, ClusterSealMode mode, const ClusterSystem *system,
        const ClusterAddress *group)
{
    ClusterSealing *sealing = calloc(1, sizeof *sealing);
    char text[CLUSTER_ADDRESS_TEXT];
    ClusterSealConfig config = {.keys = keys,
            .system = system,
            .group = text,
            .port = ClusterAddressPort(group),
            .origins = CLUSTER_ORIGINS_MAX,
            .wall = ClusterSystemWall(system)};

    if (!sealing) {
        return NULL;
    }
    ClusterAddressFormat(group, text);
    sealing->keys = ClusterKeysHold(keys);
    sealing->system = system;
    sealing->mode = mode;
    sealing->roomSize = ROOM;
    sealing->room = malloc(ROOM);
    sealing->seal = ClusterSealNew(&config);
    if (!sealing->room || !sealing->seal) {
        ClusterSealingFree(sealing);
        return NULL;
    }
    return sealing;
}

void
ClusterSealingFree(ClusterSealing *sealing)
{
    if (sealing) {
        ClusterSealFree(sealing->seal);
        ClusterKeysRelease(sealing->keys);
        free(sealing->room);
        free(sealing);
    }
}

ClusterKeys *
ClusterSealingKeys(const ClusterSealing *sealing)
{
    return sealing->keys;
}

ClusterSealMode
ClusterSealingMode(const ClusterSealing *sealing)
{
    return sealing->mode;
}

void
ClusterSealingSetMode(ClusterSealing *sealing, ClusterSealMode mode)
{
    sealing->mode = mode;
}

bool
ClusterSealingBars(const ClusterSealing *sealing, const ClusterTransportType *type)
{
    return sealing->mode != CLUSTER_SEAL_ACCEPT && !type->datagrams && !type->seals;
}

bool
ClusterSealingSeals(const ClusterSealing *sealing)
{
    return sealing->mode != CLUSTER_SEAL_ACCEPT;
}

bool
ClusterSealingHearsPlain(const ClusterSealing *sealing)
{
    return sealing->mode != CLUSTER_SEAL_REQUIRE;
}

ClusterReplay *
ClusterSealingReplay(const ClusterSealing *sealing)
{
    return ClusterSealReplay(sealing->seal);
}

static ClusterAudience
AudienceOf(const char *member)
{
    return (ClusterAudience){member, member ? strlen(member) : 0};
}

ClusterBlob *
ClusterSealingSeal(ClusterSealing *sealing, ClusterBlob *blob, const char *member)
{
    size_t size = ClusterSealSize(blob->length);
    ClusterBlob *sealed = ClusterBlobMake(size);

    if (sealed
            && ClusterSealDatagram(sealing->seal, blob->bytes, blob->length, AudienceOf(member),
                       ClusterSystemWall(sealing->system), sealed->bytes, size, &size)
                    != CLUSTER_SEAL_OK) {
        ClusterBlobRelease(sealed);
        return NULL;
    }
    if (sealed) {
        sealed->plain = ClusterBlobHold(ClusterBlobPlain(blob));
    }
    return sealed;
}

/* Room for so many bytes: as large as ever needed only until the next packet. */
static bool
HasRoom(ClusterSealing *sealing, size_t length)
{
    size_t size = length > ROOM ? length : ROOM;
    uint8_t *room;

    if (size == sealing->roomSize) {
        return true;
    }
    room = realloc(sealing->room, size);
    if (!room) {
        return false;
    }
    sealing->room = room;
    sealing->roomSize = size;
    return true;
}

ClusterSealResult
ClusterSealingOpen(ClusterSealing *sealing, bpacket_span packet, const char *member, int64_t now,
        ClusterOpened *opened)
{
    if (!HasRoom(sealing, packet.length)) {
        return CLUSTER_SEAL_FULL;
    }
    return ClusterSealOpen(sealing->seal, packet.bytes, packet.length, AudienceOf(member), now,
            ClusterSystemWall(sealing->system), sealing->room, opened);
}

void
ClusterSealingTook(ClusterSealing *sealing, const ClusterStamp *stamp, int64_t now)
{
    Taken *taken = &sealing->taken[stamp->sequence % CLUSTER_SEALED_COPIES];

    memcpy(taken->origin, stamp->origin, sizeof taken->origin);
    taken->sequence = stamp->sequence;
    taken->at = now;
}

bool
ClusterSealingIsCopy(const ClusterSealing *sealing, const ClusterStamp *stamp, int64_t now)
{
    const Taken *taken = &sealing->taken[stamp->sequence % CLUSTER_SEALED_COPIES];

    return taken->sequence == stamp->sequence && now - taken->at <= CLUSTER_SEALED_COPIES_MS
            && memcmp(taken->origin, stamp->origin, sizeof taken->origin) == 0;
}

/* When all entries are of the latest minute nobody more is told of: what strangers make up costs no more. */
bool
ClusterSealingMayTell(ClusterSealing *sealing, const ClusterAddress *host, ClusterDrop reason,
        int64_t now)
{
    Told *unused = NULL;
    size_t i;

    for (i = 0; i < CLUSTER_UNSEALED_TOLD; i++) {
        Told *told = &sealing->told[i];

        if (told->until <= now) {
            unused = told;
        } else if (told->reason == reason && ClusterAddressCompare(&told->host, host) == 0) {
            return false;
        }
    }
    if (!unused) {
        return false;
    }
    *unused = (Told){*host, reason, now + CLUSTER_UNSEALED_AGAIN_MS};
    return true;
}
