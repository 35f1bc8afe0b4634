"""What is not known, carried through a model: the distribution of its outputs.

`dojo_calc.model.distribution` states how an input with an interval or with conflicting readings becomes a
distribution; `simulate` draws from all of them at once, evenly rather than at random [1]_, and says how sure the
result is.

References
----------
.. [1] I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals",
   USSR Computational Mathematics and Mathematical Physics 7(4), 1967.
.. [2] A. B. Owen, "Scrambling Sobol' and Niederreiter-Xing points", Journal of Complexity 14(4), 1998.
.. [3] R. B. Nelsen, "An Introduction to Copulas", 2nd edition, Springer, 2006.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from dojo_calc.analysis.sweep import evaluate_block, numbers
from dojo_calc.errors import DojoCalcError, DomainError, UnknownNameError, nearest
from dojo_calc.model.distribution import FloatArray, Mixture, Split, Weights, marginal
from dojo_calc.model.model import Input, Model, ModelError
from dojo_calc.quantities import Spec, check_against

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Simulation", "simulate"]

Correlations: TypeAlias = Mapping[tuple[str, str], float]

REPLICATES: Final = 8  # independent scramblings, whose spread is the error
_FIRST = 2**10  # points of a scrambling before the error is first looked at
_MOST = 2**22  # samples at which the doubling stops
_BLOCK = 2**13  # points of each scrambling evaluated at a time
_HALF_CELL = 2.0**-31  # Sobol' points are multiples of 2**-30; their cells' middles are never 0 or 1


# --- What a model does not know ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Unknown:
    """One thing that is not known for certain, and every input that it sets.

    Inputs read from one fact are one unknown. `key` is the same in every model that does not know the same
    thing: the fact, or else the name together with value and interval.
    """

    key: Hashable
    inputs: tuple[Input, ...]
    marginals: tuple[Split | Mixture, ...]

    @property
    def label(self) -> str:
        """Names of its inputs, for people."""
        return " and ".join(one.name for one in self.inputs)

    def values(self, scores: FloatArray) -> dict[str, FloatArray]:
        """Values of its inputs at normal scores."""
        return {one.name: part.at(scores) for one, part in zip(self.inputs, self.marginals, strict=True)}


def unknowns(
    model: Model,
    outputs: Sequence[str],
    given: Iterable[str],
    weights: Mapping[str, Weights] | None = None,
) -> tuple[list[Unknown], dict[str, float]]:
    """Everything that outputs depend on and that is not known, and the constants.

    Raises
    ------
    UnknownNameError, DomainError
        If weights name an unknown input or reading, or are no weights.
    """
    weights, given = weights or {}, set(given)
    for name in weights:
        _known_input(model, name)
    found: dict[Hashable, list[tuple[Input, Split | Mixture]]] = {}
    settled: dict[str, float] = {}
    for name in model.needed(outputs, given):
        one = model.inputs.get(name)
        if one is None or one.value is None or name in given:
            continue
        own = marginal(one, weights.get(name))
        if isinstance(own, float):
            settled[name] = own
        else:
            fact = one.readings[0] if one.readings else None
            key = (fact.entity, fact.quantity) if fact else (name, one.value, one.low, one.high)
            found.setdefault(key, []).append((one, own))
    group = [
        Unknown(key, tuple(one for one, _ in pairs), tuple(own for _, own in pairs))
        for key, pairs in found.items()
    ]
    return group, settled


def _known_input(model: Model, name: str) -> None:
    if name not in model.inputs:
        raise UnknownNameError(f"model {model.name} has no input {name!r}{nearest(name, model.inputs)}")


def _by_key(
    model: Model, group: Sequence[Unknown], correlations: Correlations
) -> dict[frozenset[Hashable], float]:
    """Correlations between unknowns; a pair of which one is certain has none."""
    keys = {one.name: unknown.key for unknown in group for one in unknown.inputs}
    found: dict[frozenset[Hashable], float] = {}
    for (first, second), correlation in correlations.items():
        _known_input(model, first)
        _known_input(model, second)
        if not -1 < correlation < 1:
            raise DomainError(
                f"the correlation of {first} and {second} must be between -1 and 1, got {correlation:g}"
            )
        if first not in keys or second not in keys:
            continue
        pair = frozenset((keys[first], keys[second]))
        if len(pair) == 1:
            raise ModelError(f"{first} and {second} are one thing, so they have no correlation to be stated")
        if found.setdefault(pair, correlation) != correlation:
            raise ModelError(f"{first} and {second} are given two correlations")
    return found


def _factor(
    labels: Mapping[Hashable, str], correlations: Mapping[frozenset[Hashable], float]
) -> FloatArray | None:
    """Triangular factor that correlates independent normal scores; None if there is nothing to correlate."""
    if not correlations:
        return None
    place = {key: index for index, key in enumerate(labels)}
    matrix = np.eye(len(place))
    for pair, correlation in correlations.items():
        first, second = (place[key] for key in pair)
        matrix[first, second] = matrix[second, first] = correlation
    lengths, directions = np.linalg.eigh(matrix)
    if lengths[0] < 1e-12:
        # The direction that would have a negative variance lies in the inputs that contradict each other.
        guilty = {key for key, index in place.items() if abs(directions[index, 0]) > 1e-6}
        pairs = [
            f"{' and '.join(sorted(labels[key] for key in pair))} {correlation:g}"
            for pair, correlation in correlations.items()
            if pair <= guilty
        ]
        raise ModelError(f"these correlations cannot hold together: {'; '.join(pairs)}")
    return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)


# --- Simulation -------------------------------------------------------------------------------------------


class Draws:
    """Normal scores from independent scramblings of Sobol' points, more of them at each call."""

    def __init__(
        self, dimension: int, seed: int, factor: FloatArray | None = None, replicates: int = REPLICATES
    ) -> None:
        from scipy.stats import qmc

        self._replicates = replicates
        self._factor = factor
        self._engines = [
            qmc.Sobol(dimension, rng=np.random.default_rng(child))
            for child in np.random.SeedSequence(seed).spawn(replicates if dimension else 0)
        ]

    def scores(self, size: int) -> FloatArray:
        """Next `size` points of each scrambling: an array with a row for each dimension."""
        from scipy.special import ndtri

        if not self._engines:
            return np.empty((0, self._replicates * size))
        points = np.concatenate([engine.random(size) for engine in self._engines])
        scores = np.asarray(ndtri(points.T + _HALF_CELL, order="C"))
        return scores if self._factor is None else self._factor @ scores


