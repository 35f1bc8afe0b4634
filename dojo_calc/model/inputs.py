"""The roots of a model: a value with what is known of its error, and how one is read from what a person gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from dojo_calc import units
from dojo_calc.errors import DomainError, ModelError
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.quantities import Spec, check_against

__all__ = ["Input", "Samples", "Uniform", "read_input"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
_FACT = re.compile(r"[^\[\]=]+\.[a-z][a-z0-9_]*(\[[^\[\]]+\])?")


@dataclass(frozen=True)
class Uniform:
    """An input that is as likely to be anywhere between two ends as anywhere else: numbers in SI, or texts.

    Its value is the middle, and its 90 % interval leaves 5 % of the way out at each end.
    """

    low: Any
    high: Any

    def checked(self, spec: Spec, name: str) -> Uniform:
        """The same in SI, held to a domain."""
        low, high = (check_against(end, spec, name) for end in (self.low, self.high))
        if np.ndim(low) or np.ndim(high) or not low < high:
            raise DomainError(f"{name}: expected low < high of a uniform distribution, got {low}, {high}")
        return Uniform(low, high)

    def quantile(self, chance: Any) -> Any:
        """Value below which it lies with some probability."""
        return self.low + (self.high - self.low) * chance

    def at(self, scores: FloatArray) -> FloatArray:
        """Values at normal scores."""
        from scipy.special import ndtr

        return np.asarray(self.quantile(ndtr(scores)))


@dataclass(frozen=True, eq=False)
class Samples:
    """An input known by a sample of its own, each value as likely as the next: numbers in SI, or texts.

    Its value is the median, and its 90 % interval is that of the sample.
    """

    values: Any

    def checked(self, spec: Spec, name: str) -> Samples:
        """The same in SI, sorted and held to a domain."""
        given = self.values
        if isinstance(given, Sequence) and not isinstance(given, str):
            given = [check_against(one, spec, f"{name}[{place}]") for place, one in enumerate(given)]
        found = np.asarray(check_against(given, spec, name))
        if found.ndim != 1 or found.size < 2:
            raise DomainError(f"{name}: expected samples in a row, two or more, got shape {found.shape}")
        return Samples(np.sort(found))

    def quantile(self, chance: Any) -> Any:
        """Value below which it lies with some probability: always one of the samples."""
        return np.quantile(self.values, chance, method="inverted_cdf")

    def at(self, scores: FloatArray) -> FloatArray:
        """Values at normal scores."""
        from scipy.special import ndtr

        return np.asarray(self.quantile(ndtr(scores)))


@dataclass(frozen=True)
class Input:
    """A root of a model: its default value [SI], its 90 % interval, and where it comes from.

    `value` is None for an input that has no default and must be given; `readings` holds all facts where
    sources conflict; `distribution` is a person's own, where one was given; `how` says how it is known, where
    whoever put it together told.
    """

    name: str
    spec: Spec
    value: float | None
    low: float | None
    high: float | None
    source: str
    readings: tuple[Fact, ...] = ()
    distribution: Uniform | Samples | None = None
    how: Literal["", "published", "estimated", "assumed", "missing"] = ""

    @property
    def rivals(self) -> tuple[Fact, ...]:
        """Readings that contradict each other, which are the one in use and those that do not stand aside.

        A prior, a reading that was superseded and one of another date contradict nothing. Where such a one is
        itself in use, by somebody's choice, it stands alone.
        """
        if any(fact.is_default and fact.aside for fact in self.readings):
            return tuple(fact for fact in self.readings if fact.is_default)
        return tuple(fact for fact in self.readings if not fact.aside) or self.readings

    @property
    def uncertain(self) -> bool:
        """Whether it has an interval or conflicting readings."""
        return self.low != self.high or len({fact.value for fact in self.rivals}) > 1

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of its interval; over all readings where they conflict.

        Raises
        ------
        ModelError
            If it has no interval.
        """
        if len({fact.value for fact in self.rivals}) > 1:
            return min(fact.low for fact in self.rivals), max(fact.high for fact in self.rivals)
        if self.low is None or self.high is None:
            raise ModelError(f"input {self.name} has no interval")
        return self.low, self.high


def uncertain(given: Any) -> bool:
    """Whether what a person gives for a name says how uncertain it is, and so is no plain value."""
    return isinstance(given, Fact | Input | Uniform | Samples) or (
        isinstance(given, tuple | list) and len(given) == 3 and not any(np.ndim(one) for one in given)
    )


def read_input(name: str, spec: Spec, given: Any, book: Catalogue) -> Input:
    """Read an input: a fact by name, a `Fact`, a number, a text, (value, low, high), a distribution, or None.

    Raises
    ------
    ModelError
        If it is of another unit or shape.
    UnitError, DomainError
        If a value does not fit; the message names the input.
    """
    if isinstance(given, Input):
        return replace(given, name=name, spec=spec)
    pinned = isinstance(given, str) and given.endswith("]")  # a named reading leaves no conflict open
    if isinstance(given, str) and _FACT.fullmatch(given):
        given = book.fact(given)
    if isinstance(given, Fact):
        if units.unit(given.unit).dimensionality != units.unit(spec.unit).dimensionality:
            raise ModelError(f"input {name} must be in {spec.unit}, but {given.name} is in {given.unit}")
        known = book.facts.has(given.entity, given.quantity) and not pinned
        readings = tuple(book.facts.readings(given.entity, given.quantity)) if known else (given,)
        value, low, high = (
            check_against(bound, spec, name) for bound in (given.value, given.low, given.high)
        )
        return Input(name, spec, value, low, high, f"{given.name}, {given.source}", readings)
    if given is None:
        return Input(name, spec, None, None, None, "must be given")
    if isinstance(given, Uniform | Samples):
        own = given.checked(spec, name)
        low, value, high = (float(own.quantile(chance)) for chance in (0.05, 0.5, 0.95))
        return Input(name, spec, value, low, high, "given", (), own)
    if isinstance(given, tuple | list):
        if len(given) != 3:
            raise ModelError(f"input {name} must be (value, low, high), got {len(given)} values")
        if any(isinstance(one, list | tuple | dict) or np.ndim(one) for one in given):
            raise ModelError(f"input {name} must be (value, low, high), each one value, got {given!r:.60}")
        value, low, high = (check_against(bound, spec, name) for bound in given)
        if not low <= value <= high:
            raise ModelError(f"input {name}: expected low <= value <= high, got {low:g}, {value:g}, {high:g}")
        return Input(name, spec, value, low, high, "given")
    value = check_against(given, spec, name)
    if np.ndim(value):
        raise ModelError(f"input {name} must be one value, got an array of shape {np.shape(value)}")
    return Input(name, spec, value, value, value, "given")
