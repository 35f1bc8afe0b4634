"""The application that commands register with, and the options that all of them share.

Nothing here or in a command's module imports more than Typer before a command runs: help and completion are
asked often, and wait for nothing.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dojo_calc import __version__
from dojo_calc.errors import DojoCalcError, UnknownNameError

if TYPE_CHECKING:
    from dojo_calc.hardware.catalog import Catalogue

PROGRAM = "dojo_calc"

app = typer.Typer(
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # plain help: it fits any width and is there at once
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


@app.callback()
def described(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """What would it take? Chips, machines, plans and claims, with a source under every number.

    `dojo_calc COMMAND --help` tells what a command takes. Training alone: inference is another question.
    """


class UsageError(DojoCalcError):
    """Options that contradict each other, or that the answer asked for has no use for."""


Models = Annotated[
    Path | None,
    typer.Option(
        "--models",
        help="Your own CSV of models, in the columns of data/models.csv, on top of the shipped ones.",
    ),
]


@dataclass
class Asked:
    """What every command can be asked: which facts, and which form."""

    as_json: bool = False
    as_csv: bool = False
    facts: Sequence[Path] = ()
    readings: Sequence[str] = ()

    @cached_property
    def book(self) -> Catalogue:
        """The facts, with a reader's own."""
        return _book(self.facts, self.readings)

    def finish(self) -> None:
        """Refuse facts and readings that a command has not asked for; tell what was presumed of those it has.

        Once the answer stands, so that a refusal is one line.
        """
        given = {"--facts": self.facts, "--reading": self.readings}
        told = [name for name, one in given.items() if one]
        if told and "book" not in vars(self):
            raise UsageError(
                f"{' and '.join(told)} would have no effect: nothing here is read from the facts"
            )
        if not self.facts:
            return
        from dojo_calc.facts import PRESUMED

        presumed = self.book.presumed()
        for kind, words in PRESUMED.items():
            names = ", ".join(fact.name for fact in presumed if fact.kind == kind)
            if names:
                sys.stderr.write(f"note: {words[0].lower()}{words[1:]}: {names:.200}\n")


def _shared(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, numbers in SI unless a unit stands beside them.")
    ] = False,
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            help="Print CSV, numbers in SI; a text that a spreadsheet would run as a formula follows a '.",
        ),
    ] = False,
    facts: Annotated[
        list[Path] | None,
        typer.Option(
            "--facts",
            help="Your own CSV on top of the shipped ones: of facts, entities, parts or tiers; may be repeated.",
        ),
    ] = None,
    reading: Annotated[
        list[str] | None,
        typer.Option(
            "--reading",
            help="Another reading as the default: d1.peak_bf16=hot_chips_34, or d1=hot_chips_34.",
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", help="Tell on the error output what is not computed by compiled kernels, and why."
        ),
    ] = False,
) -> Asked:
    """Options of every command, read here alone."""
    if verbose:
        _tell_more()
    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms of one answer; give one of them")
    return Asked(as_json, as_csv, facts or (), reading or ())


def _tell_more() -> None:
    """Write what the library logs to the error output, and at once whether kernels can be compiled."""
    import logging

    from dojo_calc.readings.compiled import available

    told = logging.StreamHandler()
    told.setFormatter(logging.Formatter("note: %(message)s"))
    log = logging.getLogger(PROGRAM)
    log.handlers, log.propagate = [told], False
    log.setLevel(logging.INFO)
    available()


def _book(own: Sequence[Path], readings: Sequence[str]) -> Catalogue:
    from dojo_calc.hardware.catalog import catalogue

    book = catalogue(*own)
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
        asked.finish()

    # Typer reads a command's options from these.
    vars(command)["__signature__"] = inspect.Signature(parameters)
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    app.command(short_help=inspect.getdoc(function))(command)
    return function


def whole(name: str, most: int, words: str) -> Any:
    """Option for a count, given as 16384, 16,384 or 16k: a whole number from 1 to `most`."""

    def read(given: Any) -> int:
        from dojo_calc.quantities import whole_number

        try:
            found = whole_number(given, name)
        except DojoCalcError as error:
            raise typer.BadParameter(str(error)) from None
        if found > most:
            raise typer.BadParameter(f"{name} must be at most {most:,}, got {given!s:.40}")
        return found

    return typer.Option(parser=read, metavar="COUNT", help=words)


def names_of(*kinds: str) -> Callable[[str], list[str]]:
    """Completion by the ids of entities of some kinds, or of all."""

    def complete(incomplete: str) -> list[str]:
        from dojo_calc.hardware.catalog import catalogue

        book = catalogue()
        return [name for kind in kinds or (None,) for name in book.names(kind) if name.startswith(incomplete)]

    return complete
