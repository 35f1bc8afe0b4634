"""The models to train that the library knows: `data/models.csv`, and any of a reader's own."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt, Le

from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.facts import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = ["Transformer", "transformer", "transformers"]

Size = Annotated[int, Gt(0)]
Flag = Annotated[int, Ge(0), Le(1)]


class Transformer(Strict):
    """Sizes of a transformer: a row of `data/models.csv`.

    `feedforward` is the inner width of the MLP, which has three matrices where `gated`. Fewer `kv_heads` than
    `heads` make grouped queries. With more than one expert each token meets `active_experts` of them: counted,
    but held to no measured run.
    """

    model: str
    layers: Size
    hidden: Size
    feedforward: Size
    heads: Size
    kv_heads: Size
    vocabulary: Size
    gated: Flag = 0
    tied_embeddings: Flag = 0
    experts: Annotated[int, Ge(1)] = 1
    active_experts: Annotated[int, Ge(1)] = 1
    source: str = ""

    def values(self) -> dict[str, float]:
        """Inputs of a training step that the model gives."""
        return {
            "layers": float(self.layers),
            "hidden": float(self.hidden),
            "feedforward": float(self.feedforward),
            "heads": float(self.heads),
            "kv_heads": float(self.kv_heads),
            "vocabulary": float(self.vocabulary),
            "gated": float(self.gated),
            "tied": float(self.tied_embeddings),
            "experts": float(self.experts),
            "active_experts": float(self.active_experts),
        }


@cache
def transformers(path: Path | None = None) -> dict[str, Transformer]:
    """Every model of a table.

    Parameters
    ----------
    path : pathlib.Path, optional
        A CSV in the columns of `data/models.csv`; that table if left out.

    Returns
    -------
    dict
        Name to sizes, in the table's order.

    Raises
    ------
    FactsError
        If a row is refused: heads that do not divide the width, more active experts than there are, a name
        that stands twice.
    """
    found: dict[str, Transformer] = {}
    for row, place in read_rows(path or data_path("models.csv"), Transformer):
        if row.model in found:
            raise place.error("model", f"model {row.model!r} stands twice")
        if row.hidden % row.heads:
            raise place.error("heads", f"expected a divisor of hidden = {row.hidden}, got {row.heads}")
        if row.heads % row.kv_heads:
            raise place.error("kv_heads", f"expected a divisor of heads = {row.heads}, got {row.kv_heads}")
        if row.active_experts > row.experts:
            raise place.error(
                "active_experts", f"expected at most experts = {row.experts}, got {row.active_experts}"
            )
        found[row.model] = row
    return found


def transformer(name: str) -> Transformer:
    """Sizes of a model that ships, by name.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    known = transformers()
    if name not in known:
        hint = nearest(name, known) or f"; there are {', '.join(known)}"
        raise UnknownNameError(f"unknown transformer {name!r}{hint}")
    return known[name]
