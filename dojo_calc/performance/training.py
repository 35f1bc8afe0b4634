"""Time of one training step and its parts.

A step is made of micro-batches that pass the layers of every pipeline stage forward and backward; matrix
products run at their own rate and attention at its own, everything else at memory speed, and a part of the
communication shows [5]_. Every formula gives one part; `dojo_calc.performance.step` wires them in order.

Flags (`gated`, `flash`, `full` ...) are 1 or 0, so that arrays of configurations need no branches. `exposed_*`
is the share of a transfer that shows even where there is work to hide it behind.

References
----------
.. [1] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM",
   SC21.
.. [2] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023.
.. [3] S. Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", SC20.
.. [4] T. Dao, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning", 2023.
.. [5] M. Isaev et al., "Calculon: a Methodology and Tool for High-Level Codesign of Systems and Large
   Language Models", SC23.
"""

from __future__ import annotations

from dojo_calc.operations import log2, maximum, minimum, round_up, where
from dojo_calc.performance.collective import ring_all_gather, ring_all_reduce, switched_all_to_all
from dojo_calc.performance.kernels import MULTIPLY_ADD
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Count,
    Duration,
    Flop,
    FlopRate,
    Fraction,
    Ranks,
    Ratio,
    TokenRate,
)

__all__ = [
    "attained_bandwidth", "attained_rate", "attention_backward", "attention_forward", "bubble_time",
    "cast_time", "context_time", "elementwise_backward", "elementwise_forward", "expert_time", "exposed_time",
    "gradient_time", "group_bandwidth", "head_time", "imbalance_time", "kept_output_time", "layer_backward",
    "layer_forward", "layer_recompute", "layer_work", "micro_batches", "model_utilisation", "of_stage",
    "optimizer_time", "passes_made", "pipeline_time", "product_widths", "products_time", "repeated_time",
    "run_through", "shard_time", "slowest_stage", "stage_layers", "step_time", "straggling_time", "tensor_time",
    "throughput", "tokens_on_chip", "usable_memory",
]  # fmt: skip


def attained_rate(peak: FlopRate, efficiency: Fraction) -> FlopRate:
    """Arithmetic rate that large kernels reach.

    Parameters
    ----------
    peak : FlopRate
        [FLOP/s].
    efficiency : Fraction
        [1].

    Returns
    -------
    FlopRate
        [FLOP/s]; broadcast shape.
    """
    return peak * efficiency


def attained_bandwidth(rated: ByteRate, efficiency: Fraction) -> ByteRate:
    """Bandwidth that long transfers reach.

    Parameters
    ----------
    rated : ByteRate
        [B/s].
    efficiency : Fraction
        [1].

    Returns
    -------
    ByteRate
        [B/s]; broadcast shape.
    """
    return rated * efficiency


