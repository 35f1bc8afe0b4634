"""Collectives among ranks of which any reaches any other in one step: by trees, through a switch, over two levels.

Terms and conventions are those of `dojo_calc.performance.collective`.

References
----------
.. [1] R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of Collective Communication Operations in
   MPICH", International Journal of High Performance Computing Applications 19(1), 2005.
.. [2] E. Chan, M. Heimlich, A. Purkayastha, R. van de Geijn, "Collective communication: theory, practice,
   and experience", Concurrency and Computation: Practice and Experience 19(13), 2007.
.. [3] J. Bruck, C.-T. Ho, S. Kipnis, E. Upfal, D. Weathersby, "Efficient Algorithms for All-to-All
   Communications in Multiport Message-Passing Systems", IEEE Transactions on Parallel and Distributed
   Systems 8(11), 1997.
.. [4] R. L. Graham et al., "Scalable Hierarchical Aggregation Protocol (SHArP): A Hardware Architecture
   for Efficient Data Reduction", COMHPC, 2016.
"""

from __future__ import annotations

from dojo_calc.operations import log2, round_down
from dojo_calc.performance.collective import (
    all_gather_bound,
    ring_all_gather,
    ring_all_reduce,
    ring_reduce_scatter,
    tree_rounds,
    where_many,
)
from dojo_calc.performance.roofline import transfer_time
from dojo_calc.quantities import ByteRate, Bytes, Duration, Ranks

__all__ = [
    "doubling_all_reduce", "hierarchical_all_gather", "hierarchical_all_reduce", "hierarchical_all_to_all",
    "hierarchical_reduce_scatter", "in_network_all_reduce", "switched_all_gather", "switched_all_reduce",
    "switched_all_to_all", "switched_broadcast", "switched_reduce_scatter", "tree_all_gather",
    "tree_all_reduce", "tree_all_to_all", "tree_broadcast", "tree_reduce_scatter",
]  # fmt: skip


# --- Trees: any rank reaches any other in one step, one send and one receive at a time -------------------


