"""Where more data becomes too dear: from miles to hours, bytes and dollars, and to the next half of the error."""

from __future__ import annotations

from dojo_calc.doors import door
from dojo_calc.economics.cost import total_cost
from dojo_calc.economics.procurement import rental_cost
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, step
from dojo_calc.performance.footage import (
    both_costs,
    compute_factor,
    data_factor,
    driving_time,
    footage_distance,
    footage_time,
    kept_footage,
    next_step_cost,
    storage_rent,
    upload_cost,
)
from dojo_calc.performance.ingest import camera_bandwidth, pixel_bytes, pixel_rate
from dojo_calc.units import month

__all__ = ["data_ceiling"]


@door
def data_ceiling(book: Catalogue | None = None) -> Model:
    """What a fleet's video comes to in hours, petabytes and dollars, and what the next half of the error costs.

    The video is that of eight cameras of the third generation of Tesla's hardware, at the bytes a pixel that a
    set told in 2021 comes to. Data cost their sending and a stated time of storage; arithmetic costs the rent
    of the cluster for one training. The error falls as a power of the data, and the model grows with them.
    Labels, and data that repeat what is known, are left out: both make the next step dearer.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs: `clip_time`, `clip_all`, `clip_kept` [s, B], `clip_cache_time`, `clip_cache_distance` of a
        stated storage, `clip_storage` [USD/s], `clip_cost` and `clip_training` [USD], and of the step to
        `clip_error` of the error the factors and their cost.
    """
    known = catalogue() if book is None else book
    facts = known.facts
    cameras, gpu = "tesla-cameras", "h100-sxm"
    pixels = facts.value(cameras, "image_height") * facts.value(cameras, "image_width")
    filmed = pixel_rate(facts.value(cameras, "cameras"), pixels, facts.value(cameras, "camera_rate"))
    stored, clips, length = (
        facts.get("tesla-video-2021", one) for one in ("dataset_size", "clips", "clip_length")
    )
    step_to = {"error": "clip_error", "exponent": "clip_exponent"}
    return Model(
        {
            "clip_pixel_rate": step(
                pixel_rate, cameras="clip_cameras", pixels="clip_pixels", frame_rate="clip_frame_rate"
            ),
            "clip_rate": step(camera_bandwidth, pixel_rate="clip_pixel_rate", per_pixel="clip_stored_pixel"),
            "clip_time": step(driving_time, distance="clip_distance", speed="clip_speed"),
            "clip_all": step(kept_footage, time="clip_time", kept_share=1.0, rate="clip_rate"),
            "clip_kept": step(kept_footage, time="clip_time", kept_share="clip_kept_share", rate="clip_rate"),
            "clip_cache_time": step(footage_time, stored="clip_cache", rate="clip_rate"),
            "clip_cache_distance": step(footage_distance, time="clip_cache_time", speed="clip_speed"),
            "clip_storage": step(storage_rent, stored="clip_kept", price="clip_storage_price", period=month),
            "clip_stored_for": step(
                rental_cost, units=1.0, rent="clip_storage", duration="clip_storage_time"
            ),
            "clip_sent": step(upload_cost, sent="clip_kept", price="clip_upload_price"),
            "clip_cost": step(total_cost, first="clip_sent", others=("clip_stored_for",)),
            "clip_training": step(
                rental_cost, units="clip_cluster", rent="clip_rent", duration="clip_training_time"
            ),
            "clip_data_factor": step(data_factor, **step_to),
            "clip_compute_factor": step(compute_factor, model_growth="clip_model_growth", **step_to),
            "clip_next_data": step(next_step_cost, cost="clip_cost", factor="clip_data_factor"),
            "clip_next_training": step(next_step_cost, cost="clip_training", factor="clip_compute_factor"),
            "clip_next": step(both_costs, first="clip_next_data", second="clip_next_training"),
        },
        inputs={
            "clip_cameras": f"{cameras}.cameras",
            "clip_pixels": pixels,
            "clip_frame_rate": f"{cameras}.camera_rate",
            "clip_stored_pixel": tuple(
                float(pixel_bytes(size, number, each, filmed))
                for size, number, each in (
                    (stored.value, clips.value, length.value),
                    (stored.low, clips.high, length.high),
                    (stored.high, clips.low, length.low),
                )
            ),
            "clip_distance": "fsd-fleet.distance_in_year[y2024]",  # its other readings are other years
            "clip_speed": "us-driving.mean_speed",
            "clip_kept_share": "fsd-fleet.kept_share",
            "clip_cache": "tesla-h100-2023-08.hot_cache",
            "clip_storage_price": "cloud-storage.storage_price",
            "clip_storage_time": "hyperscale.useful_life",
            "clip_upload_price": "fsd-fleet.upload_price",
            "clip_cluster": "cortex-1.gpu_count[deck_q4_2024]",
            "clip_rent": f"{gpu}.hourly_rent[median_2024]",
            "clip_training_time": "fsd-fleet.training_period",
            "clip_error": 0.5,
            "clip_exponent": "perception-scaling.error_exponent[image_top1]",
            "clip_model_growth": "waymo-scaling.model_over_data_growth",
        },
        book=known,
        name="data_ceiling",
    )
