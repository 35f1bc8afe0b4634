"""Derivatives against differences in 160 bits, over all formulas and all models that ship."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
import pytest

from dojo_calc.chain.shipped import MODELS, shipped
from dojo_calc.operations import ceil, exp, expm1, log, log1p, log2, maximum, minimum, sqrt, where
from dojo_calc.quantities import SignedCount, is_formula
from dojo_calc.readings.compiled import computed
from dojo_calc.readings.derivatives import gradient
from dojo_calc.readings.tracing import Node, TraceError, Tracer, node_of, trace
from tests.discovery import formulas
from tests.reference import exactly
from tests.test_formulas import draw_columns

BITS = 400
NEAR = mpmath.mpf(10) ** -40  # relative step of a difference, whose own error is then of its order


def agree(root: Node, given: Mapping[str, float], label: str) -> int:
    """Hold every derivative of a graph to the differences on both sides; how many there were."""
    slopes, compared = gradient(root, given, steps_count=False), 0
    with mpmath.workprec(BITS):
        exact = {name: mpmath.mpf(float(value)) for name, value in given.items()}
        middle = exactly(root, exact)
        if middle is None:
            return 0
        for name, value in exact.items():
            step = NEAR * (abs(value) or 1)
            sides = [exactly(root, exact | {name: value + sign * step}) for sign in (1, -1)]
            if None in sides:
                continue
            found = exactly(slopes[name], exact) if name in slopes else mpmath.mpf(0)
            assert found is not None, f"{label} by {name}"
            differences = [(sides[0] - middle) / step, (middle - sides[1]) / step]
            size = max(*map(abs, differences), abs(middle / value) * mpmath.mpf(10) ** -12 if value else 0)
            off = min(abs(found - one) for one in differences)
            assert off <= size * mpmath.mpf(10) ** -12 or max(map(abs, differences)) > 1e30, (
                f"{label} by {name}"
            )
            compared += 1
    return compared


def test_every_formula() -> None:
    compared = 0
    for name, formula in sorted(formulas().items()):
        if is_formula(formula):
            columns = draw_columns(name)
            for place in (0, 21, 42):
                compared += agree(
                    trace(formula).root, {one: column[place] for one, column in columns.items()}, name
                )
    assert compared > 2000


@pytest.mark.parametrize("name", MODELS)
def test_every_model(name: str) -> None:
    model = shipped(name)
    output = model.outputs[-1]
    given = {
        one: value
        for one in model.needed([output])
        if one in model.inputs and (value := model.inputs[one].value)
    }
    refusal = ""
    try:
        root = node_of(model.values([output], {one: Tracer.named(one) for one in given})[output])
    except TraceError as error:  # a step that places dies on a wafer, or another procedure
        refusal = str(error)
    if refusal:
        assert "is not among the operations" in refusal
        return
    assert agree(root, given, name) == len(given)


def test_nothing_undefined_spreads_from_a_branch_that_is_not_taken() -> None:
    def guarded(x: SignedCount) -> SignedCount:
        return where(x > 0.0, minimum(1.0 / x, 9.0), 2.0 * x)

    slopes = gradient(trace(guarded).root, ["x"])
    with np.errstate(all="ignore"):
        found = computed(slopes, {"x": np.array([0.0, -1.0, 0.01, 2.0])})["x"]
    np.testing.assert_allclose(found, [2.0, 2.0, 0.0, -0.25])


@pytest.mark.parametrize(
    ("formula", "slope"),
    [
        (np.positive, 1.0),
        (lambda x: +x, 1.0),
        (lambda x: -x, -1.0),
        (lambda x: 3.0 + x, 1.0),
        (lambda x: 3.0 - x, -1.0),
        (lambda x: 3.0 * x, 3.0),
        (lambda x: 3.0 / x, -0.75),  # -3 / x^2
        (lambda x: x**3.0, 12.0),  # 3 x^2
        (lambda x: 3.0**x, 9.0 * math.log(3.0)),
        (exp, math.exp(2.0)),
        (expm1, math.exp(2.0)),
        (log, 0.5),
        (log1p, 1.0 / 3.0),
        (log2, 0.5 / math.log(2.0)),
        (sqrt, 0.5 / math.sqrt(2.0)),
    ],
)
def test_each_rule_by_hand_at_two(formula: Any, slope: float) -> None:
    root = node_of(formula(Tracer.named("x")))
    assert computed(gradient(root, ["x"]), {"x": 2.0})["x"] == pytest.approx(slope, rel=1e-15)


def test_whole_numbers_count_as_a_trend_unless_told_otherwise() -> None:
    def servers(x: SignedCount, y: SignedCount) -> SignedCount:
        return ceil(x / 8.0) * y

    root = trace(servers).root
    assert computed(gradient(root, ["x"]), {"x": 20.0, "y": 3.0}) == {"x": 3.0 / 8.0}
    assert gradient(root, ["x"], steps_count=False) == {}


def test_derivatives_are_graphs_that_can_be_differentiated_again() -> None:
    def cubed(x: SignedCount) -> SignedCount:
        return x**3.0 + maximum(x, 1.0)

    once = gradient(trace(cubed).root, ["x"])["x"]
    twice = gradient(once, ["x"])
    np.testing.assert_allclose(computed(twice, {"x": np.array([2.0, 3.0])})["x"], [12.0, 18.0], rtol=1e-14)
