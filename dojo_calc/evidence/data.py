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
from functools import cache
from statistics import median

from dojo_calc import units
from dojo_calc.errors import FactsError
from dojo_calc.evidence.claims.ledger import Claim, ledger
from dojo_calc.evidence.measured.clusters import read_clusters
from dojo_calc.evidence.measured.references import compare_references
from dojo_calc.evidence.measured.runs import Run, read_runs
from dojo_calc.evidence.measured.whole_runs import WholeRun, read_whole_runs
from dojo_calc.hardware.catalog import catalogue
from dojo_calc.performance.efficiency import parameters
from dojo_calc.performance.networks import backbone
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.workload import Transformer, model_table
from dojo_calc.tables import data_path

__all__ = ["check_claim", "check_data"]

# A run's share of the peak: far above the slowest that anybody printed, and below what no product reaches.
LEAST, MOST = 0.03, {"16": 0.95, "8": 1.3, "4": 1.8}  # of the 16-bit peak, by the bits of the products
WHOLE = (0.12, 0.62)  # the same over all hours that were billed, of plain dense runs
TRIED = ("lucie", "nanotron")  # studies that tried plans to see how bad they are
APART = 1.75  # how far the share of a run may be from the median of its study's runs of that model and chip
NAMED = (
    0.75,
    1.35,
)  # parameters over those that a model is named after, which are rounded, or leave embeddings out
CORES = {"trainium1": 2}  # a plan there counts the cores of a chip
SCALES = {"m": 1e6, "b": 1e9, "t": 1e12}


def check_data() -> None:
    """Read every table of numbers that ships, and hold them against each other.

    Raises
    ------
    FactsError
        At the first row that is refused, or that contradicts another.
    """
    catalogue()
    _check_tiers()
    _check_parameters()
    known, _ = model_table()
    for one in known.values():
        _check_model(one)
    for name in ("training_runs", "more_runs"):
        _check_runs(read_runs(data_path(f"validation/{name}.csv")), known)
    _check_whole(read_whole_runs())
    _check_clusters()
    for claim in ledger().values():
        check_claim(claim)
    for figure in compare_references():
        if not figure.holds:
            raise FactsError(
                f"data/references.csv: {figure.id} is printed as {figure.reference:g} {figure.unit}, computed "
                f"{figure.value:g}"
            )
    _check_layers()


def _refuse(table: str, what: str, message: str) -> None:
    raise FactsError(f"data/{table}.csv, {what}: {message}")


@cache
def _weights(model: Transformer) -> float:
    return float(evaluate(model.values(), ("model_parameters",))["model_parameters"])


def _check_model(model: Transformer) -> None:
    names = re.findall(r"(?<![\d.x])(\d+(?:\.\d+)?)([mbt])(?![a-z0-9])", model.model.lower())
    said = [float(number) * SCALES[scale] for number, scale in names]
    has = _weights(model)
    if said and not any(NAMED[0] <= has / one <= NAMED[1] for one in said):
        _refuse("models", model.model, f"its sizes make {has:.3g} parameters")
    written = {int(number) for number in re.findall(r"(?<=-)\d+(?=-|$)", model.model)}
    if (
        model.model.startswith("bloom-")
        and len(written) == 3
        and written != {model.hidden, model.layers, model.heads}
    ):
        _refuse("models", model.model, "expected the width, layers and heads that it is named after")
    for name, value, low, high in (
        ("hidden over layers", model.hidden / model.layers, 30.0, 420.0),
        ("feedforward over hidden", model.feedforward / model.hidden, 0.3, 9.0),
        (
            "width of a head",
            float(model.query_head),
            60.0,
            280.0 if model.head_dim or model.hidden < 3000 else 230.0,
        ),
        ("heads over kv_heads", model.heads / model.kv_heads, 1.0, 64.0),
        ("vocabulary", float(model.vocabulary), 30_000.0, 280_000.0),
        ("experts over active_experts", model.experts / model.active_experts, 1.0, 130.0),
    ):
        if not low <= value <= high:
            _refuse("models", model.model, f"expected a {name} from {low:g} to {high:g}, got {value:g}")


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
                _refuse("tiers", f"{name}, {tier.name}", f"no {tier.topology} has {tier.count:g} of them")


