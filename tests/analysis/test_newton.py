"""Newton's steps inside a bracket: the answers of a search without derivatives, from fewer evaluations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.analysis import newton
from dojo_calc.analysis import solve as solving
from dojo_calc.analysis.newton import narrowed, tangent
from dojo_calc.operations import ceil, exp
from dojo_calc.quantities import Ratio

ASKED = (  # inputs of the chain, and by how much each is moved
    ("server_price", 1.3), ("network_share", 0.6), ("price_decline", 1.4), ("interest", 0.5), ("energy_price", 2.0),
    ("mfu", 0.8), ("hall_price_per_watt", 1.7),
)  # fmt: skip
OUTPUT = "own_per_work"


@pytest.fixture(scope="module")
def chain() -> dc.Model:
    return dc.chain("h100-sxm")


def moved(model: dc.Model, name: str, factor: float) -> tuple[float, float]:
    """Value to be found, and the output at it."""
    value = model.inputs[name].value if name in model.inputs else model.evaluate(name)
    assert value is not None
    return value * factor, model.evaluate(OUTPUT, **{name: value * factor})


@pytest.mark.parametrize(("name", "factor"), ASKED)
def test_the_answer_is_that_without_derivatives(
    name: str, factor: float, chain: dc.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, target = moved(chain, name, factor)
    near = {"low": value / 3.0, "high": min(value * 3.0, 0.99) if value < 1.0 else value * 3.0}
    found = dc.solve(chain, name, OUTPUT, target, **near)
    monkeypatch.setattr(solving, "tangent", lambda *_: None)
    assert found == pytest.approx(dc.solve(chain, name, OUTPUT, target, **near), rel=2e-12)
    assert found == pytest.approx(value, rel=1e-11)


def test_slopes_are_those_of_finite_differences(chain: dc.Model) -> None:
    for name, factor in ASKED:
        value, target = moved(chain, name, factor)
        both = tangent(chain, name, OUTPUT, [])
        assert both is not None
        at, slope = both(np.array([value]))
        assert at[0] == pytest.approx(target, rel=1e-14)
        step = 1e-5 * value
        up, down = (chain.evaluate(OUTPUT, **{name: value + sign * step}) for sign in (1.0, -1.0))
        assert slope[0] == pytest.approx((up - down) / (2.0 * step), rel=1e-6), name


def test_fewer_evaluations_than_without_derivatives(chain: dc.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the output, a derivative counted as another one; Chandrupatla's method takes half as many again."""
    from scipy.optimize import elementwise

    counts = {"newton": 0, "without": 0}
    plain = elementwise.find_root

    def counted(function: Any, bracket: Any, args: Any) -> Any:
        result = plain(function, bracket, args=args)
        counts["without"] += int(result.nfev.sum())
        return result

    def steps(function: Any, *given: Any) -> Any:
        def both(x: Any, *values: Any) -> Any:
            counts["newton"] += x.size
            return function(x, *values)

        return narrowed(both, *given)

    monkeypatch.setattr(elementwise, "find_root", counted)
    monkeypatch.setattr(solving, "narrowed", steps)
    for follow in (newton.tangent, lambda *_: None):
        monkeypatch.setattr(solving, "tangent", follow)
        for name, factor in ASKED:
            value, target = moved(chain, name, factor)
            dc.solve(chain, name, OUTPUT, target, low=value / 3.0)
    assert 0 < counts["newton"] < 0.7 * counts["without"], counts


def test_what_moves_in_steps_or_is_a_procedure_has_no_tangent() -> None:
    def servers(x: Ratio) -> Ratio:
        return ceil(x / 8.0)

    def procedure(x: Ratio) -> Ratio:
        found: Ratio = np.arctan(x)  # off the closed list
        return found

    for formula in (servers, procedure):
        assert tangent(dc.Model({"y": formula}, {"x": None}), "x", "y", []) is None
    beside = dc.Model(
        {"n": dc.step(servers, x="chips"), "y": dc.step(both, x="n", y="x")}, {"chips": 9.0, "x": 1.0}
    )
    assert tangent(beside, "chips", "y", []) is None
    assert tangent(beside, "x", "y", []) is not None, "what is rounded is not on the way"


def both(x: Ratio, y: Ratio) -> Ratio:
    return x + y


def test_a_bracket_that_no_step_narrows_is_halved() -> None:
    """A slope that lies, a flat stretch and a pole: the change of sign is found all the same, or said to be none."""

    def lying(x: Any) -> Any:
        return x - 0.3, np.full_like(x, 1e9)

    def flat(x: Any) -> Any:
        return np.where(x < 0.7, -1.0, 1.0), np.zeros_like(x)

    def pole(x: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.where(x == 0.5, np.nan, 1.0 / (x - 0.5)), -1.0 / (x - 0.5) ** 2

    for function, place in ((lying, 0.3), (flat, 0.7)):
        bottom, top = np.zeros(1), np.ones(1)
        low, high, found = narrowed(
            function, bottom, top, [function(bottom)[0], function(top)[0]], np.ones(1), []
        )
        assert found.all()
        assert low[0] <= place <= high[0]
        assert high[0] - low[0] <= 1e-15
    with np.errstate(all="ignore"):
        *_, found = narrowed(
            pole, np.zeros(1), np.ones(1), [np.array([-2.0]), np.array([2.0])], np.ones(1), []
        )
    assert not found.any()


def test_the_first_point_is_where_a_straight_line_crosses_nothing() -> None:
    asked: list[float] = []

    def line(x: Any) -> Any:
        asked.extend(x)
        return 2.0 * x - 3.0, np.full_like(x, 2.0)

    # From -1 at 1 it rises by 8 to 7 at 5, so that an eighth of these 4 leads to 0: 1 + 4 / 8 = 1.5.
    low, high, found = narrowed(
        line, np.array([1.0]), np.array([5.0]), [np.array([-1.0]), np.array([7.0])], np.ones(1), []
    )
    assert asked[0] == 1.5
    assert found.all()
    assert low[0] <= 1.5 <= high[0]


def test_a_curve_by_hand() -> None:
    """exp(x) = 5 at ln 5."""

    def grown(x: Ratio) -> Ratio:
        return exp(x)

    assert dc.solve(dc.Model({"y": grown}, {"x": None}), "x", "y", 5.0) == pytest.approx(
        math.log(5.0), rel=1e-15
    )
