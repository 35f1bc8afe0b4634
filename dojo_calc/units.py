"""SI multipliers, and the registry that reads units written by people.

Inside the library every number is a plain float in SI units (FLOP and byte beside the metre and the
second). Multipliers stand outside, as in `scipy.constants`: ``645 * mm2``, ``100 * exa``, ``0.07 / kWh``.

Text (a cell of `data/`, an argument of the command line) goes through `parse`, which bounds its length
and grammar before any parser sees it. The stock registry of pint will not do: there bit and byte are
dimensionless, ``EF`` is an exafarad, and ``10**10**10 W`` never returns. Ours has FLOP, byte, USD, token
and chip as base dimensions beside length, mass, time and current.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from dojo_calc.errors import UnitError, nearest

if TYPE_CHECKING:
    import pint

__all__ = [
    "GB", "GHz", "GiB", "KB", "KiB", "MB", "MHz", "MiB", "TB", "TiB",
    "atto", "bit", "centi", "cm2", "day", "exa", "femto", "format_si", "giga", "hour", "kWh", "kilo",
    "mega", "micro", "milli", "minute", "mm", "mm2", "month", "nano", "parse", "percent", "peta", "pico",
    "registry", "tera", "to_si", "week", "year", "zetta",
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
meter = [length] = m
kilogram = [mass] = kg
gram = kilogram / 1000 = g
second = [time] = s
ampere = [current] = A
FLOP = [operation] = _ = OP
byte = [information] = B
USD = [money]
token = [token]
chip = [chip]
bit = byte / 8 = b
percent = 0.01
minute = 60 * second = min
hour = 60 * minute = h
day = 24 * hour = d
week = 7 * day
year = 365.25 * day
month = year / 12
hertz = 1 / second = Hz
joule = kilogram * meter ** 2 / second ** 2 = J
watt = joule / second = W
watt_hour = watt * hour = Wh
volt = watt / ampere = V
tonne = 1000 * kilogram
liter = meter ** 3 / 1000 = L
"""

_LONGEST = 64
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,21})(?:\.\d{1,21})?(?:[eE][+-]?\d{1,3})?")
_FACTOR = r"[A-Za-z_]+(?:\^?-?[1-4])?"
_UNIT = re.compile(rf"1|(?:1\s*/\s*)?{_FACTOR}(?:\s*[*/]\s*{_FACTOR})*")
_BARE_POWER = re.compile(r"(?<=[A-Za-z])(?=-?[1-4])")
_RATE_SLANG = re.compile(r"([kMGTPEZ]?)(?:F|FLOPS|Flops|flops|FLOPs|Flop|flop|OPS|OPs)(?:/s)?")


@cache
def registry() -> pint.UnitRegistry[Any]:
    """Return the one unit registry: our definitions and nothing else.

    Returns
    -------
    pint.UnitRegistry
        Base dimensions: length, mass, time, current, operation, information, money, token, chip.
    """
    import pint  # 0.2 s: paid only where text or a dimension is read

    ureg: pint.UnitRegistry[Any] = pint.UnitRegistry(None)
    ureg.load_definitions(_DEFINITIONS.strip().splitlines())
    return ureg


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "...")


@cache
def unit(text: str) -> pint.Unit:
    """Parse a unit such as ``TFLOP/s``, ``mm^2`` or ``USD/kWh``.

    Parameters
    ----------
    text : str
        At most 64 characters: names joined by ``*`` and ``/``, powers as ``^2`` or ``2``; ``1`` for none.

    Returns
    -------
    pint.Unit

    Raises
    ------
    UnitError
        If the text is too long, is not of that grammar, or holds an unknown unit.
    """
    import pint

    stripped = text.strip()
    if len(stripped) > _LONGEST or not _UNIT.fullmatch(stripped):
        raise UnitError(f"{_shown(text)} is not a unit; expected for example TFLOP/s, GB, mm^2, USD/kWh or 1")
    ureg = registry()
    if stripped == "1":
        return ureg.Unit("")
    try:
        return ureg.parse_units(_BARE_POWER.sub("**", stripped.replace("^", "")))
    except pint.UndefinedUnitError as error:
        unknown = str(error.args[0][0] if isinstance(error.args[0], tuple) else error.args[0])
        raise UnitError(f"unknown unit {unknown!r} in {_shown(text)}{_hint(unknown)}") from None


def _hint(unknown: str) -> str:
    """Guess at what an unknown unit meant; press units of compute first, since `EF` reads as exafarad."""
    if slang := _RATE_SLANG.fullmatch(unknown):
        return f"; did you mean {slang[1]}FLOP/s?"
    return nearest(unknown, _COMMON)


_COMMON = (
    "FLOP/s TFLOP/s PFLOP/s EFLOP/s TOP/s GB TB GB/s TB/s GiB byte bit W kW MW GW kWh MWh USD MUSD GUSD mm^2 GHz "
    "us token chip second minute hour day week month year percent"
).split()


