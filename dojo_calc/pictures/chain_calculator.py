"""The calculator of the chain: every chip, sets of assumptions, published models, and layouts that were searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dojo_calc.chain.build import chain
from dojo_calc.chain.sets import DEFAULT_SET, assumption_sets
from dojo_calc.doors import door
from dojo_calc.entities import shipped_entities
from dojo_calc.errors import DojoCalcError, UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model
from dojo_calc.performance.plan import PlanError
from dojo_calc.performance.scaling import training_compute
from dojo_calc.performance.workload import transformer
from dojo_calc.pictures.calculator import Calculator, Layout, Preset, calculator
from dojo_calc.questions.layout import laid_out, shape_of, sizes_of
from dojo_calc.words import asked

__all__ = ["COUNTS", "LAID_OUT", "MODELS", "chain_calculator", "layouts", "sizes"]

# Models that people compare with.
MODELS: Mapping[str, tuple[str, str]] = {
    "llama3-405b": ("Llama 3 405B", "Llama"), "llama3-70b": ("Llama 3 70B", "Llama"),
    "llama3-8b": ("Llama 3 8B", "Llama"), "gpt3-175b": ("GPT-3 175B", "Others"),
    "nemotron-340b": ("Nemotron-4 340B", "Others"), "deepseek-v3": ("DeepSeek-V3", "Mixtures of experts"),
}  # fmt: skip
# Chips and counts for which a layout of every model is searched when the page is made, a tenth of a second each; for
# others the utilisation is the one stated for the chip.
LAID_OUT = ("h100-sxm", "a100-sxm-80gb", "h200-sxm", "b200", "gb200", "mi300x")
COUNTS = tuple(2**power for power in range(8, 18))
_FIRST = "h100-sxm"


@door
def chain_calculator(
    questions: Sequence[str] | None = None,
    *,
    chips: Sequence[str] | None = None,
    sets: Sequence[str] | None = None,
    counts: Sequence[int] = COUNTS,
    begin: str = "",
    whole: str = "",
    book: Catalogue | None = None,
) -> Calculator:
    """Make the calculator of the chain.

    Parameters
    ----------
    questions : sequence of str, optional
        Of `dojo_calc.words.asked`, by id, such as ``["hour"]``; all if left out.
    chips : sequence of str, optional
        To choose from, the first one chosen; every chip that has a peak if left out.
    sets : sequence of str, optional
        Named sets of assumptions to choose from, the first one chosen; all if left out.
    counts : sequence of int
        Numbers of chips for which a layout is searched, see `layouts`.
    begin, whole : str, optional
        What the page begins with, and where more is asked, see `dojo_calc.pictures.calculator.calculator`.
    book : Catalogue, optional
        With a reader's own facts, whose chips can be named in `chips`.

    Returns
    -------
    Calculator

    Raises
    ------
    UnknownNameError
        If a question, a chip or a set is unknown.
    """
    known = catalogue() if book is None else book
    wanted = _chips(known) if chips is None else list(chips)
    named = list(assumption_sets() if sets is None else sets)

    every = {one.id: one for one in asked()}
    for one in questions or ():
        if one not in every:
            raise UnknownNameError(f"there is no question {one!r}{nearest(one, every)}")
    told = list(every.values()) if questions is None else [every[one] for one in questions]
    speaks = any("model" in one.names for one in told)

    def made(chip: str = _FIRST, assumptions: str = DEFAULT_SET, precision: str = "bf16") -> Model:
        return chain(chip, assumptions=assumptions, precision=precision, book=known)

    searched = [chip for chip in wanted if chip in LAID_OUT] if speaks else []
    return calculator(
        made,
        told,
        name="chain",
        picks={
            "chip": {chip: _label(chip, known) for chip in wanted},
            "assumptions": {one: (f"as a {one}" if one.islower() else one, "") for one in named},
        },
        presets={"model": {key: Preset(label, group, sizes(key)) for key, (label, group) in MODELS.items()}}
        if speaks
        else {},
        layouts={
            (model, chip): found
            for model in MODELS
            for chip in searched
            if (found := layouts(model, chip, counts, known))
        },
        options={"precision": "bf16"},
        begin=begin,
        whole=whole,
    )


@door
def layouts(model: str, chip: str, counts: Sequence[int], book: Catalogue | None = None) -> list[Layout]:
    """Search the fastest layout for numbers of chips, and say what it reaches on the chain's own basis.

    Parameters
    ----------
    model, chip : str
    counts : sequence of int
        Numbers of chips; those that make no layout are left out.
    book : Catalogue, optional

    Returns
    -------
    list of Layout
        Each sets `mfu` [1] against the chain's peak, with a 90 % interval, and the work that it counts.
    """
    known = catalogue() if book is None else book
    of, shape = transformer(model), shape_of(known)
    base, parameters = chain(chip, book=known), sizes(model)["parameters"]
    found = []
    for count in counts:
        try:
            speed = laid_out(base, of, chip, count, shape, known, near_batches=True)
        except PlanError:
            continue
        values = {
            "mfu": (speed.mfu, speed.low, speed.high),
            "work_per_parameter": speed.work / parameters,
        }
        found.append(
            Layout(
                float(count), values, speed.note.removeprefix("Layout: ").removesuffix("."), "field_factor"
            )
        )
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
        Its `parameters` [1], and `work_per_parameter` [FLOP] where no layout says what a token takes: of those
        parameters that are at work on one token.
    """
    count, active = sizes_of(transformer(model))
    return {"parameters": count, "work_per_parameter": float(training_compute(active, 1.0)) / count}


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
