"""Placement of many die sizes against a scan of offsets, which is what a wafer-map script does."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np

import dojo_calc as dc
from benchmarks.timing import Row, medians

SIZES = 100_000
SCANNED = 200  # die sizes of the scan; its time grows in proportion
STEPS = 30  # offsets a side, as many as the published counts were made with
WAFER, EDGE, SCRIBE = 300 * dc.mm, 3 * dc.mm, 0.1 * dc.mm


def by_scan(width: float, height: float) -> int:
    """Most dies of one size over a square of offsets, the dies of a row counted by its chord."""
    across, up, radius = width + SCRIBE, height + SCRIBE, WAFER / 2 - EDGE
    shift = np.arange(STEPS) / STEPS
    row = (np.arange(-int(radius / up) - 2, int(radius / up) + 2) + shift[:, None]) * up
    far = np.maximum(abs(row), abs(row + height))
    half = np.sqrt(np.maximum(radius**2 - far**2, 0.0))[:, :, None]
    left = shift * across
    held = np.floor((half - width - left) / across) - np.ceil((-half - left) / across) + 1.0
    return int((np.maximum(held, 0.0) * (far <= radius)[:, :, None]).sum(axis=1).max())


def rows() -> Iterator[Row]:
    """Time both, once ours is seen to find more dies than the scan more often than fewer."""
    width, height = np.random.default_rng(5).uniform(8, 33, (2, SIZES)) * dc.mm

    def ours() -> object:
        return dc.placed_dies(width, height, wafer=WAFER, edge=EDGE, scribe=SCRIBE)

    def scan() -> list[int]:
        return [by_scan(*size) for size in zip(width[:SCANNED], height[:SCANNED], strict=True)]

    tracemalloc.start()
    found = np.asarray(ours())[:SCANNED]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    least = scan()
    fewer, more = np.mean(found < least), np.mean(found > least)  # neither's steps up the wafer find all
    if fewer >= more:
        raise AssertionError(
            f"placement finds fewer dies than a scan for {fewer:.1%} of sizes, more for {more:.1%}"
        )
    own, hand = medians(ours, scan, repeats=3)
    work = (
        f"{SIZES:,} die sizes, all positions across, 17 up; more dies than the scan for {more:.0%}, "
        f"fewer for {fewer:.0%}; {peak / 1e6:.0f} MB"
    )
    yield Row("placement", work, own, SIZES / own, f"scan of {STEPS} x {STEPS}", hand * SIZES / SCANNED / own)
