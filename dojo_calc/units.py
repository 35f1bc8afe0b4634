"""SI multipliers, and the registry that reads units written by people.

Inside the library every number is a plain float in SI units (FLOP and byte beside the metre and the
second). Multipliers stand outside, as in `scipy.constants`: ``645 * mm2``, ``100 * exa``, ``0.07 / kWh``.

Text (a cell of `data/`, an argument of the command line) is held to a length and a grammar before any
registry sees it: units here, numbers with units in `dojo_calc.parsing`. The stock registry of pint will not
do: there bit and byte are dimensionless, ``EF`` is an exafarad, and ``10**10**10 W`` never returns. Ours has
FLOP, byte, USD, token and chip as base dimensions beside length, mass, time and current.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from dojo_calc.doors import door
from dojo_calc.errors import UnitError, nearest

if TYPE_CHECKING:
    import pint

__all__ = [
    "GB", "GHz", "GiB", "KB", "KiB", "MB", "MHz", "MiB", "TB", "TiB",
    "atto", "bit", "centi", "cm2", "day", "exa", "femto", "giga", "hour", "kWh", "kilo", "mega", "micro", "milli",
    "minute", "mm", "mm2", "month", "nano", "percent", "peta", "pico", "registry", "tera", "to_si", "week", "year",
    "zetta",
]  # fmt: skip

# Multipliers: definitions of the units themselves, by the SI brochure and IEC 80000-13.
atto, femto, pico, nano, micro, milli, centi = 1e-18, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1e-2
kilo, mega, giga, tera, peta, exa, zetta = 1e3, 1e6, 1e9, 1e12, 1e15, 1e18, 1e21
percent = 1e-2
KB, MB, GB, TB = 1e3, 1e6, 1e9, 1e12
KiB, MiB, GiB, TiB = 2.0**10, 2.0**20, 2.0**30, 2.0**40
bit = 0.125
mm, mm2, cm2 = 1e-3, 1e-6, 1e-4
MHz, GHz = 1e6, 1e9
minute, hour, day, week = 60.0, 3600.0, 86400.0, 604800.0
year = 365.25 * day
month = year / 12
kWh = 1e3 * hour

_DEFINITIONS = """
atto- = 1e-18 = a-
femto- = 1e-15 = f-
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
peta- = 1e15 = P-
exa- = 1e18 = E-
zetta- = 1e21 = Z-
kibi- = 2**10 = Ki-
mebi- = 2**20 = Mi-
gibi- = 2**30 = Gi-
tebi- = 2**40 = Ti-
meter = [length] = m = metre
mile = 1609.344 * meter = _ = miles
kilogram = [mass] = kg
gram = kilogram / 1000 = g
second = [time] = s = sec
ampere = [current] = A
FLOP = [operation] = _ = OP
byte = [information] = B
USD = [money] = _ = dollar
token = [token]
chip = [chip]
bit = byte / 8 = b
percent = 0.01
minute = 60 * second = min
hour = 60 * minute = h = hr
day = 24 * hour = d
week = 7 * day
year = 365.25 * day = _ = yr
month = year / 12
hertz = 1 / second = Hz
joule = kilogram * meter ** 2 / second ** 2 = J
watt = joule / second = W
watt_hour = watt * hour = Wh
volt = watt / ampere = V
tonne = 1000 * kilogram
liter = meter ** 3 / 1000 = L = litre
"""

LONGEST = 64  # characters of a unit or a quantity: more than anybody types or the library prints
_MOST = 8  # factors
_FACTOR = re.compile(r"\s*(?P<joined>[*/-]?)\s*(?P<name>[A-Za-z_$%€£¥]+)(?:\^?(?P<power>-?[1-4])(?!\d))?\s*")
_RAISED = re.compile("[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SUPERSCRIPTS = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
_SIGNS = str.maketrans(
    "µμ−–⋅·\u00a0\u2009\u202f", "uu--**   "
)  # typed in several ways: micro, minus, times, spaces

# The press has one word for operations and for their rate, in capitals of all kinds, and bits and money in its own.
_WORDS = {"kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P", "exa": "E", "zetta": "Z"}
_OPERATIONS = re.compile(
    rf"(?P<prefix>[kKmMgGtTpPeEzZ]?|(?i:{'|'.join(_WORDS)}))(?P<word>(?i:flop)[sS]?|OP[sS]?|ops?)"
)
_RATE_LETTERS = re.compile(r"(?P<prefix>[MGTPEZ])F")
_BIT_RATE = re.compile(r"(?P<rate>[kMGTP]?[bB])ps")
_SECONDS = ("s", "sec", "second", "seconds")
_CURRENCY = re.compile(
    r"[kMGT]?(?:€|£|¥|(?i:eur|euros?|gbp|pounds?|jpy|yen|cny|rmb|yuan|chf|francs?|krw|won|inr|rupees?|twd|cad|aud|"
    r"sek|nok|dkk|hkd|sgd|nzd|brl))"
)
_COMMON = (
    "FLOP/s TFLOP/s PFLOP/s EFLOP/s TOP/s GB TB GB/s TB/s GiB byte bit W kW MW GW kWh MWh USD MUSD GUSD mm^2 GHz "
    "us token chip second minute hour day week month year percent"
).split()


@cache
def registry() -> pint.UnitRegistry[Any]:
    """Return the one unit registry: our definitions and nothing else.

    Returns
    -------
    pint.UnitRegistry
        Base dimensions: length, mass, time, current, operation, information, money, token, chip.
    """
    return _defined(float)


@cache
def _exact() -> pint.UnitRegistry[Any]:
    """Return the same definitions with fractions for numbers: what texts and facts are converted by."""
    return _defined(Fraction)


def _defined(number: type[Any]) -> pint.UnitRegistry[Any]:
    import pint  # 0.2 s: paid only where text or a dimension is read

    ureg: pint.UnitRegistry[Any] = pint.UnitRegistry(None, non_int_type=number)
    ureg.load_definitions(_DEFINITIONS.strip().splitlines())
    return ureg


def quoted(text: str) -> str:
    """Quote a text for a message, cut where it is longer than anything that is meant."""
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 3] + "...")


def plain(text: str) -> str:
    """Write a text in the signs of the grammar: ``mm²`` as ``mm^2``, ``µs`` as ``us``, all spaces alike."""
    raised = _RAISED.sub(lambda found: "^" + found[0].translate(_SUPERSCRIPTS), text)
    return raised.translate(_SIGNS).strip()


@door
def unit(text: str) -> pint.Unit:
    """Parse a unit such as ``TFLOP/s``, ``mm^2``, ``USD/kWh`` or ``USD per exaflop-hour``.

    Parameters
    ----------
    text : str
        At most 64 characters: names joined by ``*``, ``/`` and ``-``; ``per``, which divides by all that follows it;
        powers as ``^2``, ``2`` or ``²``; ``1`` for none. The words of the press are read too: ``exaflops``,
        ``EFLOPS`` and ``EF`` as EFLOP/s, ``Gbps``, ``%``, ``$``.

    Returns
    -------
    pint.Unit

    Raises
    ------
    UnitError
        If the text is too long, is not of that grammar, holds an unknown unit or money other than USD, or can be read
        in two ways, as ``TFLOPs`` can.
    """
    found = unit_readings(text)
    if len(found) > 1:
        raise UnitError(f"{quoted(text)} can be read in two ways; write {' or '.join(map(symbols, found))}")
    return found[0]


@lru_cache(maxsize=4096)
def unit_readings(text: str) -> tuple[pint.Unit, ...]:
    """Ways to read a unit: one, or two where a plural of operations can be meant as a rate, as in ``TFLOPs``."""
    if len(text) > LONGEST:
        raise _no_unit(text)
    factors = list(_split(plain(text), text))
    found = [_unit_of(_named(factors, text, rate=rate)) for rate in (False, True)]
    return tuple(dict.fromkeys(found))


def _unit_of(named: Iterator[tuple[str, int]]) -> pint.Unit:
    ureg = registry()
    powers: dict[str, int] = {}
    for name, power in named:
        powers[name] = powers.get(name, 0) + power
    return ureg.Unit(ureg.UnitsContainer({name: power for name, power in powers.items() if power}))


def _no_unit(text: str) -> UnitError:
    return UnitError(f"{quoted(text)} is not a unit; expected for example TFLOP/s, GB, mm^2, USD/kWh or 1")


def _split(written: str, text: str) -> Iterator[tuple[str, str, int]]:
    """Cut a unit into factors: how each is joined to what stands before it, its name as written, its power."""
    count = 0
    for index, part in enumerate(re.split(r"\bper\b", written)):
        segment, turned = part.strip(), -1 if index else 1
        if segment == "1" or (index == 0 and not segment and written):
            continue
        segment = re.sub(r"^1\s*/", "/", segment)
        place, sign, before = 0, turned, ""
        while place < len(segment) or place == 0:
            found = _FACTOR.match(segment, place)
            joined = found["joined"] if found else ""
            count += 1
            if found is None or count > _MOST or (joined in ("*", "-") if place == 0 else not joined):
                raise _no_unit(text)
            # A hyphen makes one unit of two, both below a stroke: USD/exaflop-hour; but petaflop/s-days are of rates.
            if joined != "-" or before in _SECONDS:
                sign = -turned if joined == "/" else turned
            before = found["name"]
            yield "/" if place == 0 and turned < 0 else joined, found["name"], sign * int(found["power"] or 1)
            place = found.end()


def _named(factors: list[tuple[str, str, int]], text: str, *, rate: bool) -> Iterator[tuple[str, int]]:
    """Turn names as written into names of the registry; `rate` says what a plural that can be both is."""
    for index, (_, name, power) in enumerate(factors):
        joined, following = factors[index + 1][:2] if index + 1 < len(factors) else ("", "")
        a_second = joined == "/" and following in _SECONDS
        if operations := _OPERATIONS.fullmatch(name):
            yield _known(_prefix(operations["prefix"]) + "FLOP", text), power
            word = operations["word"]
            plural = rate if word in ("FLOPs", "OPs") else word[-1] in "sS"
            if joined == "-" or (
                plural and not a_second
            ):  # an exaflop-hour is an hour at an exaflop a second
                yield "second", -power
        elif letters := _RATE_LETTERS.fullmatch(name):
            yield _known(letters["prefix"] + "FLOP", text), power
            if not a_second:
                yield "second", -power
        elif bits := _BIT_RATE.fullmatch(name):
            yield _known(bits["rate"], text), power
            yield "second", -power
        else:
            yield (
                _known("percent" if name == "%" else name.replace("US$", "USD").replace("$", "USD"), text),
                power,
            )


def _prefix(written: str) -> str:
    """Write the prefix of operations as the registry does: nobody counts pico- or milliflops."""
    return _WORDS.get(written.lower(), written.lower() if written in ("k", "K") else written.upper())


def _known(name: str, text: str) -> str:
    """Name of the registry for a name as written, prefix included."""
    if registry().parse_unit_name(name):
        return str(registry().get_name(name))
    if _CURRENCY.fullmatch(name):
        raise UnitError(
            f"{quoted(name)} is not USD, the one money here: a rate of exchange is a fact with a date, so convert "
            "first, at the rate that you mean"
        )
    where = "" if name == text.strip() else f" in {quoted(text)}"
    raise UnitError(f"unknown unit {name!r}{where}{nearest(name, _COMMON)}")


def symbols(one: pint.Unit) -> str:
    """Write a unit as it can be read back, such as ``TFLOP/s``."""
    return f"{one:~}".replace(" ", "").replace("**", "^")


def factor(one: pint.Unit) -> Fraction:
    """Exact size of a unit in SI base units (FLOP, B, USD, token, chip, m, kg, s, A)."""
    return _factor(tuple(sorted(one._units.items())))


@lru_cache(maxsize=4096)
def _factor(powers: tuple[tuple[str, int], ...]) -> Fraction:
    found = Fraction(1)
    for name, power in powers:
        found *= Fraction(_exact().Quantity(Fraction(1), name).to_base_units().magnitude) ** int(power)
    return found


@door
def to_si(value: float, unit_text: str) -> float:
    """Convert a number in a named unit to SI.

    Parameters
    ----------
    value : float
        The number as printed: its shortest decimal is meant, so 1.086 EFLOP/s are 1.086e18 FLOP/s to the last bit.
    unit_text : str
        Its unit, see `unit`.

    Returns
    -------
    float
        The same quantity in SI base units (FLOP, B, USD, token, chip, m, kg, s, A); infinite, as in arithmetic of
        floats, beyond the largest of them.

    Raises
    ------
    UnitError
        If the unit cannot be read.
    """
    size, rounded = _size(unit_text)
    if size == 1 or not math.isfinite(value):
        return float(value) * rounded
    try:
        return float(Fraction(repr(float(value))) * size)
    except OverflowError:
        return math.copysign(math.inf, value)


@lru_cache(maxsize=4096)
def _size(unit_text: str) -> tuple[Fraction, float]:
    size = factor(unit(unit_text))
    return size, float(size)
