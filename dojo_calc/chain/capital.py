"""What one chip's share of a machine costs to buy: the chip, its server, the cluster with its network, the hall."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.economics.cost import price_of_rest, total_cost
from dojo_calc.economics.depreciation import resale_share
from dojo_calc.economics.ownership import capital_with_share, hall_capital
from dojo_calc.model.wiring import Step, step
from dojo_calc.units import year

__all__ = ["CAPITAL"]

CAPITAL: dict[str, Callable[..., Any] | Step] = {
    "cluster_price": step(capital_with_share, rest="server_price", share="network_share"),
    "network_price": step(price_of_rest, total="cluster_price", part="server_price"),
    "hall_price": step(hall_capital, power="it_power_rated", price="hall_price_per_watt"),
    "capital_per_chip": step(total_cost, first="cluster_price", others=("hall_price",)),
    "resale_share": step(resale_share, decline="price_decline", period=year),
}
