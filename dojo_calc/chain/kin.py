"""What kin let expect of a chip whose price, server or rent was not published: fits to all chips that have one.

Each fit is linear in logarithms. Its error is that of families of dies left out one at a time, since dies that are
sold under several names stand in for each other; a band of 80 % and one of 90 % follow by Student's distribution for
so few families. What is published always wins, and what is estimated here never enters a fit. `fitted` makes
`data/kin_fits.csv`, and a test makes it again.

Three things are kept apart. What a seller asks is a price; what a maker pays for a chip of its own is its cost and no
price; and a rent follows what a chip computes, not what it costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import Final, Literal, get_args

import numpy as np

from dojo_calc.chain.dates import readings_on
from dojo_calc.economics.power import host_power
from dojo_calc.entities import shipped_entities
from dojo_calc.errors import UnknownNameError
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.hardware.machine import Machine
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows, row_error

__all__ = ["Estimate", "Fit", "bare", "estimate", "fits", "fitted", "seller_of", "server_share"]

Seller = Literal["nvidia", "other", "in-house", "unknown"]
Quantity = Literal["price", "rent", "rent_unlike", "server_markup", "server_power", "chip_power"]

PEAK: Final = 1e15  # fits are of a peak in PFLOP/s
SINCE: Final = 2025  # rents fall from year to year, so that older ones say little of today's
SIXTEEN: Final = ("peak_bf16", "peak_fp16")


@dataclass(frozen=True)
class Fit:
    """A fit to what was published: terms by name, and how far families left out lie from it.

    `factor_80` and `factor_90` are the factors either way that should hold 80 and 90 % of chips of other families;
    `held` is the share of families left out that the first did hold.
    """

    name: str
    terms: Mapping[str, float]
    factor_80: float
    factor_90: float
    rows: int
    families: int
    held: float


@dataclass(frozen=True)
class Estimate:
    """A value with its 90 % interval [SI], and how it came about."""

    value: float
    low: float
    high: float
    factor_80: float
    reason: str


class _FamilyRow(Strict):
    family: str
    chips: str
    seller: Literal["nvidia", "other", "in-house"]
    note: str = ""


class _FitRow(Strict):
    fit: str
    term: str
    value: float


@cache
def _families() -> dict[str, tuple[str, Seller]]:
    found: dict[str, tuple[str, Seller]] = {}
    for row, place in read_rows(data_path("families.csv"), _FamilyRow):
        for chip in row.chips.split():
            if chip not in shipped_entities():
                raise place.error("chips", f"expected chips of entities.csv, got {chip!r}")
            if chip in found:
                raise place.error("chips", f"chip {chip!r} stands twice")
            found[chip] = row.family, row.seller
    return found


@cache
def _makers() -> dict[str, Seller]:
    """Makers of the known families, with what they do with their chips."""
    entities = shipped_entities()
    return {entities[chip].maker: seller for chip, (_, seller) in _families().items()}


def seller_of(unit: Machine) -> Seller:
    """Who sells a chip: NVIDIA, another seller, nobody since its maker keeps it, or nobody knows.

    A chip of no known family is taken for one of its maker's; of a maker of whom no price is known nobody knows.
    """
    if unit.id in _families():
        return _families()[unit.id][1]
    return _makers().get(unit.entity.maker, "unknown")


@cache
def fits() -> dict[str, Fit]:
    """Every fit of `data/kin_fits.csv`, by name.

    Raises
    ------
    FactsError
        If a row is refused, or a fit lacks its error.
    """
    terms: dict[str, dict[str, float]] = {}
    for row, place in read_rows(data_path("kin_fits.csv"), _FitRow):
        if row.term in terms.setdefault(row.fit, {}):
            raise place.error("term", f"{row.fit} has {row.term!r} twice")
        terms[row.fit][row.term] = row.value
    return {name: _fit(name, own) for name, own in terms.items()}


def _fit(name: str, own: dict[str, float]) -> Fit:
    about = ("factor_80", "factor_90", "rows", "families", "held")
    for one in about:
        if one not in own:
            raise row_error("kin_fits.csv", name, "term", f"{name} has no {one}")
    terms = {term: value for term, value in own.items() if term not in about}
    return Fit(
        name, terms, own["factor_80"], own["factor_90"], int(own["rows"]), int(own["families"]), own["held"]
    )


def estimate(name: Quantity, unit: Machine, book: Catalogue | None = None) -> Estimate:
    """What its kin let expect of a chip.

    Parameters
    ----------
    name : str
        ``"price"``: what the chip is asked at, or costs its maker where that keeps it [USD]. ``"rent"``: an hour of
        it [USD/s]; of a chip that its maker keeps, on that maker's price list. ``"rent_unlike"``: the same of a chip
        unlike all that are rented, with the error of a seller left out. ``"server_markup"``: price of its
        share of a server over its own [1]. ``"server_power"``: rated power of its share of a server [W].
        ``"chip_power"``: that of the chip, from its server's [W].
    unit : Machine
        A chip.
    book : Catalogue, optional
        That holds its server: for ``"chip_power"``.

    Returns
    -------
    Estimate

    Raises
    ------
    UnknownNameError
        If there is no such estimate, or the chip has no 16-bit or 8-bit peak, or no power.

    Notes
    -----
    A chip whose peak is known at 8 bits alone is taken for one of half that at 16. Prices are those of today's kin at
    their release: the year added nothing to the fit.
    """
    if name not in get_args(Quantity):
        raise UnknownNameError(f"expected one of {', '.join(get_args(Quantity))}, got {name!r}")
    if name == "server_power" or name == "chip_power":
        return _power(name, unit, book)
    seller = seller_of(unit)
    fit = fits()["price_unknown_seller" if name == "price" and seller == "unknown" else name]
    parts = {"intercept": 1.0}
    if name != "server_markup":
        parts |= {"log_peak": math.log(_peak(unit) / PEAK)}
        parts |= {"nvidia": float(seller == "nvidia"), "in_house": float(seller == "in-house")}
        parts |= {"list_price": float(seller == "in-house")}
    value = math.exp(sum(fit.terms[term] * parts[term] for term in fit.terms))
    words = {
        "price": "price or cost by peak and seller",
        "rent": "rent by peak and seller",
        "rent_unlike": "rent by peak alone, as of a seller who is none of those known",
        "server_markup": "price of a server over that of its chips",
    }[name]
    return _within(value, fit, f"kin: {words}, {fit.rows} rows of {fit.families} families")


def _power(name: Quantity, unit: Machine, book: Catalogue | None) -> Estimate:
    fit = fits()["server_power"]
    words = f"kin: power of chip and host, held to {fit.rows} servers"
    if name == "server_power":
        return _within(unit.total("power") * fit.terms["chip_overhead"] + _host(unit, fit.terms), fit, words)
    share = None if book is None else server_share(book, unit)
    if share is None:
        raise UnknownNameError(f"no server that holds {unit.id} has a power")
    return _within(
        (share[0] - _host(unit, fit.terms)) / fit.terms["chip_overhead"], fit, f"{words}; {share[3]}"
    )


def _within(value: float, fit: Fit, words: str) -> Estimate:
    reason = f"{words}; 80 % within x/{fit.factor_80:.2f}, here 90 %"
    return Estimate(value, value / fit.factor_90, value * fit.factor_90, fit.factor_80, reason)


def _host(unit: Machine, terms: Mapping[str, float]) -> float:
    """Power of a chip's share of a host of the chip's year [W]."""
    told = (unit.entity.released or unit.entity.announced)[:4]
    year = float(told or terms["year"])
    return float(host_power(terms["host_power"], terms["host_decline"], year, terms["since"]))


def _peak(unit: Machine) -> float:
    """Dense peak at 16 bits, or half of that at 8 [FLOP/s]."""
    own = unit.precisions()
    for one in ("bf16", "fp16"):
        if one in own:
            return unit.peak(one)
    for one in ("fp8", "int8"):
        if one in own:
            return unit.peak(one) / 2
    raise UnknownNameError(f"{unit.id} has no peak at 16 or 8 bits, by which its kin could be known")


# The fits themselves.


@dataclass(frozen=True)
class _Row:
    chip: str
    family: str
    value: float
    parts: Mapping[str, float]


def fitted(book: Catalogue) -> list[tuple[str, str, float]]:
    """Make every fit anew: the rows of `data/kin_fits.csv`, as fit, term and value to six digits.

    Parameters
    ----------
    book : Catalogue
        Whose facts are fitted to.

    Returns
    -------
    list of tuple
    """
    price, rent = _prices(book), _rents(book)
    found = {
        "price": _least_squares(price, ("intercept", "log_peak", "nvidia", "in_house"), "family"),
        "price_unknown_seller": _least_squares(price, ("intercept", "log_peak"), "seller"),
        "rent": _least_squares(rent, ("intercept", "log_peak", "nvidia", "in_house", "list_price"), "family"),
        "rent_unlike": _least_squares(rent, ("intercept", "log_peak", "list_price"), "seller"),
        "server_markup": _least_squares(_markups(book), ("intercept",), "chip"),
        "server_power": _power_terms(book),
    }
    return [
        (name, term, float(f"{value:.6g}")) for name, terms in found.items() for term, value in terms.items()
    ]


def _sold(book: Catalogue) -> Iterable[tuple[Machine, str, Seller]]:
    """Chips that enter fits: those of a known family with memory on the package, as all of these have.

    Chips without it break the relation: one is sold at 2.7 times what it computes, others only as whole systems.
    """
    for chip, (family, seller) in _families().items():
        unit = book.machine(chip)
        if book.facts.has(chip, "hbm_capacity") and any(book.facts.has(chip, one) for one in SIXTEEN):
            yield unit, family, seller


def _parts(unit: Machine, seller: Seller, listed: bool = False) -> dict[str, float]:
    return {
        "intercept": 1.0,
        "log_peak": math.log(_peak(unit) / PEAK),
        "nvidia": float(seller == "nvidia"),
        "in_house": float(seller == "in-house"),
        "list_price": float(listed),
    }


def _prices(book: Catalogue) -> list[_Row]:
    """What a chip was asked at when it came out, or what it cost its maker."""
    rows = []
    for unit, family, seller in _sold(book):
        quantity = "unit_cost" if seller == "in-house" else "price"
        if book.facts.has(unit.id, quantity):
            out = unit.entity.released or unit.entity.announced
            value = _middle(bare(book, readings_on(book.facts, unit.id, quantity, out)))
            rows.append(_Row(unit.id, family, value, _parts(unit, seller)))
    return rows


def bare(book: Catalogue, readings: list[Fact]) -> list[Fact]:
    """Readings of a chip's price that are no share of a server's, filed as the chip's; all if no other is left."""
    entity = readings[0].entity
    if not book.facts.has(entity, "price_in_node"):
        return readings
    whole = {(one.value, one.date) for one in book.facts.readings(entity, "price_in_node")}
    return [one for one in readings if (one.value, one.date) not in whole] or readings


