"""How micro-batches pass the stages of a pipeline: stages, their imbalance, transfers between them, the bubble.

References
----------
.. [1] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM",
   SC21.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, minimum, round_up, where
from dojo_calc.quantities import ByteRate, Bytes, Count, Duration, Fraction, PositiveCount, Ranks

__all__ = [
    "bubble_time", "imbalance_time", "micro_batches", "of_stage", "pipeline_time",
    "slowest_stage", "stage_layers",
]  # fmt: skip


def micro_batches(global_batch: PositiveCount, data: Ranks, micro_batch: Ranks) -> PositiveCount:
    """Micro-batches that one pipeline works through in a step.

    Parameters
    ----------
    global_batch, data, micro_batch : PositiveCount or Ranks
        Sequences a step, replicas, sequences a micro-batch [1].

    Returns
    -------
    PositiveCount
        [1]; broadcast shape.
    """
    return global_batch / (data * micro_batch)


def stage_layers(layers: Count, pipeline: Ranks) -> Count:
    """Layers of the fullest stage: 126 layers over 16 stages leave 8 on most.

    Parameters
    ----------
    layers, pipeline : Count or Ranks
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return round_up(layers / pipeline)


def slowest_stage(
    layers: Count, pipeline: Count, stage_layers: Count, layer_work: Duration, head: Duration
) -> Duration:
    """Time of the stage that sets the pace: one with the most layers, or the last, which has the head.

    Where layers do not divide evenly the last stage has the fewest: of 61 over 16, fifteen have four and it has one,
    as who lays out a pipeline makes room for the head and for the modules that predict further tokens.

    Parameters
    ----------
    layers, pipeline, stage_layers : Count
        [1].
    layer_work, head : Duration
        Of one micro-batch [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    last = maximum(layers - stage_layers * (pipeline - 1.0), 0.0)
    return maximum(stage_layers * layer_work, last * layer_work + head)


def imbalance_time(
    slowest: Duration, layers: Count, pipeline: Ranks, layer_work: Duration, head: Duration
) -> Duration:
    """Time for which the average stage waits for the slowest, a micro-batch.

    Parameters
    ----------
    slowest : Duration
        [s].
    layers, pipeline : Count or Ranks
        [1].
    layer_work, head : Duration
        [s].

    Returns
    -------
    Duration
        Zero for one stage [s]; broadcast shape.
    """
    # the slowest is never below the average; the last bit may be
    return maximum(slowest - (layers * layer_work + head) / pipeline, 0.0)


def pipeline_time(
    pipeline: Ranks, interleave: Ranks, tokens: Count, hidden: Count, tensor: Ranks, element: Bytes,
    bandwidth: ByteRate, latency: Duration, exposed: Fraction,
) -> Duration:  # fmt: skip
    """Exposed transfers between stages for one micro-batch: there and back, once a virtual stage [1]_.

    The tensor group sends every activation once, each chip its part.

    Parameters
    ----------
    pipeline, interleave, tokens, hidden, tensor : Ranks or Count
        [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        [B/s].
    latency : Duration
        Of a transfer, the wait of both sides for each other included [s].
    exposed : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    one = tokens * hidden / tensor * (element / bandwidth) + latency
    return where(pipeline > 1.0, 2.0 * exposed * interleave * one, 0.0 * one)


def bubble_time(
    micro_batches: Count, pipeline: Ranks, interleave: Ranks, layers: Count, layer_work: Duration,
    transfers: Duration,
) -> Duration:  # fmt: skip
    """Time for which stages stand still while a pipeline fills and drains.

    With m micro-batches, p stages and v virtual stages a chip a step takes ``max(m, p) + (min(m, p) - 1) / v``
    times a stage's work. For m of p or more that is the bubble of (p - 1) / v of section 2.2.2 of [1]_; fewer
    leave a chip waiting for those in flight, and interleaving gains nothing for a single one.

    Parameters
    ----------
    micro_batches : Count
        [1].
    pipeline, interleave : Ranks
        [1].
    layers : Count
        [1].
    layer_work, transfers : Duration
        Of a layer, and between stages, for one micro-batch [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    waiting = maximum(pipeline - micro_batches, 0.0)
    filling = maximum(minimum(micro_batches, pipeline) - 1.0, 0.0) / interleave
    return (waiting + filling) * (layers / pipeline * layer_work + transfers)


def of_stage(part: Duration, micro_batches: Count, layers: Count, pipeline: Ranks) -> Duration:
    """Time that a part of a layer takes the average stage over a step.

    Parameters
    ----------
    part : Duration
        Of a layer, for one micro-batch [s].
    micro_batches, layers, pipeline : Count or Ranks
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return part * (micro_batches * layers / pipeline)
