"""Making a chip, or buying one."""

from __future__ import annotations

from dojo_calc.doors import door
from dojo_calc.economics.capacity import (
    effective_rate,
    share,
    units_needed,
)
from dojo_calc.economics.cost import (
    price_per_unit,
    purchase_cost,
    total_cost,
)
from dojo_calc.economics.programme import (
    advantage,
    break_even_volume,
    chance_of_volume,
    expected_cost,
    expected_slip,
    frontier_price,
    insurance_value,
    makes_sense,
    sunk_cost,
)
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, step

__all__ = ["make_or_buy"]


@door
def make_or_buy(book: Catalogue | None = None) -> Model:
    """Design a D1 or buy H100 for the same work: what each road costs when the programme may slip or end early.

    The price of the bought chip is put at the day the made one is due. Every slip lets the frontier move on, so
    the same work gets cheaper to buy. A programme that ends early has sunk a part of its one-off cost, and the
    work is bought all the same. Nothing is discounted.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: target, made_peak, made_mfu, bought_peak, bought_mfu, price, tile_cost, per_tile, development,
        spent, growth, period, programme_slip, planned, departures, setback, harm, success, cancellation, shortages,
        shortage, premium.
    """
    known = catalogue() if book is None else book
    return Model(
        {
            "made_chips": step(units_needed, unit="made_peak"),
            "made_rate": step(effective_rate, rate="made_peak", mfu="made_mfu"),
            "bought_rate": step(effective_rate, rate="bought_peak", mfu="bought_mfu"),
            "worth": step(share, part="made_rate", total="bought_rate"),
            "slip": step(expected_slip),
            "later_price": step(frontier_price, delay="slip"),
            "bought_unit": step(purchase_cost, units="worth", price="later_price"),
            "made_unit": step(price_per_unit, total="tile_cost", units="per_tile"),
            "bought": step(purchase_cost, units="made_chips", price="bought_unit"),
            "insurance": step(insurance_value, purchases="bought"),
            "buy": step(total_cost, first="bought", others=("insurance",)),
            "units_made": step(purchase_cost, units="made_chips", price="made_unit"),
            "make_if_done": step(total_cost, first="development", others=("units_made",)),
            "sunk": step(sunk_cost),
            "make_if_ended": step(total_cost, first="sunk", others=("buy",)),
            "chance": step(chance_of_volume, duration="planned"),
            "make": step(expected_cost, cost="make_if_done", otherwise="make_if_ended"),
            "saved": step(advantage, bought="buy", made="make"),
            "make_wins": step(makes_sense, saved="saved"),
            "saved_a_unit": step(advantage, bought="bought_unit", made="made_unit"),
            "break_even": step(break_even_volume, saving="saved_a_unit"),
        },
        inputs={
            "target": "100 EFLOP/s",
            "made_peak": "d1.peak_bf16",
            "made_mfu": "d1.mfu",
            "bought_peak": "h100-sxm.peak_bf16",
            "bought_mfu": "h100-sxm.mfu",
            "price": "h100-sxm.price_in_node",
            "tile_cost": "dojo-tile.cost_upper_bound",
            "per_tile": known.machine("dojo-tile").count("d1"),
            "development": "d1.development_cost",
            "spent": "in-house-chip.spent_share",
            "growth": "gpu-frontier.frontier_growth",
            "period": "1 year",
            "programme_slip": "dojo-programme.programme_slip",
            "planned": "in-house-chip.programme_duration",
            "departures": "dojo-programme.departure_rate",
            "setback": "in-house-chip.departure_setback",
            "harm": "in-house-chip.departure_harm",
            "success": "in-house-chip.programme_success",
            "cancellation": "dojo-programme.cancellation_rate",
            "shortages": "gpu-frontier.shortage_rate",
            "shortage": "gpu-frontier.shortage_duration",
            "premium": "gpu-frontier.shortage_premium",
        },
        book=known,
        name="make_or_buy",
    )
