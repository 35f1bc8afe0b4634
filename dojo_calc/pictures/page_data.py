"""What a calculator's page is given of the library, as data: distributions, units, facts and points to draw from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from dojo_calc import units
from dojo_calc.errors import DojoCalcError
from dojo_calc.formatting import scales
from dojo_calc.model.distribution import Split, marginal
from dojo_calc.model.inputs import Input, Uniform
from dojo_calc.model.model import Model
from dojo_calc.parsing import parse
from dojo_calc.readings.tracing import TraceError, trace

BITS: Final = 12  # of the points of one scrambling: up to 4,096 of them
SCORES: Final = np.linspace(-4.0, 4.0, 161)  # at which the inverse of a mixture is handed over
GRID: Final = 1_000_000  # steps from the least to the greatest of its values, to which they are rounded
LONGEST: Final = 160  # characters of a formula that a reader is shown


class Pool:
    """Inputs that stand once in a page, however many choices use them."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.sources: dict[str, list[str]] = {}
        self._place: dict[str, int] = {}

    def add(self, entry: tuple[dict[str, Any], dict[str, list[str]]]) -> int:
        """Place of an entry, which is added where it is new."""
        described, sources = entry
        self.sources |= sources
        key = json.dumps(described, sort_keys=True)
        if key not in self._place:
            self._place[key] = len(self.entries)
            self.entries.append(described)
        return self._place[key]


def variant(model: Model) -> dict[str, Any]:
    """Steps of a model in words: what they are computed from, how, and what must hold."""
    place = {one: index for index, one in enumerate([*model.inputs, *model.outputs])}
    formulas = {one: model.formula(one) for one in model.outputs}
    return {
        "inputs": list(model.inputs),
        "steps": model.outputs,
        "from": [[place[one] for one in formulas[step][1]] for step in model.outputs],
        "formulas": [_text(*formulas[step]) for step in model.outputs],
        "conditions": [
            [one.kind, one.says, [place[name] for name in one.names]]
            for one in model.conditions
            if one.formula
        ],
        # A procedure judges these together: whoever moves one of them needs the library.
        "fixed": sorted(
            {
                name
                for one in model.conditions
                if not one.formula
                for name in one.names
                if name in model.inputs
            }
        ),
    }


def _text(formula: Any, arguments: tuple[str, ...]) -> str:
    try:
        text = trace(formula, arguments).text()
    except TraceError:
        text = ""
    return text if 0 < len(text) <= LONGEST else f"{formula.__name__}({', '.join(arguments)})"


def pool_entry(one: Input, model: Model) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Input as a page holds it, and the sources that it names."""
    found: dict[str, Any] = {"v": one.value, "l": one.low, "h": one.high, "said": one.source}
    if one.how:
        found["how"] = one.how
    sources: dict[str, list[str]] = {}
    if one.value is None:
        return found, sources
    distribution = _distribution(one)
    if distribution is not None:
        found["d"] = distribution
    if one.uncertain and one.ends != (one.low, one.high):  # which the page takes else
        found["e"] = list(one.ends)
    if one.readings:
        facts = model.book.facts
        used = next((fact for fact in one.readings if fact.is_default), one.readings[0])
        found |= {"fact": f"{used.entity}.{used.quantity}", "about": used.description}
        found["readings"] = [
            [fact.reading, fact.value, fact.low, fact.high, fact.kind, fact.date, fact.source, fact.note]
            for fact in one.readings
        ]
        if len({fact.value for fact in one.rivals}) > 1:
            found["conflict"] = True
        for fact in one.readings:
            source = facts.sources.get(fact.source)
            if source is not None:
                sources[fact.source] = [source.title, source.author, source.date, source.address]
    return found, sources


def _distribution(one: Input) -> list[Any] | None:
    """Distribution of an input that does not follow from its interval; None where it does, as a page computes it."""
    part = marginal(one)
    if isinstance(part, float | Split):  # by the rule that a page has for what a reader types
        return None
    if isinstance(part, Uniform):
        return ["uniform", part.low, part.high]
    return ["table", *_table(part.at(SCORES))]


def _table(values: Any) -> tuple[float, float, list[int]]:
    """Least value, a step, and how each value lies above the least: second differences, in steps.

    The inverse of a smooth distribution hardly bends from one score to the next, so these are small numbers.
    """
    low, step = float(values[0]), float(values[-1] - values[0]) / GRID
    places = np.rint((values - low) / (step or 1.0))
    return low, step, [int(bend) for bend in np.diff(places, n=2, prepend=[0.0, 0.0])]


def unit_scales(unit: str) -> list[list[Any]]:
    """Units to print in, see `dojo_calc.formatting.scales`."""
    return [list(one) for one in scales(unit)]


_PREFIXED = ("FLOP/s", "FLOPS", "B", "B/s", "W", "Wh", "FLOP")
_LONG = {"k": "kilo", "M": "mega", "G": "giga", "T": "tera", "P": "peta", "E": "exa"}
_OTHERS = (
    "s sec second seconds min minute minutes h hr hour hours d day days week weeks month months y yr year years "
    "USD $ dollars kUSD MUSD GUSD USD/h $/h USD/hour $/hour USD/year USD/kWh $/kWh USD/MWh $/MWh kWh MWh "
    "kg t tonnes g/kWh kg/kWh L/kWh m^3 L Hz 1/s 1/h 1/day 1/year USD/W $/W USD/kW J EF PF TF EFLOPS "
    "exaflop exaflops petaflop petaflops teraflop teraflops percent %"
).split()


@cache
def _spelled() -> dict[str, tuple[float, str]]:
    """Spellings of units that the library reads: size in SI, and dimension."""
    candidates = [*_OTHERS]
    for symbol in _PREFIXED:
        candidates += [f"{prefix}{symbol}" for prefix in ("", *_LONG)]
    for base in ("flops", "flop/s", "watts", "watt", "bytes", "bytes/s"):
        candidates += [base, *(f"{word}{base}" for word in _LONG.values())]
    found = {}
    for text in candidates:
        try:
            size, unit = parse(f"1 {text}")
        except DojoCalcError:
            continue
        found[text] = (size, str(unit.dimensionality))
    return found


def spellings(wanted: Sequence[str]) -> dict[str, dict[str, float]]:
    """Units that a reader may type for each SI unit, and their sizes: what the library's own parser makes of them."""
    return {
        unit: {
            text: size
            for text, (size, dimension) in _spelled().items()
            if dimension == str(units.unit(unit).dimensionality)
        }
        for unit in wanted
    }


def directions(dimension: int) -> list[list[int]]:
    """Direction numbers of Sobol' points, by which a page draws the points that the library draws.

    Points in the order of a Gray code differ from each other by one of these. The number at place ``k`` is a multiple
    of ``2**-(k + 1)``, and is handed over as how many times it is that.
    """
    from scipy.stats import qmc

    points = qmc.Sobol(max(dimension, 1), scramble=False, bits=30).random_base2(BITS)
    whole = np.rint(points * 2.0**30).astype(np.int64)
    return [
        [int(whole[2**bit - 1, column] ^ whole[2**bit, column]) >> (29 - bit) for bit in range(BITS - 1)]
        for column in range(max(dimension, 1))
    ]
