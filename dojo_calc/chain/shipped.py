"""The models that ship: chains of the library's formulas over the catalogue's facts."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from dojo_calc.chain.autonomy import value_of_autonomy
from dojo_calc.chain.budget import training_budget
from dojo_calc.chain.build import chain
from dojo_calc.chain.capacity import fleet
from dojo_calc.chain.data_ceiling import data_ceiling
from dojo_calc.chain.feed import feed_dojo
from dojo_calc.chain.money import collateral
from dojo_calc.chain.next_silicon import next_silicon, samsung_contract
from dojo_calc.chain.procurement import pledge, race, swap, wafers_to_exapods
from dojo_calc.chain.programme import make_or_buy
from dojo_calc.chain.scarcity import scarcity
from dojo_calc.chain.silicon import die_to_tile
from dojo_calc.chain.training import training_run
from dojo_calc.chain.xai_money import xai_money
from dojo_calc.doors import door
from dojo_calc.errors import ModelError, UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.model import Model

__all__ = [
    "MODELS", "chain", "collateral", "data_ceiling", "die_to_tile", "feed_dojo", "fleet", "make_or_buy",
    "next_silicon", "pledge", "race", "samsung_contract", "scarcity", "shipped",
    "swap", "training_budget", "training_run", "value_of_autonomy", "wafers_to_exapods", "xai_money",
]  # fmt: skip

MODELS: dict[str, Callable[..., Model]] = {
    "chain": chain,
    "fleet": fleet,
    "make_or_buy": make_or_buy,
    "feed_dojo": feed_dojo,
    "collateral": collateral,
    "die_to_tile": die_to_tile,
    "wafers_to_exapods": wafers_to_exapods,
    "swap": swap,
    "race": race,
    "pledge": pledge,
    "training_run": training_run,
    "training_budget": training_budget,
    "value_of_autonomy": value_of_autonomy,
    "data_ceiling": data_ceiling,
    "next_silicon": next_silicon,
    "samsung_contract": samsung_contract,
    "xai_money": xai_money,
    "scarcity": scarcity,
}


# What a scenario can write for an option, by the words of the option's own type.
_PLAIN: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "Keep": str,
    "Date": (str, int),
    "int": int,
    "float": float,
    "Mapping": dict,
}
_ANY = (str, bool, int, float, list, dict)


@door
def shipped(name: str, book: Catalogue | None = None, **options: Any) -> Model:
    """Model that ships, by name.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    ModelError
        If the model takes no option of that name, or not of that kind.
    """
    if name not in MODELS:
        raise UnknownNameError(
            f"unknown model {name!r}{nearest(name, MODELS) or f'; there are {list(MODELS)}'}"
        )
    make = MODELS[name]
    kinds = {one.name: str(one.annotation) for one in inspect.signature(make).parameters.values()}
    known = [one for one in kinds if one != "book"]
    for option, value in options.items():
        if option not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise ModelError(f"{name} has no option {option!r}{nearest(option, known) or f'; {takes}'}")
        taken = {word: kind for word, kind in _PLAIN.items() if word in kinds.get(option, word)}
        if isinstance(value, _ANY) and (
            isinstance(value, bool) or not isinstance(value, tuple(taken.values()))
        ):
            raise ModelError(f"option {option} of {name} must be {' or '.join(taken)}, got {value!r:.60}")
    return make(book=book, **options)