def _rents(book: Catalogue) -> list[_Row]:
    rows = []
    for unit, family, seller in _sold(book):
        for quantity, listed in (("hourly_rent", False), ("hyperscaler_rent", True)):
            if book.facts.has(unit.id, quantity):
                known = book.facts.readings(unit.id, quantity)
                recent = [one for one in known if int(one.date[:4]) >= SINCE]
                if recent:
                    rows.append(_Row(unit.id, family, _middle(recent), _parts(unit, seller, listed)))
    return rows


def _markups(book: Catalogue) -> list[_Row]:
    """Prices of a chip's share of a server, each over the chip's own of the time."""
    rows = []
    for unit, family, _ in _sold(book):
        if not book.facts.has(unit.id, "price"):
            continue
        shares: list[tuple[float, str]] = []
        if book.facts.has(unit.id, "price_in_node"):
            shares = [(one.value, one.date) for one in book.facts.readings(unit.id, "price_in_node")]
        else:
            for server in book.assemblies(unit.id):
                if book.facts.has(server.id, "price"):
                    shares += [
                        (one.value / server.count(unit.id), one.date)
                        for one in book.facts.readings(server.id, "price")
                    ]
        for share, date in shares:
            own = _middle(bare(book, readings_on(book.facts, unit.id, "price", date)))
            rows.append(_Row(f"{unit.id} {date} {share:g}", family, share / own, {"intercept": 1.0}))
    return rows


