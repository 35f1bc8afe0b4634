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
from dojo_calc.performance.scaling import training_compute, work_per_parameter
from dojo_calc.performance.search import search
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.training import model_utilisation
from dojo_calc.performance.workload import transformer
from dojo_calc.pictures.calculator import Calculator, Layout, Preset, calculator
from dojo_calc.words import asked

__all__ = ["COUNTS", "LAID_OUT", "MODELS", "SEARCHED", "chain_calculator", "layouts", "sizes"]

# Models that people compare with.
MODELS: Mapping[str, tuple[str, str]] = {
    "llama3-405b": ("Llama 3 405B", "Llama"), "llama3-70b": ("Llama 3 70B", "Llama"),
    "llama3-8b": ("Llama 3 8B", "Llama"), "gpt3-175b": ("GPT-3 175B", "Others"),
    "nemotron-340b": ("Nemotron-4 340B", "Others"), "deepseek-v3": ("DeepSeek-V3", "Mixtures of experts"),
}  # fmt: skip
# Models, chips and counts for which a layout is searched when the page is made, a fifth of a second each; for others
# the utilisation is the one stated for the chip.
SEARCHED = ("llama3-405b", "llama3-70b", "llama3-8b", "gpt3-175b")
LAID_OUT = ("h100-sxm", "a100-sxm-80gb", "gb200")
COUNTS = (2048, 4096, 8192, 16384, 32768)
# Sequences a step and tokens a sequence, as in the largest run that was published.
BATCH, SEQUENCE = 2048, 8192
# From the 80 % interval of a step to one of 90 %.
_WIDER = NormalDist().inv_cdf(0.95) / NormalDist().inv_cdf(0.9)
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
        presets={"model": {key: Preset(label, group, sizes(key)) for key, (label, group) in MODELS.items()}},
        layouts={
            (model, chip, assumed): found
            for model in SEARCHED
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
        Each sets `mfu` [1] against the chain's peak, with a 90 % interval.
    """
    known = catalogue() if book is None else book
    found = []
    peak = float(chain(chip, book=known).inputs["chip_peak"].value or 0.0)
    run = sizes(model)
    flop = float(training_compute(run["parameters"], BATCH * SEQUENCE, run["work_per_parameter"]))
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
        groups = ", ".join(
            f"{name} {best[name]:g}" for name in ("tensor", "pipeline", "context", "data") if best[name] > 1
        )
        told = f"{groups}; {BATCH:,} sequences of {SEQUENCE:,} tokens a step"
        found.append(Layout(float(count), {"mfu": (share, low, high)}, told))
    return found


@door
def sizes(model: str) -> dict[str, float]:
    """What the chain takes of a model.

    Parameters
    ----------
    model : str

    Returns
    -------
    dict of str to float
        Its `parameters` [1], and `work_per_parameter` [FLOP], of one with one token of a sequence as searched.
    """
    run = {"global_batch": float(BATCH), "sequence": float(SEQUENCE), "visible": 1.0}
    found = evaluate(transformer(model).values() | run, ["model_parameters", "model_flop"])
    count, flop = float(found["model_parameters"]), float(found["model_flop"])
    return {
        "parameters": count,
        "work_per_parameter": float(work_per_parameter(flop, count, float(BATCH * SEQUENCE))),
    }


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
