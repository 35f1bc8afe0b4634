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
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, UnitError, UnknownNameError
from dojo_calc.formatting import format_si
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import changes, chip_values, efficiency, half_widths
from dojo_calc.performance.legality import problems
from dojo_calc.performance.setting import Setting
from dojo_calc.performance.stacks import software
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import PositiveFraction, Ranks, SignedCount, as_count, check, single, whole_number

__all__ = ["ATTENTION", "RECOMPUTE", "SHARDING", "PlanError", "Training", "flags", "train"]

RECOMPUTE = ("none", "selective", "full", "per-op")
SHARDING = ("none", "zero1", "zero2", "zero3")
ATTENTION = ("unfused", "flash")
# What may make a plan fit that does not.
CURES = {
    "full recomputation": {"full": 1.0, "selective": 0.0, "per_op": 0.0},
    "zero3 sharding": {"shard_optimizer": 1.0, "shard_gradients": 1.0, "shard_weights": 1.0},
    "a micro-batch of 1": {"micro_batch": 1.0},
    "flash attention": {"flash": 1.0},
}
OUTPUTS = ("step_time", "throughput", "mfu", "memory", "model_flop", *step.PARTS, *step.MEMORY)

Array = np.ndarray[Any, np.dtype[Any]]


class PlanError(DojoCalcError):
    """A plan cannot be: sizes that do not fit each other, or memory that is too small."""


