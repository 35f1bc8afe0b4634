"""The cluster model against reported figures: the limits that it must keep, and what it does with odd rows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dojo_calc.economics.cost import cluster_cost, common_cost, lot_price_ratio
from dojo_calc.economics.power import cluster_power, host_power, site_power
from dojo_calc.errors import FactsError
from dojo_calc.evidence.measured.cluster_fit import Fit, fit_cost, fit_power
from dojo_calc.evidence.measured.clusters import MODEL, read_clusters, validate_clusters
from dojo_calc.evidence.measured.validation import Validation
from dojo_calc.hardware.catalog import catalogue

HEADER = (
    "name,status,certainty,date,chip,chips,reported_mw,reported_cost_usd,epoch_calculated_mw,"
    "epoch_calculated_cost_usd,source\n"
)


@pytest.fixture(scope="module")
def found() -> Validation:
    return validate_clusters()


def table_error(calculated: str, reported: str) -> float:
    """Mean |log(calculated / reported)| of the table's own column."""
    pairs = [(getattr(one.reported, calculated), getattr(one.reported, reported)) for one in read_clusters()]
    return float(np.mean([abs(math.log(ours / theirs)) for ours, theirs in pairs if ours and theirs]))


def test_power_beats_the_column_beside_it(found: Validation) -> None:
    power = found.group("metric", "power")
    assert power.count == 39
    assert power.mean_absolute_log_error is not None
    assert power.inside_80 is not None
    assert power.median_ratio == pytest.approx(1, abs=0.06)
    assert power.mean_absolute_log_error < table_error("epoch_calculated_mw", "reported_mw")
    assert 0.75 <= power.inside_80 <= 0.87
    assert found.group("metric and status", "power, Planned").count == 7


def test_cost_is_no_worse_than_the_column_beside_it(found: Validation) -> None:
    cost = found.group("metric", "cost")
    assert cost.count == 11
    assert cost.mean_absolute_log_error is not None
    assert cost.mean_absolute_log_error <= table_error("epoch_calculated_cost_usd", "reported_cost_usd")


@pytest.fixture(scope="module", params=["power", "cost"])
def fit(request: pytest.FixtureRequest) -> tuple[str, Fit]:
    return request.param, {"power": fit_power, "cost": fit_cost}[request.param](read_clusters())


def test_rows_left_out_of_the_fit(fit: tuple[str, Fit]) -> None:
    metric, drawn = fit
    column = {"power": "reported_mw", "cost": "reported_cost_usd"}[metric]
    assert np.abs(drawn.left_out).mean() < table_error(
        f"epoch_calculated_{column.removeprefix('reported_')}", column
    )
    assert 0.75 <= drawn.inside <= 0.87
    if metric == "power":
        assert math.exp(np.median(drawn.left_out)) == pytest.approx(1, abs=0.06)
        shipped = catalogue().facts.value(MODEL, "power_error")
        assert 0.75 <= np.mean(np.abs(drawn.left_out) <= math.log(shipped)) <= 0.87


def test_the_facts_hold_what_the_fit_gives(fit: tuple[str, Fit]) -> None:
    metric, drawn = fit
    facts = catalogue().facts
    for name, value in drawn.values.items():
        fact = facts.get(MODEL, name)
        assert (fact.value, fact.low, fact.high) == pytest.approx(
            (value, drawn.low[name], drawn.high[name]), rel=2e-3
        )
    reading = {"power": "left_out", "cost": None}[metric]
    assert facts.value(MODEL, f"{metric}_error", reading) == pytest.approx(drawn.error, rel=1e-3)


def test_the_power_of_a_cluster_by_hand() -> None:
    # 8 chips of 700 W at 1.5 and 100 W of host each: 8 x 1,150 = 9,200 W; at PUE 1.25 11,500 W.
    assert cluster_power(8, 700, 1.5, 100, 1.25) == pytest.approx(11_500)
    # Half a year's share left after one year, a quarter after two, all of it before the first.
    np.testing.assert_allclose(
        host_power(200, 0.5, np.array([2010, 2012, 2013, 2014]), 2012), [200, 200, 100, 50]
    )
    # Without hosts it is Epoch's relation: 100,000 x 700 W x 1.82 x 1.12 = 142.688 MW.
    assert cluster_power(100_000, 700, 1.82, 0, 1.12) == pytest.approx(site_power(100_000, 700, 1.82, 1.12))


