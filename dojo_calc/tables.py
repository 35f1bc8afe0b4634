"""Finds `data/` and reads its tables, refusing a bad row with file, line and column."""

from __future__ import annotations

import csv
import io
import os
import re
import select
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dojo_calc.errors import FactsError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Place", "data_path", "header_of", "read_rows", "read_text", "row_error", "whole_file"]

MOST_BYTES = 32 << 20  # a table of a quarter of a million rows; a device never ends
PATIENCE = 5.0  # seconds for a named pipe's writer to appear
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def data_path(name: str = "") -> Path:
    """Path of a file or folder of `data/`, in an installed wheel as in a checkout.

    A wheel carries the folder inside the package; an editable install leaves it beside the package.

    Parameters
    ----------
    name : str
        Relative to `data/`, such as ``"sources.csv"``.

    Returns
    -------
    pathlib.Path
    """
    return _data() / name


@cache
def _data() -> Path:
    package = Path(__file__).resolve().parent
    inside = package / "data"
    return inside if inside.is_dir() else package.parent / "data"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name to write a file under, which gets the file's own once it is whole, and is gone if it never is.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    pathlib.Path
        Of the file's folder, and nobody else's: several processes may write one file at a time.
    """
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


class Place:
    """Where a row stands, so that whatever refuses it later can say so."""

    def __init__(self, path: Path, line: int, columns: tuple[str, ...]) -> None:
        self.path, self.line, self.columns = path, line, columns

    def error(self, column: str, message: str) -> FactsError:
        """Error that names file, line and column."""
        if column not in self.columns:
            return FactsError(f"{self}, column {column!r}, which the file does not have: {message}")
        return FactsError(f"{self}, column {self.columns.index(column) + 1} ({column}): {message}")

    def __str__(self) -> str:
        return f"{_shown(self.path)}, line {self.line}"


@cache
def _shown(path: Path) -> str:
    """Path of a file as messages name it: a shipped one from `data/` on."""
    shipped = data_path()
    return f"data/{path.relative_to(shipped)}" if path.is_relative_to(shipped) else str(path)


Row = TypeVar("Row", bound="BaseModel")


def read_rows(path: Path, model: type[Row]) -> Iterator[tuple[Row, Place]]:
    """Read a CSV whose rows are instances of a pydantic model.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8, comma separated, with a header line.
    model : type of pydantic.BaseModel
        Its fields are the columns; empty cells take the field's default where it has one.

    Yields
    ------
    row : model
    place : Place

    Raises
    ------
    FactsError
        If the file is missing, is no text in UTF-8, has unknown, missing or doubled columns, or a cell does not
        fit.
    """
    from pydantic import ValidationError

    reader, names = _opened(path, f"the header {_header(model)}")
    columns = tuple(names)
    _check_header(Place(path, 1, columns), columns, model)
    while True:
        place = Place(path, reader.line_num + 1, columns)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FactsError(f"{place}: the row is not CSV: {error}") from None
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise FactsError(
                f"{place}: expected {len(columns)} cells ({','.join(columns)}), got {len(cells)}"
            )
        filled = {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if cell.strip()}
        try:
            yield model.model_validate(filled), place
        except ValidationError as error:
            first = error.errors()[0]
            column = str(first["loc"][0]) if first["loc"] else columns[0]
            raise place.error(column, _reason(first["type"], first["msg"], filled.get(column))) from None


def row_error(table: str, name: str | tuple[str, ...], column: str, message: str) -> FactsError:
    """Error about a row of a shipped table that was read before and contradicts another.

    Parameters
    ----------
    table : str
        Relative to `data/`.
    name : str or tuple of str
        Cells that the row has and no row before it: its id, or what else tells it apart.
    column, message : str
        The cell at fault, what was expected and what came.

    Returns
    -------
    FactsError
        Names file, line and column.
    """
    path, cells = data_path(table), {name} if isinstance(name, str) else set(name)
    reader, names = _opened(path, "a header line")
    line = reader.line_num + 1
    for row in reader:
        if cells <= {cell.strip() for cell in row}:
            break
        line = reader.line_num + 1
    shown = name if isinstance(name, str) else ", ".join(name)
    return Place(path, line, tuple(names)).error(column, f"{shown}: {message}")


def header_of(path: Path) -> list[str]:
    """Names in the header line of a CSV file, by which the kind of its rows is told.

    Raises
    ------
    FactsError
        If the file cannot be read, is no text in UTF-8, or is empty.
    """
    return _opened(path, "a header line")[1]


def _opened(path: Path, expected: str) -> tuple[Any, list[str]]:
    """Reader of a CSV file behind its header, and that header."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise FactsError(f"{Place(path, 1, ())}: expected {expected}, got no CSV: {error}") from None
    if header is None:
        raise FactsError(f"{Place(path, 1, ())}: the file is empty; expected {expected}")
    return reader, [name.strip() for name in header]


