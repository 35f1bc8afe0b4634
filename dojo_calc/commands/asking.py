"""What every question to the chain takes beside its own options, and how its answer is printed."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dojo_calc.commands.app import Asked, UsageError, command, names_of
from dojo_calc.commands.printing import finite, printed, show
from dojo_calc.commands.text import width, wrapped

if TYPE_CHECKING:
    from dojo_calc.model.model import Model

Chip = Annotated[
    str,
    typer.Option(help="Id or alias of a chip, such as h100, gb200 or d1.", autocompletion=names_of("chip")),
]
Assumptions = Annotated[
    str | None, typer.Option(help="A named set of assumptions, such as hyperscaler or neocloud.")
]
On = Annotated[
    str | None, typer.Option(help="A year or date: prices, rents and electricity are read nearest to it.")
]
Precision = Annotated[str, typer.Option(help="Of the peak and of the utilisation against it.")]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Another input, or a step to be given: 'pue=1.2', or with a 90 % interval 'mfu=0.4; 0.3; 0.5'; may be "
        "repeated.",
    ),
]
Subject = Annotated[
    str, typer.Argument(help="A graph that ships, see `graph`, or a scenario file (.toml).", metavar="GRAPH")
]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", help="An option of the graph, such as chip=gb200; may be repeated."),
]
OwnCode = Annotated[bool, typer.Option("--own-code", help="Run the Python file that a scenario names.")]
DEPTH = 2
# Whose boundaries are told with every answer: what its first line speaks of.
BOUNDS = (
    "fleet_site_power_rated", "fleet_site_power_at_work", "fleet_capital", "fleet_own", "own", "rent", "own_per_work",
    "rent_per_work", "run_own", "run_rent", "own_fully_loaded", "own_after_tax", "fleet_own_fully_loaded",
    "fleet_own_after_tax",
)  # fmt: skip


def subject(
    name: str, options: Sequence[str] | None, asked: Asked, own_code: bool
) -> tuple[Model, tuple[str, ...]]:
    """Model by name, or as a scenario file sets it up with the outputs that the file asks for."""
    from dojo_calc.chain.shipped import shipped
    from dojo_calc.questions.scenario import load_scenario

    if Path(name).suffix:  # no graph has one
        if options:
            raise UsageError("--option belongs to a graph that ships; a scenario file has its own [options]")
        scenario = load_scenario(Path(name), asked.book, own_code=own_code)
        return scenario.model, tuple(scenario.outputs)
    if own_code:
        raise UsageError("--own-code belongs to a scenario file, and no file is named")
    chosen = dict(pair(one, "--option", "chip=gb200") for one in options or ())
    return shipped(name, asked.book, **chosen), ()


def given(texts: Sequence[str] | None, question: Callable[..., Any] | None = None) -> dict[str, Any]:
    """What --set gives: a text, or three of them for a value with its interval.

    A name that the question has an option of its own for is refused.
    """
    own = () if question is None else inspect.signature(question).parameters
    found: dict[str, Any] = {}
    for text in texts or ():
        name, value = pair(text, "--set", "pue=1.2")
        if name in own:
            raise UsageError(f"--set {name} has an option of its own: --{name.replace('_', '-')}")
        if name in found:
            raise UsageError(f"--set gives {name} twice")
        found[name] = value_of(f"--set {name}", value)
    return found


def value_of(option: str, text: str) -> Any:
    """A value, or three texts for a value with its interval."""
    parts = [one.strip() for one in text.split(";")]
    if len(parts) not in (1, 3) or not all(parts):
        raise UsageError(
            f"{option} takes a value, or a value with both ends of its 90 % interval ('VALUE; LOW; HIGH'), "
            f"got {text!r:.60}"
        )
    return parts[0] if len(parts) == 1 else tuple(parts)


def pair(text: str, option: str, such_as: str) -> tuple[str, str]:
    """Name and value of NAME=VALUE."""
    name, sign, value = (one.strip() for one in text.partition("="))
    if not (name and sign and value):
        raise UsageError(f"{option} must be NAME=VALUE, such as '{such_as}', got {text!r:.60}")
    return name, value


def question(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that returns an answer of the chain a command: the options of `tell` come after its own."""
    return _answered(function, without=())


