"""How long a slider's move takes in a browser; needs a chromium and a built book."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.timing import Row

PAGE = Path(__file__).resolve().parents[1] / "_build" / "html" / "wafers_to_exapods.html"
MOVES = 200
UPDATE = """async moves => {
  const view = window.dojoCharts.find(view => view?.getState().signals.pieces_set !== undefined);
  const times = [];
  for (let i = 0; i < moves; i++) {
    const start = performance.now();
    await view.signal("pieces_set", 1000 + Math.random() * 19000).runAsync();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(0.95 * moves)];
}"""


def rows() -> Iterator[Row]:
    """Time the 95th percentile of a slider's move, the redrawing included."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not PAGE.is_file():
        sys.stderr.write("live_update needs a chromium and a built book, so it is not measured\n")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(PAGE.as_uri())
        page.wait_for_function("document.documentElement.dataset.chartsDrawn !== undefined")
        slowest = page.evaluate(UPDATE, MOVES) / 1e3
        browser.close()
    yield Row(
        "live_update", f"95th percentile of {MOVES} moves of a slider", slowest, 1 / slowest, None, None
    )
