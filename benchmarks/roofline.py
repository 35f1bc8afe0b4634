"""Ten million points of the roofline against the same arithmetic by hand, and against reading the arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import dojo_calc as dc
from benchmarks.timing import Row, medians

POINTS = 10_000_000
BLOCK = 16_384  # doubles: four arrays of 128 KiB stay in a core's second-level cache


def rows() -> Iterator[Row]:
    """Time `attainable_rate` whole and in cache-sized blocks."""
    random = np.random.default_rng(1)
    peak, intensity, bandwidth = (random.uniform(1.0, 2.0, POINTS) * scale for scale in (1e15, 1e2, 1e12))
    out = np.empty(POINTS)
    blocks = [slice(start, start + BLOCK) for start in range(0, POINTS, BLOCK)]

    def ours() -> None:
        for block in blocks:
            out[block] = dc.attainable_rate(peak[block], intensity[block], bandwidth[block])

    def by_hand() -> None:
        for block in blocks:
            out[block] = np.minimum(peak[block], intensity[block] * bandwidth[block])

    def stream() -> None:
        """Read the three arrays and write one, with the least arithmetic there is."""
        for block in blocks:
            np.add(peak[block], intensity[block], out=out[block])
            np.add(out[block], bandwidth[block], out=out[block])

    def whole() -> None:
        dc.attainable_rate(peak, intensity, bandwidth)

    own, hand, streamed, in_one = medians(ours, by_hand, stream, whole)
    work = f"{POINTS:,} points in blocks of {BLOCK:,}"
    yield Row("roofline", work, own, POINTS / own, "numpy", hand / own)
    yield Row("roofline", work, own, POINTS / own, "stream", streamed / own)
    yield Row(
        "roofline_whole",
        f"{POINTS:,} points in one call",
        in_one,
        POINTS / in_one,
        "stream",
        streamed / in_one,
    )
