"""Shipped models of procurement: an order, a swap, a race and a pledge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from dojo_calc.chain.build import beside
from dojo_calc.chain.chip import chip_inputs
from dojo_calc.chain.silicon import square_dies
from dojo_calc.doors import door
from dojo_calc.economics.capacity import delivered_work, h100_equivalents, pooled_rate, share
from dojo_calc.economics.cost import energy_cost, purchase_cost, total_cost, units_bought
from dojo_calc.economics.depreciation import decay_of_decline, value_lost
from dojo_calc.economics.harvest import harvest_yield
from dojo_calc.economics.power import energy, pooled_power, units_powered
from dojo_calc.economics.procurement import (
    capital_charge,
    delivery_time,
    dies_from_wafers,
    least_compensation,
    lost_time,
    mean_delay,
    rental_cost,
    systems_built,
    wafers_needed,
)
from dojo_calc.economics.race import (
    grown,
    growth_needed,
    lead_needed,
    logistic,
    overtaking_growth,
    owner_share,
    periods_to_draw_level,
    power_each,
    price_each,
    rest_of,
)
from dojo_calc.economics.yields import faults_on_die, good_dies
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, Step, step
from dojo_calc.units import day, year

__all__ = ["pledge", "race", "swap", "wafers_to_exapods"]


@door
def wafers_to_exapods(book: Catalogue | None = None) -> Model:
    """From an order of so many *pieces* to ExaPODs, the pieces read once as dies and once as wafers.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: pieces, die_area, wafer_diameter, edge_exclusion, scribe_width, defect_density,
        critical_share, clustering, redundant_share, spares,
        per_tile, per_pod, assembly_yield, pod_peak, pod_power, h100_peak, wafer_price, delivery_rate,
        lead_time, ramp.
        An output that ends in ``_if_dies`` or ``_if_wafers`` belongs to that reading.
    """
    known = catalogue() if book is None else book
    wafer, order = "wafer-300mm", "tsmc-d1-order"
    laid_out, needed = known.facts.get("d1", "nodes_per_array"), known.facts.value("d1", "units")
    steps: dict[str, Callable[..., Any] | Step] = {
        "gross": step(
            square_dies, die="die_area", wafer="wafer_diameter", edge="edge_exclusion", scribe="scribe_width"
        ),
        "faults": step(faults_on_die, die="die_area"),
        "die_yield": harvest_yield,
        "good": step(good_dies, working="die_yield"),
        "dies_if_wafers": step(dies_from_wafers, wafers="pieces", good_dies="good"),
        "wafers_if_dies": step(
            wafers_needed, systems="pieces", per_system=1.0, assembly_yield=1.0, good_dies="good"
        ),
        "wafers_cost": step(purchase_cost, units="pieces", price="wafer_price"),
        "wafers_time": step(delivery_time, order="pieces", rate="delivery_rate", lead="lead_time"),
    }
    for reading, dies in (("if_dies", "pieces"), ("if_wafers", "dies_if_wafers")):
        steps |= {
            f"tiles_{reading}": step(systems_built, dies=dies, per_system="per_tile"),
            f"exapods_{reading}": step(systems_built, dies=dies, per_system="per_pod"),
            f"rate_{reading}": step(pooled_rate, units=f"exapods_{reading}", unit="pod_peak"),
            f"equivalents_{reading}": step(h100_equivalents, rate=f"rate_{reading}", h100="h100_peak"),
            f"power_{reading}": step(pooled_power, units=f"exapods_{reading}", unit="pod_power"),
        }
    return Model(
        steps,
        inputs={
            "pieces": f"{order}.order",
            "die_area": "d1.die_area",
            "wafer_diameter": f"{wafer}.wafer_diameter",
            "edge_exclusion": f"{wafer}.edge_exclusion",
            "scribe_width": f"{wafer}.scribe_width",
            "defect_density": f"{wafer}.defect_density",
            "critical_share": f"{wafer}.critical_share",
            "clustering": f"{wafer}.clustering",
            "redundant_share": "d1.redundant_share",
            "spares": (laid_out.value - needed, laid_out.low - needed, laid_out.high - needed),
            "per_tile": known.machine("dojo-tile").count("d1"),
            "per_pod": known.machine("exapod").count("d1"),
            "assembly_yield": "dojo-tile.assembly_yield",
            "pod_peak": known.machine("exapod").peak("bf16"),
            "pod_power": "exapod.facility_power",
            "h100_peak": "h100-sxm.peak_bf16",
            "wafer_price": f"{wafer}.wafer_price",
            "delivery_rate": f"{order}.delivery_rate",
            "lead_time": f"{wafer}.lead_time",
            "ramp": f"{order}.ramp_time",
        },
        book=known,
        name="wafers_to_exapods",
    )


@door
def swap(book: Catalogue | None = None) -> Model:
    """What Tesla lost when 12,000 H100 went to X first, and what would have made it whole.

    The loss of use is priced at the rent of the same GPUs, less what is not spent in the meantime. Beside it
    stands what the market takes off the price of the goods while one waits for them. Prices, rent and power are the
    chain's of 2024.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: delay_first, delay_last, share_first, hall_late, capital_interest, and those of the chain, `chips`
        among them.
    """
    known = catalogue() if book is None else book
    event, gpu = "h100-swap-2024", "h100-sxm"
    steps: dict[str, Callable[..., Any] | Step] = {
        "mean_delay": step(mean_delay, first="delay_first", last="delay_last"),
        "lost_first": step(lost_time, delay="delay_first"),
        "lost_last": step(lost_time, delay="delay_last"),
        "lost": step(mean_delay, first="lost_first", last="lost_last"),
        "lost_work": step(delivered_work, rate="peak_rate", duration="lost"),
        "lost_use": step(rental_cost, units="chips", rent="rent", duration="lost"),
        "energy_saved": step(energy, power="fleet_site_power_at_work", duration="lost"),
        "avoided_electricity": step(energy_cost, energy="energy_saved", price="energy_price"),
        "interest_saved": step(
            capital_charge, capital="fleet_server_price", interest="capital_interest", period=year,
            duration="mean_delay",
        ),
        "avoided": step(total_cost, first="interest_saved", others=("avoided_electricity",)),
        "compensation": least_compensation,
        "price_decay": step(decay_of_decline, decline="price_decline", period=year),
        "market_loss": step(value_lost, price="fleet_server_price", decay="price_decay", age="mean_delay"),
    }  # fmt: skip
    inputs: dict[str, Any] = {
        "chips": known.machine(event).count(gpu),
        "delay_first": f"{event}.delay_first",
        "delay_last": f"{event}.delay_last",
        "share_first": f"{event}.share_first",
        "hall_late": f"{event}.hall_delay",
        "capital_interest": f"{event}.capital_interest",
    }
    return beside(gpu, steps, inputs, known, "swap", on="2024")  # when the chips were due


@door
def race(book: Catalogue | None = None) -> Model:
    """Whether xAI's stock of compute exceeds all others' together, and what that takes in watts and dollars.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: owner_stock, world, own_growth, others_growth, years, site_power_reported, capital_per_chip,
        h100_worth_8bit, efficiency_growth, price_performance, grid, others_grid, horizon.
        Stocks are H100 equivalents on the 8-bit basis, growth is a year.
    """
    known = catalogue() if book is None else book
    facts, chip = known.facts, "gb200"
    own, before = (facts.get("xai", "h100_equivalents", of) for of in ("q4_2025", "september_2024"))
    then, now = (date.fromisoformat(one.date) for one in (before, own))
    between = (now - then).days * day / year
    growth = tuple(
        float(growth_needed(to, start, between))
        for to, start in ((own.value, before.value), (own.low, before.high), (own.high, before.low))
    )
    return Model(
        {
            "others": step(rest_of, total="world", own="owner_stock"),
            "lead_needed": step(lead_needed, own="owner_stock", periods="years"),
            "needed": step(overtaking_growth, own="owner_stock", periods="years"),
            "others_later": step(grown, stock="others", growth="others_growth", periods="years"),
            "own_later": step(grown, stock="owner_stock", growth="own_growth", periods="years"),
            "share_later": step(owner_share, own="own_later", others="others_later"),
            "years_to_level": step(periods_to_draw_level, own="owner_stock", growth="own_growth"),
            "each_power": step(
                power_each,
                site="site_power_reported",
                equivalents="h100_worth_8bit",
                improvement="efficiency_growth",
                periods="years",
            ),
            "each_price": step(
                price_each,
                price="capital_per_chip",
                equivalents="h100_worth_8bit",
                improvement="price_performance",
                periods="years",
            ),
            "power_to_level": step(pooled_power, units="others_later", unit="each_power"),
            "money_to_level": step(purchase_cost, units="others_later", price="each_price"),
            "ceiling": step(units_powered, site="grid", unit="each_power"),
            "own_on_grid": step(logistic, stock="owner_stock", growth="own_growth", periods="years"),
            # What holds one owner holds the others: nobody is fed by a grid that is not there.
            "others_ceiling": step(units_powered, site="others_grid", unit="each_power"),
            "others_on_grid": step(
                logistic, stock="others", growth="others_growth", ceiling="others_ceiling", periods="years"
            ),
            "share_on_grid": step(owner_share, own="own_on_grid", others="others_on_grid"),
        },
        inputs={
            "owner_stock": "xai.h100_equivalents[q4_2025]",  # the other readings are other dates
            "world": "world.h100_equivalents[q4_2025]",
            "own_growth": growth,
            "others_growth": "world.growth_per_year[since_2022]",
            "years": 5.0,
            "site_power_reported": f"{chip}.facility_power",
            "capital_per_chip": f"{chip}.price_all_in",
            "h100_worth_8bit": share(facts.value(chip, "peak_fp8"), facts.value("h100-sxm", "peak_fp8")),
            "efficiency_growth": "world.efficiency_growth",
            "price_performance": "world.price_performance_growth",
            "grid": "xai.grid_limit",
            "others_grid": "world.grid_limit",
            "horizon": 50.0,
        },
        book=known,
        name="race",
    )


@door
def pledge(book: Catalogue | None = None) -> Model:
    """What the half billion dollars pledged for Buffalo buys: Dojo tiles, or H100 at three prices.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: budget, tile_price, tile_peak, tile_power, and of the chain chip_price, server_price,
        capital_per_chip, chip_peak, site_power_reported.
    """
    known = catalogue() if book is None else book
    gpu, pod = "h100-sxm", known.facts.get("exapod", "facility_power")
    tiles = known.machine("exapod").count("dojo-tile")
    steps: dict[str, Callable[..., Any] | Step] = {
        "pledged_tiles": step(units_bought, price="tile_price"),
        "tiles_rate": step(pooled_rate, units="pledged_tiles", unit="tile_peak"),
        "tiles_power": step(pooled_power, units="pledged_tiles", unit="tile_power"),
    }
    for name, price in (("bare", "chip_price"), ("in_node", "server_price"), ("all_in", "capital_per_chip")):
        steps |= {
            f"gpus_{name}": step(units_bought, price=price),
            f"rate_{name}": step(pooled_rate, units=f"gpus_{name}", unit="chip_peak"),
            f"power_{name}": step(pooled_power, units=f"gpus_{name}", unit="site_power_reported"),
        }
    own = chip_inputs(gpu, known)
    return Model(
        steps,
        inputs={
            "budget": "buffalo.budget",
            "tile_price": "dojo-tile.cost_upper_bound",
            "tile_peak": known.machine("dojo-tile").peak("bf16"),
            "tile_power": (pod.value / tiles, pod.low / tiles, pod.high / tiles),
            **{name: own[name] for name in ("chip_price", "server_price", "chip_peak")},
            "capital_per_chip": f"{gpu}.price_all_in",
            "site_power_reported": f"{gpu}.facility_power",
        },
        book=known,
        name="pledge",
    )
