"""`plan`: what a target, a power line, a budget, a deadline or a number of chips takes and gives."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dojo_calc.commands import asking
from dojo_calc.commands.app import Asked


@asking.question
def plan(
    asked: Asked,
    chip: asking.Chip = "h100-sxm",
    target: Annotated[
        str | None, typer.Option(help="A peak rate to be reached, such as '100 EFLOP/s'.")
    ] = None,
    chips: Annotated[str | None, typer.Option(help="A number of chips, such as 100,000 or 16k.")] = None,
    power: Annotated[str | None, typer.Option(help="Power that may be drawn, such as '150 MW'.")] = None,
    power_at: Annotated[
        str,
        typer.Option(
            help="Where --power is metered: site, it, server or chip_power_rated, site_power_at_work, or "
            "site_power_reported, as owners tell of a site."
        ),
    ] = "site_power_rated",
    budget: Annotated[str | None, typer.Option(help="Money that may be spent, such as '500 MUSD'.")] = None,
    budget_for: Annotated[
        str,
        typer.Option(
            help="What --budget pays for: capital_per_chip, cluster_price, server_price or chip_price."
        ),
    ] = "capital_per_chip",
    work: Annotated[
        str | None,
        typer.Option(help="Arithmetic of a run, such as '1e26 FLOP', with --days, --by or --chips."),
    ] = None,
    days: Annotated[
        str | None, typer.Option(help="Time for --work, as runs turn out: 90, or '13 weeks'.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Date by which --work is to be done, such as 2027-06-30.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="Date on which --work begins; today if left out.")] = None,
    assumptions: asking.Assumptions = None,
    on: asking.On = None,
    precision: asking.Precision = "bf16",
    given: asking.Given = None,
) -> Any:
    """Say what a target, power line, budget, deadline or number of chips takes: chips, megawatts, dollars."""
    from dojo_calc.questions.plan import plan as ask

    return ask(
        chip, target=target, chips=chips, power=power, budget=budget, work=work, days=days, by=by, start=start,
        power_at=power_at, budget_for=budget_for, assumptions=assumptions, on=on, precision=precision,
        book=asked.book, **asking.given(given, ask),
    )  # fmt: skip
