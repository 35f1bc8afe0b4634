"""The tables of measured runs, whole runs and clusters held against what stands beside them.

A run was one plan on one machine: its sizes make its chips, its batches divide, its model has the sizes that the
table of models has, its second printed figure says what its first does, and its name and note say their part.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from statistics import median

from dojo_calc.evidence.measured.clusters import read_clusters
from dojo_calc.evidence.measured.runs import Run, publisher, read_runs
from dojo_calc.evidence.measured.whole_runs import WholeRun, read_whole_runs
from dojo_calc.hardware.catalog import catalogue
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.workload import Transformer
from dojo_calc.tables import data_path, row_error

__all__ = ["check_clusters", "check_runs", "check_whole_runs"]

# A run's share of the peak: far above the slowest that anybody printed, and below what no product reaches.
LEAST, MOST = 0.03, {"16": 0.95, "8": 1.3, "4": 1.8}  # of the 16-bit peak, by the bits of the products
TRIED = ("lucie", "nanotron")  # studies that tried plans to see how bad they are
APART = 1.75  # how far the share of a run may be from the median of its study's runs of that model and chip
# The same by study, chip and bits over all models: tuned plans are about as good as each other, but in studies that
# try what is bad or small, and in tables that mix kinds of plans.
STUDY = (0.62, 1.55)
UNEVEN = ("lucie-parallelism", "nanotron-benchmarks", "kempnerforge-validation", "llm-foundry-benchmarks")
MIXED = (
    ("torchtitan-h100-2024-12", "h100-sxm", "8", False), ("google-tpu-recipes", "tpu-v7", "8", False),
    ("megatron-bridge-archive", "b200", "8", True), ("megatron-bridge-archive", "b300", "16", True),
)  # fmt: skip
COUNTED = (
    0.7,
    1.3,
)  # our work over the printed rate's: sources count attention, windows and experts differently
CORES = {"trainium1": 2}  # a plan there counts the cores of a chip
SERVER = 8  # GPUs of a server, by which some runs are named
# Studies that measure the same plans again with every release, precision and chip: what stands alone is a slip.
REPEATED = ("megatron-bridge-archive",)
OFTEN = 4  # rows from which on a plan is known to be repeated
ONCE = ("bridge-25.11-gpt-oss-120b-gb300-64-bf16", "bridge-25.09-llama3-405b-gb200-128-fp8")  # changed since
# What a study says of its machine, and what a row says of its model.
OF_MACHINE = ("node_gbps", "per_server", "power_w", "memory_gib", "memory_tbps")
# Embedding, head and the modules that predict further tokens may count as layers where layers are dealt out.
DEALT = (0, 1, 2, 3)

WHOLE = (0.12, 0.62)  # share of the peak over all hours that were billed, of plain dense runs
CLOCK = 1.1  # days of all chips over hours billed; runs whose chips came and went print their own hours
COUNTED_APART = ("luminous-",)  # whose hours are of all chips that were ever on, and days from first to last
SPARSE = ("glam-",)  # has experts, of which the table says nothing
# Of a count of parameters, beyond the rounding of its print: norms, biases and padding that one count leaves out; and
# of a count that is a name.
PRINTED, BY_NAME = 0.016, ("falcon-40b",)
NAMED = 0.15  # of a count of parameters, by the name of the run
BATCHES = (2e4, 7e7)  # tokens of a step of a whole run
SUPPLIED = (0.65, 1.95)  # energy of an hour over the chip's rated or mean power: host and cooling
GRID = (0.3, 0.7)  # kg a kWh of the chips' power: by the grids of America and China, with host and cooling


def check_runs(known: Mapping[str, Transformer]) -> None:
    """Hold the tables of measured steps against the models, each other and their own words.

    Raises
    ------
    FactsError
        At the first row that contradicts, with file, line and column.
    """
    placed: list[tuple[str, Run]] = []
    for name in ("training_runs", "more_runs"):
        table = f"validation/{name}.csv"
        runs = read_runs(data_path(table))
        for run in runs:
            _check_plan(table, run)
            _check_name(table, run)
            _check_figures(table, run)
            if (model := known.get(run.model.rstrip("~"))) is not None:
                _check_sizes(table, run, model)
                _check_layout(table, run, model)
        _check_machines(table, runs)
        _check_shares(table, runs, known)
        placed += [(table, run) for run in runs]
    _check_repeated(placed)


def _check_plan(table: str, run: Run) -> None:
    """Chips are the product of a plan's sizes, and a batch is whole micro-batches."""
    made = math.prod(one or 1 for one in (run.tensor, run.pipeline, run.context, run.data))
    if run.data and run.tensor and run.pipeline:
        if made not in (run.chips, run.chips * CORES.get(run.chip, 1)):
            raise row_error(table, run.id, "chips", f"its sizes make {made} chips, got {run.chips}")
        if run.expert and run.data * (run.context or 1) * run.tensor % run.expert:
            raise row_error(
                table, run.id, "expert", f"expected a divisor of its chips a stage, got {run.expert}"
            )
    # Chips of a context group share a sequence, and sources count them apart.
    alone = (run.context or 1) == 1
    if not (alone and run.data and run.micro_batch and run.global_batch):
        return
    batches, left = divmod(run.global_batch, run.data * run.micro_batch)
    if left:
        raise row_error(
            table,
            run.id,
            "global_batch",
            f"{run.global_batch} sequences are no whole number of micro-batches",
        )
    if (run.interleave or 1) > 1 and run.pipeline and batches % run.pipeline:
        raise row_error(
            table,
            run.id,
            "micro_batch",
            f"expected micro-batches that its {run.pipeline} interleaved stages divide, got {batches}",
        )


