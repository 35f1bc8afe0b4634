from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc import quantities, units
from dojo_calc.analysis.explain import signals
from dojo_calc.chain.shipped import MODELS, shipped
from dojo_calc.economics.capacity import share, units_needed
from dojo_calc.errors import DomainError, ModelError, UnitError, UnknownNameError
from dojo_calc.model.model import Model
from dojo_calc.model.wiring import _typical
from dojo_calc.quantities import Count, Fraction, check_against, spec
from tests.test_formulas import draw
from tests.vega import datum, evaluate


@pytest.fixture
def chain() -> Model:
    return dc.Model(
        {"chips": dc.units_needed, "power": dc.step(dc.pooled_power, units="chips", unit="chip_power")},
        inputs={"target": "100 EFLOP/s", "unit": "d1.peak_bf16", "chip_power": "d1.power"},
    )


def test_five_lines_by_hand(chain: Model) -> None:
    # 100e18 / 362e12 = 276,243.09 dies x 400 W = 110.497 MW.
    assert chain.evaluate("power") == pytest.approx(110.4972e6, rel=1e-6)
    assert chain.evaluate(["chips", "power"]).keys() == {"chips", "power"}
    assert chain.evaluate() == chain.evaluate(chain.outputs)
    assert chain.evaluate("power", target="1 EFLOP/s") == pytest.approx(1.104972e6, rel=1e-6)


def test_an_intermediate_can_be_given_instead_of_computed(chain: Model) -> None:
    assert chain.evaluate("power", chips=10) == 4000.0
    assert chain.needed(["power"], ["chips"]) == ["chip_power", "chips", "power"]


def test_arrays_broadcast_and_quantities_keep_their_dimension(chain: Model) -> None:
    got = chain.evaluate(
        "power", target=np.array([1e18, 1e20])[:, None], unit=np.array([362e12, 376e12, 312e12])
    )
    assert got.shape == (2, 3)
    assert got[1, 0] == chain.evaluate("power")
    quantity = units.registry().Quantity(100.0, "EFLOP/s")
    assert chain.evaluate("power", target=quantity) == chain.evaluate("power")


def test_another_default(chain: Model) -> None:
    other = chain.replace(unit="d1.peak_bf16[hot_chips_34]")
    assert other.evaluate("chips") == pytest.approx(265_957.45, abs=0.01)  # 100e18 / 376e12
    assert chain.evaluate("chips") == pytest.approx(276_243.09, abs=0.01), "the first is unchanged"
    assert chain.inputs["unit"].uncertain, "two readings"
    with pytest.raises(UnknownNameError, match="no input 'unti'; did you mean unit"):
        chain.replace(unti=1)


def test_survives_pickling_and_pipefunc(chain: Model) -> None:
    assert pickle.loads(pickle.dumps(chain)).evaluate("power") == chain.evaluate("power")
    assert chain.pipeline().run("power", kwargs={}) == chain.evaluate("power")


def _branches(x: Count) -> Count:
    return x if x > 1 else 2 * x


def _shrinks(x: Count) -> Count:
    return np.sum(x)  # type: ignore[no-any-return]


def _bare(x):  # type: ignore[no-untyped-def]
    return x


def _halved(x: Fraction) -> Fraction:
    return x / 2.0


