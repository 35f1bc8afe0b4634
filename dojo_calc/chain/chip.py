"""What the chain takes from a chip: published, else estimated from its kin, else assumed, each with its reason.

Every chip with a peak at 16 or 8 bits answers, a reader's own too. Where a chip is kept by its maker, the price of a
server stands for what it costs that maker, which is no price and looks two to four times cheaper for that alone.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from dojo_calc.chain.dates import Date, input_on, readings_on, years_apart
from dojo_calc.chain.kin import Estimate, bare, estimate, seller_of, server_share
from dojo_calc.doors import door
from dojo_calc.entities import shipped_entities
from dojo_calc.errors import UnknownNameError
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.hardware.machine import Machine
from dojo_calc.model.inputs import Input
from dojo_calc.performance.efficiency import matrix_peak
from dojo_calc.quantities import Spec

if TYPE_CHECKING:
    import polars as pl

__all__ = ["QUESTIONS", "chip_inputs", "coverage", "maker_cost"]

How: TypeAlias = Literal["published", "estimated", "assumed", "missing"]
HOW: Final[tuple[How, ...]] = ("published", "estimated", "assumed", "missing")  # from best to worst

# What each question takes from a chip; of two in brackets, one is enough.
QUESTIONS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "plan": (("chip_peak",), ("per_server",)),
    "power": (("chip_power_rated",), ("server_power_rated",)),
    "capital": (("server_price", "chip_price"), ("server_price", "server_markup")),
    "hour": (
        ("server_power_rated",), ("server_price", "chip_price"), ("server_price", "server_markup"),
        ("price_decline",),
    ),
    "rent": (("hourly_rent",),),
    "run": (("chip_peak",), ("mfu",), ("interruption_rate",)),
}  # fmt: skip

_CHIPS: Final = ("chip", "accelerator")
_ANY: Final = "gpu-server"  # where assumptions stand that hold of any chip in a server
_SAME: Final = "h100-sxm"  # whose rate of failure stands in for a chip that has none published
_NO_HBM: Final = "it has no memory on its package, unlike all whose {} are known"


@door
def chip_inputs(
    chip: str, book: Catalogue | None = None, on: Date = None, precision: str = "bf16"
) -> dict[str, Input]:
    """Inputs of the chain that belong to a chip.

    Parameters
    ----------
    chip : str
        Id or alias.
    book : Catalogue, optional
    on : str or int, optional
        A year or a date: of prices and rents, the readings nearest to it; those in use if left out.
    precision : str
        Of the peak and of the utilisation against it: ``"bf16"``, ``"fp16"`` or ``"fp8"``.

    Returns
    -------
    dict of str to Input
        `chip_peak`, `h100_peak` [FLOP/s]; `chip_power_rated`, `server_power_rated`, a chip's share [W]; `chip_price`
        [USD], left out where the chip is not sold or only its server's price is known; `server_price`, a chip's share
        [USD], or in its place `server_markup` over the chip's own [1], or both where `chip_price` is left out;
        `hourly_rent` [USD/s]; `mfu`, `price_decline` a year, `per_server` [1]; `interruption_rate` [1/s].
        Each has in `how` whether it is ``"published"``, ``"estimated"`` from kin, ``"assumed"``, or ``"missing"``,
        with no value and the reason in `source`.

    Raises
    ------
    UnknownNameError
        If there is no such chip or precision, or the chip has no peak at it, or it is no chip.
    DomainError
        If `on` is no date.
    """
    known = catalogue() if book is None else book
    unit = _chip(known, chip)
    peak = matrix_peak(unit, precision)
    found = {
        "chip_peak": input_on(known, f"{unit.id}.{peak}"),
        "h100_peak": input_on(known, f"{_SAME}.{matrix_peak(known.machine(_SAME), precision)}"),
        "chip_power_rated": _power(known, unit),
        "server_power_rated": _server_power(known, unit),
        **_prices(known, unit, on),
        "hourly_rent": _rent(known, unit, on),
        "mfu": _utilisation(known, unit, precision),
        "price_decline": _decline(known, unit),
        "interruption_rate": _failing(known, unit),
        "per_server": _count(known, unit),
    }
    return {name: replace(one, name=name) for name, one in found.items()}


@door
def maker_cost(chip: str, book: Catalogue | None = None, on: Date = None) -> Input:
    """What a chip costs the maker that keeps it for itself: no price, and two to four times less than one.

    Parameters
    ----------
    chip : str
    book : Catalogue, optional
    on : str or int, optional

    Returns
    -------
    Input
        [USD]; ``"missing"`` for a chip that is sold.

    Raises
    ------
    UnknownNameError
        If there is no such chip.
    """
    known = catalogue() if book is None else book
    unit = _chip(known, chip)
    if seller_of(unit) != "in-house":
        return _missing("USD", f"{unit.id} is sold: it has a price")
    if known.facts.has(unit.id, "unit_cost"):
        return input_on(known, f"{unit.id}.unit_cost", on)
    bound = _bounded(known, unit)
    if bound is not None:
        return bound
    return _of_kin(estimate("price", unit), "USD")


@door
def coverage(book: Catalogue | None = None) -> pl.DataFrame:
    """Which chip answers which question, and how well it is known.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    polars.DataFrame
        A row a chip with a peak at 16 or 8 bits: `chip`, `precision`, the questions of `QUESTIONS`, each with the
        worst of what it takes (``"published"``, ``"estimated"``, ``"assumed"``, ``"missing"``), and in `missing` the
        reasons of what is missing.
    """
    import polars as pl

    known = catalogue() if book is None else book
    rows = []
    for chip in (name for kind in _CHIPS for name in known.names(kind)):
        precision = _precision(known.machine(chip))
        if precision is not None:
            own = chip_inputs(chip, known, precision=precision)
            lacks = "; ".join(f"{name}: {one.source}" for name, one in own.items() if one.how == "missing")
            answers = {question: _worst(own, taken) for question, taken in QUESTIONS.items()}
            rows.append({"chip": known.machine(chip).id, "precision": precision, **answers, "missing": lacks})
    return pl.DataFrame(rows)


def _chip(known: Catalogue, name: str) -> Machine:
    """A chip by name, and nothing else that has parts or a peak."""
    unit = known.machine(name)
    if unit.entity.kind not in _CHIPS:
        inside = [one.id for one, _ in unit.walk() if one.entity.kind in _CHIPS]
        hint = f"; it holds {inside[0]}" if inside else ""
        raise UnknownNameError(f"expected a chip, got {unit.id}, which is a {unit.entity.kind}{hint}")
    return unit


def _precision(unit: Machine) -> str | None:
    """The first precision at which a chip answers."""
    for one in ("bf16", "fp16", "fp8"):
        try:
            matrix_peak(unit, one)
        except UnknownNameError:
            continue
        return one
    return None


def _worst(own: dict[str, Input], taken: tuple[tuple[str, ...], ...]) -> How:
    """How the least known of what a question takes is known."""
    ranks = []
    for ways in taken:
        known = [HOW.index(own[name].how) for name in ways if name in own and own[name].how]
        ranks.append(min(known, default=len(HOW) - 1))
    return HOW[max(ranks)]


def _missing(unit: str, reason: str) -> Input:
    return Input("", Spec(unit), None, None, None, reason, how="missing")


def _of_kin(one: Estimate, unit: str, at_least: float = 0.0) -> Input:
    return Input(
        "", Spec(unit), one.value, max(one.low, at_least), one.high, one.reason, how="estimated"
    )  # fmt: skip


def _strange(unit: Machine) -> bool:
    """Whether it is unlike all whose prices and rents are known; a reader's own chip may leave its memory out."""
    return unit.id in shipped_entities() and not unit.facts.has(unit.id, "hbm_capacity")


