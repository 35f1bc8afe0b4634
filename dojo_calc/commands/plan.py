"""`plan`: what a target takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from dojo_calc.commands.app import Asked, UsageError, command, names_of
from dojo_calc.commands.printing import interval, printed, show, si

if TYPE_CHECKING:
    from dojo_calc.analysis.explain import Explained
    from dojo_calc.economics.plan import Line
    from dojo_calc.model.model import Model

SIMULATED = ("servers", "site_power", "capital", "total", "price_of_work")
EXPLAINED = "price_of_work"


@command
def plan(
    asked: Asked,
    target: Annotated[str, typer.Option(help="A peak rate, such as '100 EFLOP/s'.")],
    chip: Annotated[
        str, typer.Option(help="Id or alias of a chip or machine.", autocompletion=names_of("chip"))
    ],
    precision: Annotated[str, typer.Option(help="At which both are counted.")] = "bf16",
    with_steps: Annotated[
        bool, typer.Option("--explain", help="Add the steps to dollars, each with its formula and source.")
    ] = False,
    depth: Annotated[
        int | None,
        typer.Option(min=0, help="With --explain: steps no further from the end. All if left out."),
    ] = None,
    with_interval: Annotated[
        bool, typer.Option("--interval", help="Add 90 % intervals, simulated over the facts' own.")
    ] = False,
) -> None:
    """Say what a target takes: chips, assemblies, wafers, megawatts and dollars."""
    from dojo_calc.chain.shipped import spec_to_cheque
    from dojo_calc.economics.plan import plan as make_plan

    if depth is not None and not with_steps:
        raise UsageError("--depth is how far --explain goes; give both, or neither")
    book = asked.book
    made = make_plan(target, chip, precision, book)
    lines = [*made.lines]
    if with_steps or with_interval:
        model = spec_to_cheque(chip, book).replace(target=made.target)
        lines += _steps(model, depth) if with_steps else []
        lines += _simulated(model) if with_interval else []
    if printed([asdict(line) for line in lines], asked):
        return
    shown = [
        {
            "what": line.group,
            "name": line.name,
            "value": str(line),
            "90 % interval": interval(line.low, line.high, line.unit, line.value),
            "basis": line.basis,
        }
        for line in lines
    ]
    show(f"{si(made.target, 'FLOP/s')} of {precision} with {made.chip}", shown)


def _steps(model: Model, depth: int | None) -> list[Line]:
    """Every step from the target to the price of delivered work."""
    from dojo_calc.analysis.explain import explain
    from dojo_calc.economics.plan import Line

    return [
        Line("explained", one.name, one.value, *_bounds(model, one), one.unit, one.formula or one.source)
        for one in explain(model, EXPLAINED).within(depth)
    ]


def _bounds(model: Model, one: Explained) -> tuple[float, float]:
    root = model.inputs.get(one.name)
    return (
        (one.value, one.value)
        if root is None or root.low is None or root.high is None
        else (root.low, root.high)
    )


def _simulated(model: Model) -> list[Line]:
    from dojo_calc.analysis.simulate import simulate
    from dojo_calc.economics.plan import Line

    found = simulate(model, list(SIMULATED))
    basis = f"{found.count:,} samples over the facts' own intervals"
    median, interval = found.quantile(0.5), found.interval(0.9)
    lines = []
    for name in SIMULATED:
        low, high = map(float, interval[name])
        lines.append(Line("simulated", name, float(median[name]), low, high, model.spec(name).unit, basis))
    return lines
