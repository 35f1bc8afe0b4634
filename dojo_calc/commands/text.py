"""Text that goes to a terminal: no control characters, tables that fit, one line for an error."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

PIPED = 160  # columns where nobody says how many there are
NARROWEST = 40
NO_BREAK = "\N{NO-BREAK SPACE}"
HIGHEST = 6  # lines of a cell; beyond them a table is read no better than a list
LONGEST = 1000  # characters of an error: a name of five thousand is not read
RIGHT = ("value", "claimed", "computed")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    r"""Write control characters as what they are, such as ``\x1b``: a terminal would obey them."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def tell(error: Exception | str, code: int) -> int:
    """Write one line on standard error, and hand the exit code back."""
    line = clean(" ".join(str(error).split()))
    line = line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."
    try:
        sys.stderr.write(f"error: {line}\n")
        sys.stderr.flush()
    except (AttributeError, OSError):
        pass  # standard error is closed; the code says it all the same
    return code


def width() -> int:
    """Columns to print in: COLUMNS where it is set, the terminal's own, or 160 for a file or a pipe."""
    return max(shutil.get_terminal_size((PIPED, 24)).columns, NARROWEST)


def wrapped(text: str, columns: int) -> str:
    """Lines of at most so many columns, broken between words; what goes on is indented as its line is, and more.

    Parameters
    ----------
    text : str
    columns : int

    Returns
    -------
    str
        Lines, with an end of line behind the last.
    """
    found: list[str] = []
    for line in text.splitlines():
        body = line.lstrip(" |`-")
        indent = line[: len(line) - len(body)]
        below = indent.replace("`", " ").replace("-", " ")
        words, own = body.split(" "), indent
        for word in words:
            if len(own) + len(word) > columns and own.strip(" |`-"):
                found.append(own.rstrip())
                own = below + "  "
            own += f"{word} "
        found.append(own.rstrip())
    return "\n".join(found) + "\n"


def fitted(title: str, rows: Sequence[Mapping[str, Any]], columns: int) -> str:
    """Rows as a table of at most so many columns, broken between words; as a list where that cannot be.

    Parameters
    ----------
    title : str
    rows : sequence of mapping
        All with the same keys, which head the columns.
    columns : int
        How wide the text may be.

    Returns
    -------
    str
        Lines, with an end of line behind the last.
    """
    heads = [name.replace("_", " ") for name in rows[0]]
    cells = [[str(cell) for cell in row.values()] for row in rows]
    right = [name in RIGHT for name in rows[0]]
    widths = _widths(heads, cells, right, columns - 3 * len(heads) - 1)
    return (
        _list(title, heads, cells, columns) if widths is None else _table(title, heads, cells, right, widths)
    )


def _widths(
    heads: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool], room: int
) -> list[int] | None:
    """Widths that cut no word, or nothing where there are none or cells would grow too high."""
    from rich.cells import cell_len

    by_column = list(zip(*cells, strict=True))
    natural = [max(map(cell_len, (head, *column))) for head, column in zip(heads, by_column, strict=True)]
    if sum(natural) <= room:
        return natural
    least = [
        max(cell_len(word) for text in (head, *column) for word in text.split() or [""])
        if not number
        else max(map(cell_len, column))
        for head, column, number in zip(heads, by_column, right, strict=True)
    ]
    least = [max(own, *map(cell_len, head.split())) for own, head in zip(least, heads, strict=True)]
    spare, wish = room - sum(least), sum(natural) - sum(least)
    if spare < 0:
        return None
    widths = [low + (high - low) * spare // max(wish, 1) for low, high in zip(least, natural, strict=True)]
    high = any(
        cell_len(text) > HIGHEST * own
        for column, own in zip(by_column, widths, strict=True)
        for text in column
    )
    return None if high else widths


def _table(
    title: str,
    heads: Sequence[str],
    cells: Sequence[Sequence[str]],
    right: Sequence[bool],
    widths: Sequence[int],
) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    kind = (
        box.HEAVY_HEAD if (getattr(sys.__stdout__, "encoding", "") or "").lower() == "utf-8" else box.ASCII2
    )
    table = Table(title=Text(title), title_justify="left", box=kind)
    for head, number, own in zip(heads, right, widths, strict=True):
        table.add_column(Text(head), justify="right" if number else "left", width=own, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))  # brackets are no markup here
    whole = sum(widths) + 3 * len(widths) + 1
    console = Console(width=max(whole, NARROWEST), color_system=None, force_terminal=False)
    with console.capture() as caught:
        console.print(table)
    return "\n".join(line.rstrip() for line in caught.get().splitlines()) + "\n"


def _list(title: str, heads: Sequence[str], cells: Sequence[Sequence[str]], columns: int) -> str:
    """Rows one below another: what the first column says, and the rest of the row below it."""
    from textwrap import wrap

    lines = wrap(title, columns, break_on_hyphens=False)
    leading = 1 if len({row[0] for row in cells}) == len(cells) else 2
    for row in cells:
        heading = ", ".join(_said(head, cell) for head, cell in zip(heads[:leading], row, strict=False))
        lines += ["", *wrap(heading, columns, break_on_hyphens=False)]
        said = [f"{head}: {cell}" for head, cell in zip(heads, row, strict=True) if cell][leading:]
        # What is short stays on one line; wrap breaks at no such space.
        whole = [one.replace(" ", NO_BREAK) if len(one) <= columns // 2 else one for one in said]
        wrapped = wrap("; ".join(whole), columns - 2, break_on_hyphens=False)
        lines += [f"  {line}".replace(NO_BREAK, " ") for line in wrapped]
    return "\n".join(lines) + "\n"


def _said(head: str, cell: str) -> str:
    """Cell of a heading: a bare number says little."""
    return f"{head} {cell}" if cell.isdigit() else cell
