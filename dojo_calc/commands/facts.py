"""`facts`: what is known of a chip, a machine, an owner or a site, with every reading and its source."""

from __future__ import annotations

from typing import Annotated

import typer

from dojo_calc.commands.app import Asked, command, names_of
from dojo_calc.commands.printing import interval, printed, show, si


@command
def facts(
    asked: Asked,
    name: Annotated[
        str, typer.Argument(help="Id or alias, such as h100 or colossus-1.", autocompletion=names_of())
    ],
    quantity: Annotated[
        str | None, typer.Argument(help="One quantity, such as price. All if left out.")
    ] = None,
) -> None:
    """Show every fact about one thing: each reading with its 90 % interval, date and source."""
    known, entity = asked.book.facts, asked.book.entity(name)
    wanted = known.quantities(entity.id) if quantity is None else [quantity]
    found = [fact for one in wanted for fact in known.readings(entity.id, one)]
    used = {known.get(entity.id, one) for one in wanted}
    rows = [
        {
            "quantity": one.quantity, "reading": one.reading, "default": one in used, "aside": one.aside,
            "value": one.value, "low": one.low, "high": one.high, "unit": one.unit, "kind": one.kind,
            "date": one.date, "source": one.source, "note": one.note,
        }
        for one in found
    ]  # fmt: skip
    if printed(rows, asked):
        return
    shown = [
        {
            "quantity": one.quantity + (f" [{one.reading}]" if one.reading else ""),
            "value": si(one.value, one.unit),
            "90 % interval": interval(one.low, one.high, one.unit, one.value),
            "kind": one.kind + ("" if one in used else f", {one.aside or 'another reading'}"),
            "date": one.date,
            "source": one.source,
        }
        for one in found
    ]
    show(entity.name, shown, nothing="there is no fact about it")
