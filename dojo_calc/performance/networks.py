"""Networks whose shapes stand in `data/vision/`, added up by the formulas of `vision` and `kernels`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from dojo_calc.doors import door
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.performance.kernels import convolution_flop, convolution_outputs
from dojo_calc.performance.vision import convolution_parameters, normalisation_parameters
from dojo_calc.tables import data_path, read_rows

__all__ = ["Backbone", "Layer", "backbone"]

Array = NDArray[np.float64]
Whole = Annotated[int, Ge(0)]
Size = Annotated[int, Ge(1)]


class Layer(BaseModel):
    """A row of the table: a square convolution on a square image, or the linear layer at the end.

    `repeats` identical ones stand in the network; `side` and `padding` are of the input along one axis.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: str
    layer: str
    kind: Literal["convolution", "linear"]
    repeats: Whole
    side: Size
    kernel: Size
    stride: Size
    padding: Whole
    channels_in: Size
    channels_out: Size


@dataclass(frozen=True)
class Backbone:
    """A network of the table. Arrays have one entry a row of it, all `repeats` of the row together.

    Attributes
    ----------
    repeats, side, kernel, pixels : ndarray
        Times a layer stands there; side of its input; taps of its kernel; output pixels of one image [1].
    channels_in, channels_out : ndarray
        [1].
    flop : ndarray
        Forward work for one image [FLOP].
    parameters : ndarray
        Weights with the normalisation after each convolution, or the bias of the linear layer [1].
    outputs : ndarray
        Elements written for one image [1].
    is_convolution : ndarray of bool
    image : float
        Pixels of the image that the table is for [1].
    """

    name: str
    layers: tuple[str, ...]
    repeats: Array
    side: Array
    kernel: Array
    pixels: Array
    channels_in: Array
    channels_out: Array
    flop: Array
    parameters: Array
    outputs: Array
    is_convolution: NDArray[np.bool_]
    image: float

    @property
    def widest(self) -> float:
        """Elements of the largest output of one layer, the most that a cut of the network lets through [1]."""
        return float((self.pixels * self.channels_out).max())


@door
@cache
def backbone(name: str) -> Backbone:
    """Network of the table by name: ``"resnet-50"`` as published, ``"resnet-50-v1.5"`` as it is now trained.

    Raises
    ------
    UnknownNameError
        If there is none; the message offers the nearest names.
    FactsError
        If a row of the table is refused.
    """
    rows = _table()
    if name not in rows:
        raise UnknownNameError(f"no network {name!r:.60}{nearest(name, rows) or f'; there are {list(rows)}'}")
    layers = rows[name]
    repeats, side, kernel, stride, padding, channels_in, channels_out = (
        np.array([getattr(layer, column) for layer in layers], dtype=np.float64)
        for column in "repeats side kernel stride padding channels_in channels_out".split()
    )
    is_convolution = np.array([layer.kind == "convolution" for layer in layers])
    pixels = np.asarray(convolution_outputs(side, kernel, stride, padding)) ** 2
    weights = np.asarray(convolution_parameters(channels_in, channels_out, kernel**2))
    beside = np.where(is_convolution, np.asarray(normalisation_parameters(channels_out)), channels_out)
    return Backbone(
        name=name,
        layers=tuple(layer.layer for layer in layers),
        repeats=repeats,
        side=side,
        kernel=kernel**2,
        pixels=pixels,
        channels_in=channels_in,
        channels_out=channels_out,
        flop=np.asarray(convolution_flop(repeats, pixels, channels_in, channels_out, kernel**2)),
        parameters=repeats * (weights + beside),
        outputs=repeats * pixels * channels_out,
        is_convolution=is_convolution,
        image=float(side[0] ** 2),
    )


@cache
def _table() -> dict[str, list[Layer]]:
    found: dict[str, list[Layer]] = {}
    for layer, _ in read_rows(data_path("vision/convolutions.csv"), Layer):
        found.setdefault(layer.network, []).append(layer)
    return found