def evaluate_drawn(
    model: Model,
    outputs: Sequence[str],
    given: Mapping[str, float],
    drawn: Mapping[str, FloatArray],
    size: int,
) -> dict[str, FloatArray]:
    """Outputs at drawn values of inputs.

    Raises
    ------
    DomainError
        If an output is not finite; the message has the values of the inputs that make it so.
    """
    with np.errstate(all="ignore"):  # what is not finite is refused below
        found = evaluate_block(model, outputs, {**given, **drawn}, size)
    for name, values in found.items():
        bad = ~np.isfinite(values)
        if bad.any():
            first = int(np.argmax(bad))
            inputs = ", ".join(f"{one} = {column[first]:g}" for one, column in drawn.items())
            raise DomainError(
                f"{name} is {values[first]:g} at {int(bad.sum()):,} of {size:,} samples, first at "
                f"{inputs or 'the given values'}; narrow the input that makes it so"
            )
    return found


@dataclass(frozen=True)
class _Study:
    """What was asked of a model, with everything needed to ask it again."""

    model: Model
    outputs: tuple[str, ...]
    given: Mapping[str, float]
    unknowns: tuple[Unknown, ...]
    correlations: Mapping[frozenset[Hashable], float]

    @property
    def labels(self) -> dict[Hashable, str]:
        """Key of each unknown to its name for people, in the order of the dimensions."""
        return {unknown.key: unknown.label for unknown in self.unknowns}

    def evaluate(self, scores: FloatArray) -> dict[str, FloatArray]:
        """Outputs at normal scores, one row for each unknown."""
        drawn: dict[str, FloatArray] = {}
        for unknown, row in zip(self.unknowns, scores, strict=True):
            drawn |= unknown.values(row)
        return evaluate_drawn(self.model, self.outputs, self.given, drawn, scores.shape[1])


