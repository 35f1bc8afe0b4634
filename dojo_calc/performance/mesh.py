"""Collectives on a grid of ranks, such as the mesh of dies on a tile; `dojo_calc.performance.torus` closes it.

Every rank has one link to each neighbour. Terms and conventions are those of
`dojo_calc.performance.collective`, but for two: `bandwidth` is of one link in one direction, and a rank
may use all its links at once; `latency` is of one hop.

The large all-gather and reduce-scatter split the vector in two halves; one goes along rows first, the other
along columns first, so that both kinds of link are always in use [1]_. On a square of more than one rank
that meets the bound of its corners exactly.

References
----------
.. [1] N. Jain, Y. Sabharwal, "Optimal bucket algorithms for large MPI collectives on torus interconnects",
   International Conference on Supercomputing, 2010.
.. [2] M. Barnett, R. Littlefield, D. G. Payne, R. van de Geijn, "Global combine algorithms for 2-D meshes
   with wormhole routing", Journal of Parallel and Distributed Computing 24(2), 1995.
.. [3] F. T. Leighton, "Introduction to Parallel Algorithms and Architectures: Arrays, Trees, Hypercubes",
   Morgan Kaufmann, 1992: distances, bisection and dimension-ordered routing on arrays.
.. [4] F. Harary, A. J. Schwenk, "The communication problem on graphs and digraphs", Journal of the Franklin
   Institute 297(6), 1974: n ranks need 2 n - 2 one-way messages to tell all to all.
"""

from __future__ import annotations

from collections.abc import Callable

from dojo_calc.operations import ceil, floor, maximum, minimum, where
from dojo_calc.performance.collective import all_gather_bound, pipelined, ring_all_gather
from dojo_calc.quantities import ByteRate, Bytes, Count, Duration, Numeric, Ranks

__all__ = [
    "mesh_all_gather", "mesh_all_gather_bound", "mesh_all_reduce", "mesh_all_reduce_bound",
    "mesh_all_to_all", "mesh_all_to_all_bound", "mesh_broadcast", "mesh_bucket_all_reduce",
    "mesh_centre_all_reduce", "mesh_diameter", "mesh_distance", "mesh_latency_bound", "mesh_links",
    "mesh_mean_distance", "mesh_reduce_scatter",
]  # fmt: skip


def two_phases(
    line: Callable[[Numeric, Numeric], Numeric], rows: Numeric, columns: Numeric, message: Numeric
) -> Numeric:
    """Time of an all-gather made of one along every line of a dimension, then one along the other.

    `line` gives the time on one line of so many ranks. Either two halves of the message run through the
    dimensions in opposite order, each phase as long as its slower half, or the whole runs rows first.
    """
    half = message / 2.0
    first = maximum(line(columns, half), line(rows, half))
    second = maximum(line(rows, half / columns), line(columns, half / rows))
    whole = line(columns, message) + line(rows, message / columns)
    return minimum(first + second, whole)


def centre_distance(rows: Numeric, columns: Numeric) -> Numeric:
    """Hops from a rank in the middle to the corner farthest from it."""
    return floor(rows / 2.0) + floor(columns / 2.0)


def _crossing(ranks: Numeric) -> Numeric:
    """Messages that the middle link of a line carries one way when every rank sends one part to every other.

    Of k ranks, k / 2 on one side send a k-th of their message to each of k / 2 on the other.
    """
    return floor(ranks / 2.0) * ceil(ranks / 2.0) / ranks


# --- Mesh ------------------------------------------------------------------------------------------------


def mesh_diameter(rows: Ranks, columns: Ranks) -> Count:
    """Hops between opposite corners of a mesh [3]_.

    Parameters
    ----------
    rows, columns : Ranks
        [1].

    Returns
    -------
    Count
        ``rows - 1 + columns - 1`` [1]; broadcast shape.
    """
    return (rows - 1.0) + (columns - 1.0)


def mesh_distance(row: Count, column: Count, to_row: Count, to_column: Count) -> Count:
    """Hops between two ranks of a mesh.

    Parameters
    ----------
    row, column, to_row, to_column : Count
        Places of the two, counted from any corner [1].

    Returns
    -------
    Count
        ``abs(row - to_row) + abs(column - to_column)`` [1]; broadcast shape.
    """
    return maximum(row - to_row, to_row - row) + maximum(column - to_column, to_column - column)


def mesh_mean_distance(rows: Ranks, columns: Ranks) -> Count:
    """Mean hops between two different ranks of a mesh [3]_.

    On a line of k the mean over all pairs, a rank and itself counted, is ``(k**2 - 1) / (3 * k)``. The sum
    of both dimensions, over different ranks only, comes to a third of the sides.

    Parameters
    ----------
    rows, columns : Ranks
        Two ranks at least in all [1].

    Returns
    -------
    Count
        ``(rows + columns) / 3`` [1]; broadcast shape.
    """
    return (rows + columns) / 3.0


