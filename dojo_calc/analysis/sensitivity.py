"""Which inputs the uncertainty of an output comes from: one at a time, and all together.

References
----------
.. [1] A. Saltelli et al., "Variance based sensitivity analysis of model output. Design and estimator for the
   total sensitivity index", Computer Physics Communications 181(2), 2010: the design, and the estimator of
   the first-order index, row (b) of its table 2.
.. [2] M. J. W. Jansen, "Analysis of variance designs for model output", Computer Physics Communications
   117(1-2), 1999: the estimator of the total index.
.. [3] G. E. B. Archer, A. Saltelli and I. M. Sobol', "Sensitivity measures, ANOVA-like techniques and the use
   of bootstrap", Journal of Statistical Computation and Simulation 58(2), 1997.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from dojo_calc.analysis.draws import Draws, Unknown, evaluate_drawn, unknowns
from dojo_calc.analysis.sweep import evaluate_block, settled, whole
from dojo_calc.doors import door
from dojo_calc.errors import ModelError, UnknownNameError, nearest
from dojo_calc.model.distribution import Weights
from dojo_calc.model.model import Model
from dojo_calc.quantities import Spec, check_against
from dojo_calc.words import Listed

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Bar", "Indices", "sobol_indices", "tornado"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
SCRAMBLINGS: Final = 8  # independent ones, whose spread is the error of the indices
_ROWS = 2**14  # points evaluated at a time
_FEWEST = (
    10 * SCRAMBLINGS
)  # samples that must vary, so that no scrambling's variance hangs on one or two of them


@dataclass(frozen=True)
class Bar:
    """An output at both ends of one input, the other inputs at their values [SI]."""

    input: str
    low_value: float
    high_value: float
    output_low: float
    output_high: float
    source: str

    @property
    def swing(self) -> float:
        """How far the output moves."""
        return abs(self.output_high - self.output_low)


@door
def tornado(model: Model, output: str, /, **given: Any) -> list[Bar]:
    """Swing of an output as each uncertain input goes from one end of its interval to the other.

    The ends are the 5 % and 95 % quantiles; where readings conflict, the lowest and the highest that any of
    them allows. Inputs read from one fact move together. The swing of an output that is not monotonic in an
    input may be larger in between. An end that breaks an identity of the model has no output: it is NaN, and its bar
    stands last.

    Parameters
    ----------
    model : Model
    output : str
    **given
        Values of inputs, or of steps to be given instead of computed, or how uncertain they are, as for `simulate`.

    Returns
    -------
    list of Bar
        The largest swing first; empty if nothing that the output depends on is uncertain.

    Raises
    ------
    UnknownNameError, UnitError, DomainError, ModelError
        As `Model.evaluate` does.

    Examples
    --------
    >>> import dojo_calc as dc
    >>> model = dc.Model({"cost": dc.purchase_cost}, {"units": (8, 7, 9), "price": (30e3, 25e3, 40e3)})
    >>> [(bar.input, bar.swing) for bar in tornado(model, "cost")]
    [('price', 120000.0), ('units', 60000.0)]
    """
    model, fixed = settled(model, [output], given)
    group, _ = unknowns(model, [output], fixed)
    if not group:
        return []
    size = 2 * len(group)
    columns: dict[str, FloatArray] = {}
    for index, unknown in enumerate(group):
        for one in unknown.inputs:
            columns[one.name] = np.full(size, one.value)
            columns[one.name][2 * index : 2 * index + 2] = one.ends
    found = evaluate_block(model, [output], {**fixed, **columns}, size)[output].reshape(-1, 2)
    bars = [
        Bar(unknown.label, *unknown.inputs[0].ends, float(low), float(high), unknown.inputs[0].source)
        for unknown, (low, high) in zip(group, found, strict=True)
    ]
    return sorted(bars, key=lambda bar: (math.isnan(bar.swing), -bar.swing))


@dataclass(frozen=True, eq=False, repr=False)
class Indices(Listed):
    """Sobol' indices of one output.

    Attributes
    ----------
    output : str
    inputs : tuple of str
        What is uncertain; inputs read from one fact are one entry, and so is a group.
    first : ndarray
        Share of the output's variance that goes away when an input becomes known.
    total : ndarray
        Share that stays when everything but an input becomes known; above `first` where it acts together with
        others.
    first_interval, total_interval : ndarray
        Bootstrap intervals, of shape (inputs, 2).
    mean, variance : float
        Of the output [SI and its square].
    level : float
        Of the intervals.
    evaluations : int
    masked : float
        Share of rows left out since one of their draws breaks an identity of the model.
    """

    output: str
    inputs: tuple[str, ...]
    first: FloatArray
    total: FloatArray
    first_interval: FloatArray
    total_interval: FloatArray
    mean: float
    variance: float
    level: float
    evaluations: int
    masked: float

    def line(self) -> str:
        """Whose indices these are, and of how many inputs."""
        return f"Sobol' indices of {self.output} in {len(self.inputs)} inputs, from {self.evaluations:,} evaluations"

    def table(self) -> pl.DataFrame:
        """Row of a polars frame for each input, the largest total index first."""
        import polars as pl

        columns: dict[str, Any] = {"input": list(self.inputs)}
        for name in ("first", "total"):
            interval = getattr(self, f"{name}_interval")
            columns |= {
                name: getattr(self, name),
                f"{name}_low": interval[:, 0],
                f"{name}_high": interval[:, 1],
            }
        return pl.DataFrame(columns).sort("total", descending=True)


@door
def sobol_indices(
    model: Model,
    output: str,
    /,
    n: int = 2**13,
    *,
    resamples: int = 1000,
    level: float = 0.9,
    seed: int = 0,
    weights: Mapping[str, Weights] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    **given: Any,
) -> Indices:
    """First-order and total Sobol' indices of the uncertain inputs, with confidence intervals.

    Inputs are independent and follow the rule of `quantile`. The first index is Saltelli's estimator [1]_, the total
    one Jansen's [2]_, on eight independently scrambled sets of Sobol' points. The bootstrap [3]_ draws whole
    scramblings anew, since the points of one are not independent of each other; its spread is widened as Student's
    distribution asks for the error of eight.

    Parameters
    ----------
    model : Model
    output : str
    n : int
        Rows of the design, raised to eight times a power of two, at least 16; the model is evaluated
        ``n * (inputs + 2)`` times.
    resamples : int
        Draws of the bootstrap.
    level : float
        Of the intervals: 0.9 gives the 5 % and 95 % quantiles of the draws.
    seed : int
    weights : mapping, optional
        Input to weights of its readings, as for `simulate`.
    groups : mapping, optional
        Name of a group to its inputs, ``{"cost": ["price", "life"]}``: the group is taken as one input, so that what
        its inputs do together counts once. Inputs in no group are a group each.
    **given
        Values of inputs, or of steps to be given instead of computed, or how uncertain they are, as for `simulate`.

    Returns
    -------
    Indices

    Raises
    ------
    ModelError
        If nothing that the output depends on is uncertain; if the output does not vary, or in so few samples that its
        variance is not known; if an input, or inputs read from one fact, stand in two groups, or in one without being
        uncertain here.
    UnknownNameError, UnitError, DomainError
        As `Model.evaluate` does, and if the output is not finite or a group names an unknown input.

    Examples
    --------
    >>> import dojo_calc as dc
    >>> model = dc.Model({"cost": dc.purchase_cost}, {"units": (8, 7, 9), "price": (30e3, 25e3, 40e3)})
    >>> found = sobol_indices(model, "cost")
    >>> dict(zip(found.inputs, found.total.round(2).tolist()))
    {'units': 0.21, 'price': 0.8}
    """
    n, resamples = whole("n", n, 2), whole("resamples", resamples, 2)
    seed = whole("seed", seed, 0)
    level = float(check_against(level, Spec("1", 0.0, 1.0, low_open=True, high_open=True), "level"))
    model, fixed = settled(model, [output], given)
    group, constants = unknowns(model, [output], fixed, weights)
    if not group:
        raise ModelError(f"nothing that {output} depends on is uncertain, so it has no indices")
    size = 2 * SCRAMBLINGS
    while size < n:
        size *= 2
    labels, place = _grouped(model, group, {} if groups is None else groups)
    design = _design(model, output, fixed | constants, group, place, size, seed)
    kept = np.asarray(~np.isnan(design).any(axis=0))
    _refuse_still(output, design[:2][:, kept], labels)
    mean = float(design[:2][:, kept].mean())
    a, b, *mixed = design - mean  # so that the products lose no digits
    # The estimators are ratios of means over the rows of these columns.
    parts = [a + b, a * a + b * b]
    parts += [b * (column - a) for column in mixed]
    parts += [(a - column) ** 2 for column in mixed]
    rows = np.stack(parts, axis=-1)
    weight = kept.sum(axis=1) / kept.sum()
    means = np.array([own[mask].mean(axis=0) for own, mask in zip(rows, kept, strict=True)])
    variance, first, total = _indices(weight @ means)
    chosen = np.random.default_rng(seed).integers(SCRAMBLINGS, size=(resamples, SCRAMBLINGS))
    drawn = weight[chosen]
    with np.errstate(divide="ignore", invalid="ignore"):
        _, firsts, totals = _indices(
            np.einsum("rs,rsc->rc", drawn / drawn.sum(axis=1, keepdims=True), means[chosen])
        )
    return Indices(
        output=output,
        inputs=labels,
        first=first,
        total=total,
        first_interval=_interval(first, firsts, level),
        total_interval=_interval(total, totals, level),
        mean=mean,
        variance=float(variance[0]),
        level=level,
        evaluations=size * (len(labels) + 2),
        masked=float(1.0 - kept.mean()),
    )


def _refuse_still(output: str, values: FloatArray, labels: Sequence[str]) -> None:
    """Refuse an output that does not vary, or in too few samples to say what its variance comes from."""
    if not values.size:
        raise ModelError(f"{output} has no value at any draw, since all break an identity of the model")
    if np.ptp(values) == 0:
        raise ModelError(f"{output} does not vary with {', '.join(labels)}, so it has no indices")
    _, counts = np.unique(values, return_counts=True)
    others = values.size - int(counts.max())
    if others < _FEWEST:
        raise ModelError(
            f"{output} is the same in all but {others:,} of {values.size:,} samples, too few for indices; "
            f"expected at least {_FEWEST}, which a larger n gives"
        )


def _interval(found: FloatArray, drawn: FloatArray, level: float) -> FloatArray:
    """Ends that hold an index at a level: quantiles of the bootstrap, widened for the few scramblings."""
    from scipy.stats import norm, t

    ends = [0.5 - level / 2.0, 0.5 + level / 2.0]
    # Means of so few, divided by their own spread, follow Student's distribution, and the bootstrap's spread is
    # short by the square root of (n - 1) / n.
    wider = t.ppf(ends[1], SCRAMBLINGS - 1) / norm.ppf(ends[1]) * math.sqrt(SCRAMBLINGS / (SCRAMBLINGS - 1))
    return np.asarray((found + wider * (np.nanquantile(drawn, ends, axis=0) - found)).T)


def _grouped(
    model: Model, group: Sequence[Unknown], groups: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], list[int]]:
    """Names of the groups that stand in the result, and the place of each unknown among them."""
    owner: dict[str, str] = {}
    for name, members in groups.items():
        for member in members:
            if member not in model.inputs:
                hint = nearest(member, model.inputs)
                raise UnknownNameError(f"model {model.name} has no input {member!r}{hint}")
            if not any(member == one.name for unknown in group for one in unknown.inputs):
                raise ModelError(
                    f"{member} stands in the group {name}, but nothing about it is uncertain here"
                )
            if owner.setdefault(member, name) != name:
                raise ModelError(f"input {member} stands in two groups, {owner[member]} and {name}")
    labels: list[str] = []
    places: list[int] = []
    for unknown in group:
        found = {owner.get(one.name, "") for one in unknown.inputs}
        if len(found) > 1:
            raise ModelError(f"{unknown.label} are read from one fact, so they belong in one group")
        label = found.pop() or unknown.label
        if label not in labels:
            labels.append(label)
        places.append(labels.index(label))
    return tuple(labels), places


def _design(
    model: Model,
    output: str,
    given: Mapping[str, float],
    group: Sequence[Unknown],
    places: Sequence[int],
    size: int,
    seed: int,
) -> FloatArray:
    """Output on two independent samples A and B, then on A with the columns of each place from B in turn.

    Of shape (2 + places, scramblings, rows of each).
    """
    count, rows = len(group), size // SCRAMBLINGS
    draws = Draws(2 * count, seed, replicates=SCRAMBLINGS)
    outcome = np.empty((max(places) + 3, SCRAMBLINGS, rows))
    for start in range(0, rows, _ROWS // SCRAMBLINGS):
        part = slice(start, min(start + _ROWS // SCRAMBLINGS, rows))
        scores = draws.scores(part.stop - start)
        values = [
            [one.values(row) for one, row in zip(group, half, strict=True)]
            for half in (scores[:count], scores[count:])
        ]
        for index in range(len(outcome)):
            # 0 takes every column from A, 1 from B, and the others those of one place from B.
            chosen = [values[index == 1 or index - 2 == place][column] for column, place in enumerate(places)]
            drawn = {name: column for columns in chosen for name, column in columns.items()}
            found, _ = evaluate_drawn(model, [output], given, drawn, scores.shape[1], size * len(outcome))
            outcome[index, :, part] = found[output].reshape(SCRAMBLINGS, -1)
    return outcome


def _indices(means: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Variance, first and total indices from the means of the columns; the last axis is theirs."""
    variance = means[..., 1:2] / 2.0 - (means[..., 0:1] / 2.0) ** 2
    first, total = np.split(means[..., 2:], 2, axis=-1)
    return variance, first / variance, total / (2.0 * variance)
