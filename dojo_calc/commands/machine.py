"""`machine`: one machine by every account."""

from __future__ import annotations

from typing import Annotated

import typer

from dojo_calc.commands.app import Asked, command, names_of
from dojo_calc.commands.printing import printed, show, si


@command
def machine(
    asked: Asked,
    name: Annotated[str, typer.Argument(help="Id or alias, such as exapod.", autocompletion=names_of())],
) -> None:
    """Show one machine: what it is made of, its peaks, memories, links and power by every account."""
    rows = asked.book.machine(name).rows()
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
