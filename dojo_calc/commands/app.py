"""The application that commands register with, and the options that all of them share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from dojo_calc.errors import UnknownNameError
from dojo_calc.hardware.catalog import Catalogue, catalogue

app = typer.Typer(
    help="What would it take? Chips, machines, plans and claims, with a source under every number.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@dataclass(frozen=True)
class Asked:
    """What every command can be asked: which facts, and which form."""

    book: Catalogue
    as_json: bool
    as_csv: bool


def _shared(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, numbers in SI unless a unit stands beside them.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, numbers in SI.")] = False,
    facts: Annotated[
        list[Path] | None, typer.Option("--facts", help="Your own CSV of facts, on top of the shipped ones.")
    ] = None,
    reading: Annotated[
        list[str] | None,
        typer.Option(
            "--reading",
            help="Another reading as the default: d1.peak_bf16=hot_chips_34, or d1=hot_chips_34.",
        ),
    ] = None,
) -> Asked:
    """Options of every command, read here alone."""
    return Asked(_book(facts, reading), as_json, as_csv)


def _book(own: Sequence[Path] | None, readings: Sequence[str] | None) -> Catalogue:
    book = catalogue(*(own or ()))
    if not readings:
        return book
    chosen = dict(text.partition("=")[::2] for text in readings)
    if "" in chosen.values():
        raise UnknownNameError("--reading must be entity.quantity=reading, such as d1.peak_bf16=hot_chips_34")
    return book.choose(chosen)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function a command: the options of `_shared` come after its own, and reach it as its first parameter."""
    own, shared = (inspect.signature(one, eval_str=True).parameters for one in (function, _shared))
    parameters = [*list(own.values())[1:], *shared.values()]

    def command(**words: Any) -> None:
        asked = _shared(**{name: words.pop(name) for name in shared})
        function(asked, **words)

    # Typer reads a command's options from these.
    vars(command)["__signature__"] = inspect.Signature(parameters)
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    app.command()(command)
    return function
