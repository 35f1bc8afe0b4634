"""A calculator that anyone can ask, as one page without a server.

The page holds a model as plain JavaScript, its inputs with intervals and sources, and words for both. It asks in a
sentence, answers with an interval, and says why. It opens from disk and asks no other host for anything.
"""

from __future__ import annotations

import html
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

from dojo_calc import __version__
from dojo_calc.analysis.simulate import simulate
from dojo_calc.doors import door
from dojo_calc.errors import ModelError
from dojo_calc.model.javascript import program
from dojo_calc.model.model import Model
from dojo_calc.pictures.page_data import Pool, directions, pool_entry, spellings, unit_scales, variant
from dojo_calc.words import Asked, number_and_range, words

__all__ = ["Calculator", "Layout", "Preset", "calculator"]

SCRIPTS = tuple(f"calculator-{part}.js" for part in ("engine", "numbers", "state", "read", "page"))
STYLE = "calculator.css"


@dataclass(frozen=True)
class Preset:
    """Values that a choice sets, such as the sizes of a published model."""

    label: str
    group: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Layout:
    """What a search found for one number of chips: values of inputs, and how the chips are laid out.

    An interval of a value counts only in what does not follow from the input `within`, whose own interval holds it.
    """

    chips: float
    values: Mapping[str, Any]
    told: str
    within: str


