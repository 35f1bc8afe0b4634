"""`compare`: machines side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dojo_calc.commands.app import Asked, command, names_of
from dojo_calc.commands.printing import printed, show, si

if TYPE_CHECKING:
    from dojo_calc.hardware.machine import Machine

COMPARED = {
    "peak_bf16": "FLOP/s", "peak_fp8": "FLOP/s", "peak_fp32": "FLOP/s", "peak_int8": "FLOP/s", "sram_capacity": "B",
    "sram_bandwidth": "B/s", "hbm_capacity": "B", "hbm_bandwidth": "B/s", "nvlink_bandwidth": "B/s",
    "nic_bandwidth": "B/s", "power": "W", "facility_power": "W", "die_area": "m^2", "transistors": "1",
    "price": "USD", "price_all_in": "USD",
}  # fmt: skip


@command
def compare(
    asked: Asked,
    names: Annotated[
        list[str],
        typer.Argument(help="Chips or machines, such as d1 a100 h100 b200.", autocompletion=names_of()),
    ],
) -> None:
    """Put machines side by side: peaks, memory, links, power, silicon, price."""
    book = asked.book
    machines = [book.machine(name) for name in names]
    rows = [_compared(name, unit, machines) for name, unit in COMPARED.items()]
    rows = [row for row in rows if any(row[one.id] is not None for one in machines)]
    if printed(rows, asked):
        return
    shown = [
        {"what": row["what"]} | {one.id: si(row[one.id], row["unit"]) for one in machines} for row in rows
    ]
    show(" against ".join(one.name for one in machines), shown)


def _compared(quantity: str, unit: str, machines: Sequence[Machine]) -> dict[str, Any]:
    return {"what": quantity, "unit": unit} | {one.id: one.maybe(quantity) for one in machines}