@door
def flags(recompute: Any, sharding: Any, attention: Any, recompute_share: Any = 1.0) -> dict[str, Any]:
    """Words of a plan as the 1s and 0s that the formulas take.

    Parameters
    ----------
    recompute, sharding, attention : str or array_like of str
        From `RECOMPUTE`, `SHARDING` and `ATTENTION`.
    recompute_share : array_like
        Of layers, where they are recomputed in full [1].

    Returns
    -------
    dict
        `full`, `selective`, `per_op`, `shard_optimizer`, `shard_gradients`, `shard_weights` and `flash`.

    Raises
    ------
    UnknownNameError
        If a word is none of those.
    DomainError, UnitError
        If the share is none.
    PlanError
        If the share has no effect.
    """
    redo = _ranks("recompute", recompute, RECOMPUTE)
    shard = _ranks("sharding", sharding, SHARDING)
    share = np.asarray(check(recompute_share, PositiveFraction, "recompute_share"))
    if np.any((share != 1) & (redo != 2)):
        raise PlanError("recompute_share has no effect where recompute is not full")
    return {
        "selective": _number(redo == 1),
        "full": _number((redo == 2) * share),
        "per_op": _number(redo == 3),
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


def _size(value: Any, name: str) -> Any:
    """A size of a plan, whole; of an array each finite number, since what is not whole is masked there."""
    count = as_count(value, name)
    if np.ndim(count):
        return check(count, SignedCount, name)
    return float(whole_number(count, name))


def _flag(value: Any, name: str) -> Array:
    """Yes or no, one or an array of them, as 1s and 0s.

    Raises
    ------
    UnitError
        If it is neither.
    """
    given = np.asarray(value)
    if given.dtype.kind not in "biuf" or not np.isin(given, (0, 1)).all():
        raise UnitError(f"{name} must be 1 or 0, or an array of them, got {value!r:.60}")
    return given


@dataclass(frozen=True)
class Training:
    """What a plan takes, each value a float or an array of the plans' shape; NaN where `reason` is not empty.

    `step_time` [s] with its 80 % interval `low` and `high`, `throughput` [tokens/s a chip], `mfu` against the dense
    peak of the matrix products, `memory` [B] of the fullest chip as its driver shows it, with its 80 % interval
    `memory_low` and `memory_high`, and `memory_capacity` [B]; `parts` and `memory_parts` are what they are sums of.
    `told` is what a user should hear of the stack asked for.
    """

    step_time: Any
    low: Any
    high: Any
    throughput: Any
    mfu: Any
    memory: Any
    memory_low: Any
    memory_high: Any
    memory_capacity: Any
    model_flop: Any
    parts: Mapping[str, Any]
    memory_parts: Mapping[str, Any]
    problems: _Problems = field(repr=False)
    told: str = ""

    @cached_property
    def fits(self) -> Any:
        """Chance that the plan fits in memory, whose logarithm is taken to be normal within its interval."""
        from scipy.special import ndtr, ndtri

        spread = np.log(np.asarray(self.memory_high) / self.memory) / ndtri(0.9)
        return _number(ndtr(np.log(np.asarray(self.memory_capacity) / self.memory) / spread))

    @cached_property
    def reason(self) -> Any:
        """Why a plan cannot be, in the shape of the plans; empty where it can."""
        return self.problems.texts() if self.problems.number.shape else ""


@door
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
    shard_copies: Any = 1,
    recompute: Any = "none",
    recompute_share: Any = 1.0,
    sequence_parallel: Any = None,
    sharding: Any = "zero1",
    attention: Any = "flash",
    visible: float = 1.0,
    expert_load: float | None = None,
    expert_domains: float | None = None,
    precision: str = "bf16",
    stack: str = "",
    setting: Setting | None = None,
    book: Catalogue | None = None,
    models: str | Path | None = None,
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
    shard_copies : array_like
        Copies of what `sharding` shards, over data x context chips: 1, or more for hybrid sharding, as many as
        there are servers to shard within each [1].
    recompute, sharding, attention : str or array_like of str
        Words of `RECOMPUTE`, `SHARDING` and `ATTENTION`.
    recompute_share : array_like
        Share of layers that are recomputed where `recompute` is full: 0.5 for every second [1].
    sequence_parallel : array_like, optional
        1 or 0; 1 wherever there is tensor parallelism if left out.
    visible : float
        Share of the attention scores that operations, and so MFU, count: 1 in full, as the papers on Megatron do,
        or one half, the causal part alone that flash attention computes [1].
    expert_load : float, optional
        Tokens of the busiest chip's experts over the mean: 1 for routing that is forced even, a capacity factor
        where what exceeds it is dropped. The stack's if left out [1].
    expert_domains : float, optional
        Servers, or other fast domains, that routing may send a token to; as the model says if left out [1].
    precision : str
        Of the matrix products, from `dojo_calc.performance.efficiency.PRECISIONS`.
    stack : str
        See `dojo_calc.performance.stacks.software`; the typical one if left out.
    setting : Setting, optional
        Where the machine differs from the chip's facts: network, chips a server, power, memory; and what the software
        did with experts and launches.
    book : Catalogue, optional
    models : path, optional
        A reader's own table of models, see `dojo_calc.performance.workload.transformer`.
    changed : mapping, optional
        See `dojo_calc.performance.efficiency.changes`: rows that hold for this chip, precision and stack.

    Returns
    -------
    Training

    Raises
    ------
    PlanError
        If all sizes are scalars and the plan cannot be, naming the sizes or the memory, or if what is given has no
        effect.
    UnknownNameError
        If a name is unknown, a changed parameter does not count for this chip, or the chip lacks what a plan needs.
    DomainError
        If a size is no whole number of at least 1, or a changed value is outside its parameter's domain.
    UnitError
        If a value is no number.
    """
    sizes = transformer(model, models)
    unit = (book or catalogue()).machine(chip)
    own = efficiency(unit.id, precision, stack)
    plan = {
        "chips": chips, "global_batch": global_batch, "sequence": sequence, "micro_batch": micro_batch,
        "tensor": tensor, "pipeline": pipeline, "context": context, "expert": expert, "interleave": interleave,
        "shard_copies": shard_copies,
    }  # fmt: skip
    if data is not None:
        plan["data"] = data
    values = {name: _size(value, name) for name, value in plan.items()}
    spread = values["tensor"] * values["pipeline"] * values["context"]
    with np.errstate(divide="ignore", invalid="ignore"):
        values.setdefault("data", values["chips"] / spread)
    values["sequence_parallel"] = _number(
        values["tensor"] > 1 if sequence_parallel is None else _flag(sequence_parallel, "sequence_parallel")
    )
    values |= flags(recompute, sharding, attention, recompute_share)
    values["visible"] = single(visible, PositiveFraction, "visible")
    values |= sizes.values() | chip_values(
        unit, precision, stack, book, changes(changed or {}, own.values()), setting
    )
    for name, given in (("expert_load", expert_load), ("expert_domains", expert_domains)):
        if given is None:
            continue
        if sizes.experts == 1:
            raise PlanError(f"{name} has no effect: {sizes.model} has no experts to choose from")
        values[name] = single(given, Ranks, name)
    if sizes.experts == 1 and setting is not None and (said := setting.of_experts()):
        raise PlanError(f"{said[0]} has no effect: {sizes.model} has no experts to choose from")
    with np.errstate(divide="ignore", invalid="ignore"):  # of sizes that are refused below
        found = step.evaluate(values, OUTPUTS)
        slack = np.exp(own["memory_error_80"].value)
        wrong = _find_problems(values, np.copy(found["memory"]), slack)  # masking below writes over the other
    bad = wrong.number > 0
    if not bad.shape and bad:
        raise PlanError(str(wrong.texts()))
    masked = {name: _masked(one, bad) for name, one in found.items()}
    faster, slower = half_widths(unit.id, precision, stack, sizes.experts)
    return Training(
        step_time=masked["step_time"],
        low=masked["step_time"] * np.exp(-faster),
        high=masked["step_time"] * np.exp(slower),
        throughput=masked["throughput"],
        mfu=masked["mfu"],
        memory=masked["memory"],
        memory_low=masked["memory"] / slack,
        memory_high=masked["memory"] * slack,
        memory_capacity=values["memory_capacity"],
        model_flop=masked["model_flop"],
        parts={name.removesuffix("_part"): masked[name] for name in step.PARTS},
        memory_parts={name.removesuffix("_memory"): masked[name] for name in step.MEMORY},
        problems=wrong,
        told=software(stack).told,
    )


def _masked(values: Any, bad: Array) -> Any:
    if not bad.shape:
        return float(values)
    if np.shape(values) != bad.shape:
        return np.where(bad, np.nan, values)
    np.copyto(values, np.nan, where=bad)  # a step's own result, which nobody else holds
    return values


def _shown(values: Mapping[str, Array], row: int, name: str) -> str:
    return f"{values[name][row]:,.12g}"


@dataclass(frozen=True)
class _Problems:
    """What is wrong with each plan: the number of its first problem, put into words only when asked for.

    Of a million plans most may not be; a sentence for each takes longer than all their step times.
    """

    values: Mapping[str, Any]
    memory: Any
    slack: float  # ratio of the ends of memory's interval to its centre
    number: Array  # 0 where nothing is wrong; shape of the plans
    words: tuple[Callable[[Callable[[str], str]], str], ...]

    def texts(self) -> Array:
        """Give a reason for each plan, empty where nothing is wrong."""
        reason: Array = np.full(self.number.shape, "", dtype=object)
        for number, words in enumerate(self.words, 1):
            here = self._where(number)
            for place, row in enumerate(np.flatnonzero(self.number == number)):
                reason.flat[row] = words(partial(_shown, here, place))
        for row, text in zip(np.flatnonzero(self.number > len(self.words)), self._too_big(), strict=True):
            reason.flat[row] = text
        return reason

    def _where(self, number: int) -> dict[str, Array]:
        """Values of the plans that have a problem, a row each."""
        hit = self.number == number
        return {name: np.broadcast_to(one, hit.shape)[hit] for name, one in self.values.items()}

    def _too_big(self) -> Iterator[str]:
        """By how much each plan that does not fit is too large, and what would make it fit."""
        number = len(self.words) + 1
        here = self._where(number)
        need = np.broadcast_to(self.memory, self.number.shape)[self.number == number]
        helps = {
            name: np.any([here[key] != value for key, value in change.items()], axis=0)
            & (step.evaluate(here | change, ("memory",))["memory"] <= here["memory_capacity"])
            for name, change in CURES.items()
        }
        for row, (needed, has) in enumerate(zip(need, here["memory_capacity"], strict=True)):
            cures = " or ".join(name for name, works in helps.items() if works[row])
            advice = f"; {cures} would make it fit" if cures else "; spread the model over more chips"
            least, most = (format_si(needed * one, "B") for one in (1.0 / self.slack, self.slack))
            yield (
                f"needs {format_si(needed, 'B')} ({least} to {most}) of a chip's {format_si(has, 'B')} "
                f"memory{advice}"
            )


def _find_problems(values: Mapping[str, Any], memory: Any, slack: float) -> _Problems:
    """Problems of plans; too large is what does not fit even at the low end of memory's interval."""
    found = list(problems(values))
    shape = np.broadcast_shapes(*(np.shape(one) for one in values.values()))
    number: Array = np.zeros(shape, dtype=np.int8)
    wheres = [where for where, _ in found] + [memory / slack > values["memory_capacity"]]
    for rank, where in enumerate(wheres, 1):
        if np.any(where):
            number = np.where((number == 0) & where, np.int8(rank), number)
    return _Problems(values, memory, slack, number, tuple(words for _, words in found))
