"""What a model does not know, and values of it that are drawn evenly rather than at random.

References
----------
.. [1] I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals",
   USSR Computational Mathematics and Mathematical Physics 7(4), 1967.
.. [2] A. B. Owen, "Scrambling Sobol' and Niederreiter-Xing points", Journal of Complexity 14(4), 1998.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from dojo_calc.analysis.sweep import judge_block
from dojo_calc.errors import DomainError, ModelError, UnknownNameError, nearest
from dojo_calc.model.conditions import Broken
from dojo_calc.model.distribution import FloatArray, Mixture, Split, Weights, marginal
from dojo_calc.model.inputs import Input, Samples, Uniform
from dojo_calc.model.model import Model
from dojo_calc.quantities import Spec, check_against

Correlations: TypeAlias = Mapping[tuple[str, str], float]

REPLICATES: Final = 8  # independent scramblings, whose spread is the error
_HALF_CELL = 2.0**-31  # Sobol' points are multiples of 2**-30; their cells' middles are never 0 or 1


@dataclass(frozen=True)
class Unknown:
    """One thing that is not known for certain, and every input that it sets.

    Inputs read from one fact are one unknown. `key` is the same in every model that does not know the same
    thing: the fact, or else the name together with value and interval.
    """

    key: Hashable
    inputs: tuple[Input, ...]
    marginals: tuple[Split | Mixture | Uniform | Samples, ...]

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
    weights, given = {} if weights is None else weights, set(given)
    needed = model.needed(outputs, given)
    for name in weights:
        _known_input(model, name)
        if name in given or name not in needed:
            raise ModelError(
                f"weights are given for {name}, but {', '.join(outputs)} {'do' if len(outputs) > 1 else 'does'} "
                "not depend on its readings"
            )
    found: dict[Hashable, list[tuple[Input, Split | Mixture | Uniform | Samples]]] = {}
    settled: dict[str, float] = {}
    for name in needed:
        one = model.inputs.get(name)
        if one is None or one.value is None or name in given:
            continue
        own = marginal(one, weights.get(name))
        if isinstance(own, float):
            settled[name] = own
        else:
            fact = one.readings[0] if one.readings else None
            key = (
                (fact.entity, fact.quantity)
                if fact
                else (name, one.value, one.low, one.high, one.distribution)
            )
            found.setdefault(key, []).append((one, own))
    group = [
        Unknown(key, tuple(one for one, _ in pairs), tuple(own for _, own in pairs))
        for key, pairs in found.items()
    ]
    return group, settled


def _known_input(model: Model, name: str) -> None:
    if name not in model.inputs:
        raise UnknownNameError(f"model {model.name} has no input {name!r}{nearest(name, model.inputs)}")


def by_key(
    model: Model, group: Sequence[Unknown], correlations: Correlations
) -> dict[frozenset[Hashable], float]:
    """Correlations between unknowns; a pair of which one is certain has none."""
    keys = {one.name: unknown.key for unknown in group for one in unknown.inputs}
    found: dict[frozenset[Hashable], float] = {}
    for names, correlation in correlations.items():
        first, second = names
        _known_input(model, first)
        _known_input(model, second)
        correlation = check_against(correlation, Spec("1"), f"the correlation of {first} and {second}")
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


def factor(
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


def ahead(draws: Draws, steps: Sequence[int]) -> Iterator[FloatArray]:
    """Scores of one step after the other, each drawn by a thread while the one before is used."""
    if len(steps) < 2:
        yield from map(draws.scores, steps)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="dojo_calc draws") as thread:
        waiting = thread.submit(draws.scores, steps[0])
        for step in steps[1:]:
            found, waiting = waiting.result(), thread.submit(draws.scores, step)
            yield found
        yield waiting.result()


def evaluate_drawn(
    model: Model,
    outputs: Sequence[str],
    given: Mapping[str, float],
    drawn: Mapping[str, FloatArray],
    size: int,
    points: int = 0,
) -> tuple[dict[str, FloatArray], list[Broken]]:
    """Outputs at drawn values of inputs, NaN where they break an identity, and what they break.

    The values drawn may be a part of so many points in all.

    Raises
    ------
    ModelError
        If what is given breaks an identity whatever is drawn.
    DomainError
        If an output is not finite where everything holds; the message has the values of the inputs that make it so.
    """
    with np.errstate(all="ignore"):  # what is not finite is refused below
        found, broken = judge_block(model, outputs, {**given, **drawn}, size, points)
    wrong = np.zeros(size, dtype=np.bool_)
    for one in broken:
        if one.kind == "identity":
            if np.all(one.where):
                raise ModelError(one.text((0,) if np.ndim(one.where) else ()))
            wrong |= one.where
    for name, values in found.items():
        bad = ~np.isfinite(values) & ~wrong
        if bad.any():
            first = int(np.argmax(bad))
            inputs = ", ".join(f"{one} = {column[first]:g}" for one, column in drawn.items())
            raise DomainError(
                f"{name} is {values[first]:g} at {int(bad.sum()):,} of {size:,} samples, first at "
                f"{inputs or 'the given values'}; narrow the input that makes it so"
            )
    if wrong.any():
        found = {name: np.where(wrong, np.nan, values) for name, values in found.items()}
    return found, broken
