"""The shipped tables hold together, and slips of the pen in them are refused."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from dojo_calc.errors import FactsError
from dojo_calc.evidence.claims.ledger import ledger
from dojo_calc.evidence.data import check_claim, check_data
from tests.mutate_data import Change, sample


def test_the_shipped_tables_hold_together() -> None:
    check_data()


def test_a_claim_says_its_own_number() -> None:
    claim = ledger()["N03"]
    check_claim(claim)
    for changed in ({"low": 20.0, "high": 20.0}, {"unit": "MUSD"}):
        with pytest.raises(
            FactsError, match=r"data/claims\.csv, line \d+, column \d+ \((low|unit)\): N03: its words"
        ):
            check_claim(claim.model_copy(update=changed))


def test_most_wrong_units_and_prefixes_of_a_fixed_sample_are_refused() -> None:
    # `make mutants-data` draws hundreds; these six say whether it works. A process of its own has read no table.
    asked = ["-m", "tests.mutate_data", "--seed", "3", "--count", "3", "--least", "0.8"]
    found = subprocess.run([sys.executable, *asked], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_sample_is_the_same_every_time_and_changes_one_cell() -> None:
    assert sample(5, 3) == sample(5, 3)
    assert Counter(one.kind for one in sample(5, 3)) == {"unit": 3, "prefix": 3, "double": 3, "digit": 3}
    assert all(isinstance(one, Change) and one.before != one.after for one in sample(5, 3))
