"""How every command prints: JSON or CSV for machines, a table for people."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from dojo_calc.commands.app import Asked
from dojo_calc.commands.text import fitted, width

Row = Mapping[str, Any]
OBEYED = ("=", "+", "-", "@", "\t")  # what a spreadsheet takes for the beginning of a formula


def printed(rows: Sequence[Row], asked: Asked) -> bool:
    """Print rows for machines, if that was asked for."""
    if asked.as_json:
        sys.stdout.write(json.dumps([finite(row) for row in rows], indent=2, ensure_ascii=False) + "\n")
    elif asked.as_csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _inert(cell) for name, cell in row.items()} for row in rows)
    return asked.as_json or asked.as_csv


def _inert(cell: Any) -> Any:
    """Cell that no spreadsheet runs: a text that begins like a formula gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(OBEYED) else cell


def finite(value: Any) -> Any:
    """JSON has no infinity: what holds anything has a capacity of null."""
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def show(title: str, rows: Sequence[Row], *, nothing: str = "nothing") -> None:
    """Print a table for people, or what there is instead of rows."""
    if not rows:
        sys.stdout.write(f"{title}: {nothing}\n")
        return
    sys.stdout.write(fitted(title, rows, width()))


def si(value: float | None, unit: str) -> str:
    """Print a number in its unit, or nothing."""
    from dojo_calc.formatting import format_si

    return "" if value is None else format_si(value, unit)


def interval(low: float, high: float, unit: str, at: float) -> str:
    """Print both ends of what has an interval, in the unit that suits the value in it."""
    from dojo_calc.formatting import format_range

    return "" if low == high else format_range(low, high, unit, at=at)


def number(value: Any) -> str:
    """Print a bare number, a text as it is, and nothing for what is not there."""
    from dojo_calc.formatting import format_number

    if isinstance(value, float):
        return format_number(value)
    return "" if value is None else str(value)


def span(low: float | None, high: float | None, unit: str = "1", *, digits: int | None = None) -> str:
    """Print a range in its own unit, open at an end that is missing."""
    from dojo_calc.formatting import format_in

    return format_in(low, high, unit, digits=digits)
