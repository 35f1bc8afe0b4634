"""What it takes to train a model: from its sizes and a number of tokens to days, megawatt-hours and dollars."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dojo_calc.chain.conditions import above_one, beyond_capacity, beyond_life
from dojo_calc.economics.capacity import whole
from dojo_calc.economics.cost import energy_cost, price_per_unit, purchase_cost, straight_line, total_cost
from dojo_calc.economics.ownership import capital_with_share
from dojo_calc.economics.power import (
    energy,
    facility_power,
    pooled_power,
    power_at_work,
    power_load,
    power_with_share,
    running_power,
    unit_power,
)
from dojo_calc.economics.procurement import rental_cost
from dojo_calc.errors import UnitError, UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.hardware.machine import Machine
from dojo_calc.model.conditions import Condition, Rules, condition
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model, Step, step
from dojo_calc.performance import goodput, layer, training
from dojo_calc.performance.efficiency import efficiency, head_peak, matrix_peak
from dojo_calc.performance.groups import data_size
from dojo_calc.performance.legality import problems
from dojo_calc.performance.memory import sharded_bytes
from dojo_calc.performance.plan import PlanError, flags, train
from dojo_calc.performance.roofline import transfer_time
from dojo_calc.performance.search import search
from dojo_calc.performance.setting import Setting, domain_quantity, fast_links, network_link, network_share
from dojo_calc.performance.step import CONSTANTS, STEP, WIRES
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import Count, Ranks, single, spec, whole_number

__all__ = ["RUN", "failing_run", "training_run"]

PUBLISHED = "llama3-run"  # the largest run whose sizes, failures and storage were published
SIZES = ("tensor", "pipeline", "context", "expert", "interleave", "micro_batch")
WORDS = ("recompute", "sharding", "attention")
LAYOUT = (*SIZES, *WORDS, "data", "shard_copies", "recompute_share", "sequence_parallel")

# Rates that a chip attains, from its facts and the table of efficiencies.
RATES: dict[str, Callable[..., Any] | Step] = {
    "matrix_rate": step(layer.attained_rate, peak="matrix_peak", efficiency="matrix_efficiency"),
    "head_rate": step(layer.attained_rate, efficiency="matrix_efficiency"),
    "attention_rate": step(layer.attained_rate, efficiency="attention_efficiency"),
    "score_rate": step(layer.attained_rate, efficiency="score_efficiency"),
    "memory_rate": step(layer.attained_bandwidth, rated="memory_bandwidth", efficiency="memory_efficiency"),
    "memory_capacity": step(layer.usable_memory, capacity="memory_rated", usable="memory_usable"),
    "link": step(layer.attained_bandwidth, rated="link_bandwidth", efficiency="link_efficiency"),
    "network": step(layer.attained_bandwidth, rated="network_bandwidth", efficiency="network_efficiency"),
}

# From a step to the run: how often it fails, what it draws, what it costs.
RUN: dict[str, Callable[..., Any] | Step] = {
    "data": data_size,
    "steps": step(whole, units="training_tokens", group="batch_tokens"),
    "run_time": step(training.repeated_time, times="steps", each="step_time"),
    "mtbf": step(goodput.mean_time_between_failures, units="chips", failure_rate="interruption_rate"),
    # the copy in 16 bits is made again from the 32-bit one
    "checkpoint_size": step(
        sharded_bytes, parameters="model_parameters", each="optimizer_bytes", sharded=0.0, data=1.0
    ),
    "checkpoint": step(transfer_time, traffic="checkpoint_size", bandwidth="storage"),
    "interval": goodput.daly_interval,
    "goodput": goodput.goodput,
    "elapsed": step(goodput.expected_time, work="run_time"),
    # as runs turn out: published hours over those of steps and of the failures that are predicted
    "billed": step(goodput.billed_time, expected="elapsed"),
    "failures": step(
        goodput.expected_failures, units="chips", failure_rate="interruption_rate", duration="billed"
    ),
    "undisturbed_chip_time": step(training.repeated_time, times="chips", each="run_time"),
    "chip_time": step(training.repeated_time, times="chips", each="billed"),
    "rated_power": step(unit_power, total="server_power", units="per_server"),
    "full_power": step(power_at_work, rated="rated_power", share="average_power_share"),
    # over all the hours that are billed, in which a chip computes less than in a step
    "load": step(
        power_load, utilisation="mfu", work="run_time", duration="billed", full_load="full_load_mfu"
    ),
    "at_work": step(running_power, peak="full_power", idle="idle_power_share", utilisation="load"),
    "servers_draw": step(pooled_power, units="chips", unit="at_work"),
    "computers_draw": step(power_with_share, rest="servers_draw", share="overhead_share"),
    "site_power": step(facility_power, it_power="computers_draw"),
    "site_energy": step(energy, power="site_power", duration="billed"),
    "electricity": step(energy_cost, energy="site_energy", price="energy_price"),
    "servers_price": step(purchase_cost, units="chips", price="price"),
    "capital": step(capital_with_share, rest="servers_price", share="network_share"),
    "hardware_used": step(straight_line, duration="billed"),
    "own": step(total_cost, first="hardware_used", others=("electricity",)),
    "rent": step(rental_cost, units="chips", rent="hourly_rent", duration="billed"),
}


# What failures add to the time of a run.
FAILURES = ("mtbf", "checkpoint_size", "checkpoint", "interval", "elapsed")


def failing_run(chip: str, book: Catalogue | None = None) -> Model:
    """Model of the time that a run takes with its failures, from the time that its steps take.

    Parameters
    ----------
    chip : str
        Id or alias. A chip whose rate of interruptions was not published fails as an H100 does.
    book : Catalogue, optional

    Returns
    -------
    Model
        Of ``elapsed`` [s], from `chips` [1], `run_time` [s] and `model_parameters` [1], which have no default.
    """
    known = catalogue() if book is None else book
    unit = known.machine(chip)
    state = efficiency(unit.id, "bf16")["optimizer_bytes"]
    inputs = _failures(unit, known) | {
        "chips": None, "run_time": None, "model_parameters": None,
        "optimizer_bytes": _said(state.value, f"{state.key}: {state.kind}, memory.csv"),
    }  # fmt: skip
    return Model({name: RUN[name] for name in FAILURES}, inputs, known, f"failing_run({chip})")


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
    book: Catalogue | None = None,
    models: str | Path | None = None,
) -> Model:
    """What training a model takes: a step and its parts, then days, failures, energy and money.

    Two durations are told apart. *Undisturbed*, steps alone or with what failures cost; and *as runs turn out*, by a
    factor that published runs give, with a wide interval. It was fitted to typical software, the one taken where no
    stack is named. What is paid and drawn follows the second; the power that servers draw
    follows the utilisation over those hours, from that at rest to that of demanding runs.

    Owned: hardware with its share of the network is used up evenly over its life, and electricity is paid; hall,
    staff and interest are not in it. Rented: the hourly price for all of it. Power is the mean one of servers,
    network and hall, through restarts too.

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
    book : Catalogue, optional
    models : path, optional
        A reader's own table of models, see `dojo_calc.performance.workload.transformer`.

    Returns
    -------
    Model
        Outputs `step_time` with every name of `dojo_calc.performance.step`; undisturbed, `run_time` and
        `undisturbed_chip_time`, and with failures `elapsed`; as published runs turn out, `billed` and `chip_time`
        [s], which energy and money follow (`field_factor` 1 for a run that nothing holds up); `goodput`,
        `site_power` [W], `site_energy` [J], `own` and `rent` [USD]. A chip whose price or rent was not published,
        or for which no server with a power is known, leaves that input without a default; a rate of interruptions
        that was not published is that of the H100.

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
    steps = RATES | {name: _bound(formula, WIRES.get(name, {})) for name, formula in STEP.items()} | RUN
    inputs = (
        {"chips": count, "training_tokens": wanted}
        | {name: _said(value, f"{sizes.model}: {sizes.source}") for name, value in sizes.values().items()}
        | _laid_out(batch, length, plan)
        | _chip(unit, precision, stack)
        | _site(unit, known)
    )
    if "price" not in inputs:
        steps["price"] = step(price_per_unit, total="server_price", units="per_server")
    return Model(
        steps, inputs, known, f"training_run({sizes.model}, {unit.id})", _conditions(unit, precision, stack)
    )


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
        condition("identity", "no chip does more than its peak: MFU is at most 1", above_one, share="mfu"),
        condition(
            "limit", "a run ends before its machines have lived their life", beyond_life, duration="billed"
        ),
    )


