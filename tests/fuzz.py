"""Malformed input at every door: ``python -m tests.fuzz --count 20000 --seed 1``.

Each case is made from its number and the seed alone, so that one can be run again: ``--only 1234``. Cases run in
processes of their own, in this one's way of answering (`dojo_calc.commands.answer`), each process with at most
2 GB of memory; one that takes more than 10 s of the processor is ended and counts as hung. What is held:

- the exit code is 0, 1 or 2;
- nothing is raised but the library's own errors, whose message is one line; nothing is printed before an error;
- an answer in JSON or CSV can be read back; no control character reaches the terminal.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import queue
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from tests.malformed import Case, made, names, shown

SECONDS = 10.0  # of the processor that a case may take; a loaded machine gives them slowly
PATIENCE = 180.0  # seconds on the clock, for what waits and computes nothing
MEMORY = 2 << 30  # bytes of data a process may hold
LATE = 600.0  # seconds for a process to start: a loaded machine is slow


def problem(case: Case) -> tuple[int, str]:
    """Exit code of a case, and what is wrong with how it went, or nothing."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = _asked(case.arguments)
    printed, told = out.getvalue(), err.getvalue()
    if code not in (0, 1, 2):
        return code, f"exit code {code}"
    if "this is a fault of dojo_calc" in told or "more memory than there is" in told:
        return code, f"raised: {told.strip():.400}"
    if code == 2 and (not told.startswith("error: ") or told.count("\n") != 1):
        return code, f"not one line: {told!r:.300}"
    if code == 2 and printed:
        return code, f"printed before an error: {printed!r:.100}"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", printed + told):
        return code, "a control character was printed"
    return code, _unreadable(case, printed) if code == 0 else ""


def _asked(arguments: Sequence[str]) -> int:
    from dojo_calc.commands.answer import answer
    from dojo_calc.commands.text import tell
    from dojo_calc.errors import DojoCalcError
    from dojo_calc.performance.workload import transformers

    if arguments[0] != "transformers":
        return answer(arguments)
    try:
        found = transformers(Path(arguments[1]))
        return tell("a table of models was read", 0) if found else 0
    except DojoCalcError as error:
        return tell(error, 2)
    except Exception as error:  # the thing looked for
        return tell(f"this is a fault of dojo_calc: {type(error).__name__}: {error}", 1)


def _unreadable(case: Case, printed: str) -> str:
    asked = set(case.arguments)
    if asked & {"-h", "--help", "--version"} or not printed:
        return ""
    if "--json" in asked:
        try:
            json.loads(printed, parse_constant={}.__getitem__)  # NaN and Infinity are no JSON
        except (ValueError, KeyError) as error:
            return f"JSON that cannot be read: {error}"
    elif "--csv" in asked and len({len(row) for row in csv.reader(io.StringIO(printed)) if row}) > 1:
        return "CSV with rows of several lengths"
    return ""


def work() -> None:
    """Run the cases whose seed and number come in, a line each, and tell how each went."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    names()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing else may speak there
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        seed, number = map(int, line.split())
        with tempfile.TemporaryDirectory() as folder:
            case = made(seed, number)
            os.chdir(folder)
            for name, raw in case.files:
                Path(name).write_bytes(raw)
            start = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, SECONDS)  # whose signal ends the process
            try:
                code, wrong = problem(case)
            except BaseException as error:  # whatever it was, the next case is another's
                code, wrong = 1, f"raised: {type(error).__name__}: {error}"
            signal.setitimer(signal.ITIMER_PROF, 0.0)
            took = time.process_time() - start
            os.chdir("/")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        answers.write(json.dumps([case.kind, code, took, peak, wrong]) + "\n")
        answers.flush()


Result = tuple[str, int, float, int, str]  # kind, exit code, seconds, peak of memory in bytes, what is wrong


class Worker:
    """A process that runs one case after another, and is begun anew when one hangs."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz", "--work"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[1],
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "COLUMNS": "100"},
        )  # fmt: skip
        if self._line(LATE) != b"ready\n":
            self.end()
            raise RuntimeError("the process that runs the cases did not start")

    def _line(self, seconds: float) -> bytes | None:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        return self.process.stdout.readline() if ready else None

    def run(self, seed: int, number: int) -> Result:
        """Run a case; what hangs or dies takes this process with it."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"%d %d\n" % (seed, number))
        self.process.stdin.flush()
        line = self._line(PATIENCE)
        if line:
            kind, code, took, peak, wrong = json.loads(line)
            return kind, code, took, peak, wrong
        if line is None or self.process.wait() == -signal.SIGPROF:
            wrong = f"hung for {SECONDS:g} s of the processor, or {PATIENCE:g} s on the clock"
        else:
            wrong = f"ended with {self.process.returncode}"
        self.end()
        self._begin()
        return made(seed, number).kind, -1, SECONDS, 0, wrong

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


def run(seed: int, cases: Sequence[int], jobs: int) -> Iterator[Result]:
    """Run cases side by side, and yield how each went, in their order."""
    idle: queue.Queue[Worker] = queue.Queue()
    workers = [Worker() for _ in range(jobs)]
    for one in workers:
        idle.put(one)

    def run_one(number: int) -> Result:
        worker = idle.get()
        try:
            return worker.run(seed, number)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(jobs) as threads:
        yield from threads.map(run_one, cases)
    for one in workers:
        one.end()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print what went wrong and the figures; 1 if anything did."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of cases, printed whole")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.work:
        work()
        return 0
    begun = time.monotonic()
    codes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    problems, slowest, most = 0, (0.0, -1), 0
    cases = asked.only or range(asked.count)
    results = run(asked.seed, cases, asked.jobs)
    for number, (kind, code, took, peak, wrong) in zip(cases, results, strict=True):
        kinds[kind] += 1
        codes[str(code)] += 1
        slowest, most = max(slowest, (took, number)), max(most, peak)
        if wrong:
            problems += 1
            print(f"case {number} ({kind}): {wrong}\n    {shown(made(asked.seed, number))}", flush=True)
        elif asked.only:
            print(f"case {number} ({kind}): {code}\n    {shown(made(asked.seed, number))}", flush=True)
    listed = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    print(
        f"seed {asked.seed}: {kinds.total():,} inputs ({listed}), exit codes {dict(sorted(codes.items()))}, "
        f"{problems} problems, the slowest {slowest[0]:.1f} s (case {slowest[1]}), at most {most / 2**20:,.0f} MB, "
        f"{time.monotonic() - begun:,.0f} s"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
