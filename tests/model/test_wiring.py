"""Where arguments come from: constants in any place, domains that suit all, and what is said of the rest."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.errors import ArgumentError, DomainError, ModelError
from dojo_calc.model.consistent import _listed
from dojo_calc.model.shown import MOST_NAMES
from dojo_calc.model.wiring import Bound, check_broadcasts, named, narrower, wired
from dojo_calc.quantities import Count, Duration, Fraction, PositiveCount, Ratio, SignedCount, Spec


def spread(a: Ratio, b: Duration, c: Ratio, d: Ratio = 5.0) -> Ratio:
    return a + 10.0 * b + 100.0 * c + 1000.0 * d


def summed(first: Ratio, *rest: Ratio) -> Ratio:
    total = first
    for place, one in enumerate(rest, 1):
        total = total + 10.0**place * one
    return total


@pytest.mark.parametrize(
    ("wires", "left", "value", "written"),
    [
        ({"a": 7.0}, ("b", "c"), 7 + 20 + 300 + 5000, [7.0, "b", "c"]),
        ({"b": 3600.0}, ("a", "c"), 1 + 36000 + 300 + 5000, ["a", "1 hour", "c"]),
        ({"b": 61.0}, ("a", "c"), 1 + 610 + 300 + 5000, ["a", 61.0, "c"]),
        ({"c": 3600.0}, ("a", "b"), 1 + 20 + 360_000 + 5000, ["a", "b", 3600.0]),
        ({"d": 4.0}, ("a", "b", "c"), 1 + 20 + 300 + 4000, ["a", "b", "c", 4.0]),
        ({"a": 7.0, "c": 9.0}, ("b",), 7 + 20 + 900 + 5000, [7.0, "b", 9.0]),
        ({"b": 8.0, "c": 9.0, "d": 6.0}, ("a",), 1 + 80 + 900 + 6000, ["a", 8.0, 9.0, 6.0]),
    ],
)
def test_a_constant_stands_in_its_place(wires: Any, left: Any, value: float, written: list[Any]) -> None:
    step = wired("y", dc.step(spread, **wires))
    assert step.arguments == left
    given = {"a": 1.0, "b": 2.0, "c": 3.0}
    assert step.function(*[given[name] for name in left]) == value
    assert step.function(**{name: given[name] for name in left}) == value
    assert isinstance(step.function, Bound)
    assert step.function.written(left) == written
    assert [*inspect.signature(step.function).parameters][: len(left)] == list(left)
    assert set(left) <= step.function.__annotations__.keys() - wires.keys()
    assert step.function.__name__ == "spread"


def test_a_constant_may_stand_among_the_rest_of_a_variadic_parameter() -> None:
    step = wired("y", dc.step(summed, first="x", rest=("y", 2.0, "z")))
    assert step.arguments == ("x", "y", "z")
    assert step.function(1.0, 3.0, 4.0) == 1 + 30 + 200 + 4000
    assert isinstance(step.function, Bound)
    assert step.function.written(step.arguments) == ["x", "y", 2.0, "z"]
    none = wired("y", dc.step(summed, first="x"))
    assert (none.arguments, none.function(5.0)) == (("x",), 5.0)


def test_a_default_of_a_formula_stands_unless_it_is_wired() -> None:
    assert wired("y", dc.step(spread)).arguments == ("a", "b", "c")
    assert wired("y", dc.step(spread, d="e")).arguments == ("a", "b", "c", "e")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Spec("1", 0.0, 5.0), Spec("1", 1.0, 9.0), Spec("1", 1.0, 5.0)),
        (Spec("1", 0.0), Spec("1", 0.0, low_open=True), Spec("1", 0.0, low_open=True)),
        (Spec("1", 0.0, low_open=True), Spec("1", 1.0), Spec("1", 1.0)),
        (Spec("1", 0.0, 1.0), Spec("1", 0.0, 1.0, high_open=True), Spec("1", 0.0, 1.0, high_open=True)),
        (Spec("1", 0.0, 1.0), Spec("1", 0.0, 2.0, high_open=True), Spec("1", 0.0, 1.0)),
        (Spec("1"), Spec("1", -3.0, 4.0, True, True), Spec("1", -3.0, 4.0, True, True)),
    ],
)
def test_the_domain_that_suits_both_is_that_of_the_values_in_both(one: Spec, other: Spec, both: Spec) -> None:
    assert narrower(one, other) == both
    assert narrower(other, one) == both
    values = np.array([-4.0, -3.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 4.0, 5.0, 8.0])
    np.testing.assert_array_equal(both.outside(values), one.outside(values) | other.outside(values))


def halved(x: Fraction) -> Fraction:
    return x / 2.0


def ratio(x: PositiveCount) -> Count:
    return 6.0 / x


def test_an_input_of_two_takers_is_held_to_both() -> None:
    model = dc.Model({"half": halved, "part": ratio}, {"x": 0.5})
    spec = model.spec("x")
    assert (spec.low, spec.low_open, spec.high) == (0.0, True, 1.0)
    for outside in (0.0, 1.5):
        with pytest.raises(DomainError, match="x must be"):
            model.evaluate("half", x=outside)
    assert model.evaluate(["half", "part"], x=1.0) == {"half": 0.5, "part": 6.0}


def test_a_producer_may_give_less_than_its_taker_takes_but_no_more() -> None:
    def wide(x: Ratio) -> SignedCount:
        return x - 1.0

    dc.Model({"a": halved, "b": dc.step(halved, x="a")}, {"x": 0.5})  # the same domain
    dc.Model({"a": halved, "b": dc.step(wide, x="a")}, {"x": 0.5})  # from 0 to 1 into 0 and above
    with pytest.raises(ModelError, match=r"a is any finite number out of wide, but .* takes at least 0"):
        dc.Model({"a": wide, "b": dc.step(wide, x="a")}, {"x": 0.5})
    with pytest.raises(ModelError, match="a is at least 0 out of ratio, but halved takes between 0 and 1"):
        dc.Model({"a": ratio, "b": dc.step(halved, x="a")}, {"x": 0.5})


def test_a_name_that_is_nearly_one_is_hinted_at() -> None:
    with pytest.raises(
        ModelError, match=r"nothing provides 'unit', which .* takes to compute a; did you mean unitt"
    ):
        dc.Model({"a": dc.units_needed, "b": dc.step(halved, x="unitt")}, {"target": 1.0, "unitt": 0.5})
    with pytest.raises(ModelError, match="input 'unitt' is used by no formula; did you mean unit"):
        dc.Model({"a": dc.units_needed}, {"target": 1.0, "unitt": 0.5})


def refusing(x: Count, y: Count) -> Count:
    raise DomainError(f"nothing fits together: {x}, {y}")


def of_one(x: Count) -> Count:
    return math.sqrt(x)


def flattened(x: Count, y: Count) -> Count:
    found: Count = np.ravel(x + y)
    return found


def test_a_formula_is_held_to_arrays_of_two_shapes_before_it_is_used() -> None:
    check_broadcasts(wired("y", dc.step(refusing)))  # what it says of stand-ins is no matter
    for formula, message in (
        (of_one, "of_one does not take arrays"),
        (flattened, r"flattened does not broadcast: shape \(6,\) from arguments of shape \(2, 3\)"),
    ):
        with pytest.raises(ModelError, match=message):
            check_broadcasts(wired("y", dc.step(formula)))
    check_broadcasts(wired("y", dc.step(halved)))


def test_outputs_are_a_name_or_a_list_of_names() -> None:
    assert named("power") == ("power",)
    assert named(["a", "b"]) == ("a", "b")
    assert named(()) == ()
    wrong: Any
    for wrong in ({"a"}, ["a", 1], 3, None):
        with pytest.raises(ArgumentError, match="outputs must be a name or a list of names"):
            named(wrong)


def test_names_are_listed_up_to_eight_of_them() -> None:
    names = list("abcdefghij")
    assert [_listed(names[:count]) for count in (0, 1, 2, 3)] == ["", "a", "a and b", "a, b and c"]
    assert _listed(names[:8]) == "a, b, c, d, e, f, g and h"
    assert _listed(names[:9]) == "a, b, c, d, e, f, g, h and 1 more"
    assert _listed(names) == "a, b, c, d, e, f, g, h and 2 more"


def test_a_model_names_its_inputs_while_they_fit_a_line() -> None:
    for count in (MOST_NAMES, MOST_NAMES + 1):
        names = [f"x{index}" for index in range(count)]
        step = dc.step(dc.total_cost, first=names[0], others=tuple(names[1:]))
        model = dc.Model({"cost": step}, dict.fromkeys(names, 1.0))
        told = ", ".join(names) if count == MOST_NAMES else f"{count} inputs"
        assert repr(model) == f"<Model model: {told} -> cost>"
