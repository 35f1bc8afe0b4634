"""Between a machine and its grid: the queue for a connection, its limit and charges, plants on the site meanwhile.

And batteries that hold a training job's swings [1]_.

References
----------
.. [1] Llama team, "The Llama 3 Herd of Models", arXiv:2407.21783, 2024, section 3.3.4: swings of tens of
       megawatts when all chips of a job wait at once.
.. [2] Public Utilities Commission of Ohio, case 24-508-EL-ATA, 2025: a tariff for data centres that bills at least
       a share of what was contracted.
.. [3] Short, Packey, Holt, "A Manual for the Economic Evaluation of Energy Efficiency and Renewable Energy
       Technologies", NREL/TP-462-5173, 1995: fixed-charge levelised cost.
.. [4] Rand et al., "Queued Up", Lawrence Berkeley National Laboratory, yearly: waits and withdrawals.
"""

from __future__ import annotations

from dojo_calc.economics.discounting import levelised_cost
from dojo_calc.operations import maximum, minimum, round_up
from dojo_calc.quantities import (
    Count,
    Duration,
    Energy,
    EnergyPrice,
    Fraction,
    Money,
    MoneyPerPower,
    Periods,
    PositiveDuration,
    PositiveEnergy,
    PositiveFraction,
    PositivePower,
    Power,
    PowerRamp,
    Ratio,
)

__all__ = [
    "batteries_needed", "billed_load", "bridged_price", "demand_charge", "plant_energy_price", "plants_needed",
    "power_drawn", "power_left_dark", "price_with_demand_charge", "queue_time", "ramp_energy", "swing_energy",
    "swing_power",
]  # fmt: skip


def power_drawn(wanted: Power, connection: Power) -> Power:
    """Power that a machine gets from a connection of limited size.

    Parameters
    ----------
    wanted : Power
        By all that is installed [W].
    connection : Power
        Limit of grid and plants on the site together [W].

    Returns
    -------
    Power
        The lesser of the two [W]; broadcast shape.
    """
    return minimum(wanted, connection)


def power_left_dark(wanted: Power, connection: Power) -> Power:
    """Power of what is installed and cannot be switched on.

    Parameters
    ----------
    wanted : Power
        By all that is installed [W].
    connection : Power
        Limit of grid and plants on the site together [W].

    Returns
    -------
    Power
        [W]; broadcast shape.
    """
    return maximum(wanted - connection, 0.0 * wanted)


def demand_charge(
    peak: Power, contracted: Power, least: Fraction, charge: MoneyPerPower, periods: Periods
) -> Money:
    """Bill for power, whatever energy is drawn: for the peak, and for no less than a share of the contract [2]_.

    Parameters
    ----------
    peak : Power
        Highest of each period [W].
    contracted : Power
        That was asked for [W].
    least : Fraction
        Share of what was contracted that is billed at least, 0.85 in [2]_ [1].
    charge : MoneyPerPower
        Of a watt in one period, such as a month [USD/W].
    periods : Periods
        [1].

    Returns
    -------
    Money
        ``max(peak, least * contracted) * charge * periods`` [USD]; broadcast shape.
    """
    return maximum(peak, contracted * least) * charge * periods


def billed_load(mean: PositivePower, contracted: PositivePower, least: Fraction) -> Fraction:
    """Mean power over the power that is billed where a load is steady: its own, or a share of the contract [2]_.

    Parameters
    ----------
    mean : PositivePower
        Which is also the highest of the period [W].
    contracted : PositivePower
        That was asked for [W].
    least : Fraction
        Share of what was contracted that is billed at least [1].

    Returns
    -------
    Fraction
        ``mean / max(mean, least * contracted)`` [1]; broadcast shape.
    """
    return mean / maximum(mean, contracted * least)


def price_with_demand_charge(
    price: EnergyPrice, charge: MoneyPerPower, load_factor: PositiveFraction, period: PositiveDuration
) -> EnergyPrice:
    """Price of energy with the charge for power spread over it.

    Parameters
    ----------
    price : EnergyPrice
        Of energy alone [USD/J].
    charge : MoneyPerPower
        Of a watt billed in one period [USD/W].
    load_factor : PositiveFraction
        Mean power over the power billed [1].
    period : PositiveDuration
        Of the bill, such as a month [s].

    Returns
    -------
    EnergyPrice
        ``price + charge / (load_factor * period)`` [USD/J]; broadcast shape.
    """
    return price + charge / (load_factor * period)


