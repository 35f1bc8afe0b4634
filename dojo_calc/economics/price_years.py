"""Money of several years: refused where it is mixed, restated where it is to be one."""

from __future__ import annotations

from collections.abc import Mapping

from dojo_calc.doors import door
from dojo_calc.economics.discounting import deflated
from dojo_calc.errors import UnitError
from dojo_calc.facts import Fact, Facts

__all__ = ["common_price_year", "price_indices", "restated"]


def common_price_year(*amounts: Fact) -> int:
    """Year whose money all amounts are in.

    Parameters
    ----------
    *amounts : Fact
        Facts in USD or a unit with it.

    Returns
    -------
    int

    Raises
    ------
    UnitError
        If one is not money, or their years differ; the message names each with its year.
    """
    years = {fact.name: fact.price_year for fact in amounts}
    for name, year in years.items():
        if year is None:
            raise UnitError(f"{name} is not money, so it has no price year")
    if len(set(years.values())) != 1:
        named = ", ".join(f"{name} of {year}" for name, year in years.items()) or "none"
        raise UnitError(f"expected amounts of one price year, got {named}; restate them first")
    (year,) = {year for year in years.values() if year is not None}
    return year


def price_indices(facts: Facts) -> dict[int, float]:
    """US consumer price index by year, as the facts hold it."""
    return {int(fact.date[:4]): fact.value for fact in facts.readings("us", "price_index")}


@door
def restated(amount: Fact, year: int, indices: Mapping[int, float]) -> float:
    """Value of an amount in the money of another year.

    Parameters
    ----------
    amount : Fact
        In USD or a unit with it, of its own price year.
    year : int
        Wanted.
    indices : mapping of int to float
        Price index by year, such as `price_indices` gives.

    Returns
    -------
    float
        In SI [USD, or the amount's unit].

    Raises
    ------
    UnitError
        If the fact is not money, or there is no index for one of the years.
    """
    own = common_price_year(amount)
    for one in (own, year):
        if one not in indices:
            raise UnitError(f"no price index of {one}; there are {min(indices)} to {max(indices)}")
    return float(deflated(amount.value, indices[own], indices[year]))
