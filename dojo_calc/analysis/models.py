"""The models that ship: chains of the library's formulas over the catalogue's facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from dojo_calc.economics.chip_cost import cost_per_good, scaled_design_cost
from dojo_calc.economics.cost import (
    energy_cost,
    price_per_rate,
    price_per_unit,
    price_per_work,
    purchase_cost,
    straight_line,
    total_cost,
    units_bought,
)
from dojo_calc.economics.depreciation import decay_of_decline, rate_of_loss
from dojo_calc.economics.discounting import annuity_payment
from dojo_calc.economics.finance import (
    borrowing_power,
    call_price,
    capped_borrowing,
    discounted_stake,
    fall_to_call,
    lease_payment,
    shares_to_pledge,
    stake_value,
)
from dojo_calc.economics.grid import power_drawn, power_left_dark
from dojo_calc.economics.harvest import harvest_yield
from dojo_calc.economics.ownership import (
    capital_with_share,
    carrying_rate,
    cost_of_share,
    delivered_price,
    energy_rate,
    hall_capital,
    hall_fees,
    spread_over,
    total_rate,
)
from dojo_calc.economics.placement import placed_dies
from dojo_calc.economics.power import (
    cluster_power,
    energy,
    facility_power,
    host_power,
    pooled_power,
    power_at_work,
    site_power,
    unit_power,
)
from dojo_calc.economics.yields import (
    faults_on_die,
    joint_yield,
    passing_share,
    repeated_yield,
    sound_share,
)
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.units import hour, month, year

__all__ = [
    "die_to_tile",
    "MODELS",
    "chip_hour",
    "collateral",
    "fleet",
    "megawatts",
    "shipped",
    "spec_to_cheque",
]


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


def chip_hour(chip: str = "h100-sxm", book: Catalogue | None = None) -> Model:
    """What an hour of a chip costs, part by part, and an exaflop-hour delivered: owned, leased or rented.

    Owned: the market takes value off server and network; interest, hall, its operation, upkeep and energy are
    paid. Leased: a company of debt and equity buys server and network, and the hall stays one's own. Rented:
    an hourly price for all of it. All money is taken to be of one price year, whatever the date of a fact.

    Parameters
    ----------
    chip : str
        A chip with a price in a server, an hourly rent, and a server whose power is known.
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs `own`, `lease`, `rent` [USD/s], and `own_work`, `lease_work`, `rent_work` [USD/FLOP].

    Raises
    ------
    UnknownNameError
        If one of those facts is missing.
    """
    known = book or catalogue()
    unit = known.machine(chip)
    server = next((one for one in known.assemblies(unit.id) if known.facts.has(one.id, "power")), None)
    if server is None:
        raise UnknownNameError(f"no server that holds {unit.id} has a power")
    upkeep = {"hall": "hall_cost", "operation": "operation", "maintenance": "maintenance", "energy": "energy"}
    work = {"rate": "peak"}
    steps: dict[str, Callable[..., Any] | Step] = {
        "decay": step(decay_of_decline, decline="price_decline", period="year"),
        "depreciation": step(rate_of_loss, price="price"),
        "network": step(cost_of_share, rest="depreciation", share="network_share"),
        "system": step(capital_with_share, rest="price", share="network_share"),
        "interest_paid": step(carrying_rate, capital="system", share="interest", period="year"),
        "chip_power": step(unit_power, total="server_power", units="per_server"),
        "hall": step(hall_capital, power="chip_power", price="hall_price"),
        "hall_payment": step(annuity_payment, principal="hall", rate="interest", periods="hall_years"),
        "hall_cost": step(spread_over, total="hall_payment", duration="year"),
        "fees": step(hall_fees, power="chip_power", fee="hall_fee", periods="one_month"),
        "operation": step(spread_over, total="fees", duration="month"),
        "maintenance": step(carrying_rate, capital="price", share="maintenance_share", period="life"),
        "at_work": step(power_at_work, rated="chip_power", share="average_power_share"),
        "at_meter": step(facility_power, it_power="at_work"),
        "energy": step(energy_rate, power="at_meter", price="energy_price"),
        "own": step(
            total_rate, first="depreciation", others=("network", "interest_paid", *upkeep.values())
        ),
        "own_work": step(delivered_price, cost="own", **work),
        "lease_debt": step(borrowing_power, collateral="system", loan_to_value="debt_share"),
        "lease_equity": step(discounted_stake, value="system", haircut="debt_share"),
        "lease_yearly": step(
            lease_payment, debt="lease_debt", equity="lease_equity", rate="lease_interest",
            wanted="wanted_return", periods="lease_years", residual="residual",
        ),
        "lease_paid": step(spread_over, total="lease_yearly", duration="year"),
        "lease": step(total_rate, first="lease_paid", others=tuple(upkeep.values())),
        "lease_work": step(delivered_price, cost="lease", **work),
        "rent": step(spread_over, total="hourly_rent", duration="hour"),
        "rent_work": step(delivered_price, cost="rent", **work),
    }  # fmt: skip
    value = known.facts.value
    debt, equity = (value("xai-lease-2025", name) for name in ("debt", "equity"))
    inputs: dict[str, Any] = {
        "price": f"{unit.id}.price_in_node",
        "price_decline": f"{unit.id}.price_decline",
        "network_share": "epoch-chip-hour.network_share",
        "interest": "asic-cloud-model.interest",
        "server_power": f"{server.id}.power",
        "per_server": server.count(unit.id),
        "hall_price": "asic-cloud-model.hall_price",
        "hall_years": value("epoch-1gw-model", "building_life") / year,
        "hall_fee": "asic-cloud-model.hall_fee",
        "one_month": 1.0,
        "maintenance_share": "asic-cloud-model.maintenance_share",
        "life": "epoch-1gw-model.server_life",
        "average_power_share": "gpu-server.average_power_share",
        "pue": "hyperscale.pue",
        "energy_price": "us.electricity_price[y2025]",
        "peak": f"{unit.id}.peak_bf16",
        "mfu": f"{unit.id}.mfu",
        "goodput": "hyperscale.goodput",
        "debt_share": debt / (debt + equity),
        "lease_interest": "xai-lease-2025.interest",
        "wanted_return": "xai-lease-2025.wanted_return",
        "lease_years": value("xai-lease-2025", "lease_period") / year,
        "residual": 0.0,
        "hourly_rent": f"{unit.id}.hourly_rent",
        "hour": hour,
        "month": month,
        "year": year,
    }
    return Model(
        steps,
        inputs=inputs,
        book=known,
        name=f"chip_hour({unit.id})",
    )


def megawatts(chip: str = "h100-sxm", book: Catalogue | None = None) -> Model:
    """Power of a site from its chips: with hosts apart, by Epoch's relation, and what a connection leaves dark.

    Parameters
    ----------
    chip : str
        A chip whose power is known.
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: chips, chip_power, year, pue, connection, and the parameters of the cluster model.

    Raises
    ------
    UnknownNameError
        If there is no such chip, or its power is unknown.
    """
    known = book or catalogue()
    unit = known.machine(chip)
    site = "colossus-1-2024-09"
    since = known.facts.get("cluster-model", "host_power", "servers").date
    steps: dict[str, Callable[..., Any] | Step] = {
        "host": step(host_power, first="host_power_2012", decline="host_decline"),
        "computers": step(pooled_power, units="chips", unit="chip_power"),
        "site": cluster_power,
        "epoch_site": step(site_power, pue="pue"),
        "drawn": step(power_drawn, wanted="site"),
        "dark": step(power_left_dark, wanted="site"),
    }
    return Model(
        steps,
        inputs={
            "chips": known.machine(site).count("h100-sxm"),
            "chip_power": f"{unit.id}.power",
            "chip_overhead": "cluster-model.chip_overhead",
            "host_power_2012": "cluster-model.host_power",
            "host_decline": "cluster-model.host_decline",
            "year": float(known.facts.get(site, "facility_power", "epoch_clusters").date[:4]),
            "since": float(since[:4]),
            "server_overhead": "epoch-cluster-model.server_overhead",
            "pue": "epoch-cluster-model.pue[y2024]",
            "connection": f"{site}.grid_power",
        },
        book=known,
        name=f"megawatts({unit.id})",
    )


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
    known = book or catalogue()
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
            "fall": step(fall_to_call, start="loan_to_value"),
            "pledged": step(shares_to_pledge, loan="loan", price="share_price"),
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
            "loan": "margin-loan-2022.loan",
            "share_price": "tesla.share_price",
        },
        book=known,
        name="collateral",
    )


def die_to_tile(book: Catalogue | None = None) -> Model:
    """From a wafer's price to that of a Dojo tile and of its arithmetic, with the design apart and included.

    Gross dies are counted by placement of the die on its wafer, with the ends of the edge exclusion and of the
    scribe line as the interval; that count is an input, since placement is no formula.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: wafer_price, gross, die_area, defect_density, critical_share, clustering, redundant_share, spares,
        test_cost, coverage, per_tile, packaging, module, assembly_yield, tile_peak, volume, and of the
        design reference_cost, reference_die, growing, fixed.
    """
    known = book or catalogue()
    facts = known.facts
    tile, wafer = known.machine("dojo-tile"), "wafer-300mm"
    laid_out, needed = facts.get("d1", "nodes_per_array"), facts.value("d1", "units")
    growing = [facts.get("chiplet-actuary", f"design_{of}_share") for of in ("chip", "module")]
    steps: dict[str, Callable[..., Any] | Step] = {
        "faults": step(faults_on_die, die="die_area"),
        "die_yield": harvest_yield,
        "raw_die": step(price_per_unit, total="wafer_price", units="gross"),
        "tested_die": step(total_cost, first="raw_die", others=("test_cost",)),
        "passing": step(passing_share, working="die_yield"),
        "known_good_die": step(cost_per_good, cost="tested_die", working="passing"),
        "sound": step(sound_share, working="die_yield"),
        "all_sound": step(repeated_yield, one="sound", count="per_tile"),
        "tile_yield": step(joint_yield, one="all_sound", other="assembly_yield"),
        "dies": step(purchase_cost, units="per_tile", price="known_good_die"),
        "tile_parts": step(total_cost, first="dies", others=("packaging", "module")),
        "tile": step(cost_per_good, cost="tile_parts", working="tile_yield"),
        "price_of_peak": step(price_per_rate, price="tile", rate="tile_peak"),
        "untested_all_sound": step(repeated_yield, one="die_yield", count="per_tile"),
        "untested_yield": step(joint_yield, one="untested_all_sound", other="assembly_yield"),
        "untested_dies": step(purchase_cost, units="per_tile", price="raw_die"),
        "untested_parts": step(total_cost, first="untested_dies", others=("packaging", "module")),
        "untested_tile": step(cost_per_good, cost="untested_parts", working="untested_yield"),
        "design": step(scaled_design_cost, die="die_area"),
        "design_per_die": step(price_per_unit, total="design", units="volume"),
        "design_per_tile": step(purchase_cost, units="per_tile", price="design_per_die"),
        "tile_with_design": step(total_cost, first="tile", others=("design_per_tile",)),
    }
    return Model(
        steps,
        inputs={
            "wafer_price": f"{wafer}.wafer_price",
            "gross": _gross_dies(known),
            "die_area": "d1.die_area",
            "defect_density": f"{wafer}.defect_density",
            "critical_share": f"{wafer}.critical_share",
            "clustering": f"{wafer}.clustering",
            "redundant_share": "d1.redundant_share",
            "spares": (laid_out.value - needed, laid_out.low - needed, laid_out.high - needed),
            "test_cost": "d1.test_cost",
            "coverage": "d1.test_coverage",
            "per_tile": tile.count("d1"),
            "packaging": "dojo-tile.packaging_cost",
            "module": "dojo-tile.module_cost",
            "assembly_yield": "dojo-tile.assembly_yield",
            "tile_peak": tile.peak("bf16"),
            "volume": "tsmc-d1-order.order",
            "reference_cost": f"{wafer}.design_cost",
            "reference_die": facts.value("chiplet-actuary", "design_reference_die"),
            "growing": tuple(sum(getattr(one, of) for one in growing) for of in ("value", "low", "high")),
            "fixed": "chiplet-actuary.design_fixed_share",
        },
        book=known,
        name="die_to_tile",
    )


def _gross_dies(known: Catalogue) -> tuple[float, float, float]:
    """Dies of a D1's wafer by placement: best guess, then least and most over the rules of the fabs."""
    facts, wafer = known.facts, "wafer-300mm"
    width = facts.value("d1", "die_width")
    edge, scribe = (facts.get(wafer, name) for name in ("edge_exclusion", "scribe_width"))
    likely, fewest, most = placed_dies(
        width,
        facts.value("d1", "die_area") / width,
        wafer=facts.value(wafer, "wafer_diameter"),
        edge=[edge.value, edge.high, edge.low],
        scribe=[scribe.value, scribe.high, scribe.low],
    )
    return float(likely), float(fewest), float(most)


MODELS: dict[str, Callable[..., Model]] = {
    "spec_to_cheque": spec_to_cheque,
    "fleet": fleet,
    "chip_hour": chip_hour,
    "megawatts": megawatts,
    "collateral": collateral,
    "die_to_tile": die_to_tile,
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
