"""A training step of a chip whose software nobody described: its work at a stated utilisation.

A chip without memory behind its SRAM, or one of which only peak and price are known, has no plan of tensor and
pipeline groups here. What can be said is what its peak does at a share of it that the reader states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo_calc.doors import door
from dojo_calc.errors import DomainError
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import matrix_peak
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import PositiveFraction, single, whole_number

__all__ = ["Stated", "train_at"]


@dataclass(frozen=True)
class Stated:
    """A step at a stated utilisation: `step_time` [s] from `low` to `high`, `mfu` [1], `model_flop` [FLOP].

    `basis` says where the utilisation comes from.
    """

    step_time: float
    low: float
    high: float
    mfu: float
    model_flop: float
    basis: str


@door
def train_at(
    model: str | Transformer,
    chip: str,
    chips: int | str,
    *,
    utilisation: float | Sequence[float],
    global_batch: int | str,
    sequence: int | str = 2048,
    precision: str = "bf16",
    visible: float = 1.0,
    basis: str = "stated by the reader",
    book: Catalogue | None = None,
    models: str | Path | None = None,
) -> Stated:
    """Time of a training step at a stated share of the peak.

    Parameters
    ----------
    model : str or Transformer
    chip : str
        Any machine of the catalogue with a peak: a chip, a tile, an ExaPOD.
    chips : int or str
        How many of it [1].
    utilisation : float or sequence of float
        MFU, or its low end, centre and high end [1].
    global_batch, sequence : int or str
        Sequences a step, tokens a sequence [1].
    precision : str
        See `dojo_calc.performance.efficiency.PRECISIONS`.
    visible : float
        Share of the attention scores that are counted [1].
    basis : str
        Where the utilisation comes from.
    book : Catalogue, optional
    models : path, optional
        See `dojo_calc.performance.workload.transformer`.

    Returns
    -------
    Stated

    Raises
    ------
    DomainError
        If the utilisation or `visible` is not above 0 and at most 1, or the ends are in the wrong order.
    UnknownNameError
        If a name is unknown, or the machine has no peak at the precision.
    """
    count, batch, length = (
        whole_number(one, name)
        for one, name in ((chips, "chips"), (global_batch, "global_batch"), (sequence, "sequence"))
    )
    ends = [utilisation] * 3 if isinstance(utilisation, (int, float, str)) else list(utilisation)
    if len(ends) != 3:
        raise DomainError(f"utilisation must be one share, or low, centre and high, got {len(ends)} values")
    low, centre, high = (single(one, PositiveFraction, "utilisation") for one in ends)
    if not low <= centre <= high:
        raise DomainError(
            f"utilisation must be low before centre before high, got {low:g}, {centre:g}, {high:g}"
        )
    unit = (book or catalogue()).machine(chip)
    peak = unit.total(matrix_peak(unit, precision))
    values: dict[str, Any] = {
        "global_batch": float(batch),
        "sequence": float(length),
        "visible": single(visible, PositiveFraction, "visible"),
    }
    work = float(step.evaluate(transformer(model, models).values() | values, ("model_flop",))["model_flop"])
    times = [work / (count * peak * one) for one in (low, centre, high)]  # the MFU turned round
    return Stated(times[1], times[2], times[0], centre, work, basis)
