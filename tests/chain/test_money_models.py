"""The shipped models of borrowing and of a chip's hour, against figures that others print and sums by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.analysis.explain import LONGEST, explain
from dojo_calc.chain.money import collateral
from dojo_calc.errors import UnitError
from dojo_calc.units import giga, hour, kWh
from tests.strategies import from_zero

OWN = dc.chain("h100-sxm")


def test_epochs_chip_hour_is_a_special_case() -> None:
    # Epoch AI's code leaves 10^-0.14 of a price after a year, so the first takes 1 - 10^-0.14 = 27.5564 % of
    # 36,017.75 / 0.81 = 44,466.36 USD: 12,253.3 over 8,766 h, 1.39782. With 10.2 kW / 8 x 0.75 x 1.25 x 0.0771
    # USD/kWh, 0.09216, and no share of power for the network: 1.48998.
    got = OWN.evaluate(
        "own", server_price=36017.75, price_decline=1 - 10**-0.14, network_share=0.19, pue=1.25,
        energy_price=0.0771 / kWh, average_power_share=0.75, server_power_rated=1275.0, interest=0.0,
        hall_price_per_watt=0.0, hall_fee_per_watt=0.0, maintenance_share=0.0, property_tax=0.0,
        overhead_share=0.0, life=dc.year,
    )  # fmt: skip
    assert got * hour == pytest.approx(1.48998, abs=2e-5)


@given(low=st.floats(0.05, 0.9), rise=from_zero(0.1))
def test_an_exaflop_hour_gets_cheaper_with_use(low: float, rise: float) -> None:
    for output in ("own_per_work", "lease_per_work", "rent_per_work"):
        assert OWN.evaluate(output, mfu=low + rise) <= OWN.evaluate(output, mfu=low)
        assert OWN.evaluate(output, goodput=low + rise) <= OWN.evaluate(output, goodput=low)


def test_the_faster_clock_costs_more() -> None:
    both = [OWN.evaluate("own", price_decline=decline) for decline in (0.142, 0.276)]
    assert both[0] < both[1]


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
    written_out = steps["hall_yearly"].formula
    assert "expm1(-hall_years * log1p(" in written_out
    assert all(len(one.formula) <= LONGEST for one in steps.steps)
    assert steps["operation_cost"].formula == "operation_monthly / 1 month"


def test_a_rent_is_money_over_time_as_people_write_it() -> None:
    # 2 USD an hour are 2 / 3600 a second, and 48 USD a day.
    texts = ("2 USD/h", "$2/h", "2 $/h", "2 USD per hour", "48 USD/day")
    assert {OWN.evaluate("rent", hourly_rent=one) for one in texts} == {2 / 3600}
    with pytest.raises(UnitError, match="hourly_rent must be in USD/s"):
        OWN.evaluate("rent", hourly_rent="2 USD")


def test_the_interval_of_a_site_holds_the_error_of_its_fit() -> None:
    # A factor of 1.38 either way holds 80 %, so 1.38^(1.6449 / 1.2816) = 1.512 holds 90 %.
    held = {"chip_overhead": 1.5, "host_power_2012": 220.0, "host_decline": 0.06, "pue": 1.25}
    found = dc.simulate(OWN, "site_power_reported", **held)
    site = OWN.evaluate("site_power_reported", **held)
    low, high = found.interval(0.9)
    assert (site / low, high / site) == pytest.approx((1.512, 1.512), rel=0.01)
    assert OWN.evaluate("site_power_reported") == OWN.evaluate("site_power_modelled")


def test_epochs_relation_is_a_special_case_of_what_is_reported() -> None:
    # Hosts set to nothing and the overhead to Epoch's: 100,000 x 700 W x 1.82 x 1.12 = 142.688 MW.
    got = OWN.evaluate(
        "fleet_site_power_reported", chips=1e5, chip_overhead=1.82, host_power_2012=0.0, pue=1.12
    )
    assert got == pytest.approx(142.688e6)


def test_priors_and_other_dates_are_not_drawn_beside_the_reading_in_use() -> None:
    assert {fact.reading for fact in OWN.inputs["chip_overhead"].rivals} == {"fitted"}
    loans = dc.collateral()
    # 42 % of 800 billion at a quarter, and 3.5 billion: 87.5; the price of July 2025 would be half of it.
    low, high = dc.simulate(loans, "with_cap").interval(0.9)
    assert 75 * giga < low < 87.5 * giga < high < 100 * giga
    assert [fact.reading for fact in OWN.inputs["hourly_rent"].rivals] == ["median_2025"]
    assert [fact.reading for fact in OWN.inputs["server_price"].rivals] == ["median_2025"]
