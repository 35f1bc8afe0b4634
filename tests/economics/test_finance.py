from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dojo_calc.economics.discounting import annuity_payment, net_present_value
from dojo_calc.economics.finance import (
    borrowing_power,
    call_price,
    call_shortfall,
    capped_borrowing,
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
from dojo_calc.units import giga, month
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
