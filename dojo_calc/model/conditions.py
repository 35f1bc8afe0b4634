"""What must hold beside a model's formulas: conditions, by formula or by a procedure that says what is wrong.

A formula computes each name from others and cannot say that eight chips are no sixteen, or that no chip does more
than its peak. A condition can. An *identity* cannot be broken: a value that breaks it is refused, and in an array it
is masked. A *limit* can be, by what somebody plans: it is told, and what is computed stands.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from dojo_calc import units
from dojo_calc.errors import ModelError, nearest
from dojo_calc.model.wiring import Step, Wire, Wired, wired
from dojo_calc.quantities import Spec

__all__ = ["Broken", "Check", "Condition", "Rules", "bind", "concerned", "condition"]

Kind: TypeAlias = Literal["identity", "limit"]
Shown: TypeAlias = Callable[[str], str]  # name to its value in words
Words: TypeAlias = Callable[[Shown], str]


@dataclass(frozen=True)
class Condition:
    """A formula of the excess over what is allowed, which holds where the excess is not above zero."""

    kind: Kind
    says: str
    function: Callable[..., Any]
    wires: Mapping[str, Wire] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """Identities that a procedure judges: from values by name to what is wrong, where, and its words."""

    says: str
    function: Callable[[Mapping[str, Any]], Iterator[tuple[Any, Words]]]


def condition(kind: Kind, says: str, function: Callable[..., Any], **wires: Wire) -> Condition:
    """State what must hold of a model's values.

    Parameters
    ----------
    kind : {"identity", "limit"}
        An identity is refused where it is broken; a limit is told.
    says : str
        What holds, for the message: "a run takes no longer than its machines live".
    function : callable
        A formula of the excess, in the unit in which it is too much; at most zero where the condition holds.
    **wires : str or float
        As for `dojo_calc.step`.

    Returns
    -------
    Condition
    """
    return Condition(kind, says, function, wires)


@dataclass(frozen=True)
class Check:
    """A condition of one model: the names it looks at, and what it finds wrong with their values."""

    kind: Kind
    names: tuple[str, ...]
    says: str
    judge: Callable[[Mapping[str, Any]], Iterable[tuple[Any, Words]]]
    formula: Wired | None = None  # of the excess; None where a procedure judges


@dataclass(frozen=True)
class Broken:
    """A condition that values break: where, which outputs it concerns, and its words for one element."""

    kind: Kind
    says: str
    where: Any  # a bool or an array of bool
    outputs: frozenset[str]
    words: Words
    values: Mapping[str, Any] = field(repr=False)

    def text(self, index: tuple[int, ...] = ()) -> str:
        """What is wrong, at one element of the arrays given."""

        def shown(name: str) -> str:
            value = self.values[name]
            if np.ndim(value):
                value = np.broadcast_to(value, np.shape(self.where))[index]
            return f"{float(value):,.6g}"

        return self.words(shown)


class _Names(dict[str, Any]):
    """Values that are all one, and that remember which were looked at."""

    def __missing__(self, name: str) -> float:
        self[name] = 1.0
        return 1.0


class _Excess:
    """Judge of a condition by formula; a class, so that a model with it can be sent to other processes."""

    def __init__(self, says: str, one: Wired, specs: Mapping[str, Spec]) -> None:
        self.says, self.one, self.specs = says, one, specs

    def __call__(self, values: Mapping[str, Any]) -> Iterator[tuple[Any, Words]]:
        excess = self.one.function(*[values[name] for name in self.one.arguments])

        def words(shown: Shown) -> str:
            parts = [
                f"{name} is {shown(name)}"
                + (f" {spec.unit}" if (spec := self.specs[name]).unit != "1" else "")
                for name in self.one.arguments
            ]
            return f"{self.says}; here {', '.join(parts)}"

        yield np.asarray(excess) > 0.0, words


def bind(
    conditions: Iterable[Condition | Rules], steps: Mapping[str, Wired], needs: Mapping[str, Spec]
) -> tuple[Check, ...]:
    """Hold conditions to the model they are stated of.

    Raises
    ------
    ModelError
        If one looks at a name that the model has not, or takes it in another unit.
    """
    specs = dict(needs) | {name: one.result for name, one in steps.items()}
    found = []
    for one in conditions:
        if isinstance(one, Rules):
            looked = _Names()
            for _ in one.function(looked):
                pass
            _known(looked, one.says, specs)
            found.append(Check("identity", tuple(looked), one.says, one.function))
            continue
        if one.kind not in ("identity", "limit"):
            raise ModelError(f"a condition is an identity or a limit, got {one.kind!r}")
        own = wired(one.says, Step(one.function, one.wires))
        _known(own.arguments, one.says, specs)
        for name, spec in zip(own.arguments, own.specs, strict=True):
            if units.unit(specs[name].unit).dimensionality != units.unit(spec.unit).dimensionality:
                raise ModelError(
                    f"{name} is in {specs[name].unit}, but in {spec.unit} for the condition that {one.says}"
                )
        found.append(Check(one.kind, own.arguments, one.says, _Excess(one.says, own, specs), own))
    return tuple(found)


def _known(names: Iterable[str], says: str, specs: Mapping[str, Spec]) -> None:
    for name in names:
        if name not in specs:
            raise ModelError(f"nothing provides {name!r} for the condition {says!r}{nearest(name, specs)}")


def concerned(
    checks: Iterable[Check],
    outputs: Sequence[str],
    given: Sequence[str],
    changed: Collection[str],
    unset: Collection[str],
    needed: Callable[[Sequence[str], Sequence[str]], Iterable[str]],
    *,
    limits: bool,
) -> Iterator[tuple[Check, frozenset[str]]]:
    """Conditions to hold, each with the outputs that it concerns.

    Identities that a changed value shares with an output; with limits, also every condition whose names an output
    depends on. One that looks at what follows from an unset input says nothing. `needed` tells what some names follow
    from when others are given.
    """
    paths: dict[str, set[str]] | None = None
    for check in checks:
        if paths is None:
            paths = {output: set(needed([output], given)) for output in outputs}
        closure = set(needed(check.names, given))
        if not closure.isdisjoint(unset):
            continue
        moved = closure.intersection(changed) if check.kind == "identity" else set[str]()
        found = frozenset(
            output
            for output, path in paths.items()
            if moved & path or (limits and path.issuperset(check.names))
        )
        if found:
            yield check, found


def judged(checks: Iterable[tuple[Check, frozenset[str]]], values: Mapping[str, Any]) -> list[Broken]:
    """What values break of some conditions; a tracer has no truth, so nothing is said of it."""
    found: list[Broken] = []
    for check, outputs in checks:
        mine = {name: values[name] for name in check.names}
        if any(hasattr(value, "node") for value in mine.values()):
            continue
        with np.errstate(all="ignore"):  # what is not finite is refused where it comes out
            for where, words in check.judge(mine):
                if np.any(where):
                    found.append(Broken(check.kind, check.says, where, outputs, words, mine))
    return found
