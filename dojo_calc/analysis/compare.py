"""A against B: the difference of an output, attributed to the inputs that differ.

References
----------
.. [1] L. S. Shapley, "A value for n-person games", Contributions to the Theory of Games II, 1953.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import ModelError
from dojo_calc.formatting import format_si
from dojo_calc.model.model import Model

__all__ = ["Comparison", "Contribution", "compare"]

MOST = 16  # inputs that may differ: 2**16 evaluations, done as one array


@dataclass(frozen=True)
class Contribution:
    """What one input adds to the difference."""

    input: str
    before: float
    after: float
    amount: float


@dataclass(frozen=True)
class Comparison:
    """An output at A and at B, and the contributions, largest first, which sum to the difference exactly."""

    output: str
    unit: str
    before: float
    after: float
    contributions: tuple[Contribution, ...]

    @property
    def difference(self) -> float:
        """B less A [SI]."""
        return self.after - self.before

    def __str__(self) -> str:
        lines = [f"{self.output}: {format_si(self.before, self.unit)} -> {format_si(self.after, self.unit)}"]
        lines += [f"  {one.input}: {format_si(one.amount, self.unit)}" for one in self.contributions]
        return "\n".join(lines)


@door
def compare(
    model: Model, output: str, before: Mapping[str, Any], after: Mapping[str, Any] | Model
) -> Comparison:
    """Attribute the difference of an output between two settings of a model's inputs.

    Each input gets its Shapley value [1]_: its effect averaged over every order in which the inputs could be
    changed from A to B, so the order of writing does not matter and the parts sum to the whole.

    Parameters
    ----------
    model : Model
    output : str
    before, after : mapping
        Values of inputs, as for `Model.evaluate`; what neither names stays at its default. `after` may be a
        second model of the same inputs, whose defaults are then B.

    Returns
    -------
    Comparison

    Raises
    ------
    ModelError
        If more than 16 inputs differ.
    UnknownNameError, UnitError, DomainError
        As `Model.evaluate` does.
    """
    if isinstance(after, Model):
        needed = set(after.needed([output]))
        changed: Mapping[str, Any] = {
            name: one.value for name, one in after.inputs.items() if one.value is not None and name in needed
        }
    else:
        changed = after
    names = list(dict.fromkeys([*before, *changed]))
    a = {name: _scalar(model, name, before) for name in names}
    b = {name: _scalar(model, name, changed) for name in names}
    differing = [name for name in names if a[name] != b[name]]
    count = len(differing)
    if count > MOST:
        raise ModelError(f"{count} inputs differ between A and B; at most {MOST} can be told apart")
    subsets = np.arange(2**count)
    chosen = (subsets[:, None] >> np.arange(count)) & 1 == 1
    given: dict[str, Any] = {name: a[name] for name in names}
    given |= {name: np.where(chosen[:, i], b[name], a[name]) for i, name in enumerate(differing)}
    outcome = np.broadcast_to(model.evaluate(output, **given), subsets.shape)
    if np.isnan(outcome).any():
        _refuse_between(model, output, given, outcome, chosen, differing)
    size = chosen.sum(axis=1)
    amounts = []
    for i in range(count):
        without = subsets[~chosen[:, i]]
        weight = np.array([_weight(int(size[subset]), count) for subset in without])
        amounts.append(float(np.sum(weight * (outcome[without | (1 << i)] - outcome[without]))))
    return _settled(model, output, float(outcome[0]), float(outcome[-1]), differing, amounts, a, b)


def _refuse_between(
    model: Model, output: str, given: Mapping[str, Any], outcome: Any, chosen: Any, names: list[str]
) -> None:
    """Say which mixture of A and B breaks a condition: what cannot be changed alone has no share of its own."""
    for one in model.broken(output, **given):
        if one.kind == "identity":
            place = int(np.argmax(np.broadcast_to(one.where, outcome.shape)))
            mixed = (
                " and ".join(name for name, new in zip(names, chosen[place], strict=True) if new) or "nothing"
            )
            raise ModelError(
                f"the difference of {output} cannot be told apart: with {mixed} from B and the rest from A, "
                f"{one.text((place,))}"
            )


def _weight(size: int, count: int) -> float:
    return math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)


def _settled(
    model: Model,
    output: str,
    before: float,
    after: float,
    names: list[str],
    amounts: list[float],
    a: Mapping[str, float],
    b: Mapping[str, float],
) -> Comparison:
    """Order the contributions, and let the largest absorb the rounding, so that `math.fsum` is exact."""
    order = sorted(range(len(names)), key=lambda i: -abs(amounts[i]))
    if order:
        rest = math.fsum(amounts[i] for i in order[1:])
        amounts[order[0]] = math.fsum([after - before, -rest])
    parts = tuple(Contribution(names[i], a[names[i]], b[names[i]], amounts[i]) for i in order)
    return Comparison(output, model.spec(output).unit, before, after, parts)


def _scalar(model: Model, name: str, given: Mapping[str, Any]) -> float:
    value = model.checked({name: given[name]})[name] if name in given else model.evaluate(name)
    if np.ndim(value):
        raise ModelError(f"{name} must be one value to compare, got an array of shape {np.shape(value)}")
    return float(value)
