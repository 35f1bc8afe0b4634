"""The types a formula's signature speaks, and the one place that checks a value against them.

``def units_needed(target: FlopRate, unit: FlopRate) -> Count`` says in its signature what it takes. Each
alias is ``Annotated[Numeric, Unit(...), domain]``. `check` reads it once at the boundary (catalogue,
command line, inputs of a model); `checked` puts that boundary around a single formula. Inside, formulas
run on bare floats and arrays and pay nothing.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from typing import Annotated, Any, ParamSpec, Protocol, TypeAlias, get_args, get_origin, get_type_hints

import numpy as np
from annotated_types import Ge, Gt, Interval, Le, Lt

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.errors import ArgumentError, DomainError, UnitError
from dojo_calc.parsing import parse_as

__all__ = [
    "ALLOWANCE", "Area", "ByteRate", "Bytes", "CashFlow", "Count", "CountPerArea", "Current", "DecayRate",
    "DiscountRate", "Duration", "Elasticity", "Energy", "EnergyPerArea", "EnergyPrice", "Exponent", "Extent", "Flop",
    "FlopDemand", "FlopRate", "Fraction", "Frequency", "Growth", "Horizon", "Intensity", "InterestRate", "Length",
    "Margin", "Mass", "MassPerArea", "MassPerEnergy", "Money", "MoneyPerByte", "MoneyPerFlop",
    "MoneyPerFlopRate", "MoneyPerLength", "MoneyPerPower", "MoneyRate", "Numeric", "Periods", "PositiveBytes",
    "PositiveCount", "PositiveDecayRate", "PositiveDuration", "PositiveEnergy", "PositiveFlop",
    "PositiveFraction", "PositiveIntensity", "PositiveMoney", "PositiveMoneyRate", "PositivePower",
    "PositiveRatio", "Power", "PowerRamp", "PowerUsage", "ProperFraction", "Ranks", "RatePerArea",
    "RatePerPower", "Ratio", "Rise", "SignedBytes", "SignedCount", "SignedDuration",
    "SignedPower", "Spec", "Speed", "Term",
    "TokenRate", "Unit", "Voltage", "Volume", "VolumePerEnergy", "Year", "alias", "as_count", "check",
    "check_result", "checked", "is_formula", "signature", "single", "spec", "whole_number",
]  # fmt: skip


class Numeric(Protocol):
    """Anything with arithmetic: a float, an array, a pint quantity, a tracer."""

    def __add__(self, other: Any, /) -> Numeric: ...
    def __radd__(self, other: Any, /) -> Numeric: ...
    def __sub__(self, other: Any, /) -> Numeric: ...
    def __rsub__(self, other: Any, /) -> Numeric: ...
    def __mul__(self, other: Any, /) -> Numeric: ...
    def __rmul__(self, other: Any, /) -> Numeric: ...
    def __truediv__(self, other: Any, /) -> Numeric: ...
    def __rtruediv__(self, other: Any, /) -> Numeric: ...
    def __pow__(self, other: Any, /) -> Numeric: ...
    def __neg__(self) -> Numeric: ...
    def __float__(self) -> float: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __ge__(self, other: Any, /) -> Any: ...


# Three thousand chips' worth of a rate, over the rate of one chip, may come out as 3000.0000000000005, and a bare
# ceil would buy one more. Each operation on the way adds at most half a unit in the last place (2**-53), so 2**-46
# lets over a hundred of them pass, and is still far below the least part of a thing that anybody means.
ALLOWANCE = 2.0**-46
MOST = 1e15  # of things in one: a slip beyond it


@dataclass(frozen=True)
class Unit:
    """The SI unit of an alias. A text, so that importing the library does not import pint."""

    text: str


Positive, NotNegative, AtMostOne, AtLeastOne = Gt(0), Ge(0), Le(1), Ge(1)

Count: TypeAlias = Annotated[Numeric, Unit("1"), NotNegative]
Ranks: TypeAlias = Annotated[Numeric, Unit("1"), AtLeastOne]
Extent: TypeAlias = Annotated[Numeric, Unit("1"), AtLeastOne]
SignedCount: TypeAlias = Annotated[Numeric, Unit("1")]
SignedDuration: TypeAlias = Annotated[Numeric, Unit("s")]
SignedBytes: TypeAlias = Annotated[Numeric, Unit("B")]
SignedPower: TypeAlias = Annotated[Numeric, Unit("W")]
Ratio: TypeAlias = Annotated[Numeric, Unit("1"), NotNegative]
PositiveCount: TypeAlias = Annotated[Numeric, Unit("1"), Positive]
PositiveRatio: TypeAlias = Annotated[Numeric, Unit("1"), Positive]
Fraction: TypeAlias = Annotated[Numeric, Unit("1"), NotNegative, AtMostOne]
PositiveFraction: TypeAlias = Annotated[Numeric, Unit("1"), Positive, AtMostOne]
ProperFraction: TypeAlias = Annotated[Numeric, Unit("1"), Interval(ge=0, lt=1)]
PowerUsage: TypeAlias = Annotated[Numeric, Unit("1"), AtLeastOne]
Year: TypeAlias = Annotated[Numeric, Unit("1"), Interval(ge=1900, le=2200)]
# A factor a period, a number of periods, and one that a root is taken over: bounded, so that no power overflows.
Growth: TypeAlias = Annotated[Numeric, Unit("1"), Interval(ge=0.01, le=100)]
Rise: TypeAlias = Annotated[Numeric, Unit("1"), Interval(ge=1, le=100)]
Horizon: TypeAlias = Annotated[Numeric, Unit("1"), Interval(ge=0, le=100)]
Term: TypeAlias = Annotated[Numeric, Unit("1"), Interval(ge=0.1, le=100)]
# Of a law of scaling: a loss goes with a negative power of size or data, bounded for the same reason.
Exponent: TypeAlias = Annotated[Numeric, Unit("1"), Interval(ge=0.05, le=1)]
# How many times as fast one thing grows as another; bounded, since powers of powers are taken.
Elasticity: TypeAlias = Annotated[Numeric, Unit("1"), Interval(ge=0, le=5)]
Flop: TypeAlias = Annotated[Numeric, Unit("FLOP"), NotNegative]
PositiveFlop: TypeAlias = Annotated[Numeric, Unit("FLOP"), Positive]
FlopRate: TypeAlias = Annotated[Numeric, Unit("FLOP/s"), Positive]
FlopDemand: TypeAlias = Annotated[Numeric, Unit("FLOP/s"), NotNegative]
Bytes: TypeAlias = Annotated[Numeric, Unit("B"), NotNegative]
PositiveBytes: TypeAlias = Annotated[Numeric, Unit("B"), Positive]
ByteRate: TypeAlias = Annotated[Numeric, Unit("B/s"), Positive]
Intensity: TypeAlias = Annotated[Numeric, Unit("FLOP/B"), NotNegative]
PositiveIntensity: TypeAlias = Annotated[Numeric, Unit("FLOP/B"), Positive]
Frequency: TypeAlias = Annotated[Numeric, Unit("Hz"), Positive]
Duration: TypeAlias = Annotated[Numeric, Unit("s"), NotNegative]
PositiveDuration: TypeAlias = Annotated[Numeric, Unit("s"), Positive]
Power: TypeAlias = Annotated[Numeric, Unit("W"), NotNegative]
PositivePower: TypeAlias = Annotated[Numeric, Unit("W"), Positive]
Energy: TypeAlias = Annotated[Numeric, Unit("J"), NotNegative]
PositiveEnergy: TypeAlias = Annotated[Numeric, Unit("J"), Positive]
Money: TypeAlias = Annotated[Numeric, Unit("USD"), NotNegative]
PositiveMoney: TypeAlias = Annotated[Numeric, Unit("USD"), Positive]
EnergyPrice: TypeAlias = Annotated[Numeric, Unit("USD/J"), NotNegative]
MoneyPerByte: TypeAlias = Annotated[Numeric, Unit("USD/B"), NotNegative]
MoneyPerFlop: TypeAlias = Annotated[Numeric, Unit("USD/FLOP"), NotNegative]
MoneyPerFlopRate: TypeAlias = Annotated[Numeric, Unit("USD*s/FLOP"), NotNegative]
MoneyPerPower: TypeAlias = Annotated[Numeric, Unit("USD/W"), NotNegative]
MoneyPerLength: TypeAlias = Annotated[Numeric, Unit("USD/m"), NotNegative]
MoneyRate: TypeAlias = Annotated[Numeric, Unit("USD/s"), NotNegative]
PositiveMoneyRate: TypeAlias = Annotated[Numeric, Unit("USD/s"), Positive]
InterestRate: TypeAlias = Annotated[Numeric, Unit("1"), NotNegative]
DiscountRate: TypeAlias = Annotated[Numeric, Unit("1"), Gt(-1)]
Periods: TypeAlias = Annotated[Numeric, Unit("1"), Positive]
MassPerEnergy: TypeAlias = Annotated[Numeric, Unit("kg/J"), NotNegative]
MassPerArea: TypeAlias = Annotated[Numeric, Unit("kg/m^2"), NotNegative]
EnergyPerArea: TypeAlias = Annotated[Numeric, Unit("J/m^2"), NotNegative]
Volume: TypeAlias = Annotated[Numeric, Unit("m^3"), NotNegative]
VolumePerEnergy: TypeAlias = Annotated[Numeric, Unit("m^3/J"), NotNegative]
PowerRamp: TypeAlias = Annotated[Numeric, Unit("W/s"), Positive]
CashFlow: TypeAlias = Annotated[Numeric, Unit("USD")]
DecayRate: TypeAlias = Annotated[Numeric, Unit("1/s"), NotNegative]
PositiveDecayRate: TypeAlias = Annotated[Numeric, Unit("1/s"), Positive]
TokenRate: TypeAlias = Annotated[Numeric, Unit("1/s"), NotNegative]
RatePerPower: TypeAlias = Annotated[Numeric, Unit("FLOP/J"), Positive]
RatePerArea: TypeAlias = Annotated[Numeric, Unit("FLOP/s/m^2"), Positive]
Speed: TypeAlias = Annotated[Numeric, Unit("m/s"), Positive]
Length: TypeAlias = Annotated[Numeric, Unit("m"), Positive]
Margin: TypeAlias = Annotated[Numeric, Unit("m"), NotNegative]
Area: TypeAlias = Annotated[Numeric, Unit("m^2"), Positive]
CountPerArea: TypeAlias = Annotated[Numeric, Unit("1/m^2"), NotNegative]
Mass: TypeAlias = Annotated[Numeric, Unit("kg"), NotNegative]
Voltage: TypeAlias = Annotated[Numeric, Unit("V"), Positive]
Current: TypeAlias = Annotated[Numeric, Unit("A"), Positive]


@dataclass(frozen=True)
class Spec:
    """What an alias says: its SI unit and the interval its values lie in."""

    unit: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    @property
    def domain(self) -> str:
        """The interval in words, for messages and tables."""
        if self.low == -math.inf and self.high == math.inf:
            return "any finite number"
        if self.high == math.inf:
            return f"{'above' if self.low_open else 'at least'} {self.low:g}"
        if self.low_open or self.high_open:
            low, high = "above" if self.low_open else "at least", "below" if self.high_open else "at most"
            return f"{low} {self.low:g} and {high} {self.high:g}"
        return f"between {self.low:g} and {self.high:g}"

    def holds(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
        """Whether all values are finite and in the domain: two reductions, and no array beside the values."""
        if not values.size:
            return True
        least, most = float(values.min()), float(values.max())  # NaN where any value is, and then not inside
        inside = self.low < least if self.low_open else self.low <= least
        return (
            inside
            and least > -math.inf
            and math.inf > most <= self.high
            and not (self.high_open and most == self.high)
        )

    def outside(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Mask of the values that are not finite or not in the domain."""
        below = values <= self.low if self.low_open else values < self.low
        above = values >= self.high if self.high_open else values > self.high
        mask: np.ndarray[Any, np.dtype[np.bool_]] = ~np.isfinite(values) | below | above
        return mask


