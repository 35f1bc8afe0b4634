"""Collectives on a torus: a grid of ranks whose rows and columns close.

Terms and conventions are those of `dojo_calc.performance.mesh`.

References
----------
.. [1] N. Jain, Y. Sabharwal, "Optimal bucket algorithms for large MPI collectives on torus interconnects",
   International Conference on Supercomputing, 2010.
"""

from __future__ import annotations

from dojo_calc.operations import floor
from dojo_calc.performance.collective import all_gather_bound, pipelined
from dojo_calc.performance.mesh import (
    centre_distance,
    mesh_all_gather_bound,
    mesh_all_to_all_bound,
    two_phases,
)
from dojo_calc.quantities import ByteRate, Bytes, Count, Duration, Numeric, Ranks

__all__ = [
    "torus_all_gather", "torus_all_gather_bound", "torus_all_reduce", "torus_all_reduce_bound",
    "torus_all_to_all", "torus_all_to_all_bound", "torus_broadcast", "torus_diameter",
    "torus_latency_bound", "torus_reduce_scatter",
]  # fmt: skip


def torus_diameter(rows: Ranks, columns: Ranks) -> Count:
    """Hops between the ranks of a torus that are farthest apart.

    Parameters
    ----------
    rows, columns : Ranks
        [1].

    Returns
    -------
    Count
        ``floor(rows / 2) + floor(columns / 2)`` [1]; broadcast shape.
    """
    return centre_distance(rows, columns)


def torus_all_gather(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """All-gather on a torus: rings both ways round, along one dimension and then the other [1]_.

    Parameters
    ----------
    rows, columns : Ranks
        A side of two has two links to its neighbour [1].
    message : Bytes
        The gathered result [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        For a square of n ranks ``torus_diameter * latency + (n - 1) / n * message / 4 / bandwidth`` [s];
        broadcast shape.
    """

    def both_ways(ranks: Numeric, part: Numeric) -> Numeric:
        return floor(ranks / 2.0) * latency + all_gather_bound(ranks, part, bandwidth) / 2.0

    return two_phases(both_ways, rows, columns, message)


def torus_reduce_scatter(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """Reduce-scatter on a torus: the all-gather run backwards [1]_.

    Parameters
    ----------
    rows, columns : Ranks
        A side of two has two links to its neighbour [1].
    message : Bytes
        The vector that every rank brings [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        As `torus_all_gather` [s]; broadcast shape.
    """
    return torus_all_gather(rows, columns, message, bandwidth, latency)


def torus_all_reduce(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """All-reduce on a torus: reduce-scatter, then all-gather [1]_.

    Parameters
    ----------
    rows, columns : Ranks
        A side of two has two links to its neighbour [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    scattered = torus_reduce_scatter(rows, columns, message, bandwidth, latency)
    return scattered + torus_all_gather(rows, columns, message, bandwidth, latency)


def torus_broadcast(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """Broadcast on a torus, both ways along a row and from there along all columns, in pieces.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        `pipelined` over `torus_diameter` stages [s]; broadcast shape.
    """
    return pipelined(torus_diameter(rows, columns), message, bandwidth, latency)


def torus_all_to_all(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """All-to-all on a torus, every part by the shorter way along its row, then along a column.

    Parameters
    ----------
    rows, columns : Ranks
        A side of two has two links to its neighbour [1].
    message : Bytes
        What one rank sends in all, its own part counted [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        ``torus_latency_bound + torus_all_to_all_bound`` [s]; broadcast shape.
    """
    crossed = torus_all_to_all_bound(rows, columns, message, bandwidth)
    return torus_latency_bound(rows, columns, latency) + crossed


def torus_latency_bound(rows: Ranks, columns: Ranks, latency: Duration) -> Duration:
    """Least time for something to get to the farthest rank of a torus.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        ``torus_diameter * latency`` [s]; broadcast shape.
    """
    return torus_diameter(rows, columns) * latency


def torus_all_gather_bound(rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time to bring the parts of all others through the links of a rank, four on a true torus.

    Parameters
    ----------
    rows, columns : Ranks
        A side of two has two links to its neighbour [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].

    Returns
    -------
    Duration
        ``(n - 1) / n * message / 4 / bandwidth`` for n ranks [s]; broadcast shape.
    """
    return mesh_all_gather_bound(rows, columns, message, bandwidth) / 2.0


def torus_all_reduce_bound(rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time of an all-reduce on a torus whose ranks add, all links at work.

    Parameters
    ----------
    rows, columns : Ranks
        A side of two has two links to its neighbour [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].

    Returns
    -------
    Duration
        ``(n - 1) / n * message / 2 / bandwidth`` for n ranks [s]; broadcast shape.
    """
    return 2.0 * torus_all_gather_bound(rows, columns, message, bandwidth)


def torus_all_to_all_bound(rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time of an all-to-all on a torus: its middle is cut twice, so half of a mesh's time.

    Parameters
    ----------
    rows, columns : Ranks
        A side of two has two links to its neighbour [1].
    message : Bytes
        What one rank sends in all, its own part counted [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].

    Returns
    -------
    Duration
        ``k / 8 * message / bandwidth`` for the longer side k, if even [s]; broadcast shape.
    """
    return mesh_all_to_all_bound(rows, columns, message, bandwidth) / 2.0
