"""The best way to lay a model out over chips: every plan of a grid, evaluated in blocks of bounded memory.

Only plans that run are looked at (`layouts`); of those the fastest that fits in memory wins, and of equals the one
with the fewest chips, then the simplest: fewer virtual stages, groups, sharding and recomputation. So the answer does
not depend on how the work was cut. Chips that no good layout uses stay idle, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dojo_calc.doors import door
from dojo_calc.formatting import format_number, format_si
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import chip_values, half_widths
from dojo_calc.performance.layouts import (
    COLUMNS,
    SIZES,
    Ranges,
    Vector,
    blocks_of,
    layouts,
    nearest_batch,
    nearest_counts,
    plans_of,
)
from dojo_calc.performance.measured_range import beyond
from dojo_calc.performance.plan import ATTENTION, RECOMPUTE, SHARDING, PlanError, flags
from dojo_calc.performance.setting import Setting
from dojo_calc.performance.stacks import software
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import Ranks, single, whole_number
from dojo_calc.units import day
from dojo_calc.words import html_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CONTEXTS", "Search", "search"]

OUTPUTS = ("step_time", "memory")
CONTEXTS = (1, 2, 4, 8)  # context-parallel sizes to try
BLOCK = 1 << 16
MERGED = 16  # blocks whose fronts are merged at a time
MOST_COUNTS = (
    512  # numbers of chips that are tried up to a number; where there are more, so many spread evenly
)
# Of equally fast plans the first in these is the simplest.
SIMPLE = ("interleave", "expert", "context", "pipeline", "tensor", "sequence_parallel", "recompute", "sharding",
          "attention", "micro_batch", "data")  # fmt: skip


@dataclass(frozen=True)
class Search:
    """What a search found.

    `best` maps the columns of a plan to its values, with `step_time` [s] and its 80 % interval `low` and `high`,
    `memory` [B], `mfu` [1], `tokens_per_second` [1/s] of all chips, `days` where tokens were given, and `beyond`:
    what of it no measured step speaks of. `front` has the plans that no other beats in time, chips and memory at
    once, of equally fast ones the simplest. `considered` plans were evaluated, of which `fitting` fit in memory;
    `finished` is False where the search was interrupted, and the rest then speaks of what had been seen. `idle`
    chips are not used by the best, and `advice` names counts and batches that would use all.
    """

    best: Mapping[str, Any]
    front: pl.DataFrame
    considered: int
    fitting: int
    finished: bool = True
    idle: int = 0
    advice: str = ""
    told: str = ""

    def _repr_html_(self) -> str:
        rows = [(name.replace("_", " "), text) for name, text in in_words(self.best).items()]
        said = f"The fastest of {self.considered:,} plans, of which {self.fitting:,} fit in memory"
        return html_table(f"{said}. {self.advice or self.told}".strip(), ("What", "Value"), rows)


_UNITS = {"step_time": "s", "low": "s", "high": "s", "memory": "B"}


def in_words(plan: Mapping[str, Any]) -> dict[str, str]:
    """Columns of a plan as a person reads them, wherever a plan is shown."""
    found = {}
    for name, value in plan.items():
        if name in _UNITS:
            found[name] = format_si(float(value), _UNITS[name])
        elif name == "mfu":
            found[name] = f"{value:.1%}"
        else:
            found[name] = format_number(value) if isinstance(value, int | float) else str(value)
    return found


@dataclass
class _Found:
    """Plans that none beats so far, how many were seen and fit, and the least memory that one asked for."""

    rows: Vector = field(default_factory=lambda: np.empty((0, len(COLUMNS) + len(OUTPUTS))))
    considered: int = 0
    fitting: int = 0
    nearest: float = np.inf


@door
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
    tokens: float | str | None = None,
    attentions: Sequence[str] = ("flash",),
    up_to: bool = False,
    contexts: Sequence[int] = CONTEXTS,
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
    tokens : float or str, optional
        To train on, for the days that it takes without any disturbance [1].
    attentions : sequence of str
        Of `ATTENTION`, to try.
    up_to : bool
        Every number of chips that is a multiple of a fast domain, up to `chips`, each used in full; of very many
        numbers some hundreds, spread evenly.
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
        If chips, batch, sequence or a context are no whole numbers of at least 1, or tokens no number of at least 1.
    PlanError
        If no plan's sizes fit each other, or none fits in memory; the message says how much is missing.
    UnknownNameError
        If a name is unknown, or the chip lacks what a plan needs.
    """
    chips, global_batch, sequence = (
        whole_number(one, name)
        for one, name in ((chips, "chips"), (global_batch, "global_batch"), (sequence, "sequence"))
    )
    wanted = None if tokens is None else single(tokens, Ranks, "tokens")
    contexts = [whole_number(one, "contexts") for one in contexts]
    sizes = transformer(model, models)
    unit = (book or catalogue()).machine(chip)
    fixed = sizes.values() | chip_values(unit, precision, stack, book, setting=setting)
    fixed |= {"global_batch": float(global_batch), "sequence": float(sequence), "visible": 1.0}
    fixed["shard_copies"] = 1.0
    kinds = tuple(int(flags("none", "none", one)["flash"]) for one in attentions)
    bases = [
        base
        for count in (_counts(chips, int(fixed["domain"])) if up_to else [chips])
        for base in layouts(sizes, count, global_batch, sequence, contexts, exactly=up_to)
    ]
    if not bases:
        raise PlanError(
            f"no tensor, pipeline and data sizes make {chips:,} chips of {sizes.heads} heads, {sizes.layers} layers "
            f"and a batch of {global_batch:,} sequences of {sequence:,}"
        )
    blocks = blocks_of(bases, sizes, global_batch, sequence, kinds, BLOCK)
    found, finished = _Found(), True
    parts: list[_Found] = []
    run = map if executor is None else executor.map
    try:
        points = BLOCK * len(blocks)
        for done, part in enumerate(run(lambda block: _evaluate(block, fixed, points), blocks), 1):
            parts.append(part)
            if len(parts) == MERGED or done == len(blocks):  # fronts sorted together once, not one by one
                _merge(found, parts)
                parts = []
            if progress:
                progress(done, len(blocks))
    except KeyboardInterrupt:
        finished = False
        _merge(found, parts)
    if not len(found.rows):
        if not finished:
            raise KeyboardInterrupt
        capacity = fixed["memory_capacity"]
        raise PlanError(
            f"none of {found.considered:,} plans fits: the smallest needs {format_si(found.nearest, 'B')} of a "
            f"chip's {format_si(capacity, 'B')} memory; take more chips or a chip with more memory"
        )
    rows = _sorted(found.rows)
    widths = half_widths(unit.id, precision, stack, sizes.experts)
    frame = _frame(rows, fixed, unit.id, widths, wanted)
    best = frame.row(0, named=True)
    idle = 0 if up_to else chips - best["chips"]
    return Search(
        best, frame, found.considered, found.fitting, finished, idle,
        _advice(chips, global_batch, best, bases) if idle else "", software(stack).told,
    )  # fmt: skip


