"""Units that are drawn: as many squares as were counted, each in the part it belongs to."""

from __future__ import annotations

import re

import pytest

from dojo_calc.errors import ArgumentError
from dojo_calc.pictures.units_drawn import units_drawn


def cells(drawing: str, part: int) -> list[tuple[int, int]]:
    """Squares of a part, by the area of its rectangles over that of one square's place, four by four."""
    inside = re.findall(r"<g fill=[^>]*>(.*?)</g>", drawing)[part]
    found = []
    for x, y, wide, tall in re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/>', inside):
        found += [
            (int(x) // 4 + i, int(y) // 4 + j) for i in range(int(wide) // 4) for j in range(int(tall) // 4)
        ]
    return found


@pytest.mark.parametrize("first", [1, 9, 10, 25, 119, 120, 121, 840])
def test_as_many_squares_as_units_and_none_twice(first: int) -> None:
    total = 11_050
    drawn = units_drawn({"a": first, "b": total - first}, columns=10, rows=12, title="t", alt_text="x").svg
    one, other = cells(drawn, 0), cells(drawn, 1)
    assert (len(one), len(other)) == (first, total - first)
    assert len({*one, *other}) == total


def test_units_stand_row_by_row_in_their_blocks() -> None:
    drawn = units_drawn({"a": 13, "b": 14}, columns=4, rows=3, title="t", alt_text="x").svg
    # A block holds 12: the first part fills it and begins the next, two cells to the right of it.
    assert cells(drawn, 0)[-1] == (4 + 2, 0)
    assert sorted(cells(drawn, 1))[-1] == (2 * (4 + 2) + 2, 0), "the last three of 27 begin the third block"


def test_words_stand_beside_the_drawing_and_are_no_tags() -> None:
    shown = units_drawn({"<b>": 1}, columns=1, rows=1, title="a & b", alt_text='"x"')
    page = shown._repr_html_()
    assert "&lt;b&gt;" in page
    assert "a &amp; b" in page
    assert 'aria-label="&quot;x&quot;"' in page
    assert repr(shown) == "a & b\n- <b>"


@pytest.mark.parametrize("parts", [{}, dict.fromkeys("abcdef", 1), {"a": 0}])
def test_what_cannot_be_drawn_is_refused(parts: dict[str, int]) -> None:
    with pytest.raises(ArgumentError, match="parts"):
        units_drawn(parts, columns=10, rows=12, title="t", alt_text="x")
