"""Everything that one ExaPOD's worth of D1s takes, by hand."""

from __future__ import annotations

import pytest

from dojo_calc.economics.inventory import Line, inventory
from dojo_calc.errors import UnknownNameError

# 1.086e18 / 362e12 = 3,000 chips: 25 a tile, 150 a tray, 300 a cabinet.
BY_HAND = {
    "d1": ("units", 3000), "dojo-tile": ("assemblies", 120), "dojo-tray": ("assemblies", 20),
    "dojo-cabinet": ("assemblies", 10), "exapod": ("assemblies", 1),
}  # fmt: skip


def test_an_exapods_worth_is_one_exapod() -> None:
    made = inventory("1.086 EFLOP/s", "d1")
    for name, (group, count) in BY_HAND.items():
        for kind in ("exact", "whole"):
            line = made[f"{name}, {kind}"]
            assert (line.group, line.unit) == (group, "1")
            assert line.value == line.low == line.high == pytest.approx(count, rel=1e-14)
    # Laws: what is whole is no less than what is exact, and a group stands together.
    groups = [line.group for line in made.lines]
    assert [one for at, one in enumerate(groups) if one not in groups[:at]] == [
        one for at, one in enumerate(groups) if groups[at - 1 : at] != [one]
    ]
    assert all(line.low <= line.value <= line.high for line in made.lines)
    assert {line.unit for line in made.lines if line.group == "power"} == {"W"}
    # 1.086e18 / 989.4e12 = 1,097.63 of its BF16.
    assert made["h100 (bf16 basis)"].value == pytest.approx(1097.63, abs=0.01)
    assert made["h100 (bf16 basis)"].group == "equivalents"


def test_one_chip_more_is_one_assembly_more() -> None:
    # 3,001 chips: 120.04 tiles, 20.007 trays, 10.003 cabinets, 1.0003 ExaPODs.
    made = inventory(3001 * 362e12, "d1")
    for name, (_, count) in BY_HAND.items():
        assert made[f"{name}, whole"].value == count + 1
    with pytest.raises(
        UnknownNameError, match="the inventory has no line 'dojo-pod, whole'; it has d1, exact"
    ):
        made["dojo-pod, whole"]


def test_money_and_power_are_of_whole_units() -> None:
    made, more = inventory("1.086 EFLOP/s", "d1"), inventory("2.172 EFLOP/s", "d1")
    for line in made.lines:
        if line.group in ("power", "money"):
            twice = more[line.name]
            assert [twice.value, twice.low, twice.high] == pytest.approx(
                [2 * line.value, 2 * line.low, 2 * line.high]
            )


def test_counts_have_nine_digits_and_the_rest_four() -> None:
    # 100e18 / 362e12 = 276,243.0939; 11,050 tiles of 15 kW are 165.75 MW.
    made = inventory("100 EFLOP/s", "d1")
    assert str(made["d1, exact"]) == "276,243.094"
    assert str(made["power at dojo-tile"]) == "165.8 MW"
    text = str(made).splitlines()
    assert text[0] == "100 EFLOP/s of bf16 with d1"
    assert "  d1, whole" + " " * 35 + "276,244" in text
    assert repr(made) == f"<Inventory of {text[0]}: {len(made.lines)} lines>"
    assert "<caption" in made._repr_html_()
    assert ">100 EFLOP/s of bf16 with d1.</caption>" in made._repr_html_()
    assert made.table()["value"].to_list() == [line.value for line in made.lines]


def test_an_interval_is_said_where_there_is_one() -> None:
    sure, unsure = Line("g", "n", 2e6, 2e6, 2e6, "W", ""), Line("g", "n", 2.345e6, 1e6, 4e6, "W", "")
    assert (str(sure), sure.interval) == ("2 MW", "")
    assert str(unsure) != "2.345 MW", "as many digits as the interval allows"
    assert unsure.interval == "1.0 to 4.0 MW"


def test_a_wafer_of_one_die_is_said_to_have_one() -> None:
    assert inventory("1 EFLOP/s", "wse-3", "fp16")["gross wafers, exact"].basis.startswith("1 gross die each")
    assert inventory("1 EFLOP/s", "d1")["gross wafers, exact"].basis.startswith("89 gross dies each")
