from __future__ import annotations

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.errors import DomainError


def test_an_order_read_both_ways() -> None:
    # 10,000 pieces in dies, assembly yield set to 1: 400 tiles, 3.33 ExaPODs, 10,000 x 362 TFLOP/s = 3.62 EFLOP/s.
    # In wafers of 51 good dies: 510,000 dies, 170 ExaPODs, 51 times as much.
    model = dc.wafers_to_exapods()
    found = model.evaluate(pieces=10_000, assembly_yield=1.0, good=51.0)
    assert found["tiles_if_dies"] == 400
    assert found["exapods_if_dies"] == pytest.approx(10 / 3)
    assert found["rate_if_dies"] == pytest.approx(3.62e18)
    assert found["exapods_if_wafers"] == pytest.approx(170)
    assert found["wafers_if_dies"] == pytest.approx(10_000 / 51)
    # 10,000 at 833.33 a month after 4 months of lead and a ramp of 3: 4 + 12 + 1.5 months.
    time = model.evaluate(
        "wafers_time", pieces=10_000, delivery_rate=1e4 / dc.year, lead_time="4 month", ramp="3 month"
    )
    assert time / dc.month == pytest.approx(17.5)


def test_a_harvested_die_gives_more_than_a_perfect_one() -> None:
    # Without spares the negative binomial at 0.5805 faults and clustering 10 is (1.05805)^-10 = 0.56877; 89 gross
    # dies by placement give 50.6, the source's 51.
    model = dc.wafers_to_exapods()
    perfect = model.evaluate("good", spares=0.0)
    assert perfect == pytest.approx(89 * 0.56877, rel=1e-4)
    assert perfect < model.evaluate("good") < 89


def test_the_swap_by_hand() -> None:
    # See the formulas' own test: half of 12,000 late by one month, half by six; 4.37e25 FLOP. At the rent of 2024,
    # 3.49 USD, 12,000 x 2,556.75 h are 107.08 million. 12,000 x 38,750 = 465 million; 10 % for 3.5 months is 13.56;
    # 12,000 x 1.195313 kW x 2,556.75 h is 36.673 GWh at 0.0771: 2.827 million. So 107.08 - 13.56 - 2.83 = 90.69
    # million. At 14.2 % a year the goods lose 1 - 0.858^(3.5 / 12) = 4.368 %, 20.31 million.
    asked = ["lost_work", "fleet_server_price", "avoided_electricity", "compensation", "market_loss"]
    found = dc.swap().evaluate(asked, price_decline=0.142)
    assert found["lost_work"] == pytest.approx(4.371e25, rel=1e-3)
    assert found["fleet_server_price"] == pytest.approx(465e6)
    assert found["avoided_electricity"] == pytest.approx(2.827e6, rel=1e-3)
    assert found["compensation"] == pytest.approx(90.69e6, rel=1e-3)
    assert found["market_loss"] == pytest.approx(20.31e6, rel=1e-3)
    # With a hall that is ready after eight months nothing is lost.
    late = dc.swap().evaluate(["lost_work", "compensation"], hall_late="8 month")
    assert late["lost_work"] == 0
    assert late["compensation"] == 0
    # Both slots later than the hall: the loss is the mean delay less the hall's.
    partly = dc.swap().evaluate("lost", hall_late="0.5 month")
    assert partly / dc.month == pytest.approx(3.0)


def test_the_race_by_hand() -> None:
    # 19.8 million others at 3.3 a year for five years: 7.75e9; without progress of the chips, at 950.9 W: 7.37 TW.
    model = dc.race()
    found = model.evaluate(efficiency_growth=1.0, price_performance=1.0)
    assert found["needed"] == pytest.approx(6.887, abs=1e-3)
    assert found["power_to_level"] == pytest.approx(7.749e9 * 950.9, rel=1e-3)
    assert found["years_to_level"] == pytest.approx(
        50
    )  # not within the horizon: log(39.6) / log(3.36 / 3.3) = 203
    # At 1.2 a year: 49.27 million, 46.8 GW; xAI's own 3.36 draws level after log(39.6) / log(2.8) = 3.57 years.
    slow = model.evaluate(efficiency_growth=1.0, others_growth=1.2)
    assert slow["others_later"] == pytest.approx(49.27e6, rel=1e-3)
    assert slow["power_to_level"] == pytest.approx(46.85e9, rel=1e-3)
    assert slow["years_to_level"] == pytest.approx(3.57, abs=0.01)
    # 10 GW feed 10.5 million at 950.9 W: however fast it grows, it ends there.
    capped = model.evaluate("own_on_grid", efficiency_growth=1.0, grid="10 GW", own_growth=20.0)
    assert capped == pytest.approx(10e9 / 950.9, rel=1e-3)
    # So are the others: 100 GW feed 105.2 million, and two owners at their limits share as 10 and 100 do.
    limits = {"grid": "10 GW", "others_grid": "100 GW", "own_growth": 20.0, "others_growth": 20.0}
    found = model.evaluate(efficiency_growth=1.0, **limits)
    assert found["others_on_grid"] == pytest.approx(100e9 / 950.9, rel=1e-3)
    assert found["share_on_grid"] == pytest.approx(10 / 110, rel=1e-3)


def test_a_pledge_by_hand() -> None:
    # 500 million over 199,000 is 2,512.6 tiles of 9.05 PFLOP/s: 22.74 EFLOP/s, at 2.4024 MW / 120 each 50.3 MW.
    # Over 49,000: 10,204 H100 of 989.4 TFLOP/s, 10.10 EFLOP/s.
    found = dc.pledge().evaluate()
    assert found["pledged_tiles"] == pytest.approx(2512.6, abs=0.1)
    assert found["tiles_rate"] == pytest.approx(22.74e18, rel=1e-3)
    assert found["tiles_power"] == pytest.approx(50.30e6, rel=1e-3)
    assert found["rate_all_in"] == pytest.approx(10.096e18, rel=1e-3)
    gpus = [found[f"gpus_{price}"] for price in ("bare", "in_node", "all_in")]
    # On its baseboard, in a server by a cost sheet of 2024, and with network and hall.
    np.testing.assert_allclose(gpus, [500e6 / 24_400, 500e6 / 38_750, 500e6 / 49_000])


@pytest.mark.parametrize("growth", [3e-232, 0.99, 101.0])
def test_a_stock_that_does_not_grow_has_no_race(growth: float) -> None:
    model = dc.race()
    for output in ("own_later", "years_to_level", "own_on_grid"):
        with pytest.raises(DomainError, match="own_growth must be between 1 and 100"):
            model.evaluate(output, own_growth=growth)
