/*
 * clusterConfirm.c --
 *
 *	What deliveries are called, and the end of what is kept of them.
 */

#include "node/clusterConfirmInt.h"

#include <stdio.h>
#include <stdlib.h>

/* Digits of a number in a ruid. */
#define DIGITS_MOST 15

void
ClusterDeliveryKeyWrite(const ClusterDeliveryKey *key, char ruid[CLUSTER_DELIVERY_RUID])
{
    snprintf(ruid, CLUSTER_DELIVERY_RUID, "d%s.%llu.%llu", key->nonce,
            (unsigned long long) key->epoch, (unsigned long long) key->sequence);
}

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
    size_t i;

    if (*ruid++ != 'd') {
        return false;
    }
    for (i = 0; i < CLUSTER_NONCE && ruid[i] && ruid[i] != '.'; i++) {
        key->nonce[i] = ruid[i];
    }
    key->nonce[i] = '\0';
    return i == CLUSTER_NONCE && (ruid = ReadNumber(ruid + i, &key->epoch)) != NULL
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
