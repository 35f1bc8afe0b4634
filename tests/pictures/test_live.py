"""Live charts without a browser: what is refused, and what Vega draws at the start."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import vl_convert

import dojo_calc as dc
from dojo_calc.errors import ModelError

WORDS = {"title": "t", "subtitle": "s", "alt_text": "a"}
TARGET = dc.slider("target", 1, 1000, unit="EFLOP/s")


@pytest.fixture(scope="module")
def model() -> dc.Model:
    return dc.spec_to_cheque("d1")


def drawn(chart: Any, mark: str) -> list[tuple[float, float]]:
    """Begin and end of each bar, from the labels of Vega's SVG."""
    svg = vl_convert.vegalite_to_svg(json.dumps(chart.properties(width=400).to_dict()), vl_version="6.4")
    found = re.findall(rf'aria-label="{mark}: ([^;]+); what: [^;]+; end: ([^;]+);', svg)
    return [(float(begin.replace(",", "")), float(end.replace(",", ""))) for begin, end in found]


def test_a_live_waterfall_starts_where_the_library_is(model: dc.Model) -> None:
    outputs = ["capital_used", "electricity", "total"]
    bars = drawn(dc.live(model, outputs, [TARGET], form="waterfall", unit="MUSD", **WORDS), "million USD")
    used, electricity, total = (model.evaluate(name) / 1e6 for name in outputs)
    assert bars == [
        pytest.approx((0.0, used)),
        pytest.approx((used, used + electricity)),
        pytest.approx((0.0, total)),
    ]


def test_a_waterfall_that_does_not_add_up_is_refused(model: dc.Model) -> None:
    with pytest.raises(ModelError, match=r"but total is 5\.0\d+e\+08 and capital \+ electricity are"):
        dc.live(model, ["capital", "electricity", "total"], [TARGET], form="waterfall", **WORDS)
    with pytest.raises(ModelError, match="share an axis, but it_power, total are in W, USD"):
        dc.live(model, ["it_power", "total"], [TARGET], form="waterfall", **WORDS)
