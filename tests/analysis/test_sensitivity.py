from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import dojo_calc as dc
from dojo_calc.analysis.sensitivity import _indices, _interval, sobol_indices, tornado
from dojo_calc.errors import DojoCalcError, DomainError, ModelError, UnknownNameError
from dojo_calc.model.model import Model
from dojo_calc.quantities import Money, Ratio, Year

Z95 = 1.6448536269514722
A, B = 7.0, 0.1


def ishigami(x1: Ratio, x2: Ratio, x3: Ratio) -> Ratio:
    """Ishigami and Homma 1990 of angles uniform on -pi to pi, made of standard lognormal inputs."""
    angles = [math.pi * (2.0 * ndtr(Z95 * np.log(x)) - 1.0) for x in (x1, x2, x3)]
    value: Ratio = np.sin(angles[0]) + A * np.sin(angles[1]) ** 2 + B * angles[2] ** 4 * np.sin(angles[0])
    return value


def linear(first: Year, second: Year, third: Year) -> Ratio:
    return first + 2.0 * second + 0.0 * third


def squared(first: Ratio, second: Ratio) -> Ratio:
    return first * second


def product(first: Money, second: Ratio) -> Money:
    return first * second


# Sobol' and Levitan 1999: partial variances of Ishigami's function in closed form.
V1 = (1 + B * math.pi**4 / 5) ** 2 / 2
V2 = A**2 / 8
V13 = B**2 * math.pi**8 * (1 / 18 - 1 / 50)
V = V1 + V2 + V13
FIRST = np.array([V1, V2, 0.0]) / V
TOTAL = np.array([V1 + V13, V2, V13]) / V


@pytest.fixture(scope="module")
def angles() -> Model:
    # Median 1 and a 90 % interval of e either way: x = exp(z / Z95), so Z95 ln x is a standard normal score.
    triple = (1.0, math.exp(-1.0), math.e)
    return dc.Model({"y": ishigami}, dict.fromkeys(("x1", "x2", "x3"), triple))


def test_ishigami_by_its_closed_form(angles: Model) -> None:
    found = sobol_indices(angles, "y")
    np.testing.assert_allclose(found.first, FIRST, atol=0.01)
    np.testing.assert_allclose(found.total, TOTAL, atol=0.01)
    assert found.variance == pytest.approx(V, rel=0.01)
    assert found.mean == pytest.approx(A / 2, rel=0.01)
    assert found.evaluations == 2**13 * 5
    assert found.inputs == ("x1", "x2", "x3")


def test_intervals_hold_the_closed_form(angles: Model) -> None:
    """Of 60 intervals at 90 %, 54 are expected to hold the truth; below 46 it is one chance in 500."""
    covered = np.zeros(2)
    for seed in range(20):
        found = sobol_indices(angles, "y", 2**9, resamples=200, seed=seed)
        for place, (interval, exact) in enumerate(
            ((found.first_interval, FIRST), (found.total_interval, TOTAL))
        ):
            assert (interval[:, 0] <= interval[:, 1]).all()
            covered[place] += np.mean((interval[:, 0] <= exact) & (exact <= interval[:, 1]))
    assert (covered / 20 > 46 / 60).all()


def test_intervals_shrink_faster_than_those_of_random_points(angles: Model) -> None:
    # Sixteen times the points would shrink the intervals of independent ones by 4; those of even points more.
    few, many = (
        np.mean(
            [np.ptp(sobol_indices(angles, "y", n, seed=seed).total_interval, axis=1) for seed in range(5)],
            axis=0,
        )
        for n in (2**9, 2**13)
    )
    assert (few / many > 4.0).all()


def test_intervals_are_as_wide_as_the_estimates_spread(angles: Model) -> None:
    # 90 % of a normal distribution is 3.29 standard deviations; Student's of eight asks for 3.79.
    found = [sobol_indices(angles, "y", seed=seed) for seed in range(20)]
    width = np.mean([np.ptp(one.total_interval, axis=1) for one in found], axis=0)
    spread = np.std([one.total for one in found], axis=0, ddof=1)
    assert ((width / spread > 2.0) & (width / spread < 8.0)).all()


