"""Scenarios: a small TOML file that names a model, its overrides and the outputs to print.

    model = "chain"
    outputs = ["fleet_site_power_rated", "own_per_work"]

    [options]
    chip = "h100-sxm"

    [inputs]                   # of the model, or steps to be given instead of computed
    chips = "100,000"
    mfu = [0.4, 0.3, 0.5]      # value, low, high: a 90 % interval
    server_price = "h100-sxm.price_in_node[semianalysis_2023]"

The calculator's pages write the same as a table, whose rows are in turn the model, its options, all inputs that
matter with their intervals, and the outputs: ``load_scenario("calculator.csv")`` reads that too. What the page told
of an output is what it came to there, so it is not read; the name is.

`[options]` are keywords of the function that makes the model; a table that they name, as `models` of `training_run`
does, is looked for in the scenario's folder. `model` may also name a reader's own, in a Python file beside the
scenario: ``"my_models.py:my_model"``. What
stands there is a `Model`, or a function that returns one and takes `[options]` as keywords (and the facts in
use as `book`, if it has such a parameter). Reading a text file must not run anybody's code unasked, so such a
model is loaded only where the caller says so; and only from the scenario's own folder or one below it.

References
----------
.. [1] TOML 1.0.0, toml.io.
"""

from __future__ import annotations

import inspect
import re
import runpy
import tomllib
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dojo_calc.chain.shipped import shipped
from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, FactsError, nearest
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.model import Model
from dojo_calc.rows import Strict
from dojo_calc.tables import Place, read_rows, read_text

__all__ = ["Scenario", "ScenarioError", "TomlFile", "given_to", "load_scenario"]

KEYS = ("model", "outputs", "options", "inputs")
# A scenario is written by hand. Keys of thousands of parts take the reader of TOML their square in time and memory.
MOST_BYTES, LONGEST_LINE = 1 << 16, 2_000


class ScenarioError(DojoCalcError):
    """A scenario file is refused; the message names file and line."""


@dataclass(frozen=True)
class Scenario:
    """A model with a file's overrides as its defaults, and the outputs the file asks for."""

    path: Path
    model: Model
    outputs: tuple[str, ...]


