"""Finds `data/` and reads its tables, refusing a bad row with file, line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dojo_calc.errors import FactsError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Place", "data_path", "read_rows"]


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


class Place:
    """Where a row stands, so that whatever refuses it later can say so."""

    def __init__(self, path: Path, line: int, columns: list[str]) -> None:
        self.path, self.line, self.columns = path, line, columns

    def error(self, column: str, message: str) -> FactsError:
        """Error that names file, line and column."""
        number = self.columns.index(column) + 1 if column in self.columns else 1
        return FactsError(f"{self}, column {number} ({column}): {message}")

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
        If the file is missing, is not UTF-8, has unknown, missing or doubled columns, or a cell does not fit.
    """
    from pydantic import ValidationError

    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    header = next(reader, None)
    if header is None:
        raise FactsError(f"{Place(path, 1, [])}: the file is empty; expected the header {_header(model)}")
    columns = [name.strip() for name in header]
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
            raise FactsError(f"{place}: expected {len(columns)} cells ({_header(model)}), got {len(cells)}")
        filled = {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if cell.strip()}
        try:
            yield model.model_validate(filled), place
        except ValidationError as error:
            first = error.errors()[0]
            column = str(first["loc"][0]) if first["loc"] else columns[0]
            raise place.error(column, _reason(first["type"], first["msg"], filled.get(column))) from None


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FactsError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise FactsError(
            f"{path}, line {line}, byte {column}: expected UTF-8 text, got the byte 0x{raw[error.start]:02x}; "
            "save the file as UTF-8"
        ) from None


def _header(model: type[BaseModel]) -> str:
    return ",".join(model.model_fields)


def _check_header(place: Place, columns: list[str], model: type[BaseModel]) -> None:
    known = set(model.model_fields)
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
