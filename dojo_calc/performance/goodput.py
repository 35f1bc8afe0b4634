"""Goodput: what part of its time a machine that fails spends on work that counts.

Failures come at a constant rate, independently, so the time between them is exponential. A run computes
for an interval, writes a checkpoint, and goes on; a failure throws it back to the last checkpoint and costs
a restart, in which it may fail again. Then the expected time is a closed formula [2]_, and so, but for one
root, is the best interval.

References
----------
.. [1] J. W. Young, "A first order approximation to the optimum checkpoint interval", Communications of the
   ACM 17(9), 1974.
.. [2] J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", Future
   Generation Computer Systems 22(3), 2006.
.. [3] G. Blom, "Statistical Estimates and Transformed Beta-Variables", Wiley 1958.
.. [4] M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions", 1964, formula 26.2.23.
.. [5] C. Palm, "Analysis of the Erlang traffic formulae for busy-signal arrangements", Ericsson Technics 5,
   1938.
"""

from __future__ import annotations

from dojo_calc.operations import exp, expm1, log, maximum, minimum, sqrt, where
from dojo_calc.quantities import (
    Count,
    Duration,
    Fraction,
    Frequency,
    Numeric,
    PositiveCount,
    PositiveDuration,
    PositiveRatio,
    Ranks,
    Ratio,
)

__all__ = [
    "billed_time", "checkpoint_share", "daly_first_order_interval", "daly_interval", "expected_failures",
    "expected_maximum", "expected_time", "goodput", "mean_time_between_failures", "optimal_interval",
    "restart_share", "rework_share", "straggler_slowdown", "young_interval",
]  # fmt: skip

# exp of more leaves the range of a double in the products below; a run that has to survive so many mean
# times between failures at a stretch does not end.
_NEVER = 300.0
_NEWTON_STEPS = 6  # from Young's interval to the last bit, tested against Lambert's W
# B_2k / (2k)! of the even Bernoulli numbers, the series of x / (exp(x) - 1) [4]_; below 1/2 the last is beyond
# the last bit.
_BERNOULLI = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
)  # fmt: skip
_PLOTTING = 3 / 8  # Blom's constant for the normal distribution [3]_


def _thrown_away(x: Numeric) -> Numeric:
    """``1 - x / (exp(x) - 1)``: of an attempt over the mean time between failures, the share that failures waste.

    Both terms are near 1 for a small x, so there it is its series, ``x / 2 - x^2 / 12 + ...``.
    """
    small = x * x < 0.25
    apart = minimum(where(small, _NEVER, x), _NEVER)
    square = where(small, x * x, 0.0)
    series: Numeric = _BERNOULLI[-1]
    for term in _BERNOULLI[-2::-1]:
        series = term + square * series
    return where(small, x / 2.0 - square * series, 1.0 - apart / expm1(apart))


# --- Failures --------------------------------------------------------------------------------------------


def mean_time_between_failures(units: PositiveCount, failure_rate: Frequency) -> Duration:
    """Mean time between failures of a machine that stops when any of its units does.

    Parameters
    ----------
    units : PositiveCount
        Above zero [1].
    failure_rate : Frequency
        Of one unit [1/s].

    Returns
    -------
    Duration
        ``1 / (units * failure_rate)`` [s]; broadcast shape.
    """
    return 1.0 / (units * failure_rate)


def expected_failures(units: Count, failure_rate: Frequency, duration: Duration) -> Count:
    """Mean number of failures in a time; with the time of a repair, the mean number under repair [5]_.

    Both numbers are Poisson distributed, the second whatever the distribution of the repair time is; see
    `dojo_calc.performance.spares`.

    Parameters
    ----------
    units : Count
        [1].
    failure_rate : Frequency
        Of one unit [1/s].
    duration : Duration
        [s].

    Returns
    -------
    Count
        ``units * failure_rate * duration`` [1]; broadcast shape.
    """
    return units * failure_rate * duration


# --- Checkpoints -----------------------------------------------------------------------------------------


