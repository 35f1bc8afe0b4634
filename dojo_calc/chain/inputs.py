"""An input of a model that says in words where it comes from, and the run whose sizes are the defaults."""

from __future__ import annotations

from dojo_calc.model.inputs import Input
from dojo_calc.quantities import Count, spec

__all__ = ["PUBLISHED", "said"]

PUBLISHED = "llama3-run"  # the largest run whose sizes, failures and storage were published


def said(value: float, source: str, low: float | None = None, high: float | None = None) -> Input:
    """Input that says where it comes from; the model gives it name and type."""
    anything = spec(Count)
    assert anything is not None
    return Input("", anything, value, value if low is None else low, value if high is None else high, source)