def _power(known: Catalogue, unit: Machine) -> Input:
    if unit.maybe("power") is not None:
        return input_on(known, f"{unit.id}.power")
    if server_share(known, unit) is not None:
        return _of_kin(estimate("chip_power", unit, known), "W")
    return _missing("W", f"neither a power of {unit.id} nor of a server that holds it is known")


def _server_power(known: Catalogue, unit: Machine) -> Input:
    share = server_share(known, unit)
    if share is not None:
        value, low, high, source = share
        return Input("", Spec("W"), value, low, high, source, how="published")
    if unit.maybe("power") is None:
        return _missing("W", f"neither a power of {unit.id} nor of a server that holds it is known")
    return _of_kin(estimate("server_power", unit), "W", at_least=unit.total("power"))


def _prices(known: Catalogue, unit: Machine, on: Date) -> dict[str, Input]:
    """Price of the chip and of its share of a server, or what stands for them."""
    has = known.facts.has
    markup = _of_kin(estimate("server_markup", unit), "1", at_least=1.0)
    if seller_of(unit) == "in-house":
        cost = maker_cost(unit.id, known, on)
        whole = _bounded(known, unit) or _times(cost, markup)
        said = f"what it costs its maker, no price: {whole.source}"
        return {"server_price": replace(whole, source=said), "server_markup": markup}
    found: dict[str, Input] = {}
    server = _server_price(known, unit, on)
    if has(unit.id, "price"):
        found["chip_price"] = _bare(known, unit, on)
    elif not _strange(unit):
        found["chip_price"] = _of_kin(estimate("price", unit), "USD")
    elif server is None:
        found["chip_price"] = _missing("USD", _NO_HBM.format("prices"))
    if server is not None:
        found["server_price"] = server
    if server is None or "chip_price" not in found:
        found["server_markup"] = markup
    return found