@cache
def spec(annotation: Any) -> Spec | None:
    """Read an alias such as `FlopRate`; None for any other annotation."""
    if get_origin(annotation) is not Annotated:
        return None
    metadata = get_args(annotation)[1:]
    text = next((item.text for item in metadata if isinstance(item, Unit)), None)
    if text is None:
        return None
    found: dict[str, Any] = {"unit": text}
    for item in metadata:
        for bound in tuple(item) if isinstance(item, Interval) else (item,):
            match bound:
                case Gt(gt=low):
                    found |= {"low": low, "low_open": True}
                case Ge(ge=low):
                    found |= {"low": low}
                case Le(le=high):
                    found |= {"high": high}
                case Lt(lt=high):
                    found |= {"high": high, "high_open": True}
    return Spec(**found)


@door
def alias(name: str) -> Any:
    """Look an alias up by its name, as `data/quantities.csv` writes it.

    Raises
    ------
    KeyError
        If there is no such alias.
    """
    annotation = globals()[name]
    if spec(annotation) is None:
        raise KeyError(name)
    return annotation


@dataclass(frozen=True)
class Signature:
    """Parameters and result of a formula, each with its spec."""

    parameters: dict[str, Spec]
    result: Spec
    variadic: frozenset[str]


@door
@cache
def signature(function: Callable[..., Any]) -> Signature | None:
    """Signature of a formula; None where a parameter or the result has no unit, so it is no formula."""
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError:  # a type imported for the type checker alone; no formula has one
        return None
    parameters = inspect.signature(function).parameters
    specs = {name: spec(hints.get(name)) for name in parameters}
    result = spec(hints.get("return"))
    if result is None or any(one is None for one in specs.values()):
        return None
    variadic = frozenset(name for name, one in parameters.items() if one.kind is one.VAR_POSITIONAL)
    return Signature({name: one for name, one in specs.items() if one}, result, variadic)


