"""Every public function refuses what it cannot use in one clear error of the library's own, whatever came."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache, partial
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.errors import ArgumentError, DojoCalcError, DomainError
from dojo_calc.quantities import Power
from tests.discovery import NOT_FORMULAS, formulas, public_functions


def nothing(*_: Any, **__: Any) -> None:
    """A function, where none is expected or whichever."""


def wrong_kinds() -> tuple[Any, ...]:
    """Values that some argument cannot take; anew for each use, since an array can be written to."""
    return (
        5, -1, 0, 2.5, float("nan"), None, True, "", "no such thing", "1 W", b"bytes", [], [1, "x"], ["", None], (),
        {}, {"x": 1}, {5: None}, {"x"}, object(), dc, nothing, 1j, np.array([1.0, 2.0]), np.array("text"), 10**400,
    )  # fmt: skip


FEW: tuple[Any, ...] = (None, True, "no such thing", b"bytes", [], [1, "x"], {}, object(), nothing, 1j)


@cache
def small() -> dc.Model:
    """Two steps, three inputs, one with an interval."""
    return dc.Model(
        {"chips": dc.units_needed, "power": dc.step(dc.pooled_power, units="chips", unit="watt")},
        inputs={"target": ("100 EFLOP/s", "90 EFLOP/s", "110 EFLOP/s"), "unit": "d1.peak_bf16", "watt": "d1.power"},
    )  # fmt: skip


def given(*positional: Any, **named: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return positional, named


PLAN: dict[str, Any] = {"global_batch": 64, "tensor": 8, "pipeline": 8}
SIDES: dict[str, Any] = {"wafer": 0.3, "edge": 3e-3, "scribe": 1e-4}
# A good call of each door, so that one wrong argument at a time can be put into it.
GOOD: dict[str, Callable[[], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "analysis.compare.compare": lambda: given(small(), "power", {}, {"unit": "h100-sxm.peak_bf16"}),
    "analysis.elasticity.elasticities": lambda: given(small(), "power", unit=1e15),
    "analysis.stored.sweep_to": lambda: given("folder", small(), "power", {"target": [1e20, 2e20]}, block=2, best=1),
    "analysis.explain.explain": lambda: given(small(), "power", target=1e20),
    "analysis.sensitivity.sobol_indices": lambda: given(
        small(), "power", 64, resamples=20, level=0.9, seed=0, weights=None, groups=None
    ),
    "analysis.sensitivity.tornado": lambda: given(small(), "power", unit=1e15),
    "analysis.simulate.simulate": lambda: given(
        small(), "power", correlations=None, precision=0.05, samples=64, seed=0, weights=None, progress=None
    ),
    "analysis.solve.break_even": lambda: given(
        small(), (small(), {"watt": 500.0}), "target", "power", low=1e18, high=1e21
    ),
    "analysis.solve.solve": lambda: given(small(), "target", "power", 1e6, low=1e18, high=1e21, tolerance=1e-9),
    "analysis.sweep.sweep": lambda: given(
        small(), "power", {"target": [1e20, 2e20]}, executor=None, block=64, progress=None, out=None
    ),
    "chain.build.chain": lambda: given("h100-sxm", assumptions=None, on=None, precision="bf16", book=None),
    "chain.chip.chip_inputs": lambda: given("h100-sxm", None, None, "bf16"),
    "chain.chip.maker_cost": lambda: given("h100-sxm", None, None),
    "chain.capacity.fleet": lambda: given(None),
    "chain.dojo_step.train_on_dojo": lambda: given(
        "gpt3-175b", 1, global_batch=64, sequence=2048, book=None, models=None
    ),
    "chain.feed.feed_dojo": lambda: given("occupancy-network", "all", None, sequence=None),
    "chain.training.training_run": lambda: given(
        "llama3-8b", "h100-sxm", 64, tokens=1e12, global_batch=128, sequence=8192, precision="bf16", stack="",
        plan=None, book=None, models=None,
    ),
    "chain.budget.training_budget": lambda: given(1e22, "h100-sxm", 64, law="besiroglu", parameters=None, book=None),
    "economics.placement.dies_on_wafer": lambda: given(0.02, 0.02, **SIDES),
    "economics.placement.gross_dies_of": lambda: given("d1", None),
    "economics.placement.placed_dies": lambda: given(0.02, 0.02, **SIDES, steps=4),
    "economics.placement.wafer_map": lambda: given(0.02, 0.02, **SIDES, steps=4),
    "economics.inventory.inventory": lambda: given("1 EFLOP/s", "d1", "bf16", None),
    "questions.plan.plan": lambda: given("h100", chips=8, book=None),
    "questions.train.train": lambda: given("70B", "h100", chips=8, tokens="1T", mfu=0.4, stack="", book=None),
    "questions.cost.cost": lambda: given("h100", of="year", chips=8, book=None),
    "economics.spares.units_yield": lambda: given(0.5, 2.0, 0.9, 20, 18),
    "evidence.measured.clusters.read_clusters": lambda: given(None, None),
    "evidence.measured.clusters.validate_clusters": lambda: given(None, None),
    "facts.load": lambda: given("no-such-file.csv"),
    "formatting.format_in": lambda: given(1.0, 2.0, "MW", digits=None),
    "formatting.format_number": lambda: given(1.0, digits=4, padded=False),
    "formatting.format_range": lambda: given(1.0, 2.0, "W", at=None, digits=4),
    "formatting.format_si": lambda: given(1.0, "W", digits=4, interval=None),
    "formatting.unit_words": lambda: given("MW"),
    "hardware.catalog.catalogue": lambda: given("no-such-file.csv"),
    "hardware.catalog.machine": lambda: given("d1"),
    "model.conditions.condition": lambda: given("limit", "there is power", dc.units_needed, unit="power"),
    "model.distribution.quantile": lambda: given(small().inputs["target"], 0.5),
    "model.wiring.choice": lambda: given(dc.units_needed, target="x"),
    "model.wiring.step": lambda: given(dc.units_needed, target="x"),
    "parsing.parse": lambda: given("1 W"),
    "performance.model_config.transformer_from_config": lambda: given({"hidden_size": 8}, "mine"),
    "performance.plan.train": lambda: given("gpt3-175b", "a100-sxm-80gb", 64, **PLAN, setting=None, book=None),
    "performance.search.search": lambda: given(
        "llama3-8b", "h100-sxm", 8, global_batch=8, sequence=2048, precision="bf16", stack="", setting=None,
        tokens=None, attentions=("flash",), up_to=False, contexts=(1,), book=None, models=None,
        executor=None, progress=None,
    ),
    "performance.roofs.feeds": lambda: given(dc.machine("d1"), None),
    "performance.roofs.time_bounds": lambda: given(dc.machine("h100-sxm"), "bf16", 1e12, {"hbm": 1e9}),
    "performance.spares.spares_needed": lambda: given(2.0, 0.95),
    "performance.spares.spares_suffice": lambda: given(2, 2.0),
    "performance.workload.transformer": lambda: given("llama3-8b"),
    "performance.workload.transformers": lambda: given(None),
    "pictures.live.slider": lambda: given("target", 1e20, 2e20, unit="EFLOP/s", step=None, label=None),
    "pictures.live.live": lambda: given(
        small(), "power", [dc.slider("target", 1e20, 2e20, unit="EFLOP/s")], title="Power", subtitle="of D1s",
        alt_text="Power of D1s", form="bars", x=None, point=None, unit=None, labels=None, height=None,
    ),
    "quantities.check": lambda: given(1.0, Power, "power"),
    "quantities.signature": lambda: given(dc.units_needed),
    "quantities.checked": lambda: given(dc.units_needed),
    "quantities.whole_number": lambda: given(8, "chips"),
    "questions.scenario.load_scenario": lambda: given("no-such-file.toml"),
    "units.to_si": lambda: given(1.0, "W"),
}  # fmt: skip


def offered() -> dict[str, Callable[..., Any]]:
    """Functions of the package itself that are no formulas, by dotted name."""
    found = {name: inspect.unwrap(getattr(dc, name)) for name in dc.__all__}
    return {
        dotted: thing
        for name, thing in found.items()
        if inspect.isfunction(thing) and (dotted := f"{thing.__module__}.{name}") in NOT_FORMULAS
    }


# A door without a good call here is probed beside defaults, and a text where it has none.
for dotted, thing in offered().items():
    places = inspect.signature(thing).parameters.values()
    named = {place.name: "d1" if place.default is place.empty else place.default for place in places}
    GOOD.setdefault(dotted.removeprefix("dojo_calc."), partial(given, **named))


def called(function: Callable[..., Any], positional: Any, named: Any) -> str:
    """What went wrong with a call: an empty text for an answer and for an error of the library's own."""
    try:
        with redirect_stdout(StringIO()):
            function(*positional, **named)
    except DojoCalcError as error:
        return "" if str(error) and "\n" not in str(error) else f"not one line: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:150]
    return ""


