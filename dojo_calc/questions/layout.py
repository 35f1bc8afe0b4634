"""How fast a number of chips trains a model: the share of the peak that the fastest layout reaches, and its work."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from dojo_calc.chain.inputs import PUBLISHED
from dojo_calc.doors import door
from dojo_calc.formatting import format_range, format_si
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.distribution import WIDER
from dojo_calc.model.model import Model
from dojo_calc.performance.layouts import layouts, nearest_batches
from dojo_calc.performance.plan import PlanError
from dojo_calc.performance.scaling import training_compute
from dojo_calc.performance.search import CONTEXTS, Search, search
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.workload import Transformer
from dojo_calc.quantities import whole_number
from dojo_calc.units import percent

__all__ = ["Speed", "laid_out", "shape_of", "sizes_of"]

TRIED: Final = 8  # near batches: those of most layouts come within some percent of the best of all
SHOWN: Final = ("tensor", "pipeline", "context", "expert", "data", "interleave", "micro_batch")


@dataclass(frozen=True)
class Speed:
    """Share of the peak of all chips that goes into a model's arithmetic, and how it is known."""

    mfu: float
    low: float
    high: float
    work: float  # of one token that the share counts [FLOP]: with attention where a layout does
    used: int  # chips that a layout uses
    layout: str  # in words; empty where the share is stated
    note: str


@door
def sizes_of(model: Transformer) -> tuple[float, float]:
    """Parameters of a model, and those at work on one token.

    Returns
    -------
    tuple of float
        [1].
    """
    found = evaluate(model.values(), ("model_parameters", "active_parameters"))
    return float(found["model_parameters"]), float(found["active_parameters"])


@door
def shape_of(
    book: Catalogue, global_batch: int | str | None = None, sequence: int | str | None = None
) -> dict[str, int]:
    """Sequences of a step and tokens of a sequence, as in the largest run that was published where not given.

    Raises
    ------
    UnitError, DomainError
        If one is no whole number.
    """
    given = {"global_batch": global_batch, "sequence": sequence}
    published = {"global_batch": "global_batch", "sequence": "sequence_length"}
    return {
        name: whole_number(book.facts.value(PUBLISHED, published[name]) if value is None else value, name)
        for name, value in given.items()
    }


@door
def laid_out(
    chain: Model, model: Transformer, chip: str, chips: int, shape: Mapping[str, Any], book: Catalogue,
    *, near_batches: bool = False,
) -> Speed:  # fmt: skip
    """Find the fastest layout of a model on a number of chips, and what it reaches against the chain's peak.

    Parameters
    ----------
    chain : Model
        Whose `chip_peak` the share is of.
    model : Transformer
    chip : str
    chips : int
        How many [1]; those that the layout leaves idle count in the share.
    shape : mapping
        Batch, sequence, and other arguments of `dojo_calc.performance.search.search`.
    book : Catalogue
    near_batches : bool
        Whether batches near the one of `shape` are tried as well where that one leaves chips idle, as whoever owns
        the chips would.

    Returns
    -------
    Speed
        The interval of the share is that of the step, which what published runs took longer already holds.

    Raises
    ------
    PlanError
        If the model fits the chips in no layout.
    UnknownNameError
        If a stack or a chip's facts are unknown.
    """
    found, batch = _searched(model, chip, chips, shape, book, near_batches=near_batches)
    best, used = found.best, int(found.best["chips"])
    time = best["step_time"]
    low, high = (time * math.exp(WIDER * math.log(best[end] / time)) for end in ("low", "high"))
    words = ", ".join(
        f"{name.replace('_', ' ')} {best[name]}"
        for name in SHOWN
        if name in best and (best[name] != 1 or name in ("tensor", "pipeline", "data"))
    )
    layout = (
        f"{words}, recompute {best['recompute']}, {best['sharding']}; a step takes "
        f"{format_si(time, 's')} ({format_range(low, high, 's')}) for a batch of {batch:,}"
    )
    moved = (
        f" The batch is not {shape['global_batch']:,}, so that fewer chips stay idle."
        if batch != shape["global_batch"]
        else ""
    )
    idle = (
        f" {found.advice[:1].upper()}{found.advice[1:]}; they are paid for all the same."
        if found.idle
        else ""
    )
    beyond = f" Beyond what was measured: {best['beyond']}." if best["beyond"] else ""
    heard = f" {found.told[:1].upper()}{found.told[1:]}." if found.told else ""
    mfu = best["mfu"] * (used / chips)
    rate = best["mfu"] * used * float(chain.inputs["chip_peak"].value or 0.0)
    work = rate / best["tokens_per_second"]
    without = mfu * float(training_compute(sizes_of(model)[1], 1.0)) / work
    both = (
        f" Its utilisation of {mfu / percent:.3g} % counts attention. Counted as people state it, by six operations "
        f"for each parameter and token, it is {without / percent:.3g} %."
    )
    return Speed(
        mfu, mfu * time / high, min(mfu * time / low, 1.0), work, used, layout,
        f"Layout: {layout}.{both}{moved}{idle}{beyond}{heard}",
    )  # fmt: skip


def _searched(
    model: Transformer,
    chip: str,
    chips: int,
    shape: Mapping[str, Any],
    book: Catalogue,
    *,
    near_batches: bool,
) -> tuple[Search, int]:
    """The search of the layouts of a batch, or of a near one with which the chips get through more tokens."""
    wanted = int(shape["global_batch"])
    found = [(search(model, chip, chips, book=book, **shape), wanted)]
    if near_batches and found[0][0].idle:
        bases = layouts(model, chips, wanted, int(shape["sequence"]), CONTEXTS, exactly=False)
        for batch in nearest_batches(chips, wanted, bases, TRIED):
            with suppress(PlanError):  # a batch may fit no memory
                found.append(
                    (search(model, chip, chips, book=book, **{**shape, "global_batch": batch}), batch)
                )
    return max(found, key=lambda one: float(one[0].best["tokens_per_second"]))