def is_formula(function: Callable[..., Any]) -> bool:
    """Whether every parameter and the result of a function carry a unit."""
    return signature(function) is not None


@door
def check(value: Any, annotation: Any, name: str) -> Any:
    """Bring one value to SI float64 and hold it to its declared unit and domain.

    Parameters
    ----------
    value : float, array_like, str or pint.Quantity
        A bare number is taken as SI; a text such as ``"100 EFLOP/s"`` and a quantity are converted.
    annotation : alias
        Such as `FlopRate`.
    name : str
        The argument's name, for the message.

    Returns
    -------
    float or numpy.ndarray
        A float for a scalar, else an array of float64 of the same shape.

    Raises
    ------
    UnitError
        If a text or a quantity has another dimension, or the value is no number.
    DomainError
        If a value is not finite or lies outside the domain; the message names the first one.
    """
    declared = spec(annotation) if isinstance(annotation, Hashable) else None
    if declared is None:
        raise ArgumentError(f"{annotation!r:.60} is not an alias of dojo_calc.quantities")
    return check_against(value, declared, name)


@door
def single(value: Any, annotation: Any, name: str) -> float:
    """Bring one number to SI as `check` does, and refuse an array where a door takes one value.

    Raises
    ------
    UnitError, DomainError
        As `check`; also for an array.
    """
    return _one(check(value, annotation, name), name)


