"""The scale that an interval is drawn on, by hand: two 95 % points out from the median."""

from __future__ import annotations

import numpy as np
import pytest

from dojo_calc.model.distribution import Z95, Split
from dojo_calc.quantities import Count, Fraction, SignedCount, spec


@pytest.mark.parametrize(
    ("kind", "value", "low", "high", "scale", "far"),
    [
        # Odds of 1/4, 1 and 4; twice as far out they are 16, a share of 16/17.
        (Fraction, 0.5, 0.2, 0.8, "logit", 16 / 17),
        # A half, one and two; twice as far out four.
        (Count, 1.0, 0.5, 2.0, "log", 4.0),
        (SignedCount, 0.0, -1.0, 1.0, "linear", 2.0),
        # An interval that reaches an end has no logarithm or logit there: 0.5 + 2 x 0.5 is held to 1.
        (Fraction, 0.5, 0.0, 0.9, "linear", 1.0),
        (Count, 1.0, 0.0, 2.0, "linear", 3.0),
    ],
)
def test_the_scale_of_an_interval_by_hand(
    kind: object, value: float, low: float, high: float, scale: str, far: float
) -> None:
    declared = spec(kind)
    assert declared is not None
    split = Split.of(declared, value, low, high)
    assert split.scale == scale
    ends = split.at(np.array([-Z95, 0.0, Z95, 2 * Z95]))
    assert ends == pytest.approx([low, value, high, far])
