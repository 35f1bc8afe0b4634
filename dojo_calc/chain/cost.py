"""What one chip's share of a machine costs over time, part by part: owned, leased, rented; and the work it delivers.

Owned and leased stand on one basis: a payment that recovers the price of server and network over a life, less what
they bring at its end. An owner's money earns interest, and what the payment holds beyond the loss of value is that
interest; a lease has its own mix of debt and equity, and its own end. Hall, its operation, upkeep, tax and energy are
the same in both, and a rent covers all of it. Amounts are nominal, as the rates of interest are.

Two boundaries lie further out. Fully loaded, an owned hour has the people who run the computers, and the servers that
stand by while others are repaired. After tax, all costs are deducted from profits: in the year in which they arise,
but for server and network, which are written off over years. Where they may be written off at once, tax lowers
owning, leasing and renting by one share, and their order stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.economics.capacity import effective_rate
from dojo_calc.economics.depreciation import straight_line_loss
from dojo_calc.economics.discounting import annuity_payment, periods_in
from dojo_calc.economics.finance import (
    after_tax,
    borrowing_power,
    deferral_cost,
    depreciation_tax_shield,
    discounted_stake,
    interest_part,
    lease_payment,
)
from dojo_calc.economics.ownership import (
    carrying_rate,
    delivered_price,
    energy_rate,
    fleet_cost,
    hall_fees,
    spread_over,
    staff_rate,
    total_rate,
)
from dojo_calc.model.wiring import Step, step
from dojo_calc.performance.goodput import expected_failures
from dojo_calc.units import month, year

__all__ = ["BEYOND", "COST", "OWN_PARTS", "WORK"]

# What stands in the cost of an hour whoever owns server and network, but energy.
_UPKEEP = ("tax_cost", "hall_cost", "operation_cost", "maintenance_cost")
OWN_PARTS = ("server_write_off", "network_write_off", "interest_cost", *_UPKEEP, "energy_cost")
# What lies beyond owned, leased and rented as they are usually told.
BEYOND = (
    "staff_cost", "spares_cost", "own_fully_loaded", "own_after_tax", "lease_after_tax", "rent_after_tax",
)  # fmt: skip

COST: dict[str, Callable[..., Any] | Step] = {
    # server and network over their life
    "server_write_off": step(straight_line_loss, price="server_price", residual="resale_share"),
    "network_write_off": step(straight_line_loss, price="network_price", residual="resale_share"),
    "life_years": step(periods_in, duration="life", period=year),
    "own_yearly": step(
        lease_payment, debt=0.0, equity="cluster_price", rate=0.0, wanted="interest", periods="life_years",
        residual="resale_share",
    ),
    "own_payment": step(spread_over, total="own_yearly", duration=year),
    "hardware_write_off": step(total_rate, first="server_write_off", others=("network_write_off",)),
    "interest_cost": step(interest_part, payment="own_payment", loss="hardware_write_off"),
    # what is the same for an owner and a lessee
    "tax_cost": step(carrying_rate, capital="cluster_price", share="property_tax", period=year),
    "hall_years": step(periods_in, duration="hall_life", period=year),
    "hall_yearly": step(annuity_payment, principal="hall_price", rate="interest", periods="hall_years"),
    "hall_cost": step(spread_over, total="hall_yearly", duration=year),
    "operation_monthly": step(hall_fees, power="it_power_rated", fee="hall_fee_per_watt", periods=1.0),
    "operation_cost": step(spread_over, total="operation_monthly", duration=month),
    "maintenance_cost": step(carrying_rate, capital="server_price", share="maintenance_share", period="life"),
    "energy_cost": step(energy_rate, power="site_power_at_work", price="energy_price"),
    # owned
    "own_before_energy": step(
        total_rate, first="hardware_write_off", others=("interest_cost", *_UPKEEP)
    ),
    "own": step(total_rate, first="own_before_energy", others=("energy_cost",)),
    "own_hardware_and_energy": step(total_rate, first="hardware_write_off", others=("energy_cost",)),
    # leased
    "lease_debt": step(borrowing_power, collateral="cluster_price", loan_to_value="debt_share"),
    "lease_equity": step(discounted_stake, value="cluster_price", haircut="debt_share"),
    "lease_years": step(periods_in, duration="lease_term", period=year),
    "lease_yearly": step(
        lease_payment, debt="lease_debt", equity="lease_equity", rate="lease_interest", wanted="wanted_return",
        periods="lease_years", residual="lease_residual",
    ),
    "lease_payment": step(spread_over, total="lease_yearly", duration=year),
    "lease_before_energy": step(total_rate, first="lease_payment", others=_UPKEEP),
    "lease": step(total_rate, first="lease_before_energy", others=("energy_cost",)),
    # rented
    "rent": step(total_rate, first="hourly_rent", others=()),
    # fully loaded
    "staff_cost": step(
        staff_rate, people="staff_per_chip", wage="staff_wage", burden="labour_burden", period=year
    ),
    "spare_share": step(
        expected_failures, units="per_server", failure_rate="interruption_rate", duration="repair_time"
    ),
    "spares_cost": step(fleet_cost, units="spare_share", cost="own_before_energy"),
    "own_fully_loaded": step(total_rate, first="own", others=("staff_cost", "spares_cost")),
    # after tax
    "tax_years": step(periods_in, duration="tax_life", period=year),
    "tax_shield": step(
        depreciation_tax_shield, capital="cluster_price", tax="income_tax", rate="interest", periods="tax_years"
    ),
    "tax_deferral": step(deferral_cost, capital="cluster_price", tax="income_tax", shield="tax_shield"),
    "tax_deferral_yearly": step(
        annuity_payment, principal="tax_deferral", rate="interest", periods="life_years"
    ),
    "tax_deferral_cost": step(spread_over, total="tax_deferral_yearly", duration=year),
    "own_taxed": step(after_tax, cost="own", tax="income_tax"),
    "own_after_tax": step(total_rate, first="own_taxed", others=("tax_deferral_cost",)),
    "lease_after_tax": step(after_tax, cost="lease", tax="income_tax"),
    "rent_after_tax": step(after_tax, cost="rent", tax="income_tax"),
}  # fmt: skip

# From the peak to what reaches the model, and its price.
WORK: dict[str, Callable[..., Any] | Step] = {
    "effective_rate_per_chip": step(effective_rate, rate="chip_peak"),
    "delivered_rate_per_chip": step(effective_rate, rate="effective_rate_per_chip", mfu="goodput"),
    **{
        f"{cost}_per_work": step(delivered_price, cost=cost, rate="delivered_rate_per_chip")
        for cost in ("own", "lease", "rent", "own_hardware_and_energy")
    },
}
