"""A formula as MathML: what it says, that every browser can draw it, and that nothing of the formula is lost."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

import pytest

from dojo_calc.economics.capacity import units_needed
from dojo_calc.operations import exp, expm1, log1p, log2, sqrt, where
from dojo_calc.quantities import Ratio
from dojo_calc.readings.mathml import mathml
from dojo_calc.readings.tracing import trace
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
