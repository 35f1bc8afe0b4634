"""A formula as MathML: what it says, that every browser can draw it, and that nothing of the formula is lost."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from dojo_calc.economics.capacity import units_needed
from dojo_calc.operations import ceil, exp, expm1, floor, log, log1p, log2, maximum, minimum, sqrt, where
from dojo_calc.quantities import Ratio
from dojo_calc.readings.mathml import mathml
from dojo_calc.readings.tracing import Expression, Tracer, node_of, trace
from tests.discovery import formulas

# The elements of MathML Core that presentation needs: https://www.w3.org/TR/mathml-core.
CORE = {"math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msqrt", "msup", "msub", "mtable", "mtr", "mtd"}
CHILDREN = {"mfrac": 2, "msup": 2, "msub": 2}


def said(text: str) -> str:
    return "".join(ElementTree.fromstring(text.replace("&#160;", " ")).itertext())


def test_a_quotient_with_the_name_of_its_result() -> None:
    assert mathml(trace(units_needed)) == (
        '<math display="block"><mfrac><mi>target</mi><mi>unit</mi></mfrac></math>'
    )
    assert said(mathml(trace(units_needed), "units_needed")) == "units needed=targetunit"


def test_signs_brackets_and_functions() -> None:
    def one(x: Ratio, some_size: Ratio) -> Ratio:
        return x - (some_size - 1.0) * x**2.0

    def another(x: Ratio) -> Ratio:
        return where(x > 1e-9, sqrt(x) * exp(x), -log2(x) + expm1(x) * log1p(x))

    assert said(mathml(trace(one))) == "x−(some size−1)⋅x2"
    assert said(mathml(trace(another))) == "{x⋅exif x>1⋅10−9−log2(x)+(ex−1)⋅ln(1+x)else"


def test_a_wide_sum_goes_on_below() -> None:
    def wide(
        the_first_of_three_long_names: Ratio,
        the_second_of_three_long_names: Ratio,
        the_third_of_three_long_names: Ratio,
    ) -> Ratio:
        return the_first_of_three_long_names + the_second_of_three_long_names - the_third_of_three_long_names

    tree = ElementTree.fromstring(mathml(trace(wide), "all"))
    assert ["".join(row.itertext()) for row in tree.iter("mtr")] == [
        "all=the first of three long names+the second of three long names",
        "−the third of three long names",
    ]


@pytest.mark.parametrize("name", sorted(formulas()))
def test_every_formula_is_of_the_core_and_whole(name: str) -> None:
    expression = trace(formulas()[name])
    tree = ElementTree.fromstring(mathml(expression, name.rpartition(".")[2]).replace("&#160;", " "))
    assert {one.tag for one in tree.iter()} <= CORE
    assert all(len(one) == CHILDREN[one.tag] for one in tree.iter() if one.tag in CHILDREN)
    shown = Counter(one.text for one in tree.iter("mi"))
    assert {one.replace("_", " ") for one in expression.names} <= set(shown), "a parameter is missing"


def python(element: Any) -> str:
    """What MathML says, as Python reads it: no brackets but those drawn, and those that a fraction is."""
    inside, text = "".join(map(python, element)), element.text or ""
    match element.tag:
        case "mi" | "mn":
            return {"ln": "log", "π": "pi"}.get(text, text.replace(" ", "_").replace("−", "-"))
        case "mo":
            signs = {
                "−": "-",
                "⋅": "*",
                "≤": "<=",
                "≥": ">=",
                "=": "==",
                "≠": "!=",
                "⌈": "ceil(",
                "⌊": "floor(",
            }
            return {**signs, "⌉": ")", "⌋": ")", "{": ""}.get(text, text)
        case "mfrac":
            return f"(({python(element[0])})/({python(element[1])}))"
        case "msqrt":
            return f"sqrt({inside})"
        case "msup":
            base, power = map(python, element)
            return f"exp({power})" if base == "e" else f"{base}**({power})"
        case "msub":
            return "".join(map(python, element))
        case "mtable":  # the cases of a choice
            (one, condition), (other, _) = element
            return f"where({python(condition)}, {python(one)}, {python(other)})"
        case _:
            return inside


FUNCTIONS = {
    "log": np.log, "log2": np.log2, "exp": np.exp, "sqrt": np.sqrt, "min": np.minimum, "max": np.maximum,
    "ceil": np.ceil, "floor": np.floor, "where": np.where, "pi": np.pi,
}  # fmt: skip


@pytest.mark.parametrize(
    "formula",
    [
        "a - (b - c)",
        "a - (b + c)",
        "a + (b - c)",
        "(a - b) - c * 2.5",
        "a * (b + c) - (a - b) * c",
        "a * (b * c) - a * (b / c)",
        "(-a) ** 2.0 - a ** (b - c)",
        "(a + b) ** c + (a * b) ** 2.0 + (a / b) ** 2.0 + (a**b) ** c",
        "-(a + b) * c + -(a * b) - (-c)",
        "sqrt(a + b) * exp(-c) - log(a * b) / log2(b + c)",
        "expm1(a - b) * 2.0 + log1p(a * b) + log1p(a + b)",
        "minimum(a - b, c) - maximum(b, c * a)",
        "where(a - b < c, a, b - c) * ceil(a - b) - floor(c * b)",
        "where(a <= b, 1.0, -2.5) + where(b >= c, c, a) + where(a > c, a, 3e-7)",
        "-0.5 * a - (-2.0) * b + (a - 0.5) * (-3.0) + 1e20 * c",
        "(a - b) + (b - c) - (c + a) + pi * a",
        "where(a == b, a, b) + where(a != b, c, b)",
        "where((a < b) == (b < c), a, where(a != (b > c), b, c))",
    ],
)  # fmt: skip
def test_it_means_what_the_formula_computes(formula: str) -> None:
    operations = {
        one.__name__: one for one in (ceil, exp, expm1, floor, log, log1p, log2, maximum, minimum, sqrt)
    }
    space: dict[str, Any] = {**operations, "where": where, "pi": math.pi}
    traced = Expression(node_of(eval(formula, space | {name: Tracer.named(name) for name in "abc"})))
    values = dict(zip("abc", np.random.default_rng(5).uniform(0.3, 4.0, (3, 50)), strict=True))
    tree = ElementTree.fromstring(mathml(traced).replace("&#160;", " "))
    for one in tree.iter("mtext"):
        one.text = None
    with np.errstate(invalid="ignore"):  # on branches that are not taken
        expected = eval(formula, space | values)
        np.testing.assert_allclose(eval(python(tree), FUNCTIONS | values), expected, rtol=1e-12)


def test_the_lines_of_a_wide_sum_together_mean_it_too() -> None:
    names = [f"a_rather_long_name_of_{one}" for one in "abcd"]

    def wide(
        a_rather_long_name_of_a: Ratio,
        a_rather_long_name_of_b: Ratio,
        a_rather_long_name_of_c: Ratio,
        a_rather_long_name_of_d: Ratio,
    ) -> Ratio:
        first = a_rather_long_name_of_a - a_rather_long_name_of_b * 2.0
        grown = first - (a_rather_long_name_of_c - a_rather_long_name_of_d)
        return grown + (a_rather_long_name_of_d + a_rather_long_name_of_a) - a_rather_long_name_of_b

    tree = ElementTree.fromstring(mathml(trace(wide), "wide"))
    rows = [row[-1] for row in tree.iter("mtr")]
    assert len(rows) > 2
    values = dict(zip(names, (2.0, 3.0, 5.0, 7.0), strict=True))
    # Of 2 and -6 come -4, less -2 are -2, and 9 more less 3 are 4.
    assert eval("".join(map(python, rows)), FUNCTIONS | values) == 4.0
    assert all(sum(len("".join(one.itertext())) for one in row) < 80 for row in rows), "no line is too wide"
