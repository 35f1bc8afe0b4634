"""What a live chart showed before its sliders moved, read from Vega's drawing, against the library's answers."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
import vl_convert

import dojo_calc as dc
from dojo_calc.pictures import ghost

WORDS = {"title": "t", "subtitle": "s.", "alt_text": "a"}
CHIPS = dc.slider("chips", 1000, 1_000_000)
PRICES = ["fleet_cluster_price", "fleet_hall_price", "fleet_capital"]
NUMBER = r"(-?[\d.]+(?:e-?\d+)?)"


@pytest.fixture(scope="module")
def model() -> dc.Model:
    return dc.chain("d1")


def svg(chart: Any, **setting: float) -> str:
    """Vega's drawing, with sliders put where they are asked to stand."""
    spec = chart.properties(width=600).to_dict()
    for param in spec["params"]:
        if param["name"] in setting:
            param["value"] = setting[param["name"]]
    assert set(setting) <= {param["name"] for param in spec["params"]}
    return str(vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4"))


def marks(drawn: str) -> dict[str, list[dict[str, str]]]:
    """Attributes of the drawn marks by their layer."""
    groups = re.findall(r'<g class="mark-\w+ role-mark ([\w-]*)(?: [^"]*)?"[^>]*>(.*?)</g>', drawn, re.DOTALL)
    attributes = re.compile(r'([\w-]+)="([^"]*)"')
    found: dict[str, list[dict[str, str]]] = {}
    for name, inside in groups:
        found.setdefault(name, []).extend(
            dict(attributes.findall(one)) | {"text": text}
            for one, text in re.findall(r"<(?:path|text)([^>]*)>([^<]*)", inside)
        )
    return found


def spans(bars: list[dict[str, str]]) -> list[tuple[float, float]]:
    """Left and right edge of each bar [pixels]."""
    edges = [re.match(rf"M{NUMBER},{NUMBER}h{NUMBER}", bar["d"]) for bar in bars]
    return [(float(one[1]), float(one[1]) + float(one[3])) for one in edges if one]


def test_bars_begin_where_their_ghost_is_and_leave_it_there(model: dc.Model) -> None:
    chart = dc.live(model, PRICES, [CHIPS], unit="MUSD", **WORDS)
    start, later = marks(svg(chart)), marks(svg(chart, chips_set=500_000))
    assert spans(start["layer_1_marks"]) == pytest.approx(np.array(spans(start["layer_0_marks"])), rel=1e-6)
    assert all(float(one["stroke-opacity"]) == 0 for one in start["layer_1_marks"])
    assert spans(later["layer_1_marks"]) == spans(start["layer_1_marks"])
    assert all(float(one["stroke-opacity"]) == ghost.PALE for one in later["layer_1_marks"])
    # Both bars begin at zero, so their lengths are to each other as the library's answers.
    answers = [(model.evaluate(one), model.evaluate(one, chips=500_000)) for one in PRICES]
    lengths = [
        [right - left for left, right in spans(later[layer])] for layer in ("layer_1_marks", "layer_0_marks")
    ]
    for before, after, (began, now) in zip(*lengths, answers, strict=True):
        assert before / after == pytest.approx(began / now, rel=1e-6)
    assert chart.to_dict()["title"]["subtitle"] == "s. A pale outline shows where the sliders began"


def test_a_waterfall_keeps_its_steps(model: dc.Model) -> None:
    chart = dc.live(model, PRICES, [CHIPS], form="waterfall", unit="MUSD", **WORDS)
    start, later = marks(svg(chart)), marks(svg(chart, chips_set=40_000))
    assert spans(start["layer_1_marks"]) == pytest.approx(
        np.array(spans(start["layer_0_layer_0_marks"])), rel=1e-6
    )
    cluster, hall, total = (model.evaluate(one) for one in PRICES)
    now = model.evaluate(PRICES[-1], chips=40_000)
    scale = spans(later["layer_0_layer_0_marks"])[-1][1] / now  # pixels a dollar, from the sum's bar
    expected = [(0.0, cluster), (cluster, cluster + hall), (0.0, total)]
    assert np.array(spans(later["layer_1_marks"])) / scale == pytest.approx(np.array(expected), rel=1e-6)


def test_curves_and_their_point_leave_a_ghost(model: dc.Model) -> None:
    pue = dc.slider("pue", 1.0, 2.0)
    along = dc.slider("chips", 1000, 2000)
    chart = dc.live(
        model, "fleet_site_power_rated", [pue], x=along, point=1500, unit="MW", ends=(0, 3), **WORDS
    )
    start, later = marks(svg(chart)), marks(svg(chart, pue_set=1.9, chips_set=1800))
    ghosts, curves, circles, points = "layer_0", "layer_1_layer_0", "layer_2", "layer_3"

    def line(found: dict[str, list[dict[str, str]]], layer: str) -> list[float]:
        (own,) = found[f"{layer}_marks"]
        return [float(one) for one in re.findall(NUMBER, own["d"])]

    before, now = line(start, ghosts), line(later, curves)
    assert before == pytest.approx(line(start, curves), abs=0.002)  # written with three decimals
    assert line(later, ghosts) == before
    # The axis runs from 0 at the bottom to 3 MW at 300 pixels above it.
    ends = model.evaluate("fleet_site_power_rated", chips=np.array([1000.0, 2000.0])) / 1e6
    assert [before[1], before[-1]] == pytest.approx(300 * (1 - ends / 3), rel=1e-5)
    assert now[-1] < before[-1], "a higher PUE takes more power, which is drawn higher"
    at = [
        np.array(
            re.findall(rf"translate\({NUMBER},{NUMBER}\)", found[f"{one}_marks"][0]["transform"])[0], float
        )
        for found, one in ((start, circles), (start, points), (later, circles))
    ]
    assert at[0] == pytest.approx(at[1], rel=1e-5)
    assert at[2] == pytest.approx(at[0])


def test_numbers_say_what_they_were(model: dc.Model) -> None:
    outputs = ["fleet_it_power_rated", "fleet_cluster_price"]
    chart = dc.live(model, outputs, [CHIPS], unit=["MW", "MUSD"], **WORDS)
    start, later = marks(svg(chart)), marks(svg(chart, chips_set=500_000))
    now, first = ([one["text"] for one in start[f"layer_{i}_marks"]] for i in (0, 1))
    assert now == first
    assert [one["text"] for one in later["layer_1_marks"]] == first
    assert [one["text"] for one in later["layer_0_marks"]] != first
    assert float(first[0].split()[0].replace(",", "")) == pytest.approx(
        model.evaluate(outputs[0]) / 1e6, rel=1e-3
    )


def test_an_axis_is_the_same_after_the_sliders_move(model: dc.Model) -> None:
    chart = dc.live(model, PRICES, [CHIPS], unit="MUSD", **WORDS)
    ticks = [re.findall(r'aria-label="X-axis[^"]*"', svg(chart, chips_set=at)) for at in (1000, 900_000)]
    assert ticks[0] == ticks[1] != []


def test_where_the_model_knows_nothing_there_is_no_ghost() -> None:
    assert ghost.ends([1.0, None, 3.0]) == [(None, None)] * 3
    assert ghost.ends([1.0, -0.5, 0.5]) == [(0.0, 1.0), (1.0, 0.5), (0.0, 0.5)]  # by hand
    within = dc.Model({"rest": dc.negative_binomial_yield}, {"faults": 1.0, "clustering": 2.0})
    (found,) = ghost.began(within, ["rest"], ["1"], [], faults=np.array([-1.0, 0.0, 2.0]))
    assert found == [None, 1.0, 0.25]  # (1 + x / 2)^-2
