"""How much of its rated speed a chip reaches in training: `data/efficiency.csv`.

One set of parameters a chip, and stated effects of the software stack. A row holds for the chips, the precision
and the stacks (or kinds of them) that it names, and for all where it names none; of the rows that hold, the one that
names most counts, and of equals the one that names the chip and the stack themselves. A chip without rows of its own
takes those of its nearest kin (`data/kin.csv`), with a wider interval. Fitted values come from the rows of
`data/validation/splits.csv` marked fit and from no others; `dojo_calc.evidence.measured.training_fit` finds them
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import hypot
from operator import itemgetter
from typing import Annotated, Any, Literal

from annotated_types import Ge
from pydantic import FiniteFloat

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.hardware.machine import Machine, Memory
from dojo_calc.performance.layer import attained_bandwidth, attained_rate, capped_share, usable_memory
from dojo_calc.performance.setting import Setting, as_launched, domain_quantity, fast_links, network_share
from dojo_calc.performance.stacks import software, stacks
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Duration,
    Fraction,
    PositiveBytes,
    PositiveCount,
    PositiveFraction,
    PositiveRatio,
    Ranks,
    Ratio,
    SignedCount,
    check,
    spec,
)
from dojo_calc.rows import Strict
from dojo_calc.tables import Place, data_path, read_rows

__all__ = [
    "PARAMETERS", "PRECISIONS", "Kin", "Parameter", "changes", "chip_values", "efficiency", "half_widths",
    "head_peak", "kin", "matrix_peak", "parameters",
]  # fmt: skip

PARAMETERS: dict[str, Any] = {
    "matrix_efficiency": PositiveFraction,
    "attention_efficiency": PositiveFraction,
    "score_efficiency": PositiveFraction,
    "memory_efficiency": PositiveFraction,
    "operand_bandwidth": ByteRate,
    "elementwise_passes": Ratio,
    "logit_passes": Ratio,
    "cast_passes": Ratio,
    "link_efficiency": PositiveFraction,
    "network_efficiency": PositiveFraction,
    "gradient_efficiency": PositiveFraction,
    "exposed_tensor": Fraction,
    "exposed_shard": Fraction,
    "exposed_gradient": Fraction,
    "exposed_expert": Fraction,
    "grouped_efficiency": PositiveFraction,
    "expert_load": Ranks,
    "launch": Duration,
    "expert_launch": Duration,
    "captured_launch": Duration,
    "captured_expert_launch": Duration,
    "partly_captured_expert_launch": Duration,
    "fused_experts": Fraction,
    "straggling": Fraction,
    "hop_latency": Duration,
    "network_latency": Duration,
    "transfer_latency": Duration,
    "early_stop": Fraction,
    "dropout": Fraction,
    "weight_bytes": Bytes,
    "gradient_bytes": Bytes,
    "optimizer_bytes": Bytes,
    "optimizer_traffic": Bytes,
    "logit_bytes": Bytes,
    "kept_weight_bytes": Bytes,
    "gradient_copies": Bytes,
    "loss_split": Fraction,
    "input_bytes": Bytes,
    "mlp_copies": Ratio,
    "gathered_inputs": Fraction,
    "buffer_memory": Bytes,
    "reserved_share": Ratio,
    "context_memory": Bytes,
    "element": PositiveBytes,
    "operand": PositiveBytes,
    "vocabulary_multiple": PositiveCount,
    "memory_usable": PositiveFraction,
    "power_exponent": Fraction,
    "memory_error_80": PositiveRatio,
    "error_80": Ratio,
    "lean_80": SignedCount,
    "error_experts": Ratio,
}
TABLES = ("efficiency.csv", "memory.csv")
# Which efficiency class a precision belongs to, and the peak it runs against: the first that the chip has.
PRECISIONS = {
    "fp16": "16", "bf16": "16", "fp8": "fp8", "mxfp8": "fp8", "nvfp4": "fp4", "mxfp4": "fp4",
}  # fmt: skip
_PEAKS = {
    "fp16": ("bf16", "fp16"), "bf16": ("bf16",), "fp8": ("fp8",), "mxfp8": ("fp8",), "nvfp4": ("fp4",),
    "mxfp4": ("fp4",),
}  # fmt: skip


class _Row(Strict):
    parameter: str
    chips: str = ""
    precision: Literal["", "16", "fp8", "fp4"] = ""
    stacks: str = ""
    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    prior: FiniteFloat | None = None
    unit: str
    kind: Literal["fitted", "assumed", "counted", "calibrated"]
    note: str


@dataclass(frozen=True)
class Parameter:
    """A row of the table in SI: a value, its 90 % interval, and what it holds for."""

    name: str
    chips: tuple[str, ...]
    precision: str
    stacks: tuple[str, ...]
    value: float
    low: float
    high: float
    prior: float
    unit: str
    kind: str
    note: str
    place: Place

    @property
    def key(self) -> str:
        """Name with what the row holds for."""
        scope = " ".join(one for one in (*self.chips, self.precision, *self.stacks) if one)
        return f"{self.name}[{scope}]" if scope else self.name

    def rank(self, chips: Sequence[str], precision: str, stacks: Sequence[str]) -> tuple[int, ...] | None:
        """How closely the row speaks of a case, the closest the greatest; None where it does not.

        `chips` and `stacks` begin with the chip and the stack themselves, then come kin and kind.
        """
        chip = _place(chips, self.chips)
        stack = _place(stacks, self.stacks)
        if chip is None or stack is None or self.precision not in ("", precision):
            return None
        named = bool(self.chips) + bool(self.precision) + bool(self.stacks)
        return (named, bool(self.precision), -chip, -stack)

    @property
    def at_most_one(self) -> bool:
        """Whether it is a share."""
        return PARAMETERS[self.name] in (Fraction, PositiveFraction)


def _place(asked: Sequence[str], named: Sequence[str]) -> int | None:
    """Where the first of `asked` that a row names stands; 0 where it names none, None where none of them."""
    if not named:
        return 0
    return next((place for place, one in enumerate(asked) if one in named), None)


@dataclass(frozen=True)
class Kin:
    """The chip whose efficiencies one without rows of its own takes, and how much wider its interval is."""

    chip: str
    wider: float
    reason: str


@cache
def kin() -> dict[str, Kin]:
    """Every row of `data/kin.csv`, by chip.

    Raises
    ------
    FactsError
        If a row is refused.
    """

    class Row(Strict):
        chip: str
        kin: str
        wider: Annotated[FiniteFloat, Ge(0)]
        reason: str

    return {row.chip: Kin(row.kin, row.wider, row.reason) for row, _ in read_rows(data_path("kin.csv"), Row)}


@cache
def parameters() -> tuple[Parameter, ...]:
    """Every row of `TABLES`, in SI.

    Raises
    ------
    FactsError
        If a row is refused: an unknown parameter, a unit that is not that of its other rows, a value that does not
        fit, an interval upside down or missing.
    """
    found = []
    written: dict[str, str] = {}
    for row, place in (row for name in TABLES for row in read_rows(data_path(name), _Row)):
        if row.parameter not in PARAMETERS:
            raise place.error("parameter", f"expected one of {', '.join(PARAMETERS)}, got {row.parameter!r}")
        if (row.low is None or row.high is None) and row.kind not in ("counted", "calibrated"):
            raise place.error("low", f"expected an interval, since the value is {row.kind}")
        declared = spec(PARAMETERS[row.parameter])
        plain = "1" if declared is not None and declared.unit == "1" else row.unit
        unit = written.setdefault(row.parameter, plain)  # two units for one parameter are a slip of the pen
        if row.unit != unit:
            raise place.error(
                "unit", f"expected {unit}, in which {row.parameter} is written, got {row.unit!r}"
            )
        low, high = (row.value if bound is None else bound for bound in (row.low, row.high))
        unlisted = sorted(set(row.stacks.split()) - set(stacks()))
        if unlisted:
            raise place.error("stacks", f"expected stacks of data/stacks.csv, got {unlisted[0]!r}")
        if not low <= row.value <= high:
            raise place.error(
                "low", f"expected low <= value <= high, got {low:g}, {row.value:g} and {high:g}"
            )
        if (row.prior is None) == (row.kind == "fitted"):
            raise place.error("prior", "expected a value where kind is fitted, and none elsewhere")
        try:
            value, low, high, prior = (
                check(units.to_si(one, row.unit), PARAMETERS[row.parameter], row.parameter)
                for one in (row.value, low, high, row.value if row.prior is None else row.prior)
            )
        except DojoCalcError as error:
            raise place.error("value", str(error)) from None
        found.append(
            Parameter(row.parameter, tuple(row.chips.split()), row.precision, tuple(row.stacks.split()),
                      value, low, high, prior, row.unit, row.kind, row.note, place)
        )  # fmt: skip
    return tuple(found)


@door
def efficiency(chip: str, precision: str, stack: str = "") -> dict[str, Parameter]:
    """Parameters of a chip at a precision under a software stack.

    Parameters
    ----------
    chip : str
        An id of the catalogue.
    precision : str
        Of the matrix products, from `PRECISIONS`.
    stack : str
        See `dojo_calc.performance.stacks.software`.

    Returns
    -------
    dict
        Name to `Parameter`.

    Raises
    ------
    UnknownNameError
        If the precision is unknown.
    """
    return dict(_chosen(chip, _precision(precision), stack))


@cache
def _chosen(chip: str, kind: str, stack: str) -> Mapping[str, Parameter]:
    """Rows of a chip at a class of precision under a stack: a program asks for the same ones again and again."""
    ran = software(stack)
    chips = (chip, kin()[chip].chip) if chip in kin() else (chip,)
    ranked = [(one.rank(chips, kind, (ran.name, ran.kind)), one) for one in parameters()]
    near = [(rank, one) for rank, one in ranked if rank is not None]
    return {
        name: max(((rank, one) for rank, one in near if one.name == name), key=itemgetter(0))[1]
        for name in PARAMETERS
    }


def half_widths(chip: str, precision: str, stack: str = "", experts: int = 1) -> tuple[float, float]:
    """How far the 80 % interval of a step's time reaches below and above the predicted one, as natural logarithms.

    Both are wider by kin, and for a mixture of experts. They differ where it is not said what software runs: some is
    far better than the typical one, little is far worse.

    Parameters
    ----------
    chip, precision, stack : str
        As for `efficiency`.
    experts : int
        Of a layer of the model; 1 for a dense one [1].

    Returns
    -------
    faster, slower : float
        The interval is from ``time * exp(-faster)`` to ``time * exp(slower)``.

    Raises
    ------
    UnknownNameError
        If the precision is unknown.
    """
    own = efficiency(chip, precision, stack)
    mixture = own["error_experts"].value if experts > 1 else 0.0
    known = any(one.name == "matrix_efficiency" and chip in one.chips for one in parameters())
    wider = kin()[chip].wider if chip in kin() and not known else 0.0
    half, lean = own["error_80"].value, own["lean_80"].value
    return hypot(half - lean, wider, mixture), hypot(half + lean, wider, mixture)


def matrix_peak(unit: Machine, precision: str) -> str:
    """Quantity of the dense peak that a chip's matrix products run against: ``"peak_fp8"``.

    Raises
    ------
    UnknownNameError
        If the precision is unknown, or the chip has no peak at it.
    """
    _precision(precision)
    own, ways = unit.precisions(), _PEAKS[precision.lower()]
    first = next((one for one in ways if one in own), ways[0])
    unit.peak(first)  # says what the chip has, if not this
    return f"peak_{first}"


def head_peak(unit: Machine) -> str:
    """Quantity of the dense 16-bit peak, at which attention and the output head run at any precision.

    Raises
    ------
    UnknownNameError
        If the chip has none.
    """
    return matrix_peak(unit, "fp16")


def _precision(precision: str) -> str:
    if not isinstance(precision, str) or precision.lower() not in PRECISIONS:
        raise UnknownNameError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    return PRECISIONS[precision.lower()]


def changes(changed: Mapping[str, float], rows: Iterable[Parameter] | None = None) -> dict[str, float]:
    """Values given in place of the table's, held to its rows and to their domains.

    Parameters
    ----------
    changed : mapping
        `Parameter.key` to value in SI.
    rows : iterable of Parameter, optional
        Rows that may be changed; every row of the table if left out.

    Returns
    -------
    dict
        The same as floats.

    Raises
    ------
    UnknownNameError
        If a key is that of no such row; the message offers the nearest.
    DomainError
        If a value is not finite or outside its parameter's domain.
    """
    table = {one.key: one for one in (parameters() if rows is None else rows)}
    for key in changed:
        if key not in table:
            name = key.partition("[")[0]
            own = [one for one in table if one.partition("[")[0] == name]
            hint = f"; there is {', '.join(own)}" if own else nearest(key, table)
            raise UnknownNameError(f"changed: no parameter {key!r} counts here{hint}")
    return {
        key: float(check(value, PARAMETERS[table[key].name], f"changed[{key!r}]"))
        for key, value in changed.items()
    }


def chip_values(
    chip: str | Machine,
    precision: str = "bf16",
    stack: str = "",
    book: Catalogue | None = None,
    changed: Mapping[str, float] | None = None,
    setting: Setting | None = None,
) -> dict[str, float]:
    """Inputs of a training step that a chip and its software give: rates, bandwidths, latencies, capacity.

    Parameters
    ----------
    chip : str or Machine
        A chip with a peak, a memory, fast links and a network in the catalogue.
    precision : str
        Of the matrix products, from `PRECISIONS`.
    stack : str
        See `dojo_calc.performance.stacks.software`.
    book : Catalogue, optional
    changed : mapping, optional
        Values of rows of `parameters` by `Parameter.key`, in place of the table's, see `changes`; those of other
        chips, precisions and stacks are left unread.
    setting : Setting, optional
        Where the run differs from the chip's facts and the software's habits.

    Returns
    -------
    dict
        Name to value in SI; also `memory_capacity`, `peak`, the dense 16-bit peak, and `matrix_peak`, that at the
        precision of the matrix products, which MFU is quoted for.

    Raises
    ------
    UnknownNameError
        If the chip, the precision or a changed parameter is unknown, or the chip lacks a peak, a memory or a
        link; the message names it.
    DomainError
        If a changed value is outside its parameter's domain.
    """
    known = book or catalogue()
    unit = known.machine(chip) if isinstance(chip, str) else chip
    ran = Setting() if setting is None else setting
    new = changes(changed or {})
    rows = efficiency(unit.id, precision, stack)
    own = {name: new.get(one.key, one.value) for name, one in rows.items()}
    hidden = next(new.get(one.key, one.value) for one in parameters() if one.key == "exposed_expert")
    own = ran.habits(as_launched(own, ran.graphs or software(stack).graphs), hidden)
    matrix, head = unit.total(matrix_peak(unit, precision)), unit.total(head_peak(unit))
    memory = _memory(unit)
    if "scale_up_domain" not in unit.facts.quantities(unit.id):
        raise UnknownNameError(
            f"a training plan needs the fact 'scale_up_domain' of {unit.id}, which has none"
        )
    links = fast_links(unit)
    domain = unit.total(domain_quantity(unit))
    cap: Any = 1.0
    if ran.power is not None:
        cap = capped_share(float(ran.power), unit.total("power"), own["power_exponent"])
    found: dict[str, Any] = {
        "matrix_rate": cap * attained_rate(matrix, own["matrix_efficiency"]),
        "head_rate": cap * attained_rate(head, own["matrix_efficiency"]),
        "attention_rate": cap * attained_rate(head, own["attention_efficiency"]),
        "score_rate": cap * attained_rate(head, own["score_efficiency"]),
        "peak": head,
        "matrix_peak": matrix,
        "memory_rate": attained_bandwidth(
            ran.number("memory_bandwidth", memory.bandwidth), own["memory_efficiency"]
        ),
        "memory_capacity": usable_memory(ran.number("memory", memory.capacity), own["memory_usable"]),
        "link": attained_bandwidth(links.bandwidth, own["link_efficiency"]),
        "links": links.count,
        "direct": links.direct,
        "side": links.side,
        "network": attained_bandwidth(network_share(unit, ran), own["network_efficiency"]),
        "domain": min(domain, ran.number("per_server", domain)),
        **{
            name: value
            for name, value in own.items()
            if name in ("gradient_efficiency", "grouped_efficiency")
            or not name.endswith(("_efficiency", "_usable", "_80", "_exponent", "error_experts"))
        },
    }
    return found


def _memory(unit: Machine) -> Memory:
    """Memory that holds the state of training.

    Raises
    ------
    UnknownNameError
        If the chip has none beside its SRAM.
    """
    found = {one.name: one for one in unit.memories()}
    if "hbm" not in found:
        has = ", ".join(found) or "none"
        raise UnknownNameError(
            f"a training plan needs the memory 'hbm', which follows from {unit.id}.hbm_capacity and "
            f"{unit.id}.hbm_bandwidth; {unit.id} has {has}"
        )
    return found["hbm"]
