"""`cost`: what an hour, a year, an exaflop-hour or a run costs: owned, leased, rented."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dojo_calc.commands import asking
from dojo_calc.commands.app import Asked


@asking.question
def cost(
    asked: Asked,
    chip: asking.Chip = "h100-sxm",
    of: Annotated[
        str, typer.Option(help="hour (of one chip), year, exaflop-hour (delivered), or run.")
    ] = "hour",
    chips: Annotated[str | None, typer.Option(help="How many, of a year, a run or an exaflop-hour.")] = None,
    work: Annotated[str | None, typer.Option(help="Arithmetic of a run, such as '1e26 FLOP'.")] = None,
    assumptions: asking.Assumptions = None,
    on: asking.On = None,
    precision: asking.Precision = "bf16",
    given: asking.Given = None,
) -> Any:
    """Say what an hour, a year, an exaflop-hour or a run costs: owned, leased and rented, on one basis."""
    from dojo_calc.questions.cost import cost as ask

    basis: Any = of  # refused there if it is none
    return ask(
        chip, of=basis, chips=chips, work=work, assumptions=assumptions, on=on, precision=precision,
        book=asked.book, **asking.given(given, ask),
    )  # fmt: skip
