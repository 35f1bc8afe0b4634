"""A training plan, one or a million of them: how a model is laid out over chips, and what a step then takes.

    >>> from dojo_calc.performance.plan import train
    >>> run = train("gpt3-175b", "a100-sxm-80gb", 64, global_batch=64, tensor=8, pipeline=8, interleave=3,
    ...             recompute="full", attention="unfused", sharding="none", precision="fp16",
    ...             sequence=2048, stack="megatron-2022")  # doctest: +SKIP

Every size may be an array; the shapes broadcast. One plan that cannot be is refused with one message; in an
array its element is masked, and `Training.reason` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dojo_calc.errors import DojoCalcError, UnknownNameError
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import chip_values, efficiency
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.units import format_si

__all__ = ["ATTENTION", "RECOMPUTE", "SHARDING", "PlanError", "Training", "flags", "problems", "train"]

RECOMPUTE = ("none", "selective", "full")
SHARDING = ("none", "zero1", "zero2", "zero3")
ATTENTION = ("unfused", "flash")
OUTPUTS = ("step_time", "throughput", "mfu", "memory", "model_flop", *step.PARTS, *step.MEMORY)

Array = np.ndarray[Any, np.dtype[Any]]


class PlanError(DojoCalcError):
    """A plan cannot be: sizes that do not fit each other, or memory that is too small."""


def flags(recompute: Any, sharding: Any, attention: Any) -> dict[str, Any]:
    """Words of a plan as the 1s and 0s that the formulas take.

    Parameters
    ----------
    recompute, sharding, attention : str or array_like of str
        From `RECOMPUTE`, `SHARDING` and `ATTENTION`.

    Returns
    -------
    dict
        `full`, `selective`, `shard_optimizer`, `shard_gradients`, `shard_weights` and `flash`.

    Raises
    ------
    UnknownNameError
        If a word is none of those.
    """
    redo = _ranks("recompute", recompute, RECOMPUTE)
    shard = _ranks("sharding", sharding, SHARDING)
    return {
        "selective": _number(redo == 1),
        "full": _number(redo == 2),
        "shard_optimizer": _number(shard >= 1),
        "shard_gradients": _number(shard >= 2),
        "shard_weights": _number(shard >= 3),
        "flash": _number(_ranks("attention", attention, ATTENTION) == 1),
    }


def _ranks(name: str, given: Any, known: Sequence[str]) -> Array:
    words = np.asarray(given)
    found = np.full(words.shape, -1)
    for rank, word in enumerate(known):
        found[words == word] = rank
    if (found < 0).any():
        raise UnknownNameError(
            f"{name} must be one of {', '.join(known)}, got {str(words[found < 0].flat[0])!r}"
        )
    return found


def _number(values: Any) -> Any:
    array = np.asarray(values, dtype=np.float64)
    return array if array.ndim else float(array)


@dataclass(frozen=True)
class Training:
    """What a plan takes, each value a float or an array of the plans' shape; NaN where `reason` is not empty.

    `step_time` [s] with its 80 % interval `low` and `high`, `throughput` [tokens/s a chip], `mfu` against the
    dense 16-bit peak, `memory` [B] of the fullest chip; `parts` and `memory_parts` are what they are sums of.
    """

    step_time: Any
    low: Any
    high: Any
    throughput: Any
    mfu: Any
    memory: Any
    model_flop: Any
    parts: Mapping[str, Any]
    memory_parts: Mapping[str, Any]
    reason: Any


def train(
    model: str | Transformer,
    chip: str,
    chips: Any,
    *,
    global_batch: Any,
    sequence: Any = 2048,
    micro_batch: Any = 1,
    tensor: Any = 1,
    pipeline: Any = 1,
    data: Any = None,
    context: Any = 1,
    expert: Any = 1,
    interleave: Any = 1,
    recompute: Any = "none",
    sequence_parallel: Any = None,
    sharding: Any = "zero1",
    attention: Any = "flash",
    precision: str = "bf16",
    stack: str = "",
    book: Catalogue | None = None,
    changed: Mapping[str, float] | None = None,
) -> Training:
    """Time, parts and memory of a training step.

    Parameters
    ----------
    model : str or Transformer
        A row of `data/models.csv`, or sizes of one's own.
    chip : str
        An id of the catalogue.
    chips : array_like
        How many [1].
    global_batch, sequence, micro_batch : array_like
        Sequences a step, tokens a sequence, sequences a micro-batch [1].
    tensor, pipeline, data, context, expert, interleave : array_like
        Parallel sizes [1]; `data` is what the others leave of `chips` if left out. `expert` lies inside `data`.
    recompute, sharding, attention : str or array_like of str
        Words of `RECOMPUTE`, `SHARDING` and `ATTENTION`.
    sequence_parallel : array_like, optional
        1 or 0; 1 wherever there is tensor parallelism if left out.
    precision, stack : str
        See `dojo_calc.performance.efficiency.efficiency`.
    book : Catalogue, optional
    changed : mapping, optional
        See `chip_values`.

    Returns
    -------
    Training

    Raises
    ------
    PlanError
        If all sizes are scalars and the plan cannot be, naming the sizes or the memory.
    UnknownNameError
        If a name is unknown, or the chip lacks what a plan needs.
    """
    sizes = transformer(model) if isinstance(model, str) else model
    plan = {
        "chips": chips, "global_batch": global_batch, "sequence": sequence, "micro_batch": micro_batch,
        "tensor": tensor, "pipeline": pipeline, "context": context, "expert": expert, "interleave": interleave,
    }  # fmt: skip
    values = {name: _number(value) for name, value in plan.items()}
    spread = values["tensor"] * values["pipeline"] * values["context"]
    values["data"] = values["chips"] / spread if data is None else _number(data)
    values["sequence_parallel"] = _number(
        values["tensor"] > 1 if sequence_parallel is None else sequence_parallel
    )
    values |= flags(recompute, sharding, attention) | {"visible": 1.0}
    values |= sizes.values() | chip_values(chip, precision, stack, book, changed)
    reason = _first_problem(values)
    found = step.evaluate(values, OUTPUTS)
    reason = _with(reason, found["memory"] > values["memory_capacity"], lambda i: _too_big(values, found, i))
    if not reason.shape and str(reason):
        raise PlanError(str(reason))
    bad = reason != ""
    masked = {name: _masked(one, bad) for name, one in found.items()}
    error = np.exp(efficiency(chip, precision, stack)["error_80"].value)
    return Training(
        step_time=masked["step_time"],
        low=masked["step_time"] / error,
        high=masked["step_time"] * error,
        throughput=masked["throughput"],
        mfu=masked["mfu"],
        memory=masked["memory"],
        model_flop=masked["model_flop"],
        parts={name.removesuffix("_part"): masked[name] for name in step.PARTS},
        memory_parts={name.removesuffix("_memory"): masked[name] for name in step.MEMORY},
        reason=reason if reason.shape else "",
    )


def _masked(values: Any, bad: Array) -> Any:
    if not bad.shape:
        return float(values)
    return np.where(bad, np.nan, values)


def problems(values: Mapping[str, Any]) -> Iterator[tuple[Any, Callable[[Callable[[str], str]], str]]]:
    """What can be wrong with the sizes of a plan: where it is, and words for one element.

    Parameters
    ----------
    values : mapping
        Inputs of a step.

    Yields
    ------
    where : bool or array of bool
    words : callable
        Takes a function that shows the value of a name, and gives the message.
    """
    v = values
    for name in ("chips", "global_batch", "sequence", "micro_batch", "tensor", "pipeline", "context", "expert",
                 "interleave"):  # fmt: skip
        yield (
            (v[name] < 1) | (v[name] % 1 != 0),
            lambda of, n=name: f"{n} must be a whole number, got {of(n)}",
        )
    yield (
        v["data"] % 1 != 0,
        lambda of: (
            f"tensor {of('tensor')} x pipeline {of('pipeline')} x context {of('context')} must divide the "
            f"{of('chips')} chips"
        ),
    )
    yield (
        v["tensor"] * v["pipeline"] * v["context"] * v["data"] != v["chips"],
        lambda of: (
            f"tensor {of('tensor')} x pipeline {of('pipeline')} x context {of('context')} x data {of('data')} "
            f"must make the {of('chips')} chips"
        ),
    )
    yield (
        v["heads"] % v["tensor"] != 0,
        lambda of: f"{of('heads')} heads cannot be split over a tensor group of {of('tensor')}",
    )
    yield (
        v["global_batch"] % (v["data"] * v["micro_batch"]) != 0,
        lambda of: (
            f"global_batch {of('global_batch')} must be a multiple of data {of('data')} x micro_batch "
            f"{of('micro_batch')}"
        ),
    )
    yield (
        v["sequence"] % v["context"] != 0,
        lambda of: f"sequence {of('sequence')} cannot be cut into {of('context')} equal parts",
    )
    yield (
        v["pipeline"] * v["interleave"] > v["layers"],
        lambda of: (
            f"{of('layers')} layers cannot make {of('pipeline')} stages x {of('interleave')} virtual stages each"
        ),
    )
    stage = np.ceil(v["layers"] / v["pipeline"])
    yield (
        stage % v["interleave"] != 0,
        lambda of: (
            f"stages of {of('layers')} / {of('pipeline')} layers, rounded up, cannot be cut into "
            f"{of('interleave')} equal virtual stages"
        ),
    )
    yield (
        (v["interleave"] > 1) & (v["pipeline"] == 1),
        lambda of: f"interleave {of('interleave')} needs more than one pipeline stage",
    )
    yield (
        (v["expert"] > v["experts"]) | (v["data"] % v["expert"] != 0),
        lambda of: (
            f"{of('experts')} experts over data {of('data')} cannot make expert groups of {of('expert')}"
        ),
    )


def _first_problem(values: Mapping[str, Any]) -> Array:
    shape = np.broadcast_shapes(*(np.shape(one) for one in values.values()))
    reason: Array = np.full(shape, "", dtype=object)
    for where, words in problems(values):
        reason = _with(reason, where, lambda index, say=words: say(lambda name: _shown(values, name, index)))
    return reason


def _with(reason: Array, where: Any, words: Callable[[tuple[int, ...]], str]) -> Array:
    """Fill in a reason where there is a new problem and none yet."""
    hit = np.broadcast_to(where, reason.shape) & (reason == "")
    for index in np.argwhere(hit):
        reason[tuple(index)] = words(tuple(index))
    return reason


def _shown(values: Mapping[str, Any], name: str, index: tuple[int, ...]) -> str:
    return f"{_at(values[name], index):,.6g}"


def _at(value: Any, index: tuple[int, ...]) -> float:
    array = np.asarray(value)
    lead = len(index) - array.ndim
    place = tuple(0 if size == 1 else one for size, one in zip(array.shape, index[lead:], strict=True))
    return float(array[place])


def _too_big(values: Mapping[str, Any], found: Mapping[str, Any], index: tuple[int, ...]) -> str:
    """By how much a plan is too large, and what would make it fit."""
    need, has = _at(found["memory"], index), _at(values["memory_capacity"], index)
    here = {name: _at(one, index) for name, one in values.items()}
    cures = {
        "full recomputation": {"full": 1.0, "selective": 0.0},
        "zero3 sharding": {"shard_optimizer": 1.0, "shard_gradients": 1.0, "shard_weights": 1.0},
        "a micro-batch of 1": {"micro_batch": 1.0},
        "flash attention": {"flash": 1.0},
    }
    helps = [
        name
        for name, change in cures.items()
        if change.items() - here.items() and step.evaluate(here | change, ("memory",))["memory"] <= has
    ]
    advice = f"; {' or '.join(helps)} would make it fit" if helps else "; spread the model over more chips"
    return f"needs {format_si(need, 'B')} of a chip's {format_si(has, 'B')} usable memory{advice}"
