"""Searches at their edges: what needs no search, gaps that just count, parts of many cases, and where nodes lie."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.analysis import newton
from dojo_calc.analysis import solve as solving
from dojo_calc.analysis.solve import NoSolutionError, _nodes, break_even, solve
from dojo_calc.errors import ModelError, UnknownNameError
from dojo_calc.operations import ceil, where
from dojo_calc.quantities import Count, Ratio, SignedCount, Spec


def tripled(x: Ratio, beside: Ratio) -> Ratio:
    return 3.0 * x + beside


def counted(asked: list[float]) -> Any:
    """Formula of the triple that notes what it is asked."""

    def seen(x: Ratio, beside: Ratio) -> Ratio:
        if not hasattr(x, "node"):
            asked.extend(np.ravel(x))
        return tripled(x, beside)

    return seen


def test_what_is_in_proportion_is_divided_and_what_is_not_is_searched() -> None:
    asked: list[float] = []
    model = dc.Model({"y": counted(asked)}, {"x": None, "beside": 0.0})
    for target in (0.7, 15.0, 1e-9, 3e11):
        asked.clear()
        assert solve(model, "x", "y", target) == target / 3.0
        assert len(asked) < 20, "no domain was scanned"
    many = solve(model, "x", "y", [3.0, 6.0, 0.3])
    np.testing.assert_array_equal(many, [1.0, 2.0, 0.3 / 3.0])
    asked.clear()
    assert solve(model, "x", "y", 15.0, beside=3.0) == pytest.approx(4.0, rel=1e-14)
    assert len(asked) > 20, "three beside are no proportion"
    mixed = solve(model, "x", "y", 15.0, beside=[0.0, 3.0])
    np.testing.assert_allclose(mixed, [5.0, 4.0], rtol=1e-14)


def test_an_answer_at_an_end_of_where_to_search_needs_no_search_either() -> None:
    asked: list[float] = []
    model = dc.Model({"y": counted(asked)}, {"x": None, "beside": 0.0})
    for target in (3.0, 30.0):
        asked.clear()
        assert solve(model, "x", "y", target, low=1.0, high=10.0) == target / 3.0
        assert len(asked) < 20


def test_an_answer_in_proportion_lies_where_to_search_or_is_none() -> None:
    model = dc.Model({"y": tripled}, {"x": None, "beside": 0.0})
    assert solve(model, "x", "y", 30.0, low=1.0, high=10.0) == 10.0
    assert solve(model, "x", "y", 3.0, low=1.0, high=10.0) == 1.0
    for outside in (2.9, 30.1):
        with pytest.raises(NoSolutionError, match=r"it takes values from 3 to 30$"):
            solve(model, "x", "y", outside, low=1.0, high=10.0)


def bent(x: Ratio) -> Ratio:
    return where(x < 5.0, 2.0 * x, x + 5.0)


def falling(x: Ratio) -> SignedCount:
    return -2.0 * x


def test_what_only_looks_in_proportion_for_a_while_is_searched_all_the_same() -> None:
    """Twice as much up to 5, and from there one for one: 8 is left at 4 and 25 at 20."""
    model = dc.Model({"y": bent}, {"x": None})
    assert [solve(model, "x", "y", target) for target in (8.0, 25.0)] == pytest.approx([4.0, 20.0])
    assert solve(dc.Model({"y": falling}, {"x": None}), "x", "y", -6.0) == pytest.approx(3.0)


def stairs(x: Ratio) -> Ratio:
    """Six below 7, and twelve from there."""
    return where(x < 7.0, 6.0, 12.0)


def test_a_gap_as_large_as_the_tolerance_still_counts() -> None:
    """From 6 to 12 it jumps over 8, by 2 at the nearer side: a quarter of the target."""
    model = dc.Model({"y": stairs}, {"x": None})
    assert solve(model, "x", "y", 8.0, tolerance=0.25) == pytest.approx(7.0)
    with pytest.raises(NoSolutionError, match=r"It jumps at 7, where a relative gap of 0\.25 is left"):
        solve(model, "x", "y", 8.0, tolerance=math.nextafter(0.25, 0.0))
    # The side is taken that is nearer: below 7 of 8, and from 7 on of 11, which is a gap of a twelfth of 12.
    assert solve(model, "x", "y", 8.0, tolerance=0.3) < 7.0
    assert solve(model, "x", "y", 11.0, tolerance=0.3) >= 7.0


def test_parts_of_many_cases_give_the_same_answers_and_name_the_right_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = dc.Model({"y": tripled}, {"x": None, "beside": 0.0})
    beside = np.arange(6.0).reshape(2, 3)
    whole = solve(model, "x", "y", 40.0, beside=beside)
    np.testing.assert_allclose(whole, (40.0 - beside) / 3.0, rtol=1e-14)
    nodes = _nodes("x", model.spec("x"), None, None)[0].size
    for cells in (nodes, 2 * nodes - 1, 2 * nodes, 5 * nodes + 1):
        monkeypatch.setattr(solving, "_CELLS", cells)
        np.testing.assert_array_equal(solve(model, "x", "y", 40.0, beside=beside), whole)
        for place, index in ((4, r"\[1, 1\]"), (2, r"\[0, 2\]")):
            other = beside.copy()
            other.flat[place] = 50.0  # alone more than the target
            with pytest.raises(NoSolutionError, match=rf"^case {index}: no single x makes y 40; "):
                solve(model, "x", "y", 40.0, beside=other)


@pytest.mark.parametrize(
    ("spec", "low", "high", "first", "last", "closed"),
    [
        (Spec("1", 0.0, 1.0), None, None, 0.0, 1.0, True),
        (Spec("1", 0.0, 1.0, low_open=True, high_open=True), None, None, None, None, False),
        (Spec("1", 0.0), None, None, 0.0, 1e30, True),
        (Spec("1", 0.0, low_open=True), None, None, None, 1e30, False),
        (Spec("1", 0.0), 2.0, None, 2.0, 1e30, True),
        (Spec("1", 0.0), 2.0, 5.0, 2.0, 5.0, True),
        (Spec("1", high=5.0), None, None, -1e30, 5.0, False),
        (Spec("1"), None, None, -1e30, 1e30, False),
        (Spec("1"), -3.0, 4.0, -3.0, 4.0, True),
        (Spec("1", 0.0, 8.0), None, 3.0, 0.0, 3.0, True),
    ],
)
def test_nodes_rise_inside_the_domain_to_its_ends_and_closely_near_them(
    spec: Spec, low: float | None, high: float | None, first: float | None, last: float | None, closed: bool
) -> None:
    nodes, at_end = _nodes("x", spec, low, high)
    assert at_end is closed
    assert (np.diff(nodes) > 0.0).all()
    assert not spec.outside(nodes).any()
    bottom, top = (end if given is None else given for end, given in ((spec.low, low), (spec.high, high)))
    assert bottom <= nodes[0]
    assert nodes[-1] <= top
    for node, expected, end, sign in ((nodes[0], first, bottom, 1.0), (nodes[-1], last, top, -1.0)):
        if expected is not None:
            assert node == expected
        elif end == 0.0 or sign > 0.0:
            assert 0.0 < node - end < 1e-20
    if math.isfinite(bottom) and math.isfinite(top):
        width = top - bottom
        assert np.diff(nodes).max() <= width / 200.0, "evenly"
        assert ((nodes > bottom) & (nodes < bottom + 1e-9 * width)).any(), "and close to one end"
        assert ((nodes < top) & (nodes > top - 1e-9 * width)).any(), "and to the other"
    with pytest.raises(ModelError, match="expected low < high for x, got 2 and 2"):
        _nodes("x", Spec("1", 0.0), 2.0, 2.0)


def grown(n: Count, each: Ratio, fixed: Ratio) -> SignedCount:
    return fixed + n * each


def line(each: float, fixed: float) -> dc.Model:
    return dc.Model({"y": grown}, {"n": None, "each": each, "fixed": fixed})


def test_two_lines_meet_where_they_do_whichever_is_named_first() -> None:
    # 10 + 3 n = 50 + 1 n at n = 20; of n given in the one, 10 + 3 x 4 = 22 = 2 + n at 20.
    assert break_even(line(3.0, 10.0), line(1.0, 50.0), "n", "y") == pytest.approx(20.0, rel=1e-13)
    assert break_even(line(1.0, 50.0), line(3.0, 10.0), "n", "y") == pytest.approx(20.0, rel=1e-13)
    fixed = (line(3.0, 10.0), {"n": 4.0})
    free = line(1.0, 2.0)
    assert break_even(fixed, free, "n", "y") == pytest.approx(20.0, rel=1e-13)
    assert break_even(free, fixed, "n", "y") == pytest.approx(20.0, rel=1e-13)
    cases = break_even(
        line(3.0, 10.0), (line(1.0, 50.0), {"fixed": [50.0, 30.0, 10.0]}), "n", "y", high=100.0
    )
    np.testing.assert_allclose(cases, [20.0, 10.0, 0.0], atol=1e-12)
    assert break_even(line(3.0, 10.0), line(1.0, 50.0), "n", "y", low=5.0, high=20.0) == pytest.approx(20.0)
    with pytest.raises(NoSolutionError):
        break_even(line(3.0, 10.0), line(1.0, 50.0), "n", "y", low=20.5)


def test_the_input_of_two_models_is_searched_where_it_suits_both() -> None:
    shared: Any = dc.Model({"y": dc.effective_rate}, {"rate": 10.0, "mfu": None})
    free = dc.Model({"z": dc.step(tripled, x="mfu")}, {"mfu": None, "beside": 2.0})
    with pytest.raises(Exception, match="is in FLOP/s, but"):
        break_even(shared, free, "mfu", ("y", "z"))
    one = dc.Model({"y": halved}, {"x": None})
    other = dc.Model({"z": tripled}, {"x": None, "beside": 0.0})
    # x / 2 + 2 = 3 x at 0.8, inside 0 to 1, where a fraction may lie; with 5 more it would be 2.8.
    assert break_even(one, other, "x", ("y", "z")) == pytest.approx(0.8, rel=1e-13)
    with pytest.raises(NoSolutionError):
        break_even(dc.Model({"y": further}, {"x": None}), other, "x", ("y", "z"))
    with pytest.raises(UnknownNameError, match="has an input 'w'"):
        break_even(one, other, "w", ("y", "z"))


def whole_ones(n: Count, each: Ratio, fixed: Ratio) -> SignedCount:
    return fixed + ceil(n) * each


def test_slopes_are_followed_where_every_side_that_varies_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[int] = []
    plain = newton.narrowed

    def listening(*given: Any) -> Any:
        followed.append(1)
        return plain(*given)

    monkeypatch.setattr(solving, "narrowed", listening)
    steps = dc.Model({"y": whole_ones}, {"n": None, "each": 1.0, "fixed": 50.0})
    for other, held, count in ((line(1.0, 50.0), {}, 1), (line(1.0, 47.0), {"n": 23.0}, 1), (steps, {}, 0),
                               (steps, {"n": 20.0}, 1)):  # fmt: skip
        followed.clear()
        found = break_even(line(3.0, 10.0), (other, held), "n", "y")
        # 10 + 3 n is 70 at n = 20; the stairs of whole ones are met at 20 and a third again, where both are 71.
        assert 10.0 + 3.0 * found == pytest.approx(other.evaluate("y", **{"n": found} | held), rel=1e-12)
        assert len(followed) == count


def halved(x: dc.quantities.Fraction) -> Ratio:
    return x / 2.0 + 2.0


def further(x: dc.quantities.Fraction) -> Ratio:
    return x / 2.0 + 7.0


def lessened(x: Ratio, beside: Ratio) -> Ratio:
    return 24.0 - 3.0 * x + beside


@pytest.mark.parametrize("formula", [tripled, lessened])
@pytest.mark.parametrize(("low", "high"), [(1.0, 4.0), (4.0, 8.0), (1.0, 8.0)])
def test_an_answer_at_an_end_is_found_by_search_as_well_as_one_inside(
    formula: Any, low: float, high: float
) -> None:
    # 3 x 4 + 3 = 15 and 24 - 3 x 4 + 3 = 15, without rounding
    model = dc.Model({"y": formula}, {"x": None, "beside": 3.0})
    assert solve(model, "x", "y", 15.0, low=low, high=high) == pytest.approx(4.0, rel=1e-14)
    assert solve(model, "x", "y", [15.0, 15.0], low=low, high=high) == pytest.approx([4.0, 4.0], rel=1e-14)