def plant_energy_price(
    share: Ratio,
    capital: MoneyPerPower,
    fixed: MoneyPerPower,
    fuel: EnergyPrice,
    efficiency: PositiveFraction,
    upkeep: EnergyPrice,
    load_factor: PositiveFraction,
    period: PositiveDuration,
) -> EnergyPrice:
    """Levelised cost of energy from a plant on the site that burns fuel, such as gas turbines [3]_.

    Parameters
    ----------
    share : Ratio
        Of the capital charged a period, such as a capital recovery factor [1].
    capital : MoneyPerPower
        Of a watt of the plant [USD/W].
    fixed : MoneyPerPower
        Operation of a watt of it for a period, whatever it gives [USD/W].
    fuel : EnergyPrice
        Of the fuel's heat, by the same heating value as the efficiency [USD/J].
    efficiency : PositiveFraction
        Electricity over heat [1].
    upkeep : EnergyPrice
        Operation by the energy given [USD/J].
    load_factor : PositiveFraction
        Mean power over the plant's [1].
    period : PositiveDuration
        A year as a rule [s].

    Returns
    -------
    EnergyPrice
        ``(share * capital + fixed) / (load_factor * period) + fuel / efficiency + upkeep`` [USD/J]; broadcast shape.
    """
    return levelised_cost(share, capital, fixed, fuel / efficiency + upkeep, load_factor * period)


def plants_needed(power: Power, unit: PositivePower, spare: Count) -> Count:
    """Whole plants that carry a power with some of them out of service.

    Parameters
    ----------
    power : Power
        Wanted [W].
    unit : PositivePower
        Of one plant where it stands [W].
    spare : Count
        That may be out of service at a time [1].

    Returns
    -------
    Count
        ``ceil(power / unit) + spare`` [1]; broadcast shape.
    """
    return round_up(power / unit) + spare


def queue_time(study: Duration, ahead: Power, withdrawn: Fraction, connected: PowerRamp) -> Duration:
    """Time until a connection that waits behind others, who are connected at a steady pace [4]_.

    Parameters
    ----------
    study : Duration
        What the applicant's own studies and works take [s].
    ahead : Power
        Asked for by those before [W].
    withdrawn : Fraction
        Share of it that gives up [1].
    connected : PowerRamp
        Power that is connected a time [W/s].

    Returns
    -------
    Duration
        ``study + ahead * (1 - withdrawn) / connected`` [s]; broadcast shape.
    """
    return study + ahead * (1.0 - withdrawn) / connected


def bridged_price(
    meanwhile: EnergyPrice, grid: EnergyPrice, wait: Duration, life: PositiveDuration
) -> EnergyPrice:
    """Mean price of energy over a machine's life where plants on the site carry it until the grid does.

    Parameters
    ----------
    meanwhile : EnergyPrice
        Of the plants [USD/J].
    grid : EnergyPrice
        [USD/J].
    wait : Duration
        Until the grid carries the machine [s].
    life : PositiveDuration
        [s].

    Returns
    -------
    EnergyPrice
        With the share ``min(wait / life, 1)`` of the plants [USD/J]; broadcast shape.
    """
    share = minimum(wait / life, 1.0)
    return meanwhile * share + grid * (1.0 - share)


def swing_power(high: Power, low: Power, high_share: Fraction) -> Power:
    """Power of a battery that hides a load's swing between two levels from the grid.

    The grid then delivers the mean; the battery gives what the high level asks beyond it and takes what the
    low level leaves, whichever is more.

    Parameters
    ----------
    high, low : Power
        The levels [W].
    high_share : Fraction
        Share of the time at the high one [1].

    Returns
    -------
    Power
        ``(high - low) * max(high_share, 1 - high_share)`` [W]; broadcast shape.
    """
    return maximum(high - low, 0.0 * high) * maximum(high_share, 1.0 - high_share)


def swing_energy(high: Power, low: Power, high_share: Fraction, period: Duration) -> Energy:
    """Energy that this battery gives and takes in each period.

    Parameters
    ----------
    high, low : Power
        The levels [W].
    high_share : Fraction
        Share of the time at the high one [1].
    period : Duration
        Of the swing [s].

    Returns
    -------
    Energy
        ``(high - low) * high_share * (1 - high_share) * period`` [J]; broadcast shape.
    """
    return maximum(high - low, 0.0 * high) * high_share * (1.0 - high_share) * period


def ramp_energy(step: Power, ramp: PowerRamp) -> Energy:
    """Energy of a battery that turns a step of the load into a ramp that the grid can follow.

    Parameters
    ----------
    step : Power
        By which the load jumps; also the power of the battery [W].
    ramp : PowerRamp
        That the grid allows [W/s].

    Returns
    -------
    Energy
        The triangle ``step**2 / (2 * ramp)`` [J]; broadcast shape.
    """
    return step * step / (2.0 * ramp)


def batteries_needed(
    power: Power, energy: Energy, unit_power: PositivePower, unit_energy: PositiveEnergy
) -> Count:
    """Whole battery units that give a power and hold an energy.

    Parameters
    ----------
    power : Power
        [W].
    energy : Energy
        [J].
    unit_power : PositivePower
        Of one unit [W].
    unit_energy : PositiveEnergy
        Of one unit [J].

    Returns
    -------
    Count
        What the scarcer of the two asks for [1]; broadcast shape.
    """
    return round_up(maximum(power / unit_power, energy / unit_energy))
