"""What the models give for each claim of the ledger: one function an id, facts in, `Answer` out.

Intervals are those of `answers.corners`, over facts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dojo_calc import units
from dojo_calc.economics.capacity import fleet_rate, h100_equivalents, pooled_rate, share, units_needed, whole
from dojo_calc.economics.cost import external_purchases, purchase_cost, units_bought
from dojo_calc.economics.placement import dies_on_wafer, gross_dies_of
from dojo_calc.economics.power import pooled_power
from dojo_calc.economics.silicon import side_of_square
from dojo_calc.evidence.claims.answers import corners, derive, exact, over, three, told_by, unknown
from dojo_calc.evidence.claims.estimates import LATE_2024, PRICES, dojo_late_2024, h100s
from dojo_calc.evidence.claims.ledger import ledger
from dojo_calc.evidence.claims.registrar import Answers, check
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.performance.roofline import ridge_point
from dojo_calc.performance.roofs import feeds

__all__: list[str] = []


# --- What a chip is, and what it is made into -------------------------------------------------------------


@check("D17")
def own_hardware_against_gpus(book: Catalogue) -> Answers:
    d1, a100 = book.machine("d1"), book.machine("a100-sxm-80gb")
    memory = feeds(d1)[0].bandwidth / feeds(a100)[0].bandwidth
    edges = next(link for link in d1.links() if link.name == "die-edge").total_bandwidth
    nvlink = next(link for link in a100.links() if link.name == "nvlink").total_bandwidth
    capacity = feeds(d1)[0].capacity / feeds(a100)[0].capacity
    return {
        "nearest memory": exact(
            memory,
            "A D1 loads from its SRAM tens of times faster than an A100 from its HBM, and holds far less of it.",
            derive("capacity of that memory, D1 over A100", capacity),
        ),
        "off the die": exact(
            edges / nvlink,
            "Four die edges against the NVLink ports of an A100, both counted in one direction.",
        ),
        "latency": unknown(
            "The published latencies are not like for like: one-way writes against other operations."
        ),
    }


@check("D20")
def die_of_d1(book: Catalogue) -> Answers:
    transistors = book.facts.get("d1", "transistors")
    density = book.facts.get("d1", "transistor_density")
    area = transistors.value / density.value
    facts = {"wafer": "wafer_diameter", "edge": "edge_exclusion", "scribe": "scribe_width"}
    wafer = {name: book.facts.value("wafer-300mm", fact) for name, fact in facts.items()}
    return exact(
        area,
        "The published 50 billion transistors at the published density fill the printed area.",
        derive("transistors", transistors.value),
        derive("side of a square die", side_of_square(area), "mm"),
        derive("gross dies on a 300 mm wafer", dies_on_wafer(area, **wafer)),
    )


@check("D21")
def die_of_a100(book: Catalogue) -> Answers:
    a100 = book.machine("a100-sxm-80gb")
    density = a100.transistor_density()
    area = derive("die area", a100.total("die_area"), "mm^2")
    per_area = derive("transistors an area", density or 0.0, "1/mm^2")
    return exact(
        a100.total("transistors"), "Epoch's table, another source than the article's.", area, per_area
    )


@check("D22")
def d1_against_a100(book: Catalogue) -> Answers:
    d1, a100, tray = book.machine("d1"), book.machine("a100-sxm-80gb"), book.machine("dojo-tray")
    peak = share(d1.peak("bf16"), a100.peak("bf16"))
    fp32 = share(d1.peak("fp32"), a100.peak("fp32"))
    area = d1.total("die_area") / a100.total("die_area")
    near, far = feeds(d1)[0], feeds(d1, within=tray)[1]
    hbm = feeds(a100)[0]
    return {
        "peak": exact(peak, "At BF16 the D1 is rated above the A100.", derive("at FP32", fp32)),
        "peak at 8 bits": exact(
            share(d1.peak("fp8"), a100.peak("int8")), "A D1 is no faster at 8 bits, an A100 twice as fast."
        ),
        "transistors": exact(
            d1.total("transistors") / a100.total("transistors"),
            "The numbers that the article sets beside each other: 50 and 54 billion.",
        ),
        "peak an area": exact(peak / area, "The smaller die at that: the lead grows."),
        "memory on the chip's own package": exact(
            near.capacity / hbm.capacity,
            "SRAM of a D1 against HBM of an A100; the D1 has no memory behind it.",
        ),
        "kernel larger than its SRAM": exact(
            far.bandwidth / hbm.bandwidth,
            "Beyond its SRAM a D1 streams from its share of the tray's interface processors.",
            derive("share of one D1", far.bandwidth, "GB/s"),
        ),
    }


@check("D23")
def where_d1_loses(book: Catalogue) -> Answers:
    d1, a100, tray = book.machine("d1"), book.machine("a100-sxm-80gb"), book.machine("dojo-tray")
    near, far = (ridge_point(d1.peak("bf16"), one.bandwidth) for one in feeds(d1, within=tray)[:2])
    other = ridge_point(a100.peak("bf16"), feeds(a100)[0].bandwidth)
    return unknown(
        "States no claim; it follows from D22.",
        derive("ridge of a D1 in its SRAM", near, "FLOP/B"),
        derive("ridge of a D1 on the tray's HBM", far, "FLOP/B"),
        derive("ridge of an A100", other, "FLOP/B"),
    )


@check("D24")
def peak_of_tile(book: Catalogue) -> Answers:
    tile = book.machine("dojo-tile")
    return exact(
        tile.peak("bf16"),
        "25 D1 at the default reading of their peak.",
        derive("D1 a tile", tile.count("d1")),
    )


@check("D25")
def bandwidth_of_tile(book: Catalogue) -> Answers:
    edges = next(link for link in book.machine("dojo-tile").links() if link.name == "tile-edge")
    one_way = derive("in one direction", edges.total_bandwidth, "TB/s")
    return exact(
        2 * edges.total_bandwidth, "Four edges, in plus out: the figure counts both directions.", one_way
    )


@check("D26")
def levels(book: Catalogue) -> Answers:
    pod = book.machine("exapod")
    return exact(
        pod.count("dojo-tile"),
        "Tesla calls the first level a tray, not a rack.",
        derive("trays", pod.count("dojo-tray")),
        derive("cabinets", pod.count("dojo-cabinet")),
        derive("D1", pod.count("d1")),
        derive("peak", pod.peak("bf16"), "EFLOP/s"),
    )


@check("D27")
def several_exapods(book: Catalogue) -> Answers:
    planned = book.machine("dojo-1-plan")
    peak = derive("their peak", planned.peak("bf16"), "EFLOP/s")
    return exact(planned.count("exapod"), "ExaPODs planned for Palo Alto at AI Day 2022.", peak)


# --- How much a hundred exaflops is -----------------------------------------------------------------------


def _target() -> float:
    """The claimed hundred exaflops [FLOP/s]."""
    claim = ledger()["D40"]
    return units.to_si(claim.low or 0.0, claim.unit)


@check("D39")
def top_five(book: Catalogue) -> Answers:
    fifth = book.facts.value("lumi", "hpl_rate")
    cluster = book.machine("tesla-a100-2021-06")
    linpack, dojo = (
        book.facts.get("tesla-a100-2021-06", "hpl_rate"),
        book.facts.get("dojo-1", "reported_rate"),
    )
    measured_like = linpack.value / cluster.peak("bf16")
    needed = fifth / measured_like / book.machine("exapod").peak("bf16")
    estimate = dojo.value * measured_like
    derived = (
        derive("Linpack estimate of Dojo in August 2024", estimate, "PFLOP/s"),
        derive("Linpack rate of the fifth", fifth, "PFLOP/s"),
        derive("ExaPODs the fifth place takes", needed),
    )
    below = dojo.high * linpack.high / cluster.peak("bf16") < fifth
    return {
        "official list": unknown("Dojo never ran Linpack, and D1 has no published FP64 rate."),
        "the press's scaling of 2021": Answer(
            6.0 if below else 1.0,
            6.0 if below else 1.0,
            6.0 if below else 5.0,
            "Scaled as the press scaled Tesla's A100 cluster, even the high end of what was reported half a year "
            "after the date is below the fifth: sixth at the best.",
            derived,
        ),
    }


@check("D40")
def hundred_by_dojo(book: Catalogue) -> Answers:
    needed = units_needed(_target(), book.machine("exapod").peak("bf16"))
    return Answer(
        *dojo_late_2024(book),
        "From what was reported in August 2024 to the seven ExaPODs that were planned in 2022.",
        (derive("ExaPODs it takes", needed),),
    )


@check("D41")
def hundred_by_fleet(book: Catalogue) -> Answers:
    h100, a100 = (book.machine(name).peak("bf16") for name in ("h100-sxm", "a100-sxm-80gb"))
    posted, early = (h100s(book, name) for name in ("tesla-ai-2024-08", "tesla-h100-2024-q1"))
    on_track = book.facts.get("cortex-1", "gpu_count", "cfo_end_october_2024")
    by_october = tuple(one + more for one, more in zip(three(early), three(on_track), strict=True))
    older = next(iter(book.machine("tesla-a100-2022-08").parts))
    planned, reported = (book.facts.get("dojo-1", name) for name in ("h100_equivalents", "reported_rate"))
    dojo_planned = [pooled_rate(getattr(planned, of), h100) for of in INTERVAL]
    dojo_reported = [getattr(reported, of) for of in INTERVAL]

    def answer(gpus: Sequence[float], dojo: list[Any], reason: str, *told: str) -> Answer:
        low, central, high = (
            float(fleet_rate(pooled_rate(of_h100, h100), pooled_rate(of_a100, a100), of_dojo))
            for of_h100, of_a100, of_dojo in zip(gpus, three(older), dojo, strict=True)
        )
        share_of_dojo = derive("share of Dojo", float(dojo[1]) / central, "percent")
        return Answer(low, central, high, reason, (share_of_dojo,), told)

    return {
        "by the end of October 2024": answer(
            by_october,
            dojo_reported,
            "The H100 of the spring, Cortex as its finance chief had it on track for that month's end, the A100, and "
            "Dojo as reported in August.",
        ),
        "end of 2024, by the post": answer(
            three(posted),
            dojo_planned,
            "With the 90,000 H100 and the planned Dojo of a post that the same article prints.",
            planned.source,
        ),
        "known to stand before Cortex": answer(
            three(early), dojo_reported, "Without Cortex, of which an unknown part ran in October."
        ),
    }


INTERVAL = ("low", "value", "high")


@check("D42")
def one_exaflop(book: Catalogue) -> Answers:
    del book  # a matter of units alone
    exaflop = units.to_si(1.0, "EFLOP/s")
    kei = units.to_si(1e16, "FLOP/s")
    return exact(
        exaflop,
        "Exa is 10^18, which is 100 kei: the translation lost a factor.",
        derive("factor", exaflop / kei),
    )


@check("D43")
def d1_for_hundred(book: Catalogue) -> Answers:
    stated = book.facts.get("d1", "peak_bf16", "ai_day_2021")
    other = book.facts.get("d1", "peak_bf16", "hot_chips_34")
    needed = units_needed(_target(), stated.value)
    return exact(
        needed,
        "The claim names the 362 TFLOP/s it assumes.",
        derive("whole D1", whole(needed)),
        derive("whole D1 at the other published peak", whole(units_needed(_target(), other.value))),
    )


@check("D44")
def a100_for_hundred(book: Catalogue) -> Answers:
    needed = units_needed(_target(), book.machine("a100-sxm-80gb").peak("bf16"))
    return exact(needed, "Dense BF16 peak.", derive("whole A100", whole(needed)))


@check("D45")
def what_d1_imply(book: Catalogue) -> Answers:
    d1, needed = (
        book.machine("d1"),
        units_needed(_target(), book.facts.value("d1", "peak_bf16", "ai_day_2021")),
    )
    derived = [derive(f"{one.id}, exact", needed / one.count("d1")) for one in book.assemblies("d1")]
    derived.append(derive("gross wafers", needed / gross_dies_of("d1", book)))
    for one in (d1, *(book.machine(name) for name in ("dojo-tile", "dojo-tray"))):
        power: Any = pooled_power(whole(needed, one.count("d1")), one.total("power"))
        derived.append(derive(f"power counted at {one.id}", power, "MW"))
    tile = book.machine("dojo-tile")
    bound: Any = purchase_cost(whole(needed, tile.count("d1")), tile.total("cost_upper_bound"))
    derived.append(derive("at most, from Tesla's statement about a tile", bound, "GUSD"))
    return unknown("States no claim; it follows from D43.", *derived)


# --- Fleets, orders and money -----------------------------------------------------------------------------


@check("D33")
def paid_to_nvidia(book: Catalogue) -> Answers:
    facts = [
        book.facts.get("tesla-2024-ai-plan", name) for name in ("budget", "internal_share", "nvidia_share")
    ]
    paid: Any = external_purchases(*(fact.value for fact in facts))
    low, _, high = corners(external_purchases, *facts)
    bare, all_in = (book.facts.value("h100-sxm", name) for name in ("price", "price_all_in"))
    answer = exact(
        paid,
        "The post's own numbers as printed give the fourth; read as 'about', they allow more on both sides.",
        derive("low, every number read as 'about'", low, "GUSD"),
        derive("high, every number read as 'about'", high, "GUSD"),
        derive("H100 it buys at the bare price", units_bought(paid, bare)),
        derive("H100 it buys at the all-in price", units_bought(paid, all_in)),
    )
    return told_by(answer, *dict.fromkeys(fact.source for fact in facts))


@check("D46")
def buffalo(book: Catalogue) -> Answers:
    facts = book.facts
    pledged = facts.get("buffalo", "budget")
    equivalent, bound = (
        facts.value("buffalo", "h100_equivalents"),
        facts.value("dojo-tile", "cost_upper_bound"),
    )
    tiles: Any = units_bought(pledged.value, bound)
    prices = {
        name: corners(lambda price: purchase_cost(equivalent, price), facts.get("h100-sxm", quantity))
        for name, quantity in PRICES.items()
    }
    compared = tuple(
        derive(f"10,000 H100, which Musk put beside it, {name}, {end}", price, "MUSD")
        for name, span in prices.items()
        for end, price in zip(("low", "centre", "high"), span, strict=True)
    )
    return {
        "pledged": over(
            lambda money: money,
            pledged,
            reason="The governor's announcement, repeated to the State in August 2024.",
            derived=(
                derive("tiles, at least, for the same money", tiles),
                derive("their peak", pooled_rate(tiles, book.machine("dojo-tile").peak("bf16")), "EFLOP/s"),
                *compared,
            ),
        ),
        "spent": over(
            lambda money: money,
            facts.get("buffalo", "spent"),
            reason="In November 2025 the State said that Tesla had backed away from it; of money spent "
            "nothing is known.",
        ),
    }


@check("D48")
def training_loop(book: Catalogue) -> Answers:
    early, later = book.machine("tesla-h100-2024-q1").parts[0], book.machine("cortex-1").parts[0]
    claimed = {part.machine.id: part.count for part in book.machine("tesla-ai-2024-08").parts}
    h100 = book.machine("h100-sxm").peak("int8")
    derived = [derive("H100 for each AI4", claimed["h100-sxm"] / claimed["ai4"])]
    for fact in book.facts.readings("ai4", "peak_int8"):
        equal = h100_equivalents(pooled_rate(claimed["ai4"], fact.value), h100)
        derived.append(derive(f"AI4 as H100-equivalents at 8 bits, {fact.printed} each", equal))
    return {
        "at its date": Answer(
            *three(early), "35,000 were known in the spring of 2024; Cortex was being built.", tuple(derived)
        ),
        "by the end of 2024": over(
            lambda one, more: one + more, early, later, reason="With the 50,000 of Cortex."
        ),
    }


@check("D49")
def dojo_1(book: Catalogue) -> Answers:
    plan, pod, h100 = book.machine("dojo-1-plan"), book.machine("exapod"), book.machine("h100-sxm")
    claimed = book.facts.value("dojo-1", "h100_equivalents")
    answers = {}
    for name, basis in (("BF16 basis", "bf16"), ("8-bit basis", "fp8")):
        needed: Any = pooled_rate(claimed, h100.peak(basis))
        answers[name] = exact(
            h100_equivalents(plan.peak(basis), h100.peak(basis)),
            "The seven ExaPODs planned in 2022, which is a plan and no count.",
            derive("ExaPODs that 8,000 take", needed / pod.peak(basis)),
            derive("D1 that 8,000 take", needed / book.machine("d1").peak(basis)),
            derive("tiles that 8,000 take", needed / book.machine("dojo-tile").peak(basis)),
        )
    order = book.facts.get("tsmc-d1-order", "order")
    answers[LATE_2024] = over(
        lambda rate: h100_equivalents(rate, h100.peak("bf16")),
        dojo_late_2024(book),
        reason="What ran at the end of 2024 was not told. The last report, a weak one of August, has about half of "
        "the 8,000, and the plan has nearly all of them.",
    )
    answers["as reported in August 2024"] = over(
        lambda rate: h100_equivalents(rate, h100.peak("bf16")),
        book.facts.get("dojo-1", "reported_rate"),
        reason="The last rate of Dojo that was told, by a weak source; none followed.",
    )
    answers["dies reported ordered, BF16 basis"] = over(
        lambda dies: h100_equivalents(pooled_rate(dies, book.machine("d1").peak("bf16")), h100.peak("bf16")),
        order,
        reason="If every reported die became a working D1.",
    )
    return answers
