"""Reads quantities as people type them and as the library prints them.

``100 EFLOP/s``, ``100 exaflops``, ``15.6 trillion``, ``16,384``, ``12k``, ``$500M``, ``0.5 billion USD``, ``2 $/h``,
``5%``, ``645 mm²``, ``0.1 /cm2``, ``3.8 × 10^25 FLOP``, ``10^26 FLOP``.
A decimal is read exactly: the number is the float nearest to its digits times its prefix, so that 1.086 EFLOP/s
is 3,000 times 362 TFLOP/s. What can be read in two ways is decided by what is asked for (``15T`` is fifteen
trillion where a count is), and is refused with both readings where that decides nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from dojo_calc import units
from dojo_calc.errors import UnitError

if TYPE_CHECKING:
    import pint

__all__ = ["parse", "parse_as"]

_DIGITS = r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_TEN = r"10\s?(?:\^|\*\*)"  # and the power to which it is raised
_QUANTITY = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<money>(?:US)?\$|USD(?=[\s\d.+-])|[€£¥])?\s*"
    rf"(?:{_TEN}(?P<alone>[+-]?\d{{1,4}})(?!\d)"
    rf"|(?P<number>[+-]?{_DIGITS})(?:\s*[×x*]\s*{_TEN}(?P<power>[+-]?\d{{1,4}})(?!\d))?)(?P<rest>.*)",
    re.DOTALL | re.ASCII,
)
_MAGNITUDES = {
    "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15, "mn": 6, "bn": 9, "tn": 12,
    "k": 3, "K": 3, "M": 6, "B": 9, "T": 12,
}  # fmt: skip
_MAGNITUDES_OF_MONEY = _MAGNITUDES | {"m": 6, "b": 9, "t": 12}
_WORD = re.compile(r"\s*([A-Za-z]+)(?![A-Za-z^])\s*")
_NOUN = re.compile(r"([A-Za-z]+)\s*-?\s*(?=$|[/a-z])")
_CHIP_HOUR = re.compile(r"(?<=[/\s])(?:GPU|chip|accelerator)s?[- ](?=h(?:our|r)?s?$)", re.IGNORECASE)
_SYNONYMS = {"gpu": "chip", "accelerator": "chip"}
_PREFIXES = {"thousand": "k", "million": "M", "billion": "G", "trillion": "T"}
_PREFIXED = ("B", "B/s", "FLOP", "FLOP/s", "W", "Hz", "J")  # what people count with prefixes
EXAMPLES = "'100 EFLOP/s' or '645 mm^2'"
_LARGEST_EXPONENT = 400  # beyond what a float holds, and small enough to compute with at once


@dataclass(frozen=True)
class _Reading:
    """One way to read a text."""

    value: Fraction
    unit: pint.Unit
    words: str
    natural: bool

    @property
    def key(self) -> tuple[Fraction, str]:
        return self.value, str(self.unit.dimensionality)


def parse(text: str) -> tuple[float, pint.Unit]:
    """Read a quantity written by a person, such as ``100 EFLOP/s``, ``645 mm^2``, ``$500M`` or ``8,000``.

    Parameters
    ----------
    text : str
        A number, then perhaps thousand, million, billion, trillion (or k, M, B, T), then a unit, see
        `dojo_calc.units.unit`; a number alone has unit 1. At most 64 characters.

    Returns
    -------
    value : float
        The number in SI: the float nearest to the exact value of the text.
    unit : pint.Unit
        The unit as written, for its dimension.

    Raises
    ------
    UnitError
        If the text is none or no quantity, the unit is unknown, the number is too large or too small for a
        float, or the text can be read in two ways, as ``500B`` can: bytes, or billions.
    """
    if not isinstance(text, str):
        raise UnitError(f"expected a quantity in words, such as '100 EFLOP/s', got {text!r:.60}")
    found = [one for one in _readings(text) if one.natural]
    if len({one.key for one in found}) > 1:
        raise _ambiguous(text, found)
    return _float(found[0].value, text), found[0].unit


def parse_as(text: str, wanted: str, name: str) -> float:
    """Read a quantity for an argument whose unit is known, which decides between readings.

    Parameters
    ----------
    text : str
        See `parse`. A count may be followed by the argument's own noun: ``16,384 chips`` for `chips`;
        a rent may be said by the chip's hour: ``2 USD/GPU-hour``.
    wanted : str
        SI unit of the argument.
    name : str
        Of the argument, for the message.

    Returns
    -------
    float
        In SI.

    Raises
    ------
    UnitError
        If the text is no quantity, has another dimension, or can be read in two ways that both fit; the message names
        the argument.
    """
    dimension = units.unit(wanted).dimensionality
    # What one chip costs an hour is said in chip-hours; of a server it would be another price, and is refused.
    said = _CHIP_HOUR.sub("", text) if wanted == "USD/s" and "server" not in name else text
    try:
        found = list(_readings(said, name, "'16,384', '12k' or '5 %'" if wanted == "1" else EXAMPLES))
        fitting = [one for one in found if one.unit.dimensionality == dimension]
        if not fitting and wanted == "1":  # 15.6 Ttoken are a count where tokens are counted
            nouns = set(map(_stem, re.split(r"[\W_]+", name)))
            fitting = [one for one in found if str(one.unit.dimensionality).strip("[]") in nouns]
        if len({one.key for one in fitting}) > 1:
            raise _ambiguous(text, fitting)
        if fitting:
            return _float(fitting[0].value, text)
    except UnitError as error:
        raise UnitError(f"{name}: {error}") from None
    expected = (
        f"{name} must be in {wanted} or a multiple of it"
        if wanted != "1"
        else f"{name} must be a bare number"
    )
    raise UnitError(f"{expected}, got {units.quoted(text)}{_meant(found, wanted)}")


def _ambiguous(text: str, found: list[_Reading]) -> UnitError:
    ways = " or ".join(dict.fromkeys(one.words for one in found))
    return UnitError(f"{units.quoted(text)} can be read in two ways; write {ways}")


def _meant(found: list[_Reading], wanted: str) -> str:
    """Say what was left out, with both readings where there are two: ``15T``, or ``100 EFLOP`` for a rate."""
    unit = units.symbols(units.unit(wanted))
    first = next((one for one in found if not units.symbols(one.unit)), found[0])
    own = first.unit.dimensionality
    if wanted != "1" and not units.symbols(first.unit):
        digits, _, word = first.words.partition(" ")
        prefix = _PREFIXES.get(word)
        if prefix is None or unit not in _PREFIXED:
            longer = f" or {first.words} days" if wanted == "s" else ""
            return f", which has no unit; write {first.words} {unit}{longer}"
        return f", which can be a count, {first.words}, or {digits} {prefix}{unit}; write which"
    if wanted == "FLOP/s" and own == units.unit("FLOP").dimensionality:
        return f", which counts operations; for a rate write {first.words}/s"
    if wanted == "FLOP" and own == units.unit("FLOP/s").dimensionality:
        return f", which is a rate; for a number of operations write {first.words.removesuffix('/s')}"
    return ""


def _readings(text: str, name: str = "", examples: str = EXAMPLES) -> Iterator[_Reading]:
    """Ways to read a text, the likeliest first; raises if there is none."""
    written = units.plain(text)
    found = _QUANTITY.fullmatch(written) if len(text) <= units.LONGEST else None
    if found is None:
        length = f" of at most {units.LONGEST} characters" if len(text) > units.LONGEST else ""
        raise UnitError(f"{units.quoted(text)} is not a quantity{length}; expected for example {examples}")
    if found["rest"].startswith(","):
        raise UnitError(
            f"{units.quoted(text)} is not a quantity: a comma parts groups of three digits, and decimals take a point"
        )
    said, power = found["number"] or "1", found["alone"] or found["power"]
    if found["sign"] and said[0] in "+-":
        raise UnitError(f"{units.quoted(text)} is not a quantity: it has two signs")
    number = _exact((found["sign"] + said).replace(",", ""), int(power or 0), text)
    if power:
        said = f"{said}e{int(power)}" if "e" not in said.lower() else f"{said} x 10^{int(power)}"
    money = (found["money"] or "").replace("US$", "$").replace("$", "USD")
    if money not in ("", "USD"):
        raise UnitError(str(next(_units("", money))))
    ways = list(_ways(found["rest"], money, name))
    readings = [way for way in ways if not isinstance(way, UnitError)]
    if not readings:
        reason = next(way for way in ways if isinstance(way, UnitError))
        raise UnitError(f"{units.quoted(text)} is not a quantity: {reason}") from None
    for power, word, unit, natural in readings:
        words = " ".join(filter(None, (found["sign"] + said, word, units.symbols(unit))))
        yield _Reading(number * 10**power * units.factor(unit), unit, words, natural)


_Way = tuple[int, str, "pint.Unit", bool]


def _ways(rest: str, money: str, name: str) -> Iterator[_Way | UnitError]:
    """Power of ten, its word and unit of each way to read what follows a number, or why there is none."""
    plainly = list(_units(rest, money))
    yield from ((0, "", one, True) if not isinstance(one, UnitError) else one for one in plainly)
    read = not isinstance(plainly[0], UnitError)
    magnitudes = _MAGNITUDES_OF_MONEY if money else _MAGNITUDES
    word = _WORD.match(rest)
    power = magnitudes.get(word[1], 0) if word else 0
    after = rest[word.end() :] if word and power else rest
    if word and power:
        spelled = next(one for one, size in _MAGNITUDES.items() if size == power)
        natural = not read or not rest[:1].isspace()  # "500 B" is bytes, "500B" may be either
        yield from (
            (power, spelled, one, natural) if not isinstance(one, UnitError) else one
            for one in _units(after, money)
        )
    if (
        name
        and (noun := _NOUN.match(after.strip()))
        and _stem(noun[1]) in map(_stem, re.split(r"[\W_]+", name))
    ):
        spelled = next((one for one, size in _MAGNITUDES.items() if size == power), "") if power else ""
        yield from (
            (power, spelled, one, False)
            for one in _units(after.strip()[noun.end() :], money)
            if not isinstance(one, UnitError)
        )


def _stem(word: str) -> str:
    single = word.lower().removesuffix("s")
    return _SYNONYMS.get(single, single)


def _units(rest: str, money: str) -> Iterator[pint.Unit | UnitError]:
    stripped = rest.strip()
    if money and stripped and not re.match(r"/|per\b|-", stripped):
        yield UnitError(f"{units.quoted(stripped)} cannot follow an amount of money")
        return
    try:
        yield from units.unit_readings(" ".join(filter(None, (money, stripped))) or "1")
    except UnitError as error:
        yield error


def _exact(digits: str, power: int, text: str) -> Fraction:
    """Value of the digits; refused where its exponent alone puts it beyond any float."""
    number = Decimal(digits)
    if number and not -_LARGEST_EXPONENT < number.adjusted() + power < _LARGEST_EXPONENT:
        raise _out_of_range(text, large=number.adjusted() + power > 0)
    return Fraction(number) * Fraction(10) ** power if number else Fraction(0)


def _float(value: Fraction, text: str) -> float:
    try:
        found = float(value)
    except OverflowError:
        raise _out_of_range(text, large=True) from None
    if value and abs(found) < sys.float_info.min:
        raise _out_of_range(text, large=False)
    return found


def _out_of_range(text: str, *, large: bool) -> UnitError:
    return UnitError(f"{units.quoted(text)} is too {'large' if large else 'small'} to be a number")
