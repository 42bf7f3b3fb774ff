/*
 * clusterBucket.h --
 *
 *	A token bucket: how often something may be done, so many times at once and
 *	one more each so many milliseconds.
 */

#ifndef CLUSTER_BUCKET_H
#define CLUSTER_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ClusterBucketRate {
    int burst;
    int every; /* ms */
} ClusterBucketRate;

/* All zeros: full. */
typedef struct ClusterBucket {
    int64_t full; /* when it will be full again, by the caller's clock */
} ClusterBucket;

/* Takes one token; false when there is none. */
static inline bool
ClusterBucketTake(ClusterBucket *bucket, const ClusterBucketRate *rate, int64_t now)
{
    int64_t full = bucket->full > now ? bucket->full : now;

    if (full - now > (int64_t) (rate->burst - 1) * rate->every) {
        return false;
    }
    bucket->full = full + rate->every;
    return true;
}

#endif