def mesh_links(rows: Ranks, columns: Ranks) -> Count:
    """Links between neighbours of a mesh, each counted once for its two directions.

    Parameters
    ----------
    rows, columns : Ranks
        [1].

    Returns
    -------
    Count
        ``rows * (columns - 1) + columns * (rows - 1)`` [1]; broadcast shape.
    """
    return rows * (columns - 1.0) + columns * (rows - 1.0)


def mesh_all_gather(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """All-gather on a mesh: along one dimension, then the other, halves in opposite order or whole in one.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    message : Bytes
        The gathered result [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        For a square of n ranks ``mesh_diameter * latency + (n - 1) / n * message / 2 / bandwidth`` [s];
        broadcast shape.
    """
    return two_phases(
        lambda ranks, part: ring_all_gather(ranks, part, bandwidth, latency), rows, columns, message
    )


def mesh_reduce_scatter(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """Reduce-scatter on a mesh: the all-gather run backwards [2]_.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    message : Bytes
        The vector that every rank brings [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        As `mesh_all_gather` [s]; broadcast shape.
    """
    return mesh_all_gather(rows, columns, message, bandwidth, latency)


def mesh_bucket_all_reduce(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """All-reduce of a long vector on a mesh: reduce-scatter, then all-gather [1]_.

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
        [s]; broadcast shape.
    """
    scattered = mesh_reduce_scatter(rows, columns, message, bandwidth, latency)
    return scattered + mesh_all_gather(rows, columns, message, bandwidth, latency)


def mesh_centre_all_reduce(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """All-reduce of a short vector on a mesh: sums run to the centre, and the result back out.

    Along columns to the middle row and along it to the centre, cut into pieces so that the result starts
    out while later pieces still come in; links carry sums one way and results the other.

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
        `pipelined` over twice the distance from the centre to the farthest corner [s]; broadcast shape.
    """
    return pipelined(2.0 * centre_distance(rows, columns), message, bandwidth, latency)


def mesh_all_reduce(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """All-reduce on a mesh by the faster of `mesh_centre_all_reduce` and `mesh_bucket_all_reduce`.

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
        [s]; broadcast shape.
    """
    return minimum(
        mesh_centre_all_reduce(rows, columns, message, bandwidth, latency),
        mesh_bucket_all_reduce(rows, columns, message, bandwidth, latency),
    )


def mesh_broadcast(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """Broadcast from a corner of a mesh, along its row and from there along all columns, in pieces.

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
        `pipelined` over `mesh_diameter` stages [s]; broadcast shape.
    """
    return pipelined(mesh_diameter(rows, columns), message, bandwidth, latency)


def mesh_all_to_all(
    rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """All-to-all on a mesh, every part routed along its row, then along a column [3]_.

    Dimension-ordered routing loads the middle links of each dimension exactly as much as the cut through
    them asks, so the bandwidth term is the bound itself.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    message : Bytes
        What one rank sends in all, its own part counted [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        ``mesh_latency_bound + mesh_all_to_all_bound`` [s]; broadcast shape.
    """
    crossed = mesh_all_to_all_bound(rows, columns, message, bandwidth)
    return mesh_latency_bound(rows, columns, latency) + crossed


def mesh_latency_bound(rows: Ranks, columns: Ranks, latency: Duration) -> Duration:
    """Least time for something to get from corner to corner of a mesh.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    latency : Duration
        Of a hop [s].

    Returns
    -------
    Duration
        ``mesh_diameter * latency`` [s]; broadcast shape.
    """
    return mesh_diameter(rows, columns) * latency


def mesh_all_gather_bound(rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time to bring the parts of all others through the links of a corner, two on a true mesh.

    It bounds the all-gather and the reduce-scatter.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].

    Returns
    -------
    Duration
        ``(n - 1) / n * message / 2 / bandwidth`` for n ranks [s]; broadcast shape.
    """
    links = where(minimum(rows, columns) > 1.0, 2.0, 1.0)
    return all_gather_bound(rows * columns, message, bandwidth) / links


def mesh_all_reduce_bound(rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time of an all-reduce on a mesh whose ranks add: all links at work.

    n ranks need ``2 * (n - 1)`` messages for every element [4]_, and a mesh has ``2 * mesh_links`` directed
    links to carry them. That a corner must take in a whole vector through two links asks for no more: (n - 1) /
    links is never below 1/2.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    message : Bytes
        [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    # one rank alone has no links, and nothing to send
    return (rows * columns - 1.0) / maximum(mesh_links(rows, columns), 1.0) * (message / bandwidth)


def mesh_all_to_all_bound(rows: Ranks, columns: Ranks, message: Bytes, bandwidth: ByteRate) -> Duration:
    """Least time of an all-to-all on a mesh: what must cross its middle, over the links that do [3]_.

    Parameters
    ----------
    rows, columns : Ranks
        [1].
    message : Bytes
        What one rank sends in all, its own part counted [B].
    bandwidth : ByteRate
        Of a link, one direction [B/s].

    Returns
    -------
    Duration
        ``k / 4 * message / bandwidth`` for the longer side k, if even [s]; broadcast shape.
    """
    return maximum(_crossing(rows), _crossing(columns)) * (message / bandwidth)
