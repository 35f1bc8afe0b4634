"""Outputs of a model over a grid of inputs: in blocks of bounded memory, on threads, processes or a cluster.

The grid is never laid out. Its points are numbered as `numpy.ravel` numbers them, the range of numbers is cut
into blocks, and each block looks its own coordinates up.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from importlib import import_module
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import ModelError
from dojo_calc.model.conditions import Broken
from dojo_calc.model.inputs import uncertain
from dojo_calc.model.model import Model
from dojo_calc.words import Listed

if TYPE_CHECKING:
    import polars as pl

__all__ = ["StoppedError", "Sweep", "sweep"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
BoolArray: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
_AHEAD = 64  # blocks handed to an executor before one is waited for: what bounds the memory


class StoppedError(ModelError):
    """A block could not be computed after others had been; `sweep` holds those, to be continued as ``out``."""

    def __init__(self, message: str, sweep: Sweep) -> None:
        super().__init__(message)
        self.sweep = sweep

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.sweep)


class Executor(Protocol):
    """What `concurrent.futures` executors and Dask clients have in common."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Start a call and return its future, which has ``result``, ``cancel`` and ``add_done_callback``."""


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Listed):
    """Outputs over a grid, and which blocks of it are done.

    `values` holds one array an output, of the grid's shape, its axes in the order of `axes`. A point that is
    not done is NaN, unless the array was given as `out`; `mask` tells. A point that breaks an identity of the
    model is NaN too, and `reason` says why.
    """

    axes: Mapping[str, FloatArray]
    given: Mapping[str, float]
    values: Mapping[str, FloatArray]
    block: int
    finished: BoolArray
    model: Model

    def __getitem__(self, output: str) -> FloatArray:
        return self.values[output]

    def line(self) -> str:
        """What was swept, and how much of it is done."""
        done = "" if self.complete else f", {self.done:,} of them done"
        points = f"{math.prod(self.shape):,} points{done}"
        return f"Sweep of {', '.join(self.values)} over {', '.join(self.axes)}: {points}"

    def units(self) -> dict[str, str]:
        """Units of axes and outputs."""
        return {name: self.model.spec(name).unit for name in (*self.axes, *self.values)}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid."""
        return tuple(axis.size for axis in self.axes.values())

    @property
    def complete(self) -> bool:
        """Whether every point is done; if not, the sweep can be given as `out` to be finished."""
        return bool(self.finished.all())

    @property
    def done(self) -> int:
        """Number of points that are done."""
        overhang = self.finished.size * self.block - math.prod(self.shape)
        return int(self.finished.sum()) * self.block - (overhang if self.finished[-1] else 0)

    @property
    def mask(self) -> BoolArray:
        """Points that are done, of the grid's shape."""
        size = math.prod(self.shape)
        return np.repeat(self.finished, self.block)[:size].reshape(self.shape)

    @property
    def reason(self) -> np.ndarray[Any, np.dtype[np.object_]]:
        """What each point breaks of the model's conditions, in words and of the grid's shape; empty where all hold.

        Limits are told as well, though what breaks them is computed.
        """
        found = np.full(math.prod(self.shape), "", dtype=object)
        for start in range(0, found.size, self.block):
            points = np.arange(start, min(start + self.block, found.size))
            given = at(self.axes, self.shape, points)
            for one in self.model.broken(tuple(self.values), **{**self.given, **given}):
                for (place,) in np.argwhere(np.broadcast_to(one.where, points.shape)):
                    found[start + place] = found[start + place] or one.text((place,))
        return found.reshape(self.shape)

    def _fill(self, index: int, values: Mapping[str, FloatArray | float]) -> None:
        start = index * self.block
        for name, value in values.items():
            self.values[name].reshape(-1)[start : start + self.block] = value

    def _store(self, index: int, values: Mapping[str, FloatArray]) -> None:
        self._fill(index, values)
        self.finished[index] = True  # last, so that an interruption leaves no half block marked

    def table(self) -> pl.DataFrame:
        """Every point that is done as a row of a polars frame: its coordinates and outputs in SI, NaN if masked."""
        import polars as pl

        mask = self.mask
        columns = dict(zip(self.axes, np.meshgrid(*self.axes.values(), indexing="ij"), strict=True))
        return pl.DataFrame({name: column[mask] for name, column in (columns | dict(self.values)).items()})