def _middle(readings: list[Fact]) -> float:
    """Geometric mean."""
    return math.exp(fmean(math.log(one.value) for one in readings))


def _power_terms(book: Catalogue) -> dict[str, float]:
    """The model of a cluster's power, fitted to whole sites, held against servers whose power was published."""
    facts = book.facts
    terms = {
        "chip_overhead": facts.value("cluster-model", "chip_overhead"),
        "host_power": facts.value("cluster-model", "host_power"),
        "host_decline": facts.value("cluster-model", "host_decline"),
        "since": float(facts.get("cluster-model", "host_power", "servers").date[:4]),
        "year": float(SINCE),
    }
    off: dict[str, list[float]] = {}
    for unit, family, seller in _sold(book):
        known = server_share(book, unit)
        if known is not None and seller != "in-house":
            modelled = unit.total("power") * terms["chip_overhead"] + _host(unit, terms)
            off.setdefault(family, []).append(math.log(known[0] / modelled))
    each = [fmean(one) for one in off.values()]
    return terms | _errors(each, sum(map(len, off.values())), len(each))


def server_share(book: Catalogue, unit: Machine) -> tuple[float, float, float, str] | None:
    """A chip's share of the rated power of its server, with interval and source [W], or None where none is known."""
    if book.facts.has(unit.id, "server_power"):
        own = book.facts.get(unit.id, "server_power")
        return own.value, own.low, own.high, f"{own.name}, {own.source}"
    for server in book.assemblies(unit.id):
        if book.facts.has(server.id, "power"):
            fact, count = book.facts.get(server.id, "power"), server.count(unit.id)
            source = f"{fact.name} / {count:g}, {fact.source}"
            return fact.value / count, fact.low / count, fact.high / count, source
    return None


