"""What a site pays for its electricity where no set of assumptions says one price: a plant of its own, then the grid.

A site that does not wait in the queue for a connection runs on turbines until it has one, and pays the grid
afterwards: for energy, and for the power that it asked for. The price is the mean over the life of its machines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.economics.discounting import capital_recovery_factor, periods_in
from dojo_calc.economics.grid import billed_load, bridged_price, plant_energy_price, price_with_demand_charge
from dojo_calc.model.wiring import Step, step
from dojo_calc.units import month, year

__all__ = ["ELECTRICITY"]

ELECTRICITY: dict[str, Callable[..., Any] | Step] = {
    "billed_load": step(
        billed_load, mean="site_power_at_work", contracted="site_power_rated", least="demand_floor"
    ),
    "grid_energy_price": step(
        price_with_demand_charge, price="energy_charge", charge="demand_charge", load_factor="billed_load",
        period=month,
    ),
    "plant_years": step(periods_in, duration="plant_life", period=year),
    "plant_share": step(capital_recovery_factor, rate="interest", periods="plant_years"),
    "plant_energy_price": step(
        plant_energy_price, share="plant_share", capital="plant_price", fixed="plant_fixed", fuel="gas_price",
        efficiency="plant_efficiency", upkeep="plant_upkeep", load_factor="plant_load", period=year,
    ),
    "energy_price": step(
        bridged_price, meanwhile="plant_energy_price", grid="grid_energy_price", wait="grid_wait"
    ),
}  # fmt: skip
