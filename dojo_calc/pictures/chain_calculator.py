"""The calculator of the chain: every chip, sets of assumptions, published models, and layouts that were searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist

from dojo_calc.chain.build import chain
from dojo_calc.chain.sets import assumption_sets
from dojo_calc.doors import door
from dojo_calc.entities import shipped_entities
from dojo_calc.errors import DojoCalcError
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model
from dojo_calc.performance.plan import PlanError
from dojo_calc.performance.scaling import training_compute
from dojo_calc.performance.search import search
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.training import model_utilisation
from dojo_calc.performance.workload import transformer
from dojo_calc.pictures.calculator import Calculator, Layout, Preset, calculator
from dojo_calc.words import asked

__all__ = ["COUNTS", "LAID_OUT", "MODELS", "chain_calculator", "layouts"]

# Dense models that people compare with. A mixture of experts has two numbers of parameters, where the chain has one.
MODELS: Mapping[str, tuple[str, str]] = {
    "llama3-405b": ("Llama 3 405B", "Llama"), "llama3-70b": ("Llama 3 70B", "Llama"),
    "llama3-8b": ("Llama 3 8B", "Llama"), "gpt3-175b": ("GPT-3 175B", "Others"),
    "nemotron-340b": ("Nemotron-4 340B", "Others"),
}  # fmt: skip
# Chips and counts for which a layout is searched when the page is made; for others the utilisation is stated.
LAID_OUT = ("h100-sxm", "a100-sxm-80gb", "h200-sxm", "gb200")
COUNTS = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
BATCH, SEQUENCE = (
    2048,
    8192,
)  # sequences a step and tokens a sequence, as in the largest run that was published
_WIDER = NormalDist().inv_cdf(0.95) / NormalDist().inv_cdf(
    0.9
)  # from the 80 % interval of a step to one of 90 %
_FIRST = "h100-sxm"


@door
def chain_calculator(
    *,
    chips: Sequence[str] | None = None,
    sets: Sequence[str] | None = None,
    counts: Sequence[int] = COUNTS,
    book: Catalogue | None = None,
) -> Calculator:
    """Make the calculator of the chain.

    Parameters
    ----------
    chips : sequence of str, optional
        To choose from, the first one chosen; every chip that has a peak if left out.
    sets : sequence of str, optional
        Named sets of assumptions to choose from, the first one chosen; all if left out.
    counts : sequence of int
        Numbers of chips for which a layout is searched, see `layouts`.
    book : Catalogue, optional
        With a reader's own facts, whose chips can be named in `chips`.

    Returns
    -------
    Calculator

    Raises
    ------
    UnknownNameError
        If a chip or a set is unknown.
    """
    known = catalogue() if book is None else book
    wanted = _chips(known) if chips is None else list(chips)
    named = list(assumption_sets() if sets is None else sets)

    def made(chip: str, assumptions: str) -> Model:
        return chain(chip, assumptions=assumptions, book=known)

    searched = [chip for chip in wanted if chip in LAID_OUT]
    return calculator(
        made,
        asked(),
        name="chain",
        picks={
            "chip": {chip: _label(chip, known) for chip in wanted},
            "assumptions": {one: (f"as a {one}" if one.islower() else one, "") for one in named},
        },
        presets={
            "model": {
                key: Preset(label, group, {"parameters": _parameters(key)})
                for key, (label, group) in MODELS.items()
            }
        },
        layouts={
            (model, chip, assumed): found
            for model in MODELS
            for chip in searched
            if (found := layouts(model, chip, counts, known))
            for assumed in named
        },
    )


@door
def layouts(model: str, chip: str, counts: Sequence[int], book: Catalogue | None = None) -> list[Layout]:
    """Search the fastest layout for numbers of chips, and say what it reaches on the chain's own basis.

    Parameters
    ----------
    model, chip : str
    counts : sequence of int
        Numbers of chips; those that make no layout, or leave chips idle, are left out.
    book : Catalogue, optional

    Returns
    -------
    list of Layout
        Each sets `mfu` [1], of six operations for each parameter and token against the peak, with a 90 % interval.
    """
    known = catalogue() if book is None else book
    found = []
    peak = float(chain(chip, book=known).inputs["chip_peak"].value or 0.0)
    flop = float(training_compute(_parameters(model), BATCH * SEQUENCE))
    for count in counts:
        try:
            searched = search(model, chip, count, global_batch=BATCH, sequence=SEQUENCE, book=known)
        except PlanError:
            continue
        if searched.idle:
            continue
        best = searched.best
        share = float(model_utilisation(flop, count, peak, best["step_time"]))
        low, high = (min(share * (best["step_time"] / best[end]) ** _WIDER, 1.0) for end in ("high", "low"))
        sizes = ", ".join(
            f"{name} {best[name]:g}" for name in ("tensor", "pipeline", "context", "data") if best[name] > 1
        )
        told = f"{sizes}; {BATCH:,} sequences of {SEQUENCE:,} tokens a step"
        found.append(Layout(float(count), {"mfu": (share, low, high)}, told))
    return found


def _parameters(model: str) -> float:
    return float(evaluate(transformer(model).values(), ["model_parameters"])["model_parameters"])


def _chips(known: Catalogue) -> list[str]:
    """Every chip that has a peak, the one of the largest published run first."""
    found = []
    for entity in shipped_entities():
        if known.entity(entity).kind != "chip":
            continue
        try:
            chain(entity, book=known)
        except DojoCalcError:
            continue  # without a peak in 16 bits
        found.append(entity)
    return sorted(found, key=lambda one: (one != _FIRST, known.entity(one).maker, one))


def _label(chip: str, known: Catalogue) -> tuple[str, str]:
    """Name and maker of a chip."""
    one = known.entity(chip)
    return one.name.removeprefix(f"{one.maker} ") or chip, one.maker