def tree_broadcast(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """Broadcast down a binomial tree, section 4.4 of [1]_; also a reduction up it.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        ``tree_rounds * (latency + message / bandwidth)`` [s]; broadcast shape.
    """
    return tree_rounds(ranks) * transfer_time(message, bandwidth, latency)


def tree_all_gather(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-gather by Bruck's algorithm, recursive doubling for any number of ranks, section 4.1 of [1]_.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        The gathered result [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        ``tree_rounds * latency + (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return tree_rounds(ranks) * latency + all_gather_bound(ranks, message, bandwidth)


def tree_reduce_scatter(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """Reduce-scatter by recursive halving: `tree_all_gather` run backwards, section 4.2 of [1]_.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        The vector that every rank brings [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        ``tree_rounds * latency + (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return tree_all_gather(ranks, message, bandwidth, latency)


def tree_all_reduce(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-reduce by halving, then doubling: Rabenseifner's algorithm, section 4.5 of [1]_.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        ``2 * tree_rounds * latency + 2 * (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return tree_reduce_scatter(ranks, message, bandwidth, latency) + tree_all_gather(
        ranks, message, bandwidth, latency
    )


def doubling_all_reduce(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-reduce of a short vector by recursive doubling: whole vectors are exchanged, section 4.5 of [1]_.

    Ranks beyond the largest power of two add their vectors to a partner's first and get the result last.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        ``log2(ranks) * (latency + message / bandwidth)`` for a power of two, else with ``floor`` and two
        rounds more [s]; broadcast shape.
    """
    full = round_down(log2(ranks))
    folded = tree_rounds(ranks) - full  # 1 unless a power of two
    return (full + 2.0 * folded) * transfer_time(message, bandwidth, latency)


def tree_all_to_all(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-to-all by Bruck's algorithm: half of every rank's parts move in each round [3]_.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        What one rank sends in all, its own part counted [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        ``tree_rounds * (latency + message / 2 / bandwidth)``, exact for a power of two and an upper bound
        else [s]; broadcast shape.
    """
    return tree_rounds(ranks) * transfer_time(message / 2.0, bandwidth, latency)


# --- Switch: any rank reaches all others in one step, limited by its port -------------------------------


def switched_all_gather(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-gather through a switch that does not block: every rank sends its part to all others at once.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        The gathered result [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        From rank to rank through the switch [s].

    Returns
    -------
    Duration
        ``latency + (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return where_many(ranks, latency + all_gather_bound(ranks, message, bandwidth))


def switched_reduce_scatter(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """Reduce-scatter through a switch: every rank sends every other its part and adds what comes in.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        The vector that every rank brings [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        From rank to rank through the switch [s].

    Returns
    -------
    Duration
        ``latency + (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return switched_all_gather(ranks, message, bandwidth, latency)


def switched_all_reduce(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-reduce through a switch that only forwards: reduce-scatter, then all-gather.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        From rank to rank through the switch [s].

    Returns
    -------
    Duration
        ``2 * latency + 2 * (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return switched_reduce_scatter(ranks, message, bandwidth, latency) + switched_all_gather(
        ranks, message, bandwidth, latency
    )


def in_network_all_reduce(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-reduce by a switch that adds [4]_: each vector goes up once and the sum comes down once.

    The ideal of such hardware; an all-reduce that has the ranks fetch and spread the sums moves
    ``1 / ranks`` more.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        From rank to rank through the switch [s].

    Returns
    -------
    Duration
        ``latency + message / bandwidth`` [s]; broadcast shape.
    """
    return where_many(ranks, transfer_time(message, bandwidth, latency))


def switched_broadcast(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """Broadcast through a switch that only forwards: scatter, then all-gather [2]_.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        From rank to rank through the switch [s].

    Returns
    -------
    Duration
        ``2 * latency + 2 * (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return switched_all_reduce(ranks, message, bandwidth, latency)


def switched_all_to_all(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-to-all through a switch that does not block: every rank sends every other its part at once.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        What one rank sends in all, its own part counted [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].
    latency : Duration
        From rank to rank through the switch [s].

    Returns
    -------
    Duration
        ``latency + (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return switched_all_gather(ranks, message, bandwidth, latency)


# --- Two levels, a ring in each: servers of a fast network on a slower one -------------------------------


def hierarchical_all_gather(
    inner: Ranks,
    outer: Ranks,
    message: Bytes,
    inner_bandwidth: ByteRate,
    outer_bandwidth: ByteRate,
    inner_latency: Duration,
    outer_latency: Duration,
) -> Duration:
    """All-gather over groups: across them among ranks of like place, then inside each, rings in both.

    Parameters
    ----------
    inner, outer : Ranks
        Ranks of a group, and groups [1].
    message : Bytes
        The gathered result [B].
    inner_bandwidth, outer_bandwidth : ByteRate
        Of one rank's port inside its group and out of it, one direction [B/s].
    inner_latency, outer_latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    across = ring_all_gather(outer, message / inner, outer_bandwidth, outer_latency)
    return across + ring_all_gather(inner, message, inner_bandwidth, inner_latency)


def hierarchical_reduce_scatter(
    inner: Ranks,
    outer: Ranks,
    message: Bytes,
    inner_bandwidth: ByteRate,
    outer_bandwidth: ByteRate,
    inner_latency: Duration,
    outer_latency: Duration,
) -> Duration:
    """Reduce-scatter over groups: inside each, then across them: the all-gather run backwards.

    Parameters
    ----------
    inner, outer : Ranks
        Ranks of a group, and groups [1].
    message : Bytes
        The vector that every rank brings [B].
    inner_bandwidth, outer_bandwidth : ByteRate
        Of one rank's port inside its group and out of it, one direction [B/s].
    inner_latency, outer_latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return hierarchical_all_gather(
        inner, outer, message, inner_bandwidth, outer_bandwidth, inner_latency, outer_latency
    )


def hierarchical_all_reduce(
    inner: Ranks,
    outer: Ranks,
    message: Bytes,
    inner_bandwidth: ByteRate,
    outer_bandwidth: ByteRate,
    inner_latency: Duration,
    outer_latency: Duration,
) -> Duration:
    """All-reduce over groups: reduce-scatter inside, all-reduce across, all-gather inside, rings in all.

    For another network inside or across, add the three formulas that fit; across moves ``message / inner``.

    Parameters
    ----------
    inner, outer : Ranks
        Ranks of a group, and groups [1].
    message : Bytes
        [B].
    inner_bandwidth, outer_bandwidth : ByteRate
        Of one rank's port inside its group and out of it, one direction [B/s].
    inner_latency, outer_latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    inside = ring_reduce_scatter(inner, message, inner_bandwidth, inner_latency)
    across = ring_all_reduce(outer, message / inner, outer_bandwidth, outer_latency)
    return inside + across + ring_all_gather(inner, message, inner_bandwidth, inner_latency)


def hierarchical_all_to_all(
    inner: Ranks,
    outer: Ranks,
    message: Bytes,
    inner_bandwidth: ByteRate,
    outer_bandwidth: ByteRate,
    inner_latency: Duration,
    outer_latency: Duration,
) -> Duration:
    """All-to-all over groups: sort by place inside each through its switch, then across through theirs.

    Parameters
    ----------
    inner, outer : Ranks
        Ranks of a group, and groups [1].
    message : Bytes
        What one rank sends in all, its own part counted [B].
    inner_bandwidth, outer_bandwidth : ByteRate
        Of one rank's port inside its group and out of it, one direction [B/s].
    inner_latency, outer_latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    inside = switched_all_to_all(inner, message, inner_bandwidth, inner_latency)
    return inside + switched_all_to_all(outer, message, outer_bandwidth, outer_latency)