@door
def sweep(
    model: Model,
    outputs: str | Sequence[str],
    grid: Mapping[str, Any],
    /,
    *,
    executor: Executor | None = None,
    block: int = 65_536,
    progress: Callable[[int, int], None] | None = None,
    out: FloatArray | Mapping[str, FloatArray] | Sweep | None = None,
    **given: Any,
) -> Sweep:
    """Compute outputs at every point of a grid.

    Beside the results it holds the steps of one block; with an executor, those of each worker and the
    outputs of at most 64 blocks. Blocks are taken as they are finished; the model travels without its catalogue.

    Parameters
    ----------
    model : Model
    outputs : str or sequence of str
    grid : mapping
        Input, or step to be given instead of computed, to its values: a sequence of one dimension, of numbers in SI
        or of texts with units.
    executor : Executor, optional
        Anything with ``submit`` that returns futures: `ThreadPoolExecutor`, `ProcessPoolExecutor`, a Dask
        client. Blocks are computed here, one after the other, if left out.
    block : int
        Points computed at a time.
    progress : callable, optional
        Called after each block with the points that are done and all points.
    out : ndarray, mapping or Sweep, optional
        Where results go: an array of float64 and the grid's shape for each output, such as a
        `numpy.memmap`; alone, if there is one output. An unfinished sweep of the same model and grid is
        continued: only its missing blocks are computed.
    **given
        Values of other inputs, one each.

    Returns
    -------
    Sweep
        After a KeyboardInterrupt, what is done so far, with `complete` false.

    Raises
    ------
    StoppedError
        If a block fails after others are done, as where a worker is lost; its `sweep` has what is done.
    UnknownNameError, ModelError, UnitError, DomainError
        As `Model.evaluate` does: also if no output depends on an axis. Points that break an identity of the model
        are NaN, see `Sweep.reason`.
    ModelError
        If an axis is empty or not of one dimension, or `out` does not fit.

    Examples
    --------
    >>> import dojo_calc as dc
    >>> model = dc.Model({"chips": dc.units_needed}, {"target": None, "unit": None})
    >>> sweep(model, "chips", {"target": [1e18, 1e20], "unit": [312e12, 362e12]})["chips"].round(1)
    array([[  3205.1,   2762.4],
           [320512.8, 276243.1]])
    """
    wanted, axes, fixed = swept(model, outputs, grid, given)
    block = whole("block", block, 1)
    result = _prepared(model, wanted, axes, fixed, block, out)
    size, shape = math.prod(result.shape), result.shape
    sent = model if executor is None else Travelling(model)
    run = partial(_block, sent, wanted, axes, fixed, shape, block)
    waiting: dict[Any, int] = {}  # futures of the blocks handed out

    def keep_the_rest() -> None:
        for future, index in waiting.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                result._store(index, future.result())
        if out is None:  # only now: to fill the arrays first would cost as much as a short sweep
            nothing = dict.fromkeys(wanted, np.nan)
            for index in map(int, np.flatnonzero(~result.finished)):
                result._fill(index, nothing)

    try:
        for index, values in as_finished(executor, run, map(int, np.flatnonzero(~result.finished)), waiting):
            result._store(index, values)
            if progress:
                progress(result.done, size)
    except KeyboardInterrupt:
        keep_the_rest()
    except Exception as error:
        keep_the_rest()
        if not result.done:
            raise
        raise StoppedError(
            f"the sweep stopped: {type(error).__name__}: {error or 'a block is lost'}; {result.done:,} of {size:,} "
            "points are done, in the error's sweep, which can be given as out to be continued",
            result,
        ) from error
    finally:
        for future in waiting:
            future.cancel()
    return result


