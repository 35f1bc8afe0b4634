"""How claims and checks are kept together: what is missing, double or broken is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from dojo_calc.errors import FactsError
from dojo_calc.evidence.claims import ledger as ledger_module
from dojo_calc.evidence.claims.ledger import ledger
from dojo_calc.evidence.claims.registrar import CHECKS, check
from dojo_calc.evidence.claims.verdicts import CheckError, checks, verdicts


def test_a_claim_without_a_check_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    checks()
    monkeypatch.delitem(CHECKS, "D43")
    with pytest.raises(FactsError, match="do not match: D43"):
        verdicts()


def test_a_claim_has_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    checks()
    with pytest.raises(ValueError, match="claim D43 has two checks"):
        check("D43")(CHECKS["D44"])
    monkeypatch.setitem(CHECKS, "D01", CHECKS["D43"])
    with pytest.raises(FactsError, match="in code and one in data: D01"):
        verdicts()


def test_a_check_that_raises_names_its_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    checks()
    monkeypatch.setitem(CHECKS, "D43", lambda _: 1 / 0)
    with pytest.raises(CheckError, match="the check of D43 raised ZeroDivisionError"):
        verdicts()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("D01,d,c,value,,5,1,", "(low): expected a number for a claim of form 'value'"),
        ("D01,d,c,value,5,6,1,", "expected the same number as low"),
        ("D01,d,c,above,,5,1,", "(low): expected a number for a claim of form 'above'"),
        ("D01,d,c,rumour,5,5,1,", "(form)"),
        ("D 1,d,c,value,5,5,1,", "(id): expected an id without spaces"),
        ("D01,d,c,value,5,5,1,0.5", "(widest)"),
        ("D01,d,c,value,5,5,1,\nd01,d,c,value,5,5,1,", "claim d01 stands twice"),
    ],
)
def test_a_bad_ledger_row_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, message: str
) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("id,document,claim,form,low,high,unit,widest\n" + row + "\n")
    monkeypatch.setattr(ledger_module, "data_path", lambda _: path)
    ledger.cache_clear()
    with pytest.raises(FactsError) as caught:
        ledger()
    ledger.cache_clear()
    assert "claims.csv, line" in str(caught.value)
    assert message in str(caught.value)
