"""Transformers by their sizes: parameters and operations.

`gated` and `tied` are 1 where the MLP is gated (three matrices) and where input and output embedding are one,
else 0. Layers may differ: some have experts and some a dense MLP, some a window and some not; a formula of one
layer then gives the mean over all, which times their number is the whole. Norms and biases are left out: less
than a thousandth.

References
----------
.. [1] J. Kaplan et al., "Scaling Laws for Neural Language Models", arXiv:2001.08361, section 2.1.
.. [2] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM",
   SC21, section 5.1 and appendix.
.. [4] A. Chowdhery et al., "PaLM: Scaling Language Modeling with Pathways", JMLR 24, 2023, appendix B.
.. [5] DeepSeek-AI, "DeepSeek-V2", arXiv:2405.04434, section 2.1 and appendix C (latent attention).
.. [6] DeepSeek-AI, "DeepSeek-V3", arXiv:2412.19437, section 2 (experts, multi-token prediction).
.. [7] W. Fedus, B. Zoph, N. Shazeer, "Switch Transformers", JMLR 23, 2022, section 2.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, minimum, round_down, where
from dojo_calc.performance.kernels import MULTIPLY_ADD, attention_flop, gemm_flop
from dojo_calc.quantities import Count, Extent, Flop, Fraction, PositiveCount, Ranks

__all__ = [
    "active_parameters", "attention_span", "attention_weights", "attention_width", "embedding_parameters",
    "expert_share", "expert_weights", "forward_flop", "full_share", "head_width", "key_value_width",
    "layer_weights", "mlp_passes", "mlp_weights", "mlp_width",
    "model_parameters", "prediction_flop", "prediction_weights", "shared_weights", "training_flop",
]  # fmt: skip


def head_width(head_dim: Extent, value_head_dim: Extent) -> Count:
    """Width of an attention head: the mean of its queries (or keys) and its values.

    Attention's work and what it keeps depend on both widths only through their sum.

    Parameters
    ----------
    head_dim, value_head_dim : Extent
        Of a query or key, and of a value [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return (head_dim + value_head_dim) / 2.0


def attention_width(head_width: Count, heads: Extent) -> Count:
    """Width of all heads together: the hidden size in most models, not in all.

    Parameters
    ----------
    head_width : Count
        [1].
    heads : Extent
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return head_width * heads


def key_value_width(head_width: Count, kv_heads: Extent) -> Count:
    """Width of the keys, and of the values, of all heads: below the width of attention for grouped queries.

    Parameters
    ----------
    head_width : Count
        [1].
    kv_heads : Extent
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return head_width * kv_heads


def attention_weights(
    hidden: Count, heads: Count, head_dim: Count, value_head_dim: Count, kv_width: Count, q_lora_rank: Count,
    kv_lora_rank: Count, rope_head_dim: Count,
) -> Count:  # fmt: skip
    """Weights of the products around attention: queries, keys, values, output.

    Queries may be projected down to `q_lora_rank` first. Latent attention [5]_ projects keys and values down to
    `kv_lora_rank` and one rotary part, and up from the rank to every head.

    Parameters
    ----------
    hidden, heads, head_dim, value_head_dim, kv_width : Count
        [1].
    q_lora_rank, kv_lora_rank, rope_head_dim : Count
        0 where there is none [1].

    Returns
    -------
    Count
        ``2 hidden (hidden + kv_width)`` where heads share out the hidden size and nothing is projected down [1];
        broadcast shape.
    """
    queries, values = heads * head_dim, heads * value_head_dim
    low = q_lora_rank * (hidden + queries)
    asking = where(q_lora_rank > 0.0, low, hidden * queries)
    own = maximum(head_dim - rope_head_dim, 0.0)  # of a key, less what all heads share
    latent = hidden * (kv_lora_rank + rope_head_dim) + kv_lora_rank * heads * (own + value_head_dim)
    answering = where(kv_lora_rank > 0.0, latent, 2.0 * hidden * kv_width)
    return asking + answering + hidden * values


def mlp_weights(hidden: Extent, feedforward: Extent, gated: Fraction) -> Count:
    """Weights of one MLP: up, down, and the gate where there is one.

    Parameters
    ----------
    hidden, feedforward : Extent
        [1].
    gated : Fraction
        1 or 0 [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return (2.0 + gated) * hidden * feedforward


def expert_share(layers: Extent, dense_layers: Count, experts_every: Ranks, experts: Extent) -> Fraction:
    """Share of layers that have experts: each n-th after the leading dense ones, none of a dense model.

    Parameters
    ----------
    layers : Extent
        [1].
    dense_layers : Count
        [1].
    experts_every : Ranks
        [1].
    experts : Extent
        [1].

    Returns
    -------
    Fraction
        [1]; broadcast shape.
    """
    among = maximum(round_down((layers - dense_layers) / experts_every), 0.0) / layers
    return where(experts > 1.0, among, 0.0 * among)


def expert_weights(
    expert_share: Fraction,
    hidden: Count,
    moe_feedforward: Count,
    gated: Fraction,
    experts: Count,
) -> Count:
    """Weights of so many experts, of all of a layer or of the active ones, in the mean over all layers.

    Parameters
    ----------
    expert_share : Fraction
        Of layers [1].
    hidden, moe_feedforward : Count
        [1].
    gated : Fraction
        [1].
    experts : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return expert_share * (experts * ((2.0 + gated) * hidden * moe_feedforward))


def shared_weights(
    expert_share: Fraction, hidden: Count, mlp_weights: Count, shared_width: Count, gated: Fraction,
    experts: Count,
) -> Count:  # fmt: skip
    """Weights of a layer beside attention that every token meets, in the mean over all layers.

    The MLP of a layer without experts; in one with experts those that all tokens share [6]_, and the router,
    which gives each expert a score [7]_.

    Parameters
    ----------
    expert_share : Fraction
        Of layers [1].
    hidden, mlp_weights : Count
        [1].
    shared_width : Count
        Inner width of the shared experts together [1].
    gated : Fraction
        [1].
    experts : Count
        To choose from [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return (1.0 - expert_share) * mlp_weights + expert_share * hidden * (
        (2.0 + gated) * shared_width + experts
    )


def layer_weights(attention_weights: Count, shared_weights: Count, expert_weights: Count) -> Count:
    """Weights of a layer: all of them, or with the active experts alone those that one token meets.

    Parameters
    ----------
    attention_weights, shared_weights, expert_weights : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return attention_weights + shared_weights + expert_weights


def mlp_passes(expert_share: Fraction, active_experts: Extent, shared_width: Count) -> PositiveCount:
    """MLPs that a token passes in a layer, in the mean over all layers; shared experts count as one.

    Parameters
    ----------
    expert_share : Fraction
        Of layers [1].
    active_experts : Extent
        That a token meets where there are experts, 1 where there are none [1].
    shared_width : Count
        [1].

    Returns
    -------
    PositiveCount
        [1]; broadcast shape.
    """
    met = where(shared_width > 0.0, active_experts + 1.0, active_experts)
    return 1.0 + expert_share * (met - 1.0)


def mlp_width(
    expert_share: Fraction, feedforward: Count, active_experts: Count, moe_feedforward: Count,
    shared_width: Count, mlp_passes: PositiveCount,
) -> Count:  # fmt: skip
    """Inner width of an MLP that a token passes, in the mean over its passes through all layers.

    Parameters
    ----------
    expert_share : Fraction
        Of layers [1].
    feedforward, active_experts, moe_feedforward, shared_width, mlp_passes : Count or PositiveCount
        [1].

    Returns
    -------
    Count
        Times `mlp_passes` the width that it passes in the mean layer [1]; broadcast shape.
    """
    inner = (1.0 - expert_share) * feedforward + expert_share * (
        active_experts * moe_feedforward + shared_width
    )
    return inner / mlp_passes


def embedding_parameters(hidden: Extent, vocabulary: PositiveCount, tied: Fraction) -> Count:
    """Parameters of the embeddings at both ends, which are one matrix where tied.

    Parameters
    ----------
    hidden : Extent
        [1].
    vocabulary : PositiveCount
        Rows of one embedding [1].
    tied : Fraction
        1 or 0 [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return hidden * vocabulary * (2.0 - tied)


def model_parameters(layers: Count, layer_parameters: Count, embedding_parameters: Count) -> Count:
    """Parameters of a model [2]_, without modules that only training has.

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


def active_parameters(layers: Count, active_weights: Count, embedding_parameters: Count) -> Count:
    """Parameters that one token meets: those of all layers less idle experts, and both embeddings.

    Some reports leave out the input embedding, of which a token reads one row.

    Parameters
    ----------
    layers, active_weights, embedding_parameters : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return layers * active_weights + embedding_parameters


def prediction_weights(
    hidden: Count, attention_weights: Count, shared_width: Count, moe_feedforward: Count, gated: Fraction,
    feedforward: Count, experts: Count, met: Count,
) -> Count:  # fmt: skip
    """Weights of a module that predicts a token further ahead, its embedding and head apart [6]_.

    It is a projection of the last state beside the next token's embedding, and a layer like the model's last.

    Parameters
    ----------
    hidden, attention_weights, shared_width, moe_feedforward : Count
        [1].
    gated : Fraction
        [1].
    feedforward : Count
        Of a layer without experts, which a dense model's module has [1].
    experts, met : Count
        Experts to choose from; and how many of them count: all for what is kept, the active ones for what a token
        meets [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    one = (2.0 + gated) * hidden
    chosen = one * (met * moe_feedforward + shared_width) + hidden * experts
    return 2.0 * hidden * hidden + attention_weights + where(experts > 1.0, chosen, one * feedforward)


def full_share(layers: Extent, window: Count, full_attention_every: Count) -> Fraction:
    """Share of layers whose attention sees the whole sequence: each n-th where others have a window.

    Parameters
    ----------
    layers : Extent
        [1].
    window : Count
        Tokens that a windowed layer looks back, 0 without windows [1].
    full_attention_every : Count
        0 where every layer has a window [1].

    Returns
    -------
    Fraction
        [1]; broadcast shape.
    """
    every = maximum(full_attention_every, 1.0)
    among = where(full_attention_every > 0.0, round_down(layers / every) / layers, 0.0)
    return where(window > 0.0, among, 1.0)


def attention_span(sequence: Extent, window: Count, full_share: Fraction) -> Count:
    """Tokens that attention of a layer spans, in the mean over all layers: the sequence where none has a window.

    A causal token sees half of the sequence in the mean, and of a window ``w`` in ``s`` tokens
    ``w (1 - w / 2s)``; the span is twice that, so that one convention of counting serves both.

    Parameters
    ----------
    sequence : Extent
        [1].
    window : Count
        [1].
    full_share : Fraction
        Of layers without a window [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    seen = minimum(window, sequence)
    narrow = seen * (2.0 - seen / sequence)
    return narrow + full_share * (sequence - narrow)


def forward_flop(
    tokens: Count,
    layers: Count,
    active_weights: Count,
    attention_width: Count,
    span: Count,
    hidden: Count,
    vocabulary: Count,
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
        Weights of a layer that one token meets, see `layer_weights` [1].
    attention_width : Count
        Of all heads [1].
    span : Count
        Tokens that attention spans: the sequence, or what `attention_span` makes of it [1].
    hidden, vocabulary : Count
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
    attention = attention_flop(1.0, 1.0, tokens, span, attention_width, visible, multiply_add)
    products = gemm_flop(tokens, active_weights, 1.0, multiply_add)
    return layers * (products + attention) + gemm_flop(tokens, vocabulary, hidden, multiply_add)


def prediction_flop(
    tokens: Count, mtp_layers: Count, active_weights: Count, attention_width: Count, span: Count, hidden: Count,
    vocabulary: Count, visible: Fraction = 1.0, multiply_add: Flop = MULTIPLY_ADD,
) -> Flop:  # fmt: skip
    """Work of one forward pass of the modules that predict tokens further ahead, each with a head of its own [6]_.

    Parameters
    ----------
    tokens, mtp_layers : Count
        [1].
    active_weights : Count
        Of a module, see `prediction_weights` [1].
    attention_width, span, hidden, vocabulary : Count
        [1].
    visible : Fraction
        See `forward_flop` [1].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    one = forward_flop(
        tokens, 1.0, active_weights, attention_width, span, hidden, vocabulary, visible, multiply_add
    )
    return mtp_layers * one


def training_flop(forward_flop: Flop, prediction_flop: Flop = 0.0) -> Flop:
    """Work that training asks of a model: the backward pass is two products for each of the forward pass.

    Recomputation is not counted, as in MFU [4]_. For many layers and a short sequence this is 6 N D [1]_.

    Parameters
    ----------
    forward_flop, prediction_flop : Flop
        Of the model, and of modules that only training has [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return 3.0 * (forward_flop + prediction_flop)