def as_finished(
    executor: Executor | None, run: Callable[[int], Any], indices: Iterator[int], waiting: dict[Any, int]
) -> Iterator[tuple[int, Any]]:
    """Numbers of tasks and what they return, as they are finished; a slow one holds no other up.

    Parameters
    ----------
    executor : Executor or None
        None runs one after the other here.
    run : callable
        Of a task's number.
    indices : iterator of int
    waiting : dict
        Futures handed out and not yet told, to their numbers; kept up here, for the caller to cancel.
    """
    if executor is None:
        for index in indices:
            yield index, run(index)
        return
    ready: SimpleQueue[Any] = SimpleQueue()
    while True:
        for index in islice(indices, _AHEAD - len(waiting)):
            future = executor.submit(run, index)
            waiting[future] = index
            future.add_done_callback(ready.put)
        if not waiting:
            return
        future = ready.get()
        try:
            found = future.result()
        except (
            BrokenExecutor
        ):  # the pool tells all its futures, and fails over one that is cancelled meanwhile
            for other in waiting:
                other.exception()
            raise
        yield waiting[future], found
        del waiting[future]  # only now, so that an interruption finds it still there


class Travelling:
    """A model on its way to workers: without its catalogue, its formulas by value, and unpacked once in each process.

    Threads share it as it is.
    """

    def __init__(self, model: Model) -> None:
        self.model = model.travelling()

    @cached_property
    def _packed(self) -> bytes:
        try:  # with the extra, formulas of a notebook travel too
            packer: Any = import_module("cloudpickle")
        except ImportError:
            packer = pickle
        packed: bytes = packer.dumps(self.model)
        return packed

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._packed,)


@lru_cache(maxsize=8)
def _unpacked(packed: bytes) -> Travelling:
    found = object.__new__(Travelling)
    found.model = pickle.loads(packed)
    return found


def numbers(model: Model, given: Mapping[str, Any]) -> dict[str, float]:
    """Values of inputs as SI floats, one each.

    Raises
    ------
    ModelError
        If one is an array.
    UnknownNameError, UnitError, DomainError
        As `Model.evaluate` does.
    """
    found = model.checked(given)
    for name, number in found.items():
        if np.ndim(number):
            raise ModelError(f"{name} must be one value here, got an array of shape {np.shape(number)}")
    return found


def settled(model: Model, outputs: Sequence[str], given: Mapping[str, Any]) -> tuple[Model, dict[str, float]]:
    """Model that knows how uncertain what is given is, and the values of the rest.

    What is given as (value, low, high), as a distribution or as a fact becomes an input of a view.

    Raises
    ------
    UnknownNameError, ModelError, UnitError, DomainError
        As `Model.evaluate` does.
    """
    unsure = {name: value for name, value in given.items() if uncertain(value)}
    fixed = numbers(model, {name: value for name, value in given.items() if name not in unsure})
    model.refuse(outputs, [*given])
    return (model.view(outputs, unsure) if unsure else model), fixed


def evaluate_block(
    model: Model, outputs: Sequence[str], given: Mapping[str, Any], size: int, points: int = 0
) -> dict[str, FloatArray]:
    """Outputs as arrays of one size, also where they do not depend on what varies; of so many points in all."""
    values = model.block(outputs, given, points)
    return {name: np.broadcast_to(np.asarray(values[name], dtype=np.float64), (size,)) for name in outputs}


def judge_block(
    model: Model, outputs: Sequence[str], given: Mapping[str, Any], size: int, points: int = 0
) -> tuple[dict[str, FloatArray], list[Broken]]:
    """Outputs as arrays of one size, as their formulas give them, and the conditions that are broken."""
    values, broken = model.judged(outputs, given, points)
    return {
        name: np.broadcast_to(np.asarray(values[name], dtype=np.float64), (size,)) for name in outputs
    }, broken


