"""Numbers that property tests draw."""

from __future__ import annotations

from hypothesis import strategies as st


def from_zero(high: float) -> st.SearchStrategy[float]:
    """Zero, or a number up to `high` that a relative error still means something of.

    Below about 1e-300 a product of two numbers has fewer digits than a double, whatever the formula; no law of ours
    speaks of such amounts of anything.
    """
    return st.just(0.0) | st.floats(1e-12 * high, high)
