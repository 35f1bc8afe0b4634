"""The book's own extensions build a small book: a slip in one of them shows before the whole book is built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OTHERS = ("third", "fourth", "fifth", "sixth", "seventh")
SEARCHED = """# How long does it train?

```{calculator} train
:chips: h100-sxm
:counts: 256
:begin: chips=256
```
"""
PAGE = """# A small book

```{facts-browser}
```

Model FLOPs utilisation is measured. $x = 1$

```{calculator} hour
:chips: h100-sxm
:begin: chips=1000
```
"""


def test_a_page_of_a_small_book_is_built_and_every_thing_has_its_own(tmp_path: Path) -> None:
    """A few pages, with the settings, extensions and files of the whole book, and without a warning.

    They are as many as Sphinx reads side by side, in forks, where polars, which a search needs, waits for ever.
    """
    pytest.importorskip("jupyter_book", reason="needs the extra [book]")
    book = tmp_path / "book"
    shutil.copytree(ROOT / "book", book, ignore=shutil.ignore_patterns("*.md", "__pycache__"))
    shutil.copyfile(ROOT / "_config.yml", tmp_path / "_config.yml")
    (book / "index.md").write_text(PAGE, encoding="utf-8")
    (book / "searched.md").write_text(SEARCHED, encoding="utf-8")
    for name in OTHERS:
        (book / f"{name}.md").write_text(f"# The {name} page\n", encoding="utf-8")
    chapters = "".join(f"  - file: {name}\n" for name in ("searched", *OTHERS))
    (book / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n{chapters}", encoding="utf-8")
    built = subprocess.run(
        [
            str(Path(sys.executable).with_name("jupyter-book")),
            "build",
            "book",
            "--config",
            "_config.yml",
            "-W",
        ],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(ROOT)},  # this checkout's library, wherever another is installed from
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    site = tmp_path / "_build" / "html"
    things = {path.stem for path in (site / "facts").glob("*.html")}
    assert {"d1", "h100-sxm"} <= things
    assert '"facts/h100-sxm"' in (site / "searchindex.js").read_text("utf-8")
    page = (site / "index.html").read_text("utf-8")
    assert page.count('class="dojo-calculator"') == 1
    assert "assets/dojo-calculator.js" in page
    assert '"begin":"ask=hour&chips=1000"' in page
    assert (site / "searched.html").read_text("utf-8").count('class="dojo-calculator"') == 1
    words = json.loads((site / "assets" / "dojo-words.js").read_text("utf-8")[len("window.dojoWords=") : -2])
    assert '<div id="a-small-book">A small book' in words["index"]
    assert "Model FLOPs utilisation is measured." in words["index"]
    assert "H100" in words["facts/h100-sxm"]
    assert (site / "assets" / "facts.parquet").stat().st_size > 0
