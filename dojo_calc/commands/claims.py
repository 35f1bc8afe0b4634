"""`claims`: what was said, against the models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dojo_calc.commands.app import Asked, UsageError, command
from dojo_calc.commands.printing import printed, show
from dojo_calc.commands.text import tell
from dojo_calc.errors import UnknownNameError, nearest

if TYPE_CHECKING:
    from dojo_calc.evidence.claims.verdicts import Entry


@command
def claims(
    asked: Asked,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of claims, such as D43 X12. All if left out.")
    ] = None,
    one_id: Annotated[
        list[str] | None,
        typer.Option("--id", help="Id of a claim, shown with all that was found. May be repeated."),
    ] = None,
    document: Annotated[
        str | None,
        typer.Option("--document", help="Only claims of this document, a key of data/sources.csv."),
    ] = None,
    verdict: Annotated[
        str | None, typer.Option("--verdict", help="Only claims with this verdict, such as contradicted.")
    ] = None,
    own: Annotated[
        Path | None,
        typer.Option("--claims", help="Your own claims instead of the shipped ones: a CSV or TOML file."),
    ] = None,
) -> None:
    """Hold published claims against facts and models. Exits with 1 if a check fails to run."""
    from dojo_calc.evidence.claims.verdicts import CheckError, verdicts

    try:
        entries = verdicts(asked.book, claims=own)
    except CheckError as error:
        raise typer.Exit(tell(error, 1)) from error
    entries = _chosen(entries, [*(ids or ()), *(one_id or ())])
    entries = _with("document", document, entries)
    entries = _with("verdict", verdict, entries)
    rows = [asdict(entry) for entry in entries]
    flat = [{name: cell for name, cell in row.items() if not isinstance(cell, tuple)} for row in rows]
    if printed(flat if asked.as_csv else rows, asked):
        return
    if one_id:
        for entry in entries:
            _card(entry)
        return
    shown = [
        {
            "id": entry.id,
            "claim": entry.claim,
            "claimed": entry.said,
            "computed": entry.found,
            "verdict": _verdict(entry),
        }
        for entry in entries
    ]
    show("Claims", shown)


def _verdict(entry: Entry) -> str:
    """Verdict with the distance, then and today where they differ, and whether other readings disagree."""
    said = entry.verdict + (f" ({entry.distance})" if entry.distance else "")
    if entry.then != entry.today:
        said += f"; then {entry.then}, today {entry.today}"
    return said + ("; other readings differ" if entry.depends else "")


def _card(entry: Entry) -> None:
    """All that was found about one claim."""
    about = [
        ("claim", entry.claim),
        ("said by", ", ".join(filter(None, (entry.by, entry.document, entry.date)))),
        ("due", entry.due),
        ("claimed", entry.said),
        ("ruling", entry.ruling),
        ("computed", ": ".join(filter(None, (entry.main, entry.found)))),
        ("verdict", _verdict(entry)),
        ("why", "" if entry.readings else entry.reason),
        ("note", entry.note),
        *(("would change it", one) for one in entry.changes),
        ("sources", ", ".join(entry.sources)),
    ]
    show(entry.id, [{"what": what, "found": found} for what, found in about if found])
    readings = [
        {
            "reading": one.reading,
            "computed": one.found,
            "verdict": one.verdict,
            "distance": one.distance,
            "why": one.reason,
        }
        for one in entry.readings
    ]
    if readings:
        show(f"Readings of {entry.id}", readings)


def _chosen(entries: list[Entry], wanted: list[str]) -> list[Entry]:
    """Entries by id in any case, in the order asked for; all where none is."""
    known = {entry.id.casefold(): entry for entry in entries}
    for one in wanted:
        if one.casefold() not in known:
            raise UnknownNameError(f"unknown claim {one!r}{nearest(one, [entry.id for entry in entries])}")
    return [known[one] for one in dict.fromkeys(one.casefold() for one in wanted)] or entries


def _with(column: str, wanted: str | None, entries: list[Entry]) -> list[Entry]:
    """Entries with a document or verdict; one that none of them has is refused."""
    if wanted is None:
        return entries
    there: Iterable[str] = dict.fromkeys(str(getattr(entry, column)) for entry in entries)
    if wanted not in there:
        hint = nearest(wanted, there) or f"; there are {', '.join(there)}"
        raise UsageError(f"--{column}: no claim asked for has {wanted!r}{hint}")
    return [entry for entry in entries if getattr(entry, column) == wanted]