def _check_parameters() -> None:
    for one in parameters():
        if one.unit == "1" and 0.0 < one.value < 0.004:
            _refuse("efficiency", one.key, f"expected a share that counts, got {one.value:g}")
        scale = one.value / one.prior if one.prior else 1.0
        if not 0.3 <= scale <= 3.5:
            _refuse(
                "efficiency",
                one.key,
                f"expected within a factor of three of its prior, got {scale:.3g} times it",
            )
        if one.unit == "B" and one.value and not 0.1 <= one.value <= 64.0:
            _refuse("efficiency", one.key, f"expected 0.1 to 64 bytes a number, got {one.value:g}")
        if one.name.endswith("latency") and not 1e-7 <= one.value <= 1e-3:
            _refuse("efficiency", one.key, f"expected 0.1 us to 1 ms, got {one.value:g} s")
        if one.name.endswith("_efficiency") and not 0.05 <= one.value <= 1.0:
            _refuse("efficiency", one.key, f"expected 0.05 to 1, got {one.value:g}")


def _check_runs(runs: Iterable[Run], known: dict[str, Transformer]) -> None:
    shares: dict[tuple[object, ...], list[tuple[Run, float]]] = defaultdict(list)
    for run in runs:
        sizes = [run.tensor, run.pipeline, run.context, run.data]
        made = math.prod(one or 1 for one in sizes)
        if (
            run.data
            and run.tensor
            and run.pipeline
            and made not in (run.chips, run.chips * CORES.get(run.chip, 1))
        ):
            _refuse("validation", run.id, f"its sizes make {made} chips, not {run.chips}")
        alone = (
            run.context or 1
        ) == 1  # chips of a context group share a sequence, and sources count them apart
        if (
            alone
            and run.data
            and run.micro_batch
            and run.global_batch
            and run.global_batch % (run.data * run.micro_batch)
        ):
            _refuse(
                "validation", run.id, f"{run.global_batch} sequences are no whole number of micro-batches"
            )
        share = _share(run, known)
        if share is None:
            continue
        if not LEAST <= share <= MOST[_bits(run.precision)]:
            _refuse("validation", run.id, f"it would use {share:.1%} of the peak")
        if known[run.model].experts == 1 and not run.source.startswith(TRIED):
            shares[run.source.partition(" (")[0], run.model, run.chip, run.precision, run.sequence].append(
                (run, share)
            )
    for own in shares.values():
        if len(own) >= 3:
            middle = median(share for _, share in own)
            for run, share in own:
                if not 1.0 / APART <= share / middle <= APART:
                    _refuse(
                        "validation",
                        run.id,
                        f"it would use {share:.1%} of the peak, its study's others {middle:.1%}",
                    )


def _bits(precision: str) -> str:
    return "16" if precision.endswith("16") else "4" if precision.endswith("4") else "8"


def _share(run: Run, known: dict[str, Transformer]) -> float | None:
    """Share of the 16-bit peak that a run's measured figure comes to; None where that cannot be said."""
    book = catalogue()
    if run.model not in known or not run.sequence or not run.global_batch:
        return None
    if "bf16" not in (chip := book.machine(run.chip)).precisions():
        return None
    peak = chip.peak("bf16")
    if run.metric == "mfu":
        return run.measured
    if run.metric == "model_tflops_per_chip":
        return run.measured * 1e12 / peak
    model = known[run.model].changed(layers=run.layers) if run.layers else known[run.model]
    asked = {"global_batch": run.global_batch, "sequence": run.sequence, "visible": 0.5}
    work = float(evaluate(model.values() | asked, ("model_flop",))["model_flop"])
    tokens = float(run.global_batch * run.sequence)
    rate = run.measured / tokens * run.chips if run.metric.startswith("tokens") else 1.0 / run.measured
    return work * rate / run.chips / peak


