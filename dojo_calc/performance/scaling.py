"""How much model for a budget: loss by size and data, the best split of a budget, and how large a batch may be.

A budget of arithmetic trains a large model on little text or a small one on much. Measured losses of many trained
models fit a sum of three terms, one that no training removes, one for a model too small and one for too little
text [1]_; their sum is least where the two are in the ratio that `optimal_parameters` gives. Published fits
differ [2]_, so each is a reading of the entity ``scaling-law`` in the facts, and the split at a large budget
differs with them by a factor of three. They were fitted to losses on the text they were trained on; none says how
well a model serves.

A loss is in nats a token, of the tokenizer that it was fitted with. Parameters are counted with embeddings or
without, by fit; at the sizes that budgets of today buy, the difference is below 2 %.

References
----------
.. [1] J. Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022, section 3.3 and appendix D.3.
.. [2] T. Besiroglu et al., "Chinchilla Scaling: A replication attempt", 2024.
.. [3] J. Kaplan et al., "Scaling Laws for Neural Language Models", 2020, sections 5.1 and 6.
.. [4] S. McCandlish et al., "An Empirical Model of Large-Batch Training", 2018, eq. 2.11.
.. [5] H. Zhang et al., "How Does Critical Batch Size Scale in Pre-training?", 2024.
"""

from __future__ import annotations

from dojo_calc.operations import power
from dojo_calc.quantities import Count, Exponent, Flop, PositiveCount, PositiveFlop, PositiveRatio, Ratio

__all__ = [
    "critical_batch", "critical_batch_by_tokens", "optimal_parameters", "optimal_tokens_by_power", "steps_at_batch",
    "tokens_at_batch", "tokens_for_compute", "training_compute", "training_loss", "work_per_parameter",
]  # fmt: skip

# A parameter multiplies and adds once in the forward pass and twice in the backward pass.
WORK_PER_PARAMETER_AND_TOKEN = 6.0


def training_compute(parameters: Count, tokens: Count, work: Flop = WORK_PER_PARAMETER_AND_TOKEN) -> Flop:
    """Arithmetic that training takes, ``6 N D`` [3]_.

    Attention's own products are left out, and with them a fiftieth of the work of a model of 175 billion
    parameters at 2,048 tokens a sequence; `dojo_calc.performance.transformer.training_flop` counts them.

    Parameters
    ----------
    parameters, tokens : Count
        [1].
    work : Flop
        Of one token with one parameter, there and back [FLOP].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return parameters * tokens * work


def work_per_parameter(work: Flop, parameters: PositiveCount, tokens: PositiveCount) -> Flop:
    """Work of training that a model asks for, a parameter and token: six operations where attention is left out.

    Parameters
    ----------
    work : Flop
        On so many tokens, such as those of a step [FLOP].
    parameters, tokens : PositiveCount
        Above zero [1].

    Returns
    -------
    Flop
        ``work / (parameters * tokens)`` [FLOP]; broadcast shape.
    """
    return work / (parameters * tokens)


def tokens_for_compute(
    compute: Flop, parameters: PositiveCount, work: PositiveFlop = WORK_PER_PARAMETER_AND_TOKEN
) -> Count:
    """Tokens that a budget trains a model of a given size on, `training_compute` the other way round.

    Parameters
    ----------
    compute : Flop
        [FLOP].
    parameters : PositiveCount
        [1].
    work : PositiveFlop
        See `training_compute` [FLOP].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return compute / (parameters * work)


def training_loss(
    parameters: PositiveCount, tokens: PositiveCount, floor: Ratio, size_coefficient: Ratio, size_exponent: Exponent,
    data_coefficient: Ratio, data_exponent: Exponent,
) -> Ratio:  # fmt: skip
    """Loss of a model after training, ``E + A / N^alpha + B / D^beta`` [1]_.

    Left out: repeated text, the quality of the text, and a batch or a learning rate that does not suit.

    Parameters
    ----------
    parameters, tokens : PositiveCount
        More than none [1].
    floor : Ratio
        ``E``, the loss that no model of this kind goes below [nat a token].
    size_coefficient, data_coefficient : Ratio
        ``A`` and ``B``, the losses that one parameter and one token would leave [nat a token].
    size_exponent, data_exponent : Exponent
        ``alpha`` and ``beta`` [1].

    Returns
    -------
    Ratio
        [nat a token]; broadcast shape.
    """
    return (
        floor
        + size_coefficient * power(parameters, -size_exponent)
        + data_coefficient * power(tokens, -data_exponent)
    )


