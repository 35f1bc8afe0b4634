from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.analysis.solve import NoSolutionError, break_even, solve
from dojo_calc.errors import DojoCalcError, DomainError, ModelError, UnitError, UnknownNameError
from dojo_calc.model.model import Model
from dojo_calc.operations import exp, maximum
from dojo_calc.quantities import Fraction, Money, Ratio, Spec


def parabola(x: Ratio) -> Ratio:
    return 5.0 + (x - 2.0) * (x - 8.0)


def pole(x: Ratio) -> Ratio:
    return 3.0 + 1.0 / (x - 2.5)


def excess(x: Ratio) -> Ratio:
    return maximum(x - 5.0, 0.0)


def saturating(x: Ratio) -> Ratio:
    return 1.0 - exp(-x)


def odds(x: Fraction) -> Ratio:
    return x / (1.0 - x)


def affine(units: Ratio, fixed: Money, each: Money) -> Money:
    return fixed + units * each


@pytest.fixture
def chain() -> Model:
    return dc.Model(
        {"chips": dc.units_needed, "power": dc.step(dc.pooled_power, units="chips", unit="chip_power")},
        inputs={"target": "100 EFLOP/s", "unit": "d1.peak_bf16", "chip_power": "d1.power"},
    )


def costs(fixed: float, each: float) -> Model:
    return dc.Model({"cost": affine}, {"units": None, "fixed": fixed, "each": each})


def test_known_inverses(chain: Model) -> None:
    # 100e18 / 362e12 = 276,243.0939 chips x 400 W; so 1,000 chips of 1e17 FLOP/s, and 100 MW at 362 W each.
    assert solve(chain, "unit", "chips", 1000) == pytest.approx(1e17, rel=1e-14)
    assert solve(chain, "target", "chips", 276_243.09392265192) == pytest.approx(1e20, rel=1e-14)
    assert solve(chain, "chip_power", "power", "100 MW") == pytest.approx(362.0, rel=1e-14)
    assert solve(chain, "chips", "power", 4000) == pytest.approx(10.0, rel=1e-14), "a step may be sought"
    assert isinstance(solve(chain, "unit", "chips", 1000), float)


def test_cases_broadcast(chain: Model) -> None:
    found = solve(
        chain,
        "target",
        "power",
        np.array([4e6, 8e6])[:, None],
        unit=np.array([1e14, 2e14, 4e14]),
        chip_power=400,
    )
    np.testing.assert_allclose(found, np.outer([1e4, 2e4], [1e14, 2e14, 4e14]), rtol=1e-14)


def test_many_cases_at_once(chain: Model) -> None:
    """More than fit one block."""
    targets = np.geomspace(1, 1e6, 5000)
    np.testing.assert_allclose(solve(chain, "unit", "chips", targets), 1e20 / targets, rtol=1e-14)


@given(target=st.floats(1e-12, 1e12), given_chips=st.floats(1e-6, 1e9))
def test_round_trip(target: float, given_chips: float) -> None:
    model = dc.Model({"y": dc.price_per_unit}, {"total": None, "units": None})
    assert solve(model, "total", "y", target, units=given_chips) == pytest.approx(
        target * given_chips, rel=1e-13
    )
    units = solve(model, "units", "y", target, total=given_chips)
    assert model.evaluate("y", total=given_chips, units=units) == pytest.approx(target, rel=1e-13)


@given(x=st.one_of(st.floats(1e-14, 1e-3), st.floats(0.001, 0.999)))
def test_fraction_is_searched_to_its_ends(x: float) -> None:
    model = dc.Model({"y": odds}, {"x": None})
    assert solve(model, "x", "y", x / (1 - x)) == pytest.approx(x, rel=1e-12)


def test_lowest_of_several_unless_narrowed() -> None:
    model = dc.Model({"y": parabola}, {"x": None})
    assert solve(model, "x", "y", 5.0) == pytest.approx(2.0)
    assert solve(model, "x", "y", 5.0, low=4) == pytest.approx(8.0)
    assert solve(model, "x", "y", 5.0, high="3") == pytest.approx(2.0)
    with pytest.raises(NoSolutionError, match=r"no single x makes y 5; it takes values from -4 to 0"):
        solve(model, "x", "y", 5.0, low=3, high=7)  # 5 + 1 * -5 = 0 at both ends, 5 - 9 = -4 between


