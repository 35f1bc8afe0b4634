"""What chips send each other in a training step, by group, and how much of it shows.

`exposed` is the share of a transfer that shows even where
there is work to hide it behind.

References
----------
.. [1] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM",
   SC21.
.. [2] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023.
.. [3] S. Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", SC20.
.. [6] NVIDIA, Megatron-Core, `tensor_parallel/layers.py`.
.. [8] Y. Zhao et al., "PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel", VLDB 2023.
.. [9] H. Liu, M. Zaharia, P. Abbeel, "Ring Attention with Blockwise Transformers for Near-Infinite Context", 2023.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, where
from dojo_calc.performance.collective import ring_all_gather, ring_all_reduce
from dojo_calc.performance.switched import tree_all_gather, tree_all_reduce, tree_reduce_scatter
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Count,
    Duration,
    Fraction,
    Ranks,
)

__all__ = [
    "context_time", "copies_time", "cut_weights", "exposed_time", "gather_time", "gradient_time",
    "return_time", "returned", "scatter_time", "shard_time", "tensor_backward", "tensor_time",
]  # fmt: skip


def exposed_time(transfer: Duration, work: Duration, share: Fraction) -> Duration:
    """Part of a transfer that shows beside the work it runs under: a share at least, all that is longer.

    Parameters
    ----------
    transfer, work : Duration
        [s].
    share : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return maximum(share * transfer, transfer - work)