def _bound(formula: Callable[..., Any], wires: Mapping[str, str | tuple[str, ...]]) -> Step:
    """Step of the engine, its constants bound."""
    return Step(
        formula,
        {
            name: CONSTANTS.get(one, one)
            if isinstance(one, str)
            else tuple(CONSTANTS.get(each, each) for each in one)
            for name, one in wires.items()
        },
    )


def _said(value: float, source: str, low: float | None = None, high: float | None = None) -> Input:
    """Input that says where it comes from; the model gives it name and type."""
    anything = spec(Count)
    assert anything is not None
    return Input("", anything, value, value if low is None else low, value if high is None else high, source)


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
    return {name: _said(value, "the plan") for name, value in given.items()}


def _chip(unit: Machine, precision: str, stack: str) -> dict[str, Any]:
    """Rated speeds of a chip, and what share of them its software reaches."""
    links, port = fast_links(unit), network_link(unit)
    shares = {
        name: _said(one.value, f"{one.key}: {one.kind}, efficiency.csv", one.low, one.high)
        for name, one in efficiency(unit.id, precision, stack).items()
        if name not in ("power_exponent", "error_experts") and not name.endswith("_80")
    }
    return shares | {
        "peak": f"{unit.id}.{head_peak(unit)}",
        "matrix_peak": f"{unit.id}.{matrix_peak(unit, precision)}",
        "memory_bandwidth": f"{unit.id}.hbm_bandwidth",
        "memory_rated": f"{unit.id}.hbm_capacity",
        "link_bandwidth": f"{unit.id}.{links.quantity}",
        "network_bandwidth": f"{unit.id}.nic_bandwidth"
        if port is not None and port.count == 1
        else _said(network_share(unit, Setting()), f"{unit.id}: all its network ports"),
        "links": _said(links.count, f"{unit.id}: links of a chip"),
        "direct": _said(links.direct, f"{unit.id}: how {links.name} is wired"),
        "side": _said(links.side, f"{unit.id}: how {links.name} is wired"),
        "domain": f"{unit.id}.{domain_quantity(unit)}",
    }


