"""A reader's own chips, servers, memories, links and facts, in tables like the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

import dojo_calc as dc
from dojo_calc.errors import FactsError, UnknownNameError
from dojo_calc.performance.plan import PlanError, train
from dojo_calc.performance.search import search

SHORT = "entity,quantity,value,unit,date"
ASIC = """entity,quantity,value,low,high,unit,kind,date
Asic X,peak_bf16,800,,,TFLOP/s,rated,2026
Asic X,power,600,,,W,rated,2026
Asic X,hbm_capacity,96,,,GB,rated,2026
Asic X,hbm_bandwidth,3.2,,,TB/s,rated,2026
Asic X,nic_bandwidth,400,,,Gb/s,rated,2026
Asic X,scale_up_domain,8,,,1,exact,2026
Asic X,my_link_bandwidth,400,,,GB/s,rated,2026
Asic X,price,12000,9000,15000,USD,estimated,2026
Asic X,mfu,0.4,0.3,0.5,1,assumed,2026
Box,power,6.5,,,kW,rated,2026
Box,price,130000,110000,150000,USD,estimated,2026
"""
ENTITIES = "entity,kind\nAsic X,chip\nBox,server\n"
PARTS = "entity,part,count\nBox,asic x,8\n"
TIERS = (
    "entity,tier,kind,topology\nASIC X,hbm,memory,on-package\n"
    "Asic x,my-link,link,switched\nAsic X,nic,link,network\n"
)


def write(folder: Path, **tables: str) -> list[Path]:
    paths = [folder / f"{name}.csv" for name in tables]
    for path, text in zip(paths, tables.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize("name", ["h100", "H100", "h100-sxm", " H100-SXM "])
def test_a_row_counts_for_the_entity_that_its_name_means(tmp_path: Path, name: str) -> None:
    book = dc.catalogue(*write(tmp_path, mine=f"{SHORT},kind\n{name},price,1,USD,2024,exact\n"))
    found = dc.inventory("1 EFLOP/s", "h100", book=book)
    # 1e18 / 989.4e12 = 1010.7, so 1,011 chips of one dollar each.
    assert found["price of h100-sxm"].value == 1011.0
    assert book.machine("h100").peak("bf16") == dc.machine("h100").peak("bf16")


def test_a_price_of_ones_own_counts_whatever_its_date(tmp_path: Path) -> None:
    book = dc.catalogue(*write(tmp_path, mine=f"{SHORT},kind\nh100,price,50,kUSD,2020,exact\n"))
    assert dc.plan("h100", chips=1000, book=book)["fleet_chip_price"].value == 50e6
    two = f"{SHORT},kind,reading,default\nh100,price,50,kUSD,2020,exact,old,yes\nh100,price,40,kUSD,2026,exact,new,\n"
    series = dc.catalogue(*write(tmp_path, mine=two))
    for year, price in ((2021, 50e3), (2025, 40e3)):  # of one's own too the nearest in time
        assert dc.chain("h100", book=series, on=year).inputs["chip_price"].value == price


def test_a_reading_that_was_asked_for_counts_whatever_its_date() -> None:
    # rents an hour of the medians of 2023 and 2025; 33,600 USD is the list price of 2023
    asked = dc.catalogue().choose({"h100.hourly_rent": "median_2023", "h100.price": "list_2023"})
    for book, rent, price in ((asked, 4.76, 33_600.0), (dc.catalogue(), 2.99, 23_200.0)):
        inputs = dc.chain("h100", book=book, on=2025).inputs
        assert inputs["hourly_rent"].value == pytest.approx(rent / 3600)
        assert inputs["chip_price"].value == price
    # a server's price: 8 x 31,600 USD are not asked of one who gives his own
    assert dc.chain("h100", book=asked, on=2025).inputs["server_price"].value == 31_600.0


@pytest.mark.parametrize("name", ["MyChip", "Asic X", "asic v1.5"])
def test_a_new_entity_is_found_under_the_name_it_was_given(tmp_path: Path, name: str) -> None:
    book = dc.catalogue(*write(tmp_path, mine=f"{SHORT}\n{name},peak_bf16,500,TFLOP/s,2026\n"))
    for asked in (name, name.upper(), name.lower()):
        assert book.machine(asked).peak("bf16") == 500e12
        assert book.fact(f"{asked}.peak_bf16").value == 500e12
    assert book.machine(name).id == name


@pytest.mark.parametrize("name", ["h100-smx", "H1O0", "h1000", "dojo-exapods"])
def test_a_slip_of_the_pen_is_no_new_chip(tmp_path: Path, name: str) -> None:
    row = f"{SHORT}\n{name},peak_bf16,500,TFLOP/s,2026\n"
    with pytest.raises(FactsError, match=r"line 2, column 1 \(entity\): unknown entity .* did you mean"):
        dc.catalogue(*write(tmp_path, mine=row))
    declared = write(tmp_path, mine=row, new=f"entity,kind\n{name},chip\n")
    assert dc.catalogue(*declared).machine(name).peak("bf16") == 500e12


def test_readings_are_chosen_by_any_name(tmp_path: Path) -> None:
    for name in ("h100", "H100-SXM"):
        assert (
            dc.catalogue().choose({f"{name}.price": "web_2026"}).facts.value("h100-sxm", "price") == 27500.0
        )
    rows = (
        f"{SHORT},reading,default\nAsic v1.5,peak_bf16,500,TFLOP/s,2026,a,yes\n"
        "asic V1.5,peak_bf16,400,TFLOP/s,2026,b,\n"
    )
    book = dc.catalogue(*write(tmp_path, mine=rows))
    assert book.choose({"ASIC V1.5.peak_bf16": "b"}).machine("asic v1.5").peak("bf16") == 400e12
    assert book.choose({"asic v1.5": "b"}).machine("asic v1.5").peak("bf16") == 400e12


def test_what_a_short_row_leaves_out_is_told(tmp_path: Path) -> None:
    text = "entity,quantity,value,low,high,unit\nMyChip,power,500,,,W\nMyChip,mfu,0.4,0.3,0.5,1\n"
    book = dc.catalogue(*write(tmp_path, mine=text))
    power, mfu = (book.facts.get("MyChip", name) for name in ("power", "mfu"))
    assert (power.kind, power.source, mfu.kind) == ("rated", "mine.csv", "assumed")
    assert [fact.quantity for fact in book.presumed()] == ["power", "mfu"]
    assert "a simulation holds it fixed" in power.note
    assert not dc.catalogue().presumed()


def test_an_asic_from_tables_plans_compares_prices_and_trains(tmp_path: Path) -> None:
    book = dc.catalogue(*write(tmp_path, facts=ASIC, entities=ENTITIES, parts=PARTS, tiers=TIERS))
    plan = dc.inventory("8 EFLOP/s", "asic x", book=book)
    # 8e18 / 800e12 = 10,000 chips of 600 W and 12,000 USD in 1,250 boxes of 6.5 kW and 130,000 USD.
    assert plan["Asic X, whole"].value == 10_000
    assert plan["Box, whole"].value == 1250
    assert plan["power at Box"].value == pytest.approx(8.125e6)
    assert plan["price of Asic X"].value == pytest.approx(120e6)
    machine = book.machine("ASIC X")
    assert [link.name for link in machine.links()] == ["my-link", "nic"]
    assert machine.memories()[0].capacity == 96e9
    cheque = dc.chain("asic x", book=book).replace(chips=10_000)
    assert cheque.evaluate("fleet_server_price") == pytest.approx(1250 * 130_000)
    run = train("llama3-8b", "asic x", 8, global_batch=8, tensor=8, book=book)
    assert 0.0 < run.mfu < 1.0
    assert search("llama3-8b", "Asic X", 8, global_batch=8, book=book).best["step_time"] <= run.step_time
    model = dc.training_run("llama3-8b", "asic x", 8, tokens=1e9, global_batch=8, sequence=2048, book=book)
    assert model.evaluate("elapsed") > 0.0
    assert book.choose({}).machine("Box").count("Asic X") == 8, "other readings keep the reader's machines"


@pytest.mark.parametrize("lacks", ["hbm_bandwidth", "scale_up_domain", "peak_bf16"])
def test_what_lacks_for_training_is_named(tmp_path: Path, lacks: str) -> None:
    rows = "".join(line for line in ASIC.splitlines(keepends=True) if lacks not in line)
    facts = rows.replace("my_link", "nvlink")
    book = dc.catalogue(*write(tmp_path, facts=facts, entities=ENTITIES, parts=PARTS))
    with pytest.raises(UnknownNameError, match=lacks.removeprefix("peak_")):
        train("llama3-8b", "asic x", 8, global_batch=8, tensor=8, book=book)


def test_chips_without_a_network_train_in_one_fast_domain_alone(tmp_path: Path) -> None:
    facts = "".join(line for line in ASIC.splitlines(keepends=True) if "nic_" not in line).replace(
        "my_link", "nvlink"
    )
    book = dc.catalogue(*write(tmp_path, facts=facts, entities=ENTITIES, parts=PARTS))
    assert train("llama3-8b", "asic x", 8, global_batch=8, tensor=8, book=book).step_time > 0.0
    with pytest.raises(PlanError, match="add nic_bandwidth to the facts of the chip"):
        train("llama3-8b", "asic x", 16, global_batch=16, tensor=8, book=book)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"a": "entity,kind\nbox,sever\n"}, "did you mean server"),
        ({"a": "entity,kind\nH100,chip\n"}, "used once, got 'H100', which is h100-sxm"),
        ({"a": "entity,kind\nbox,server\nBOX,server\n"}, "used once, got 'BOX', which is box"),
        ({"a": "entity,part,count\nbox,h100,8\n"}, "of entities.csv or of a table of your own, got 'box'"),
        ({"a": "entity,part,count\ndgx-h100,h100,8\ndgx-h100,H100,4\n"}, "stands twice, first at"),
        ({"a": "entity,part,count\nh100,dgx-h100,8\n"}, "would be a part of itself"),
        ({"a": "entity,part,count,low,high\ndgx-h100,h100,8,9,10\n"}, "low <= count <= high, got 9, 8, 10"),
        ({"a": "entity,part,count\ndgx-h100,h100,-8\n"}, "got '-8'"),
        ({"a": "entity,tier,kind\nh100,My Link,link\n"}, "got 'My Link'"),
        ({"a": "entity,tier,kind\nh100,l2,memory\nH100,l2,memory\n"}, "'l2' of 'h100-sxm' stands twice"),
        ({"a": "model,layers\nx,3\n"}, "line 1: expected the columns of facts: entity,quantity"),
        ({"a": "entity,quantity,value,unit\nx,my_link_bandwidth,3,GB/s\n"}, "unknown quantity 'my_link_bandwidth'"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_meant_is_refused(
    tmp_path: Path, tables: dict[str, str], message: str
) -> None:
    with pytest.raises(FactsError) as caught:
        dc.catalogue(*write(tmp_path, **tables))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "a.csv"))
    assert "\n" not in str(caught.value)