@pytest.mark.parametrize("name", GOOD)
def test_a_wrong_kind_at_any_argument_is_one_clear_error_or_an_answer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a text may well be the name of a folder to write to
    module, _, short = name.rpartition(".")
    function = getattr(import_module(f"dojo_calc.{module}"), short)
    positional, named = GOOD[name]()
    failed = []
    for wrong in wrong_kinds():
        shown = f"{type(wrong).__name__} {str(wrong)[:20]}"
        for index in range(len(positional)):
            changed = (*positional[:index], wrong, *positional[index + 1 :])
            said = called(function, changed, named)
            failed += [f"argument {index} = {shown}: {said}"] if said else []
        for key in named:
            said = called(function, positional, named | {key: wrong})
            failed += [f"{key} = {shown}: {said}"] if said else []
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("name", formulas())
def test_a_boundary_around_a_formula_refuses_every_wrong_kind(name: str) -> None:
    function = formulas()[name]
    bounded = dc.checked(function)
    places = inspect.signature(function).parameters
    good = {one: 1.0 for one, place in places.items() if place.kind is not place.VAR_POSITIONAL}
    rest = [one for one, place in places.items() if place.kind is place.VAR_POSITIONAL]
    failed = [
        f"{key} = {wrong!r:.40}: {said}"
        for wrong in FEW
        for key in good
        if (said := called(bounded, (), good | {key: wrong}))
    ]
    failed += [
        f"{rest} = {wrong!r:.40}" for wrong in FEW if rest and called(bounded, (*good.values(), wrong), {})
    ]
    assert not failed, "\n".join(failed)