def expected_time(
    work: Duration,
    interval: PositiveDuration,
    checkpoint: Duration,
    restart: Duration,
    mtbf: PositiveDuration,
) -> Duration:
    """Expected time to finish work in spite of failures, the complete model of [2]_.

    Parameters
    ----------
    work : Duration
        Time that the work takes without failures and checkpoints [s].
    interval : PositiveDuration
        Work between two checkpoints [s].
    checkpoint : Duration
        Time that the run stands still for one [s].
    restart : Duration
        From a failure until the run computes again: detection, replacement and loading [s].
    mtbf : PositiveDuration
        Mean time between failures of the machine [s].

    Returns
    -------
    Duration
        ``mtbf * exp(restart / mtbf) * (exp((interval + checkpoint) / mtbf) - 1) * work / interval`` [s];
        broadcast shape. Exponents stop at 300, far beyond any run that ends.
    """
    return _expected_interval(interval + checkpoint, restart, mtbf) * (work / interval)


def _expected_interval(attempt: Numeric, restart: Numeric, mtbf: Numeric) -> Numeric:
    """Expected time from one checkpoint to the next, work and writing of which make an attempt."""
    stretch = expm1(minimum(attempt / mtbf, _NEVER))
    return mtbf * exp(minimum(restart / mtbf, _NEVER)) * stretch


def goodput(
    interval: PositiveDuration, checkpoint: Duration, restart: Duration, mtbf: PositiveDuration
) -> Fraction:
    """Share of the elapsed time that goes into work that counts; makers call it effective training time.

    Parameters
    ----------
    interval : PositiveDuration
        Work between two checkpoints [s].
    checkpoint : Duration
        Time that the run stands still for one [s].
    restart : Duration
        From a failure until the run computes again [s].
    mtbf : PositiveDuration
        Mean time between failures of the machine [s].

    Returns
    -------
    Fraction
        ``interval / expected_time(interval, ...)`` [1]; broadcast shape.
    """
    # A last bit above 1 is possible where nothing is lost.
    return minimum(interval / _expected_interval(interval + checkpoint, restart, mtbf), 1.0)


def checkpoint_share(
    interval: PositiveDuration, checkpoint: Duration, restart: Duration, mtbf: PositiveDuration
) -> Fraction:
    """Share of the elapsed time that goes into checkpoints that hold.

    Parameters
    ----------
    interval : PositiveDuration
        Work between two checkpoints [s].
    checkpoint : Duration
        Time that the run stands still for one [s].
    restart : Duration
        From a failure until the run computes again [s].
    mtbf : PositiveDuration
        Mean time between failures of the machine [s].

    Returns
    -------
    Fraction
        ``checkpoint / expected_time(interval, ...)`` [1]; broadcast shape.
    """
    return minimum(checkpoint / expected_time(interval, interval, checkpoint, restart, mtbf), 1.0)


def restart_share(restart: Duration, mtbf: PositiveDuration) -> Fraction:
    """Share of the elapsed time that goes into restarts, whatever the interval.

    Parameters
    ----------
    restart : Duration
        From a failure until the run computes again [s].
    mtbf : PositiveDuration
        Mean time between failures of the machine [s].

    Returns
    -------
    Fraction
        ``1 - exp(-restart / mtbf)`` [1]; broadcast shape.
    """
    return -expm1(-(restart / mtbf))


def rework_share(
    interval: Duration, checkpoint: Duration, restart: Duration, mtbf: PositiveDuration
) -> Fraction:
    """Share of the elapsed time whose work a failure threw away: what the other three shares leave.

    Parameters
    ----------
    interval : Duration
        Work between two checkpoints, above zero [s].
    checkpoint : Duration
        Time that the run stands still for one [s].
    restart : Duration
        From a failure until the run computes again [s].
    mtbf : PositiveDuration
        Mean time between failures of the machine [s].

    Returns
    -------
    Fraction
        ``exp(-restart / mtbf) * (1 - x / (exp(x) - 1))`` with ``x = (interval + checkpoint) / mtbf`` [1];
        broadcast shape.
    """
    return exp(-(restart / mtbf)) * _thrown_away((interval + checkpoint) / mtbf)


def young_interval(checkpoint: Duration, mtbf: Duration) -> Duration:
    """Work between checkpoints that is best to first order [1]_.

    Parameters
    ----------
    checkpoint : Duration
        [s].
    mtbf : Duration
        Much longer than the checkpoint [s].

    Returns
    -------
    Duration
        ``sqrt(2 * checkpoint * mtbf)`` [s]; broadcast shape.
    """
    return sqrt(2.0 * checkpoint * mtbf)


def daly_first_order_interval(checkpoint: Duration, restart: Duration, mtbf: Duration) -> Duration:
    """Work between checkpoints that is best to first order when no restart fails, the first estimate of [2]_.

    Parameters
    ----------
    checkpoint : Duration
        [s].
    restart : Duration
        [s].
    mtbf : Duration
        Much longer than checkpoint and restart [s].

    Returns
    -------
    Duration
        ``sqrt(2 * checkpoint * (mtbf + restart))`` [s]; broadcast shape.
    """
    return sqrt(2.0 * checkpoint * (mtbf + restart))


