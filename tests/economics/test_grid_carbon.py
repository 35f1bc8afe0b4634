from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.economics.carbon import carbon_share, die_carbon, operational_carbon, water_used
from dojo_calc.economics.discounting import capital_recovery_factor
from dojo_calc.economics.grid import (
    batteries_needed,
    billed_load,
    bridged_price,
    demand_charge,
    plant_energy_price,
    plants_needed,
    power_drawn,
    power_left_dark,
    price_with_demand_charge,
    queue_time,
    ramp_energy,
    swing_energy,
    swing_power,
)
from dojo_calc.economics.power import energy, power_load, power_with_share, running_power
from dojo_calc.units import giga, hour, kilo, kWh, mega, minute, month, year
from tests.strategies import from_zero

powers = from_zero(1e9)
shares = from_zero(1)


@given(wanted=powers, limit=powers)
def test_what_is_drawn_and_what_stays_dark_is_what_is_wanted(wanted: float, limit: float) -> None:
    drawn = power_drawn(wanted, limit)
    assert drawn <= limit
    assert drawn + power_left_dark(wanted, limit) == pytest.approx(wanted)


@given(low=powers, rise=powers, share=shares, period=st.floats(0.1, 1e4))
def test_a_battery_gives_in_a_period_what_it_takes(
    low: float, rise: float, share: float, period: float
) -> None:
    # Beside the mean: above it for `share` of the period, below it for the rest.
    high = low + rise
    mean = share * high + (1 - share) * low
    given_back = (high - mean) * share * period
    taken = (mean - low) * (1 - share) * period
    held = swing_energy(high, low, share, period)
    scale = max(high * period, 1e-9)
    assert abs(given_back - held) <= 1e-12 * scale
    assert abs(taken - held) <= 1e-12 * scale
    assert swing_power(high, low, share) == pytest.approx(
        max(high - mean, mean - low), abs=1e-12 * max(high, 1)
    )


def test_batteries_by_hand() -> None:
    # From 150 to 60 MW for half of each second: 45 MW and 90 x 0.25 = 22.5 MJ = 6.25 kWh.
    assert swing_power(150e6, 60e6, 0.5) == pytest.approx(45e6)
    assert swing_energy(150e6, 60e6, 0.5, 1.0) == pytest.approx(6.25 * kWh)
    # A step of 90 MW on a grid that follows 10 MW a minute: 9 minutes, the triangle 90 x 9 / 2 / 60 = 6.75 MWh.
    step = ramp_energy(90e6, 10e6 / minute)
    assert step == pytest.approx(6.75e3 * kWh)
    # 45 MW of 1.9 MW units are 24; 150 MW for an hour are 150 / 3.9 = 38.5, so 39 by energy and 79 by power.
    unit = (1.9 * mega, 3.9e3 * kWh)
    assert batteries_needed(45e6, step, *unit) == 24
    assert batteries_needed(0.0, energy(150e6, hour), *unit) == 39
    assert batteries_needed(150e6, energy(150e6, hour), *unit) == 79


def test_load_by_hand() -> None:
    # 20 % over 3 of 4 hours is 15 %, of 40 % three eighths; 60 % all the time is more than all.
    np.testing.assert_allclose(
        power_load(np.array([0.2, 0.6, 0.0]), np.array([3.0, 4.0, 4.0]), 4.0, 0.4), [0.375, 1.0, 0.0]
    )


def test_running_power_by_hand() -> None:
    # A quarter at rest and 60 % of the time at work: 0.25 + 0.75 x 0.6 = 0.7 of the peak.
    np.testing.assert_allclose(running_power(1000, 0.25, np.array([0.0, 0.6, 1.0])), [250, 700, 1000])
    # 90 with a tenth of the whole beside it are 100.
    assert power_with_share(90, 0.1) == pytest.approx(100)


