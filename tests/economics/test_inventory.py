"""Everything that one ExaPOD's worth of D1s takes, by hand."""

from __future__ import annotations

import pytest

from dojo_calc.economics.inventory import inventory
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
