"""The rule on its own, then the reviewed verdicts of the ledger."""

from __future__ import annotations

import pytest

import dojo_calc as dc
from dojo_calc.errors import FactsError
from dojo_calc.evidence.claims import ledger as ledger_module
from dojo_calc.evidence.claims.ledger import Answer, Claim, ledger, significant_digits, verdict
from dojo_calc.evidence.claims.verdicts import Entry, verdicts


@pytest.mark.parametrize(
    ("printed", "digits"),
    [
        (8000, 1),
        (276_000, 3),
        (320_500, 4),
        (9, 1),
        (36, 2),
        (0.05, 1),
        (3.33, 3),
        (1e16, 1),
        (645, 3),
        (0, 1),
    ],
)
def test_digits_that_were_printed(printed: float, digits: int) -> None:
    assert significant_digits(printed) == digits


def _claim(form: str, low: float | None, high: float | None, widest: float = 3.0) -> Claim:
    return Claim.model_validate(
        {"id": "T00", "document": "d", "claim": "c", "form": form, "low": low, "high": high, "widest": widest}
    )


@pytest.mark.parametrize(
    ("claim", "answer", "expected"),
    [
        (_claim("value", 8000, 8000), (7683, 7683, 7683), "reproduced"),  # one digit: rounds to 8,000
        (_claim("value", 320_500, 320_500), (320_513, 320_513, 320_513), "reproduced"),
        (_claim("value", 320_500, 320_500), (319_000, 320_600, 321_000), "consistent"),
        (_claim("value", 320_500, 320_500), (320_600, 320_600, 320_600), "contradicted"),
        (_claim("value", 8000, 8000), (5000, 6000, 9000), "consistent"),
        (_claim("value", 8000, 8000), (2000, 6000, 9000), "uninformative"),  # 4.5 times wide
        (_claim("value", 8000, 8000, widest=5), (2000, 6000, 9000), "consistent"),
        (_claim("value", 1e16, 1e16), (1e18, 1e18, 1e18), "contradicted"),
        (_claim("value", 100, 100), (60, 70, 94), "contradicted"),  # 95 to 150 rounds to 100
        (_claim("value", 100, 100), (60, 90, 96), "consistent"),
        (_claim("value", 100, 100), (140, 143, 174), "consistent"),  # rounds to 100, but 100 is outside
        (_claim("value", 0, 0), (0, 0, 0), "reproduced"),
        (_claim("value", 0, 0), (1, 1, 1), "contradicted"),
        (_claim("interval", 3, 4), (3.33, 3.33, 3.33), "reproduced"),
        (_claim("interval", 3, 4), (2.5, 3.3, 4.2), "consistent"),
        (_claim("interval", 3, 4), (4.1, 5, 6), "contradicted"),
        (_claim("above", 500, None), (552, 588, 624), "reproduced"),
        (_claim("above", 500, None), (405, 465, 525), "consistent"),
        (_claim("above", 500, None), (360, 403, 480), "contradicted"),
        (_claim("below", None, 1), (1.16, 1.16, 1.16), "contradicted"),
        (_claim("below", None, 1), (0.0055, 0.0055, 0.0055), "reproduced"),
        (_claim("none", None, None), (1, 1, 1), "not checkable"),
        (_claim("value", 5, 5), (None, None, None), "not checkable"),
    ],
)
def test_the_rule(
    claim: Claim, answer: tuple[float | None, float | None, float | None], expected: str
) -> None:
    assert verdict(claim, Answer(*answer, reason="")) == expected


