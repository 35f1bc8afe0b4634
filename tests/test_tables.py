"""Tables that cannot be read: each is one clear line, and nothing is waited for or swallowed whole."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dojo_calc import tables
from dojo_calc.errors import FactsError
from dojo_calc.evidence.measured.clusters import validate_clusters
from dojo_calc.performance.workload import transformers
from dojo_calc.tables import data_path, header_of


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'"entity,quantity\nd1,power\n', "line 1: expected the header"),
        (b'model,"lay"ers,hidden\n', "line 1: expected the header"),
        (b"x" * 200_000 + b"\n1\n", "line 1: expected the header"),
        (b"model,layers\nx,\x00\n", "line 2, character 3: expected text, got the control character 0x00"),
        (
            b"model,layers\n\x1b[31mred,1\n",
            "line 2, character 1: expected text, got the control character 0x1b",
        ),
        (
            "model,layers\nx,\x9b1\n".encode(),
            "line 2, character 3: expected text, got the control character 0x9b",
        ),
        (b"model;layers\nx;1\n", "line 1: expected cells parted by commas, got ';' between them"),
        (b"model\tlayers\nx\t1\n", "line 1: expected cells parted by commas, got '\\t' between them"),
        (b"", "line 1: the file is empty; expected the header"),
    ],
)
def test_a_malformed_table_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(content)
    with pytest.raises(FactsError) as caught:
        transformers(path)
    assert str(caught.value).startswith(f"{path}, {message}")
    assert "\n" not in str(caught.value)


def test_a_device_that_never_ends_is_refused_by_its_size() -> None:
    with pytest.raises(FactsError, match="/dev/zero: expected a table of at most 32 MB, got more"):
        header_of(Path("/dev/zero"))


def test_a_file_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.csv"
    path.write_bytes(b"a,b\n1,2\n")
    monkeypatch.setattr(tables, "MOST_BYTES", 8)
    assert header_of(path) == ["a", "b"]
    monkeypatch.setattr(tables, "MOST_BYTES", 7)
    with pytest.raises(FactsError, match="at most"):
        header_of(path)


def test_a_pipe_without_a_writer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    monkeypatch.setattr(tables, "PATIENCE", 0.05)
    with pytest.raises(FactsError, match="got a pipe that nobody wrote to"):
        header_of(path)


def test_a_pipe_is_read_once_and_known_twice(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data_path("models.csv").read_bytes(),))
    writer.start()
    assert header_of(path)[0] == "model"
    assert transformers(path) == transformers()
    writer.join()


def test_the_standard_input_is_read_once() -> None:
    with data_path("validation/clusters.csv").open("rb") as file:
        content = file.read()
    found = subprocess.run(
        [sys.executable, "-m", "dojo_calc", "validate", "/dev/stdin", "--csv"],
        input=content,
        capture_output=True,
    )
    assert (found.returncode, found.stderr) == (0, b"")
    assert len(found.stdout.splitlines()) == 1 + len(validate_clusters().rows)


def test_a_header_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match="cannot be read"):
        header_of(tmp_path / "absent.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(FactsError, match="is empty"):
        header_of(tmp_path / "empty.csv")
    (tmp_path / "one.csv").write_text("a, b\n1,2\n", encoding="utf-8")
    assert header_of(tmp_path / "one.csv") == ["a", "b"]
