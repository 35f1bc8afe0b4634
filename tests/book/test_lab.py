"""Chapters' notebooks in a real JupyterLab and a real Notebook 7: all cells run, every chart draws, sliders move it.

A kernel without a page proves nothing about what a reader sees.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as NotYet

from .conftest import SITE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHAPTERS = ("tile_mesh", "cost_of_a_d1", "exaflop_hour")
# A server keeps one kernel for one file, so Notebook 7 gets a file of its own.
COPIES = {chapter: chapter for chapter in CHAPTERS} | {"in_notebook_7": "tile_mesh"}
VEGA = "application/vnd.vegalite.v5+json"
SECONDS = 180
# Cells out of sight are drawn too, and no one is asked about news.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"},
}
DRAWN = ".jp-RenderedVegaLite svg .role-mark"
# The charts of a page, each as the text of its drawing.
DRAWINGS = """() => [...document.querySelectorAll(".jp-RenderedVegaLite")]
  .map(output => output.querySelector("svg")?.outerHTML ?? "")"""
BEGUN = "() => document.querySelector('.jp-CodeCell .jp-InputPrompt').textContent !== '[ ]:'"
UNALIGNED = """() => [...document.querySelectorAll(".dojo-table td.number")]
  .filter(cell => getComputedStyle(cell).textAlign !== "right").length"""

# Words of a chart that reach out of its drawing, which shows them cut, or that Vega has cut itself.
CUT = """() => [...document.querySelectorAll(".jp-RenderedVegaLite svg")].flatMap(svg => {
    const room = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter(text => {
      const { left, right } = text.getBoundingClientRect();
      return left < room.left - 1 || right > room.right + 1 || text.textContent.includes("…");
    }).map(text => text.textContent);
  })"""


def expected(chapter: str) -> tuple[int, int, int]:
    """Code cells of a chapter, its charts, and those of them that have sliders."""
    cells = json.loads((SITE / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    specs = [
        output["data"][VEGA]
        for cell in cells
        for output in cell.get("outputs", [])
        if VEGA in output.get("data", {})
    ]
    code = sum(cell["cell_type"] == "code" for cell in cells)
    return code, len(specs), sum(bool(spec.get("usermeta", {}).get("live")) for spec in specs)


def bare(path: Path) -> dict[str, Any]:
    """Notebook with every cell unfolded, so that its number shows, and with no output but of this run."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"metadata": {}, "outputs": [], "execution_count": None}
    return notebook


@pytest.fixture(scope="module")
def laboratory(site: Path, installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server whose kernels have `dojo_calc` from its wheel, and whose folder has the notebooks."""
    folder = tmp_path_factory.mktemp("laboratory")
    work = folder / "work"
    work.mkdir()
    for copy, chapter in COPIES.items():
        (work / f"{copy}.ipynb").write_text(json.dumps(bare(site / "notebooks" / f"{chapter}.ipynb")))
    kernel = folder / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    start = [str(installed), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": start, "display_name": "Python 3", "language": "python"}))
    for name, setting in SETTINGS.items():
        path = folder / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        "JUPYTER_PATH": folder,
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
    }
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={work}", "--ServerApp.port_retries=0"]
    log = folder / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command,
            cwd=work,
            env=clean | {name: str(path) for name, path in own.items()},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(port, server, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()
            server.wait(timeout=SECONDS)


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as caller:
            caller.settimeout(1)
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail(f"the server did not start:\n{log.read_text()[-2000:]}")


def opened(browser: Browser, address: str, cells: int) -> tuple[Page, list[str]]:
    """Page of a notebook, shut off from all but its server, and what it asked of others."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(SECONDS * 1000)
    foreign: list[str] = []
    own = re.match(r"http://[^/]+", address)
    assert own is not None

    def refuse(route: Any) -> None:
        foreign.append(route.request.url)
        route.abort()

    page.route(re.compile(rf"^(?!{re.escape(own[0])}|ws://|data:|blob:)"), refuse)
    page.goto(address)
    # The cells come one by one, and a notebook runs nothing before its kernel is there.
    page.wait_for_function(f"document.querySelectorAll('.jp-Notebook .jp-CodeCell').length === {cells}")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached")
    return page, foreign


def run_all(page: Page) -> None:
    """Run all cells by the menu; a notebook that is not quite ready takes no notice, so it is asked again."""
    for _ in range(6):
        try:
            page.get_by_role("menuitem", name="Run", exact=True).click(timeout=10_000)
            page.get_by_text("Run All Cells", exact=True).click(timeout=10_000)
            page.wait_for_function(BEGUN, timeout=10_000)
        except NotYet:
            continue
        return
    pytest.fail(f"the notebook runs nothing; {page.locator('.jp-Dialog').all_inner_texts()} lies above it")


@pytest.mark.parametrize("copy", COPIES)
def test_a_chapter_runs_and_draws(browser: Browser, laboratory: str, copy: str) -> None:
    cells, charts, live = expected(COPIES[copy])
    assert charts
    assert live
    # A workspace of its own, or the last chapter would be opened beside it.
    path = f"lab/workspaces/{copy}/tree" if copy in CHAPTERS else "notebooks"
    page, foreign = opened(browser, f"{laboratory}{path}/{copy}.ipynb", cells)
    try:
        run_all(page)
        # Cells are numbered as they run; the last number stands when all have.
        expect(page.locator(".jp-CodeCell .jp-InputPrompt").last).to_have_text(
            f"[{cells}]:", timeout=SECONDS * 1000
        )
        errors = page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')
        assert errors.all_inner_texts() == []
        expect(page.locator(DRAWN).first).to_be_attached()
        page.wait_for_function(f"({DRAWINGS})().filter(one => one.includes('role-mark')).length === {charts}")
        assert page.evaluate(UNALIGNED) == 0
        assert page.evaluate(CUT) == []
        assert foreign == []

        assert page.locator(".vega-bind input[type=range]").count() >= live
        before = page.evaluate(DRAWINGS)
        slider = page.locator(".vega-bind input[type=range]").first
        slider.scroll_into_view_if_needed()
        slider.focus()
        page.keyboard.press("Home")
        page.wait_for_timeout(500)
        after = page.evaluate(DRAWINGS)
        assert len(after) == charts
        moved = [one != other for one, other in zip(before, after, strict=True)]
        assert sum(moved) == 1
    finally:
        page.close()
