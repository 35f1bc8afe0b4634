"""The shipped tables held against each other: what must fit, beyond what each reader refuses by itself.

A slip of the pen in a table of measured runs, of models or of claims contradicts something that stands beside it:
the size that a model is named after, the chips that a plan's sizes make, the other runs of the same study, the words
of a claim.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache, partial
from itertools import chain
from statistics import median

from dojo_calc import units
from dojo_calc.entities import shipped_entities
from dojo_calc.errors import FactsError
from dojo_calc.evidence.claims.ledger import Claim, ledger
from dojo_calc.evidence.measured.references import compare_references
from dojo_calc.evidence.run_tables import check_clusters, check_runs, check_whole_runs
from dojo_calc.facts import Facts
from dojo_calc.hardware.catalog import catalogue
from dojo_calc.performance.efficiency import parameters
from dojo_calc.performance.networks import backbone
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.workload import Transformer, model_table
from dojo_calc.tables import row_error

__all__ = ["check_claim", "check_data"]

# Parameters over those that a model is named after, beyond the rounding of the name: embeddings, norms and biases
# that one count has and another leaves out; and of names that only tell a model from its smaller sisters.
NAMED, LOOSELY = (0.955, 1.05), (0.75, 1.35)
LOOSE = ("mpt-70b", "kempner-13b", "maxtext-moe-700b-b")
PAIRED = ("gemma", "qwen3-0.6b")  # two query heads to one of keys and values
TOKENIZER, OTHER_TOKENIZER = 1.4, ("llama2-7b-v65k",)
WIDTHS_DIFFER, WIDER = ("megatron", "mpt", "bloom", "nanotron", "maxtext", "pythia"), ("nemotron-340b",)
EVEN = 1.25  # how far a fitted value may be from the geometric middle of its interval, twice over
ROUGH = 2.7  # the same for assumed ones
# What is quoted in bits; all else that is stored or moved is written in bytes, and shares of 1.
IN_BITS = ("nic_bandwidth", "fabric_bandwidth", "serdes_lane_rate", "measured_bandwidth")
BITS = re.compile("[kMGTPE]?b(/s)?")
NEARLY = 0.1  # a quarter of a month is a week
SCALES = {"m": 1e6, "b": 1e9, "t": 1e12}


def check_data() -> None:
    """Read every table of numbers that ships, and hold them against each other.

    Raises
    ------
    FactsError
        At the first row that is refused, or that contradicts another.
    """
    _check_writing(catalogue().facts)
    _check_tiers()
    _check_parameters()
    known, _ = model_table()
    for one in known.values():
        _check_model(one)
        _check_shape(one)
    _check_lines(known.values())
    check_runs(known)
    check_whole_runs(known)
    check_clusters()
    for claim in ledger().values():
        check_claim(claim)
    for figure in compare_references():
        if not figure.holds:
            raise row_error(
                "references.csv",
                figure.id,
                "value",
                f"printed is {figure.reference:g}, computed {figure.value:g}",
            )
    _check_layers()


def _check_writing(facts: Facts) -> None:
    """Hold the tables of facts to one way of writing, so that a percent or a bit in them is a slip of the pen."""
    names = [(entity, quantity) for entity in shipped_entities() for quantity in facts.quantities(entity)]
    for one in chain.from_iterable(facts.readings(*name) for name in names):
        unit = one.printed.partition(" ")[2]
        if unit == "%":
            raise FactsError(f"{one.place}: expected a share of 1, got {one.printed}")
        if BITS.fullmatch(unit) and one.quantity not in IN_BITS:
            raise FactsError(f"{one.place}: expected bytes for {one.quantity}, got {one.printed}")


@cache
def _weights(model: Transformer, which: str = "model_parameters") -> float:
    return float(evaluate(model.values(), (which,))[which])


def _check_model(model: Transformer) -> None:
    names = re.findall(r"(?<![\d.x])(\d+(?:\.\d+)?)([mbt])(?![a-z0-9])", model.model.lower())
    names += [(text, "b") for text in re.findall(r"-scale-(\d+)$", model.model)]
    has = _weights(model)
    if names and not any(_named(model.model, has, *one) for one in names):
        raise row_error("models.csv", model.model, "layers", f"its sizes make {has:.4g} parameters")
    if active := re.search(r"-a(\d+(?:\.\d+)?)b$", model.model.lower()):
        used = _weights(model, "active_parameters")
        if not _named(model.model, used, active[1], "b"):
            raise row_error(
                "models.csv", model.model, "active_experts", f"a token meets {used:.4g} parameters"
            )
    if (experts := re.search(r"-(\d+)x\d|-moe(\d+)$", model.model)) and model.experts != int(
        experts[1] or experts[2]
    ):
        raise row_error("models.csv", model.model, "experts", f"expected its name's, got {model.experts}")
    written = {int(number) for number in re.findall(r"(?<=-)\d+(?=-|$)", model.model)}
    if (
        model.model.startswith("bloom-")
        and len(written) == 3
        and written != {model.hidden, model.layers, model.heads}
    ):
        raise row_error(
            "models.csv", model.model, "hidden", "expected the width, layers and heads that it is named after"
        )
    for column, name, value, low, high in (
        ("hidden", "hidden over layers", model.hidden / model.layers, 30.0, 420.0),
        ("feedforward", "feedforward over hidden", model.feedforward / model.hidden, 0.3, 9.0),
        (
            "heads",
            "width of a head",
            float(model.query_head),
            60.0,
            280.0 if model.head_dim or model.hidden < 3000 else 230.0,
        ),
        ("kv_heads", "heads over kv_heads", model.heads / model.kv_heads, 1.0, 64.0),
        ("vocabulary", "vocabulary", float(model.vocabulary), 30_000.0, 280_000.0),
        ("experts", "experts over active_experts", model.experts / model.active_experts, 1.0, 130.0),
    ):
        if not low <= value <= high:
            raise row_error(
                "models.csv",
                model.model,
                column,
                f"expected a {name} from {low:g} to {high:g}, got {value:g}",
            )


def _check_shape(model: Transformer) -> None:
    """What designs have in common, but for those known to differ."""
    refuse = partial(row_error, "models.csv", model.model)
    if not model.gated and model.experts == 1 and model.feedforward != 4 * model.hidden:
        raise refuse(
            "feedforward", f"expected 4 x {model.hidden} for an MLP without a gate, got {model.feedforward}"
        )
    group = model.heads // model.kv_heads
    if group == 2 and not model.model.startswith(PAIRED):
        raise refuse(
            "kv_heads", f"expected all {model.heads} or at most a third of them, got {model.kv_heads}"
        )
    if (
        model.kv_lora_rank
    ):  # DeepSeek-V2, section 2.1: 4 and, where queries are projected too, 12 widths of a head
        for column, got, times in (
            ("kv_lora_rank", model.kv_lora_rank, 4),
            ("q_lora_rank", model.q_lora_rank, 12),
        ):
            if got and got != times * model.value_head:
                raise refuse(column, f"expected {times} x {model.value_head}, got {got}")


def _check_lines(models: Iterable[Transformer]) -> None:
    """Models of one line share a tokenizer, but for its padding, and most lines the width of a head."""
    lines: dict[str, list[Transformer]] = defaultdict(list)
    for one in models:
        lines[one.model.partition("-")[0]].append(one)
    for line, own in lines.items():
        if len(own) < 3:
            continue
        rows, width = median(one.vocabulary for one in own), median(one.query_head for one in own)
        for one in own:
            if not 1.0 / TOKENIZER <= one.vocabulary / rows <= TOKENIZER and one.model not in OTHER_TOKENIZER:
                raise row_error(
                    "models.csv",
                    one.model,
                    "vocabulary",
                    f"expected about {rows:g} as its line, got {one.vocabulary}",
                )
            if line not in WIDTHS_DIFFER and one.query_head != width and one.model not in WIDER:
                raise row_error(
                    "models.csv",
                    one.model,
                    "heads",
                    f"expected heads of {width:g} as its line, got {one.query_head}",
                )


def _named(model: str, has: float, text: str, scale: str) -> bool:
    """Whether a model has the parameters that it is named after, to half a unit of the last digit of its name."""
    said = float(text) * SCALES[scale]
    half = 0.5 * 10.0 ** -len(text.partition(".")[2]) * SCALES[scale]
    low, high = LOOSELY if model in LOOSE else NAMED
    return low * (said - half) <= has <= high * (said + half)


# Links of one kind that a thing has, by how they join: one into a switch, two a dimension of a torus, one or three to
# each of seven neighbours.
COUNTS = {
    "switched": {1.0}, "mesh": {1.0}, "bus": {1.0}, "on-die": {1.0}, "on-package": {1.0}, "torus": {4.0, 6.0},
    "network": {1.0, 3.0}, "point-to-point": {1.0, 4.0, 7.0, 8.0, 21.0},
}  # fmt: skip


def _check_tiers() -> None:
    book = catalogue()
    for name in book.names():
        for tier in book.machine(name).tiers:
            if tier.count not in COUNTS.get(tier.topology, {tier.count}):
                raise row_error(
                    "tiers.csv", (name, tier.name), "count", f"no {tier.topology} has {tier.count:g} of them"
                )


def _check_parameters() -> None:
    for one in parameters():
        if BITS.fullmatch(one.unit):
            raise one.place.error("unit", f"expected bytes, got {one.unit}")
        if one.unit == "1" and 0.0 < one.value < 0.004:
            raise one.place.error("value", f"expected a share that counts, got {one.value:g}")
        middle = one.value**2 / (one.low * one.high) if one.low else 1.0
        if one.kind == "fitted" or one.kind == "assumed":
            room = EVEN if one.kind == "fitted" else ROUGH
            if not 1.0 / room <= middle <= room and not (one.at_most_one and one.high == 1.0):
                raise one.place.error(
                    "value", f"expected the middle of {one.low:g} to {one.high:g}, got {one.value:g}"
                )
        if one.kind == "counted" and one.at_most_one and one.value not in (0.0, 1.0):
            raise one.place.error(
                "value", f"expected 0 or 1, which is what can be counted, got {one.value:g}"
            )
        scale = one.value / one.prior if one.prior else 1.0
        if not 0.3 <= scale <= 3.5:
            raise one.place.error(
                "value", f"expected within a factor of three of its prior, got {scale:.3g} times it"
            )
        if one.unit == "B" and one.value and not 0.1 <= one.value <= 64.0:
            raise one.place.error("value", f"expected 0.1 to 64 bytes a number, got {one.value:g}")
        if one.name.endswith("latency") and not 1e-7 <= one.value <= 1e-3:
            raise one.place.error("value", f"expected 0.1 us to 1 ms, got {one.value:g} s")
        if one.name.endswith("_efficiency") and not 0.05 <= one.value <= 1.0:
            raise one.place.error("value", f"expected 0.05 to 1, got {one.value:g}")


WORDS = {
    word: float(n) for n, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
}
LOOSE_WORDS = {
    "order of magnitude": 10.0, "nine times in ten": 0.9, "nine tenths": 90.0, "twice": 2.0, "three months": 3.0,
    "second only": 2.0,
}  # fmt: skip
MULTIPLES = {
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "exaflop": 1e18,
    "petaflop": 1e15,
    "terabyte": 1e12,
}
UNIT_WORDS = {
    "MUSD": "million USD",
    "GUSD": "billion",
    "TUSD": "trillion",
    "MW": "megawatt",
    "GW": "gigawatt",
}
PREFIXES = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


def check_claim(claim: Claim) -> None:
    """Hold the bounds of a claim to the numbers in its words; a note may say why they are read otherwise.

    Raises
    ------
    FactsError
        If a bound, in its unit, stands nowhere in the words.
    """
    if (
        claim.word
        and claim.unit != "1"
        and (word := UNIT_WORDS.get(claim.unit, claim.unit)) not in claim.claim
    ):
        raise row_error("claims.csv", claim.id, "unit", f"its words have no {word}")
    if claim.form == "order" and claim.unit != "day":
        raise row_error("claims.csv", claim.id, "unit", f"an order is of days, got {claim.unit}")
    if claim.word or claim.form in ("date", "order", "absence", "withdrawn"):
        return
    _check_span(claim)
    said = _numbers(claim.claim)
    if claim.form in ("above", "below"):  # as much as another, half of all, or what words or note say
        said |= (
            _numbers(claim.note)
            | {1.0, 50.0}
            | {n for word, n in LOOSE_WORDS.items() if word in claim.claim + claim.note}
        )
    unit = claim.unit
    plain = len(unit) == 1 or unit in ("percent", "TOP/s", "mm^2", "day", "week", "month", "year")
    scale = 1.0 if plain else units.to_si(1.0, unit)
    if claim.form == "none" or not said or "read" in claim.note or claim.claim.startswith("("):
        for column, bound in (("low", claim.low), ("high", claim.high)):
            if bound and not plain and not _one_of(bound * scale, said):
                for slip in (1e-3, 1e3):
                    if _one_of(bound * scale * slip, said):
                        raise row_error(
                            "claims.csv", claim.id, column, f"its words have {slip:g} times as much"
                        )
        return
    bare = not (claim.low or claim.high)
    if unit in ("day", "week", "month", "year") and unit not in claim.claim and not bare:
        raise row_error("claims.csv", claim.id, "unit", f"its words have no {unit}")
    for column, bound in (("low", claim.low), ("high", claim.high)):
        if bound and not _one_of(bound * scale, said):
            raise row_error(
                "claims.csv",
                claim.id,
                column,
                f"its words have no {bound:g} {unit}; they have {sorted(said)}",
            )


def _one_of(bound: float, said: Iterable[float]) -> bool:
    return any(math.isclose(abs(bound), one, rel_tol=1e-9) for one in said)


def _check_span(claim: Claim) -> None:
    """Hold a time to the one that its note names, as "a week or more" does."""
    named = re.search(r"\ba (day|week|month|year)\b", claim.note)
    if named and claim.unit in ("day", "week", "month", "year"):
        told = units.to_si(1.0, named[1])
        for column, bound in (("low", claim.low), ("high", claim.high)):
            if bound and abs(units.to_si(bound, claim.unit) / told - 1.0) > NEARLY:
                raise row_error(
                    "claims.csv", claim.id, column, f"its note has {named[0]}, got {bound:g} {claim.unit}"
                )


def _numbers(text: str) -> set[float]:
    found = {number for word, number in WORDS.items() if re.search(rf"\b{word}\b", text, re.IGNORECASE)}
    found |= {0.5, 50.0} if re.search(r"\bhalf\b", text) else set()
    found |= {10.0 ** int(power) for power in re.findall(r"10\^(\d+)", text)}
    text = re.sub(r"10\^\d+", "", text)
    found |= {number * size for number in tuple(found) for name, size in MULTIPLES.items() if name in text}
    for number, word in re.findall(r"(?<![A-Z\d])(\d[\d,]*(?:\.\d+)?)[ -]?([A-Za-z]*)", text):
        value = float(number.replace(",", "").rstrip("."))
        found.add(value)
        found |= {value * size for name, size in MULTIPLES.items() if name in text}
        if len(word) > 1 and word[0] in PREFIXES and word[1].isupper():
            found.add(value * PREFIXES[word[0]])
    return found


def _check_layers() -> None:
    """Hold the layers of each network to the sums that others print of them."""
    facts = catalogue().facts
    weights = facts.value("resnet-50", "parameters")
    outputs = facts.value("resnet-50", "reported_outputs")
    paper, counted = (
        facts.value("resnet-50", "reported_multiply_adds", one) for one in ("paper", "mmengine")
    )
    for name, what, said, near in (
        ("resnet-50", "multiply-adds", paper, 0.02), ("resnet-50", "parameters", weights, 1e-9),
        ("resnet-50-v1.5", "multiply-adds", counted, 0.02), ("resnet-50-v1.5", "parameters", weights, 1e-9),
        ("resnet-50-v1.5", "outputs", outputs, 1e-4),
    ):  # fmt: skip
        one = backbone(name)
        sums = {
            "multiply-adds": one.flop.sum() / 2.0,
            "parameters": one.parameters.sum(),
            "outputs": one.outputs.sum(),
        }
        if not math.isclose(sums[what], said, rel_tol=near):
            raise row_error(
                "vision/convolutions.csv",
                name,
                "layer",
                f"its {what} add up to {sums[what]:.6g}, printed is {said:.6g}",
            )