def whole(name: str, value: Any, least: int) -> int:
    """Whole number that a person gives for a setting.

    Raises
    ------
    ModelError
        If it is none, or below the least.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ModelError(f"{name} must be a whole number, at least {least}, got {value!r:.60}")
    return int(value)


def _block(
    model: Model | Travelling,
    outputs: Sequence[str],
    axes: Mapping[str, FloatArray],
    fixed: Mapping[str, float],
    shape: tuple[int, ...],
    block: int,
    index: int,
) -> dict[str, FloatArray]:
    """Outputs at the points of one block; a function of the module, so that processes can be sent it."""
    size = math.prod(shape)
    points = np.arange(index * block, min((index + 1) * block, size))
    own = model.model if isinstance(model, Travelling) else model
    return evaluate_block(own, outputs, {**fixed, **at(axes, shape, points)}, points.size, size)


def at(axes: Mapping[str, FloatArray], shape: tuple[int, ...], points: Any) -> dict[str, FloatArray]:
    """Coordinates of points by their numbers."""
    places = np.unravel_index(points, shape)
    return {name: axis[place] for (name, axis), place in zip(axes.items(), places, strict=True)}


def swept(
    model: Model, outputs: str | Sequence[str], grid: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[list[str], dict[str, FloatArray], dict[str, float]]:
    """Outputs, axes and what is held of a sweep, all refused that does not go together before anything is computed.

    Raises
    ------
    UnknownNameError, ModelError, UnitError, DomainError
        As `sweep` does.
    """
    wanted = [outputs] if isinstance(outputs, str) else list(outputs)
    axes = {name: _axis(model, name, values) for name, values in grid.items()}
    if not wanted or not axes:
        raise ModelError(f"a sweep needs an input to vary and an output, got {list(axes)} and {wanted}")
    fixed = numbers(model, given)
    if twice := sorted(axes.keys() & fixed.keys()):
        raise ModelError(f"{twice[0]} is both an axis of the grid and given")
    model.refuse(wanted, [*axes, *fixed])
    return wanted, axes, fixed


def _axis(model: Model, name: str, values: Any) -> FloatArray:
    axis = np.asarray(model.checked({name: values})[name])
    if axis.ndim != 1 or not axis.size:
        raise ModelError(f"axis {name} must be a sequence of values, got an array of shape {axis.shape}")
    return axis


def _prepared(
    model: Model,
    outputs: Sequence[str],
    axes: Mapping[str, FloatArray],
    given: Mapping[str, float],
    block: int,
    out: FloatArray | Mapping[str, FloatArray] | Sweep | None,
) -> Sweep:
    """Sweep whose results are still to be filled in, or in part."""
    shape = tuple(axis.size for axis in axes.values())
    if isinstance(out, Sweep):
        same = (list(out.axes), list(out.values), out.given, out.block) == (
            list(axes),
            list(outputs),
            given,
            block,
        )
        if not same or not all(np.array_equal(out.axes[name], axis) for name, axis in axes.items()):
            raise ModelError(
                "the sweep to be continued is of another grid, other outputs, values or another block"
            )
        return out
    if out is None:
        arrays: Mapping[str, FloatArray] = {name: np.empty(shape) for name in outputs}
    else:
        arrays = dict.fromkeys(outputs, out) if isinstance(out, np.ndarray) else out
        if isinstance(out, np.ndarray) and len(outputs) > 1:
            raise ModelError(f"{len(outputs)} outputs need a mapping of arrays as out, got one array")
    for name in outputs:
        array = arrays.get(name)
        if (
            array is None
            or array.shape != shape
            or array.dtype != np.float64
            or not (array.flags.c_contiguous and array.flags.writeable)
        ):
            got = "nothing" if array is None else f"{array.dtype} of shape {array.shape}"
            raise ModelError(f"out for {name} must be a writeable float64 array of shape {shape}, got {got}")
    blocks = -(-math.prod(shape) // block)
    return Sweep(
        axes, given, {name: arrays[name] for name in outputs}, block, np.zeros(blocks, dtype=np.bool_), model
    )
