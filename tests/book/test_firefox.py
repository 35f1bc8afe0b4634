"""The built book in a stock Firefox, driven over WebDriver BiDi: what its own listeners and drawings do there."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

from tests.conftest import FIREFOX

from .conftest import leave_out
from .test_pages import KNOWN_MESSAGES, UNDRAWN_FORMULAS

pytestmark = pytest.mark.browser
PATIENCE = 120  # seconds for anything that Firefox is asked, on a machine that has much else to do
# Answers once the page's charts are drawn, and its formulas.
SETTLED = """new Promise(done => {
  const drawn = () => "chartsDrawn" in document.documentElement.dataset || !document.querySelector(".dojo-chart");
  const look = () => !drawn()
    ? setTimeout(look, 50) : Promise.resolve(window.MathJax?.startup?.promise).then(() => done("settled"));
  look();
})"""
UNDRAWN = "[...document.querySelectorAll('figure.dojo-chart')].filter(one => !one.querySelector('svg.marks')).length"
MOVED = """(() => {
  const slider = document.querySelector(".vega-bind input[type=range]");
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  return new Promise(done => setTimeout(() => done(slider.getAttribute("aria-valuetext")), 200));
})()"""


class Firefox:
    """A session of WebDriver BiDi: questions, answers to them, and what was logged in between."""

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(
            f"{address}/session", timeout=PATIENCE, suppress_origin=True
        )
        self.numbers = itertools.count(1)
        self.logged: list[str] = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])
        self.window = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **parameters: Any) -> Any:
        """Result of a command."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self.socket.recv())
            if said.get("id") == number:
                assert said["type"] == "success", said
                return said["result"]
            if said.get("method") == "log.entryAdded" and said["params"]["level"] in {"warn", "error"}:
                self.logged.append(said["params"]["text"])

    def open(self, address: str) -> None:
        """Go to a page, and wait until it is drawn."""
        self.call("browsingContext.navigate", context=self.window, url=address, wait="complete")
        assert self.value(SETTLED) == "settled"

    def value(self, expression: str) -> Any:
        """Text or number that an expression has in the page, once it is known."""
        target = {"context": self.window}
        found = self.call("script.evaluate", expression=expression, target=target, awaitPromise=True)
        return found["result"].get("value")


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Firefox without a window, with a profile of its own, until the tests of this module are done."""
    executable = os.environ.get("FIREFOX") or shutil.which(FIREFOX)
    if executable is None:
        leave_out(f"the book is not opened in Firefox: {FIREFOX} was not found")
    profile = tmp_path_factory.mktemp("firefox")
    command = [
        executable,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            said = (re.search(r"WebDriver BiDi listening on (ws://\S+)", line) for line in process.stdout)
            session = Firefox(next(found[1] for found in said if found))
            with contextlib.closing(session.socket):
                yield session
                with contextlib.suppress(websocket.WebSocketException):
                    session.call("browser.close")
            process.wait(PATIENCE)
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["hundred_exaflops.html", "verdicts.html", "calculator.html"])
def test_firefox_draws_a_page_and_says_nothing(firefox: Firefox, site: Path, name: str) -> None:
    firefox.open((site / name).as_uri())
    assert firefox.value(UNDRAWN) == 0
    assert firefox.value(f"({UNDRAWN_FORMULAS})().join()") == ""
    assert firefox.value("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert set(firefox.logged) <= KNOWN_MESSAGES


def test_a_slider_answers_in_firefox(firefox: Firefox, site: Path) -> None:
    firefox.open((site / "tile_mesh.html").as_uri())
    before = firefox.value("document.querySelector('.vega-bind input').getAttribute('aria-valuetext')")
    assert re.fullmatch(r"[\d.,]+\sns", before)
    assert firefox.value(MOVED) not in {before, None}


def test_a_search_from_disk_finds_in_firefox(firefox: Firefox, site: Path) -> None:
    firefox.open(f"{(site / 'search.html').as_uri()}?q=utilisation")
    found = """new Promise(done => { const look = () => document.querySelector("#search-results li a")
      ? done("found") : setTimeout(look, 50); look(); })"""
    assert firefox.value(found) == "found"
    assert set(firefox.logged) <= KNOWN_MESSAGES
