"""The reference has every public module, on a page of its room."""

from __future__ import annotations

import re
from collections import Counter

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


def test_every_public_module_stands_once_on_a_page_of_its_room() -> None:
    shown = {
        page.stem: SHOWN.findall(page.read_text(encoding="utf-8"))
        for page in (REPOSITORY / "book").glob("api*.md")
    }
    public = {module.__name__ for module in public_modules()}
    assert Counter(one for own in shown.values() for one in own) == Counter(public)
    for page, modules in shown.items():
        for module in modules:
            room = module.split(".")[1]
            assert f"{page}_".startswith(f"api_{room if room in ROOMS else 'units'}_"), (
                f"{module} is on {page}"
            )


def test_a_room_on_several_pages_lists_them() -> None:
    toc = (REPOSITORY / "book" / "_toc.yml").read_text(encoding="utf-8")
    for room in ROOMS | {"units"}:
        listed = (REPOSITORY / "book" / f"api_{room}.md").read_text(encoding="utf-8")
        for page in (REPOSITORY / "book").glob(f"api_{room}_*.md"):
            assert f"{{doc}}`{page.stem}`" in listed
            assert f"- file: {page.stem}\n" in toc
