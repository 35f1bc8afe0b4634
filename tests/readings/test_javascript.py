"""A formula as a JavaScript function: as many parameters as it is given. `tests/book` computes with all of them."""

from __future__ import annotations

import pytest

import dojo_calc as dc
from dojo_calc.quantities import Ratio
from dojo_calc.readings.javascript import function, written
from dojo_calc.readings.tracing import TraceError


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
