"""`search`: the fastest plan of a training step."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dojo_calc.commands.app import Asked, Models, command, names_of, whole
from dojo_calc.commands.printing import printed, show, si

# More than anybody has or trains on; a number beyond is a slip, and a search over its divisors never ends.
MOST_CHIPS, MOST_SEQUENCES, MOST_TOKENS, MOST_PLANS = 10_000_000, 1_000_000, 100_000_000, 1_000


@command
def search(
    asked: Asked,
    model: Annotated[str, typer.Option(help="A model to train, of data/models.csv or --models.")],
    chip: Annotated[
        str,
        typer.Option(help="Id or alias of a chip with a memory and links.", autocompletion=names_of("chip")),
    ],
    chips: Annotated[int, whole("chips", MOST_CHIPS, "How many, such as 16,384 or 16k.")],
    global_batch: Annotated[int, whole("global batch", MOST_SEQUENCES, "Sequences a step.")],
    sequence: Annotated[int, whole("sequence", MOST_TOKENS, "Tokens a sequence.")] = 2048,
    precision: Annotated[
        str, typer.Option(help="Of the matrix products: bf16, fp8, mxfp8, nvfp4 ...")
    ] = "bf16",
    models: Models = None,
    stack: Annotated[str, typer.Option(help="Of data/stacks.csv; the typical one if left out.")] = "",
    tokens: Annotated[str, typer.Option(help="To train on, for the days it takes undisturbed: 15.6T.")] = "",
    up_to: Annotated[bool, typer.Option("--up-to", help="Any number of chips up to that many.")] = False,
    most: Annotated[int, whole("most", MOST_PLANS, "Plans to show of the front.")] = 10,
) -> None:
    """Find the fastest plan that fits in memory, and what it can be traded for."""
    from concurrent.futures import ThreadPoolExecutor

    from rich.console import Console
    from rich.progress import Progress

    from dojo_calc.performance.search import in_words
    from dojo_calc.performance.search import search as search_plans
    from dojo_calc.performance.workload import transformer

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("plans", total=None)
        with ThreadPoolExecutor() as threads:
            found = search_plans(
                model, asked.book.machine(chip).id, chips, global_batch=global_batch, sequence=sequence,
                precision=precision, stack=stack, up_to=up_to, book=asked.book, models=models, executor=threads,
                tokens=tokens or None,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
    from dojo_calc.questions.prices import priced

    front = priced(
        found, transformer(model, models), chip, tokens=tokens or None, precision=precision, book=asked.book
    )
    rows = front.head(most).rows(named=True)
    if printed(rows, asked):
        return
    per = "" if tokens else " a day"
    shown = [
        in_words(row) | {name: si(row[name], "USD") + per for name in ("own", "rent") if name in row}
        for row in rows
    ]
    seen = f"{found.considered:,} plans considered, {found.fitting:,} fit"
    show(f"{model} on {chip}: {seen}{'' if found.finished else ' (interrupted)'}", shown)
    beyond = found.best["beyond"] and f"beyond what was measured: {found.best['beyond']}"
    for word in (found.advice, found.told, beyond):
        if word:
            typer.echo(word, err=True)
