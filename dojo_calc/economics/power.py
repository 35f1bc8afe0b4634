"""Electrical power from the chip to the site.

References
----------
.. [1] The Green Grid, "PUE: A comprehensive examination of the metric", white paper 49, 2012.
.. [2] Epoch AI, "GPU Clusters" documentation: site power as chips x TDP x 1.82 x PUE.
"""

from __future__ import annotations

from dojo_calc.quantities import Count, Duration, Energy, FlopRate, Power, PowerUsage, RatePerPower, Ratio

__all__ = ["energy", "facility_power", "pooled_power", "rate_per_power", "site_power", "units_powered"]


def pooled_power(units: Count, unit: Power) -> Power:
    """Power of identical units.

    Parameters
    ----------
    units : Count
        [1].
    unit : Power
        Of one [W].

    Returns
    -------
    Power
        [W]; broadcast shape.
    """
    return units * unit


def facility_power(it_power: Power, pue: PowerUsage) -> Power:
    """Power of a hall: that of its computers times power usage effectiveness [1]_.

    Parameters
    ----------
    it_power : Power
        What the computers draw [W].
    pue : PowerUsage
        At least 1 [1].

    Returns
    -------
    Power
        [W]; broadcast shape.
    """
    return it_power * pue


def site_power(chips: Count, chip_power: Power, server_overhead: Ratio, pue: PowerUsage) -> Power:
    """Power of a site from its chips alone, the relation that Epoch's table uses [2]_.

    Parameters
    ----------
    chips : Count
        [1].
    chip_power : Power
        Thermal design power of one [W].
    server_overhead : Ratio
        Power of a server over that of its chips; 1.82 in [2]_ [1].
    pue : PowerUsage
        [1].

    Returns
    -------
    Power
        [W]; broadcast shape.
    """
    return facility_power(pooled_power(chips, chip_power) * server_overhead, pue)


def units_powered(site: Power, unit: Power) -> Count:
    """Units that a site's power carries.

    Parameters
    ----------
    site : Power
        [W].
    unit : Power
        Of one unit, counted to the same boundary, above zero [W].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return site / unit


def energy(power: Power, duration: Duration) -> Energy:
    """Energy drawn at a steady power.

    Parameters
    ----------
    power : Power
        [W].
    duration : Duration
        [s].

    Returns
    -------
    Energy
        [J]; broadcast shape.
    """
    return power * duration


def rate_per_power(rate: FlopRate, power: Power) -> RatePerPower:
    """Arithmetic rate a watt.

    Parameters
    ----------
    rate : FlopRate
        [FLOP/s].
    power : Power
        Above zero; state the boundary it is counted at [W].

    Returns
    -------
    RatePerPower
        [FLOP/J]; broadcast shape.
    """
    return rate / power
