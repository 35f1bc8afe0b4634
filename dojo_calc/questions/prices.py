"""What each plan of a search costs, by the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dojo_calc.chain.build import chain
from dojo_calc.doors import door
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance.search import Search
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import Ranks, single
from dojo_calc.questions.answer import answerable
from dojo_calc.units import day

if TYPE_CHECKING:
    import polars as pl

__all__ = ["priced"]

BY_DAY = {"fleet_own": "own", "fleet_rent": "rent"}
BY_RUN = {"run_own": "own", "run_rent": "rent"}


@door
def priced(
    found: Search,
    model: str | Transformer,
    chip: str,
    *,
    tokens: float | str | None = None,
    assumptions: str | None = None,
    precision: str = "bf16",
    book: Catalogue | None = None,
) -> pl.DataFrame:
    """Front of a search with what each of its plans costs.

    Parameters
    ----------
    found : Search
    model, chip, precision
        As the search was asked.
    tokens : float or str, optional
        To train on [1]: the run then is priced as runs turn out. A day of the machine if left out.
    assumptions : str, optional
        As for `dojo_calc.chain.build.chain`.
    book : Catalogue, optional

    Returns
    -------
    polars.DataFrame
        The front, with `own` and `rent` [USD] as far as the chain knows them.

    Raises
    ------
    UnknownNameError, UnitError, DomainError
        If a name is unknown or a value does not fit.
    """
    import polars as pl

    known = catalogue() if book is None else book
    whole = chain(known.machine(chip).id, assumptions=assumptions, precision=precision, book=known)
    columns = BY_DAY if tokens is None else BY_RUN
    names, _ = answerable(whole, columns)
    chips = found.front["chips"].cast(pl.Float64).to_numpy()
    if tokens is None:
        costs = whole.evaluate(names, chips=chips)
        return found.front.with_columns(pl.Series(columns[name], cost * day) for name, cost in costs.items())
    sizes = evaluate(transformer(model).values(), ("model_parameters",))
    mfu = found.front["mfu"].to_numpy()
    # what the search counted as work of a token, attention too
    each = (
        mfu * chips * (whole.inputs["chip_peak"].value or 0.0) / found.front["tokens_per_second"].to_numpy()
    )
    given = {
        "chips": chips, "mfu": mfu, "parameters": float(sizes["model_parameters"]),
        "run_work": each * single(tokens, Ranks, "tokens"),
    }  # fmt: skip
    costs = whole.evaluate(names, **given)
    return found.front.with_columns(pl.Series(columns[name], cost) for name, cost in costs.items())
