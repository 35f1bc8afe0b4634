"""Who pays: borrowing against shares, interest on what is drawn, leasing through a company of its own, dilution.

A pledge is described by what is known of it: shares, their price, the loan-to-value that a lender grants,
the one at which it calls, and a cap that the company whose shares they are has set.

References
----------
.. [1] FINRA Rule 4210, "Margin Requirements": maintenance of a loan against shares, and the call.
.. [2] Brealey, Myers, Allen, "Principles of Corporate Finance": leases, issues of shares, tax shields.
.. [3] Newnan, Eschenbach, Lavelle, "Engineering Economic Analysis": a uniform flow, compounded continuously.
"""

from __future__ import annotations

from dojo_calc.economics.discounting import annuity_payment, capital_recovery_factor, present_value
from dojo_calc.operations import expm1, log1p, maximum, minimum, where
from dojo_calc.quantities import (
    Count,
    Duration,
    Fraction,
    Horizon,
    InterestRate,
    Money,
    MoneyRate,
    Periods,
    PositiveCount,
    PositiveDuration,
    PositiveFraction,
    PositiveMoney,
    PositiveMoneyRate,
    Ratio,
)

__all__ = [
    "after_tax", "borrowed_runway", "borrowing_power", "call_price", "call_shortfall", "capped_borrowing",
    "debt_drawn", "deferral_cost", "depreciation_tax_shield", "diluted_share", "discounted_stake",
    "fall_to_call", "interest_part", "lease_debt", "lease_payment", "loan_to_value", "runway",
    "shares_to_issue", "shares_to_pledge", "stake_value",
]  # fmt: skip


def stake_value(company: Money, share: Fraction) -> Money:
    """Value of a stake in a company.

    Parameters
    ----------
    company : Money
        Market value, or value of the last sale of shares [USD].
    share : Fraction
        Owned [1].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return company * share


def discounted_stake(value: Money, haircut: Fraction) -> Money:
    """Value at which a lender takes a stake: less for shares that trade seldom or fall together.

    Parameters
    ----------
    value : Money
        [USD].
    haircut : Fraction
        Taken off [1].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return value * (1.0 - haircut)


def borrowing_power(collateral: Money, loan_to_value: Fraction) -> Money:
    """Largest loan against collateral [1]_.

    Parameters
    ----------
    collateral : Money
        As the lender values it [USD].
    loan_to_value : Fraction
        Granted at the start [1].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return collateral * loan_to_value


def capped_borrowing(collateral: Money, loan_to_value: Fraction, cap: Money) -> Money:
    """Largest loan where the company caps what may be borrowed against its shares.

    Parameters
    ----------
    collateral : Money
        [USD].
    loan_to_value : Fraction
        Allowed by the policy or the lender [1].
    cap : Money
        Of the policy, whatever the collateral is worth [USD].

    Returns
    -------
    Money
        The lesser of the two [USD]; broadcast shape.
    """
    return minimum(borrowing_power(collateral, loan_to_value), cap)


def loan_to_value(loan: Money, shares: PositiveCount, price: PositiveMoney) -> Ratio:
    """Loan over the value of the shares pledged for it.

    Parameters
    ----------
    loan : Money
        [USD].
    shares : PositiveCount
        Pledged [1].
    price : PositiveMoney
        Of one [USD].

    Returns
    -------
    Ratio
        [1]; broadcast shape.
    """
    return loan / (shares * price)


def call_price(loan: Money, shares: PositiveCount, call_at: PositiveFraction) -> Money:
    """Price of a share at which the lender asks for more [1]_.

    Parameters
    ----------
    loan : Money
        [USD].
    shares : PositiveCount
        Pledged [1].
    call_at : PositiveFraction
        Loan-to-value that triggers the call [1].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return loan / (shares * call_at)


