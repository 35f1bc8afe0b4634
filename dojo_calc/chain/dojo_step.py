"""A training step of a transformer on ExaPODs of D1, by the ways of feeding them that exist."""

from __future__ import annotations

from pathlib import Path

from dojo_calc.chain.feed import KEEPS, feed_dojo
from dojo_calc.doors import door
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance.plan import PlanError
from dojo_calc.performance.stated import Stated, train_at
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import whole_number

__all__ = ["train_on_dojo"]

WAYS = ("resident", "streamed", "pipelined")


@door
def train_on_dojo(
    model: str | Transformer,
    exapods: int | str = 1,
    *,
    global_batch: int | str,
    sequence: int | str = 2048,
    book: Catalogue | None = None,
    models: str | Path | None = None,
) -> Stated:
    """Time of a training step on ExaPODs, which have no memory behind the SRAM of their dies.

    Nobody published one. Each way of feeding (`feed_dojo`), with all activations kept or the inputs of layers
    alone, bounds the utilisation from above; those that hold the model span the interval, and the best of them is
    the centre. Several ExaPODs are taken to add up.

    Parameters
    ----------
    model : str or Transformer
    exapods : int or str
        How many [1].
    global_batch, sequence : int or str
        Sequences a step, tokens a sequence [1].
    book : Catalogue, optional
    models : path, optional
        See `dojo_calc.performance.workload.transformer`.

    Returns
    -------
    Stated
        Its `high` is the time of the slowest way that holds the model.

    Raises
    ------
    PlanError
        If no way holds the model.
    """
    known = book or catalogue()
    sizes = transformer(model, models)
    length = whole_number(sequence, "sequence")
    found: dict[str, float] = {}
    for keep in KEEPS:
        fed = feed_dojo(sizes, keep, known, sequence=length).evaluate(list(WAYS))
        found |= {f"{way}, {keep} kept": float(fed[way]) for way in WAYS if fed[way] > 0.0}
    if not found:
        raise PlanError(
            f"no way of feeding an ExaPOD holds {sizes.model}: its state is larger than SRAM and HBM"
        )
    best = max(found, key=lambda one: found[one])
    return train_at(
        sizes, "exapod", exapods, utilisation=(min(found.values()), found[best], found[best]),
        global_batch=global_batch, sequence=length, basis=f"feed_dojo: {best}", book=known,
    )  # fmt: skip
