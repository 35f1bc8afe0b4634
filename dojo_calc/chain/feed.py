"""The model that feeds a machine of D1: what fits where, how much of the peak it can use, and whether video keeps up.

For one workload it holds the three ways of `dojo_calc.performance.feeding` side by side, the same workload on
servers of GPUs, and for video the path of `dojo_calc.performance.ingest`. Utilisations are bounds from spec sheets
and assumed efficiencies; 0 says that the workload does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

from dojo_calc.chain.names import renamed
from dojo_calc.doors import door
from dojo_calc.economics.capacity import effective_rate, share, whole
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, Step, choice, step
from dojo_calc.performance import step as performance_step
from dojo_calc.performance.feeding import (
    best_utilisation,
    fed_utilisation,
    gather_time,
    grouped_share,
    per_unit_bytes,
    per_unit_flop,
    pipelined_share,
    pooled_bandwidth,
    pooled_units,
    reduce_time,
    replicas,
    streamed_traffic,
    useful_efficiency,
    working_utilisation,
)
from dojo_calc.performance.holding import (
    batch_held,
    samples_kept,
    spilled_activations,
    stack_outputs,
    stage_bytes,
    tiles_for_copy,
    tiles_for_pipeline,
    training_state,
    units_to_hold,
)
from dojo_calc.performance.ingest import (
    consumed_rate,
    decoded_rate,
    fed_fraction,
    hosts_needed,
    pixel_bytes,
    pixel_rate,
    pooled_supply,
    sample_bytes,
    sample_pixels,
    slowest_rate,
    supplied_rate,
)
from dojo_calc.performance.kernels import convolution_flop, gemm_flop
from dojo_calc.performance.networks import backbone
from dojo_calc.performance.roofline import compute_time, transfer_time
from dojo_calc.performance.transformer import training_flop
from dojo_calc.performance.vision import (
    activation_bytes,
    backbone_flop,
    backbone_outputs,
    convolution_parameters,
    feature_pixels,
    grid_layer_flop,
    grid_layer_outputs,
    grid_layer_parameters,
    image_pixels,
    network_flop,
    network_size,
    repeated_flop,
    repeated_size,
    temporal_fusion_flop,
    temporal_fusion_outputs,
    temporal_fusion_parameters,
    voxel_decoder_flop,
)
from dojo_calc.performance.workload import Transformer
from dojo_calc.quantities import whole_number

__all__ = ["GPUS", "WORKLOADS", "feed_dojo"]

Steps: TypeAlias = dict[str, Callable[..., Any] | Step]
Inputs: TypeAlias = dict[str, Any]
Keep: TypeAlias = Literal["all", "inputs"]
KEEPS: tuple[Keep, ...] = get_args(Keep)

WORKLOADS = {
    "resnet-50-v1.5": "ResNet-50",
    "occupancy-network": "Occupancy network",
    "gpt3-xl": "GPT-3 1.3B",
    "gpt3-6b7": "GPT-3 6.7B",
    "gpt3-13b": "GPT-3 13B",
    "gpt3-175b": "GPT-3 175B",
}
GPUS = {"a100": "a100-sxm-80gb", "h100": "h100-sxm"}
# What a training step on accelerators means by another thing.
NAMES = {"parameters": "network_parameters"} | {
    name: f"feed_{name}"
    for name in (
        "copies", "element", "forward", "layer_parameters", "layer_work", "links", "micro_batch", "micro_batches",
        "visible",
    )
}  # fmt: skip
INSTANT = 1e-9  # no step is that short [s]
FILL = 4.0  # micro-batches a stage of a pipeline, so that it works four fifths of the time
BACKBONE = "resnet-50-v1.5"  # of the occupancy network


@door
def feed_dojo(
    workload: str | Transformer = "occupancy-network",
    keep: Keep = "all",
    book: Catalogue | None = None,
    *,
    sequence: int | str | None = None,
) -> Model:
    """Three ways to feed an ExaPOD with a workload, beside servers of A100 and H100.

    Parameters
    ----------
    workload : str or Transformer
        A key of `WORKLOADS`, or the sizes of a transformer.
    keep : {"all", "inputs"}
        Whether all activations are kept for the backward pass, or the inputs of blocks alone, and the forward pass
        done twice.
    book : Catalogue, optional
    sequence : int or str, optional
        Tokens of a sample of such a transformer, 2,048 if left out [1]; a workload of a name has its own.

    Returns
    -------
    Model
        Outputs `resident`, `streamed`, `pipelined`, their greatest `dojo`, `a100` and `h100` are utilisations;
        `a100_worth` and `h100_worth` are the shares of the ExaPOD's rate that one GPU reaches. Steps `dies`,
        `tiles` and `feed_micro_batch` place the workload: as few whole tiles as hold a sample and leave the training
        state no more than half of the SRAM, and as many samples as a tray's SRAM keeps; give them to place it
        otherwise. No limit is set to the samples of a step over the whole machine.

    Raises
    ------
    UnknownNameError
        If there is no such workload, nothing of that kind to keep, or a sequence is given that would not be read.
    DomainError, UnitError
        If the sequence is no whole number of at least 1.
    """
    if sequence is not None and not isinstance(workload, Transformer):
        raise UnknownNameError(
            f"sequence {sequence!r:.60} would not be read: the workload {workload!r:.60} has its own"
        )
    if keep not in KEEPS:
        raise UnknownNameError(f"keep must be one of {', '.join(KEEPS)}, got {keep!r:.60}")
    known = catalogue() if book is None else book
    steps, inputs = (
        _sized(workload, 2048 if sequence is None else whole_number(sequence, "sequence"), keep)
        if isinstance(workload, Transformer)
        else _workload(workload, keep)
    )
    tile, tray, pod = (known.machine(name) for name in ("dojo-tile", "dojo-tray", "exapod"))
    inputs |= {
        "per_parameter": "mixed-precision-adam.state_size",
        "element": "mixed-precision-adam.weight_size",
        "recomputed": 0.0 if keep == "all" else 1.0,
    }
    steps |= _dojo_steps()
    inputs |= {
        "efficiency": "d1.mfu",
        "peak": "d1.peak_bf16",
        "die_sram": "d1.sram_capacity",
        "sram_bandwidth": "d1.sram_bandwidth",
        "edge": "d1.die_edge_bandwidth[one_way]",
        "links": "d1.gather_links",
        "tile_edge": "dojo-tile.tile_edge_bandwidth[one_way]",
        "tray_link": "exapod.tray_link_bandwidth",
        "tile_dies": tile.count("d1"),
        "tray_dies": tray.count("d1"),
        "tray_tiles": tray.count("dojo-tile"),
        "trays": pod.count("dojo-tray"),
        "pod_tiles": pod.count("dojo-tile"),
        "pod_dies": pod.count("d1"),
        "tile_sram": tile.total("sram_capacity"),
        "tray_sram": tray.total("sram_capacity"),
        "tray_hbm": tray.total("hbm_capacity"),
        "hbm_bandwidth": tray.total("hbm_bandwidth"),
        "pod_peak": pod.peak("bf16"),
        "micro_batches": 1.0,  # a step adds up the gradients of so many
        "micro_batches_a_stage": FILL,
    }
    for name, chip in GPUS.items():
        steps |= _gpu_steps(name)
        server = known.assemblies(chip)[0]
        inputs |= {
            f"{name}_efficiency": f"{chip}.mfu",
            f"{name}_peak": f"{chip}.peak_bf16",
            f"{name}_capacity": f"{chip}.hbm_capacity",
            f"{name}_hbm": f"{chip}.hbm_bandwidth",
            f"{name}_nvlink": f"{chip}.nvlink_bandwidth[one_way]",
            f"{name}_nic": f"{chip}.nic_bandwidth",
            f"{name}_chips": server.count(chip),
            f"{name}_servers": pod.peak("bf16") / server.peak("bf16"),  # a machine of the same peak
        }
    if "sample_size" in steps:
        steps |= _ingest_steps()
        inputs |= {
            "hosts": pod.count("dojo-host"),
            "cores": tray.total("host_cores") / tray.count("dojo-host"),
            "pcie_links": tray.count("dojo-dip") / tray.count("dojo-host"),
            "nic": "video-host.host_nic_bandwidth",
            "per_core": "video-host.decode_rate",
            "pcie": "dojo-dip.pcie_bandwidth",
            "decoded_pixel": "video-host.decoded_pixel",
        }
    return Model(
        renamed(steps, NAMES),
        {NAMES.get(name, name): one for name, one in inputs.items()},
        book=known,
        name=f"feed_dojo({workload.model if isinstance(workload, Transformer) else workload})",
    )


def _workload(name: str, keep: Keep) -> tuple[Steps, Inputs]:
    """Steps and inputs that give work, parameters, outputs and what a cut lets through, for one sample."""
    if name not in WORKLOADS:
        raise UnknownNameError(
            f"no workload {name!r:.60}{nearest(name, WORKLOADS) or f'; there are {list(WORKLOADS)}'}"
        )
    if name.startswith("gpt"):
        steps, inputs = _transformer(name)
        training = "transformer-training"
    else:
        steps, inputs = _occupancy() if name == "occupancy-network" else _classifier(name)
        training = "convolution-training"
    copies = "kept_copies" if keep == "all" else "kept_copies_recompute"
    inputs |= {"copies": f"{training}.{copies}", "passes": f"{training}.activation_passes"}
    return steps, inputs


def _transformer(name: str) -> tuple[Steps, Inputs]:
    """A sample is a sequence; a forward pass multiplies every parameter once a token."""
    return (
        {
            "forward": step(gemm_flop, m="tokens", n="parameters", k=1.0),
            "work": step(training_flop, forward_flop="forward"),
            "outputs": stack_outputs,
            "cut": step(stack_outputs, layers=1.0, per_width=1.0),
        },
        {
            "parameters": f"{name}.parameters",
            "layers": f"{name}.layers",
            "width": f"{name}.width",
            "tokens": f"{name}.context_length",
            "per_width": "transformer-training.outputs_per_width",
        },
    )


def _sized(sizes: Transformer, sequence: int, keep: Keep) -> tuple[Steps, Inputs]:
    """A transformer of any sizes; a token meets the active experts alone, and all are kept."""
    found = performance_step.evaluate(sizes.values(), ("model_parameters", "active_parameters"))
    steps, inputs = _transformer("gpt3-175b")
    steps["forward"] = step(gemm_flop, m="tokens", n="active_parameters", k=1.0)
    copies = "kept_copies" if keep == "all" else "kept_copies_recompute"
    own = {
        "parameters": float(found["model_parameters"]),
        "active_parameters": float(found["active_parameters"]),
        "layers": float(sizes.layers),
        "width": float(sizes.hidden),
        "tokens": float(sequence),
        "copies": f"transformer-training.{copies}",
        "passes": "transformer-training.activation_passes",
    }
    return steps, inputs | own


def _classifier(name: str) -> tuple[Steps, Inputs]:
    """A sample is an image of the size of the table; what is stored and decoded is larger, and cropped."""
    network = backbone(name)
    return (
        {
            "work": step(training_flop, forward_flop="forward"),
            "image": step(image_pixels, height="image_height", width="image_width"),
            "pixels": step(sample_pixels, pixels="image"),
            "sample_size": step(sample_bytes, per_pixel="stored_pixel"),
        },
        {
            "forward": float(network.flop.sum()),
            "parameters": float(network.parameters.sum()),
            "outputs": float(network.outputs.sum()),
            "cut": network.widest,
            "cameras": 1.0,
            "frames": 1.0,
            "image_height": "imagenet-1k.image_height",
            "image_width": "imagenet-1k.image_width",
            "stored_pixel": "imagenet-1k.stored_pixel",
        },
    )


def _occupancy() -> tuple[Steps, Inputs]:
    """A sample is some frames of all cameras: backbone, grid layers each frame, one fusion, one decoder."""
    network = backbone(BACKBONE)
    seen = network.is_convolution
    steps: Steps = {
        "image": step(image_pixels, height="image_height", width="image_width"),
        "pixels": step(sample_pixels, pixels="image"),
        "keys": step(feature_pixels, pixels="image", stride="feature_stride"),
        "backbone_work": step(backbone_flop, pixels="image", per_pixel="backbone_flop_per_pixel"),
        "neck_work": step(convolution_flop, batch="frames", outputs="keys", channels_in="features",
                          channels_out="width", kernel=1.0),
        "layer_work": step(grid_layer_flop, visible="visible"),
        "layers_work": step(repeated_flop, once="layer_work", layers="query_layers"),
        "fusion_work": temporal_fusion_flop,
        "decoder_work": step(voxel_decoder_flop, width="decoder_width", kernel="decoder_kernel",
                             layers="decoder_layers"),
        "forward": step(network_flop, first="backbone_work",
                        others=("neck_work", "layers_work", "fusion_work", "decoder_work")),
        "work": step(training_flop, forward_flop="forward"),
        "neck_parameters": step(convolution_parameters, channels_in="features", channels_out="width", kernel=1.0),
        "layer_parameters": grid_layer_parameters,
        "layers_parameters": step(repeated_size, once="layer_parameters", layers="query_layers"),
        "fusion_parameters": temporal_fusion_parameters,
        "voxel_parameters": step(convolution_parameters, channels_in="decoder_width", channels_out="decoder_width",
                                 kernel="decoder_kernel"),
        "decoder_parameters": step(repeated_size, once="voxel_parameters", layers="decoder_layers"),
        "parameters": step(network_size, first="backbone_parameters",
                           others=("neck_parameters", "layers_parameters", "fusion_parameters",
                                   "decoder_parameters")),
        "backbone_written": step(backbone_outputs, pixels="image", per_pixel="backbone_outputs_per_pixel"),
        "neck_written": step(stack_outputs, tokens="keys", layers="frames", per_width=1.0),
        "layer_written": grid_layer_outputs,
        "layers_written": step(repeated_size, once="layer_written", layers="query_layers", frames="frames"),
        "fusion_written": temporal_fusion_outputs,
        "decoder_written": step(stack_outputs, tokens="voxels", layers="decoder_layers", width="decoder_width",
                                per_width=1.0),
        "outputs": step(network_size, first="backbone_written",
                        others=("neck_written", "layers_written", "fusion_written", "decoder_written")),
        "cut": step(backbone_outputs, pixels="image", per_pixel="backbone_cut_per_pixel"),
        "pixel_rate": step(pixel_rate, pixels="image", frame_rate="camera_rate"),
        "stored_pixel": step(pixel_bytes, stored="dataset_size", length="clip_length"),
        "sample_size": step(sample_bytes, per_pixel="stored_pixel"),
    }  # fmt: skip
    names = "frames feature_stride width expansion queries query_layers visible voxels decoder_layers decoder_width"
    inputs: Inputs = {name: f"occupancy-network.{name}" for name in names.split()}
    inputs |= {
        name: f"tesla-cameras.{name}" for name in ("cameras", "camera_rate", "image_height", "image_width")
    }
    inputs |= {name: f"tesla-video-2021.{name}" for name in ("dataset_size", "clips", "clip_length")}
    inputs |= {
        "backbone_flop_per_pixel": float(network.flop[seen].sum()) / network.image,
        "backbone_outputs_per_pixel": float(network.outputs[seen].sum()) / network.image,
        "backbone_cut_per_pixel": network.widest / network.image,
        "backbone_parameters": float(network.parameters[seen].sum()),
        "features": float(network.channels_out[seen][-1]),
        "decoder_kernel": 27.0,  # 3 x 3 x 3
    }
    return steps, inputs


def _dojo_steps() -> Steps:
    """Each way as the times that a micro-batch takes, per die, tray or tile."""
    return {
        "weights": step(training_state, per_parameter="element"),
        "state": training_state,
        "kept": step(activation_bytes, times="copies"),
        "moved": step(activation_bytes, times="passes"),
        "attained": useful_efficiency,
        "gather": step(pooled_bandwidth, link="edge"),
        # Resident: one copy of the model, and as many samples as fit, over a number of dies.
        "copy_tiles": step(tiles_for_copy, activations="kept", capacity="tile_sram", most="pod_tiles"),
        "dies": choice(pooled_units, groups="copy_tiles", group="tile_dies"),
        "resident_batch": step(batch_held, capacity="die_sram", units="dies", activations="kept"),
        "resident_flop": step(per_unit_flop, batch="resident_batch", units="dies"),
        "resident_compute": step(compute_time, work="resident_flop", rate="peak"),
        "resident_moved": step(per_unit_bytes, batch="resident_batch", traffic="moved", units="dies"),
        "resident_sram_time": step(transfer_time, traffic="resident_moved", bandwidth="sram_bandwidth"),
        "resident_gather_time": step(gather_time, holders="dies", bandwidth="gather"),
        "resident_trays": step(whole, units="dies", group="tray_dies"),
        "resident_crossing_time": step(gather_time, holders="resident_trays", bandwidth="tray_link"),
        **_replica_steps("resident"),
        "resident_fed": step(
            fed_utilisation, instant=INSTANT, compute="resident_compute", efficiency="attained",
            transfers=("resident_sram_time", "resident_gather_time", "resident_crossing_time",
                       "resident_replica_time"),
        ),
        "resident_share": step(grouped_share, units="pod_dies", group="dies"),
        "resident": step(working_utilisation, utilisation="resident_fed", shares=("resident_share",)),
        # Streamed: weights and state in the HBM of as many trays as hold them, a micro-batch on each tray.
        "streamed_trays": step(units_to_hold, held="state", capacity="tray_hbm"),
        "state_share": step(stage_bytes, total="state", stages="streamed_trays"),
        "micro_batch": choice(samples_kept, activations="kept", capacity="tray_sram"),
        "streamed_flop": step(per_unit_flop, batch="micro_batch", units="tray_dies"),
        "streamed_compute": step(compute_time, work="streamed_flop", rate="peak"),
        "streamed_moved": step(per_unit_bytes, batch="micro_batch", traffic="moved", units="tray_dies"),
        "streamed_sram_time": step(transfer_time, traffic="streamed_moved", bandwidth="sram_bandwidth"),
        "micro_batch_kept": step(per_unit_bytes, batch="micro_batch", traffic="kept", units=1.0),
        "spilled": step(spilled_activations, activations="micro_batch_kept", capacity="tray_sram"),
        "streamed_bytes": step(streamed_traffic, state="state_share"),
        "streamed_hbm_time": step(transfer_time, traffic="streamed_bytes", bandwidth="hbm_bandwidth"),
        "streamed_spread_time": step(gather_time, holders="tray_dies", bandwidth="gather"),
        "streamed_crossing_time": step(gather_time, holders="streamed_trays", bandwidth="tray_link"),
        **_replica_steps("streamed"),
        "streamed_fed": step(
            fed_utilisation, instant=INSTANT, compute="streamed_compute", efficiency="attained",
            transfers=("streamed_sram_time", "streamed_hbm_time", "streamed_spread_time", "streamed_crossing_time",
                       "streamed_replica_time"),
        ),
        "streamed_share": step(grouped_share, units="trays", group="streamed_trays"),
        "streamed": step(working_utilisation, utilisation="streamed_fed", shares=("streamed_share",)),
        # Pipelined: a stage a tile; in each, as many micro-batches wait for their backward pass as there are stages.
        "tiles": choice(tiles_for_pipeline, activations="kept", capacity="tile_sram", most="pod_tiles"),
        "stage_micro_batches": step(pooled_units, groups="tiles", group="micro_batches_a_stage"),
        "stage_batch": step(batch_held, capacity="tile_sram", units="tiles", activations="kept", in_flight="tiles"),
        "stage_dies": step(pooled_units, groups="tiles", group="tile_dies"),
        "stage_flop": step(per_unit_flop, batch="stage_batch", units="stage_dies"),
        "stage_compute": step(compute_time, work="stage_flop", rate="peak"),
        "stage_moved": step(per_unit_bytes, batch="stage_batch", traffic="moved", units="stage_dies"),
        "stage_sram_time": step(transfer_time, traffic="stage_moved", bandwidth="sram_bandwidth"),
        "stage_weights": step(stage_bytes, total="weights", stages="tiles"),
        "stage_gather_time": step(gather_time, weights="stage_weights", holders="tile_dies", bandwidth="gather"),
        "stage_passed": step(activation_bytes, outputs="cut", times="stage_batch"),
        "stage_edge_time": step(transfer_time, traffic="stage_passed", bandwidth="tile_edge"),
        "pipelined_trays": step(whole, units="tiles", group="tray_tiles"),
        **_replica_steps("pipelined", "stage_micro_batches"),
        "pipelined_fed": step(
            fed_utilisation, instant=INSTANT, compute="stage_compute", efficiency="attained",
            transfers=("stage_sram_time", "stage_gather_time", "stage_edge_time", "pipelined_replica_time"),
        ),
        "busy": step(pipelined_share, stages="tiles", micro_batches="stage_micro_batches"),
        "pipelined_share": step(grouped_share, units="pod_tiles", group="tiles"),
        "pipelined": step(working_utilisation, utilisation="pipelined_fed", shares=("busy", "pipelined_share")),
        "dojo": step(best_utilisation, first="resident", others=("streamed", "pipelined")),
        "dojo_rate": step(effective_rate, rate="pod_peak", mfu="dojo"),
    }  # fmt: skip


def _replica_steps(way: str, micro_batches: str = "micro_batches") -> Steps:
    """What crosses between trays for the gradients of all copies of the model: each tray its part of a copy."""
    return {
        f"{way}_gradients": step(stage_bytes, total="weights", stages=f"{way}_trays"),
        f"{way}_replicas": step(replicas, units="trays", group=f"{way}_trays"),
        f"{way}_replica_time": step(
            reduce_time,
            gradients=f"{way}_gradients",
            copies=f"{way}_replicas",
            bandwidth="tray_link",
            micro_batches=micro_batches,
        ),
    }


def _gpu_steps(name: str) -> Steps:
    """One server that shares a copy of the model over its chips, each with its own memory."""
    own = {one: f"{name}_{one}" for one in "efficiency peak capacity hbm nvlink nic chips servers".split()}
    made = {
        "attained": step(useful_efficiency, efficiency=own["efficiency"]),
        "batch": step(batch_held, capacity=own["capacity"], units=own["chips"], activations="kept"),
        "flop": step(per_unit_flop, batch=f"{name}_batch", units=own["chips"]),
        "compute": step(compute_time, work=f"{name}_flop", rate=own["peak"]),
        "moved": step(per_unit_bytes, batch=f"{name}_batch", traffic="moved", units=own["chips"]),
        "hbm_time": step(transfer_time, traffic=f"{name}_moved", bandwidth=own["hbm"]),
        "gather_time": step(gather_time, holders=own["chips"], bandwidth=own["nvlink"]),
        "shard": step(stage_bytes, total="weights", stages=own["chips"]),
        "reduce_time": step(
            reduce_time,
            gradients=f"{name}_shard",
            copies=own["servers"],
            bandwidth=own["nic"],
            micro_batches="micro_batches",
        ),
    }
    steps: Steps = {f"{name}_{one}": made_of for one, made_of in made.items()}
    return steps | {
        name: step(
            fed_utilisation, instant=INSTANT, compute=f"{name}_compute", efficiency=f"{name}_attained",
            transfers=(f"{name}_hbm_time", f"{name}_gather_time", f"{name}_reduce_time"),
        ),
        f"{name}_rate": step(effective_rate, rate=own["peak"], mfu=name),
        f"{name}_worth": step(share, part=f"{name}_rate", total="dojo_rate"),
    }  # fmt: skip


def _ingest_steps() -> Steps:
    """From storage to dies: what one host delivers by each stage, what all deliver, what the dies could train."""
    return {
        "by_nic": step(supplied_rate, units=1.0, bandwidth="nic", sample="sample_size"),
        "by_cores": decoded_rate,
        "decoded_size": step(sample_bytes, per_pixel="decoded_pixel"),
        "by_pcie": step(supplied_rate, units="pcie_links", bandwidth="pcie", sample="decoded_size"),
        "host_rate": step(slowest_rate, first="by_nic", others=("by_cores", "by_pcie")),
        "supply": step(pooled_supply, per_host="host_rate"),
        "demand": step(consumed_rate, peak="pod_peak", utilisation="dojo"),
        "fed": fed_fraction,
        "hosts_for_all": step(hosts_needed, per_host="host_rate"),
    }