# Reviewed by hand against the arithmetic in each comment; a change here is a change of the record.
REVIEWED = {
    "N01": {
        "counted": "reproduced",  # 35,000 + 50,000
        "by the growth told": "consistent",  # 40,000 / 2.3 x 5 = 86,957
    },
    "N02": {
        "the rise by year end": "contradicted",  # 50,000 / (85,000 - 35,000)
        "the 12,000 by year end": "contradicted",  # 12,000 / 12,000
    },
    "N03": {
        "clusters alone": "contradicted",  # 1.25 - 0.36 + 1.905 = 2.8 billion
        "all that may count": "uninformative",  # up to 11.34 + 4.54 = 15.9
    },
    "N04": {
        "10 billion as bought": "reproduced",  # 10 / 3.5 = 2.9
        "3 to 4 billion by parts": "consistent",  # 3.5 / 3.33
        "85,000 by year end": "consistent",  # 85,000 / 85,000
        "the mails": "not checkable",
    },
    "N05": {"all in": "reproduced", "in a server": "consistent", "bare": "contradicted"},
    "N06": {
        "all, in the mean": "consistent",  # 0.5 x 1 + 0.5 x 6 = 3.5 months
        "the slot of June": "reproduced",  # 6
        "months of use": "contradicted",  # the hall came after 8
    },
    "N07": "reproduced",
    "N08": "reproduced",
    "N09": "not checkable",
    "X01": {
        "both as they have grown": "contradicted",  # 0.5 x 3.36^5 = 214, 19.8 x 3.3^5 = 7,749 million: 2.7 %
        "others as NVIDIA": "contradicted",  # 2.3^5 = 64.4: 1,274 million: 14 %
        "xAI at its goal": "contradicted",  # 50 of 7,799 million: 0.6 %
        "its goal, others as NVIDIA": "contradicted",  # 50 of 1,324 million: 3.8 %
    },
    "X02": {
        "both as they have grown": "contradicted",  # 214 of 214 + 10.7 x 391.4 = 4,402 million: 4.9 %
        # At the worst for them 8.29 million grow by 8.29 / 4.38 = 1.89 a year, to 202, beside 527 million: 72 %.
        "the named as in 2025": "uninformative",
        "xAI at its goal": "contradicted",  # 50 of 4,238 million: 1.2 %
    },
    "X03": {
        "at the growth shown": "reproduced",  # 0.45 x 2.99^4.5 = 62 to 0.58 x 3.91^4.5 = 266 million
        "stood or planned in 2025": "contradicted",  # 0.276 + 1.390 = 1.67 million
        "on the power it can connect": "uninformative",  # 2 GW / 993 W = 2.0 million and more than 50 at 50 GW
    },
    "X04": "consistent",  # 220 to 240
    "X08": {
        "December 2025": "contradicted",  # at most 1.63, and 1.65 would round to 1.7
        "at the highest close": "contradicted",  # 1.63
    },
    "X09": "contradicted",  # 0.8
    "X10": {
        "prices told": "reproduced",  # (0.124 + 0.42) x 1,700 / 4 = 231.2
        "prices told, capped": "reproduced",  # 3.5 + 0.42 x 1,700 / 4 = 182
        "prices paid": "reproduced",  # (0.124 x 1,500 + 0.42 x 800) / 4 = 130.5
        "prices paid, capped": "contradicted",  # 3.5 + 0.42 x 800 / 4 = 87.5, at most 92.75
    },
    "X11": {
        # 50 million / 2.5265 a GB200 x 80,100 USD = 1,585 billion.
        "chips of 2025, told": "contradicted",  # 231.2 / 1,585 = 0.15
        "chips of 2025, capped": "contradicted",  # 87.5 / 1,585 = 0.06
        # A 1.43^5 = 5.98th of that is 265 billion; from a 1.6^5 = 10.5th to all of it.
        "chips of 2030, told": "uninformative",  # 0.11 to 2.2
        "chips of 2030, capped": "contradicted",  # at most 0.83
        "burn of 2025, capped": "reproduced",  # 87.5 / (5 x 12.67) = 1.38
        "rivals": "not checkable",
    },
    "X12": "reproduced",  # 230,000 + 110,000
    "X13": {
        "standing": "contradicted",  # 424 + 276 = 700 MW
        "with what is planned": "reproduced",  # 424 + 1,379 = 1,803 MW
        "the claim's own count": "uninformative",  # 140 to 2,510 MW
    },
    "X14": {
        "1 million h100-sxm": "reproduced",  # 1,400 to 1,740 MW
        "1 million gb200": "reproduced",  # 2,400 to 2,510 MW
        "5 million gb200": "contradicted",  # 12,000 MW and more
    },
    "X15": {
        "cash of nine months": "consistent",  # 8.5 to 10.5, and ten are no longer several
        "cash of a year": "contradicted",  # 9.5 x 12 / 9 = 12.7, 11.3 at least
        "100,000 GPUs": "reproduced",  # 4.2 to 6.3
        "200,000 GPUs": "consistent",  # 8.5 to 12.7
        "what stood in October 2025": "contradicted",  # 12.86 + 8.81 = 21.7
        "with what was planned": "contradicted",  # 12.86 + 44.04 = 56.9
        "the claim's own count": "uninformative",  # 100,000 x 46,000 = 4.6 to 999,999 x 96,100 = 96
    },
    "X16": {
        "100,000 GPUs": "contradicted",  # 5.3
        "200,000 GPUs": "reproduced",  # 10.58
        "what stood in October 2025": "contradicted",  # 21.7
    },
    "X17": {
        "first work, from space": "contradicted",  # 24 April to 1 July: 68 days before
        "first work, as told": "contradicted",  # 3 May: 59 days before
        "the second hundred thousand": "reproduced",  # 17 February 2025 less 168 or 92 days: September to November
    },
    "X22": {
        "scale": "reproduced",  # 2.1e25 / 3.14e23 = 67
        "scale as the cause": "not checkable",
    },
    "X26": {
        "progress": "contradicted",  # 3.36 / 6.89 = 0.49
        "progress, others as NVIDIA": "contradicted",  # 3.36 / (2.087 x 2.3) = 0.70
        "funds": "contradicted",  # 254 billion / (7,749 million x 5,302 USD) = 0.006
    },
    "D08": {
        "paid for": "contradicted",  # 0.8 million
        "cars that it reached": "consistent",  # about 1.8 million
    },
    "D09": {
        "from 2022 on": "reproduced",
        "from 2019 on": "consistent",
    },  # 15,000, 12,000, 8,000; 6,000 before
    "D10": {
        "paid for": "contradicted",  # 0.8 million x 8,000 to 15,000 = 6.4 to 12 billion
        "if all reached had paid": "consistent",  # 1.8 million x the same = 14.4 to 27
    },
    "D17": {"nearest memory": "reproduced", "off the die": "reproduced", "latency": "not checkable"},
    "D20": "reproduced",  # 50e9 / 77.5e6 = 645.2
    "D21": "reproduced",  # 54.2e9
    "D22": {
        "peak": "contradicted",  # 362 / 312 = 1.16
        "peak an area": "contradicted",  # 1.16 x 826 / 645 = 1.49
        "memory on the chip's own package": "reproduced",  # 0.44 / 80
        "kernel larger than its SRAM": "reproduced",  # 106.7 / 2,039
    },
    "D23": "not checkable",
    "D24": "reproduced",  # 9.05
    "D25": "reproduced",  # 2 x 4 x 4.5
    "D26": "reproduced",
    "D27": "reproduced",  # 7
    "D30": {
        "Dojo at BF16": "contradicted",  # 8 / 98 = 8.2 %
        "with AI4, at 8 bits": "contradicted",  # (7.9 + 20) / (27.9 + 178.1) = 13.5 %
        "by count": "contradicted",  # 48 / 138 = 34.8 %
    },
    "D32": {
        "A100, claimed tile": "reproduced",  # 22.0 / 45.2
        "H100, claimed tile": "reproduced",  # 22.0 / 34.0
        "H100, silicon of a tile": "reproduced",  # a tile of 22,700 USD: 2.5 / 34.0
        "H100, tile and design": "contradicted",  # 180 / 34.0
    },
    "D33": "reproduced",  # 10 x 1/2 x 2/3 = 3.33
    "D34": {
        "bare": "consistent",  # 3.5 billion / 33,600 = 104,000
        "in a server": "consistent",  # / 38,750 = 90,000
        "all in": "consistent",  # / 49,000 = 71,000
    },
    "D35": {
        "peak of a chip": "contradicted",  # 362 / 989.4
        "peak a watt": "contradicted",  # 0.905 / 1.413
        "peak a watt, over A100": "reproduced",  # 0.905 / 0.78
        "price, claimed tile": "reproduced",  # 39.2 / 22.0
        "Dojo 2 as announced": "reproduced",  # 3,620 / 2,500
        "the intent": "not checkable",
    },
    "D36": "reproduced",  # (400 - 250) x 3.475e9 = 521 billion
    "D37": {
        "insures 8,000 H100": "contradicted",  # 310 million x 0.0357 / 1 billion
        "insures a year's buying": "uninformative",  # 3.5 x 0.0357 / 1, but 0.005 to 1.2
        "chance of a large gain": "not checkable",
    },
    "D39": {"official list": "not checkable", "the press's scaling of 2021": "contradicted"},
    "D40": "contradicted",  # 4 to 7.9
    "D41": {
        "end of 2024": "reproduced",  # 99.3
        "Dojo as reported in August 2024": "reproduced",  # 95.3
        "known to stand by October 2024": "contradicted",  # 35,000 H100, 7,360 A100, 4 EFLOP/s: 40.9
    },
    "D42": "contradicted",  # by 100
    "D43": "reproduced",  # 276,243
    "D44": "reproduced",  # 320,513
    "D45": "not checkable",
    "D46": {"all in": "reproduced", "in a server": "contradicted", "bare": "contradicted"},  # 490, 388, 336
    "D47": {
        "130 MW at first": "reproduced",  # 130 MW / 1.427 kW = 91,000
        "500 MW later": "reproduced",  # 350,000
        "dense and cooled by water": "not checkable",
    },
    "D48": "consistent",  # 35,000 + 50,000
    "D49": {
        "BF16 basis": "reproduced",  # 7 x 1.086e18 / 989.4e12 = 7,683
        "8-bit basis": "contradicted",  # 3,841
        "dies reported ordered, BF16 basis": "contradicted",  # 10,000 to 15,000 x 362 / 989.4 = 3,659 to 5,488
    },
    "D50": {
        "as planned, at BF16": "reproduced",  # 7.9 / 99.3
        "as planned, at 8 bits": "reproduced",  # 7.9 / 190.6
        "as reported in August": "reproduced",  # 4 / 95.3
    },
    "D52": {
        "over its electricity": "reproduced",  # 171 / 11.8 million
        "with claimed tiles": "uninformative",  # 171 / (11.8 + 34.8), but 0.8 to 12
        "with the programme": "uninformative",  # 171 / (11.8 + 200), but 0.1 to 2
    },
    "T04": {
        "as planned for the end of 2024": "contradicted",  # 7.9 / 99.3
        "as reported in August 2024": "contradicted",  # 4 / 95.3
    },
    "T09": {
        "Dojo by the end of 2024": "contradicted",  # 1 to 1.5
        "with the Buffalo pledge": "consistent",  # 1.5 to 2
        "with the GPUs bought": "reproduced",  # 1 + 0.181 + 0.166 + 0.36 + 1.905 = 3.6
    },
    "T11": {"first GPUs of NVIDIA": "contradicted", "AMD": "not checkable"},
    "T15": {
        "a lead leaves, a stop within half a year": "contradicted",  # 0 of 2
        "within a year": "uninformative",  # 1 of 2
        "a wave of about twenty leaves": "uninformative",  # 1 of 1
    },
    "T16": {"leads": "contradicted", "people": "contradicted"},  # two or three leads, and about twenty more
    "T17": {
        "peak of a chip": "contradicted",  # 362 / 989.4
        "memory on the package": "contradicted",  # 0.44 / 80
        "price of the peak, by the claim about a tile": "reproduced",  # 39.2 / 22.0
        "with the design over the dies ordered": "contradicted",  # 39.2 / 180
        "the cause itself": "not checkable",
    },
    "T18": {
        "bare H100, by the claim about a tile": "consistent",  # 34.0 / 22.0
        "H100 in its server, by the claim about a tile": "consistent",  # 39.2 / 22.0
        "with the design over the dies ordered": "reproduced",  # 39.2 / 180
    },
}


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {entry.id: entry for entry in verdicts()}