@pytest.mark.parametrize(("low", "high"), [(1.005, 10.0), (1e-3, 5.95)])
def test_nothing_is_tried_outside_of_where_to_search(low: float, high: float) -> None:
    tried: list[float] = []

    def seen(x: Ratio) -> Ratio:
        if not hasattr(x, "node"):
            tried.extend(np.ravel(x))
        return 3.0 * x

    model = dc.Model({"y": seen}, {"x": None})
    assert solve(model, "x", "y", 15.0, low=low, high=high) == pytest.approx(5.0)
    assert low <= min(tried) <= max(tried) <= high


def test_lowest_of_a_stretch_that_all_does() -> None:
    # The roofline is flat from the ridge on: 362e12 / 800e9 = 452.5 FLOP/B.
    roof = dc.Model({"rate": dc.attainable_rate}, {"peak": 362e12, "intensity": None, "bandwidth": 800e9})
    np.testing.assert_allclose(solve(roof, "intensity", "rate", [4e12, 362e12]), [5.0, 452.5], rtol=1e-14)
    model = dc.Model({"y": excess}, {"x": None})
    assert solve(model, "x", "y", 0.0) == 0.0
    assert solve(model, "x", "y", 0.0, low=1) == 1.0


def test_whole_servers_jump_over_most_targets() -> None:
    model = dc.Model({"n": dc.step(dc.whole, units="chips")}, {"chips": None})
    assert solve(model, "chips", "n", 7) == pytest.approx(6.0)
    with pytest.raises(NoSolutionError, match=r"It jumps at 7, where a relative gap of 0\.067 is left"):
        solve(model, "chips", "n", 7.5)  # 7 or 8: 0.5 / 7.5 = 0.067
    assert solve(model, "chips", "n", 7.5, tolerance=0.07) == pytest.approx(7.0)


def test_a_pole_is_no_solution() -> None:
    model = dc.Model({"y": pole}, {"x": None})
    assert solve(model, "x", "y", 4.0) == pytest.approx(3.5)
    with pytest.raises(NoSolutionError, match=r"no single x makes y 3; ") as raised:
        solve(model, "x", "y", 3.0, high=1e6)
    assert "jumps" not in str(raised.value)


def test_no_solution_says_the_range_and_the_case() -> None:
    roof = dc.Model({"rate": dc.attainable_rate}, {"peak": 362e12, "intensity": None, "bandwidth": 800e9})
    message = (
        r"case \[1, 2\]: no single intensity makes rate 300 TFLOP/s; it takes values from .* to 100 TFLOP"
    )
    with pytest.raises(NoSolutionError, match=message):
        solve(roof, "intensity", "rate", [1e14, 2e14, 3e14], peak=np.array([[4e14], [1e14]]) * [1, 2, 1])
    assert issubclass(NoSolutionError, DojoCalcError)


def test_what_cannot_be_asked_is_named(chain: Model) -> None:
    refused: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: solve(chain, "unti", "chips", 1), UnknownNameError, "no input 'unti'; did you mean unit"),
        (lambda: solve(chain, "unit", "chps", 1), UnknownNameError, "no output 'chps'"),
        (lambda: solve(chain, "unit", "chips", 1, unit=3), ModelError, "unit is what is sought"),
        (lambda: solve(chain, "chip_power", "chips", 1), ModelError, "chips does not depend on chip_power"),
        (lambda: solve(chain, "unit", "power", 1, chips=3), ModelError, "power does not depend on unit"),
        (lambda: solve(chain, "unit", "chips", -1), DomainError, "target for chips must be at least 0"),
        (lambda: solve(chain, "unit", "power", "3 EFLOP/s"), UnitError, "target for power must be in W"),
        (lambda: solve(chain, "unit", "chips", 1, low=-1), DomainError, "low of unit must be above 0"),
        (lambda: solve(chain, "unit", "chips", 1, low=3, high=2), ModelError, "expected low < high"),
    ]
    for call, error, message in refused:
        with pytest.raises(error, match=message):
            call()


