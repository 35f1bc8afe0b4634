from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo_calc.economics.inventory import inventory
from dojo_calc.economics.placement import dies_on_wafer, gross_dies_of, placed_dies, wafer_map
from dojo_calc.economics.silicon import gross_dies_bound
from dojo_calc.errors import DojoCalcError, DomainError
from dojo_calc.units import mm
from tests.strategies import from_zero

WAFER = 300 * mm
SIDE = math.sqrt(645) * mm
sides = st.floats(3.0, 33.0)


def by_scan(width: float, height: float, edge: float, scribe: float, steps: int) -> int:
    """Best of a square of offsets, every die of every grid tested by its four corners [mm]."""
    radius, best = 150.0 - edge, 0
    across, up = width + scribe, height + scribe
    columns = np.arange(-int(radius // across) - 2, int(radius // across) + 2)
    rows = np.arange(-int(radius // up) - 2, int(radius // up) + 2)
    for i, j in itertools.product(range(steps), repeat=2):
        x = (columns + i / steps)[:, None] * across
        y = (rows + j / steps) * up
        inside = np.hypot(np.maximum(abs(x), abs(x + width)), np.maximum(abs(y), abs(y + height))) <= radius
        best = max(best, int(inside.sum()))
    return best


def test_counts_made_apart_from_this_library() -> None:
    # 645, 826 and 814 mm^2 (a square; 26 mm wide) on 300 mm with 0.1 mm of scribe, by the best of 30 x 30 offsets:
    # 89, 66, 67 with 3 mm of edge and 82, 63, 65 with 5 mm.
    width = np.array([SIDE, 26 * mm, 26 * mm])
    height = np.array([SIDE, 826 / 26 * mm, 814 / 26 * mm])
    got = placed_dies(width, height, wafer=WAFER, edge=np.array([[3], [5]]) * mm, scribe=0.1 * mm)
    np.testing.assert_array_equal(got, [[89, 66, 67], [82, 63, 65]])


def test_dies_that_can_be_counted_by_hand() -> None:
    # The square inscribed in 294 mm has sides of 207.89: one die of 207, and of 103.9 with no street 2 x 2.
    for side, count in ((207.0, 1), (103.9, 4)):
        assert placed_dies(side * mm, side * mm, wafer=WAFER, edge=3 * mm, scribe=0) == count
    # A street of 0.2 mm makes 2 x 103.9 + 0.2 = 208 mm wide: too wide for 2 x 2, and 2 x 1 remain.
    assert placed_dies(103.9 * mm, 103.9 * mm, wafer=WAFER, edge=3 * mm, scribe=0.2 * mm) == 2
    # Strips of 200 x 10: at height 10 k + 10 a chord must be 200 long, 2 sqrt(150^2 - y^2) >= 200 up to y = 111.8;
    # so 11 strips above the middle and 11 below.
    assert placed_dies(200 * mm, 10 * mm, wafer=WAFER, edge=0, scribe=0) == 22


@settings(max_examples=40, deadline=None)
@given(sides, sides, from_zero(5.0), from_zero(0.3))
def test_never_fewer_than_a_scan_of_offsets_finds(
    width: float, height: float, edge: float, scribe: float
) -> None:
    given_mm = {"wafer": WAFER, "edge": edge * mm, "scribe": scribe * mm}
    # The scan's steps up the wafer are among ours: 8 a pitch, where 16 a half pitch are tried.
    got = placed_dies(width * mm, height * mm, **given_mm)
    assert got >= by_scan(width, height, edge, scribe, 8) - 1  # its grid starts elsewhere by half a street
    assert got <= gross_dies_bound(width * height * mm * mm, WAFER - 2 * edge * mm)
    assert (
        placed_dies(1.05 * width * mm, 1.05 * height * mm, **given_mm) <= got + 1
    )  # steps move with the pitch
    assert (
        placed_dies(
            2 * width * mm, 2 * height * mm, wafer=2 * WAFER, edge=2 * edge * mm, scribe=2 * scribe * mm
        )
        == got
    )


@pytest.mark.parametrize(("width", "height"), [(11.9, 9.076), (12.0, 9.0), (9.17, 8.076), (55.0, 9.4)])
def test_wide_streets_count_to_the_rim(width: float, height: float) -> None:
    """A row of dies that ends less than half a street from the rim counts as any other."""
    got = placed_dies(width * mm, height * mm, wafer=WAFER, edge=0.0, scribe=30 * mm)
    assert got >= by_scan(width, height, 0.0, 30.0, 8)
    laid = wafer_map(width * mm, height * mm, wafer=WAFER, edge=0.0, scribe=30 * mm)
    assert laid.count == got


def test_tight_dies_lie_where_they_must() -> None:
    # The square in a circle of 294 mm has sides of 207.89: one die of 207.8 lies in its middle, and so do two by two
    # of 103.9, or of 103.85 with a street of 0.1 between them, and one by two.
    rules: dict[str, Any] = {"wafer": WAFER, "edge": 3 * mm}
    one = wafer_map(207.8 * mm, 207.8 * mm, scribe=0, **rules)
    np.testing.assert_allclose(one.corners, [[-103.9 * mm, -103.9 * mm]], atol=0.05 * mm)
    for side, street in ((103.9, 0.0), (103.85, 0.1)):
        four = wafer_map(side * mm, side * mm, scribe=street * mm, **rules)
        low, high = -(side + street / 2) * mm, street / 2 * mm
        np.testing.assert_allclose(
            np.unique(four.corners, axis=0),
            [[low, low], [low, high], [high, low], [high, high]],
            atol=0.05 * mm,
        )
    wide = wafer_map(207.8 * mm, 103.9 * mm, scribe=0, **rules)
    np.testing.assert_allclose(np.unique(wide.corners[:, 1]), [-103.9 * mm, 0], atol=0.05 * mm)
    assert (wide.count, wide.width, wide.height) == (2, 207.8 * mm, 103.9 * mm)
    tall = wafer_map(103.9 * mm, 207.8 * mm, scribe=0, **rules)
    np.testing.assert_allclose(np.unique(tall.corners[:, 0]), [-103.9 * mm, 0], atol=0.05 * mm)
    # A die that fits to the last digit fits: 3, 4 and 5.
    assert placed_dies(0.18, 0.24, wafer=0.3, edge=0, scribe=0) == 1
    assert wafer_map(0.18, 0.24, wafer=0.3, edge=0, scribe=0).count == 1


@settings(max_examples=40, deadline=None)
@given(sides, sides, from_zero(5.0), from_zero(0.3))
def test_a_map_lays_out_what_is_counted(width: float, height: float, edge: float, scribe: float) -> None:
    lengths = {"wafer": WAFER, "edge": edge * mm, "scribe": scribe * mm}
    laid = wafer_map(width * mm, height * mm, **lengths)
    assert laid.count == placed_dies(width * mm, height * mm, **lengths)
    x, y = laid.corners.T
    far = np.hypot(np.maximum(abs(x), abs(x + laid.width)), np.maximum(abs(y), abs(y + laid.height)))
    assert far.max() <= WAFER / 2 - edge * mm + 1e-9
    # All stand on one grid, each on its own place.
    columns, rows = (x - x[0]) / (laid.width + laid.scribe), (y - y[0]) / (laid.height + laid.scribe)
    np.testing.assert_allclose(columns, np.rint(columns), atol=1e-6)
    np.testing.assert_allclose(rows, np.rint(rows), atol=1e-6)
    assert len({(round(c), round(r)) for c, r in zip(columns, rows, strict=True)}) == laid.count


def test_arrays_agree_with_single_dies_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    width, height = random.uniform(4, 33, (2, 60)) * mm
    lengths = {"wafer": WAFER, "edge": 3 * mm, "scribe": 0.1 * mm}
    whole = placed_dies(width, height, **lengths)
    monkeypatch.setattr("dojo_calc.economics.placement._BLOCK", 2000)
    np.testing.assert_array_equal(placed_dies(width, height, **lengths), whole)
    assert [placed_dies(w, h, **lengths) for w, h in zip(width, height, strict=True)] == list(whole)
    assert placed_dies(width.reshape(6, 10), height.reshape(6, 10), **lengths).shape == (6, 10)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": 0.0}, r"width must be above 0 \[m\], got 0"),
        ({"height": "-1 mm"}, r"height must be above 0 \[m\], got -0.001"),
        (
            {"width": 0.4},
            r"die of 400 x 26 mm does not fit on a wafer of 300 mm less 3 mm of edge; expected a diagonal",
        ),
        ({"width": np.array([0.01, 0.4])}, r"die\[1\] of 400 x 26 mm does not fit"),
        ({"wafer": "300 W"}, "wafer must be in m or a multiple of it"),
        ({"edge": -0.003}, r"edge must be at least 0 \[m\], got -0.003"),
        ({"edge": 0.15}, "does not fit on a wafer of 300 mm less 150 mm of edge"),
        ({"scribe": math.nan}, "scribe must be at least 0"),
        ({"width": np.full(2, 0.01), "height": np.full(3, 0.01)}, r"shapes broadcast, got \(2,\), \(3,\)"),
        ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
    ],
)
def test_impossible_dies_are_refused(changed: dict[str, object], message: str) -> None:
    given = {
        "width": 26 * mm,
        "height": 26 * mm,
        "wafer": WAFER,
        "edge": 3 * mm,
        "scribe": 0.1 * mm,
    } | changed
    with pytest.raises(DojoCalcError, match=message):
        placed_dies(given.pop("width"), given.pop("height"), **given)


def test_one_count_for_one_die() -> None:
    rules: Any = {"wafer": "300 mm", "edge": "3 mm", "scribe": "0.1 mm"}
    assert dies_on_wafer("645.16 mm^2", **rules) == dies_on_wafer("645.16 mm^2", "25.4 mm", **rules) == 89
    assert gross_dies_of("d1") == 89
    # Squares of side a fit as a cross of five while its arms' corners lie inside: 2.5 a^2 <= 150^2.
    bare: Any = {"wafer": 0.3, "edge": 0.0, "scribe": 0.0}
    assert dies_on_wafer([8999.0e-6, 9010.0e-6], **bare).tolist() == [5, 4]
    # Four while two in a row reach the rim: 2 a^2 <= 150^2, then two, and one up to the square in the circle.
    assert dies_on_wafer([11249.0e-6, 11251.0e-6, 44999.0e-6], **bare).tolist() == [4, 2, 1]


def test_too_many_positions_are_refused_before_any_is_laid_out() -> None:
    # 0.3 m over a height of 0.3 mm are 1,000 rows, which 10,000 steps make ten million.
    rules: dict[str, Any] = {"wafer": 0.3, "edge": 0, "scribe": 0}
    with pytest.raises(
        DomainError, match="at most 10,000,000 rows of dies times steps, got 1,000 times 10,001"
    ):
        placed_dies(0.1, np.array([0.1, 0.3e-3]), steps=10_001, **rules)
    with pytest.raises(DomainError, match="rows of dies times steps, got 3e\\+08 times 16"):
        wafer_map(0.1, 1e-9, **rules)
    assert placed_dies(np.zeros((0,)) + 0.1, 0.1, **rules).shape == (0,)


def test_a_die_of_the_wafers_own_area_is_the_wafer() -> None:
    bare: dict[str, Any] = {"wafer": 1.0, "edge": 0.0, "scribe": 0.0}
    assert dies_on_wafer(math.pi / 4, **bare) == 1
    # Up to the square in the circle a die is placed, and its sides must fit: 0.1 by 5 do not.
    with pytest.raises(DomainError, match="does not fit"):
        dies_on_wafer(0.5, 0.1, **bare)
    assert dies_on_wafer(0.51, 0.1, **bare) == 1, "beyond it is the wafer, its corners cut"
    # With an edge on which no die may lie, too.
    assert dies_on_wafer([0.6, 0.01], wafer=1.0, edge=0.01, scribe=0.0).tolist()[0] == 1


def test_a_die_that_is_the_wafer_is_one() -> None:
    assert dies_on_wafer("46225 mm^2", wafer="300 mm", edge="3 mm", scribe="0.1 mm") == 1
    assert gross_dies_of("wse-3") == gross_dies_of("wse-2") == 1
    with pytest.raises(
        DomainError, match=r"die of 71,000 mm\^2 is larger than a wafer of 300 mm, which has 70,686"
    ):
        dies_on_wafer("71000 mm^2", wafer="300 mm", edge=0.0, scribe=0.0)
    made = inventory("100 EFLOP/s", "wse-3", "fp16")
    # 100e18 over the dense 15.8e15 of one, as Cerebras's figure for sparse matrices stands for: one a wafer.
    assert made["gross wafers, exact"].value == made["wse-3, exact"].value
    assert made["gross wafers, whole"].value == made["wse-3, whole"].value == 6330


@given(st.floats(20.0, 40_000.0), st.floats(1.0, 1.5))
def test_laws_of_gross_dies_of_any_area(area: float, more: float) -> None:
    """A wafer gives at least one die, at most what its area holds, and no more of a larger die."""
    bare: Any = {"wafer": 0.3, "edge": 0.0, "scribe": 0.0}
    few, many = dies_on_wafer(more * area * 1e-6, **bare), dies_on_wafer(area * 1e-6, **bare)
    assert 1 <= many <= gross_dies_bound(area * 1e-6, 0.3)
    assert few <= many + 3, "the search misses up to three dies"
    # Never below what fits: the squares of a grid with a street in the middle, counted one by one.
    side = area**0.5
    reach = [(i + 1) * side for i in range(int(150 / side) + 1)]
    assert many >= 4 * sum(x * x + y * y <= 150.0**2 * (1 - 1e-12) for x in reach for y in reach)