def test_reviewed_verdicts(entries: dict[str, Entry]) -> None:
    found = {
        entry.id: {one.reading: one.verdict for one in entry.readings} or entry.verdict
        for entry in entries.values()
    }
    assert found == REVIEWED


def test_a_reading_is_never_flattened_away(entries: dict[str, Entry]) -> None:
    for entry in entries.values():
        agreed = {one.verdict for one in entry.readings}
        assert (entry.verdict == "depends on the reading") == (len(agreed) > 1), entry.id
        assert entry.reason, entry.id


def _derived(entry: Entry) -> dict[str, float]:
    return {one.name: one.value for one in entry.derived}


def test_computed_numbers_by_hand(entries: dict[str, Entry]) -> None:
    assert entries["D43"].computed_low == entries["D43"].computed_high == pytest.approx(276_243.09, abs=0.005)
    assert _derived(entries["D43"])["whole D1"] == 276_244
    assert _derived(entries["D43"])["whole D1 at the other published peak"] == 265_958  # 100e18 / 376e12
    assert entries["D44"].computed_low == pytest.approx(320_512.82, abs=0.005)
    assert _derived(entries["D42"])["factor"] == 100
    assert entries["D33"].computed_low == pytest.approx(10 / 3, rel=1e-9)
    assert entries["D33"].unit == "GUSD"
    exapods = _derived(entries["D49"])
    assert exapods["ExaPODs that 8,000 take (BF16 basis)"] == pytest.approx(7.288, abs=5e-4)
    assert exapods["ExaPODs that 8,000 take (8-bit basis)"] == pytest.approx(14.578, abs=5e-4)
    assert _derived(entries["N05"])["price a GPU that the claim implies (all in)"] == pytest.approx(
        41_666.67, abs=0.01
    )
    # 379.7 PF over (81.6 PF / 5,760 / 312 TF) is 8.362 EF, / 1.086 = 7.70 ExaPODs.
    rank = _derived(entries["D39"])
    assert rank["ExaPODs the fifth place takes (the press's scaling of 2021)"] == pytest.approx(
        7.70, abs=5e-3
    )
    what = _derived(entries["D45"])
    assert what["power counted at d1"] == pytest.approx(110.5, abs=0.05)
    assert what["power counted at dojo-tile"] == pytest.approx(165.75, abs=0.01)
    assert what["power counted at dojo-tray"] == pytest.approx(191.57, abs=0.01)
    assert what["gross wafers"] == pytest.approx(276_243 / 89, rel=1e-5)
    assert what["at most, from Tesla's statement about a tile"] == pytest.approx(2.199, abs=1e-3)


