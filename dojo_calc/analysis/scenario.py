"""Scenarios: a small TOML file that names a model, its overrides and the outputs to print.

    model = "spec_to_cheque"
    outputs = ["site_power", "total"]

    [options]
    chip = "h100-sxm"

    [inputs]
    target = "100 EFLOP/s"
    mfu = [0.4, 0.3, 0.5]      # value, low, high: a 90 % interval
    server_price = "dgx-h100.price[semianalysis_2023]"

References
----------
.. [1] TOML 1.0.0, toml.io.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo_calc.analysis.model import Model
from dojo_calc.analysis.models import shipped
from dojo_calc.errors import DojoCalcError, nearest
from dojo_calc.hardware.catalog import Catalogue

__all__ = ["Scenario", "ScenarioError", "load_scenario"]

KEYS = ("model", "outputs", "options", "inputs")


class ScenarioError(DojoCalcError):
    """A scenario file is refused; the message names file and line."""


@dataclass(frozen=True)
class Scenario:
    """A model with a file's overrides as its defaults, and the outputs the file asks for."""

    path: Path
    model: Model
    outputs: tuple[str, ...]


def load_scenario(path: str | Path, book: Catalogue | None = None) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : path
        TOML [1]_ with `model`, and optionally `outputs`, `[options]` and `[inputs]`.
    book : Catalogue, optional
        Facts to use.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If the file cannot be read, is not TOML, has an unknown key, or a value does not fit; the message
        names file, line, what was expected and what came.
    """
    file = _File(Path(path))
    for key in file.content:
        if key not in KEYS:
            raise file.error(key, f"unknown key {key!r}{nearest(key, KEYS)} (expected {', '.join(KEYS)})")
    name = file.content.get("model")
    if not isinstance(name, str):
        raise file.error("model", f"expected the name of a model, got {name!r}")
    options = file.table("options")
    try:
        model = shipped(name, book, **options)
    except DojoCalcError as error:
        raise file.error(
            next((key for key in options if str(options[key]) in str(error)), "model"), str(error)
        ) from None
    except TypeError as error:
        raise file.error(next(iter(options), "model"), f"model {name}: {error}") from None
    for key, value in file.table("inputs").items():
        try:
            model = model.replace(**{key: tuple(value) if isinstance(value, list) else value})
        except DojoCalcError as error:
            raise file.error(key, str(error)) from None
    wanted = file.content.get("outputs", [model.outputs[-1]])
    if not isinstance(wanted, list) or not wanted:
        raise file.error("outputs", f"expected a list of names, got {wanted!r}")
    for one in wanted:
        if one not in model.outputs:
            raise file.error(
                "outputs", f"model {name} has no output {one!r}{nearest(str(one), model.outputs)}"
            )
    return Scenario(file.path, model, tuple(wanted))


class _File:
    """A TOML file that can say on which line a key stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ScenarioError(f"{path}, byte {error.start + 1}: expected UTF-8 text") from None
        try:
            self.content: dict[str, Any] = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(f"{path}: not TOML: {error}") from None

    def table(self, name: str) -> dict[str, Any]:
        found = self.content.get(name, {})
        if not isinstance(found, dict):
            raise self.error(name, f"expected a table [{name}], got {found!r}")
        return found

    def error(self, key: str, message: str) -> ScenarioError:
        stands = re.compile(rf'^\s*\[*\s*"?{re.escape(key)}"?\s*(=|\])')
        lines = self.text.splitlines()
        line = next((i for i, text in enumerate(lines, 1) if stands.match(text)), 1)
        return ScenarioError(f"{self.path}, line {line} ({key}): {message}")