def test_the_cost_of_a_cluster_by_hand() -> None:
    # Ten times the lot at 10 % less: 0.9; a tenth of it: 1 / 0.9.
    np.testing.assert_allclose(lot_price_ratio(np.array([1e3, 1e4, 1e5]), 1e4, 0.1), [1 / 0.9, 1, 0.9])
    # Four times the chips share what costs twice as much.
    assert common_cost(6e6, 4_000, 1_000) == pytest.approx(12e6)
    # 1,000 chips of 30,000 USD at 0.8 and 0.9, and 12 million beside: 21.6 + 12 = 33.6 million.
    assert cluster_cost(1_000, 30_000, 0.8, 0.9, 12e6) == pytest.approx(33.6e6)


def written(folder: Path, *rows: str) -> Path:
    path = folder / "own.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_rows_that_cannot_be_expressed_keep_their_place(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "A,Planned,,,NVIDIA B200,1000,2,,,,press",
        "B,Existing,,2024,Abacus 9000,1000,2,3000000,,,press",
        "C,Existing,,2024,NVIDIA H100 SXM5 80GB,,2,,,,press",
        "D,Existing,,2024,,50,2,,,,press",
        "E,Existing,,2024,NVIDIA H100 SXM5 80GB,100,,,,,press",
    )
    rows = validate_clusters(path).rows
    assert [(row.id, row.metric) for row in rows] == [
        ("A", "power"), ("B", "power"), ("B", "cost"), ("C", "power"), ("D", "power")
    ]  # fmt: skip
    assert rows[0].predicted is not None
    assert rows[0].chosen["year"] == 2025
    assert "no power is known for the chip 'Abacus 9000'" in rows[1].reason
    assert [row.predicted for row in rows[1:]] == [None] * 4
    assert "number of chips is blank" in rows[3].reason
    assert "chip is blank" in rows[4].reason


@pytest.mark.parametrize(
    ("chip", "entity"),
    [
        ("NVIDIA H100 PCIe", "h100-pcie"),
        ("nvidia h100", "h100-sxm"),
        ("NVIDIA Tesla V100 SXM2 32 GB", "v100-sxm-16gb"),
        ("Google TPU v4", "tpu-v4"),
        ("AMD Radeon Instinct MI250X", "mi250x"),
        ("NVIDIA A100 SXM4 40 GB", "a100-sxm-40gb"),
    ],
)
def test_chips_are_found_by_the_words_of_their_names(tmp_path: Path, chip: str, entity: str) -> None:
    (cluster,) = read_clusters(written(tmp_path, f"A,Existing,,2024-05-01,{chip},100,1,,,,press"))
    assert cluster.chosen["entity"] == entity


def test_several_chips_in_a_cell_count_in_equal_parts(tmp_path: Path) -> None:
    (cluster,) = read_clusters(
        written(tmp_path, 'A,Existing,,2024,"NVIDIA H100 SXM5 80GB, NVIDIA GB200",100,1,,,,press')
    )
    assert cluster.chip_power == pytest.approx((700 + 1200) / 2)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("A,Existing,,2024,NVIDIA H100,-5,1,,,,press", r"line 2, column 6 .chips.: expected greater than 0"),
        (
            "A,Existing,,2024,NVIDIA H100,5,much,,,,press",
            r"column 7 .reported_mw.: expected a number, got 'much'",
        ),
        ("A,Existing,,soon,NVIDIA H100,5,1,,,,press", r"column 4 .date."),
        ("A,Existing,,2024,NVIDIA H100,5,nan,,,,press", r"column 7 .reported_mw."),
    ],
)
def test_a_bad_row_is_refused(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(FactsError, match=message):
        validate_clusters(written(tmp_path, row))
