"""Prints numbers in the one unit that people read them in: the only formatter of the library, its tables and prose.

Money in words (``2.2 billion USD``), durations from milliseconds to years, rates of rare things per day or per
year, energy in kilowatt-hours, and never a prefix that nobody says (mB, nHz, kUSD). An interval decides how many
digits its centre and its ends have. Whatever is printed, `dojo_calc.parsing.parse` reads back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from annotated_types import Ge, Le

from dojo_calc.doors import door
from dojo_calc.units import day, exa, hour, kWh, minute, tera, year

__all__ = ["format_in", "format_number", "format_range", "format_si", "scales", "unit_words"]

Digits: TypeAlias = Annotated[int, Ge(1), Le(17)]  # that decide: no float has more
_DIGITS = 4
_WORDS = ((1e12, " trillion"), (1e9, " billion"))
_MOST_DIGITS = 6  # of a centre with a narrow interval
_STEPS = 20  # of a digit in the width of an interval, at least: finer would say more than the interval does


@dataclass(frozen=True)
class _Scale:
    """A unit to print in: its size in SI, the text behind the number, and from which value on it is taken."""

    size: float
    suffix: str
    start: float
    one: str  # the text behind a 1


def _scale(size: float, suffix: str, start: float | None = None, one: str = "") -> _Scale:
    return _Scale(size, suffix, size if start is None else start, one or suffix)


def _prefixed(symbol: str, prefixes: str, size: float = 1.0) -> tuple[_Scale, ...]:
    """Scales of a symbol: with these prefixes, the largest first, ``.`` for none."""
    return tuple(_scale(size * _SIZES[one], f" {'' if one == '.' else one}{symbol}") for one in prefixes)


_SIZES = {
    "Z": 1e21, "E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, ".": 1.0, "m": 1e-3, "u": 1e-6,
    "n": 1e-9, "p": 1e-12,
}  # fmt: skip
_RARE = (
    _scale(1 / hour, " per hour"),
    _scale(1 / day, " per day"),
    _scale(1 / year, " per year"),
)
_PRINTED: dict[str, tuple[_Scale, ...]] = {
    "FLOP/s": _prefixed("FLOP/s", "ZEPTGMk."),
    "B": _prefixed("B", "EPTGMk."),
    "B/s": _prefixed("B/s", "EPTGMk."),
    "W": _prefixed("W", "TGMk.mu"),
    "W/s": _prefixed("W/s", "GMk."),
    "Hz": (*_prefixed("Hz", "GMk"), _scale(1.0, " Hz", 0.1), *_RARE),
    "1/s": (_scale(1e6, " million per second"), _scale(1.0, " per second", 0.1), *_RARE),
    "m": _prefixed("m", "k.mun"),
    "m^2": (_scale(1.0, " m^2", 0.1), _scale(1e-6, " mm^2")),
    "1/m^2": (_scale(1e6, " per mm^2"), _scale(1e4, " per cm^2")),
    "m^3": (_scale(1.0, " m^3"), _scale(1e-3, " L")),
    "m^3/J": (_scale(1e-3 / kWh, " L/kWh"),),
    "kg": (
        _scale(1e9, " million tonnes"),
        _scale(1e3, " tonnes", one=" tonne"),
        *_prefixed("g", "k.m", 1e-3),
    ),
    "kg/J": (_scale(1 / kWh, " kg/kWh"),),
    "kg/m^2": (_scale(10.0, " g/cm^2"),),
    "J/m^2": (_scale(1e4 * kWh, " kWh/cm^2"),),
    "J": (
        *_prefixed("Wh", "TGM", hour),
        _scale(kWh, " kWh", 0.1 * kWh),
        *_prefixed("J", "k.munp"),
    ),
    "FLOP": (
        _scale(1.0, " FLOP", 1e21),  # beyond a thousand exaFLOP powers of ten are what people write
        *_prefixed("FLOP", "EPTGMk."),
    ),
    "FLOP/J": _prefixed("FLOP/s per W", "PTGMk."),
    "FLOP/s/m^2": _prefixed("FLOP/s per mm^2", "PTGMk.", 1e6),
    "USD": tuple(
        _scale(10.0**power, f"{word} USD")
        for power, word in ((12, " trillion"), (9, " billion"), (6, " million"), (0, ""))
    ),
    "USD/s": (_scale(1e6 / hour, " million USD/h"), _scale(1 / hour, " USD/h")),
    "USD/J": (_scale(1 / kWh, " USD/kWh"),),
    "USD/B": (_scale(1e-9, " USD/GB"),),
    "USD/FLOP": (_scale(1 / (exa * hour), " USD per exaflop-hour"),),
    "USD*s/FLOP": (_scale(1 / tera, " USD per TFLOP/s"),),
    "s": (
        _scale(year, " years", one=" year"),
        _scale(day, " days", one=" day"),
        _scale(hour, " hours", one=" hour"),
        _scale(minute, " minutes", one=" minute"),
        *_prefixed("s", ".munp"),
    ),
}


@door
def scales(unit_text: str) -> list[tuple[float, str, float, str]]:
    """Units that people read an SI unit in, the largest first, as `format_si` chooses among them.

    Parameters
    ----------
    unit_text : str
        An SI unit.

    Returns
    -------
    list of (float, str, float, str)
        Size in SI, the text behind a number, the value from which on it is taken, and the text behind a 1.
    """
    found = _PRINTED.get(unit_text)
    if found is None:
        behind = _behind(unit_text)
        found = (*(_scale(size, word + behind) for size, word in _WORDS), _scale(1.0, behind, 0.0))
    return [(one.size, one.suffix, one.start, one.one) for one in found]


@door
def format_si(
    value: float, unit_text: str, *, digits: Digits = 4, interval: tuple[float, float] | None = None
) -> str:
    """Print an SI value in the unit that people read it in.

    Parameters
    ----------
    value : float
        In SI units.
    unit_text : str
        Its SI unit, such as ``FLOP/s``; ``1`` prints the number alone.
    digits : int
        Significant digits; trailing zeros are dropped, and whole numbers below a billion are never rounded off.
    interval : pair of float, optional
        Ends of its interval [SI], which then decide the digits: the last one is at most a twentieth of its width.

    Returns
    -------
    str
        For example ``"1.086 EFLOP/s"``, ``"2.2 billion USD"``, ``"12 days"`` or ``"276,243.1"``.

    Raises
    ------
    ArgumentError
        If an argument is not of its kind, or `digits` is below 1 or above 17.
    """
    if not math.isfinite(value):
        return f"{value}{_behind(unit_text)}"
    scale = _chosen(value, unit_text, digits)
    text = _within(value, interval, scale, digits) if interval else _grouped(value / scale.size, digits)
    return text + (scale.one if text == "1" else scale.suffix)


@door
def format_range(
    low: float, high: float, unit_text: str, *, at: float | None = None, digits: Digits = 4
) -> str:
    """Print both ends of an interval in one unit, such as ``"139 to 209 MW"``.

    Parameters
    ----------
    low, high : float
        In SI units.
    unit_text : str
        Their SI unit.
    at : float, optional
        The value inside, in whose unit the ends are printed; the larger end's if left out.
    digits : int
        Of one number, where both ends are equal; an interval decides its own.

    Returns
    -------
    str
        One quantity alone where both ends print alike.

    Raises
    ------
    ArgumentError
        If an argument is not of its kind, or `digits` is below 1 or above 17.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{low} to {high}{_behind(unit_text)}"
    inside = max(low, high, key=abs) if at is None or at == 0 else at  # zero looks alike in all units
    scale = _chosen(inside, unit_text, digits)
    first, last = (_within(end, (low, high), scale, digits) for end in (low, high))
    if first == last:
        return format_si(low, unit_text, digits=digits)
    return f"{first} to {last}{scale.suffix}"