def to_si(value: float, unit_text: str) -> float:
    """Convert a number in a named unit to SI.

    Parameters
    ----------
    value : float
        The number as printed.
    unit_text : str
        Its unit, see `unit`.

    Returns
    -------
    float
        The same quantity in SI base units (FLOP, B, USD, token, chip, m, kg, s, A).

    Raises
    ------
    UnitError
        If the unit cannot be read.
    """
    return float(value * _si_factor(unit_text))


@cache
def _si_factor(unit_text: str) -> float:
    return float(registry().Quantity(1.0, unit(unit_text)).to_base_units().magnitude)


def parse(text: str) -> tuple[float, pint.Unit]:
    """Read a quantity written by a person, such as ``100 EFLOP/s``, ``645 mm^2`` or ``8,000``.

    Parameters
    ----------
    text : str
        A number, then a unit; a number alone has unit 1. At most 64 characters.

    Returns
    -------
    value : float
        The number in SI.
    unit : pint.Unit
        The unit as written, for its dimension.

    Raises
    ------
    UnitError
        If the text is no quantity, the unit is unknown, or the number overflows.
    """
    stripped = text.strip()
    number = _NUMBER.match(stripped) if len(stripped) <= _LONGEST else None
    if number is None:
        raise UnitError(f"{_shown(text)} is not a quantity; expected for example '100 EFLOP/s' or '645 mm^2'")
    unit_text = stripped[number.end() :].strip() or "1"
    try:
        parsed = unit(unit_text)
    except UnitError as error:
        raise UnitError(f"{_shown(text)} is not a quantity: {error}") from None
    value = to_si(float(number[0].replace(",", "")), unit_text)
    if not math.isfinite(value):
        raise UnitError(f"{_shown(text)} is too large to be a number")
    return value, parsed


_PREFIXES = (
    (1e21, "Z"),
    (1e18, "E"),
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
)
_SMALL = ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"))
# What people read these in: a prefixed square metre is misread, and money is counted in words.
_PRINTED: dict[str, tuple[tuple[float, str], ...]] = {
    "1": ((1.0, ""),),
    "m": ((1.0, " m"), (1e-3, " mm")),
    "m^2": ((1e-6, " mm^2"),),
    "1/m^2": ((1e6, " /mm^2"),),
    "USD": ((1e9, " billion USD"), (1e6, " million USD"), (1.0, " USD")),
    "USD/s": ((1e6 / hour, " million USD/h"), (1 / hour, " USD/h")),
    "USD/J": ((1 / kWh, " USD/kWh"),),
    "USD/B": ((1e-9, " USD/GB"),),
    "USD/FLOP": ((1 / (exa * hour), " USD per exaflop-hour"),),
    "FLOP": (
        (1e27, "e27 FLOP"),
        (1e24, "e24 FLOP"),
        (1e21, "e21 FLOP"),
        (1e18, " EFLOP"),
        (1e15, " PFLOP"),
        (1e12, " TFLOP"),
        (1e9, " GFLOP"),
        (1e6, " MFLOP"),
        (1.0, " FLOP"),
    ),
    "J": (
        (kWh * 1e9, " TWh"),
        (kWh * 1e6, " GWh"),
        (kWh * 1e3, " MWh"),
        (kWh, " kWh"),
        (1e3, " kJ"),
        (1.0, " J"),
    ),
    "s": (
        (year, " year"),
        (day, " day"),
        (hour, " h"),
        (minute, " min"),
        (1.0, " s"),
        (1e-3, " ms"),
        (1e-6, " us"),
        (1e-9, " ns"),
    ),
    "kg": ((1e9, " million tonnes"), (1e3, " t"), (1.0, " kg")),
    "kg/J": ((1 / kWh, " kg/kWh"),),
    "m^3": ((1.0, " m^3"), (1e-3, " L")),
    "m^3/J": ((1e-3 / kWh, " L/kWh"),),
}


def format_si(value: float, unit_text: str, *, digits: int = 4) -> str:
    """Print an SI value in the engineering unit that people read it in.

    Parameters
    ----------
    value : float
        In SI units.
    unit_text : str
        Its SI unit, such as ``FLOP/s``; ``1`` prints the number alone.
    digits : int
        Significant digits; trailing zeros are dropped, whole numbers below 1e15 are never rounded off.

    Returns
    -------
    str
        For example ``"1.086 EFLOP/s"``, ``"33,600 USD"`` or ``"276,243.1"``.
    """
    if not math.isfinite(value):
        return f"{value} {unit_text}"
    rounded = float(f"{value:.{digits}g}")
    scales = _PRINTED.get(unit_text)
    if scales is None:
        prefixes = _PREFIXES if abs(rounded) >= 1 or rounded == 0 else _SMALL
        scales = tuple((scale, f" {prefix}{unit_text}") for scale, prefix in prefixes)
    scale, suffix = next((pair for pair in scales if abs(rounded) >= pair[0]), scales[-1])
    return _grouped(value / scale, digits) + suffix


def _grouped(value: float, digits: int) -> str:
    if value != 0 and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.{digits - 1}e}"
    before_point = len(str(int(abs(value)))) if abs(value) >= 1 else math.ceil(math.log10(abs(value) or 1.0))
    text = f"{value:,.{max(0, digits - before_point)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