@dataclass(frozen=True)
class Calculator:
    """A page that asks models; shows itself in a notebook."""

    data: Mapping[str, Any]
    code: str
    told: str  # the first answer, for a page whose scripts do not run

    def element(self) -> str:
        """HTML of the calculator alone, for a page that has its scripts and its style."""
        # JSON may write any character as an escape, so no text in it can close the script element.
        data = json.dumps(self.data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        inert = data.replace("<", r"\u003c")
        return f"{self.plain()}<script>window.dojoCalculator={{data:{inert},models:{self.code}}};</script>"

    def plain(self) -> str:
        """HTML of the first answer alone, which asks for no script."""
        return f'<div class="dojo-calculator"><div class="dc-static">{self.told}</div></div>'

    def html(self) -> str:
        """One HTML file that holds everything."""
        scripts = "".join(f"<script>{asset(name)}</script>" for name in SCRIPTS)
        title = html.escape(self.data["questions"][0]["title"])
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<link rel="icon" href="data:,">'
            f"<title>{title}</title><style>{asset(STYLE)}</style></head>"
            f'<body class="dc-alone"><main><h1 class="dc-sr">{title}</h1>{self.element()}</main>{scripts}'
            "</body></html>"
        )

    def save(self, path: str | Path) -> Path:
        """Write the page as one file that opens from disk."""
        target = Path(path)
        target.write_text(self.html(), encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        from dojo_calc.pictures.theme import in_book

        if in_book():
            return self.element()
        return (
            f'<iframe title="Calculator" srcdoc="{html.escape(self.html())}" '
            'style="width: 100%; height: 46rem; border: 0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<Calculator: {', '.join(one['title'] for one in self.data['questions'])}>"


@cache
def asset(name: str) -> str:
    """Text of a script or a style of the page, without indents and lines of comment."""
    text = files("dojo_calc.pictures").joinpath("assets", name).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


@door
def calculator(
    model: Model | Callable[..., Model],
    questions: Sequence[Asked] | str = "",
    *,
    name: str = "",
    picks: Mapping[str, Mapping[str, tuple[str, str]]] | None = None,
    presets: Mapping[str, Mapping[str, Preset]] | None = None,
    layouts: Mapping[tuple[str, ...], Sequence[Layout]] | None = None,
    options: Mapping[str, str] | None = None,
    begin: str = "",
    whole: str = "",
) -> Calculator:
    """Make a page that asks a model.

    Parameters
    ----------
    model : Model or callable
        A model of formulas alone; or, with `picks`, a function that makes one for each choice.
    questions : sequence of Asked or str, optional
        Sentences to ask; or the name of the output that answers, the last one if left out.
    name : str, optional
        Under which a scenario finds the model, such as ``"chain"`` or ``"my_models.py:mine"``; the function's own
        name, or the model's, if left out.
    picks : mapping, optional
        Keyword of the function to its choices: text of the choice to its label and its group. The first is chosen.
    presets : mapping, optional
        Name in a sentence to choices that set inputs: id to `Preset`. The first is chosen.
    layouts : mapping, optional
        By choices of presets and picks, in the order of their names, what was found for numbers of chips; the last
        picks are left out where nothing depends on them.
    options : mapping, optional
        Keywords of the function that are the same for all choices; a scenario may state them.
    begin : str, optional
        What the page begins with, as its address has it: ``"ask=hour&chips=100000"``; what ships if left out.
    whole : str, optional
        Address of a page that asks more. This one is then a short one: it folds all but the answer and what it takes,
        and leads there with what was asked, or, where the address has a ``#``, as it is.

    Returns
    -------
    Calculator

    Raises
    ------
    ModelError
        If a step is no formula, an output or a name in a sentence is unknown, or choices change what is computed so
        that a question has no answer.
    """
    chosen = dict(picks or {})
    same = dict(options or {})
    if isinstance(model, Model) and (chosen or same):
        raise ModelError("picks and options need a function that makes the model, got a Model")
    pool, variants = Pool(), dict[str, int]()
    combinations: dict[str, list[Any]] = {}
    kept: list[tuple[dict[str, Any], Model]] = []
    first: Model | None = None
    for values in product(*chosen.values()):
        made = model if isinstance(model, Model) else model(**dict(zip(chosen, values, strict=True)), **same)
        if not isinstance(made, Model):
            raise ModelError(f"expected a Model, or a function that makes one, got {type(made).__name__}")
        first = first or made
        described = variant(made)
        key = json.dumps(described, sort_keys=True)
        if key not in variants:
            variants[key] = len(variants)
            kept.append((described, made))
        combinations["|".join(values)] = [
            variants[key],
            [pool.add(pool_entry(one, made)) for one in made.inputs.values()],
        ]
    assert first is not None
    asked = _questions(questions, first)
    names = {name for described, _ in kept for name in (*described["inputs"], *described["steps"])}
    for one in asked:
        _refuse(one, first, {*chosen, *(presets or {})})
    specs = {name: made.spec(name) for _, made in reversed(kept) for name in (*made.inputs, *made.outputs)}
    found = {
        "version": __version__,
        "model": name or getattr(model, "__name__", "") or first.name,
        "questions": [{**one.model_dump(exclude={"outputs"}), "outputs": list(one.told)} for one in asked],
        "picks": {
            pick: [[key, label, group] for key, (label, group) in choices.items()]
            for pick, choices in chosen.items()
        },
        "options": same,
        "defaults": {} if isinstance(model, Model) else _defaults(model, chosen),
        "begin": begin,
        "whole": whole,
        "presets": {
            at: [
                [key, one.label, one.group, _preset(one.values, first, pool)] for key, one in choices.items()
            ]
            for at, choices in (presets or {}).items()
        },
        "layouts": {
            "|".join(key): [
                [one.chips, _preset(one.values, first, pool), one.told, one.within] for one in rows
            ]
            for key, rows in (layouts or {}).items()
        },
        "variants": [described for described, _ in kept],
        "combinations": combinations,
        "pool": pool.entries,
        "sources": pool.sources,
        "names": {
            one: words(one).model_dump(exclude={"name"}) | {"unit": specs[one].unit} | _domain(specs[one])
            for one in sorted(names)
        },
        "units": {unit: unit_scales(unit) for unit in sorted({one.unit for one in specs.values()})},
        "spellings": spellings(sorted({one.unit for one in specs.values()})),
        "sobol": directions(max(len(made.inputs) for _, made in kept)),
    }
    code = program({f"v{place}": made for place, (_, made) in enumerate(kept)})
    return Calculator(
        found, code, _told(_begun(first, asked[0], chosen, presets or {}, layouts or {}), asked[0])
    )


def _defaults(model: Callable[..., Model], picks: Mapping[str, Any]) -> dict[str, str]:
    """What the function takes for a choice that a scenario leaves out."""
    known = inspect.signature(model).parameters
    return {pick: known[pick].default for pick in picks if isinstance(known[pick].default, str)}


def _questions(questions: Sequence[Asked] | str, model: Model) -> list[Asked]:
    """Questions as given, or one about an output."""
    if not isinstance(questions, str):
        if not questions:
            raise ModelError("expected a question, got none")
        return list(questions)
    answer = questions or model.outputs[-1]
    model.spec(answer)
    shown = [answer, *[one for one in reversed(model.outputs) if one != answer][:11]]
    label = words(answer).label
    return [Asked(id="question", title=label, sentence=f"{label} is", answer=answer, outputs=" ".join(shown))]


def _refuse(one: Asked, model: Model, choices: set[str]) -> None:
    """Refuse a question that names what the model has not."""
    known = {*model.inputs, *model.outputs, *choices}
    sought = (one.sought, one.undisturbed) if one.sought or one.undisturbed else ()
    for name in (*one.names, one.answer, *filter(None, (*sought, one.lot)), *one.told):
        if name not in known:
            raise ModelError(f"question {one.id} speaks of {name}, which model {model.name} has not")
    if one.sought and one.answer not in model.inputs:
        raise ModelError(f"question {one.id} seeks {one.answer}, which is no input of model {model.name}")


def _preset(values: Mapping[str, Any], model: Model, pool: Pool) -> dict[str, int]:
    """Places in the pool of the inputs that a choice sets."""
    return {name: pool.add(pool_entry(model.read(name, given), model)) for name, given in values.items()}


def _domain(spec: Any) -> dict[str, Any]:
    """Ends of a domain that are finite."""
    low = {"low": spec.low} if spec.low > -1e300 else {}
    high = {"high": spec.high} if spec.high < 1e300 else {}
    return low | high | ({"above": 1} if spec.low_open else {}) | ({"below": 1} if spec.high_open else {})


def _begun(
    model: Model,
    question: Asked,
    picks: Mapping[str, Mapping[str, Any]],
    presets: Mapping[str, Mapping[str, Preset]],
    layouts: Mapping[tuple[str, ...], Sequence[Layout]],
) -> Model:
    """Model as the page begins with it: with the first choices of all kinds."""
    if not set(presets) & set(question.names):
        return model
    values: dict[str, Any] = {}
    for choices in presets.values():
        values |= next(iter(choices.values())).values
    chosen = tuple(next(iter(choices)) for choices in (*presets.values(), *picks.values()))
    for key, rows in layouts.items():
        for row in rows:
            if key == chosen[: len(key)] and row.chips == model.inputs["chips"].value:
                values |= {name: model.read(name, given).value for name, given in row.values.items()}
    return model.replace(**values)


def _told(model: Model, question: Asked) -> str:
    """Answers at the defaults, for readers whose browser runs no scripts."""
    ready = {one for one in question.told if _complete(model, one)}
    found = simulate(model, [one for one in question.told if one in ready], samples=4096)
    rows = []
    for one in question.told:
        if one not in ready:
            continue
        unit = model.spec(one).unit
        central, (low, high) = float(model.evaluate(one)), found.interval(0.9)[one]
        shown = number_and_range(one, unit, central, float(low), float(high))
        rows.append(
            f'<tr><th scope="row">{html.escape(words(one).label)}</th>'
            f"<td>{html.escape(shown[0])}</td><td>{html.escape(shown[1])}</td></tr>"
        )
    return (
        "<p>This is a calculator: with JavaScript, every number below can be asked for other assumptions. Without "
        f"it, these are the answers to “{html.escape(question.title)}” at the assumptions that ship.</p>"
        '<table><thead><tr><th scope="col">What</th><th scope="col">Best guess</th><th scope="col">90 % interval</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _complete(model: Model, output: str) -> bool:
    """Whether every input that an output follows from has a value."""
    return all(model.inputs[one].value is not None for one in model.needed([output]) if one in model.inputs)