def _check_whole(runs: Iterable[WholeRun]) -> None:
    book = catalogue()
    for run in runs:
        active = run.active_b or run.params_b
        hours = run.hours
        if (
            not run.fitted
            or not active
            or not hours
            or not run.tokens
            or "bf16" not in book.machine(run.chip).precisions()
        ):
            continue
        share = 6e9 * active * run.tokens / (hours * 3600.0 * book.machine(run.chip).peak("bf16"))
        if not WHOLE[0] <= share <= WHOLE[1]:
            _refuse("validation/whole_runs", run.id, f"it would use {share:.1%} of the peak")
        if run.layers and run.hidden and run.params_b and run.params_b > 0.5 and not (run.experts or 1) > 1:
            least = run.layers * run.hidden**2 * 6.0 / 1e9
            if not 0.5 <= run.params_b / least / 2.0 <= 2.6:
                _refuse(
                    "validation/whole_runs",
                    run.id,
                    f"its sizes do not make {run.params_b:g} billion parameters",
                )
        if (
            run.days
            and run.chips
            and run.gpu_hours
            and not 0.45 <= run.days * 24.0 * run.chips / run.gpu_hours <= 2.2
        ):
            _refuse("validation/whole_runs", run.id, "its days and chips do not make its hours")


def _check_clusters() -> None:
    for cluster in read_clusters():
        row = cluster.reported
        if not row.chips:
            continue
        for name, value, low, high in (
            ("W a chip", row.reported_mw and row.reported_mw * 1e6 / row.chips, 150.0, 6000.0),
            (
                "W a chip by Epoch",
                row.epoch_calculated_mw and row.epoch_calculated_mw * 1e6 / row.chips,
                250.0,
                5000.0,
            ),
            ("USD a chip", row.reported_cost_usd and row.reported_cost_usd / row.chips, 1500.0, 200_000.0),
        ):
            if value and not low <= value <= high:
                _refuse(
                    "validation/clusters", row.name, f"expected {low:g} to {high:g} {name}, got {value:.4g}"
                )


WORDS = {
    word: float(n) for n, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
}
MULTIPLES = {
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "exaflop": 1e18,
    "petaflop": 1e15,
    "terabyte": 1e12,
}
PREFIXES = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


def check_claim(claim: Claim) -> None:
    """Hold the bounds of a claim to the numbers in its words; a note may say why they are read otherwise.

    Raises
    ------
    FactsError
        If a bound, in its unit, stands nowhere in the words.
    """
    said = _numbers(claim.claim)
    if (
        claim.form not in ("value", "interval")
        or not said
        or "read" in claim.note
        or claim.claim.startswith("(")
    ):
        return
    unit = claim.unit
    if unit in ("day", "week", "month", "year") and unit not in claim.claim:
        _refuse("claims", claim.id, f"its words have no {unit}")
    plain = len(unit) == 1 or unit in ("percent", "TOP/s", "mm^2", "day", "week", "month", "year")
    scale = 1.0 if plain else units.to_si(1.0, unit)
    for bound in (claim.low, claim.high):
        if bound and not any(math.isclose(bound * scale, one, rel_tol=1e-9) for one in said):
            _refuse("claims", claim.id, f"its words have no {bound:g} {unit}; they have {sorted(said)}")


def _numbers(text: str) -> set[float]:
    found = {number for word, number in WORDS.items() if re.search(rf"\b{word}\b", text, re.IGNORECASE)}
    found |= {0.5, 50.0} if re.search(r"\bhalf\b", text) else set()
    found |= {10.0 ** int(power) for power in re.findall(r"10\^(\d+)", text)}
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
            _refuse(
                "vision/convolutions", name, f"its {what} add up to {sums[what]:.6g}, printed is {said:.6g}"
            )
