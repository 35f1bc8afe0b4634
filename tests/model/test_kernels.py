"""Large arrays in one kernel: what it is held to on the way, and that it gives what the steps give one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.errors import DomainError
from dojo_calc.model.conditions import Rules
from dojo_calc.operations import log
from dojo_calc.quantities import Count, Fraction, SignedCount
from dojo_calc.readings import compiled
from dojo_calc.readings.compiled import LEAST_POINTS, Program


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Text of each kernel that ran: all are made, however small, and run by Python instead of numba."""
    ran: list[str] = []

    def by_python(code: str, *_: Any, **__: Any) -> Any:
        ran.append(code)
        space: dict[str, Any] = {"np": np, "log": np.log}
        exec(code, space)
        return space["kernel"]

    monkeypatch.setattr(compiled, "LEAST_WORK", 0)
    monkeypatch.setattr(compiled, "LEAST_POINTS", 0)
    monkeypatch.setattr(compiled, "available", lambda: True)
    monkeypatch.setattr(compiled, "_kernel", by_python)
    return ran


def share(part: Count, whole: Count) -> Fraction:
    return part / whole


def left(share: Fraction, whole: Count) -> SignedCount:
    return whole * (1.0 - share)


def more_than_half(share: Fraction) -> SignedCount:
    return share - 0.5


def made(kind: Any = "limit") -> dc.Model:
    rule = dc.condition(kind, "at most half", more_than_half)
    return dc.Model({"share": share, "left": left}, {"part": 1.0, "whole": 8.0}, conditions=[rule])


