"""Kernels forked from a warm process: as fresh as any, no older than the build, and gone with it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the extra [book]")
KernelManager = pytest.importorskip("jupyter_client.manager", reason="needs the extra [book]").KernelManager
execute = pytest.importorskip("nbclient", reason="needs the extra [book]").execute

ROOT = Path(__file__).resolve().parents[1]
ASKED = (
    "import dojo_calc as dc, dojo_calc.units as units",
    "(units.BUILD, float(dc.catalogue().facts.get('a100-sxm-80gb', 'mfu').value))",
)


@contextmanager
def warm(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The warm process of a build over the package in a folder."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    monkeypatch.setenv("PYTHONPATH", str(package))
    made = import_module("dojo_warm").Warm()
    try:
        yield made
    finally:
        made.close()


def ran(folder: Path, *cells: str) -> list[Any]:
    """Values of the cells of a notebook, run in a kernel of its own."""
    made: Any = nbformat.v4
    notebook = made.new_notebook(cells=[made.new_code_cell(cell) for cell in cells])
    execute(notebook, cwd=str(folder))
    return [eval(one["data"]["text/plain"]) for cell in notebook.cells for one in cell.outputs]


def gone(process: int) -> bool:
    """Whether a process ends within ten seconds."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_each_kernel_is_fresh_and_ends_with_who_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warm(ROOT, monkeypatch):
        first = ran(
            tmp_path, "import os, sys; mine = 1; os.environ['MINE'] = '1'; os.getpid()", "os.getcwd()"
        )
        asked = (
            "import os, sys",
            "('mine' in globals(), 'MINE' in os.environ, 'polars' in sys.modules, os.getpid())",
        )
        *fresh, second = ran(tmp_path, *asked)[0]
        assert fresh == [False, False, True]
        assert first[1] == str(tmp_path)
        assert second != first[0]
        assert gone(first[0])
        assert gone(second)

        manager = KernelManager()
        manager.start_kernel(cwd=str(tmp_path))
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.execute_interactive(
            f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))", timeout=60
        )
        client.stop_channels()
        kernel = int((tmp_path / "pid").read_text())
        provisioner: Any = manager.provisioner
        os.kill(provisioner.pid, signal.SIGKILL)  # as a build does with a cell that takes too long
        assert gone(kernel)
        manager.shutdown_kernel(now=True)
    assert "DOJO_CALC_WARM" not in os.environ


def test_a_number_is_never_older_than_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dojo_calc", "data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    units, assumptions = (Path("dojo_calc/units.py"), Path("data/assumptions.csv"))
    code, rows = ((ROOT / one).read_text("utf-8") for one in (units, assumptions))
    before = "\na100-sxm-80gb,mfu,,,0.4,"
    assert before in rows
    for number, share in ((1, 0.41), (2, 0.42)):  # code and table alike, between two builds
        (tmp_path / units).write_text(f"{code}\nBUILD = {number}\n", "utf-8")
        (tmp_path / assumptions).write_text(rows.replace(before, f"{before[:-4]}{share},"), "utf-8")
        with warm(tmp_path, monkeypatch):
            found = ran(tmp_path, *ASKED)
        assert found == [(number, share)]
