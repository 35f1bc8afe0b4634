"""The in-house chip of `make_or_buy` as a programme of stages, for one set of facts or for many at once.

The chain of formulas knows what may happen; the programme also knows what may be decided on the way. Both read
the same facts. The work of a chip is priced at the day it is due by the plan, since a chip is designed for the
frontier it expects to meet; earlier the same work costs more, later less.

All money is of the day the programme starts. The discount rate is real, and what a dollar buys at the frontier was
counted in dollars of their own years: in constant ones it grows by inflation more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dojo_calc.analysis.draws import Draws
from dojo_calc.analysis.sweep import whole
from dojo_calc.chain.shipped import make_or_buy
from dojo_calc.doors import door
from dojo_calc.economics.discounting import compounded_rate
from dojo_calc.economics.price_years import price_indices
from dojo_calc.economics.programme import frontier_price
from dojo_calc.economics.race import growth_needed
from dojo_calc.economics.stages import Programme, Stage
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.distribution import FloatArray, marginal
from dojo_calc.model.inputs import Input
from dojo_calc.quantities import Duration, Fraction, Ratio, check_against, spec
from dojo_calc.units import year

__all__ = ["STAGES", "InHouse", "in_house"]

STAGES: Final = ("architecture", "tape-out", "bring-up", "volume")

FRONTIER: Final = (2020, 2025)  # years of the two prices of `gpu-frontier.frontier_growth`

# Inputs of the programme beside those of `make_or_buy`: where the fact stands, and its type.
_FACTS: Final[Mapping[str, tuple[str, str, Any]]] = {
    "discount": ("in-house-chip", "discount_rate", Ratio),
    "slip": ("in-house-chip", "slip_chance", Fraction),
    "slip_depleted": ("in-house-chip", "slip_after_departure", Fraction),
    "success_depleted": ("in-house-chip", "success_after_departure", Fraction),
    "rebuild": ("in-house-chip", "rebuild_time", Duration),
    "relearning": ("in-house-chip", "relearning_share", Fraction),
} | {
    f"{name} {stage}": (f"in-house-{stage}", quantity, Fraction)
    for stage in STAGES
    for name, quantity in (("share of", "stage_cost_share"), ("success of", "stage_success"))
}
_DIRECT: Final = (  # that the programme takes as they are
    "discount", "slip", "departures", "slip_depleted", "success_depleted", "rebuild", "cancellation",
    "shortages", "shortage", "premium",
)  # fmt: skip
_SHARED: Final = (
    "target", "made_peak", "made_mfu", "bought_peak", "bought_mfu", "price", "tile_cost", "development", "growth",
    "departures", "cancellation", "shortages", "shortage", "premium",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class InHouse:
    """A programme, and the value of every input in its scenarios [SI]."""

    programme: Programme
    inputs: Mapping[str, Any]


@door
def in_house(
    samples: int | None = None, *, seed: int = 0, book: Catalogue | None = None, **given: Any
) -> InHouse:
    """Programme of the in-house chip from the facts.

    Parameters
    ----------
    samples : int, optional
        Number of scenarios drawn from the intervals of the facts by the rule of `distribution.quantile`, all
        inputs independent; a power of two is evenest. The facts' own values if left out.
    seed : int
    book : Catalogue, optional
    **given
        Values of inputs, numbers in SI or arrays over the scenarios: ``departures=0.0``.

    Returns
    -------
    InHouse

    Raises
    ------
    UnknownNameError
        If there is no such input.
    DojoCalcError
        If there is no scenario.
    UnitError, DomainError
        If a value does not fit.
    """
    known = catalogue() if book is None else book
    model = make_or_buy(known)
    inputs = {name: model.inputs[name] for name in _SHARED} | {
        name: _input(name, known, *place) for name, place in _FACTS.items()
    }
    inputs["inflation"] = _inflation(known)
    for name in given:
        if name not in inputs:
            raise UnknownNameError(f"the in-house chip has no input {name!r}{nearest(name, inputs)}")
    values: dict[str, Any] = {name: one.value for name, one in inputs.items()}
    if samples is not None:
        values |= _drawn(inputs, samples, seed)
    values |= {name: check_against(value, inputs[name].spec, name) for name, value in given.items()}
    wanted = ["made_chips", "worth", "made_unit"]
    needed = model.needed(wanted)
    unit = model.evaluate(wanted, **{name: values[name] for name in _SHARED if name in needed})
    lengths = {stage: known.facts.value(f"in-house-{stage}", "programme_duration") for stage in STAGES}
    shares = sum(values[f"share of {stage}"] for stage in STAGES)
    growth: Any = compounded_rate(values["growth"], values["inflation"])
    early: Any = frontier_price(1.0, growth, sum(lengths.values()), year)
    programme = Programme(
        stages=[
            Stage(
                stage,
                values["development"] * values[f"share of {stage}"] / shares,
                lengths[stage],
                values[f"success of {stage}"],
            )
            for stage in STAGES
        ],
        volume=unit["made_chips"],
        made=unit["made_unit"],
        bought=unit["worth"] * values["price"] / early,
        relearning=values["relearning"] * values["development"],
        growth=growth,
        **{name: values[name] for name in _DIRECT},
    )
    return InHouse(programme, values)


def _input(name: str, book: Catalogue, entity: str, quantity: str, alias: Any) -> Input:
    fact, declared = book.facts.get(entity, quantity), spec(alias)
    assert declared is not None  # every entry of the table above names an alias
    return Input(name, declared, fact.value, fact.low, fact.high, f"{fact.name}, {fact.source}")


def _inflation(book: Catalogue) -> Input:
    """Rise of consumer prices in a year, over the years whose prices the growth of the frontier is told from."""
    declared, indices = spec(Ratio), price_indices(book.facts)
    assert declared is not None
    first, last = FRONTIER
    rise = float(growth_needed(indices[last], indices[first], last - first)) - 1.0
    return Input("inflation", declared, rise, rise, rise, f"us.price_index of {first} and {last}")


def _drawn(inputs: Mapping[str, Input], samples: int, seed: int) -> dict[str, FloatArray]:
    """Values of the uncertain inputs, evenly spread over their distributions."""
    samples, seed = whole("samples", samples, 1), whole("seed", seed, 0)
    parts = {name: part for name, one in inputs.items() if not isinstance(part := marginal(one), float)}
    scores = Draws(len(parts), seed, replicates=1).scores(samples)
    return {name: part.at(row) for (name, part), row in zip(parts.items(), scores, strict=True)}
