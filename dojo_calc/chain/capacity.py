"""From the peak on a spec sheet to dollars, and what a fleet adds up to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.chain.conditions import beyond_life
from dojo_calc.doors import door
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
from dojo_calc.economics.cost import energy_cost, price_per_work, purchase_cost, straight_line, total_cost
from dojo_calc.economics.power import energy, facility_power, pooled_power
from dojo_calc.errors import UnknownNameError
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.conditions import condition
from dojo_calc.model.model import Model, Step, step

__all__ = ["fleet", "spec_to_cheque"]


@door
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
    known = catalogue() if book is None else book
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
        conditions=(
            condition(
                "limit",
                "servers are used no longer than they live, beyond which they count as bought again",
                beyond_life,
            ),
        ),
    )


@door
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
    known = catalogue() if book is None else book
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
