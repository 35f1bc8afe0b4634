"""From cameras to accelerators: bytes stored, sent and decoded, and whether they keep up with the arithmetic.

A training sample is some frames of some cameras. It is read from storage over the hosts' network cards as
compressed video, decoded by their cores, and sent on over PCIe as pixels. The slowest of these stages feeds the
accelerators; when they could train more samples a second than it delivers, they starve.

References
----------
.. [1] D. Murray, J. Simsa, A. Klimovic, I. Indyk, "tf.data: A Machine Learning Data Processing Framework",
   VLDB 14(12), 2021: input pipelines as stages, the slowest of which sets the rate.
"""

from __future__ import annotations

from functools import reduce

from dojo_calc.operations import minimum, round_up
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Count,
    Duration,
    FlopRate,
    Fraction,
    Frequency,
    PositiveBytes,
    PositiveCount,
    PositiveDuration,
    PositiveFlop,
    PositiveFraction,
)

__all__ = [
    "camera_bandwidth", "clip_bytes", "consumed_rate", "decoded_rate", "fed_fraction", "hosts_needed",
    "pixel_bytes", "pixel_rate", "pooled_supply", "sample_bytes", "sample_pixels", "slowest_rate",
    "supplied_rate",
]  # fmt: skip


def sample_pixels(cameras: Count, frames: Count, pixels: Count) -> Count:
    """Pixels of one training sample.

    Parameters
    ----------
    cameras : Count
        [1].
    frames : Count
        Of each camera [1].
    pixels : Count
        Of one frame, height times width [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return cameras * frames * pixels


def sample_bytes(pixels: Count, per_pixel: Bytes) -> Bytes:
    """Size of one training sample, compressed or as pixels.

    Parameters
    ----------
    pixels : Count
        Of the sample [1].
    per_pixel : Bytes
        Bytes a pixel in the form at hand [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return pixels * per_pixel


def pixel_rate(cameras: PositiveCount, pixels: PositiveCount, frame_rate: Frequency) -> Frequency:
    """Pixels a second that the cameras of one car give.

    Parameters
    ----------
    cameras : PositiveCount
        [1].
    pixels : PositiveCount
        Of one frame [1].
    frame_rate : Frequency
        Of one camera [Hz].

    Returns
    -------
    Frequency
        [Hz]; broadcast shape.
    """
    return cameras * pixels * frame_rate


def camera_bandwidth(pixel_rate: Frequency, per_pixel: PositiveBytes) -> ByteRate:
    """Bytes a second that the cameras of one car give.

    Parameters
    ----------
    pixel_rate : Frequency
        Of all cameras [Hz].
    per_pixel : PositiveBytes
        Raw or compressed [B].

    Returns
    -------
    ByteRate
        [B/s]; broadcast shape.
    """
    return pixel_rate * per_pixel


def clip_bytes(bandwidth: ByteRate, length: Duration) -> Bytes:
    """Size of a clip of all cameras.

    Parameters
    ----------
    bandwidth : ByteRate
        See `camera_bandwidth` [B/s].
    length : Duration
        [s].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return bandwidth * length


def pixel_bytes(
    stored: Bytes, clips: PositiveCount, length: PositiveDuration, pixel_rate: Frequency
) -> Bytes:
    """Bytes a pixel that a stored set of clips comes to.

    Parameters
    ----------
    stored : Bytes
        The whole set [B].
    clips : PositiveCount
        Above zero [1].
    length : PositiveDuration
        Of a clip [s].
    pixel_rate : Frequency
        Pixels a second of all cameras that a clip holds [Hz].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return stored / (clips * length * pixel_rate)


def supplied_rate(units: PositiveCount, bandwidth: ByteRate, sample: PositiveBytes) -> Frequency:
    """Samples a second that links carry.

    Parameters
    ----------
    units : PositiveCount
        Links that share the load evenly [1].
    bandwidth : ByteRate
        Of one, one direction [B/s].
    sample : PositiveBytes
        Size of a sample in the form that crosses them [B].

    Returns
    -------
    Frequency
        [Hz]; broadcast shape.
    """
    return units * bandwidth / sample


def decoded_rate(cores: PositiveCount, per_core: Frequency, pixels: PositiveCount) -> Frequency:
    """Samples a second that processor cores decode.

    Parameters
    ----------
    cores : PositiveCount
        Of all hosts [1].
    per_core : Frequency
        Pixels that one core decodes and prepares in a second [Hz].
    pixels : PositiveCount
        Of one sample [1].

    Returns
    -------
    Frequency
        [Hz]; broadcast shape.
    """
    return cores * per_core / pixels


def consumed_rate(peak: FlopRate, utilisation: PositiveFraction, work: PositiveFlop) -> Frequency:
    """Samples a second that accelerators train when they are fed.

    Parameters
    ----------
    peak : FlopRate
        Of the machine [FLOP/s].
    utilisation : PositiveFraction
        Share of it that the model's work uses [1].
    work : PositiveFlop
        Of one sample, forward and backward [FLOP].

    Returns
    -------
    Frequency
        [Hz]; broadcast shape.
    """
    return peak * utilisation / work


def slowest_rate(first: Frequency, *others: Frequency) -> Frequency:
    """Rate of a chain of stages that work at once: that of the slowest [1]_.

    Parameters
    ----------
    first, *others : Frequency
        Samples a second of every stage [Hz].

    Returns
    -------
    Frequency
        [Hz]; broadcast shape.
    """
    return reduce(minimum, others, first)


def pooled_supply(hosts: PositiveCount, per_host: Frequency) -> Frequency:
    """Samples a second that hosts deliver together.

    Parameters
    ----------
    hosts : PositiveCount
        Above zero [1].
    per_host : Frequency
        [Hz].

    Returns
    -------
    Frequency
        [Hz]; broadcast shape.
    """
    return hosts * per_host


def fed_fraction(supply: Frequency, demand: Frequency) -> Fraction:
    """Share of the time that accelerators have something to do.

    Parameters
    ----------
    supply : Frequency
        Samples a second delivered [Hz].
    demand : Frequency
        Samples a second that they could train [Hz].

    Returns
    -------
    Fraction
        ``minimum(1, supply / demand)`` [1]; broadcast shape. Below one they starve.
    """
    return minimum(1.0, supply / demand)


def hosts_needed(demand: Frequency, per_host: Frequency) -> Count:
    """Whole hosts that keep accelerators fed.

    Parameters
    ----------
    demand : Frequency
        Samples a second of all accelerators [Hz].
    per_host : Frequency
        Samples a second that the slowest stage of one host delivers [Hz].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return round_up(demand / per_host)
