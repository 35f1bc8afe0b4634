"""Groups of chips: how large they are together, how far apart their members lie, what links them.

Chips are numbered tensor group first, then context, then data, then pipeline [7]_: a group lies every `stride`
chips, which says whether it stays within a fast domain.

References
----------
.. [7] NVIDIA, Megatron-Core, `parallel_state.py`: the order tp-cp-ep-dp-pp, and the group of data with context.
.. [8] Y. Zhao et al., "PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel", VLDB 2023.
"""

from __future__ import annotations

from functools import reduce
from operator import mul

from dojo_calc.operations import log2, maximum, minimum, round_down, round_up, where
from dojo_calc.quantities import ByteRate, Count, Duration, Fraction, PositiveCount, Ranks

__all__ = [
    "fast_bandwidth", "group_bandwidth", "group_latency", "joint_size", "sharing_group", "within_domain",
]  # fmt: skip


def joint_size(first: Ranks, *others: Ranks) -> Ranks:
    """Chips that groups inside each other make together.

    Of data and context it gives the chips that hold the same weights: gradients are brought together over all of
    them, and all of them share the state that is sharded [7]_. Of the groups that lie inside another it gives the
    distance of that one's neighbours.

    Parameters
    ----------
    first, *others : Ranks
        Sizes of the groups [1].

    Returns
    -------
    Ranks
        [1]; broadcast shape.
    """
    return reduce(mul, others, first)


def data_size(chips: Count, tensor: Ranks, pipeline: Ranks, context: Ranks) -> Ranks:
    """Size of the data-parallel group: what the other sizes of a layout leave of the chips.

    Parameters
    ----------
    chips : Count
        [1].
    tensor, pipeline, context : Ranks
        Parallel sizes [1]. Experts lie inside the data-parallel group.

    Returns
    -------
    Ranks
        ``chips / (tensor * pipeline * context)``, and at least one [1]; broadcast shape. A layout exists only where
        the four sizes multiply to the chips.
    """
    return maximum(chips / (tensor * pipeline * context), 1.0)


def sharing_group(replicas: Ranks, shard_copies: Ranks) -> Ranks:
    """Chips that share one copy of the sharded state: all replicas, or those of a server in hybrid sharding [8]_.

    Parameters
    ----------
    replicas : Ranks
        Chips that hold the same weights [1].
    shard_copies : Ranks
        Copies of the sharded state over all replicas; 1 unless hybrid [1].

    Returns
    -------
    Ranks
        [1]; broadcast shape.
    """
    return maximum(replicas / shard_copies, 1.0)


def within_domain(size: Ranks, stride: Ranks, domain: Count, chips: Count) -> Fraction:
    """Whether a group that lies every `stride` chips stays within a fast domain: 1 or 0.

    It does where a whole number of such groups fills a domain, or where one domain holds all chips; else some
    group straddles two servers, and the slowest group sets the pace.

    Parameters
    ----------
    size, stride, domain, chips : Ranks or Count
        Chips in the group, distance of neighbours, chips in a fast domain, and in all [1].

    Returns
    -------
    Fraction
        [1]; broadcast shape.
    """
    filling = domain / (size * stride)
    return where(round_up(filling) > round_down(filling), where(chips > domain, 0.0, 1.0), 1.0)


def fast_bandwidth(
    size: Ranks, domain: Ranks, link: ByteRate, links: PositiveCount, direct: Fraction, side: Ranks
) -> ByteRate:  # fmt: skip
    """Bandwidth of a chip in a group within a fast domain, over as many of its links as lead to members.

    A switch carries all of it for any group. Of direct links to each other chip of the domain a group uses its
    share. On a torus a group lies along as many axes as it fills, with two links an axis, and its collectives
    cut their message over them, as `torus.torus_all_gather` does.

    Parameters
    ----------
    size, domain : Ranks
        Chips in the group, and in the domain [1].
    link : ByteRate
        Of one link in one direction, as attained [B/s].
    links : PositiveCount
        Of a chip [1].
    direct : Fraction
        1 where each link leads to one other chip of the domain, else 0 [1].
    side : Ranks
        Chips along an axis of a torus; 1 where there is none [1].

    Returns
    -------
    ByteRate
        [B/s]; broadcast shape.
    """
    axes = maximum(round_up(log2(size) / log2(maximum(side, 2.0))), 1.0)
    reached = minimum(maximum(size - 1.0, 1.0) / maximum(domain - 1.0, 1.0), 1.0)
    used = where(side >= 2.0, minimum(2.0 * axes, links), links * (1.0 + direct * (reached - 1.0)))
    return link * used


def group_bandwidth(
    size: Ranks, stride: Ranks, domain: Ranks, chips: Count, link: ByteRate, links: PositiveCount, direct: Fraction,
    side: Ranks, network: ByteRate,
) -> ByteRate:  # fmt: skip
    """Bandwidth of a chip in a ring that lies every `stride` chips: within a fast domain, or through the network.

    A ring through a domain enters and leaves it once, over the network ports of all its members there. Where a
    group smaller than a domain straddles two, as few as one member stands on one side.

    Parameters
    ----------
    size, stride, domain, chips : Ranks or Count
        See `within_domain` [1].
    link, links, direct, side
        See `fast_bandwidth`.
    network : ByteRate
        Of one chip in one direction, as attained [B/s].

    Returns
    -------
    ByteRate
        [B/s]; broadcast shape.
    """
    fast = fast_bandwidth(size, domain, link, links, direct, side)
    members = where(size * stride > domain, maximum(round_down(domain / stride), 1.0), 1.0)
    inside = within_domain(size, stride, domain, chips) >= 1.0
    return where(inside, fast, minimum(fast, network * members))


def group_latency(
    size: Ranks, stride: Ranks, domain: Count, chips: Count, hop_latency: Duration, network_latency: Duration
) -> Duration:  # fmt: skip
    """Latency of a step of a collective in a group: of the fast links, or of the network.

    Parameters
    ----------
    size, stride, domain, chips : Ranks or Count
        See `within_domain` [1].
    hop_latency, network_latency : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return where(within_domain(size, stride, domain, chips) >= 1.0, hop_latency, network_latency)
