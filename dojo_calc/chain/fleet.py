"""What a number of chips adds up to: power at each boundary, prices and costs by part, rates. All times `chips`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.chain.cost import BEYOND, OWN_PARTS
from dojo_calc.economics.capacity import effective_rate, groups, h100_equivalents, pooled_rate
from dojo_calc.economics.cost import purchase_cost
from dojo_calc.economics.ownership import fleet_cost
from dojo_calc.economics.power import pooled_power
from dojo_calc.model.wiring import Step, step

__all__ = ["FLEET"]

_POWERS = (
    "chip_power_rated", "server_power_rated", "it_power_rated", "site_power_rated", "server_power_at_work",
    "it_power_at_work", "site_power_at_work", "site_power_reported",
)  # fmt: skip
_PRICES = ("chip_price", "server_price", "network_price", "cluster_price", "hall_price")
_COSTS = (*OWN_PARTS, "own", "own_hardware_and_energy", "lease", "rent", *BEYOND)

FLEET: dict[str, Callable[..., Any] | Step] = {
    "servers": step(groups, units="chips", group="per_server"),
    "peak_rate": step(pooled_rate, units="chips", unit="chip_peak"),
    "effective_rate": step(effective_rate, rate="peak_rate"),
    "delivered_rate": step(effective_rate, rate="effective_rate", mfu="goodput"),
    "h100_equivalents": step(h100_equivalents, rate="peak_rate", h100="h100_peak"),
    **{f"fleet_{one}": step(pooled_power, units="chips", unit=one) for one in _POWERS},
    **{f"fleet_{one}": step(purchase_cost, units="chips", price=one) for one in _PRICES},
    "fleet_capital": step(purchase_cost, units="chips", price="capital_per_chip"),
    **{f"fleet_{one}": step(fleet_cost, units="chips", cost=one) for one in _COSTS},
}
