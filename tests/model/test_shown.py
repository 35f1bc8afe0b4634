"""What a notebook shows of models, simulations, searches and answers: tables with labels, units and intervals."""

from __future__ import annotations

import re
from pathlib import Path

import dojo_calc as dc
from dojo_calc.economics.recourse import Recourse
from dojo_calc.economics.schedule import Schedule
from dojo_calc.performance.search import search
from tests.commands.test_command_line import said
from tests.questions.test_buy import LATE, TEN


def cells(shown: str) -> list[list[str]]:
    """Texts of the rows of HTML tables."""
    rows = re.findall(r"<tr>(.*?)</tr>", shown)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_a_model_shows_its_inputs_with_intervals_and_its_outputs() -> None:
    model = dc.Model({"cost": dc.purchase_cost}, {"units": (1000, 800, 1300), "price": None}, name="a<b")
    shown = model._repr_html_()
    assert "a&lt;b" in shown
    rows = cells(shown)
    assert ["Units", "units", "1,000", "800 to 1,300", "given"] in rows
    assert ["Price", "price", "must be given", "", "must be given"] in rows
    assert ["Cost", "cost", "–"] in rows
    # 1,000 units at 30,000 USD
    assert ["Cost", "cost", "30 million USD"] in cells(model.replace(price=30e3)._repr_html_())


def test_a_simulation_shows_medians_and_intervals() -> None:
    model = dc.Model({"cost": dc.purchase_cost}, {"units": (8, 7, 9), "price": 1e3}, name="mine")
    shown = dc.simulate(model, "cost", samples=4096)._repr_html_()
    (row,) = [one for one in cells(shown) if one[0] == "Cost"]
    assert row[2] == "8,000 USD"
    assert re.fullmatch(r"7,0\d\d to 9,0\d\d USD|7,000 to 9,000 USD", row[3]), row
    assert "samples" in shown


def test_a_search_shows_its_best_plan() -> None:
    shown = search("llama3-8b", "h100-sxm", 64, global_batch=256, sequence=4096)._repr_html_()
    told = {row[0]: row[1] for row in cells(shown) if len(row) == 2}
    assert told["chips"] == "64"
    assert told["mfu"].endswith("%")
    assert "of which" in shown


def test_a_model_is_one_line_at_a_prompt() -> None:
    small = dc.Model({"cost": dc.purchase_cost}, {"units": 1, "price": 2}, name="bill")
    assert repr(small) == "<Model bill: units, price -> cost>"
    large = dc.chain("h100")
    assert (
        repr(large) == f"<Model chain(h100-sxm): {len(large.inputs)} inputs -> {len(large.outputs)} outputs>"
    )


def test_a_plan_reads_the_same_in_a_notebook_and_on_the_command_line() -> None:
    asked = ("--chips", "64", "--global-batch", "256", "--sequence", "4096", "--most", "1")
    words = " ".join(said("search", "--model", "llama3-8b", "--chip", "h100", *asked).split())
    shown = search("llama3-8b", "h100-sxm", 64, global_batch=256, sequence=4096)._repr_html_()
    told = {row[0]: row[1] for row in cells(shown) if len(row) == 2 and row[1]}
    assert {"step time", "memory", "mfu", "tokens per second"} <= set(told)
    for name in set(told) - {
        "What",
        "chips",
        "tensor",
        "beyond",
    }:  # two are the plan's heading, one is a note below
        assert f"{name}: {told[name]}" in words, name


def test_an_answer_shows_its_accounts() -> None:
    answer = dc.plan("h100-sxm", chips=8000)
    rows = cells(answer._repr_html_())
    for one in answer.accounts:
        assert [one.words, str(one), one.interval] in [
            [cell.replace("&#x27;", "'") for cell in row] for row in rows
        ]


def test_results_that_are_tables_show_a_line_at_a_prompt_and_the_table_in_a_notebook() -> None:
    bill = dc.Model(
        {"cost": dc.purchase_cost}, {"units": (8, 7, 9), "price": ("30 kUSD", "25 kUSD", "40 kUSD")}
    )
    swept = dc.sweep(bill, "cost", {"units": [1, 2], "price": [1e4, 2e4, 3e4]})
    assert repr(swept) == "<Sweep of cost over units, price: 6 points>"
    rows = cells(swept._repr_html_())
    assert rows[0] == ["units", "price", "cost"]
    assert rows[-1] == ["2", "30,000 USD", "60,000 USD"]
    many = dc.sweep(bill, "cost", {"units": list(range(1, 31))})
    assert len(cells(many._repr_html_())) == 21
    assert "the first 20 of 30 rows" in many._repr_html_()
    found = dc.sobol_indices(bill, "cost", n=256)
    assert repr(found).startswith("<Sobol' indices of cost in 2 inputs")
    assert cells(found._repr_html_())[0][:2] == ["input", "first"]
    moved = dc.elasticities(bill, "cost")
    assert repr(moved) == "<Elasticities of cost in 2 inputs>"
    assert {row[0]: row[3] for row in cells(moved._repr_html_())[1:]} == {"units": "1", "price": "1"}
    assert repr(dc.compare(bill, "cost", {"units": 1}, {"units": 2})).startswith(
        "cost: 30,000 USD -> 60,000 USD"
    )
    assert " at 0x" not in repr(dc.catalogue())


def test_a_machine_shows_what_it_is_made_of_and_its_peak() -> None:
    assert repr(dc.machine("h100")) == "<Machine h100-sxm: 989.4 TFLOP/s bf16>"
    # eight of 989.4 TFLOP/s
    assert repr(dc.machine("dgx-h100")) == "<Machine dgx-h100: 8 x h100-sxm; 7.915 PFLOP/s bf16>"
    assert repr(dc.machine("v100-sxm-32gb")) == "<Machine v100-sxm-32gb: 125 TFLOP/s fp16>"
    assert repr(dc.machine("tesla")) == "<Machine tesla>"
    assert ["made of", "d1", "3,000", "Tesla Dojo D1"] in cells(dc.machine("exapod")._repr_html_())


def test_an_inventory_shows_its_lines() -> None:
    made = dc.inventory("100 EFLOP/s", "d1")
    assert repr(made) == f"<Inventory of 100 EFLOP/s of bf16 with d1: {len(made.lines)} lines>"
    assert str(made).startswith("100 EFLOP/s of bf16 with d1\n  d1, exact ")
    # 1e20 / 362e12 = 276,243.09
    assert ["units", "d1, whole", "276,244", "", "rounded up"] in cells(made._repr_html_())


def test_a_schedule_shows_its_periods() -> None:
    found = dc.buy(Path(__file__).parents[1] / "questions" / "schedules" / "hall.toml")
    assert isinstance(found, Schedule)
    assert repr(found) == f"<Schedule of 4 periods for {found.cost / 1e6:.1f} million USD, optimal>"
    rows = cells(found._repr_html_())
    place = rows[0].index("grid")
    assert [row[place] for row in rows[1:]] == ["0 W", "4 MW", "9 MW", "9 MW"]  # as hall.csv has them


def test_schedules_of_scenarios_show_what_each_costs(tmp_path: Path) -> None:
    path = tmp_path / "wait.toml"
    path.write_text(TEN + LATE, encoding="utf-8")
    found = dc.buy(path)
    assert isinstance(found, Recourse)
    assert repr(found).startswith("<Schedules of 2 scenarios for ")
    told = [row[0] for row in cells(found._repr_html_())]
    assert told == ["scenario", "on time", "late"]
