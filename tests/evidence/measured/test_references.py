from __future__ import annotations

from pathlib import Path

import pytest

from dojo_calc.errors import FactsError
from dojo_calc.evidence.measured import references
from dojo_calc.evidence.measured.references import REFERENCES, Compared, compare_references
from dojo_calc.tables import data_path

ROWS = compare_references()


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_a_printed_figure_is_met(row: Compared) -> None:
    assert row.holds, f"computed {row.value!r}, printed {row.reference!r}"


def changed(monkeypatch: pytest.MonkeyPatch, folder: Path, before: str, after: str) -> None:
    text = (data_path("references.csv")).read_text(encoding="utf-8")
    assert before in text
    (folder / "references.csv").write_text(text.replace(before, after, 1), encoding="utf-8")
    monkeypatch.setattr(references, "data_path", lambda name: folder / name)


def test_the_gate_sees_a_digit_that_is_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed(monkeypatch, tmp_path, "19722.88,", "19722.89,")
    assert [row.id for row in compare_references() if not row.holds] == ["barroso-1kw-total"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("pysam-lcoe,", "pysam-lcoo,", "do not match: pysam-lcoe, pysam-lcoo"),
        ("charge=0.098; ", "", "line 30, column 6 .inputs.: expected capital, charge"),
        ("charge=0.098; ", "charge 0.098; ", "expected name=quantity, got 'charge 0.098'"),
        ("charge=0.098; ", "charge=0.098 USD; ", "charge must be a bare number"),
        (
            "0.0172785388127854,USD/kWh",
            "0.0172785388127854,USD",
            "expected a unit of what 'pysam-lcoe' computes",
        ),
        ("0.0172785388127854,USD/kWh", "much,USD/kWh", "expected a number, got 'much'"),
    ],
)
def test_a_bad_row_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str, after: str, message: str
) -> None:
    changed(monkeypatch, tmp_path, before, after)
    with pytest.raises(ValueError, match=message):
        compare_references()


def test_a_function_without_a_row_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REFERENCES, "nobody-printed-this", lambda: 1.0)
    with pytest.raises(FactsError, match="nobody-printed-this"):
        compare_references()


def test_a_row_that_stands_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed(monkeypatch, tmp_path, "id,what", "id,what")
    with (tmp_path / "references.csv").open("a", encoding="utf-8") as file:
        file.write("pysam-lcoe,again,1,USD/kWh,,,pysam,\n")
    with pytest.raises(FactsError, match="'pysam-lcoe' stands twice"):
        compare_references()
