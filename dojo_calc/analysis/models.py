"""The models that ship: chains of the library's formulas over the catalogue's facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.analysis.feed import feed_dojo
from dojo_calc.analysis.model import Model, Step, step
from dojo_calc.economics.capacity import (
    delivered_work,
    effective_rate,
    fleet_rate,
    h100_equivalents,
    pooled_rate,
    share,
    units_needed,
    whole,
)
from dojo_calc.economics.cost import (
    energy_cost,
    price_per_unit,
    price_per_work,
    purchase_cost,
    straight_line,
    total_cost,
)
from dojo_calc.economics.power import energy, facility_power, pooled_power
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
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue

__all__ = ["MODELS", "fleet", "make_or_buy", "shipped", "spec_to_cheque"]


def spec_to_cheque(chip: str = "h100-sxm", book: Catalogue | None = None) -> Model:
    """From the peak on a spec sheet to dollars: chips, servers, megawatts, and the price of delivered work.

    Parameters
    ----------
    chip : str
        A chip that is sold or built in a server with a price of its own; for a D1 the tile, whose price is
        known only as an upper bound.
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: target, peak, per_server, server_power, server_price, pue, duration, life, energy_price, mfu.

    Raises
    ------
    UnknownNameError
        If no server with that chip has both a power and a price.
    """
    known = book or catalogue()
    unit = known.machine(chip)
    for server in known.assemblies(unit.id):
        prices = [name for name in ("price", "cost_upper_bound") if known.facts.has(server.id, name)]
        if prices and known.facts.has(server.id, "power"):
            break
    else:
        raise UnknownNameError(f"no server that holds {unit.id} has both a power and a price")
    steps: dict[str, Callable[..., Any] | Step] = {
        "chips": step(units_needed, unit="peak"),
        "servers": step(whole, units="chips", group="per_server"),
        "it_power": step(pooled_power, units="servers", unit="server_power"),
        "site_power": facility_power,
        "site_energy": step(energy, power="site_power"),
        "capital": step(purchase_cost, units="servers", price="server_price"),
        "capital_used": step(straight_line, capital="capital"),
        "electricity": step(energy_cost, energy="site_energy", price="energy_price"),
        "total": step(total_cost, first="capital_used", others=("electricity",)),
        "effective": step(effective_rate, rate="target"),
        "delivered": step(delivered_work, rate="target"),
        "price_of_work": step(price_per_work, work="delivered"),
    }
    return Model(
        steps,
        inputs={
            "target": "100 EFLOP/s",
            "peak": f"{unit.id}.peak_bf16",
            "per_server": server.count(unit.id),
            "server_power": f"{server.id}.power",
            "server_price": f"{server.id}.{prices[0]}",
            "pue": "hyperscale.pue",
            "duration": "1 year",
            "life": "hyperscale.useful_life",
            "energy_price": "us.electricity_price[y2025]",  # its other readings are other years
            "mfu": f"{unit.id}.mfu",
        },
        book=known,
        name=f"spec_to_cheque({unit.id})",
    )


def fleet(book: Catalogue | None = None) -> Model:
    """Peak rate of Tesla's training hardware at the end of 2024 by kind, and what part of it is Dojo.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: the number and the peak of H100, A100 and ExaPODs.
    """
    known = book or catalogue()
    h100s = next(part for part in known.machine("tesla-ai-2024-08").parts if part.machine.id == "h100-sxm")
    a100s = next(iter(known.machine("tesla-a100-2022-08").parts))
    return Model(
        {
            "h100_rate": step(pooled_rate, units="h100s", unit="h100_peak"),
            "a100_rate": step(pooled_rate, units="a100s", unit="a100_peak"),
            "dojo_rate": step(pooled_rate, units="exapods", unit="exapod_peak"),
            "total_rate": step(fleet_rate, first="h100_rate", others=("a100_rate", "dojo_rate")),
            "dojo_share": step(share, part="dojo_rate", total="total_rate"),
            "equivalents": step(h100_equivalents, rate="total_rate", h100="h100_peak"),
        },
        inputs={
            "h100s": (h100s.count, h100s.low, h100s.high),
            "h100_peak": "h100-sxm.peak_bf16",
            "a100s": (a100s.count, a100s.low, a100s.high),
            "a100_peak": "a100-sxm-80gb.peak_bf16",
            "exapods": known.machine("dojo-1-plan").count("exapod"),
            "exapod_peak": "exapod.peak_bf16",
        },
        book=known,
        name="fleet",
    )


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
        spent, growth, period, late, planned, departures, setback, harm, success, cancellation, shortages,
        shortage, premium.
    """
    known = book or catalogue()
    return Model(
        {
            "volume": step(units_needed, unit="made_peak"),
            "made_rate": step(effective_rate, rate="made_peak", mfu="made_mfu"),
            "bought_rate": step(effective_rate, rate="bought_peak", mfu="bought_mfu"),
            "worth": step(share, part="made_rate", total="bought_rate"),
            "slip": step(expected_slip),
            "later_price": step(frontier_price, delay="slip"),
            "bought_unit": step(purchase_cost, units="worth", price="later_price"),
            "made_unit": step(price_per_unit, total="tile_cost", units="per_tile"),
            "bought": step(purchase_cost, units="volume", price="bought_unit"),
            "insurance": step(insurance_value, purchases="bought"),
            "buy": step(total_cost, first="bought", others=("insurance",)),
            "units_made": step(purchase_cost, units="volume", price="made_unit"),
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
            "late": "dojo-programme.programme_slip",
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


MODELS: dict[str, Callable[..., Model]] = {
    "spec_to_cheque": spec_to_cheque,
    "fleet": fleet,
    "make_or_buy": make_or_buy,
MODELS: dict[str, Callable[..., Model]] = {
    "spec_to_cheque": spec_to_cheque,
    "fleet": fleet,
    "feed_dojo": feed_dojo,
}


def shipped(name: str, book: Catalogue | None = None, **options: Any) -> Model:
    """Model that ships, by name.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if name not in MODELS:
        raise UnknownNameError(
            f"unknown model {name!r}{nearest(name, MODELS) or f'; there are {list(MODELS)}'}"
        )
    return MODELS[name](book=book, **options)
