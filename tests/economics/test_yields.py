from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.economics.harvest import harvest_yield
from dojo_calc.economics.spares import units_yield
from dojo_calc.economics.yields import (
    faults_on_die,
    good_dies,
    joint_yield,
    learned_defect_density,
    moore_yield,
    murphy_yield,
    negative_binomial_yield,
    passing_share,
    poisson_yield,
    repeated_yield,
    seeds_yield,
    sound_share,
)
from dojo_calc.errors import DomainError
from tests.strategies import from_zero

# Die [mm^2], defects [1/cm^2], then faults and the yields by Poisson, Murphy, Seeds, Moore and the negative
# binomial with clustering 2, 3 and 10: the closed forms evaluated apart from this library, to five digits.
PRINTED = [
    (645, 0.09, 0.5805, 0.55962, 0.57551, 0.63271, 0.46678, 0.60069, 0.58821, 0.56877),
    (645, 0.10, 0.6450, 0.52466, 0.54311, 0.60790, 0.44793, 0.57175, 0.55753, 0.53523),
    (826, 0.09, 0.7434, 0.47549, 0.49780, 0.57359, 0.42223, 0.53147, 0.51471, 0.48818),
    (826, 0.10, 0.8260, 0.43780, 0.46326, 0.54765, 0.40299, 0.50086, 0.48209, 0.45219),
    (814, 0.09, 0.7326, 0.48066, 0.50254, 0.57717, 0.42489, 0.53568, 0.51919, 0.49312),
    (814, 0.10, 0.8140, 0.44308, 0.46809, 0.55127, 0.40567, 0.50514, 0.48666, 0.45723),
]
MODELS = (
    poisson_yield, murphy_yield, seeds_yield, moore_yield,
    lambda x: negative_binomial_yield(x, 2), lambda x: negative_binomial_yield(x, 3),
    lambda x: negative_binomial_yield(x, 10),
)  # fmt: skip
mean_faults = from_zero(20.0)
shapes = st.floats(1.0, 100.0)
shares = from_zero(1.0)


@pytest.mark.parametrize("row", PRINTED)
def test_models_to_the_printed_digits(row: tuple[float, ...]) -> None:
    die, density, faults, *yields = row
    x = faults_on_die(die * dc.mm2, density / dc.cm2, 1.0)
    assert x == pytest.approx(faults, rel=1e-12)
    assert [round(float(model(x)), 5) for model in MODELS] == yields


def test_an_immature_process_with_a_critical_share() -> None:
    # CATCH's early 7 nm: 0.5 defects a cm^2, 0.64 of the area critical, clustering 2: 0.2422 and 0.1855.
    x = faults_on_die(np.array([645, 826]) * dc.mm2, 0.5 / dc.cm2, 0.64)
    np.testing.assert_allclose(negative_binomial_yield(x, 2), [0.2422, 0.1855], atol=5e-5)


@given(mean_faults, shapes)
def test_order_of_the_models(x: float, clustering: float) -> None:
    tiny = 1 + 1e-12
    assert poisson_yield(x) <= negative_binomial_yield(x, clustering) * tiny
    assert negative_binomial_yield(x, clustering) <= seeds_yield(x) * tiny
    # A triangular spread lies between none and an exponential one.
    assert poisson_yield(x) <= murphy_yield(x) * tiny
    assert murphy_yield(x) <= seeds_yield(x) * tiny


@given(st.floats(1.0, 2000.0), st.floats(0.001, 2.0), st.floats(1.01, 3.0), shapes)
def test_yield_falls_with_area_and_with_defects(
    die: float, density: float, more: float, clustering: float
) -> None:
    def worked(area: float, defects: float) -> list[float]:
        x = faults_on_die(area * dc.mm2, defects / dc.cm2, 1.0)
        return [float(model(x)) for model in (*MODELS, lambda x: negative_binomial_yield(x, clustering))]

    base = worked(die, density)
    for other in (worked(more * die, density), worked(die, more * density)):
        assert all(b < a for a, b in zip(base, other, strict=True))
    assert worked(more * die, density) == pytest.approx(worked(die, more * density), rel=1e-9)


def test_limits_of_the_models() -> None:
    x = np.array([0.0, 1e-12, 1e-6, 9.99e-4, 1.001e-3])
    # 1 - x and the next terms: Murphy's is 1 - x + 7/12 x^2, to third order.
    np.testing.assert_allclose(murphy_yield(x), 1 - x + 7 / 12 * x * x, rtol=1e-9)
    assert negative_binomial_yield(0.7, 1) == seeds_yield(0.7)
    for many in (1e13, 1e16, 1e300):  # Poisson's in the limit, x^2 / (2 clustering) above it
        assert negative_binomial_yield(0.7, many) == pytest.approx(
            math.exp(-0.7) * (1 + 0.245 / many), rel=3e-16
        )
    # 10 % of dies work three times over, with an assembly of 0.5: 0.1^3 x 0.5.
    assert joint_yield(repeated_yield(0.1, 3), 0.5) == pytest.approx(5e-4)
    assert good_dies(89, 0.5) == 44.5


