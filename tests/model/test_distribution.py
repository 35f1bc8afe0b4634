"""The scale that an interval is drawn on, by hand: two 95 % points out from the median."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

import dojo_calc as dc
from dojo_calc.errors import DomainError, UnknownNameError
from dojo_calc.model.distribution import WIDER, Z95, Mixture, Split, quantile
from dojo_calc.model.inputs import Samples
from dojo_calc.quantities import Count, Fraction, SignedCount, Spec, spec


@pytest.mark.parametrize(
    ("kind", "value", "low", "high", "scale", "far"),
    [
        # Odds of 1/4, 1 and 4; twice as far out they are 16, a share of 16/17.
        (Fraction, 0.5, 0.2, 0.8, "logit", 16 / 17),
        # A half, one and two; twice as far out four.
        (Count, 1.0, 0.5, 2.0, "log", 4.0),
        (SignedCount, 0.0, -1.0, 1.0, "linear", 2.0),
        # An interval that reaches an end has no logarithm or logit there: 0.5 + 2 x 0.5 is held to 1.
        (Fraction, 0.5, 0.0, 0.9, "linear", 1.0),
        (Count, 1.0, 0.0, 2.0, "linear", 3.0),
    ],
)
def test_the_scale_of_an_interval_by_hand(
    kind: object, value: float, low: float, high: float, scale: str, far: float
) -> None:
    declared = spec(kind)
    assert declared is not None
    split = Split.of(declared, value, low, high)
    assert split.scale == scale
    ends = split.at(np.array([-Z95, 0.0, Z95, 2 * Z95]))
    assert ends == pytest.approx([low, value, high, far])


def test_a_reading_of_no_width_below_jumps_to_its_median() -> None:
    """Half of it is certain at 1, the other half lies at 10 or above: F(1) = 1/2, F(10) = 3/4."""
    declared = spec(Count)
    assert declared is not None
    upward = Split.of(declared, 10.0, 10.0, 20.0)
    mixed = Mixture.of([(0.5, 1.0), (0.5, upward)])
    chances = np.array([0.2, 0.49, 0.51, 0.6, 0.74])
    assert mixed.at(ndtri(chances)) == pytest.approx([1.0, 1.0, 10.0, 10.0, 10.0])
    downward = Split.of(declared, 10.0, 5.0, 10.0)
    mixed = Mixture.of([(0.5, 100.0), (0.5, downward)])  # F(10) from 1/4 to 1/2, and then nothing before 100
    assert mixed.at(ndtri(np.array([0.26, 0.4, 0.49, 0.51]))) == pytest.approx([10.0, 10.0, 10.0, 100.0])


def test_weights_choose_among_readings() -> None:
    """The D1's peak was printed as 362 TFLOP/s in 2021 and as 376 in 2022."""
    peak = dc.Model({"chips": dc.units_needed}, {"target": 1e18, "unit": "d1.peak_bf16"}).inputs["unit"]
    assert quantile(peak, 0.5, weights={"ai_day_2021": 1.0}) == 362e12
    assert quantile(peak, [0.1, 0.9], weights={"ai_day_2021": 0.5, "hot_chips_34": 0.5}) == pytest.approx(
        [362e12, 376e12]
    )
    with pytest.raises(UnknownNameError, match="reading 'ai_day_2012'; did you mean ai_day_2021"):
        quantile(peak, 0.5, weights={"ai_day_2012": 1.0})


def test_a_sample_is_read_sorted_and_held_to_its_domain() -> None:
    power = Spec("W", 0.0)
    assert Samples(["3 kW", "1 kW", 2e3]).checked(power, "power").values.tolist() == [1e3, 2e3, 3e3]
    assert Samples(np.array([3.0, 1.0])).checked(power, "power").values.tolist() == [1.0, 3.0]
    with pytest.raises(DomainError, match=r"power\[1\] must be at least 0 \[W\], got -1"):
        Samples([1.0, -1.0]).checked(power, "power")
    with pytest.raises(DomainError, match="expected samples in a row, two or more"):
        Samples([1.0]).checked(power, "power")


def test_a_half_of_no_width_has_the_median_alone_and_nothing_beyond() -> None:
    declared = spec(Count)
    assert declared is not None
    upward, downward = Split.of(declared, 10.0, 10.0, 20.0), Split.of(declared, 10.0, 5.0, 10.0)
    # One 95 % point up is the upper end, and half as far is its square root: the logarithm is what is even.
    values = np.array([9.0, 10.0, 10.0 * 2.0**0.5, 20.0])
    np.testing.assert_allclose(upward.scores(values), [-np.inf, 0.0, Z95 / 2, Z95])
    np.testing.assert_allclose(downward.scores(100.0 / values), [np.inf, 0.0, -Z95 / 2, -Z95])
    for one in (upward, downward):
        assert one.centre == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("kind", "value", "low", "high"),
    [(Fraction, 0.5, 0.2, 0.9), (Count, 1.0, 0.5, 3.0), (SignedCount, 0.0, -1.0, 4.0)],
)
def test_scores_are_the_inverse_of_values(kind: object, value: float, low: float, high: float) -> None:
    declared = spec(kind)
    assert declared is not None
    scores = np.linspace(-3.0, 3.0, 13)
    split = Split.of(declared, value, low, high)
    np.testing.assert_allclose(split.scores(split.at(scores)), scores, atol=1e-12)


def test_ends_of_intervals_are_those_of_the_normal_distribution() -> None:
    assert pytest.approx(ndtri(0.95), rel=1e-14) == Z95
    # The same spread told at 90 % and at 80 %: from 5 to 95 in a hundred over from 10 to 90.
    assert pytest.approx((ndtri(0.95) - ndtri(0.05)) / (ndtri(0.9) - ndtri(0.1)), rel=1e-14) == WIDER
