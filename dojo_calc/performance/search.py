"""The best way to lay a model out over chips: every plan of a grid, evaluated in blocks of bounded memory.

Sizes that cannot be are left out before anything is evaluated; of what is left the fastest that fits in memory
wins, and of equals the one with the fewest chips, then the least memory, then the smallest sizes in the order of
`SIZES`, so that the answer does not depend on how the work was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dojo_calc.formatting import format_si
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import chip_values
from dojo_calc.performance.plan import ATTENTION, RECOMPUTE, SHARDING, PlanError, flags
from dojo_calc.performance.setting import Setting
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import whole_number

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Search", "search"]

_Ranges: TypeAlias = tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]
Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
SIZES = ("chips", "tensor", "pipeline", "context", "data", "micro_batch", "interleave")
FLAGS = ("sequence_parallel", "recompute", "sharding", "attention")
COLUMNS = (*SIZES, *FLAGS)
OUTPUTS = ("step_time", "memory")
BLOCK = 1 << 15


@dataclass(frozen=True)
class Search:
    """What a search found.

    `best` maps the columns of a plan to its values, with `step_time` [s] and `memory` [B]; `front` has the
    plans that no other beats in time, chips and memory at once. `considered` plans were evaluated, of which
    `fitting` fit in memory; `finished` is False where the search was interrupted, and the rest then speaks of
    what had been seen.
    """

    best: Mapping[str, Any]
    front: pl.DataFrame
    considered: int
    fitting: int
    finished: bool = True


@dataclass
class _Found:
    """Plans that none beats so far, how many were seen and fit, and the least memory that one asked for."""

    rows: Vector = field(default_factory=lambda: np.empty((0, len(COLUMNS) + len(OUTPUTS))))
    considered: int = 0
    fitting: int = 0
    nearest: float = np.inf


def search(
    model: str | Transformer,
    chip: str,
    chips: int | str,
    *,
    global_batch: int | str,
    sequence: int | str = 2048,
    precision: str = "bf16",
    stack: str = "",
    setting: Setting | None = None,
    attentions: Sequence[str] = ("flash",),
    up_to: bool = False,
    contexts: Sequence[int] = (1, 2, 4, 8),
    book: Catalogue | None = None,
    models: str | Path | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Search:
    """Find the fastest plan that fits in memory, and the front of time, chips and memory.

    Parameters
    ----------
    model : str or Transformer
    chip : str
        An id of the catalogue.
    chips : int or str
        How many [1]; a text such as ``"16,384"`` or ``"16k"`` will do.
    global_batch, sequence : int or str
        Sequences a step, tokens a sequence [1].
    precision, stack : str
        As for `dojo_calc.performance.plan.train`.
    setting : Setting, optional
        Where the machine differs from the chip's facts.
    attentions : sequence of str
        Of `ATTENTION`, to try.
    up_to : bool
        Every number of chips that is a multiple of a fast domain, up to `chips`.
    contexts : sequence of int
        Context-parallel sizes to try.
    book : Catalogue, optional
    models : path, optional
        A reader's own table of models, see `dojo_calc.performance.workload.transformer`.
    executor : concurrent.futures.Executor, optional
        Evaluates blocks side by side: threads serve, since NumPy lets go of the interpreter.
    progress : callable, optional
        Called with the blocks done and all blocks.

    Returns
    -------
    Search

    Raises
    ------
    DomainError, UnitError
        If chips, batch or sequence are no whole numbers of at least 1.
    PlanError
        If no plan's sizes fit each other, or none fits in memory; the message says how much is missing.
    UnknownNameError
        If a name is unknown, or the chip lacks what a plan needs.
    """
    chips, global_batch, sequence = (
        whole_number(one, name)
        for one, name in ((chips, "chips"), (global_batch, "global_batch"), (sequence, "sequence"))
    )
    sizes = transformer(model, models)
    fixed = sizes.values() | chip_values(chip, precision, stack, book, setting=setting)
    fixed |= {"global_batch": float(global_batch), "sequence": float(sequence), "expert": 1.0, "visible": 1.0}
    fixed["shard_copies"] = 1.0
    kinds = tuple(int(flags("none", "none", one)["flash"]) for one in attentions)
    counts = [chips]
    if up_to:
        domain = int(fixed["domain"])
        counts = list(range(domain, chips + 1, domain)) or [chips]
    bases = [base for count in counts for base in _bases(sizes, count, global_batch, sequence, contexts)]
    if not bases:
        raise PlanError(
            f"no tensor, pipeline and data sizes make {chips} chips of {sizes.heads} heads, {sizes.layers} layers "
            f"and a batch of {global_batch}"
        )
    blocks = _blocks(bases, sizes, global_batch, sequence, kinds)
    found, finished = _Found(), True
    run = map if executor is None else executor.map
    try:
        for done, part in enumerate(run(lambda block: _evaluate(block, fixed), blocks), 1):
            _merge(found, part)
            if progress:
                progress(done, len(blocks))
    except KeyboardInterrupt:
        finished = False
    if not len(found.rows):
        if not finished:
            raise KeyboardInterrupt
        capacity = fixed["memory_capacity"]
        raise PlanError(
            f"none of {found.considered:,} plans fits: the smallest needs {format_si(found.nearest, 'B')} of a "
            f"chip's {format_si(capacity, 'B')} memory; take more chips or a chip with more memory"
        )
    rows = _sorted(found.rows)
    frame = _frame(rows)
    return Search(frame.row(0, named=True), frame, found.considered, found.fitting, finished)


def _bases(
    sizes: Transformer, chips: int, global_batch: int, sequence: int, contexts: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    """Sizes that must divide each other: chips, tensor, pipeline, context, data."""
    for tensor in _divisors(sizes.heads):
        if sizes.feedforward % tensor or (sizes.kv_heads % tensor and tensor % sizes.kv_heads):
            continue
        for pipeline in range(1, sizes.layers + 1):
            for context in contexts:
                group = tensor * pipeline * context
                if chips % group or sequence % (context * min(context, 2)) or global_batch % (chips // group):
                    continue
                yield chips, tensor, pipeline, context, chips // group


@cache
def _divisors(number: int) -> tuple[int, ...]:
    return tuple(n for n in range(1, number + 1) if number % n == 0)


def _blocks(
    bases: Sequence[tuple[int, ...]],
    sizes: Transformer,
    global_batch: int,
    sequence: int,
    kinds: tuple[int, ...],
) -> list[list[_Ranges]]:
    """Bases with what varies freely on each, grouped so that a block holds about `BLOCK` plans."""
    blocks: list[list[_Ranges]] = [[]]
    held = 0
    for base in bases:
        _, tensor, pipeline, context, data = base
        free = (
            _divisors(global_batch // data),  # micro-batch
            _virtual_stages(sizes.layers, pipeline),
            (0, 1) if tensor > 1 and sequence % (tensor * context) == 0 else (0,),  # sequence parallelism
            tuple(range(len(RECOMPUTE))),
            tuple(range(len(SHARDING))) if data > 1 else (0,),
            kinds,
        )
        count = prod(map(len, free))
        if held and held + count > BLOCK:
            blocks.append([])
            held = 0
        blocks[-1].append((base, free))
        held += count
    return blocks


def _virtual_stages(layers: int, pipeline: int) -> tuple[int, ...]:
    """Numbers of virtual stages that a plan may have, see `plan.problems`."""
    if pipeline == 1:
        return (1,)
    return tuple(n for n in _divisors(-(-layers // pipeline)) if n * pipeline <= layers)


def _plans(block: Sequence[_Ranges]) -> Vector:
    """Plans of a block, a row each in the order of `COLUMNS`."""
    parts = []
    for base, free in block:
        varied = np.stack([axis.ravel() for axis in np.meshgrid(*free, indexing="ij")], axis=1)
        parts.append(np.hstack([np.broadcast_to(base, (len(varied), len(base))), varied]))
    return np.concatenate(parts).astype(np.float64)


def _evaluate(block: Sequence[_Ranges], fixed: Mapping[str, Any]) -> _Found:
    """Time and memory of every plan of a block; those that no other of the block beats."""
    plans = _plans(block)
    columns = dict(zip(COLUMNS, plans.T.copy(), strict=True))
    redo, shard = columns.pop("recompute"), columns.pop("sharding")
    values = {**fixed, **columns, "flash": columns.pop("attention")}
    values |= {name: (redo == rank) * 1.0 for rank, name in enumerate(("selective", "full", "per_op"), 1)}
    for least, name in enumerate(("shard_optimizer", "shard_gradients", "shard_weights"), 1):
        values[name] = (shard >= least) * 1.0
    found = step.evaluate(values, OUTPUTS)
    rounds = fixed["global_batch"] / (columns["data"] * columns["micro_batch"])
    runs = (columns["interleave"] == 1.0) | (rounds % columns["pipeline"] == 0.0)
    fits = runs & (found["memory"] <= fixed["memory_capacity"])
    rows = np.column_stack([plans[fits], found["step_time"][fits], found["memory"][fits]])
    return _Found(_front(rows), len(plans), int(fits.sum()), float(found["memory"][runs].min()))


def _sorted(rows: Vector) -> Vector:
    """Rows by time, chips, memory, then sizes: the order that settles ties."""
    keys = [rows[:, index] for index in range(len(COLUMNS) - 1, 0, -1)]
    order = np.lexsort([*keys, rows[:, -1], rows[:, 0], rows[:, -2]])
    return rows[order]


def _front(rows: Vector) -> Vector:
    """Rows that no other beats in time, chips and memory at once; of equals the first in order."""
    kept: list[Vector] = []
    for chips in np.unique(rows[:, 0]):
        own = _sorted(rows[rows[:, 0] == chips])
        before = np.r_[np.inf, np.minimum.accumulate(own[:, -1])[:-1]]
        own = own[own[:, -1] < before]  # ever slower, so worth keeping only where memory is less than ever
        for fewer in kept:
            beaten = (fewer[:, None, -2] <= own[None, :, -2]) & (fewer[:, None, -1] <= own[None, :, -1])
            own = own[~beaten.any(axis=0)]
        kept.append(own)
    return np.concatenate(kept) if kept else rows[:0]


def _merge(found: _Found, part: _Found) -> None:
    found.rows = _front(np.concatenate([found.rows, part.rows]))
    found.considered += part.considered
    found.fitting += part.fitting
    found.nearest = min(found.nearest, part.nearest)


def _frame(rows: Vector) -> pl.DataFrame:
    import polars as pl

    frame = pl.DataFrame({name: rows[:, index] for index, name in enumerate((*COLUMNS, *OUTPUTS))})
    return frame.with_columns(
        *(pl.col(name).cast(pl.Int64) for name in (*SIZES, "sequence_parallel")),
        pl.Series("recompute", [RECOMPUTE[int(one)] for one in rows[:, COLUMNS.index("recompute")]]),
        pl.Series("sharding", [SHARDING[int(one)] for one in rows[:, COLUMNS.index("sharding")]]),
        pl.Series("attention", [ATTENTION[int(one)] for one in rows[:, COLUMNS.index("attention")]]),
    )
