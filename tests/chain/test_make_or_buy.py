"""The shipped model: its chain by hand, its break-even by the solver, and where each thesis must pull it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.economics.stages import Programme, Stage, decide
from dojo_calc.model.model import Model

SURE = {"success": 1.0, "cancellation": 0.0, "harm": 0.0, "premium": 0.0}


@pytest.fixture(scope="module")
def model() -> Model:
    return dc.make_or_buy()


def test_the_chain_by_hand(model: Model) -> None:
    # One D1 does the work of 362 x 0.4 / (989.4 x 0.4) = 0.36588 H100. It is 0.85 + 0.395 x 4 x 0.5 = 1.64 years
    # late, by when 38,750 USD of H100 cost 38,750 x 1.39^-1.64 = 22,580, so its work 8,261.6; it costs 199,000 / 25
    # = 7,960 to make. 572 million over the 301.6 saved are 1.897 million D1. It comes to volume with
    # 0.585 exp(-(0.132 + 0.2 x 0.395) x 4) = 0.2515.
    got = model.evaluate(price=38_750.0)
    assert got["worth"] == pytest.approx(0.36588, abs=1e-5)
    assert got["slip"] / dc.year == pytest.approx(1.64)
    assert got["later_price"] == pytest.approx(22_580, abs=1)
    assert got["bought_unit"] == pytest.approx(8_261.6, abs=0.3)
    assert got["made_unit"] == 7_960
    assert got["break_even"] == pytest.approx(1.897e6, rel=2e-3)
    assert got["chance"] == pytest.approx(0.2515, abs=1e-4)
    # 276,243 D1: bought 2.282 billion, with 30 % more for the 0.135 / 1.135 of the time that is short 81.4 million;
    # made 2.771 billion if all goes well, else 343.2 million sunk and the work bought.
    assert got["buy"] == pytest.approx(2.3636e9, rel=1e-4)
    assert got["make"] == pytest.approx(0.25154 * 2.7709e9 + 0.74846 * (0.3432e9 + 2.3636e9), rel=1e-4)


def test_the_solver_finds_the_break_even_of_the_closed_form(model: Model) -> None:
    given: dict[str, Any] = SURE | {"programme_slip": 0.0, "departures": 0.0}
    target = dc.solve(model, "target", "saved", 0.0, low=dc.exa, high=1e6 * dc.exa, **given)
    peak = model.inputs["made_peak"].value
    bears = {name: value for name, value in given.items() if name in model.needed(["break_even"])}
    assert target / peak == pytest.approx(model.evaluate("break_even", **bears), rel=1e-6)


def test_a_programme_without_risk_is_its_last_stage_alone(model: Model) -> None:
    """The dynamic programme and the chain of formulas agree where neither knows a risk."""
    values = model.evaluate(programme_slip=0.0, departures=0.0, **SURE)
    sure = Programme(
        [Stage("all", model.inputs["development"].value, dc.year)],
        volume=values["made_chips"],
        made=values["made_unit"],
        bought=values["bought_unit"],
    )
    assert decide(sure, stop=False).value == pytest.approx(values["saved"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("development", 1e9), ("tile_cost", 260e3), ("growth", 0.8), ("programme_slip", 2 * dc.year),
        ("setback", 2 * dc.year), ("made_mfu", 0.2), ("spent", 1.0), ("premium", 0.0), ("price", 20e3),
    ],
)  # fmt: skip
def test_what_pulls_against_making(model: Model, name: str, worse: float) -> None:
    assert model.evaluate("saved", **{name: worse}) < model.evaluate("saved")


def test_departures_and_failures_pull_against_a_programme_that_would_save(model: Model) -> None:
    saving = {"made_mfu": 0.6, "target": 1e21}
    assert model.evaluate("saved", **saving) > 0
    for name, worse in (
        ("departures", 1 / dc.year),
        ("harm", 1.0),
        ("success", 0.2),
        ("cancellation", 1 / dc.year),
    ):
        assert model.evaluate("saved", **saving, **{name: worse}) < model.evaluate("saved", **saving)


def test_orders_as_dies_hardly_ever_break_even(model: Model) -> None:
    """10,000 D1 pay for their design only if a unit saved 57,200 USD; the work of one costs a quarter of that."""
    order = dc.catalogue().facts.value("tsmc-d1-order", "order")
    best = model.evaluate(
        "bought_unit", made_mfu=0.6, bought_mfu=0.3, programme_slip=0.0, departures=0.0, price=43_750.0
    )
    assert order * best < model.inputs["development"].value
    wins = dc.simulate(model, "make_wins", samples=2**12, made_chips=order)
    assert np.mean(wins.samples["make_wins"]) < 0.01
