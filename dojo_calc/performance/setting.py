"""What surrounds a chip in training: the fast links beside it by role, the network, and where a run differs.

A link between chips is *fast* by how it is wired (switched, point to point, a torus), whatever its maker calls it;
what is wired as a network joins servers. Of a reader's own link nobody may have said how: it is taken as switched.
A run may have had other surroundings than the chip's facts say: a slower network, fewer chips a server, a power cap,
another memory. And it may say what the software leaves open: how its experts were given their tokens, whether the
way to them was hidden under other work, how much of an iteration was captured as a graph of kernels, and whether the
experts' products took in what lies between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from dojo_calc.errors import UnknownNameError
from dojo_calc.hardware.machine import Link, Machine
from dojo_calc.quantities import ByteRate, PositiveBytes, PositivePower, Ranks, check

__all__ = [
    "DISPATCH",
    "FAST",
    "GRAPHS",
    "NO_NETWORK",
    "FastLinks",
    "Setting",
    "as_launched",
    "domain_quantity",
    "fast_links",
    "network_link",
    "network_share",
]

NO_NETWORK = 1e-3  # B/s: so little that no plan crosses it unseen
DISPATCH = ("dropless", "drop")
FAST = ("switched", "point-to-point", "torus")
# What each way of capturing kernels takes in place of a launch by the host.
GRAPHS: dict[str, dict[str, str]] = {
    "none": {},
    "parts": {"expert_launch": "partly_captured_expert_launch"},
    "whole": {"launch": "captured_launch", "expert_launch": "captured_expert_launch"},
}
OF_EXPERTS = ("dispatch", "capacity", "expert_overlap", "fused_experts")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting:
    """Where a run differs from the facts of its chip and the habits of its software; None is as those say.

    Parameters
    ----------
    network : ByteRate, optional
        Of a server, or of a chip where no `per_server` is known, in one direction [B/s]; a text with its unit will
        do, as for the others.
    per_server : Ranks, optional
        Chips a server, which is then the fast domain if it is smaller [1].
    power : PositivePower, optional
        Cap of a chip, where below its rating [W].
    memory : PositiveBytes, optional
        As the driver reports it [B].
    memory_bandwidth : ByteRate, optional
        [B/s].
    dispatch : {"dropless", "drop"}, optional
        Whether experts take all tokens that are routed to them, or up to a capacity, padded where fewer come. Sizes
        are then known beforehand, and no host waits for counts of tokens.
    capacity : Ranks, optional
        Tokens that an expert is given over the mean, where it drops [1].
    graphs : {"none", "parts", "whole"}, optional
        What is captured beforehand as a graph of kernels, so that the host need not launch it: nothing; attention
        and the router, so that experts' kernels are still launched one by one; a whole iteration.
    expert_overlap : bool, optional
        Whether the way to experts and back runs under the work of another micro-batch. It shows in full otherwise.
    fused_experts : bool, optional
        Whether the experts' activation function and casts are taken into their products, so that they pass memory
        no more.

    Raises
    ------
    DomainError
        If a value is outside its domain.
    UnitError
        If a text has another dimension.
    UnknownNameError
        If a dispatch or a graph is no such word, an answer is neither true nor false, or a capacity is given that
        has no effect, since nothing is dropped.
    """

    network: float | str | None = None
    per_server: float | str | None = None
    power: float | str | None = None
    memory: float | str | None = None
    memory_bandwidth: float | str | None = None
    dispatch: str | None = None
    capacity: float | str | None = None
    graphs: str | None = None
    expert_overlap: bool | None = None
    fused_experts: bool | None = None

    def __post_init__(self) -> None:
        kinds = {"network": ByteRate, "per_server": Ranks, "power": PositivePower, "memory": PositiveBytes,
                 "memory_bandwidth": ByteRate, "capacity": Ranks}  # fmt: skip
        for name, kind in kinds.items():
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, float(check(given, kind, name)))
        for name, words in (("dispatch", DISPATCH), ("graphs", tuple(GRAPHS))):
            if (said := getattr(self, name)) is not None and said not in words:
                raise UnknownNameError(f"{name} must be one of {', '.join(words)}, got {said!r}")
        for name in ("expert_overlap", "fused_experts"):
            if (said := getattr(self, name)) not in (None, False, True):
                raise UnknownNameError(f"{name} must be True or False, got {said!r}")
        if self.capacity is not None and self.dispatch != "drop":
            raise UnknownNameError("capacity has no effect unless dispatch is drop")

    def number(self, name: str, rated: float) -> float:
        """Value of a field in SI, or that of the chip's facts where none is given."""
        value: float | None = getattr(self, name)
        return rated if value is None else value

    def habits(self, own: Mapping[str, float], hidden: float) -> dict[str, float]:
        """Values of a stack's parameters, with what a run says of its experts in their place.

        Parameters
        ----------
        own : mapping
            By name.
        hidden : float
            Share of the way to experts that shows where it runs under other work [1].
        """
        found = dict(own)
        if self.dispatch == "drop":  # what is padded has its sizes beforehand
            found["expert_launch"] = min(own["expert_launch"], own["launch"])
            found["expert_load"] = self.number("capacity", own["expert_load"])
        if self.expert_overlap is not None:
            found["exposed_expert"] = hidden if self.expert_overlap else 1.0
        if self.fused_experts is not None:
            found["fused_experts"] = float(self.fused_experts)
        return found

    def of_experts(self) -> tuple[str, ...]:
        """Fields that are given and say something of experts alone."""
        return tuple(name for name in OF_EXPERTS if getattr(self, name) is not None)