def _counts(chips: int, domain: int) -> list[int]:
    """Multiples of a fast domain up to a number of chips, at most `MOST_COUNTS` of them."""
    multiples = max(chips // domain, 1)
    step_between = -(-multiples // MOST_COUNTS)
    return [min(domain * n, chips) for n in range(multiples, 0, -step_between)][::-1]


def _advice(chips: int, global_batch: int, best: Mapping[str, Any], bases: Sequence[tuple[int, ...]]) -> str:
    counts = nearest_counts(chips, global_batch, best["tensor"] * best["pipeline"] * best["context"])
    said = f"{chips - best['chips']:,} of {chips:,} chips stay idle"
    said += f"; {' or '.join(f'{one:,}' for one in counts)} chips are used in full by this layout"
    used, batch = nearest_batch(chips, global_batch, bases)
    return f"{said}, and {used:,} by another with a batch of {batch:,}" if used > best["chips"] else said


def _evaluate(block: Sequence[Ranges], fixed: Mapping[str, Any], points: int) -> _Found:
    """Memory of a block of plans, time of those that fit; those that no other of the block beats."""
    plans = plans_of(block, int(fixed["global_batch"]))
    need = step.evaluate(_values(plans, fixed), ("memory",), points)["memory"]
    held = np.flatnonzero(need <= fixed["memory_capacity"])  # few are; only those are timed
    kept = plans[held]
    time = (
        step.evaluate(_values(kept, fixed), ("step_time",), points)["step_time"] if held.size else np.empty(0)
    )
    rows = np.column_stack([kept, time, need[held]])
    return _Found(_front(rows), len(plans), held.size, float(need.min(initial=np.inf)))


def _values(plans: Vector, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs of a step of plans in the order of `COLUMNS`."""
    columns = dict(zip(COLUMNS, np.ascontiguousarray(plans.T), strict=True))
    redo, shard = columns.pop("recompute"), columns.pop("sharding")
    values = {**fixed, **columns, "flash": columns.pop("attention")}
    values |= {name: (redo == rank) * 1.0 for rank, name in enumerate(("selective", "full", "per_op"), 1)}
    for least, name in enumerate(("shard_optimizer", "shard_gradients", "shard_weights"), 1):
        values[name] = (shard >= least) * 1.0
    return values


def _sorted(rows: Vector) -> Vector:
    """Rows by time, chips, then simplicity, then memory: the order that settles ties."""
    keys = [rows[:, COLUMNS.index(name)] for name in reversed(SIMPLE)]
    order = np.lexsort([rows[:, -1], *keys, rows[:, 0], rows[:, -2]])
    return rows[order]


def _front(rows: Vector) -> Vector:
    """Rows that no other beats in time, chips and memory at once; of equals the first in order."""
    kept: list[Vector] = []
    for chips in np.unique(rows[:, 0]):
        own = _sorted(_promising(rows[rows[:, 0] == chips]))
        own = own[np.r_[True, np.diff(own[:, -2]) > 0.0]]  # of equally fast ones the simplest
        before = np.r_[np.inf, np.minimum.accumulate(own[:, -1])[:-1]]
        own = own[own[:, -1] < before]  # ever slower, so worth keeping only where memory is less than ever
        for fewer in kept:
            beaten = (fewer[:, None, -2] <= own[None, :, -2]) & (fewer[:, None, -1] <= own[None, :, -1])
            own = own[~beaten.any(axis=0)]
        kept.append(own)
    return np.concatenate(kept) if kept else rows[:0]


def _promising(rows: Vector) -> Vector:
    """Rows that may be on the front, told by time and memory alone: few, so that putting these in order is cheap."""
    time, memory = rows[:, -2], rows[:, -1]
    order = np.argsort(time)
    starts = np.flatnonzero(np.diff(time[order], prepend=-np.inf))
    if not starts.size:
        return rows
    # Which of equally fast rows comes first is told only by `_sorted`: a group counts with the most that it may need.
    most = np.maximum.reduceat(memory[order], starts)
    least = np.minimum.reduceat(memory[order], starts)
    before = np.r_[np.inf, np.minimum.accumulate(most)[:-1]]
    sizes = np.diff(np.r_[starts, len(rows)])
    kept: Vector = rows[order[np.repeat(least < before, sizes)]]
    return kept


def _merge(found: _Found, parts: Sequence[_Found]) -> None:
    found.rows = _front(np.concatenate([found.rows, *(part.rows for part in parts)]))
    for part in parts:
        found.considered += part.considered
        found.fitting += part.fitting
        found.nearest = min(found.nearest, part.nearest)


def _frame(
    rows: Vector, fixed: Mapping[str, Any], chip: str, widths: tuple[float, float], tokens: float | None
) -> pl.DataFrame:
    """Rows with what a planner asks of them beside time and memory."""
    import polars as pl

    frame = pl.DataFrame({name: rows[:, index] for index, name in enumerate((*COLUMNS, *OUTPUTS))})
    frame = frame.with_columns(
        *(pl.col(name).cast(pl.Int64) for name in (*SIZES, "sequence_parallel")),
        pl.Series("recompute", [RECOMPUTE[int(one)] for one in rows[:, COLUMNS.index("recompute")]]),
        pl.Series("sharding", [SHARDING[int(one)] for one in rows[:, COLUMNS.index("sharding")]]),
        pl.Series("attention", [ATTENTION[int(one)] for one in rows[:, COLUMNS.index("attention")]]),
    )
    found = step.evaluate(_values(rows[:, : len(COLUMNS)], fixed), ("mfu",))
    time = rows[:, -2]
    rate = fixed["global_batch"] * fixed["sequence"] / time
    sequence = int(fixed["sequence"])
    said = [beyond(chip, row | {"sequence": sequence}) for row in frame.select(SIZES).rows(named=True)]
    return frame.with_columns(
        pl.Series("low", time * np.exp(-widths[0])),
        pl.Series("high", time * np.exp(widths[1])),
        pl.Series("mfu", np.broadcast_to(found["mfu"], time.shape)),
        pl.Series("tokens_per_second", rate),
        *(() if tokens is None else (pl.Series("days", tokens / rate / day),)),
        pl.Series("beyond", said),
    )
