"""The program and its slices: small ones by hand, and a solver that is told what to answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.optimize

from dojo_calc.economics.milp import Program, Progress


def test_a_small_program_by_hand() -> None:
    # Of loads of 5, 4 and 3 that are worth 10, 9 and 2, the best that 9 hold are the first two; of parts of them,
    # too. With 8 the whole ones are 5 and 3, worth 12; of parts 4 and four fifths of 5 make 9 + 8.
    for room, whole, worth in ((9, True, 19), (8, True, 12), (8, False, 17)):
        program = Program()
        taken = program.variables((3,), high=1.0, cost=[-10.0, -9.0, -2.0], whole=whole)
        program.add("room", 1, [(0, taken, [5.0, 4.0, 3.0])], high=room)
        found = program.solve()
        assert found is not None
        assert found.cost == pytest.approx(-worth)
        assert found.status == "optimal"
        if whole:
            assert set(found.values) <= {0.0, 1.0}


def test_entries_of_one_place_add_up_and_rows_bound_from_both_sides() -> None:
    for cost, value in ((1.0, 3.0), (-1.0, 4.0)):
        program = Program()
        one = program.variables((1,), cost=cost, high=100.0)
        program.add("twice", 1, [(0, one, 0.5), (0, one, 1.5)], low=6.0, high=8.0)
        found = program.solve()
        assert found is not None
        assert found.values.tolist() == pytest.approx([value])


def test_relief_is_told_in_the_readers_unit() -> None:
    # x + y is to be 10 or more, and each is at most 3 rows of 2 of the reader's: 4 more in all, or 4 less to be had.
    program = Program()
    both = program.variables((2,))
    program.add("most", 2, [(np.arange(2), both, 1.0)], high=3.0, scale=2.0)
    program.add("least", 1, [(0, both, 1.0)], low=10.0, scale=5.0)
    assert program.solve() is None
    most, least = program.relief(["most"]), program.relief(["least"])
    assert most is not None
    assert least is not None
    assert most.changes["most"].sum() == pytest.approx(8)
    assert least.changes["least"].tolist() == pytest.approx([20])
    assert most.least
    together = program.relief(["most", "least"])
    assert together is not None
    assert together.changes["most"].sum() / 2 + together.changes["least"].sum() / 5 == pytest.approx(4)
    # A bound that is in nobody's way helps nobody.
    program.add("other", 1, [(0, both[:1], 1.0)], high=100.0)
    assert program.relief(["other"]) is None


# --- Slices -----------------------------------------------------------------------------------------------


def answers(monkeypatch: pytest.MonkeyPatch, *given: dict[str, Any]) -> list[int]:
    """Let the solver give these answers in turn, the last one for ever; the nodes it was allowed."""
    allowed: list[int] = []

    def answer(**asked: Any) -> Any:
        allowed.append(asked["options"]["node_limit"])
        one = {"status": 1, "message": "", "mip_dual_bound": 0.0} | given[min(len(allowed), len(given)) - 1]
        return scipy.optimize.OptimizeResult(one)

    monkeypatch.setattr(scipy.optimize, "milp", answer)
    return allowed


def small(**changed: Any) -> Program:
    program = Program()
    program.variables((2,), **({"high": 5.0, "cost": 1.0} | changed))
    program.add("any", 1, [(0, 0, 1.0)])
    return program


def at(cost: float, bound: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"x": np.array([cost, 0.0]), "fun": cost, "mip_dual_bound": bound} | more


def test_each_slice_is_twice_as_large_as_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = answers(monkeypatch, at(4.0))
    found = small().solve(nodes=5000, first_slice=500)
    assert allowed == [500, 1000, 2000, 1500], "the last one takes what is left of 5,000"
    assert found is not None
    assert found.status == "node limit"
    # As many as are left and no more, and then it is over.
    allowed = answers(monkeypatch, at(4.0))
    small().solve(nodes=1500, first_slice=500)
    assert allowed == [500, 1000]
    # Where none are named it goes on until it is done.
    allowed = answers(monkeypatch, *[at(4.0)] * 4, at(4.0, status=0))
    found = small().solve(first_slice=10)
    assert allowed == [10, 20, 40, 80, 160]
    assert found is not None
    assert found.status == "optimal"


def test_the_best_of_all_slices_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    none = {"x": None, "fun": None, "mip_dual_bound": 1.0}
    answers(monkeypatch, none, at(4.0, 3.0), at(5.0, 2.0))
    seen: list[Progress] = []
    found = small().solve(nodes=700, first_slice=100, progress=seen.append)
    assert found is not None
    assert (found.cost, found.bound) == (4.0, 3.0)
    assert found.values.tolist() == [4.0, 0.0]
    assert found.gap == pytest.approx(0.25)
    assert [(one.cost, one.bound) for one in seen] == [(math.inf, 1.0), (4.0, 3.0), (4.0, 3.0)]
    assert [one.gap for one in seen] == pytest.approx([math.inf, 0.25, 0.25])


def test_a_gap_as_small_as_asked_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = answers(monkeypatch, at(4.0, 2.0), at(4.0, 3.0))
    found = small().solve(gap=0.25)
    assert len(allowed) == 2
    assert found is not None
    assert found.status == "optimal"


def test_values_are_put_where_the_solver_cannot_tell_them_from(monkeypatch: pytest.MonkeyPatch) -> None:
    near = {"x": np.array([2.0 + 4e-8, 5.0 - 4e-8]), "fun": 7.0, "status": 0}
    answers(monkeypatch, near)
    found = small(low=2.0).solve()
    assert found is not None
    assert found.values.tolist() == [2.0, 5.0]
    # What is further off than it may err stays, and is rounded where it must be whole.
    far = np.array([2.0 + 4e-7, 5.0 - 4e-7])
    answers(monkeypatch, {"x": far, "fun": 7.0, "status": 0})
    found = small(low=2.0).solve()
    assert found is not None
    assert found.values.tolist() == far.tolist()
    found = small(low=2.0, whole=[True, False]).solve()
    assert found is not None
    assert found.values.tolist() == [2.0, far[1]]


def test_what_the_solver_says_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = {"x": None, "fun": None}
    for status in (2, 4):
        answers(monkeypatch, nothing | {"status": status})
        assert small().solve() is None
    # A limit of nodes comes as 4, and is told by its message.
    answers(
        monkeypatch,
        nothing | {"status": 4, "message": "stopped. (HiGHS Status 16: limit of nodes)"},
        at(4.0, status=0),
    )
    found = small().solve()
    assert found is not None
    assert found.cost == 4.0
    answers(monkeypatch, nothing | {"status": 3, "message": "something else"})
    with pytest.raises(RuntimeError, match="HiGHS stopped: something else"):
        small().solve()
    # Without branches it names no bound: what is best is its own.
    answers(monkeypatch, at(4.0, status=0) | {"mip_dual_bound": None})
    found = small().solve()
    assert found is not None
    assert (found.bound, found.gap) == (4.0, 0.0)
    # But not before it is known to be the best.
    answers(monkeypatch, at(4.0) | {"mip_dual_bound": None}, at(3.0, 3.0, status=0))
    seen: list[Progress] = []
    small().solve(progress=seen.append)
    assert [one.bound for one in seen] == [-math.inf, 3.0]


def test_a_failure_of_the_solver_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr(scipy.optimize, "milp", broken)
    with pytest.raises(MemoryError, match="no room"):
        small().solve()


def test_the_gap_of_nothing_at_all_is_none() -> None:
    assert Progress(0.0, 0.0, 0.0).gap == 0.0
    assert Progress(0.0, 4.0, 5.0).gap == 0.0, "a bound above the cost by rounding"
    assert Progress(0.0, -4.0, -5.0).gap == pytest.approx(0.25)
    assert Progress(0.0, math.inf, 5.0).gap == math.inf
