"""Random changes of cells of `data/`, and how many of them the library refuses: ``python -m tests.mutate_data``.

A change is a slip of a pen that copies: another unit of the same dimension or another prefix, a number twice or half
as large, or another digit. It is caught where the library, which reads the changed folder, raises one of its own
errors or misses a printed figure. Nothing here knows what a cell should be.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from dojo_calc import tables
from dojo_calc.errors import DojoCalcError
from dojo_calc.evidence.data import check_data

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
# Tables of numbers; the others are names, words and addresses, or ranges and reasons that defend these.
TABLES = (
    *sorted(f"facts/{path.name}" for path in (DATA / "facts").glob("*.csv")), "assumptions.csv", "claims.csv",
    "efficiency.csv", "models.csv", "references.csv", "parts.csv", "tiers.csv", "vision/convolutions.csv",
    "validation/training_runs.csv", "validation/more_runs.csv", "validation/whole_runs.csv",
    "validation/clusters.csv",
)  # fmt: skip
KINDS = ("unit", "prefix", "double", "digit")
NOT_NUMBERS = {"date", "id", "entity", "default", "reading", "source", "note", "tolerance", "unit"}
PREFIXES = ("m", "", "k", "M", "G", "T", "P", "E")
# Units that are mistaken for each other.
MISTAKEN = (
    ("B", "b"), ("mm", "cm"), ("cm", "m"), ("g", "kg"), ("hour", "day"), ("day", "month"), ("month", "year"),
    ("minute", "hour"), ("s", "minute"), ("week", "month"), ("Wh", "J"),
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One cell of one row, before and after."""

    kind: str
    table: str
    row: int
    column: str
    before: str
    after: str

    def __str__(self) -> str:
        return (
            f"{self.kind:8} {self.table}, line {self.row + 2}, {self.column}: {self.before} -> {self.after}"
        )