def one_against(value: Any, declared: Spec, name: str) -> float:
    """Do the work of `single` for a spec already read."""
    return _one(check_against(value, declared, name), name)


def _one(number: Any, name: str) -> float:
    if np.ndim(number):
        raise UnitError(f"{name} must be one number, got an array of {np.size(number):,}")
    return float(number)


def check_against(value: Any, declared: Spec, name: str) -> Any:
    """Do the work of `check` for a spec already read."""
    if isinstance(value, str):
        value = parse_as(value, declared.unit, name)
    elif isinstance(value, np.ndarray) and value.dtype.kind == "U":
        return check_against(value.tolist(), declared, name)
    elif isinstance(value, list | tuple) and any(isinstance(one, str | bool) for one in value):
        value = [check_against(one, declared, f"{name}[{index}]") for index, one in enumerate(value)]
    elif hasattr(value, "to_base_units") and hasattr(value, "units"):
        if value.dimensionality != units.unit(declared.unit).dimensionality:
            raise UnitError(f"{name} must be in {declared.unit} or a multiple of it, got {value:~}")
        value = units.registry().Quantity(value.magnitude, str(value.units)).to_base_units().magnitude
    if value is None or _is_no_number(value):
        raise UnitError(f"{name} must be a number [{declared.unit}], got {value!r}")
    try:
        array = np.asarray(value, dtype=np.float64)
    except OverflowError:  # a whole number beyond any float, too long to be shown
        raise UnitError(f"{name} must be a number [{declared.unit}], got one too large for it") from None
    except (TypeError, ValueError):
        raise UnitError(f"{name} must be a number [{declared.unit}], got {value!r:.60}") from None
    if not declared.holds(array):
        bad = declared.outside(array)
        where = f"[{', '.join(map(str, np.argwhere(bad)[0]))}]" if array.ndim else ""
        got = array[bad].flat[0]
        raise DomainError(f"{name}{where} must be {declared.domain} [{declared.unit}], got {got:g}")
    return array if array.ndim else float(array)


def _is_no_number(value: Any) -> bool:
    """Whether NumPy would make a number of what is none: yes and no, bytes, complex numbers, times."""
    if isinstance(value, bool | bytes | bytearray):
        return True
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind in "bScmM" if isinstance(kind, str) and kind else np.iscomplexobj(value)


