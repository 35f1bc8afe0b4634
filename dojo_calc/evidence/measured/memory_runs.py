"""Measured memory of a chip in training beside the model's prediction of it.

What a row prints is the most that was allocated, or reserved, or what the driver showed, on one chip; `quantity` says
which. The prediction is of what a plan needs allocated at the fullest moment of the fullest chip, and of what its
allocator reserves where the row prints that.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from pydantic import FiniteFloat

from dojo_calc.doors import door
from dojo_calc.evidence.measured.runs import Run, cluster, publisher
from dojo_calc.evidence.measured.training_runs import predict_memory
from dojo_calc.evidence.measured.validation import Row, Validation, summarise
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.performance.efficiency import efficiency
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows
from dojo_calc.units import GiB

__all__ = ["MemoryRun", "read_memory_runs", "validate_memory_runs"]

Size = Annotated[int, Gt(0), Lt(10**15)]  # no plan counts more of anything; it is held exactly as a float


class MemoryRun(Strict):
    """A row of `data/validation/memory_runs.csv`."""

    id: str
    source: str = ""
    where: str = ""
    model: str = ""
    layers: Size | None = None
    chip: str = ""
    chips: Size | None = None
    precision: str = "bf16"
    sequence: Size | None = None
    global_batch: Size | None = None
    micro_batch: Size | None = None
    tensor: Size | None = None
    pipeline: Size | None = None
    data: Size | None = None
    context: Size | None = None
    expert: Size | None = None
    interleave: Size | None = None
    recompute: str | None = None
    sequence_parallel: Annotated[int, Ge(0), Le(1)] | None = None
    sharding: str | None = None
    attention: str | None = None
    stack: str = ""
    quantity: str = ""
    unit_printed: str = ""
    printed: str = ""
    measured_gib: Annotated[FiniteFloat, Gt(0)] | None = None
    score: str = "score"
    note: str = ""

    @property
    def taken(self) -> str:
        """What of a chip's memory the row prints, which is `allocated`, `memory` (its driver's) or `reserved`."""
        words = self.quantity.lower()
        if "reserved" not in words and "alloc" in words and "not said" not in words:
            return "allocated"
        return "memory" if "smi" in words else "reserved"

    def as_run(self) -> Run:
        """The same plan as a run; as many chips as its groups need where their number is blank."""
        plan = self.model_dump(exclude={"quantity", "unit_printed", "printed", "measured_gib", "score"})
        groups = (
            (self.tensor or 1) * (self.pipeline or 1) * (self.context or 1) * (self.data or self.expert or 1)
        )
        return Run(
            **{name: cell for name, cell in plan.items() if cell is not None}
            | {"chips": self.chips or groups, "metric": "gib", "measured": self.measured_gib or 1.0}
        )


def read_memory_runs(path: Path | None = None) -> list[MemoryRun]:
    """Rows of a file of measured memory.

    Parameters
    ----------
    path : pathlib.Path, optional
        `data/validation/memory_runs.csv` if left out.

    Raises
    ------
    FactsError
        For an unknown column, a number that is none, or an id that stands twice: with file, line and column.
    """
    found: dict[str, MemoryRun] = {}
    for row, place in read_rows(path or data_path("validation/memory_runs.csv"), MemoryRun):
        if row.id in found:
            raise place.error("id", f"run {row.id!r} stands twice")
        found[row.id] = row
    return list(found.values())


@door
def validate_memory_runs(
    path: Path | None = None, book: Catalogue | None = None, models: Path | None = None
) -> Validation:
    """Hold the model of memory against a file of measured runs.

    Parameters
    ----------
    path : pathlib.Path, optional
        In the columns of `data/validation/memory_runs.csv`; that file if left out.
    book : Catalogue, optional
    models : pathlib.Path, optional
        See `dojo_calc.evidence.measured.training_runs.predict`.

    Returns
    -------
    Validation
        In GiB, rows in the file's order; groups dense and moe, source and chip. Rows whose `score` is apart or a
        pair are shown and not scored.

    Raises
    ------
    FactsError
        See `read_memory_runs`.
    """
    own = read_memory_runs(path)
    runs = [one.as_run() for one in own]
    needed, reasons, experts = predict_memory(runs, [one.taken for one in own], book, models)
    groups = ["moe" if many else "dense" for many in experts]
    rows = []
    for one, run, value, reason, group in zip(own, runs, needed / GiB, reasons, groups, strict=True):
        row = Row(one.id, one.source, one.chip, "gib", "GiB", one.measured_gib, reason=reason,
                  group=group, cluster="; ".join(cluster(run)))  # fmt: skip
        if not reason:
            width = efficiency(one.chip, one.precision, one.stack)["memory_error_80"].value
            low, high = (float(value * np.exp(side * width)) for side in (-1.0, 1.0))
            row = replace(row, predicted=float(value), low=low, high=high)
        rows.append(row)
    labels = {
        "group": groups,
        "source": [publisher(one.source) for one in own],
        "chip": [one.chip for one in own],
    }
    return summarise(rows, labels, [one.score in ("score", "moe") for one in own])
