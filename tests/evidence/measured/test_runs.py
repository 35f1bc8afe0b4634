"""Files of runs that nobody here has seen: every row keeps its place, and one that cannot be predicted says why."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from dojo_calc.errors import FactsError
from dojo_calc.evidence.measured.memory_runs import validate_memory_runs
from dojo_calc.evidence.measured.runs import Run, newest, publisher, read_runs
from dojo_calc.evidence.measured.training_runs import predict, validate_runs
from dojo_calc.tables import data_path
from tests.commands.test_command_line import run as command

RUN = {
    "id": "a", "model": "llama3-8b", "chip": "h100-sxm", "chips": "64", "sequence": "8192", "global_batch": "128",
    "micro_batch": "1", "tensor": "1", "pipeline": "1", "context": "1", "interleave": "1",
    "metric": "tokens_per_second_per_chip", "measured": "9000",
}  # fmt: skip


def table(path: Path, *rows: dict[str, str]) -> Path:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns)
        out.writeheader()
        out.writerows(rows)
    return path


def one(tmp_path: Path, **cells: str) -> tuple[float | None, str]:
    row = validate_runs(table(tmp_path / "runs.csv", RUN | cells)).rows[0]
    return row.predicted, row.reason


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"model": "nobody-1b"}, "unknown transformer 'nobody-1b'"),
        ({"model": "nemotron-3-super"}, "nemotron-3-super cannot be expressed: a hybrid"),
        ({"chip": "abacus"}, "unknown machine 'abacus'"),
        ({"precision": "posit8"}, "precision must be one of"),
        (
            {"recompute": "sometimes"},
            "recompute must be one of none, selective, full, per-op, got 'sometimes'",
        ),
        ({"metric": "step_seconds", "global_batch": ""}, "need its global_batch"),
        ({"tensor": "3"}, "3"),
        ({"model": "", "chip": ""}, "model and chip blank: nothing to predict"),
        ({"chips": ""}, "chips blank"),
        ({"metric": ""}, "metric blank"),
    ],
)
def test_a_row_that_cannot_be_predicted_says_why(cells: dict[str, str], words: str, tmp_path: Path) -> None:
    predicted, reason = one(tmp_path, **cells)
    assert predicted is None
    assert words in reason


def test_blanks_of_any_kind_are_answered(tmp_path: Path) -> None:
    """All that a source may leave out at once; the rate then lies within a factor of two of the full row's."""
    full, _ = one(tmp_path)
    names = ("sequence", "global_batch", "micro_batch", "tensor", "pipeline", "context", "interleave")
    bare, reason = one(tmp_path, **dict.fromkeys(names, ""))
    assert not reason
    assert full is not None
    assert bare is not None
    assert 0.5 < bare / full < 2.0


def test_chips_may_follow_from_the_groups_and_nothing_need_be_measured(tmp_path: Path) -> None:
    full, _ = one(tmp_path)
    made, _ = one(tmp_path, chips="", data="64", measured="")
    assert made == full


def test_a_row_may_say_what_its_machine_is(tmp_path: Path) -> None:
    """A power cap slows matrix units with its root and nothing else; a slow network slows what crosses it."""
    full, _ = one(tmp_path)
    capped, _ = one(tmp_path, power_w="350")
    slow, _ = one(tmp_path, node_gbps="100")
    assert full is not None
    assert capped is not None
    assert slow is not None
    assert 0.5**0.5 <= capped / full < 1.0
    assert slow < full


def test_a_row_may_give_sizes_of_its_model() -> None:
    run = next(one for one in read_runs() if one.id == "korthikanti-gpt3-175b-full")
    half = run.model_copy(update={"layers": 48})
    whole, less = predict([run, half]).values
    # half the layers, the head whole: between a half and two thirds of the time
    assert 0.5 < less / whole < 0.67


def test_every_source_of_the_shipped_files_is_a_key() -> None:
    with data_path("sources.csv").open(encoding="utf-8") as file:
        keys = {row["key"] for row in csv.DictReader(file)} | {"no-source", "derived"}
    for name in ("training_runs", "more_runs", "whole_runs"):
        with data_path(f"validation/{name}.csv").open(encoding="utf-8") as file:
            used = {row["source"].split(" (")[0] for row in csv.DictReader(file)}
        assert used - keys == set(), name


def test_publishers_without_table_release_or_machine() -> None:
    assert publisher("Korthikanti 2022, table 5") == "Korthikanti 2022"
    assert publisher("megatron-bridge-archive (26.06)") == "megatron-bridge-archive"


def test_of_one_plan_the_newest_release_is_kept() -> None:
    old = Run(id="a", model="m", chip="c", chips=1, metric="mfu", measured=0.4, stack="bridge-25.11")
    new = old.model_copy(update={"id": "b", "stack": "bridge-26.04.01", "measured": 0.5})
    other = old.model_copy(update={"id": "c", "chips": 2})
    assert [run.id for run in newest([old, other, new])] == ["c", "b"]


def test_a_file_of_models_of_ones_own(tmp_path: Path) -> None:
    own = table(tmp_path / "models.csv", {
        "model": "mine", "layers": "4", "hidden": "512", "feedforward": "2048", "heads": "8", "kv_heads": "8",
        "vocabulary": "1000",
    }, {"model": "unsaid", "layers": "", "hidden": "", "feedforward": "", "heads": "", "kv_heads": "",
        "vocabulary": ""})  # fmt: skip
    runs = table(
        tmp_path / "runs.csv",
        RUN | {"model": "mine"},
        RUN | {"id": "b", "model": "unsaid"},
        RUN | {"id": "c"},
    )
    first, second, third = validate_runs(runs, models=own).rows
    assert first.predicted is not None
    assert third.predicted is not None
    assert "layers, hidden, feedforward, heads, kv_heads, vocabulary not published" in second.reason


def test_memory_is_told_by_its_columns(tmp_path: Path) -> None:
    row = {name: cell for name, cell in RUN.items() if name not in ("metric", "measured")}
    file = table(tmp_path / "memory.csv", row | {"measured_gib": "60", "recompute": "full", "sharding": "zero3"},
                 row | {"id": "b", "chip": "", "measured_gib": "60"},
                 row | {"id": "c", "model": "", "measured_gib": ""})  # fmt: skip
    first, second, third = validate_memory_runs(file).rows
    assert "model blank" in third.reason
    # 18 bytes a parameter of 8.03e9 over 64 chips is 2.1 GiB, and activations of 32 layers of 8,192 tokens 2 GiB
    assert first.predicted is not None
    assert 4.0 < first.predicted < 20.0
    assert second.predicted is None
    assert second.reason


def test_the_command_reads_all_kinds() -> None:
    for name in ("more_runs", "whole_runs"):
        result = command("validate", str(data_path(f"validation/{name}.csv")), "--json")
        rows = json.loads(result.stdout)["rows"]
        with data_path(f"validation/{name}.csv").open(encoding="utf-8") as file:
            assert [row["id"] for row in rows] == [row["id"] for row in csv.DictReader(file)]
        assert {"id", "group", "metric", "measured", "predicted", "low", "high", "reason"} <= set(rows[0])
        assert all((row["predicted"] is None) == bool(row["reason"]) for row in rows)


def test_a_number_that_is_none_stops_the_file(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match=r"line 2, column 4 \(chips\)"):
        read_runs(table(tmp_path / "runs.csv", RUN | {"chips": "eight"}))
