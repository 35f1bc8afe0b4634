from __future__ import annotations

import inspect
from pathlib import Path
from textwrap import dedent

import pytest

import dojo_calc as dc
from dojo_calc.economics.recourse import Recourse
from dojo_calc.economics.schedule import InfeasiblePlanError, Schedule
from dojo_calc.questions import buy as module
from dojo_calc.questions.buy import buy
from dojo_calc.questions.scenario import ScenarioError

HALL = Path(__file__).parent / "schedules" / "hall.toml"
# Ten units are wanted in the second quarter. A costs 100, ordered in the first; B 150, there at once.
TEN = """
[needs]
dates = [2026-01-01, 2026-04-01]
demand = [0, 10]
budget = 10000
grid = 1

[[offers]]
name = "a"
rate = 1
power = 0
price = 100
most = 30
lead = 1

[[offers]]
name = "b"
rate = 1
power = 0
price = "150 USD"
most = [30, 30]
"""
LATE = """
[[scenarios]]
name = "on time"
chance = 0.5

[[scenarios]]
name = "late"
chance = "50 %"
late = { a = 1 }
"""


def write(folder: Path, text: str, table: str | None = None) -> Path:
    if table is not None:
        (folder / "periods.csv").write_text(table, encoding="utf-8")
    path = folder / "buy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_by_hand(tmp_path: Path) -> None:
    found = buy(write(tmp_path, TEN))
    assert isinstance(found, Schedule)
    assert found.cost == pytest.approx(1000)
    assert found.orders["ordered"].to_list() == pytest.approx([10, 0, 0, 0])


@pytest.mark.parametrize(
    ("said", "units"),
    [
        ("", (10, 0)),  # 9.5 are wanted, and nobody sells half of one
        ("whole = false", (9.5, 0)),
        ("group = 4", (8, 2)),  # 800 + 2 x 151 are less than the 1,200 of three servers of four
        ("group = 6", (12, 0)),  # 1,200 are less than the 600 + 4 x 151 of one server of six
    ],
)
def test_what_is_ordered_is_whole(tmp_path: Path, said: str, units: tuple[float, float]) -> None:
    text = (
        TEN.replace("[0, 10]", "[0, 9.5]")
        .replace("150 USD", "151 USD")
        .replace("lead = 1", f"lead = 1\n{said}")
    )
    found = buy(write(tmp_path, text))
    assert isinstance(found, Schedule)
    ordered = [sum(found.orders.filter(found.orders["offer"] == name)["ordered"]) for name in ("a", "b")]
    assert ordered == pytest.approx(units, abs=1e-9)
    assert found.cost == pytest.approx(100 * units[0] + 151 * units[1])


def test_what_is_cancelled_is_whole_too(tmp_path: Path) -> None:
    # Twelve A for a tenth down; if they would come late, whole servers of four are cancelled, and B fills the gap.
    text = TEN.replace("lead = 1", "lead = 1\ngroup = 4\ndeposit = 0.1").replace("[0, 10]", "[0, 9.5]")
    found = buy(write(tmp_path, text + LATE + '[uncertainty]\nknown = 1\ncancellable = ["a"]\n'))
    assert isinstance(found, Recourse)
    for plan in found.plans.values():
        assert plan.orders.filter(plan.orders["offer"] == "a")["ordered"][0] % 4 == 0
        assert all(units % 4 == 0 for units in plan.orders.filter(plan.orders["offer"] == "a")["installed"])
    bad = text + LATE + "[uncertainty]\nknown = 1\ncancellable = true\n"
    with pytest.raises(ScenarioError, match=r"\(cancellable\): expected a list of names of offers, got True"):
        buy(write(tmp_path, bad))


def test_scenarios_by_hand(tmp_path: Path) -> None:
    # Half of the time A comes too late: ten B for 1,500 are better than 1,000 and then 1,500 more half of the time.
    found = buy(write(tmp_path, TEN + LATE + "[uncertainty]\nknown = 1\naversion = 0.5\n"))
    assert isinstance(found, Recourse)
    assert found.cost == pytest.approx(1500)
    assert found.scenarios["scenario"].to_list() == ["on time", "late"]


def test_lots_and_learning_by_their_formulas(tmp_path: Path) -> None:
    # A tenfold order saves a tenth: ten at once of what costs 100 in an order of one are 90 each.
    lots = TEN.replace("lead = 1", "lead = 1\nlot = 1\nlot_saving = 0.1\nlot_sizes = [10]")
    assert buy(write(tmp_path, lots)).cost == pytest.approx(900)
    # Made are 100, and a quarter later 200: at 20 % a doubling B falls from 110 to 88, below the 100 of A.
    learned = TEN.replace('price = "150 USD"', "price = 110\nlearning = 0.2\nmade = [100, 200]")
    assert buy(write(tmp_path, learned)).cost == pytest.approx(880)


