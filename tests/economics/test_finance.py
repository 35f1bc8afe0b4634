from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dojo_calc.economics.discounting import annuity_payment, net_present_value
from dojo_calc.economics.finance import (
    after_tax,
    borrowed_runway,
    borrowing_power,
    call_price,
    call_shortfall,
    capped_borrowing,
    debt_drawn,
    deferral_cost,
    depreciation_tax_shield,
    diluted_share,
    discounted_stake,
    fall_to_call,
    lease_debt,
    lease_payment,
    loan_to_value,
    runway,
    shares_to_issue,
    shares_to_pledge,
    stake_value,
)
from dojo_calc.units import giga, month, year
from tests.strategies import from_zero


def test_the_articles_collateral_by_hand() -> None:
    # (0.13 + 0.42) x 1.7 trillion x 25 % = 233.75 billion; with the cap 3.5 + 178.5 = 182; at 0.8 trillion 87.5.
    tesla, spacex = stake_value(1700 * giga, 0.13), stake_value(np.array([1700, 800]) * giga, 0.42)
    free = borrowing_power(tesla, 0.25) + borrowing_power(spacex, 0.25)
    np.testing.assert_allclose(free, [233.75 * giga, 139.25 * giga])
    capped = capped_borrowing(tesla, 0.25, 3.5 * giga) + borrowing_power(spacex, 0.25)
    np.testing.assert_allclose(capped, [182 * giga, 87.5 * giga])
    assert discounted_stake(100, 0.3) == pytest.approx(70)


def test_the_margin_loan_of_2022_by_hand() -> None:
    # 12.5 billion at 20 % needs 62.5 billion of shares; called at 35 %, after a fall by 1 - 20/35 = 42.9 %.
    shares = shares_to_pledge(12.5 * giga, 250, 0.20)
    assert shares * 250 == pytest.approx(62.5 * giga)
    assert fall_to_call(0.20, 0.35) == pytest.approx(0.428571, abs=1e-6)
    assert call_price(12.5 * giga, shares, 0.35) == pytest.approx(250 * 20 / 35)
    # At 125 USD the loan-to-value is 40 %; to bring it back to 20 % takes 12.5 - 6.25 billion.
    assert loan_to_value(12.5 * giga, shares, 125) == pytest.approx(0.40)
    due = call_shortfall(12.5 * giga, shares, np.array([250, 150, 125]), 0.35, 0.20)
    np.testing.assert_allclose(due, [0, 0, 6.25 * giga])


@given(
    loan=st.floats(1, 1e12), shares=st.floats(1, 1e9), price=st.floats(1, 1e4), call=st.floats(0.1, 0.9),
    restore=st.floats(0.05, 1),
)  # fmt: skip
def test_a_call_paid_is_a_call_met(
    loan: float, shares: float, price: float, call: float, restore: float
) -> None:
    due = float(call_shortfall(loan, shares, price, call, call * restore))
    assert 0 <= due <= loan
    assert loan - due <= call * shares * price + 1e-12 * loan


@given(value=from_zero(1e13), ltv=from_zero(1), cap=from_zero(1e13))
def test_a_cap_never_adds(value: float, ltv: float, cap: float) -> None:
    assert capped_borrowing(value, ltv, cap) <= borrowing_power(value, ltv)


@given(
    debt=st.floats(1, 1e11), equity=st.floats(1e9, 1e11), rate=from_zero(0.2), wanted=st.floats(0.01, 0.3),
    residual=from_zero(0.02),
)  # fmt: skip
def test_a_lease_pays_its_owners_what_they_want(
    debt: float, equity: float, rate: float, wanted: float, residual: float
) -> None:
    assume((debt + equity) * residual < equity)  # beyond it the lease costs the owners nothing
    periods = 5
    payment = float(lease_payment(debt, equity, rate, wanted, periods, residual))
    served = float(annuity_payment(debt, rate, periods))
    end = (debt + equity) * residual
    flows = [-equity, *[payment - served] * (periods - 1), payment - served + end]
    assert abs(float(net_present_value(wanted, *flows))) <= 1e-7 * (debt + equity)


def test_runway_and_dilution_by_hand() -> None:
    # 20 billion at 9.5 in nine months last 18.95 months; a round of 20 before which the company is worth 210
    # leaves 91.3 % and adds 2/21 of the shares.
    burn = 9.5 * giga / (9 * month)
    assert float(runway(20 * giga, burn)) / month == pytest.approx(18.947, abs=5e-4)
    assert diluted_share(1.0, 20, 210) == pytest.approx(210 / 230)
    assert shares_to_issue(2100, 20, 210) == pytest.approx(200)
    assert lease_debt(20, 7.5) == pytest.approx(12.5)


def test_interest_is_paid_on_what_is_drawn_by_hand() -> None:
    # 69 billion carry 10 a year for 6.9 years without interest. At 12.5 %, g = log(1.125) = 0.117783: the debt is
    # 10 (exp(g t) - 1) / g, and reaches 69 after log(1 + 0.812703) / g = 5.0501 years.
    limit, burn = 69 * giga, 10 * giga / year
    assert float(borrowed_runway(limit, burn, 0.0, year)) / year == pytest.approx(6.9)
    assert float(borrowed_runway(limit, burn, 0.125, year)) / year == pytest.approx(5.0501, abs=1e-4)
    # The same by 10,000 small steps, each of which adds its burn and its interest.
    debt, steps = 0.0, 10_000
    for _ in range(steps):
        debt = debt * 1.125 ** (5 / steps) + 10 * 5 / steps
    assert float(debt_drawn(10, 0.125, 5)) == pytest.approx(debt, rel=1e-3)


@given(burn=st.floats(1, 1e10), interest=from_zero(0.5), years=st.floats(0.1, 30))
def test_a_runway_ends_where_the_debt_is_at_its_limit(burn: float, interest: float, years: float) -> None:
    limit = debt_drawn(burn, interest, years)
    assert float(borrowed_runway(limit, burn / year, interest, year)) / year == pytest.approx(years, rel=1e-9)


def test_a_tax_shield_by_hand() -> None:
    # 1,000 over five years at 21 %: 42 a year, worth 42 x 3.790787 = 159.21 at 10 %, and 210 at no interest.
    assert float(depreciation_tax_shield(1000, 0.21, 0.10, 5)) == pytest.approx(159.213, abs=1e-3)
    assert float(depreciation_tax_shield(1000, 0.21, 0.0, 5)) == pytest.approx(210)
    # 210 at once, or 159.213 over five years.
    assert float(deferral_cost(1000, 0.21, 159.213)) == pytest.approx(50.787)
    assert float(after_tax(100.0, 0.21)) == pytest.approx(79.0)
