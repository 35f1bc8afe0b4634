"""Intervals that the checks on xAI make of facts and models, see `answers.three`, and the dates between them.

An interval is the model's at every corner of what it rests on, which bounds it, since each output is monotone in
each of those inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product

import numpy as np

from dojo_calc import units
from dojo_calc.evidence.claims.answers import Three, three
from dojo_calc.evidence.claims.rule import Answer, Derived
from dojo_calc.evidence.claims.timeline import days_of
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.model import Model

__all__ = ["added", "cash_of_2025", "first_day", "model_span", "spanned", "spent", "years_to"]


def added(*spans: Three) -> Three:
    """Sum of intervals, end by end."""
    low, value, high = (sum(ends) for ends in zip(*spans, strict=True))
    return low, value, high


def model_span(model: Model, output: str, names: Sequence[str], given: Mapping[str, Three | float]) -> Three:
    """Low, central and high value of an output over the intervals of inputs and of what is given instead.

    An input that what is given leaves idle does not vary anything.
    """
    needed = model.needed([output], given)
    spans = {name: three(model.inputs[name]) for name in names if name not in given and name in needed}
    spans |= {name: (span, span, span) if isinstance(span, float) else span for name, span in given.items()}
    central = {name: span[1] for name, span in spans.items() if name in given}
    corners = product(*((low, high) for low, _, high in spans.values()))
    box = model.evaluate(output, **dict(zip(spans, np.array(list(corners)).T, strict=True)))
    return float(np.min(box)), float(model.evaluate(output, **central)), float(np.max(box))


def spanned(span: Three, reason: str, *derived: Derived) -> Answer:
    """Answer of an interval."""
    low, central, high = map(float, span)
    return Answer(low, central, high, reason, derived)


def years_to(since: Fact, to: date) -> float:
    """Years from the date of a fact to a day."""
    return (to - first_day(since.date)).days * units.day / units.year


def first_day(text: str) -> date:
    """First day of a date, which may be a month or a year."""
    return days_of(text)[0]


def spent(book: Catalogue, period: str) -> Three:
    """Operating loss and capital spending of a period, which counts depreciation twice."""
    return added(
        *(three(book.facts.get("xai", name, period)) for name in ("operating_loss", "capital_spending"))
    )


def cash_of_2025(book: Catalogue) -> Three:
    """Cash that 2025 took: at least the capital spending with what the press told of the burn beyond income."""
    low, value, high = spent(book, "y2025")
    return min(low, book.facts.get("xai", "capital_spending", "y2025").low), value, high
