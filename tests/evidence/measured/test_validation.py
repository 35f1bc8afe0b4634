from __future__ import annotations

import math

import pytest

from dojo_calc.evidence.measured.validation import Row, summarise


def row(measured: float, predicted: float | None, width: float = 1.2, chip: str = "a") -> Row:
    if predicted is None:
        return Row("x", "s", chip, "power", "MW", measured, reason="unknown chip")
    return Row("x", "s", chip, "power", "MW", measured, predicted, predicted / width, predicted * width)


def test_errors_by_hand() -> None:
    # Ratios 1.1, 0.8, 2: errors +10 %, -20 %, +100 %; only the first is inside 1/1.2 to 1.2 (0.8 x 1.2 = 0.96 < 1).
    rows = [row(1, 1.1), row(10, 8), row(3, 6, chip="b"), row(5, None, chip="b")]
    found = summarise(rows, {"chip": [one.chip for one in rows]})
    whole = found.overall
    assert (whole.count, whole.unexpressed) == (3, 1)
    assert whole.mean_absolute_error == pytest.approx(1.3 / 3)
    assert whole.median_absolute_error == pytest.approx(0.2)
    assert whole.bias == pytest.approx(0.9 / 3)
    assert whole.percentile_90 == pytest.approx(0.2 + 0.8 * 0.8)  # nine tenths of the way over three points
    assert whole.inside_80 == pytest.approx(1 / 3)
    assert whole.median_ratio == pytest.approx(1.1)
    assert whole.mean_absolute_log_error == pytest.approx((math.log(1.1) - math.log(0.8) + math.log(2)) / 3)
    assert (found.group("chip", "b").count, found.group("chip", "b").unexpressed) == (1, 1)
    assert [one["error"] for one in found.as_dict()["rows"]] == pytest.approx([0.1, -0.2, 1.0, None])
    with pytest.raises(KeyError):
        found.group("chip", "c")


def test_rows_not_scored_keep_their_place() -> None:
    rows = [row(1, 1.1), row(10, 80, chip="b")]
    found = summarise(rows, {"chip": ["a", "b"]}, scored=[True, False])
    assert len(found.rows) == 2
    assert [group.name for group in found.groups] == ["a"]
    assert found.overall.count == 1


def test_nothing_expressed_is_no_error() -> None:
    assert summarise([row(1, None)], {}).overall.mean_absolute_error is None
