"""What self-driving is worth: payers of a subscription, or cars of a ride service, behind a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.doors import door
from dojo_calc.economics.cost import purchase_cost
from dojo_calc.economics.streams import (
    count_for_value,
    payers,
    ride_margin,
    stream_value,
    subscription_margin,
)
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, Step, step
from dojo_calc.units import year

__all__ = ["value_of_autonomy"]


@door
def value_of_autonomy(book: Catalogue | None = None) -> Model:
    """What FSD brings today, and how many payers or robotaxis stand behind a value that is told of it.

    Two roads, each alone: owners who pay a monthly price for as long as `fsd_years`, or cars that carry riders. What
    one of them leaves in a year is discounted over the years and multiplied by a chance that it comes at all. Taxes,
    the cars themselves of the first road, and a price that falls as rivals come are left out; `fsd_growth` stands for
    all that changes over the years.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs: of today `fsd_payers`, `fsd_revenue` [USD a year], of one `fsd_value_each` and
        `ride_value_each` [USD], of the value told `fsd_payers_implied`, `ride_cars_implied`, and
        `fsd_value_at_most` if all cars ever delivered paid.
    """
    known = catalogue() if book is None else book
    facts = known.facts
    told, before = (facts.value("tesla-valuation-2023", f"target_price_{one}") for one in ("after", "before"))
    shares = facts.get("tesla", "shares")
    delay, term = (facts.get("tesla-fsd", one) for one in ("start_delay", "stream_term"))
    stream = {"rate": "fsd_discount", "growth": "fsd_growth", "periods": "fsd_years", "delay": "fsd_delay"}
    steps: dict[str, Callable[..., Any] | Step] = {
        "fsd_payers": step(payers, cars="fsd_cars", take_rate="fsd_take_rate"),
        "fsd_revenue_each": step(subscription_margin, price="fsd_price", payments=12.0, profit_share=1.0),
        "fsd_revenue": step(purchase_cost, units="fsd_payers", price="fsd_revenue_each"),
        "fsd_margin_each": step(
            subscription_margin, price="fsd_price", payments=12.0, profit_share="fsd_profit_share"
        ),
        "fsd_value_each": step(stream_value, payment="fsd_margin_each", **stream),
        "fsd_payers_implied": step(
            count_for_value, value="fsd_value_told", chance="fsd_chance", each="fsd_value_each"
        ),
        "fsd_margin_at_most": step(purchase_cost, units="fsd_cars", price="fsd_margin_each"),
        "fsd_value_at_most": step(stream_value, payment="fsd_margin_at_most", **stream),
        "ride_margin": step(
            ride_margin, distance="ride_distance", paid_share="ride_paid_share", fare="ride_fare",
            running_cost="ride_running_cost",
        ),
        "ride_value_each": step(stream_value, payment="ride_margin", **stream),
        "ride_cars_implied": step(
            count_for_value, value="fsd_value_told", chance="fsd_chance", each="ride_value_each"
        ),
    }  # fmt: skip
    return Model(
        steps,
        inputs={
            "fsd_cars": "tesla.cars_ever_delivered",
            "fsd_take_rate": "tesla-fsd.take_rate[world_2025]",  # its other reading is another date
            "fsd_price": "tesla-fsd.price_per_month",
            "fsd_profit_share": "tesla-fsd.profit_share",
            "fsd_discount": "in-house-chip.discount_rate",
            "fsd_growth": 1.0,
            "fsd_years": tuple(one / year for one in (term.value, term.low, term.high)),
            "fsd_delay": tuple(one / year for one in (delay.value, delay.low, delay.high)),
            "fsd_chance": "tesla-fsd.autonomy_chance",
            "fsd_value_told": tuple((told - before) * one for one in (shares.value, shares.low, shares.high)),
            "ride_distance": "tesla-robotaxi.yearly_distance[taxi]",
            "ride_paid_share": "tesla-robotaxi.paid_distance_share",
            "ride_fare": "tesla-robotaxi.fare_per_mile[obi_2026]",
            "ride_running_cost": "tesla-robotaxi.running_cost_per_mile[aj_2024]",
        },
        book=known,
        name="value_of_autonomy",
    )
