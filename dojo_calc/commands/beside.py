"""`make-or-buy`, `chip` and `coverage`: questions beside the chain, and which chip answers which."""

from __future__ import annotations

from typing import Any

import typer

from dojo_calc.commands import asking
from dojo_calc.commands.app import Asked, command
from dojo_calc.commands.printing import printed, show


@asking.question_beside
def make_or_buy(
    asked: Asked,
    given: asking.Given = None,
) -> Any:
    """Say whether a chip of one's own is worth making for a target, against buying for the same work."""
    from dojo_calc.questions.beside import programme

    return programme(book=asked.book, **asking.given(given, programme))


@asking.question_beside
def chip(
    asked: Asked,
    given: asking.Given = None,
) -> Any:
    """Say what a die, a tile and its design cost: of a D1, or with --set of any other die."""
    from dojo_calc.questions.beside import chip as ask

    return ask(book=asked.book, **asking.given(given, ask))


@command
def coverage(asked: Asked) -> None:
    """Show which chip answers which question, and whether by published facts, by estimates from kin, or assumed."""
    from dojo_calc.chain.chip import coverage as table

    rows = table(asked.book).rows(named=True)
    if printed(rows, asked):
        return
    show(
        "What is known of each chip",
        [{name: cell for name, cell in row.items() if name != "missing"} for row in rows],
    )
    for row in rows:
        if row["missing"]:
            typer.echo(f"{row['chip']}: {row['missing']}")