@door
def load_scenario(path: str | Path, book: Catalogue | None = None, *, own_code: bool = False) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : path
        TOML [1]_ with `model`, and optionally `outputs`, `[options]` and `[inputs]`; or a calculator's table, which
        ends in ``.csv``.
    book : Catalogue, optional
        Facts to use.
    own_code : bool
        Whether the file may name a model in a Python file beside it, which is then run.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If the file cannot be read, is neither TOML nor such a table, has an unknown key, or a value does not fit; the
        message names file, line, what was expected and what came.
    """
    file = TableFile(Path(path)) if Path(path).suffix.lower() == ".csv" else TomlFile(Path(path))
    for key in file.content:
        if key not in KEYS:
            raise file.error(key, f"unknown key {key!r}{nearest(key, KEYS)} (expected {', '.join(KEYS)})")
    name = file.content.get("model")
    if not isinstance(name, str):
        raise file.error("model", f"expected the name of a model, got {name!r}")
    options = dict(file.table("options"))
    if isinstance(options.get("models"), str):  # a table beside the scenario, wherever that is run from
        options["models"] = str(file.path.parent / options["models"])
    try:
        own = ":" in name
        model = _own_model(file, name, book, options, own_code) if own else shipped(name, book, **options)
    except ScenarioError:
        raise
    except DojoCalcError as error:
        raise file.error(
            next(
                (key for key in options if repr(key) in str(error) or str(options[key]) in str(error)),
                "model",
            ),
            str(error),
        ) from None
    except TypeError as error:
        raise file.error(next(iter(options), "model"), f"model {name}: {error}") from None
    wanted = file.content.get("outputs", [model.outputs[-1]])
    if not isinstance(wanted, list) or not wanted:
        raise file.error("outputs", f"expected a list of names, got {wanted!r}")
    for one in wanted:
        if one not in model.outputs:
            raise file.error(
                "outputs", f"model {name} has no output {one!r}{nearest(str(one), model.outputs)}"
            )
    given = {
        key: tuple(value) if isinstance(value, list) else value for key, value in file.table("inputs").items()
    }
    for key, value in given.items():
        try:
            model.read(key, value)
        except DojoCalcError as error:
            raise file.error(key, str(error)) from None
    given = file.differing(given, model)
    try:
        model = given_to(model, wanted, given)
    except DojoCalcError as error:
        message = str(error)
        named = sorted((message.find(key), key) for key in given if key in message)
        raise file.error(named[0][1] if named else "inputs", message) from None
    return Scenario(file.path, model, tuple(wanted))


def given_to(model: Model, outputs: Sequence[str], given: Mapping[str, Any]) -> Model:
    """Model with what is given as its defaults, steps that are given cut off from what they were computed from.

    Parameters
    ----------
    model : Model
    outputs : sequence of str
        That everything given must bear on.
    given : mapping
        Inputs or steps to what `Model.view` takes.

    Raises
    ------
    UnknownNameError, ModelError, UnitError, DomainError
        As `Model.view` does, and if what is given breaks an identity of the model.
    """
    model.refuse(outputs, given)
    cut = any(name in model.outputs for name in given)
    model = model.view(outputs, given) if cut else model.replace(**given)
    model.refuse_broken(outputs)
    return model


def _own_model(
    file: TomlFile | TableFile, place: str, book: Catalogue | None, options: dict[str, Any], allowed: bool
) -> Model:
    """Model out of a reader's Python file, given as ``file.py:name``."""
    where, _, name = place.rpartition(":")
    folder = file.path.resolve().parent
    try:
        code = (folder / where).resolve()  # links are followed first: what counts is where the code lies
        code.stat()
    except FileNotFoundError:
        pass  # said below, with what else may be wrong
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # a loop of links, a name too long or with a NUL in it
        raise file.error("model", f"{where[:60]!r} cannot be read: {error!s:.100}") from None
    if not (code.suffix == ".py" and name.isidentifier()):
        raise file.error("model", f"expected a shipped model or file.py:name, got {place!r}")
    if Path(where).is_absolute() or not code.is_relative_to(folder):
        raise file.error("model", f"{where} is not in the scenario's own folder, so it is not run")
    if not code.is_file():
        raise file.error("model", f"there is no file {where} beside the scenario")
    if not allowed:
        raise file.error(
            "model",
            f"{where} is Python code and is run only if you say so: with --own-code on the command line, or "
            "load_scenario(path, own_code=True)",
        )
    try:
        known = runpy.run_path(str(code))
    except Exception as error:  # whatever a reader's code raises is told with its place
        raise file.error("model", f"{where}{_line(error, code)}: {type(error).__name__}: {error}") from error
    if name not in known:
        public = [one for one in known if not one.startswith("_")]
        raise file.error("model", f"{where} has no name {name!r}{nearest(name, public)}")
    found = known[name]
    if inspect.isfunction(found):
        given = options | ({"book": book} if "book" in inspect.signature(found).parameters else {})
        try:
            inspect.signature(found).bind(**given)
        except TypeError as error:
            raise file.error(next(iter(options), "model"), f"{name} in {where}: {error}") from None
        try:
            found = found(**given)
        except Exception as error:
            raise file.error(
                "model", f"{where}{_line(error, code)}: {type(error).__name__}: {error}"
            ) from error
    elif options:
        raise file.error(next(iter(options)), f"{name} in {where} is no function, so it takes no options")
    if not isinstance(found, Model):
        raise file.error("model", f"{name} in {where} is not a Model but {type(found).__name__}")
    return found