def daly_interval(checkpoint: Duration, mtbf: PositiveDuration) -> Duration:
    """Work between checkpoints that is best, the higher-order estimate of [2]_.

    Parameters
    ----------
    checkpoint : Duration
        [s].
    mtbf : PositiveDuration
        Above zero [s].

    Returns
    -------
    Duration
        Young's interval times ``1 + sqrt(r) / 3 + r / 9``, ``r = checkpoint / (2 * mtbf)``, less the
        checkpoint; the mean time between failures where the checkpoint is longer than two of them [s];
        broadcast shape.
    """
    ratio = checkpoint / (2.0 * mtbf)
    series = young_interval(checkpoint, mtbf) * (1.0 + sqrt(ratio) / 3.0 + ratio / 9.0) - checkpoint
    return where(ratio < 1.0, series, mtbf)


def optimal_interval(checkpoint: Duration, mtbf: PositiveDuration) -> Duration:
    """Work between checkpoints that makes `expected_time` least; the restart does not matter to it.

    With ``x = interval / mtbf`` and ``a = checkpoint / mtbf`` it is the root of ``x + exp(-x - a) = 1``, that is
    ``x = 1 + W(-exp(-1 - a))`` of Lambert's W. With ``y = x + a`` that is ``y + exp(-y) - 1 = a``, whose left side
    is convex and grows; Young's interval lies above the root, so Newton's steps from there fall to it, and
    ``x = 1 - exp(-y)``.

    Parameters
    ----------
    checkpoint : Duration
        [s].
    mtbf : PositiveDuration
        Above zero [s].

    Returns
    -------
    Duration
        Less than the mean time between failures [s]; broadcast shape.
    """
    ratio = checkpoint / mtbf
    y = sqrt(2.0 * ratio) + ratio
    for _ in range(_NEWTON_STEPS):
        slope = -expm1(-y)
        y = y + _thrown_away(-y) + ratio / where(slope > 0.0, slope, 1.0)
    return -expm1(-y) * mtbf


# --- Stragglers ------------------------------------------------------------------------------------------


def expected_maximum(ranks: Ranks) -> Ratio:
    """Mean of the largest of so many standard normal numbers, within 0.03 from two to a million.

    The normal quantile at Blom's plotting position [3]_, the quantile by a rational approximation [4]_.

    Parameters
    ----------
    ranks : Ranks
        [1].

    Returns
    -------
    Ratio
        Standard deviations above the mean; 0 for one [1]; broadcast shape.
    """
    tail = (1.0 - _PLOTTING) / (ranks + 1.0 - 2.0 * _PLOTTING)
    t = sqrt(-2.0 * log(tail))
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    return maximum(t - above / below, 0.0)


def straggler_slowdown(ranks: Ranks, variation: Ratio) -> Ratio:
    """Time of a step in which all wait for the slowest, over that of a rank on its own.

    Parameters
    ----------
    ranks : Ranks
        Ranks whose times are independent and normal [1].
    variation : Ratio
        Standard deviation of a rank's time over its mean, well below 1 [1].

    Returns
    -------
    Ratio
        ``1 + variation * expected_maximum(ranks)`` [1]; broadcast shape.
    """
    return 1.0 + variation * expected_maximum(ranks)


def as_predicted(expected: Duration, step_error: PositiveRatio) -> Duration:
    """Time that a run is expected to take by its steps as they were predicted, whatever they turn out to take.

    What published runs took longer was found over predicted steps, so what those were off by is in it already.

    Parameters
    ----------
    expected : Duration
        With steps as they turn out [s].
    step_error : PositiveRatio
        Time of a step over the predicted one [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return expected / step_error


def billed_time(expected: Duration, field_factor: PositiveRatio) -> Duration:
    """Time that a run turns out to take, over what its steps and failures take: what a machine is paid for.

    Evaluation, ramps of the batch, stages of long context, waiting, layouts that nobody searched for and all else
    that published runs hold and no step shows are one factor, as they are published.

    Parameters
    ----------
    expected : Duration
        Of the steps with what failures cost, see `expected_time` [s].
    field_factor : PositiveRatio
        As published runs turned out, about 1 to 3; 1 for a run that nothing holds up [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return expected * field_factor
