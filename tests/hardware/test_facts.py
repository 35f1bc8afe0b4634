from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import dojo_calc as dc
from dojo_calc import units
from dojo_calc.errors import DojoCalcError, FactsError, UnknownNameError
from dojo_calc.facts import deflator, load

HEADER = "entity,quantity,reading,default,value,low,high,unit,kind,date,source,confidence,note"
GOOD = "mychip,peak_bf16,,,500,,,TFLOP/s,rated,2026-01,https://example.org/spec,C,"
Writer = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def _write(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
        path = tmp_path / "own.csv"
        path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
        return path

    return _write


def test_shipped_facts_keep_the_rules() -> None:
    facts = load()
    for fact in facts:
        assert fact.low <= fact.value <= fact.high, fact.name
        assert fact.source in facts.sources, fact.name
        if fact.kind not in ("exact", "rated"):
            assert fact.printed, fact.name
        if fact.confidence == "M":
            assert fact.kind in ("estimated", "assumed"), f"{fact.name} is from memory"
            assert fact.note, fact.name
        if fact.kind == "assumed":
            assert fact.note, f"{fact.name} needs its reason"
        if "USD" in fact.unit:
            assert fact.price_year is not None
    for readings in facts.conflicts():
        assert [fact.is_default for fact in readings] == [True] + [False] * (len(readings) - 1)


def test_conflicts_the_issue_names_are_all_kept() -> None:
    facts = load()

    def values(entity: str, quantity: str, unit: str) -> set[float]:
        scale = units.to_si(1.0, unit)
        return {round(fact.value / scale, 4) for fact in facts.readings(entity, quantity)}

    assert values("d1", "peak_bf16", "TFLOP/s") >= {362.0, 376.0}
    assert values("d1", "die_edge_bandwidth", "TB/s") >= {2.0, 4.0}
    assert values("dojo-tile", "tile_edge_bandwidth", "TB/s") == {4.5, 9.0}
    assert values("d1", "mesh_bandwidth", "TB/s") >= {10.0, 2.56}
    assert len(values("ai4", "peak_int8", "TOP/s")) >= 3
    assert values("colossus-1-2024-09", "facility_power", "MW") >= {142.688, 150.0, 174.0, 181.0}
    assert values("exapod", "facility_power", "MW") >= {2.4024, 2.0}


def test_derived_facts_by_hand() -> None:
    facts = load()
    # 576 lanes x 112 Gb/s / 8 = 8.064 TB/s; 64 B x 2 GHz x 20 links = 2.56 TB/s.
    assert facts.value("d1", "serdes_bandwidth") == pytest.approx(8.064e12, rel=2e-3)
    assert facts.value("d1", "serdes_lanes") * facts.value("d1", "serdes_lane_rate") == pytest.approx(
        8.064e12
    )
    assert facts.value("d1", "mesh_bandwidth", "hc34_router") == pytest.approx(2.56e12)
    assert facts.get("a100-sxm-80gb", "nvlink_bandwidth").value == pytest.approx(300e9)


def test_choosing_a_reading_changes_what_follows_and_nothing_else() -> None:
    other = dc.catalogue().choose({"d1.peak_bf16": "hot_chips_34"})
    assert other.machine("exapod").peak("bf16") == pytest.approx(3000 * 376e12)
    assert dc.machine("exapod").peak("bf16") == pytest.approx(3000 * 362e12)
    whole = dc.catalogue().choose({"d1": "hot_chips_34"})
    assert whole.machine("d1").peak("fp8") == whole.machine("d1").peak("bf16") == pytest.approx(376e12)
    with pytest.raises(
        UnknownNameError, match="no quantity of 'd1' has a reading 'hot_chip_34'; did you mean hot_chips_34"
    ):
        dc.catalogue().choose({"d1": "hot_chip_34"})
    with pytest.raises(UnknownNameError, match="no reading 'x'; it has"):
        dc.catalogue().choose({"d1.peak_bf16": "x"})
    with pytest.raises(UnknownNameError, match="no facts about 'd2'"):
        dc.catalogue().choose({"d2.peak_bf16": "x"})


def test_a_readers_own_file_adds_a_chip_and_wins_over_shipped_rows(write: Writer) -> None:
    path = write(GOOD, "d1,peak_bf16,mine,,400,390,410,TFLOP/s,measured,2026,https://example.org,C,")
    book = dc.catalogue(path)
    assert book.machine("mychip").peak("bf16") == 500e12
    assert book.machine("d1").peak("bf16") == 400e12
    assert len(book.facts.readings("d1", "peak_bf16")) >= 3


def test_a_byte_order_mark_is_no_matter(write: Writer) -> None:
    assert dc.catalogue(write(GOOD, encoding="utf-8-sig")).machine("mychip").peak("bf16") == 500e12


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (GOOD.replace("500,,", "500,,3"), "low", "low <= value <= high, got no bound, 500, 3"),
        (GOOD.replace("500,,", "500,600,"), "low", "low <= value <= high, got 600, 500, no bound"),
        (GOOD.replace("mychip", "h100-smx"), "entity", "unknown entity 'h100-smx'; did you mean h100-sxm"),
        (GOOD.replace("mychip", "my=chip"), "entity", "without brackets and equals signs, got 'my=chip'"),
        (GOOD.replace("rated", "estimated"), "low", "needs a 90 % interval"),
        (GOOD.replace("rated", "guessed"), "kind", "got 'guessed'"),
        (GOOD.replace("TFLOP/s", "TFLOPs"), "unit", "write TFLOP or TFLOP/s"),
        (GOOD.replace("TFLOP/s", "kW"), "unit", "expected FLOP/s or a multiple of it, got 'kW'"),
        (GOOD.replace("TFLOP/s", "10**10**10 W"), "unit", "is not a unit"),
        (GOOD.replace("peak_bf16", "peak_bf61"), "quantity", "did you mean peak_bf16"),
        (GOOD.replace("500", "five"), "value", "expected a number, got 'five'"),
        (GOOD.replace("500", ""), "value", "is empty"),
        (GOOD.replace("500", "nan"), "value", "got 'nan'"),
        (GOOD.replace("500", "inf"), "value", "got 'inf'"),
        (GOOD.replace("500", "-500"), "value", "must be above 0"),
        (GOOD.replace("500,,", "500,600,700"), "low", "low <= value <= high"),
        (GOOD.replace("2026-01", "January"), "date", "got 'January'"),
        (GOOD + ",extra", "", "expected 13 cells"),
        ("mychip,price,,,5,,,kUSD,rated,,https://example.org,C,", "date", "money needs the date"),
    ],
)
def test_a_bad_row_is_refused_with_file_line_and_column(
    write: Writer, row: str, column: str, message: str
) -> None:
    path = write("other,peak_bf16,,,1,,,TFLOP/s,rated,2026,https://example.org,C,", row)
    with pytest.raises(FactsError) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}, line 3")
    assert f"({column})" in text or not column
    assert message in text


