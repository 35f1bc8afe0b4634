"""The shipped models of cost, power and borrowing, against figures that others print and sums by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.analysis.explain import LONGEST, explain
from dojo_calc.chain.money import chip_hour, collateral, megawatts
from dojo_calc.errors import UnitError, UnknownNameError
from dojo_calc.units import giga, hour, kWh, mega
from tests.strategies import from_zero

OWN = chip_hour()


def test_epochs_chip_hour_is_a_special_case() -> None:
    # Without interest, hall and upkeep what is left is depreciation, network and energy: 1.727370 USD/h.
    got = OWN.evaluate(
        "own", price=36017.75, price_decline=1 - 10**-0.14, network_share=0.19, pue=1.25, energy_price=0.0771 / kWh,
        average_power_share=0.75, server_power=10.2e3, interest=0.0, hall_price=0.0, hall_fee=0.0,
        maintenance_share=0.0, property_tax=0.0,
    )  # fmt: skip
    assert got * hour == pytest.approx(1.727370, abs=5e-7)


def test_parts_of_an_hour_by_hand() -> None:
    # 38,750 USD x -ln(1 - 0.142) / 8,766 h = 0.6770; 10.2 kW / 8 x 0.75 x 1.125 x 0.0826 USD/kWh = 0.08886;
    # 1,275 W x 0.04 USD a month / 730.5 h = 0.06982; 38,750 x 5 % / (5 x 8,766 h) = 0.04420; with the network,
    # 38,750 / 0.81 = 47,840 USD, of which 1 % over 8,766 h is 0.05457.
    expected = {"depreciation": 0.6770, "energy": 0.08886, "operation": 0.06982, "maintenance": 0.04420}
    expected |= {"tax": 0.05457}
    for name, value in expected.items():
        assert OWN.evaluate(name) * hour == pytest.approx(value, rel=1e-3), name
    parts = (
        "depreciation",
        "network",
        "interest_paid",
        "hall_cost",
        "operation",
        "maintenance",
        "energy",
        "tax",
    )
    assert OWN.evaluate("own") == pytest.approx(sum(OWN.evaluate(part) for part in parts))
    # 2.99 USD an hour over 989.4 TFLOP/s x 0.4 x 0.9: 8,394 USD for 1e18 FLOP/s over an hour.
    assert OWN.evaluate("rent_work") * 3.6e21 == pytest.approx(2.99 / (989.4e12 * 0.36) * 1e18, rel=1e-4)


@given(low=st.floats(0.05, 0.9), rise=from_zero(0.1))
def test_an_exaflop_hour_gets_cheaper_with_use(low: float, rise: float) -> None:
    for output in ("own_work", "lease_work", "rent_work"):
        assert OWN.evaluate(output, mfu=low + rise) <= OWN.evaluate(output, mfu=low)
        assert OWN.evaluate(output, goodput=low + rise) <= OWN.evaluate(output, goodput=low)


def test_the_faster_clock_costs_more() -> None:
    both = [OWN.evaluate("own", price_decline=decline) for decline in (0.142, 0.276)]
    assert both[0] < both[1]


def test_a_chip_without_rent_or_server_is_named() -> None:
    with pytest.raises(UnknownNameError, match="d1-node has no 'price_in_node'"):
        chip_hour("d1-node")


def test_megawatts_meet_epochs_relation() -> None:
    model = megawatts()
    assert model.evaluate("epoch_site") == pytest.approx(142.688 * mega)
    # The same from the other relation, hosts set to nothing and the overhead to Epoch's.
    assert model.evaluate("site", chip_overhead=1.82, host_power_2012=0.0) == pytest.approx(142.688 * mega)
    drawn, dark = (model.evaluate(name, connection=100 * mega) for name in ("drawn", "dark"))
    assert drawn == 100 * mega
    assert drawn + dark == pytest.approx(model.evaluate("site"))


def test_collateral_of_the_article() -> None:
    # (0.124 + 0.42) x 1.7 trillion x 25 % = 231.2; with the cap 182; with SpaceX at 0.8 trillion 87.5.
    model = collateral()
    article = {"tesla_value": 1700 * giga, "spacex_value": 1700 * giga}
    assert model.evaluate("without_cap", **article) == pytest.approx(231.2 * giga)
    assert model.evaluate("with_cap", **article) == pytest.approx(182 * giga)
    assert model.evaluate("with_cap") == pytest.approx(87.5 * giga)


def test_the_loan_of_2022_and_the_policy_of_2023_are_two_contracts() -> None:
    # Lent at 20 %, called at 35 %: the price may fall by 1 - 20/35 = 42.9 %, from 475 USD to 271.4. The policy's 25 %
    # bounds what may be borrowed, and has no part in when that loan is called.
    model = collateral()
    assert model.evaluate("fall") == pytest.approx(0.428571, abs=1e-6)
    assert model.evaluate("called_below", share_price=475.0) == pytest.approx(475 * 20 / 35)
    assert model.evaluate("pledged", share_price=475.0) == pytest.approx(62.5 * giga / 475)
    stricter = model.replace(loan_to_value=0.1)
    assert stricter.evaluate("fall") == model.evaluate("fall")
    assert stricter.evaluate("without_cap") == pytest.approx(0.4 * model.evaluate("without_cap"))


def test_no_formula_of_an_explanation_is_longer_than_somebody_reads() -> None:
    steps = explain(OWN, "own")
    written_out = steps["hall_payment"].formula
    assert "expm1(-hall_years * log1p(" in written_out
    assert all(len(one.formula) <= LONGEST for one in steps.steps)
    assert steps["operation"].formula == "fees / 1 month"


def test_a_rent_is_money_over_time_as_people_write_it() -> None:
    # 2 USD an hour are 2 / 3600 a second, and 48 USD a day.
    model = chip_hour()
    texts = ("2 USD/h", "$2/h", "2 $/h", "2 USD per hour", "48 USD/day")
    assert {model.evaluate("rent", hourly_rent=one) for one in texts} == {2 / 3600}
    with pytest.raises(UnitError, match="hourly_rent must be in USD/s"):
        model.evaluate("rent", hourly_rent="2 USD")


def test_the_interval_of_a_site_holds_the_error_of_its_fit() -> None:
    # A factor of 1.38 either way holds 80 %, so 1.38^(1.6449 / 1.2816) = 1.512 holds 90 %.
    model = dc.megawatts()
    found = dc.simulate(model, "site", chip_overhead=1.5, host_power_2012=220.0, host_decline=0.06, pue=1.25)
    site = model.evaluate("site", chip_overhead=1.5, host_power_2012=220.0, host_decline=0.06, pue=1.25)
    low, high = found.interval(0.9)
    assert (site / low, high / site) == pytest.approx((1.512, 1.512), rel=0.01)
    assert model.evaluate("site") == model.evaluate("modelled")


def test_priors_and_other_dates_are_not_drawn_beside_the_reading_in_use() -> None:
    model = dc.megawatts()
    assert {fact.reading for fact in model.inputs["chip_overhead"].rivals} == {"fitted"}
    loans = dc.collateral()
    # 42 % of 800 billion at a quarter, and 3.5 billion: 87.5; the price of July 2025 would be half of it.
    low, high = dc.simulate(loans, "with_cap").interval(0.9)
    assert 75 * giga < low < 87.5 * giga < high < 100 * giga
    rent = dc.chip_hour().inputs["hourly_rent"]
    assert [fact.reading for fact in rent.rivals] == ["median_2025"]
    assert {fact.reading for fact in dc.chip_hour().inputs["price"].rivals} == {
        "cost_sheet_2024",
        "median_2024",
    }