def test_defects_that_are_learned_away() -> None:
    start, floor, time = 0.5 / dc.cm2, 0.06 / dc.cm2, 100 * dc.day
    assert learned_defect_density(0.0, start, floor, time) == start
    # After ln 2 learning times half the distance is gone: (0.5 + 0.06) / 2 = 0.28.
    assert learned_defect_density(math.log(2) * time, start, floor, time) == pytest.approx(0.28 / dc.cm2)
    assert learned_defect_density(100 * time, start, floor, time) == pytest.approx(floor)


@given(shares.filter(lambda share: share > 1e-6), shares)
def test_a_test_passes_what_works_and_what_it_does_not_see(working: float, coverage: float) -> None:
    passing, sound = passing_share(working, coverage), sound_share(working, coverage)
    assert passing * sound == pytest.approx(working)  # what passes and is sound is what works
    assert working * (1 - 1e-12) <= passing <= 1
    assert sound_share(working, 1.0) == 1.0
    # Williams and Brown's example: yield 0.5, coverage 0.9 leaves 1 - 0.5^0.1 = 6.697 % of escapes.
    assert 1 - sound_share(0.5, 0.9) == pytest.approx(0.06697, abs=1e-5)


def test_spare_units_by_hand() -> None:
    # One fault in the mean, clustering 2, two units of which one must work, nothing else on the die. A unit is
    # whole in the mean over the rate L with odds exp(-L/2), so E[2 exp(-L/2) - exp(-L)]
    # = 2 (1 + 1/4)^-2 - (1 + 1/2)^-2 = 1.28 - 0.444444.
    assert units_yield(1.0, 2.0, 1.0, 2, 1) == pytest.approx(1.28 - 4 / 9, rel=1e-10)
    # No fault at all, or one: (1 + 1/2)^-2 = 0.444444, and then 2 x (1/3) x 0.444444 = 0.296296.
    assert harvest_yield(1.0, 2.0, 1.0, 1) == pytest.approx(20 / 27, rel=1e-12)
    # Half of the faults fall outside: the second term halves.
    assert harvest_yield(1.0, 2.0, 0.5, 1) == pytest.approx(4 / 9 + 4 / 27, rel=1e-12)


@given(from_zero(3.0), st.floats(0.5, 50.0), shares, st.integers(2, 400), st.integers(0, 20))
def test_laws_of_harvest(x: float, clustering: float, share: float, units: int, spares: int) -> None:
    needed = max(units - spares, 0)
    got, exact = (
        harvest_yield(x, clustering, share, units - needed),
        units_yield(x, clustering, share, units, needed),
    )
    perfect = negative_binomial_yield(x, clustering)
    rest = negative_binomial_yield(x * (1 - share), clustering)  # the part without spares must be whole
    tiny = 1 + 1e-8
    assert perfect <= got * tiny <= exact * tiny * tiny
    assert exact <= rest * tiny
    assert harvest_yield(x, clustering, share, 0) == pytest.approx(perfect, rel=1e-12)
    assert units_yield(x, clustering, share, units, units) == pytest.approx(perfect, rel=1e-7)
    assert harvest_yield(x, clustering, share, units - needed + 1) >= got


def test_both_counts_agree_where_faults_are_few_against_units() -> None:
    x, share = np.array([0.58, 0.74, 0.81]), np.array([0.85, 0.6, 0.6])
    units, needed = np.array([360, 128, 144]), np.array([354, 108, 132])
    bound = harvest_yield(x, np.array([[2.0], [10.0]]), share, units - needed)
    np.testing.assert_allclose(
        bound, units_yield(x, np.array([[2.0], [10.0]]), share, units, needed), rtol=1e-5
    )
    assert np.all(bound <= units_yield(x, np.array([[2.0], [10.0]]), share, units, needed))


def test_the_integral_over_the_rate_where_it_is_hard() -> None:
    # 200 faults in the mean on 1,000 units of which 200 are spare: on a die of rate L a unit is lost with odds
    # 1 - exp(-L / 1000), so half of the dies are good at L = 1000 ln(1 / 0.8) = 223.1, within some 16. That step is
    # narrow against the spread of L with clustering 2, so the share is that of rates below it but for second order:
    # for a gamma of shape 2 and mean 200, 1 - (1 + t) exp(-t) at t = 2.231 is 0.6530.
    t = 2 * 1000 * math.log(1 / 0.8) / 200
    assert units_yield(200.0, 2.0, 1.0, 1000, 800) == pytest.approx(1 - (1 + t) * math.exp(-t), abs=0.003)
    # With no spares at all the closed form holds, here with tails from 0.3 to 300.
    for clustering in (0.3, 3.0, 300.0):
        expected = negative_binomial_yield(5.0, clustering)
        assert units_yield(5.0, clustering, 0.7, 50, 50) == pytest.approx(expected, rel=1e-9)


def test_more_needed_than_laid_out() -> None:
    assert units_yield(0.5, 2.0, 0.8, 100, 101) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"units": 3.5}, "units must be whole numbers, got 3.5"),
        ({"clustering": 0.0}, r"clustering must be above 0 \[1\], got 0"),
        ({"redundant_share": 1.2}, r"redundant_share must be between 0 and 1 \[1\], got 1.2"),
        ({"faults": -1.0}, "faults must be at least 0"),
    ],
)
def test_bad_spares_are_refused(changed: dict[str, float], message: str) -> None:
    given = {"faults": 0.5, "clustering": 2.0, "redundant_share": 0.8, "units": 10, "needed": 8} | changed
    with pytest.raises(DomainError, match=message):
        units_yield(**given)