def tensor_time(
    tensor: Ranks, common_passes: Count, tokens: Count, hidden: Count, element: Bytes, bandwidth: ByteRate,
    latency: Duration, exposed: Fraction,
) -> Duration:  # fmt: skip
    """Exposed all-reduces of a layer over the tensor group in a forward pass: of attention, and of each MLP [1]_.

    With sequence parallelism each is a reduce-scatter and an all-gather that move as much [2]_.

    Parameters
    ----------
    tensor : Ranks
        [1].
    common_passes, tokens, hidden : Count
        MLPs that every token passes, tokens, width [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        Of the group, see `groups.group_bandwidth` [B/s].
    latency : Duration
        [s].
    exposed : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    each = ring_all_reduce(tensor, tokens * hidden * element, bandwidth, latency)
    return (1.0 + common_passes) * exposed * each


def tensor_backward(forward: Duration, sequence_parallel: Fraction) -> Duration:
    """Exposed communication over the tensor group in a backward pass: as forward, and what is gathered again.

    Under sequence parallelism a chip keeps its part of each block's input alone, and gathers the whole once more
    for the gradient of the weights [6]_: five half collectives a block for four, there and back.

    Parameters
    ----------
    forward : Duration
        See `tensor_time` [s].
    sequence_parallel : Fraction
        1 or 0 [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return forward * (1.0 + 0.5 * sequence_parallel)


def context_time(
    context: Ranks, tokens: Count, kv_share: Count, element: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:  # fmt: skip
    """Time for the keys and values of a sequence cut over chips to pass round their ring once [9]_.

    Parameters
    ----------
    context : Ranks
        [1].
    tokens, kv_share : Count
        Tokens and width of the keys on a chip [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        [B/s].
    latency : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return ring_all_gather(context, context * tokens * kv_share * 2.0 * element, bandwidth, latency)


def returned(transfer: Duration) -> Duration:
    """Time on the ring in a backward pass: keys and values once more, and their gradients with them [9]_.

    Parameters
    ----------
    transfer : Duration
        Of the forward pass, see `context_time` [s].

    Returns
    -------
    Duration
        [s]; same shape.
    """
    return 2.0 * transfer


def cut_weights(weights: Count, shards: Ranks) -> Count:
    """Weights that a chip has of those that are cut evenly over so many.

    Parameters
    ----------
    weights : Count
        [1].
    shards : Ranks
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return weights / shards


def gather_time(
    sharing: Ranks, weights: Count, element: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """Time to gather weights from the chips that share a copy.

    Parameters
    ----------
    sharing : Ranks
        See `groups.sharing_group` [1].
    weights : Count
        On a chip, once they are together [1].
    element : Bytes
        Of a weight as it travels [B].
    bandwidth : ByteRate
        [B/s].
    latency : Duration
        Of a round of a tree [s].

    Returns
    -------
    Duration
        Zero for no weights [s]; broadcast shape.
    """
    return where(
        weights > 0.0, tree_all_gather(sharing, weights * element, bandwidth, latency), 0.0 * latency
    )


def shard_time(
    gather: Duration, scatter: Duration, forward: Duration, backward: Duration, exposed: Fraction,
    shard_weights: Fraction,
) -> Duration:  # fmt: skip
    """Exposed traffic of weights that are sharded over replicas, for one micro-batch [3]_.

    Weights are gathered once for the forward and once for the backward pass, and gradients scattered: half as
    much again as the gradients' all-reduce of unsharded training, where both have the same size.

    Parameters
    ----------
    gather, scatter : Duration
        See `gather_time` and `scatter_time` [s].
    forward, backward : Duration
        Work that the traffic runs under, recomputation with the backward pass [s].
    exposed, shard_weights : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    seen = exposed_time(gather, forward, exposed) + exposed_time(gather + scatter, backward, exposed)
    return shard_weights * seen


def scatter_time(
    sharing: Ranks, parameters: Count, gradient_bytes: Bytes, bandwidth: ByteRate, latency: Duration
) -> Duration:
    """Time to sum the gradients of a chip's weights over the chips that share a copy, each keeping its part.

    Parameters
    ----------
    sharing : Ranks
        [1].
    parameters : Count
        On a chip [1].
    gradient_bytes : Bytes
        Of a gradient as it is summed, which is how it is kept [B].
    bandwidth : ByteRate
        [B/s].
    latency : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    time = tree_reduce_scatter(sharing, parameters * gradient_bytes, bandwidth, latency)
    return where(parameters > 0.0, time, 0.0 * time)


def return_time(
    sharing: Ranks, parameters: Count, element: Bytes, gradient_bytes: Bytes, shard_optimizer: Fraction,
    bandwidth: ByteRate, latency: Duration,
) -> Duration:  # fmt: skip
    """Time until every replica has what it needs for the next step: updated weights, or the gradients' sums [3]_.

    Parameters
    ----------
    sharing : Ranks
        [1].
    parameters : Count
        On a chip [1].
    element, gradient_bytes : Bytes
        Of a weight, which returns where the optimizer is sharded, and of a gradient, which returns where not [B].
    shard_optimizer : Fraction
        1 or 0 [1].
    bandwidth : ByteRate
        [B/s].
    latency : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    each = gradient_bytes + shard_optimizer * (element - gradient_bytes)
    time = tree_all_gather(sharing, parameters * each, bandwidth, latency)
    return where(parameters > 0.0, time, 0.0 * time)


def copies_time(shard_copies: Ranks, kept: Bytes, bandwidth: ByteRate, latency: Duration) -> Duration:
    """Time to sum gradients over the copies of hybrid sharding, each chip its part, once a step [8]_.

    Parameters
    ----------
    shard_copies : Ranks
        [1].
    kept : Bytes
        Gradients of a chip's part [B].
    bandwidth : ByteRate
        [B/s].
    latency : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return tree_all_reduce(shard_copies, kept, bandwidth, latency)


def gradient_time(
    scatter: Duration, back: Duration, copies: Duration, work: Duration, backward: Duration, micro_batches: Count,
    exposed: Fraction, shard_gradients: Fraction, shard_weights: Fraction,
) -> Duration:  # fmt: skip
    """Exposed time of bringing gradients together over replicas, where weights are whole.

    Once a step, under the last micro-batch and the draining pipeline; what outlasts them shows. A replica that
    keeps its part of the gradients alone has to scatter them after every micro-batch [3]_, as Llama 3 did with
    its pipeline; DeepSpeed refuses that pair. Sharded weights pay in `shard_time`.

    Parameters
    ----------
    scatter, back, copies : Duration
        See `scatter_time`, `return_time` and `copies_time` [s].
    work : Duration
        That the last sum runs under: a micro-batch there and back, and the bubble [s].
    backward : Duration
        That an earlier sum runs under: a micro-batch's backward pass [s].
    micro_batches : Count
        [1].
    exposed, shard_gradients, shard_weights : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    whole = 1.0 - shard_weights
    last = exposed_time(whole * (scatter + back) + copies, work, exposed)
    earlier = maximum(micro_batches - 1.0, 0.0) * exposed_time(scatter, backward, exposed)
    return last + whole * shard_gradients * earlier
