"""What it takes to train a model: from its sizes and a number of tokens to days, megawatt-hours and dollars."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dojo_calc.chain.build import CONDITIONS, assembled
from dojo_calc.chain.conditions import above_one, beyond_capacity
from dojo_calc.chain.dates import Date
from dojo_calc.chain.inputs import PUBLISHED, said
from dojo_calc.chain.names import renamed
from dojo_calc.chain.run import FAILURES
from dojo_calc.chain.sets import assumption_set
from dojo_calc.doors import door
from dojo_calc.economics.capacity import whole
from dojo_calc.errors import UnitError, UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.hardware.machine import Machine
from dojo_calc.model.conditions import Condition, Rules, condition
from dojo_calc.model.distribution import WIDER
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model
from dojo_calc.model.wiring import Step, step
from dojo_calc.performance import layer, training
from dojo_calc.performance.efficiency import chip_values, efficiency, half_widths, head_peak
from dojo_calc.performance.goodput import as_predicted, billed_time
from dojo_calc.performance.groups import data_size
from dojo_calc.performance.legality import problems
from dojo_calc.performance.plan import PlanError, flags, train
from dojo_calc.performance.scaling import work_per_parameter
from dojo_calc.performance.search import search
from dojo_calc.performance.setting import (
    Setting,
    as_launched,
    domain_quantity,
    fast_links,
    network_link,
    network_share,
)
from dojo_calc.performance.stacks import software
from dojo_calc.performance.step import CONSTANTS, STEP, WIRES
from dojo_calc.performance.step import evaluate as step_of
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import Ranks, single, whole_number

__all__ = ["NAMES", "SEAM", "failing_run", "training_run"]

SIZES = ("tensor", "pipeline", "context", "expert", "interleave", "micro_batch")
WORDS = ("recompute", "sharding", "attention")
LAYOUT = (*SIZES, *WORDS, "data", "shard_copies", "recompute_share", "sequence_parallel")

# Rates that a chip attains, from its facts and the table of efficiencies.
RATES: dict[str, Callable[..., Any] | Step] = {
    "matrix_rate": step(layer.attained_rate, peak="chip_peak", efficiency="matrix_efficiency"),
    "head_rate": step(layer.attained_rate, peak="head_peak", efficiency="matrix_efficiency"),
    "attention_rate": step(layer.attained_rate, peak="head_peak", efficiency="attention_efficiency"),
    "score_rate": step(layer.attained_rate, peak="head_peak", efficiency="score_efficiency"),
    "memory_rate": step(layer.attained_bandwidth, rated="memory_bandwidth", efficiency="memory_efficiency"),
    "memory_capacity": step(layer.usable_memory, capacity="memory_rated", usable="memory_usable"),
    "link": step(layer.attained_bandwidth, rated="link_bandwidth", efficiency="link_efficiency"),
    "network": step(layer.attained_bandwidth, rated="network_bandwidth", efficiency="network_efficiency"),
}

# The engine's names where the chain has the name for something else, or another name for it.
NAMES: dict[str, str] = {
    "tokens": "tokens_on_chip",
    "mfu": "step_mfu",
    "model_flop": "step_flop",
    "model_parameters": "parameters",
    "matrix_peak": "chip_peak",
    "peak": "head_peak",
}

# What the chain takes from the engine: the work that a token asks for, and the share of the peak that steps reach.
SEAM: dict[str, Callable[..., Any] | Step] = {
    "data": data_size,
    "steps": step(whole, units="tokens", group="batch_tokens"),
    "work_per_parameter": step(work_per_parameter, work="step_flop", tokens="batch_tokens"),
    "mfu": step(training.useful_share, utilisation="step_mfu"),
    # the field factor was fitted over steps as they are predicted, and holds what those are off by
    "elapsed_as_predicted": step(as_predicted, expected="elapsed"),
    "billed": step(billed_time, expected="elapsed_as_predicted"),
}


def failing_run(chip: str, book: Catalogue | None = None) -> Model:
    """Model of the share of its time in which a run that fails makes headway, the failures of the chain alone.

    Parameters
    ----------
    chip : str
        Id or alias. A chip whose rate of interruptions was not published fails as an H100 does.
    book : Catalogue, optional

    Returns
    -------
    Model
        Of `goodput` [1], from `chips` [1] and `parameters` [1], which have no default.
    """
    known = catalogue() if book is None else book
    unit = known.machine(chip)
    state = efficiency(unit.id, "bf16")["optimizer_bytes"]
    failing = unit.id if known.facts.has(unit.id, "interruption_rate") else "h100-sxm"
    inputs = {name: assumption_set(None, known, None)[name] for name in ("storage", "restart")} | {
        "chips": None,
        "parameters": None,
        "interruption_rate": f"{failing}.interruption_rate",
        "optimizer_bytes": said(state.value, f"{state.key}: {state.kind}, memory.csv"),
    }
    return Model(FAILURES, inputs, known, f"failing_run({chip})")


@door
def training_run(
    model: str | Transformer = "llama3-405b",
    chip: str = "h100-sxm",
    chips: int | str | None = None,
    *,
    tokens: float | str | None = None,
    global_batch: int | str | None = None,
    sequence: int | str | None = None,
    precision: str = "bf16",
    stack: str = "",
    plan: Mapping[str, Any] | None = None,
    assumptions: str | None = None,
    on: Date = None,
    book: Catalogue | None = None,
    models: str | Path | None = None,
) -> Model:
    """What training a model takes: a step and its parts, then the chain's run of it.

    The engine of training steps supplies `mfu` and the work of the run; durations, failures, power, energy and money
    are those of `dojo_calc.chain.build.chain`. Two durations are told apart. *Undisturbed*, steps alone or with what
    failures cost; and *as runs turn out*, by a factor that published runs give, with a wide interval. It was fitted
    to typical software, the one taken where no stack is named. What is paid and drawn follows the second. What
    predicted steps were seen to be off by (`step_error`) is in the interval of the first; the factor of the second
    holds it already.

    Parameters
    ----------
    model : str or Transformer
        A row of `data/models.csv`, or sizes of one's own.
    chip : str
        A chip with HBM, a fast domain and a network.
    chips : int or str, optional
        How many [1]; a text such as ``"16,384"`` or ``"16k"`` will do.
    tokens : float or str, optional
        To train on, all of them in steps of one size [1], such as ``"15.6T"``.
    global_batch, sequence : int or str, optional
        Sequences a step, tokens a sequence [1]. What is left out so far is as in the training of Llama 3.1 405B.
    precision, stack : str
        As for `dojo_calc.performance.plan.train`.
    plan : mapping, optional
        Keywords of `train` that say how the model is laid out, one plan: `LAYOUT`. The fastest that fits if left
        out, see `search`.
    assumptions, on : str, optional
        As for `chain`.
    book : Catalogue, optional
    models : path, optional
        A reader's own table of models, see `dojo_calc.performance.workload.transformer`.

    Returns
    -------
    Model
        Outputs `step_time` with the names of `dojo_calc.performance.step`, but for those of `NAMES`; and all of the
        chain: undisturbed, `run_time` and `undisturbed_chip_time`, and with failures `elapsed`; as published runs
        turn out, `billed` and `chip_time` [s], which energy and money follow (`field_factor` 1 for a run that nothing
        holds up); `goodput`, `fleet_site_power_in_run` [W], `run_energy` [J], `run_own`, `run_lease` and `run_rent`
        [USD].

    Raises
    ------
    PlanError
        If the plan cannot be, or none fits, or the best that is found leaves chips idle.
    UnknownNameError
        If a name is unknown, the plan's among them, or the chip lacks what a plan needs.
    DomainError, UnitError
        If a size of the plan is no whole number of at least 1.
    """
    known = catalogue() if book is None else book
    unit = known.machine(chip)
    sizes = transformer(model, models)
    facts = known.facts
    published = {
        "chips": known.machine(PUBLISHED).count("h100-sxm"),
        "global_batch": facts.value(PUBLISHED, "global_batch"),
        "sequence": facts.value(PUBLISHED, "sequence_length"),
    }
    asked = {"chips": chips, "global_batch": global_batch, "sequence": sequence}
    count, batch, length = (
        whole_number(published[name] if one is None else one, name) for name, one in asked.items()
    )
    wanted = f"{PUBLISHED}.training_tokens" if tokens is None else single(tokens, Ranks, "tokens")
    shape: dict[str, Any] = {
        "global_batch": batch,
        "sequence": length,
        "precision": precision,
        "stack": stack,
    }
    if plan is None:
        found = search(sizes, unit.id, count, **shape, book=known)
        if found.idle:  # who holds them pays for them
            raise PlanError(f"no plan uses all {count:,} chips: {found.advice}")
        best = found.best
        plan = {name: best[name] for name in (*SIZES, *WORDS, "sequence_parallel") if name in best}
    _refuse(plan)
    train(sizes, unit.id, count, **shape, book=known, **plan)  # refuses what cannot be
    engine = renamed(
        {name: Step(formula, WIRES.get(name, {})) for name, formula in STEP.items()}, {**NAMES, **CONSTANTS}
    )
    steps, inputs = assembled(
        unit.id, known, assumptions=assumptions, on=on, precision=precision, supplied=RATES | engine | SEAM
    )
    inputs |= (
        {"chips": count, "tokens": wanted}
        | {name: said(value, f"{sizes.model}: {sizes.source}") for name, value in sizes.values().items()}
        | _laid_out(batch, length, plan)
        | _chip(unit, precision, stack)
    )
    inputs["step_error"] = _step_error(unit, sizes, count, precision, stack, plan, inputs, known)
    name = f"training_run({sizes.model}, {unit.id})"
    return Model(steps, inputs, known, name, (*_conditions(unit, precision, stack), *CONDITIONS))


def _step_error(
    unit: Machine, sizes: Transformer, count: int, precision: str, stack: str, plan: Mapping[str, Any],
    inputs: Mapping[str, Any], known: Catalogue,
) -> Input:  # fmt: skip
    """What predictions of steps were off by, beyond what the intervals of their own parameters make of it."""
    laid_out = {name: inputs[name].value for name in _laid_out(1, 1, plan)}
    spread = laid_out["tensor"] * laid_out["pipeline"] * laid_out["context"]
    values = sizes.values() | laid_out | {"chips": count, "data": count / spread}

    def log_time(changed: Mapping[str, float]) -> float:
        found = values | chip_values(unit, precision, stack, known, changed)
        return math.log(step_of(found, ("step_time",))["step_time"])

    central = log_time({})
    own = [0.0, 0.0]
    for one in efficiency(unit.id, precision, stack).values():
        if one.low < one.high:
            moved = [log_time({one.key: end}) - central for end in (one.low, one.high)]
            own[0] += min(*moved, 0.0) ** 2
            own[1] += max(*moved, 0.0) ** 2
    widths = half_widths(unit.id, precision, stack, sizes.experts)
    faster, slower = (
        math.sqrt(max((WIDER * width) ** 2 - part, 0.0)) for width, part in zip(widths, own, strict=True)
    )
    source = (
        "what steps were measured to take over what a fit without them predicts: error_80, efficiency.csv"
    )
    return said(1.0, source, math.exp(-faster), math.exp(slower))


def _conditions(unit: Machine, precision: str, stack: str) -> tuple[Condition | Rules, ...]:
    """What must hold of a run, whatever is given: what `train` refuses, and what time allows."""
    slack = math.exp(efficiency(unit.id, precision, stack)["memory_error_80"].value)
    return (
        Rules("the sizes of a plan fit each other, the model and the batch", problems),
        condition(
            "identity",
            "a plan fits the memory of its chips, at least at the low end of what it is predicted to need",
            beyond_capacity,
            needed="memory",
            capacity="memory_capacity",
            slack=slack,
        ),
        condition(
            "identity", "no chip does more than its peak: MFU is at most 1", above_one, share="step_mfu"
        ),
    )


def _refuse(plan: Mapping[str, Any]) -> None:
    """Refuse what says nothing of a layout, and more plans than one.

    Raises
    ------
    UnknownNameError
        For a key that is not of `LAYOUT`.
    DomainError, UnitError
        For an array.
    """
    for name, value in plan.items():
        if name not in LAYOUT:
            hint = nearest(name, LAYOUT) or f"; there are {', '.join(LAYOUT)}"
            raise UnknownNameError(f"plan: {name!r} is no part of a layout{hint}")
        if np.ndim(value):
            raise UnitError(f"plan: {name} must be one value, got {value!r:.60}")


def _laid_out(batch: int, length: int, plan: Mapping[str, Any]) -> dict[str, Input]:
    """Sizes and flags of a plan, as `train` reads them."""
    sizes = {name: float(whole_number(plan.get(name, 1), name)) for name in SIZES}
    words = flags(
        plan.get("recompute", "none"),
        plan.get("sharding", "zero1"),
        plan.get("attention", "flash"),
        plan.get("recompute_share", 1.0),
    )
    parallel = plan.get("sequence_parallel")
    given = sizes | words | {
        "global_batch": float(batch), "sequence": float(length), "visible": 1.0,
        "shard_copies": float(whole_number(plan.get("shard_copies", 1), "shard_copies")),
        "sequence_parallel": float(sizes["tensor"] > 1 if parallel is None else parallel),
    }  # fmt: skip
    return {name: said(value, "the plan") for name, value in given.items()}


def _chip(unit: Machine, precision: str, stack: str) -> dict[str, Any]:
    """Rated speeds of a chip, and what share of them its software reaches."""
    links, port = fast_links(unit), network_link(unit)
    shares = {
        name: said(one.value, f"{one.key}: {one.kind}, efficiency.csv", one.low, one.high)
        for name, one in as_launched(efficiency(unit.id, precision, stack), software(stack).graphs).items()
        if name not in ("power_exponent", "error_experts") and not name.endswith("_80")
    }
    return shares | {
        "head_peak": f"{unit.id}.{head_peak(unit)}",
        "memory_bandwidth": f"{unit.id}.hbm_bandwidth",
        "memory_rated": f"{unit.id}.hbm_capacity",
        "link_bandwidth": f"{unit.id}.{links.quantity}",
        "network_bandwidth": f"{unit.id}.nic_bandwidth"
        if port is not None and port.count == 1
        else said(network_share(unit, Setting()), f"{unit.id}: all its network ports"),
        "links": said(links.count, f"{unit.id}: links of a chip"),
        "direct": said(links.direct, f"{unit.id}: how {links.name} is wired"),
        "side": said(links.side, f"{unit.id}: how {links.name} is wired"),
        "domain": f"{unit.id}.{domain_quantity(unit)}",
    }