@dataclass(frozen=True, eq=False)
class Simulation:
    """Distribution of one or several outputs.

    Its methods give a number or an array for a simulation of one output, and a dictionary by output for one
    of several; ``simulation["power"]`` is the simulation of that output alone.

    Attributes
    ----------
    samples : dict of str to ndarray
        Output to its samples [SI], the same row of every array from the same values of the inputs.
    errors : dict of str to float
        Output to the largest relative standard error among its mean and its 5 %, 50 % and 95 % quantiles,
        from the spread of eight independent scramblings. Relative to the width of the 90 % interval for an
        output with both signs.
    converged : bool
        Whether every error is at most the precision asked for, in a run that was not interrupted.
    precision : float
    seed : int
    """

    samples: Mapping[str, FloatArray]
    errors: Mapping[str, float]
    converged: bool
    precision: float
    seed: int
    single: bool
    _study: _Study = field(repr=False)

    def __getitem__(self, output: str) -> Simulation:
        if output not in self.samples:
            raise UnknownNameError(f"not simulated: {output!r}{nearest(output, self.samples)}")
        part = {output: self.samples[output]}, {output: self.errors[output]}
        return Simulation(*part, self.converged, self.precision, self.seed, True, self._study)

    def __repr__(self) -> str:
        state = "converged" if self.converged else "not converged"
        return f"<Simulation of {', '.join(self.samples)}: {self.count:,} samples, {state}>"

    @property
    def count(self) -> int:
        """Number of samples."""
        return next(iter(self.samples.values())).size

    @property
    def mean(self) -> Any:
        """Mean [SI]."""
        return self._each(lambda _, values: float(values.mean()))

    def quantile(self, q: Any) -> Any:
        """Value below which an output lies with probability `q`, of the shape of `q` [SI]."""
        chance = check_against(q, Spec("1", 0.0, 1.0), "q")

        def one(name: str, _: FloatArray) -> Any:
            # Sobol' points are the middles of equal cells, which is what this definition takes them for.
            found = np.quantile(self._sorted[name], chance, method="hazen")
            return found if np.ndim(chance) else float(found)

        return self._each(one)

    def interval(self, level: float = 0.9) -> Any:
        """Central interval that holds an output with probability `level`: (low, high) [SI]."""
        level = check_against(level, Spec("1", 0.0, 1.0), "level")
        ends = [0.5 - level / 2, 0.5 + level / 2]
        return self._each(lambda name, _: tuple(self[name].quantile(ends).tolist()))

    def exceedance(self, x: Any) -> Any:
        """Probability that the output is above `x`, of the shape of `x` [SI].

        Raises
        ------
        ModelError
            For a simulation of several outputs.
        """
        values = self._sorted[self._only]
        above = 1.0 - np.searchsorted(values, np.asarray(x, dtype=np.float64), side="right") / values.size
        return above if np.ndim(x) else float(above)

    def probability_above(self, other: Simulation) -> float:
        """Probability that this output is above another simulation's.

        With different seeds the two are taken as independent, and every sample is held against every other.
        With the same seed both models are drawn again together, with common random numbers: a thing that both
        do not know, which is the same fact, or an input of the same name, value and interval, has the same
        value in both at every sample. So what the two share does not blur their difference.

        Parameters
        ----------
        other : Simulation
            Of one output.

        Returns
        -------
        float

        Raises
        ------
        ModelError
            For a simulation of several outputs, or if the two state correlations that contradict each other.
        """
        mine, others = self._only, other._only
        if self.seed != other.seed:
            below = np.searchsorted(other._sorted[others], self.samples[mine], side="left")
            return float(below.mean() / other.count)
        first, second = self._study, other._study
        pairs = dict(first.correlations)
        for pair, correlation in second.correlations.items():
            if pairs.setdefault(pair, correlation) != correlation:
                raise ModelError(f"the two simulations correlate {second.labels} differently")
        labels = first.labels | second.labels
        rows = {key: index for index, key in enumerate(labels)}
        draws = Draws(len(rows), self.seed, _factor(labels, pairs))
        size, above = _per_scrambling(max(self.count, other.count)), 0
        for start in range(0, size, _BLOCK):
            scores = draws.scores(min(_BLOCK, size - start))
            a, b = (
                study.evaluate(scores[[rows[key] for key in study.labels]])[name]
                for study, name in ((first, mine), (second, others))
            )
            above += int(np.count_nonzero(a > b))
        return above / (REPLICATES * size)

    def table(self) -> pl.DataFrame:
        """Row of a polars frame for each output: mean, quantiles [SI], error and number of samples."""
        import polars as pl

        rows = []
        for name in self.samples:
            one = self[name]
            low, median, high = one.quantile([0.05, 0.5, 0.95])
            rows.append(
                {
                    "output": name,
                    "unit": self._study.model.spec(name).unit,
                    "mean": one.mean,
                    "q05": low,
                    "q50": median,
                    "q95": high,
                    "error": self.errors[name],
                    "samples": self.count,
                    "converged": self.converged,
                }
            )
        return pl.DataFrame(rows)

    @cached_property
    def _sorted(self) -> dict[str, FloatArray]:
        return {name: np.sort(values) for name, values in self.samples.items()}

    @property
    def _only(self) -> str:
        if len(self.samples) > 1:
            names = ", ".join(self.samples)
            raise ModelError(f"this simulation is of several outputs; choose one by its name: {names}")
        return next(iter(self.samples))

    def _each(self, function: Callable[[str, FloatArray], Any]) -> Any:
        found = {name: function(name, values) for name, values in self.samples.items()}
        return found[self._only] if self.single else found


