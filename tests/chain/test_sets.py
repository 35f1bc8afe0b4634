"""Named sets of assumptions: complete, with an interval on every value, referring to facts, and of a date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dojo_calc as dc
from dojo_calc.chain import sets
from dojo_calc.errors import DomainError, FactsError, UnitError, UnknownNameError
from dojo_calc.hardware.catalog import catalogue
from dojo_calc.tables import data_path

BOOK = catalogue()
SETS = ("hyperscaler", "neocloud", "laboratory", "Tesla 2024", "site with turbines")
YEAR = 365.25 * 86400
Edit = Callable[[Callable[[str], str]], None]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edit]:
    def change(how: Callable[[str], str]) -> None:
        path = tmp_path / "sets.csv"
        path.write_text(how(data_path("sets.csv").read_text(encoding="utf-8")), encoding="utf-8")
        monkeypatch.setattr(sets, "data_path", lambda _: path)
        sets._rows.cache_clear()

    yield change
    sets._rows.cache_clear()


def test_five_sets_are_complete_and_each_value_has_an_interval() -> None:
    assert list(dc.assumption_sets()) == [*SETS]
    for name in dc.assumption_sets():
        found = dc.assumption_set(name, BOOK)
        assert set(sets.NAMES) <= set(found)
        for one in found.values():
            assert one.low < one.high, (name, one.name)  # type: ignore[operator]
            assert one.low <= one.value <= one.high, (name, one.name)  # type: ignore[operator]
            assert one.source, (name, one.name)
            assert one.how in ("published", "estimated", "assumed"), (name, one.name)
            assert one.how != "assumed" or "no-source" in one.source or len(one.source) > 30, (name, one.name)


def test_sets_differ_where_their_owners_do() -> None:
    hyperscaler, neocloud, laboratory, tesla, turbines = (dc.assumption_set(one, BOOK) for one in SETS)
    assert dc.assumption_set(book=BOOK) == hyperscaler
    pue = [one["pue"].value for one in (hyperscaler, neocloud, laboratory)]
    assert pue == sorted(pue)  # type: ignore[type-var]
    interest = [one["interest"].value for one in (laboratory, hyperscaler, tesla, neocloud)]
    assert interest == sorted(interest)  # type: ignore[type-var]
    assert laboratory["life"].value == pytest.approx(6 * YEAR)
    assert neocloud["storage"].value == pytest.approx(1e12)
    assert tesla["energy_price"].source.startswith("texas.electricity_price")
    assert "energy_price" not in turbines
    assert set(sets.SUPPLY) <= set(turbines)
    assert not set(sets.SUPPLY) & set(hyperscaler)
    assert laboratory["income_tax"].value == 0.0


def test_every_set_says_what_becomes_of_used_machines() -> None:
    given = {one for one in dc.assumption_sets() if "resale_share" in dc.assumption_set(one, BOOK)}
    assert given == {"laboratory"}  # scrapped; the others sell at what used chips of the kind bring
    own = dc.chain("h100-sxm", assumptions="laboratory", book=BOOK)
    sold = dc.chain("h100-sxm", assumptions="hyperscaler", book=BOOK)
    assert own.evaluate("resale_share") == 0.0
    # 16 % a year over five years, by the used ones of 2026
    assert sold.evaluate("resale_share") == pytest.approx(0.59 ** (5 / 3), rel=1e-6)


def test_a_set_speaks_of_its_own_year_or_of_the_one_asked_for() -> None:
    index = {fact.date[:4]: fact.value for fact in BOOK.facts.readings("us", "price_index")}
    own, later = dc.assumption_set("hyperscaler", BOOK), dc.assumption_set("hyperscaler", BOOK, on=2024)
    assert own["hall_price_per_watt"].value == pytest.approx(10 * index["2025"] / index["2018"])
    assert later["hall_price_per_watt"].value == pytest.approx(10 * index["2024"] / index["2018"])
    # cents a kilowatt-hour of industry
    assert own["energy_price"].value == pytest.approx(0.0826 / 3.6e6)
    assert later["energy_price"].value == pytest.approx(0.0771 / 3.6e6)
    assert len(own["energy_price"].readings) == 1
    same = [one for one in own if own[one] == later[one]]
    assert set(own) - set(same) == {"energy_price", "hall_price_per_watt", "hall_fee_per_watt"}
    with pytest.raises(DomainError, match="on must be"):
        dc.assumption_set(on="someday")
    with pytest.raises(UnitError, match="no price index of 2005"):
        dc.assumption_set(on=2005)


def test_a_site_may_pay_what_a_state_pays_and_not_only_the_mean_of_all() -> None:
    # EIA, Electric Power Annual, industry in 2023, cents a kilowatt-hour: where most large sites stand. The mean of
    # all states is 8.06 to 2 %; no site pays it.
    paid = {"Virginia": 8.92, "Texas": 6.60, "Ohio": 7.03, "Oregon": 7.52, "Iowa": 6.91, "Georgia": 6.88}
    for name in ("hyperscaler", "neocloud", "laboratory"):
        price = dc.assumption_set(name, BOOK, on=2023)["energy_price"]
        assert price.value == pytest.approx(0.0806 / 3.6e6)
        low, high = price.ends
        assert all(low < cents / 100 / 3.6e6 < high for cents in paid.values())
        assert (low, high) == pytest.approx((0.7 * 0.0806 / 3.6e6, 1.5 * 0.0806 / 3.6e6))
        assert "0.7 to 1.5 times that. What one site pays" in price.source
    # 0.0826 USD/kWh from 0.7 to 1.5 times, at the same power: 0.8 of the energy's cost at the mean.
    chain = dc.chain("h100-sxm", book=BOOK)
    bar = next(one for one in dc.tornado(chain, "own") if one.input == "energy_price")
    assert bar.swing == pytest.approx(0.8 * float(chain.evaluate("energy_cost")), rel=1e-9)


def test_an_unknown_set_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean neocloud"):
        dc.assumption_set("neoclod")
    with pytest.raises(UnknownNameError, match=r"there are hyperscaler, .*, Tesla 2024, site with turbines"):
        dc.assumption_set("bank")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("neocloud,life,,5,4,6,year", "neocloud,lifes,,5,4,6,year", r"sets.csv, line \d+, column 2 .*'lifes'; did"),
        ("neocloud,life,,5,4,6,year", "neocloud,life,,5,4,,year", r"line \d+, column 6 \(high\): the cell is empty"),
        ("neocloud,life,,5,4,6,year", "neocloud,life,,5,5,5,year", r"column 5 \(low\): .* with a width, got 5, 5, 5"),
        ("neocloud,life,,5,4,6,year", "neocloud,life,hyperscale.useful_life[nebius],5,4,6,year", "one of the two"),
        ("neocloud,pue,air-cooled-hall.pue,,,,,\n", "", "set 'neocloud' ends here and says nothing of 'pue'"),
        ("neocloud,pue,", "neocloud,grid_wait,us.connection_time,,,,,\nneocloud,pue,", "stands in place of"),
        ("site with turbines,grid_wait,us.connection_time,,,,,\n", "", "says nothing of 'grid_wait'"),
        ("neocloud,pue,", "neocloud,pue,air-cooled-hall.pue,,,,,\nneocloud,pue,", "has 'pue' twice"),
        ("neocloud,pue,air-cooled-hall.pue", "neocloud,pue,chip", "got 'chip', which resale_share alone may have"),
        (",What used chips of its kind are sold for: its lenders count on it", ",", "left to the chip needs"),
        ("neocloud,resale_share,chip", "neocloud,life,chip", "which resale_share alone may have"),
        ("us.electricity_price,,0.7,1.5,1,", "us.electricity_price,,0.7,,1,", r"\(high\): the cell is empty"),
        ("us.electricity_price,,0.7,1.5,1,", "us.electricity_price,,1.1,1.5,1,", r"\(low\): .* got 1.1, 1, 1.5"),
        ("us.electricity_price,,0.7,1.5,1,", "us.electricity_price,,0.7,1.5,W,", r"\(unit\): .* unit 1, got 'W'"),
        ("neocloud,date,,2025,,,,", "neocloud,date,,,,,,", r"column 4 \(value\): a date needs its year"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_file_and_line(edit: Edit, old: str, new: str, told: str) -> None:
    edit(lambda text: text.replace(old, new, 1))
    with pytest.raises(FactsError, match=told):
        dc.assumption_sets()


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        ("hyperscale.useful_life[coreweave]", r"sets.csv, line 47, column 3 .*\[coreweave\] is rated and has no"),
        ("hyperscale.no_such_life", r"sets.csv, line 47, column 3 \(fact\): .*no_such_life"),
    ],
)  # fmt: skip
def test_a_fact_without_interval_is_refused(edit: Edit, fact: str, told: str) -> None:
    edit(lambda text: re.sub(r"neocloud,life,.*", f"neocloud,life,{fact},,,,,", text))
    with pytest.raises(FactsError, match=told):
        dc.assumption_set("neocloud", BOOK)