def test_intervals_of_few_scramblings_are_widened_as_students_distribution_asks() -> None:
    # The quantiles of 0, 0.01, ... 1 are the levels themselves: 0.05 and 0.95 at 90 %, 0.45 on each side of 0.5.
    # Tables: Student's 95 % quantile at 7 degrees is 1.894579, the normal 1.644854; sqrt(8 / 7) is 1.069045.
    # So 0.45 becomes 0.45 * 1.894579 / 1.644854 * 1.069045 = 0.554107.
    drawn = np.linspace(0.0, 1.0, 101)[:, None]
    assert _interval(np.array([0.5]), drawn, 0.9) == pytest.approx(
        np.array([[0.5 - 0.554107, 0.5 + 0.554107]]), abs=2e-6
    )


def rarely(x: Ratio) -> Ratio:
    value: Ratio = np.where(x > 300.0, x, 0.0)
    return value


def test_an_output_that_hardly_ever_varies_is_refused() -> None:
    # x is lognormal with a median of 1 and a 95 % quantile of 10: above 300 it is 2.3 times in 100,000.
    model = dc.Model({"y": rarely}, {"x": (1.0, 0.1, 10.0)})
    with pytest.raises(ModelError, match=r"y is the same in all but .* of 16,384 samples, too few"):
        sobol_indices(model, "y")
    with pytest.raises(ModelError, match="y does not vary with x"):
        sobol_indices(model, "y", 16)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 2.5}, "n must be a whole number, got 2.5"),
        ({"resamples": 1}, "resamples must be a whole number, at least 2"),
        ({"seed": -1}, "seed must be a whole number, at least 0, got -1"),
        ({"level": 1.0}, "level must be above 0 and below 1"),
        ({"groups": {"a": ["third"]}}, "third stands in the group a, but nothing about it is uncertain here"),
        ({"third": 2}, "third is given, but y does not depend on it"),
    ],
)
def test_settings_that_mean_nothing_are_named(settings: dict[str, Any], message: str) -> None:
    model = dc.Model(
        {"y": squared, "z": dc.step(squared, first="first", second="third")},
        {"first": (2, 1, 3), "second": (2, 1, 3), "third": 1.0},
    )
    with pytest.raises(DojoCalcError, match=message):
        sobol_indices(model, "y", **settings)


def test_linear_model_by_hand() -> None:
    # Variances 3^2 and (2 x 2)^2 in the same units: 9 / 25 and 16 / 25, and nothing together.
    model = dc.Model(
        {"y": linear},
        {"first": (2000, 1997, 2003), "second": (2000, 1998, 2002), "third": (2000, 1990, 2010)},
    )
    found = sobol_indices(model, "y")
    np.testing.assert_allclose(found.first, [9 / 25, 16 / 25, 0], atol=2e-3)
    np.testing.assert_allclose(found.total, [9 / 25, 16 / 25, 0], atol=2e-3)
    assert found.table()["input"].to_list() == ["second", "first", "third"]
    # The row of the largest index, the second input's, tells the middle and both ends of each index.
    row = found.table().row(0, named=True)
    assert [row[name] for name in ("first", "first_low", "first_high")] == [
        found.first[1],
        *found.first_interval[1],
    ]
    assert [row[name] for name in ("total", "total_low", "total_high")] == [
        found.total[1],
        *found.total_interval[1],
    ]
    bars = tornado(model, "y")
    assert [(bar.input, bar.output_low, bar.output_high) for bar in bars] == [
        ("second", 5996.0, 6004.0),
        ("first", 5997.0, 6003.0),
        ("third", 6000.0, 6000.0),
    ]
    assert bars[0].swing == 8.0


def test_product_of_lognormals_acts_together() -> None:
    # With e = exp(s^2): V = e1 e2 - 1 in units of the mean squared, V1 = e1 - 1, total of 1 = V - (e2 - 1).
    model = dc.Model({"y": product}, {"first": (100, 50, 200), "second": (3, 1, 9)})
    e1, e2 = (math.exp((math.log(factor) / Z95) ** 2) for factor in (2, 3))
    v = e1 * e2 - 1
    found = sobol_indices(model, "y", 2**15)
    np.testing.assert_allclose(found.first, [(e1 - 1) / v, (e2 - 1) / v], atol=0.01)
    np.testing.assert_allclose(found.total, [1 - (e2 - 1) / v, 1 - (e1 - 1) / v], atol=0.01)


