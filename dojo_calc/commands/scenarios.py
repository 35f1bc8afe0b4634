"""`run` and `diff`: what a graph, or a scenario file, comes to."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dojo_calc.commands import asking
from dojo_calc.commands.app import Asked, UsageError, command
from dojo_calc.commands.printing import printed
from dojo_calc.commands.text import width, wrapped

DEPTH = 2  # steps that a person reads below an answer; four answers whole are a thousand lines


@command
def run(
    asked: Asked,
    model: asking.Subject,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            help="An output to compute, in place of those that a file asks for; may be repeated.",
        ),
    ] = None,
    option: asking.Options = None,
    given: asking.Given = None,
    own_code: asking.OwnCode = False,
    depth: Annotated[
        int | None,
        typer.Option(
            min=0, help=f"How many steps below each answer to show. {DEPTH} if left out; --json then has all."
        ),
    ] = None,
) -> None:
    """Compute outputs of a graph, or what a scenario file asks for, and explain each."""
    from dojo_calc.analysis.explain import explain
    from dojo_calc.questions.scenario import given_to

    if depth is not None and asked.as_csv:
        raise UsageError(
            "--csv prints answers without their steps, so it takes no --depth; --json prints both"
        )
    made, wanted = asking.subject(model, option, asked, own_code)
    wanted = tuple(output or wanted)
    if not wanted:
        raise UsageError(f"nothing says what to compute: give --output; `graph {model}` lists what there is")
    made = given_to(made, wanted, asking.given(given))
    explained = [explain(made, one) for one in wanted]
    rows = [
        {
            "output": one.output,
            "value": one[one.output].value,
            "unit": one[one.output].unit,
            "steps": [asdict(step) for step in one.within(depth)],
        }
        for one in explained
    ]
    flat = [{name: cell for name, cell in row.items() if name != "steps"} for row in rows]
    if printed(flat if asked.as_csv else rows, asked):
        return
    deep = DEPTH if depth is None else depth
    sys.stdout.write(wrapped("\n\n".join(one.tree(deep) for one in explained), width()))
    hidden = sum(len(one.steps) - len(one.within(deep)) for one in explained)
    if hidden:
        sys.stdout.write(f"\n{hidden:,} steps lie deeper; --depth {deep + 1} shows the next of them.\n")


@command
def diff(
    asked: Asked,
    before: Annotated[Path, typer.Argument(help="Scenario A.")],
    after: Annotated[Path, typer.Argument(help="Scenario B, of the same model.")],
    own_code: asking.OwnCode = False,
) -> None:
    """Attribute the difference between two scenarios to the inputs that differ."""
    from dojo_calc.analysis.compare import compare
    from dojo_calc.questions.scenario import load_scenario

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
