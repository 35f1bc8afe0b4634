"""Site power and cost of clusters, predicted from their chips and held against what was reported.

The table has the columns of `data/validation/clusters.csv`. What the model knows of a row is its chip, how
many, and the year; `dojo_calc.evidence.measured.cluster_fit` draws its five parameters to the reported figures, and
the interval comes from rows that were left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, FiniteFloat

from dojo_calc.doors import door
from dojo_calc.economics.cost import cluster_cost, common_cost, lot_price_ratio, price_by_power
from dojo_calc.economics.power import cluster_power, host_power
from dojo_calc.evidence.measured.validation import Row, Validation, summarise
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.rows import DATE, Strict
from dojo_calc.tables import data_path, read_rows

__all__ = ["CLUSTER_COLUMNS", "Cluster", "Model", "Reported", "read_clusters", "validate_clusters"]

MODEL = "cluster-model"


class Reported(Strict):
    """A row of the table, as printed."""

    name: str
    status: str = ""
    certainty: str = ""
    date: str = Field(default="", pattern=DATE)
    chip: str = ""
    chips: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    reported_mw: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    reported_cost_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    epoch_calculated_mw: FiniteFloat | None = None
    epoch_calculated_cost_usd: FiniteFloat | None = None
    source: str = ""


CLUSTER_COLUMNS = tuple(Reported.model_fields)


class _Words(Strict):
    words: str
    entity: str


@dataclass(frozen=True)
class Cluster:
    """What the model takes from a row, in SI; `reason` says why it can take nothing."""

    reported: Reported
    chip_power: float = 0.0
    chip_price: float = 0.0
    year: float = 0.0
    pue: float = 1.0
    chosen: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Model:
    """Parameters of the model, in SI."""

    chip_overhead: float
    host_power: float
    host_decline: float
    system_markup: float
    common_cost: float
    common_at: float
    lot_saving: float
    lot: float
    since: float
    power_error: float
    cost_error: float

    @classmethod
    def shipped(cls, book: Catalogue) -> Model:
        """Read the parameters from the facts."""
        value = book.facts.value
        since = book.facts.get(MODEL, "host_power", "servers").date
        return cls(
            **{name: value(MODEL, name) for name in cls.__dataclass_fields__ if name != "since"},
            since=float(since[:4]),
        )

    def power(self, chips: Any, chip_power: Any, year: Any, pue: Any) -> Any:
        """Site power [W]."""
        host = host_power(self.host_power, self.host_decline, year, self.since)
        return cluster_power(chips, chip_power, self.chip_overhead, host, pue)

    def cost(self, chips: Any, chip_price: Any) -> Any:
        """Cost of the cluster [USD]."""
        ratio = lot_price_ratio(chips, self.lot, self.lot_saving)
        common = common_cost(self.common_cost, chips, self.common_at)
        return cluster_cost(chips, chip_price, self.system_markup, ratio, common)


@door
def read_clusters(path: str | Path | None = None, book: Catalogue | None = None) -> list[Cluster]:
    """Read a table of clusters and fill in what the model needs.

    Parameters
    ----------
    path : path, optional
        In the columns of `data/validation/clusters.csv`; that file, if left out.
    book : Catalogue, optional

    Returns
    -------
    list of Cluster
        In the order of the file.

    Raises
    ------
    FactsError
        If a row is refused.
    """
    known = book or catalogue()
    file = data_path("validation/clusters.csv") if path is None else Path(path)
    return [_cluster(row, known) for row, _ in read_rows(file, Reported)]


def _cluster(row: Reported, book: Catalogue) -> Cluster:
    if row.chips is None:
        return Cluster(row, reason="the number of chips is blank")
    entities = [(part, _entity(part)) for part in re.split(r"[,;/+&]|\band\b", row.chip) if part.strip()]
    if not entities:
        return Cluster(row, reason="the chip is blank")
    unknown = [part.strip() for part, entity in entities if entity is None]
    if unknown:
        return Cluster(row, reason=f"no power is known for the chip {unknown[0]!r:.60}")
    ids = list(dict.fromkeys(entity for _, entity in entities if entity))
    chosen: dict[str, Any] = {"entity": ids[0]} if len(ids) == 1 else {"entities in equal parts": ids}
    if row.date:
        year = float(row.date[:4])
    else:
        years, _ = _pue(book)
        year = float(years[-1])
        chosen["year"] = int(year)  # what is planned is built by today's standards
    years, values = _pue(book)
    nearest = int(np.argmin(np.abs(years - year)))
    chosen |= {"pue": float(values[nearest])}
    prices = [_price(entity, book) for entity in ids]
    chosen["chip_price"] = "by its power" if any(by_power for _, by_power in prices) else "published"
    return Cluster(
        reported=row,
        chip_power=float(np.mean([book.fact(f"{entity}.power").value for entity in ids])),
        chip_price=float(np.mean([price for price, _ in prices])),
        year=year,
        pue=float(values[nearest]),
        chosen=chosen,
    )


def _pue(book: Catalogue) -> tuple[Any, Any]:
    facts = sorted(book.facts.readings("epoch-cluster-model", "pue"), key=lambda fact: fact.date)
    return np.array([float(fact.date[:4]) for fact in facts]), np.array([fact.value for fact in facts])


def _price(entity: str, book: Catalogue) -> tuple[float, bool]:
    if book.facts.has(entity, "price"):
        return book.facts.value(entity, "price"), False
    watt = book.facts.value(MODEL, "price_per_power")
    return float(price_by_power(book.fact(f"{entity}.power").value, watt)), True


def _entity(text: str) -> str | None:
    """Entity whose words all stand in a chip's name, the one with the most words where several do."""
    words = set(re.findall(r"[a-z0-9]+", text.lower()))
    found = [(len(own), entity) for own, entity in _words() if own <= words]
    return max(found)[1] if found else None


