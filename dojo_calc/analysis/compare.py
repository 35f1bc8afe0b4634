"""A against B: the difference of an output, attributed to the inputs that differ.

References
----------
.. [1] L. S. Shapley, "A value for n-person games", Contributions to the Theory of Games II, 1953.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import ModelError
from dojo_calc.formatting import format_si
from dojo_calc.model.model import Model

__all__ = ["Comparison", "Contribution", "compare"]

Inputs: TypeAlias = tuple[str, ...]  # one, or several that change together

MOST = 16  # inputs that may differ: 2**16 evaluations, done as one array


@dataclass(frozen=True)
class Contribution:
    """What one input adds to the difference, or what several add that cannot change one without another.

    `input` then names them all, `together` lists them, and none of them has a share of its own; `before` and `after`
    are those of a single input, and None of several.
    """

    input: str
    before: float | None
    after: float | None
    amount: float
    together: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
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

    __repr__ = __str__


@door
def compare(
    model: Model, output: str, before: Mapping[str, Any], after: Mapping[str, Any] | Model
) -> Comparison:
    """Attribute the difference of an output between two settings of a model's inputs.

    Each input gets its Shapley value [1]_: its effect averaged over every order in which the inputs could be
    changed from A to B, so the order of writing does not matter and the parts sum to the whole. Inputs of which
    none can change without another, as the parallel sizes of a layout that must divide the chips, count as one.

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
        If more than 16 inputs, or sets of them that change together, differ, or A or B breaks an identity itself.
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
    joined: list[Inputs] = [(name,) for name in names if a[name] != b[name]]
    alone = np.eye(len(joined), dtype=bool)  # a few elements show most of what cannot change alone
    joined = _merged(model, output, a, b, joined, alone)[0]
    while True:
        count = len(joined)
        if count > MOST:
            raise ModelError(f"{count} inputs differ between A and B; at most {MOST} can be told apart")
        subsets = np.arange(2**count)
        chosen = (subsets[:, None] >> np.arange(count)) & 1 == 1
        fewer, outcome = _merged(model, output, a, b, joined, chosen)
        if fewer == joined:
            break
        joined = fewer
    shares = np.array([_weight(size, count) for size in range(count)])
    size = chosen.sum(axis=1)
    amounts = []
    for i in range(count):
        without = subsets[~chosen[:, i]]
        gained = outcome[without + 2**i] - outcome[without]
        amounts.append(float(np.sum(shares[size[without]] * gained)))
    return _settled(model, output, float(outcome[0]), float(outcome[-1]), joined, amounts, a, b)


def _merged(
    model: Model,
    output: str,
    a: Mapping[str, float],
    b: Mapping[str, float],
    joined: list[Inputs],
    chosen: Any,
) -> tuple[list[Inputs], Any]:
    """Inputs that change together, and the output at each choice of them from B.

    Where a mixture of A and B breaks an identity, the inputs that differ and that the identity rests on have no
    shares of their own: they are one from then on.
    """
    asked, given = joined, dict[str, Any](a)
    for place, together in enumerate(joined):
        given |= {name: np.where(chosen[:, place], b[name], a[name]) for name in together}
    outcome = np.broadcast_to(model.evaluate(output, **given), len(chosen))
    for one in model.broken(output, **given) if np.isnan(outcome).any() else ():
        if one.kind != "identity":
            continue
        rests = set(model.needed(tuple(one.values), tuple(a)))
        at = int(np.argmax(np.broadcast_to(one.where, outcome.shape)))
        if sum(not rests.isdisjoint(together) for together in asked) < 2:
            new = [
                name for here, together in zip(chosen[at], asked, strict=True) if here for name in together
            ]
            raise ModelError(
                f"the difference of {output} cannot be told: with {' and '.join(new) or 'nothing'} from B and the "
                f"rest from A, {one.text((at,))}"
            )
        hit = [together for together in joined if not rests.isdisjoint(together)]
        rest = [together for together in joined if together not in hit]
        joined = [*rest, tuple(name for together in hit for name in together)]
    return joined, outcome


def _weight(size: int, count: int) -> float:
    return math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)


def _settled(
    model: Model,
    output: str,
    before: float,
    after: float,
    joined: list[Inputs],
    amounts: list[float],
    a: Mapping[str, float],
    b: Mapping[str, float],
) -> Comparison:
    """Order the contributions, and let the largest absorb the rounding, so that `math.fsum` is exact."""
    order = sorted(range(len(joined)), key=lambda i: -abs(amounts[i]))
    if order:
        rest = math.fsum(amounts[i] for i in order[1:])
        amounts[order[0]] = math.fsum([after - before, -rest])
    parts = tuple(_contribution(joined[i], amounts[i], a, b) for i in order)
    return Comparison(output, model.spec(output).unit, before, after, parts)


def _contribution(
    together: Inputs, amount: float, a: Mapping[str, float], b: Mapping[str, float]
) -> Contribution:
    if len(together) > 1:
        return Contribution(" and ".join(together), None, None, amount, together)
    (name,) = together
    return Contribution(name, a[name], b[name], amount)


def _scalar(model: Model, name: str, given: Mapping[str, Any]) -> float:
    value = model.checked({name: given[name]})[name] if name in given else model.evaluate(name)
    if np.ndim(value):
        raise ModelError(f"{name} must be one value to compare, got an array of shape {np.shape(value)}")
    return float(value)
