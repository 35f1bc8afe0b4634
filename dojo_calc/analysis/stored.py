"""Outputs over a grid that no memory holds: parts in a folder, computed on any executor, resumed after any failure.

A part is computed and reduced where it runs; what comes back is its summary, so that the caller's memory does not
grow with the grid. Each part is written under another name and renamed when it is whole; the manifest in the folder
says of which sweep they are parts.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from dojo_calc.analysis.sweep import (
    Executor,
    Travelling,
    as_finished,
    at,
    evaluate_block,
    swept,
    whole,
)
from dojo_calc.doors import door
from dojo_calc.errors import ModelError, UnknownNameError, nearest
from dojo_calc.model.model import Model
from dojo_calc.quantities import Spec, check_against
from dojo_calc.readings.compiled import available
from dojo_calc.tables import whole_file

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Stored", "sweep_to"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
_MANIFEST: Final = "sweep.json"
_SHIFT: Final = 44  # bits of a double that the histogram does not look at: 256 cells an octave are left
_SIGN: Final = -(2**63)


@dataclass(frozen=True, eq=False)
class Stored:
    """A sweep in a folder: its rows as Parquet, and what its parts were reduced to.

    Attributes
    ----------
    folder : path
    axes : dict of str to ndarray
    outputs : tuple of str
    count : int
        Points.
    named : int
        Points that a summary names at each end of an output.
    parts : tuple of dict
        Summary of each part.
    """

    folder: Path
    axes: Mapping[str, FloatArray]
    outputs: tuple[str, ...]
    count: int
    named: int
    parts: tuple[Mapping[str, Any], ...]

    def scan(self) -> pl.LazyFrame:
        """Rows as a lazy frame of polars, in the order of the grid: coordinates and outputs [SI].

        Raises
        ------
        ModelError
            If the rows were not kept.
        """
        import polars as pl

        files = sorted(self.folder.glob("part-*.parquet"))
        if not files:
            raise ModelError(f"{self.folder} holds summaries alone; sweep_to with rows=True keeps the rows")
        return pl.scan_parquet(files)

    def histogram(self, output: str) -> tuple[FloatArray, np.ndarray[Any, np.dtype[np.int64]]]:
        """Lower ends of the cells that are not empty, in order [SI], and how many points each holds.

        A cell is 1/256 of an octave wide, so its ends are within 0.4 % of each other. Points that break an identity
        of the model are in none.
        """
        cells, counts = self._cells(output)
        return _lower(cells), counts

    def quantile(self, output: str, q: Any) -> Any:
        """Value below which a share `q` of the points lies, of the shape of `q` [SI], good to 0.2 %."""
        chance = np.asarray(check_against(q, Spec("1", 0.0, 1.0), "q"))
        cells, counts = self._cells(output)
        if not cells.size:
            raise ModelError(f"{output} has no value at any point of {self.folder}")
        place = np.searchsorted(np.cumsum(counts), chance * counts.sum()).clip(0, cells.size - 1)
        found = (_lower(cells[place]) + _lower(cells[place] + 1)) / 2.0
        return found if np.ndim(q) else float(found)

    def mean(self, output: str) -> float:
        """Mean over the points that have a value [SI]."""
        own = [part["outputs"][self._known(output)] for part in self.parts]
        count = sum(one["count"] for one in own)
        return math.fsum(one["sum"] for one in own) / count if count else math.nan

    def best(self, output: str, *, most: bool = False) -> pl.DataFrame:
        """Points of the lowest values of an output, or the highest: coordinates and outputs [SI], best first."""
        import polars as pl

        end = "highest" if most else "lowest"
        rows = [row for part in self.parts for row in part["outputs"][self._known(output)][end]]
        frame = pl.DataFrame(rows, schema=[*self.axes, *self.outputs], orient="row")
        return frame.sort(output, descending=most, maintain_order=True).head(self.named)

    def _known(self, output: str) -> str:
        if output not in self.outputs:
            raise UnknownNameError(f"not swept: {output!r}{nearest(output, self.outputs)}")
        return output

    @cached_property
    def _tallies(self) -> dict[str, Counter[int]]:
        found: dict[str, Counter[int]] = {name: Counter() for name in self.outputs}
        for part in self.parts:
            for name, own in part["outputs"].items():
                found[name].update(dict(zip(own["cells"], own["counts"], strict=True)))
        return found

    def _cells(self, output: str) -> tuple[Any, Any]:
        tally = self._tallies[self._known(output)]
        cells = np.array(sorted(tally), dtype=np.int64)
        return cells, np.array([tally[int(one)] for one in cells], dtype=np.int64)


@door
def sweep_to(
    folder: str | Path,
    model: Model,
    outputs: str | Sequence[str],
    grid: Mapping[str, Any],
    /,
    *,
    executor: Executor | None = None,
    block: int = 2**20,
    rows: bool = True,
    best: int = 10,
    progress: Callable[[int, int], None] | None = None,
    **given: Any,
) -> Stored:
    """Compute outputs at every point of a grid, into a folder.

    Called again with the same arguments after an interruption or a failure of any kind, it computes what is missing.

    Parameters
    ----------
    folder : path
        Made if it is not there; every worker must see it under this name.
    model : Model
    outputs : str or sequence of str
    grid : mapping
        As for `dojo_calc.analysis.sweep.sweep`.
    executor : Executor, optional
        Threads, processes or a Dask client, as for `dojo_calc.analysis.sweep.sweep`; none computes the parts here.
    block : int
        Points of a part.
    rows : bool
        Whether every point is kept, as Parquet, or the summaries alone.
    best : int
        How many points with the lowest and the highest values of each output a summary names.
    progress : callable, optional
        Called after each part with the points that are done and all points.
    **given
        Values of other inputs, one each.

    Returns
    -------
    Stored

    Raises
    ------
    ModelError
        If the folder holds another sweep or one of a changed model; or if a part fails, with the reason: a full disk,
        a worker that died for good, a scheduler that is gone. Finished parts stay.
    UnknownNameError, UnitError, DomainError
        As for `dojo_calc.analysis.sweep.sweep`.
    """
    asked, axes, fixed = swept(model, outputs, grid, given)
    wanted = tuple(asked)
    block, best = whole("block", block, 1), whole("best", best, 0)
    size = math.prod(axis.size for axis in axes.values())
    where = Path(folder)
    _claim(where, {
        "model": model.fingerprint(wanted, [*axes, *fixed]),
        "outputs": list(wanted),
        "axes": {name: [axis.size, hashlib.sha256(axis.tobytes()).hexdigest()] for name, axis in axes.items()},
        "given": fixed,
        "block": block,
        "rows": rows,
        "best": best,
        "compiled": available(),
    })  # fmt: skip
    task = _Task(
        Travelling(model), wanted, axes, fixed, block, size, str(where.resolve()), rows, best, available()
    )
    count = -(-size // block)
    missing = [index for index in range(count) if not _summary(where, index).exists()]
    done = size - sum(task.points(index) for index in missing)
    for index in _finished(task, missing, executor, where, count):
        done += task.points(index)
        if progress:
            progress(done, size)
    parts = tuple(json.loads(_summary(where, index).read_text("utf-8")) for index in range(count))
    return Stored(where, axes, wanted, size, best, parts)


@dataclass(frozen=True)
class _Task:
    """Everything that a worker needs to compute a part."""

    model: Travelling
    outputs: tuple[str, ...]
    axes: Mapping[str, FloatArray]
    given: Mapping[str, float]
    block: int
    size: int
    folder: str
    rows: bool
    best: int
    compiled: bool

    def points(self, index: int) -> int:
        return min(self.block, self.size - index * self.block)

    def run(self, index: int) -> int:
        """Compute a part, reduce it and keep it; its number."""
        import polars as pl

        if available() != self.compiled:
            raise ModelError(
                "numba is installed here and not where the sweep was begun, or the other way round"
            )
        shape = tuple(axis.size for axis in self.axes.values())
        start, count = index * self.block, self.points(index)
        given = at(self.axes, shape, np.arange(start, start + count))
        values = evaluate_block(self.model.model, self.outputs, {**self.given, **given}, count, self.size)
        columns = given | {name: np.ascontiguousarray(values[name]) for name in self.outputs}
        folder = Path(self.folder)
        if self.rows:
            with whole_file(folder / f"part-{index:09d}.parquet") as scratch:
                pl.DataFrame(columns).write_parquet(scratch, compression="zstd", compression_level=1)
        told = {"outputs": {name: _reduced(columns, name, self.best) for name in self.outputs}}
        with whole_file(_summary(folder, index)) as scratch:
            scratch.write_text(json.dumps(told), "utf-8")
        return index


def _summary(folder: Path, index: int) -> Path:
    return folder / f"part-{index:09d}.json"


def _reduced(columns: Mapping[str, FloatArray], name: str, best: int) -> dict[str, Any]:
    """Count, sum, histogram and extreme points of an output over a part."""
    values = columns[name]
    held = np.flatnonzero(~np.isnan(values))
    kept = values[held]
    bits = kept.view(np.int64)
    # In this order of whole numbers negative doubles stand before positive ones, and each kind in its own order.
    ordered = np.where(bits < 0, _SIGN - np.minimum(bits, 0), bits) >> _SHIFT
    cells, counts = np.unique(ordered, return_counts=True)
    order = np.argsort(kept, kind="stable")
    ends = {"lowest": held[order[:best]], "highest": held[order[::-1][:best]]}
    rows = {
        end: [[float(one[place]) for one in columns.values()] for place in places]
        for end, places in ends.items()
    }
    return {
        "count": int(kept.size),
        "sum": float(kept.sum()),
        "cells": cells.tolist(),
        "counts": counts.tolist(),
        **rows,
    }


def _lower(cells: Any) -> FloatArray:
    """Lower end of cells of the histogram, as doubles."""
    ordered = np.asarray(cells, dtype=np.int64) << _SHIFT
    found: FloatArray = np.where(ordered < 0, _SIGN - np.minimum(ordered, 0), ordered).view(np.float64)
    return found


def _claim(folder: Path, told: Mapping[str, Any]) -> None:
    """Write the manifest, or find the same one."""
    path = folder / _MANIFEST
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            if any(folder.glob("part-*")):
                raise ModelError(f"{folder} holds parts of a sweep without its manifest {_MANIFEST}")
            with whole_file(path) as scratch:
                scratch.write_text(json.dumps(told), "utf-8")
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be used: {error}") from None
    differ = [name for name, value in json.loads(json.dumps(told)).items() if held.get(name) != value]
    if differ == ["model"]:
        raise ModelError(f"{folder} holds a sweep of another model, or of this one before it was changed")
    if differ:
        raise ModelError(
            f"{folder} holds another sweep: its {' and '.join(differ)} differ; choose another folder"
        )


def _finished(
    task: _Task, missing: Sequence[int], executor: Executor | None, folder: Path, count: int
) -> Iterator[int]:
    """Numbers of parts as they are finished, in whatever order."""

    def failed(error: BaseException) -> ModelError:
        kept = sum(_summary(folder, index).exists() for index in range(count))
        return ModelError(
            f"the sweep into {folder} stopped: {type(error).__name__}: {error or 'a part is lost'}; {kept:,} of "
            f"{count:,} parts are finished and kept, and the same call goes on from there"
        )

    waiting: dict[Any, int] = {}
    finished = as_finished(executor, task.run, iter(missing), waiting)
    try:
        while True:
            try:
                index, _ = next(finished)
            except StopIteration:
                return
            except Exception as error:
                raise failed(error) from error
            yield index
    finally:
        for future in waiting:
            future.cancel()
