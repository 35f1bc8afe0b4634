"""What training keeps in a chip's memory, by class, and whether it fits.

The state of weights, gradients and optimizer follows the recipe of a stack, activations its kernels; rows of
`data/memory.csv` say so. What tensors take is *allocated*; what the allocator holds for them is *reserved*; what the
driver shows has the context of the chip and its libraries too, and is what has to fit.

References
----------
.. [1] S. Rajbhandari, J. Rasley, O. Ruwase, Y. He, "ZeRO: Memory Optimizations Toward Training Trillion
   Parameter Models", SC20.
.. [2] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023.
.. [3] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM",
   SC21, section 2.2.
.. [4] NVIDIA, Megatron-Core, `parallel_state.py`: groups of experts within tensor x context x data, and what is left
   of those for their replicas.
.. [5] Y. Zhao et al., "PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel", VLDB 2023.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, minimum, where
from dojo_calc.quantities import Bytes, Count, Fraction, Ranks, Ratio

__all__ = [
    "allocated_memory", "allocator_slack", "chip_parameters", "common_parameters", "driver_memory",
    "expert_parameters", "expert_replicas", "expert_shards", "fullest_activations", "gathered_bytes",
    "gradient_kept", "held_activations", "held_by_last", "kept_layers", "logit_bytes",
    "logits_on_chip", "micro_batches_held", "reserved_memory", "sharded_bytes", "state_bytes",
    "working_activations",
]  # fmt: skip


def kept_layers(stage_layers: Count, mtp_layers: Count, pipeline: Ranks) -> Count:
    """Layers whose state a chip of the fullest stage keeps, modules that predict further tokens spread evenly.

    Parameters
    ----------
    stage_layers, mtp_layers : Count
        [1].
    pipeline : Ranks
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return stage_layers + mtp_layers / pipeline


def expert_shards(tensor: Ranks, expert: Ranks, replicas: Ranks) -> Ranks:
    """Chips that the experts of a layer are spread over.

    Each expert group splits its experts over the tensor group too while there are chips for it; a group larger than
    data x context takes chips of the tensor group, and splits each expert over fewer [4]_.

    Parameters
    ----------
    tensor, expert : Ranks
        [1].
    replicas : Ranks
        Chips of data x context [1].

    Returns
    -------
    Ranks
        [1]; broadcast shape.
    """
    return minimum(tensor * expert, tensor * replicas)


def expert_replicas(tensor: Ranks, replicas: Ranks, expert_shards: Ranks) -> Ranks:
    """Chips that hold the same part of the experts: tensor x data x context over those they are spread over [4]_.

    Parameters
    ----------
    tensor, replicas, expert_shards : Ranks
        [1].

    Returns
    -------
    Ranks
        [1]; broadcast shape.
    """
    return maximum(tensor * replicas / expert_shards, 1.0)


