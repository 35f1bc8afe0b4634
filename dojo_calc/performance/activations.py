"""Activations that a layer of a transformer keeps for its backward pass, and those at work for a moment.

References
----------
.. [1] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023, section 4.
.. [2] DeepSeek-AI, "DeepSeek-V2", arXiv:2405.04434, section 2.1 (latent attention).
.. [3] PyTorch torchtitan, selective activation checkpointing by operator: results of attention and of every second
   matrix product are kept.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, where
from dojo_calc.quantities import Bytes, Count, Fraction, Ranks, Ratio

__all__ = [
    "gathered_states", "latent_width", "layer_activations", "layer_input", "sent_width", "working_layer",
]  # fmt: skip


def latent_width(q_lora_rank: Count, kv_lora_rank: Count, rope_head_dim: Count) -> Count:
    """Width of what a token's queries, keys and values are projected down to [2]_; 0 where they are not.

    Parameters
    ----------
    q_lora_rank, kv_lora_rank, rope_head_dim : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return q_lora_rank + kv_lora_rank + rope_head_dim


def sent_width(expert_share: Fraction, hidden: Count, active_experts: Count) -> Count:
    """Width of a token's copies that are sent to experts, in the mean over all layers.

    Parameters
    ----------
    expert_share : Fraction
        Of layers [1].
    hidden, active_experts : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return expert_share * (active_experts * hidden)


def layer_activations(
    tokens: Count,
    hidden: Count,
    attention_width: Count,
    kv_share: Count,
    latent_width: Count,
    mlp_width: Count,
    mlp_passes: Count,
    sent_width: Count,
    heads: Count,
    sequence: Count,
    gated: Fraction,
    tensor: Ranks,
    sequence_parallel: Fraction,
    selective: Fraction,
    per_op: Fraction,
    full: Fraction,
    flash: Fraction,
    dropout: Fraction,
    mlp_copies: Ratio,
    gathered_inputs: Fraction,
    element: Bytes,
    input_bytes: Bytes,
) -> Bytes:
    """Activations that a layer keeps for its backward pass on one chip, eq. 1 to 6 of [1]_ for any widths.

    Outside attention and MLP: the input of each norm and of the product after it, a mask a dropout, latent
    queries and keys, and the copies of tokens that experts take; sharded over the tensor group only where
    `sequence_parallel`. Inside: queries, keys, values, the input of the output product, and the inner widths of
    every MLP that a token passes. Scores are kept (softmax, its dropout's mask and output) unless attention is
    `flash` or recomputed. Full recomputation keeps the layer's input alone; that of single operators [3]_ the
    layer's input and output, attention's result, and the output of every second product. The router's scores are
    left out.

    Parameters
    ----------
    tokens : Count
        Of a micro-batch on the chip [1].
    hidden, attention_width, latent_width, mlp_width, mlp_passes, sent_width : Count
        Widths a token, and MLPs that it passes [1].
    kv_share : Count
        Width of the keys, and of the values, on the chip [1].
    heads, sequence : Count
        [1].
    tensor : Ranks
        [1].
    gated, sequence_parallel, selective, per_op, flash, dropout : Fraction
        1 or 0 [1].
    full : Fraction
        Share of layers that are recomputed in full [1].
    mlp_copies : Ratio
        Inner widths that kernels which are not fused keep beside those of fused ones [1].
    gathered_inputs : Fraction
        1 where the inputs of products are kept as gathered over the tensor group, else 0 [1].
    element, input_bytes : Bytes
        Of one activation, and of one that is the input of a product, which narrow products keep narrow; a mask
        takes half of an activation [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    others = sequence_parallel * (tensor - 1.0)
    spread = 1.0 + others
    inner = mlp_passes * mlp_width
    kept_wide = hidden * (2.0 + dropout) + latent_width + sent_width
    outside = (kept_wide * element + 2.0 * hidden * input_bytes) / spread
    outside = outside + gathered_inputs * (2.0 * hidden * input_bytes) * (others / spread)
    wide = 2.0 * attention_width + (1.0 + gated + mlp_copies) * inner
    inside = (wide * element + inner * input_bytes) / tensor + 2.0 * kv_share * element
    scores = heads * sequence * (1.0 + 1.5 * dropout) * element / tensor * (1.0 - flash) * (1.0 - selective)
    every_second = (2.0 * hidden / spread + (2.0 * attention_width + inner) / tensor + kv_share) * element
    kept = (1.0 - per_op) * (outside + inside + scores) + per_op * every_second
    return tokens * (full * hidden * element / spread + (1.0 - full) * kept)


def layer_input(
    tokens: Count, hidden: Count, tensor: Ranks, sequence_parallel: Fraction, element: Bytes
) -> Bytes:
    """Input of a layer on a chip, which full recomputation starts from [1]_.

    Parameters
    ----------
    tokens, hidden : Count
        [1].
    tensor : Ranks
        [1].
    sequence_parallel : Fraction
        1 where it is sharded over the tensor group, else 0 [1].
    element : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return tokens * hidden * element / (1.0 + sequence_parallel * (tensor - 1.0))


def working_layer(layer_kept: Bytes, layer_all: Bytes, layer_input: Bytes, full: Fraction) -> Bytes:
    """What a layer being recomputed keeps beside what it stored.

    Parameters
    ----------
    layer_kept : Bytes
        Stored of the mean layer [B].
    layer_all : Bytes
        Of a layer when nothing is recomputed [B].
    layer_input : Bytes
        Of a layer that is recomputed in full [B].
    full : Fraction
        Share of layers that are [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    stored = where(full > 0.0, layer_input, layer_kept)
    return maximum(layer_all - stored, 0.0 * layer_all)


def gathered_states(
    tokens: Count, hidden: Count, tensor: Ranks, sequence_parallel: Fraction, element: Bytes
) -> Bytes:
    """The input of the product at work and its gradient, whole for a moment where each chip keeps a part [1]_.

    Parameters
    ----------
    tokens, hidden : Count
        [1].
    tensor : Ranks
        [1].
    sequence_parallel : Fraction
        [1].
    element : Bytes
        [B].

    Returns
    -------
    Bytes
        Beside the chip's own part [B]; broadcast shape.
    """
    others = sequence_parallel * (tensor - 1.0)
    return 2.0 * tokens * hidden * element * (others / (1.0 + others))
