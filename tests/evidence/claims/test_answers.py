"""Intervals through a formula and through a model."""

from __future__ import annotations

import pytest

import dojo_calc as dc
from dojo_calc.economics.cost import purchase_cost, straight_line
from dojo_calc.evidence.claims.answers import corners, derive, model_corners, over, three, unknown
from dojo_calc.model.model import Model, step


def test_corners_of_a_formula_that_rises_and_falls() -> None:
    # a / b over a in [2, 4], b in [1, 8]: least 2 / 8, most 4 / 1, central 3 / 2.
    assert corners(lambda a, b: a / b, (2, 3, 4), (1, 2, 8)) == (0.25, 1.5, 4.0)


def test_an_interval_of_a_fact_and_of_parts() -> None:
    assert three(dc.catalogue().facts.get("dojo-budget", "budget")) == (1e9, 1e9, 1.5e9)
    assert three(dc.catalogue().machine("cortex-1").parts[0]) == (47_500, 50_000, 52_500)


def test_corners_of_a_model_agree_with_those_of_its_formula() -> None:
    model = Model(
        {"capital": purchase_cost, "used": step(straight_line, capital="capital")},
        inputs={
            "units": (10.0, 8.0, 12.0),
            "price": (5.0, 4.0, 6.0),
            "duration": "1 year",
            "life": ("4 year", "2 year", "5 year"),
        },
    )
    # 10 x 5 / 4 = 12.5; least 8 x 4 / 5 = 6.4; most 12 x 6 / 2 = 36.
    assert model_corners(model, "used") == pytest.approx((6.4, 12.5, 36.0))
    assert model_corners(model, "used", capital=100.0) == pytest.approx((20.0, 25.0, 50.0)), "a step is given"
    assert model_corners(model, "capital", units=1.0, price=2.0) == (2.0, 2.0, 2.0), "nothing is open"


def test_answers_carry_what_they_were_made_of() -> None:
    answer = over(lambda a: 2 * a, (1, 2, 3), reason="Twice.", derived=(derive("power", 2e6, "MW"),))
    assert (answer.low, answer.central, answer.high, answer.reason) == (2, 4, 6, "Twice.")
    assert (answer.derived[0].value, answer.derived[0].unit) == (2.0, "MW")
    assert unknown("No figure.").central is None
