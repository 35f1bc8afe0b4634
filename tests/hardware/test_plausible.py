"""Facts that cannot be are refused: by a range, by what facts of one entity must be to each other, by their twins."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import dojo_calc as dc
from dojo_calc.errors import FactsError
from dojo_calc.hardware.plausible import _range_of
from dojo_calc.tables import data_path

HEADER = "entity,quantity,value,low,high,unit,kind,date,note\n"


def own(folder: Path, *rows: str) -> Path:
    path = folder / "own.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_every_quantity_of_every_kind_of_entity_has_a_range() -> None:
    book = dc.catalogue()
    lacks = {
        (fact.quantity, book.entity(fact.entity).kind)
        for fact in book.facts
        if len(_range_of(fact.quantity, book.entity(fact.entity).kind)) != 1
    }
    assert not lacks


@pytest.mark.parametrize("table", ["plausible", "relations", "twins"])
def test_every_range_and_relation_has_its_reason(table: str) -> None:
    with data_path(f"{table}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert len(row["reason"]) > 8, row


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("mychip,power,600,,,kW,rated,2026,", "column 3 (value): mychip.power: expected 40 to 4000 W, got 600 kW"),
        ("mychip,die_area,800,,,cm^2,rated,2026,", "expected 100 to 60000 mm^2, got 800 cm^2"),
        ("h100,hbm_bandwidth,3350,,,TB/s,rated,2026,", "expected 0.3 to 40 TB/s"),
        ("h100,hbm_bandwidth,26.8,,,TB/s,rated,2026,", "hbm_bandwidth / hbm_capacity of h100-sxm is"),
        ("h200,transistors,8e11,,,1,rated,2026,", "transistors / die_area of h200-sxm is"),
        ("h20,die_area,2000,,,mm^2,rated,2026,", "die_area of h20 over that of h100-sxm is 2.457"),
        ("mychip,price,9000,8900,30000,USD,assumed,2026,", "column 5 (high): mychip.price: the high end is 3.33"),
        ("dgx-h100,power,2,,,kW,rated,2026,", "parts.power / power of dgx-h100 is 2.8"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_is_refused_with_its_reason(tmp_path: Path, row: str, message: str) -> None:
    path = own(tmp_path, row)
    with pytest.raises(FactsError) as caught:
        dc.catalogue(path)
    assert str(caught.value).startswith(f"{path}, line 2, column ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "row",
    [
        "h100,price,1,,,USD,exact,2026,What if they were given away",
        "h100,price,15000,,,USD,rated,2026,Half price",
        "h100,power,1000,,,W,rated,2026,What if it were clocked up",
        "mychip,price,9000,8900,30000,USD,assumed,2026,High: with its server",
    ],
)
def test_what_a_reader_may_ask_is_not_refused(tmp_path: Path, row: str) -> None:
    assert len(dc.catalogue(own(tmp_path, row)).facts) >= len(dc.catalogue().facts)
