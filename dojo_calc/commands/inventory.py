"""`inventory`: what a target is made of, level by level."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from dojo_calc.commands.app import Asked, command, names_of
from dojo_calc.commands.printing import printed, show, si


@command
def inventory(
    asked: Asked,
    target: Annotated[str, typer.Option(help="A peak rate, such as '100 EFLOP/s'.")],
    chip: Annotated[
        str, typer.Option(help="Id or alias of a chip or machine.", autocompletion=names_of("chip"))
    ],
    precision: Annotated[str, typer.Option(help="At which both are counted.")] = "bf16",
) -> None:
    """Count what a target is made of, level by level: chips, assemblies, wafers, every published power and price."""
    from dojo_calc.economics.inventory import inventory as count

    made = count(target, chip, precision, asked.book)
    if printed([asdict(line) for line in made.lines], asked):
        return
    shown = [
        {
            "what": line.group,
            "name": line.name,
            "value": str(line),
            "90 % interval": line.interval,
            "basis": line.basis,
        }
        for line in made.lines
    ]
    show(f"{si(made.target, 'FLOP/s')} of {precision} with {made.chip}", shown)
