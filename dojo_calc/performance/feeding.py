"""Ways to feed a machine whose dies hold little and have no memory behind them.

A D1 has 440 MB of SRAM. What a training step needs (weights, gradients, the optimizer's numbers, and the
activations kept for the backward pass) lies in one of three places:

- *resident*: spread over the SRAM of many dies; each die gathers the weights that it does not hold,
- *streamed*: in the interface processors' HBM, whose bandwidth all dies of a tray share,
- *pipelined*: each tile holds the layers of one stage; activations pass the tiles' edges.

Each way is a set of times that run at once: the arithmetic, and the transfers over every memory and link. The
longest sets the pace [1]_, so `fed_utilisation` is an upper bound given an efficiency, not a measurement. Traffic
is compulsory traffic: weights move three times a step (forward, backward, and back as gradients), as in fully
sharded data parallelism [2]_, and gradients of replicas are added over rings [3]_.

References
----------
.. [1] S. Williams, A. Waterman, D. Patterson, "Roofline", Communications of the ACM 52(4), 2009.
.. [2] S. Rajbhandari, J. Rasley, O. Ruwase, Y. He, "ZeRO: Memory Optimizations Toward Training Trillion
   Parameter Models", SC20, section 7: 3 (n - 1) / n times the weights.
.. [3] P. Patarasuk, X. Yuan, "Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations", Journal of
   Parallel and Distributed Computing 69(2), 2009.
.. [4] Y. Huang et al., "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism",
   NeurIPS 2019, section 2.3: the bubble.
"""

from __future__ import annotations

from functools import reduce
from operator import mul

from dojo_calc.operations import maximum, round_down
from dojo_calc.performance.collective import all_gather_bound, all_reduce_bound
from dojo_calc.performance.roofline import overlapped_time
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Count,
    Duration,
    Flop,
    Fraction,
    Intensity,
    PositiveCount,
    PositiveDuration,
    PositiveFlop,
    PositiveFraction,
)

__all__ = [
    "best_utilisation", "fed_utilisation", "gather_time", "grouped_share", "micro_batch_to_hide",
    "per_unit_bytes", "per_unit_flop", "pipelined_share", "pooled_bandwidth", "pooled_units",
    "reduce_time", "replicas", "streamed_traffic", "useful_efficiency", "working_utilisation",
]  # fmt: skip


PASSES = 3.0  # of the weights in a step: read forward, read backward, written back as gradients


