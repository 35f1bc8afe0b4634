"""`graph`, `solve`, `sweep`, `tornado`, `facts` and `models`: what the command line asks of any graph and table."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from dojo_calc.readings.compiled import available
from tests.commands.test_command_line import as_json, run, said

# A bill of two inputs, so that every answer is a product or a division done by hand.
OWN = """
from dojo_calc import Model, step
from dojo_calc.economics.cost import purchase_cost
bill = Model({"cost": step(purchase_cost)}, {"units": (8, 7, 9), "price": ("30 kUSD", "25 kUSD", "40 kUSD")})
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    (tmp_path / "own.py").write_text(OWN)
    path = tmp_path / "bill.toml"
    path.write_text('model = "own.py:bill"\noutputs = ["cost"]\n')
    return str(path)


def test_graphs_are_listed_with_their_options() -> None:
    rows = {row["graph"]: row for row in as_json("graph")}
    assert rows["feed_dojo"]["options"] == "workload, keep, sequence"
    assert rows["die_to_tile"]["says"].startswith("From a wafer's price")


def test_a_graph_shows_inputs_and_outputs(scenario: str) -> None:
    rows = as_json("graph", scenario, "--own-code")
    assert [
        (row["what"], row["name"], row["value"], row["low"], row["high"], row["unit"]) for row in rows
    ] == [
        ("input", "units", 8, 7, 9, "1"),
        ("input", "price", 30e3, 25e3, 40e3, "USD"),
        ("output", "cost", None, None, None, "USD"),
    ]
    assert rows[2]["from"] == "purchase_cost(units, price)"


def test_solve_finds_what_a_division_gives(scenario: str) -> None:
    found = as_json(
        "solve", scenario, "--find", "price", "--reach", "cost=500 kUSD", "--set", "units=10", "--own-code"
    )
    assert found[0] == {
        "find": "price", "value": pytest.approx(50e3), "unit": "USD",
        "output": "cost", "target": 5e5, "target_unit": "USD",
    }  # fmt: skip
    told = run(
        "solve", scenario, "--find", "price", "--reach", "cost=500 kUSD", "--set", "units=10", "--own-code"
    )
    assert told.stdout == "cost is 500,000 USD where price is 50,000 USD (model).\n"


def test_run_computes_a_graph_without_a_file() -> None:
    # A checkpoint of 30 s and a failure every 30 minutes: Daly's sqrt(2 * 30 * 1800) * (1 + sqrt(30 / 3600) / 3
    # + 30 / 3600 / 9) - 30 = 308.938 s; Young's first term alone is 328.6 s.
    asked = ("run", "chain", "--output", "checkpoint_interval")
    given = ("--set", "checkpoint_time=30 s", "--set", "mtbf=30 minutes")
    assert as_json(*asked, *given)[0]["value"] == pytest.approx(308.938, rel=1e-5)
    assert said(*asked, *given, "--depth", "0").startswith("checkpoint_interval = 5.149 minutes   [")
    # 419 interruptions of 16,384 chips in 54 days (Llama 3) are one of 100,000 chips every 0.507 h.
    (row,) = as_json("run", "chain", "--output", "mtbf", "--set", "chips=100k")
    assert row["value"] == pytest.approx(54 * 24 * 3600 / 419 * 16_384 / 100_000, rel=1e-3)


def test_run_takes_other_outputs_and_values_than_a_file_has(scenario: str) -> None:
    (row,) = as_json("run", scenario, "--set", "units=2", "--set", "price=10 kUSD", "--own-code")
    assert (row["output"], row["value"]) == ("cost", 20e3)
    (row,) = as_json("run", scenario, "--output", "cost", "--own-code")
    assert (row["output"], row["value"]) == ("cost", 240e3)


def test_a_sweep_has_a_row_a_point(scenario: str) -> None:
    rows = as_json(
        "sweep", scenario, "--output", "cost", "--own-code",
        "--over", "units=1; 2", "--over", "price=10 kUSD to 30 kUSD in 3",
    )  # fmt: skip
    assert [(row["units"], row["price"], row["cost"]) for row in rows] == [
        (1, 1e4, 1e4), (1, 2e4, 2e4), (1, 3e4, 3e4), (2, 1e4, 2e4), (2, 2e4, 4e4), (2, 3e4, 6e4),
    ]  # fmt: skip


