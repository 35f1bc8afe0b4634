"""What a notebook shows of models, simulations, searches and answers: tables with labels, units and intervals."""

from __future__ import annotations

import re

import dojo_calc as dc
from dojo_calc.performance.search import search
from tests.commands.test_command_line import said


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


def test_a_plan_reads_the_same_in_a_notebook_and_on_the_command_line() -> None:
    asked = ("--chips", "64", "--global-batch", "256", "--sequence", "4096", "--most", "1")
    words = " ".join(said("search", "--model", "llama3-8b", "--chip", "h100", *asked).split())
    shown = search("llama3-8b", "h100-sxm", 64, global_batch=256, sequence=4096)._repr_html_()
    told = {row[0]: row[1] for row in cells(shown) if len(row) == 2 and row[1]}
    assert {"step time", "memory", "mfu", "tokens per second"} <= set(told)
    for name in set(told) - {"What", "chips", "tensor", "beyond"}:  # two are the plan's heading, one is a note below
        assert f"{name}: {told[name]}" in words, name


def test_an_answer_shows_its_accounts() -> None:
    answer = dc.plan("h100-sxm", chips=8000)
    rows = cells(answer._repr_html_())
    for one in answer.accounts:
        assert [one.words, str(one), one.interval] in [
            [cell.replace("&#x27;", "'") for cell in row] for row in rows
        ]