def simulate(
    model: Model,
    outputs: str | Sequence[str],
    /,
    *,
    correlations: Correlations | None = None,
    precision: float = 0.01,
    samples: int | None = None,
    seed: int = 0,
    weights: Mapping[str, Weights] | None = None,
    progress: Callable[[int, float], None] | None = None,
    **given: Any,
) -> Simulation:
    """Distribution of outputs that follows from what is not known about the inputs.

    Every uncertain input that is not given is drawn by the rule of `quantile`, inputs read from the same fact
    together. The draws are eight independently scrambled Sobol' sequences [1]_ [2]_, each of a power of two
    points; their number is doubled until the means and the 5 %, 50 % and 95 % quantiles of all outputs, as
    the eight give them, have a relative standard error of at most `precision`, or there are 4,194,304
    samples.

    Parameters
    ----------
    model : Model
    outputs : str or sequence of str
    correlations : mapping, optional
        Pair of inputs to the correlation of their normal scores, ``{("price", "power"): 0.7}``: a Gaussian
        copula [3]_, so that each input keeps its own distribution. Their rank correlation is a little less,
        ``6 / pi * asin(r / 2)``. Inputs that are certain here have no effect.
    precision : float
        Relative standard error to reach.
    samples : int, optional
        Number of samples, raised to eight times a power of two, whatever the precision.
    seed : int
    weights : mapping, optional
        Input to weights of its readings, ``{"unit": {"ai_day_2021": 3, "hot_chips_34": 1}}``.
    progress : callable, optional
        Called after each block with the samples so far and the error when last looked at, at first NaN.
    **given
        Values of inputs, or of steps to be given instead of computed, one each.

    Returns
    -------
    Simulation
        After a KeyboardInterrupt, of the samples so far, with `converged` false.

    Raises
    ------
    UnknownNameError
        If an output, an input or a reading is unknown.
    ModelError
        If correlations contradict each other, or an input has no value.
    DomainError
        If an output is not finite, which the message traces to the values of the inputs.

    Examples
    --------
    >>> import dojo_calc as dc
    >>> model = dc.Model({"cost": dc.purchase_cost}, {"units": 8, "price": (30e3, 25e3, 40e3)})
    >>> cost = simulate(model, "cost")
    >>> [round(bound, -3) for bound in cost.interval(0.9)]
    [200000.0, 320000.0]
    """
    wanted = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    if not precision > 0 or (samples is not None and samples < 1) or not wanted:
        raise DojoCalcError(
            f"expected an output, a precision above 0 and at least 1 sample, got {wanted}, {precision}, {samples}"
        )
    fixed = numbers(model, given)
    group, settled = unknowns(model, wanted, fixed, weights)
    study = _Study(model, wanted, fixed | settled, tuple(group), _by_key(model, group, correlations or {}))
    draws = Draws(len(group), seed, _factor(study.labels, study.correlations))
    size = _FIRST if samples is None else _per_scrambling(samples)
    parts: list[dict[str, FloatArray]] = []
    values: dict[str, FloatArray] = {}
    errors = dict.fromkeys(wanted, math.nan)
    done, interrupted = 0, False
    try:
        while True:
            while done < size:
                step = min(_BLOCK, size - done)
                found = study.evaluate(draws.scores(step))
                parts.append({name: column.reshape(REPLICATES, step) for name, column in found.items()})
                done += step
                if progress:
                    progress(REPLICATES * done, max(errors.values()))
            values, parts = _joined(parts)
            errors = {name: _error(columns) for name, columns in values.items()}
            if samples or max(errors.values()) <= precision or 2 * REPLICATES * size > _MOST:
                break
            size *= 2
    except KeyboardInterrupt:
        if not parts:
            raise
        interrupted = True
        values, parts = _joined(parts)
        errors = {name: _error(columns) for name, columns in values.items()}
    return Simulation(
        samples={name: columns.reshape(-1) for name, columns in values.items()},
        errors=errors,
        converged=not interrupted and max(errors.values()) <= precision,
        precision=precision,
        seed=seed,
        single=isinstance(outputs, str),
        _study=study,
    )


def _per_scrambling(samples: int) -> int:
    """Power of two that, for each scrambling, is at least the samples asked for."""
    return int(2 ** math.ceil(math.log2(max(1.0, samples / REPLICATES))))


def _joined(
    parts: Sequence[Mapping[str, FloatArray]],
) -> tuple[dict[str, FloatArray], list[dict[str, FloatArray]]]:
    """Blocks put together, and the list that holds them as its one block."""
    whole = {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}
    return whole, [whole]


def _error(columns: FloatArray) -> float:
    """Largest relative standard error of the mean and the quantiles; a row is a scrambling."""
    found = np.vstack([columns.mean(axis=1), np.quantile(columns, [0.05, 0.5, 0.95], axis=1, method="hazen")])
    errors = found.std(axis=1, ddof=1) / math.sqrt(REPLICATES)
    centres = found.mean(axis=1)
    signed = columns.min() < 0 < columns.max()
    sizes = np.full(4, centres[3] - centres[1]) if signed else np.abs(centres)
    with np.errstate(divide="ignore"):
        # Where all scramblings agree there is no error, whatever the size.
        return float(np.max(np.divide(errors, sizes, out=np.zeros(4), where=errors > 0)))