def fall_to_call(start: Fraction, call_at: PositiveFraction) -> Fraction:
    """Fall of the price from the day of the loan to the call, whatever the amounts.

    Parameters
    ----------
    start : Fraction
        Loan-to-value on the first day [1].
    call_at : PositiveFraction
        That triggers the call [1].

    Returns
    -------
    Fraction
        ``1 - start / call_at``, zero where the call comes at once [1]; broadcast shape.
    """
    return maximum(1.0 - start / call_at, 0.0 * start)


def call_shortfall(
    loan: Money, shares: Count, price: Money, call_at: Fraction, restore_to: Fraction
) -> Money:
    """Cash to pay when a call comes: what brings the loan back to an agreed loan-to-value [1]_.

    Parameters
    ----------
    loan : Money
        [USD].
    shares : Count
        Pledged [1].
    price : Money
        Of one [USD].
    call_at : Fraction
        Loan-to-value that triggers the call [1].
    restore_to : Fraction
        To be reached by the payment, at most `call_at` [1].

    Returns
    -------
    Money
        ``loan - restore_to * shares * price`` once ``loan > call_at * shares * price``, before that nothing
        [USD]; broadcast shape.
    """
    collateral = shares * price
    due = maximum(loan - collateral * restore_to, 0.0 * loan)
    return where(loan > collateral * call_at, due, 0.0 * loan)


def shares_to_pledge(loan: Money, price: PositiveMoney, loan_to_value: PositiveFraction) -> Count:
    """Shares that a loan needs at a price and a loan-to-value.

    Parameters
    ----------
    loan : Money
        [USD].
    price : PositiveMoney
        Of one [USD].
    loan_to_value : PositiveFraction
        Above zero [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return loan / (price * loan_to_value)


def lease_debt(cost: Money, equity: Money) -> Money:
    """Debt of a company made to own the chips and lease them out.

    Parameters
    ----------
    cost : Money
        Of what it buys [USD].
    equity : Money
        Put in by its owners [USD].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return maximum(cost - equity, 0.0 * cost)


def lease_payment(
    debt: Money, equity: Money, rate: InterestRate, wanted: InterestRate, periods: Periods, residual: Fraction
) -> Money:
    """Lease of each period that repays the debt and gives the owners what they want [2]_.

    Both parts are repaid over the lease; what the chips still bring at its end goes to the owners and is
    discounted at the return they want.

    Parameters
    ----------
    debt : Money
        [USD].
    equity : Money
        [USD].
    rate : InterestRate
        Of the debt in one period [1].
    wanted : InterestRate
        Return on equity in one period [1].
    periods : Periods
        Of the lease [1].
    residual : Fraction
        Share of the cost that the chips bring at the end, at most what equity can bear [1].

    Returns
    -------
    Money
        A period, not below zero [USD]; broadcast shape.
    """
    from_end = present_value((debt + equity) * residual, wanted, periods)
    owners = maximum(equity - from_end, 0.0 * equity)
    return annuity_payment(debt, rate, periods) + annuity_payment(owners, wanted, periods)


def interest_part(payment: MoneyRate, loss: MoneyRate) -> MoneyRate:
    """What of a payment that recovers capital is interest: all that does not make up for the loss of value [2]_.

    Parameters
    ----------
    payment : MoneyRate
        See `lease_payment` [USD/s].
    loss : MoneyRate
        Value written off, over the same life and to the same residual [USD/s].

    Returns
    -------
    MoneyRate
        ``payment - loss``, not below zero where rounding would make it so [USD/s]; broadcast shape. It is the mean
        over the life: early payments hold more of it and late ones less.
    """
    return maximum(payment - loss, 0.0 * payment)


