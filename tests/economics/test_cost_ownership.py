"""Small sums, each worked out by hand: prices, halls, carbon, shares of a price, times and rates."""

from __future__ import annotations

import numpy as np
import pytest

from dojo_calc.economics.capacity import effective_rate, groups
from dojo_calc.economics.carbon import die_carbon, wafer_carbon
from dojo_calc.economics.cost import (
    cluster_cost,
    common_cost,
    lot_price_ratio,
    price_by_power,
    price_of_rest,
    price_per_work,
    straight_line,
)
from dojo_calc.economics.depreciation import resale_share, straight_line_loss
from dojo_calc.economics.discounting import levelised_cost, periodic_rate, periods_in
from dojo_calc.economics.finance import deferral_cost, fall_to_call, interest_part, lease_debt, lease_payment
from dojo_calc.economics.grid import power_left_dark, swing_energy, swing_power
from dojo_calc.economics.ownership import (
    capital_with_share,
    carrying_rate,
    energy_rate,
    fleet_cost,
    hall_capital,
    hall_fees,
    spread_over,
)
from dojo_calc.economics.power import cluster_power, departed_power, host_power, power_at_work, unit_power
from dojo_calc.economics.streams import payers
from dojo_calc.units import hour, kWh, year


def test_prices_of_clusters_by_hand() -> None:
    # Servers for 7 of 10 million leave 3 for the network; a part above its whole leaves nothing.
    assert price_of_rest(10e6, 7e6) == pytest.approx(3e6)
    assert price_of_rest(7e6, 10e6) == 0
    # 700 W at 40 USD a watt.
    assert price_by_power(700, 40) == pytest.approx(28_000)
    # A tenth off for each tenfold order: 1,000 against 10 are two of them, 0.9^2; one against 10 is one too few.
    np.testing.assert_allclose(lot_price_ratio(np.array([1000, 10, 1]), 10, 0.1), [0.81, 1.0, 1 / 0.9])
    # Four times the chips share what costs twice as much.
    assert common_cost(100, 400, 100) == pytest.approx(200)
    # 1,000 x 30,000 x 1.5 x 0.9 = 40.5 million, and 2 that they share.
    assert cluster_cost(1000, 30e3, 1.5, 0.9, 2e6) == pytest.approx(42.5e6)
    # 36 USD for an exaflop-hour of 3.6e21 FLOP.
    assert price_per_work(36, 3.6e21) == pytest.approx(1e-20)


def test_capital_over_time_by_hand() -> None:
    # Two of five years use up 40 of 100; down to a fifth, 80 go in four years.
    assert straight_line(100, 2 * year, 5 * year) == pytest.approx(40)
    assert straight_line_loss(100, 0.2, 4 * year) * year == pytest.approx(20)
    # Half lost in each year: a quarter is left after two.
    assert resale_share(0.5, 2 * year, year) == pytest.approx(0.25)
    assert spread_over(7200, 2 * hour) == pytest.approx(1)
    assert carrying_rate(1000, 0.1, year) * year == pytest.approx(100)
    # A payment of 10 of which 6 make up for the loss of value holds 4 of interest, and never less than none.
    assert interest_part(10, 6) == pytest.approx(4)
    assert interest_part(6, 10) == 0


def test_what_cannot_be_below_nothing_is_nothing() -> None:
    # A shield that is worth more than the tax, a loan beyond its call, owners who put in more than it costs, chips
    # that bring more in the end than the owners put in, a connection that is wide enough, and a low above the high.
    assert deferral_cost(1000, 0.21, 250) == 0
    assert fall_to_call(0.5, 0.4) == 0
    assert lease_debt(20, 30) == 0
    assert lease_payment(90, 10, 0.0, 0.0, 9, 0.5) == pytest.approx(10), "the debt alone, in nine parts"
    assert power_left_dark(5, 8) == 0
    assert swing_power(60, 150, 0.5) == 0
    assert swing_energy(60, 150, 0.5, 1.0) == 0


def test_halls_and_fleets_by_hand() -> None:
    # 90 beside a network that is a tenth of the whole: 100.
    assert capital_with_share(90, 0.1) == pytest.approx(100)
    # A megawatt at 7 cents is 70 USD an hour; its hall, at 10 USD a watt, 10 million; at 15 cents a month 1.8 a year.
    assert energy_rate(1e6, 0.07 / kWh) * hour == pytest.approx(70)
    assert hall_capital(1e6, 10) == pytest.approx(10e6)
    assert hall_fees(1e6, 0.15, 12) == pytest.approx(1.8e6)
    assert fleet_cost(12, 2.5) == pytest.approx(30)
    assert payers(6e6, 0.02) == pytest.approx(120e3)
    # 50 chips are six servers of eight and a quarter of one; at 40 % they do 400 of 1,000.
    assert groups(50, 8) == pytest.approx(6.25)
    assert effective_rate(1000, 0.4) == pytest.approx(400)


def test_power_of_clusters_by_hand() -> None:
    # 100 chips of 700 W, half as much again for what goes with them, hosts of 200 W each, 1.2 at the meter:
    # 100 x (1,050 + 200) x 1.2 = 150 kW.
    assert cluster_power(100, 700, 1.5, 200, 1.2) == pytest.approx(150e3)
    assert departed_power(100, 1.1) == pytest.approx(110)
    assert power_at_work(700, 0.8) == pytest.approx(560)
    assert unit_power(10_200, 8) == pytest.approx(1275)
    # A tenth less each year: after two, 0.81 of 400 W; before the first year, all of it.
    np.testing.assert_allclose(host_power(400, 0.1, np.array([2010, 2012, 2014]), 2012), [400, 400, 324])


def test_energy_and_carbon_by_hand() -> None:
    # A tenth of 1,000 and 20 a year over 400 units are 0.30, and 0.03 for each.
    assert levelised_cost(0.1, 1000, 20, 0.03, 400) == pytest.approx(0.33)
    assert periodic_rate(0.12, 12) == pytest.approx(0.01)
    assert periods_in(10 * year, 4 * year) == pytest.approx(2.5)
    # 3 of energy at 0.5, 0.2 of gases and 0.4 of materials are 2.1; twice that area, half of it good, and a package.
    assert wafer_carbon(3, 0.5, 0.2, 0.4) == pytest.approx(2.1)
    assert die_carbon(2, 2.1, 0.5, 1) == pytest.approx(9.4)
