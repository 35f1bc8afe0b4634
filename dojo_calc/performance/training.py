"""Time of one training step: layers, pipeline and replicas put together.

A step is made of micro-batches that pass the layers of every pipeline stage forward and backward [5]_. Every
formula here and in `layer`, `traffic` and `pipeline` gives one part; `dojo_calc.performance.step` wires them in
order. Flags are 1 or 0, so that arrays of configurations need no branches.

References
----------
.. [2] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023.
.. [5] M. Isaev et al., "Calculon: a Methodology and Tool for High-Level Codesign of Systems and Large
   Language Models", SC23.
"""

from __future__ import annotations

from dojo_calc.operations import log2, maximum, minimum
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Count,
    Duration,
    Flop,
    FlopRate,
    Fraction,
    PositiveCount,
    PositiveDuration,
    PositiveRatio,
    Ranks,
    Ratio,
    TokenRate,
)

__all__ = [
    "launch_time", "layer_launch", "layer_recompute", "layer_work", "model_utilisation", "optimizer_time",
    "repeated_time", "run_through", "step_time", "straggling_time", "throughput", "tokens_on_chip", "useful_share",
]  # fmt: skip


def repeated_time(times: Count, each: Duration) -> Duration:
    """Time of so many equal times: of a run from its steps, of all chips from one.

    Parameters
    ----------
    times : Count
        [1].
    each : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return times * each


def tokens_on_chip(micro_batch: Count, sequence: Count, context: Ranks) -> Count:
    """Tokens of a micro-batch that a chip works on.

    Parameters
    ----------
    micro_batch, sequence, context : Count or Ranks
        Sequences, tokens a sequence, and chips a sequence is cut over [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return micro_batch * sequence / context


def layer_launch(launch: Duration, expert_launch: Duration, expert_share: Fraction) -> Duration:
    """Time in which the host launches the kernels of a layer's forward pass.

    Parameters
    ----------
    launch, expert_launch : Duration
        To launch the forward pass of a layer without and with experts, waits for counts of tokens included [s].
    expert_share : Fraction
        Of layers with experts [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return launch + expert_share * maximum(expert_launch - launch, 0.0)


def launch_time(work: Duration, issued: Duration, kernels: Ratio) -> Duration:
    """Time for which a chip waits in one pass of a layer for the host to launch its kernels.

    The host runs ahead while kernels take longer than their launches; where they are short, launches set the pace.

    Parameters
    ----------
    work : Duration
        Of the layer's kernels [s].
    issued : Duration
        In which the host launches a forward pass, of `layer_launch` [s].
    kernels : Ratio
        Times as many as forward: 2 for a backward pass [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return maximum(kernels * issued - work, 0.0)


def layer_recompute(
    local: Duration, issued: Duration, communication: Duration, kept_output: Duration, attention: Duration,
    products: Duration, full: Fraction, selective: Fraction, per_op: Fraction,
) -> Duration:  # fmt: skip
    """Time of what a layer computes a second time before its backward pass [2]_.

    Where single operators are kept, attention and every second product are not computed again. A layer whose pace
    its launches set saves nothing by what it does not compute again. Leaves out that what is not computed need not be
    launched, a few kernels of dozens, and that attention alone may wait for its launch.

    Parameters
    ----------
    local, issued, communication : Duration
        Of a layer's forward pass: of its kernels, of their launches, of `layer_launch`, and of waiting for other
        chips [s].
    kept_output, attention, products : Duration
        Parts of `local`: the product at its end that may be left out, attention, and products [s].
    full, selective, per_op : Fraction
        1 or 0, or the share of layers that are recomputed so [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    whole = communication + maximum(local - kept_output, issued)
    single = communication + maximum(local - attention - 0.5 * products, issued)
    return full * whole + selective * attention + per_op * single


def layer_work(forward: Duration, backward: Duration, recompute: Duration, sharding: Duration) -> Duration:
    """Time of a layer for one micro-batch, there and back.

    Parameters
    ----------
    forward, backward, recompute, sharding : Duration
        [s].

    Returns
    -------
    Duration
        Their sum [s]; broadcast shape.
    """
    return forward + backward + recompute + sharding


def optimizer_time(
    common_parameters: Count, expert_parameters: Count, optimizer_traffic: Bytes, shard_optimizer: Fraction,
    sharing: Ranks, expert_sharing: Ranks, memory_rate: ByteRate,
) -> Duration:  # fmt: skip
    """Time to update the parameters that a chip keeps the optimizer's state of, at memory speed.

    Parameters
    ----------
    common_parameters, expert_parameters : Count
        On a chip [1].
    optimizer_traffic : Bytes
        Read and written a parameter [B].
    shard_optimizer : Fraction
        [1].
    sharing, expert_sharing : Ranks
        Chips that share a copy of the sharded state, and of the experts' [1].
    memory_rate : ByteRate
        [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    common = common_parameters / (1.0 + shard_optimizer * (sharing - 1.0))
    experts = expert_parameters / (1.0 + shard_optimizer * (expert_sharing - 1.0))
    return (common + experts) * (optimizer_traffic / memory_rate)


def run_through(
    micro_batches: Count, slowest: Duration, transfers: Duration, bubble: Duration, gradient: Duration,
    optimizer: Duration,
) -> Duration:  # fmt: skip
    """Time of a step when no replica waits for another.

    Parameters
    ----------
    micro_batches : Count
        [1].
    slowest, transfers : Duration
        Of a micro-batch [s].
    bubble, gradient, optimizer : Duration
        Of a step [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return micro_batches * (slowest + transfers) + bubble + gradient + optimizer


def straggling_time(run_through: Duration, replicas: Ranks, straggling: Fraction) -> Duration:
    """Time for which replicas wait for the slowest of them: a share of the step a doubling of their number.

    Parameters
    ----------
    run_through : Duration
        [s].
    replicas : Ranks
        [1].
    straggling : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return run_through * (straggling * log2(replicas))


def step_time(run_through: Duration, waiting: Duration) -> Duration:
    """Time of a training step.

    Parameters
    ----------
    run_through, waiting : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return run_through + waiting


def throughput(
    global_batch: Count, sequence: Count, chips: PositiveCount, step_time: PositiveDuration
) -> TokenRate:
    """Tokens a chip trains on a second.

    Parameters
    ----------
    global_batch, sequence : Count
        [1].
    chips : PositiveCount
        [1].
    step_time : PositiveDuration
        [s].

    Returns
    -------
    TokenRate
        [1/s]; broadcast shape.
    """
    return global_batch * sequence / (chips * step_time)


def model_utilisation(flop: Flop, chips: PositiveCount, peak: FlopRate, step_time: PositiveDuration) -> Ratio:
    """Model FLOP utilisation: the work the model asks for, over what the chips could do in a step.

    Parameters
    ----------
    flop : Flop
        Of a step, recomputation not counted [FLOP].
    chips : PositiveCount
        [1].
    peak : FlopRate
        Dense peak of a chip at the precision that the figure is quoted for [FLOP/s].
    step_time : PositiveDuration
        [s].

    Returns
    -------
    Ratio
        MFU [1]; broadcast shape. Above one only for a step shorter than its work allows.
    """
    return flop / (chips * peak * step_time)


def useful_share(utilisation: Ratio, step_error: PositiveRatio) -> Fraction:
    """Utilisation as a share of the peak, for what is computed from it.

    Parameters
    ----------
    utilisation : Ratio
        As predicted, see `model_utilisation` [1].
    step_error : PositiveRatio
        Time of a step over the predicted one: 1, but for what predictions were off by [1].

    Returns
    -------
    Fraction
        ``min(utilisation / step_error, 1)`` [1]; broadcast shape. Beyond 1 nothing is meant: a model refuses such a
        step.
    """
    return minimum(utilisation / step_error, 1.0)
