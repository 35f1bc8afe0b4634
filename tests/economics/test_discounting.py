"""Laws of money in time. What others print for the same formulas stands in data/references.csv."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.economics.depreciation import (
    decay_of_decline,
    decay_of_orders,
    decline_in,
    half_life,
    market_value,
    rate_of_loss,
    value_lost,
)
from dojo_calc.economics.discounting import (
    annuity_payment,
    capital_recovery_factor,
    compounded_rate,
    deflated,
    net_present_value,
    present_value,
)
from dojo_calc.economics.investment import internal_rate_of_return, modified_internal_rate_of_return
from dojo_calc.economics.ownership import cost_of_share, delivered_price, repair_rate, staff_rate, total_rate
from dojo_calc.errors import DomainError
from dojo_calc.units import year
from tests.strategies import from_zero

rates = st.floats(1e-6, 2.0)


@given(rate=rates, periods=st.integers(1, 40), principal=st.floats(1, 1e12))
def test_payments_are_worth_what_was_lent(rate: float, periods: int, principal: float) -> None:
    payment = annuity_payment(principal, rate, periods)
    worth = sum(float(present_value(payment, rate, k)) for k in range(1, periods + 1))
    assert worth == pytest.approx(principal, rel=1e-9)


def test_without_interest_a_loan_is_repaid_evenly() -> None:
    np.testing.assert_allclose(
        capital_recovery_factor(np.array([0.0, 1e-300, 1e-12]), 8.0), 1 / 8, rtol=1e-11
    )


def test_the_series_meets_the_logarithm() -> None:
    # n log(1 + r) crosses 0.01 at n = 1 between r = 0.01005016 and 0.01005017; for one period the factor is 1 + r.
    low_and_high = np.array([0.0100501, 0.0100502])
    np.testing.assert_allclose(capital_recovery_factor(low_and_high, 1.0), 1 + low_and_high, rtol=1e-12)
    # The series of log(1 + r) ends at r = 1e-4.
    around = np.array([0.99e-4, 1.01e-4])
    np.testing.assert_allclose(capital_recovery_factor(around, 1.0), 1 + around, rtol=1e-12)


@given(
    out=st.floats(1, 1e6),
    back=st.lists(from_zero(1e6), min_size=1, max_size=12).filter(lambda x: max(x) > 1),
)
def test_net_present_value_at_the_rate_of_return_is_zero(out: float, back: list[float]) -> None:
    rate = internal_rate_of_return([-out, *back])
    assert rate > -1
    # The value changes by `scale` times the error of the rate.
    scale = out + sum(k * flow / (1 + rate) ** (k + 1) for k, flow in enumerate(back, 1))
    assert abs(float(net_present_value(rate, -out, *back))) <= 1e-6 * scale


def test_a_site_that_is_cleared_at_its_end_has_one_rate_above_zero() -> None:
    # -100, +230, -120 sum up to -100, +130, +10: one change, so one rate above zero. With x = 1 / (1 + r) it solves
    # 120 x^2 - 230 x + 100 = 0: x = (230 - sqrt(4900)) / 240 = 2/3, which is 50 %; the other, x = 1.25, is -20 %.
    assert internal_rate_of_return([-100, 230, -120]) == pytest.approx(0.5)
    # And the same row seen by who receives first.
    assert internal_rate_of_return([100, -230, 120]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("flows", "finance", "reinvest", "rate"),
    [  # of the documentation of Excel's MIRR, and of numpy-financial's tests
        ([-120_000, 39_000, 30_000, 21_000, 37_000, 46_000], 0.10, 0.12, 0.126094),
        ([-120_000, 39_000, 30_000, 21_000], 0.10, 0.12, -0.048045),
        ([-120_000, 39_000, 30_000, 21_000, 37_000, 46_000], 0.10, 0.14, 0.134759),
        ([-4500, -800, 800, 800, 600, 600, 800, 800, 700, 3000], 0.08, 0.055, 0.0666),
        ([100, 200, -50, 300, -200], 0.05, 0.06, 0.3428),
    ],
)
def test_modified_rates_of_return_that_others_print(
    flows: list[float], finance: float, reinvest: float, rate: float
) -> None:
    assert modified_internal_rate_of_return(flows, finance, reinvest) == pytest.approx(rate, abs=1e-4)


def test_a_modified_rate_by_hand_and_refused() -> None:
    # 100 paid, 60 after one period and 66 after two, put to work at 10 %: 66 + 66 = 132 in two, 14.9 %.
    assert modified_internal_rate_of_return([-100, 60, 66], "10 %", 0.1) == pytest.approx(1.32**0.5 - 1)
    with pytest.raises(DomainError, match="flows must change sign"):
        modified_internal_rate_of_return([100, 50], 0.1, 0.1)
    with pytest.raises(DomainError, match="finance must be above -1"):
        modified_internal_rate_of_return([-100, 50], -1, 0.1)


def test_a_payment_to_clean_up_leaves_the_one_rate_of_return() -> None:
    # github.com/numpy/numpy-financial/issues/44: two changes of sign, but the running sum has one, so by Norstrom one
    # rate above 0. The other root, -0.99979, is no rate anybody means.
    flows = [-1678.87, 771.96, 1814.05, 3520.30, 3552.95, 3584.99, 4789.91, -1]
    assert internal_rate_of_return(flows) == pytest.approx(1.00427, abs=5e-6)


def test_a_rate_of_return_that_is_none_or_several() -> None:
    with pytest.raises(DomainError, match="these do 0 times"):
        internal_rate_of_return([100.0, 50.0])
    # Worth nothing at 0 and at 50 %: -1000 + 2500 / 1.5 - 1500 / 1.5^2 = 0.
    with pytest.raises(DomainError, match="these do 2 times"):
        internal_rate_of_return([-1000, 2500, -1500])
    # -100, +250 and -150 run up to nothing, and -1000, +3000, -2100 to -100: neither has the one rate of Norstrom.
    with pytest.raises(DomainError, match="modified_internal_rate_of_return takes any"):
        internal_rate_of_return([-1000, 3000, -2100])
    with pytest.raises(DomainError, match="must be finite"):
        internal_rate_of_return([math.nan, 1.0])
    with pytest.raises(DomainError, match="beyond 8e"):
        internal_rate_of_return([-1e-20, 1e20])


def test_both_clocks_by_hand() -> None:
    # 0.14 orders of magnitude a year: k = 0.14 ln 10 = 0.322362, half-life ln 2 / k = 2.1502 years, 27.56 % a year.
    k = decay_of_orders(0.14 / year)
    assert float(k) * year == pytest.approx(0.322362, abs=5e-7)
    assert float(half_life(k)) / year == pytest.approx(2.1502, abs=5e-5)
    assert decline_in(k, year) == pytest.approx(0.2756, abs=5e-5)
    # x - x^2 / 2 of x = 6.6456122e-6: what a difference of numbers close to one would get wrong in the 11th digit.
    small = decline_in(0.0018308465324156113, 0.0036298029807279174)
    assert small == pytest.approx(6.6455901185857132783e-06, rel=4e-16)
    # From 36.7 k USD in 2022 to 23.2 k in 2025 is (23.2/36.7)^(1/3) = 0.8582 a year: a decline of 14.2 %.
    slow = decay_of_decline(1 - (23.2 / 36.7) ** (1 / 3), year)
    assert market_value(36.7e3, slow, 3 * year) == pytest.approx(23.2e3)
    assert rate_of_loss(1000.0, k) * year == pytest.approx(322.362, abs=5e-4)


@given(price=st.floats(1, 1e6), decline=from_zero(0.99), age=from_zero(20))
def test_what_is_left_and_what_is_lost_add_up(price: float, decline: float, age: float) -> None:
    decay = decay_of_decline(decline, year)
    left, lost = market_value(price, decay, age * year), value_lost(price, decay, age * year)
    assert left + lost == pytest.approx(price)
    assert 0 <= left <= price


def test_deflation_by_hand() -> None:
    # 100 USD when the index stood at 80 are 125 when it stands at 100.
    assert deflated(100, 80, 100) == pytest.approx(125)


@given(rest=from_zero(1e6), share=from_zero(0.99))
def test_a_share_is_a_share_of_the_whole(rest: float, share: float) -> None:
    part = cost_of_share(rest, share)
    assert part == pytest.approx(share * float(total_rate(rest, part)), rel=1e-12, abs=1e-12)


def test_work_costs_more_the_less_of_it_arrives() -> None:
    # 3.6 USD/h is 0.001 USD/s; at 1 PFLOP/s, half used and half of the time: 0.001 / 0.25e15 = 4e-18 USD/FLOP.
    assert delivered_price(0.001, 2.5e14) == pytest.approx(4e-18)
    prices = delivered_price(0.001, 0.9e15 * np.array([0.2, 0.3, 0.4]))
    assert (np.diff(prices) < 0).all()


def test_people_and_repairs_by_hand() -> None:
    # Forty people at 150,000 a year with 42.45 % beside the wage: 8.547 million. In June 2025 employers paid 32.07 an
    # hour in wages and 13.58 beside them, 45.65 in all.
    assert float(staff_rate(40, 150e3, 0.4245, year)) * year == pytest.approx(8.547e6)
    assert float(staff_rate(1, 32.07, 13.58 / 32.07, 1.0)) == pytest.approx(45.65)
    # A thousand servers that each fail once in two years, 4,000 USD a repair: two million a year.
    assert float(repair_rate(1000, 2 * year, 4000)) * year == pytest.approx(2e6)


def test_rates_that_compound_by_hand() -> None:
    # 10 % real at 3 % inflation are 13.3 % nominal.
    assert compounded_rate(0.10, 0.03) == pytest.approx(0.133)
