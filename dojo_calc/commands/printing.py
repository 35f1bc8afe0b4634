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


def show(title: str, rows: Sequence[Row]) -> None:
    """Print a table for people."""
    if not rows:
        sys.stdout.write(f"{title}: the catalogue has no part, peak, memory, link or power of it\n")
        return
    sys.stdout.write(fitted(title, rows, width()))


def si(value: float | None, unit: str) -> str:
    """Print a number in its unit, or nothing."""
    from dojo_calc.formatting import format_si

    return "" if value is None else format_si(value, unit)


def interval(line: Any) -> str:
    """Print both ends of a line that has an interval."""
    return "" if line.low == line.high else f"{si(line.low, line.unit)} to {si(line.high, line.unit)}"


def span(low: float | None, high: float | None) -> str:
    """Print a range, open at an end that is missing."""
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"at least {low:,.6g}" if high is None else f"at most {high:,.6g}"
    return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"
