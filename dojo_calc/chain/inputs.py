"""Where the chain's inputs come from: the facts of a chip and of what holds it, and a set of assumptions.

A chip gives `chip_peak`, `h100_peak`, `chip_power_rated`, `chip_price`, `hourly_rent`, `mfu`, `price_decline`,
`interruption_rate` and `per_server`; and of its server, per chip, either `server_power_rated` or the factor
`server_power_overhead` over the chip's own power, and either `server_price` or the factor `server_markup` over the
chip's own price. A chip whose own price is not known gives both of server and markup.
"""

from __future__ import annotations

from typing import Any

from dojo_calc.errors import ModelError
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.hardware.machine import Machine
from dojo_calc.model.inputs import Input
from dojo_calc.performance.efficiency import head_peak, matrix_peak
from dojo_calc.quantities import Count, spec

__all__ = ["assumption_set", "chip_inputs", "said"]

PUBLISHED = "llama3-run"  # the largest run whose sizes, failures and storage were published


def said(value: float, source: str, low: float | None = None, high: float | None = None) -> Input:
    """Input that says where it comes from; the model gives it name and type."""
    anything = spec(Count)
    assert anything is not None
    return Input("", anything, value, value if low is None else low, value if high is None else high, source)


def chip_inputs(chip: str, book: Catalogue, on: str | None, precision: str) -> dict[str, Any]:
    """Inputs of the chain that belong to a chip: what was published, or nothing where it was not."""
    if on is not None:
        raise ModelError(f"readings of one date are not told apart yet, got on={on!r}")
    unit = book.machine(chip)
    has = book.facts.has
    peak = matrix_peak(unit, precision)
    # What is published of the H100 alone stands for the others too.
    failing, losing = (
        unit.id if has(unit.id, of) else "h100-sxm" for of in ("interruption_rate", "price_decline")
    )
    found: dict[str, Any] = {
        "chip_peak": f"{unit.id}.{peak}",
        "h100_peak": f"h100-sxm.{matrix_peak(book.machine('h100-sxm'), precision)}",
        "interruption_rate": f"{failing}.interruption_rate",
        "price_decline": f"{losing}.price_decline",
    }
    for name, quantity in (
        ("chip_power_rated", "power"), ("chip_price", "price"), ("hourly_rent", "hourly_rent"),
        ("mfu", "mfu"),
    ):  # fmt: skip
        stated = has(unit.id, quantity) and (name != "mfu" or peak == head_peak(unit))  # stated at 16 bits
        found[name] = f"{unit.id}.{quantity}" if stated else None
    server = next((one for one in book.assemblies(unit.id) if has(one.id, "power")), None)
    found["per_server"] = None if server is None else server.count(unit.id)
    found["server_power_rated"] = None if server is None else _share(book, server, "power", unit)
    if has(unit.id, "price_in_node"):
        found["server_price"] = f"{unit.id}.price_in_node"
    else:
        known = [name for name in ("price", "cost_upper_bound") if server and has(server.id, name)]
        found["server_price"] = _share(book, server, known[0], unit) if server and known else None
    return found


def _share(book: Catalogue, server: Machine, quantity: str, unit: Machine) -> Input:
    """A chip's share in a fact of its server."""
    fact, count = book.facts.get(server.id, quantity), server.count(unit.id)
    return said(
        fact.value / count, f"{fact.name} / {count:g}, {fact.source}", fact.low / count, fact.high / count
    )


def assumption_set(name: str | None, book: Catalogue, on: str | None) -> dict[str, Any]:
    """Inputs or steps of the chain to what a named set assumes of them."""
    if name is not None or on is not None:
        raise ModelError(f"there is one set of assumptions, of no date, got {name!r} and on={on!r}")
    value = book.facts.value
    debt, equity = (value("xai-lease-2025", of) for of in ("debt", "equity"))
    return {
        "average_power_share": "gpu-server.average_power_share",
        "idle_power_share": "gpu-server.idle_power_share",
        "full_load_mfu": "gpu-server.full_load_mfu",
        "overhead_share": "gpu-server.overhead_share",
        "pue": "hyperscale.pue",
        "energy_price": "us.electricity_price[y2025]",  # its other readings are other years
        "carbon_intensity": "us.carbon_intensity",
        "water_per_energy": "air-cooled-hall.wue",
        "network_share": "epoch-chip-hour.network_share",
        "hall_price_per_watt": "asic-cloud-model.hall_price",
        "hall_fee_per_watt": "asic-cloud-model.hall_fee",
        "hall_life": "epoch-1gw-model.building_life",
        "life": "epoch-1gw-model.server_life",
        "interest": "asic-cloud-model.interest",
        "property_tax": "hyperscale.property_tax",
        "maintenance_share": "asic-cloud-model.maintenance_share",
        "debt_share": said(debt / (debt + equity), "xai-lease-2025: debt / (debt + equity), xai-lease-press"),
        "lease_interest": "xai-lease-2025.interest",
        "wanted_return": "xai-lease-2025.wanted_return",
        "lease_term": "xai-lease-2025.lease_period",
        "lease_residual": said(0.0, "a lease that pays the hardware off: nothing is counted on at its end"),
        "storage": f"{PUBLISHED}.storage_bandwidth[sustained]",
        "restart": f"{PUBLISHED}.restart_time",
        "field_factor": "whole-runs.field_factor",
    }