def test_tornado_takes_the_extreme_readings_and_names_sources() -> None:
    # A D1's peak is 362 or 376 TFLOP/s, its utilisation assumed as 0.4 (0.1 to 0.6).
    model = dc.Model(
        {
            "effective": dc.step(dc.effective_rate, rate="peak"),
            "chips": dc.step(dc.units_needed, unit="effective"),
        },
        {"target": "1 EFLOP/s", "peak": "d1.peak_bf16", "mfu": "d1.mfu"},
    )
    mfu, peak = tornado(model, "chips")
    assert (mfu.input, mfu.low_value, mfu.high_value) == ("mfu", 0.1, 0.6)
    assert [mfu.output_low, mfu.output_high] == pytest.approx([1e6 / 36.2, 1e6 / 217.2])
    assert "d1.mfu" in mfu.source
    assert [peak.low_value, peak.high_value] == [362e12, 376e12]
    assert [peak.output_low, peak.output_high] == pytest.approx([1e6 / 144.8, 1e6 / 150.4])
    assert [bar.input for bar in tornado(model, "chips", mfu=0.3)] == ["peak"]
    assert tornado(model, "chips", effective=1e14) == []


def test_inputs_of_one_fact_move_together() -> None:
    # With m = 0.1 to 0.6 in both places the product goes from 0.01 to 0.36, and the variance is all one's.
    model = dc.Model({"y": squared}, {"first": "d1.mfu", "second": "d1.mfu"})
    (bar,) = tornado(model, "y")
    assert bar.input == "first and second"
    assert [bar.output_low, bar.output_high] == pytest.approx([0.01, 0.36])
    assert sobol_indices(model, "y").total == pytest.approx([1.0], rel=0.02)


def test_what_has_no_indices_is_said(angles: Model) -> None:
    constant = dc.Model({"y": linear}, {"first": 2000, "second": 2000, "third": (2000, 1990, 2010)})
    for call, error, message in (
        (lambda: sobol_indices(constant, "y"), ModelError, "y does not vary"),
        (
            lambda: sobol_indices(constant, "y", third=2000),
            ModelError,
            "nothing that y depends on is uncertain",
        ),
        (lambda: sobol_indices(angles, "y", 1), ModelError, "at least 2"),
        (lambda: sobol_indices(angles, "z"), UnknownNameError, "no output 'z'"),
        (lambda: tornado(angles, "y", x4=1), UnknownNameError, "no input 'x4'"),
        (lambda: tornado(angles, "y", x1=-1), DomainError, "x1 must be"),
    ):
        with pytest.raises(error, match=message):
            call()


def test_bootstrap_is_bounded_in_memory(angles: Model) -> None:
    """2^16 rows and 100 resamples: 32 GiB for a jackknife, here the rows and 32 resamples at a time."""
    tracemalloc.start()
    sobol_indices(angles, "y", 2**16, resamples=100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_groups_by_the_closed_form(angles: Model) -> None:
    """The first and the third angle act together, the second alone: their group and it share the whole variance."""
    found = sobol_indices(angles, "y", groups={"pair": ["x1", "x3"]})
    assert found.inputs == ("pair", "x2")
    expected = np.array([V1 + V13, V2]) / V
    np.testing.assert_allclose(found.first, expected, atol=0.01)
    np.testing.assert_allclose(found.total, expected, atol=0.01)
    assert found.evaluations == 2**13 * 4
    alone = sobol_indices(angles, "y", groups={"one": ["x1"]})
    np.testing.assert_array_equal(alone.total, sobol_indices(angles, "y").total)


def test_groups_that_do_not_fit(angles: Model) -> None:
    with pytest.raises(UnknownNameError, match="no input 'x9'"):
        sobol_indices(angles, "y", groups={"pair": ["x1", "x9"]})
    with pytest.raises(ModelError, match="x1 stands in two groups, a and b"):
        sobol_indices(angles, "y", groups={"a": ["x1"], "b": ["x1", "x2"]})
    both = dc.Model({"y": squared}, {"first": "hyperscale.pue", "second": "hyperscale.pue"})
    with pytest.raises(ModelError, match="read from one fact"):
        sobol_indices(both, "y", groups={"a": ["first"]})


def test_indices_from_means_by_hand() -> None:
    # a and b take 1 and 3 alike: the mean of a + b is 4, of a a + b b 10; variance 10 / 2 - (4 / 2)^2 = 1.
    assert [one.item() for one in _indices(np.array([4.0, 10.0, 0.5, 0.8]))] == [1.0, 0.5, 0.4]