def test_a_kernel_gives_what_the_steps_give(kernels: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    part = np.array([1.0, 2.0, 4.0])
    assert made().evaluate("left", part=part).tolist() == [7.0, 6.0, 4.0]
    assert made().evaluate(["left", "share"], part=part, whole=16.0)["share"].tolist() == [
        1 / 16,
        1 / 8,
        1 / 4,
    ]
    assert made().block(["left"], {"part": part}, 3)["left"].tolist() == [7.0, 6.0, 4.0]
    values, wrong = made().judged(["left"], {"part": part, "whole": np.full(3, 8.0)})
    assert (values["left"].tolist(), wrong) == ([7.0, 6.0, 4.0], [])
    assert len(kernels) == 4
    assert made().values(["left"], {"part": part})["share"].tolist() == [1 / 8, 1 / 4, 1 / 2]
    assert made().evaluate("left", part=2.0) == 6.0
    assert made().evaluate("left", part=[[1.0, 2.0]]).tolist() == [[7.0, 6.0]]
    assert len(kernels) == 4, "what keeps every step, a number and a table go the ordinary way"
    monkeypatch.setattr(compiled, "LEAST_POINTS", LEAST_POINTS)
    made().evaluate("left", part=part)
    assert len(kernels) == 4, "and so does what is small"


def test_what_lies_outside_a_domain_is_refused_as_without_a_kernel(kernels: list[str]) -> None:
    model = made()
    ends = np.array([0.0, 8.0])
    assert model.evaluate("share", part=ends).tolist() == [0.0, 1.0], "both ends of a share belong to it"
    assert len(kernels) == 1
    for part, message in (
        ([1.0, -1.0], r"part\[1\] must be at least 0"),
        ([1.0, 9.0], r"share\[1\] must come out between 0 and 1"),
        ([1.0, math.inf], r"part\[1\] must be"),
        ([1.0, math.nan], r"part\[1\] must be"),
    ):
        with pytest.raises(DomainError, match=message):
            made().evaluate("share", part=np.array(part))
    assert model.block(["share"], {"part": np.array([1.0, 16.0])}, 2)["share"].tolist() == [1 / 8, 2.0], (
        "a block of a sweep is told, and not refused"
    )


def test_what_breaks_a_condition_is_told_as_without_a_kernel(kernels: list[str]) -> None:
    part = np.array([2.0, 6.0, 4.0])
    np.testing.assert_array_equal(made("identity").evaluate("share", part=part), [0.25, math.nan, 0.5])
    assert made("limit").evaluate("share", part=part).tolist() == [0.25, 0.75, 0.5]
    for kind in ("identity", "limit"):
        values, (broken,) = made(kind).judged(["share"], {"part": part})
        assert values["share"].tolist() == [0.25, 0.75, 0.5]
        assert broken.where.tolist() == [False, True, False]
        assert broken.text((1,)) == "at most half; here share is 0.75"
    assert kernels


@pytest.mark.usefixtures("kernels")
def test_what_just_breaks_a_condition_breaks_it_and_what_just_keeps_it_keeps_it() -> None:
    just = math.nextafter(0.5, 1.0)
    found = made("identity").evaluate("share", part=np.array([4.0, 4.001, 8.0 * just]))
    np.testing.assert_array_equal(found, [0.5, math.nan, math.nan])


def logarithm(share: Fraction) -> SignedCount:
    return log(share)


def test_an_output_without_a_lower_end_must_still_be_finite(kernels: list[str]) -> None:
    model = dc.Model({"share": share, "y": logarithm}, {"part": 1.0, "whole": 8.0})
    with np.errstate(divide="ignore"):
        assert model.evaluate("y", part=np.array([8.0, 4.0])).tolist() == [0.0, math.log(0.5)]
        with pytest.raises(DomainError, match=r"y\[1\] must come out"):
            model.evaluate("y", part=np.array([8.0, 0.0]))
    assert kernels


@pytest.mark.usefixtures("kernels")
def test_a_procedure_beside_is_asked_of_every_element() -> None:
    def odd(values: Any) -> Any:
        yield values["part"] % 2.0 != 0.0, lambda of: f"{of('part')} is odd"

    model = dc.Model({"share": share}, {"part": 2.0, "whole": 8.0}, conditions=[Rules("parts are even", odd)])
    np.testing.assert_array_equal(
        model.evaluate("share", part=np.array([2.0, 3.0, 4.0])), [0.25, math.nan, 0.5]
    )
    (broken,) = model.broken("share", part=np.array([2.0, 3.0, 4.0]))
    assert broken.text((1,)) == "3 is odd"


def test_a_kernel_is_made_once_for_what_varies(kernels: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    count: list[Any] = []
    plain = Program.__init__

    def counted(self: Program, *given: Any) -> None:
        count.append(given[1])
        plain(self, *given)

    monkeypatch.setattr(Program, "__init__", counted)
    model = made()
    part, whole = np.array([1.0, 2.0]), np.array([8.0, 16.0])
    for _ in range(2):
        model.evaluate("left", part=part)
        model.evaluate("left", part=part, whole=8.0)
        model.evaluate("left", part=part, whole=whole)
    assert sorted(count) == [("part",), ("part",), ("part", "whole")]
    assert len(kernels) == 6


def test_a_step_lets_go_of_what_no_later_one_reads() -> None:
    seen: list[set[str]] = []

    class Watched(dict[str, Any]):
        def __setitem__(self, name: str, value: Any) -> None:
            super().__setitem__(name, value)
            seen.append(set(self))

    model = made()
    path = model._path(("left",), ("part",))
    values = Watched({"part": 2.0, "whole": 8.0})
    path.run(values, "model", keep=False)
    assert seen == [{"part", "whole", "share"}, {"whole", "share", "left"}]
    assert set(values) == {"left"}
    kept = {"part": 2.0, "whole": 8.0}
    path.run(kept, "model", keep=True)
    assert set(kept) == {"part", "whole", "share", "left"}
    both = model._path(("left", "share"), ("part",))
    values = Watched({"part": 2.0, "whole": 8.0})
    both.run(values, "model", keep=False)
    assert set(values) == {"left", "share"}
