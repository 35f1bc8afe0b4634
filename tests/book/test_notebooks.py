"""Every chapter's notebook runs in an empty folder, against an installed wheel instead of this checkout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .conftest import SITE, run

pytestmark = pytest.mark.browser  # they need the built book

NOTEBOOKS = sorted((SITE / "notebooks").rglob("*.ipynb"))
every_notebook = pytest.mark.parametrize(
    "notebook", NOTEBOOKS or [SITE / "notebooks"], ids=lambda path: path.stem
)
CELL_SECONDS = 300
# Run as the notebook's last cell, by its own kernel.
FROM_THE_WHEEL = """
import sys
from pathlib import Path

import dojo_calc
from dojo_calc.tables import data_path

home = Path(sys.prefix).resolve()
assert home in Path(dojo_calc.__file__).resolve().parents, dojo_calc.__file__
assert home in data_path().resolve().parents, data_path()
"""
RUN = """
import sys

import nbformat
from nbclient import NotebookClient

path, timeout, last = sys.argv[1], int(sys.argv[2]), sys.argv[3]
notebook = nbformat.read(path, as_version=4)
nbformat.validate(notebook)
notebook.cells.append(nbformat.v4.new_code_cell(last))
NotebookClient(notebook, timeout=timeout, kernel_name="python3").execute()
"""


def test_every_executed_page_has_a_notebook(site: Path) -> None:
    linked = {
        path.relative_to(site).with_suffix("").as_posix()
        for path in site.rglob("*.html")
        if "btn-download-notebook" in path.read_text(encoding="utf-8")
    }
    assert linked == {path.relative_to(SITE / "notebooks").with_suffix("").as_posix() for path in NOTEBOOKS}
    assert linked


@pytest.mark.slow
@every_notebook
def test_notebook_runs_alone(site: Path, installed: Path, notebook: Path, tmp_path: Path) -> None:
    assert notebook.is_relative_to(site)
    shutil.copy(notebook, tmp_path / "chapter.ipynb")
    run([str(installed), "-c", RUN, "chapter.ipynb", str(CELL_SECONDS), FROM_THE_WHEEL], tmp_path)


@every_notebook
def test_notebook_reads_without_the_book(site: Path, notebook: Path) -> None:
    assert notebook.is_relative_to(site)
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    for directive_or_role in ("```{", ":::{", "}`", ")=\n"):
        assert directive_or_role not in prose
