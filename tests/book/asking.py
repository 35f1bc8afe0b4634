"""How the tests ask a calculator in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHIPS = ("h100-sxm", "gb200", "d1", "tpu-v5p")
HERE = ("file:", "data:", "blob:", "about:")  # what a page may ask
# States of a page, as its address has them.
STATES = (
    "ask=train&pick.chip=gb200&chips=4096&tokens=30000000000000",
    "ask=hour&pue=1.1~1.05~1.2&answer=lease&server_price=41234.567",
    "ask=hour&pick.assumptions=laboratory&pick.chip=tpu-v5p",
    "ask=power&wanted.fleet_site_power_rated=1000000000",
    "ask=train&hourly_rent=@median_2025&chips=10007",
)
# Value of an expression about the calculator `c`.
_ASKED = "JSON.stringify((() => { const c = document.querySelector('.dojo-calculator').dojo; return %s; })())"


def ask(tab: Page, address: str, state: str = "") -> None:
    """Open a state afresh, and wait until all draws are in."""
    tab.goto("about:blank")
    tab.goto(f"{address}#{state}" if state else address)
    tab.wait_for_selector(".dojo-calculator[data-ready]")


def js(tab: Page, text: str) -> Any:
    """Value of an expression about the calculator `c`."""
    return json.loads(tab.evaluate(_ASKED % text))


@contextmanager
def settles(tab: Page) -> Iterator[None]:
    """Wait until what is changed inside is drawn in full; the page may be faster than a question asked after it."""
    before = tab.evaluate("document.querySelector('.dojo-calculator').dataset.ready")
    yield
    tab.wait_for_function(
        "before => document.querySelector('.dojo-calculator').dataset.ready !== before", arg=before
    )
