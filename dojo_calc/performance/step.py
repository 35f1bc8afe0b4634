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

from dojo_calc.performance import (
    activations,
    experts,
    groups,
    layer,
    memory,
    pipeline,
    traffic,
    training,
    transformer,
)
from dojo_calc.performance.roofline import serial_time
from dojo_calc.performance.wires import WIRES
from dojo_calc.readings.compiled import Program, columns, traced

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
    "sent_width": activations.sent_width,
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
    "stage_layers": pipeline.stage_layers,
    "replicas": groups.joint_size,
    "sharing": groups.sharing_group,
    "copy_stride": groups.joint_size,
    "stage_stride": groups.joint_size,
    "expert_shards": memory.expert_shards,
    "expert_replicas": memory.expert_replicas,
    "expert_sharing": groups.sharing_group,
    "experts_tensor": experts.experts_tensor,
    "tensor_bandwidth": groups.group_bandwidth,
    "tensor_latency": groups.group_latency,
    "context_bandwidth": groups.group_bandwidth,
    "context_latency": groups.group_latency,
    "expert_inside": groups.within_domain,
    "expert_members": experts.group_members,
    "expert_crossed": experts.domains_crossed,
    "expert_fast": groups.fast_bandwidth,
    "expert_latency": groups.group_latency,
    "cut_bandwidth": groups.group_bandwidth,
    "cut_latency": groups.group_latency,
    "sharing_network": layer.attained_bandwidth,
    "sharing_bandwidth": groups.group_bandwidth,
    "sharing_latency": groups.group_latency,
    "expert_sharing_bandwidth": groups.group_bandwidth,
    "expert_sharing_latency": groups.group_latency,
    "copies_bandwidth": groups.group_bandwidth,
    "copies_latency": groups.group_latency,
    "stage_bandwidth": groups.group_bandwidth,
    # a layer, for one micro-batch
    "kv_share": layer.key_value_share,
    "common_weights": transformer.layer_weights,
    "common_share": layer.weights_at_work,
    "routed_share": traffic.cut_weights,
    "layer_share": memory.chip_parameters,
    "common_passes": experts.common_passes,
    "common_width": experts.common_width,
    "separate_passes": experts.separate_passes,
    "separate_width": experts.separate_width,
    "widths": layer.product_widths,
    "common_products": layer.products_time,
    "routed_products": experts.experts_products,
    "products": serial_time,
    "kept_output": layer.kept_output_time,
    "attention_there": layer.attention_forward,
    "attention_back": layer.attention_backward,
    "elementwise_there": layer.elementwise_forward,
    "elementwise_back": layer.elementwise_backward,
    "cast": layer.cast_time,
    "permutation": experts.permutation_time,
    "local_there": serial_time,
    "local_back": serial_time,
    "issued": training.layer_launch,
    "launch_there": training.launch_time,
    "launch_back": training.launch_time,
    "tensor_there": traffic.tensor_time,
    "tensor_back": traffic.tensor_backward,
    "context_transfer": traffic.context_time,
    "context_return": traffic.returned,
    "context_cover_there": serial_time,
    "context_cover_back": serial_time,
    "context_there": traffic.exposed_time,
    "context_back": traffic.exposed_time,
    "exchange": experts.exchange_time,
    "cut_expert": experts.cut_expert_time,
    "expert_transfer": serial_time,
    "expert_there": traffic.exposed_time,
    "expert_back": traffic.exposed_time,
    "communication_there": serial_time,
    "communication_back": serial_time,
    "forward": serial_time,
    "backward": serial_time,
    "recompute": training.layer_recompute,
    "backward_work": serial_time,
    "common_gather": traffic.gather_time,
    "routed_gather": traffic.gather_time,
    "layer_gather": serial_time,
    "common_scatter": traffic.scatter_time,
    "routed_scatter": traffic.scatter_time,
    "layer_scatter": serial_time,
    "layer_sharding": traffic.shard_time,
    "layer_work": training.layer_work,
    # a stage, then the pipeline, then the replicas
    "vocabulary_kept": layer.padded_vocabulary,
    "head": layer.head_time,
    "prediction_each": serial_time,
    "prediction": training.repeated_time,
    "loss_work": serial_time,
    "embedding_kept": transformer.embedding_parameters,
    "embedding_share": traffic.cut_weights,
    "end_gather": traffic.gather_time,
    "end_scatter": traffic.scatter_time,
    "end_sharding": traffic.shard_time,
    "end_work": serial_time,
    "slowest": pipeline.slowest_stage,
    "imbalance": pipeline.imbalance_time,
    "transfers": pipeline.pipeline_time,
    "bubble": pipeline.bubble_time,
    "stage_backward": training.repeated_time,
    "last_work": serial_time,
    "kept_layers": memory.kept_layers,
    "common_parameters": memory.common_parameters,
    "expert_parameters": memory.expert_parameters,
    "chip_parameters": memory.chip_parameters,
    "common_summed": traffic.scatter_time,
    "routed_summed": traffic.scatter_time,
    "scatter": serial_time,
    "common_returned": traffic.return_time,
    "routed_returned": traffic.return_time,
    "weights_back": serial_time,
    "gradients_shared": memory.state_bytes,
    "copies": traffic.copies_time,
    "gradient": traffic.gradient_time,
    "optimizer": training.optimizer_time,
    "run_through": training.run_through,
    "waiting": training.straggling_time,
    "step_time": training.step_time,
    # the parts that a step is the sum of
    "launches": serial_time,
    "tensor_traffic": serial_time,
    "context_traffic": serial_time,
    "expert_traffic": serial_time,
    "layers_sharding": pipeline.of_stage,
    "ends_sharding": pipeline.of_stage,
    "forward_part": pipeline.of_stage,
    "backward_part": pipeline.of_stage,
    "launch_part": pipeline.of_stage,
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

