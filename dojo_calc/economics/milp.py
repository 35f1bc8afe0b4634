"""A mixed-integer linear program built from named blocks, and its solution by HiGHS in rising slices of work.

`scipy.optimize.milp` takes one matrix and knows no names, no progress and no starting point. Here variables
and rows come in named blocks, the matrix is assembled sparse and exactly, and a long solve keeps its best
solution: it runs in slices of rising work, so that there is an incumbent and a bound to report, and to keep
when the reader interrupts. A slice starts anew, since SciPy's HiGHS takes no start and calls nothing back;
each is twice as large as the one before, so all of them together cost at most twice the last. Work is counted in
nodes of the search tree, not in seconds: a busy machine takes longer and finds the same.

References
----------
.. [1] Q. Huangfu, J. A. J. Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
   Computation 10, 2018: HiGHS.
.. [2] J. W. Chinneck, "Feasibility and Infeasibility in Optimization", Springer, 2008: elastic rows.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

__all__ = ["Block", "Program", "Progress", "Relief", "Solution"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
IntArray: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Status: TypeAlias = Literal["optimal", "node limit", "interrupted"]
# Rows an entry stands in, columns, coefficients: each an array, or one number for all.
Term: TypeAlias = tuple[Any, Any, Any]

GAP = 1e-4  # relative distance of a cost from its bound at which it counts as least, if left out
FIRST_SLICE = 500  # nodes of the search tree
RELIEF_NODES = 2_000
# Status codes of scipy.optimize.milp that are answers. HiGHS's presolve may not tell an infeasible program from
# an unbounded one (4); none here is unbounded. SciPy has no code for a limit of nodes, so that it comes as 4 too,
# and only the status of HiGHS in the message tells it apart.
_OPTIMAL, _LIMIT, _INFEASIBLE = 0, 1, (2, 4)
_FEASIBLE = 1e-7  # tolerance of HiGHS in what a bound or a row allows
_NODE_LIMIT = "(HiGHS Status 16:"


@dataclass(frozen=True)
class Progress:
    """What is known after a slice: seconds so far, cost of the best solution, bound, and their relative gap.

    `cost` and `gap` are infinite while there is no solution.
    """

    seconds: float
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """Relative distance of the best solution from the bound."""
        if not math.isfinite(self.cost):
            return math.inf
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), 1e-12)


@dataclass(frozen=True)
class Solution:
    """Best values found, one a variable, and how sure they are."""

    values: FloatArray
    cost: float
    bound: float
    gap: float
    status: Status
    seconds: float


@dataclass(frozen=True)
class Block:
    """Rows of one kind: ``low <= rows <= high``, and the factor that turns a row into its unit."""

    name: str
    first: int
    low: FloatArray
    high: FloatArray
    scale: float


@dataclass(frozen=True)
class Relief:
    """Change of each row by block, in the reader's unit, and whether it is proven to be the least."""

    changes: dict[str, FloatArray]
    least: bool


