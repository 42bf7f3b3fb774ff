/*
 * clusterProbing.c --
 *
 *	The numbers behind clusterProbing.h.
 */

#include "node/clusterProbing.h"

/* Probes in one period: a member is found silent sooner, at two packets and two answers a second. */
#define PROBES_IN_PERIOD 2

/* Milliseconds. */
#define WAIT_UNKNOWN 250 /* while no round trip was measured */
#define WAIT_LEAST   100
#define WAIT_MOST    500

/*
 * Of a period, percent: as long as nothing comes from a member's host. Where
 * packets are lost the answers of the host may be among them.
 */
#define SUSPICION       160
#define SUSPICION_LOSSY 120 /* more */
/*
 * ... and percent of that for each tenfold number of members beyond ten. All of
 * them hear of a suspicion at once, and each probes the suspect by itself. What
 * grows is the number of those who may be wrong: with ten times as many who
 * suspect ten times as many, two packets more that are lost make up for it.
 */
#define SUSPICION_GROWTH 30
/* Probes that a suspect gets in a millisecond as all are told of it, and in how many that is over. */
#define PROBES_IN_MS 10
#define SPREAD_MOST  1000
/* Milliseconds: a process may be stopped or compute for so long while its host is well. */
#define HUNG 30000

/* The most that a node doubts itself, as in Lifeguard. */
#define HEALTH_MOST 8
/* Of 1,024: more lost probes than this make a network lossy. */
#define LOSSY 48

static int64_t
Magnitude(int64_t number)
{
    return number < 0 ? -number : number;
}

void
ClusterRttTake(ClusterRtt *rtt, int64_t microseconds)
{
    int64_t taken = microseconds > 0 ? microseconds : 1, difference = taken - rtt->mean;

    if (rtt->mean == 0) {
        rtt->mean = taken;
        rtt->deviation = taken / 2;
        return;
    }
    rtt->deviation += (Magnitude(difference) - rtt->deviation) / 4;
    rtt->mean += difference / 8;
}

static void
Doubt(ClusterProbing *probing, int more)
{
    probing->health += more;
    if (probing->health < 0) {
        probing->health = 0;
    }
    if (probing->health > HEALTH_MOST) {
        probing->health = HEALTH_MOST;
    }
}

void
ClusterProbingAnswered(ClusterProbing *probing, bool repeated)
{
    probing->loss += ((repeated ? 1024 : 0) - probing->loss) / 16;
    Doubt(probing, -1);
}

void
ClusterProbingFailed(ClusterProbing *probing)
{
    Doubt(probing, 1);
}

void
ClusterProbingSuspected(ClusterProbing *probing)
{
    Doubt(probing, 1);
}

int64_t
ClusterProbingGap(const ClusterProbing *probing)
{
    return probing->period / PROBES_IN_PERIOD > 0 ? probing->period / PROBES_IN_PERIOD : 1;
}

int64_t
ClusterProbingLeastWait(const ClusterRtt *rtt)
{
    int64_t wait = WAIT_UNKNOWN;

    if (rtt->mean) {
        wait = (rtt->mean + 4 * rtt->deviation) / 1000 + 1;
    }
    if (wait < WAIT_LEAST) {
        wait = WAIT_LEAST;
    }
    return wait > WAIT_MOST ? WAIT_MOST : wait;
}

int64_t
ClusterProbingWait(const ClusterProbing *probing, const ClusterRtt *rtt)
{
    return ClusterProbingLeastWait(rtt) * (1 + probing->health);
}

/* The whole part of the decimal logarithm, and a tenth of it for each ninth of the way to the next: 10 is 10, 100 is 20. */
static int64_t
TenthsOfLog(size_t number)
{
    int64_t tenths = 0;

    while (number >= 10) {
        tenths += 10;
        if (number < 100) {
            return tenths + ((int64_t) number - 10) / 9;
        }
        number /= 10;
    }
    return tenths;
}

/*
 * A suspicion that nobody shares lasts twice as long as one that
 * CLUSTER_CONFIRMERS share, where there are so many who could. Halfway is what
 * one of three brings, as by Lifeguard's logarithm.
 */
static int64_t
ConfirmedPercent(size_t members, int confirmed)
{
    static const int64_t percent[CLUSTER_CONFIRMERS + 1] = {200, 150, 120, 100};

    if (members <= CLUSTER_CONFIRMERS || confirmed >= CLUSTER_CONFIRMERS) {
        return 100;
    }
    return percent[confirmed > 0 ? confirmed : 0];
}

int64_t
ClusterProbingSuspicion(const ClusterProbing *probing, size_t members, int confirmed)
{
    int64_t log = TenthsOfLog(members);
    int64_t percent = SUSPICION + (probing->loss > LOSSY ? SUSPICION_LOSSY : 0);

    percent = percent * ConfirmedPercent(members, confirmed) / 100;
    if (log > 10) {
        percent += percent * SUSPICION_GROWTH * (log - 10) / 1000;
    }
    return probing->period * percent / 100 * (2 + probing->health) / 2;
}

int64_t
ClusterProbingSpread(size_t members)
{
    int64_t spread = (int64_t) (members / PROBES_IN_MS);

    return spread < SPREAD_MOST ? spread : SPREAD_MOST;
}

int64_t
ClusterProbingHung(const ClusterProbing *probing)
{
    return HUNG * (2 + probing->health) / 2;
}