def read(table: str) -> list[dict[str, str]]:
    """Rows of a table."""
    with (DATA / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def changes(seed: int) -> Iterator[Change]:
    """Endless changes of seeded choice: rows with equal chance, then a kind, then a cell."""
    choose = random.Random(seed)
    rows = [(table, index, row) for table in TABLES for index, row in enumerate(read(table))]
    while True:
        table, index, row = choose.choice(rows)
        kind = choose.choice(KINDS)
        column, after = {"unit": _unit, "prefix": _prefix, "double": _double, "digit": _digit}[kind](
            row, choose
        )
        if column and after != row[column]:
            yield Change(kind, table, index, column, row[column], after)


def _pieces(unit: str) -> list[tuple[int, str]]:
    """Names in a unit with where they start: ``GB/s`` has ``GB`` at 0 and ``s`` at 3."""
    found, start = [], 0
    for position, mark in enumerate(unit + "/"):
        if mark in "/*^ 0123456789-":
            if unit[start:position].isalpha():
                found.append((start, unit[start:position]))
            start = position + 1
    return found


def _split(name: str) -> tuple[str, str]:
    """Prefix and rest of a unit that takes prefixes; two empty texts for one that does not."""
    for stem in ("FLOP", "TOP", "OP", "USD", "W", "Wh", "B", "b", "Hz", "V", "A", "token"):
        prefix = name.removesuffix(stem)
        if name.endswith(stem) and prefix in PREFIXES:
            return prefix, stem
    return "", ""


def _prefix(row: dict[str, str], choose: random.Random) -> tuple[str, str]:
    pieces = [(at, name, *_split(name)) for at, name in _pieces(row.get("unit") or "")]
    pieces = [one for one in pieces if one[3]]
    if not pieces:
        return "", ""
    at, name, prefix, stem = choose.choice(pieces)
    rank = PREFIXES.index(prefix) + choose.choice((-1, 1))
    if not 1 <= rank < len(PREFIXES):
        return "", ""
    unit = row["unit"]
    return "unit", unit[:at] + PREFIXES[rank] + stem + unit[at + len(name) :]


def _unit(row: dict[str, str], choose: random.Random) -> tuple[str, str]:
    unit = row.get("unit") or ""
    options = []
    for at, name in _pieces(unit):
        for pair in MISTAKEN:
            for old, new in (pair, pair[::-1]):
                prefix = name.removesuffix(old)
                if name == old or (old in ("B", "b", "Wh") and name.endswith(old) and prefix in PREFIXES):
                    options.append(unit[:at] + name[: len(name) - len(old)] + new + unit[at + len(name) :])
    if unit == "1" and _number(row.get("value", "")) not in (None, 0.0) and abs(float(row["value"])) <= 1.0:
        options.append("percent")
    return ("unit", choose.choice(options)) if options else ("", "")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _cells(row: dict[str, str]) -> list[str]:
    return [
        name
        for name, cell in row.items()
        if name not in NOT_NUMBERS and cell and (value := _number(cell)) is not None and value != 0.0
    ]


def _double(row: dict[str, str], choose: random.Random) -> tuple[str, str]:
    cells = [name for name in _cells(row) if name not in FLAGS]
    if not cells:
        return "", ""
    column = choose.choice(cells)
    value = float(row[column]) * choose.choice((2.0, 0.5))
    return column, f"{value:.12g}"


FLAGS = {"gated", "tied_embeddings", "tied", "sequence_parallel", "inputs_from_memory"}


def _digit(row: dict[str, str], choose: random.Random) -> tuple[str, str]:
    cells = _cells(row)
    if not cells:
        return "", ""
    column = choose.choice(cells)
    text = row[column]
    places = [at for at, mark in enumerate(text.partition("e")[0]) if mark.isdigit()]
    at = choose.choice(places)
    return column, text[:at] + choose.choice([one for one in "0123456789" if one != text[at]]) + text[
        at + 1 :
    ]


def _judged(change: Change | None) -> str:
    """What the library says of the data with one change, an empty text where nothing."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "data"
        shutil.copytree(DATA, where)
        if change:
            rows = read(change.table)
            rows[change.row][change.column] = change.after
            with (where / change.table).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        tables._data = lambda: where  # type: ignore[assignment]  # this process reads nothing else
        try:
            check_data()
        except DojoCalcError as error:
            return str(error)
        return ""


def judge(changed: Sequence[Change | None]) -> list[str]:
    """What the library says of each change, every one in a process that has read no table before.

    Raises
    ------
    RuntimeError
        If it refuses the data as they are: then nothing would be told apart.
    """
    # A fork of this process has everything imported, and its caches are as empty as this one's.
    with get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        said = pool.map(_judged, [None, *changed], chunksize=1)
    if said[0]:
        raise RuntimeError(f"the data as they are were refused: {said[0]}")
    return said[1:]


def sample(seed: int, count: int, kinds: Sequence[str] = KINDS) -> list[Change]:
    """So many changes of each kind."""
    wanted = Counter(dict.fromkeys(kinds, count))
    taken = []
    for change in changes(seed):
        if wanted[change.kind] > 0:
            wanted[change.kind] -= 1
            taken.append(change)
        if not +wanted:
            break
    return taken


def main() -> int:
    """Print each change that nobody noticed, and the table of shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=60, help="of each kind")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--verbose", action="store_true", help="what was said of those that were caught, too")
    parser.add_argument(
        "--least", type=float, default=0.0, help="share of units and prefixes to be caught, else exit 1"
    )
    asked = parser.parse_args()
    start, taken = time.perf_counter(), sample(asked.seed, asked.count, asked.kinds)
    total, hit, by_table = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    missed_in, seen_in = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for change, said in zip(taken, judge(taken), strict=True):
        total[change.kind] += 1
        hit[change.kind] += bool(said)
        by_table[change.table, "caught" if said else "missed"] += 1
        seen_in[change.kind, change.table, change.column] += 1
        missed_in[change.kind, change.table, change.column] += not said
        if asked.verbose or not said:
            print("caught" if said else "missed", change, said)
    print(f"\n{'change':10}{'caught':>8}{'of':>6}{'share':>8}")
    for kind in total:
        print(f"{kind:10}{hit[kind]:8}{total[kind]:6}{hit[kind] / total[kind]:8.0%}")
    both = [sum(one[kind] for kind in ("unit", "prefix")) for one in (hit, total)]
    if both[1]:
        print(f"{'units':10}{both[0]:8}{both[1]:6}{both[0] / both[1]:8.0%}   units and prefixes together")
    for table in TABLES:
        seen, missed = by_table[table, "caught"], by_table[table, "missed"]
        if seen + missed:
            print(f"  {table:32}{seen:4} of {seen + missed}")
    print("missed by kind, table and column")
    for place, missed in missed_in.most_common():
        if missed:
            kind, table, column = place
            print(f"  {kind:8}{table:32}{column:24}{missed:4} of {seen_in[place]}")
    print(f"seed {asked.seed}, {time.perf_counter() - start:.0f} s")
    return int(both[0] < asked.least * both[1])


if __name__ == "__main__":
    sys.exit(main())
