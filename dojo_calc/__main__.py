"""The command line: ``python -m dojo_calc``. It reads arguments, calls the library and prints; no model."""

from __future__ import annotations

import csv
import inspect
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from dojo_calc import units
from dojo_calc.analysis.compare import compare as compare_models
from dojo_calc.analysis.explain import Explained, explain
from dojo_calc.analysis.model import Model
from dojo_calc.analysis.models import spec_to_cheque
from dojo_calc.analysis.scenario import load_scenario
from dojo_calc.analysis.uncertainty import simulate
from dojo_calc.economics.plan import Line
from dojo_calc.economics.plan import plan as make_plan
from dojo_calc.errors import DojoCalcError, FactsError, UnknownNameError
from dojo_calc.evidence.claims import CheckError, verdicts
from dojo_calc.evidence.clusters import CLUSTER_COLUMNS, validate_clusters
from dojo_calc.evidence.references import compare_references
from dojo_calc.evidence.training_runs import RUN_COLUMNS, validate_runs
from dojo_calc.evidence.validation import Row as MeasuredRow
from dojo_calc.evidence.validation import Validation
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.hardware.machine import Machine
from dojo_calc.performance.search import search as search_plans
from dojo_calc.tables import header_of

app = typer.Typer(
    help="What would it take? Chips, machines, plans and claims, with a source under every number.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Row = Mapping[str, Any]
OwnCode = Annotated[bool, typer.Option("--own-code", help="Run the Python file that a scenario names.")]


@dataclass(frozen=True)
class Asked:
    """What every command can be asked: which facts, and which form."""

    book: Catalogue
    as_json: bool
    as_csv: bool


def _shared(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, numbers in SI unless a unit stands beside them.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, numbers in SI.")] = False,
    facts: Annotated[
        list[Path] | None, typer.Option("--facts", help="Your own CSV of facts, on top of the shipped ones.")
    ] = None,
    reading: Annotated[
        list[str] | None,
        typer.Option(
            "--reading",
            help="Another reading as the default: d1.peak_bf16=hot_chips_34, or d1=hot_chips_34.",
        ),
    ] = None,
) -> Asked:
    """Options of every command, read here alone."""
    return Asked(_book(facts, reading), as_json, as_csv)


def _command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function a command: the options of `_shared` come after its own, and reach it as its first parameter."""
    own, shared = (inspect.signature(one, eval_str=True).parameters for one in (function, _shared))
    parameters = [*list(own.values())[1:], *shared.values()]

    def command(**words: Any) -> None:
        asked = _shared(**{name: words.pop(name) for name in shared})
        function(asked, **words)

    # Typer reads a command's options from these.
    vars(command)["__signature__"] = inspect.Signature(parameters)
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    app.command()(command)
    return function


@_command
def chips(asked: Asked) -> None:
    """List the chips: peaks, memory, power, price."""
    rows = asked.book.table("chip").rows(named=True)
    if _printed(rows, asked):
        return
    columns = {"peak_bf16": "FLOP/s", "peak_fp8": "FLOP/s", "peak_fp32": "FLOP/s", "hbm_capacity": "B"}
    columns |= {"hbm_bandwidth": "B/s", "sram_capacity": "B", "power": "W", "die_area": "m^2", "price": "USD"}
    _show(
        "Chips",
        [{"id": row["id"]} | {name: _si(row[name], unit) for name, unit in columns.items()} for row in rows],
    )


@_command
def machine(
    asked: Asked,
    name: Annotated[str, typer.Argument(help="Id or alias, such as exapod.")],
) -> None:
    """Show one machine: what it is made of, its peaks, memories, links and power by every account."""
    rows = _machine_rows(asked.book.machine(name))
    if _printed(rows, asked):
        return
    shown = [
        {
            "what": row["group"],
            "name": row["name"],
            "value": _si(row["value"], row["unit"]),
            "note": row["note"],
        }
        for row in rows
    ]
    _show(name, shown)


@_command
def plan(
    asked: Asked,
    target: Annotated[str, typer.Option(help="A peak rate, such as '100 EFLOP/s'.")],
    chip: Annotated[str, typer.Option(help="Id or alias of a chip or machine.")],
    precision: Annotated[str, typer.Option(help="At which both are counted.")] = "bf16",
    with_steps: Annotated[
        bool, typer.Option("--explain", help="Add every step to dollars, its formula and source.")
    ] = False,
    with_interval: Annotated[
        bool, typer.Option("--interval", help="Add 90 % intervals, simulated over the facts' own.")
    ] = False,
) -> None:
    """Say what a target takes: chips, assemblies, wafers, megawatts and dollars."""
    book = asked.book
    made = make_plan(target, chip, precision, book)
    lines = [*made.lines]
    if with_steps or with_interval:
        model = spec_to_cheque(chip, book).replace(target=made.target)
        lines += _steps(model) if with_steps else []
        lines += _simulated(model) if with_interval else []
    if _printed([asdict(line) for line in lines], asked):
        return
    shown = [
        {
            "what": line.group,
            "name": line.name,
            "value": str(line),
            "90 % interval": _interval(line),
            "basis": line.basis,
        }
        for line in lines
    ]
    _show(f"{units.format_si(made.target, 'FLOP/s')} of {precision} with {made.chip}", shown)


def _steps(model: Model) -> list[Line]:
    """Every step from the target to the price of delivered work."""
    return [
        Line("explained", one.name, one.value, *_bounds(model, one), one.unit, one.formula or one.source)
        for one in explain(model, "price_of_work").steps
    ]


def _bounds(model: Model, one: Explained) -> tuple[float, float]:
    root = model.inputs.get(one.name)
    return (
        (one.value, one.value)
        if root is None or root.low is None or root.high is None
        else (root.low, root.high)
    )


def _simulated(model: Model) -> list[Line]:
    found = simulate(model, list(SIMULATED))
    basis = f"{found.count:,} samples over the facts' own intervals"
    median, interval = found.quantile(0.5), found.interval(0.9)
    lines = []
    for name in SIMULATED:
        low, high = map(float, interval[name])
        lines.append(Line("simulated", name, float(median[name]), low, high, model.spec(name).unit, basis))
    return lines


SIMULATED = ("servers", "site_power", "capital", "total", "price_of_work")


@_command
def compare(
    asked: Asked,
    names: Annotated[list[str], typer.Argument(help="Chips or machines, such as d1 a100 h100 b200.")],
) -> None:
    """Put machines side by side: peaks, memory, links, power, silicon, price."""
    book = asked.book
    machines = [book.machine(name) for name in names]
    rows = [_compared(name, unit, machines) for name, unit in COMPARED.items()]
    rows = [row for row in rows if any(row[one.id] is not None for one in machines)]
    if _printed(rows, asked):
        return
    shown = [
        {"what": row["what"]} | {one.id: _si(row[one.id], row["unit"]) for one in machines} for row in rows
    ]
    _show(" against ".join(one.name for one in machines), shown)


@_command
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
    if not _printed(flat if asked.as_csv else rows, asked):
        sys.stdout.write("\n\n".join(str(one) for one in explained) + "\n")


@_command
def diff(
    asked: Asked,
    before: Annotated[Path, typer.Argument(help="Scenario A.")],
    after: Annotated[Path, typer.Argument(help="Scenario B, of the same model.")],
    own_code: OwnCode = False,
) -> None:
    """Attribute the difference between two scenarios to the inputs that differ."""
    a, b = (load_scenario(one, asked.book, own_code=own_code) for one in (before, after))
    found = [compare_models(a.model, output, {}, b.model) for output in a.outputs]
    rows = [
        {"output": one.output, "unit": one.unit, **asdict(part)}
        for one in found
        for part in one.contributions
    ]
    whole = [asdict(one) for one in found]
    if not _printed(rows if asked.as_csv else whole, asked):
        sys.stdout.write("\n".join(str(one) for one in found) + "\n")


@_command
def claims(asked: Asked) -> None:
    """Hold the published claims against the models. Exits with 1 if a check fails to run."""
    book = asked.book
    try:
        entries = verdicts(book)
    except CheckError as error:
        sys.stderr.write(f"error: {error}\n")
        raise typer.Exit(1) from error
    rows = [asdict(entry) for entry in entries]
    flat = [{name: cell for name, cell in row.items() if name not in ("readings", "derived")} for row in rows]
    if _printed(flat if asked.as_csv else rows, asked):
        return
    shown = [
        {
            "id": entry.id,
            "claim": entry.claim,
            "claimed": _range(entry.claimed_low, entry.claimed_high),
            "computed": _range(entry.computed_low, entry.computed_high),
            "unit": "" if entry.unit == "1" else entry.unit,
            "verdict": "; ".join(f"{one.reading}: {one.verdict}" for one in entry.readings) or entry.verdict,
        }
        for entry in entries
    ]
    _show("Claims", shown)


@_command
def validate(
    asked: Asked,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Measured runs or clusters, in the columns of data/validation/; the shipped runs if left out."
        ),
    ] = None,
    economics: Annotated[
        bool, typer.Option("--economics", help="Figures that others print for the same formulas.")
    ] = False,
) -> None:
    """Hold the models against what others measured or printed. Exits with 1 if a printed figure is missed."""
    if economics and file is not None:
        raise UnknownNameError("validate takes either a file of measurements or --economics")
    if economics:
        _show_references(asked)
    else:
        _show_validation(_validated(file, asked.book), asked)


def _validated(file: Path | None, book: Catalogue) -> Validation:
    """Tell what a file measures by its columns."""
    if file is None:
        return validate_runs(book=book)
    columns = set(header_of(file))
    if {"reported_mw", "reported_cost_usd"} & columns:
        return validate_clusters(file, book)
    if {"metric", "measured", "model"} & columns:
        return validate_runs(file, book)
    raise FactsError(
        f"{file}, line 1: expected the columns {', '.join(CLUSTER_COLUMNS)}, or {', '.join(RUN_COLUMNS)}; got "
        f"{_listed(columns)}"
    )


@_command
def search(
    asked: Asked,
    model: Annotated[str, typer.Option(help="A model to train, of data/models.csv.")],
    chip: Annotated[str, typer.Option(help="Id or alias of a chip with a memory and links.")],
    chips: Annotated[int, typer.Option(help="How many.")],
    global_batch: Annotated[int, typer.Option(help="Sequences a step.")],
    sequence: Annotated[int, typer.Option(help="Tokens a sequence.")] = 2048,
    precision: Annotated[str, typer.Option(help="Of the matrix products: fp16, bf16 or fp8.")] = "bf16",
    stack: Annotated[str, typer.Option(help="Software generation; today's if left out.")] = "",
    up_to: Annotated[bool, typer.Option("--up-to", help="Any number of chips up to that many.")] = False,
    most: Annotated[int, typer.Option(help="Plans to show of the front.")] = 10,
) -> None:
    """Find the fastest plan that fits in memory, and what it can be traded for."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("plans", total=None)
        with ThreadPoolExecutor() as threads:
            found = search_plans(
                model, asked.book.machine(chip).id, chips, global_batch=global_batch, sequence=sequence,
                precision=precision, stack=stack, up_to=up_to, book=asked.book, executor=threads,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
    rows = found.front.head(most).rows(named=True)
    if _printed(rows, asked):
        return
    shown = [
        row | {"step_time": _si(row["step_time"], "s"), "memory": _si(row["memory"], "B")} for row in rows
    ]
    seen = f"{found.considered:,} plans considered, {found.fitting:,} fit"
    _show(f"{model} on {chip}: {seen}{'' if found.finished else ' (interrupted)'}", shown)


def _listed(columns: set[str]) -> str:
    return f"{', '.join(sorted(columns)):.200}"


def _show_validation(found: Validation, asked: Asked) -> None:
    if asked.as_json:
        sys.stdout.write(json.dumps(_finite(found.as_dict()), indent=2, ensure_ascii=False) + "\n")
        return
    if not _printed([row.as_dict() for row in found.rows], asked):
        _show("Measured and predicted", [_validation_row(row) for row in found.rows])
        _show("Errors", [_short(asdict(group)) for group in (*found.groups, found.overall)])


def _validation_row(row: MeasuredRow) -> Row:
    cells = row.as_dict()
    shown = {name: cells[name] for name in ("id", "chip", "metric", "unit", "measured", "predicted", "error")}
    return {
        name: f"{cell:.4g}" if isinstance(cell, float) else cell or "" for name, cell in shown.items()
    } | {
        "80 % interval": _range(row.low, row.high),
        "reason": row.reason,
    }


def _show_references(asked: Asked) -> None:
    rows = [asdict(one) for one in compare_references()]
    if not _printed(rows, asked):
        columns = ("id", "value", "reference", "unit", "difference", "holds", "source")
        shown = [{name: row[name] for name in columns} | {"holds": _yes(row["holds"])} for row in rows]
        _show("Printed by others, and computed here", [_short(row) for row in shown])
    if not all(row["holds"] for row in rows):
        raise typer.Exit(1)


def _yes(holds: bool) -> str:
    return "yes" if holds else "NO"


def _short(row: Row) -> dict[str, Any]:
    cells = {name: f"{cell:.10g}" if isinstance(cell, float) else cell for name, cell in row.items()}
    return {name: "" if cell is None else cell for name, cell in cells.items()}


COMPARED = {
    "peak_bf16": "FLOP/s", "peak_fp8": "FLOP/s", "peak_fp32": "FLOP/s", "peak_int8": "FLOP/s", "sram_capacity": "B",
    "sram_bandwidth": "B/s", "hbm_capacity": "B", "hbm_bandwidth": "B/s", "nvlink_bandwidth": "B/s",
    "nic_bandwidth": "B/s", "power": "W", "facility_power": "W", "die_area": "m^2", "transistors": "1",
    "price": "USD", "price_all_in": "USD",
}  # fmt: skip


def _compared(quantity: str, unit: str, machines: Sequence[Machine]) -> dict[str, Any]:
    return {"what": quantity, "unit": unit} | {one.id: one.maybe(quantity) for one in machines}


def _book(own: Sequence[Path] | None, readings: Sequence[str] | None) -> Catalogue:
    book = catalogue(*(own or ()))
    if not readings:
        return book
    chosen = dict(text.partition("=")[::2] for text in readings)
    if "" in chosen.values():
        raise UnknownNameError("--reading must be entity.quantity=reading, such as d1.peak_bf16=hot_chips_34")
    return book.choose(chosen)


def _machine_rows(one: Machine) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def add(group: str, name: str, value: float | None, unit: str, note: str = "") -> None:
        if value is not None:
            rows.append({"group": group, "name": name, "value": value, "unit": unit, "note": note})

    for inner, count in list(one.walk())[1:]:
        add("made of", inner.id, count, "1", inner.name)
    for precision in one.precisions():
        add("peak", precision, one.peak(precision), "FLOP/s", "dense")
    for memory in one.memories():
        over = f"over {memory.via}" if memory.via else "load"
        add("memory", f"{memory.name} capacity", memory.capacity, "B", f"{memory.count:,.0f} of them")
        add("memory", f"{memory.name} bandwidth", memory.bandwidth, "B/s", over)
    for link in one.links():
        note = (
            f"{link.count:,.0f} x {units.format_si(link.bandwidth, 'B/s')} in one direction, {link.topology}"
        )
        if link.latency is not None:
            note += f", {units.format_si(link.latency, 's')}"
        add("link", f"{link.name} of {link.owner}", link.total_bandwidth, "B/s", note)
    for account in one.power_accounts():
        name = f"{account.quantity} at {account.boundary}" + (
            f" [{account.reading}]" if account.reading else ""
        )
        interval = f"{units.format_si(account.low, 'W')} to {units.format_si(account.high, 'W')}"
        add("power", name, account.value, "W", account.source if account.low == account.high else interval)
    add("silicon", "die area", one.maybe("die_area"), "m^2")
    add("silicon", "transistors", one.maybe("transistors"), "1")
    add("silicon", "transistor density", one.transistor_density(), "1/m^2")
    return rows


def _printed(rows: Sequence[Row], asked: Asked) -> bool:
    """Print rows for machines, if that was asked for."""
    if asked.as_json:
        sys.stdout.write(json.dumps([_finite(row) for row in rows], indent=2, ensure_ascii=False) + "\n")
    elif asked.as_csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return asked.as_json or asked.as_csv


def _finite(value: Any) -> Any:
    """JSON has no infinity: what holds anything has a capacity of null."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _show(title: str, rows: Sequence[Row]) -> None:
    if not rows:
        sys.stdout.write(f"{title}: the catalogue has no part, peak, memory, link or power of it\n")
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in rows[0]:
        table.add_column(
            name, justify="right" if name in ("value", "claimed", "computed") else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row.values()))  # brackets are no markup here
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _si(value: float | None, unit: str) -> str:
    return "" if value is None else units.format_si(value, unit)


def _interval(line: Any) -> str:
    if line.low == line.high:
        return ""
    return f"{units.format_si(line.low, line.unit)} to {units.format_si(line.high, line.unit)}"


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"at least {low:,.6g}" if high is None else f"at most {high:,.6g}"
    return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"


def main() -> None:
    """Run the command line; what a person did wrong is said in one line, with exit code 2."""
    try:
        app()
    except DojoCalcError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
