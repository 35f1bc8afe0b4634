"""What stakes borrow."""

from __future__ import annotations

from dojo_calc.doors import door
from dojo_calc.economics.cost import total_cost, units_bought
from dojo_calc.economics.finance import (
    borrowing_power,
    call_price,
    capped_borrowing,
    discounted_stake,
    fall_to_call,
    shares_to_pledge,
    stake_value,
)
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, step

__all__ = ["collateral"]


@door
def collateral(book: Catalogue | None = None) -> Model:
    """What two stakes borrow, with and without the cap on pledged shares, what that buys, and when it is called.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs in USD, in GPUs with all that belongs to them, and the fall of the price that brings a call.
    """
    known = catalogue() if book is None else book
    return Model(
        {
            "tesla_stake": step(stake_value, company="tesla_value", share="tesla_share"),
            "spacex_stake": step(stake_value, company="spacex_value", share="spacex_share"),
            "spacex_taken": step(discounted_stake, value="spacex_stake"),
            "tesla_loan": step(borrowing_power, collateral="tesla_stake"),
            "tesla_loan_capped": step(capped_borrowing, collateral="tesla_stake", cap="pledge_cap"),
            "spacex_loan": step(borrowing_power, collateral="spacex_taken"),
            "without_cap": step(total_cost, first="tesla_loan", others=("spacex_loan",)),
            "with_cap": step(total_cost, first="tesla_loan_capped", others=("spacex_loan",)),
            "gpus_without_cap": step(units_bought, budget="without_cap", price="gpu_price"),
            "gpus_with_cap": step(units_bought, budget="with_cap", price="gpu_price"),
            # The loan of 2022 has its own terms; what may be borrowed today is the company's policy.
            "fall": step(fall_to_call, start="agreed_loan_to_value"),
            "pledged": step(
                shares_to_pledge, loan="loan", price="share_price", loan_to_value="agreed_loan_to_value"
            ),
            "called_below": step(call_price, shares="pledged"),
        },
        inputs={
            "tesla_value": "tesla.market_value",
            "tesla_share": "musk.stake_tesla",
            "spacex_value": "spacex.market_value",
            "spacex_share": "musk.stake_spacex",
            "haircut": 0.0,
            "loan_to_value": "tesla.pledge_share",
            "pledge_cap": "tesla.pledge_cap",
            "gpu_price": "gb200.price_all_in",
            "call_at": "margin-loan-2022.call_at",
            "agreed_loan_to_value": "margin-loan-2022.loan_to_value",
            "loan": "margin-loan-2022.loan",
            "share_price": "tesla.share_price",
        },
        book=known,
        name="collateral",
    )