@door
def format_in(low: float | None, high: float | None, unit_text: str, *, digits: Digits | None = None) -> str:
    """Print an interval, a bound or one number in a unit that is given, such as that of a claim.

    Parameters
    ----------
    low, high : float, optional
        In that unit; None where an end is open, and equal for one number.
    unit_text : str
        Unit of both, see `unit_words`.
    digits : int, optional
        Significant digits, for numbers as somebody else printed them; as many as the interval supports if left out.

    Returns
    -------
    str
        For example ``"139 to 209 MW"``, ``"at least 2.2 billion USD"``; empty where both ends are open.

    Raises
    ------
    ArgumentError
        If an argument is not of its kind, or `digits` is below 1 or above 17.
    """
    shown = _DIGITS if digits is None else digits
    words = unit_words(unit_text)
    behind = f" {words}" if words else ""
    if low is None:
        return "" if high is None else f"at most {format_number(high, digits=shown)}{behind}"
    if high is None:
        return f"at least {format_number(low, digits=shown)}{behind}"
    plain = _scale(1.0, "")
    if digits is None and low != high:
        first, last = (_within(end, (low, high), plain, 4) for end in (low, high))
    else:
        first, last = (format_number(end, digits=shown) for end in (low, high))
    if first == last == "1" and unit_text in _COUNTED:
        return f"1 {unit_text}"
    return f"{first}{behind}" if first == last else f"{first} to {last}{behind}"


