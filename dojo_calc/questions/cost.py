"""What an hour, a year or an exaflop-hour of a chip costs, or a whole run: owned, leased and rented, on one basis."""

from __future__ import annotations

from typing import Any, Literal

from dojo_calc.chain.build import chain
from dojo_calc.chain.cost import BEYOND, OWN_PARTS
from dojo_calc.doors import door
from dojo_calc.formatting import format_si
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.quantities import PositiveFlop, single, whole_number
from dojo_calc.questions.answer import (
    WAYS,
    Answer,
    QuestionError,
    accounts_of,
    answerable,
    movers_of,
    options_of,
    run_notes,
)
from dojo_calc.questions.plan import RUNS, said
from dojo_calc.questions.scenario import given_to

__all__ = ["Basis", "cost"]

Basis = Literal["hour", "year", "exaflop-hour", "run"]


@door
def cost(
    chip: str = "h100-sxm",
    *,
    of: Basis = "hour",
    chips: int | str | None = None,
    work: float | str | None = None,
    assumptions: str | None = None,
    on: str | None = None,
    precision: str = "bf16",
    book: Catalogue | None = None,
    **given: Any,
) -> Answer:
    """Say what a chip costs by the hour or the year, or an exaflop-hour or a run: owned, leased and rented.

    All three stand on one basis: the same hall, energy and upkeep, which a rent includes.

    Parameters
    ----------
    chip : str
        Id or alias of a chip with a peak.
    of : str
        ``"hour"`` of one chip, ``"year"`` of a fleet, ``"exaflop-hour"`` delivered, or ``"run"``.
    chips : int or str, optional
        How many [1]: of a year and of a run; of an exaflop-hour, the fleet whose failures count. That of the largest
        run published in full if left out, and one for a year.
    work : float or str, optional
        Arithmetic of the run [FLOP].
    assumptions, on, precision, book
        As for `dojo_calc.chain.build.chain`.
    **given
        Other inputs of the chain, or steps to be given: values, or triples with an interval.

    Returns
    -------
    Answer
        What each way costs, then the parts of owning.

    Raises
    ------
    QuestionError
        If a given has no effect on the basis, or a run has no work.
    UnitError, DomainError, UnknownNameError, ModelError
        If a value does not fit, or a name is unknown.
    """
    known = catalogue() if book is None else book
    unit = known.machine(chip).id
    if of == "run" and work is None:
        raise QuestionError("a run needs its work in FLOP; `train` finds it from a model and its tokens")
    if of != "run" and work is not None:
        raise QuestionError(f"work has no effect on the cost of one {of}; ask for the cost of a run")
    if of == "hour" and chips is not None:
        raise QuestionError("an hour is of one chip, so a number of chips has no effect; ask for a year")
    parts = [*WAYS, *OWN_PARTS, *BEYOND]
    names = {
        "hour": parts,
        "year": [f"fleet_{name}" for name in parts],
        "exaflop-hour": [f"{name}_per_work" for name in WAYS],
        "run": sorted(RUNS, key=lambda name: name.removeprefix("run_") not in WAYS),
    }[of]
    values = dict(given)
    if work is not None:
        values["run_work"] = single(work, PositiveFlop, "work")
    if chips is not None or of == "year":
        values["chips"] = float(whole_number(1 if chips is None else chips, "chips"))
    model = chain(unit, assumptions=assumptions, on=on, precision=precision, book=known)
    names, notes = answerable(model, names)
    model = given_to(model, names, values) if values else model
    accounts = accounts_of(model, names)
    settings = {"options": options_of(unit, assumptions, on, precision), "inputs": values}
    of_what = {"hour": f"An hour of one {unit}", "year": f"A year of {values.get('chips', 1):,.0f} {unit}"}
    of_what |= {"exaflop-hour": f"An exaflop-hour delivered by {unit}", "run": f"The run on {unit}"}
    told = ", ".join(
        f"{one}{f' ({one.interval})' if one.interval else ''} {WAYS[way]}"
        for one in accounts
        if (way := one.name.removeprefix("fleet_").removeprefix("run_").removesuffix("_per_work")) in WAYS
    )
    even = _break_even(model) if of in ("hour", "year") else ()
    return Answer(
        f"the cost of one {of}", f"{of_what[of]} costs {told}.", accounts, movers_of(model, accounts[0].name), model,
        settings, (*even, *(run_notes(model, names) if of == "run" else ()), *said(model, assumptions, on), *notes),
    )  # fmt: skip


def _break_even(model: Any) -> tuple[str, ...]:
    """How much of the time a chip must be used for owning to cost no more than renting when it is used."""
    if model.inputs["hourly_rent"].value is None:
        return ()
    fixed, energy, own, rent = model.evaluate(["own_before_energy", "energy_cost", "own", "rent"]).values()
    rents = f"Renting costs as much as owning at {format_si(float(own), 'USD/s')}"
    if rent <= energy:
        return (f"{rents}.",)
    share = fixed / (rent - energy)
    if share >= 1:
        return (f"{rents}; at {format_si(float(rent), 'USD/s')} it is cheaper however much a chip is used.",)
    return (
        f"{rents}. At {format_si(float(rent), 'USD/s')} it is cheaper than owning for whoever uses a chip less than "
        f"{share:.0%} of the time.",
    )  # fmt: skip
