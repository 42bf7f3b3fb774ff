/*
 * clusterConfirm.c --
 *
 *	What deliveries are called, and the end of what is kept of them.
 */

#include "node/clusterConfirmInt.h"

#include <stdlib.h>
#include <string.h>

/* Digits of a number in a ruid. */
#define DIGITS_MOST 15

/* A point, and a number; returns the end. There is room for two, as each has 20 digits at most. */
static char *
WriteNumber(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;

    *to++ = '.';
    do {
        digits[count++] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        *to++ = digits[--count];
    }
    return to;
}

/* Without snprintf, which takes longer than all else of a delivery. */
void
ClusterDeliveryKeyWrite(const ClusterDeliveryKey *key, char ruid[CLUSTER_DELIVERY_RUID])
{
    size_t length = strlen(key->nonce);
    char *to = ruid;

    *to++ = 'd';
    memcpy(to, key->nonce, length);
    *WriteNumber(WriteNumber(to + length, key->epoch), key->sequence) = '\0';
}

_Static_assert(CLUSTER_DELIVERY_RUID > 1 + CLUSTER_NONCE + 2 * 21, "a ruid has room");

/* A point, and a number above 0. NULL when that is not there. */
static const char *
ReadNumber(const char *text, uint64_t *number)
{
    int digits = 0;

    *number = 0;
    if (*text++ != '.') {
        return NULL;
    }
    for (; *text >= '0' && *text <= '9' && digits < DIGITS_MOST; digits++) {
        *number = *number * 10 + (uint64_t) (*text++ - '0');
    }
    return *number ? text : NULL;
}

bool
ClusterDeliveryKeyRead(const char *ruid, ClusterDeliveryKey *key)
{
    if (*ruid != 'd' || strcspn(ruid, ".") != sizeof key->nonce) {
        return false;
    }
    memcpy(key->nonce, ruid + 1, CLUSTER_NONCE);
    key->nonce[CLUSTER_NONCE] = '\0';
    return (ruid = ReadNumber(ruid + sizeof key->nonce, &key->epoch)) != NULL
            && (ruid = ReadNumber(ruid, &key->sequence)) != NULL && !*ruid;
}

void
ClusterInboxForget(ClusterInbox *inbox)
{
    size_t i;

    for (i = 0; i < CLUSTER_FAILED; i++) {
        ClusterReplaceObj(&inbox->failed[i].text, NULL);
        inbox->failed[i].sequence = 0;
    }
}

void
ClusterConfirmFree(ClusterMember *member)
{
    if (member->inbox) {
        ClusterInboxForget(member->inbox);
        free(member->inbox);
    }
    free(member->outbox);
}
