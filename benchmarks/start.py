"""How long the import and the book take."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.timing import Row, medians

ROOT = Path(__file__).resolve().parents[1]


def rows() -> Iterator[Row]:
    """Time `import dojo_calc` above a bare interpreter, and the book from nothing."""

    def python(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    full, bare, numpy = medians(
        lambda: python("import dojo_calc"), lambda: python("pass"), lambda: python("import numpy")
    )
    yield Row(
        "import",
        "import dojo_calc, interpreter's start taken off",
        full - bare,
        None,
        "numpy",
        (numpy - bare) / (full - bare),
    )

    with tempfile.TemporaryDirectory() as folder:
        for name in ("book", "_config.yml", "dojo_calc", "data"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, Path(folder) / name)
            else:
                shutil.copy(source, folder)
        build = [
            str(Path(sys.executable).parent / "jupyter-book"),
            "build",
            "book",
            "--config",
            "_config.yml",
        ]
        build += ["--path-output", ".", "-W", "-n", "--keep-going"]

        def book() -> None:
            shutil.rmtree(Path(folder) / "_build", ignore_errors=True)
            subprocess.run(build, cwd=folder, check=True, capture_output=True)

        (seconds,) = medians(book, repeats=1)
    yield Row("book", "every chapter executed and rendered from an empty _build", seconds, None, None, None)