def test_verdicts_follow_the_facts() -> None:
    """With the other published peak, D49's first reading still rounds to 8,000 but D24's tile does not change."""
    other = dc.catalogue().choose({"d1.peak_bf16": "hot_chips_34"})
    changed = {entry.id: entry for entry in verdicts(other)}
    # 7 x 3,000 x 376e12 / 989.4e12 = 7,980.6.
    assert changed["D49"].readings[0].computed_low == pytest.approx(7980.6, abs=0.05)
    assert changed["D43"].computed_low == pytest.approx(276_243.09, abs=0.005), "the claim names its 362"


def test_a_claim_without_a_check_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from dojo_calc.evidence.claims.dojo_machine import DOJO_MACHINE_CHECKS

    monkeypatch.delitem(DOJO_MACHINE_CHECKS, "D43")
    with pytest.raises(FactsError, match="do not match: D43"):
        verdicts()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("D01,d,2024,c,value,5,,1,,", "(high): expected a number for a claim of form 'value'"),
        ("D01,d,2024,c,value,5,6,1,,", "expected the same number as low"),
        ("D01,d,2024,c,above,,5,1,,", "(low): expected a number for a claim of form 'above'"),
        ("D01,d,2024,c,rumour,5,5,1,,", "(form)"),
        ("1,d,2024,c,value,5,5,1,,", "(id)"),
        ("D01,d,2024,c,value,5,5,1,0.5,", "(widest)"),
    ],
)
def test_a_bad_ledger_row_is_refused(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, row: str, message: str
) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "claims.csv"
    path.write_text("id,document,date,claim,form,low,high,unit,widest,note\n" + row + "\n")
    monkeypatch.setattr(ledger_module, "data_path", lambda _: path)
    ledger.cache_clear()
    with pytest.raises(FactsError) as caught:
        ledger()
    ledger.cache_clear()
    assert "line 2" in str(caught.value)
    assert message in str(caught.value)