def _least_squares(
    rows: list[_Row], terms: tuple[str, ...], out: Literal["family", "seller", "chip"]
) -> dict[str, float]:
    """Fit of logarithms, its error by groups left out one at a time."""
    x = np.array([[row.parts[term] for term in terms] for row in rows])
    y = np.log([row.value for row in rows])
    groups = [_group(row, out) for row in rows]
    off = []
    for one in dict.fromkeys(groups):
        rest = np.array([group != one for group in groups])
        found, *_ = np.linalg.lstsq(x[rest], y[rest], rcond=None)
        off += list(y[~rest] - x[~rest] @ found)
    found, *_ = np.linalg.lstsq(x, y, rcond=None)
    named = dict(zip(terms, (float(one) for one in found), strict=True))
    families = len({row.family for row in rows})
    count = len(set(groups)) if out == "chip" else families
    return named | _errors(off, len(rows), families, max(1, count - len(terms)))


def _group(row: _Row, out: Literal["family", "seller", "chip"]) -> str:
    if out == "seller":
        return {(1.0, 0.0): "nvidia", (0.0, 1.0): "in-house"}.get(
            (row.parts["nvidia"], row.parts["in_house"]), "other"
        )
    return row.family if out == "family" else row.chip


def _errors(off: list[float], rows: int, families: int, degrees: int | None = None) -> dict[str, float]:
    """Factors that hold 80 and 90 %, from what was left out, and what the first held of it."""
    from scipy.stats import t

    spread = math.sqrt(fmean(one * one for one in off))
    free = families if degrees is None else degrees
    factor_80, factor_90 = (math.exp(float(t.ppf(at, free)) * spread) for at in (0.9, 0.95))
    held = fmean(float(abs(one) <= math.log(factor_80)) for one in off)
    return {
        "factor_80": factor_80, "factor_90": factor_90,
        "rows": float(rows), "families": float(families), "held": held,
    }  # fmt: skip
