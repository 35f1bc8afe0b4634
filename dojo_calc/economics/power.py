"""Electrical power from the chip to the site.

References
----------
.. [1] The Green Grid, "PUE: A comprehensive examination of the metric", white paper 49, 2012.
.. [2] Epoch AI, "GPU Clusters" documentation: site power as chips x TDP x 1.82 x PUE.
.. [3] Newkirk et al., "Empirically-Calibrated H100 Node Power Models for Reducing Uncertainty in AI Training Energy
   Estimation", 2025, arXiv:2506.14551.
"""

from __future__ import annotations

from dojo_calc.operations import exp, log1p, maximum, minimum
from dojo_calc.quantities import (
    Count,
    Duration,
    Energy,
    FlopRate,
    Fraction,
    PositiveCount,
    PositiveDuration,
    PositiveFraction,
    PositivePower,
    PositiveRatio,
    Power,
    PowerUsage,
    ProperFraction,
    RatePerPower,
    Ratio,
    Year,
)

__all__ = [
    "cluster_power", "departed_power", "energy", "facility_power", "host_power", "pooled_power",
    "power_at_work", "power_load", "power_with_share", "rate_per_power", "running_power", "site_power", "unit_power",
    "units_powered",
]  # fmt: skip


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


def unit_power(total: Power, units: PositiveCount) -> Power:
    """Share of each of identical units in a power, such as a chip's in that of its server.

    Parameters
    ----------
    total : Power
        [W].
    units : PositiveCount
        Above zero [1].

    Returns
    -------
    Power
        [W]; broadcast shape.
    """
    return total / units


def power_at_work(rated: Power, share: Fraction) -> Power:
    """Mean power at work of what is rated for more.

    Parameters
    ----------
    rated : Power
        [W].
    share : Fraction
        Mean power over the rated one [1].

    Returns
    -------
    Power
        [W]; broadcast shape.
    """
    return rated * share


def power_load(
    utilisation: Ratio, work: Duration, duration: PositiveDuration, full_load: PositiveFraction
) -> Fraction:
    """How far the power of machines that train lies between that at rest and that at full load.

    Power grows with the arithmetic done, until clocks or limits of power hold it: machines at work draw more the more
    they compute, and at best somewhat less than they are rated for [3]_. A straight line up to full load is the
    simplest such relation. What it leaves out: waiting in a loop draws more than rest, and memory traffic draws
    without arithmetic, so that true power falls less steeply; the interval of `full_load` stands for both.

    Parameters
    ----------
    utilisation : Ratio
        Model FLOP utilisation of a step [1].
    work : Duration
        Of all steps [s].
    duration : Duration
        Over which the machines are held, above zero [s].
    full_load : PositiveFraction
        Utilisation from which on they draw all that they do in training [1].

    Returns
    -------
    Fraction
        ``min(1, utilisation * work / (duration * full_load))`` [1]; broadcast shape.
    """
    return minimum(utilisation * work / (duration * full_load), 1.0)


def running_power(peak: Power, idle: Fraction, utilisation: Fraction) -> Power:
    """Mean power of a machine that works part of the time and idles the rest.

    Parameters
    ----------
    peak : Power
        At work [W].
    idle : Fraction
        Power at rest over that at work [1].
    utilisation : Fraction
        Share of the time at work [1].

    Returns
    -------
    Power
        ``peak * (idle + (1 - idle) * utilisation)`` [W]; broadcast shape.
    """
    return peak * (idle + (1.0 - idle) * utilisation)


def power_with_share(rest: Power, share: ProperFraction) -> Power:
    """Power of a whole of which parts such as network and storage make up a known share.

    Parameters
    ----------
    rest : Power
        Of everything else [W].
    share : ProperFraction
        Of those parts in the whole [1].

    Returns
    -------
    Power
        ``rest / (1 - share)`` [W]; broadcast shape.
    """
    return rest / (1.0 - share)


def host_power(first: Power, decline: ProperFraction, year: Year, since: Year) -> Power:
    """Power of processors, memory, disks and shared nodes for one accelerator of a cluster built in a year.

    One accelerator of 2012 had a processor to itself; since then each host carries more of them.

    Parameters
    ----------
    first : Power
        Of one accelerator in the first year [W].
    decline : ProperFraction
        Share by which it falls in a year [1].
    year : Year
        In which the cluster was built; before the first year counts as that [1].
    since : Year
        The first year [1].

    Returns
    -------
    Power
        ``first * (1 - decline)**(year - since)`` [W]; broadcast shape.
    """
    return first * exp(maximum(year - since, 0.0) * log1p(-decline))


def cluster_power(
    chips: Count, chip_power: Power, chip_overhead: Ratio, host: Power, pue: PowerUsage
) -> Power:
    """Power of a site from its chips, with what grows with their power apart from what their hosts draw.

    Parameters
    ----------
    chips : Count
        [1].
    chip_power : Power
        Thermal design power of one [W].
    chip_overhead : Ratio
        Power of a chip with its conversion, fans, switches and network over its own [1].
    host : Power
        Of processors, memory and disks for one chip [W].
    pue : PowerUsage
        [1].

    Returns
    -------
    Power
        ``chips * (chip_power * chip_overhead + host) * pue`` [W]; without hosts the relation of [2]_;
        broadcast shape.
    """
    return facility_power(pooled_power(chips, chip_power * chip_overhead + host), pue)


def departed_power(modelled: Power, departure: PositiveRatio) -> Power:
    """Power that is reported of a site, over or under what a model gives for it.

    Parameters
    ----------
    modelled : Power
        [W].
    departure : PositiveRatio
        Reported over modelled power; 1 at the centre of a fit, and as wide around it as the fit's error [1].

    Returns
    -------
    Power
        ``modelled * departure`` [W]; broadcast shape.
    """
    return modelled * departure


def units_powered(site: Power, unit: PositivePower) -> Count:
    """Units that a site's power carries.

    Parameters
    ----------
    site : Power
        [W].
    unit : PositivePower
        Of one unit, counted to the same boundary [W].

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


def rate_per_power(rate: FlopRate, power: PositivePower) -> RatePerPower:
    """Arithmetic rate a watt.

    Parameters
    ----------
    rate : FlopRate
        [FLOP/s].
    power : PositivePower
        Above zero; state the boundary it is counted at [W].

    Returns
    -------
    RatePerPower
        [FLOP/J]; broadcast shape.
    """
    return rate / power
