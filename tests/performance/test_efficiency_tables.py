"""Rows of the tables of efficiencies and stacks that cannot be, each refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dojo_calc.errors import FactsError
from dojo_calc.performance import efficiency, stacks

HEADER = "parameter,chips,precision,stacks,value,low,high,prior,unit,kind,note\n"
FITTED = "matrix_efficiency,h100-sxm,16,,0.7,0.6,0.8,0.65,1,fitted,a note\n"


def read(rows: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[efficiency.Parameter, ...]:
    for name, text in (("efficiency.csv", HEADER + rows), ("memory.csv", HEADER)):
        (folder / name).write_text(text)
    monkeypatch.setattr(efficiency, "data_path", lambda name: folder / name)
    return efficiency.parameters.__wrapped__()


def test_a_row_is_read_in_si(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (
        FITTED
        + "operand_bandwidth,,,tuned,2,1,4,,TB/s,assumed,x\n"
        + "weight_bytes,,,,2,,,,B,counted,x\n"
        + "launch,,,,3,2,,,us,calibrated,x\n"
    )
    fitted, assumed, counted, calibrated = read(rows, tmp_path, monkeypatch)
    assert (fitted.value, fitted.low, fitted.high, fitted.prior) == (0.7, 0.6, 0.8, 0.65)
    assert (fitted.chips, fitted.precision, fitted.stacks) == (("h100-sxm",), "16", ())
    assert (assumed.value, assumed.low, assumed.high) == (2e12, 1e12, 4e12)
    assert (assumed.prior, assumed.stacks) == (2e12, ("tuned",))  # what nobody fitted is its own prior
    assert (counted.low, counted.value, counted.high) == (2, 2, 2)  # what is counted is certain
    assert (calibrated.low, calibrated.high) == pytest.approx((2e-6, 3e-6))
    assert fitted.at_most_one
    assert not assumed.at_most_one


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("speed,,,,1,,,,1,counted,x\n", "parameter.*: expected one of matrix_efficiency, .*, got 'speed'"),
        (
            "matrix_efficiency,,,,0.7,,0.8,,1,assumed,x\n",
            "low.*: expected an interval, since the value is assumed",
        ),
        (
            "matrix_efficiency,,,,0.7,0.6,,,1,assumed,x\n",
            "low.*: expected an interval, since the value is assumed",
        ),
        (FITTED.replace("0.65", ""), "prior.*: expected a value where kind is fitted"),
        ("weight_bytes,,,,2,,,2,B,counted,x\n", "prior.*: expected a value where kind is fitted"),
        (FITTED.replace("0.6,", "0.71,"), "low.*: expected low <= value <= high, got 0.71, 0.7 and 0.8"),
        (FITTED.replace("0.8,", "0.69,"), "low.*: expected low <= value <= high, got 0.6, 0.7 and 0.69"),
        (
            FITTED.replace("16,", "16,nobody's"),
            'stacks.*: expected stacks of data/stacks.csv, got "nobody\'s"',
        ),
        (
            FITTED.replace(",1,fitted", ",s,fitted"),
            "unit.*: expected 1, in which matrix_efficiency is written",
        ),
        (
            "launch,,,,3,,,,us,counted,x\nlaunch,,,,3,,,,s,counted,x\n",
            "unit.*: expected us, in which launch is",
        ),
        ("launch,,,,3,,,,furlongs,counted,x\n", "value.*furlongs"),
        (FITTED.replace("0.8,", "1.8,"), "value.*must be above 0 and at most 1"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_place(
    row: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FactsError, match=message):
        read(row, tmp_path, monkeypatch)


def test_bounds_may_be_the_value_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = read(FITTED.replace("0.6,0.8", "0.7,0.7"), tmp_path, monkeypatch)
    assert row.low == row.value == row.high


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,a,1,none,x\nb,c,1,none,x\n", "kind.*: expected one of a, got 'c'"),
        ("a,a,1,none,x\nb,a,1,none,x\nc,b,1,none,x\n", "kind.*: expected one of a, got 'b'"),
        ("a,a,1,none,x\na,a,1,none,x\n", "stack.*: stack 'a' stands twice"),
        ("a,a,0,none,x\n", "counted"),
        ("a,a,1.5,none,x\n", "counted"),
        ("a,a,1,some,x\n", "graphs"),
    ],
)
def test_a_stack_that_cannot_be_is_refused_with_its_place(
    rows: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stacks.csv").write_text("stack,kind,counted,graphs,meaning\n" + rows)
    monkeypatch.setattr(stacks, "data_path", lambda name: tmp_path / name)
    with pytest.raises(FactsError, match=message):
        stacks.stacks.__wrapped__()