def _server_price(known: Catalogue, unit: Machine, on: Date) -> Input | None:
    """Price of a chip's share of a server, where one was published."""
    if known.facts.has(unit.id, "price_in_node"):
        return input_on(known, f"{unit.id}.price_in_node", on)
    for server in known.assemblies(unit.id):
        if known.facts.has(server.id, "price"):
            if on is not None and _nearer(known, (unit.id, server.id), on):
                return None
            whole, count = input_on(known, f"{server.id}.price", on), server.count(unit.id)
            value, low, high = (one / count for one in _bounds(whole))
            said = f"1 / {count:g} of {whole.source}"
            return replace(whole, value=value, low=low, high=high, readings=(), source=said)
    return None


def _nearer(known: Catalogue, pair: tuple[str, str], on: str | int) -> bool:
    """Whether the price of the first of two is a reader's choice, or else told of a time nearer to a date."""
    if not known.facts.has(pair[0], "price"):
        return False
    one, other = (readings_on(known.facts, name, "price", on)[0] for name in pair)
    if one.chosen != other.chosen:
        return one.chosen
    return years_apart(one.date, on) < years_apart(other.date, on)


def _bare(known: Catalogue, unit: Machine, on: Date) -> Input:
    """Price of the chip itself: an eighth of a server that was filed as the chip's is left out."""
    found = input_on(known, f"{unit.id}.price", on)
    own = tuple(bare(known, list(found.readings)))
    if own[0] is found.readings[0]:
        return replace(found, readings=own)
    first = own[0]
    readings = (replace(first, is_default=True), *own[1:])
    return replace(
        found, value=first.value, low=first.low, high=first.high, readings=readings,
        source=f"{first.name}, {first.source}",
    )  # fmt: skip


def _bounded(known: Catalogue, unit: Machine) -> Input | None:
    """What a chip's share of an assembly stays below, where only that was told."""
    for whole in known.assemblies(unit.id):
        if known.facts.has(whole.id, "cost_upper_bound"):
            fact, count = known.facts.get(whole.id, "cost_upper_bound"), whole.count(unit.id)
            source = f"at most {fact.name} / {count:g}, {fact.source}"
            low, high = fact.low / count, fact.high / count
            return Input("", Spec("USD"), fact.value / count, low, high, source, how="estimated")
    return None