def question_beside(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that returns an answer beside the chain a command; what that tells has no boundaries."""
    return _answered(function, without=("boundaries",))


def _answered(function: Callable[..., Any], without: Sequence[str]) -> Callable[..., Any]:
    own, told = (inspect.signature(one, eval_str=True).parameters for one in (function, tell))
    more = [one for name, one in list(told.items())[2:] if name not in without]

    def answered(asked: Asked, **words: Any) -> None:
        printing = {one.name: words.pop(one.name) for one in more}
        tell(asked, function(asked, **words), **printing)

    vars(answered)["__signature__"] = inspect.Signature([*own.values(), *more])  # read by `command`
    answered.__name__, answered.__doc__ = function.__name__, function.__doc__
    command(answered)
    return function


def tell(
    asked: Asked,
    found: Any,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Show how the answer comes about, each step with its formula and source."
        ),
    ] = False,
    explain_of: Annotated[
        str | None,
        typer.Option(
            "--explain-of", help="With --explain: another account, such as fleet_own. The first if left out."
        ),
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=0, help="With --explain: steps no further from the end; 2 if left out.")
    ] = None,
    boundaries: Annotated[
        bool,
        typer.Option(
            "--boundaries", help="Say of every power and price what it holds and what it leaves out."
        ),
    ] = False,
    save: Annotated[
        Path | None, typer.Option(help="Write the question as a scenario (.toml), which `run` reads.")
    ] = None,
) -> None:
    """Print an answer: one bottom line, its accounts, what moves it, what was assumed; and why, if asked."""
    from dojo_calc.words import words

    if not explain and (depth is not None or explain_of is not None):
        raise UsageError("--depth and --explain-of are about --explain; give it too, or neither")
    if asked.as_csv and (explain or boundaries):
        said = " and ".join(
            flag for flag, one in (("--explain", explain), ("--boundaries", boundaries)) if one
        )
        raise UsageError(
            f"--csv prints the accounts alone, so {said} would have no effect; --json prints both"
        )
    told = [one for one in found.boundaries if one.name in BOUNDS or boundaries]
    if save is not None:
        _write(save, found.scenario())
    steps = found.explain(explain_of) if explain else None
    if asked.as_json or asked.as_csv:
        whole = {
            "question": found.question, "answer": found.bottom, "accounts": found.rows(),
            "moved_most_by": [
                {"input": bar.input, "from": bar.low_value, "to": bar.high_value, "swing": bar.swing}
                for bar in found.movers
            ],
            "boundaries": [asdict(one) for one in told], "notes": list(found.notes),
        }  # fmt: skip
        if steps is not None:
            whole["steps"] = [
                {
                    "name": one.name,
                    "value": one.value,
                    "unit": one.unit,
                    "formula": one.formula,
                    "source": one.source,
                }
                for one in steps.within(depth)
            ]
        if asked.as_csv:
            printed(found.rows(), asked)
        else:
            sys.stdout.write(json.dumps(finite(whole), indent=2, ensure_ascii=False) + "\n")
        return
    wide = width()
    sys.stdout.write(wrapped(found.bottom, wide) + "\n")
    show(
        found.question[:1].upper() + found.question[1:],
        [{"what": one.words, "value": str(one), "90 % interval": one.interval} for one in found.accounts],
    )
    if told:
        show(
            "What is in each, and what is not",
            [{"what": words(one.name).label, "inside": one.inside, "outside": one.outside} for one in told],
        )
    if found.movers:
        sys.stdout.write(wrapped(f"What moves it most: {found.moved}.", wide))
    for note in found.notes:
        sys.stdout.write(wrapped(note, wide))
    if steps is not None:
        deep = DEPTH if depth is None else depth
        sys.stdout.write("\n" + wrapped(steps.tree(deep), wide))
        hidden = len(steps.steps) - len(steps.within(deep))
        if hidden:
            sys.stdout.write(
                wrapped(f"{hidden:,} steps lie deeper; --depth {deep + 1} shows the next.", wide)
            )


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    from dojo_calc.tables import whole_file

    if path.suffix != ".toml":
        raise UsageError(f"--save must be a file that ends in .toml, got {str(path)!r:.60}")
    try:
        with whole_file(path) as scratch:
            scratch.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--save {path}: cannot be written: {error.strerror}") from None
