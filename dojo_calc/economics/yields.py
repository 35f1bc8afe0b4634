"""Yield: what share of the dies work, by the models of the field, and how defects fall as a process ages.

Every model takes the mean number of faults on a die; they differ in how the faults are spread over wafers.

References
----------
.. [1] B. T. Murphy, "Cost-size optima of monolithic integrated circuits", Proceedings of the IEEE 52(12), 1964.
.. [2] R. B. Seeds, "Yield and cost analysis of bipolar LSI", IEEE International Electron Devices Meeting, 1967.
.. [3] C. H. Stapper, F. M. Armstrong, K. Saji, "Integrated circuit yield statistics", Proceedings of the IEEE
   71(4), 1983: the negative binomial model, and critical area.
.. [4] J. A. Cunningham, "The use and evaluation of yield models in integrated circuit manufacturing", IEEE
   Transactions on Semiconductor Manufacturing 3(2), 1990: the models side by side, Moore's among them.
.. [5] T. W. Williams, N. C. Brown, "Defect level as a function of fault coverage", IEEE Transactions on
   Computers C-30(12), 1981.
"""

from __future__ import annotations

from dojo_calc.operations import exp, expm1, log1p, power, sqrt, where
from dojo_calc.quantities import (
    Area,
    Count,
    CountPerArea,
    Duration,
    Fraction,
    PositiveDuration,
    PositiveRatio,
)

__all__ = [
    "faults_on_die", "good_dies", "joint_yield", "learned_defect_density", "moore_yield", "murphy_yield",
    "negative_binomial_yield", "passing_share", "poisson_yield", "repeated_yield", "seeds_yield", "sound_share",
]  # fmt: skip


def faults_on_die(die: Area, defect_density: CountPerArea, critical_share: Fraction) -> Count:
    """Mean number of faults on a die [3]_.

    Parameters
    ----------
    die : Area
        [m^2].
    defect_density : CountPerArea
        Defects an area [1/m^2].
    critical_share : Fraction
        Share of the area on which a defect is a fault; 1 where the density already counts killer defects [1].

    Returns
    -------
    Count
        ``die * defect_density * critical_share`` [1]; broadcast shape.
    """
    return die * defect_density * critical_share


def poisson_yield(faults: Count) -> Fraction:
    """Share of dies without a fault when faults fall independently everywhere.

    Parameters
    ----------
    faults : Count
        Mean on a die [1].

    Returns
    -------
    Fraction
        ``exp(-x)`` [1]; broadcast shape. The least of the models here but Moore's for small dies.
    """
    return exp(-faults)


def murphy_yield(faults: Count) -> Fraction:
    """Share of dies without a fault when the density varies as a triangle from zero to twice its mean [1]_.

    Parameters
    ----------
    faults : Count
        Mean on a die [1].

    Returns
    -------
    Fraction
        ``((1 - exp(-x)) / x)^2`` [1]; broadcast shape, 1 at no faults.
    """
    some = where(faults > 0.0, faults, 1.0)  # any number will do where there are none
    ratio = where(faults > 0.0, -expm1(-some) / some, 1.0)
    return ratio * ratio


def seeds_yield(faults: Count) -> Fraction:
    """Share of dies without a fault when the density is distributed exponentially [2]_.

    Parameters
    ----------
    faults : Count
        Mean on a die [1].

    Returns
    -------
    Fraction
        ``1 / (1 + x)`` [1]; broadcast shape. The negative binomial of clustering 1.
    """
    return 1.0 / (1.0 + faults)


def moore_yield(faults: Count) -> Fraction:
    """Share of dies without a fault by the rule that [4]_ ascribes to Moore, and others to Seeds and Moore.

    Parameters
    ----------
    faults : Count
        Mean on a die [1].

    Returns
    -------
    Fraction
        ``exp(-sqrt(x))`` [1]; broadcast shape. Below Poisson's where faults are fewer than one.
    """
    return exp(-sqrt(faults))


def negative_binomial_yield(faults: Count, clustering: PositiveRatio) -> Fraction:
    """Share of dies without a fault when the mean itself is distributed as a gamma [3]_.

    Parameters
    ----------
    faults : Count
        Mean on a die [1].
    clustering : PositiveRatio
        Above zero: 1 gives Seeds's model, infinity Poisson's; 2 to 3 is common, 10 in Chiplet Actuary [1].

    Returns
    -------
    Fraction
        ``(1 + x / clustering)^-clustering`` [1]; broadcast shape.
    """
    return exp(-clustering * log1p(faults / clustering))


def good_dies(gross: Count, working: Fraction) -> Count:
    """Dies of a wafer that work, in the mean.

    Parameters
    ----------
    gross : Count
        Dies on the wafer [1].
    working : Fraction
        Yield [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return gross * working


def repeated_yield(one: Fraction, count: Count) -> Fraction:
    """Yield of something that needs several like things to work, one independent of the other.

    Parameters
    ----------
    one : Fraction
        Yield of one [1].
    count : Count
        How many must work [1].

    Returns
    -------
    Fraction
        ``one^count`` [1]; broadcast shape.
    """
    return power(one, count)


def joint_yield(one: Fraction, other: Fraction) -> Fraction:
    """Yield of something that two independent steps must leave whole.

    Parameters
    ----------
    one, other : Fraction
        Yields of the steps [1].

    Returns
    -------
    Fraction
        [1]; broadcast shape.
    """
    return one * other


def passing_share(working: Fraction, coverage: Fraction) -> Fraction:
    """Share of dies that pass a test which sees a part of all faults [5]_.

    Parameters
    ----------
    working : Fraction
        Yield before the test [1].
    coverage : Fraction
        Share of the faults that the test sees [1].

    Returns
    -------
    Fraction
        ``working^coverage`` [1]; broadcast shape: all pass a blind test, and a full one passes what works.
    """
    return power(working, coverage)


def sound_share(working: Fraction, coverage: Fraction) -> Fraction:
    """Share of the dies that passed a test which do work [5]_.

    Parameters
    ----------
    working : Fraction
        Yield before the test [1].
    coverage : Fraction
        Share of the faults that the test sees [1].

    Returns
    -------
    Fraction
        ``working^(1 - coverage)`` [1]; broadcast shape. One less it is the share of escapes.
    """
    return power(working, 1.0 - coverage)


def learned_defect_density(
    age: Duration, start: CountPerArea, floor: CountPerArea, learning_time: PositiveDuration
) -> CountPerArea:
    """Defect density of a process that learns at a rate in proportion to what is left to learn.

    Parameters
    ----------
    age : Duration
        Time since the start of volume production [s].
    start : CountPerArea
        Density at that time [1/m^2].
    floor : CountPerArea
        Density that is approached, at most the start [1/m^2].
    learning_time : PositiveDuration
        Time in which the distance to the floor falls to 1/e of itself [s].

    Returns
    -------
    CountPerArea
        ``floor + (start - floor) exp(-age / learning_time)`` [1/m^2]; broadcast shape.
    """
    left = -age / learning_time
    return start * exp(left) - floor * expm1(left)
