"""`validate`: what others measured or printed, against the models."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dojo_calc.commands.app import Asked, Models, UsageError, command
from dojo_calc.commands.printing import Row, finite, number, printed, show, span
from dojo_calc.errors import FactsError

if TYPE_CHECKING:
    from dojo_calc.evidence.measured.validation import Row as MeasuredRow
    from dojo_calc.evidence.measured.validation import Validation
    from dojo_calc.hardware.catalog import Catalogue


@command
def validate(
    asked: Asked,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Measured steps, whole runs, memory or clusters, in the columns of data/validation/; the shipped "
            "steps if left out."
        ),
    ] = None,
    models: Models = None,
    economics: Annotated[
        bool, typer.Option("--economics", help="Figures that others print for the same formulas.")
    ] = False,
) -> None:
    """Hold the models against what others measured or printed. Exits with 1 if a printed figure is missed."""
    if economics and (file is not None or models is not None):
        raise UsageError("validate takes either a file of measurements, with its models, or --economics")
    if economics:
        from dojo_calc.hardware.catalog import catalogue

        if asked.book is not catalogue():
            raise UsageError(
                "validate --economics takes every input from data/references.csv, where each figure's own source "
                "gives it, so --facts and --reading would change nothing"
            )
        _show_references(asked)
    else:
        _show_validation(_validated(file, models, asked.book), asked)


def _validated(file: Path | None, models: Path | None, book: Catalogue) -> Validation:
    """Tell what a file measures by its columns."""
    from dojo_calc.evidence.measured.clusters import validate_clusters
    from dojo_calc.evidence.measured.memory_runs import validate_memory_runs
    from dojo_calc.evidence.measured.training_runs import validate_runs
    from dojo_calc.evidence.measured.whole_runs import validate_whole_runs
    from dojo_calc.tables import header_of

    if file is None:
        return validate_runs(book=book, models=models)
    columns = set(header_of(file))
    if {"metric", "measured"} & columns:
        return validate_runs(file, book, models)
    if {"measured_gib", "unit_printed"} & columns:
        return validate_memory_runs(file, book, models)
    if {"gpu_hours", "tokens"} & columns:
        return validate_whole_runs(file, book, models)
    if {"reported_mw", "reported_cost_usd"} & columns:
        if models is not None:
            raise UsageError("--models counts for training runs; a file of clusters names none")
        return validate_clusters(file, book)
    raise FactsError(
        f"{file}, line 1: expected the columns of steps (metric, measured, ...), of whole runs (gpu_hours, tokens, "
        f"...), of memory (measured_gib, ...) or of clusters (reported_mw, reported_cost_usd, ...); got "
        f"{_listed(columns)}"
    )


def _listed(columns: set[str]) -> str:
    return f"{', '.join(sorted(columns)):.200}"


def _show_validation(found: Validation, asked: Asked) -> None:
    if asked.as_json:
        sys.stdout.write(json.dumps(finite(found.as_dict()), indent=2, ensure_ascii=False) + "\n")
        return
    if not printed([row.as_dict() for row in found.rows], asked):
        show("Measured and predicted", [_validation_row(row) for row in found.rows])
        show("Errors", [_short(asdict(group)) for group in (*found.groups, found.overall)])
        if found.studies:
            show("Order of plans tried on one model", [_short(asdict(study)) for study in found.studies])


def _validation_row(row: MeasuredRow) -> Row:
    cells = row.as_dict()
    names = ("id", "group", "chip", "metric", "unit", "measured", "predicted", "error")
    shown = {name: cells[name] for name in names}
    return _short(shown) | {"80 % interval": span(row.low, row.high), "reason": row.reason}


def _show_references(asked: Asked) -> None:
    from dojo_calc.evidence.measured.references import compare_references

    rows = [asdict(one) for one in compare_references()]
    if not printed(rows, asked):
        columns = ("id", "value", "reference", "unit", "difference", "holds", "source")
        shown = [{name: row[name] for name in columns} | {"holds": _yes(row["holds"])} for row in rows]
        show("Printed by others, and computed here", [_short(row) for row in shown])
    if not all(row["holds"] for row in rows):
        raise typer.Exit(1)


def _yes(holds: bool) -> str:
    return "yes" if holds else "NO"


def _short(row: Row) -> dict[str, Any]:
    return {name: number(cell) for name, cell in row.items()}
