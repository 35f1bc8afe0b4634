from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import settings

# Derandomised: a red run on one machine is red on the next one too. `make check` draws others, by a seed that it
# prints: --hypothesis-profile=roaming --hypothesis-seed=N.
settings.register_profile("steady", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("roaming", database=None, deadline=None, max_examples=60)
settings.load_profile("steady")

COVERED: list[str] = []
BROWSER = find_spec("playwright") is not None
FIREFOX = "firefox-esr"  # as Debian names it; another is named in the environment variable FIREFOX


@pytest.fixture(scope="session")
def covered() -> list[str]:
    """Names of the formulas whose dimension was tested, printed when the run closes."""
    return COVERED


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let an interrupt come through: under `nohup`, or behind `&` in a script, it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--order", type=int, help="a seed: run the tests in another order")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (seed := config.getoption("--order")) is not None:
        random.Random(seed).shuffle(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if COVERED:
        terminalreporter.write_line(
            f"dimension test covered {len(COVERED)} formulas: {', '.join(sorted(COVERED))}"
        )
    if not BROWSER:
        terminalreporter.write_line(
            "not run: tests/book, which needs the extra [browser]: pip install 'dojo_calc[browser]'",
            yellow=True,
        )
    elif not (shutil.which(FIREFOX) or os.environ.get("FIREFOX")):
        terminalreporter.write_line(
            f"not run: tests/book/test_firefox.py: {FIREFOX} is not installed", yellow=True
        )
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.write_line(f"not run: {len(skipped)} tests; see the reasons with -rs", yellow=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect what a process of pytest-xdist covered, when it ends."""
    COVERED.extend(getattr(node, "workeroutput", {}).get("covered", []))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under `make check` a skip is a failure: nothing may go unproven there."""
    if hasattr(session.config, "workeroutput"):  # one of several processes: pytest-xdist's
        session.config.workeroutput["covered"] = COVERED
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("DOJO_CALC_NO_SKIPS") == "1" and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