def test_other_ways_a_file_can_be_wrong(write: Writer, tmp_path: Path) -> None:
    with pytest.raises(FactsError, match=r"line 3, column 1 .* stands twice, first at .* line 2"):
        load(write(GOOD, GOOD))
    with pytest.raises(FactsError, match="2 readings and 0 defaults; expected exactly one"):
        load(write(GOOD.replace("bf16,", "bf16,a"), GOOD.replace("bf16,", "bf16,b")))
    with pytest.raises(FactsError, match="unknown column 'unite'; did you mean unit"):
        load(write(header=HEADER.replace("unit", "unite")))
    dateless = tmp_path / "dateless.csv"
    dateless.write_text("entity,quantity,value,unit\nmychip,price,5,kUSD\n")
    with pytest.raises(
        FactsError, match=r"line 2, column 'date', which the file does not have: .* money needs"
    ):
        load(dateless)
    with pytest.raises(FactsError, match="column 'unit' is missing"):
        load(write(header=HEADER.replace("unit,", "")))
    with pytest.raises(FactsError, match=r"line 2, byte \d+: expected UTF-8 text"):
        load(write(GOOD + "Größe", encoding="latin-1"))
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(FactsError, match="the file is empty"):
        load(empty)
    with pytest.raises(FactsError, match="cannot be read"):
        load(tmp_path / "missing.csv")


def test_every_error_is_one_a_person_can_catch() -> None:
    assert issubclass(FactsError, DojoCalcError)
    assert issubclass(UnknownNameError, LookupError)


def test_table_has_a_row_for_every_fact() -> None:
    table = load().table()
    assert len(table) == len(load())
    assert set(table.columns) >= {"entity", "quantity", "reading", "value", "low", "high", "unit", "source"}


def test_each_quantity_of_money_says_what_restates_it_and_no_other_does() -> None:
    facts = load()
    for fact in facts:
        assert (deflator(fact.quantity) == "none") == ("USD" not in fact.unit), fact.name
    # a hall is restated by the general level of prices; a chip, a rent and electricity have prices of their own
    assert {deflator(one) for one in ("hall_price", "hall_fee", "construction_cost", "budget")} == {"cpi"}
    assert {deflator(one) for one in ("price", "price_in_node", "hourly_rent", "electricity_price")} == {
        "own"
    }
    with pytest.raises(UnknownNameError, match="did you mean hall_price"):
        deflator("hall_pric")


def test_the_index_of_prices_rises_from_2012_to_2026_as_published() -> None:
    index = {fact.date[:4]: fact for fact in load().readings("us", "price_index")}
    # Bureau of Labor Statistics: the first half of 2025 is 320.229, September 324.800
    assert 320.229 < index["2025"].value < 324.8
    # May 2026 is 4.2 % above May 2025, 321.465
    assert index["2026"].value == pytest.approx(1.042 * 321.465, rel=1e-3)
    years = [index[str(year)].value for year in range(2014, 2027)]
    assert years == sorted(years)
