"""Medians of interleaved runs, and the row that a benchmark reports."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

REPEATS = 7


@dataclass(frozen=True)
class Row:
    """One line of `_build/bench.json`; `ratio` is the rival's time over ours, above 1 we are faster."""

    name: str
    work: str
    seconds: float
    per_second: float | None
    against: str | None
    ratio: float | None


def medians(
    *tasks: Callable[[], Any], repeats: int = REPEATS, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Median seconds of each task; the tasks take turns, so that a noisy minute hits all of them.

    `time.process_time` as the clock counts the processor's work alone, whatever else the machine does.
    """
    times: list[list[float]] = [[] for _ in tasks]
    for turn in range(repeats + 1):
        for own, task in zip(times, tasks, strict=True):
            start = clock()
            task()
            if turn:  # the first turn warms caches and imports
                own.append(clock() - start)
    return [statistics.median(own) for own in times]
