"""Do the tests notice a changed line? A seeded sample of small changes, each held against the tests of its room.

``python -m tests.mutants`` changes one place at a time in a copy of the checkout (a number, an operator, a
comparison, a condition, the order of two arguments, least for greatest), runs the tests that mirror the changed
room, and prints which changes no test noticed. `tests/equivalent_mutants.csv` names changes that cannot be noticed,
each with its proof. It exits with 1 if fewer than nine in ten of the others are noticed, if more than one in twenty
are said to be equivalent, or if the list names a place that the code no longer has.
"""

from __future__ import annotations

import argparse
import ast
import csv
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import local

from tests.discovery import formulas

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "dojo_calc"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.csv")
ROOMS = {
    "performance": 45,
    "economics": 45,
    "model": 20,
    "readings": 20,
    "analysis": 20,
}  # shares of the sample
COPIED = (
    "dojo_calc", "data", "tests", "book", "benchmarks", ".ci", "pyproject.toml", "README.md", "CHANGELOG.md",
    "LICENSE", "_config.yml", "environment.yml", "requirements.lock", "Makefile",
)  # fmt: skip
# Of the processor: a run of tests that takes longer has noticed something: the change made a loop endless. On the
# clock a loaded machine would say the same of a change that nobody noticed.
SECONDS = 300
PATIENCE = 3600  # on the clock, for what waits and computes nothing
NOTICED, EQUIVALENTS = 0.9, 0.05
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.Pow: "*", ast.FloorDiv: "/", ast.Mod: "*",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.And: "or", ast.Or: "and",
}  # fmt: skip
TWINS = {
    "minimum": "maximum",
    "maximum": "minimum",
    "min": "max",
    "max": "min",
    "floor": "ceil",
    "ceil": "floor",
}
# The same whatever the order of its two arguments, so that swapping them changes nothing.
SYMMETRIC = {
    "maximum",
    "minimum",
    "max",
    "min",
    "fmax",
    "fmin",
    "add",
    "multiply",
    "logaddexp",
    "hypot",
    "gcd",
}


@dataclass(frozen=True)
class Mutant:
    """One change: the text of a module between two places becomes another."""

    path: Path
    function: str
    line: int
    start: int
    end: int
    before: str
    after: str

    @property
    def module(self) -> str:
        """Dotted name below the package."""
        return ".".join(self.path.relative_to(PACKAGE).with_suffix("").parts)

    @property
    def room(self) -> str:
        """Room of the module."""
        return self.module.partition(".")[0]

    @property
    def change(self) -> str:
        """What becomes what, in one line."""
        return f"{' '.join(self.before.split())} -> {' '.join(self.after.split())}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What the list of equivalent changes knows it by."""
        return self.module, self.function, self.change

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.function}: {self.change}"


