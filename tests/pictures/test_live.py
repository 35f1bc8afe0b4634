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
CHIPS = dc.slider("chips", 1000, 1_000_000)


@pytest.fixture(scope="module")
def model() -> dc.Model:
    return dc.chain("d1")


def drawn(chart: Any, mark: str) -> list[tuple[float, float]]:
    """Begin and end of each bar, from the labels of Vega's SVG."""
    svg = vl_convert.vegalite_to_svg(json.dumps(chart.properties(width=400).to_dict()), vl_version="6.4")
    found = re.findall(rf'aria-label="{mark}: ([^;]+); what: [^;]+; end: ([^;]+);', svg)
    return [(float(begin.replace(",", "")), float(end.replace(",", ""))) for begin, end in found]


def test_a_live_waterfall_starts_where_the_library_is(model: dc.Model) -> None:
    outputs = ["fleet_cluster_price", "fleet_hall_price", "fleet_capital"]
    bars = drawn(dc.live(model, outputs, [CHIPS], form="waterfall", unit="MUSD", **WORDS), "million USD")
    cluster, hall, total = (model.evaluate(name) / 1e6 for name in outputs)
    assert bars == [
        pytest.approx((0.0, cluster)),
        pytest.approx((cluster, cluster + hall)),
        pytest.approx((0.0, total)),
    ]


def test_a_waterfall_that_does_not_add_up_is_refused(model: dc.Model) -> None:
    with pytest.raises(
        ModelError, match=r"but fleet_capital is \d.*e\+08 and fleet_cluster_price \+ fleet_server_price are"
    ):
        dc.live(
            model,
            ["fleet_cluster_price", "fleet_server_price", "fleet_capital"],
            [CHIPS],
            form="waterfall",
            **WORDS,
        )
    with pytest.raises(ModelError, match="share an axis, but it_power_rated, cluster_price are in W, USD"):
        dc.live(model, ["it_power_rated", "cluster_price"], [CHIPS], form="waterfall", **WORDS)


def test_the_ends_of_an_axis_stay_and_are_checked(model: dc.Model) -> None:
    along = {"x": dc.slider("chips", 1000, 2000), "unit": "MW"}
    spec = dc.live(
        model, "fleet_it_power_rated", [], ends=(0, 3), axis="Power of all chips", **along, **WORDS
    ).to_dict()
    assert spec["encoding"]["y"]["scale"]["domain"] == [0, 3]
    assert spec["encoding"]["y"]["title"] == "Power of all chips"
    with pytest.raises(ModelError, match="expected low < high, got 3, 0"):
        dc.live(model, "fleet_it_power_rated", [], ends=(3, 0), **along, **WORDS)
    with pytest.raises(ModelError, match="expected low < high above 0, got 0, 3"):
        dc.live(model, "fleet_it_power_rated", [], x=CHIPS, unit="MW", ends=(0, 3), **WORDS)
    with pytest.raises(ModelError, match="for curves and bars alone"):
        dc.live(model, ["it_power_rated", "cluster_price"], [CHIPS], ends=(0, 3), **WORDS)
