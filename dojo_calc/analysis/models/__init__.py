"""The models that ship: chains of the library's formulas over the catalogue's facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.analysis.feed import feed_dojo
from dojo_calc.analysis.model import Model
from dojo_calc.analysis.models.capacity import fleet, spec_to_cheque
from dojo_calc.analysis.models.programme import make_or_buy
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue

__all__ = ["MODELS", "feed_dojo", "fleet", "make_or_buy", "shipped", "spec_to_cheque"]

MODELS: dict[str, Callable[..., Model]] = {
    "spec_to_cheque": spec_to_cheque,
    "fleet": fleet,
    "make_or_buy": make_or_buy,
    "feed_dojo": feed_dojo,
}


def shipped(name: str, book: Catalogue | None = None, **options: Any) -> Model:
    """Model that ships, by name.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if name not in MODELS:
        raise UnknownNameError(
            f"unknown model {name!r}{nearest(name, MODELS) or f'; there are {list(MODELS)}'}"
        )
    return MODELS[name](book=book, **options)