def test_a_tornado_swings_by_hand(scenario: str) -> None:
    rows = as_json("tornado", scenario, "--output", "cost", "--own-code")
    assert [(row["input"], row["output_low"], row["output_high"]) for row in rows] == [
        ("price", 200e3, 320e3),
        ("units", 210e3, 270e3),
    ]
    assert [row["elasticity"] for row in rows] == pytest.approx([1.0, 1.0])  # a product's
    fixed = ("--set", "units=8", "--set", "price=30 kUSD; 29 kUSD; 31 kUSD")
    rows = as_json("tornado", scenario, "--output", "cost", "--own-code", *fixed)
    assert [(row["input"], row["swing"]) for row in rows] == [("price", 16e3)]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("solve", "F", "--find", "price", "--reach", "cost"), "--reach must be NAME=VALUE"),
        (("solve", "F", "--find", "prize", "--reach", "cost=1 USD"), "did you mean price"),
        (("solve", "F", "--find", "price", "--reach", "cost=1 W"), "USD"),
        (("tornado", "F", "--output", "cost", "--set", "units=1;2"), "takes a value, or a value with both ends"),
        (("tornado", "F", "--output", "cost", "--set", "units=1", "--set", "units=2"), "gives units twice"),
        (("sweep", "F", "--output", "cost", "--over", "units=1", "--over", "units=2"), "names one input twice"),
        (("sweep", "F", "--output", "cost", "--over", "units=1 to 9 in 1"), "needs 2 to 100,000 values, got 1"),
        (("sweep", "F", "--output", "cost", "--over", "units=1 to 9 in 999", "--over", "price=1 USD to 9 USD in 999"),
         "at most 100,000"),
        (("run", "F", "--output", "cots"), "has no output 'cots'; did you mean cost"),
        (("run", "F", "--set", "prize=1 USD"), "has no input 'prize'; did you mean price"),
        (("graph", "F", "--option", "chip=d1"), "a scenario file has its own [options]"),
        (("graph", "chain", "--option", "chp=d1"), "chain has no option 'chp'; did you mean chip?"),
        (("graph", "feed_dojo", "--option", "colour=red"), "it takes workload, keep, sequence"),
        (("run", "collateral", "--output", "own", "--option", "chip=d1"), "it takes none"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_line(asked: tuple[str, ...], words: str, scenario: str) -> None:
    code = ("--own-code",) if "F" in asked else ()
    done = run(*(scenario if word == "F" else word for word in asked), *code)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_graph_of_that_name_and_no_file_for_own_code() -> None:
    assert "unknown model 'rase'; did you mean race" in run("graph", "rase").stderr
    assert "no file is named" in run("tornado", "race", "--output", "x", "--own-code").stderr
    assert "name it" in run("graph", "--own-code").stderr
    assert "nothing says what to compute: give --output; `graph race` lists" in run("run", "race").stderr
    assert (
        "pue is given, but mtbf does not" in run("run", "chain", "--output", "mtbf", "--set", "pue=2").stderr
    )


def test_facts_come_with_readings_dates_and_sources() -> None:
    rows = as_json("facts", "a100", "power")
    assert len(rows) >= 1
    assert {row["quantity"] for row in rows} == {"power"}
    assert sum(row["default"] for row in rows) == 1
    assert all(row["source"] for row in rows)
    assert rows[0]["value"] == 400  # NVIDIA's data sheet of the SXM board
    every = as_json("facts", "a100")
    assert len({row["quantity"] for row in every}) > 5
    assert "did you mean" in run("facts", "a100", "powr").stderr


def test_models_are_listed_by_part_of_their_name() -> None:
    rows = as_json("models", "LLAMA3-")
    by_name = {row["model"]: row for row in rows}
    assert by_name["llama3-405b"]["parameters"] == pytest.approx(
        405.8e9, rel=1e-3
    )  # config.json, by its weights
    assert run("models", "nonesuch").returncode == 2


def test_verbose_says_that_nothing_is_compiled_without_numba(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("tornado", scenario, "--output", "cost", "--own-code")
    quiet = run(*asked)
    monkeypatch.setitem(sys.modules, "numba", None)
    available.cache_clear()
    try:
        told = run(*asked, "--verbose")
    finally:
        available.cache_clear()
        logging.getLogger("dojo_calc").handlers.clear()
    assert told.stdout == quiet.stdout
    assert quiet.stderr == ""
    assert (
        told.stderr == "note: numba is not installed (the extra compiled), so every formula runs in NumPy\n"
    )
