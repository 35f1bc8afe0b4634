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
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dojo_calc.analysis.draws import (
    REPLICATES,
    Correlations,
    Draws,
    Unknown,
    ahead,
    by_key,
    evaluate_drawn,
    factor,
    unknowns,
)
from dojo_calc.analysis.sweep import settled, whole
from dojo_calc.doors import door
from dojo_calc.errors import ModelError, UnknownNameError, nearest
from dojo_calc.model.distribution import FloatArray, Weights
from dojo_calc.model.model import Model
from dojo_calc.quantities import Spec, check_against
from dojo_calc.words import html_table, number_and_range, words

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Simulation", "simulate"]

_FIRST = 2**10  # points of a scrambling before the error is first looked at
_MOST = 2**22  # samples at which the doubling stops
_BLOCK = 2**13  # points of each scrambling evaluated at a time


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

    def evaluate(
        self, scores: FloatArray, points: int, tally: dict[tuple[str, str], int] | None = None
    ) -> dict[str, FloatArray]:
        """Outputs at normal scores, a row for each unknown, of so many points in all; what is broken is tallied."""
        drawn: dict[str, FloatArray] = {}
        for unknown, row in zip(self.unknowns, scores, strict=True):
            drawn |= unknown.values(row)
        size = scores.shape[1]
        found, broken = evaluate_drawn(self.model, self.outputs, self.given, drawn, size, points)
        if tally is not None:
            for one in broken:
                key = one.kind, one.says
                tally[key] = tally.get(key, 0) + int(np.broadcast_to(one.where, (size,)).sum())
        return found


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
    broken : dict of str to float
        Condition of the model to the share of draws that broke it. Draws that break an identity are not among the
        samples; those that break a limit are.
    """

    samples: Mapping[str, FloatArray]
    errors: Mapping[str, float]
    converged: bool
    precision: float
    seed: int
    single: bool
    broken: Mapping[str, float]
    _study: _Study = field(repr=False)

    def __getitem__(self, output: str) -> Simulation:
        if output not in self.samples:
            raise UnknownNameError(f"not simulated: {output!r}{nearest(output, self.samples)}")
        part = {output: self.samples[output]}, {output: self.errors[output]}
        return Simulation(*part, self.converged, self.precision, self.seed, True, self.broken, self._study)

    def __repr__(self) -> str:
        state = "converged" if self.converged else "not converged"
        told = "".join(f"; {share:.1%} of draws broke: {says}" for says, share in self.broken.items())
        return f"<Simulation of {', '.join(self.samples)}: {self.count:,} samples, {state}{told}>"

    def _repr_html_(self) -> str:
        rows = []
        for name, values in self._sorted.items():
            low, middle, high = (float(one) for one in np.quantile(values, (0.05, 0.5, 0.95), method="hazen"))
            median, interval = number_and_range(name, self._study.model.spec(name).unit, middle, low, high)
            rows.append((words(name).label, name, median, interval))
        return html_table(repr(self)[1:-1] + ".", ("Output", "Name", "Median", "90 % interval"), rows)

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
        draws = Draws(len(rows), self.seed, factor(labels, pairs))
        size, above, held = _per_scrambling(max(self.count, other.count)), 0, 0
        for start in range(0, size, _BLOCK):
            scores = draws.scores(min(_BLOCK, size - start))
            a, b = (
                study.evaluate(scores[[rows[key] for key in study.labels]], REPLICATES * size)[name]
                for study, name in ((first, mine), (second, others))
            )
            above += int(np.count_nonzero(a > b))
            held += int(np.count_nonzero(~np.isnan(a) & ~np.isnan(b)))
        return above / held

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


@door
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
        Relative standard error to reach, one in a hundred if left out.
    samples : int, optional
        Number of samples, raised to eight times a power of two, whatever the precision.
    seed : int
        A whole number, at least 0.
    weights : mapping, optional
        Input to weights of its readings, ``{"unit": {"ai_day_2021": 3, "hot_chips_34": 1}}``.
    progress : callable, optional
        Called after each block with the samples so far and the error when last looked at, at first NaN.
    **given
        Values of inputs, or of steps to be given instead of computed: one each, or how uncertain it is, as
        (value, low, high), a `Uniform`, `Samples` or a fact.

    Returns
    -------
    Simulation
        Of the draws that break no identity of the model. After a KeyboardInterrupt,
        of the samples so far, with `converged` false.

    Raises
    ------
    UnknownNameError
        If an output, an input or a reading is unknown.
    ModelError
        If correlations contradict each other, an input has no value, what is given has no effect or contradicts
        itself, or no draw keeps the identities of the model.
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
    if not wanted:
        raise ModelError("expected an output to simulate, got none")
    precision = check_against(precision, Spec("1", 0.0, low_open=True), "precision")
    seed = whole("seed", seed, 0)
    samples = None if samples is None else whole("samples", samples, 1)
    model, fixed = settled(model, wanted, given)
    group, constants = unknowns(model, wanted, fixed, weights)
    study = _Study(
        model,
        wanted,
        fixed | constants,
        tuple(group),
        by_key(model, group, {} if correlations is None else correlations),
    )
    draws = Draws(len(group), seed, factor(study.labels, study.correlations))
    size = _FIRST if samples is None else _per_scrambling(samples)
    parts: list[dict[str, FloatArray]] = []
    values: dict[str, FloatArray] = {}
    errors = dict.fromkeys(wanted, math.nan)
    tally: dict[tuple[str, str], int] = {}
    done, interrupted = 0, False
    try:
        while True:
            steps = [min(_BLOCK, size - start) for start in range(done, size, _BLOCK)]
            for step, scores in zip(steps, ahead(draws, steps), strict=True):
                found = study.evaluate(scores, REPLICATES * size, tally)
                parts.append({name: column.reshape(REPLICATES, step) for name, column in found.items()})
                done += step
                if progress:
                    progress(REPLICATES * done, max(errors.values()))
            values, parts = _joined(parts)
            errors = {name: _error(columns) for name, columns in values.items()}
            if samples is not None or max(errors.values()) <= precision or 2 * REPLICATES * size > _MOST:
                break
            size *= 2
    except KeyboardInterrupt:
        if not parts:
            raise
        interrupted = True
        values, parts = _joined(parts)
        errors = {name: _error(columns) for name, columns in values.items()}
    columns = {name: column.reshape(-1) for name, column in values.items()}
    held = ~np.isnan(next(iter(columns.values())))
    return Simulation(
        samples=columns if held.all() else {name: column[held] for name, column in columns.items()},
        errors=errors,
        converged=not interrupted and max(errors.values()) <= precision,
        precision=precision,
        seed=seed,
        single=isinstance(outputs, str),
        broken={f"{kind}: {says}": count / held.size for (kind, says), count in tally.items()},
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
    chances = [0.05, 0.5, 0.95]
    if np.isnan(columns).any():  # draws that break an identity do not count
        kept = [row[~np.isnan(row)] for row in columns]
        if min(row.size for row in kept) < 2:
            return math.inf
        found = np.column_stack([[row.mean(), *np.quantile(row, chances, method="hazen")] for row in kept])
        columns = np.concatenate(kept)
    else:
        found = np.vstack([columns.mean(axis=1), np.quantile(columns, chances, axis=1, method="hazen")])
    errors = found.std(axis=1, ddof=1) / math.sqrt(REPLICATES)
    centres = found.mean(axis=1)
    signed = columns.min() < 0 < columns.max()
    sizes = np.full(4, centres[3] - centres[1]) if signed else np.abs(centres)
    with np.errstate(divide="ignore"):
        # Where all scramblings agree there is no error, whatever the size.
        return float(np.max(np.divide(errors, sizes, out=np.zeros(4), where=errors > 0)))