def usable_memory(capacity: Bytes, usable: Fraction) -> Bytes:
    """Memory of a chip that training can fill.

    Parameters
    ----------
    capacity : Bytes
        [B].
    usable : Fraction
        [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return capacity * usable


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


def tokens_on_chip(micro_batch: Count, sequence: Count, context: Count) -> Count:
    """Tokens of a micro-batch that a chip works on.

    Parameters
    ----------
    micro_batch, sequence, context : Count
        Sequences, tokens a sequence, and chips a sequence is cut over [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return micro_batch * sequence / context


def micro_batches(global_batch: Count, data: Count, micro_batch: Count) -> Count:
    """Micro-batches that one pipeline works through in a step.

    Parameters
    ----------
    global_batch, data, micro_batch : Count
        Sequences a step, replicas, sequences a micro-batch [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return global_batch / (data * micro_batch)


def passes_made(micro_batches: Count) -> Count:
    """Passes through every layer in a step, there and back counted apart.

    Parameters
    ----------
    micro_batches : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return 2.0 * micro_batches


def stage_layers(layers: Count, pipeline: Count) -> Count:
    """Layers of the fullest stage: 126 layers over 16 stages leave 8 on most.

    Parameters
    ----------
    layers, pipeline : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return round_up(layers / pipeline)


def group_bandwidth(
    size: Count, stride: Count, domain: Count, scale_up: ByteRate, network: ByteRate
) -> ByteRate:
    """Bandwidth of a chip in a group that lies every `stride` chips: within a fast domain, or through the network.

    A ring through a domain enters and leaves it once, over the network ports of all its members there.

    Parameters
    ----------
    size, stride, domain : Count
        Chips in the group, distance of neighbours, chips in a fast domain [1].
    scale_up, network : ByteRate
        Of one chip in one direction, as attained [B/s].

    Returns
    -------
    ByteRate
        [B/s]; broadcast shape.
    """
    through = minimum(scale_up, network * maximum(domain / stride, 1.0))
    return where(size * stride > domain, through, scale_up)


def product_widths(
    hidden: Count, kv_width: Count, feedforward: Count, gated: Fraction, active_experts: Count, tensor: Count
) -> Count:
    """Elements that the matrix products of a layer read and write a token, as `gemm_traffic` counts them.

    Parameters
    ----------
    hidden, kv_width, feedforward : Count
        [1].
    gated : Fraction
        [1].
    active_experts, tensor : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    whole = hidden * (2.0 + active_experts * (2.0 + gated))
    split = 2.0 * hidden + 2.0 * kv_width + active_experts * (2.0 + gated) * feedforward
    return whole + split / tensor


def products_time(
    tokens: Count, weights: Count, widths: Count, tensor: Count, matrix_rate: FlopRate, operand: Bytes,
    operand_bandwidth: ByteRate, multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of matrix products: arithmetic, and the share of their operands' traffic that does not hide under it.

    The second term makes small products less efficient than large ones.

    Parameters
    ----------
    tokens, weights, widths, tensor : Count
        Tokens, weights of the products, elements a token (`product_widths`), tensor-parallel size [1].
    matrix_rate : FlopRate
        Peak times the efficiency of large products [FLOP/s].
    operand : Bytes
        Mean size of an operand's element [B].
    operand_bandwidth : ByteRate
        [B/s].
    multiply_add : Flop
        Operations one multiply-add counts for [FLOP].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    local = weights / tensor
    return tokens * local * (multiply_add / matrix_rate) + (tokens * widths + local) * (
        operand / operand_bandwidth
    )


def kept_output_time(
    tokens: Count, hidden: Count, feedforward: Count, active_experts: Count, tensor: Count, matrix_rate: FlopRate,
    operand: Bytes, operand_bandwidth: ByteRate, skips: Fraction, multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of the product that ends a layer, which recomputation leaves out where it stops early.

    Nothing in the backward pass reads a layer's own output, so a recomputation may stop at its last input.

    Parameters
    ----------
    tokens, hidden, feedforward, active_experts, tensor : Count
        [1].
    matrix_rate : FlopRate
        [FLOP/s].
    operand : Bytes
        [B].
    operand_bandwidth : ByteRate
        [B/s].
    skips : Fraction
        1 where recomputation stops early, else 0 [1].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    weights = active_experts * hidden * feedforward
    widths = active_experts * (hidden + feedforward / tensor)
    time = products_time(
        tokens, weights, widths, tensor, matrix_rate, operand, operand_bandwidth, multiply_add
    )
    return skips * time


def attention_forward(
    tokens: Count, sequence: Count, hidden: Count, heads: Count, tensor: Count, flash: Fraction, dropout: Fraction,
    attention_rate: FlopRate, score_rate: FlopRate, memory_rate: ByteRate, element: Bytes,
    multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of scores, softmax and weighted sum in a forward pass.

    Flash attention computes the causal half at its own rate [4]_. Unfused attention computes all of it as two
    products, and its scores pass memory four times, six and a half with dropout: written, softmax in and out,
    dropout in and out with its mask, read [2]_.

    Parameters
    ----------
    tokens, sequence, hidden, heads, tensor : Count
        [1].
    flash, dropout : Fraction
        1 or 0 [1].
    attention_rate, score_rate : FlopRate
        Of flash attention, and of the products of unfused attention [FLOP/s].
    memory_rate : ByteRate
        Attained memory bandwidth [B/s].
    element : Bytes
        Of a score [B].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    work = 2.0 * multiply_add * sequence * hidden
    moved = (4.0 + 2.5 * dropout) * element * sequence * heads
    each = flash * (0.5 * work / attention_rate) + (1.0 - flash) * (work / score_rate + moved / memory_rate)
    return tokens / tensor * each


def attention_backward(
    tokens: Count, sequence: Count, hidden: Count, heads: Count, tensor: Count, flash: Fraction, dropout: Fraction,
    attention_rate: FlopRate, score_rate: FlopRate, memory_rate: ByteRate, element: Bytes,
    multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of attention in a backward pass.

    Flash attention computes five products for two, the scores among them again [4]_; unfused attention four,
    with its scores and their gradients passing memory six times, eight and a half with dropout.

    Parameters
    ----------
    tokens, sequence, hidden, heads, tensor : Count
        [1].
    flash, dropout : Fraction
        1 or 0 [1].
    attention_rate, score_rate : FlopRate
        [FLOP/s].
    memory_rate : ByteRate
        [B/s].
    element : Bytes
        [B].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    work = 2.0 * multiply_add * sequence * hidden
    moved = (6.0 + 2.5 * dropout) * element * sequence * heads
    each = flash * (1.25 * work / attention_rate) + (1.0 - flash) * (
        2.0 * work / score_rate + moved / memory_rate
    )
    return tokens / tensor * each


def elementwise_forward(
    tokens: Count, hidden: Count, feedforward: Count, gated: Fraction, active_experts: Count, tensor: Count,
    sequence_parallel: Fraction, dropout: Fraction, passes: Ratio, element: Bytes, memory_rate: ByteRate,
) -> Duration:  # fmt: skip
    """Time of a layer's norms, residual additions, dropouts and activation function, at memory speed.

    Fused kernels read and write, in elements of the hidden size: two norms 2 each, two additions 3 each, their
    dropouts' masks a half each; and of the MLP's width 2, or 3 where gated.

    Parameters
    ----------
    tokens, hidden, feedforward : Count
        [1].
    gated : Fraction
        [1].
    active_experts, tensor : Count
        [1].
    sequence_parallel, dropout : Fraction
        Whether norms and residuals are sharded over the tensor group, and whether there is dropout [1].
    passes : Ratio
        How often as much as fused kernels the stack moves [1].
    element : Bytes
        [B].
    memory_rate : ByteRate
        Attained memory bandwidth [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    outside = hidden * (10.0 + dropout) / (1.0 + sequence_parallel * (tensor - 1.0))
    inside = active_experts * feedforward * (2.0 + gated) / tensor
    return tokens * (outside + inside) * (passes * element / memory_rate)


def elementwise_backward(
    tokens: Count, hidden: Count, feedforward: Count, gated: Fraction, active_experts: Count, tensor: Count,
    sequence_parallel: Fraction, dropout: Fraction, passes: Ratio, element: Bytes, memory_rate: ByteRate,
) -> Duration:  # fmt: skip
    """Time of the same operators in a backward pass.

    Norms read two and write one, additions pass gradients on (3 each), dropouts read, write and mask (5 in
    two); the activation function reads two and writes one, or 5 in all where gated.

    Parameters
    ----------
    tokens, hidden, feedforward : Count
        [1].
    gated : Fraction
        [1].
    active_experts, tensor : Count
        [1].
    sequence_parallel, dropout : Fraction
        [1].
    passes : Ratio
        [1].
    element : Bytes
        [B].
    memory_rate : ByteRate
        [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    outside = hidden * (12.0 + 5.0 * dropout) / (1.0 + sequence_parallel * (tensor - 1.0))
    inside = active_experts * feedforward * (3.0 + 2.0 * gated) / tensor
    return tokens * (outside + inside) * (passes * element / memory_rate)


def cast_time(
    tokens: Count, hidden: Count, feedforward: Count, active_experts: Count, weights: Count, tensor: Count,
    micro_batches: Count, cast_passes: Ratio, element: Bytes, memory_rate: ByteRate,
) -> Duration:  # fmt: skip
    """Time to bring the operands of a layer's products to a narrower format, at memory speed.

    Each operand is read once and written twice at half the size (as it is, and transposed for the backward
    pass); weights once a step.

    Parameters
    ----------
    tokens, hidden, feedforward, active_experts, weights, tensor, micro_batches : Count
        [1].
    cast_passes : Ratio
        How often as much as that the stack moves; 0 for 16-bit products [1].
    element : Bytes
        [B].
    memory_rate : ByteRate
        [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    operands = (1.0 + active_experts) * hidden + (hidden + active_experts * feedforward) / tensor
    moved = tokens * operands + weights / (tensor * micro_batches)
    return moved * (2.0 * cast_passes * element / memory_rate)


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
    tensor: Ranks, tokens: Count, hidden: Count, element: Bytes, bandwidth: ByteRate, hop_latency: Duration,
    exposed: Fraction,
) -> Duration:  # fmt: skip
    """Exposed communication of a layer's two all-reduces over the tensor group in one pass [1]_.

    With sequence parallelism each is a reduce-scatter and an all-gather that move as much [2]_.

    Parameters
    ----------
    tensor : Ranks
        [1].
    tokens, hidden : Count
        [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        Of the group, see `group_bandwidth` [B/s].
    hop_latency : Duration
        [s].
    exposed : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return 2.0 * exposed * ring_all_reduce(tensor, tokens * hidden * element, bandwidth, hop_latency)


def context_time(
    context: Ranks, tokens: Count, kv_width: Count, tensor: Count, element: Bytes, bandwidth: ByteRate,
    hop_latency: Duration,
) -> Duration:  # fmt: skip
    """Time for the keys and values of a sequence cut over chips to pass round their ring, in one pass.

    Parameters
    ----------
    context : Ranks
        [1].
    tokens, kv_width, tensor : Count
        [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        [B/s].
    hop_latency : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return ring_all_gather(
        context, context * tokens * kv_width / tensor * 2.0 * element, bandwidth, hop_latency
    )


def expert_time(
    expert: Ranks, tokens: Count, hidden: Count, active_experts: Count, element: Bytes, bandwidth: ByteRate,
    hop_latency: Duration,
) -> Duration:  # fmt: skip
    """Time of a layer's two exchanges with its experts in one pass: every token out and back.

    Parameters
    ----------
    expert : Ranks
        Chips that the experts of a layer are spread over [1].
    tokens, hidden, active_experts : Count
        [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        [B/s].
    hop_latency : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return 2.0 * switched_all_to_all(
        expert, tokens * hidden * active_experts * element, bandwidth, hop_latency
    )


def layer_forward(
    products: Duration, attention: Duration, elementwise: Duration, cast: Duration, communication: Duration
) -> Duration:
    """Time of a layer in the forward pass.

    Parameters
    ----------
    products, attention, elementwise, cast, communication : Duration
        [s].

    Returns
    -------
    Duration
        Their sum [s]; broadcast shape.
    """
    return products + attention + elementwise + cast + communication


def layer_backward(
    products: Duration, attention: Duration, elementwise: Duration, cast: Duration, communication: Duration
) -> Duration:
    """Time of a layer in the backward pass: each product's two gradients are products of the same size.

    Parameters
    ----------
    products : Duration
        Of the forward pass [s].
    attention, elementwise, cast, communication : Duration
        Of the backward pass [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return 2.0 * products + attention + elementwise + cast + communication


def layer_recompute(
    layer_forward: Duration, kept_output: Duration, attention: Duration, full: Fraction, selective: Fraction
) -> Duration:
    """Time of what a layer computes a second time before its backward pass [2]_.

    Negative for a product left out that takes longer than its layer.

    Parameters
    ----------
    layer_forward, kept_output, attention : Duration
        Of the whole layer, of the product at its end that may be left out, and of attention alone [s].
    full, selective : Fraction
        1 or 0 [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return full * (layer_forward - kept_output) + selective * attention


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


def shard_time(
    data: Ranks, weights: Count, tensor: Count, element: Bytes, bandwidth: ByteRate, forward: Duration,
    backward: Duration, exposed: Fraction, shard_weights: Fraction,
) -> Duration:  # fmt: skip
    """Exposed traffic of a layer whose weights are sharded over replicas, for one micro-batch [3]_.

    Weights are gathered once for the forward and once for the backward pass, and gradients scattered: half as
    much again as the gradients' all-reduce of unsharded training.

    Parameters
    ----------
    data : Ranks
        [1].
    weights, tensor : Count
        Weights of a layer, tensor-parallel size [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        [B/s].
    forward, backward : Duration
        Work of the layer that the traffic runs under, recomputation with the backward pass [s].
    exposed, shard_weights : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    no_latency = 0.0 * forward  # of long rings it stands in the straggling of many replicas
    gather = ring_all_gather(data, weights / tensor * element, bandwidth, no_latency)
    seen = exposed_time(gather, forward, exposed) + exposed_time(2.0 * gather, backward, exposed)
    return shard_weights * seen


def head_time(
    tokens: Count, hidden: Count, vocabulary: Count, tensor: Count, head_rate: FlopRate, element: Bytes,
    operand_bandwidth: ByteRate, logit_passes: Ratio, memory_rate: ByteRate, multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of the output head and the loss, there and back, for one micro-batch; in 16 bits at any precision.

    Parameters
    ----------
    tokens, hidden, vocabulary, tensor : Count
        [1].
    head_rate : FlopRate
        [FLOP/s].
    element : Bytes
        [B].
    operand_bandwidth : ByteRate
        [B/s].
    logit_passes : Ratio
        How often a logit passes memory, in elements [1].
    memory_rate : ByteRate
        [B/s].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    split = vocabulary / tensor
    product = products_time(
        tokens,
        hidden * vocabulary,
        hidden + split,
        tensor,
        head_rate,
        element,
        operand_bandwidth,
        multiply_add,
    )
    return 3.0 * product + tokens * split * (logit_passes * element / memory_rate)


def slowest_stage(
    layers: Count, pipeline: Count, stage_layers: Count, layer_work: Duration, head: Duration
) -> Duration:
    """Time of the stage that sets the pace: one with the most layers, or the last, which has the head.

    Where layers do not divide evenly the last stage has one layer less.

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
    last = stage_layers - where(stage_layers * pipeline > layers, 1.0, 0.0)
    return maximum(stage_layers * layer_work, last * layer_work + head)


def imbalance_time(
    slowest: Duration, layers: Count, pipeline: Count, layer_work: Duration, head: Duration
) -> Duration:
    """Time for which the average stage waits for the slowest, a micro-batch.

    Parameters
    ----------
    slowest : Duration
        [s].
    layers, pipeline : Count
        [1].
    layer_work, head : Duration
        [s].

    Returns
    -------
    Duration
        Zero for one stage; negative for a `slowest` that is not [s]; broadcast shape.
    """
    # the slowest is never below the average; the last bit may be
    return maximum(slowest - (layers * layer_work + head) / pipeline, 0.0)


def pipeline_time(
    pipeline: Count, interleave: Count, tokens: Count, hidden: Count, tensor: Count, element: Bytes,
    bandwidth: ByteRate, latency: Duration, exposed: Fraction,
) -> Duration:  # fmt: skip
    """Exposed transfers between stages for one micro-batch: there and back, once a virtual stage [1]_.

    The tensor group sends every activation once, each chip its part.

    Parameters
    ----------
    pipeline, interleave, tokens, hidden, tensor : Count
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
    pipeline: Ranks, interleave: Ranks, layers: Count, layer_work: Duration, transfers: Duration
) -> Duration:
    """Time for which stages stand still while a pipeline fills and drains, eq. in section 2.2.2 of [1]_.

    Parameters
    ----------
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
    return (pipeline - 1.0) / interleave * (layers / pipeline * layer_work + transfers)


def gradient_time(
    data: Ranks,
    parameters: Count,
    element: Bytes,
    bandwidth: ByteRate,
    exposed: Fraction,
    shard_weights: Fraction,
) -> Duration:
    """Exposed time of bringing gradients together over replicas, once a step, where weights are whole.

    With a sharded optimizer the all-reduce falls into a reduce-scatter of gradients and an all-gather of
    weights, as long together [3]_.

    Parameters
    ----------
    data : Ranks
        [1].
    parameters : Count
        On a chip [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        [B/s].
    exposed, shard_weights : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    time = ring_all_reduce(data, parameters * element, bandwidth, 0.0 * (element / bandwidth))
    return time * (exposed * (1.0 - shard_weights))


def optimizer_time(
    parameters: Count, optimizer_traffic: Bytes, shard_optimizer: Fraction, data: Count, memory_rate: ByteRate
) -> Duration:
    """Time to update the parameters that a chip keeps the optimizer's state of, at memory speed.

    Parameters
    ----------
    parameters : Count
        On a chip [1].
    optimizer_traffic : Bytes
        Read and written a parameter [B].
    shard_optimizer : Fraction
        [1].
    data : Count
        [1].
    memory_rate : ByteRate
        [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return parameters * (optimizer_traffic / memory_rate) / (1.0 + shard_optimizer * (data - 1.0))


def of_stage(part: Duration, micro_batches: Count, layers: Count, pipeline: Count) -> Duration:
    """Time that a part of a layer takes the average stage over a step.

    Parameters
    ----------
    part : Duration
        Of a layer, for one micro-batch [s].
    micro_batches, layers, pipeline : Count
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return part * (micro_batches * layers / pipeline)


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


def straggling_time(run_through: Duration, data: Ranks, straggling: Fraction) -> Duration:
    """Time for which replicas wait for the slowest of them: a share of the step a doubling of their number.

    Parameters
    ----------
    run_through : Duration
        [s].
    data : Ranks
        Replicas [1].
    straggling : Fraction
        [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return run_through * (straggling * log2(data))


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


def throughput(global_batch: Count, sequence: Count, chips: Count, step_time: Duration) -> TokenRate:
    """Tokens a chip trains on a second.

    Parameters
    ----------
    global_batch, sequence, chips : Count
        [1].
    step_time : Duration
        [s].

    Returns
    -------
    TokenRate
        [1/s]; broadcast shape.
    """
    return global_batch * sequence / (chips * step_time)


def model_utilisation(flop: Flop, chips: Count, peak: FlopRate, step_time: Duration) -> Ratio:
    """Model FLOP utilisation: the work the model asks for, over what the chips could do in a step.

    Parameters
    ----------
    flop : Flop
        Of a step, recomputation not counted [FLOP].
    chips : Count
        [1].
    peak : FlopRate
        Dense peak of a chip at the precision that the figure is quoted for [FLOP/s].
    step_time : Duration
        [s].

    Returns
    -------
    Ratio
        MFU [1]; broadcast shape. Above one only for a step shorter than its work allows.
    """
    return flop / (chips * peak * step_time)
