"""Experts of a mixture in a training step: their products, their tokens' way there and back, their share of chips.

Values are those of the mean layer: `expert_share` of the layers have experts, the others an MLP. The experts of a
layer lie over `expert` chips, each cut over `experts_tensor` of them, so that a group may cross tensor ranks [1]_.
`expert_load` is the busiest chip's tokens over the mean: 1 where routing is forced even, as in most published
measurements, or where a capacity drops what exceeds it.

References
----------
.. [1] D. Liu et al., "MoE Parallel Folding: Heterogeneous Parallelism Mappings for Efficient Large-Scale MoE Model
   Training with Megatron Core", 2025.
.. [2] DeepSeek-AI, "DeepSeek-V3 Technical Report", 2024, section 3.2.2: a token is sent once to every server that
   holds an expert of it, and from there over the fast links.
.. [3] S. Rajbhandari et al., "DeepSpeed-MoE: Advancing Mixture-of-Experts Inference and Training", ICML 2022.
"""

from __future__ import annotations

from dojo_calc.operations import expm1, log1p, maximum, minimum, round_down, where
from dojo_calc.performance.collective import ring_all_reduce
from dojo_calc.performance.kernels import MULTIPLY_ADD
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    Count,
    Duration,
    Flop,
    FlopRate,
    Fraction,
    PositiveFraction,
    Ranks,
    Ratio,
)

_MORE_THAN_ONE = 1.0 + 2.0**-40  # a single domain is left out by no draw, and is not crossed either
_ALMOST_NONE = 2.0**-40

__all__ = [
    "common_passes", "common_width", "cut_expert_time", "domains_crossed", "exchange_time", "experts_products",
    "experts_tensor", "group_members", "permutation_time", "separate_passes", "separate_width",
]  # fmt: skip


def experts_tensor(expert_shards: Ranks, expert: Ranks) -> Ranks:
    """Chips that one expert is cut over: those that its layer's experts lie over, a group.

    Parameters
    ----------
    expert_shards, expert : Ranks
        Chips that the experts of a layer are spread over, and groups of experts among them [1].

    Returns
    -------
    Ranks
        [1]; broadcast shape.
    """
    return maximum(expert_shards / expert, 1.0)


def common_passes(expert_share: Fraction, shared_width: Count) -> Count:
    """MLPs that every token passes in the mean layer: of layers without experts, and the shared ones of the others.

    Parameters
    ----------
    expert_share : Fraction
        Of layers [1].
    shared_width : Count
        Inner width of the shared experts together [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return where(shared_width > 0.0, 1.0, 1.0 - expert_share)


def common_width(expert_share: Fraction, feedforward: Count, shared_width: Count) -> Count:
    """Inner width of the MLPs that every token passes in the mean layer, together.

    Parameters
    ----------
    expert_share : Fraction
        Of layers [1].
    feedforward, shared_width : Count
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return (1.0 - expert_share) * feedforward + expert_share * shared_width


def separate_passes(
    common_passes: Count, expert_share: Fraction, active_experts: Count, fused_experts: Fraction
) -> Count:
    """MLPs that a token passes in the mean layer whose activation function and casts pass memory on their own.

    Parameters
    ----------
    common_passes : Count
        MLPs that every token passes [1].
    expert_share : Fraction
        [1].
    active_experts : Count
        [1].
    fused_experts : Fraction
        1 where the experts' products take both in, else 0 [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return common_passes + (1.0 - fused_experts) * (expert_share * active_experts)


def separate_width(
    common_width: Count, expert_share: Fraction, active_experts: Count, moe_feedforward: Count,
    fused_experts: Fraction, separate_passes: Count,
) -> Count:  # fmt: skip
    """Inner width of such an MLP, in the mean over their passes.

    Parameters
    ----------
    common_width : Count
        Inner width of the MLPs that every token passes, together [1].
    expert_share : Fraction
        [1].
    active_experts, moe_feedforward : Count
        [1].
    fused_experts : Fraction
        See `separate_passes` [1].
    separate_passes : Count
        [1].

    Returns
    -------
    Count
        Zero where there are none [1]; broadcast shape.
    """
    inner = common_width + (1.0 - fused_experts) * (expert_share * active_experts * moe_feedforward)
    return inner / maximum(separate_passes, _ALMOST_NONE)


def experts_products(
    tokens: Count, active_weights: Count, sent_width: Count, active_experts: Count, expert_share: Fraction,
    moe_feedforward: Count, gated: Fraction, tensor: Ranks, experts_tensor: Ranks, expert_weights: Count,
    expert_shards: Ranks, expert_load: Ratio, matrix_rate: FlopRate, grouped_efficiency: PositiveFraction,
    operand: Bytes, operand_bandwidth: ByteRate, multiply_add: Flop = MULTIPLY_ADD,
) -> Duration:  # fmt: skip
    """Time of the experts' products on the busiest chip: many small ones side by side.

    Each chip multiplies as many copies as it sends, and reads the weights of all experts that it has, however few
    tokens they get.

    Parameters
    ----------
    tokens : Count
        Of a micro-batch on the chip [1].
    active_weights : Count
        Of the experts that one token meets in the mean layer [1].
    sent_width : Count
        Width of a token's copies in the mean layer [1].
    active_experts : Count
        [1].
    expert_share : Fraction
        [1].
    moe_feedforward : Count
        Inner width of one expert [1].
    gated : Fraction
        [1].
    tensor, experts_tensor : Ranks
        Chips that share a token, and that an expert is cut over [1].
    expert_weights : Count
        Of all experts of the mean layer [1].
    expert_shards : Ranks
        Chips that they lie over [1].
    expert_load : Ratio
        Tokens of the busiest chip over the mean [1].
    matrix_rate : FlopRate
        That large products attain [FLOP/s].
    grouped_efficiency : PositiveFraction
        Share of it that grouped products attain [1].
    operand : Bytes
        [B].
    operand_bandwidth : ByteRate
        [B/s].
    multiply_add : Flop
        [FLOP].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    rate = matrix_rate * grouped_efficiency
    inner = expert_share * active_experts * moe_feedforward
    widths = (2.0 + gated) * (sent_width * experts_tensor + inner) / tensor
    busy = tokens * expert_load
    moved = busy * widths + expert_weights / expert_shards
    return busy * (active_weights / tensor) * (multiply_add / rate) + moved * (operand / operand_bandwidth)


