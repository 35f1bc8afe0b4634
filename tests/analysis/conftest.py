"""What several tests of analyses ask and listen to."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeAlias

import pytest

import dojo_calc as dc
from dojo_calc.quantities import Count, Money, Ratio, SignedCount

Listened: TypeAlias = Callable[[ModuleType, str], list[tuple[int, int]]]


def product(first: Money, second: Ratio) -> Money:
    return first * second


def same(x: Count) -> Count:
    return 1.0 * x


def short_of_five(x: Count) -> SignedCount:
    return 5.0 - x


@pytest.fixture
def lognormals() -> dc.Model:
    return dc.Model({"y": product}, {"first": (100, 50, 200), "second": (3, 1, 9)})


@pytest.fixture
def listened(monkeypatch: pytest.MonkeyPatch) -> Listened:
    """Listens to a function of a module: the points of each block, and of all, that it is told."""

    def listen(module: ModuleType, name: str) -> list[tuple[int, int]]:
        told: list[tuple[int, int]] = []
        plain = getattr(module, name)

        def listening(*given: Any) -> Any:
            told.append(given[-2:])
            return plain(*given)

        monkeypatch.setattr(module, name, listening)
        return told

    return listen
