"""`claims`: what was said, against the models."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from dojo_calc.commands.app import Asked, command
from dojo_calc.commands.printing import printed, show, span
from dojo_calc.commands.text import tell
from dojo_calc.errors import UnknownNameError, nearest


@command
def claims(
    asked: Asked,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of claims, such as D43 X12. All if left out.")
    ] = None,
) -> None:
    """Hold the published claims against the models. Exits with 1 if a check fails to run."""
    from dojo_calc.evidence.claims.verdicts import CheckError, verdicts

    book = asked.book
    try:
        entries = verdicts(book)
    except CheckError as error:
        raise typer.Exit(tell(error, 1)) from error
    if ids:
        wanted = [one.upper() for one in ids]
        known = {entry.id: entry for entry in entries}
        for one in wanted:
            if one not in known:
                raise UnknownNameError(f"unknown claim {one!r}{nearest(one, known)}")
        entries = [known[one] for one in dict.fromkeys(wanted)]
    rows = [asdict(entry) for entry in entries]
    flat = [{name: cell for name, cell in row.items() if name not in ("readings", "derived")} for row in rows]
    if printed(flat if asked.as_csv else rows, asked):
        return
    shown = [
        {
            "id": entry.id,
            "claim": entry.claim,
            "claimed": span(entry.claimed_low, entry.claimed_high, entry.unit, digits=6),
            "computed": span(entry.computed_low, entry.computed_high, entry.unit),
            "verdict": "; ".join(f"{one.reading}: {one.verdict}" for one in entry.readings) or entry.verdict,
        }
        for entry in entries
    ]
    show("Claims", shown)