class Program:
    """Minimise a cost over blocks of variables, subject to named blocks of rows, with HiGHS [1]_.

    A variable that lowers the cost must have an upper bound, so that the least cost is finite.
    """

    def __init__(self) -> None:
        self._low: list[FloatArray] = []
        self._high: list[FloatArray] = []
        self._cost: list[FloatArray] = []
        self._whole: list[FloatArray] = []
        self._entries: list[tuple[IntArray, IntArray, FloatArray]] = []
        self.blocks: dict[str, Block] = {}
        self.columns = self.rows = 0

    def variables(
        self,
        shape: tuple[int, ...],
        *,
        low: Any = 0.0,
        high: Any = math.inf,
        cost: Any = 0.0,
        whole: Any = False,
    ) -> IntArray:
        """Add variables.

        Parameters
        ----------
        shape : tuple of int
        low, high, cost, whole : array_like
            Bounds, cost, and whether the value must be a whole number; broadcast to `shape`.

        Returns
        -------
        ndarray of int
            Their columns, of that shape.
        """
        size = math.prod(shape)
        given = ((self._low, low), (self._high, high), (self._cost, cost), (self._whole, whole))
        for values, one in given:
            values.append(np.broadcast_to(np.asarray(one, dtype=np.float64), shape).ravel().copy())
        found = np.arange(self.columns, self.columns + size, dtype=np.int64).reshape(shape)
        self.columns += size
        return found

    def add(
        self,
        name: str,
        count: int,
        terms: Sequence[Term],
        *,
        low: Any = -math.inf,
        high: Any = math.inf,
        scale: float = 1.0,
    ) -> None:
        """Add rows ``low <= sum of terms <= high``.

        Parameters
        ----------
        name : str
            Of the block.
        count : int
            Number of rows.
        terms : sequence of (rows, columns, coefficients)
            Entries of the matrix; rows are counted from 0 within the block. Entries of one place add up.
        low, high : array_like
            Broadcast to `count`.
        scale : float
            What one of the row is in the unit a reader knows it by, for `relief`.
        """
        for where, columns, coefficients in terms:
            r, c, v = np.broadcast_arrays(where, columns, np.asarray(coefficients, dtype=np.float64))
            self._entries.append((r.ravel() + self.rows, c.ravel(), v.ravel()))
        below, above = (
            np.broadcast_to(np.asarray(bound, dtype=np.float64), count).copy() for bound in (low, high)
        )
        self.blocks[name] = Block(name, self.rows, below, above, scale)
        self.rows += count

    def solve(
        self,
        *,
        gap: float = GAP,
        nodes: int | None = None,
        first_slice: int = FIRST_SLICE,
        progress: Callable[[Progress], None] | None = None,
    ) -> Solution | None:
        """Minimise, in slices of rising work.

        Parameters
        ----------
        gap : float
            Relative distance between cost and bound at which the cost counts as least.
        nodes : int, optional
            Of the search tree, over all slices; as many as it takes if left out.
        first_slice : int
            Nodes; each further slice has twice as many.
        progress : callable, optional
            Called after each slice.

        Returns
        -------
        Solution or None
            None if there is no solution at all. On an interrupt the best one so far, with the status
            ``"interrupted"``.

        Raises
        ------
        KeyboardInterrupt
            If the reader interrupts before a first solution is found.
        TimeoutError
            If all nodes are used before one is found.
        """
        begin, best, bound = time.perf_counter(), None, -math.inf
        status: Status = "interrupted"
        allowed, used = first_slice, 0
        cost = np.concatenate(self._cost)
        try:
            while True:
                slice_ = allowed if nodes is None else min(allowed, nodes - used)
                found = self._run(cost, (), gap, slice_)
                if found.status in _INFEASIBLE:
                    return None
                used += slice_
                if found.x is not None and (best is None or found.fun < best.fun):
                    best = found
                bound = max(bound, _bound(found))
                seconds = time.perf_counter() - begin
                now = Progress(seconds, math.inf if best is None else float(best.fun), bound)
                if progress:
                    progress(now)
                if found.status == _OPTIMAL or now.gap <= gap:
                    status = "optimal"
                    break
                if nodes is not None and used >= nodes:
                    status = "node limit"
                    break
                allowed *= 2
        except KeyboardInterrupt:
            if best is None:
                raise
        seconds = time.perf_counter() - begin
        if best is None:
            raise TimeoutError(f"no plan was found in {used:,} nodes of the search; allow more")
        now = Progress(seconds, float(best.fun), bound)
        whole = np.concatenate(self._whole).astype(np.bool_)
        return Solution(
            np.where(whole, np.round(best.x), self._at_bounds(best.x)),
            now.cost,
            bound,
            now.gap,
            status,
            seconds,
        )

    def _at_bounds(self, values: FloatArray) -> FloatArray:
        """Values with those at their bound that the solver, within its tolerance, cannot tell from it."""
        low, high = np.concatenate(self._low), np.concatenate(self._high)
        return np.where(values < low + _FEASIBLE, low, np.where(values > high - _FEASIBLE, high, values))

    def relief(self, names: Sequence[str], *, nodes: int = RELIEF_NODES) -> Relief | None:
        """Find the least change of some blocks' bounds that lets the program have a solution.

        Each of their rows becomes elastic [2]_, and the changes, in units of a row, are made as small as
        they can be in sum.

        Parameters
        ----------
        names : sequence of str
            Blocks whose bounds may move; all others stand.
        nodes : int
            Of the search tree, at the most.

        Returns
        -------
        Relief or None
            None if moving these alone cannot help.
        """
        elastic = [self.blocks[name] for name in names]
        found = self._run(np.zeros(self.columns), elastic, GAP, nodes)
        if found.x is None:
            return None
        changes = np.split(found.x[self.columns :], np.cumsum([block.low.size for block in elastic])[:-1])
        scaled = [c * block.scale for c, block in zip(changes, elastic, strict=True)]
        return Relief(dict(zip(names, scaled, strict=True)), found.status == _OPTIMAL)

    def _run(self, cost: FloatArray, elastic: Sequence[Block], gap: float, nodes: int) -> Any:
        """Run HiGHS once, in a thread of its own so that an interrupt reaches this one at once."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csc_array

        rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        low = np.concatenate([block.low for block in self.blocks.values()])
        high = np.concatenate([block.high for block in self.blocks.values()])
        moved = np.concatenate(
            [np.arange(0), *(np.arange(b.first, b.first + b.low.size) for b in elastic)]
        ).astype(np.int64)
        extra = self.columns + np.arange(moved.size)
        signs = np.where(np.isfinite(high[moved]), -1.0, 1.0)  # an upper bound is raised, a lower one lowered
        matrix = csc_array(
            (
                np.concatenate([values, signs]),
                (np.concatenate([rows, moved]), np.concatenate([columns, extra])),
            ),
            shape=(self.rows, self.columns + moved.size),
        )
        none, free = np.zeros(moved.size), np.full(moved.size, math.inf)
        arguments = {
            "c": np.concatenate([cost, np.ones(moved.size)]),
            "integrality": np.concatenate([*self._whole, none]),
            "bounds": Bounds(np.concatenate([*self._low, none]), np.concatenate([*self._high, free])),
            "constraints": LinearConstraint(matrix, low, high),
            "options": {"mip_rel_gap": gap, "node_limit": nodes},
        }
        answers: list[Any] = []
        failures: list[BaseException] = []
        done = threading.Event()

        def work() -> None:
            try:
                answers.append(milp(**arguments))
            except BaseException as error:  # handed to the waiting thread, which raises it
                failures.append(error)
            finally:
                done.set()

        # No daemon: HiGHS's own threads must end before the process does. After an interrupt the run goes on in
        # the background until its slice is over.
        thread = threading.Thread(target=work)
        thread.start()
        # HiGHS lets go of the interpreter's lock, so an interrupt arrives here. Thread.join would, interrupted,
        # take the thread for ended (Python 3.11), and the process would leave without it.
        while not done.wait(0.05):
            pass
        if failures:
            raise failures[0]
        found = answers[0]
        if _NODE_LIMIT in found.message:
            found.status = _LIMIT
        if found.x is None and found.status not in (_LIMIT, *_INFEASIBLE):
            raise RuntimeError(f"HiGHS stopped: {found.message}")
        return found


def _bound(found: Any) -> float:
    """Proven lower bound of a run: its cost where it is optimal and has no branches."""
    bound = found.get("mip_dual_bound")
    if bound is None:
        return float(found.fun) if found.status == _OPTIMAL and found.fun is not None else -math.inf
    return float(bound)
