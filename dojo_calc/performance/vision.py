"""Work, parameters and activations of networks that look: convolutions, and attention from images to a grid.

A convolutional backbone is a table of shapes such as that of [1]_ (`dojo_calc.performance.networks`), put
through the kernels' formulas. A multi-camera video network of the occupancy kind [3]_, [4]_ is a backbone for each
camera and frame, layers in which the cells of a grid look at all cameras, a fusion over time, and convolutions
over the voxels.

A multiply-add counts two operations. *Outputs* are the elements that the convolutions and products write, the
measure of [2]_; normalisation, activation functions and pooling are left out of work and outputs alike.

References
----------
.. [1] K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, table 1.
.. [2] I. Radosavovic, R. P. Kosaraju, R. Girshick, K. He, P. Dollár, "Designing Network Design Spaces",
   CVPR 2020: activations as the size of the outputs of all convolutions.
.. [3] Z. Li et al., "BEVFormer: Learning Bird's-Eye-View Representation from Multi-Camera Images via
   Spatiotemporal Transformers", ECCV 2022.
.. [4] X. Tian et al., "Occ3D: A Large-Scale 3D Occupancy Prediction Benchmark for Autonomous Driving",
   NeurIPS 2023.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from dojo_calc.performance.kernels import MULTIPLY_ADD, attention_flop, convolution_flop, gemm_flop
from dojo_calc.quantities import Bytes, Count, Flop, Fraction, PositiveCount, Ratio

__all__ = [
    "activation_bytes", "backbone_flop", "backbone_outputs", "convolution_parameters", "feature_pixels",
    "grid_layer_flop", "grid_layer_outputs", "grid_layer_parameters", "image_pixels", "network_flop",
    "network_size", "normalisation_parameters", "repeated_flop", "repeated_size", "temporal_fusion_flop",
    "temporal_fusion_outputs", "temporal_fusion_parameters", "voxel_decoder_flop",
]  # fmt: skip


def convolution_parameters(channels_in: Count, channels_out: Count, kernel: Count) -> Count:
    """Weights of a convolution without bias, as before a normalisation.

    Parameters
    ----------
    channels_in, channels_out : Count
        [1].
    kernel : Count
        Taps of the kernel, height times width [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return channels_in * channels_out * kernel


def normalisation_parameters(channels: Count) -> Count:
    """Trainable numbers of a normalisation: a scale and a shift a channel.

    Parameters
    ----------
    channels : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape. Running means and variances are not trained and not counted.
    """
    return 2.0 * channels


def activation_bytes(outputs: Count, times: Ratio, element: Bytes) -> Bytes:
    """Bytes of a network's outputs, kept or moved a number of times.

    Parameters
    ----------
    outputs : Count
        Elements written [1].
    times : Ratio
        Copies kept for the backward pass, or passes of reading and writing over the whole step [1].
    element : Bytes
        Of one element: 2 for BF16, 1 for an 8-bit format [B].

    Returns
    -------
    Bytes
        [B]; broadcast shape.
    """
    return outputs * times * element


def network_flop(first: Flop, *others: Flop) -> Flop:
    """Work of a network from that of its parts.

    Parameters
    ----------
    first, *others : Flop
        [FLOP].

    Returns
    -------
    Flop
        Their sum [FLOP]; broadcast shape.
    """
    return reduce(add, others, first)


def network_size(first: Count, *others: Count) -> Count:
    """Parameters, or outputs, of a network from those of its parts.

    Parameters
    ----------
    first, *others : Count
        [1].

    Returns
    -------
    Count
        Their sum [1]; broadcast shape.
    """
    return reduce(add, others, first)


def image_pixels(height: Count, width: Count) -> Count:
    """Pixels of an image.

    Parameters
    ----------
    height, width : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return height * width


def feature_pixels(cameras: Count, pixels: Count, stride: PositiveCount) -> Count:
    """Pixels of the features of all cameras in one frame.

    Parameters
    ----------
    cameras, pixels : Count
        Cameras, and pixels of an image [1].
    stride : PositiveCount
        Of the features along one axis, at least one [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return cameras * pixels / (stride * stride)


def backbone_flop(cameras: Count, frames: Count, pixels: Count, per_pixel: Flop) -> Flop:
    """Forward work of a convolutional backbone on images of another size than its table's.

    Parameters
    ----------
    cameras, frames : Count
        Their product is the number of images [1].
    pixels : Count
        Of an image [1].
    per_pixel : Flop
        Of the table, over the pixels of its image [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape. Exact where every stride divides the sides.
    """
    return cameras * frames * pixels * per_pixel


def backbone_outputs(cameras: Count, frames: Count, pixels: Count, per_pixel: Ratio) -> Count:
    """Outputs of a convolutional backbone on images of another size than its table's.

    Parameters
    ----------
    cameras, frames, pixels : Count
        As for `backbone_flop` [1].
    per_pixel : Ratio
        Outputs a pixel of the image [1].

    Returns
    -------
    Count
        [1]; broadcast shape. Exact where every stride divides the sides.
    """
    return cameras * frames * pixels * per_pixel


def repeated_flop(once: Flop, layers: Count, frames: Count) -> Flop:
    """Work of equal layers, done for every frame.

    Parameters
    ----------
    once : Flop
        Of one layer and frame [FLOP].
    layers, frames : Count
        [1].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return once * layers * frames


def repeated_size(once: Count, layers: Count, frames: Count = 1.0) -> Count:
    """Outputs of equal layers over all frames; or their parameters, which frames share.

    Parameters
    ----------
    once : Count
        Of one layer, and frame [1].
    layers, frames : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return once * layers * frames


def grid_layer_flop(
    queries: Count,
    keys: Count,
    width: Count,
    expansion: Ratio,
    visible: Fraction = 1.0,
    multiply_add: Flop = MULTIPLY_ADD,
) -> Flop:
    """Forward work of a layer in which the cells of a grid look at the features of all cameras.

    Products for the queries, the keys, the values and the output; attention; a feed-forward part of two products.

    Parameters
    ----------
    queries : Count
        Cells of the grid [1].
    keys : Count
        Feature pixels of all cameras [1].
    width : Count
        Channels of a cell and of a feature, over all heads [1].
    expansion : Ratio
        Hidden channels of the feed-forward part over `width` [1].
    visible : Fraction
        Share of the feature pixels that a cell looks at; the geometry of the cameras leaves few [1].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    projections = 2.0 * gemm_flop(queries + keys, width, width, multiply_add)
    attention = attention_flop(1.0, 1.0, queries, keys, width, visible, multiply_add)
    return projections + attention + 2.0 * gemm_flop(queries, expansion * width, width, multiply_add)


def grid_layer_parameters(width: Count, expansion: Ratio) -> Count:
    """Weights of a layer of `grid_layer_flop`.

    Parameters
    ----------
    width : Count
        [1].
    expansion : Ratio
        [1].

    Returns
    -------
    Count
        ``(4 + 2 expansion) width^2`` [1]; broadcast shape. Biases are left out.
    """
    return (4.0 + 2.0 * expansion) * width * width


def grid_layer_outputs(queries: Count, keys: Count, width: Count, expansion: Ratio) -> Count:
    """Elements that the products of a layer of `grid_layer_flop` write; scores never leave the chip.

    Parameters
    ----------
    queries, keys, width : Count
        [1].
    expansion : Ratio
        [1].

    Returns
    -------
    Count
        Queries, attended values, output, hidden and result of the feed-forward part; keys and values [1];
        broadcast shape.
    """
    return (queries * (4.0 + expansion) + 2.0 * keys) * width


def temporal_fusion_flop(
    queries: Count, frames: Count, width: Count, multiply_add: Flop = MULTIPLY_ADD
) -> Flop:
    """Forward work of fusing the grids of several frames: each cell attends to itself over time.

    Parameters
    ----------
    queries, frames, width : Count
        [1].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    projections = 2.0 * gemm_flop(queries * (1.0 + frames), width, width, multiply_add)
    return projections + attention_flop(queries, 1.0, 1.0, frames, width, 1.0, multiply_add)


def temporal_fusion_parameters(width: Count) -> Count:
    """Weights of the four products of `temporal_fusion_flop`.

    Parameters
    ----------
    width : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return 4.0 * width * width


def temporal_fusion_outputs(queries: Count, frames: Count, width: Count) -> Count:
    """Elements that the products of `temporal_fusion_flop` write.

    Parameters
    ----------
    queries, frames, width : Count
        [1].

    Returns
    -------
    Count
        Query, attended value and output a cell, key and value a cell and frame [1]; broadcast shape.
    """
    return queries * (3.0 + 2.0 * frames) * width


def voxel_decoder_flop(
    voxels: Count, width: Count, kernel: Count, layers: Count, multiply_add: Flop = MULTIPLY_ADD
) -> Flop:
    """Forward work of convolutions over the voxels of the answer, all of one width.

    Parameters
    ----------
    voxels : Count
        [1].
    width : Count
        Channels a voxel [1].
    kernel : Count
        Taps: 27 for 3 x 3 x 3 [1].
    layers : Count
        [1].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return convolution_flop(layers, voxels, width, width, kernel, multiply_add)
