from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.economics.race import (
    grown,
    growth_needed,
    lead_needed,
    logistic,
    overtaking_growth,
    owner_share,
    periods_to_draw_level,
    power_each,
    price_each,
    rest_of,
)

stock = st.floats(1e-2, 1e4)
growth = st.floats(0.1, 20)
periods = st.floats(0.1, 12)


def test_the_inequality_of_the_race_by_hand() -> None:
    # xAI 0.5 million, all others 20.3 - 0.5 = 19.8 million H100 equivalents; 39.6^(1/5) = exp(3.67883 / 5) =
    # 2.0871. At the world's 3.3 a year that is 6.887 a year and 0.5 x 6.887^5 = 7.75e9; at 1.2 it is 2.504 and
    # 49.3 million.
    others = rest_of(20.3e6, 0.5e6)
    assert others == pytest.approx(19.8e6)
    k = lead_needed(0.5e6, others, 5)
    assert k == pytest.approx(2.0871, abs=1e-4)
    np.testing.assert_allclose(np.array([3.3, 1.2]) * k, [6.887, 2.504], atol=1e-3)
    np.testing.assert_allclose(grown(0.5e6, np.array([3.3, 1.2]) * k, 5), [7.749e9, 49.27e6], rtol=1e-3)
    # Against Google, Microsoft and Meta alone, 5.0 + 3.4 + 2.3 = 10.7 million: exp(log(21.4) / 5) = 1.8454.
    assert lead_needed(0.5e6, 10.7e6, 5) == pytest.approx(1.8454, abs=1e-4)
    # 50 million in five years: 100^(1/5) = 2.5119 a year; the others stay below if they grow less than
    # (50 / 19.8)^(1/5) = 1.2035 a year.
    assert growth_needed(50e6, 0.5e6, 5) == pytest.approx(2.5119, abs=1e-4)
    assert growth_needed(50e6, others, 5) == pytest.approx(1.2035, abs=1e-4)
    # 0.1 to 0.5 million in 1.25 years: 5^(0.8) = 3.624 a year.
    assert growth_needed(0.5e6, 0.1e6, 1.25) == pytest.approx(3.624, abs=1e-3)


def test_power_of_an_equivalent_by_hand() -> None:
    # A GB200 draws 2.4024 kW and is worth 5,000 / 1,979 = 2.5265 H100 at 8 bits: 950.9 W each.
    assert power_each(2402.4, 5_000 / 1_979, 1.0, 5.0) == pytest.approx(950.9, abs=0.05)
    # At 80,100 USD all in it is 31,704 each; a quarter better a year for two years divides both by 1.5625.
    assert price_each(80_100, 5_000 / 1_979, 1.0, 0.0) == pytest.approx(31_704, abs=0.5)
    assert price_each(80_100, 5_000 / 1_979, 1.25, 2.0) == pytest.approx(31_704 / 1.5625, abs=0.5)
    assert power_each(2402.4, 5_000 / 1_979, 1.25, 2.0) == pytest.approx(950.9 / 1.5625, abs=0.05)


@given(own=stock, others=stock, others_growth=growth, span=periods)
def test_more_than_k_times_the_growth_overtakes_and_less_does_not(
    own: float, others: float, others_growth: float, span: float
) -> None:
    k = float(lead_needed(own, others, span))
    assert overtaking_growth(own, others, others_growth, span) == pytest.approx(k * others_growth)
    rivals = grown(others, others_growth, span)
    assert grown(own, k * others_growth, span) == pytest.approx(rivals, rel=1e-9)
    assert owner_share(grown(own, 1.01 * k * others_growth, span), rivals) > 0.5
    assert owner_share(grown(own, 0.99 * k * others_growth, span), rivals) < 0.5


@given(own=stock, others=stock, fast=growth, slow=growth)
def test_they_draw_level_when_it_says(own: float, others: float, fast: float, slow: float) -> None:
    when = float(periods_to_draw_level(own, others, fast, slow, 50.0))
    if own >= others:
        assert when == 0
    elif fast <= slow:
        assert when == 50
    elif when < 50:
        assert grown(own, fast, when) == pytest.approx(grown(others, slow, when), rel=1e-6)
    else:
        assert grown(own, fast, 50.0) <= grown(others, slow, 50.0) * (1 + 1e-9)


@given(start=stock, factor=st.floats(1.05, 10), room=st.floats(1.1, 1e4), span=periods)
def test_laws_of_the_logistic(start: float, factor: float, room: float, span: float) -> None:
    ceiling = room * start
    then = logistic(start, factor, ceiling, span)
    assert logistic(start, factor, ceiling, 0.0) == pytest.approx(start, rel=1e-12)
    assert start < then <= ceiling * (1 + 1e-12)
    assert then < grown(start, factor, span)
    # Far below its ceiling it is plain growth; at late times it is the ceiling.
    assert logistic(start, factor, 1e9 * grown(start, factor, span), span) == pytest.approx(
        grown(start, factor, span), rel=1e-6
    )
    assert logistic(start, 100.0, ceiling, 50.0) == pytest.approx(ceiling, rel=1e-9)


def test_a_logistic_by_hand() -> None:
    # Ceiling 100 from 20 at a factor of 4: half way when (100 / 20 - 1) 4^-t = 1, at t = 1.
    assert logistic(20, 4, 100, 1) == pytest.approx(50)
    # From above it falls: 100 / (1 + (0.5 - 1) / 4) = 114.29.
    assert logistic(200, 4, 100, 1) == pytest.approx(800 / 7)


def test_who_leads_has_drawn_level_and_who_is_a_little_behind_takes_a_little() -> None:
    assert periods_to_draw_level(2.0, 1.0, 1.5, 2.0, 50.0) == 0.0
    # Half a per cent behind and doubling: log(1.005) / log(2) = 0.0049875415 / 0.6931471806 = 0.0071955.
    assert periods_to_draw_level(1.0, 1.005, 2.0, 1.0, 50.0) == pytest.approx(0.0071955, rel=1e-5)
