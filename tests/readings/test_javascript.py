"""A formula as a JavaScript function: as many parameters as it is given. `tests/book` computes with all of them."""

from __future__ import annotations

import math
from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.operations import log1p, maximum, minimum, where
from dojo_calc.quantities import Ratio
from dojo_calc.readings.javascript import function, written
from dojo_calc.readings.tracing import Expression, TraceError, Tracer, node_of


def scaled(x: Ratio, by: Ratio, beside: Ratio = 3.0) -> Ratio:
    return x * by + beside


def summed(first: Ratio, *rest: Ratio) -> Ratio:
    return first + rest[0] + rest[-1]


def test_a_function_has_the_parameters_that_it_is_given() -> None:
    assert function(dc.units_needed, 2) == "(target,unit)=>target/unit"
    assert function(scaled, 2).startswith("(x,by)=>")
    assert function(scaled, 2).endswith("+3")
    assert function(scaled, 3).startswith("(x,by,beside)=>")
    assert function(scaled, 3).endswith("+beside")
    assert function(summed, 3).startswith("(first,rest1,rest2)=>")


def halved(x: Ratio) -> Ratio:
    return x * 0.5


def turned(x: Ratio) -> Ratio:
    return x - -0.5


def test_only_numbers_below_zero_stand_in_brackets() -> None:
    assert function(halved, 1) == "(x)=>x*0.5"
    assert function(turned, 1) == "(x)=>x-(-0.5)"


def test_a_word_of_javascript_gets_an_underscore() -> None:
    assert [written(one) for one in ("in", "inside")] == ["in_", "inside"]
    with pytest.raises(TraceError, match="<lambda> is not a formula: something has no unit"):
        function(lambda x: x, 1)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        # Sums of doubles do not associate, so what stands on the right keeps its brackets.
        ("a + (b + c)", "a+(b+c)"),
        ("a + b + c", "a+b+c"),
        ("a - (b - c)", "a-(b-c)"),
        ("a * (b * c)", "a*(b*c)"),
        ("a / b / c", "a/b/c"),
        ("(a + b) * c", "(a+b)*c"),
        ("-(a * b) - c", "-(a*b)-c"),
        ("where(a < b, a, c)", "a<b?a:c"),
        ("where(a < b, a, where(b >= c, b, c))", "a<b?a:(b>=c?b:c)"),
        ("where(a < b, a, c) * 2.0", "(a<b?a:c)*2"),
        ("minimum(a, b) ** c", "Math.pow(Math.min(a,b),c)"),
        ("log1p(a) + c", "Math.log1p(a)+c"),
        ("a <= b", "+(a<=b)"),
        ("a * 1e5 + b * 1e6 + c * 0.25", "a*100000+b*1000000.0+c*0.25"),
        ("minimum(a, inf) + maximum(b, -3.0)", "Math.min(a,Infinity)+Math.max(b,-3)"),
        ("a * -inf", "a*(-Infinity)"),
        ("a * -3.0", "a*(-3)"),
    ],
)  # fmt: skip
def test_an_expression_has_the_brackets_that_it_needs(formula: str, text: str) -> None:
    operations = {one.__name__: one for one in (log1p, maximum, minimum)}
    space: dict[str, Any] = {**operations, "where": where, "inf": math.inf}
    traced = Expression(node_of(eval(formula, space | {name: Tracer.named(name) for name in "abc"})))
    assert traced.javascript() == [("", text)]


def test_what_is_used_twice_is_computed_once() -> None:
    def squared(a: Ratio, b: Ratio) -> Ratio:
        return (a + b) * (a + b)

    assert function(squared, 2) == "(a,b)=>{const shared0=a+b;return shared0*shared0}"
