"""README.md says what is so: its code runs, its output is printed, its picture is drawn from the library."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import dojo_calc as dc

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_the_code_runs_and_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    printed = capsys.readouterr().out
    shown = re.search(r"```\n\n((?:    .*\n)+)\n## How it is built", README)
    assert shown is not None
    assert printed == re.sub(r"^    ", "", shown[1], flags=re.MULTILINE)


def test_numbers_beside_the_code() -> None:
    assert f"{dc.units_needed(100 * dc.exa, 362 * dc.tera):.2f}" in README
    assert dc.machine("exapod").peak("bf16") / dc.exa == pytest.approx(1.086)


def test_the_picture_is_what_the_library_draws() -> None:
    drawn = runpy.run_path(str(ROOT / "book/_ext/readme_picture.py"))["picture"]()
    kept = (ROOT / "book/_static/hundred-exaflops.svg").read_text()

    def words(svg: str) -> list[str]:
        return re.findall(r">([^<>]+)</text>", svg)

    assert words(kept) == words(drawn)
    alternative = README[README.index("![") : README.index("](book")]
    for number in (
        text for text in words(kept) if re.fullmatch(r"[\d,]{2,}", text) and not text.endswith("0")
    ):
        assert number in alternative
