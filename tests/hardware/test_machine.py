from __future__ import annotations

from pathlib import Path

import pytest

import dojo_calc as dc
from dojo_calc.errors import DomainError, UnknownNameError
from dojo_calc.hardware.catalog import Catalogue


@pytest.fixture(scope="module")
def book() -> Catalogue:
    return dc.catalogue()


def test_names_and_aliases_meet(book: Catalogue) -> None:
    assert book.machine("A100") is book.machine("a100-sxm-80gb")
    assert dc.machine("exapod").name == "Dojo ExaPOD"
    for name, hint in (("a1000", "a100"), ("exopod", "exapod"), ("h100-sxn", "h100-sxm")):
        with pytest.raises(UnknownNameError, match=f"unknown machine '{name}'; did you mean .*{hint}"):
            book.machine(name)


def test_counts_by_hand(book: Catalogue) -> None:
    # 10 cabinets x 2 trays x 6 tiles x 25 dies x 354 nodes.
    pod = book.machine("exapod")
    counts = {
        part: pod.count(part)
        for part in ("dojo-cabinet", "dojo-tray", "dojo-tile", "d1", "d1-node", "dojo-dip")
    }
    assert counts == {
        "dojo-cabinet": 10, "dojo-tray": 20, "dojo-tile": 120, "d1": 3000, "d1-node": 1_062_000, "dojo-dip": 400,
    }  # fmt: skip
    with pytest.raises(UnknownNameError, match="there is no 'h100-sxm' in exapod"):
        pod.count("h100-sxm")


def test_peaks_against_the_printed_totals(book: Catalogue) -> None:
    # Printed by others: tile 9 PFLOP/s, tray 54, cabinet 108, ExaPOD 1.1 EFLOP/s, all rounded.
    printed = {"dojo-tile": (9e15, 0.5e15), "dojo-tray": (54e15, 0.5e15), "dojo-cabinet": (108e15, 1e15)}
    printed["exapod"] = (1.1e18, 0.05e18)
    for name, (value, rounding) in printed.items():
        assert book.machine(name).peak("bf16") == pytest.approx(value, abs=rounding)
    # The die closes over its nodes: 354 x 1.024 TFLOP/s = 362.5.
    assert 354 * book.machine("d1-node").peak("bf16") == pytest.approx(
        book.machine("d1").peak("bf16"), rel=2e-3
    )


def test_a_precision_some_part_lacks_is_refused(book: Catalogue) -> None:
    with pytest.raises(UnknownNameError, match="a100-sxm-80gb has no peak at precision 'fp8'; it has bf16"):
        book.machine("a100").peak("fp8")
    mixed = book.machine("tesla-ai-2024-08")
    assert mixed.precisions() == ["int8"]
    # 90,000 H100 of 700 W and 40,000 AI4 of 160 W.
    assert mixed.total("power") == pytest.approx(90_000 * 700 + 40_000 * 160)
    with pytest.raises(UnknownNameError, match="has no 'die_area', nor has each of its parts"):
        mixed.total("die_area")


def test_memories_by_hand(book: Catalogue) -> None:
    die = {memory.name: memory for memory in book.machine("d1").memories()}
    assert set(die) == {"sram"}, "a D1 alone has no memory behind its SRAM"
    assert die["sram"].bandwidth == pytest.approx(354 * 400e9)
    tray = {memory.name: memory for memory in book.machine("dojo-tray").memories()}
    # 150 x 440 MB; 20 x 32 GB at 20 x 800 GB/s; 8 TB of host memory over 20 x 32 GB/s of PCIe.
    assert tray["sram"].capacity == pytest.approx(66e9)
    assert (tray["hbm"].capacity, tray["hbm"].bandwidth) == pytest.approx((640e9, 16e12))
    assert (tray["dram"].capacity, tray["dram"].bandwidth) == pytest.approx((8e12, 640e9))
    pod = {memory.name: memory for memory in book.machine("exapod").memories()}
    assert pod["hbm"].capacity == pytest.approx(12.8e12)
    assert [memory.name for memory in book.machine("dojo-tray").memories()] == ["sram", "hbm", "dram"]
    a100 = {memory.name: memory for memory in book.machine("a100").memories()}
    assert (a100["hbm"].capacity, a100["hbm"].bandwidth) == pytest.approx((81920 * 2**20, 2.039e12))


