from __future__ import annotations

import csv
import io
import json
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.commands.answer import answer
from dojo_calc.tables import data_path


def run(*arguments: str, faulty: bool = False) -> subprocess.CompletedProcess[str]:
    """Answer in this process, as `python -m dojo_calc` does; test_doors.py starts real ones.

    Whatever else a test looks at, no answer and no refusal may be a fault of ours.
    """
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = answer(arguments)
    assert faulty or "this is a fault of dojo_calc" not in err.getvalue(), err.getvalue()
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def said(*arguments: str) -> str:
    """Words of an answer that was given whole."""
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_json(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_claims_as_json_has_the_agreed_keys() -> None:
    entries = as_json("claims")
    keys = (
        "id document by date due claim form said claimed_low claimed_high unit ruling main found "
        "computed_low computed "
        "computed_high verdict distance depends then today changes sources readings derived reason note"
    )
    assert all(list(entry) == keys.split() for entry in entries)
    by_id = {entry["id"]: entry for entry in entries}
    wanted = "D17 D20 D21 D22 D23 D24 D25 D26 D27 D33 D39 D40 D41 D42 D43 D44 D45 D46 D48 D49 N05 N07 N08 X12 X13 X14"
    assert set(wanted.split()) <= set(by_id)
    assert by_id["D43"]["computed_low"] == pytest.approx(276_243.09, abs=0.005)
    assert by_id["D45"]["claimed_low"] is None
    assert all(set(one) == {"name", "value", "unit"} for entry in entries for one in entry["derived"])


def test_claims_are_shown_by_id_in_the_order_asked() -> None:
    assert [entry["id"] for entry in as_json("claims", "x12", "D43", "X12")] == ["X12", "D43"]
    unknown = run("claims", "D43", "D433")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "unknown claim 'D433'; did you mean D43" in unknown.stderr


def test_claims_by_document_and_verdict() -> None:
    rows = as_json("claims", "--document", "xai-ambition-post", "--verdict", "withdrawn")
    assert [row["id"] for row in rows] == ["X14"]
    done = run("claims", "--verdict", "contradictde")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--verdict: no claim asked for has 'contradictde'; did you mean contradicted" in done.stderr


def test_a_claim_by_its_id_shows_all_that_was_found() -> None:
    shown = " ".join(said("claims", "--id", "d46").replace("│", " ").split())  # whole lines of a cell
    for words in ("It holds if", "pledged", "spent", "today contradicted", "wshu-2025-11"):
        assert words in shown


def test_claims_of_a_readers_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("id,claim,low,unit,check\nmy-power,It draws 100 MW,100,MW,{140 to 174 MW}\n")
    (row,) = as_json("claims", "--claims", str(file))
    assert (row["id"], row["verdict"]) == ("my-power", "contradicted")
    file.write_text("id,claim,low,unit,check\nmy-power,It draws 100 MW,100,MW,{140 GUSD}\n")
    done = run("claims", "--claims", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        f"error: {file}, line 2, column 5 (check): the formula gives GUSD, but the claim"
    )


def test_plan_in_three_forms() -> None:
    rows = as_json("plan", "--target", "100 EFLOP/s", "--chip", "d1")["accounts"]
    values = {row["name"]: row["value"] for row in rows}
    assert values["d1, whole"] == 276_244
    assert values["dojo-tile, whole"] == 11_050
    assert values["exapod, whole"] == 93
    as_csv = run("plan", "--target", "100 EFLOP/s", "--chip", "d1", "--csv")
    read = {row["name"]: float(row["value"]) for row in csv.DictReader(io.StringIO(as_csv.stdout))}
    assert read == pytest.approx(values)
    words = run("plan", "--target", "100 EFLOP/s", "--chip", "d1")
    assert words.stdout.startswith("100 EFLOP/s takes 276,244 d1, or 276,250 in whole servers.")


def test_an_inventory_in_three_forms() -> None:
    rows = as_json("inventory", "--target", "100 EFLOP/s", "--chip", "d1")
    values = {row["name"]: row["value"] for row in rows}
    assert values["dojo-tray, whole"] == 1842  # 276,244 / 150
    assert values["gross wafers, whole"] == 3104  # 276,244 / 89, the dies that fit a wafer
    assert dc.die_to_tile().evaluate("gross") == 89
    as_csv = run("inventory", "--target", "100 EFLOP/s", "--chip", "d1", "--csv")
    read = {row["name"]: float(row["value"]) for row in csv.DictReader(io.StringIO(as_csv.stdout))}
    assert read == pytest.approx(values)
    words = run("inventory", "--target", "100 EFLOP/s", "--chip", "d1")
    assert "[epoch_model]" in words.stdout, "brackets are no markup"


def test_another_reading_changes_the_plan() -> None:
    rows = as_json(
        "plan", "--target", "100 EFLOP/s", "--chip", "d1", "--reading", "d1.peak_bf16=hot_chips_34"
    )["accounts"]
    assert {row["name"]: row["value"] for row in rows}["d1, whole"] == 265_958


def test_chips_and_machine() -> None:
    assert {"d1", "h100-sxm"} <= {row["id"] for row in as_json("chips")}
    rows = {(row["group"], row["name"]): row["value"] for row in as_json("machine", "exapod")}
    assert rows["made of", "d1"] == 3000
    assert rows["power", "power at dojo-tray"] == pytest.approx(2.08e6)
    assert said("machine", "exapod", "--csv").startswith("group,name,value,unit,note\n")
    assert run("chips").returncode == run("claims").returncode == 0


def test_a_machine_with_nothing_to_list_says_so() -> None:
    assert "has no part, peak" in said("machine", "dojo-3-plan")
    assert run("machine", "dojo-3-plan", "--csv").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["machine", "d2"], "unknown machine 'd2'; did you mean d1"),
        (["plan", "--target", "1 EFLOP", "--chip", "d1"], "for a rate write 1 EFLOP/s"),
        (["plan", "--target", "1 nan", "--chip", "d1"], "unknown unit 'nan'"),
        (["plan", "--target", "100 kW", "--chip", "d1"], "target must be in FLOP/s"),
        (["plan", "--target", "-5 FLOP/s", "--chip", "d1"], "target must be above 0"),
        (["plan", "--target", "10**10**10 W", "--chip", "d1"], "is not a unit"),
        (["plan", "--target", "9" * 2000, "--chip", "d1"], "is not a quantity"),
        (
            ["plan", "--target", "1 EFLOP/s", "--chip", "a100", "--precision", "fp8"],
            "no peak at precision 'fp8'",
        ),
        (
            ["plan", "--target", "1 EFLOP/s", "--chip", "wafer"],
            "expected a chip, got wafer-300mm, which is a wafer",
        ),
        (["plan", "--target", "1 EFLOP/s", "--chip", "d1", "--reading", "nonsense"], "--reading must be"),
        (["plan", "--target", "1 EFLOP/s", "--chip", "d1", "--reading", "d1.peak_bf16=x"], "no reading 'x'"),
        (["chips", "--facts", "missing.csv"], "missing.csv: cannot be read"),
        (["inventory", "--chip", "d1"], "--target"),
        (["plan", "--chip", "d1"], "give a target, chips, a power line, a budget"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_clear_error_and_exit_code_2(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in " ".join(done.stderr.split())
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_readers_own_file_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    header = "entity,quantity,reading,default,value,low,high,unit,kind,date,source,confidence,note\n"
    path.write_text(header + "mychip,peak_bf16,,,500,,,TFLOP/s,rated,2026,https://example.org,C,\n")
    rows = as_json("plan", "--target", "1 EFLOP/s", "--chip", "mychip", "--facts", str(path))["accounts"]
    assert {row["name"]: row["value"] for row in rows}["mychip, whole"] == 2000
    path.write_text(header + "mychip,peak_bf16,,,500,,,TFLOP/s,estimated,2026,https://example.org,C,\n")
    done = run("chips", "--facts", str(path))
    assert done.returncode == 2
    assert f"error: {path}, line 2, column 6 (low)" in done.stderr


def test_a_check_that_raises_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    from dojo_calc.evidence.claims.verdicts import checks

    def broken(_: Any) -> Any:
        raise ZeroDivisionError("by hand")

    monkeypatch.setitem(checks(), "D43", broken)
    done = run("claims")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: the check of D43 raised ZeroDivisionError: by hand\n"


SCENARIO = 'model = "chain"\noutputs = ["fleet_server_price"]\n[inputs]\nchips = "{}"\n'


def test_run_and_diff_of_scenarios(tmp_path: Path) -> None:
    for name, target in (("a", "100,000"), ("b", "200,000")):
        (tmp_path / f"{name}.toml").write_text(SCENARIO.format(target))
    a, b = str(tmp_path / "a.toml"), str(tmp_path / "b.toml")
    assert said("run", a).startswith("fleet_server_price = ")
    value = as_json("run", a)[0]["value"]
    assert value == pytest.approx(100_000 * 31_600)  # a share of a server at its median price of 2025
    assert said("run", a, "--csv").splitlines()[0] == "output,value,unit"
    difference = as_json("diff", a, b)[0]
    assert difference["after"] - difference["before"] == sum(
        one["amount"] for one in difference["contributions"]
    )
    assert [one["input"] for one in difference["contributions"]] == ["chips"]
    assert "chips" in said("diff", a, b)
    (tmp_path / "b.toml").write_text(SCENARIO.format("200 W"))
    done = run("diff", a, b)
    assert done.returncode == 2
    assert "b.toml, line 4 (chips)" in done.stderr


def test_compare_puts_machines_side_by_side() -> None:
    rows = {row["what"]: row for row in as_json("compare", "d1", "a100", "h100", "b200")}
    assert rows["peak_bf16"]["d1"] == 362e12
    assert rows["peak_bf16"]["h100-sxm"] == pytest.approx(989.4e12)
    assert rows["peak_fp8"]["a100-sxm-80gb"] is None
    assert "against NVIDIA A100" in " ".join(said("compare", "d1", "a100").split())


def test_validate_tells_clusters_by_their_columns() -> None:
    found = as_json("validate", str(data_path("validation/clusters.csv")))
    assert set(found) == {"rows", "groups", "overall", "studies"}
    keys = "id group source chip metric unit measured predicted low high error chosen reason cluster"
    assert all(list(row) == keys.split() for row in found["rows"])
    assert {row["metric"] for row in found["rows"]} == {"power", "cost"}
    assert len(found["rows"]) == found["overall"]["count"] == 50
    done = run("validate", str(data_path("sources.csv")))
    assert done.returncode == 2
    assert "or of clusters (reported_mw, reported_cost_usd, ...); got address, author" in done.stderr


def test_validate_economics_gives_every_printed_figure() -> None:
    rows = as_json("validate", "--economics")
    assert all(row["holds"] for row in rows)
    assert {"id", "what", "value", "reference", "difference", "source"} <= set(rows[0])
    assert run("validate", "x.csv", "--economics").returncode == 2


def test_validate_without_a_file_holds_the_shipped_runs() -> None:
    found = as_json("validate")
    assert found["overall"]["count"] == 163
    assert found["rows"][0]["id"] == "korthikanti-megatron-22b-full"
    keys = "id group source chip metric unit measured predicted low high error chosen reason cluster"
    assert all(list(row) == keys.split() for row in found["rows"])


def test_search_names_the_best_plan() -> None:
    asked = ("search", "--model", "mpt-1b", "--chip", "a100-sxm-80gb", "--chips", "8", "--global-batch", "64")
    rows = as_json(*asked)
    assert rows[0]["tensor"] * rows[0]["pipeline"] * rows[0]["context"] * rows[0]["data"] == 8
    assert rows[0]["step_time"] <= rows[-1]["step_time"]
    assert "plans considered" in said(*asked)
    wrong = run("search", "--model", "gpt3-175b", *asked[3:])
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "plans fits: the smallest needs" in wrong.stderr
    assert run("search", "--model", "gpt-3", *asked[3:]).stderr == wrong.stderr  # as people type it
    assert run("search", "--model", "gpt9", *asked[3:]).stderr.startswith("error: unknown transformer 'gpt9'")


def test_a_scenario_runs_code_of_ones_own_only_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        'import dojo_calc as dc\n\nSTEPS = {"chips": dc.step(dc.units_needed, unit="peak")}\n\n\n'
        'INPUTS = {"target": "1 PFLOP/s", "peak": "d1.peak_bf16"}\n\n\n'
        "def made(book=None):\n    return dc.Model(STEPS, INPUTS, book=book)\n"
    )
    scenario = tmp_path / "mine.toml"
    scenario.write_text('model = "mine.py:made"\n')
    refused = run("run", str(scenario))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "mine.py is Python code and is run only if you say so: with --own-code" in refused.stderr
    (row,) = as_json("run", str(scenario), "--own-code", "--reading", "d1=hot_chips_34")
    # Hot Chips 34 printed 376 TFLOP/s: the function was given the facts with that reading.
    assert row["value"] == pytest.approx(1e15 / 376e12)


def test_claims_as_csv_has_a_row_for_each() -> None:
    done = run("claims", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["id"]: row["verdict"] for row in rows}.items() >= {("D43", "reproduced")}
    assert "readings" not in rows[0]


def test_validate_uses_a_readers_facts_for_every_file(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("entity,quantity,value,unit,kind,date\nH100,power,1400,W,rated,2026\n", encoding="utf-8")
    clusters = str(data_path("validation/clusters.csv"))
    before, after = (said("validate", clusters, "--csv", *more) for more in ((), ("--facts", str(own))))
    differ = [a for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert differ
    assert all("h100" in row.lower() for row in differ)
    refused = run("validate", "--economics", "--facts", str(own))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--facts and --reading would change nothing" in refused.stderr


def test_what_a_short_table_leaves_out_is_told_beside_the_answer(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("entity,quantity,value,unit\nMyChip,peak_bf16,500,TFLOP/s\n", encoding="utf-8")
    found = run("plan", "--target", "1 EFLOP/s", "--chip", "mychip", "--csv", "--facts", str(own))
    assert found.returncode == 0
    assert "note: neither kind nor interval was given: taken as rated" in found.stderr
    assert "MyChip.peak_bf16" in found.stderr
    assert "2000" in found.stdout
    refused = run(
        "plan", "--target", "1 EFLOP/s", "--chip", "mychip", "--csv", "--explain", "--facts", str(own)
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert refused.stderr.startswith("error: --csv prints the accounts alone")


def test_counts_are_read_as_people_type_them() -> None:
    asked = ("search", "--model", "mpt-1b", "--chip", "a100-sxm-80gb", "--most", "1", "--json")
    plain = run(*asked, "--chips", "1000", "--global-batch", "1000", "--sequence", "2000")
    typed = run(*asked, "--chips", "1k", "--global-batch", "1,000 sequences", "--sequence", "2 thousand")
    assert plain.returncode == 0
    assert typed.returncode == 2
    assert "unknown unit 'sequences'" in typed.stderr
    typed = run(*asked, "--chips", "1k", "--global-batch", "1,000", "--sequence", "2 thousand")
    assert typed.stdout == plain.stdout
    found = as_json("plan", "--target", "1.086 EFLOP/s", "--chip", "d1")["accounts"]
    rows = {row["name"]: row["value"] for row in found}
    # 3,000 x 362 TFLOP/s; 25 a tile, 3,000 an ExaPOD.
    assert (rows["d1, whole"], rows["dojo-tile, whole"], rows["exapod, whole"]) == (3000, 120, 1)
