"""What a fleet of several kinds of chip adds up to."""

from __future__ import annotations

from dojo_calc.doors import door
from dojo_calc.economics.capacity import fleet_rate, h100_equivalents, pooled_rate, share
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, step

__all__ = ["fleet"]


@door
def fleet(book: Catalogue | None = None) -> Model:
    """Peak rate of Tesla's training hardware at the end of 2024 by kind, and what part of it is Dojo.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: the number and the peak of H100, A100 and ExaPODs.
    """
    known = catalogue() if book is None else book
    h100s = next(part for part in known.machine("tesla-ai-2024-08").parts if part.machine.id == "h100-sxm")
    a100s = next(iter(known.machine("tesla-a100-2022-08").parts))
    return Model(
        {
            "h100_peak_rate": step(pooled_rate, units="h100s", unit="h100_peak"),
            "a100_peak_rate": step(pooled_rate, units="a100s", unit="a100_peak"),
            "dojo_peak_rate": step(pooled_rate, units="exapods", unit="exapod_peak"),
            "fleet_peak_rate": step(
                fleet_rate, first="h100_peak_rate", others=("a100_peak_rate", "dojo_peak_rate")
            ),
            "dojo_share": step(share, part="dojo_peak_rate", total="fleet_peak_rate"),
            "fleet_h100_equivalents": step(h100_equivalents, rate="fleet_peak_rate", h100="h100_peak"),
        },
        inputs={
            "h100s": (h100s.count, h100s.low, h100s.high),
            "h100_peak": "h100-sxm.peak_bf16",
            "a100s": (a100s.count, a100s.low, a100s.high),
            "a100_peak": "a100-sxm-80gb.peak_bf16",
            "exapods": known.machine("dojo-1-plan").count("exapod"),
            "exapod_peak": "exapod.peak_bf16",
        },
        book=known,
        name="fleet",
    )
