from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from tests.strategies import from_zero


def test_epochs_relation_to_its_printed_digits() -> None:
    # Epoch's rows: one ExaPOD 2.4024 MW = 3,000 x 400 W x 1.82 x 1.10; 100,000 H100 in 2024 at PUE 1.12
    # 142.688 MW = 100,000 x 700 W x 1.82 x 1.12; Cortex 71.344 MW = half of it.
    assert dc.site_power(3_000, 400, 1.82, 1.10) == pytest.approx(2.4024e6, rel=1e-12)
    assert dc.site_power(100_000, 700, 1.82, 1.12) == pytest.approx(142.688e6, rel=1e-12)
    assert dc.site_power(50_000, 700, 1.82, 1.12) == pytest.approx(71.344e6, rel=1e-12)


def test_readings_of_an_exapod_by_hand() -> None:
    # 3,000 dies x 400 W, 120 tiles x 15 kW, 20 trays x 2,000 A x 52 V.
    got = dc.pooled_power(np.array([3_000, 120, 20]), np.array([400, 15e3, 2_000 * 52.0]))
    np.testing.assert_allclose(got, [1.2e6, 1.8e6, 2.08e6])


def test_watts_and_units() -> None:
    # 130 MW over 1.43 kW a GPU carries 90,909.
    assert dc.units_powered(130e6, 1430) == pytest.approx(90909.09, abs=0.01)
    # 362e12 / 400 = 0.905 TFLOP/s a watt.
    assert dc.rate_per_power(362 * dc.tera, 400) == pytest.approx(0.905e12)
    # 1 MW for a day is 24 MWh, at 0.07 USD/kWh 1,680 USD.
    assert dc.energy_cost(dc.energy(1e6, dc.day), 0.07 / dc.kWh) == pytest.approx(1680)
    assert dc.facility_power(1e6, 1.0) == 1e6


def test_the_sum_in_the_post() -> None:
    # 10 x (1 - 1/2) x 2/3 = 3.3333 billion USD.
    assert dc.external_purchases(10e9, 0.5, 2 / 3) == pytest.approx(3.3333333e9)


def test_prices_by_hand() -> None:
    # 500 M over 12,000 is 41,666.67; 15,000 USD over 312 TFLOP/s is 48.08 USD a TFLOP/s; 500 M at 199,000: 2,512.6.
    assert dc.price_per_unit(500e6, 12_000) == pytest.approx(41_666.67, abs=0.01)
    assert dc.price_per_rate(15_000, 312e12) * 1e12 == pytest.approx(48.0769, abs=1e-4)
    assert dc.units_bought(500e6, 199e3) == pytest.approx(2512.563, abs=1e-3)
    assert dc.purchase_cost(11_050, 199e3) == pytest.approx(2.19895e9)


@given(budget=from_zero(1e12), inside=from_zero(1), vendor=from_zero(1))
def test_a_vendor_never_gets_more_than_is_left(budget: float, inside: float, vendor: float) -> None:
    paid = dc.external_purchases(budget, inside, vendor)
    assert 0 <= paid <= budget * (1 - inside) * (1 + 1e-12)


def test_gross_dies_of_a_300_mm_wafer() -> None:
    # Published comparison for this formula at d = 300 mm: 83.35 for 645 mm^2, 62.39 for 826, 63.48 for 814.
    areas = np.array([645, 826, 814]) * dc.mm2
    np.testing.assert_allclose(dc.gross_dies(areas, 300 * dc.mm), [83.35, 62.39, 63.48], atol=0.005)


@given(area=st.floats(10, 2000), diameter=st.sampled_from([200.0, 300.0]))
def test_laws_of_gross_dies(area: float, diameter: float) -> None:
    die, wafer = area * dc.mm2, diameter * dc.mm
    assert dc.gross_dies(die, wafer) < dc.gross_dies_bound(die, wafer)
    assert dc.gross_dies(die, wafer) > dc.gross_dies(1.01 * die, wafer)
    # Scaling wafer and die together changes nothing.
    assert dc.gross_dies(4 * die, 2 * wafer) == pytest.approx(dc.gross_dies(die, wafer), rel=1e-9)
    assert dc.side_of_square(die) ** 2 == pytest.approx(die, rel=1e-12)


def test_side_of_a_d1() -> None:
    assert dc.side_of_square(645 * dc.mm2) / dc.mm == pytest.approx(math.sqrt(645))
