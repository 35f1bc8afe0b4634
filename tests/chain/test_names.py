"""One name, one meaning, over every model that ships: same unit, same formula of the same things, same default.

A model may compute what another takes as given, and a small graph may say otherwise what the chain would say of
its own chip and date: each such name is listed with its reason.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.chain.shipped import MODELS, shipped
from dojo_calc.model.model import Model

# What a model says of its own case, where the chain of an H100 of today says something else.
OF_ITS_OWN = {
    ("swap", "chips"): "the GPUs of the swap",
    ("swap", "hourly_rent"): "read in 2024, when the chips were due",
    ("swap", "energy_price"): "read in 2024, when the chips were due",
    ("race", "capital_per_chip"): "of a GB200, as it was told",
    ("race", "site_power_reported"): "of a GB200, as it was told",
    ("swap", "server_price"): "read in 2024, when the chips were due",
    ("pledge", "chip_price"): "read in 2024, when it was pledged",
    ("pledge", "server_price"): "read in 2024, when it was pledged",
    ("pledge", "capital_per_chip"): "as a cost sheet told it",
    ("pledge", "site_power_reported"): "as a table told it",
    ("training_run", "billed"): "over steps as predicted, whose error it holds",
}

# What one model computes and another takes as given.
SUPPLIED = {
    "mfu": "the engine of training steps computes it, the chain takes it as stated",
    "parameters": "counted from the sizes of a model, or stated",
    "work_per_parameter": "counted from the sizes of a model, or six operations",
}


@cache
def models() -> dict[str, Model]:
    return {name: shipped(name) for name in MODELS}


def meaning(model: Model, name: str) -> tuple[str, Any]:
    """What a name is: an input and its default, or a step, its formula and what it takes."""
    if name in model.inputs:
        return "input", model.inputs[name].value
    formula, arguments = model.formula(name)
    constants = tuple(sorted(getattr(formula, "constants", {}).items()))
    return "step", (getattr(formula, "function", formula).__name__, arguments, constants)


def test_a_name_has_one_unit() -> None:
    units = defaultdict(set)
    for model in models().values():
        for name in (*model.inputs, *model.outputs):
            units[name].add(model.spec(name).unit)
    assert {name: found for name, found in units.items() if len(found) > 1} == {}


@pytest.mark.parametrize("kind", ["input", "step"])
def test_a_name_has_one_meaning(kind: str) -> None:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for label, model in models().items():
        for name in (*model.inputs, *model.outputs):
            own, what = meaning(model, name)
            if own == kind and (label, name) not in OF_ITS_OWN:
                found[name][label] = what
    differing = {name: each for name, each in found.items() if len(set(map(repr, each.values()))) > 1}
    assert differing == {}


def test_nothing_is_listed_that_does_not_differ() -> None:
    chain = models()["chain"]
    for (label, name), reason in OF_ITS_OWN.items():
        assert reason
        assert meaning(models()[label], name) != meaning(chain, name)


def test_what_one_computes_and_another_takes_is_known() -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    for label, model in models().items():
        for name in (*model.inputs, *model.outputs):
            if (label, name) not in OF_ITS_OWN:
                kinds[name].add(meaning(model, name)[0])
    assert {name for name, found in kinds.items() if len(found) > 1} == set(SUPPLIED)


@pytest.mark.parametrize("output", ["own", "site_power_at_work", "server_price", "goodput", "rent"])
def test_a_value_is_the_same_through_every_door(output: str) -> None:
    chain = dc.chain("h100-sxm")
    plan = {"tensor": 8, "pipeline": 1, "micro_batch": 1}
    run = dc.training_run(
        "llama3-8b", "h100-sxm", 64, tokens=1e12, global_batch=256, sequence=4096, plan=plan
    )
    given = {} if output != "goodput" else {"chips": 64, "parameters": float(run.evaluate("parameters"))}
    value = chain.inputs[output].value if output in chain.inputs else chain.evaluate(output, **given)
    assert (run.inputs[output].value if output in run.inputs else run.evaluate(output)) == value
    if output in chain.outputs:
        assert chain.view(output).evaluate(output, **given) == value
