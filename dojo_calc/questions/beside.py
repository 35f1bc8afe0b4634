"""Questions that small graphs beside the chain answer: a chip of one's own, made or bought; a die, a tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dojo_calc.analysis.simulate import simulate
from dojo_calc.chain.programme import make_or_buy
from dojo_calc.chain.silicon import die_to_tile
from dojo_calc.doors import door
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.model import Model
from dojo_calc.questions.answer import Account, Answer, accounts_of, answerable, movers_of
from dojo_calc.questions.scenario import given_to

__all__ = ["chip", "programme"]

MAKE_OR_BUY: Final = (
    "saved", "make", "buy", "make_if_done", "make_if_ended", "chance", "slip", "insurance", "made_chips",
)  # fmt: skip
SILICON: Final = (
    "tile", "tile_with_design", "known_good_die", "raw_die", "design_per_die", "design", "gross", "die_yield",
    "tile_yield", "price_of_peak",
)  # fmt: skip


@door
def programme(*, book: Catalogue | None = None, **given: Any) -> Answer:
    """Say whether a chip of one's own is worth making for a target, against buying for the same work.

    Parameters
    ----------
    book : Catalogue, optional
    **given
        Inputs of `dojo_calc.chain.programme.make_or_buy`, or steps to be given: values, or triples with an interval.

    Returns
    -------
    Answer
        Its first sentence has the share of the draws in which making is the cheaper way.

    Raises
    ------
    UnitError, DomainError, UnknownNameError, ModelError
        If a value does not fit, or a name is unknown.
    """
    model, accounts, notes = _told(make_or_buy(book), MAKE_OR_BUY, given)
    share = float(simulate(model, "saved", samples=4096).exceedance(0.0))
    by_name = {one.name: one for one in accounts}
    saved, one_in = by_name["saved"], f"{share:.0%}"
    way = "saves" if saved.value > 0 else "costs"
    amount = Account("", "", abs(saved.value), abs(saved.value), abs(saved.value), "USD")
    bottom = (
        f"By the best guesses making {by_name['made_chips']} chips {way} {amount}; over all that is not known "
        f"making is the cheaper way in {one_in} of the cases ({saved.interval} saved)."
    )
    question = "make a chip or buy"
    return Answer(
        question, bottom, accounts, movers_of(model, "saved"), model, {"inputs": given}, notes, "make_or_buy"
    )


@door
def chip(*, book: Catalogue | None = None, **given: Any) -> Answer:
    """Say what a die, a tile of such dies and their design cost; a D1 and its tile, unless something else is given.

    Parameters
    ----------
    book : Catalogue, optional
    **given
        Inputs of `dojo_calc.chain.silicon.die_to_tile`, such as `die_area`, `defect_density`, `wafer_price`,
        `per_tile` and `design_volume`, or steps to be given: values, or triples with an interval.

    Returns
    -------
    Answer

    Raises
    ------
    UnitError, DomainError, UnknownNameError, ModelError
        If a value does not fit, or a name is unknown.
    """
    model, accounts, notes = _told(die_to_tile(book), SILICON, given)
    by_name = {one.name: one for one in accounts}
    bottom = (
        f"A good die costs {by_name['known_good_die']} ({by_name['known_good_die'].interval}), a tile of them "
        f"{by_name['tile']} ({by_name['tile'].interval}), and {by_name['tile_with_design']} with its share of the "
        "design."
    )
    return Answer(
        "a die, a tile and a design", bottom, accounts, movers_of(model, "tile"), model, {"inputs": given}, notes,
        "die_to_tile",
    )  # fmt: skip


def _told(
    model: Model, names: Sequence[str], given: dict[str, Any]
) -> tuple[Model, tuple[Account, ...], tuple[str, ...]]:
    shown, notes = answerable(model, names)
    model = given_to(model, shown, given) if given else model
    return model, accounts_of(model, shown), notes
