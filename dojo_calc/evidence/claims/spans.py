"""Intervals of facts and models that the checks on xAI compute with: low, central and high value.

An interval is the model's at every corner of what it rests on, which bounds it, since each output is monotone in
each of those inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from typing import TypeAlias

import numpy as np

from dojo_calc import units
from dojo_calc.evidence.claims.rule import Answer, Derived
from dojo_calc.evidence.claims.timeline import days_of
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model

__all__ = [
    "Span", "added", "cash_of_2025", "first_day", "model_span", "quotient", "span", "spanned", "spent", "years_to",
]  # fmt: skip

Span: TypeAlias = tuple[float, float, float]
"""Low, central and high value."""


def span(known: Fact | Input) -> Span:
    """Interval of a fact, or of an input of a shipped model, which always has one."""
    assert known.low is not None
    assert known.value is not None
    assert known.high is not None
    return known.low, known.value, known.high


def added(*spans: Span) -> Span:
    """Sum of intervals, end by end."""
    low, value, high = (sum(ends) for ends in zip(*spans, strict=True))
    return low, value, high


def quotient(above: Span, below: Span) -> Span:
    """Quotient of two intervals of positive numbers, at its widest."""
    return above[0] / below[2], above[1] / below[1], above[2] / below[0]


def model_span(model: Model, output: str, names: Sequence[str], given: Mapping[str, Span | float]) -> Span:
    """Low, central and high value of an output over the intervals of inputs and of what is given instead.

    An input that what is given leaves idle does not vary anything.
    """
    needed = model.needed([output], given)
    spans = {name: span(model.inputs[name]) for name in names if name not in given and name in needed}
    spans |= {name: (span, span, span) if isinstance(span, float) else span for name, span in given.items()}
    central = {name: span[1] for name, span in spans.items() if name in given}
    corners = product(*((low, high) for low, _, high in spans.values()))
    box = model.evaluate(output, **dict(zip(spans, np.array(list(corners)).T, strict=True)))
    return float(np.min(box)), float(model.evaluate(output, **central)), float(np.max(box))


def spanned(span: Span, reason: str, *derived: Derived) -> Answer:
    """Answer of an interval."""
    low, central, high = map(float, span)
    return Answer(low, central, high, reason, derived)


def years_to(since: Fact, to: date) -> float:
    """Years from the date of a fact to a day."""
    return (to - first_day(since.date)).days * units.day / units.year


def first_day(text: str) -> date:
    """First day of a date, which may be a month or a year."""
    return days_of(text)[0]


def spent(book: Catalogue, period: str) -> Span:
    """Operating loss and capital spending of a period, which counts depreciation twice."""
    return added(
        *(span(book.facts.get("xai", name, period)) for name in ("operating_loss", "capital_spending"))
    )


def cash_of_2025(book: Catalogue) -> Span:
    """Cash that 2025 took: at least the capital spending with what the press told of the burn beyond income."""
    low, value, high = spent(book, "y2025")
    return min(low, book.facts.get("xai", "capital_spending", "y2025").low), value, high
