"""`buy`: what to buy, and when, from a file of needs, offers and scenarios."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dojo_calc.commands.app import Asked, command
from dojo_calc.commands.printing import finite, number, printed, show, si

if TYPE_CHECKING:
    import polars as pl

MONEY = ("spent", "left", "cost")
RATES = ("demand", "ran", "rented", "missing")
COUNTS = ("ordered", "installed", "energised", "dark")


@command
def buy(
    asked: Asked,
    file: Annotated[Path, typer.Argument(help="Needs, offers and scenarios in TOML.")],
) -> None:
    """Find the cheapest delivery schedule of a file of needs, offers and, if the future is open, scenarios."""
    from dojo_calc.economics.recourse import Recourse
    from dojo_calc.questions.buy import buy as ask

    found = ask(file, book=asked.book)
    plans = found.plans if isinstance(found, Recourse) else {"": found}
    orders = [
        ({"scenario": name} if name else {}) | row
        for name, plan in plans.items()
        for row in plan.orders.rows(named=True)
    ]
    if asked.as_csv:
        printed(orders, asked)
        return
    if asked.as_json:
        whole: dict[str, Any] = {
            "cost": found.cost,
            "bound": found.bound,
            "gap": found.gap,
            "status": found.status,
        }
        whole |= {"tail": found.tail, "first": _rows(found.first)} if isinstance(found, Recourse) else {}
        whole["plans"] = {
            name: {
                "cost": plan.cost,
                "parts": dict(plan.parts),
                "orders": _rows(plan.orders),
                "periods": _rows(plan.periods),
            }
            for name, plan in plans.items()
        }
        sys.stdout.write(json.dumps(finite(whole), indent=2, ensure_ascii=False, default=str) + "\n")
        return
    within = (
        ""
        if found.status == "optimal"
        else f", at most {found.gap:.1%} above the least there is ({found.status})"
    )
    if isinstance(found, Recourse):
        sys.stdout.write(
            f"The cheapest way costs {si(found.cost, 'USD')} on average over the scenarios, discounted, and "
            f"{si(found.tail, 'USD')} in the worst of them{within}.\n\n"
        )
        show("Ordered before the scenario is known", _shown(found.first))
    else:
        sys.stdout.write(f"The cheapest schedule costs {si(found.cost, 'USD')}, discounted{within}.\n\n")
    for name, plan in plans.items():
        of = f", if {name}" if name else ""
        show(f"Orders{of}", _shown(plan.orders))
        show(f"Periods{of}", _shown(plan.periods))
        show(
            f"What it costs{of}",
            [{"what": one, "value": si(cost, "USD")} for one, cost in plan.parts.items()],
        )


def _rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    return table.rows(named=True)


def _shown(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as a person reads them, without columns that are zero throughout and rows without any order."""
    unit = dict.fromkeys(RATES, "FLOP/s") | {"power": "W", "grid": "W"} | dict.fromkeys(MONEY, "USD")
    zero = {name for name in table.columns if table[name].dtype.is_numeric() and (table[name] == 0).all()}
    found = []
    for row in table.rows(named=True):
        if any(name in row for name in COUNTS) and not any(row.get(name) for name in COUNTS):
            continue
        shown = {}
        for name, cell in row.items():
            if name in unit:
                shown[name] = "" if cell is None else si(cell, unit[name])
            elif name in COUNTS:
                shown[name] = number(abs(cell))
            elif name not in zero:
                shown[name] = cell
        found.append(shown)
    return found
