"""`machine`: one machine by every account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dojo_calc.commands.app import Asked, command, names_of
from dojo_calc.commands.printing import interval, printed, show, si

if TYPE_CHECKING:
    from dojo_calc.hardware.machine import Machine


@command
def machine(
    asked: Asked,
    name: Annotated[str, typer.Argument(help="Id or alias, such as exapod.", autocompletion=names_of())],
) -> None:
    """Show one machine: what it is made of, its peaks, memories, links and power by every account."""
    rows = _machine_rows(asked.book.machine(name))
    if printed(rows, asked):
        return
    shown = [
        {
            "what": row["group"],
            "name": row["name"],
            "value": si(row["value"], row["unit"]),
            "note": row["note"],
        }
        for row in rows
    ]
    show(name, shown, nothing="the catalogue has no part, peak, memory, link or power of it")


def _machine_rows(one: Machine) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def add(group: str, name: str, value: float | None, unit: str, note: str = "") -> None:
        if value is not None:
            rows.append({"group": group, "name": name, "value": value, "unit": unit, "note": note})

    for inner, count in list(one.walk())[1:]:
        add("made of", inner.id, count, "1", inner.name)
    for precision in one.precisions():
        add("peak", precision, one.peak(precision), "FLOP/s", "dense")
    for memory in one.memories():
        over = f"over {memory.via}" if memory.via else "load"
        add("memory", f"{memory.name} capacity", memory.capacity, "B", f"{memory.count:,.0f} of them")
        add("memory", f"{memory.name} bandwidth", memory.bandwidth, "B/s", over)
    for link in one.links():
        note = f"{link.count:,.0f} x {si(link.bandwidth, 'B/s')} in one direction, {link.topology}"
        if link.latency is not None:
            note += f", {si(link.latency, 's')}"
        add("link", f"{link.name} of {link.owner}", link.total_bandwidth, "B/s", note)
    for account in one.power_accounts():
        name = f"{account.quantity} at {account.boundary}" + (
            f" [{account.reading}]" if account.reading else ""
        )
        ends = interval(account.low, account.high, "W", account.value)
        add("power", name, account.value, "W", ends or account.source)
    add("silicon", "die area", one.maybe("die_area"), "m^2")
    add("silicon", "transistors", one.maybe("transistors"), "1")
    add("silicon", "transistor density", one.transistor_density(), "1/m^2")
    return rows