def per_unit_flop(batch: Count, work: Flop, units: PositiveCount) -> Flop:
    """Work of a batch that falls on one of the units that share it evenly.

    Parameters
    ----------
    batch : Count
        Samples [1].
    work : Flop
        Of one sample [FLOP].
    units : PositiveCount
        [1].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return batch * work / units


def per_unit_bytes(batch: Count, traffic: Bytes, units: PositiveCount) -> Bytes:
    """Traffic of a batch that falls on one of the units that share it evenly.

    Parameters
    ----------
    batch : Count
        Samples [1].
    traffic : Bytes
        Of one sample [B].
    units : PositiveCount
        [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return batch * traffic / units


def useful_efficiency(efficiency: Fraction, recomputed: Fraction) -> Fraction:
    """Efficiency that is left for the model's own work when part of the forward pass is done twice.

    Parameters
    ----------
    efficiency : Fraction
        Share of the peak that the arithmetic attains when it is fed [1].
    recomputed : Fraction
        Share of the forward pass done again in the backward pass, to keep fewer activations [1].

    Returns
    -------
    Fraction
        [1]; broadcast shape. The forward pass is a third of the model's work.
    """
    return efficiency / (1.0 + recomputed / 3.0)


def pooled_units(groups: Count, group: Count) -> Count:
    """Dies of a number of tiles, or chips of a number of servers.

    Parameters
    ----------
    groups : Count
        [1].
    group : Count
        Units in one [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return groups * group


def pooled_bandwidth(links: PositiveCount, link: ByteRate) -> ByteRate:
    """Bandwidth of links that work at once.

    Parameters
    ----------
    links : PositiveCount
        Above zero [1].
    link : ByteRate
        Of one, one direction [B/s].

    Returns
    -------
    ByteRate
        [B/s]; broadcast shape.
    """
    return links * link


def gather_time(weights: Bytes, holders: Count, bandwidth: ByteRate) -> Duration:
    """Least time to gather what a holder lacks when each holds an equal part of the weights and works with all.

    Parameters
    ----------
    weights : Bytes
        Of the whole model, in the format that is computed with [B].
    holders : Count
        Dies, trays or chips that share one copy; below one counts as one [1].
    bandwidth : ByteRate
        Into one of them [B/s].

    Returns
    -------
    Duration
        That of ``3 weights (n - 1) / n`` bytes a step [2]_ [s]; broadcast shape. Nothing for a single holder.
    """
    return PASSES * all_gather_bound(maximum(holders, 1.0), weights, bandwidth)


def reduce_time(
    gradients: Bytes, copies: Count, bandwidth: ByteRate, micro_batches: PositiveCount = 1.0
) -> Duration:
    """Least time of a micro-batch to add up the gradients of all copies of a model [3]_.

    Parameters
    ----------
    gradients : Bytes
        Of one copy, or of the part of it at hand [B].
    copies : Count
        Below one counts as one [1].
    bandwidth : ByteRate
        Between the copies, into one part [B/s].
    micro_batches : PositiveCount
        Between two additions, over which the time is spread [1].

    Returns
    -------
    Duration
        That of ``2 gradients (r - 1) / r`` bytes over the micro-batches [s]; broadcast shape.
    """
    return all_reduce_bound(maximum(copies, 1.0), gradients, bandwidth) / micro_batches


def streamed_traffic(weights: Bytes, spilled: Bytes, state: Bytes, micro_batches: PositiveCount) -> Bytes:
    """Bytes over a tray's memory in a micro-batch when weights and training state lie there.

    A weight crosses the memory once however many dies need it: the mesh copies it.

    Parameters
    ----------
    weights : Bytes
        Of the whole model [B].
    spilled : Bytes
        `spilled_activations`, written and read back [B].
    state : Bytes
        Part of the training state that lies in this memory, read and written once a step [B].
    micro_batches : PositiveCount
        In a step [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return PASSES * weights + 2.0 * spilled + 2.0 * state / micro_batches


def micro_batch_to_hide(traffic: Bytes, ridge: Intensity, work: PositiveFlop) -> Count:
    """Samples in a micro-batch from which arithmetic takes longer than a traffic that does not grow with them.

    Parameters
    ----------
    traffic : Bytes
        Of a micro-batch, such as the streamed weights [B].
    ridge : Intensity
        Of the machine over that memory or link [FLOP/B].
    work : PositiveFlop
        Of one sample [FLOP].

    Returns
    -------
    Count
        Exact [1]; broadcast shape.
    """
    return ridge * traffic / work


def pipelined_share(stages: Count, micro_batches: PositiveCount) -> Fraction:
    """Share of the time that a stage of a pipeline works, as it fills and drains once a step [4]_.

    Parameters
    ----------
    stages : Count
        Below one counts as one [1].
    micro_batches : PositiveCount
        In a step [1].

    Returns
    -------
    Fraction
        ``m / (m + p - 1)`` [1]; broadcast shape.
    """
    return micro_batches / (micro_batches + (maximum(stages, 1.0) - 1.0))


def fed_utilisation(
    compute: Duration, efficiency: PositiveFraction, instant: PositiveDuration, *transfers: Duration
) -> Fraction:
    """Most of its peak that a machine can use when its transfers run beside the arithmetic.

    Parameters
    ----------
    compute : Duration
        Of the model's own work at the peak rate [s].
    efficiency : PositiveFraction
        Share of the peak that the arithmetic attains when it waits for nothing [1].
    instant : PositiveDuration
        Shorter than any step, so that a batch of nothing has a share too [s].
    *transfers : Duration
        Over every memory and link [s].

    Returns
    -------
    Fraction
        ``compute / maximum(compute / efficiency, instant, *transfers)`` [1]; broadcast shape. An upper bound: what
        does not overlap comes on top. 0 for a batch of nothing, which is how a model that does not fit shows.
    """
    return compute / overlapped_time(compute / efficiency, instant, *transfers)


def replicas(units: Count, group: PositiveCount) -> Count:
    """Copies of a model that a machine trains side by side.

    Parameters
    ----------
    units : Count
        Dies, tiles or trays in the machine [1].
    group : PositiveCount
        That share one copy [1].

    Returns
    -------
    Count
        At least one; exact, so that a group may be a part of a unit [1]; broadcast shape.
    """
    return maximum(units / group, 1.0)


def grouped_share(units: PositiveCount, group: PositiveCount) -> Fraction:
    """Share of a machine that whole groups fill.

    Parameters
    ----------
    units : PositiveCount
        In the machine [1].
    group : PositiveCount
        That share one copy of a model [1].

    Returns
    -------
    Fraction
        0 where the machine is smaller than a group [1]; broadcast shape.
    """
    return round_down(units / group) * group / units


def working_utilisation(utilisation: Fraction, *shares: Fraction) -> Fraction:
    """Utilisation of a machine of which only a share works, of the time or of its dies.

    Parameters
    ----------
    utilisation : Fraction
        Of what works while it works, see `fed_utilisation` [1].
    *shares : Fraction
        Such as `pipelined_share` and `grouped_share` [1].

    Returns
    -------
    Fraction
        [1]; broadcast shape.
    """
    return reduce(mul, shares, utilisation)


def best_utilisation(first: Fraction, *others: Fraction) -> Fraction:
    """Greatest utilisation among ways to run the same workload.

    Parameters
    ----------
    first, *others : Fraction
        [1].

    Returns
    -------
    Fraction
        [1]; broadcast shape.
    """
    return reduce(maximum, others, first)
