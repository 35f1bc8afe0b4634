"""Shipped models of procurement: an order, a swap, a race and a pledge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

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
        per_tile, per_pod, assembly_yield, pod_peak, pod_power, h100_peak, wafer_price, delivery_rate, lead, ramp.
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
        "wafers_time": step(delivery_time, order="pieces", rate="delivery_rate"),
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
            "lead": f"{wafer}.lead_time",
            "ramp": f"{order}.ramp_time",
        },
        book=known,
        name="wafers_to_exapods",
    )


@door
def swap(book: Catalogue | None = None) -> Model:
    """What Tesla lost when 12,000 H100 went to X first, and what would have made it whole.

    The loss of use is priced at the rent of the same GPUs, less what is not spent in the meantime. Beside it
    stands what the market takes off the price of the goods while one waits for them.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: units, peak, mfu, delay_first, delay_last, share_first, hall_late, rent, price, interest,
        chip_power, energy_price, decline.
    """
    known = catalogue() if book is None else book
    event, gpu = "h100-swap-2024", "h100-sxm"
    steps: dict[str, Callable[..., Any] | Step] = {
        "late": step(mean_delay, first="delay_first", last="delay_last"),
        "lost_first": step(lost_time, delay="delay_first"),
        "lost_last": step(lost_time, delay="delay_last"),
        "lost": step(mean_delay, first="lost_first", last="lost_last"),
        "rate": step(pooled_rate, unit="peak"),
        "lost_work": step(delivered_work, duration="lost"),
        "value": purchase_cost,
        "lost_use": step(rental_cost, duration="lost"),
        "idle_power": step(pooled_power, unit="chip_power"),
        "energy_saved": step(energy, power="idle_power", duration="lost"),
        "electricity": step(energy_cost, energy="energy_saved", price="energy_price"),
        "interest_saved": step(capital_charge, capital="value", period=year, duration="late"),
        "avoided": step(total_cost, first="interest_saved", others=("electricity",)),
        "compensation": least_compensation,
        "decay": step(decay_of_decline, period=year),
        "market_loss": step(value_lost, price="value", age="late"),
    }
    return Model(
        steps,
        inputs={
            "units": known.machine(event).count(gpu),
            "peak": f"{gpu}.peak_bf16",
            "mfu": f"{gpu}.mfu",
            "delay_first": f"{event}.delay_first",
            "delay_last": f"{event}.delay_last",
            "share_first": f"{event}.share_first",
            "hall_late": f"{event}.hall_delay",
            "rent": f"{gpu}.hourly_rent[median_2024]",
            "price": f"{gpu}.price_in_node[cost_sheet_2024]",
            "interest": f"{event}.capital_interest",
            "chip_power": f"{gpu}.facility_power",
            "energy_price": "us.electricity_price[y2024]",
            "decline": f"{gpu}.price_decline",
        },
        book=known,
        name="swap",
    )


@door
def race(book: Catalogue | None = None) -> Model:
    """Whether xAI's stock of compute exceeds all others' together, and what that takes in watts and dollars.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: own, world, own_growth, others_growth, years, chip_power, chip_price, equivalents, efficiency,
        price_performance, grid, others_grid, horizon. Stocks are H100 equivalents on the 8-bit basis, growth
        is a year.
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
            "others": step(rest_of, total="world"),
            "lead": step(lead_needed, periods="years"),
            "needed": step(overtaking_growth, periods="years"),
            "others_later": step(grown, stock="others", growth="others_growth", periods="years"),
            "own_later": step(grown, stock="own", growth="own_growth", periods="years"),
            "share_later": step(owner_share, own="own_later", others="others_later"),
            "years_to_level": step(periods_to_draw_level, growth="own_growth"),
            "each_power": step(power_each, site="chip_power", improvement="efficiency", periods="years"),
            "each_price": step(
                price_each, price="chip_price", improvement="price_performance", periods="years"
            ),
            "power_to_level": step(pooled_power, units="others_later", unit="each_power"),
            "money_to_level": step(purchase_cost, units="others_later", price="each_price"),
            "ceiling": step(units_powered, site="grid", unit="each_power"),
            "own_on_grid": step(logistic, stock="own", growth="own_growth", periods="years"),
            # What holds one owner holds the others: nobody is fed by a grid that is not there.
            "others_ceiling": step(units_powered, site="others_grid", unit="each_power"),
            "others_on_grid": step(
                logistic, stock="others", growth="others_growth", ceiling="others_ceiling", periods="years"
            ),
            "share_on_grid": step(owner_share, own="own_on_grid", others="others_on_grid"),
        },
        inputs={
            "own": "xai.h100_equivalents[q4_2025]",  # the other readings are other dates
            "world": "world.h100_equivalents[q4_2025]",
            "own_growth": growth,
            "others_growth": "world.growth_per_year[since_2022]",
            "years": 5.0,
            "chip_power": f"{chip}.facility_power",
            "chip_price": f"{chip}.price_all_in",
            "equivalents": share(facts.value(chip, "peak_fp8"), facts.value("h100-sxm", "peak_fp8")),
            "efficiency": "world.efficiency_growth",
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
        Inputs: budget, tile_price, tile_peak, tile_power, bare, in_node, all_in, peak, gpu_power.
    """
    known = catalogue() if book is None else book
    gpu, pod = "h100-sxm", known.facts.get("exapod", "facility_power")
    tiles = known.machine("exapod").count("dojo-tile")
    steps: dict[str, Callable[..., Any] | Step] = {
        "tiles": step(units_bought, price="tile_price"),
        "tiles_rate": step(pooled_rate, units="tiles", unit="tile_peak"),
        "tiles_power": step(pooled_power, units="tiles", unit="tile_power"),
    }
    for price in ("bare", "in_node", "all_in"):
        steps |= {
            f"gpus_{price}": step(units_bought, price=price),
            f"rate_{price}": step(pooled_rate, units=f"gpus_{price}", unit="peak"),
            f"power_{price}": step(pooled_power, units=f"gpus_{price}", unit="gpu_power"),
        }
    return Model(
        steps,
        inputs={
            "budget": "buffalo.budget",
            "tile_price": "dojo-tile.cost_upper_bound",
            "tile_peak": known.machine("dojo-tile").peak("bf16"),
            "tile_power": (pod.value / tiles, pod.low / tiles, pod.high / tiles),
            # what is filed as its list price is an eighth of a server
            "bare": f"{gpu}.price[baseboard_2023]",
            "in_node": f"{gpu}.price_in_node[cost_sheet_2024]",
            "all_in": f"{gpu}.price_all_in",
            "peak": f"{gpu}.peak_bf16",
            "gpu_power": f"{gpu}.facility_power",
        },
        book=known,
        name="pledge",
    )