_COUNTED = ("minute", "hour", "day", "week", "month", "year", "mile")
_IN_WORDS = {
    "1": "", "percent": "%", "kUSD": "thousand USD", "MUSD": "million USD", "GUSD": "billion USD",
    "TUSD": "trillion USD", "Mh": "million hours", "USD*s/EFLOP/h": "USD per exaflop-hour",
    "USD*s/PFLOP": "USD per PFLOP/s", "USD*s/TFLOP": "USD per TFLOP/s", "mile/hour": "miles per hour",
}  # fmt: skip


@door
def unit_words(unit_text: str) -> str:
    """Write a unit as people say it behind a number or beside an axis: ``"billion USD"``, ``"per year"``."""
    if unit_text in _COUNTED:
        return f"{unit_text}s"
    if unit_text.startswith("1/"):
        return f"per {unit_text[2:]}"
    if unit_text in _IN_WORDS:
        return _IN_WORDS[unit_text]
    money, slash, each = unit_text.partition("/")
    return f"{_IN_WORDS.get(money, money)}{slash}{each}" if money.endswith("USD") else unit_text


@door
def format_number(value: float, *, digits: Digits = 4, padded: bool = False) -> str:
    """Print a bare number: ``"276,243"``, ``"15.6 trillion"``, ``"0.03125"``, ``"3.79e25"``.

    Parameters
    ----------
    value : float
    digits : int
        Significant digits, as for `format_si`.
    padded : bool
        Whether to keep zeros at the end, so that the numbers of a column stand below each other.

    Returns
    -------
    str
    """
    if not math.isfinite(value):
        return f"{value}"
    scale = _chosen(value, "1", digits)
    return _grouped(value / scale.size, digits, padded=padded) + scale.suffix


def _chosen(value: float, unit_text: str, digits: int) -> _Scale:
    rounded = abs(float(f"{value:.{digits}g}"))
    scales = _PRINTED.get(unit_text)
    if scales is None:
        words = [_scale(size, word) for size, word in _WORDS if size <= rounded < 1e15]
        found = words[0] if words else _scale(1.0, "")
        return _scale(found.size, found.suffix + _behind(unit_text))
    base = next((one for one in scales if one.size == 1.0), scales[-1])
    found = next((one for one in scales if rounded >= one.start), scales[-1])
    # Zero, and what takes a power of ten in any unit, is told in the plain one.
    return found if 1e-4 <= rounded / found.size < 1e15 else base


def _behind(unit_text: str) -> str:
    words = unit_words(unit_text)
    return f" {words}" if words else ""


def _within(value: float, interval: tuple[float, float], scale: _Scale, digits: int) -> str:
    """Text of a number to a twentieth of an interval's width or finer, and with at least one digit of its own."""
    width = abs(interval[1] - interval[0]) / scale.size
    if width == 0 or not math.isfinite(width):
        return _grouped(value / scale.size, digits)
    number = value / scale.size
    own = math.floor(math.log10(abs(number))) if number else 0
    coarse = -math.floor(math.log10(width / _STEPS))
    decimals = min(max(coarse, -own), _MOST_DIGITS - 1 - own)
    rounded = round(number, decimals)
    if 0 < abs(rounded) < 1e-4 and abs(number) < width / _STEPS:  # nothing, beside the other end
        decimals, rounded = coarse, round(number, coarse) + 0.0
    if rounded != 0 and not 1e-4 <= abs(rounded) < 1e15:
        return _grouped(rounded, _MOST_DIGITS)
    return f"{rounded:,.{max(decimals, 0)}f}"


def _grouped(value: float, digits: int, *, padded: bool = False) -> str:
    """Number with its thousands in groups; a power of ten where it has too many zeros to count."""
    if value == 0:
        return "0"
    if not math.isfinite(value):  # a price of work from hardware that does next to none
        return f"{value:g}"
    power = ""
    size = abs(float(f"{value:.{digits}g}"))  # 999.99 has four digits before its point where four are printed
    if not 1e-4 <= size < 1e15:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        power, text = f"e{int(exponent)}", mantissa
    else:
        before_point = math.floor(math.log10(size)) + 1
        text = f"{value:,.{max(0, digits - before_point)}f}"
    return (text if padded or "." not in text else text.rstrip("0").rstrip(".")) + power
