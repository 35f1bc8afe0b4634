"""`chips`: what there is."""

from __future__ import annotations

from dojo_calc.commands.app import Asked, command
from dojo_calc.commands.printing import printed, show, si


@command
def chips(asked: Asked) -> None:
    """List the chips: peaks, memory, power, price."""
    rows = asked.book.rows("chip")
    if printed(rows, asked):
        return
    columns = {"peak_bf16": "FLOP/s", "peak_fp8": "FLOP/s", "peak_fp32": "FLOP/s", "hbm_capacity": "B"}
    columns |= {"hbm_bandwidth": "B/s", "sram_capacity": "B", "power": "W", "die_area": "m^2", "price": "USD"}
    show(
        "Chips",
        [{"id": row["id"]} | {name: si(row[name], unit) for name, unit in columns.items()} for row in rows],
    )
