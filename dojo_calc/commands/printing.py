"""How every command prints: JSON or CSV for machines, a table for people."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dojo_calc.commands.app import Asked
from dojo_calc.formatting import format_si

Row = Mapping[str, Any]


def printed(rows: Sequence[Row], asked: Asked) -> bool:
    """Print rows for machines, if that was asked for."""
    if asked.as_json:
        sys.stdout.write(json.dumps([finite(row) for row in rows], indent=2, ensure_ascii=False) + "\n")
    elif asked.as_csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return asked.as_json or asked.as_csv


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
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in rows[0]:
        table.add_column(
            name, justify="right" if name in ("value", "claimed", "computed") else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row.values()))  # brackets are no markup here
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def si(value: float | None, unit: str) -> str:
    """Print a number in its unit, or nothing."""
    return "" if value is None else format_si(value, unit)


def interval(line: Any) -> str:
    """Print both ends of a line that has an interval."""
    if line.low == line.high:
        return ""
    return f"{format_si(line.low, line.unit)} to {format_si(line.high, line.unit)}"


def span(low: float | None, high: float | None) -> str:
    """Print a range, open at an end that is missing."""
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"at least {low:,.6g}" if high is None else f"at most {high:,.6g}"
    return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"