def _check_name(table: str, run: Run) -> None:
    """A run that is named after sizes has them."""
    name = run.id.replace(run.model.rstrip("~"), "").replace(run.chip, "")
    name = re.sub(r"-\d\d-\d\d$|-(?:gb|b)\d00(?=-)", "", name)  # a day; a chip by its short name
    sizes = {run.chips, run.chips // SERVER, run.sequence, run.global_batch}
    for text in re.findall(r"(?<=-)\d{2,}(?=-|$)", name):
        if int(text) % 2 == 0 and int(text) not in sizes:  # an odd number is a year
            raise row_error(
                table, run.id, "chips", f"expected chips, sequence or global_batch of {text}, as it is named"
            )
    for mark, column, value, scale in (
        ("tp", "tensor", run.tensor, 1), ("pp", "pipeline", run.pipeline, 1), ("cp", "context", run.context, 1),
        ("mb", "micro_batch", run.micro_batch, 1), ("gbs", "global_batch", run.global_batch, 1),
    ):  # fmt: skip
        said = re.search(rf"(?:(?<=-)|(?<=\d)){mark}(\d+)(?=-|$|[a-z])", name)
        if said and value and value != int(said[1]) * scale:
            raise row_error(table, run.id, column, f"expected {said[1]}, as it is named, got {value}")
    if (said := re.search(r"-b(\d+)(?:m(\d+))?$", name)) is not None:
        for column, text, value in (
            ("global_batch", said[1], run.global_batch),
            ("micro_batch", said[2], run.micro_batch),
        ):
            if text and value and value != int(text) and "labelled" not in run.note:
                raise row_error(table, run.id, column, f"expected {text}, as it is named, got {value}")
    said = re.search(r"-(\d+)k(?=-|$)", name)
    if said and run.sequence and run.sequence != 1024 * int(said[1]):
        raise row_error(table, run.id, "sequence", f"expected {said[1]}k, as it is named, got {run.sequence}")


def _check_figures(table: str, run: Run) -> None:
    """Two printed figures of one step say the same: its seconds, and its tokens or samples a second."""
    if run.metric != "step_seconds" or not run.global_batch:
        return
    tokens = re.search(r"tokens_per_second_per_chip=([\d.]+)", run.also)
    samples = re.search(r"samples a second \(([\d.]+)\)", run.note)
    for said, rate in (
        (tokens, run.global_batch * (run.sequence or 1) / run.measured / run.chips),
        (samples, run.global_batch / run.measured),
    ):
        if said and not math.isclose(rate, float(said[1]), rel_tol=0.01):
            raise row_error(
                table,
                run.id,
                "measured",
                f"its batch in {run.measured:g} s makes {rate:.6g} a second, printed is {said[1]}",
            )


def _check_sizes(table: str, run: Run, model: Transformer) -> None:
    """Sizes that a row gives of its model are those of the table of models."""
    given = {
        "head_dim": model.query_head, "q_lora_rank": model.q_lora_rank, "kv_lora_rank": model.kv_lora_rank,
        "shared_experts": model.shared_experts, "dense_layers": model.dense_layers,
        "moe_feedforward": model.moe_feedforward or model.feedforward,
    }  # fmt: skip
    for column, expected in given.items():
        if (value := getattr(run, column)) is not None and value != expected:
            raise row_error(table, run.id, column, f"expected {expected} as in data/models.csv, got {value}")


def _check_layout(table: str, run: Run, model: Transformer) -> None:
    """Heads, experts and layers are dealt out whole."""
    if run.tensor and model.heads % run.tensor:
        raise row_error(
            table, run.id, "tensor", f"expected a divisor of {model.heads} heads, got {run.tensor}"
        )
    if run.expert and model.experts % run.expert:
        raise row_error(
            table, run.id, "expert", f"expected a divisor of {model.experts} experts, got {run.expert}"
        )
    if (run.interleave or 1) > 1 and run.pipeline == 1:
        raise row_error(table, run.id, "interleave", f"expected 1 without a pipeline, got {run.interleave}")
    layers, parts = run.layers or model.layers, (run.pipeline or 1) * (run.interleave or 1)
    if (run.interleave or 1) > 1 and all((layers + more) % parts for more in DEALT):
        raise row_error(
            table,
            run.id,
            "interleave",
            f"expected {layers} layers, with up to {DEALT[-1]} for embedding and head, dealt out evenly to "
            f"{run.pipeline} stages, got {run.interleave} pieces a stage",
        )


def _check_machines(table: str, runs: Iterable[Run]) -> None:
    """A study's chips of one kind stand in one machine."""
    first: dict[tuple[str, str], Run] = {}
    for run in runs:
        other = first.setdefault((publisher(run.source), run.chip), run)
        for column in OF_MACHINE:
            here, there = getattr(run, column), getattr(other, column)
            if here != there:
                raise row_error(
                    table, run.id, column, f"expected {there} as in {other.id} of the same study, got {here}"
                )


def _check_repeated(runs: Iterable[tuple[str, Run]]) -> None:
    """A study that measures plans again and again has no batch, sequence or group that stands alone."""
    groups: dict[tuple[str, str, int], list[tuple[str, Run]]] = defaultdict(list)
    for table, run in runs:
        if (by := publisher(run.source)) in REPEATED:
            groups[by, run.model, run.chips].append((table, run))
    for own in groups.values():
        for column in ("sequence", "global_batch", "micro_batch", "expert", "interleave"):
            seen = Counter(value for _, run in own if (value := getattr(run, column)))
            for table, run in own:
                if run.id not in ONCE and seen.total() >= OFTEN and seen[getattr(run, column)] == 1:
                    raise row_error(
                        table,
                        run.id,
                        column,
                        f"expected one of its study's {sorted(value for value in seen if seen[value] > 1)}, got "
                        f"{getattr(run, column)}",
                    )


def _check_shares(table: str, runs: Iterable[Run], known: Mapping[str, Transformer]) -> None:
    shares: dict[tuple[object, ...], list[tuple[Run, float]]] = defaultdict(list)
    studies: dict[tuple[object, ...], list[tuple[Run, float]]] = defaultdict(list)
    for run in runs:
        share = _share(run, known)
        if share is None:
            continue
        if not LEAST <= share <= MOST[_bits(run.precision)]:
            raise row_error(table, run.id, "measured", f"it would use {share:.1%} of the peak")
        printed = re.search(r"model_tflops_per_chip=([\d.]+)", run.also)
        if printed:
            ratio = share * catalogue().machine(run.chip).peak("bf16") / 1e12 / float(printed[1])
            if not COUNTED[0] <= ratio <= COUNTED[1]:
                raise row_error(
                    table,
                    run.id,
                    "measured",
                    f"it would be {ratio:.3g} times the {printed[1]} TFLOP/s printed beside it",
                )
        study = publisher(run.source), run.chip, _bits(run.precision), known[run.model].experts > 1
        if study[0] not in UNEVEN and study not in MIXED:
            studies[study].append((run, share))
        if known[run.model].experts == 1 and not run.source.startswith(TRIED):
            key = run.source.partition(" (")[0], run.model, run.chip, run.precision, run.sequence
            shares[key].append((run, share))
    for groups, low, high in ((shares, 1.0 / APART, APART), (studies, *STUDY)):
        for own in groups.values():
            middle = median(share for _, share in own)
            for run, share in own:
                if len(own) >= 3 and not low <= share / middle <= high:
                    raise row_error(
                        table,
                        run.id,
                        "measured",
                        f"it would use {share:.1%} of the peak, its study's others {middle:.1%}",
                    )


def _bits(precision: str) -> str:
    return "16" if precision.endswith("16") else "4" if precision.endswith("4") else "8"


def _share(run: Run, known: Mapping[str, Transformer]) -> float | None:
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


def check_whole_runs(known: Mapping[str, Transformer]) -> None:
    """Hold the table of whole runs against the models, and its figures against each other.

    Raises
    ------
    FactsError
        At the first row that contradicts, with file, line and column.
    """
    for run in read_whole_runs():
        _check_whole_sizes(run, known.get(run.id))
        _check_whole_hours(run)


OF_MODEL = ("layers", "hidden", "feedforward", "heads", "kv_heads", "vocabulary", "experts", "active_experts")
WHOLE_TABLE = "validation/whole_runs.csv"


def _check_whole_sizes(run: WholeRun, model: Transformer | None) -> None:
    if model is not None:
        for column in OF_MODEL:
            value, expected = getattr(run, column), getattr(model, column)
            if value is not None and value != expected:
                raise row_error(
                    WHOLE_TABLE,
                    run.id,
                    column,
                    f"expected {expected} as in data/models.csv, got {value:g}",
                )
    elif run.layers and run.hidden and (run.experts or 1) == 1:
        model = Transformer(
            model=run.id,
            gated=int(run.gated or 0),
            tied_embeddings=int(run.tied or 0),
            **{name: int(value) for name in (*OF_MODEL, "head_dim") if (value := getattr(run, name))},
        )
    if model is not None and run.params_b:
        has = float(evaluate(model.values(), ("model_parameters",))["model_parameters"]) / 1e9
        half = 0.5 * 10.0 ** -len(f"{run.params_b:g}".partition(".")[2])
        room = half + PRINTED * run.params_b * (2.0 if run.id in BY_NAME else 1.0)
        if abs(has - run.params_b) > room:
            raise row_error(
                WHOLE_TABLE,
                run.id,
                "params_b",
                f"its sizes make {has:.4g} billion, printed is {run.params_b:g}",
            )
    if (named := re.search(r"-(\d+(?:\.\d+)?)([mb])(?=-|$)", run.id)) and run.params_b and model is None:
        said = float(named[1]) * (1e-3 if named[2] == "m" else 1.0)
        if abs(run.params_b / said - 1.0) > NAMED:
            raise row_error(
                WHOLE_TABLE, run.id, "params_b", f"expected {named[1]}{named[2]}, got {run.params_b:g}"
            )
    active, plain = run.active_b, (run.experts or 1) == 1 and not run.id.startswith(SPARSE)
    if active and run.params_b and plain and active != run.params_b:
        raise row_error(
            WHOLE_TABLE, run.id, "active_b", f"expected all {run.params_b:g} without experts, got {active:g}"
        )


def _check_whole_hours(run: WholeRun) -> None:
    book = catalogue()
    if run.days and run.chips and run.gpu_hours and not run.id.startswith(COUNTED_APART):
        ratio = run.days * 24.0 * run.chips / run.gpu_hours
        if not 1.0 / CLOCK <= ratio <= CLOCK:
            raise row_error(
                WHOLE_TABLE, run.id, "gpu_hours", f"its days of all chips are {ratio:.3g} times its hours"
            )
    chip = book.machine(run.chip)
    active = run.active_b or run.params_b
    if run.fitted and active and run.hours and run.tokens and "bf16" in chip.precisions():
        share = 6e9 * active * run.tokens / (run.hours * 3600.0 * chip.peak("bf16"))
        if not WHOLE[0] <= share <= WHOLE[1]:
            raise row_error(WHOLE_TABLE, run.id, "tokens", f"it would use {share:.1%} of the peak")
    hours = run.hours
    if hours and (power := chip.maybe("power")):
        for column, text, scale, (low, high) in (
            ("energy_mwh", run.energy_mwh, 1e6 / power, SUPPLIED), ("tco2e", run.tco2e, 1e6 / power, GRID),
        ):  # fmt: skip
            ratio = float(text) * scale / hours if re.fullmatch(r"[\d.]+", text) else low
            if not low <= ratio <= high:
                raise row_error(
                    WHOLE_TABLE,
                    run.id,
                    column,
                    f"expected {low:g} to {high:g} times the chips' energy, got {ratio:.3g}",
                )
    if run.global_batch and run.sequence and not BATCHES[0] <= run.global_batch * run.sequence <= BATCHES[1]:
        raise row_error(
            WHOLE_TABLE,
            run.id,
            "global_batch",
            f"expected {BATCHES[0]:g} to {BATCHES[1]:g} tokens a step, got {run.global_batch * run.sequence:g}",
        )


CLUSTER_TABLE = "validation/clusters.csv"
# By Epoch AI a site draws the chips' power times 1.82 for servers and network times a PUE of 1.1 to 1.3.
EPOCH_POWER = (1.95, 2.4)
EPOCH_PRICE = 1.5  # how far a chip with its share may be from the median of that chip: prices fall over years
REPORTED = (0.67, 1.45)  # what is reported over what Epoch AI calculates
# Known to disagree: what is reported there is the whole machine, or a first bill for a part of it.
ODD = ("Jülich", "TX-GAIA", "Summit", "Cambridge-1", "Vega", "Titan", "Aurora")


def check_clusters() -> None:
    """Hold the table of clusters to its chips' power and to its other clusters of the same chip.

    Raises
    ------
    FactsError
        At the first row that contradicts, with file, line and column.
    """
    prices: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for cluster in read_clusters():
        row = cluster.reported
        if not row.chips:
            continue
        odd = any(word in row.name for word in ODD)
        for column, value, low, high, what in (
            ("reported_mw", row.reported_mw and row.reported_mw * 1e6 / row.chips, 150.0, 6000.0, "W a chip"),
            (
                "epoch_calculated_mw",
                cluster.chip_power
                and row.epoch_calculated_mw
                and row.epoch_calculated_mw * 1e6 / row.chips / cluster.chip_power,
                *EPOCH_POWER,
                "times the power of the chips",
            ),
            (
                "reported_cost_usd",
                row.reported_cost_usd and row.reported_cost_usd / row.chips,
                1500.0,
                200_000.0,
                "USD a chip",
            ),
            (
                "reported_mw",
                not odd
                and row.reported_mw
                and row.epoch_calculated_mw
                and row.reported_mw / row.epoch_calculated_mw,
                *REPORTED,
                "times what Epoch AI calculates",
            ),
            (
                "reported_cost_usd",
                not odd
                and row.reported_cost_usd
                and row.epoch_calculated_cost_usd
                and row.reported_cost_usd / row.epoch_calculated_cost_usd,
                *REPORTED,
                "times what Epoch AI calculates",
            ),
        ):
            if value and not low <= value <= high:
                raise row_error(
                    CLUSTER_TABLE, row.name, column, f"expected {low:g} to {high:g} {what}, got {value:.4g}"
                )
        if row.epoch_calculated_cost_usd:
            prices[row.chip].append((row.name, row.epoch_calculated_cost_usd / row.chips))
    for chip, own in prices.items():
        middle = median(price for _, price in own)
        for name, price in own:
            if len(own) >= 3 and not 1.0 / EPOCH_PRICE <= price / middle <= EPOCH_PRICE:
                raise row_error(
                    CLUSTER_TABLE,
                    name,
                    "epoch_calculated_cost_usd",
                    f"expected about {middle:.4g} USD for each {chip}, as elsewhere, got {price:.4g}",
                )
