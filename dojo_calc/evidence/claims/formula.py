"""Checks that are written in data: formulas of facts, dates, other claims and outputs of models.

A term stands in braces, and terms are joined by ``+ - * /``, numbers and brackets:

``{launches-2025.spacex_launches} / {launches-2025.launches}``
    Facts by name, with the reading in square brackets where another than the default is meant.
``{count:exapod.d1}``
    How many of one thing a machine holds.
``{event:restart} - {event:stop}``, ``{date:2025-06-30}``
    Events of `data/timeline.csv` and dates, as time since the first day of year 1.
``{chain.fleet_site_power_reported}``, ``{model:race.own_later}``
    An output of a model that ships, with its 90 % interval by simulation; what is given to it stands beside
    the formula: ``chip = gb200; chips = 100000``.
``{claim:D08}``
    What another claim says, for two passages on one quantity.
``{2.5 to 3 GUSD}``
    A stated value, or an interval, with its unit.

The answer is the interval over all corners of the terms' own intervals, which bounds a formula that is
monotone in each.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from itertools import product
from typing import Any, TypeAlias

from dojo_calc import units
from dojo_calc.chain.shipped import MODELS, shipped
from dojo_calc.errors import DojoCalcError, UnknownNameError, nearest
from dojo_calc.evidence.claims.answers import simulated
from dojo_calc.evidence.claims.ledger import Claim, Formula
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.evidence.claims.timeline import days_of, event
from dojo_calc.formatting import format_si
from dojo_calc.hardware.catalog import Catalogue

__all__ = ["answer_of"]

LONGEST = 400  # characters of a formula
MOST_TERMS = 8  # of which each doubles the corners
_TERM = re.compile(r"\{([^{}]*)\}")
_STATED = re.compile(r"(-?[\d.,]+(?:e[+-]?\d+)?)(?:\s+to\s+(-?[\d.,]+(?:e[+-]?\d+)?))?\s*(\S*)")
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip

Tree: TypeAlias = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class _Term:
    low: float
    central: float
    high: float
    unit: str
    sources: tuple[str, ...] = ()
    left: tuple[
        str, ...
    ] = ()  # inputs that somebody has to give, with the values that they have if nobody does


def answer_of(claim: Claim, formula: Formula, book: Catalogue, known: Mapping[str, Claim]) -> Answer:
    """What a formula gives for a claim.

    Parameters
    ----------
    claim : Claim
    formula : Formula
    book : Catalogue
    known : mapping of str to Claim
        Claims that a term may name.

    Returns
    -------
    Answer
        In SI; without numbers where the formula is empty, which needs the reason alone. The formula is the reason
        where none is given, and what a model took because it was not given is told behind it.

    Raises
    ------
    FactsError
        If the formula cannot be read, a term is unknown, units do not fit, or it divides by zero; the message names
        file, line and column.
    """
    if not formula.check:
        return Answer(None, None, None, formula.reason)
    place = formula.place
    given = _given(formula)
    names = list(dict.fromkeys(one.strip() for one in _TERM.findall(formula.check)))
    try:
        terms = {f"t{number}": _term(name, given, book, known) for number, name in enumerate(names)}
        if not names or len(names) > MOST_TERMS:
            raise UnknownNameError(f"expected 1 to {MOST_TERMS} terms in braces, got {len(names)}")
        tree = _tree(_TERM.sub(lambda one: f" t{names.index(one[1].strip())} ", formula.check))
        _check_unit(claim, terms, tree)
        corners = [
            float(tree(dict(zip(terms, ends, strict=True))))
            for ends in product(*({one.low, one.high} for one in terms.values()))
        ]
        central = float(tree({name: one.central for name, one in terms.items()}))
    except ZeroDivisionError:
        raise place.error("check", f"{formula.check} divides by zero") from None
    except DojoCalcError as error:
        raise place.error("check", str(error)) from error
    sources = tuple(dict.fromkeys(key for one in terms.values() for key in one.sources))
    low, high = min(*corners, central), max(*corners, central)
    left = tuple(dict.fromkeys(one for term in terms.values() for one in term.left))
    return Answer(low, central, high, _reason(formula, left), (), sources)


def _reason(formula: Formula, left: tuple[str, ...]) -> str:
    told = formula.reason or f"By {formula.check}{f', given {formula.given}' if formula.given else ''}."
    return f"{told} Not given, so as the model has it: {'; '.join(left)}." if left else told


def _given(formula: Formula) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in formula.given.split(";"))):
        name, sign, value = (one.strip() for one in part.partition("="))
        if not (name and sign and value):
            raise formula.place.error("given", f"expected NAME = VALUE; NAME = VALUE, got {part!r:.60}")
        if name in found:
            raise formula.place.error("given", f"{name} is given twice")
        found[name] = value
    models = {name.removeprefix("model:").partition(".")[0] for name in _TERM.findall(formula.check)}
    if found and not models & set(MODELS):
        raise formula.place.error("given", "nothing takes it: the formula has no output of a model")
    return found


def _term(name: str, given: Mapping[str, str], book: Catalogue, known: Mapping[str, Claim]) -> _Term:
    kind, colon, rest = name.partition(":")
    if colon and kind in ("event", "date"):
        one = event(rest) if kind == "event" else None
        low, high = (day.toordinal() * units.day for day in days_of(one.date if one else _date(rest)))
        return _Term(low, (low + high) / 2.0, high, "s", (one.source,) if one else ())
    if colon and kind == "claim":
        return _said(rest, known)
    if colon and kind == "count":
        machine, _, part = rest.partition(".")
        number = float(book.machine(machine).count(part))
        return _Term(number, number, number, "1")
    if stated := _STATED.fullmatch(name):
        return _stated(*stated.groups())
    model, _, output = name.removeprefix("model:").partition(".")
    if model in MODELS and output:
        options = {
            name: value for name, value in given.items() if name in signature(MODELS[model]).parameters
        }
        graph = shipped(model, book, **options)
        values = {name: value for name, value in given.items() if name not in options}
        found = simulated(graph, output, **values)
        inputs = {name: graph.inputs[name] for name in graph.needed([output], values) if name in graph.inputs}
        left = tuple(
            f"{name} = {format_si(one.value, one.spec.unit)}"
            for name, one in inputs.items()
            if one.source == "given" and one.value is not None and name not in values
        )
        return _Term(*found, graph.spec(output).unit, left=left)
    if colon:
        raise UnknownNameError(
            f"unknown kind of term {kind!r}{nearest(kind, ('event', 'date', 'claim', 'model'))}"
        )
    fact = book.fact(name)
    return _Term(fact.low, fact.value, fact.high, fact.unit, (fact.source,))


def _date(text: str) -> str:
    try:
        days_of(text)
    except ValueError:
        raise UnknownNameError(f"expected a date such as 2024-10 or 2024-10-31, got {text!r:.40}") from None
    return text


def _said(name: str, known: Mapping[str, Claim]) -> _Term:
    if name not in known:
        raise UnknownNameError(f"unknown claim {name!r}{nearest(name, known)}")
    claim = known[name]
    ends = [one for one in (claim.low, claim.high) if one is not None]
    if len(ends) != 2:
        raise UnknownNameError(f"claim {name} of form {claim.form!r} has no two ends to be compared with")
    low, high = (units.to_si(one, claim.unit) for one in ends)
    return _Term(low, (low + high) / 2.0, high, claim.unit)


def _stated(first: str, last: str | None, unit: str) -> _Term:
    try:
        low, high = (float(one.replace(",", "")) for one in (first, last or first))
    except ValueError:
        raise UnknownNameError(f"expected a number, got {first!r} and {last!r}") from None
    if low > high:
        raise UnknownNameError(f"expected the lower end first, got {first} to {last}")
    low, high = (units.to_si(one, unit or "1") for one in (low, high))
    return _Term(low, (low + high) / 2.0, high, unit or "1")


def _tree(text: str) -> Tree:
    """Formula as a function of its terms; nothing but arithmetic is let through."""
    if len(text) > LONGEST:
        raise UnknownNameError(f"expected at most {LONGEST} characters, got {len(text)}")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnknownNameError(
            f"expected terms in braces joined by + - * /, got {text.strip()!r:.80}"
        ) from None
    return _node(body)


def _node(node: ast.expr) -> Tree:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        act, left, right = _OPERATORS[type(node.op)], _node(node.left), _node(node.right)
        return lambda values: act(left(values), right(values))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _node(node.operand)
        return lambda values: -inner(values)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        number = node.value
        return lambda _: number
    if isinstance(node, ast.Name) and re.fullmatch(r"t\d+", node.id):
        name = node.id
        return lambda values: values[name]
    raise UnknownNameError("expected nothing but terms in braces, numbers and + - * /")


def _check_unit(claim: Claim, terms: Mapping[str, _Term], tree: Tree) -> None:
    """Refuse a formula whose unit is not the claim's."""
    import pint

    # Values that no sensible formula subtracts to nothing or divides by zero with; only their units matter.
    probes = {name: (2.0 + 0.7 * at) * _si(one.unit) for at, (name, one) in enumerate(terms.items())}
    try:
        found = tree(probes)
    except pint.DimensionalityError as error:
        raise UnknownNameError(f"the units do not fit: {error}") from None
    wanted = units.unit("s" if claim.form in ("date", "order") else claim.unit)
    dimension = getattr(found, "dimensionality", units.unit("1").dimensionality)
    if dimension != wanted.dimensionality:
        known = (*(one.unit for one in terms.values()), "J", "W", "W/s")
        gives = next((one for one in known if units.unit(one).dimensionality == dimension), str(dimension))
        gives = "a bare number" if gives in ("1", "dimensionless") else gives.replace(" ", "")
        needed = "has no unit" if claim.unit == "1" else f"is in {claim.unit}"
        raise UnknownNameError(
            f"the formula gives {gives}, but the claim {'is a date' if claim.form == 'date' else needed}"
        )


def _si(unit: str) -> Any:
    return units.unit(unit) * 1.0
