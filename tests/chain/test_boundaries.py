"""What is in each power and price of the chain and what is out: told of every one, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import dojo_calc as dc
from dojo_calc.chain import boundaries as room
from dojo_calc.errors import FactsError, UnknownNameError
from dojo_calc.units import unit

CHAINS = [dc.chain(assumptions=one) for one in dc.assumption_sets()]
NAMES = {name: one.spec(name) for one in CHAINS for name in (*one.outputs, *one.inputs)}
POWER_OR_MONEY = {name for name, spec in NAMES.items() if "USD" in spec.unit or unit(spec.unit) == unit("W")}


def test_every_power_and_price_of_the_chain_has_a_boundary_and_nothing_else_has() -> None:
    assert len(POWER_OR_MONEY) > 60
    told = {one.name for one in dc.boundaries(NAMES)}
    assert told == POWER_OR_MONEY


def test_no_boundary_is_told_of_a_name_that_the_chain_has_no_more() -> None:
    bases = {room._shorter(name) for name in POWER_OR_MONEY} | {"maker_cost"}
    assert {name for name, _ in room._rows()} == bases


def test_names_that_differ_in_their_boundary_differ_in_what_they_hold() -> None:
    rows = list(room._rows().values())
    held = [
        (row.inside, row.outside) for row in rows if not row.seller and row.name not in ("rent", "maker_cost")
    ]
    assert len(set(held)) == len(held)


def test_a_fleet_a_run_and_a_unit_of_work_keep_the_boundary() -> None:
    own = dc.boundary_of("own")
    for name in ("fleet_own", "run_own", "own_per_work"):
        other = dc.boundary_of(name)
        assert (other.name, other.inside, other.outside) == (name, own.inside, own.outside)


def test_what_a_maker_pays_is_told_apart_from_a_price() -> None:
    assert "no price" in dc.boundary_of("server_price", "tpu-v5p").inside
    assert "no price" not in dc.boundary_of("server_price", "h100-sxm").inside
    assert dc.boundary_of("own", "tpu-v5p") == dc.boundary_of("own", "h100-sxm")


def test_only_what_was_asked_is_told_in_its_order() -> None:
    asked = dc.boundaries(["site_power_rated", "chips", "own", "elapsed", "own"])
    assert [one.name for one in asked] == ["site_power_rated", "own"]
    with pytest.raises(UnknownNameError, match="'chips', which is no power and no price"):
        dc.boundary_of("chips")
    with pytest.raises(UnknownNameError, match="did you mean server_price"):
        dc.boundary_of("serverprice")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("own,,A part.,A rest\n", r"boundaries.csv, line 2, column 4 \(outside\): expected a sentence"),
        ("own,,A part.,A rest.\nown,,A.,B.\n", r"line 3, column 1 \(name\): 'own' stands twice"),
        ("own,sold,A.,B.\n", r"line 2, column 2 \(seller\)"),
    ],
)
def test_a_bad_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str) -> None:
    path = tmp_path / "boundaries.csv"
    path.write_text("name,seller,inside,outside\n" + text, encoding="utf-8")
    monkeypatch.setattr(room, "data_path", lambda _: path)
    room._rows.cache_clear()
    try:
        with pytest.raises(FactsError, match=told):
            dc.boundaries(["own"])
    finally:
        room._rows.cache_clear()