def runway(cash: Money, burn: PositiveMoneyRate) -> Duration:
    """Time until cash is gone.

    Parameters
    ----------
    cash : Money
        [USD].
    burn : PositiveMoneyRate
        What goes out less what comes in [USD/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return cash / burn


def borrowed_runway(
    limit: Money, burn: PositiveMoneyRate, interest: InterestRate, period: PositiveDuration
) -> Duration:
    """Time for which loans up to a limit carry a burn that is drawn as needed, interest added to the debt [3]_.

    What it leaves out: a burn that grows, repayments, and fees for what is not drawn.

    Parameters
    ----------
    limit : Money
        Most that can be owed [USD].
    burn : PositiveMoneyRate
        What goes out less what comes in, without interest [USD/s].
    interest : InterestRate
        Effective rate of one period on what is owed [1].
    period : PositiveDuration
        A year as a rule [s].

    Returns
    -------
    Duration
        With ``g = log(1 + interest) / period``: ``log(1 + g limit / burn) / g``, at no interest ``limit / burn`` [s];
        broadcast shape.
    """
    free = limit / burn
    growth = log1p(where(interest > 0, interest, 1.0)) / period  # any rate will do where none is charged
    return where(interest > 0, log1p(growth * free) / growth, free)


def debt_drawn(burn: Money, interest: Fraction, periods: Horizon) -> Money:
    """Debt after a time of burn that is borrowed as needed, with its interest [3]_: `borrowed_runway` turned round.

    Parameters
    ----------
    burn : Money
        What goes out less what comes in during one period, evenly and without interest [USD].
    interest : Fraction
        Effective rate of one period on what is owed [1].
    periods : Horizon
        Years as a rule [1].

    Returns
    -------
    Money
        With ``g = log(1 + interest)``: ``burn (exp(g periods) - 1) / g``, at no interest ``burn periods`` [USD];
        broadcast shape.
    """
    growth = log1p(where(interest > 0, interest, 1.0))
    return burn * where(interest > 0, expm1(growth * periods) / growth, periods)


def depreciation_tax_shield(capital: Money, tax: Fraction, rate: InterestRate, periods: Periods) -> Money:
    """Worth today of the tax that writing capital off evenly saves [2]_.

    It takes for granted that there are profits to be taxed in every period; a company that burns money saves later,
    if at all. The first saving comes a period from now.

    Parameters
    ----------
    capital : Money
        Written off to nothing [USD].
    tax : Fraction
        Rate of the tax on profits [1].
    rate : InterestRate
        Of one period [1].
    periods : Periods
        Over which the books write it off [1].

    Returns
    -------
    Money
        ``tax * (capital / periods) / capital_recovery_factor`` [USD]; broadcast shape.
    """
    return tax * (capital / periods) / capital_recovery_factor(rate, periods)


def deferral_cost(capital: Money, tax: Fraction, shield: Money) -> Money:
    """What it costs to write capital off over years and not at once, when all of its tax shield would be there.

    Parameters
    ----------
    capital : Money
        [USD].
    tax : Fraction
        Rate of the tax on profits [1].
    shield : Money
        Worth today of the tax that writing it off saves [USD]; see `depreciation_tax_shield`.

    Returns
    -------
    Money
        ``max(tax * capital - shield, 0)`` [USD]; broadcast shape.
    """
    return maximum(tax * capital - shield, 0.0 * capital)


def after_tax(cost: MoneyRate, tax: Fraction) -> MoneyRate:
    """What a cost takes of profits that are taxed, where it is deducted as it arises [2]_.

    Parameters
    ----------
    cost : MoneyRate
        [USD/s].
    tax : Fraction
        Rate of the tax on profits [1].

    Returns
    -------
    MoneyRate
        ``cost * (1 - tax)`` [USD/s]; broadcast shape.
    """
    return cost * (1.0 - tax)


def diluted_share(share: Fraction, raised: Money, before: Money) -> Fraction:
    """Share that an owner keeps when others buy new shares [2]_.

    Parameters
    ----------
    share : Fraction
        Before the round [1].
    raised : Money
        [USD].
    before : Money
        Value of the company before the round, above zero [USD].

    Returns
    -------
    Fraction
        ``share * before / (before + raised)`` [1]; broadcast shape.
    """
    return share * before / (before + raised)


def shares_to_issue(outstanding: Count, raised: Money, before: PositiveMoney) -> Count:
    """New shares that a round takes [2]_.

    Parameters
    ----------
    outstanding : Count
        Shares before the round [1].
    raised : Money
        [USD].
    before : PositiveMoney
        Value of the company before the round [USD].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return outstanding * raised / before
