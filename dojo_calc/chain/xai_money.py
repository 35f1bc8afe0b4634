"""How long xAI's money lasts: rounds, a lease, debt, a burn that grows with the fleet, rent earned, and a pledge."""

from __future__ import annotations

from typing import Any

from dojo_calc.chain.money import collateral
from dojo_calc.doors import door
from dojo_calc.economics.cost import total_cost
from dojo_calc.economics.finance import discounted_stake, lease_payment
from dojo_calc.economics.ownership import carrying_rate, spread_over, total_rate
from dojo_calc.economics.streams import balance, growing_outlay, steady_outlay
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, step
from dojo_calc.units import year

__all__ = ["xai_money"]


@door
def xai_money(book: Catalogue | None = None) -> Model:
    """What is left of xAI's cash after some years, and what loans on its owner's shares add.

    Cash is that of the round of January 2026; what was left of earlier ones was not told. Spending is that of
    the first quarter of 2026: what the operating loss takes in cash, and capital spending, which grow as the
    fleet grows and its chips get cheaper; with it a lease and the interest on debt, which stay. Rent comes from
    machines that are let, with no end. Taxes, new rounds, and the money of SpaceX, which owns xAI since
    February 2026, are left out.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs: `burn_yearly` [USD/s] at the start, `burn_spent`, `burn_earned`, `burn_left`, `burn_left_pledged`
        [USD] after `burn_years`, the last two below zero where money is lacking.
    """
    known = catalogue() if book is None else book
    facts, lease = known.facts, "xai-lease-2025"
    level: dict[str, Any] = {"periods": "burn_years", "period": year}
    pledge = collateral(known)
    capped, free = (float(pledge.evaluate(name)) for name in ("with_cap", "without_cap"))
    return Model(
        {
            "burn_loss": step(discounted_stake, value="burn_operating_loss", haircut="burn_not_cash"),
            "burn_quarter": step(total_cost, first="burn_loss", others=("burn_capital",)),
            "burn_rate": step(spread_over, total="burn_quarter", duration=year / 4.0),
            "burn_lease_yearly": step(
                lease_payment, debt="burn_lease_debt", equity="burn_lease_equity", rate="burn_lease_interest",
                wanted="burn_lease_return", periods="burn_lease_years", residual=0.0,
            ),
            "burn_lease": step(spread_over, total="burn_lease_yearly", duration=year),
            "burn_interest": step(carrying_rate, capital="burn_debt", share="burn_debt_interest", period=year),
            "burn_fixed": step(total_rate, first="burn_lease", others=("burn_interest",)),
            "burn_yearly": step(total_rate, first="burn_rate", others=("burn_fixed",)),
            "burn_grown": step(
                growing_outlay, rate="burn_rate", growth="burn_fleet_growth", cheaper="burn_cheaper",
                periods="burn_years", period=year,
            ),
            "burn_stood": step(steady_outlay, rate="burn_fixed", **level),
            "burn_spent": step(total_cost, first="burn_grown", others=("burn_stood",)),
            "burn_earned": step(steady_outlay, rate="burn_rent", **level),
            "burn_left": step(balance, cash="burn_cash", earned="burn_earned", spent="burn_spent"),
            "burn_pledge_rate": step(
                carrying_rate, capital="burn_pledge", share="burn_pledge_interest", period=year
            ),
            "burn_pledge_cost": step(steady_outlay, rate="burn_pledge_rate", **level),
            "burn_cash_pledged": step(total_cost, first="burn_cash", others=("burn_pledge",)),
            "burn_spent_pledged": step(total_cost, first="burn_spent", others=("burn_pledge_cost",)),
            "burn_left_pledged": step(
                balance, cash="burn_cash_pledged", earned="burn_earned", spent="burn_spent_pledged"
            ),
        },
        inputs={
            "burn_cash": "xai.round",
            "burn_operating_loss": "xai.operating_loss[q1_2026]",
            "burn_not_cash": "xai.not_cash_share",
            "burn_capital": "xai.capital_spending[q1_2026]",
            "burn_fleet_growth": "xai.planned_growth",
            "burn_cheaper": "world.price_performance_growth",
            "burn_lease_debt": f"{lease}.debt",
            "burn_lease_equity": f"{lease}.equity",
            "burn_lease_interest": f"{lease}.interest",
            "burn_lease_return": f"{lease}.wanted_return",
            "burn_lease_years": facts.value(lease, "lease_period") / year,
            "burn_debt": "xai-debt-2025.loan",
            "burn_debt_interest": "xai-debt-2025.interest",
            "burn_rent": "xai.rent_income",
            "burn_years": 1.0,
            "burn_pledge": (capped, capped, free),
            "burn_pledge_interest": "xai-debt-2025.interest",
        },
        book=known,
        name="xai_money",
    )  # fmt: skip
