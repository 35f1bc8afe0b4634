"""Rooflines of machines of the catalogue, laid out as arrays for the formulas of `roofline`.

A kernel streams from the nearest memory that holds its working set. A D1 has its own SRAM only; what lies
behind it belongs to the tray it sits in, so a die or a tile is looked at *within* a larger machine and
gets an equal share of that machine's memories and links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dojo_calc.doors import door
from dojo_calc.errors import ArgumentError, UnknownNameError, nearest
from dojo_calc.hardware.machine import Machine
from dojo_calc.performance.roofline import (
    attainable_rate,
    compute_time,
    overlapped_time,
    ridge_point,
    serial_time,
    streaming_bandwidth,
    transfer_time,
)
from dojo_calc.quantities import Bytes, Flop, Intensity, check

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Feed", "Roofs", "feeds", "time_bounds"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Feed:
    """A memory or network that a machine can stream from: its capacity [B] and bandwidth [B/s]."""

    name: str
    capacity: float
    bandwidth: float


@door
def feeds(machine: Machine, within: Machine | None = None) -> list[Feed]:
    """What a machine can stream from, nearest first.

    Parameters
    ----------
    machine : Machine
        Such as one D1.
    within : Machine, optional
        The larger machine it sits in, such as a tray; its memories and its network are shared equally.

    Returns
    -------
    list of Feed
        Memories by falling bandwidth, then the network, which holds anything.

    Raises
    ------
    UnknownNameError
        If `within` holds no such machine, or neither has a memory.
    """
    around = within or machine
    share = around.count(machine.id)
    own = {memory.name for memory in machine.memories()}
    found = [Feed(memory.name, memory.capacity, memory.bandwidth) for memory in machine.memories()]
    found += [
        Feed(memory.name, memory.capacity / share, memory.bandwidth / share)
        for memory in around.memories()
        if memory.name not in own
    ]
    if not found:
        raise UnknownNameError(f"{machine.id} has no memory of its own; say which machine it sits in")
    networks = [link for link in around.links() if link.topology == "network"]
    return found + [Feed(link.name, np.inf, link.total_bandwidth / share) for link in networks[:1]]


class Roofs:
    """Peaks and feeds of several machines at several precisions, as arrays.

    Parameters
    ----------
    machines : sequence of Machine
    precisions : sequence of str
    within : mapping of str to Machine, optional
        By machine id: what it sits in, see `feeds`.

    Attributes
    ----------
    peak : ndarray, shape (machines, precisions)
        [FLOP/s]; NaN where a machine has no published peak, and then `missing` says why.
    capacity, bandwidth : ndarray, shape (machines, deepest hierarchy)
        Nearest feed first [B], [B/s]; shorter hierarchies repeat their last feed.
    missing : dict
        ``{(machine, precision): reason}``.
    """

    @door
    def __init__(
        self,
        machines: Sequence[Machine],
        precisions: Sequence[str] = ("bf16",),
        within: Mapping[str, Machine] | None = None,
    ) -> None:
        if not machines or not precisions:
            raise ArgumentError(
                f"roofs need a machine and a precision, got {len(machines)} and {len(precisions)}"
            )
        around = within or {}
        self.machines = [machine.id for machine in machines]
        self.names = [machine.name for machine in machines]
        self.precisions = list(precisions)
        self.feeds = [feeds(machine, around.get(machine.id)) for machine in machines]
        self.missing: dict[tuple[str, str], str] = {}
        self.peak: Array = np.array(
            [[self._peak(machine, one) for one in precisions] for machine in machines]
        )
        depth = max(map(len, self.feeds))
        padded = [row + row[-1:] * (depth - len(row)) for row in self.feeds]
        self.capacity: Array = np.array([[feed.capacity for feed in row] for row in padded])
        self.bandwidth: Array = np.array([[feed.bandwidth for feed in row] for row in padded])

    def _peak(self, machine: Machine, precision: str) -> float:
        try:
            return machine.peak(precision)
        except UnknownNameError as error:
            self.missing[machine.id, precision] = str(error)
            return np.nan

    def streaming(self, working_set: ArrayLike) -> Array:
        """Bandwidth that each machine streams a working set at.

        Parameters
        ----------
        working_set : array_like, shape (...)
            [B].

        Returns
        -------
        ndarray, shape (machines, ...)
            [B/s].
        """
        size = np.asarray(check(working_set, Bytes, "working_set"))
        ones = (1,) * size.ndim
        capacity, bandwidth = (a.T.reshape(a.T.shape + ones) for a in (self.capacity, self.bandwidth))
        found: Any = np.broadcast_to(bandwidth[-1], (len(self.machines), *size.shape))
        for level in range(len(bandwidth) - 2, -1, -1):
            found = streaming_bandwidth(size, capacity[level], bandwidth[level], found)
        return np.asarray(found)

    def attainable(self, intensity: ArrayLike, working_set: ArrayLike) -> Array:
        """Rate each machine attains at each precision.

        Parameters
        ----------
        intensity, working_set : array_like
            Broadcast against each other to shape (...) [FLOP/B], [B].

        Returns
        -------
        ndarray, shape (machines, precisions, ...)
            [FLOP/s]; NaN exactly where `missing` gives a reason.

        Raises
        ------
        DomainError
            If an intensity or a size is negative or not finite.
        """
        shape = np.broadcast_shapes(np.shape(intensity), np.shape(working_set))
        slope = np.broadcast_to(check(intensity, Intensity, "intensity"), shape)
        bandwidth = self.streaming(np.broadcast_to(check(working_set, Bytes, "working_set"), shape))
        peak = self.peak.reshape(self.peak.shape + (1,) * len(shape))
        return np.asarray(attainable_rate(peak, slope, bandwidth[:, None]))

    def table(self) -> pl.DataFrame:
        """Ridge point of every machine, precision and feed as a polars frame, in SI."""
        import polars as pl

        rows = [
            {
                "machine": self.machines[i],
                "precision": precision,
                "feed": feed.name,
                "capacity": feed.capacity,
                "bandwidth": feed.bandwidth,
                "peak": self.peak[i, j],
                "ridge": ridge_point(self.peak[i, j], feed.bandwidth),
            }
            for i, row in enumerate(self.feeds)
            for j, precision in enumerate(self.precisions)
            if (self.machines[i], precision) not in self.missing
            for feed in row
        ]
        return pl.DataFrame(rows)


@door
def time_bounds(
    machine: Machine, precision: str, work: ArrayLike, traffic: Mapping[str, ArrayLike]
) -> tuple[Array, Array]:
    """Bounds of the time that a kernel takes over all memories and links of a machine at once.

    Parameters
    ----------
    machine : Machine
    precision : str
    work : array_like
        [FLOP].
    traffic : mapping of str to array_like
        Bytes over each memory or link by its name [B]; links in one direction, spread evenly over their
        number.

    Returns
    -------
    overlapped, serial : ndarray
        [s]; broadcast shape. Lower bound where everything runs at once, upper bound where nothing does.

    Raises
    ------
    UnknownNameError
        If the machine has no such peak, memory or link.
    DomainError
        If a number is outside its domain.
    """
    bandwidths = {memory.name: memory.bandwidth for memory in machine.memories()}
    bandwidths |= {link.name: link.total_bandwidth for link in machine.links()}
    times: list[Any] = [compute_time(check(work, Flop, "work"), machine.peak(precision))]
    for name, moved in traffic.items():
        if name not in bandwidths:
            known = ", ".join(bandwidths)
            hint = nearest(name, bandwidths)
            raise UnknownNameError(
                f"{machine.id} has no memory or link {name!r}{hint or f'; it has {known}'}"
            )
        times.append(transfer_time(check(moved, Bytes, f"traffic[{name!r}]"), bandwidths[name]))
    return np.asarray(overlapped_time(*times)), np.asarray(serial_time(*times))
