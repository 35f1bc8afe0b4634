"""What to buy, and when: a delivery schedule from a TOML file of needs, offers and, if the future is open, scenarios.

    [needs]
    dates = ["2026-07-01", "2026-10-01", "2027-01-01", "2027-04-01"]
    demand = ["0 EFLOP/s", "5 EFLOP/s", "10 EFLOP/s", "10 EFLOP/s"]
    budget = ["300 MUSD", "300 MUSD", "100 MUSD", "100 MUSD"]
    grid = ["5 MW", "12 MW", "20 MW", "20 MW"]
    rent = { chip = "h100-sxm" }      # or a price, such as "2e-12 USD/FLOP*s"
    interest = "2 %"                  # of a period

    [[offers]]
    name = "H100"
    chip = "h100-sxm"                 # rate, power, price and running from the chain, if they are not given
    most = 8000
    lead = 1
    lots = { 4000 = 0.95 }            # from so many in one order on, the share of the price

    [uncertainty]                     # only beside [[scenarios]]
    known = 1

    [[scenarios]]
    name = "late"
    chance = "30 %"
    late = { H100 = 1 }

    [[scenarios]]
    name = "on time"
    chance = "70 %"

Keys are the fields of `Needs`, `Offer` and `Scenario`, and in `[uncertainty]` and `[search]` what
`stochastic_schedule` takes besides. What has a value a period may also stand in a CSV beside the file:
``table = "periods.csv"`` in `[needs]`, with the columns `date`, others named as fields of the needs, and others named
after an offer and its field, such as ``H100 price``.

What is ordered is whole, unless an offer says ``whole = false``; chips come in whole servers, in groups of `group`.
An offer with a `chip` is of one chip with its share of server, network and hall: the chain's peak, rated power of the
site, capital, and energy, operation, maintenance and tax of a period, as much as the file does not give itself;
`assumptions`, `on` and `precision` are those of `chain`.

For a larger or a later order at a lower price, an offer may hold `lot_saving` (the share saved by a tenfold order,
with `lot`, the order that the price is of, and `lot_sizes`), or `learning` (the share that the price falls by at each
doubling of what was made, with `made`, how much that is by each period).

References
----------
.. [1] TOML 1.0.0, toml.io.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from dojo_calc.chain.shipped import chain
from dojo_calc.doors import door
from dojo_calc.economics.cost import lot_price_ratio
from dojo_calc.economics.offers import Needs, Offer
from dojo_calc.economics.procurement import learned_price
from dojo_calc.economics.recourse import Recourse, Scenario, stochastic_schedule
from dojo_calc.economics.schedule import InfeasiblePlanError, Schedule, schedule
from dojo_calc.errors import DojoCalcError, FactsError, nearest
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.quantities import Money, PositiveCount, ProperFraction, check, single
from dojo_calc.questions.scenario import ScenarioError, TomlFile
from dojo_calc.tables import read_text
from dojo_calc.units import day

__all__ = ["buy"]

TABLES = ("needs", "offers", "uncertainty", "scenarios", "search")
SEARCH = ("gap", "nodes")
UNCERTAINTY = ("known", "cancellable", "level", "aversion")
FROM_CHAIN = ("chip", "assumptions", "on", "precision")
LOTS, LEARNING = ("lot", "lot_saving", "lot_sizes"), ("learning", "made")
NEEDS = tuple(one.name for one in fields(Needs))
OFFER = tuple(one.name for one in fields(Offer))
SCENARIO = tuple(one.name for one in fields(Scenario))
BY_PERIOD = ("demand", "budget", "grid", "shortage", "rent", "rent_most")
OFFER_BY_PERIOD = ("price", "most", "made")


@door
def buy(path: str | Path, *, book: Catalogue | None = None) -> Schedule | Recourse:
    """Least-cost delivery schedule of a file.

    Parameters
    ----------
    path : path
        TOML [1]_; the module tells its tables and keys.
    book : Catalogue, optional
        Facts to use for offers that name a chip.

    Returns
    -------
    Schedule or Recourse
        The second where the file holds scenarios.

    Raises
    ------
    ScenarioError
        If the file or its table cannot be read, or a key or value does not fit; the message names file, line, what
        was expected and what came.
    InfeasiblePlanError
        If nothing fits; the message says what frees it.
    TimeoutError
        If no plan was found in the nodes that the file allows.
    """
    file = TomlFile(Path(path), "a schedule")
    for key in file.content:
        if key not in TABLES:
            raise file.error(
                key, f"unknown table {key!r}{nearest(key, TABLES)} (expected {', '.join(TABLES)})"
            )
    reader = _Reader(file, book)
    needs, offers = reader.needs(), reader.offers()
    search = reader.table("search", SEARCH)
    scenarios = reader.scenarios()
    options = reader.table("uncertainty", UNCERTAINTY)
    if options and not scenarios:
        raise file.error("uncertainty", "says nothing without [[scenarios]]")
    free = options.get("cancellable", [])
    if not isinstance(free, list) or not all(isinstance(one, str) for one in free):
        raise file.error(
            "cancellable", f"expected a list of names of offers, got {free!r:.60}", "uncertainty"
        )
    try:
        if scenarios:
            return stochastic_schedule(offers, needs, scenarios, **options, **search)
        return schedule(offers, needs, **search)
    except InfeasiblePlanError:
        raise
    except DojoCalcError as error:
        raise reader.placed(str(error)) from None
    except TypeError as error:
        raise file.error("search", f"expected numbers, {error}") from None


class _Reader:
    """A file's tables as needs, offers and scenarios; it knows where each stands."""

    def __init__(self, file: TomlFile, book: Catalogue | None) -> None:
        self.file, self.book = file, book
        self.given = file.table("needs")
        if "needs" not in file.content:
            raise file.error("needs", "expected a table [needs], got none")
        self.columns = self._columns()
        dates = self.given.get("dates", self.columns.pop("date", None))
        if not isinstance(dates, list):
            raise file.error(
                "dates",
                f"expected a list of dates, or a table with a column date, got {dates!r:.60}",
                "needs",
            )
        self.dates = [one.isoformat() if isinstance(one, date) else one for one in dates]

    def table(self, name: str, keys: Sequence[str]) -> dict[str, Any]:
        """One table, with none but these keys."""
        found = self.file.table(name)
        for key in found:
            if key not in keys:
                raise self.file.error(
                    key, f"unknown key{nearest(key, keys)} (expected {', '.join(keys)})", name
                )
        return found

    def rows(self, name: str, keys: Sequence[str]) -> list[dict[str, Any]]:
        """Tables of an array, with none but these keys."""
        found = self.file.content.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.file.error(name, f"expected tables [[{name}]], got {found!r:.60}")
        for place, one in enumerate(found):
            for key in one:
                if key not in keys:
                    message = f"unknown key{nearest(key, keys)} (expected {', '.join(keys)})"
                    raise self.file.error(key, message, name, place)
            if not isinstance(one.get("name"), str):
                raise self.file.error("name", f"expected a name, got {one.get('name')!r}", name, place)
        return found

    def _columns(self) -> dict[str, list[str]]:
        """Columns of the table that the needs name; text, as it stands."""
        where = self.given.get("table")
        if where is None:
            return {}
        if not isinstance(where, str):
            raise self.file.error("table", f"expected the name of a CSV, got {where!r:.60}")
        path = self.file.path.parent / where
        try:
            rows = list(csv.reader(io.StringIO(read_text(path))))
        except (FactsError, csv.Error) as error:
            raise ScenarioError(str(error)) from None
        heads = [one.strip() for one in rows[0]] if rows else []
        offers = [one.get("name") for one in self.file.content.get("offers", []) if isinstance(one, dict)]
        known = ["date", *BY_PERIOD, *(f"{name} {kind}" for name in offers for kind in OFFER_BY_PERIOD)]
        for column, head in enumerate(heads, 1):
            if head not in known or heads.count(head) > 1:
                what = "is there twice" if head in known else f"is unknown{nearest(head, known)}"
                raise ScenarioError(
                    f"{path}, line 1, column {column}: {head!r} {what} (expected {', '.join(known)})"
                )
            if head in self.given:
                raise self.file.error(head, f"stands here and in {path}; expected one of the two")
        for line, row in enumerate(rows[1:], 2):
            if len(row) != len(heads):
                raise ScenarioError(f"{path}, line {line}: expected {len(heads)} cells, got {len(row)}")
            for head, cell in zip(heads, row, strict=True):
                if not cell.strip():
                    raise ScenarioError(f"{path}, line {line} ({head}): expected a value, got an empty cell")
        self.path = path
        return {head: [row[i].strip() for row in rows[1:]] for i, head in enumerate(heads)}

    def needs(self) -> Needs:
        """Needs, with what their table holds."""
        found = dict(self.table("needs", (*NEEDS, "table")))
        found.pop("table", None)
        found |= {name: self.columns[name] for name in BY_PERIOD if name in self.columns}
        for name in ("demand", "budget", "grid"):
            if name not in found:
                raise self.file.error(name, "expected a value, or one a period, got none", "needs")
        if isinstance(found.get("rent"), dict):
            found["rent"] = self._rent(found["rent"])
        return Needs(**found | {"dates": self.dates})

    def offers(self) -> list[Offer]:
        """Offers, with what the chain knows of their chips."""
        rows = self.rows("offers", (*OFFER, *FROM_CHAIN, *LOTS, *LEARNING))
        if not rows:
            raise self.file.error("offers", "expected at least one [[offers]], got none")
        return [self._offer(dict(row), place) for place, row in enumerate(rows)]

    def _offer(self, row: dict[str, Any], place: int) -> Offer:
        name = row["name"]

        def error(key: str, message: str) -> ScenarioError:
            return self.file.error(key, message, "offers", place)

        for kind in OFFER_BY_PERIOD:
            if f"{name} {kind}" in self.columns:
                if kind in row:
                    raise error(kind, f"stands here and in {self.path}; expected one of the two")
                row[kind] = self.columns[f"{name} {kind}"]
        asked = {key: row.pop(key) for key in FROM_CHAIN if key in row}
        if "chip" in asked:
            try:
                row = self._of_chain(asked, row) | row
            except (DojoCalcError, TypeError) as problem:
                raise error("chip", str(problem)) from None
        elif asked:
            raise error(next(iter(asked)), "says nothing without a chip")
        for key in ("rate", "power", "price", "most"):
            if key not in row:
                raise error(key, "expected a value, got none" + ("" if key == "most" else "; or name a chip"))
        try:
            for keys, use in ((LEARNING, self._learned), (LOTS, _lots)):
                given = {key: row.pop(key) for key in keys if key in row}
                if given and len(given) < len(keys):
                    raise error(
                        next(iter(given)), f"expected all of {', '.join(keys)}, got {', '.join(given)}"
                    )
                if given:
                    row |= use(row, given)
        except ScenarioError:
            raise
        except DojoCalcError as problem:
            raise error(next(iter(given)), str(problem)) from None
        return Offer(**{"whole": True} | row)

    def _learned(self, row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Prices by period along a learning curve: the price told is that of the first period."""
        made = check(given["made"], PositiveCount, "made")
        learning = single(given["learning"], ProperFraction, "learning")
        first = single(row["price"], Money, "price")
        if np.shape(made) != (len(self.dates),):
            raise DojoCalcError(f"made: expected {len(self.dates)} values, one a period, got {np.size(made)}")
        return {"price": [float(learned_price(first, units / made[0], learning)) for units in made]}

    def _period(self) -> float:
        """Mean length of a period [s]."""
        try:
            days = [date.fromisoformat(one) for one in self.dates]
        except (TypeError, ValueError):
            raise DojoCalcError(f"dates: expected dates such as 2026-07-01, got {self.dates!r:.60}") from None
        if len(days) < 2:
            raise DojoCalcError(
                "one period has no length; expected two dates, or the money by period as numbers"
            )
        return sum((after - before).days for before, after in pairwise(days)) / (len(days) - 1) * day

    def _of_chain(self, asked: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """Rate, power, price and running of one chip with its share of server, network and hall."""
        model = chain(**asked, book=self.book)
        wanted = (
            "site_power_rated",
            "capital_per_chip",
            "energy_cost",
            "operation_cost",
            "maintenance_cost",
            "tax_cost",
        )
        found = {key: float(value) for key, value in model.evaluate(list(wanted)).items()}
        rate = model.inputs["chip_peak"].value
        running = sum(found[key] for key in wanted[2:])
        read = {"rate": rate, "power": found["site_power_rated"], "price": found["capital_per_chip"]}
        if row.get("whole", True):
            read["group"] = max(1, round(model.inputs["per_server"].value or 1))
        return read if "running" in row else read | {"running": running * self._period()}

    def _rent(self, given: dict[str, Any]) -> float:
        """Rent of a rate for a period, of a chip's hourly rent."""
        for key in given:
            if key not in FROM_CHAIN:
                raise self.file.error("rent", f"unknown key {key!r}{nearest(key, FROM_CHAIN)}", "needs")
        try:
            model = chain(**given, book=self.book)
            return float(model.evaluate("rent") / model.inputs["chip_peak"].value) * self._period()
        except (DojoCalcError, TypeError) as problem:
            raise self.file.error("rent", str(problem), "needs") from None

    def scenarios(self) -> list[Scenario]:
        """Scenarios, if there are any."""
        rows = self.rows("scenarios", SCENARIO)
        for place, row in enumerate(rows):
            if "chance" not in row:
                raise self.file.error("chance", "expected a chance, got none", "scenarios", place)
            for kind in ("price", "late", "cancelled"):
                if not isinstance(row.get(kind, {}), dict):
                    message = f"expected values by offer, such as {{ H100 = 1 }}, got {row[kind]!r:.60}"
                    raise self.file.error(kind, message, "scenarios", place)
        return [Scenario(**row) for row in rows]

    def placed(self, message: str) -> ScenarioError:
        """An error of the plan with the line of the key that it names first."""
        words = message.replace(":", " ").replace("[", " ").replace(",", " ").split()
        key = words[0]
        for table, keys in (("scenarios", SCENARIO), ("offers", OFFER)):
            for place, row in enumerate(self.file.content.get(table, [])):
                if key in keys and re.search(rf"of (scenario )?{re.escape(row['name'])}\b", message):
                    return self.file.error(key, message, table, place)
        for table, known in (("needs", NEEDS), ("uncertainty", UNCERTAINTY)):
            if key in known:
                return self.file.error(key, message, table)
        return self.file.error(key, message)


def _lots(row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Shares of the price by the size of an order."""
    if "lots" in row:
        raise DojoCalcError("expected lots or lot_saving, got both")
    sizes = check(given["lot_sizes"], PositiveCount, "lot_sizes")
    lot, saving = (
        single(given["lot"], PositiveCount, "lot"),
        single(given["lot_saving"], ProperFraction, "lot_saving"),
    )
    return {"lots": {float(size): float(lot_price_ratio(size, lot, saving)) for size in np.atleast_1d(sizes)}}
