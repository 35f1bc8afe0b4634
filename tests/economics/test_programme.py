"""Formulas of make or buy: hand calculations, limits and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dojo_calc.economics import programme as pr
from dojo_calc.units import month, year
from tests.strategies import from_zero

money = st.floats(1, 1e10)
share = from_zero(1)
growth = from_zero(3)
years = from_zero(10)


def test_break_even_by_hand() -> None:
    # 572 million over a saving of 33,600 - 7,960 = 25,640 a unit is 22,308.9 units.
    assert pr.break_even_volume(572e6, pr.advantage(33_600, 7_960)) == pytest.approx(22_308.89, abs=0.01)
    # 572 million over the 3,000 dies of an ExaPOD is 190,667 a die, and over 500,000 dies 1,144.
    np.testing.assert_allclose(
        pr.break_even_volume(572e6, np.array([190_666.667, 1_144.0])), [3000, 500e3], rtol=1e-6
    )
    assert pr.break_even_volume(572e6, pr.advantage(5.0, 10.0)) < 0, "nothing to gain from a unit"


def test_the_frontier_by_hand() -> None:
    # At 30 % a year 1,000 USD of work cost 1000 / 1.3**2 = 591.716 two years later; half a year loses
    # 1 - 1.3**-0.5 = 12.294 %.
    assert pr.frontier_price(1000, 0.3, 2 * year, year) == pytest.approx(591.7160, abs=1e-4)
    assert pr.slip_loss(1000, 0.3, 6 * month, year) == pytest.approx(122.942, abs=1e-3)


def test_chances_by_hand() -> None:
    # Three departures in 7.6 years are 0.3947 a year; nobody leaves in two years with exp(-0.7895) = 0.4541.
    assert pr.retention(3 / 7.6 / year, 2 * year) == pytest.approx(0.45408, abs=1e-5)
    # 0.6 exp(-(0.1 + 0.2 * 0.4) * 4) = 0.6 exp(-0.72) = 0.29205.
    got = pr.chance_of_volume(0.6, 0.1 / year, 0.4 / year, 0.2, 4 * year)
    assert got == pytest.approx(0.292051, abs=1e-6)
    # Four years with 0.4 departures a year and half a year a departure: 0.85 + 1.6 * 0.5 = 1.65 late.
    assert pr.expected_slip(0.85 * year, 4 * year, 0.4 / year, 0.5 * year) == pytest.approx(1.65 * year)
    # A quarter of 80 lost and three quarters of 100: 95.
    assert pr.expected_cost(0.25, pr.sunk_cost(160, 0.5), 100) == 95


def test_insurance_by_hand() -> None:
    # A shortage every 5 years that lasts 1: short 1 / 6 of the time; 30 % on 600 million is 180, a sixth 30.
    assert pr.insurance_value(0.2 / year, year, 600e6, 0.3) == pytest.approx(30e6)


@given(value=money, growth=growth, first=years, second=years)
def test_slips_add_up(value: float, growth: float, first: float, second: float) -> None:
    """Losing one slip and then another is losing both at once, and a slip never gains."""
    once = pr.slip_loss(value, growth, (first + second) * year, year)
    left = value - pr.slip_loss(value, growth, first * year, year)
    twice = pr.slip_loss(value, growth, first * year, year) + pr.slip_loss(left, growth, second * year, year)
    assert once == pytest.approx(twice, rel=1e-9, abs=1e-9 * value)
    assert 0 <= once <= value


@given(
    development=st.floats(1e6, 1e10), made=st.floats(1, 1e5), bought=st.floats(1, 1e5), more=st.floats(1, 2)
)
def test_both_roads_cost_the_same_at_break_even(
    development: float, made: float, bought: float, more: float
) -> None:
    assume(bought > 1.001 * made)
    volume = pr.break_even_volume(development, pr.advantage(bought, made))
    saved = pr.advantage(volume * bought, development + volume * made)
    assert abs(float(saved)) <= 1e-9 * development * bought / (bought - made)
    assert pr.break_even_volume(development * more, pr.advantage(bought, made)) >= volume


@given(rate=from_zero(2), duration=years, cost=money, chance=share)
def test_laws_of_chances(rate: float, duration: float, cost: float, chance: float) -> None:
    assert pr.retention(rate / year, duration * year) == pytest.approx(math.exp(-rate * duration))
    assert pr.chance_of_volume(chance, 0.0, rate / year, 0.0, duration * year) == chance, "harmless"
    assert pr.expected_cost(chance, cost, cost) == pytest.approx(cost)
    rare = pr.insurance_value(rate / year, duration * year, cost, 0.5)
    assert rare <= 0.5 * cost, "no more than the premium on everything"
    assert rare <= 0.5 * cost * rate * duration * (1 + 1e-12), "no more than chance times duration"


def test_winning_is_counted() -> None:
    np.testing.assert_array_equal(pr.makes_sense(pr.advantage(np.array([1.0, 2.0, 3.0]), 2.0)), [0, 0, 1])
