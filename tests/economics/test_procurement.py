from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.economics.procurement import (
    capital_charge,
    delivered,
    delivery_time,
    dies_from_wafers,
    in_service,
    learned_price,
    least_compensation,
    lost_time,
    mean_delay,
    rental_cost,
    systems_built,
    wafers_needed,
)
from tests.strategies import from_zero

positive = st.floats(1e-2, 1e4)
share = st.floats(0.01, 1.0)


def test_ten_thousand_pieces_by_hand() -> None:
    # As dies: 10,000 / 25 = 400 tiles, 10,000 / 3,000 = 3.33 ExaPODs. As wafers of 51 good dies: 510,000 dies,
    # 170 ExaPODs. The spread is the 51.
    assert systems_built(10_000, 25, 1.0) == 400
    assert systems_built(10_000, 3_000, 1.0) == pytest.approx(10 / 3)
    assert dies_from_wafers(10_000, 51) == 510_000
    assert systems_built(dies_from_wafers(10_000, 51), 3_000, 1.0) == pytest.approx(170)
    # A tenth lost in assembly: 9,000 dies, three ExaPODs.
    assert systems_built(10_000, 3_000, 0.9) == pytest.approx(3)


@given(systems=positive, per=positive, kept=share, good=positive)
def test_wafers_and_systems_are_inverse(systems: float, per: float, kept: float, good: float) -> None:
    wafers = wafers_needed(systems, per, kept, good)
    assert systems_built(dies_from_wafers(wafers, good), per, kept) == pytest.approx(systems, rel=1e-12)


def test_a_ramp_by_hand() -> None:
    # Lead 2 s, ramp 4 s to 3 units a second. At 4 s: two seconds up the ramp, rate 1.5, 2 x 1.5 / 2 = 1.5 units.
    # At 6 s the ramp is over: 4 x 3 / 2 = 6. At 8 s two more seconds at 3: 12. An order of 10 stops at 10.
    times = np.array([0, 2, 4, 6, 8])
    np.testing.assert_allclose(delivered(100, 3, times, 2, 4), [0, 0, 1.5, 6, 12])
    np.testing.assert_allclose(delivered(10, 3, times, 2, 4), [0, 0, 1.5, 6, 10])
    # 12 units: 2 + 12 / 3 + 4 / 2 = 8 s. 1.5 units, within the ramp: 2 + sqrt(2 x 1.5 x 4 / 3) = 4 s.
    assert delivery_time(12, 3, 2, 4) == pytest.approx(8)
    assert delivery_time(1.5, 3, 2, 4) == pytest.approx(4)


@given(order=positive, rate=positive, lead=positive, ramp=positive)
def test_laws_of_delivery(order: float, rate: float, lead: float, ramp: float) -> None:
    end = delivery_time(order, rate, lead, ramp)
    assert delivered(order, rate, end, lead, ramp) == pytest.approx(order, rel=1e-6)
    assert delivered(order, rate, lead, lead, ramp) == 0
    times = np.linspace(0, 2 * float(end), 50)
    assert np.all(np.diff(delivered(order, rate, times, lead, ramp)) >= 0)
    # A longer ramp or lead never delivers sooner.
    assert delivery_time(order, rate, lead, 2 * ramp) >= end
    assert delivery_time(order, rate, 2 * lead, ramp) > end


def test_wrights_curve_by_hand() -> None:
    # Wright's 80 % curve: the second unit costs 80, the fourth 64, the eighth 51.2.
    np.testing.assert_allclose(learned_price(100, np.array([1, 2, 4, 8]), 0.2), [100, 80, 64, 51.2])


@given(first=positive, units=st.floats(1, 1e6), learning=from_zero(0.6))
def test_each_doubling_takes_the_same_share(first: float, units: float, learning: float) -> None:
    half, full = learned_price(first, units, learning), learned_price(first, 2 * units, learning)
    assert full == pytest.approx((1 - learning) * half, rel=1e-9)


def test_a_fleet_over_time_by_hand() -> None:
    # 100 units arrive at 1 and live 3, 50 arrive at 2 and live 10: 0, 100, 150, 150, 50.
    times = np.arange(5.0)[:, None]
    fleet = in_service(np.array([100.0, 50.0]), times, np.array([1.0, 2.0]), np.array([3.0, 10.0]))
    assert np.sum(fleet, axis=1).tolist() == [0, 100, 150, 150, 50]


@given(units=positive, arrival=positive, life=positive)
def test_unit_time_in_service_is_units_times_life(units: float, arrival: float, life: float) -> None:
    times = np.linspace(0, arrival + 2 * life, 20_001)
    step = times[1] - times[0]
    area = float(np.sum(in_service(units, times, arrival, life))) * step
    assert area == pytest.approx(units * life, rel=0, abs=2 * units * step)


def test_the_swap_by_hand() -> None:
    # Half after one month, half after six: 3.5 months. 12,000 H100 of 989.4 TFLOP/s at 40 % for 3.5 months of
    # 2,629,800 s: 4.37e25 FLOP; the seed's hand calculation has 4.4e25.
    late = mean_delay(1 * dc.month, 6 * dc.month, 0.5)
    assert late == pytest.approx(3.5 * dc.month)
    assert dc.delivered_work(12_000 * 989.4e12, 0.4, late) == pytest.approx(4.371e25, rel=1e-3)
    # Rented at 3.49 USD an hour: 12,000 x 3.49 x 2,556.75 h = 107.1 million USD.
    rent = rental_cost(12_000, 3.49 / dc.hour, late)
    assert rent == pytest.approx(107.077e6, rel=1e-4)
    # 500 million at 10 % a year for 3.5 / 12 of a year: 14.58 million USD.
    interest = capital_charge(500e6, 0.1, dc.year, late)
    assert interest == pytest.approx(14.5833e6, rel=1e-5)
    assert least_compensation(rent, interest) == pytest.approx(92.49e6, rel=1e-3)
    # A hall that is ready after eight months makes both slots early.
    assert lost_time(6 * dc.month, 8 * dc.month) == 0
    assert least_compensation(0.0, interest) == 0


@given(delay=positive, hall=positive)
def test_a_late_hall_never_adds_to_the_loss(delay: float, hall: float) -> None:
    lost = lost_time(delay, hall)
    assert 0 <= lost <= delay
    assert lost_time(delay, 0.0) == delay
    assert lost_time(delay, 2 * hall) <= lost


def test_just_within_its_ramp_an_order_takes_the_root() -> None:
    # 1 unit at 1/s within a ramp of 2.01 s: t^2 / (2 x 2.01) = 1, t = sqrt(4.02); after it, it would take 2.005 s.
    assert delivery_time(1.0, 1.0, 0.0, 2.01) == pytest.approx(4.02**0.5, rel=1e-12)
    assert abs(4.02**0.5 - 2.005) > 1e-6