def read_text(path: Path, what: str = "a table", most: int | None = None) -> str:
    """Text of a file that a person names: a pipe, a device and a gigabyte are refused, not waited for.

    Parameters
    ----------
    path : pathlib.Path
        In UTF-8.
    what : str
        What was expected, for messages.
    most : int, optional
        How many bytes it may have; `MOST_BYTES` if left out.

    Returns
    -------
    str

    Raises
    ------
    FactsError
        If the file cannot be read, is larger, is no text in UTF-8, or holds control characters.
    """
    most = MOST_BYTES if most is None else most
    try:
        raw = _raw(path, what, most)
    except OSError as error:
        raise FactsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # a path with a NUL in it
        raise FactsError(f"{str(path)!r}: cannot be read: {error}") from None
    if len(raw) > most:
        raise FactsError(f"{path}: expected {what} of at most {most / 2**20:g} MB, got more")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise FactsError(
            f"{path}, line {line}, byte {column}: expected UTF-8 text, got the byte 0x{raw[error.start]:02x}; "
            "save the file as UTF-8"
        ) from None
    if found := _CONTROL.search(text):  # it would reach a terminal
        line, start = text.count("\n", 0, found.start()) + 1, text.rfind("\n", 0, found.start())
        raise FactsError(
            f"{path}, line {line}, character {found.start() - start}: expected text, got the control character "
            f"0x{ord(found[0]):02x}"
        )
    return text


def _raw(path: Path, what: str, most: int) -> bytes:
    """Content of a file, one byte more than is allowed where there is more; what is no file is read once."""
    found = path.stat()
    if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
        with path.open("rb") as file:
            return file.read(most + 1)
    stream = path, found.st_dev, found.st_ino
    if stream not in _streams:
        _streams[stream] = _streamed(path, what, most)
    return _streams[stream]


_streams: dict[tuple[Path, int, int], bytes] = {}  # a pipe or a device cannot be read again


def _streamed(path: Path, what: str, most: int) -> bytes:
    named = stat.S_ISFIFO(path.stat().st_mode) and not os.path.realpath(path).startswith("/proc/")
    with open(os.open(path, os.O_RDONLY | (os.O_NONBLOCK if named else 0)), "rb") as file:
        if named:  # without a writer it would be waited for as long as the process lives
            waiting = select.poll()
            waiting.register(file, select.POLLIN | select.POLLHUP)
            if not waiting.poll(PATIENCE * 1000.0):
                raise FactsError(
                    f"{path}: expected {what}, got a pipe that nobody wrote to in {PATIENCE:g} s"
                )
            os.set_blocking(file.fileno(), True)
        return file.read(most + 1)


def _header(model: type[BaseModel]) -> str:
    return ",".join(model.model_fields)


def _check_header(place: Place, columns: tuple[str, ...], model: type[BaseModel]) -> None:
    known = set(model.model_fields)
    if len(columns) == 1 and (part := next((one for one in ";\t|" if one in columns[0]), "")):
        raise FactsError(f"{place}: expected cells parted by commas, got {part!r} between them")
    for name in columns:
        if name not in known:
            raise place.error(
                name, f"unknown column {name!r}{nearest(name, known)} (expected {_header(model)})"
            )
        if columns.count(name) > 1:
            raise place.error(name, f"column {name!r} stands twice")
    for name, field in model.model_fields.items():
        if field.is_required() and name not in columns:
            raise FactsError(f"{place}: column {name!r} is missing; expected {_header(model)}")


def _reason(kind: str, message: str, cell: str | None) -> str:
    if cell is None:
        return "the cell is empty; expected a value" if kind == "missing" else message
    expected = "a number" if kind.startswith("float") else message.removeprefix("Input should be ")
    return f"expected {expected.removeprefix('Value error, ')}, got {cell!r}"
