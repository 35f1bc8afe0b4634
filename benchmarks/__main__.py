"""Run every benchmark."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import live, models, money, placement, roofline, schedule, start, training, uncertainty
from benchmarks.timing import Row

OUT = Path(__file__).resolve().parents[1] / "_build" / "bench.json"


def main() -> None:
    """Print a table and write `_build/bench.json`."""
    found: list[Row] = []
    modules = [roofline, models, training, money, uncertainty, placement, schedule, live, start]
    for module in track(modules, description="Measuring"):
        found += module.rows()
    table = Table(title="Ratios: the rival's time over ours, medians within one run", title_justify="left")
    for name in ("name", "work", "seconds", "per second", "against", "ratio"):
        table.add_column(name, justify="right" if name in ("seconds", "per second", "ratio") else "left")
    for row in found:
        rate = f"{row.per_second:,.0f}" if row.per_second else ""
        ratio = f"{row.ratio:.2f}" if row.ratio else ""
        table.add_row(row.name, row.work, f"{row.seconds:.3g}", rate, row.against or "", ratio)
    Console(width=120).print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(row) for row in found], indent=2) + "\n")


if __name__ == "__main__":
    main()