def expert_parameters(kept_layers: Count, expert_weights: Count, expert_shards: Ranks) -> Count:
    """Parameters of experts on a chip of the fullest stage, before any sharding over their replicas.

    Parameters
    ----------
    kept_layers, expert_weights : Count
        Layers, and weights of all experts of the mean layer [1].
    expert_shards : Ranks
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return kept_layers * expert_weights / expert_shards


def common_parameters(
    kept_layers: Count, common_share: Count, embedding_parameters: Count, tensor: Ranks, pipeline: Count,
    tied: Fraction,
) -> Count:  # fmt: skip
    """Parameters that every token meets on a chip of the fullest stage, before any sharding over replicas.

    Parameters
    ----------
    kept_layers, common_share, embedding_parameters, tensor, pipeline : Count or Ranks
        Layers, a layer's weights on the chip less its experts, and the group's embeddings [1].
    tied : Fraction
        1 where input and output embedding are one matrix; across stages each end keeps a copy [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    one_end = embedding_parameters / (2.0 - tied)
    embeddings = where(pipeline > 1.0, one_end, embedding_parameters)
    return kept_layers * common_share + embeddings / tensor


def chip_parameters(common_parameters: Count, expert_parameters: Count) -> Count:
    """Parameters on a chip of the fullest stage, before any sharding over replicas.

    Parameters
    ----------
    common_parameters, expert_parameters : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return common_parameters + expert_parameters


def gradient_kept(gradient_bytes: Bytes, gradient_copies: Bytes) -> Bytes:
    """Bytes of a parameter's gradient: as it is summed, and as a product leaves it where that is another place.

    Parameters
    ----------
    gradient_bytes, gradient_copies : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return gradient_bytes + gradient_copies


def sharded_bytes(parameters: Count, each: Bytes, sharded: Fraction, data: Ranks) -> Bytes:
    """Bytes of one class of model state: weights, gradients or optimizer, whole or sharded over replicas [1]_.

    Parameters
    ----------
    parameters : Count
        On a chip, see `chip_parameters` [1].
    each : Bytes
        A parameter [B].
    sharded : Fraction
        1 where every replica keeps its part alone, else 0 [1].
    data : Ranks
        Replicas [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return parameters * each / (1.0 + sharded * (data - 1.0))


def state_bytes(
    common_parameters: Count, expert_parameters: Count, each: Bytes, sharded: Fraction, sharing: Ranks,
    expert_sharing: Ranks,
) -> Bytes:  # fmt: skip
    """Bytes of one class of model state on a chip, experts sharded over their own replicas [1]_ [4]_.

    Parameters
    ----------
    common_parameters, expert_parameters : Count
        On a chip [1].
    each : Bytes
        A parameter [B].
    sharded : Fraction
        1 where every replica keeps its part alone, else 0 [1].
    sharing, expert_sharing : Ranks
        Chips that share one copy of either [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    common = sharded_bytes(common_parameters, each, sharded, sharing)
    return common + sharded_bytes(expert_parameters, each, sharded, expert_sharing)


def gathered_bytes(
    common_share: Count, expert_weights: Count, expert_shards: Ranks, chip_parameters: Count,
    embedding_parameters: Count, tensor: Ranks, pipeline: Ranks, tied: Fraction, each: Bytes,
    shard_weights: Fraction,
) -> Bytes:  # fmt: skip
    """Bytes of weights gathered for use where they are sharded over replicas [5]_.

    The layer at work, the one being fetched, and the gradient of one before it is scattered; and an embedding, which
    stays until the loss is through. Across stages a chip keeps all its weights gathered between micro-batches.

    Parameters
    ----------
    common_share, expert_weights : Count
        A layer's weights on the chip less its experts; and of all its experts [1].
    expert_shards, pipeline : Ranks
        [1].
    chip_parameters, embedding_parameters, tensor : Count or Ranks
        [1].
    tied : Fraction
        [1].
    each : Bytes
        A weight as products take it [B].
    shard_weights : Fraction
        1 where weights are sharded over replicas, else 0 [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    layer = common_share + expert_weights / expert_shards
    passing = 3.0 * layer + embedding_parameters / ((2.0 - tied) * tensor)
    return shard_weights * each * where(pipeline > 1.0, chip_parameters, passing)


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


def held_by_last(micro_batches: Count, pipeline: Ranks, interleave: Ranks) -> Count:
    """Micro-batches whose activations the last stage holds, which goes back as soon as it is through.

    Of ``v`` virtual stages it is through only with the last one, when the others have ``p`` micro-batches each.

    Parameters
    ----------
    micro_batches : Count
        [1].
    pipeline, interleave : Ranks
        [1].

    Returns
    -------
    Count
        One, more when interleaved, never more than a step has [1].
    """
    return minimum(micro_batches, ((interleave - 1.0) * pipeline + 1.0) / interleave)


def held_activations(layer_activations: Bytes, stage_layers: Count, held: Ratio) -> Bytes:
    """Activations that a chip holds at the fullest moment [2]_.

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


def logits_on_chip(tokens: Count, vocabulary: Count, tensor: Ranks, loss_split: Fraction) -> Count:
    """Logits of a micro-batch on a chip: shared by the tensor group where the loss is computed in parts.

    Parameters
    ----------
    tokens, vocabulary : Count
        [1].
    tensor : Ranks
        [1].
    loss_split : Fraction
        1 where each chip of the group has its part of the vocabulary, 0 where each has all of it [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return tokens * vocabulary / (1.0 + loss_split * (tensor - 1.0))


def logit_bytes(logits: Count, each: Bytes) -> Bytes:
    """Bytes of the logits, their gradients and what the loss keeps beside them.

    Parameters
    ----------
    logits : Count
        [1].
    each : Bytes
        A logit, copies counted [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return logits * each


def fullest_activations(first: Bytes, last: Bytes, working: Bytes, logits: Bytes) -> Bytes:
    """Activations held by the stage that needs more: the first, which holds most, or the last, which has the loss.

    Parameters
    ----------
    first, last : Bytes
        Held by either [B].
    working, logits : Bytes
        Of a layer at work, and of the loss [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return where(first + working >= last + maximum(working, logits), first, last)


def working_activations(
    first: Bytes, last: Bytes, working: Bytes, logits: Bytes, gathered_states: Bytes
) -> Bytes:
    """What that stage needs for a moment: for a layer recomputed or, in the last, for the loss.

    The loss and a recomputed layer are at work at different moments, so the larger of the two counts.

    Parameters
    ----------
    first, last, working, logits : Bytes
        See `fullest_activations` [B].
    gathered_states : Bytes
        Of either [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    largest = maximum(working, logits)
    return where(first + working >= last + largest, working, largest) + gathered_states


def allocated_memory(
    weights: Bytes, gradients: Bytes, optimizer: Bytes, gathered: Bytes, activations: Bytes, working: Bytes,
    buffers: Bytes,
) -> Bytes:  # fmt: skip
    """Bytes of all tensors on the fullest chip.

    Parameters
    ----------
    weights, gradients, optimizer, gathered, activations, working, buffers : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return weights + gradients + optimizer + gathered + activations + working + buffers


def allocator_slack(allocated: Bytes, reserved_share: Ratio) -> Bytes:
    """Bytes that the allocator holds beside those in use: blocks too small, too large, or between two.

    Parameters
    ----------
    allocated : Bytes
        [B].
    reserved_share : Ratio
        Reserved beside allocated bytes over those [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return allocated * reserved_share


def reserved_memory(allocated: Bytes, slack: Bytes) -> Bytes:
    """Bytes that the allocator holds.

    Parameters
    ----------
    allocated, slack : Bytes
        Of tensors, and beside them [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return allocated + slack


def driver_memory(reserved: Bytes, chip_context: Bytes) -> Bytes:
    """Bytes that the driver shows, and that have to fit: what the allocator holds, and the chip's context.

    Parameters
    ----------
    reserved, chip_context : Bytes
        [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return reserved + chip_context
