"""Transformers by their sizes: parameters, operations, and the activations that a layer keeps.

`gated` and `tied` are 1 where the MLP is gated (three matrices) and where input and output embedding are one,
else 0. A dense model has one expert, and one active. Norms and biases are left out: less than a thousandth.

References
----------
.. [1] J. Kaplan et al., "Scaling Laws for Neural Language Models", arXiv:2001.08361, section 2.1.
.. [2] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM",
   SC21, section 5.1 and appendix.
.. [3] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023,
   section 4.
.. [4] A. Chowdhery et al., "PaLM: Scaling Language Modeling with Pathways", JMLR 24, 2023, appendix B.
"""

from __future__ import annotations

from dojo_calc.performance.kernels import MULTIPLY_ADD, attention_flop, gemm_flop
from dojo_calc.quantities import Bytes, Count, Flop, Fraction

__all__ = [
    "attention_weights", "embedding_parameters", "forward_flop", "head_width", "key_value_width",
    "layer_activations", "layer_parameters", "mlp_weights", "model_parameters", "training_flop",
]  # fmt: skip


def head_width(hidden: Count, heads: Count) -> Count:
    """Width of one attention head.

    Parameters
    ----------
    hidden, heads : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return hidden / heads


def key_value_width(head_width: Count, kv_heads: Count) -> Count:
    """Width of the keys, and of the values, of all heads: below the hidden size for grouped queries.

    Parameters
    ----------
    head_width, kv_heads : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return head_width * kv_heads


def attention_weights(hidden: Count, kv_width: Count) -> Count:
    """Weights of the four products around attention: queries, keys, values, output.

    Parameters
    ----------
    hidden, kv_width : Count
        [1].

    Returns
    -------
    Count
        ``2 hidden (hidden + kv_width)`` [1]; broadcast shape.
    """
    return 2.0 * hidden * (hidden + kv_width)


def mlp_weights(hidden: Count, feedforward: Count, gated: Fraction) -> Count:
    """Weights of one MLP: up, down, and the gate where there is one.

    Parameters
    ----------
    hidden, feedforward : Count
        [1].
    gated : Fraction
        1 or 0 [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return (2.0 + gated) * hidden * feedforward


def layer_parameters(attention_weights: Count, mlp_weights: Count, experts: Count = 1.0) -> Count:
    """Parameters of a layer; with the active experts alone, the weights that one token meets.

    Parameters
    ----------
    attention_weights, mlp_weights, experts : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return attention_weights + experts * mlp_weights


def embedding_parameters(hidden: Count, vocabulary: Count, tied: Fraction) -> Count:
    """Parameters of the embeddings at both ends, which are one matrix where tied.

    Parameters
    ----------
    hidden, vocabulary : Count
        [1].
    tied : Fraction
        1 or 0 [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return hidden * vocabulary * (2.0 - tied)


def model_parameters(layers: Count, layer_parameters: Count, embedding_parameters: Count) -> Count:
    """Parameters of a model [2]_.

    Parameters
    ----------
    layers, layer_parameters, embedding_parameters : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return layers * layer_parameters + embedding_parameters


def forward_flop(
    tokens: Count,
    layers: Count,
    active_weights: Count,
    hidden: Count,
    vocabulary: Count,
    sequence: Count,
    visible: Fraction = 1.0,
    multiply_add: Flop = MULTIPLY_ADD,
) -> Flop:
    """Work of one forward pass: the products of every layer, attention's own, and the output head.

    Parameters
    ----------
    tokens : Count
        [1].
    layers : Count
        [1].
    active_weights : Count
        Weights of a layer that one token meets, see `layer_parameters` [1].
    hidden, vocabulary, sequence : Count
        [1].
    visible : Fraction
        Share of the attention scores that is counted: 1 in full as [2]_ and [4]_ do, one half for the causal
        part alone [1].
    multiply_add : Flop
        Operations one multiply-add counts for [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    attention = attention_flop(1.0, 1.0, tokens, sequence, hidden, visible, multiply_add)
    products = gemm_flop(tokens, active_weights, 1.0, multiply_add)
    return layers * (products + attention) + gemm_flop(tokens, vocabulary, hidden, multiply_add)


def training_flop(forward_flop: Flop) -> Flop:
    """Work that training asks of a model: the backward pass is two products for each of the forward pass.

    Recomputation is not counted, as in MFU [4]_. For many layers and a short sequence this is 6 N D [1]_.

    Parameters
    ----------
    forward_flop : Flop
        [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return 3.0 * forward_flop


def layer_activations(
    tokens: Count,
    hidden: Count,
    feedforward: Count,
    kv_width: Count,
    heads: Count,
    sequence: Count,
    gated: Fraction,
    tensor: Count,
    sequence_parallel: Fraction,
    selective: Fraction,
    full: Fraction,
    flash: Fraction,
    dropout: Fraction,
    element: Bytes,
) -> Bytes:
    """Activations that a layer keeps for its backward pass on one chip, eq. 1 to 6 of [3]_ for any widths.

    Outside attention and MLP: the input of each norm and of the product after it, and a mask a dropout;
    sharded over the tensor group only where `sequence_parallel`. Inside: queries, keys, values, the input of
    the output product, and the MLP's inner widths. Scores are kept (softmax, its dropout's mask and output)
    unless attention is `flash` or recomputed. Full recomputation keeps the layer's input alone.

    Parameters
    ----------
    tokens : Count
        Of a micro-batch on the chip [1].
    hidden, feedforward, kv_width, heads, sequence, tensor : Count
        [1].
    gated, sequence_parallel, selective, full, flash, dropout : Fraction
        1 or 0 [1].
    element : Bytes
        Of one activation; a mask takes half of it [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    outside = hidden * (4.0 + dropout)
    inside = (2.0 * hidden + 2.0 * kv_width + (2.0 + gated) * feedforward) / tensor
    scores = heads * sequence * (1.0 + 1.5 * dropout) / tensor * (1.0 - flash) * (1.0 - selective)
    spread = 1.0 + sequence_parallel * (tensor - 1.0)
    kept = outside / spread + inside + scores
    return tokens * element * (full * hidden + (1.0 - full) * kept)
