"""What the tests of the built book share: the book, a local server, and one browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import venv
from collections.abc import Iterable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.book.asking import CHIPS, HERE
from tests.conftest import BROWSER, FIREFOX

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from dojo_calc.pictures.calculator import Calculator

# tests/conftest.py says at the end of a run what is left out.
if not BROWSER and os.environ.get("DOJO_CALC_NO_SKIPS") != "1":
    collect_ignore_glob = ["*.py"]
elif not (shutil.which(FIREFOX) or os.environ.get("FIREFOX")):
    collect_ignore = ["test_firefox.py"]

REPOSITORY = Path(__file__).parents[2]
SITE = REPOSITORY / "_build" / "html"
REFERENCE = ("api_", "formulas_")  # how its pages begin, all those of one kind written by one function
sys.path.insert(0, str(REPOSITORY / "book" / "_ext"))  # where Sphinx finds what is imported from there
printing = import_module("print_book")  # it prints with the browser that the tests open pages in


def leave_out(reason: str) -> NoReturn:
    """Skip, or fail where a skip is not allowed."""
    if os.environ.get("DOJO_CALC_NO_SKIPS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pages() -> list[str]:
    """Names of the pages of the built book, the theme's own templates left out.

    Of the pages of things, which one function writes, the longest, the shortest and one between.
    """
    found = (path.relative_to(SITE) for path in SITE.rglob("*.html"))
    own = [path.as_posix() for path in found if path.parts[0] not in ("_static", "facts")]
    return sorted([*own, *_three(path.relative_to(SITE).as_posix() for path in SITE.glob("facts/*.html"))])


def _three(names: Iterable[str]) -> set[str]:
    """Of pages that one function writes, the longest, the shortest and one between."""
    by_size = sorted(names, key=lambda name: ((SITE / name).stat().st_size, name))
    return {by_size[place] for place in (0, len(by_size) // 2, -1) if by_size}


def kinds() -> list[str]:
    """Pages to look at closely: all but those of the reference, of which the longest, the shortest and one between.

    One function writes the pages of the reference from docstrings, one the sheets of formulas.
    """
    found = pages()
    chapters = [name for name in found if not name.startswith(REFERENCE)]
    reference = (_three(name for name in found if name.startswith(start)) for start in REFERENCE)
    return sorted([*chapters, *chain.from_iterable(reference)])


def mixtures() -> list[str]:
    """For each set of scripts that a page loads, the smallest page that loads it."""
    found: dict[frozenset[str], str] = {}
    for name in sorted(pages(), key=lambda name: (SITE / name).stat().st_size):
        scripts = re.findall(
            r'<script[^>]* src="(?:\.\./)*([^"?]+)', (SITE / name).read_text(encoding="utf-8")
        )
        found.setdefault(frozenset(scripts), name)
    return sorted(found.values())


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line on stderr for each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built book."""
    if not (SITE / "index.html").is_file():
        leave_out("the pages of the book are not tested: there is no built book; run `make book`")
    return SITE


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[str]:
    """Address of a local server that serves the book."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}/"
        httpd.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    executable = printing.chromium()
    if executable is None:
        leave_out(
            "the pages of the book are not opened in a browser: none of "
            f"{', '.join(printing.CHROMIUM_NAMES)} was found; install one or name it in CHROMIUM"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=printing.CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def made() -> Calculator:
    """Calculator of the chain with a few chips, made once."""
    from dojo_calc.pictures.chain_calculator import chain_calculator

    return chain_calculator(chips=CHIPS, counts=(4096, 16384))


@pytest.fixture(scope="session")
def address(made: Calculator, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where that calculator lies, as one file."""
    return made.save(tmp_path_factory.mktemp("calculator") / "calculator.html").as_uri()


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """Page that must stay silent and ask nobody."""
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(HERE) else said.append(request.url))
    yield page
    assert said == []
    page.close()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a fresh environment where only `dojo_calc` is installed, from its wheel.

    Everything else is borrowed from the environment of the tests, through a path file: the editable install
    there works by a path file of its own, which is not read from here.
    """
    folder = tmp_path_factory.mktemp("installed")
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(REPOSITORY),
    ]
    run(build, folder)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    run([str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)], folder)
    (packages,) = (environment / "lib").glob("python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def run(command: list[str], folder: Path) -> None:
    """Run a command in a folder, with nothing of this checkout on its path."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
