"""`run` and `diff`: scenario files."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dojo_calc.analysis.compare import compare
from dojo_calc.analysis.explain import explain
from dojo_calc.commands.app import Asked, command
from dojo_calc.commands.printing import printed
from dojo_calc.questions.scenario import load_scenario

OwnCode = Annotated[bool, typer.Option("--own-code", help="Run the Python file that a scenario names.")]


@command
def run(
    asked: Asked,
    file: Annotated[Path, typer.Argument(help="A scenario file in TOML.")],
    own_code: OwnCode = False,
) -> None:
    """Compute the outputs that a scenario file asks for, and explain each."""
    scenario = load_scenario(file, asked.book, own_code=own_code)
    explained = [explain(scenario.model, output) for output in scenario.outputs]
    rows = [
        {
            "output": one.output,
            "value": one[one.output].value,
            "unit": one[one.output].unit,
            "steps": one.rows(),
        }
        for one in explained
    ]
    flat = [{name: cell for name, cell in row.items() if name != "steps"} for row in rows]
    if not printed(flat if asked.as_csv else rows, asked):
        sys.stdout.write("\n\n".join(str(one) for one in explained) + "\n")


@command
def diff(
    asked: Asked,
    before: Annotated[Path, typer.Argument(help="Scenario A.")],
    after: Annotated[Path, typer.Argument(help="Scenario B, of the same model.")],
    own_code: OwnCode = False,
) -> None:
    """Attribute the difference between two scenarios to the inputs that differ."""
    a, b = (load_scenario(one, asked.book, own_code=own_code) for one in (before, after))
    found = [compare(a.model, output, {}, b.model) for output in a.outputs]
    rows = [
        {"output": one.output, "unit": one.unit, **asdict(part)}
        for one in found
        for part in one.contributions
    ]
    whole = [asdict(one) for one in found]
    if not printed(rows if asked.as_csv else whole, asked):
        sys.stdout.write("\n".join(str(one) for one in found) + "\n")
