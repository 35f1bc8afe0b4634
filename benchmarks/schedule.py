"""A procurement plan of 24 quarters and three chips, and a larger one with a stated gap and a limit of nodes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.timing import Row, medians
from dojo_calc.economics.offers import Needs, Offer
from dojo_calc.economics.schedule import schedule
from dojo_calc.units import exa, kilo, mega, tera

NODES = 2_000  # of the larger plan's search
GAP = 1e-4


def case(quarters: int) -> tuple[list[Offer], Needs]:
    """Lots, lead times, once-only design, a budget and power that grow, a priced shortage: invented numbers."""
    t = np.arange(quarters)
    dates = [f"{2024 + i // 4}-{1 + 3 * (i % 4):02d}-01" for i in range(quarters)]
    offers = [
        Offer("own", 362 * tera, 600, 8e3, 2e4, least=2e3, lead=4, setup=2e6, design=3e8, running=200, residual=0.2),
        Offer("bought", 989 * tera, 1.43 * kilo, list(35e3 * 0.97**t), 8e3, least=500, lead=2, setup=1e6,
              running=300, residual=0.2),
        Offer("newer", 2250 * tera, 2 * kilo, list(60e3 * 0.98**t), 4e3, least=250, lead=3, setup=1e6, design=5e6,
              running=500, residual=0.2),
    ]  # fmt: skip
    demand, grid = (5 + 2.0 * t) * exa, (5 + 4.0 * t) * mega
    return offers, Needs(dates, list(demand), 300e6, list(grid), shortage=30 / tera)


def rows() -> Iterator[Row]:
    """Time both plans to the same gap."""
    offers, needs = case(24)
    (seconds,) = medians(lambda: schedule(offers, needs, gap=GAP), repeats=3)
    yield Row(
        "plan", f"24 quarters x 3 chips to a gap of {GAP:g}; to stay under 3 s", seconds, None, None, None
    )
    offers, needs = case(48)
    found = schedule(offers, needs, gap=GAP, nodes=NODES)
    work = f"48 quarters x 3 chips, at most {NODES:,} nodes: {found.status}, gap {found.gap:.2g}"
    yield Row("plan_large", work, found.seconds, None, None, None)
