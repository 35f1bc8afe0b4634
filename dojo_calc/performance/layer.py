"""What a layer computes on a chip, and how long: products, attention, element-wise operators, casts, the head.

Matrix products run at their own rate and attention at its own, everything else at memory speed. Flags (`gated`,
`flash`, `dropout` ...) are 1 or 0, so that arrays of configurations need no branches.

References
----------
.. [2] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023.
.. [4] T. Dao, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning", 2023.
.. [6] NVIDIA, Megatron-Core: `make_vocab_size_divisible_by` pads the vocabulary, and a tensor group wider than
   the heads of keys and values keeps each of them several times.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, minimum, round_up
from dojo_calc.operations import power as power_of
from dojo_calc.performance.kernels import MULTIPLY_ADD
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Count,
    Duration,
    Extent,
    Flop,
    FlopRate,
    Fraction,
    PositiveCount,
    PositiveFraction,
    PositivePower,
    Ranks,
    Ratio,
)

__all__ = [
    "attained_bandwidth", "attained_rate", "attention_backward", "attention_forward", "capped_share",
    "cast_time", "elementwise_backward", "elementwise_forward", "head_time", "kept_output_time",
    "key_value_share", "padded_vocabulary", "product_widths", "products_time", "usable_memory",
    "weights_at_work",
]  # fmt: skip


def attained_rate(peak: FlopRate, efficiency: PositiveFraction) -> FlopRate:
    """Arithmetic rate that large kernels reach.

    Parameters
    ----------
    peak : FlopRate
        [FLOP/s].
    efficiency : PositiveFraction
        [1].

    Returns
    -------
    FlopRate
        [FLOP/s]; broadcast shape.
    """
    return peak * efficiency


def attained_bandwidth(rated: ByteRate, efficiency: PositiveFraction) -> ByteRate:
    """Bandwidth that long transfers reach.

    Parameters
    ----------
    rated : ByteRate
        [B/s].
    efficiency : PositiveFraction
        [1].

    Returns
    -------
    ByteRate
        [B/s]; broadcast shape.
    """
    return rated * efficiency


def capped_share(power: PositivePower, rated: PositivePower, exponent: Fraction) -> Fraction:
    """Share of its speed that a chip keeps under a cap on its power.

    Parameters
    ----------
    power, rated : PositivePower
        The cap, and what the chip is rated at [W].
    exponent : Fraction
        0 where speed does not follow power, 1 where it follows in proportion [1].

    Returns
    -------
    Fraction
        1 for a cap above the rating [1]; broadcast shape.
    """
    return power_of(minimum(power / rated, 1.0), exponent)


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


def key_value_share(kv_width: Count, head_width: Count, tensor: Ranks) -> Count:
    """Width of the keys, and of the values, on a chip: never less than a head, which a larger group repeats [6]_.

    Parameters
    ----------
    kv_width, head_width : Count
        Of all heads, and of one [1].
    tensor : Ranks
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return maximum(kv_width / tensor, head_width)


def weights_at_work(
    active_weights: Count, hidden: Count, kv_width: Count, kv_share: Count, tensor: Ranks
) -> Count:
    """Weights of a layer's products that a chip multiplies a token with.

    Parameters
    ----------
    active_weights : Count
        Of the layer, that one token meets [1].
    hidden, kv_width, kv_share, tensor : Count or Ranks
        Width of the model, of all keys, of a chip's keys (`key_value_share`), tensor-parallel size [1].

    Returns
    -------
    Count
        An equal part, and the keys' and values' that the group holds more than once [1]; broadcast shape.
    """
    return active_weights / tensor + 2.0 * hidden * maximum(kv_share - kv_width / tensor, 0.0)


