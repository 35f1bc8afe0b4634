"""Claims of a reader's own: formulas, files, and what is said of a bad one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import dojo_calc as dc
from dojo_calc.chain.shipped import shipped
from dojo_calc.errors import FactsError
from dojo_calc.evidence.claims.ledger import number_words
from dojo_calc.evidence.claims.own import read_claims
from dojo_calc.evidence.claims.verdicts import Entry, verdicts

# A claim of eight lines with one reading, and the head of a second one.
READINGS = """[[claim]]
id = 'a'
claim = 'c'
low = 3

[[claim.readings]]
reading = 'x'
check = '{3}'
[[claim.readings]]
"""
HEADER = "id,claim,form,low,high,word,unit,main,today,reading,check,given\n"


def _judged(tmp_path: Path, *rows: str) -> dict[str, Entry]:
    file = tmp_path / "mine.csv"
    file.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return {entry.id: entry for entry in verdicts(claims=file)}


def test_a_number_against_a_stated_value_a_fact_a_count_and_a_model(tmp_path: Path) -> None:
    found = _judged(
        tmp_path,
        "my-power,The site draws 100 MW,,100,,,MW,,,,{140 to 174 MW},",
        "peak,A D1 does 362 teraflops,,362,,,TFLOP/s,,,,{d1.peak_bf16},",
        "tile,A tile holds 25,count,25,,,1,,,,{count:dojo-tile.d1},",
        "loan,Both stakes lend 200 billion,,200,,,GUSD,,,,{collateral.without_cap},tesla_value = 1.7 TUSD; "
        "spacex_value = 1.7 TUSD",
        "several,Several dollars,,,,several,USD,,,,{5 USD},",
    )
    assert (found["my-power"].verdict, found["my-power"].distance) == (
        "contradicted",
        "29 % below the lowest estimate",
    )
    assert found["my-power"].document == "mine.csv"
    assert found["peak"].verdict == "reproduced"
    assert (found["tile"].verdict, found["tile"].computed) == ("reproduced", 25)
    # (0.124 + 0.42) x 1.7 trillion x 25 % = 231.2.
    assert found["loan"].computed == pytest.approx(231.2)
    assert found["several"].verdict == "reproduced"
    assert found["several"].claimed_low == number_words()["several"].low == 2


def test_an_output_of_the_chain_has_the_interval_of_its_simulation(tmp_path: Path) -> None:
    (one,) = _judged(
        tmp_path,
        "site,100000 GB200 draw 200 MW,,200,,,MW,,,,{chain.fleet_site_power_reported},chip = gb200; chips = 100000",
    ).values()
    model = shipped("chain", chip="gb200")
    drawn = dc.simulate(model, "fleet_site_power_reported", samples=4096, chips=100_000)
    assert (one.computed_low, one.computed_high) == pytest.approx([end / 1e6 for end in drawn.interval(0.9)])
    assert one.computed == pytest.approx(model.evaluate("fleet_site_power_reported", chips=100_000) / 1e6)


def test_number_words_are_two_or_more_and_under_ten() -> None:
    for word in number_words().values():
        size = 10.0 ** math.floor(math.log10(word.low))
        assert word.low == 2 * size, word.word
        assert word.high is None or 9.9 * size <= word.high < 10 * size, word.word


def test_a_formula_is_the_reason_and_what_nobody_gave_is_told(tmp_path: Path) -> None:
    found = _judged(
        tmp_path,
        "hall,A hall draws 2 MW,,2,,,MW,,,,{chain.fleet_site_power_reported},",
        "small,A hall of 1000 draws 2 MW,,2,,,MW,,,,{chain.fleet_site_power_reported},chips = 1000",
    )
    chips = shipped("chain").inputs["chips"].value
    behind = f"Not given, so as the model has it: chips = {chips:,.0f}."
    assert found["hall"].reason == "By {chain.fleet_site_power_reported}. " + behind
    assert found["small"].reason == "By {chain.fleet_site_power_reported}, given chips = 1000."


def test_dates_orders_and_further_readings(tmp_path: Path) -> None:
    found = _judged(
        tmp_path,
        "when,It was stopped in August 2025,date,2025-08,,,,as told,,as told,{event:stop},",
        "when,,,,,,,,,a month later,{date:2025-09-07},",
        "first,The stop came before the restart,order,0,,,day,,,,{event:restart} - {event:stop},",
    )
    assert [one.verdict for one in found["when"].readings] == ["reproduced", "contradicted"]
    assert found["when"].depends
    assert (found["when"].said, found["when"].found) == ("2025-08-01 to 2025-08-31", "2025-08-07")
    assert (found["first"].verdict, found["first"].computed) == ("reproduced", 164)


def test_a_formula_takes_the_corners_of_its_terms(tmp_path: Path) -> None:
    (one,) = _judged(tmp_path, "r,c,,3,,,1,,,,({6 to 8} - {1 to 2}) / {2},").values()
    # 7 - 1.5 over 2; least 6 - 2, most 8 - 1.
    assert (one.computed_low, one.computed, one.computed_high) == (2.0, 2.75, 3.5)


def test_two_passages_on_one_quantity(tmp_path: Path) -> None:
    found = _judged(
        tmp_path,
        "a,Eight,,8,,,MW,,,,{claim:b},",
        "b,Nine,,9,,,MW,,,,{claim:a},",
        "c,As D49,,8000,,,1,,,,{claim:D49},",
    )
    assert [one.verdict for one in found.values()] == ["contradicted", "contradicted", "reproduced"]


def test_toml_as_csv(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[claim]]\nid = "a"\nclaim = "c"\nlow = 100\nunit = "MW"\ncheck = "{140 to 174 MW}"\n'
        '[[claim]]\nid = "b"\nclaim = "c"\nlow = 2.5\nhigh = 3.5\nunit = "GUSD"\n'
        '[[claim.readings]]\nreading = "x"\ncheck = "{3 GUSD}"\n'
        '[[claim.readings]]\nreading = "y"\ncheck = "{9 GUSD}"\n',
        encoding="utf-8",
    )
    first, second = verdicts(claims=file)
    assert first.verdict == "contradicted"
    assert [one.verdict for one in second.readings] == ["reproduced", "contradicted"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,c,,1,,,MW,,,,{140 GUSD},", "column 11 (check): the formula gives GUSD, but the claim is in MW"),
        ("a,c,,1,,,MW,,,,{140 MW} + {1 GUSD},", "the units do not fit"),
        ("a,c,,1,,,MW,,,,{d1.peek},", "(check): d1 has no 'peek'"),
        ("a,c,,1,,,MW,,,,{event:stopp} - {event:stop},", "the timeline has no event 'stopp'; did you mean stop"),
        ("a,c,,1,,,MW,,,,{claim:D999},", "unknown claim 'D999'"),
        ("a,c,,1,,,MW,,,,{evnt:stop},", "unknown kind of term 'evnt'; did you mean event"),
        ("a,c,,1,,,MW,,,,{3 MW} / ({1 MW} - {1 MW}) * {1 MW},", "divides by zero"),
        ("a,c,,1,,,MW,,,,__import__('os'),", "(check)"),
        ("a,c,,1,,,MW,,,,{3 MW} ** {2},", "expected nothing but terms in braces"),
        ("a,c,,1,,,MW,,,,{3 MW},pue = 1.2", "(given): nothing takes it"),
        ("a,c,,1,,,GUSD,,,,{collateral.without_cap},spacex_valeu = 1", "spacex_valeu"),
        ("a,c,,1,,,MW,,,,,", "(check): the cell is empty"),
        ("a,,,1,,,MW,,,,{3 MW},", "(claim): the cell is empty"),
        ("a,c,,,,,MW,,,,{3 MW},", "(low): expected a number for a claim of form 'value'"),
        ("a,c,rumour,1,,,MW,,,,{3 MW},", "(form): unknown form 'rumour'"),
        ("a,c,interval,3,2,,MW,,,,{3 MW},", "(high): expected no less than low"),
        ("a,c,,one,,,MW,,,,{3 MW},", "(low): expected a number, got 'one'"),
        ("a,c,,nan,,,MW,,,,{3 MW},", "(low): expected a finite number"),
        ("a,c,date,2025-13,,,,,,,{event:stop},", "(low)"),
        ("a,c,date,May,,,,,,,{event:stop},", "(low): expected a date such as"),
        ("a,c,,,,sevral,MW,,,,{3 MW},", "unknown number word 'sevral'; did you mean several"),
        ("a,c,,1,,several,MW,,,,{3 MW},", "either a word or a number"),
        ("a b,c,,1,,,MW,,,,{3 MW},", "(id): expected an id without spaces"),
        ("a,c,,1,,,MX,,,,{3 MW},", "line 2, column 7 (unit): unknown unit 'MX'"),
        ("a,c,,1,,,1,,,,{3 MW},", "the formula gives MW, but the claim has no unit"),
        ("a,c,,1,,,MW,,,,{3 MW} * {2 GUSD},", "the formula gives [mass]*[length]**2*[money]/[time]**3, but"),
        ("a,c,,1,,,MW,,,,{3 MW} * {2 hour},", "the formula gives J, but the claim is in MW"),
        ("a,c,date,2025,,,,,,,{3},", "the formula gives a bare number, but the claim is a date"),
        ("a,c,,1,,,MW,nothing,,x,{3 MW},", "has no reading 'nothing' (main)"),
        ("a,c,,1,,,MW,,,x,{3 MW},\na,c,,1,,,MW,,,y,{3 MW},", "a row that repeats it adds a reading"),
        ("a,c,,1,,,MW,,,x,{3 MW},\na,,,,,,,,,x,{3 MW},", "stands twice"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_in_one_line(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(dc.errors.DojoCalcError) as caught:
        _judged(tmp_path, row)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claim = 3", "expected tables [[claim]]"),
        (
            "[[claim]]\nid = 'a'\nlow = true",
            "mine.toml, line 3, column 7 (low): expected a text, a number or a date",
        ),
        ("[[claim]]\nid = 'a'\nlwo = 1", "mine.toml, line 3, column 7 (lwo): unknown key; did you mean low"),
        (
            "[[claim]]\nid = 'a'\n\n[[claim]]\nid = 'b'\n'claim' = 'c'\nlow = 'x'\ncheck = '{3}'",
            "line 1, column 1 (claim): the cell is empty",
        ),
        (
            "[[claim]]\nid = 'b'\nclaim = 'c'\nlow = 'x'\ncheck = '{3}'",
            "line 4, column 7 (low): expected a number, got 'x'",
        ),
        (
            READINGS + "reading = 'y'\nchek = '{4}'",
            "line 11, column 8 (chek): unknown key; did you mean check",
        ),
        (
            "[[claim]]\nid = 'b'\nclaim = 'c'\nlow = 1\n[[claim.reading]]\ncheck = '{4}'",
            "line 5, column 1 (reading)",
        ),
        (
            "claim = [{id = 'a', claim = 'b', low = 5, unit = 'MX', check = '{3 MW}'}]",
            "claim 1 (unit): unknown unit 'MX'",
        ),
        ("[[claim]", "not TOML"),
        ("", "expected at least one claim"),
    ],
)
def test_bad_toml_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FactsError) as caught:
        read_claims(file)
    assert message in str(caught.value)
