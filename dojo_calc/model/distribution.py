"""How an input with an interval, or with conflicting readings, becomes a distribution: the rule of `quantile`.

References
----------
.. [1] K. F. Wallis, "The two-piece normal, binormal, or double Gaussian distribution: its origin and
   rediscoveries", Statistical Science 29(1), 2014. Its halves join at the mode; ours at the median.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import DomainError, ModelError, UnknownNameError, nearest
from dojo_calc.model.inputs import Input, Samples, Uniform
from dojo_calc.quantities import Spec, check_against

__all__ = ["quantile"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Weights: TypeAlias = Mapping[str, float]  # by reading

Z95: Final = 1.6448536269514722  # the standard normal distribution stays below it 95 times in 100
WIDER: Final = (
    Z95 / 1.2815515655446004
)  # an interval of 80 % as one of 90 %: over what it stays below 90 in 100 times
_FAR = 8.2  # normal scores beyond it have probabilities that doubles cannot tell from 0 or 1


@door
def quantile(one: Input, u: Any, *, weights: Weights | None = None) -> Any:
    """Value of an input below which it lies with some probability.

    The rule that makes a distribution of an input:

    1. `low` and `high` are the 5 % and the 95 % quantile, and `value` is the median. Each half is a half of a
       normal distribution [1]_ of its own width, on a scale that follows from the domain:

       - logarithmic above the domain's lower end, where that is finite, `low` lies above it and there is no
         upper end: a cost or a rate is lognormal, and of a power usage effectiveness the part above 1;
       - logit, for a fraction with ``0 < low`` and ``high < 1``;
       - linear otherwise. What would fall outside the domain is put on its end, so that both quantiles
         stand; it is never more than 5 % on a side.

    2. Where `value` equals `low` or `high`, that half has no width: the input has the value itself every other
       time, and the other half of the distribution is spread. So the value stays the median, and the choice of a
       reading shows, also where its interval reaches to another one.
    3. Where readings conflict, the input follows one of them, all with equal probability unless weights are
       given, and inside the reading rule 1 for the reading's own interval. A prior, a figure that was superseded
       and one of another date conflict with nothing, see `dojo_calc.facts.Fact`; weights can choose them.
    4. With ``low == high`` and no conflict it is a constant.
    5. A person's own distribution, `Uniform` or `Samples`, is followed as it is.

    Parameters
    ----------
    one : Input
    u : array_like
        Probability, from 0 to 1.
    weights : mapping of str to float, optional
        Reading to its weight; readings left out have none. They need not add up to 1.

    Returns
    -------
    float or ndarray
        Of the shape of `u` [SI]. For a mixture of intervals within 1e-4 of their width.

    Raises
    ------
    ModelError
        If the input has no value.
    DomainError
        If `u` is not a probability, or a reading is outside the input's domain.
    UnknownNameError
        If weights name an unknown reading.

    Examples
    --------
    >>> import dojo_calc as dc
    >>> model = dc.Model({"cost": dc.purchase_cost}, {"units": 8, "price": (30e3, 25e3, 40e3)})
    >>> quantile(model.inputs["price"], [0.05, 0.5, 0.95]).round()
    array([25000., 30000., 40000.])
    """
    from scipy.special import ndtri

    chance = check_against(u, Spec("1", 0.0, 1.0), "u")
    found = marginal(one, weights)
    values = np.full(np.shape(chance), found) if isinstance(found, float) else found.at(ndtri(chance))
    return values if values.ndim else float(values)


@dataclass(frozen=True)
class Split:
    """Two halves of normal distributions on some scale, joined at the median."""

    spec: Spec
    scale: str
    median: float
    below: float
    above: float

    @classmethod
    def of(cls, spec: Spec, value: float, low: float, high: float) -> Split:
        if spec.low == 0 and spec.high == 1 and low > 0 and high < 1:
            scale = "logit"
        elif math.isfinite(spec.low) and spec.high == math.inf and low > spec.low:
            scale = "log"
        else:
            scale = "linear"
        bottom, median, top = cls(spec, scale, 0.0, 1.0, 1.0).scores(np.array([low, value, high]))
        return cls(spec, scale, float(median), float(median - bottom) / Z95, float(top - median) / Z95)

    def at(self, scores: FloatArray) -> FloatArray:
        """Values at normal scores."""
        from scipy.special import expit

        if self.below == self.above:
            scaled = self.median + scores * self.above
        else:
            scaled = np.full(np.shape(scores), self.median)
            if self.below:  # a half of no width stays at the median, however far the score
                scaled = scaled + np.minimum(scores, 0.0) * self.below
            if self.above:
                scaled = scaled + np.maximum(scores, 0.0) * self.above
        if self.scale == "log":
            return np.asarray(np.exp(scaled) + self.spec.low)
        if self.scale == "logit":
            return np.asarray(expit(scaled))
        return np.clip(scaled, self.spec.low, self.spec.high)

    @property
    def centre(self) -> float:
        """The median itself."""
        return float(self.at(np.zeros(1))[0])

    def scores(self, values: FloatArray) -> FloatArray:
        """Normal scores of values: the inverse of `at`."""
        from scipy.special import logit

        # A half of no width has no values but the median: beyond it lies nothing, at scores without end.
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.scale == "log":
                values = np.log(values - self.spec.low)
            elif self.scale == "logit":
                values = np.asarray(logit(values))
            scores = (values - self.median) / np.where(values < self.median, self.below, self.above)
        return np.where(values == self.median, 0.0, scores)


@dataclass(frozen=True)
class Mixture:
    """One of several readings: the inverse of the sum of their distributions, as a table."""

    table_scores: FloatArray
    table_values: FloatArray

    @classmethod
    def of(cls, parts: Sequence[tuple[float, float | Split]]) -> Mixture:
        from scipy.special import ndtr, ndtri

        steps = np.linspace(-_FAR, _FAR, 2**11)
        values = np.unique(
            np.concatenate([[part] if isinstance(part, float) else part.at(steps) for _, part in parts])
        )
        # A constant reading makes the distribution jump, so a value may have two probabilities.
        before, after = np.zeros_like(values), np.zeros_like(values)
        for weight, part in parts:
            if isinstance(part, float):
                before += weight * (values > part)
                after += weight * (values >= part)
            else:
                smooth, centre = weight * ndtr(part.scores(values)), values == part.centre
                before += np.where(centre, 0.0 if part.below == 0 else weight / 2.0, smooth)
                after += np.where(centre, weight if part.above == 0 else weight / 2.0, smooth)
        scores = np.clip(ndtri(np.minimum(np.column_stack([before, after]), 1.0)), -_FAR, _FAR)
        # A probability at which the distribution rests belongs to the lower of the two values.
        scores[:, 1] = np.nextafter(scores[:, 1], np.inf)
        return cls(np.maximum.accumulate(scores.ravel()), np.repeat(values, 2))

    def at(self, scores: FloatArray) -> FloatArray:
        """Values at normal scores."""
        return np.asarray(np.interp(scores, self.table_scores, self.table_values))


def marginal(one: Input, weights: Weights | None = None) -> float | Split | Mixture | Uniform | Samples:
    """Distribution of an input, by the rule of `quantile`; a constant is a number."""
    if weights is not None:
        _check_weights(one, weights)
    if one.distribution is not None:
        return one.distribution
    readings = one.rivals if weights is None else one.readings
    if weights is not None or len({fact.value for fact in readings}) > 1:
        shares = [1.0 if weights is None else weights.get(fact.reading, 0.0) for fact in readings]
        chosen = [
            (share / math.fsum(shares), fact)
            for share, fact in zip(shares, readings, strict=True)
            if share > 0
        ]
        parts = [(share, _part(one, fact.value, fact.low, fact.high)) for share, fact in chosen]
        return parts[0][1] if len(parts) == 1 else Mixture.of(parts)
    if one.value is None or one.low is None or one.high is None:
        raise ModelError(f"input {one.name} has no value, so it has no distribution either")
    return _part(one, one.value, one.low, one.high)


def _part(one: Input, value: float, low: float, high: float) -> float | Split:
    value, low, high = (check_against(bound, one.spec, one.name) for bound in (value, low, high))
    return value if low == high else Split.of(one.spec, value, low, high)


def _check_weights(one: Input, weights: Weights) -> None:
    known = [fact.reading for fact in one.readings]
    for reading, weight in weights.items():
        if reading not in known:
            hint = nearest(reading, known) or f"; it has {', '.join(known) or 'none'}"
            raise UnknownNameError(f"input {one.name} has no reading {reading!r}{hint}")
        if not 0 <= weight < math.inf:
            raise DomainError(f"weight of {one.name}[{reading}] must be at least 0, got {weight:g}")
    if not any(weights.values()):
        raise DomainError(f"weights of {one.name} must not all be 0")
