"""Collectives: what it takes ranks to combine or exchange data on a ring, and what no algorithm can beat.

The cost of one message is `latency` + size / `bandwidth` (alpha and beta of the literature); adding what
arrives is taken as free beside moving it. Everywhere

- `ranks` is how many take part; one alone takes no time,
- `message` is the whole vector [B]: the input of a reduce-scatter and of an all-reduce, the result of an
  all-gather, what one rank sends in all in an all-to-all, of which it keeps one part of `ranks`,
- `bandwidth` is of one rank's port in one direction [B/s], both directions at once,
- `latency` is of one step to a neighbour or through the switch, software included [s].

`dojo_calc.performance.switched` has trees, switches and two levels of network, `dojo_calc.performance.mesh` and
`dojo_calc.performance.torus` grids; there `bandwidth` is of one link.

References
----------
.. [1] R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of Collective Communication Operations in
   MPICH", International Journal of High Performance Computing Applications 19(1), 2005.
.. [2] E. Chan, M. Heimlich, A. Purkayastha, R. van de Geijn, "Collective communication: theory, practice,
   and experience", Concurrency and Computation: Practice and Experience 19(13), 2007.
.. [3] P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations",
   Journal of Parallel and Distributed Computing 69(2), 2009.
"""

from __future__ import annotations

from dojo_calc.operations import log2, power, round_up, sqrt, where
from dojo_calc.performance.roofline import transfer_time
from dojo_calc.quantities import ByteRate, Bytes, Count, Duration, Numeric, Ranks

__all__ = [
    "all_gather_bound", "all_reduce_bound", "broadcast_bound", "latency_bound", "pipelined",
    "point_to_point", "ring_all_gather", "ring_all_reduce", "ring_all_to_all", "ring_broadcast",
    "ring_reduce_scatter", "tree_rounds",
]  # fmt: skip


def where_many(ranks: Numeric, time: Numeric) -> Numeric:
    """A time, but none for one rank alone."""
    return where(ranks > 1.0, time, 0.0 * time)


def point_to_point(message: Bytes, bandwidth: ByteRate, latency: Duration, hops: Count = 1.0) -> Duration:
    """Time of one message over several hops that forward it as it comes in.

    Parameters
    ----------
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of the slowest hop, one direction [B/s].
    latency : Duration
        Of one hop [s].
    hops : Count
        [1].

    Returns
    -------
    Duration
        ``hops * latency + message / bandwidth`` [s]; broadcast shape.
    """
    return transfer_time(message, bandwidth, hops * latency)


def pipelined(stages: Count, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """Time of a message through stages in a row, cut into the number of pieces that is best.

    In k pieces it takes ``(stages - 1 + k) * (latency + message / k / bandwidth)``, which is least for
    ``k**2 = (stages - 1) * message / bandwidth / latency``, section 6 of [2]_.

    Parameters
    ----------
    stages : Count
        Sends one after another, each of the whole message; 0 takes no time [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        [B/s].
    latency : Duration
        Of one piece at one stage [s].

    Returns
    -------
    Duration
        The least over k >= 1, k not held to whole numbers [s]; broadcast shape.
    """
    behind = where(stages > 1.0, stages - 1.0, 0.0 * stages)
    whole = message / bandwidth
    cut = power(sqrt(behind * latency) + sqrt(whole), 2.0)
    uncut = (behind + 1.0) * (latency + whole)
    time = where(behind * whole > latency, cut, uncut)
    return where(stages > 0.0, time, 0.0 * time)


# --- Ring: every rank sends to the next and receives from the one before --------------------------------


def ring_all_gather(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-gather on a ring: in each step every rank passes one part on, section 4.1 of [1]_.

    A line of ranks that sends both ways at once takes as long.

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
        ``(ranks - 1) * (latency + message / ranks / bandwidth)`` [s]; broadcast shape.
    """
    return (ranks - 1.0) * (latency + message / ranks / bandwidth)


def ring_reduce_scatter(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """Reduce-scatter on a ring: the all-gather run backwards, adding what arrives [2]_.

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
        ``(ranks - 1) * (latency + message / ranks / bandwidth)`` [s]; broadcast shape.
    """
    return ring_all_gather(ranks, message, bandwidth, latency)


def ring_all_reduce(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-reduce on a ring: reduce-scatter, then all-gather; no algorithm moves less [3]_.

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
        ``2 * (ranks - 1) * (latency + message / ranks / bandwidth)`` [s]; broadcast shape.
    """
    return ring_reduce_scatter(ranks, message, bandwidth, latency) + ring_all_gather(
        ranks, message, bandwidth, latency
    )


def ring_broadcast(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """Broadcast along a ring, cut into the best number of pieces.

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
        `pipelined` over ``ranks - 1`` stages [s]; broadcast shape.
    """
    return pipelined(ranks - 1.0, message, bandwidth, latency)


def ring_all_to_all(ranks: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """All-to-all on a ring one way round: every step drops the part that has arrived.

    Step s passes on ``ranks - s`` parts, so the link carries ``ranks - 1`` halves of the message.

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
        ``(ranks - 1) * (latency + message / 2 / bandwidth)`` [s]; broadcast shape.
    """
    return (ranks - 1.0) * (latency + message / 2.0 / bandwidth)


# --- What no algorithm can beat --------------------------------------------------------------------------


def tree_rounds(ranks: Ranks) -> Count:
    """Rounds until what one rank knows can be everywhere, if each round doubles who knows.

    Parameters
    ----------
    ranks : Ranks
        [1].

    Returns
    -------
    Count
        ``ceil(log2(ranks))`` [1]; broadcast shape.
    """
    return round_up(log2(ranks))


def latency_bound(ranks: Ranks, latency: Duration) -> Duration:
    """Least time for what one rank knows to be everywhere, one send and one receive at a time [2]_.

    A rank that sends to many in one step, as a switch or several links allow, is bound by one latency, or
    by the distance; see `dojo_calc.performance.mesh`.

    Parameters
    ----------
    ranks : Ranks
        [1].
    latency : Duration
        Of a step [s].

    Returns
    -------
    Duration
        ``tree_rounds(ranks) * latency`` [s]; broadcast shape.
    """
    return tree_rounds(ranks) * latency


def all_gather_bound(ranks: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time to bring the parts of all others through one port, table 1 of [2]_.

    It bounds the all-gather, the reduce-scatter and the all-to-all.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].

    Returns
    -------
    Duration
        ``(ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return (ranks - 1.0) / ranks * message / bandwidth


def all_reduce_bound(ranks: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time of an all-reduce when only ranks add, theorem 1 of [3]_.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].

    Returns
    -------
    Duration
        ``2 * (ranks - 1) / ranks * message / bandwidth`` [s]; broadcast shape.
    """
    return 2.0 * all_gather_bound(ranks, message, bandwidth)


def broadcast_bound(ranks: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time to bring a message through one port; also of an all-reduce when the network adds.

    Parameters
    ----------
    ranks : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a port, one direction [B/s].

    Returns
    -------
    Duration
        ``message / bandwidth``, none for one rank [s]; broadcast shape.
    """
    return where_many(ranks, message / bandwidth)
