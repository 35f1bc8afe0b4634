"""The levels of Dojo to scale, against the same measures by hand."""

from __future__ import annotations

import re

import pytest

from dojo_calc.pictures.levels import levels, to_scale


def test_levels_measure_what_the_facts_say() -> None:
    node, die, tile, tray, cabinet, pod = to_scale()
    assert len(die.parts) == 360  # places for nodes, of which 354 work
    assert die.width * die.height == pytest.approx(645e-6)  # published
    assert node.width * node.height == pytest.approx(645e-6 / 360)
    assert [len(one.parts) for one in (tile, tray, cabinet, pod)] == [25, 6, 2, 10]
    assert tile.width == pytest.approx(0.3048, rel=1e-3)  # about a square foot
    assert tray.width * tray.height == pytest.approx(6 * tile.width**2)
    assert pod.width * pod.height == pytest.approx(120 * tile.width**2)


def test_the_parts_of_a_level_lie_within_it_and_do_not_overlap() -> None:
    for one in to_scale():
        for x, y, width, height in one.parts:
            assert x > -1e-12
            assert y > -1e-12
            assert x + width < one.width * (1 + 1e-12)
            assert y + height < one.height * (1 + 1e-12)
        assert sum(width * height for *_, width, height in one.parts) <= one.width * one.height * (1 + 1e-12)
        assert len({(round(x, 9), round(y, 9)) for x, y, *_ in one.parts}) == len(one.parts)


def test_each_level_has_a_panel_with_words() -> None:
    drawn = levels()
    assert drawn.count("<svg") == drawn.count("<figcaption>") == 6
    assert all(int(size) >= 14 for size in re.findall(r'font-size="(\d+)"', drawn))
    assert "Tile with 25 parts: 30 cm × 30 cm" in drawn
