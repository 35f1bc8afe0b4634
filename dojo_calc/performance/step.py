"""A training step as one graph: the formulas of transformer, training and memory, wired by name.

`STEP` maps the name of each value to the formula that computes it; a formula's parameters name the values it
takes, and `WIRES` says where a name differs. The table is all there is: `evaluate` runs it on numbers and arrays
here, and `dojo_calc.chain.shipped` hands it to a `Model`, where it is explained, traced and simulated.

The order is the order of computation, so a reader follows it from top to bottom.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from dojo_calc.performance import activations, groups, layer, memory, pipeline, traffic, training, transformer
from dojo_calc.performance.roofline import serial_time

__all__ = ["CONSTANTS", "MEMORY", "PARTS", "STEP", "WIRES", "evaluate", "inputs"]

Formula = Callable[..., Any]

STEP: dict[str, Formula] = {
    # what the model asks for
    "head_width": transformer.head_width,
    "attention_width": transformer.attention_width,
    "kv_width": transformer.key_value_width,
    "attention_weights": transformer.attention_weights,
    "mlp_weights": transformer.mlp_weights,
    "expert_share": transformer.expert_share,
    "mlp_passes": transformer.mlp_passes,
    "mlp_width": transformer.mlp_width,
    "shared_weights": transformer.shared_weights,
    "active_experts_weights": transformer.expert_weights,
    "expert_weights": transformer.expert_weights,
    "active_weights": transformer.layer_weights,
    "layer_parameters": transformer.layer_weights,
    "embedding_parameters": transformer.embedding_parameters,
    "model_parameters": transformer.model_parameters,
    "active_parameters": transformer.active_parameters,
    "prediction_weights": transformer.prediction_weights,
    "batch_tokens": training.tokens_on_chip,
    "full_share": transformer.full_share,
    "span": transformer.attention_span,
    "forward_flop": transformer.forward_flop,
    "prediction_flop": transformer.prediction_flop,
    "model_flop": transformer.training_flop,
    # how it is laid out
    "tokens": training.tokens_on_chip,
    "micro_batches": pipeline.micro_batches,
    "passes_made": pipeline.passes_made,
    "stage_layers": pipeline.stage_layers,
    "replicas": groups.joint_size,
    "sharing": groups.sharing_group,
    "copy_stride": groups.joint_size,
    "stage_stride": groups.joint_size,
    "tensor_bandwidth": groups.group_bandwidth,
    "tensor_latency": groups.group_latency,
    "context_bandwidth": groups.group_bandwidth,
    "context_latency": groups.group_latency,
    "expert_bandwidth": groups.group_bandwidth,
    "expert_latency": groups.group_latency,
    "sharing_network": layer.attained_bandwidth,
    "sharing_bandwidth": groups.group_bandwidth,
    "sharing_latency": groups.group_latency,
    "copies_bandwidth": groups.group_bandwidth,
    "copies_latency": groups.group_latency,
    "stage_bandwidth": groups.group_bandwidth,
    # a layer, for one micro-batch
    "kv_share": layer.key_value_share,
    "local_weights": layer.weights_at_work,
    "widths": layer.product_widths,
    "products": layer.products_time,
    "kept_output": layer.kept_output_time,
    "attention_there": layer.attention_forward,
    "attention_back": layer.attention_backward,
    "elementwise_there": layer.elementwise_forward,
    "elementwise_back": layer.elementwise_backward,
    "cast": layer.cast_time,
    "tensor_there": traffic.tensor_time,
    "tensor_back": traffic.tensor_backward,
    "context_transfer": traffic.context_time,
    "context_return": traffic.returned,
    "context_there": traffic.exposed_time,
    "context_back": traffic.exposed_time,
    "expert_traffic": traffic.expert_time,
    "communication_there": serial_time,
    "communication_back": serial_time,
    "forward": training.layer_forward,
    "backward": training.layer_backward,
    "recompute": training.layer_recompute,
    "backward_work": serial_time,
    "layer_sharding": traffic.shard_time,
    "layer_work": training.layer_work,
    # a stage, then the pipeline, then the replicas
    "vocabulary_kept": layer.padded_vocabulary,
    "head": layer.head_time,
    "end_sharding": traffic.shard_time,
    "end_work": serial_time,
    "slowest": pipeline.slowest_stage,
    "imbalance": pipeline.imbalance_time,
    "transfers": pipeline.pipeline_time,
    "bubble": pipeline.bubble_time,
    "stage_backward": training.repeated_time,
    "last_work": serial_time,
    "kept_layers": memory.kept_layers,
    "expert_shards": memory.expert_shards,
    "expert_replicas": memory.expert_replicas,
    "expert_sharing": groups.sharing_group,
    "common_weights": transformer.layer_weights,
    "common_share": layer.weights_at_work,
    "embedding_kept": transformer.embedding_parameters,
    "common_parameters": memory.common_parameters,
    "expert_parameters": memory.expert_parameters,
    "chip_parameters": memory.chip_parameters,
    "scatter": traffic.scatter_time,
    "weights_back": traffic.return_time,
    "copies": traffic.copies_time,
    "gradient": traffic.gradient_time,
    "optimizer": training.optimizer_time,
    "run_through": training.run_through,
    "waiting": training.straggling_time,
    "step_time": training.step_time,
    # the parts that a step is the sum of
    "local_there": serial_time,
    "local_back": serial_time,
    "tensor_traffic": serial_time,
    "context_traffic": serial_time,
    "layers_sharding": pipeline.of_stage,
    "ends_sharding": pipeline.of_stage,
    "forward_part": pipeline.of_stage,
    "backward_part": pipeline.of_stage,
    "recompute_part": pipeline.of_stage,
    "tensor_part": pipeline.of_stage,
    "context_part": pipeline.of_stage,
    "expert_part": pipeline.of_stage,
    "sharding_part": serial_time,
    "head_part": pipeline.of_stage,
    "imbalance_part": pipeline.of_stage,
    "transfers_part": pipeline.of_stage,
    # what is said of it
    "throughput": training.throughput,
    "mfu": training.model_utilisation,
    # memory of the fullest chip
    "gradient_each": memory.gradient_kept,
    "weight_memory": memory.state_bytes,
    "gradient_memory": memory.state_bytes,
    "optimizer_memory": memory.state_bytes,
    "gathered_memory": memory.gathered_bytes,
    "latent_width": activations.latent_width,
    "sent_width": activations.sent_width,
    "layer_kept": activations.layer_activations,
    "layer_all": activations.layer_activations,
    "layer_input": activations.layer_input,
    "held": memory.micro_batches_held,
    "held_last": memory.held_by_last,
    "first_held": memory.held_activations,
    "last_held": memory.held_activations,
    "working_layer": activations.working_layer,
    "logits": memory.logits_on_chip,
    "loss_memory": memory.logit_bytes,
    "gathered_states": activations.gathered_states,
    "activation_memory": memory.fullest_activations,
    "working_memory": memory.working_activations,
    "allocated": memory.allocated_memory,
    "slack_memory": memory.allocator_slack,
    "reserved": memory.reserved_memory,
    "memory": memory.driver_memory,
}

WIRES: dict[str, dict[str, str | tuple[str, ...]]] = {
    "kv_width": {"head_width": "head_width"},
    "active_experts_weights": {"experts": "active_experts"},
    "active_weights": {"expert_weights": "active_experts_weights"},
    "prediction_weights": {"met": "active_experts"},
    "batch_tokens": {"micro_batch": "global_batch", "context": "one"},
    "forward_flop": {"tokens": "batch_tokens", "visible": "visible"},
    "model_flop": {"prediction_flop": "prediction_flop"},
    "prediction_flop": {
        "tokens": "batch_tokens",
        "active_weights": "prediction_weights",
        "visible": "visible",
    },
    "replicas": {"first": "data", "others": ("context",)},
    "copy_stride": {"first": "tensor", "others": ("sharing",)},
    "stage_stride": {"first": "tensor", "others": ("replicas",)},
    "tensor_bandwidth": {"size": "tensor", "stride": "one"},
    "tensor_latency": {"size": "tensor", "stride": "one"},
    "context_bandwidth": {"size": "context", "stride": "tensor"},
    "context_latency": {"size": "context", "stride": "tensor"},
    "expert_bandwidth": {"size": "expert", "stride": "tensor"},
    "expert_latency": {"size": "expert", "stride": "tensor"},
    "sharing_network": {"rated": "network", "efficiency": "gradient_efficiency"},
    "sharing_bandwidth": {"size": "sharing", "stride": "tensor", "network": "sharing_network"},
    "sharing_latency": {"size": "sharing", "stride": "tensor"},
    "copies_bandwidth": {"size": "shard_copies", "stride": "copy_stride", "network": "sharing_network"},
    "copies_latency": {"size": "shard_copies", "stride": "copy_stride"},
    "stage_bandwidth": {"size": "pipeline", "stride": "stage_stride"},
    "widths": {"feedforward": "mlp_width", "active_experts": "mlp_passes"},
    "kept_output": {"feedforward": "mlp_width", "active_experts": "mlp_passes", "skips": "early_stop"},
    "attention_there": {"hidden": "attention_width", "sequence": "span"},
    "attention_back": {"hidden": "attention_width", "sequence": "span"},
    "cast": {"feedforward": "mlp_width", "active_experts": "mlp_passes", "weights": "layer_parameters"},
    "elementwise_there": {
        "feedforward": "mlp_width",
        "active_experts": "mlp_passes",
        "passes": "elementwise_passes",
    },
    "elementwise_back": {
        "feedforward": "mlp_width",
        "active_experts": "mlp_passes",
        "passes": "elementwise_passes",
    },
    "tensor_there": {
        "bandwidth": "tensor_bandwidth",
        "latency": "tensor_latency",
        "exposed": "exposed_tensor",
    },
    "tensor_back": {"forward": "tensor_there"},
    "context_transfer": {"bandwidth": "context_bandwidth", "latency": "context_latency"},
    "context_return": {"transfer": "context_transfer"},
    "context_there": {"transfer": "context_transfer", "work": "attention_there", "share": "exposed_tensor"},
    "context_back": {"transfer": "context_return", "work": "attention_back", "share": "exposed_tensor"},
    "expert_traffic": {"bandwidth": "expert_bandwidth", "latency": "expert_latency"},
    "communication_there": {"first": "tensor_there", "others": ("context_there", "expert_traffic")},
    "communication_back": {"first": "tensor_back", "others": ("context_back", "expert_traffic")},
    "forward": {
        "attention": "attention_there",
        "elementwise": "elementwise_there",
        "communication": "communication_there",
    },
    "backward": {
        "attention": "attention_back",
        "elementwise": "elementwise_back",
        "communication": "communication_back",
    },
    "recompute": {"layer_forward": "forward", "attention": "attention_there"},
    "backward_work": {"first": "backward", "others": ("recompute",)},
    "layer_sharding": {
        "weights": "layer_parameters",
        "bandwidth": "sharing_bandwidth",
        "latency": "sharing_latency",
        "backward": "backward_work",
        "exposed": "exposed_shard",
    },
    "layer_work": {"sharding": "layer_sharding"},
    "vocabulary_kept": {"multiple": "vocabulary_multiple"},
    "head": {"vocabulary": "vocabulary_kept"},
    "end_sharding": {
        "weights": "embedding_parameters",
        "bandwidth": "sharing_bandwidth",
        "latency": "sharing_latency",
        "forward": "no_work",  # no layer runs before the embedding is there
        "backward": "head",
        "exposed": "exposed_shard",
    },
    "end_work": {"first": "head", "others": ("end_sharding",)},
    "slowest": {"head": "end_work"},
    "imbalance": {"head": "end_work"},
    "transfers": {"bandwidth": "stage_bandwidth", "latency": "transfer_latency", "exposed": "exposed_tensor"},
    "stage_backward": {"times": "stage_layers", "each": "backward_work"},
    "last_work": {"first": "slowest", "others": ("bubble",)},
    "scatter": {
        "parameters": "chip_parameters",
        "bandwidth": "sharing_bandwidth",
        "latency": "sharing_latency",
    },
    "weights_back": {
        "parameters": "chip_parameters",
        "bandwidth": "sharing_bandwidth",
        "latency": "sharing_latency",
    },
    "copies": {
        "parameters": "chip_parameters",
        "bandwidth": "copies_bandwidth",
        "latency": "copies_latency",
    },
    "gradient": {
        "back": "weights_back",
        "work": "last_work",
        "backward": "stage_backward",
        "exposed": "exposed_gradient",
    },
    "optimizer": {"parameters": "chip_parameters"},
    "local_there": {
        "first": "products",
        "others": ("attention_there", "elementwise_there", "cast"),
    },
    "local_back": {
        "first": "products",
        "others": ("products", "attention_back", "elementwise_back", "cast"),
    },
    "tensor_traffic": {"first": "tensor_there", "others": ("tensor_back",)},
    "context_traffic": {"first": "context_there", "others": ("context_back",)},
    "layers_sharding": {"part": "layer_sharding"},
    "ends_sharding": {"part": "end_sharding", "layers": "one"},
    "forward_part": {"part": "local_there"},
    "backward_part": {"part": "local_back"},
    "recompute_part": {"part": "recompute"},
    "tensor_part": {"part": "tensor_traffic"},
    "context_part": {"part": "context_traffic"},
    "expert_part": {"part": "expert_traffic", "micro_batches": "passes_made"},
    "sharding_part": {"first": "layers_sharding", "others": ("ends_sharding",)},
    "head_part": {"part": "head", "layers": "one"},
    "imbalance_part": {"part": "imbalance", "layers": "one", "pipeline": "one"},
    "transfers_part": {"part": "transfers", "layers": "one", "pipeline": "one"},
    "mfu": {"flop": "model_flop", "peak": "matrix_peak"},
    "expert_sharing": {"replicas": "expert_replicas"},
    "common_weights": {"expert_weights": "never"},
    "common_share": {"active_weights": "common_weights"},
    "embedding_kept": {"vocabulary": "vocabulary_kept"},
    "common_parameters": {"embedding_parameters": "embedding_kept"},
    "weight_memory": {"each": "kept_weight_bytes", "sharded": "shard_weights"},
    "gradient_memory": {"each": "gradient_each", "sharded": "shard_gradients"},
    "optimizer_memory": {"each": "optimizer_bytes", "sharded": "shard_optimizer"},
    "gathered_memory": {"each": "weight_bytes", "embedding_parameters": "embedding_kept"},
    "layer_all": {"selective": "never", "per_op": "never", "full": "never"},
    "first_held": {"layer_activations": "layer_kept", "stage_layers": "kept_layers"},
    "last_held": {"layer_activations": "layer_kept", "stage_layers": "kept_layers", "held": "held_last"},
    "logits": {"vocabulary": "vocabulary_kept"},
    "loss_memory": {"each": "logit_bytes"},
    "activation_memory": {
        "first": "first_held",
        "last": "last_held",
        "working": "working_layer",
        "logits": "loss_memory",
    },
    "working_memory": {
        "first": "first_held",
        "last": "last_held",
        "working": "working_layer",
        "logits": "loss_memory",
    },
    "allocated": {
        "weights": "weight_memory",
        "gradients": "gradient_memory",
        "optimizer": "optimizer_memory",
        "gathered": "gathered_memory",
        "activations": "activation_memory",
        "working": "working_memory",
        "buffers": "buffer_memory",
    },
    "reserved": {"slack": "slack_memory"},
    "memory": {"chip_context": "context_memory"},
}

PARTS = (
    "forward_part", "backward_part", "recompute_part", "tensor_part", "context_part", "expert_part",
    "sharding_part", "head_part", "imbalance_part", "transfers_part", "bubble", "gradient", "optimizer", "waiting",
)  # fmt: skip
MEMORY = (
    "weight_memory", "gradient_memory", "optimizer_memory", "gathered_memory", "activation_memory",
    "working_memory", "buffer_memory", "slack_memory", "context_memory",
)  # fmt: skip
CONSTANTS = {"one": 1.0, "never": 0.0, "no_work": 0.0}


@cache
def _wired() -> tuple[tuple[str, Formula, tuple[str, ...]], ...]:
    """Each step with the names that its arguments come from, in order."""
    rows = []
    for name, formula in STEP.items():
        wires = WIRES.get(name, {})
        sources: list[str] = []
        for parameter, one in inspect.signature(formula).parameters.items():
            if one.default is not one.empty and parameter not in wires:
                break  # the formula's own default stands
            source = wires.get(parameter, parameter)
            sources += [source] if isinstance(source, str) else source
        rows.append((name, formula, tuple(sources)))
    return tuple(rows)


@cache
def inputs(outputs: tuple[str, ...] = tuple(STEP)) -> tuple[str, ...]:
    """Names of the values that some outputs need and no step computes."""
    steps = {name for name, _, _ in _wired()}
    taken = [source for name, _, sources in _path(outputs) for source in sources]
    return tuple(dict.fromkeys(name for name in taken if name not in steps and name not in CONSTANTS))


@cache
def _path(outputs: tuple[str, ...]) -> tuple[tuple[str, Formula, tuple[str, ...]], ...]:
    """Steps that some outputs need, in the order of computation."""
    needed, kept = set(outputs), []
    for name, formula, sources in reversed(_wired()):
        if name in needed:
            needed.update(sources)
            kept.append((name, formula, sources))
    return tuple(reversed(kept))


def evaluate(values: Mapping[str, Any], outputs: Sequence[str]) -> dict[str, Any]:
    """Compute outputs of a step from the values of its `inputs`.

    Parameters
    ----------
    values : mapping
        Every name of ``inputs(tuple(outputs))`` to a number or an array in SI; the shapes broadcast.
    outputs : sequence of str
        Names of `STEP`.

    Returns
    -------
    dict
        Output to a number or an array of the broadcast shape of what it depends on.
    """
    path = _path(tuple(outputs))
    found = dict(values) | CONSTANTS
    last = {source: name for name, _, sources in path for source in sources}
    for name, formula, sources in path:
        found[name] = formula(*[found[source] for source in sources])
        for source in sources:  # what no later step reads is let go, so that a block stays in the cache
            if last[source] == name and source not in outputs:
                found.pop(source, None)
    return {name: found[name] for name in outputs}
