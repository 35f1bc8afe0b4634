"""The picture of a graph, read back from its SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import dojo_calc as dc
from dojo_calc.pictures.graph import Box, drawing

SVG = "{http://www.w3.org/2000/svg}"
DIAMOND = [Box("a", "1"), Box("b", "2", ("a",)), Box("c", "3", ("a",)), Box("d", "5 <>&", ("b", "c", "a"))]


def places(picture: str) -> dict[str, tuple[float, float, float]]:
    """Left, right and top of the box of each name."""
    found = {}
    for group in ET.fromstring(picture).iter(f"{SVG}g"):
        box, text = group.find(f"{SVG}rect"), group.find(f"{SVG}text")
        if box is not None and text is not None:
            left, width, top = (float(box.attrib[name]) for name in ("x", "width", "y"))
            found[str(text.text)] = left, left + width, top
    return found


def ends(picture: str) -> list[tuple[float, float]]:
    """Where each link starts and ends, from left to right."""
    paths = [path.attrib["d"] for path in ET.fromstring(picture).iter(f"{SVG}path")]
    numbers = [[float(one) for one in re.findall(r"[\d.]+", path)] for path in paths]
    return sorted((one[0], one[-2]) for one in numbers)


def test_what_is_used_stands_left_of_what_uses_it() -> None:
    at = places(drawing(DIAMOND, "t"))
    assert list(at) == ["a", "b", "c", "d"]
    assert at["a"][1] < at["b"][0] == at["c"][0] < at["d"][0]
    assert abs(at["b"][2] - at["c"][2]) >= 38, "boxes of one layer do not touch"


def test_every_link_is_drawn_from_edge_to_edge() -> None:
    picture = drawing(DIAMOND, "t")
    at = places(picture)
    links = [("a", "b"), ("a", "c"), ("a", "d"), ("b", "d"), ("c", "d")]
    assert ends(picture) == sorted((at[start][1], at[end][0]) for start, end in links)


def test_an_input_stands_beside_the_formula_that_takes_it() -> None:
    at = places(
        drawing([Box("a", "1"), Box("b", "2", ("a",)), Box("late", "3"), Box("d", "4", ("b", "late"))], "t")
    )
    assert at["late"][0] == at["b"][0] > at["a"][1]


def test_a_chain_of_crossed_links_is_untangled() -> None:
    # Given in the worst order, a1-b2-c1 and a2-b1-c2 need no crossing.
    boxes = [Box("a1", ""), Box("a2", ""), Box("b1", "", ("a2",)), Box("b2", "", ("a1",))]
    boxes += [Box("c1", "", ("b2",)), Box("c2", "", ("b1",))]
    at = places(drawing(boxes, "t"))
    assert (at["a1"][2] < at["a2"][2]) == (at["b2"][2] < at["b1"][2]) == (at["c1"][2] < at["c2"][2])


def test_an_explanation_shows_its_graph_and_its_table() -> None:
    explained = dc.explain(dc.chain("d1"), "fleet_energy_cost", chips=276_244)
    at = places(re.findall(r"<svg.*?</svg>", explained.picture())[0])
    assert set(at) == {one.name for one in explained.steps}
    shown = explained._repr_html_()
    assert "276,244" in explained.picture(), "dies for a hundred exaflops, by hand in the test of the plan"
    assert "<span>How fleet_energy_cost comes about.</span></caption>" in shown
    assert "site_power_at_work * energy_price" in shown
