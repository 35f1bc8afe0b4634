"""Video of a fleet by hand, and the power law both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.performance.footage import (
    compute_factor,
    data_factor,
    driving_time,
    error_factor,
    footage_distance,
    footage_time,
    kept_footage,
    next_step_cost,
    storage_rent,
    upload_cost,
)
from dojo_calc.units import day, year

MILE, HOUR, PB = 1609.344, 3600.0, 1e15
MONTH = year / 12


def test_miles_to_petabytes_and_back_by_hand() -> None:
    # A million miles at 30 mph are 33,333 hours; at 0.54 TB an hour 18 PB.
    # 200 PB are 370,370 hours or 11.1 million miles.
    rate = 0.54e12 / HOUR
    time = driving_time(1e6 * MILE, 30 * MILE / HOUR)
    assert time / HOUR == pytest.approx(33_333, abs=1)
    assert kept_footage(time, 1.0, rate) / PB == pytest.approx(18.0)
    held = footage_time(200 * PB, rate)
    assert held / HOUR == pytest.approx(370_370, abs=1)
    assert footage_distance(held, 30 * MILE / HOUR) / MILE == pytest.approx(11.11e6, rel=1e-3)


def test_prices_by_hand() -> None:
    # 200 PB at 0.023 USD a GB and month: 4.6 million a month. One PB sent at 0.5 USD a GB: half a million.
    assert float(storage_rent(200 * PB, 0.023e-9, MONTH)) * MONTH == pytest.approx(4.6e6)
    assert upload_cost(PB, 0.5e-9) == pytest.approx(0.5e6)
    assert storage_rent(0.0, 0.023e-9, day) == 0


def test_the_price_of_half_the_error_by_published_powers() -> None:
    # Images 0.309: 2^(1 / 0.309) = 9.4; language 0.075: 2^13.33 = 10,321. A model that grows 1.5 times as fast as its
    # data takes 2^(2.5 / 0.309) = 273 times the arithmetic.
    assert data_factor(0.5, 0.309) == pytest.approx(9.42, abs=0.01)
    assert data_factor(0.5, 0.075) == pytest.approx(10_321, rel=1e-3)
    assert compute_factor(0.5, 0.309, 1.5) == pytest.approx(272.6, abs=0.5)
    assert next_step_cost(10.0, 9.4) == pytest.approx(84)


@given(error=st.floats(0.05, 1.0), exponent=st.floats(0.06, 1.0))
def test_the_power_law_turned_round(error: float, exponent: float) -> None:
    factor = float(data_factor(error, exponent))
    assert factor >= 1
    assert error_factor(factor, exponent) == pytest.approx(error)
    # Two halvings cost the square of one: the law has no scale of its own.
    assert float(data_factor(error, exponent)) ** 2 == pytest.approx(
        float(data_factor(error**2, exponent)) if error**2 >= 0.01 else factor**2
    )
    assert compute_factor(error, exponent, 0.0) == pytest.approx(factor)