def test_the_doors_probed_here_are_public() -> None:
    assert {f"dojo_calc.{name}" for name in GOOD} <= set(public_functions())


METHODS: dict[str, Callable[[], tuple[Any, tuple[Any, ...]]]] = {
    "Model": lambda: (dc.Model, ({"chips": dc.units_needed}, {"target": 1.0, "unit": 1.0}, None, "mine", ())),
    "Model.broken": lambda: (small().broken, ("power",)),
    "Model.checked": lambda: (small().checked, ({"watt": 5.0},)),
    "Model.evaluate": lambda: (small().evaluate, ("power",)),
    "Model.formula": lambda: (small().formula, ("power",)),
    "Model.read": lambda: (small().read, ("watt", 5.0)),
    "Model.refuse": lambda: (small().refuse, (["power"], ["watt"])),
    "Model.spec": lambda: (small().spec, ("power",)),
    "Model.told": lambda: (small().told, ("power", {})),
    "Model.values": lambda: (small().values, (["power"], {})),
    "Model.view": lambda: (small().view, ("power", {})),
    "Catalogue.assemblies": lambda: (dc.catalogue().assemblies, ("d1",)),
    "Catalogue.choose": lambda: (dc.catalogue().choose, ({},)),
    "Catalogue.entity": lambda: (dc.catalogue().entity, ("d1",)),
    "Catalogue.fact": lambda: (dc.catalogue().fact, ("d1.power",)),
    "Catalogue.machine": lambda: (dc.catalogue().machine, ("d1",)),
    "Catalogue.names": lambda: (dc.catalogue().names, ("chip",)),
    "Catalogue.table": lambda: (dc.catalogue().table, ("chip",)),
    "Roofs": lambda: (dc.Roofs, ([dc.machine("d1")], ("bf16",), None)),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_models_and_catalogues_refuse_as_well(name: str) -> None:
    function, good = METHODS[name]()
    failed = [
        f"argument {index} = {type(wrong).__name__} {str(wrong)[:20]}: {said}"
        for wrong in wrong_kinds()
        for index in range(len(good))
        if (said := called(function, (*good[:index], wrong, *good[index + 1 :]), {}))
    ]
    for wrong in wrong_kinds():
        said = called(small().replace, (), {"watt": wrong}) or called(
            small().evaluate, ("power",), {"watt": wrong}
        )
        failed += [f"watt = {wrong!r:.40}: {said}"] if said else []
    assert not failed, "\n".join(failed)


def test_the_message_names_the_argument_what_it_takes_and_what_came() -> None:
    with pytest.raises(ArgumentError, match=r"^extra must be a text or a path, got 5$"):
        dc.catalogue(5)
    with pytest.raises(ArgumentError, match=r"^attentions must be a list of which each is a text, got 5$"):
        import_module("dojo_calc.performance.search").search(
            "llama3-8b", "h100-sxm", 8, global_batch=8, attentions=5
        )
    with pytest.raises(ArgumentError, match=r"^setting must be a Setting, got 5$"):
        import_module("dojo_calc.performance.plan").train("gpt3-175b", "a100-sxm-80gb", 64, **PLAN, setting=5)
    with pytest.raises(ArgumentError, match=r"^value must be a number, got True$"):
        dc.to_si(True, "W")
    with pytest.raises(
        ArgumentError, match=r"^digits must be a whole number of at least 1 and at most 17, got 0$"
    ):
        dc.format_range(1.0, 2.0, "W", digits=0)
    with pytest.raises(DomainError, match="rows of dies"):
        dc.placed_dies(0.02, 0.02, **SIDES | {"wafer": 1e8})
    assert dc.format_si(np.float32(0.5), "W", digits=np.int64(3)) == "500 mW", "numbers of NumPy are numbers"
