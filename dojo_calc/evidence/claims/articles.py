"""What the models beside the chain give for claims: video that is stored, a tile on one wafer, the costliest bet."""

from __future__ import annotations

from dojo_calc.chain.shipped import data_ceiling, next_silicon, xai_money
from dojo_calc.evidence.claims.answers import derive, model_corners, over, unknown
from dojo_calc.evidence.claims.registrar import Answers, check
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.hardware.catalog import Catalogue

__all__: list[str] = []


@check("D12")
def stored_video(book: Catalogue) -> Answers:
    model = data_ceiling(book)
    low, value, high = model_corners(model, "clip_cache_distance")
    hours = model.evaluate("clip_cache_time")
    return {
        "stored for training": Answer(
            low,
            value,
            high,
            "What the one storage that was told holds, at the bytes a second of a set told in 2021 and the mean "
            "speed of driving.",
            (derive("hours that it holds", hours, "hour"),),
        ),
        "driven with FSD by April 2024": over(
            lambda distance: distance,
            book.facts.get("fsd-fleet", "distance_total", "2024_04"),
            reason="1.3 billion miles: what is driven is not what is kept.",
        ),
    }


@check("D28")
def tile_on_one_wafer(book: Catalogue) -> Answers:
    got = next_silicon(book).evaluate(["wafer_sites_unspared", "wafer_sites_yield", "tile", "wafer_tile"])
    return {
        "": unknown(
            "It was never shown. As a novelty it is half true: the D1's tile already is 25 dies on one carrier "
            "wafer, and no uncut one. It could be made, with sites to spare, and would cost more.",
            derive("wafers on which 25 sites work, none to spare", got["wafer_sites_unspared"], "percent"),
            derive("wafers on which 25 sites work, some to spare", got["wafer_sites_yield"], "percent"),
            derive("tile of tested dies", got["tile"], "USD"),
            derive("tile that is one wafer", got["wafer_tile"], "USD"),
        )
    }


@check("X27")
def costliest_bet(book: Catalogue) -> Answers:
    facts, model = book.facts, xai_money(book)
    periods = ("y2024", "y2025", "q1_2026")
    built, lost = (
        sum(facts.value("xai", name, one) for one in periods)
        for name in ("capital_spending", "operating_loss")
    )
    return {
        "": unknown(
            "What success takes is X01. What was spent by the spring of 2026 is far below what others spend in a "
            "year.",
            derive("capital spending from 2024 to March 2026", built, "GUSD"),
            derive("the same with operating losses", built + lost, "GUSD"),
            derive("spent in a year at the start of 2026", model.evaluate("burn_yearly"), "GUSD/year"),
        )
    }
