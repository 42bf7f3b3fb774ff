/*
 * clusterProbing.h --
 *
 *	How long to wait for the answer to a probe, and how long one that does not
 *	answer is suspected before it is lost: numbers alone, which know neither
 *	members nor packets.
 *
 *	After SWIM (Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent
 *	Infection-style Process Group Membership Protocol", DSN 2002) and Lifeguard
 *	(Dadgar, Phillips, Currey: "Lifeguard: Local Health Awareness for More
 *	Accurate Failure Detection", DSN-W 2018). Round trips are smoothed as
 *	RFC 6298 does for TCP.
 */

#ifndef CLUSTER_PROBING_H
#define CLUSTER_PROBING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds between two rounds of probes unless join says otherwise. */
#define CLUSTER_PROBE_PERIOD 1000

/* A suspicion that so many others share is as short as it can be. */
#define CLUSTER_CONFIRMERS 3

/* Round trips to one member, in microseconds. Zeros: none was measured yet. */
typedef struct ClusterRtt {
    int64_t mean, deviation;
} ClusterRtt;

/* What a node learned from its probes about the network and itself. Zeros: all is well. */
typedef struct ClusterProbing {
    int64_t period; /* ms; 0: no probes are sent */
    int health;     /* Lifeguard's multiplier less one: how much we doubt ourselves */
    int loss;       /* of 1,024 probes those that were answered only when repeated, smoothed */
} ClusterProbing;

void ClusterRttTake(ClusterRtt *rtt, int64_t microseconds);

/* A probe was answered; `repeated`: not the first packet of it. */
void ClusterProbingAnswered(ClusterProbing *probing, bool repeated);
/* One was answered by nobody, though others were asked for help: we may be to blame. */
void ClusterProbingFailed(ClusterProbing *probing);
/* Others suspected us, who are alive. */
void ClusterProbingSuspected(ClusterProbing *probing);

/* Milliseconds between two probes of a node. */
int64_t ClusterProbingGap(const ClusterProbing *probing);
/* Milliseconds until the answer to one packet is missing. */
int64_t ClusterProbingWait(const ClusterProbing *probing, const ClusterRtt *rtt);
/* The same, however much we doubt ourselves: when what is known does not hang on that. */
int64_t ClusterProbingLeastWait(const ClusterRtt *rtt);
/*
 * Milliseconds from the first packet of a probe until a member is lost from
 * whose host nothing at all comes. members: how many there are, whom the
 * suspicion must have time to reach; confirmed: others who suspect it as well.
 */
int64_t ClusterProbingSuspicion(const ClusterProbing *probing, size_t members, int confirmed);
/* The same for one whose process does not answer while its host does. */
int64_t ClusterProbingHung(const ClusterProbing *probing);
/*
 * Milliseconds within which all who are told of a suspicion probe the suspect:
 * if it lives, its socket would not hold the packets of all at once.
 */
int64_t ClusterProbingSpread(size_t members);

#endif
