"""What a chip costs by the hour, what a site draws, and what stakes borrow."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

from dojo_calc.doors import door
from dojo_calc.economics.capacity import effective_rate
from dojo_calc.economics.cost import (
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
from dojo_calc.economics.power import (
    cluster_power,
    departed_power,
    facility_power,
    host_power,
    pooled_power,
    power_at_work,
    site_power,
    unit_power,
)
from dojo_calc.errors import UnknownNameError
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model, Step, step
from dojo_calc.quantities import PositiveRatio, spec
from dojo_calc.units import month, year

__all__ = ["chip_hour", "collateral", "megawatts"]


@door
def chip_hour(chip: str = "h100-sxm", book: Catalogue | None = None) -> Model:
    """What an hour of a chip costs, part by part, and an exaflop-hour delivered: owned, leased or rented.

    Owned: the market takes value off server and network; interest, property tax, hall, its operation with the
    people it takes, upkeep and energy are paid. Leased: a company of debt and equity buys server and network, and
    the hall stays one's own. Rented: an hourly price for all of it. All money is taken to be of one price year,
    whatever the date of a fact.

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
    known = catalogue() if book is None else book
    unit = known.machine(chip)
    server = next((one for one in known.assemblies(unit.id) if known.facts.has(one.id, "power")), None)
    if server is None:
        raise UnknownNameError(f"no server that holds {unit.id} has a power")
    upkeep = {
        "hall": "hall_cost",
        "operation": "operation",
        "maintenance": "maintenance",
        "energy": "energy",
        "tax": "tax",
    }
    work = {"rate": "delivered_rate_per_chip"}
    steps: dict[str, Callable[..., Any] | Step] = {
        "decay": step(decay_of_decline, decline="price_decline", period=year),
        "depreciation": step(rate_of_loss, price="price"),
        "network": step(cost_of_share, rest="depreciation", share="network_share"),
        "system": step(capital_with_share, rest="price", share="network_share"),
        "interest_paid": step(carrying_rate, capital="system", share="interest", period=year),
        "tax": step(carrying_rate, capital="system", share="property_tax", period=year),
        "chip_power": step(unit_power, total="server_power", units="per_server"),
        "hall": step(hall_capital, power="chip_power", price="hall_price"),
        "hall_payment": step(annuity_payment, principal="hall", rate="interest", periods="hall_years"),
        "hall_cost": step(spread_over, total="hall_payment", duration=year),
        "fees": step(hall_fees, power="chip_power", fee="hall_fee", periods=1.0),
        "operation": step(spread_over, total="fees", duration=month),
        "maintenance": step(carrying_rate, capital="price", share="maintenance_share", period="life"),
        "at_work": step(power_at_work, rated="chip_power", share="average_power_share"),
        "at_meter": step(facility_power, it_power="at_work"),
        "energy": step(energy_rate, power="at_meter", price="energy_price"),
        "own": step(
            total_rate, first="depreciation", others=("network", "interest_paid", *upkeep.values())
        ),
        "effective_rate_per_chip": step(effective_rate, rate="peak"),
        "delivered_rate_per_chip": step(effective_rate, rate="effective_rate_per_chip", mfu="goodput"),
        "own_work": step(delivered_price, cost="own", **work),
        "lease_debt": step(borrowing_power, collateral="system", loan_to_value="debt_share"),
        "lease_equity": step(discounted_stake, value="system", haircut="debt_share"),
        "lease_yearly": step(
            lease_payment, debt="lease_debt", equity="lease_equity", rate="lease_interest",
            wanted="wanted_return", periods="lease_years", residual="residual",
        ),
        "lease_paid": step(spread_over, total="lease_yearly", duration=year),
        "lease": step(total_rate, first="lease_paid", others=tuple(upkeep.values())),
        "lease_work": step(delivered_price, cost="lease", **work),
        "rent": step(total_rate, first="hourly_rent", others=()),
        "rent_work": step(delivered_price, cost="rent", **work),
    }  # fmt: skip
    value = known.facts.value
    debt, equity = (value("xai-lease-2025", name) for name in ("debt", "equity"))
    inputs: dict[str, Any] = {
        "price": f"{unit.id}.price_in_node",
        "price_decline": f"{unit.id}.price_decline",
        "network_share": "epoch-chip-hour.network_share",
        "interest": "asic-cloud-model.interest",
        "property_tax": "hyperscale.property_tax",
        "server_power": f"{server.id}.power",
        "per_server": server.count(unit.id),
        "hall_price": "asic-cloud-model.hall_price",
        "hall_years": value("epoch-1gw-model", "building_life") / year,
        "hall_fee": "asic-cloud-model.hall_fee",
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
    }
    return Model(
        steps,
        inputs=inputs,
        book=known,
        name=f"chip_hour({unit.id})",
    )


@door
def megawatts(chip: str = "h100-sxm", book: Catalogue | None = None) -> Model:
    """Power of a site from its chips: with hosts apart, by Epoch's relation, and what a connection leaves dark.

    `site` is what an owner would report: its interval holds the error of the fit itself, which `modelled` leaves out.

    Parameters
    ----------
    chip : str
        A chip whose power is known.
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: chips, chip_power, year, pue, connection, model_error, and the parameters of the cluster model.

    Raises
    ------
    UnknownNameError
        If there is no such chip, or its power is unknown.
    """
    known = catalogue() if book is None else book
    unit = known.machine(chip)
    site = "colossus-1-2024-09"
    since = known.facts.get("cluster-model", "host_power", "servers").date
    steps: dict[str, Callable[..., Any] | Step] = {
        "host": step(host_power, first="host_power_2012", decline="host_decline"),
        "computers": step(pooled_power, units="chips", unit="chip_power"),
        "modelled": cluster_power,
        "site": step(departed_power, departure="model_error"),
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
            "model_error": _error(known),
        },
        book=known,
        name=f"megawatts({unit.id})",
    )


def _error(known: Catalogue) -> Input:
    """How far reported power lies from the fit, either way: a factor that holds 80 %, as one that holds 90 %."""
    one, ratio = known.facts.get("cluster-model", "power_error"), spec(PositiveRatio)
    assert ratio is not None
    wider = one.value ** (NormalDist().inv_cdf(0.95) / NormalDist().inv_cdf(0.9))
    return Input("", ratio, 1.0, 1.0 / wider, wider, f"{one.name}, {one.source}; there of 80 %, here of 90 %")


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
