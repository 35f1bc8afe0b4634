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

from dojo_calc.performance import memory, training, transformer
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
    "micro_batches": training.micro_batches,
    "passes_made": training.passes_made,
    "stage_layers": training.stage_layers,
    "tensor_bandwidth": training.group_bandwidth,
    "context_bandwidth": training.group_bandwidth,
    "expert_bandwidth": training.group_bandwidth,
    "data_bandwidth": training.group_bandwidth,
    # a layer, for one micro-batch
    "widths": training.product_widths,
    "products": training.products_time,
    "kept_output": training.kept_output_time,
    "attention_there": training.attention_forward,
    "attention_back": training.attention_backward,
    "elementwise_there": training.elementwise_forward,
    "elementwise_back": training.elementwise_backward,
    "cast": training.cast_time,
    "tensor_traffic": training.tensor_time,
    "context_transfer": training.context_time,
    "context_traffic": training.exposed_time,
    "expert_traffic": training.expert_time,
    "communication": serial_time,
    "forward": training.layer_forward,
    "backward": training.layer_backward,
    "recompute": training.layer_recompute,
    "backward_work": serial_time,
    "sharding": training.shard_time,
    "layer_work": training.layer_work,
    # a stage, then the pipeline, then the replicas
    "head": training.head_time,
    "slowest": training.slowest_stage,
    "imbalance": training.imbalance_time,
    "transfers": training.pipeline_time,
    "bubble": training.bubble_time,
    "chip_parameters": memory.chip_parameters,
    "gradient": training.gradient_time,
    "optimizer": training.optimizer_time,
    "run_through": training.run_through,
    "waiting": training.straggling_time,
    "step_time": training.step_time,
    # the parts that a step is the sum of
    "local_there": serial_time,
    "local_back": serial_time,
    "forward_part": training.of_stage,
    "backward_part": training.of_stage,
    "recompute_part": training.of_stage,
    "tensor_part": training.of_stage,
    "context_part": training.of_stage,
    "expert_part": training.of_stage,
    "sharding_part": training.of_stage,
    "head_part": training.of_stage,
    "imbalance_part": training.of_stage,
    "transfers_part": training.of_stage,
    # what is said of it
    "throughput": training.throughput,
    "mfu": training.model_utilisation,
    # memory of the fullest chip
    "weight_memory": memory.sharded_bytes,
    "gradient_memory": memory.sharded_bytes,
    "optimizer_memory": memory.sharded_bytes,
    "gathered_memory": memory.gathered_bytes,
    "latent_width": transformer.latent_width,
    "sent_width": transformer.sent_width,
    "layer_kept": transformer.layer_activations,
    "layer_all": transformer.layer_activations,
    "held": memory.micro_batches_held,
    "activation_memory": memory.held_activations,
    "working_memory": memory.working_layer,
    "logit_memory": memory.logit_bytes,
    "memory": memory.memory_needed,
}

WIRES: dict[str, dict[str, str | tuple[str, ...]]] = {
    "kv_width": {"head_width": "head_width"},
    "active_experts_weights": {"experts": "active_experts"},
    "active_weights": {"expert_weights": "active_experts_weights"},
    "prediction_weights": {"met": "active_experts"},
    "batch_tokens": {"micro_batch": "global_batch", "context": "one"},
    "forward_flop": {"tokens": "batch_tokens", "visible": "visible"},
    "prediction_flop": {
        "tokens": "batch_tokens",
        "active_weights": "prediction_weights",
        "visible": "visible",
    },
    "tensor_bandwidth": {"size": "tensor", "stride": "one"},
    "context_bandwidth": {"size": "context", "stride": "tensor"},
    "expert_bandwidth": {"size": "expert", "stride": "tensor"},
    "data_bandwidth": {"size": "data", "stride": "tensor"},
    "widths": {"feedforward": "mlp_width", "active_experts": "mlp_passes"},
    "products": {"weights": "active_weights"},
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
    "tensor_traffic": {"bandwidth": "tensor_bandwidth", "exposed": "exposed_tensor"},
    "context_transfer": {"bandwidth": "context_bandwidth"},
    "context_traffic": {"transfer": "context_transfer", "work": "attention_there", "share": "exposed_tensor"},
    "expert_traffic": {"bandwidth": "expert_bandwidth"},
    "communication": {"first": "tensor_traffic", "others": ("context_traffic", "expert_traffic")},
    "forward": {"attention": "attention_there", "elementwise": "elementwise_there"},
    "backward": {"attention": "attention_back", "elementwise": "elementwise_back"},
    "recompute": {"layer_forward": "forward", "attention": "attention_there"},
    "backward_work": {"first": "backward", "others": ("recompute",)},
    "sharding": {
        "weights": "layer_parameters",
        "bandwidth": "data_bandwidth",
        "backward": "backward_work",
        "exposed": "exposed_shard",
    },
    "transfers": {"bandwidth": "network", "latency": "transfer_latency", "exposed": "exposed_tensor"},
    "gradient": {
        "parameters": "chip_parameters",
        "bandwidth": "data_bandwidth",
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
    "forward_part": {"part": "local_there"},
    "backward_part": {"part": "local_back"},
    "recompute_part": {"part": "recompute"},
    "tensor_part": {"part": "tensor_traffic", "micro_batches": "passes_made"},
    "context_part": {"part": "context_traffic", "micro_batches": "passes_made"},
    "expert_part": {"part": "expert_traffic", "micro_batches": "passes_made"},
    "sharding_part": {"part": "sharding"},
    "head_part": {"part": "head", "layers": "one"},
    "imbalance_part": {"part": "imbalance", "layers": "one", "pipeline": "one"},
    "transfers_part": {"part": "transfers", "layers": "one", "pipeline": "one"},
    "mfu": {"flop": "model_flop"},
    "weight_memory": {"parameters": "chip_parameters", "each": "weight_bytes", "sharded": "shard_weights"},
    "gradient_memory": {
        "parameters": "chip_parameters",
        "each": "gradient_bytes",
        "sharded": "shard_gradients",
    },
    "optimizer_memory": {
        "parameters": "chip_parameters",
        "each": "optimizer_bytes",
        "sharded": "shard_optimizer",
    },
    "gathered_memory": {"each": "weight_bytes"},
    "layer_all": {"selective": "never", "full": "never"},
    "activation_memory": {"layer_activations": "layer_kept"},
    "working_memory": {"layer_activations": "layer_kept", "all_activations": "layer_all"},
    "logit_memory": {"each": "logit_bytes"},
    "memory": {
        "weights": "weight_memory",
        "gradients": "gradient_memory",
        "optimizer": "optimizer_memory",
        "activations": "activation_memory",
        "working": "working_memory",
        "logits": "logit_memory",
        "gathered": "gathered_memory",
    },
}

PARTS = (
    "forward_part", "backward_part", "recompute_part", "tensor_part", "context_part", "expert_part",
    "sharding_part", "head_part", "imbalance_part", "transfers_part", "bubble", "gradient", "optimizer", "waiting",
)  # fmt: skip
MEMORY = (
    "weight_memory", "gradient_memory", "optimizer_memory", "activation_memory", "working_memory", "logit_memory",
    "gathered_memory",
)  # fmt: skip
CONSTANTS = {"one": 1.0, "never": 0.0}


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
