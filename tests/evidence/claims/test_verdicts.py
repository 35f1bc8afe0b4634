"""The reviewed verdicts of the ledger."""

from __future__ import annotations

from collections import Counter

import pytest

import dojo_calc as dc
from dojo_calc.evidence.claims.estimates import LATE_2024
from dojo_calc.evidence.claims.timeline import days_of
from dojo_calc.evidence.claims.verdicts import Entry, checks, last_day, verdicts

# Reviewed by hand against the arithmetic in each comment; a change here is a change of the record.
REVIEWED = {
    "N01": {
        "counted": "reproduced",  # 35,000 + 50,000
        "by the growth told": "consistent",  # 40,000 / 2.3 x 5 = 86,957
    },
    "N02": {
        "the rise by year end": "contradicted",  # 50,000 / (85,000 - 35,000)
        "known in June 2024": "not checkable",
    },
    "N03": {
        "clusters alone": "contradicted",  # 1.25 - 0.36 + 1.905 = 2.8 billion
        "all that may count": "uninformative",  # up to 11.34 + 4.54 = 15.9
    },
    "N04": {
        "85,000 by year end": "consistent",  # 85,000 / 85,000
        "the mails": "not checkable",
    },
    "N05": {"all in": "reproduced", "in a server": "consistent", "bare": "contradicted"},
    "N06": {
        "all, in the mean": "as told",  # 0.5 x 1 + 0.5 x 6 = 3.5 months, by the memo alone
        "the slot of June": "as told",  # 6
    },
    "N07": "as told",
    "N08": "as told",
    "N09": "not checkable",
    "N10": {
        "of use": "uninformative",  # 0 to 0.8 months
        "of delivery": "as told",
    },
    "X01": {
        "both as they have grown": "implausible",  # 0.5 x 3.36^5 = 214, 19.8 x 3.3^5 = 7,749 million: 2.7 %
        "others as NVIDIA": "implausible",  # 2.3^5 = 64.4: 1,274 million: 14 %
        "xAI at its goal": "implausible",  # 50 of 7,799 million: 0.6 %
        "its goal, others on the grid": "uninformative",  # 50 of 290 million on 100 GW: 17 %, but 4 to 51
        "its goal, others as NVIDIA": "implausible",  # 50 of 1,324 million: 3.8 %
    },
    "X02": {
        "both as they have grown": "implausible",  # 214 of 214 + 10.7 x 391.4 = 4,402 million: 4.9 %
        # At the worst for them 8.29 million grow by 8.29 / 4.38 = 1.89 a year, to 202, beside 527 million: 72 %.
        "the named as in 2025": "uninformative",
        "xAI at its goal": "implausible",  # 50 of 4,238 million: 1.2 %
    },
    "X03": {
        "at the growth shown": "plausible",  # 0.45 x 2.99^4.5 = 62 to 0.58 x 3.91^4.5 = 266 million
        "stood or planned in 2025": "implausible",  # 0.276 + 1.390 = 1.67 million
        "on the power it can connect": "uninformative",  # 2 GW / 993 W = 2.0 million and more than 50 at 50 GW
    },
    "X05": {
        "December 2025": "contradicted",  # below OpenAI at 500 and Anthropic at 350
        "September 2025": "reproduced",
        "June 2026": "contradicted",
    },
    "X08": {
        "December 2025, options counted or not": "consistent",  # 1.43 to 1.81, and 1.7 lies between
        "at the highest close": "contradicted",  # 489.88 x 3.326 = 1.629, and 1.652 would round to 1.7
        "at the highest price within a day": "reproduced",  # 498.83 x 3.326 = 1.659
        "the same with the options": "contradicted",  # 498.83 x 3.63 = 1.811
    },
    "X09": {
        "the last price paid": "contradicted",  # 0.8
        "its offering, with xAI inside": "consistent",  # 1.75 to 1.78, and 1.75 is the edge of 1.7
        "its first close, with xAI inside": "contradicted",  # 2.1
    },
    "X10": {
        # Several hundred are two hundred or more.
        "prices told": "reproduced",  # (0.124 + 0.42) x 1,700 / 4 = 231.2
        "prices told, capped": "contradicted",  # 3.5 + 0.42 x 1,700 / 4 = 182
        "prices paid": "contradicted",  # (0.124 x 1,500 + 0.42 x 800) / 4 = 130.5
        "prices paid, capped": "contradicted",  # 3.5 + 0.42 x 800 / 4 = 87.5, at most 92.75
        # Shares of 0.415 x 0.79 x (1 - 86.3 / 1,750) = 0.312 to 0.425 x 0.81 + 0.21 = 0.554.
        "at the offering of June 2026, capped": "consistent",  # 3.5 + 0.433 x 1,770 / 4 = 195, 140 to 250
    },
    "X11": {
        # 50 million / 2.5265 a GB200 x 80,100 USD = 1,585 billion.
        "chips of 2025, told": "contradicted",  # 231.2 / 1,585 = 0.15
        "chips of 2025, capped": "contradicted",  # 87.5 / 1,585 = 0.06
        # A 1.43^5 = 5.98th of that is 265 billion; from a 1.6^5 = 10.5th to all of it.
        "chips of 2030, told": "uninformative",  # 0.11 to 2.2
        "chips of 2030, capped": "contradicted",  # at most 0.83
        # ln(1 + 0.1178 L / burn) / 0.1178 over five years, at an interest of 12.5 % and so 0.1178 a year.
        "burn as told in 2025, capped": "consistent",  # L = 87.5, burn = 12.67: 1.01
        "cash of 2025 by the accounts, capped": "consistent",  # burn = 19.06: 0.73, at most 1.18
        "at the rate of early 2026, capped": "contradicted",  # burn = 40.7: 0.38
        # L = 195, burn = 40.7 - 15: 1.09.
        "at the offering of June 2026, capped, with the rent earned": "consistent",
        "rivals": "not checkable",
    },
    "X12": "reproduced",  # 230,000 + 110,000
    "X13": {
        "standing": "contradicted",  # 424 + 276 = 700 MW
        "with what is planned": "consistent",  # 424 + 1,379 = 1,803 MW, 2,164 at most
        "the claim's own count": "uninformative",  # 280 to 2,507 MW
    },
    "X15": {
        "cash of nine months": "consistent",  # 8.5 to 10.5, and ten are no longer several
        "cash of a year": "contradicted",  # 9.5 x 12 / 9 = 12.7, 11.3 at least
        "100,000 GPUs": "reproduced",  # 4.2 to 6.3
        "200,000 GPUs": "consistent",  # 8.5 to 12.7
        "what stood in October 2025": "contradicted",  # 12.86 + 8.81 = 21.7
        "with what was planned": "contradicted",  # 12.86 + 44.04 = 56.9
        "the claim's own count": "uninformative",  # 200,000 x 46,000 = 9.2 to 999,000 x 96,100 = 96
        "2025 by the accounts": "contradicted",  # 6.36 + 12.7 = 19.06
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
    "X21": {
        "in three years": "implausible",  # (5.0 / 0.5)^(1/3) = 2.15, shown 3.36 / 3.3 = 1.02
        "in two years": "implausible",  # 3.16
    },
    "X26": {
        "progress and funds, the lesser": "consistent",  # 1.05
        "progress": "reproduced",  # 3.36 a year
        "funds": "consistent",  # 20 / 19.06 = 1.05
        "progress, enough for X01": "contradicted",  # 3.36 / 6.89 = 0.49
        "the same, others as NVIDIA": "contradicted",  # 3.36 / (2.087 x 2.3) = 0.70
        "funds, enough for X01": "contradicted",  # 251 billion / (7,749 million x 5,302 USD) = 0.006
    },
    "D08": {
        "paid for in August 2024": "contradicted",  # 0.7 million
        "paid for in March 2026": "contradicted",  # 1.28 million
        "cars that it reached": "consistent",  # about 1.8 million
    },
    "D09": {
        "from 2022 on": "reproduced",
        "from 2019 on": "consistent",
    },  # 15,000, 12,000, 8,000; 6,000 before
    "D10": "not checkable",
    "X27": "not checkable",
    "D28": "not checkable",
    "D12": {  # 200 PB over 150 MB/s (88 to 344) at 37.1 (30 to 40) miles an hour: 14 (4.6 to 26.6) million
        "stored for training": "consistent",
        "driven with FSD by April 2024": "contradicted",
    },
    "D13": {
        "images": "reproduced",  # 2^(1/0.309) = 9.4
        "speech": "reproduced",  # 2^(1/0.299) = 10.2
        "language": "reproduced",  # 2^(1/0.075) = 10,300
    },
    "D17": {"nearest memory": "reproduced", "off the die": "reproduced", "latency": "not checkable"},
    "D20": "reproduced",  # 50e9 / 77.5e6 = 645.2
    "D21": "reproduced",  # 54.2e9
    "D22": {
        "peak": "contradicted",  # 362 / 312 = 1.16
        "peak at 8 bits": "reproduced",  # 362 / 624 = 0.58
        "transistors": "reproduced",  # 50 / 54.2 = 0.92
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
        # 4 to 7.6 of as much and 67,000 x 989.4 T = 66.3: 5.7 to 10.3 %
        f"at the stop, {LATE_2024}": "contradicted",
        "with Dojo 1 as planned": "contradicted",  # 8 of 75: 10.7 %
        "with AI4, at 8 bits": "contradicted",  # (4 + 20) of 24 + 132.6: 15.3 %
    },
    "D32": {
        "A100, claimed tile": "reproduced",  # 22.0 / 45.2
        "H100 in its server, claimed tile": "reproduced",  # 22.0 / 39.2
        "the same at 8 bits": "consistent",  # 22.0 / 19.6 = 1.12
        "H100, silicon of a tile": "reproduced",  # a tile of 22,700 USD: 2.5 / 39.2
        "H100, tile and design": "contradicted",  # 180 / 39.2
    },
    "D33": "as told",  # 10 x 1/2 x 2/3 = 3.33, all from one post
    "D34": "not checkable",
    "D35": {
        "peak of a chip": "contradicted",  # 362 / 989.4
        "peak a watt": "contradicted",  # 0.905 / 1.413
        "peak a watt, over A100": "reproduced",  # 0.905 / 0.78
        "price, claimed tile": "reproduced",  # 39.2 / 22.0
        "price, claimed tile, at 8 bits": "consistent",  # 19.6 / 22.0 = 0.89
        "Dojo 2 as announced": "reproduced",  # 3,620 / 2,500
        "Dojo 2 as announced, at 8 bits": "contradicted",  # 3,620 / 5,000
        "the intent": "not checkable",
    },
    "D36": {
        "rise of the target": "reproduced",  # (400 - 250) x 3.475e9 = 521 billion
        "target over the market": "contradicted",  # 400 x 3.475 - 789 = 601
    },
    "D37": {
        "insures 8,000 H100": "contradicted",  # 310 million x 0.0357 / 1 billion
        "insures a year's buying": "uninformative",  # 3.5 x 0.0357 / 1, but 0.005 to 1.2
        "insures Cortex, with what could not be had": "uninformative",  # 0.07 + 0.5 over 1, but 0.07 to 1.7
        "chance of a large gain": "not checkable",
    },
    "D39": {"official list": "not checkable", "the press's scaling of 2021": "contradicted"},
    "D40": "contradicted",  # 4 to 7 x 1.086 = 7.6
    "D41": {
        # (35,000 + 50,000) x 989.4 T = 84.1, A100 2.3, Dojo 4.0: 90.4, and 90.9 would do
        "by the end of October 2024": "consistent",
        "end of 2024, by the post": "as told",  # 99.3
        "known to stand before Cortex": "contradicted",  # 35,000 H100, 7,360 A100, 4 EFLOP/s: 40.9
    },
    "D42": "contradicted",  # by 100
    "D43": "reproduced",  # 276,243
    "D44": "reproduced",  # 320,513
    "D45": "not checkable",
    "D46": {
        "pledged": "reproduced",  # 500
        "spent": "contradicted",  # 0 to 50
    },
    "D47": {
        "130 MW at first": "reproduced",  # 130 MW / 1.427 kW = 91,000
        "500 MW later": "reproduced",  # 350,000
        "dense and cooled by water": "not checkable",
    },
    "D48": {
        "at its date": "contradicted",  # 35,000
        "by the end of 2024": "reproduced",  # 35,000 + 50,000, within a tenth of 90,000
    },
    "D49": {
        "BF16 basis": "reproduced",  # 7 x 1.086e18 / 989.4e12 = 7,683
        "8-bit basis": "contradicted",  # 3,841
        LATE_2024: "consistent",  # 4,043 to 7,683, and 7,273 rounds to 8,000
        "as reported in August 2024": "contradicted",  # 4 EFLOP/s / 989.4 T = 4,043
        "dies reported ordered, BF16 basis": "contradicted",  # 10,000 to 15,000 x 362 / 989.4 = 3,659 to 5,488
    },
    "D50": {
        LATE_2024: "reproduced",  # 4 / 95.3 to 7.6 / 98.9
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
        LATE_2024: "contradicted",  # 4 / 95.3 to 7.6 / 98.9
        "as planned for the end of 2024": "contradicted",  # 7.9 / 99.3
        "as reported in August 2024": "contradicted",  # 4 / 95.3
    },
    "T03": "contradicted",
    "T09": {
        "Dojo by the end of 2024": "contradicted",  # 1 to 1.5
        "with the GPUs bought": "reproduced",  # 1 + 0.166 + 1.25 + 1.905 = 4.3
    },
    "T11": "consistent",  # from NVIDIA it buys, from both it is planned
    "T15": {
        "a lead leaves, a stop within half a year": "contradicted",  # 0 of 2
        "within a year": "uninformative",  # 1 of 2
        "a wave of about twenty leaves": "uninformative",  # 1 of 1
    },
    "T16": {
        "his own exit": "contradicted",  # 20 to 21 months
        "the wave to his company": "uninformative",  # at some time within 19 months
        "as a cause": "not checkable",
    },
    "T17": {
        "peak of a chip": "contradicted",  # 362 / 989.4
        "memory on the package": "contradicted",  # 0.44 / 80
        "price of the peak, by the claim about a tile": "reproduced",  # 39.2 / 22.0
        "peak of a chip, at 8 bits": "contradicted",  # 362 / 1,979
        "price of the peak at 8 bits, by the claim about a tile": "consistent",  # 19.6 / 22.0
        "with the design over the dies ordered": "contradicted",  # 39.2 / 180
        "the cause itself": "not checkable",
    },
    "T18": {
        "bare H100, by the claim about a tile": "consistent",  # 34.0 / 22.0
        "H100 in its server, by the claim about a tile": "consistent",  # 39.2 / 22.0
        "H100 in its server at 8 bits, by the claim about a tile": "reproduced",  # 19.6 / 22.0
        "with the design over the dies ordered": "reproduced",  # 39.2 / 180
    },
    "T20": "reproduced",  # two
    "E7": "contradicted",  # none of three
}

# Verdicts of the checks that are written in data, then and today where they differ, with the figure by hand.
WRITTEN = {
    "T01": ("reproduced", "contradicted"),  # stopped 2025-08-07, restarted 2026-01-18
    "T02": ("contradicted",),  # 20 to 21 months apart
    "T05": ("not checkable",),
    "T06": ("not checkable",),
    "T07": ("not checkable",),
    "T08": ("contradicted",),  # sold nothing
    "T10": ("contradicted", "reproduced"),  # half a year late from March 2026 on
    "T12": ("not checkable",),
    "T13": ("consistent", "reproduced"),  # 27 after 26 %, then 20 after 26 %
    "T14": ("contradicted",),  # + 20 %
    "T19": ("not checkable",),
    "N11": ("not checkable",),
    "N12": ("not checkable",),
    "N13": ("not checkable",),
    "N14": ("as told",),  # six
    "N15": ("not checkable",),  # 25 %, but of what the investors of X hold
    "N16": ("not checkable",),
    "N17": ("reproduced",),  # 386,810 / 422,875 - 1 = -8.5 %
    "N18": ("reproduced",),  # 62 to 63
    "N19": ("reproduced",),  # 176.29 / 248.48 - 1 = -29.05 %
    "N20": ("not checkable",),
    "N21": ("consistent",),  # 12 to 18 weeks, a quarter being 13
    "X04": ("reproduced", "contradicted"),  # 200, then 250
    "X06": ("reproduced",),  # 2.5 / 9.1 = 0.27
    "X07": ("not checkable",),  # four take part, with how much was not told
    "X18": ("reproduced",),  # 22 days
    "X19": ("reproduced",),  # 131 days of one to four years
    "X20": ("contradicted",),  # 165 / 329
    "X23": ("not checkable",),
    "X24": ("not checkable",),
    "X25": ("reproduced",),  # 126 days before
    "X28": ("not checkable",),
    "D01": ("reproduced",),  # 2024-07-23
    "D02": ("reproduced",),  # 0.7 million
    "D03": ("open", "reproduced"),  # 2025-06-22
    "D04": ("contradicted",),  # 2025-01-29
    "D05": ("as told",),  # 2024-08-26
    "D06": ("consistent",),  # none
    "D07": ("reproduced",),  # 2021-08-19
    "D11": ("reproduced", "contradicted"),  # 2026-01-22
    "D14": ("reproduced",),  # 50,000 / 8 = 6,250
    "D15": ("reproduced",),  # 2024-06-18
    "D16": ("reproduced",),
    "D18": ("reproduced",),  # 2021-08-19
    "D19": ("reproduced",),  # 2023-07-19 to 2024-05-31
    "D29": ("consistent",),  # none
    "D31": ("reproduced",),  # 2024-01-26
    "D38": ("reproduced",),  # 2023-07-19
    "D51": ("reproduced",),  # 2024-11-15
    "D53": ("not checkable",),
    "D54": ("reproduced",),  # 2024-01-24
    "D55": ("not checkable",),
    "D56": ("reproduced",),  # 2,300 / 288 = 8
    "D57": ("not checkable",),
    "D58": ("not checkable",),
    "E1": ("contradicted",),  # 276,000 x 362 T = 99.9 EFLOP/s against 1
    "E2": ("contradicted",),  # 0.2 to 0.999 million against 1.8
    "E3": ("reproduced",),  # July 2023 is before May 2024
    "E4": ("contradicted",),  # January 2024 is before October 2024
    "E5": ("reproduced",),  # 6 x 2 x 10
    "E6": ("contradicted",),  # above nothing against below it
    "E8": ("not checkable",),
    "E9": ("uninformative",),  # 200,000 x 2.4 kW = 480 MW to 999,000 x 2.51 kW = 2,507
    "E10": ("contradicted",),  # 8 / 98 = 8.2 % against 50
    "E11": ("reproduced",),  # two thirds of a half of 10 is 3.3
}

# The main reading of what has several, where it is not the first, and what stood then and stands today.
MAIN = {
    "N02": ("not checkable", "not checkable", "contradicted"),
    "N03": ("uninformative", "open", "uninformative"),
    "N04": ("not checkable", "not checkable", "not checkable"),
    "N05": ("consistent", "consistent", "consistent"),
    "X03": ("uninformative", "uninformative", "uninformative"),
    "X09": ("contradicted", "contradicted", "contradicted"),
    "X10": ("contradicted", "contradicted", "consistent"),
    "X11": ("consistent", "consistent", "consistent"),
    "X13": ("consistent", "consistent", "consistent"),
    "X15": ("consistent", "consistent", "contradicted"),
    "X22": ("not checkable", "not checkable", "not checkable"),
    "X26": ("consistent", "consistent", "consistent"),
    "X16": ("contradicted", "contradicted", "contradicted"),
    "D30": ("contradicted", "open", "contradicted"),
    "D35": ("not checkable", "not checkable", "not checkable"),
    "D37": ("not checkable", "not checkable", "not checkable"),
    "D41": ("consistent", "open", "consistent"),
    "D46": ("reproduced", "reproduced", "contradicted"),
    "D48": ("contradicted", "contradicted", "reproduced"),
    "D47": ("not checkable", "not checkable", "not checkable"),
    "D49": ("consistent", "open", "consistent"),
    "D50": ("reproduced", "reproduced", "reproduced"),
    "D52": ("uninformative", "uninformative", "uninformative"),
    "T02": ("contradicted", "contradicted", "contradicted"),
    "T04": ("contradicted", "contradicted", "contradicted"),
    "T09": ("contradicted", "contradicted", "contradicted"),
    "T15": ("uninformative", "uninformative", "uninformative"),
    "T16": ("not checkable", "not checkable", "not checkable"),
    "T17": ("not checkable", "not checkable", "not checkable"),
    "T18": ("consistent", "consistent", "consistent"),
}


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {entry.id: entry for entry in verdicts()}


def test_reviewed_verdicts(entries: dict[str, Entry]) -> None:
    found = {
        name: {one.reading: one.verdict for one in entries[name].readings} or entries[name].verdict
        for name in checks()
    }
    assert found == REVIEWED


def test_reviewed_verdicts_of_the_checks_in_data(entries: dict[str, Entry]) -> None:
    rest = {name: one for name, one in entries.items() if name not in REVIEWED and name != "X14"}
    found = {name: tuple(dict.fromkeys((one.then, one.today))) for name, one in rest.items()}
    assert found == WRITTEN


def test_main_reading_then_and_today(entries: dict[str, Entry]) -> None:
    found = {name: (entries[name].verdict, entries[name].then, entries[name].today) for name in MAIN}
    assert found == MAIN


def test_every_row_of_the_ledger_is_accounted_for(entries: dict[str, Entry]) -> None:
    letters = Counter(name[0] for name in entries)
    assert letters == {"T": 20, "N": 21, "X": 28, "D": 58, "E": 11}
    for entry in entries.values():
        assert entry.reason or entry.verdict == "withdrawn", entry.id
        assert (entry.verdict == "not checkable") == (entry.computed is None and entry.form != "withdrawn"), (
            entry.id
        )
        assert bool(entry.distance) == (entry.computed is not None), entry.id
        assert entry.ruling.endswith("."), entry.id
        assert entry.by, entry.id
    assert entries["X14"].verdict == "withdrawn"
    assert "hundreds of thousands" in entries["X14"].reason


def test_a_reading_is_never_flattened_away(entries: dict[str, Entry]) -> None:
    for entry in entries.values():
        agreed = {one.verdict for one in entry.readings} - {"not checkable"}
        assert entry.depends == (len(agreed) > 1), entry.id
        others = {
            one.reading for one in entry.readings if one.verdict not in (entry.verdict, "not checkable")
        }
        assert all(any(f"“{name}”" in one for one in entry.changes) for name in others), entry.id


def test_a_forecast_is_open_or_plausible_until_its_date(entries: dict[str, Entry]) -> None:
    for entry in entries.values():
        if entry.due and days_of(entry.due)[1] > last_day():
            assert entry.verdict in ("plausible", "implausible", "uninformative"), entry.id
        else:
            assert entry.verdict not in ("plausible", "implausible"), entry.id


def test_what_rests_on_the_claims_own_document_is_as_told(entries: dict[str, Entry]) -> None:
    for entry in entries.values():
        for one in entry.readings:
            own = bool(one.sources) and set(one.sources) == {entry.document}
            assert (one.verdict == "as told") <= own, entry.id
            assert not own or one.verdict not in ("reproduced", "consistent"), entry.id


def test_the_sources_of_an_entry_are_known(entries: dict[str, Entry]) -> None:
    sources = dc.load().sources
    for entry in entries.values():
        assert set(entry.sources) <= set(sources), entry.id
        assert entry.document in sources, entry.id
    assert "wshu-2025-11" in entries["D46"].sources


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