def optimal_parameters(
    compute: Flop, size_coefficient: Ratio, size_exponent: Exponent, data_coefficient: PositiveRatio,
    data_exponent: Exponent, work: PositiveFlop = WORK_PER_PARAMETER_AND_TOKEN,
) -> Count:  # fmt: skip
    """Size of the model with the least `training_loss` that a budget can train, eq. 4 of [1]_.

    Training longer than that costs little loss and makes a model that is cheaper to run, so models that are
    meant to be served are smaller.

    Parameters
    ----------
    compute : Flop
        [FLOP].
    size_coefficient : Ratio
        [nat a token].
    data_coefficient : PositiveRatio
        [nat a token].
    size_exponent, data_exponent : Exponent
        [1].
    work : PositiveFlop
        See `training_compute` [FLOP].

    Returns
    -------
    Count
        ``((alpha A / beta B) (C / 6)^beta)^(1 / (alpha + beta))`` [1]; broadcast shape.
    """
    balance = (size_exponent * size_coefficient) / (data_exponent * data_coefficient)
    return power(balance * power(compute / work, data_exponent), 1.0 / (size_exponent + data_exponent))


def optimal_tokens_by_power(
    compute: Flop, reference: PositiveFlop, tokens_there: Count, exponent: Exponent
) -> Count:
    """Tokens of the best split of a budget, where a paper fits them as a power of the budget alone.

    Parameters
    ----------
    compute : Flop
        [FLOP].
    reference : PositiveFlop
        A budget for which the paper prints the tokens [FLOP].
    tokens_there : Count
        [1].
    exponent : Exponent
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return tokens_there * power(compute / reference, exponent)


def critical_batch(loss: PositiveRatio, batch_at_one: Count, exponent: Exponent) -> Count:
    """Tokens of a batch beyond which a larger one saves little time, by the loss reached, eq. 5.3 of [3]_.

    Parameters
    ----------
    loss : PositiveRatio
        Above none [nat a token].
    batch_at_one : Count
        Critical batch at a loss of one nat a token, ``B*`` [1].
    exponent : Exponent
        ``alpha_B``: the batch goes with ``loss^(-1 / alpha_B)`` [1].

    Returns
    -------
    Count
        Tokens, of the tokenizer that the loss is for [1]; broadcast shape.
    """
    return batch_at_one * power(loss, -1.0 / exponent)


def critical_batch_by_tokens(
    tokens: Count, reference: PositiveCount, batch_there: Count, exponent: Exponent
) -> Count:
    """Tokens of a batch beyond which a larger one saves little time, by the length of the training [5]_.

    Parameters
    ----------
    tokens : Count
        That the model is trained on [1].
    reference : PositiveCount
        A length of training [1].
    batch_there : Count
        Critical batch of it, in tokens [1].
    exponent : Exponent
        [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return batch_there * power(tokens / reference, exponent)


def steps_at_batch(fewest: Count, batch: PositiveCount, critical: Count) -> Count:
    """Steps that reach a loss at a batch size, of which the fewest are those of a batch without limit [4]_.

    Parameters
    ----------
    fewest : Count
        [1].
    batch : PositiveCount
        In tokens or in sequences [1].
    critical : Count
        Critical batch, in the same [1].

    Returns
    -------
    Count
        Twice the fewest at the critical batch [1]; broadcast shape.
    """
    return fewest * (1.0 + critical / batch)


def tokens_at_batch(fewest: Count, batch: Count, critical: PositiveCount) -> Count:
    """Tokens that reach a loss at a batch size, of which the fewest are those of the smallest batch [4]_.

    Parameters
    ----------
    fewest : Count
        [1].
    batch : Count
        In tokens or in sequences [1].
    critical : PositiveCount
        Critical batch, in the same [1].

    Returns
    -------
    Count
        Twice the fewest at the critical batch [1]; broadcast shape.
    """
    return fewest * (1.0 + batch / critical)
