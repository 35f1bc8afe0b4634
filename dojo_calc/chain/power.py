"""Power of one chip's share at each boundary: the chip, its server, all computers, the site.

*Rated* is what the parts may draw, *at work* the mean while a demanding run goes on, and *reported* what owners say
of a site, which lies between the two: the last is of a fit to such reports and never enters energy or money.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.economics.power import (
    cluster_power,
    departed_power,
    facility_power,
    host_power,
    power_at_work,
    power_with_share,
)
from dojo_calc.model.wiring import Step, step

__all__ = ["POWER"]

POWER: dict[str, Callable[..., Any] | Step] = {
    "it_power_rated": step(power_with_share, rest="server_power_rated", share="overhead_share"),
    "site_power_rated": step(facility_power, it_power="it_power_rated"),
    "server_power_at_work": step(power_at_work, rated="server_power_rated", share="average_power_share"),
    "it_power_at_work": step(power_at_work, rated="it_power_rated", share="average_power_share"),
    "site_power_at_work": step(facility_power, it_power="it_power_at_work"),
    "host_power": step(host_power, first="host_power_2012", decline="host_decline", year="built"),
    "site_power_modelled": step(cluster_power, chips=1.0, chip_power="chip_power_rated", host="host_power"),
    "site_power_reported": step(departed_power, modelled="site_power_modelled", departure="report_error"),
}
