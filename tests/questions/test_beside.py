"""Questions of the graphs beside the chain, and which chip answers which question, on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dojo_calc as dc
from tests.commands.test_command_line import as_json, run, said
from tests.questions.test_buy import LATE, TEN

SCHEDULE = Path(__file__).parent / "schedules" / "hall.toml"


def test_a_die_of_ones_own_by_hand() -> None:
    found = dc.chip(die_area="100 mm^2", defect_density="0.1 1/cm^2", critical_share=1.0, clustering=10.0, spares=0.0,
                    redundant_share=0.0, wafer_price="10,000 USD", test_cost="0 USD", coverage=1.0)  # fmt: skip
    # (1 + 0.1 / 10)^-10 = 0.90529; a good die is the raw one over it.
    assert found["die_yield"].value == pytest.approx(0.90529, rel=1e-4)
    assert found["raw_die"].value == pytest.approx(10_000 / found["gross"].value)
    assert found["known_good_die"].value == pytest.approx(found["raw_die"].value / 0.90529, rel=1e-4)


def test_the_programme_says_what_its_model_says() -> None:
    found = dc.programme()
    assert found["saved"].value == dc.make_or_buy().evaluate("saved")
    assert found["saved"].value == pytest.approx(found["buy"].value - found["make"].value)
    told = as_json("make-or-buy")
    assert told["answer"] == found.bottom


def test_both_are_saved_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    assert run("chip", "--set", "die_area=100 mm^2", "--save", str(path)).returncode == 0
    shown = {row["output"]: row["value"] for row in as_json("run", str(path))}
    assert shown["tile"] == dc.chip(die_area="100 mm^2")["tile"].value
    assert "did you mean" in run("chip", "--set", "dieareas=1 mm^2").stderr


def test_every_chip_with_a_peak_answers_every_question() -> None:
    rows = as_json("coverage")
    assert {"d1", "h100-sxm", "tpu-v5p", "mi300x", "trainium2", "gaudi-3"} <= {row["chip"] for row in rows}
    for row in rows:
        assert "missing" not in {row[name] for name in ("plan", "power", "capital", "hour", "run")}, row
    h100 = next(row for row in rows if row["chip"] == "h100-sxm")
    assert h100["rent"] == h100["capital"] == "published"


def test_a_schedule_is_bought_from_the_command_line() -> None:
    found, told = dc.buy(SCHEDULE), as_json("buy", str(SCHEDULE))
    assert told["cost"] == pytest.approx(found.cost, rel=1e-6)
    words = said("buy", str(SCHEDULE))
    assert words.startswith("The cheapest schedule costs ")
    tables = ["Orders", "Periods", "What it costs"]
    assert [line for line in words.splitlines() if line in tables] == tables
    # Only what is worth something at the end is a cost below nothing; nobody rents less than no rate.
    assert re.findall(r"\S+ +\S+ +-[\d.]+", words) == re.findall(r"residual +\S +-[\d.]+", words)
    assert said("buy", str(SCHEDULE), "--csv").startswith("period,offer,ordered,")
    assert run("buy", "nothing.toml").returncode == 2


def test_a_schedule_with_nothing_to_order_at_once_says_so(tmp_path: Path) -> None:
    # Whoever waits pays 150 then; who orders A now, at 100, pays both where it comes late: see test_buy.py.
    path = tmp_path / "wait.toml"
    asked = TEN.replace("[[offers]]", 'interest = "1 %"\n\n[[offers]]', 1) + LATE
    path.write_text(asked + "[uncertainty]\nknown = 1\naversion = 0.5\n", encoding="utf-8")
    words = said("buy", str(path))
    # 1,500 a period away, at 1 %: 1,485.1
    assert words.startswith("The cheapest way costs 1,485 USD on average over the scenarios")
    assert "\nOrdered before the scenario is known: nothing\n" in words
    assert "Orders, if on time\n" in words
    assert "Orders, if late\n" in words