def _bounds(one: Input) -> tuple[float, float, float]:
    """Value and interval of an input that has them."""
    assert one.value is not None
    assert one.low is not None
    assert one.high is not None
    return one.value, one.low, one.high


def _times(one: Input, factor: Input) -> Input:
    """Product of two, their errors independent and of a factor each."""
    (value, low, high), (times, least, most) = _bounds(one), _bounds(factor)
    down = math.hypot(math.log(value / low), math.log(times / least))
    up = math.hypot(math.log(high / value), math.log(most / times))
    value *= times
    source = f"{one.source}, in a server: {factor.source}"
    return Input("", one.spec, value, value * math.exp(-down), value * math.exp(up), source, how="estimated")


def _rent(known: Catalogue, unit: Machine, on: Date) -> Input:
    """What one pays by the hour: at a rental company, else on a hyperscaler's list, else as kin are rented."""
    for quantity, said in (("hourly_rent", ""), ("hyperscaler_rent", "; a hyperscaler's price list")):
        if known.facts.has(unit.id, quantity):
            found = input_on(known, f"{unit.id}.{quantity}", on)
            return replace(found, source=found.source + said)
    if _strange(unit):
        found = _of_kin(estimate("rent_unlike", unit), "USD/s")
        return replace(found, source=f"{_NO_HBM.format('rents')}; {found.source}")
    return _of_kin(estimate("rent", unit), "USD/s")


def _utilisation(known: Catalogue, unit: Machine, precision: str) -> Input:
    quantity = "mfu_8bit" if precision.lower() == "fp8" else "mfu"
    entity = unit.id if known.facts.has(unit.id, quantity) else _ANY
    return input_on(known, f"{entity}.{quantity}")


def _decline(known: Catalogue, unit: Machine) -> Input:
    """Share of its price that a used chip loses in a year: as sold, and from what is left after three.

    That of new ones, which a shortage or a successor moves, is not used: a used one is worth no more than a new one.
    """
    found: list[Fact] = []
    if known.facts.has(
        unit.id, "resale_decline"
    ):  # what used ones sold at, but for a shortage in which they rose
        found += [one for one in readings_on(known.facts, unit.id, "resale_decline", None) if one.value > 0.0]
    if known.facts.has(unit.id, "residual_share"):
        found += [_a_year(one) for one in readings_on(known.facts, unit.id, "residual_share", None)]
    if not found:
        own = unit.id not in shipped_entities() and known.facts.has(unit.id, "price_decline")
        return input_on(known, f"{unit.id if own else _ANY}.price_decline")
    first, *rest = (replace(one, is_default=one is found[0]) for one in found)
    return Input(
        "", Spec("1"), first.value, first.low, first.high, f"{first.name}, {first.source}", (first, *rest), None,
        "published",
    )  # fmt: skip


def _a_year(left: Fact) -> Fact:
    """What is left after 36 months, as what is lost in 12."""

    def lost(share: float) -> float:
        return 1.0 - math.pow(share, 12.0 / 36.0)

    return replace(
        left, quantity="price_decline", reading=f"{left.quantity} {left.reading}".strip(),
        value=lost(left.value), low=lost(left.high), high=lost(left.low),
    )  # fmt: skip


def _failing(known: Catalogue, unit: Machine) -> Input:
    if known.facts.has(unit.id, "interruption_rate"):
        return input_on(known, f"{unit.id}.interruption_rate")
    found = input_on(known, f"{_SAME}.interruption_rate")
    return replace(found, source=f"{found.source}; none of {unit.id} was published", how="assumed")


def _count(known: Catalogue, unit: Machine) -> Input:
    """Chips of one server."""
    if known.facts.has(unit.id, "chips_per_server"):
        return input_on(known, f"{unit.id}.chips_per_server")
    for server in known.assemblies(unit.id):
        if known.facts.has(server.id, "power"):
            count = server.count(unit.id)
            return Input("", Spec("1"), count, count, count, f"{unit.id} in {server.id}", how="published")
    return input_on(known, f"{_ANY}.chips_per_server")