def as_count(value: Any, name: str) -> Any:
    """Read a count that may be a text, such as ``"16,384"``, ``"16k chips"`` or ``"15T"``; a number stays as it is.

    Raises
    ------
    UnitError
        If a text is no bare number; the message names the argument.
    """
    return parse_as(value, "1", name) if isinstance(value, str) else value


@door
def whole_number(value: Any, name: str) -> int:
    """Read how many there are of things that come in ones: a number, or a text as for `as_count`.

    Parameters
    ----------
    value : int, float or str
        Such as 16384, 16384.0 or ``"16,384"``.
    name : str
        The argument's name, for the message.

    Returns
    -------
    int
        At least 1 and below 10**15: beyond it a slip, and near where a float tells whole numbers apart no longer.

    Raises
    ------
    UnitError
        If it is no number.
    DomainError
        If it is not whole, below 1, or a slip.
    """
    try:
        number = check_against(value, Spec("1"), name)
    except DomainError:  # not finite
        number = math.nan
    if not isinstance(number, float) or number < 1 or not number.is_integer():
        raise DomainError(f"{name} must be a whole number of at least 1, got {value!r:.60}")
    if number >= MOST:
        raise DomainError(f"{name} must be below {MOST:.0e}, got {number:g}")
    return int(number)


P = ParamSpec("P")


@door
def checked(formula: Callable[P, Any]) -> Callable[..., Any]:
    """Put the boundary around a formula: arguments may be numbers, texts or quantities, and are checked.

    So is the result: arguments that fit one by one and make no sense together are refused.

    Parameters
    ----------
    formula : callable
        A function whose parameters and result all carry units.

    Returns
    -------
    callable
        Of the same signature; raises `UnitError` or `DomainError` naming the argument, or the formula and its
        arguments where the result is not finite or outside its declared domain.

    Examples
    --------
    >>> from dojo_calc.economics.capacity import units_needed
    >>> round(checked(units_needed)("100 EFLOP/s", unit="362 TFLOP/s"), 2)
    276243.09
    """
    declared = signature(formula)
    if declared is None:
        raise ArgumentError(f"{formula.__name__} is not a formula: a parameter or its result has no unit")
    binder = inspect.signature(formula)

    @wraps(formula)
    def boundary(*args: Any, **kwargs: Any) -> Any:
        bound = binder.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            one = declared.parameters[name]
            bound.arguments[name] = (
                tuple(check_against(item, one, f"{name}[{index}]") for index, item in enumerate(value))
                if name in declared.variadic
                else check_against(value, one, name)
            )
        given = dict(bound.arguments)
        try:
            with np.errstate(all="ignore"):  # what is no number is refused below
                result = formula(*bound.args, **bound.kwargs)
        except ZeroDivisionError:
            raise DomainError(f"{formula.__name__} divides by zero{_told(given)}") from None
        return check_result(result, declared.result, formula.__name__, given)

    return boundary


def check_result(value: Any, declared: Spec, name: str, given: Mapping[str, Any]) -> Any:
    """Hold what a formula gives to its declared domain, so that no answer is outside of what it says it is.

    A result beyond an end of its domain by no more than rounding may move it is that end.

    Parameters
    ----------
    value : float or array_like
        [SI]. A tracer has no value to hold, and is given back.
    declared : Spec
        Of the result.
    name : str
        Of the formula or the output, for the message.
    given : mapping
        The arguments by name, for the message: single numbers are told.

    Returns
    -------
    float or numpy.ndarray
        As given.

    Raises
    ------
    DomainError
        If a value is not finite or lies outside the domain.
    """
    if hasattr(value, "node"):
        return value
    array = np.asarray(value, dtype=np.float64)
    if declared.holds(array):
        return value
    for end in (declared.low, declared.high):
        if math.isfinite(end):
            array = np.where(np.abs(array - end) <= ALLOWANCE * abs(end), end, array)
    if not declared.holds(array):
        bad = declared.outside(array)
        where = f"[{', '.join(map(str, np.argwhere(bad)[0]))}]" if array.ndim else ""
        got = f"{array[bad].flat[0]:g}{_told(given)}"
        raise DomainError(f"{name}{where} must come out {declared.domain} [{declared.unit}], got {got}")
    return array if array.ndim else float(array)


def _told(given: Mapping[str, Any]) -> str:
    single = [f"{name}={value:g}" for name, value in given.items() if isinstance(value, int | float)]
    return f" at {', '.join(single[:6])}" if single else " for the values given"
