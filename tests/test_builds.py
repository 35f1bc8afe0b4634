"""Builds do not get into each other's way, and leave no mixture behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

CI = Path(__file__).resolve().parents[1] / ".ci"
# Writes two pages, the second after a while, or fails between them.
STUB = """#!/bin/sh
out=$6/_build/html
mkdir -p "$out"
echo "$WHO" > "$out/one.html"
[ "$WHO" != broken ] || exit 1
sleep 0.3
echo "$WHO" > "$out/two.html"
echo digest > "$out/.buildinfo"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Folder with spaces in its name, sources, and a builder that is quick."""
    folder = tmp_path / "a folder, übrigens"
    for name in ("book", "data", "dojo_calc", ".venv/bin"):
        (folder / name).mkdir(parents=True)
    for name in ("_config.yml", "book/a.md", ".venv/.ready"):
        (folder / name).write_text("")
    stub = folder / ".venv/bin/jupyter-book"
    stub.write_text(STUB)
    stub.chmod(0o755)
    return folder


def build(checkout: Path, who: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(CI / "locked.py"), "_build/.lock", str(CI / "book"), *words]
    return subprocess.Popen(
        command, cwd=checkout, env={"PATH": "/usr/bin:/bin", "WHO": who}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def done(running: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code, and what was said on standard error."""
    _, err = running.communicate(timeout=60)
    return running.returncode, err


def pages(checkout: Path) -> list[str]:
    return [(checkout / "_build/html" / name).read_text().strip() for name in ("one.html", "two.html")]


def test_a_second_build_waits_and_a_broken_one_changes_nothing(checkout: Path) -> None:
    first = build(checkout, "first")
    while not (checkout / "_build/.new").exists():
        time.sleep(0.01)
    second = build(checkout, "second")
    assert done(first) == (0, "")
    code, told = done(second)
    assert (code, "Waiting" in told) == (0, True)
    assert pages(checkout) == ["second", "second"]
    assert done(build(checkout, "broken"))[0] == 1
    assert pages(checkout) == ["second", "second"]
    assert not (checkout / "_build/html/.buildinfo").exists()


def test_a_book_is_built_again_only_for_a_newer_source(checkout: Path) -> None:
    assert done(build(checkout, "first")) == (0, "")
    assert done(build(checkout, "second", "if-older")) == (0, "")
    assert pages(checkout) == ["first", "first"]
    time.sleep(0.02)
    (checkout / "book/a.md").write_text("more")
    assert done(build(checkout, "third", "if-older")) == (0, "")
    assert pages(checkout) == ["third", "third"]


def test_an_edit_during_a_build_is_newer_than_the_book(checkout: Path) -> None:
    running = build(checkout, "first")
    while not (checkout / "_build/.new/_build/html/one.html").exists():
        time.sleep(0.01)
    (checkout / "book/a.md").write_text("more")
    assert done(running) == (0, "")
    assert done(build(checkout, "second", "if-older")) == (0, "")
    assert pages(checkout) == ["second", "second"]


def test_what_a_killed_build_started_keeps_the_lock(checkout: Path) -> None:
    command = [
        sys.executable,
        str(CI / "locked.py"),
        "_build/.lock",
        "sh",
        "-c",
        "sleep 0.5 & echo started; wait",
    ]
    killed = subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "started\n"
    killed.kill()
    killed.wait()
    code, told = done(build(checkout, "next"))
    assert (code, "Waiting" in told) == (0, True)
    killed.stdout.close()