@cache
def _words() -> tuple[tuple[frozenset[str], str], ...]:
    rows = read_rows(data_path("validation/cluster_chips.csv"), _Words)
    return tuple((frozenset(row.words.split()), row.entity) for row, _ in rows)


@door
def validate_clusters(path: str | Path | None = None, book: Catalogue | None = None) -> Validation:
    """Predict what a table of clusters reports, a row for each figure.

    Parameters
    ----------
    path : path, optional
        In the columns of `data/validation/clusters.csv`; that file, if left out.
    book : Catalogue, optional

    Returns
    -------
    Validation
        Grouped by metric, metric and status, source, chip, status.

    Raises
    ------
    FactsError
        If a row is refused.
    """
    known = book or catalogue()
    model = Model.shipped(known)
    rows: list[Row] = []
    status: list[str] = []
    for cluster in read_clusters(path, known):
        for row in _rows(cluster, model):
            rows.append(row)
            status.append(cluster.reported.status)
    labels = {
        "metric": [row.metric for row in rows],
        "metric and status": [f"{row.metric}, {one}" for row, one in zip(rows, status, strict=True)],
        "source": [row.source for row in rows],
        "chip": [row.chip for row in rows],
        "status": status,
    }
    return summarise(rows, labels)


def _rows(cluster: Cluster, model: Model) -> list[Row]:
    row = cluster.reported
    wanted = {
        "power": ("MW", row.reported_mw, 1e6, model.power_error),
        "cost": ("USD", row.reported_cost_usd, 1.0, model.cost_error),
    }
    found = []
    for metric, (unit, measured, scale, error) in wanted.items():
        if measured is None:
            continue
        values: dict[str, Any] = {"reason": cluster.reason}
        if not cluster.reason:
            value = (
                model.power(row.chips, cluster.chip_power, cluster.year, cluster.pue)
                if metric == "power"
                else model.cost(row.chips, cluster.chip_price)
            )
            predicted = float(value) / scale
            values = {"predicted": predicted, "low": predicted / error, "high": predicted * error}
        found.append(
            Row(row.name, row.source, row.chip, metric, unit, measured, chosen=cluster.chosen, **values)
        )
    return found
