"""Work and compulsory traffic of the kernels that training is made of.

Traffic is the least that a memory large enough to hold one pass would see: every operand read once, every
result written once (the compulsory traffic of [1]_). A real kernel moves more; the ratio of `*_flop` to
`*_traffic` is therefore an upper bound of its arithmetic intensity.

References
----------
.. [1] S. Williams, A. Waterman, D. Patterson, "Roofline", Communications of the ACM 52(4), 2009.
.. [2] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
.. [3] T. Dao et al., "FlashAttention", NeurIPS 2022.
"""

from __future__ import annotations

from dojo_calc.operations import floor
from dojo_calc.quantities import Bytes, Count, Extent, Flop, Fraction, PositiveCount

__all__ = [
    "attention_flop", "attention_flash_traffic", "attention_unfused_traffic", "convolution_flop",
    "convolution_outputs", "convolution_traffic", "elementwise_flop", "elementwise_traffic", "gemm_flop",
    "gemm_traffic", "reduction_flop", "reduction_traffic",
]  # fmt: skip

# A multiply-add counts as two operations wherever a peak rate is quoted.
MULTIPLY_ADD = 2.0


def gemm_flop(m: Count, n: Count, k: Count, multiply_add: Flop = MULTIPLY_ADD) -> Flop:
    """Work of a matrix product (m x k) by (k x n).

    Parameters
    ----------
    m, n, k : Count
        Sizes [1].
    multiply_add : Flop
        Operations one multiply-add counts for [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return multiply_add * m * n * k


def gemm_traffic(m: Count, n: Count, k: Count, element: Bytes) -> Bytes:
    """Compulsory traffic of a matrix product: both operands read, the result written.

    Parameters
    ----------
    m, n, k : Count
        Sizes [1].
    element : Bytes
        Size of one element [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape. Also the working set of the product.
    """
    return (m * k + k * n + m * n) * element


def elementwise_flop(elements: Count, per_element: Flop) -> Flop:
    """Work of an operation done to every element alone.

    Parameters
    ----------
    elements : Count
        [1].
    per_element : Flop
        Operations an element [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return elements * per_element


def elementwise_traffic(elements: Count, operands: Count, element: Bytes) -> Bytes:
    """Traffic of an elementwise operation: each operand read, one result written.

    Parameters
    ----------
    elements : Count
        Elements of the result [1].
    operands : Count
        Arrays read [1].
    element : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return elements * (operands + 1.0) * element


def reduction_flop(results: Count, length: Extent, combine: Flop = 1.0) -> Flop:
    """Work of reducing rows of a length to one result each: length - 1 combinations a row.

    Parameters
    ----------
    results : Count
        Rows [1].
    length : Extent
        Elements in a row [1].
    combine : Flop
        Operations to combine two elements [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return results * (length - 1.0) * combine


def reduction_traffic(results: Count, length: Count, element: Bytes) -> Bytes:
    """Traffic of a reduction: every element read, every result written.

    Parameters
    ----------
    results, length : Count
        Rows, and elements in a row [1].
    element : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return results * (length + 1.0) * element


def attention_flop(
    batch: Count,
    heads: Count,
    queries: Count,
    keys: Count,
    head_size: Count,
    visible: Fraction = 1.0,
    multiply_add: Flop = MULTIPLY_ADD,
) -> Flop:
    """Work of the two matrix products of attention: scores, then the weighted sum of the values.

    Parameters
    ----------
    batch, heads, queries, keys, head_size : Count
        [1].
    visible : Fraction
        Share of the scores that is computed: 1 in full, one half for a long causal sequence [1].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape. The softmax is left out.
    """
    return 2.0 * multiply_add * batch * heads * queries * keys * head_size * visible


def attention_flash_traffic(
    batch: Count,
    heads: Count,
    key_heads: Count,
    queries: Count,
    keys: Count,
    head_size: Count,
    element: Bytes,
) -> Bytes:
    """Traffic of attention whose scores never leave the chip [3]_: Q, K, V read, the output written.

    Parameters
    ----------
    batch, heads, key_heads, queries, keys, head_size : Count
        `key_heads` is below `heads` for grouped-query attention [1].
    element : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return 2.0 * batch * (heads * queries + key_heads * keys) * head_size * element


def attention_unfused_traffic(
    batch: Count,
    heads: Count,
    key_heads: Count,
    queries: Count,
    keys: Count,
    head_size: Count,
    element: Bytes,
) -> Bytes:
    """Traffic of attention that writes its scores to memory: scores and weights each written and read [3]_.

    Parameters
    ----------
    batch, heads, key_heads, queries, keys, head_size : Count
        [1].
    element : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    scores = 4.0 * batch * heads * queries * keys * element
    return attention_flash_traffic(batch, heads, key_heads, queries, keys, head_size, element) + scores


def convolution_outputs(inputs: Count, kernel: Count, stride: PositiveCount, padding: Count) -> Count:
    """Outputs of a convolution along one axis, relationship 6 of [2]_.

    Parameters
    ----------
    inputs, kernel : Count
        Sizes along the axis [1].
    stride : PositiveCount
        [1].
    padding : Count
        On each side [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return floor((inputs + 2.0 * padding - kernel) / stride) + 1.0


def convolution_flop(
    batch: Count,
    outputs: Count,
    channels_in: Count,
    channels_out: Count,
    kernel: Count,
    multiply_add: Flop = MULTIPLY_ADD,
) -> Flop:
    """Work of a two-dimensional convolution.

    Parameters
    ----------
    batch : Count
        Images [1].
    outputs : Count
        Output pixels an image, height times width [1].
    channels_in, channels_out : Count
        [1].
    kernel : Count
        Taps of the kernel, height times width [1].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return multiply_add * batch * outputs * channels_in * channels_out * kernel


def convolution_traffic(
    batch: Count,
    inputs: Count,
    outputs: Count,
    channels_in: Count,
    channels_out: Count,
    kernel: Count,
    element: Bytes,
) -> Bytes:
    """Compulsory traffic of a two-dimensional convolution: image and kernel read, result written.

    Parameters
    ----------
    batch, inputs, outputs, channels_in, channels_out, kernel : Count
        `inputs` and `outputs` are pixels an image, `kernel` its taps [1].
    element : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    images = batch * (inputs * channels_in + outputs * channels_out)
    return (images + kernel * channels_in * channels_out) * element