def test_break_even_by_hand() -> None:
    # 500e6 + 5,000 n = 30,000 n at n = 20,000.
    make, buy = costs(500e6, 5e3), costs(0, 30e3)
    assert break_even(make, buy, "units", "cost") == pytest.approx(20_000, rel=1e-13)
    one = costs(0, 0)
    sides = (one, {"fixed": 500e6, "each": 5e3}), (one, {"each": np.array([30e3, 55e3])})
    np.testing.assert_allclose(break_even(*sides, "units", "cost"), [20_000, 10_000], rtol=1e-13)
    # The price of the one at which 20,000 of each cost as much.
    assert break_even(make, (buy, {"each": 30e3}), "each", "cost", units=20_000) == pytest.approx(
        5e3, rel=1e-13
    )


def test_break_even_of_different_models(chain: Model) -> None:
    # Watts for 100 EFLOP/s: 100e18 / u x 400 against 20,000 servers x 5 kW: u = 400e18.
    servers = dc.Model({"draw": dc.pooled_power}, {"units": None, "unit": 5e3}, name="servers")
    found = break_even((chain, {"unit": 1e15}), servers, "units", ("power", "draw"))
    assert found == pytest.approx(8_000)  # 100e18 / 1e15 x 400 W = 40 MW
    assert break_even(
        chain, (servers, {"units": 2e4, "unit": 5e3}), "unit", ("power", "draw")
    ) == pytest.approx(4e14)


def test_no_break_even_says_the_difference() -> None:
    one, dearer = costs(100, 2), costs(200, 3)
    with pytest.raises(
        NoSolutionError, match="first less the second takes values from -1e30 USD to -100 USD"
    ):
        break_even(one, dearer, "units", "cost")
    with pytest.raises(NoSolutionError, match="takes no other value"):
        break_even(one, one, "units", "cost")


def test_equality_by_rounding_alone_is_no_solution() -> None:
    # 100 + 2 n and 200 + 2 n are the same double from n = 1e18 on; 1 - exp(-x) is 1 from x = 37 on.
    with pytest.raises(NoSolutionError, match=r"takes -100 USD alone$"):
        break_even(costs(100, 2), costs(200, 2), "units", "cost")
    model = dc.Model({"y": saturating}, {"x": None})
    assert solve(model, "x", "y", 0.5) == pytest.approx(math.log(2))
    with pytest.raises(NoSolutionError, match=r"values from 0 to 1$"):
        solve(model, "x", "y", 1.0)
    assert solve(dc.Model({"y": odds}, {"x": None}), "x", "y", 0.0) == 0.0, "an end of the domain"
    assert solve(dc.Model({"y": dc.effective_rate}, {"rate": 5.0, "mfu": None}), "mfu", "y", 5.0) == 1.0
    narrow = dc.Model({"y": affine}, {"units": None, "fixed": 1e9, "each": 1e-9})
    assert solve(narrow, "units", "y", 1e9 + 64) == pytest.approx(64e9, rel=1e-9)


def test_break_even_refuses_what_does_not_fit(chain: Model) -> None:
    one = costs(1, 2)
    refused: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: break_even(one, one, "unts", "cost"), UnknownNameError, "did you mean units"),
        (
            lambda: break_even(one, chain, "unit", ("cost", "power")),
            UnitError,
            "cost is in USD, but power is in W",
        ),
        (lambda: break_even(one, one, "units", "cost", price=1), UnknownNameError, "an input 'price'"),
        (lambda: break_even(one, one, "units", "cost", units=1), ModelError, "units is what is sought"),
        (lambda: break_even(chain, chain, "chip_power", "chips"), ModelError, "depends on chip_power"),
    ]
    for call, error, message in refused:
        with pytest.raises(error, match=message):
            call()


def test_domain_open_on_both_sides() -> None:
    from dojo_calc.analysis.solve import _nodes

    nodes, _ = _nodes("x", Spec("1"), None, None)
    assert nodes[0] == -1e30
    assert 0.0 in nodes
    below, _ = _nodes("x", Spec("1", high=5.0, high_open=True), None, None)
    assert below[-1] < 5.0