def permutation_time(
    tokens: Count, sent_width: Count, tensor: Ranks, passes: Ratio, element: Bytes, memory_rate: ByteRate
) -> Duration:
    """Time to sort tokens by expert and back in one pass, at memory speed: each copy read and written twice.

    Parameters
    ----------
    tokens, sent_width : Count
        [1].
    tensor : Ranks
        [1].
    passes : Ratio
        How often as much the stack moves [1].
    element : Bytes
        [B].
    memory_rate : ByteRate
        Attained memory bandwidth [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return tokens * sent_width / tensor * (4.0 * passes * element / memory_rate)


def group_members(size: Ranks, stride: Ranks, domain: Ranks, inside: Fraction) -> Ranks:
    """Members of a group that share one fast domain.

    Parameters
    ----------
    size : Ranks
        Of the group [1].
    stride, domain : Ranks
        [1].
    inside : Fraction
        1 where the whole group lies in a domain, see `groups.within_domain` [1].

    Returns
    -------
    Ranks
        [1]; broadcast shape.
    """
    return where(inside >= 1.0, size, minimum(size, maximum(round_down(domain / stride), 1.0)))


def domains_crossed(size: Ranks, members: Ranks, active_experts: Count, expert_domains: Count) -> Count:
    """Other fast domains that a token is sent to, once each [2]_, with its experts drawn evenly.

    Of D domains, k draws leave each one out with a chance of ``(1 - 1/D)^k``.

    Parameters
    ----------
    size, members : Ranks
        Of an expert group, and of it in one domain [1].
    active_experts : Count
        [1].
    expert_domains : Count
        Domains that routing allows a token; its experts where it sets no limit [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    domains = maximum(size / members, 1.0)
    missed = active_experts * log1p(-1.0 / maximum(domains, _MORE_THAN_ONE))
    return (domains - 1.0) * minimum(-expm1(missed), expert_domains / domains)


def exchange_time(
    tokens: Count, hidden: Count, expert_share: Fraction, active_experts: Count, tensor: Ranks, members: Ranks,
    crossed: Count, element: Bytes, fast: ByteRate, network: ByteRate, latency: Duration,
) -> Duration:  # fmt: skip
    """Time of the mean layer's two exchanges with its experts in one pass: every token out and back [3]_.

    A token crosses the network once a domain and is passed on there over the fast links; both run at once [2]_.

    Parameters
    ----------
    tokens, hidden : Count
        [1].
    expert_share : Fraction
        [1].
    active_experts : Count
        [1].
    tensor, members : Ranks
        Chips that share a token, and members of the expert group in a domain [1].
    crossed : Count
        See `domains_crossed` [1].
    element : Bytes
        [B].
    fast, network : ByteRate
        Of a chip within a domain and between domains, as attained [B/s].
    latency : Duration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    sent = tokens * hidden / tensor * element
    within = active_experts * (1.0 - 1.0 / members)
    wait = where(within + crossed > 0.0, latency, 0.0 * latency)
    return 2.0 * expert_share * (wait + maximum(sent * within / fast, sent * crossed / network))


def cut_expert_time(
    experts_tensor: Ranks, tokens: Count, sent_width: Count, tensor: Ranks, element: Bytes, bandwidth: ByteRate,
    latency: Duration,
) -> Duration:  # fmt: skip
    """Time of gathering and summing over the chips that one expert is cut over, in one pass of the mean layer.

    Parameters
    ----------
    experts_tensor : Ranks
        [1].
    tokens, sent_width : Count
        [1].
    tensor : Ranks
        [1].
    element : Bytes
        [B].
    bandwidth : ByteRate
        [B/s].
    latency : Duration
        [s].

    Returns
    -------
    Duration
        Zero where there are no experts [s]; broadcast shape.
    """
    message = tokens * sent_width * experts_tensor / tensor * element
    time = ring_all_reduce(experts_tensor, message, bandwidth, latency)
    return where(sent_width > 0.0, time, 0.0 * time)
