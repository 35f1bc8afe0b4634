"""The range of plans that was held to measured steps: `data/validation/training_runs.csv`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from typing import Any

from dojo_calc.tables import data_path

__all__ = ["beyond", "ranges"]

SIZES = ("chips", "tensor", "pipeline", "context", "expert", "interleave", "micro_batch", "sequence")


@cache
def ranges() -> tuple[frozenset[str], Mapping[str, int]]:
    """Chips of which a step was measured, and the largest size of each kind among those steps."""
    with data_path("validation/training_runs.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["use"] == "score"]
    largest = {name: max(int(row[name]) for row in rows if row[name]) for name in SIZES}
    return frozenset(row["chip"] for row in rows), largest


def beyond(chip: str, sizes: Mapping[str, Any]) -> str:
    """What of a plan no measured step speaks of, in words; empty where one does.

    Parameters
    ----------
    chip : str
        An id of the catalogue.
    sizes : mapping
        Any of the sizes of a plan by name.

    Returns
    -------
    str
    """
    chips, largest = ranges()
    wide = [
        f"{name} {sizes[name]:,} above {most:,}"
        for name, most in largest.items()
        if name in sizes and sizes[name] > most
    ]
    return ", ".join(([] if chip in chips else [f"no step of {chip} was fitted"]) + wide)
