"""What training keeps in a chip's memory, by class, and whether it fits.

References
----------
.. [1] S. Rajbhandari, J. Rasley, O. Ruwase, Y. He, "ZeRO: Memory Optimizations Toward Training Trillion
   Parameter Models", SC20.
.. [2] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023.
.. [3] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM",
   SC21, section 2.2.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, minimum, where
from dojo_calc.quantities import Bytes, Count, Fraction, Ranks, Ratio

__all__ = [
    "chip_parameters", "gathered_bytes", "held_activations", "logit_bytes", "memory_needed", "micro_batches_held",
    "sharded_bytes", "working_layer",
]  # fmt: skip


def chip_parameters(
    stage_layers: Count, layer_parameters: Count, embedding_parameters: Count, tensor: Count, pipeline: Count,
    tied: Fraction,
) -> Count:  # fmt: skip
    """Parameters on a chip of the fullest stage, before any sharding over data-parallel replicas.

    Parameters
    ----------
    stage_layers, layer_parameters, embedding_parameters, tensor, pipeline : Count
        [1].
    tied : Fraction
        1 where input and output embedding are one matrix; across stages each end keeps a copy [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    one_end = embedding_parameters / (2.0 - tied)
    embeddings = where(pipeline > 1.0, one_end, embedding_parameters)
    return (stage_layers * layer_parameters + embeddings) / tensor


def sharded_bytes(parameters: Count, each: Bytes, sharded: Fraction, data: Count) -> Bytes:
    """Bytes of one class of model state: weights, gradients or optimizer, whole or sharded over replicas [1]_.

    Parameters
    ----------
    parameters : Count
        On a chip, see `chip_parameters` [1].
    each : Bytes
        A parameter [B].
    sharded : Fraction
        1 where every replica keeps its part alone, else 0 [1].
    data : Count
        Replicas [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return parameters * each / (1.0 + sharded * (data - 1.0))


def gathered_bytes(layer_parameters: Count, tensor: Count, each: Bytes, shard_weights: Fraction) -> Bytes:
    """Bytes of weights gathered for use where they are sharded: the layer at work and the one being fetched.

    Parameters
    ----------
    layer_parameters, tensor : Count
        [1].
    each : Bytes
        A weight [B].
    shard_weights : Fraction
        1 where weights are sharded over replicas, else 0 [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return 2.0 * shard_weights * layer_parameters / tensor * each


def micro_batches_held(micro_batches: Count, pipeline: Ranks, interleave: Ranks) -> Count:
    """Micro-batches whose activations the first stage holds under one-forward-one-backward [3]_.

    Parameters
    ----------
    micro_batches : Count
        [1].
    pipeline, interleave : Ranks
        [1].

    Returns
    -------
    Count
        As many as there are stages, a little more when interleaved, never more than a step has [1].
    """
    extra = where(interleave > 1.0, (pipeline - 1.0) / (pipeline * interleave), 0.0)
    return minimum(micro_batches, pipeline * (1.0 + extra))


def held_activations(layer_activations: Bytes, stage_layers: Count, held: Ratio) -> Bytes:
    """Activations that a chip of the first stage holds at the fullest moment [2]_.

    Parameters
    ----------
    layer_activations : Bytes
        Of one layer and one micro-batch [B].
    stage_layers : Count
        [1].
    held : Ratio
        Micro-batches held [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return layer_activations * stage_layers * held


def working_layer(layer_activations: Bytes, all_activations: Bytes) -> Bytes:
    """What a layer being recomputed keeps beside what it stored.

    Parameters
    ----------
    layer_activations : Bytes
        Stored of one layer [B].
    all_activations : Bytes
        Of the same layer when nothing is recomputed [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return maximum(all_activations - layer_activations, 0.0 * all_activations)


def logit_bytes(tokens: Count, vocabulary: Count, tensor: Count, each: Bytes) -> Bytes:
    """Bytes of the logits and of what the loss keeps beside them.

    Parameters
    ----------
    tokens, vocabulary, tensor : Count
        [1].
    each : Bytes
        A logit, copies counted [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return tokens * vocabulary / tensor * each


def memory_needed(
    weights: Bytes, gradients: Bytes, optimizer: Bytes, activations: Bytes, working: Bytes, logits: Bytes,
    gathered: Bytes,
) -> Bytes:  # fmt: skip
    """Bytes that training needs on the fullest chip.

    The loss and a recomputed layer are at work at different moments, so the larger of the two counts.

    Parameters
    ----------
    weights, gradients, optimizer, activations, working, logits, gathered : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return weights + gradients + optimizer + activations + gathered + maximum(working, logits)
