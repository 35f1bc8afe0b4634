"""`graph`, `solve`, `sweep`, `tornado`: what can be asked of any graph of formulas, a scenario's too."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dojo_calc.commands import asking
from dojo_calc.commands.app import Asked, UsageError, command
from dojo_calc.commands.printing import interval, printed, show, si

if TYPE_CHECKING:
    from dojo_calc.model.model import Model

MOST_POINTS = 100_000  # rows that somebody reads or a spreadsheet opens; the library sweeps any number


@command
def graph(
    asked: Asked,
    name: Annotated[
        str | None,
        typer.Argument(help="A graph that ships, or a scenario file. All are listed if left out."),
    ] = None,
    option: asking.Options = None,
    own_code: asking.OwnCode = False,
) -> None:
    """List the graphs that run, solve, sweep and tornado know; with a name, its inputs and outputs."""
    from dojo_calc.chain.shipped import MODELS

    if name is None:
        if option or own_code:
            raise UsageError("--option and --own-code belong to one graph; name it")
        rows = [
            {
                "graph": one,
                "says": (inspect.getdoc(make) or "").split("\n")[0],
                "options": ", ".join(own for own in inspect.signature(make).parameters if own != "book"),
            }
            for one, make in MODELS.items()
        ]
        if not printed(rows, asked):
            show("Graphs of formulas", rows)
        return
    model = _model(name, option, asked, own_code)
    members = _members(model)
    if printed(members, asked):
        return
    shown = [
        {
            "what": row["what"],
            "name": row["name"],
            "value": si(row["value"], row["unit"]) or row["unit"],
            "90 % interval": interval(row["low"], row["high"], row["unit"], row["value"])
            if row["low"] is not None
            else "",
            "source or formula": row["from"],
        }
        for row in members
    ]
    show(model.name, shown)


def _members(model: Model) -> list[dict[str, Any]]:
    """Inputs with their values, then outputs with what they are made of."""
    rows = [
        {
            "what": "input", "name": one.name, "value": one.value, "low": one.low, "high": one.high,
            "unit": one.spec.unit, "from": one.source,
        }
        for one in model.inputs.values()
    ]  # fmt: skip
    for name in model.outputs:
        function, arguments = model.formula(name)
        made = f"{function.__name__}({', '.join(arguments)})"
        rows.append(
            {
                "what": "output", "name": name, "value": None, "low": None, "high": None,
                "unit": model.spec(name).unit, "from": made,
            }
        )  # fmt: skip
    return rows


@command
def solve(
    asked: Asked,
    model: asking.Subject,
    find: Annotated[str, typer.Option(help="The input, or step, to be found.")],
    reach: Annotated[
        str, typer.Option(help="An output and what it is to be, such as 'fleet_capital=500 MUSD'.")
    ],
    option: asking.Options = None,
    given: asking.Given = None,
    low: Annotated[str | None, typer.Option(help="Where to search from.")] = None,
    high: Annotated[str | None, typer.Option(help="Where to search to.")] = None,
    own_code: asking.OwnCode = False,
) -> None:
    """Find the value of an input at which an output hits a target."""
    from dojo_calc.analysis.solve import solve as solve_for
    from dojo_calc.questions.scenario import given_to

    output, target = asking.pair(reach, "--reach", "fleet_capital=500 MUSD")
    made = given_to(_model(model, option, asked, own_code), [output], asking.given(given))
    found = float(solve_for(made, find, output, target, low=low, high=high))
    goal = float(made.checked({output: target})[output]) if output in made.outputs else float("nan")
    row: dict[str, Any] = {
        "find": find, "value": found, "unit": made.spec(find).unit,
        "output": output, "target": goal, "target_unit": made.spec(output).unit,
    }  # fmt: skip
    if not printed([row], asked):
        typer.echo(
            f"{output} is {si(goal, row['target_unit'])} where {find} is {si(found, row['unit'])} ({made.name})."
        )


@command
def sweep(
    asked: Asked,
    model: asking.Subject,
    output: Annotated[list[str], typer.Option("--output", help="An output to compute; may be repeated.")],
    over: Annotated[
        list[str],
        typer.Option(
            help="An axis: 'chips=1,024; 2,048; 4,096' or 'pue=1.05 to 1.5 in 10'; may be repeated."
        ),
    ],
    option: asking.Options = None,
    given: asking.Given = None,
    own_code: asking.OwnCode = False,
) -> None:
    """Compute outputs over a grid of inputs."""
    import math

    from dojo_calc.analysis.sweep import sweep as sweep_over
    from dojo_calc.questions.scenario import given_to

    axes = dict(asking.pair(one, "--over", "pue=1.05 to 1.5 in 10") for one in over)
    if len(axes) < len(over):
        raise UsageError("--over names one input twice; give each axis once")
    made = given_to(_model(model, option, asked, own_code), output, asking.given(given))
    grid = {name: _axis(made, name, text) for name, text in axes.items()}
    points = math.prod(map(len, grid.values()))
    if points > MOST_POINTS:
        raise UsageError(
            f"the grid has {points:,} points, and a table here at most {MOST_POINTS:,}; "
            "dojo_calc.sweep takes any number"
        )
    found = sweep_over(made, output, grid)
    table, reasons = found.table(), [str(one) for one in found.reason.reshape(-1)]
    rows = [
        row | ({"refused": why} if any(reasons) else {})
        for row, why in zip(table.rows(named=True), reasons, strict=True)
    ]
    if printed(rows, asked):
        return
    unit = {name: made.spec(name).unit for name in (*grid, *output)}
    shown = [
        {
            name: value if name == "refused" else "" if math.isnan(value) else si(value, unit[name])
            for name, value in row.items()
        }
        for row in rows
    ]
    show(made.name, shown)


@command
def tornado(
    asked: Asked,
    model: asking.Subject,
    output: Annotated[str, typer.Option(help="The output whose swing is asked for.")],
    option: asking.Options = None,
    given: asking.Given = None,
    own_code: asking.OwnCode = False,
) -> None:
    """Show how far an output moves as each uncertain input goes through its 90 % interval, and per per cent of it."""
    from dataclasses import asdict

    from dojo_calc.analysis.elasticity import elasticities
    from dojo_calc.analysis.sensitivity import tornado as bars_of
    from dojo_calc.errors import ModelError
    from dojo_calc.questions.scenario import given_to

    made = given_to(_model(model, option, asked, own_code), [output], asking.given(given))
    bars, unit = bars_of(made, output), made.spec(output).unit
    try:
        moved = {row.input: row.elasticity for row in elasticities(made, output)} if bars else {}
    except ModelError:  # a procedure, such as a schedule, has no derivative
        moved = {}
    rows = [
        asdict(bar) | {"swing": bar.swing, "unit": unit, "elasticity": moved.get(bar.input)} for bar in bars
    ]
    if printed(rows, asked):
        return
    if not rows:
        typer.echo(f"Nothing that {output} depends on is uncertain.")
        return
    at = float(made.evaluate(output))
    own = {name: made.spec(name).unit for name in made.inputs}
    shown = [
        {
            "input": bar.input,
            "from": si(bar.low_value, own.get(bar.input, "1")),
            "to": si(bar.high_value, own.get(bar.input, "1")),
            output: f"{si(bar.output_low, unit)} to {si(bar.output_high, unit)}",
            "swing": si(bar.swing, unit),
            "elasticity": f"{moved[bar.input]:.2f}" if bar.input in moved else "",
            "source": bar.source,
        }
        for bar in bars
    ]
    show(f"{output} = {si(at, unit)}: what moves it most", shown)


def _model(name: str, options: Sequence[str] | None, asked: Asked, own_code: bool) -> Model:
    return asking.subject(name, options, asked, own_code)[0]


_SPAN = re.compile(r"(.+) to (.+) in ([0-9]+)")


def _axis(model: Model, name: str, text: str) -> list[Any]:
    """Values of an axis: some in a row, or a number of even steps between two."""
    import numpy as np

    span = _SPAN.fullmatch(text)
    if not span:
        return [one.strip() for one in text.split(";")]
    low, high = (float(model.checked({name: span[place].strip()})[name]) for place in (1, 2))
    count = int(span[3])
    if not 2 <= count <= MOST_POINTS:
        raise UsageError(f"--over {name} needs 2 to {MOST_POINTS:,} values, got {count}")
    return list(np.linspace(low, high, count))