def as_launched(own: Mapping[str, Value], graphs: str) -> dict[str, Value]:
    """Parameters of a stack with the launches that a way of capturing kernels leaves.

    Parameters
    ----------
    own : mapping
        Every parameter by name.
    graphs : str
        Of `GRAPHS`.

    Returns
    -------
    dict
        The same without those of the other ways.
    """
    ways = {name for way in GRAPHS.values() for name in way.values()}
    taken = GRAPHS[graphs]
    return {name: own[taken.get(name, name)] for name in own if name not in ways}


@dataclass(frozen=True)
class FastLinks:
    """Fast links of one chip: so many, each of a bandwidth in one direction [B/s].

    `direct` is 1 where each leads to one other chip of the domain, so that a small group uses its share alone;
    `side` is the length of a torus along one axis, 1 where there is none. `quantity` is the fact.
    """

    name: str
    quantity: str
    count: float
    bandwidth: float
    direct: float
    side: float


def fast_links(unit: Machine) -> FastLinks:
    """Links over which a chip reaches the others of its fast domain.

    Raises
    ------
    UnknownNameError
        If it has none; the message says which links it has.
    """
    own = [
        one
        for one in unit.links()
        if one.owner == unit.id and not _is_network(one) and one.topology in (*FAST, "")
    ]
    if not own:
        raise UnknownNameError(
            f"a training plan needs links of {unit.id} to its neighbours (wired as {', '.join(FAST)}); "
            f"it has {_names(unit.links())}"
        )
    one = max(own, key=lambda link: link.total_bandwidth)
    domain = unit.total("scale_up_domain")
    axes = one.count / 2.0
    side = domain ** (1.0 / axes) if one.topology == "torus" else 1.0
    direct = float(one.topology == "point-to-point")
    quantity = f"{one.name.replace('-', '_')}_bandwidth"
    return FastLinks(one.name, quantity, one.count, one.bandwidth, direct, side)


def network_link(unit: Machine) -> Link | None:
    """Network port of a chip between servers, or None where it has none."""
    return next((one for one in unit.links() if one.owner == unit.id and _is_network(one)), None)


def _is_network(link: Link) -> bool:
    """Whether a link joins servers: it is wired so, or is a network card of which nobody says how it is wired."""
    return link.topology == "network" or (link.topology == "" and link.name == "nic")


def network_share(unit: Machine, setting: Setting) -> float:
    """Network bandwidth of a chip in one direction, rated [B/s]: its part of what the run's server had.

    `NO_NETWORK` where neither the setting nor the catalogue gives one: `plan.problems` then refuses more chips than
    one fast domain has.
    """
    if setting.network is not None:
        return float(setting.network) / setting.number("per_server", unit.total("scale_up_domain"))
    port = network_link(unit)
    return NO_NETWORK if port is None else port.total_bandwidth


def domain_quantity(unit: Machine) -> str:
    """Fact that says how many chips a job finds in one fast domain: of a rack of 72 it takes 64."""
    return "scale_up_domain" if unit.maybe("scale_up_block") is None else "scale_up_block"


def _names(links: list[Link]) -> str:
    return ", ".join(f"{one.name} ({one.topology})" for one in links) or "none"
