"""Software stacks that train: `data/stacks.csv`, each with the kind whose effects it has.

A stack is spelled exactly. What nobody lists is taken as `TYPICAL`, and said to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from annotated_types import Gt, Le
from pydantic import FiniteFloat

from dojo_calc.doors import door
from dojo_calc.errors import nearest
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = ["TYPICAL", "Stack", "software", "stacks"]

TYPICAL = "typical"


class _Row(Strict):
    stack: str
    kind: str
    counted: Annotated[FiniteFloat, Gt(0), Le(1)]
    graphs: Literal["none", "parts", "whole"]
    meaning: str


@dataclass(frozen=True)
class Stack:
    """A stack by name; `kind` says whose effects it has, itself a stack that anybody may name.

    `counted` is the share of the attention scores that its own figures of operations count [1]; `graphs` is what it
    captures of an iteration where a run does not say, see `dojo_calc.performance.setting.Setting`; `told` is what a
    user should hear, where the name asked for is not listed.
    """

    name: str
    kind: str
    counted: float
    graphs: str
    meaning: str
    told: str = ""


@cache
def stacks() -> dict[str, Stack]:
    """Every stack of the table, by name.

    Raises
    ------
    FactsError
        If a row is refused: a name that stands twice, a kind that is no stack of its own kind.
    """
    found: dict[str, Stack] = {}
    rows = list(read_rows(data_path("stacks.csv"), _Row))
    kinds = {row.stack for row, _ in rows if row.stack == row.kind}
    for row, place in rows:
        if row.stack in found:
            raise place.error("stack", f"stack {row.stack!r} stands twice")
        if row.kind not in kinds:
            raise place.error("kind", f"expected one of {', '.join(sorted(kinds))}, got {row.kind!r}")
        found[row.stack] = Stack(row.stack, row.kind, row.counted, row.graphs, row.meaning)
    return found


@door
def software(name: str) -> Stack:
    """Stack of that name; the typical one for an empty name, and, with a word on it, for one that is not listed.

    Parameters
    ----------
    name : str
        As in `data/stacks.csv`, letter for letter.

    Returns
    -------
    Stack
    """
    known = stacks()
    if name in known:
        return known[name]
    typical = known[TYPICAL]
    if not name:
        return typical
    kinds = ", ".join(one for one, stack in known.items() if one == stack.kind)
    hint = nearest(name, known) or f"; there are {kinds} and dated ones of these kinds"
    return Stack(
        name, typical.kind, typical.counted, typical.graphs, typical.meaning,
        f"the stack {name!r} is not listed, so it counts as {TYPICAL!r}{hint}",
    )  # fmt: skip