class _Finder(ast.NodeVisitor):
    """Collects the changes of a module; annotations, decorators and messages of errors are no behaviour of it."""

    def __init__(self, path: Path) -> None:
        self.path, self.source = path, path.read_text(encoding="utf-8")
        lines = self.source.encode().splitlines(keepends=True)
        self.offsets = [0]
        for line in lines:
            self.offsets.append(self.offsets[-1] + len(line))
        self.found: list[Mutant] = []
        self.names: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.names.append(node.name)
        for default in (*node.args.defaults, *(one for one in node.args.kw_defaults if one)):
            self.visit(default)
        for statement in node.body:
            self.visit(statement)
        self.names.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self.names.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """A message is words."""

    def visit_keyword(self, node: ast.keyword) -> None:
        """That `zip` insists on equal lengths tells of a slip of ours, as a message does; a program has none."""
        if node.arg != "strict":
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """So is a text."""

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._add(node, str(not node.value))
        elif isinstance(node.value, int):
            self._add(node, str(node.value + 1))
        elif isinstance(node.value, float):
            self._add(node, repr(node.value * 1.01 if node.value else 0.01))

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._operator(node.left, node.op, node.right)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self._operator(node.values[0], node.op, node.values[1])
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        self._operator(node.left, node.ops[0], node.comparators[0])
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if getattr(node.test, "id", "") != "TYPE_CHECKING":
            self._add(node.test, f"not ({self._text(node.test)})")
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in TWINS and isinstance(node.func, ast.Name):
            self._add(node.func, TWINS[name])
        if len(node.args) >= 2 and name not in {"isinstance", "cast", "getattr", "zip", "print"} | SYMMETRIC:
            first, second = node.args[:2]
            one, other = self._text(first), self._text(second)
            if one != other and not any(isinstance(part, ast.Starred) for part in (first, second)):
                between = self.source.encode()[self._end(first) : self._start(second)].decode()
                self._cut(self._start(first), self._end(second), f"{other}{between}{one}", node.lineno)
        self.generic_visit(node)

    def _start(self, node: ast.expr) -> int:
        return self.offsets[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offsets[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.expr) -> str:
        return self.source.encode()[self._start(node) : self._end(node)].decode()

    def _operator(self, left: ast.expr, operator: ast.AST, right: ast.expr) -> None:
        sign = OPERATORS.get(type(operator))
        gap = self.source.encode()[self._end(left) : self._start(right)].decode()
        if sign is None or "#" in gap:
            return
        old = gap.replace("(", " ").replace(")", " ").strip()
        if old:
            self._cut(self._end(left), self._start(right), gap.replace(old, sign), right.lineno)

    def _add(self, node: ast.expr, after: str) -> None:
        self._cut(self._start(node), self._end(node), after, node.lineno)

    def _cut(self, start: int, end: int, after: str, line: int) -> None:
        before = self.source.encode()[start:end].decode()
        changed = self.source.encode()[:start] + after.encode() + self.source.encode()[end:]
        try:
            ast.parse(changed)
        except SyntaxError:
            return
        self.found.append(
            Mutant(self.path, ".".join(self.names) or "module", line, start, end, before, after)
        )


def mutants(room: str) -> list[Mutant]:
    """Every change of a room's modules, in the order of the files."""
    found = []
    for path in sorted((PACKAGE / room).glob("*.py")):
        finder = _Finder(path)
        finder.visit(ast.parse(finder.source))
        found += finder.found
    return found


def sample(found: Mapping[str, Sequence[Mutant]], count: int, seed: int) -> list[Mutant]:
    """Sample with the same share of every room, whatever its size."""
    chosen: list[Mutant] = []
    for room, every in found.items():
        size = min(len(every), round(count * ROOMS[room] / sum(ROOMS.values())))
        chosen += random.Random(f"{seed} {room}").sample(every, size)
    return chosen


def tests_of(one: Mutant, folder: Path) -> Iterator[list[str]]:
    """Runs of pytest that may notice a change, the nearest first."""
    module, room = one.module.rpartition(".")[2], folder / "tests" / one.room
    own = sorted(str(path.relative_to(folder)) for path in room.glob(f"test_*{module}*.py"))
    if own:
        yield own
    if any(name.startswith(f"dojo_calc.{one.module}.") for name in formulas()):
        yield ["tests/test_formulas.py", "-k", f"{one.room}.{module}."]
    yield [f"tests/{one.room}", *(f"--ignore={path}" for path in own)]


def noticed(one: Mutant, folder: Path) -> str:
    """Run the tests over a copy with one change: killed, timeout or survived."""
    path = folder / one.path.relative_to(ROOT)
    source = path.read_bytes()
    path.write_bytes(source[: one.start] + one.after.encode() + source[one.end :])
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow and not browser",
    ]
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for chosen in tests_of(one, folder):
            ran = subprocess.run(
                [*command, *chosen],
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
                preexec_fn=_limited,
            )
            if ran.returncode == -signal.SIGXCPU:
                return "timeout"
            if ran.returncode not in (0, 5):  # 5: no test of that name
                return "killed"
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        path.write_bytes(source)
    return "survived"


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 10))


def equivalents() -> dict[tuple[str, str, str], str]:
    """Proofs by module, function and change."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as rows:
        return {(row["module"], row["function"], row["change"]): row["proof"] for row in csv.DictReader(rows)}


def run(chosen: Sequence[Mutant], jobs: int) -> dict[Mutant, str]:
    """Fate of every change, found side by side in copies of the checkout."""
    fates: dict[Mutant, str] = {}
    with tempfile.TemporaryDirectory() as home:
        mine = local()

        def fate(one: Mutant) -> str:
            if not hasattr(mine, "folder"):
                mine.folder = Path(tempfile.mkdtemp(dir=home))
                for name in COPIED:
                    source = ROOT / name
                    if source.is_dir():
                        shutil.copytree(
                            source, mine.folder / name, ignore=shutil.ignore_patterns("__pycache__")
                        )
                    else:
                        shutil.copy(source, mine.folder / name)
            return noticed(one, mine.folder)

        with ThreadPoolExecutor(jobs) as threads:
            for one, found in zip(chosen, threads.map(fate, chosen), strict=True):
                fates[one] = found
                print(f"{len(fates)}/{len(chosen)} {found}: {one}", file=sys.stderr, flush=True)
    return fates


def main() -> int:
    """Draw, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=sum(ROOMS.values()))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--room", choices=ROOMS, default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    found = {room: mutants(room) for room in ROOMS if given.room in ("", room)}
    known = equivalents()
    made = {one.key for every in found.values() for one in every}
    stale = [place for place in known if place[0].partition(".")[0] in found and place not in made]
    for place in stale:
        print(f"{EQUIVALENT.name}: the code has no such place any more: {', '.join(place)}")
    fates = run(sample(found, given.count, given.seed), given.jobs)
    same = {one for one in fates if one.key in known}
    for room in ROOMS:
        counted = Counter(fate for one, fate in fates.items() if one.room == room and one not in same)
        if counted:
            survived = counted["survived"]
            print(f"{room}: {sum(counted.values()) - survived} of {sum(counted.values())} noticed")
    for one, fate in fates.items():
        if fate == "survived":
            print(f"{'equivalent' if one in same else 'survived'}: {one}")
    asked = [fate for one, fate in fates.items() if one not in same]
    share = 1 - asked.count("survived") / max(len(asked), 1)
    print(f"all: {share:.1%} of {len(asked)} noticed; {len(same)} of {len(fates)} are equivalent, with proof")
    return int(bool(stale) or share < NOTICED or len(same) > EQUIVALENTS * len(fates))


if __name__ == "__main__":
    sys.exit(main())