def _line(error: Exception, code: Path) -> str:
    """Line of a reader's file where an error arose, in words."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if Path(one.filename) == code]
    return f", line {lines[-1]}" if lines else ""


class TomlFile:
    """A TOML file that a person wrote, and that can say on which line a key stands.

    Parameters
    ----------
    path : path
    what : str
        What was expected, for messages.

    Raises
    ------
    ScenarioError
        If it cannot be read or is not TOML.
    """

    def __init__(self, path: Path, what: str = "a scenario") -> None:
        self.path = path
        try:
            self.text = read_text(path, what, MOST_BYTES)
        except FactsError as error:
            raise ScenarioError(str(error)) from None
        for number, line in enumerate(self.text.split("\n"), 1):
            if len(line) > LONGEST_LINE:
                raise ScenarioError(
                    f"{path}, line {number}: expected at most {LONGEST_LINE:,} characters, got {len(line):,}"
                )
        try:
            self.content: dict[str, Any] = tomllib.loads(self.text)
        except ValueError as error:  # tomllib lets through what int() says of a number of thousands of digits
            raise ScenarioError(f"{path}: not TOML: {error}") from None
        except RecursionError:
            raise ScenarioError(
                f"{path}: not TOML that can be read: lists or tables nested too deep"
            ) from None

    def differing(self, given: dict[str, Any], _model: Model) -> dict[str, Any]:
        """What a person wrote, all of which is meant."""
        return given

    def table(self, name: str) -> dict[str, Any]:
        """A table by name, empty where there is none."""
        found = self.content.get(name, {})
        if not isinstance(found, dict):
            raise self.error(name, f"expected a table [{name}], got {found!r:.60}")
        return found

    def error(self, key: str, message: str, table: str | None = None, place: int = 0) -> ScenarioError:
        """Error with the line of a key: of the file, or of a table, the `place`-th where there are several."""
        lines = list(enumerate(self.text.splitlines(), 1))
        if table is not None:
            header = re.compile(rf'^\s*\[+\s*"?{re.escape(table)}"?\s*\]')
            heads = [i for i, (_, text) in enumerate(lines) if header.match(text)]
            if place < len(heads):
                rest = lines[heads[place] + 1 :]
                end = next(
                    (i for i, (_, text) in enumerate(rest) if text.lstrip().startswith("[")), len(rest)
                )
                lines = [*rest[:end], lines[heads[place]]]
        stands = re.compile(rf'^\s*\[*\s*"?{re.escape(key)}"?\s*(=|\])')
        last = 1 if table is None else lines[-1][0]
        line = next((i for i, text in lines if stands.match(text)), last)
        return ScenarioError(f"{self.path}, line {line} ({key}): {message}")


class Kept(Strict):
    """A row of the table that a calculator's page writes."""

    what: Literal["model", "option", "input", "output"]
    name: str
    label: str = ""
    value: str = ""
    low: str = ""
    high: str = ""
    unit: str = ""
    source: str = ""


class TableFile:
    """A calculator's table, which says the same as a scenario.

    Parameters
    ----------
    path : path

    Raises
    ------
    ScenarioError
        If it cannot be read, is no such table, or a cell is no number.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places: dict[str, Place] = {}
        self.units: dict[str, str] = {}
        options: dict[str, Any] = {}
        inputs: dict[str, Any] = {}
        self.content: dict[str, Any] = {"options": options, "inputs": inputs}
        outputs: list[str] = []
        try:
            for row, place in read_rows(path, Kept):
                if row.name in self.places:
                    raise place.error("name", f"{row.name} stands twice")
                self.places[row.name] = place
                if row.what == "model":
                    self.content["model"] = row.value
                    self.places["model"] = place
                elif row.what == "option":
                    options[row.name] = row.value
                elif row.what == "output":
                    outputs.append(row.name)
                elif row.value:
                    inputs[row.name] = [_number(row, column, place) for column in ("value", "low", "high")]
                    self.units[row.name] = row.unit
        except FactsError as error:
            raise ScenarioError(str(error)) from None
        if outputs:
            self.content["outputs"] = outputs

    def table(self, name: str) -> dict[str, Any]:
        """Options or inputs."""
        found: dict[str, Any] = self.content[name]
        return found

    def differing(self, given: dict[str, Any], model: Model) -> dict[str, Any]:
        """Inputs that are not as the model has them, whose own distribution is then kept."""
        found = {}
        for name, value in given.items():
            spec = model.spec(name)
            if self.units[name] != spec.unit:
                raise self.error(name, f"expected {name} in {spec.unit}, got {self.units[name]!r:.30}")
            one = model.inputs.get(name)
            if one is None or value != (one.value, one.low, one.high):
                found[name] = value[0] if value[0] == value[1] == value[2] else value
        return found

    def error(self, key: str, message: str) -> ScenarioError:
        """Error with the line of a name."""
        place = self.places.get(key)
        return ScenarioError(f"{self.path if place is None else place} ({key}): {message}")


def _number(row: Kept, column: str, place: Place) -> float:
    """Number of a cell, whose ends may be left out."""
    text = getattr(row, column) or row.value
    try:
        return float(text)
    except ValueError:
        raise place.error(column, f"expected a number, got {text!r:.40}") from None