def test_the_example_takes_chip_and_rent_from_the_chain() -> None:
    found = buy(HALL)
    assert isinstance(found, Schedule)
    # In October at most 1 of 2 EFLOP/s is rented: the other comes from H100 ordered in July, at least 1 / 0.9894e-3.
    rented = found.periods["rented"].to_list()
    first = found.orders.filter(found.orders["offer"] == "H100")["ordered"][0]
    assert max(rented) <= 1e18 * (1 + 1e-9)
    assert first >= 1e18 / 989.4e12 * (1 - 1e-9)
    assert first % 8 == 0, "whole servers of eight"
    # The quarters have 92, 92 and 90 days: rent for a chip and period at its hourly price.
    chain = dc.chain(chip="h100-sxm")
    quarter = (92 + 92 + 90) / 3 * 86400
    price = chain.evaluate("rent") * quarter / 989.4e12
    discounted = sum(rate * price / 1.02**t for t, rate in enumerate(rented))
    assert found.parts["rent"] == pytest.approx(discounted)
    # What runs pays energy, operation, maintenance and tax.
    parts = chain.evaluate(["energy_cost", "operation_cost", "maintenance_cost", "tax_cost"])
    ran = found.orders.filter(found.orders["offer"] == "H100")["energised"].to_list()
    own = found.orders.filter(found.orders["offer"] == "own chip")["energised"].to_list()
    running = [a * sum(parts.values()) * quarter + b * 100 for a, b in zip(ran, own, strict=True)]
    assert found.parts["running"] == pytest.approx(sum(one / 1.02**t for t, one in enumerate(running)))


def test_the_example_of_the_reference_runs(tmp_path: Path) -> None:
    text = inspect.getdoc(module)
    assert text is not None
    body = text[text.index("    [needs]") : text.index("Keys are the fields")]
    found = buy(write(tmp_path, dedent(body)))
    assert isinstance(found, Recourse)
    assert found.scenarios["chance"].to_list() == pytest.approx([0.3, 0.7])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("most = 30", "mots = 30", r"line 13 \(mots\): unknown key; did you mean most"),
        ("[needs]", "[need]", r"line 2 \(need\): unknown table 'need'; did you mean needs"),
        ("demand = [0, 10]", "", r"line 2 \(demand\): expected a value, or one a period, got none"),
        ("demand = [0, 10]", "demand = [0, 1, 2]", r"line 4 \(demand\): demand: expected one value or 2"),
        ("price = 100", 'price = "100 kg"', r"line 12 \(price\): price of a must be in USD"),
        (
            'price = "150 USD"',
            "price = -1",
            r"line 20 \(price\): price of b must be at least 0 \[USD\], got -1",
        ),
        ("lead = 1", "lead = 1.5", r"line 14 \(lead\): lead of a: expected a whole number of periods"),
        ("lead = 1", "lots = { 40 = 2 }", r"line 14 \(lots\): lots\[40\] of a must be above 0 and at most 1"),
        (
            "lead = 1",
            "group = 0",
            r"line 14 \(group\): group of a: expected a whole number of units from 1, got 0",
        ),
        ("lead = 1", "group = 2\nwhole = false", r"line 14 \(group\): group of a: says nothing of an offer"),
        ("lead = 1", 'on = "2024"', r"line 14 \(on\): says nothing without a chip"),
        ("lead = 1", 'chip = "h1000"', r"line 14 \(chip\): .*h1000"),
        ("lead = 1", "lot = 5", r"line 14 \(lot\): expected all of lot, lot_saving, lot_sizes, got lot"),
        (
            "lead = 1",
            "learning = 0.1\nmade = [1]",
            r"line 14 \(learning\): made: expected 2 values, one a period",
        ),
        ("dates = [2026-01-01, 2026-04-01]", "", r"line 2 \(dates\): expected a list of dates, or a table"),
        ("rate = 1", "", r"line 8 \(rate\): expected a value, got none; or name a chip"),
        ('name = "b"', 'name = "a"', r"\(offers\): offers: the name 'a' is used twice"),
        ('name = "b"', "name = 3", r"line 17 \(name\): expected a name, got 3"),
        ("grid = 1", "grid = 1\n[uncertainty]\nknown = 1", r"line 7 \(uncertainty\): says nothing without"),
        (
            "grid = 1",
            "grid = 1\n[search]\ntime = 1",
            r"line 8 \(time\): unknown key.* \(expected gap, nodes\)",
        ),
        (
            "grid = 1",
            "grid = 1\n[[scenarios]]\nname = 'x'",
            r"line 7 \(chance\): expected a chance, got none",
        ),
        (
            "grid = 1",
            "grid = 1\n[[scenarios]]\nname = 'x'\nchance = 1\nlate = {c = 1}",
            r"line 10 \(late\): late of scenario x: there is no offer 'c'",
        ),
        ("grid = 1", "grid = 1\ntable = 'none.csv'", r"none.csv"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEN
    with pytest.raises(ScenarioError, match=message):
        buy(write(tmp_path, TEN.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("date,demand\n2026-01-01,0\n2026-04-01", r"periods.csv, line 3: expected 2 cells, got 1"),
        ("date,wish\n2026-01-01,0", r"periods.csv, line 1, column 2: 'wish' is unknown"),
        ("date,date\n2026-01-01,0", r"periods.csv, line 1, column 1: 'date' is there twice"),
        (
            "date,a price\n2026-01-01,",
            r"periods.csv, line 2 \(a price\): expected a value, got an empty cell",
        ),
        ("demand\n0\n10", r"line 5 \(demand\): stands here and in .*periods.csv"),
        ("a price\n1\n2", r"line 13 \(price\): stands here and in .*periods.csv"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_its_line(tmp_path: Path, table: str, message: str) -> None:
    text = TEN.replace("[needs]", '[needs]\ntable = "periods.csv"')
    if "date," in table:
        text = text.replace("dates = [2026-01-01, 2026-04-01]\ndemand = [0, 10]\n", "")
    with pytest.raises(ScenarioError, match=message):
        buy(write(tmp_path, text, table))


def test_a_plan_that_does_not_fit_says_what_frees_it(tmp_path: Path) -> None:
    with pytest.raises(InfeasiblePlanError, match="a budget 900 USD larger in all from 2026-01-01"):
        buy(write(tmp_path, TEN.replace("budget = 10000", "budget = [100, 0]")))
