"""Roofline: what a machine attains when arithmetic and the movement of data overlap, or do not.

All formulas broadcast over arrays of any compatible shapes, so one call covers chips x precisions x
intensities x working sets. `dojo_calc.performance.roofs` lays the arrays out for machines of the catalogue.

References
----------
.. [1] S. Williams, A. Waterman, D. Patterson, "Roofline: An Insightful Visual Performance Model for
   Multicore Architectures", Communications of the ACM 52(4), 2009.
.. [2] A. Ilic, F. Pratas, L. Sousa, "Cache-aware Roofline Model: Upgrading the Loft", IEEE Computer
   Architecture Letters 13(1), 2014.
"""

from __future__ import annotations

from functools import reduce

from dojo_calc.operations import maximum, minimum, where
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Duration,
    Flop,
    FlopRate,
    Fraction,
    Frequency,
    Intensity,
    PositiveBytes,
    PositiveCount,
    PositiveFlop,
    PositiveIntensity,
)

__all__ = [
    "arithmetic_intensity", "attainable_rate", "compute_time", "overlapped_time", "peak_rate", "ridge_point",
    "roof_fraction", "serial_time", "streaming_bandwidth", "transfer_time",
]  # fmt: skip


def peak_rate(units: PositiveCount, flop_per_cycle: PositiveFlop, clock: Frequency) -> FlopRate:
    """Peak arithmetic rate of identical units that start work every cycle.

    Parameters
    ----------
    units : PositiveCount
        Compute units [1].
    flop_per_cycle : PositiveFlop
        Operations one unit completes per cycle [FLOP]; a multiply-add counts two.
    clock : Frequency
        [Hz].

    Returns
    -------
    FlopRate
        ``units * flop_per_cycle * clock`` [FLOP/s]; broadcast shape.
    """
    return units * flop_per_cycle * clock


def arithmetic_intensity(work: Flop, traffic: PositiveBytes) -> Intensity:
    """Operations per byte moved to or from a memory, eq. I = W / Q of [1]_.

    Parameters
    ----------
    work : Flop
        [FLOP].
    traffic : PositiveBytes
        Bytes moved [B].

    Returns
    -------
    Intensity
        [FLOP/B]; broadcast shape.
    """
    return work / traffic


def attainable_rate(peak: FlopRate, intensity: PositiveIntensity, bandwidth: ByteRate) -> FlopRate:
    """Roof over a kernel: the lesser of the peak and what the memory can feed, eq. 1 of [1]_.

    Parameters
    ----------
    peak : FlopRate
        [FLOP/s].
    intensity : PositiveIntensity
        [FLOP/B].
    bandwidth : ByteRate
        Of the memory or link that the kernel streams from [B/s].

    Returns
    -------
    FlopRate
        ``minimum(peak, intensity * bandwidth)`` [FLOP/s]; broadcast shape.
    """
    return minimum(peak, intensity * bandwidth)


def ridge_point(peak: FlopRate, bandwidth: ByteRate) -> Intensity:
    """Intensity at which the slanted roof meets the flat one [1]_; below it, bandwidth is the limit.

    Parameters
    ----------
    peak : FlopRate
        [FLOP/s].
    bandwidth : ByteRate
        [B/s].

    Returns
    -------
    Intensity
        [FLOP/B]; broadcast shape.
    """
    return peak / bandwidth


def roof_fraction(peak: FlopRate, intensity: Intensity, bandwidth: ByteRate) -> Fraction:
    """Share of the peak that the roof leaves to a kernel.

    Parameters
    ----------
    peak : FlopRate
        [FLOP/s].
    intensity : Intensity
        [FLOP/B].
    bandwidth : ByteRate
        [B/s].

    Returns
    -------
    Fraction
        Between 0 and 1 [1]; broadcast shape.
    """
    return attainable_rate(peak, intensity, bandwidth) / peak


def streaming_bandwidth(working_set: Bytes, capacity: Bytes, near: ByteRate, far: ByteRate) -> ByteRate:
    """Bandwidth a kernel streams at: that of the near memory while its working set fits, else the far one's.

    Nest it for a deeper hierarchy: the far bandwidth may itself be a `streaming_bandwidth`. This is the
    choice among the slanted roofs of [2]_ by size.

    Parameters
    ----------
    working_set : Bytes
        Bytes a kernel touches again and again [B].
    capacity : Bytes
        Of the near memory [B].
    near, far : ByteRate
        [B/s].

    Returns
    -------
    ByteRate
        [B/s]; broadcast shape.
    """
    return where(working_set <= capacity, near, far)


def compute_time(work: Flop, rate: FlopRate) -> Duration:
    """Time to do arithmetic at a rate.

    Parameters
    ----------
    work : Flop
        [FLOP].
    rate : FlopRate
        [FLOP/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return work / rate


def transfer_time(traffic: Bytes, bandwidth: ByteRate, latency: Duration = 0.0) -> Duration:
    """Time to move data over one memory or link.

    Parameters
    ----------
    traffic : Bytes
        [B].
    bandwidth : ByteRate
        In the direction of the traffic [B/s].
    latency : Duration
        Until the first byte arrives [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return latency + traffic / bandwidth


def overlapped_time(first: Duration, *others: Duration) -> Duration:
    """Lower bound of a kernel's time: all its activities run at once, the longest sets the time [1]_.

    Parameters
    ----------
    first, *others : Duration
        Times of arithmetic and of every memory and link [s].

    Returns
    -------
    Duration
        Their maximum [s]; broadcast shape.
    """
    return reduce(maximum, others, first)


def serial_time(first: Duration, *others: Duration) -> Duration:
    """Upper bound of a kernel's time: nothing overlaps.

    Parameters
    ----------
    first, *others : Duration
        Times of arithmetic and of every memory and link [s].

    Returns
    -------
    Duration
        Their sum [s]; broadcast shape.
    """
    return sum(others, start=first)
