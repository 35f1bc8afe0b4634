"""The shipped tables hold together, and slips of the pen in them are refused."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from dojo_calc.errors import FactsError
from dojo_calc.evidence import data
from dojo_calc.evidence.claims.ledger import ledger
from dojo_calc.evidence.data import _check_writing, check_claim, check_data
from dojo_calc.hardware.catalog import catalogue
from dojo_calc.performance.efficiency import parameters
from dojo_calc.performance.workload import transformer, transformers
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


@pytest.mark.parametrize(
    ("name", "changed", "column"),
    [
        ("llama2-7b", {"layers": 64}, "layers"),
        ("llama2-7b", {"kv_heads": 16}, "layers"),  # 32 x 4096 x 4096 = 0.54 billion less than 6.74
        ("qwen3-30b-a3b", {"active_experts": 16}, "active_experts"),
        ("mixtral-8x7b", {"experts": 16}, "experts"),
        ("maxtext-scale-64", {"layers": 128}, "layers"),
    ],
)
def test_a_model_has_the_parameters_that_it_is_named_after(
    name: str, changed: dict[str, int], column: str
) -> None:
    data._check_model(transformer(name))
    with pytest.raises(FactsError, match=rf"models\.csv, line \d+, column \d+ \({column}\): {name}: "):
        data._check_model(transformer(name).changed(**changed))


@pytest.mark.parametrize(
    ("name", "changed", "column"),
    [
        ("gpt3-175b", {"feedforward": 24576}, "feedforward"),
        ("opt-175b", {"kv_heads": 48}, "kv_heads"),
        ("deepseek-v3", {"kv_lora_rank": 256}, "kv_lora_rank"),
        ("deepseek-v3", {"q_lora_rank": 3072}, "q_lora_rank"),
    ],
)
def test_a_model_has_the_shape_of_its_design(name: str, changed: dict[str, int], column: str) -> None:
    data._check_shape(transformer(name))
    with pytest.raises(FactsError, match=rf"\({column}\): {name}: "):
        data._check_shape(transformer(name).changed(**changed))


@pytest.mark.parametrize(
    ("changed", "column"), [({"vocabulary": 64128}, "vocabulary"), ({"heads": 64}, "heads")]
)
def test_models_of_one_line_share_a_tokenizer_and_a_width(changed: dict[str, int], column: str) -> None:
    slipped = [one.changed(**changed) if one.model == "llama3-8b" else one for one in transformers().values()]
    with pytest.raises(FactsError, match=rf"\({column}\): llama3-8b: "):
        data._check_lines(slipped)


def test_most_wrong_units_and_prefixes_of_a_fixed_sample_are_refused() -> None:
    # `make mutants-data` draws hundreds; these six say whether it works. A process of its own has read no table.
    asked = ["-m", "tests.mutate_data", "--seed", "3", "--count", "3", "--least", "0.8"]
    found = subprocess.run([sys.executable, *asked], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_sample_is_the_same_every_time_and_changes_one_cell() -> None:
    assert sample(5, 3) == sample(5, 3)
    assert Counter(one.kind for one in sample(5, 3)) == {"unit": 3, "prefix": 3, "double": 3, "digit": 3}
    assert all(isinstance(one, Change) and one.before != one.after for one in sample(5, 3))


def test_a_claim_by_a_word_names_its_unit() -> None:
    claim = ledger()["X10"]
    check_claim(claim)
    with pytest.raises(FactsError, match="X10: its words have no million USD"):
        check_claim(claim.model_copy(update={"unit": "MUSD"}))


@pytest.mark.parametrize(
    ("claim", "changed", "message"),
    [
        ("X25", {"unit": "month"}, "an order is of days, got month"),
        ("N10", {"unit": "day"}, "its note has a week, got 0.25 day"),
        ("N10", {"unit": "year"}, "its note has a week, got 0.25 year"),
        ("X16", {"unit": "MUSD"}, "its words have 1000 times as much"),
    ],
)
def test_a_claim_is_held_to_the_units_of_its_words(claim: str, changed: dict[str, str], message: str) -> None:
    check_claim(ledger()[claim])
    with pytest.raises(FactsError, match=f"{claim}: {message}"):
        check_claim(ledger()[claim].model_copy(update=changed))


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "message"),
    [
        ("kept_share", "0.01", "percent", "expected a share of 1, got 0.01 %"),
        ("reported_hbm_capacity", "13", "Tb", "expected bytes for reported_hbm_capacity, got 13 Tb"),
        ("tray_link_bandwidth", "1", "Tb/s", "expected bytes for tray_link_bandwidth, got 1 Tb/s"),
    ],
)
def test_the_tables_write_shares_and_bytes_in_one_way(
    tmp_path: Path, quantity: str, value: str, unit: str, message: str
) -> None:
    entity = "fsd-fleet" if quantity == "kept_share" else "exapod"
    own = tmp_path / "own.csv"
    columns = "entity,quantity,value,unit,kind,date,source"
    own.write_text(f"{columns}\n{entity},{quantity},{value},{unit},rated,2024,http://example.org\n")
    _check_writing(catalogue().facts)
    with pytest.raises(FactsError, match=message):
        _check_writing(catalogue(own).facts)


def test_a_number_is_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    element = next(one for one in parameters() if one.name == "element")
    data._check_parameters()
    monkeypatch.setattr(data, "parameters", lambda: [replace(element, unit="b")])
    with pytest.raises(
        FactsError, match=r"efficiency\.csv, line \d+, column \d+ \(unit\): expected bytes, got b"
    ):
        data._check_parameters()
