"""Words for people: what inputs and outputs of models are called, and what is asked of them.

`data/words.csv` names them once, for explanations, charts, the command line and pages alike; `data/asked.csv` has the
questions, each a sentence whose names in braces are what a reader may change.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dojo_calc.doors import door
from dojo_calc.errors import UnknownNameError
from dojo_calc.formatting import format_range, format_si
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows
from dojo_calc.units import hour, percent

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Asked", "Words", "asked", "words"]

NAME = r"^[a-z][a-z0-9_]*$"  # of an input or a step


class Words(Strict):
    """What people call one name of a model."""

    name: str = Field(pattern=NAME)
    label: str
    shown: Literal["", "percent", "flag", "year", "years", "hours", "USD/h"] = ""  # how it is written
    group: str
    about: str = ""
    limit: str = ""  # where a power line is metered, or what a budget pays for


class Asked(Strict):
    """One question: a sentence, what answers it, and what else is told.

    Where `sought` is set, that output is what a reader states, and `answer` the input for which it comes out so; a
    budget holds whole things rounded down, and a target takes them rounded up.
    """

    id: str = Field(pattern=r"^[a-z]+$")
    title: str
    sentence: str
    answer: str
    undisturbed: str = ""  # the same as physics and tuned software allow
    sought: str = ""
    whole: Literal["", "up", "down"] = ""  # how an answer that counts things is rounded
    lot: str = ""  # input that says how many such things come together, of which there are whole ones
    outputs: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names in braces, in their order."""
        return tuple(re.findall(r"\{(\w+)\}", self.sentence))

    @property
    def told(self) -> tuple[str, ...]:
        """Outputs that are told beside the answer."""
        return tuple(self.outputs.split())


@door
def words(name: str) -> Words:
    """Words for a name of a model; a name without any is its own label, underscores as spaces.

    Returns
    -------
    Words

    Raises
    ------
    UnknownNameError
        If it cannot be the name of anything in a model.
    """
    found = _words().get(name)
    if found is None and not re.fullmatch(NAME, name):
        raise UnknownNameError(f"expected a name of small letters, digits and underscores, got {name!r:.60}")
    return found or Words(name=name, label=name.replace("_", " ").capitalize(), group="")


def asked() -> tuple[Asked, ...]:
    """Read the questions that a calculator asks of the chain, in their order.

    Returns
    -------
    tuple of Asked
    """
    return tuple(row for row, _ in read_rows(data_path("asked.csv"), Asked))


@cache
def _words() -> dict[str, Words]:
    found: dict[str, Words] = {}
    for row, place in read_rows(data_path("words.csv"), Words):
        if row.name in found:
            raise place.error("name", f"{row.name} has words already")
        found[row.name] = row
    return found


def in_percent(name: str) -> bool:
    """Whether people write a name's value in percent; they do not where it has no words of its own."""
    return (found := _words().get(name)) is not None and found.shown == "percent"


def number_and_range(name: str, unit: str, value: float, low: float, high: float) -> tuple[str, str]:
    """What people read of a name: its value, and its interval, which is empty where there is none."""
    if in_percent(name):
        value, low, high = (one / percent for one in (value, low, high))
        return f"{value:.1f} %", f"{low:.1f} to {high:.1f} %" if low < high else ""
    behind = ""
    if words(name).shown == "hours":
        value, low, high, unit, behind = value / hour, low / hour, high / hour, "1", " hours"
    if not low < high:
        return format_si(value, unit) + behind, ""
    shown = format_si(value, unit, interval=(low, high)), format_range(low, high, unit, at=value)
    return shown[0] + behind, shown[1] + behind


def html_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Table that a notebook shows: texts, of which the first of each row names it, and its caption."""
    said, left = html.escape, ' style="text-align: left"'
    head = "".join(f'<th scope="col"{left}>{said(one)}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row"{left}>{said(first)}</th>'
        f"{''.join(f'<td{left}>{said(one)}</td>' for one in rest)}</tr>"
        for first, *rest in rows
    )
    named = f"<caption{left}>{said(caption)}</caption>"
    return f"<table>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


MOST_ROWS = 20  # that a notebook shows of a table; `table()` has all


class Listed:
    """A result that is a table of numbers: a prompt shows what it is in a line, a notebook the table."""

    def __repr__(self) -> str:
        return f"<{self.line()}>"

    def _repr_html_(self) -> str:
        frame, units = self.table(), self.units()
        rest = "" if frame.height <= MOST_ROWS else f", the first {MOST_ROWS} of {frame.height:,} rows"
        rows = [
            [_cell(value, units.get(name, "1")) for name, value in row.items()]
            for row in frame.head(MOST_ROWS).iter_rows(named=True)
        ]
        return html_table(f"{self.line()}{rest}.", frame.columns, rows)

    def line(self) -> str:
        """What it is, in a line."""
        raise NotImplementedError

    def units(self) -> dict[str, str]:
        """Unit of each column that has one."""
        return {}

    def table(self) -> pl.DataFrame:
        """The table."""
        raise NotImplementedError


def _cell(value: object, unit: str) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    return format_si(value, unit) if math.isfinite(value) else "–"
