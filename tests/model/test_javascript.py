"""Models as one JavaScript expression: which text they are; `tests/book` runs it in a browser."""

from __future__ import annotations

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.errors import ModelError
from dojo_calc.model.conditions import Rules
from dojo_calc.model.javascript import program
from dojo_calc.quantities import Count, Money, SignedCount


def above_ten(n: Count) -> SignedCount:
    return n - 10.0


def above_five(price: Money) -> Money:
    return price - 5.0


def grown(n: Count) -> Count:
    return n + 1.0


def others() -> tuple[object, object]:
    """Two more formulas called grown, of which the second says the same as the one above."""

    def named(step: float) -> object:
        def grown(n: Count) -> Count:
            return n + step

        return grown

    return named(2.0), named(1.0)


def test_a_place_for_each_input_and_then_for_each_step_and_a_condition_after_them() -> None:
    model = dc.Model(
        {"chips": dc.units_needed, "cost": dc.step(dc.purchase_cost, units="chips")},
        {"target": 8.0, "unit": 2.0, "price": 3.0},
        conditions=[
            dc.condition("limit", "at most ten", above_ten, n="chips"),
            Rules("nothing", lambda _: iter(())),
            dc.condition("identity", "prices are low", above_five),
        ],
    )
    assert program({"m": model}) == (
        '(()=>{"use strict";\n'
        "const units_needed=(target,unit)=>target/unit;\n"
        "const purchase_cost=(units,price)=>units*price;\n"
        "const above_ten=(n)=>n-10;\n"
        "const above_five=(price)=>price-5;\n"
        "return {\n"
        "m:{run(v){\n"
        "v[3]=units_needed(v[0],v[1]);\n"
        "v[4]=purchase_cost(v[3],v[2]);\n"
        "},excess(v){return [above_ten(v[3]),above_five(v[2])];}}\n"
        "};})()"
    )


def test_a_formula_is_written_once_and_another_of_its_name_gets_a_number() -> None:
    two, same = others()
    steps = {"a": grown, "b": dc.step(two, n="a"), "c": dc.step(same, n="b"), "d": dc.step(two, n="c")}
    text = program({"one": dc.Model(steps, {"n": 1.0}), "other": dc.Model({"a": grown}, {"n": 1.0})})
    assert text.count("const ") == 2
    assert "const grown=(n)=>n+1;\nconst grown_2=(n)=>n+2;\n" in text
    assert "v[1]=grown(v[0]);\nv[2]=grown_2(v[1]);\nv[3]=grown(v[2]);\nv[4]=grown_2(v[3]);" in text
    assert "},excess(v){return [];}},\nother:{run(v){\nv[1]=grown(v[0]);" in text


def test_a_procedure_cannot_be_written() -> None:
    def turned(n: Count) -> Count:
        found: Count = np.arctan(n)
        return found

    with pytest.raises(ModelError, match="step a of model model is no formula that a page could compute"):
        program({"m": dc.Model({"a": turned}, {"n": 1.0})})
