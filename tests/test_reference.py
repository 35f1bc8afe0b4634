"""The reference itself: bounds by hand, and answers that it must refuse."""

from __future__ import annotations

import decimal
import math
import os
import subprocess
import sys
from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from dojo_calc.economics.depreciation import decline_in
from dojo_calc.operations import ceil, exp, expm1, minimum, sqrt, where
from dojo_calc.quantities import Count, Ratio, SignedCount
from dojo_calc.readings.tracing import trace
from tests.processors import SWITCH, levels
from tests.reference import UNIT, Reference, reference


def one(formula: Callable[..., object], **given: float) -> Reference:
    return reference(trace(formula), {name: np.array([value]) for name, value in given.items()})


def stands(expected: Reference, answer: float) -> bool:
    try:
        expected.within(np.array([answer]), "this")
    except AssertionError:
        return False
    return True


def as_written(x: Ratio) -> Ratio:
    return 1.0 - exp(-x)


def stated_stably(x: Ratio) -> Ratio:
    return -expm1(-x)


def test_bounds_by_hand() -> None:
    def summed(x: Ratio, y: Ratio, z: Ratio) -> Ratio:
        return (x + y) * z

    def rooted(x: Count, y: Count) -> Ratio:
        return sqrt(x - y)

    # (2 + 1) * 4: the sum's rounding counts 4 times, the product's once, and every argument by its share.
    (point,) = one(summed, x=2.0, y=1.0, z=4.0).points[0]
    assert float(point.value) == 12.0
    assert point.bound == pytest.approx(UNIT * (3 * 4 + 12), rel=1e-12)
    assert point.condition == pytest.approx(2 * 4 + 1 * 4 + 3 * 4)
    # sqrt(9 - 5) = 2: the difference counts 1 / (2 sqrt 4) times.
    (point,) = one(rooted, x=9.0, y=5.0).points[0]
    assert point.bound == pytest.approx(UNIT * (4 / 4 + 2), rel=1e-12)
    assert point.condition == pytest.approx(9 / 4 + 5 / 4)


def test_the_bound_is_as_wide_as_the_cancellation_and_no_wider() -> None:
    x = 1e-6
    true = x - x * x / 2 + x**3 / 6
    # exp's 8 roundings of a number near 1, and 1 of the difference.
    loose, tight = one(as_written, x=x), one(stated_stably, x=x)
    assert loose.points[0][0].bound == pytest.approx(8 * UNIT, rel=1e-5)
    assert tight.points[0][0].bound == pytest.approx(8 * UNIT * x, rel=1e-5)
    assert stands(loose, 1.0 - math.exp(-x))
    with pytest.raises(AssertionError, match=r"NumPy computes .* at x=.*1e-06.*; the value is 9\.99999.*e-7"):
        tight.within(1.0 - np.exp(np.array([-x])), "NumPy")
    assert stands(tight, true)
    assert not stands(loose, true + 1e-15)
    assert not stands(tight, true * (1 + 1e-14))
    assert not stands(tight, math.nan)
    assert not stands(tight, math.inf)


def test_the_reference_has_the_right_digits() -> None:
    """Inputs at which two processors differed in the eleventh digit, worked out in decimals by another library."""
    decay, period = 0.0018308465324156113, 0.0036298029807279174
    point = one(decline_in, decay=decay, period=period).points[0][0]
    with decimal.localcontext(prec=50):
        expected = 1 - (-decimal.Decimal(decay) * decimal.Decimal(period)).exp()
    assert abs(decimal.Decimal(mpmath.nstr(point.value, 45)) - expected) < expected * decimal.Decimal("1e-38")


def test_a_decision_on_the_last_digits_may_go_either_way() -> None:
    def rounded(x: Ratio, y: Ratio) -> Count:
        return ceil(x * y)

    def jumps(x: Ratio, y: Ratio) -> SignedCount:
        return where(x * y <= 3.0, -1.0, 1.0 * x)

    # The double next to 0.1 is a little more than a tenth, so thirty of it are above 3, and in doubles 3.
    expected = one(rounded, x=0.1, y=30.0)
    assert float(expected.points[0][0].value) == 4.0
    assert [stands(expected, answer) for answer in (2.0, 3.0, 3.5, 4.0, 5.0)] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert not stands(one(rounded, x=0.1, y=30.1), 3.0), "far from the edge only one answer stands"
    assert not stands(one(rounded, x=3.0, y=1.0), 4.0), "nor where nothing was rounded"
    assert one(rounded, x=3.0, y=1.0).points[0][0].bound == 0.0
    expected = one(jumps, x=0.1, y=30.0)
    assert [stands(expected, answer) for answer in (-1.0, 0.1, 0.0)] == [True, True, False]


def test_a_branch_not_taken_may_be_undefined() -> None:
    def guarded(x: Ratio) -> Ratio:
        return where(x > 0.0, minimum(1.0 / x, 9.0), 2.0)

    expected = one(guarded, x=0.0)
    assert stands(expected, 2.0)
    assert not stands(expected, 9.0)


def test_every_level_of_processor_is_another() -> None:
    """NumPy itself says in a fresh process which instructions it is left with."""
    show = "import numpy; print(*numpy.show_config(mode='dicts')['SIMD Extensions'].get('found', []))"
    *most, last = levels()
    assert most or not last
    without = " ".join((*os.environ.get(SWITCH, "").split(), *last))
    environment = os.environ | ({SWITCH: without} if without else {})
    run = subprocess.run(
        [sys.executable, "-c", show], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == [], "at the last level all are switched off"