def test_links_count_one_direction(book: Catalogue) -> None:
    tile = {link.name: link for link in book.machine("dojo-tile").links()}
    # Four edges of 4.5 TB/s each way make 18; the printed 36 TB/s adds both ways.
    assert tile["tile-edge"].total_bandwidth == pytest.approx(18e12)
    assert 2 * tile["tile-edge"].total_bandwidth == pytest.approx(
        book.facts.value("dojo-tile", "off_tile_bandwidth")
    )
    # Four die edges against 576 lanes x 112 Gb/s: 8 TB/s against 8.064.
    die = {link.name: link for link in book.machine("d1").links()}
    assert die["die-edge"].total_bandwidth == pytest.approx(
        book.facts.value("d1", "serdes_bandwidth"), rel=0.01
    )
    tray = {link.name: link for link in book.machine("dojo-tray").links()}
    assert tray["ttp"].total_bandwidth == pytest.approx(18e12)
    assert tray["ethernet"].total_bandwidth == pytest.approx(1e12)
    a100 = {link.name: link for link in book.machine("a100").links()}
    assert a100["nvlink"].bandwidth == pytest.approx(300e9)
    assert a100["nic"].bandwidth == pytest.approx(25e9)


def test_four_accounts_of_an_exapods_power(book: Catalogue) -> None:
    accounts = {(one.boundary, one.reading): one for one in book.machine("exapod").power_accounts()}
    got = [accounts[key].value / 1e6 for key in (("d1", ""), ("dojo-tile", ""), ("dojo-tray", ""))]
    assert got == pytest.approx([1.2, 1.8, 2.08])
    assert accounts["exapod", "epoch_model"].value == pytest.approx(2.4024e6)
    tray = accounts["dojo-tray", ""]
    assert tray.low < tray.value < tray.high


def test_silicon(book: Catalogue) -> None:
    # 50e9 / 645 mm^2 = 77.5 million a mm^2; 54.2e9 / 826 = 65.6.
    d1, a100 = book.machine("d1").transistor_density(), book.machine("a100").transistor_density()
    assert d1 is not None
    assert a100 is not None
    assert d1 * 1e-6 == pytest.approx(77.5e6, rel=1e-3)
    assert a100 * 1e-6 == pytest.approx(65.6e6, rel=1e-3)
    assert book.machine("dojo-tile").total("transistors") == 25 * 50e9


def test_many_of_a_machine(book: Catalogue) -> None:
    seven = 7 * book.machine("exapod")
    assert seven.peak("bf16") == pytest.approx(7.602e18)
    assert seven.count("d1") == 21_000
    planned = book.machine("dojo-1-plan")
    assert planned.peak("bf16") == seven.peak("bf16")
    for bad in (0, -1, float("inf"), float("nan")):
        with pytest.raises(DomainError, match="a positive number of times"):
            bad * book.machine("d1")


def test_gpus_go_through_the_same_mechanism(book: Catalogue) -> None:
    assert book.machine("dgx-a100").peak("bf16") == pytest.approx(8 * 312e12)
    accounts = {
        one.boundary: one.value
        for one in book.machine("dgx-a100").power_accounts()
        if one.quantity == "power"
    }
    assert accounts["a100-sxm-80gb"] == 8 * 400
    assert accounts["dgx-a100"] == pytest.approx(6.5e3)
    # 5,760 x 312e12 = 1.797e18, printed as 1.8 EFLOP/s.
    assert book.machine("tesla-a100-2021-06").peak("bf16") == pytest.approx(1.8e18, rel=2e-3)


def test_assemblies_are_products_in_order(book: Catalogue) -> None:
    assert [one.id for one in book.assemblies("d1")] == ["dojo-tile", "dojo-tray", "dojo-cabinet", "exapod"]
    assert [one.id for one in book.assemblies("a100")] == ["dgx-a100"]


def test_table_of_chips(book: Catalogue) -> None:
    table = book.table("chip")
    assert {"d1", "a100-sxm-40gb", "a100-sxm-80gb", "h100-sxm"} <= set(table["id"])


@pytest.mark.parametrize("name", [["h100"], {"a": 1}, 5, None, 1.5])
def test_what_is_no_name_is_refused(name: object) -> None:
    with pytest.raises(UnknownNameError, match="expected the name of a machine, got"):
        dc.machine(name)


def test_own_files_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    header = "entity,quantity,value,unit,kind,date,source\n"
    for price in (100, 200):
        path.write_text(f"{header}h100-sxm,price,{price},USD,exact,2026,https://example.org\n")
        assert dc.catalogue(str(path)).machine("h100").total("price") == price
