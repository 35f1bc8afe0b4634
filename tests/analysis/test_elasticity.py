"""What an output does for a per cent of each input: by hand, at zero, and where something is rounded."""

from __future__ import annotations

import math
from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.chain.shipped import shipped
from dojo_calc.operations import ceil, floor
from dojo_calc.quantities import Ratio, SignedCount


def test_elasticities_by_hand() -> None:
    """Cost = ceil(target / unit) * price + hall: 4 units of 10 beside 60 are 40 % of the cost."""
    steps = {
        "units": dc.step(dc.whole, units=40.0, group="group"),
        "bought": dc.step(dc.purchase_cost, units="units", price="price"),
        "cost": dc.step(dc.total_cost, first="bought", others=("hall",)),
    }
    model = dc.Model(steps, {"group": 10.0, "price": 10.0, "hall": 60.0})
    found = dc.elasticities(model, "cost")
    assert found.value == 100.0
    assert {one.input: round(one.elasticity, 12) for one in found} == {
        "hall": 0.6,
        "price": 0.4,
        "group": -0.4,
    }
    assert {one.input: one.in_steps for one in found} == {"hall": False, "price": False, "group": True}
    assert {one.input: round(one.derivative, 12) for one in found} == {
        "hall": 1.0,
        "price": 4.0,
        "group": -4.0,
    }
    assert found["hall"] == pytest.approx(0.6)
    table = found.table()
    assert table.columns == ["input", "value", "derivative", "elasticity", "in_steps"]
    assert table["input"][0] == "hall"
    halved = dc.elasticities(model, "cost", hall=20.0)
    assert halved["hall"] == pytest.approx(1 / 3)
    given = dc.elasticities(model, "cost", bought=40.0)
    assert {one.input for one in given} == {"bought", "hall"}


def test_a_model_with_a_procedure_names_it() -> None:
    model: Any = shipped("die_to_tile")
    with pytest.raises(dc.errors.ModelError, match="has no derivatives"):
        dc.elasticities(model, model.outputs[-1])


def powers(a: Ratio, b: Ratio, c: Ratio) -> Ratio:
    return a**3.0 / b + 0.0 * c


def test_the_elasticity_of_a_power_is_its_exponent_and_the_largest_stands_first() -> None:
    model = dc.Model({"y": powers}, {"b": 2.0, "c": 5.0, "a": 3.0})
    found = dc.elasticities(model, "y")
    assert [one.input for one in found] == ["a", "b", "c"], "whatever the sign"
    assert [one.elasticity for one in found] == pytest.approx([3.0, -1.0, 0.0])
    assert found["b"] == pytest.approx(-1.0)
    # 27 / 2, and its slopes 3 x 9 / 2 and -27 / 4
    assert found.value == 13.5
    assert [one.derivative for one in found] == pytest.approx([13.5, -6.75, 0.0])
    assert [one.value for one in found] == [3.0, 2.0, 5.0]
    assert repr(found) == "<Elasticities of y in 3 inputs>"
    with pytest.raises(KeyError, match="d"):
        found["d"]


def plus(a: SignedCount, b: SignedCount) -> SignedCount:
    return a + b


def test_an_input_of_zero_has_none_and_an_output_of_zero_has_no_number() -> None:
    model = dc.Model({"y": plus}, {"a": 4.0, "b": 0.0})
    assert {one.input: one.elasticity for one in dc.elasticities(model, "y")} == {"a": 1.0, "b": 0.0}
    cancelled = dc.elasticities(model, "y", b=-4.0)
    assert cancelled.value == 0.0
    assert [one.derivative for one in cancelled] == [1.0, 1.0]
    assert all(math.isnan(one.elasticity) for one in cancelled)


def rounded(a: Ratio, b: Ratio, c: Ratio) -> Ratio:
    return ceil(2.0 * a) + floor(b) + c


def test_what_reaches_an_output_through_something_rounded_says_so() -> None:
    model = dc.Model(
        {"y": rounded, "z": dc.step(plus, a="y", b="d")}, {"a": 3.0, "b": 4.0, "c": 5.0, "d": 5.0}
    )
    # 6 + 4 + 5 and 5 more; a moves it by 2 for 1 in the long run, the others by 1.
    found = {one.input: one for one in dc.elasticities(model, "z")}
    assert {name: one.in_steps for name, one in found.items()} == {
        "a": True,
        "b": True,
        "c": False,
        "d": False,
    }
    assert {name: one.elasticity for name, one in found.items()} == pytest.approx(
        {"a": 6 / 20, "b": 4 / 20, "c": 5 / 20, "d": 5 / 20}
    )


def test_the_table_has_what_the_rows_have() -> None:
    found = dc.elasticities(dc.Model({"y": powers}, {"b": 2.0, "c": 5.0, "a": 3.0}), "y")
    assert found.table().rows() == [
        (one.input, one.value, one.derivative, one.elasticity, one.in_steps) for one in found
    ]


def test_an_input_without_a_value_is_asked_for_and_may_be_given() -> None:
    model = dc.Model({"y": plus}, {"a": None, "b": 1.0})
    with pytest.raises(dc.errors.ModelError, match="needs a value for a"):
        dc.elasticities(model, "y")
    assert dc.elasticities(model, "y", a=3.0)["a"] == 0.75