def product_widths(
    hidden: Count, attention_width: Count, kv_share: Count, passes: Count, inner: Count, gated: Fraction,
    tensor: Ranks,
) -> Count:  # fmt: skip
    """Elements that a layer's products read and write a token on a chip, experts apart, as `gemm_traffic` counts.

    Parameters
    ----------
    hidden, attention_width, kv_share : Count
        Width of the model, of all queries, and of a chip's keys [1].
    passes, inner : Count
        MLPs that a token passes, and their inner width together [1].
    gated : Fraction
        [1].
    tensor : Ranks
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    whole = hidden * (2.0 + passes * (2.0 + gated))
    split = 2.0 * attention_width + (2.0 + gated) * inner
    return whole + split / tensor + 2.0 * kv_share


def products_time(
    tokens: Count, local_weights: Count, widths: Count, matrix_rate: FlopRate, operand: Bytes,
    operand_bandwidth: ByteRate, multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of matrix products: arithmetic, and the share of their operands' traffic that does not hide under it.

    The second term makes small products less efficient than large ones.

    Parameters
    ----------
    tokens, local_weights, widths : Count
        Tokens, weights of the products on the chip, elements a token (`product_widths`) [1].
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
    return tokens * local_weights * (multiply_add / matrix_rate) + (tokens * widths + local_weights) * (
        operand / operand_bandwidth
    )


def kept_output_time(
    tokens: Count, hidden: Count, feedforward: Count, active_experts: Count, tensor: Ranks, matrix_rate: FlopRate,
    operand: Bytes, operand_bandwidth: ByteRate, skips: Fraction, multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of the product that ends a layer, which recomputation leaves out where it stops early.

    Nothing in the backward pass reads a layer's own output, so a recomputation may stop at its last input.

    Parameters
    ----------
    tokens, hidden, feedforward, active_experts, tensor : Count or Ranks
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
    weights = active_experts * hidden * feedforward / tensor
    widths = active_experts * (hidden + feedforward / tensor)
    time = products_time(tokens, weights, widths, matrix_rate, operand, operand_bandwidth, multiply_add)
    return skips * time


def attention_forward(
    tokens: Count, sequence: Count, hidden: Count, heads: Count, tensor: Ranks, flash: Fraction, dropout: Fraction,
    attention_rate: FlopRate, score_rate: FlopRate, memory_rate: ByteRate, element: Bytes,
    multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of scores, softmax and weighted sum in a forward pass.

    Flash attention computes the causal half at its own rate [4]_. Unfused attention computes all of it as two
    products, and its scores pass memory four times, six and a half with dropout: written, softmax in and out,
    dropout in and out with its mask, read [2]_.

    Parameters
    ----------
    tokens, sequence, hidden, heads, tensor : Count or Ranks
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
    tokens: Count, sequence: Count, hidden: Count, heads: Count, tensor: Ranks, flash: Fraction, dropout: Fraction,
    attention_rate: FlopRate, score_rate: FlopRate, memory_rate: ByteRate, element: Bytes,
    multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of attention in a backward pass.

    Flash attention computes five products for two, the scores among them again [4]_; unfused attention four,
    with its scores and their gradients passing memory six times, eight and a half with dropout.

    Parameters
    ----------
    tokens, sequence, hidden, heads, tensor : Count or Ranks
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
    tokens: Count, hidden: Count, feedforward: Count, gated: Fraction, active_experts: Count, tensor: Ranks,
    sequence_parallel: Fraction, dropout: Fraction, passes: Ratio, element: Bytes, memory_rate: ByteRate,
) -> Duration:  # fmt: skip
    """Time of a layer's norms, residual additions, dropouts and activation function, at memory speed.

    What has to move, with each addition fused to the norm after it: of the hidden size 4 a pair, two pairs (branch
    and residual in; residual and norm out) and a half for each dropout's mask; of the MLP's width 2, or 3 where
    gated.

    Parameters
    ----------
    tokens, hidden, feedforward : Count
        [1].
    gated : Fraction
        [1].
    active_experts, tensor : Count or Ranks
        [1].
    sequence_parallel, dropout : Fraction
        Whether norms and residuals are sharded over the tensor group, and whether there is dropout [1].
    passes : Ratio
        How often as much as that the stack moves; at least once [1].
    element : Bytes
        [B].
    memory_rate : ByteRate
        Attained memory bandwidth [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    outside = hidden * (8.0 + dropout) / (1.0 + sequence_parallel * (tensor - 1.0))
    inside = active_experts * feedforward * (2.0 + gated) / tensor
    return tokens * (outside + inside) * (passes * element / memory_rate)


def elementwise_backward(
    tokens: Count, hidden: Count, feedforward: Count, gated: Fraction, active_experts: Count, tensor: Ranks,
    sequence_parallel: Fraction, dropout: Fraction, passes: Ratio, element: Bytes, memory_rate: ByteRate,
) -> Duration:  # fmt: skip
    """Time of the same operators in a backward pass.

    A pair reads its input and two gradients and writes one, dropouts read, write and mask (5 in two); the
    activation function reads two and writes one, or 5 in all where gated.

    Parameters
    ----------
    tokens, hidden, feedforward : Count
        [1].
    gated : Fraction
        [1].
    active_experts, tensor : Count or Ranks
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
    outside = hidden * (8.0 + 5.0 * dropout) / (1.0 + sequence_parallel * (tensor - 1.0))
    inside = active_experts * feedforward * (3.0 + 2.0 * gated) / tensor
    return tokens * (outside + inside) * (passes * element / memory_rate)


def cast_time(
    tokens: Count, hidden: Count, feedforward: Count, active_experts: Count, layer_share: Count, tensor: Ranks,
    micro_batches: PositiveCount, cast_passes: Ratio, element: Bytes, memory_rate: ByteRate,
) -> Duration:  # fmt: skip
    """Time to bring the operands of a layer's products to a narrower format, at memory speed.

    Each operand is read once and written twice at half the size (as it is, and transposed for the backward
    pass); weights once a step.

    Parameters
    ----------
    tokens, hidden, feedforward, active_experts, layer_share, tensor, micro_batches : Count or Ranks or PositiveCount
        `layer_share` are the weights of a layer on the chip [1].
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
    moved = tokens * operands + layer_share / micro_batches
    return moved * (2.0 * cast_passes * element / memory_rate)


def padded_vocabulary(vocabulary: Extent, tensor: Ranks, multiple: PositiveCount) -> PositiveCount:
    """Rows of the embedding that a tensor group keeps: as many a chip, each a multiple of a whole tile [6]_.

    Parameters
    ----------
    vocabulary : Extent
        [1].
    tensor : Ranks
        [1].
    multiple : PositiveCount
        Of which a chip's rows are one; 1 where nothing is added [1].

    Returns
    -------
    PositiveCount
        [1]; broadcast shape.
    """
    return round_up(vocabulary / (multiple * tensor)) * multiple * tensor


def head_time(
    tokens: Count, hidden: Count, vocabulary: Count, tensor: Ranks, head_rate: FlopRate, element: Bytes,
    operand_bandwidth: ByteRate, logit_passes: Ratio, memory_rate: ByteRate, multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of the output head and the loss, there and back, for one micro-batch; in 16 bits at any precision.

    Parameters
    ----------
    tokens, hidden, vocabulary, tensor : Count or Ranks
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
        hidden * split,
        hidden + split,
        head_rate,
        element,
        operand_bandwidth,
        multiply_add,
    )
    return 3.0 * product + tokens * split * (logit_passes * element / memory_rate)
