"""How much of its rated speed a chip reaches in training: `data/efficiency.csv`.

One set of parameters a chip, and stated effects of the software stack. A row holds for the chips, the precision
and the stacks that it names, and for all where it names none; of the rows that hold, the one that names most
counts. Fitted values come from the rows of `data/validation/splits.csv` marked fit and from no others;
`dojo_calc.evidence.measured.training_fit` finds them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal

from pydantic import FiniteFloat

from dojo_calc import units
from dojo_calc.errors import DojoCalcError, UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.hardware.machine import Link, Machine
from dojo_calc.performance.layer import attained_bandwidth, attained_rate, usable_memory
from dojo_calc.quantities import ByteRate, Bytes, Count, Duration, Fraction, Ratio, check
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = [
    "PARAMETERS", "PRECISIONS", "Parameter", "changes", "chip_values", "domain_quantity", "efficiency",
    "matrix_precision", "parameters", "scale_up_link",
]  # fmt: skip

PARAMETERS: dict[str, Any] = {
    "matrix_efficiency": Fraction,
    "attention_efficiency": Fraction,
    "score_efficiency": Fraction,
    "memory_efficiency": Fraction,
    "operand_bandwidth": ByteRate,
    "elementwise_passes": Ratio,
    "logit_passes": Ratio,
    "cast_passes": Ratio,
    "link_efficiency": Fraction,
    "network_efficiency": Fraction,
    "gradient_efficiency": Fraction,
    "exposed_tensor": Fraction,
    "exposed_shard": Fraction,
    "exposed_gradient": Fraction,
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
    "element": Bytes,
    "operand": Bytes,
    "vocabulary_multiple": Count,
    "memory_usable": Fraction,
    "error_80": Ratio,
}
# Which efficiency class a precision belongs to, and the peak it runs against.
PRECISIONS = {"fp16": "16", "bf16": "16", "fp8": "fp8"}


class _Row(Strict):
    parameter: str
    chips: str = ""
    precision: Literal["", "16", "fp8"] = ""
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

    @property
    def key(self) -> str:
        """Name with what the row holds for."""
        scope = " ".join((*self.chips, self.precision, *self.stacks)).strip()
        return f"{self.name}[{scope}]" if scope else self.name

    def holds(self, chip: str, precision: str, stack: str) -> bool:
        """Whether the row speaks of a chip at a precision under a stack."""
        return (
            (not self.chips or chip in self.chips)
            and self.precision in ("", precision)
            and (not self.stacks or any(fnmatchcase(stack, pattern) for pattern in self.stacks))
        )

    @property
    def at_most_one(self) -> bool:
        """Whether it is a share."""
        return PARAMETERS[self.name] is Fraction

    @property
    def narrowness(self) -> int:
        """How many of chip, precision and stack the row names."""
        return bool(self.chips) + bool(self.precision) + bool(self.stacks)


@cache
def parameters() -> tuple[Parameter, ...]:
    """Every row of `data/efficiency.csv`, in SI.

    Raises
    ------
    FactsError
        If a row is refused: an unknown parameter, a unit or value that does not fit, an interval upside down
        or missing.
    """
    found = []
    for row, place in read_rows(data_path("efficiency.csv"), _Row):
        if row.parameter not in PARAMETERS:
            raise place.error("parameter", f"expected one of {', '.join(PARAMETERS)}, got {row.parameter!r}")
        if (row.low is None or row.high is None) and row.kind not in ("counted", "calibrated"):
            raise place.error("low", f"expected an interval, since the value is {row.kind}")
        low, high = (row.value if bound is None else bound for bound in (row.low, row.high))
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
                      value, low, high, prior, row.unit, row.kind, row.note)
        )  # fmt: skip
    return tuple(found)


def efficiency(chip: str, precision: str, stack: str = "") -> dict[str, Parameter]:
    """Parameters of a chip at a precision under a software stack.

    Parameters
    ----------
    chip : str
        An id of the catalogue.
    precision : str
        Of the matrix products: fp16, bf16 or fp8.
    stack : str
        Software generation, such as ``megatron-2022``; empty or unknown for today's.

    Returns
    -------
    dict
        Name to `Parameter`.

    Raises
    ------
    UnknownNameError
        If the precision is unknown.
    """
    kind = _precision(precision)
    return {
        name: max(
            (one for one in parameters() if one.name == name and one.holds(chip, kind, stack)),
            key=lambda one: one.narrowness,
        )
        for name in PARAMETERS
    }


def matrix_precision(precision: str) -> str:
    """Precision whose dense peak the matrix products of a layer run against."""
    return "fp8" if _precision(precision) == "fp8" else "bf16"


def _precision(precision: str) -> str:
    if precision not in PRECISIONS:
        raise UnknownNameError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    return PRECISIONS[precision]


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
) -> dict[str, float]:
    """Inputs of a training step that a chip and its software give: rates, bandwidths, latencies, capacity.

    Parameters
    ----------
    chip : str or Machine
        A chip with a memory, a fast link and a network port in the catalogue.
    precision : str
        Of the matrix products: fp16, bf16 or fp8.
    stack : str
        See `efficiency`.
    book : Catalogue, optional
    changed : mapping, optional
        Values of rows of `parameters` by `Parameter.key`, in place of the table's, see `changes`; those of other
        chips, precisions and stacks are left unread.

    Returns
    -------
    dict
        Name to value in SI; also `memory_capacity`, and `peak`, the dense 16-bit peak that MFU is quoted for.

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
    new = changes(changed or {})
    own = {name: new.get(one.key, one.value) for name, one in efficiency(unit.id, precision, stack).items()}
    peak = unit.peak("bf16")
    memory = _only(
        unit, "memory", {one.name: one for one in unit.memories()}, "hbm", "hbm_capacity", "hbm_bandwidth"
    )
    links = {one.name: one for one in unit.links()}
    found: dict[str, Any] = {
        "matrix_rate": attained_rate(unit.peak(matrix_precision(precision)), own["matrix_efficiency"]),
        "head_rate": attained_rate(peak, own["matrix_efficiency"]),
        "attention_rate": attained_rate(peak, own["attention_efficiency"]),
        "score_rate": attained_rate(peak, own["score_efficiency"]),
        "peak": peak,
        "matrix_peak": unit.peak(matrix_precision(precision)),
        "memory_rate": attained_bandwidth(memory.bandwidth, own["memory_efficiency"]),
        "memory_capacity": usable_memory(memory.capacity, own["memory_usable"]),
        "scale_up": attained_bandwidth(scale_up_link(unit).bandwidth, own["link_efficiency"]),
        "network": attained_bandwidth(
            _only(unit, "link", links, "nic", "nic_bandwidth").bandwidth, own["network_efficiency"]
        ),
        "domain": unit.total(domain_quantity(unit)),
        **{
            name: value
            for name, value in own.items()
            if name == "gradient_efficiency" or not name.endswith(("_efficiency", "_usable", "_80"))
        },
    }
    return found


def domain_quantity(unit: Machine) -> str:
    """Fact that says how many chips a job finds in one fast domain: of a rack of 72 it takes 64."""
    return "scale_up_domain" if unit.maybe("scale_up_block") is None else "scale_up_block"


def scale_up_link(unit: Machine) -> Link:
    """Link that joins a chip to those of its fast domain: NVLink, or another whose chips all meet in a switch.

    Raises
    ------
    UnknownNameError
        If the chip has none, or several besides NVLink.
    """
    links = {one.name: one for one in unit.links() if one.owner == unit.id}
    switched = [one for one in links.values() if one.topology == "switched"]
    if "nvlink" not in links and len(switched) == 1:
        return switched[0]
    found: Link = _only(unit, "link", links, "nvlink", "nvlink_bandwidth")
    return found


def _only(unit: Machine, kind: str, found: Mapping[str, Any], name: str, *facts: str) -> Any:
    if name not in found:
        has = ", ".join(found) or "none"
        wanted = " and ".join(f"{unit.id}.{one}" for one in facts)
        raise UnknownNameError(
            f"a training plan needs the {kind} {name!r}, which follows from {wanted}; {unit.id} has {has}"
        )
    return found[name]
