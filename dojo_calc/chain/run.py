"""What training one model takes of a fleet: time, energy, water, carbon and money.

Three durations are told apart. `run_time` is that of the steps alone; `elapsed` adds what failures are expected to
cost; `billed` is how published runs turned out, longer by a factor with a wide interval. Whoever holds the machines
pays for the last, so that money and energy follow it. The power that a run draws follows the utilisation over those
hours, from that at rest to that of demanding runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.chain.conditions import beyond_life
from dojo_calc.economics.carbon import operational_carbon, water_used
from dojo_calc.economics.cost import energy_cost, total_cost
from dojo_calc.economics.power import energy, pooled_power, power_load, running_power
from dojo_calc.economics.procurement import rental_cost
from dojo_calc.model.conditions import Condition, condition
from dojo_calc.model.wiring import Step, step
from dojo_calc.performance import goodput, training
from dojo_calc.performance.memory import sharded_bytes
from dojo_calc.performance.roofline import compute_time, transfer_time
from dojo_calc.performance.scaling import training_compute

__all__ = ["FAILURES", "LIMITS", "RUN"]

# How often a machine fails, and what part of its time goes into steps that count.
FAILURES: dict[str, Callable[..., Any] | Step] = {
    "mtbf": step(goodput.mean_time_between_failures, units="chips", failure_rate="interruption_rate"),
    # the copy in 16 bits is made again from the 32-bit one
    "checkpoint_size": step(sharded_bytes, each="optimizer_bytes", sharded=0.0, data=1.0),
    "checkpoint_time": step(transfer_time, traffic="checkpoint_size", bandwidth="storage"),
    "checkpoint_interval": step(goodput.daly_interval, checkpoint="checkpoint_time"),
    "goodput": step(goodput.goodput, interval="checkpoint_interval", checkpoint="checkpoint_time"),
}

_MONEY = ("own_before_energy", "lease_before_energy", "hardware_write_off")

RUN: dict[str, Callable[..., Any] | Step] = {
    "run_work": step(training_compute, work="work_per_parameter"),
    "run_time": step(compute_time, work="run_work", rate="effective_rate"),
    "elapsed": step(compute_time, work="run_work", rate="delivered_rate"),
    "billed": step(goodput.billed_time, expected="elapsed"),
    "failures": step(
        goodput.expected_failures, units="chips", failure_rate="interruption_rate", duration="billed"
    ),
    "undisturbed_chip_time": step(training.repeated_time, times="chips", each="run_time"),
    "chip_time": step(training.repeated_time, times="chips", each="billed"),
    # over all the hours that are billed, in which a chip computes less than in a step
    "run_load": step(
        power_load, utilisation="mfu", work="run_time", duration="billed", full_load="full_load_mfu"
    ),
    **{
        f"{one}_power_in_run": step(
            running_power, peak=f"{one}_power_at_work", idle="idle_power_share", utilisation="run_load"
        )
        for one in ("server", "it", "site")
    },
    **{
        f"fleet_{one}_power_in_run": step(pooled_power, units="chips", unit=f"{one}_power_in_run")
        for one in ("server", "it", "site")
    },
    "run_it_energy": step(energy, power="fleet_it_power_in_run", duration="billed"),
    "run_energy": step(energy, power="fleet_site_power_in_run", duration="billed"),
    "run_electricity": step(energy_cost, energy="run_energy", price="energy_price"),
    "run_carbon": step(operational_carbon, energy="run_energy", intensity="carbon_intensity"),
    "run_water": step(water_used, it_energy="run_it_energy", effectiveness="water_per_energy"),
    **{f"run_{one}": step(rental_cost, units="chips", rent=one, duration="billed") for one in _MONEY},
    "run_own": step(total_cost, first="run_own_before_energy", others=("run_electricity",)),
    "run_own_hardware_and_energy": step(
        total_cost, first="run_hardware_write_off", others=("run_electricity",)
    ),
    "run_lease": step(total_cost, first="run_lease_before_energy", others=("run_electricity",)),
    "run_rent": step(rental_cost, units="chips", rent="rent", duration="billed"),
}

LIMITS: tuple[Condition, ...] = (
    condition(
        "limit", "a run ends before its machines have lived their life", beyond_life, duration="billed"
    ),
)