@pytest.mark.parametrize(
    ("steps", "inputs", "message"),
    [
        (
            {
                "a": dc.step(dc.pooled_rate, units="n", unit="b"),
                "b": dc.step(dc.pooled_rate, units="n", unit="a"),
            },
            {"n": 1},
            "go round in a circle: (a -> b -> a|b -> a -> b)",
        ),
        (
            [("a", units_needed), ("a", share)],
            {"target": 1, "unit": 1},
            "a is computed twice: by units_needed and by share",
        ),
        ({"a": units_needed}, {"target": 1, "unit": 2, "a": 3}, "a has two producers"),
        ({"a": units_needed}, {"targt": 1, "unit": 2}, "'targt' is used by no formula; did you mean target"),
        (
            {"a": units_needed},
            {"target": 1},
            "nothing provides 'unit', which units_needed takes to compute a",
        ),
        (
            {"a": dc.step(units_needed, unot="x")},
            {"target": 1, "x": 2},
            "has no parameter 'unot'; did you mean unit",
        ),
        (
            {"a": units_needed, "b": dc.step(dc.pooled_power, units="unit", unit="watts")},
            {"target": 1, "unit": 2, "watts": 3},
            "unit is in FLOP/s for units_needed, but in 1 for pooled_power",
        ),
        (
            {"a": units_needed, "b": dc.step(dc.pooled_rate, units="a", unit="a")},
            {"target": 1, "unit": 2},
            "a is in 1 for units_needed, but in FLOP/s for pooled_rate",
        ),
        (
            {"a": units_needed, "b": dc.step(_halved, x="a")},
            {"target": 1, "unit": 2},
            "a is at least 0 out of units_needed, but _halved takes between 0 and 1",
        ),
        (
            {"a": units_needed},
            {"target": "d1.power", "unit": 2},
            r"target must be in FLOP/s, but d1.power is in W",
        ),
        ({"a": units_needed}, {"target": (1, 3, 2), "unit": 2}, "expected low <= value <= high, got 3, 1, 2"),
        ({"a": units_needed}, {"target": (1, 2), "unit": 2}, "must be .value, low, high., got 2 values"),
        ({"a": _branches}, {"x": 1}, "_branches branches on an array"),
        ({"a": _shrinks}, {"x": 1}, r"_shrinks does not broadcast: shape \(\)"),
        ({"a": _bare}, {"x": 1}, "_bare is not a formula: annotate"),
    ],
)
def test_what_does_not_fit_is_named(steps: Any, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        dc.Model(steps, inputs)


def test_bad_values_are_named(chain: Model) -> None:
    for call, error, message in (
        (lambda: chain.evaluate("powr"), UnknownNameError, "no output 'powr'; did you mean power"),
        (lambda: chain.evaluate("power", chps=1), UnknownNameError, "no input 'chps'; did you mean chips"),
        (lambda: chain.evaluate("power", unit=-1), DomainError, "unit must be above 0"),
        (lambda: chain.evaluate("power", target="5 W"), UnitError, "target must be in FLOP/s"),
        (
            lambda: dc.Model({"a": units_needed}, {"target": None, "unit": 1}).evaluate("a"),
            ModelError,
            "needs a value",
        ),
        (
            lambda: dc.Model({"a": units_needed}, {"target": "d2.peak_bf16", "unit": 1}),
            UnknownNameError,
            "'d2'",
        ),
        (lambda: shipped("swop"), UnknownNameError, "did you mean swap"),
        (lambda: dc.chain("b2000"), UnknownNameError, "b2000"),
    ):
        with pytest.raises(error, match=message):
            call()


def test_fleet_by_hand() -> None:
    # 90,000 x 989.4e12 + 7,360 x 312e12 + 7 x 1.086e18 = 89.046 + 2.29632 + 7.602 = 98.944e18.
    got = dc.fleet().evaluate()
    assert got["fleet_peak_rate"] == pytest.approx(98.94432e18)
    assert got["dojo_share"] == pytest.approx(7.602 / 98.94432)


CHIPS = ["d1", "a100", "h100", "gb200"]


@pytest.mark.parametrize("model", [*map(dc.chain, CHIPS), dc.fleet()], ids=[*CHIPS, "fleet"])
def test_every_shipped_model_computes_the_same_in_vega(model: Model) -> None:
    random = np.random.default_rng(3)
    missing = {name for name, one in model.inputs.items() if one.value is None}
    for output in model.outputs:
        if missing.intersection(model.needed([output])):
            continue
        inputs = [name for name in model.needed([output]) if name in model.inputs]
        columns = {}
        for name in inputs:
            around = model.inputs[name].value or 1.0
            columns[name] = around * random.uniform(0.7, 1.3, 30)
            columns[name] = np.asarray(np.clip(columns[name], model.spec(name).low, model.spec(name).high))
        expected = model.judged([output], columns)[0][output]
        lines = [line for line in signals(model, output, rename=datum) if line[0] not in inputs]
        np.testing.assert_allclose(evaluate([*lines[:-1], ("", lines[-1][1])], columns), expected, rtol=1e-12)


# Models whose inputs make no sense together anywhere in their domains, and why.
NEAR_DEFAULTS = {
    "feed_dojo": "whole machines that hold nothing have a share of nothing",
    "die_to_tile": "a wafer of nothing but defects yields nothing to divide its price by",
    "training_run": "fewer than one stage has more than all layers on the average chip",
    "wafers_to_exapods": "a die larger than the wafer is refused",
    "next_silicon": "a die larger than the wafer is refused",
    "samsung_contract": "a die larger than the wafer is refused",
    "race": "an owner of more than there is has rivals below zero",
}


def test_every_shipped_model_takes_random_inputs_of_its_domains() -> None:
    for name in MODELS:
        random = np.random.default_rng(len(name))
        model = shipped(name)
        given = {one.name: draw(one.spec, random, (20,)) for one in model.inputs.values()}
        if name in NEAR_DEFAULTS:
            given = {
                one.name: np.clip(one.value * random.uniform(0.5, 1.5, 20), one.spec.low, one.spec.high)
                for one in model.inputs.values()
                if one.value
            }
        for output, value in model.judged(model.outputs, given)[0].items():
            check_against(value, model.spec(output), output)


def test_an_output_is_held_to_its_domain() -> None:
    shares = dc.Model({"others": dc.step(dc.rest_of, total="world")}, {"world": 10.0, "own": 4.0})
    assert shares.evaluate("others") == 6.0
    with pytest.raises(DomainError, match=r"others must come out at least 0 \[1\], got -2 at own=12"):
        shares.evaluate("others", own=12)
    with pytest.raises(DomainError, match=r"others\[1\] must come out"):
        shares.evaluate("others", own=[3.0, 11.0])


def test_a_division_by_a_step_that_came_out_zero_is_said() -> None:
    model = dc.Model(
        {"others": dc.step(dc.rest_of, total="world"), "each": dc.step(dc.price_per_unit, units="others")},
        {"world": 10.0, "own": 4.0, "total": 100.0},
    )
    with pytest.raises(DomainError, match="each of model model divides by zero: others came out 0"):
        model.evaluate("each", own=10)


def test_what_is_not_finite_is_refused_and_nothing_else_is_said() -> None:
    # Beside an error a warning of NumPy's would be a second line; tests make it an error of its own.
    for name, given in (
        ("training_budget", {"size_coefficient": 0}),
        ("value_of_autonomy", {"fsd_price": 0}),
        ("next_silicon", {"assembly_yield": 0}),
    ):
        with pytest.raises(DomainError, match=r"must come out|has no value|divides by zero"):
            shipped(name).evaluate(**given)


def test_texts_in_a_list_are_read_one_by_one() -> None:
    one = dc.Model({"chips": units_needed}, {"target": 1e18, "unit": "1 EFLOP/s"})
    assert one.evaluate("chips", target=["1 EFLOP/s", "2 EFLOP/s"]).tolist() == [1.0, 2.0]


def test_the_stand_in_of_every_type_lies_in_its_domain() -> None:
    for name in quantities.__all__:
        declared = spec(getattr(quantities, name)) if name[0].isupper() and name != "Spec" else None
        if declared is not None:
            assert declared.holds(np.array(_typical(declared))), name
