"""What dies that hold little can hold: units, batches and tiles for a training step's numbers.

`dojo_calc.performance.feeding` says what each way of holding them costs in time.

References
----------
.. [1] S. Rajbhandari, J. Rasley, O. Ruwase, Y. He, "ZeRO: Memory Optimizations Toward Training Trillion
   Parameter Models", SC20, section 3.1: 16 bytes a parameter.
"""

from __future__ import annotations

from dojo_calc.operations import maximum, minimum, round_down, round_up, where
from dojo_calc.quantities import Bytes, Count, PositiveBytes, PositiveCount, Ratio

__all__ = [
    "batch_held", "samples_kept", "spilled_activations", "stack_outputs", "stage_bytes", "tiles_for_copy",
    "tiles_for_pipeline", "training_state", "units_to_hold",
]  # fmt: skip


def training_state(parameters: Count, per_parameter: Bytes) -> Bytes:
    """Bytes that training keeps for all parameters.

    Parameters
    ----------
    parameters : Count
        [1].
    per_parameter : Bytes
        2 for BF16 weights alone; 16 with gradients, FP32 master weights and the two moments of Adam [1]_ [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return parameters * per_parameter


def stack_outputs(tokens: Count, layers: Count, width: Count, per_width: Ratio) -> Count:
    """Elements that a stack of equal transformer layers writes.

    Parameters
    ----------
    tokens, layers, width : Count
        [1].
    per_width : Ratio
        Elements a token and layer over the width of the model [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return tokens * layers * width * per_width


def units_to_hold(held: Bytes, capacity: PositiveBytes) -> Count:
    """Whole dies, tiles or trays whose memories hold something.

    Parameters
    ----------
    held : Bytes
        [B].
    capacity : PositiveBytes
        Of one [B].

    Returns
    -------
    Count
        ``held / capacity``, rounded up [1]; broadcast shape.
    """
    return round_up(held / capacity)


def batch_held(
    capacity: Bytes, units: Count, state: Bytes, activations: PositiveBytes, in_flight: PositiveCount = 1.0
) -> Count:
    """Whole samples whose activations fit beside the training state of one copy of a model.

    Parameters
    ----------
    capacity : Bytes
        Of one die, tile or chip [B].
    units : Count
        How many share the copy [1].
    state : Bytes
        `training_state` of the model [B].
    activations : PositiveBytes
        Kept for one sample [B].
    in_flight : PositiveCount
        Micro-batches whose activations are held at once: 1, or the number of stages of a pipeline [1].

    Returns
    -------
    Count
        0 where not even one fits [1]; broadcast shape.
    """
    room = maximum(capacity * units - state, 0.0 * state)  # a zero that has the unit
    return round_down(room / (activations * in_flight))


def tiles_for_copy(state: Bytes, activations: Bytes, capacity: PositiveBytes, most: Count) -> Count:
    """Tiles that hold one copy of a model and a sample, the training state filling no more than half of them.

    Parameters
    ----------
    state : Bytes
        `training_state` of the model [B].
    activations : Bytes
        Kept for one sample [B].
    capacity : PositiveBytes
        SRAM of a tile [B].
    most : Count
        Tiles there are [1].

    Returns
    -------
    Count
        Whole tiles, or `most` where even that is too few [1]; broadcast shape.
    """
    return minimum(round_up(maximum(2.0 * state, state + activations) / capacity), most)


def tiles_for_pipeline(state: Bytes, activations: Bytes, capacity: PositiveBytes, most: Count) -> Count:
    """Stages of a pipeline of one tile each, in which a micro-batch of one sample a stage is in flight.

    Each of `p` stages keeps ``state / p`` and, of `p` samples in flight, a `p`-th: the activations of one sample.

    Parameters
    ----------
    state, activations : Bytes
        As for `tiles_for_copy` [B].
    capacity : PositiveBytes
        As for `tiles_for_copy` [B].
    most : Count
        Tiles there are [1].

    Returns
    -------
    Count
        Whole tiles whose state fills no more than half of them, or `most` where even that is too few, as when a
        sample is larger than a tile [1]; broadcast shape.
    """
    fits = activations < capacity
    room = where(fits, capacity - activations, capacity)
    stages = round_up(maximum(2.0 * state / capacity, state / room))
    return where(fits, minimum(stages, most), most)


def samples_kept(activations: PositiveBytes, capacity: Bytes) -> Count:
    """Whole samples whose activations a memory keeps, but at least one, which may have to spill.

    Parameters
    ----------
    activations : PositiveBytes
        Kept for one sample [B].
    capacity : Bytes
        [B].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return maximum(round_down(capacity / activations), 1.0)


def spilled_activations(activations: Bytes, capacity: Bytes) -> Bytes:
    """Activations of a micro-batch that the dies' SRAM cannot keep.

    Parameters
    ----------
    activations : Bytes
        Of the micro-batch [B].
    capacity : Bytes
        SRAM of the dies that share it [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return maximum(activations - capacity, 0.0 * activations)


def stage_bytes(total: Bytes, stages: PositiveCount) -> Bytes:
    """Share of one stage of a pipeline of equal stages.

    Parameters
    ----------
    total : Bytes
        Of the whole model [B].
    stages : PositiveCount
        Above zero [1].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return total / stages
