"""Between a machine and its grid: the connection's limit, and batteries that hold a training job's swings [1]_.

References
----------
.. [1] Llama team, "The Llama 3 Herd of Models", arXiv:2407.21783, 2024, section 3.3.4: swings of tens of
       megawatts when all chips of a job wait at once.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, minimum, round_up
from dojo_calc.quantities import (
    Count,
    Duration,
    Energy,
    Fraction,
    PositiveEnergy,
    PositivePower,
    Power,
    PowerRamp,
)

__all__ = [
    "batteries_needed", "power_drawn", "power_left_dark", "ramp_energy", "swing_energy",
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