def _site(unit: Machine, known: Catalogue) -> dict[str, Any]:
    """Failures, power and prices of the machine that holds the chips."""
    has = known.facts.has
    server = next((one for one in known.assemblies(unit.id) if has(one.id, "power")), None)
    price: dict[str, Any] = {"price": None}
    if has(unit.id, "price_in_node"):
        price = {"price": f"{unit.id}.price_in_node"}
    elif server is not None and has(server.id, "price"):
        price = {"server_price": f"{server.id}.price"}
    return (
        price
        | _failures(unit, known)
        | {
            "field_factor": "whole-runs.field_factor",
            "server_power": None if server is None else f"{server.id}.power",
            "per_server": None if server is None else server.count(unit.id),
            "average_power_share": "gpu-server.average_power_share",
            "idle_power_share": "gpu-server.idle_power_share",
            "full_load_mfu": "gpu-server.full_load_mfu",
            "overhead_share": "gpu-server.overhead_share",
            "pue": "hyperscale.pue",
            "energy_price": "us.electricity_price[y2025]",
            "network_share": "epoch-chip-hour.network_share",
            "life": "epoch-1gw-model.server_life",
            "hourly_rent": f"{unit.id}.hourly_rent" if has(unit.id, "hourly_rent") else None,
        }
    )


def _failures(unit: Machine, known: Catalogue) -> dict[str, Any]:
    """How often a chip fails, and what that costs each time."""
    failing = unit.id if known.facts.has(unit.id, "interruption_rate") else "h100-sxm"
    return {
        "interruption_rate": f"{failing}.interruption_rate",
        "storage": f"{PUBLISHED}.storage_bandwidth[sustained]",
        "restart": f"{PUBLISHED}.restart_time",
    }