def test_carbon_and_water_by_hand() -> None:
    # 1 MW for a year is 8,766 MWh; at 0.39 kg/kWh 3,418.74 t, at 0.4 L/kWh 3,506.4 m^3.
    used = energy(1e6, year)
    assert operational_carbon(used, 0.39 / kWh) == pytest.approx(3_418_740)
    assert water_used(used, 0.4e-3 / kWh) == pytest.approx(3506.4)
    assert carbon_share(100, year, 5 * year) == pytest.approx(20)


@given(low=st.floats(0.01, 0.99), rise=from_zero(0.01))
def test_a_die_that_yields_better_costs_less_carbon(low: float, rise: float) -> None:
    assert die_carbon(645e-6, 20.0, low + rise, 0.15) <= die_carbon(645e-6, 20.0, low, 0.15)


def test_a_bill_for_power_by_hand() -> None:
    # 100 MW contracted, 85 % billed at least: 85 MW at 12 USD a kilowatt are 1.02 million a month, and 90 are 1.08.
    bills = demand_charge(np.array([40, 90]) * mega, 100 * mega, 0.85, 12 / kilo, 1.0)
    np.testing.assert_allclose(bills, [1.02e6, 1.08e6])
    # 12 USD for a kilowatt that gives 730.5 h x 0.8 = 584.4 kWh a month: 2.053 cents on each.
    price = float(price_with_demand_charge(0.06 / kWh, 12 / kilo, 0.8, month))
    assert price * kWh == pytest.approx(0.06 + 12 / (month / hour * 0.8))
    assert month / hour == pytest.approx(730.5, abs=0.1)


def test_turbines_on_the_site_by_hand() -> None:
    # A kilowatt for 1,600 USD at 12 % a year and 15 of operation: 207 USD over 8,766 h x 0.7 = 6,136 kWh are 3.373
    # cents; gas at 3.6 USD a gigajoule, 1.296 cents a kilowatt-hour of heat, over 0.36 is 3.6 cents; 0.5 of upkeep.
    price = plant_energy_price(0.12, 1600 / kilo, 15 / kilo, 3.6 / giga, 0.36, 0.005 / kWh, 0.7, year)
    assert float(price) * kWh == pytest.approx(0.03373 + 0.036 + 0.005, abs=2e-5)
    # 250 MW from units of 16: sixteen, and two more for those that stand still.
    assert plants_needed(250 * mega, 16 * mega, 2) == 18
    # For two of six years at 7.5 cents and then at 6: 6.5 in the mean; a wait beyond the life is all of it.
    # Three quarters of a contract of which 0.85 are billed at least: 0.75 / 0.85. A full load is billed as it is.
    assert billed_load(np.array([75, 100]) * mega, 100 * mega, 0.85) == pytest.approx([0.882353, 1.0])
    bridged = bridged_price(0.075, 0.06, np.array([0, 2, 9]) * year, 6 * year)
    np.testing.assert_allclose(bridged, [0.06, 0.065, 0.075])


def test_a_queue_by_hand() -> None:
    # 30 GW ahead, of which four in five give up, at 2 GW a year: three years, after one of studies.
    assert float(queue_time(year, 30 * giga, 0.8, 2 * giga / year)) / year == pytest.approx(4)


def test_what_a_kilowatt_hour_of_turbines_costs_by_the_facts() -> None:
    # Over 20 years at 8 % a year 0.10185 of 1,600 USD and 15, on 6,136 kWh: 2.900 cents; 3.336 USD a gigajoule are
    # 1.201 cents, over 0.36 they are 3.336; 0.5 of upkeep: 6.736 cents.
    facts = dc.catalogue().facts
    names = ("price", "fixed", "efficiency", "upkeep")
    turbine = {name: facts.value("gas-turbine", f"plant_{name}") for name in names}
    found = plant_energy_price(
        capital_recovery_factor(0.08, 20.0), turbine["price"], turbine["fixed"], facts.value("us", "gas_price"),
        turbine["efficiency"], turbine["upkeep"], 0.7, year,
    )  # fmt: skip
    assert float(found) * kWh == pytest.approx(0.06736, abs=2e-5)
