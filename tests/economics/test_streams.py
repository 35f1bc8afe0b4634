"""Streams of money: against sums written out, annuities of the textbooks, and limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.economics.discounting import capital_recovery_factor, net_present_value
from dojo_calc.economics.streams import (
    balance,
    count_for_value,
    growing_outlay,
    labour_cost,
    let_income,
    ride_margin,
    steady_outlay,
    stream_value,
    subscription_margin,
)
from dojo_calc.units import day, year


def test_a_stream_by_hand() -> None:
    # 100 in a year, 110 in two, at 10 %: 100 / 1.1 + 110 / 1.21 = 181.82; two years later 181.82 / 1.21 = 150.26.
    assert stream_value(100.0, 0.1, 1.1, 2.0, 0.0) == pytest.approx(100 / 1.1 + 110 / 1.21)
    assert stream_value(100.0, 0.1, 1.1, 2.0, 2.0) == pytest.approx(150.263, abs=1e-3)


@given(
    rate=st.floats(0.0, 0.5), growth=st.floats(0.8, 1.3), count=st.integers(1, 40), delay=st.integers(0, 10)
)
def test_a_stream_is_its_payments_added_up(rate: float, growth: float, count: int, delay: int) -> None:
    flows = [0.0] * (delay + 1) + [100.0 * growth**k for k in range(count)]
    assert stream_value(100.0, rate, growth, float(count), float(delay)) == pytest.approx(
        float(net_present_value(rate, *flows)), rel=1e-9
    )


def test_a_level_stream_is_the_annuity_and_a_long_one_the_perpetuity() -> None:
    assert stream_value(1.0, 0.08, 1.0, 25.0, 0.0) == pytest.approx(
        1 / float(capital_recovery_factor(0.08, 25.0))
    )
    assert stream_value(7.0, 0.1, 1.03, 100.0, 0.0) == pytest.approx(7.0 / (1.1 - 1.03), rel=2e-3)


def test_the_payers_behind_half_a_trillion() -> None:
    # The perpetuity by hand: 500 billion x 10 % / (99 x 12 USD) = 42.1 million payers, at full margin and no growth.
    each = stream_value(subscription_margin(99.0, 12.0, 1.0), 0.1, 1.0, 100.0, 0.0)
    assert count_for_value(500e9, 1.0, each) == pytest.approx(42.09e6, rel=1e-3)
    # Half the chance takes twice as many; a stream that loses has no number that does it.
    assert count_for_value(500e9, 0.5, each) == pytest.approx(2 * count_for_value(500e9, 1.0, each))
    assert count_for_value(500e9, 0.5, -each) < 0


def test_a_car_of_a_ride_service_as_told_in_2019() -> None:
    # 90,000 miles, 1 USD a paid mile, 0.18 a mile driven: paid half of the way 90,000 x 0.32 = 28,800 USD, the 30,000
    # that was told. A tie at 18 % paid.
    mile = 1609.344
    assert ride_margin(90_000 * mile, 0.5, 1 / mile, 0.18 / mile) == pytest.approx(28_800)
    assert ride_margin(90_000 * mile, 0.18, 1 / mile, 0.18 / mile) == pytest.approx(0, abs=1e-6)


def test_an_outlay_by_hand_and_its_limit() -> None:
    # 10 a year that doubles every year: 10 (2^3 - 1) / ln 2 = 100.99 in three. As much cheaper as it grows: 30.
    assert growing_outlay(10 / year, 2.0, 1.0, 3.0, year) == pytest.approx(70 / math.log(2))
    assert growing_outlay(10 / year, 2.0, 2.0, 3.0, year) == pytest.approx(30)
    assert growing_outlay(10 / year, 1 + 1e-12, 1.0, 3.0, year) == pytest.approx(30)
    assert growing_outlay(10 / year, 1.0, 1.0, 3.0, year) == steady_outlay(10 / year, 3.0, year)


@given(growth=st.floats(0.5, 4), first=st.floats(0.1, 5), second=st.floats(0.1, 5))
def test_an_outlay_goes_on_where_it_stopped(growth: float, first: float, second: float) -> None:
    """Two spans in a row cost what the whole does, the second from the rate that the first ends with."""
    whole = growing_outlay(1.0, growth, 1.0, first + second, year)
    parts = growing_outlay(1.0, growth, 1.0, first, year)
    parts += growing_outlay(growth**first, growth, 1.0, second, year)
    assert whole == pytest.approx(parts, rel=1e-9)


def test_small_sums() -> None:
    assert balance(20.0, 15.0, 48.0) == -13.0
    assert labour_cost(40.0, 260e3, 0.5 * year, year) == pytest.approx(5.2e6)
    # 8,000 at 2.50 USD an hour, 70 % let: 123 million a year of 365.25 days.
    assert let_income(8_000.0, 2.5 / 3600, 0.7) * year == pytest.approx(122.7e6, rel=1e-3)
    assert np.asarray(let_income(8_000.0, 1.0, 0.0)) == 0.0
    assert labour_cost(1.0, 365.25, day, year) == pytest.approx(1.0)
