"""The reference has every public module, on the page of its room."""

from __future__ import annotations

import re

from tests.discovery import public_modules

from .conftest import REPOSITORY

ROOMS = {
    "readings",
    "hardware",
    "performance",
    "economics",
    "model",
    "chain",
    "analysis",
    "questions",
    "pictures",
    "evidence",
}  # the rest stand on the page of units
SHOWN = re.compile(r"^\.\. automodule:: ([\w.]+)$", re.MULTILINE)


def test_every_public_module_stands_once_on_the_page_of_its_room() -> None:
    shown = sorted(
        (module, page.stem)
        for page in (REPOSITORY / "book").glob("api*.md")
        for module in SHOWN.findall(page.read_text(encoding="utf-8"))
    )
    rooms = {module.__name__: module.__name__.split(".")[1] for module in public_modules()}
    assert shown == sorted(
        (module, f"api_{room if room in ROOMS else 'units'}") for module, room in rooms.items()
    )
