/*
 * clusterQuota.c --
 *
 *	What others can make a node send or do, within limits: packets cost who
 *	sends them as much as they cost us, and connect us to nobody at will.
 */

#include "node/clusterNodeInt.h"

typedef struct Quota {
    const char *name;
    ClusterBucketRate rate;
} Quota;

static const Quota quotas[] = {
        [CLUSTER_QUOTA_ANSWERS] = {"answers", {CLUSTER_ANSWER_BURST, CLUSTER_ANSWER_EVERY}},
        [CLUSTER_QUOTA_RESPONSES] = {"responses", {CLUSTER_RESPONSE_BURST, CLUSTER_RESPONSE_EVERY}},
        [CLUSTER_QUOTA_REPORTS] = {"reports", {CLUSTER_REPORT_BURST, CLUSTER_REPORT_EVERY}},
        [CLUSTER_QUOTA_CONNECTS] = {"connects", {CLUSTER_CONNECT_BURST, CLUSTER_CONNECT_EVERY}},
        [CLUSTER_QUOTA_PROBES] = {"probes", {CLUSTER_PROBE_BURST, CLUSTER_PROBE_EVERY}},
        [CLUSTER_QUOTA_TRIALS] = {"trials", {CLUSTER_TRIAL_BURST, CLUSTER_TRIAL_EVERY}},
        [CLUSTER_QUOTA_ASKS] = {"asks", {CLUSTER_ASK_BURST, CLUSTER_ASK_EVERY}},
        [CLUSTER_QUOTA_CHALLENGES] = {"challenges",
                {CLUSTER_CHALLENGE_BURST, CLUSTER_CHALLENGE_EVERY}},
};

_Static_assert(CLUSTER_COUNT(quotas) == CLUSTER_QUOTAS, "each quota has a row");

const char *
ClusterQuotaName(ClusterQuota quota)
{
    return quotas[quota].name;
}

bool
ClusterNodeMay(ClusterNode *node, ClusterQuota quota)
{
    bool taken = ClusterBucketTake(&node->quotas[quota], &quotas[quota].rate, ClusterNodeNow(node));

    if (!taken) {
        node->withheld[quota]++;
    }
    return taken;
}

uint64_t
ClusterNodeWithheld(const ClusterNode *node, ClusterQuota quota)
{
    return node->withheld[quota];
}
