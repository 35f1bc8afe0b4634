"""`train`: what training a model takes, or how many tokens time, chips and money are enough for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dojo_calc.commands import asking
from dojo_calc.commands.app import Asked, Models


@asking.question
def train(
    asked: Asked,
    model: Annotated[
        str,
        typer.Argument(
            help="A model by name (see `models`), a config.json, or parameters such as 70B with --mfu."
        ),
    ],
    chip: asking.Chip = "h100-sxm",
    chips: Annotated[str | None, typer.Option(help="How many, such as 16,384 or 16k.")] = None,
    days: Annotated[
        str | None, typer.Option(help="How long it may take, as runs turn out: 90, or '13 weeks'.")
    ] = None,
    power: Annotated[str | None, typer.Option(help="Rated power of the site, such as '20 MW'.")] = None,
    budget: Annotated[
        str | None, typer.Option(help="For the run, such as '10 MUSD'; with --chips or --days.")
    ] = None,
    pay: Annotated[str, typer.Option(help="How --budget is spent: rent, own or lease.")] = "rent",
    tokens: Annotated[str | None, typer.Option(help="To train on, such as 15.6T; found if left out.")] = None,
    mfu: Annotated[
        str | None,
        typer.Option(
            help="Share of the peak, of six operations a parameter and token, in place of a layout: 0.4, or "
            "'0.4; 0.3; 0.5'."
        ),
    ] = None,
    global_batch: Annotated[
        str | None,
        typer.Option(help="Sequences a step; 2,048 if left out, or near it where that leaves chips idle."),
    ] = None,
    sequence: Annotated[str | None, typer.Option(help="Tokens a sequence; 8,192 if left out.")] = None,
    stack: Annotated[str, typer.Option(help="Of data/stacks.csv; the typical one if left out.")] = "",
    models: Models = None,
    assumptions: asking.Assumptions = None,
    on: asking.On = None,
    precision: asking.Precision = "bf16",
    given: asking.Given = None,
) -> Any:
    """Say what training a model takes: days, dollars and energy; or how many tokens chips, time and money pay for."""
    from dojo_calc.questions.train import train as ask

    way: Any = pay  # refused there if it is none
    return ask(
        model, chip, chips=chips, days=days, power=power, budget=budget, pay=way, tokens=tokens,
        mfu=None if mfu is None else asking.value_of("--mfu", mfu), global_batch=global_batch, sequence=sequence,
        stack=stack, assumptions=assumptions, on=on, precision=precision, book=asked.book, models=models,
        **asking.given(given, ask),
    )  # fmt: skip