PARTS = (
    "forward_part", "backward_part", "launch_part", "recompute_part", "tensor_part", "context_part", "expert_part",
    "sharding_part", "head_part", "imbalance_part", "transfers_part", "bubble", "gradient", "optimizer", "waiting",
)  # fmt: skip
MEMORY = (
    "weight_memory", "gradient_memory", "optimizer_memory", "gathered_memory", "activation_memory",
    "working_memory", "buffer_memory", "slack_memory", "context_memory",
)  # fmt: skip
CONSTANTS = {"one": 1.0, "two": 2.0, "never": 0.0, "no_work": 0.0}


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


@cache
def _program(outputs: tuple[str, ...], varied: tuple[str, ...]) -> Program | None:
    graph = traced(_path(outputs), outputs, "a training step")
    return None if graph is None else Program(graph, varied, "a training step")


def evaluate(values: Mapping[str, Any], outputs: Sequence[str], points: int = 0) -> dict[str, Any]:
    """Compute outputs of a step from the values of its `inputs`.

    Parameters
    ----------
    values : mapping
        Every name of ``inputs(tuple(outputs))`` to a number or an array in SI; the shapes broadcast.
    outputs : sequence of str
        Names of `STEP`.
    points : int
        Plans of the whole task that these are a part of; of a large one all outputs are computed by one compiled
        kernel, see `dojo_calc.readings.compiled`.

    Returns
    -------
    dict
        Output to a number or an array of the broadcast shape of what it depends on.
    """
    path = _path(tuple(outputs))
    found = dict(values) | CONSTANTS
    taken = {name: found[name] for name in inputs(tuple(outputs))}
    if varied := columns(taken, points):
        program = _program(tuple(outputs), varied)
        fused = None if program is None else program.run(found, points)
        if fused is not None:
            return fused
    last = {source: name for name, _, sources in path for source in sources}
    for name, formula, sources in path:
        found[name] = formula(*[found[source] for source in sources])
        for source in sources:  # what no later step reads is let go, so that a block stays in the cache
            if last[source] == name and source not in outputs:
                found.pop(source, None)
    return {name: found[name] for name in outputs}
