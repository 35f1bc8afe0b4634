"""What several checks share: H100 of a fleet and their prices, the price of a peak, Dojo's share of Tesla's fleet."""

from __future__ import annotations

from typing import Any

from dojo_calc.chain.shipped import fleet
from dojo_calc.economics.cost import price_per_rate, price_per_unit, total_cost
from dojo_calc.evidence.claims.answers import Three, corners
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.hardware.machine import Part

__all__ = [
    "LATE_2024",
    "PRICED",
    "PRICES",
    "bought_peak",
    "dojo_late_2024",
    "dojo_share",
    "h100s",
    "made_peak",
]

LATE_2024 = "from the last report to the plan of 2022"  # reading by `dojo_late_2024`
PRICES = {"all in": "price_all_in", "in a server": "price_in_node", "bare": "price"}
PRICED = {
    "price_all_in": "With server, network and hall.",
    "price_in_node": "A share of an 8-chip server.",
    "price": "The chip alone, by the one price that was filed, an eighth of that of a whole server.",
}


def h100s(book: Catalogue, name: str) -> Part:
    """H100 that a fleet or a site has."""
    return next(part for part in book.machine(name).parts if part.machine.id == "h100-sxm")


def made_peak(book: Catalogue, *, with_design: bool = False, basis: str = "bf16") -> Three:
    """Price of a D1's peak, from what Tesla said of a tile.

    Parameters
    ----------
    book : Catalogue
    with_design : bool
        Add the one-off cost spread over the dies that were reported ordered.
    basis : str
        Precision of the peak.

    Returns
    -------
    tuple of float
        Low, central, high [USD s / FLOP].
    """
    peak, dies = book.machine("d1").peak(basis), book.machine("dojo-tile").count("d1")
    bound = book.facts.get("dojo-tile", "cost_upper_bound")
    if not with_design:
        return corners(lambda cost: price_per_rate(price_per_unit(cost, dies), peak), bound)

    def price(cost: Any, design: Any, order: Any) -> Any:
        return price_per_rate(total_cost(price_per_unit(cost, dies), price_per_unit(design, order)), peak)

    return corners(
        price, bound, book.facts.get("d1", "development_cost"), book.facts.get("tsmc-d1-order", "order")
    )


def bought_peak(
    book: Catalogue, chip: str = "h100-sxm", quantity: str = "price_in_node", basis: str = "bf16"
) -> Three:
    """Price of a GPU's peak.

    Parameters
    ----------
    book : Catalogue
    chip : str
    quantity : str
        The price to count: ``price``, ``price_in_node`` or ``price_all_in``.
    basis : str
        Precision of the peak.

    Returns
    -------
    tuple of float
        Low, central, high [USD s / FLOP].
    """
    peak = book.machine(chip).peak(basis)
    return corners(lambda price: price_per_rate(price, peak), book.facts.get(chip, quantity))


def dojo_late_2024(book: Catalogue) -> Three:
    """Rate of Dojo at the end of 2024, which nobody published: from the last report to the plan of 2022.

    Every claim about that machine is held against it, so that no two take another Dojo.

    Parameters
    ----------
    book : Catalogue

    Returns
    -------
    tuple of float
        Low, central, high [FLOP/s].
    """
    reported = book.facts.get("dojo-1", "reported_rate")
    return float(reported.low), float(reported.value), float(book.machine("dojo-1-plan").peak("bf16"))


def dojo_share(book: Catalogue, dojo: Three, basis: str = "bf16") -> Three:
    """Share of Dojo in Tesla's training hardware of the end of 2024.

    Parameters
    ----------
    book : Catalogue
    dojo : tuple of float
        Rate of Dojo: low, central, high [FLOP/s].
    basis : str
        Precision of the GPUs' peaks: ``bf16`` or ``int8``.

    Returns
    -------
    tuple of float
        Low, central, high [1].
    """
    model = fleet(book)
    posted = book.machine("tesla-ai-2024-08").parts
    gpus = next(part for part in posted if part.machine.id == "h100-sxm")

    def share(rate: Any, count: Any) -> Any:
        return model.evaluate(
            "dojo_share",
            dojo_peak_rate=rate,
            h100s=count,
            h100_peak=book.machine("h100-sxm").peak(basis),
            a100_peak=book.machine("a100-sxm-80gb").peak(basis),
        )

    return corners(share, dojo, gpus)
