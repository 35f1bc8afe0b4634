"""A layer by hand: what its operators multiply, move and keep, counted one by one.

Six tokens, a model 8 wide, MLPs 12 wide, two heads, elements of 2 bytes, unless a test says otherwise; rates are
round numbers, so that the counts can be followed.
"""

from __future__ import annotations

import pytest

from dojo_calc.performance import activations, layer, memory

exactly = 1e-12


def test_a_rated_speed_is_attained_in_part() -> None:
    assert layer.attained_rate(400.0, 0.75) == 300.0
    assert layer.attained_bandwidth(400.0, 0.75) == 300.0
    assert layer.usable_memory(80.0, 0.75) == 60.0


def test_a_cap_on_power_slows_by_a_power_of_it() -> None:
    assert layer.capped_share(175.0, 700.0, 0.5) == 0.5  # the root of a quarter
    assert layer.capped_share(175.0, 700.0, 1.0) == 0.25
    assert layer.capped_share(175.0, 700.0, 0.0) == 1.0
    assert layer.capped_share(800.0, 700.0, 0.5) == 1.0


def test_a_chip_has_a_whole_head_of_keys() -> None:
    # Four heads of 8: over two chips two each; over eight one each, though an eighth of the width is 4.
    assert layer.key_value_share(32.0, 8.0, 2.0) == 16.0
    assert layer.key_value_share(32.0, 8.0, 8.0) == 8.0
    # 1,000 weights: a quarter over four chips. Over eight an eighth, and 4 columns too many of keys and of values.
    assert layer.weights_at_work(1000.0, 8.0, 32.0, 8.0, 4.0) == 250.0
    assert layer.weights_at_work(1000.0, 8.0, 32.0, 8.0, 8.0) == 125.0 + 2 * 8 * 4


def test_widths_that_products_read_and_write() -> None:
    # Over four chips, queries 6 wide in all, keys 3 on a chip, two MLPs of 10. Whole: the input of attention's
    # products and the output of its last, 8 each; of an MLP the input of its first product, and of its gate, and the
    # output of its last. Split: queries out and attention's result in, 6 each; each MLP's width out of the first
    # product, and of its gate, and into the last. Beside them keys and values, 3 each.
    gated = (2 * 8 + 2 * 3 * 8) + (2 * 6 + 2 * 3 * 10) / 4 + 2 * 3
    plain = (2 * 8 + 2 * 2 * 8) + (2 * 6 + 2 * 2 * 10) / 4 + 2 * 3
    assert layer.product_widths(8.0, 6.0, 3.0, 2.0, 20.0, 1.0, 4.0) == gated
    assert layer.product_widths(8.0, 6.0, 3.0, 2.0, 20.0, 0.0, 4.0) == plain


def test_products_take_their_arithmetic_and_their_operands() -> None:
    # 2 x 6 x 50 FLOP at 1,000 a second are 0.6 s; 6 x 88 + 50 elements of 2 B at 400 B/s are 2.89 s.
    assert layer.products_time(6.0, 50.0, 88.0, 1000.0, 2.0, 400.0) == pytest.approx(3.49, rel=exactly)


def test_the_last_product_is_left_out_of_a_recomputation_that_stops_early() -> None:
    # Three MLPs over four chips: 3 x 8 x 12 / 4 = 72 weights, 864 FLOP, 0.864 s; each reads 12 / 4 and writes 8 a
    # token: 6 x 33 + 72 = 270 elements, 540 B, 1.35 s.
    product = (6.0, 8.0, 12.0, 3.0, 4.0, 1000.0, 2.0, 400.0)
    assert layer.kept_output_time(*product, 1.0) == pytest.approx(0.864 + 1.35, rel=exactly)
    assert layer.kept_output_time(*product, 0.0) == 0.0


@pytest.mark.parametrize(
    ("flash", "dropout", "forward", "backward"),
    [
        # Ten tokens to see: two products of 2 x 10 x 8 FLOP a token, three tokens' worth over two chips: 960 FLOP.
        # Flash does the causal half at 1,000 a second, and five products for two on the way back.
        (1.0, 0.0, 0.48, 1.2),
        (1.0, 1.0, 0.48, 1.2),
        # Unfused all of it at 500 a second, and twice on the way back: 1.92 and 3.84 s. Scores of 10 x 2 heads x 2 B,
        # 120 B for three tokens, pass at 100 B/s four times, and six on the way back: 4.8 and 7.2 s.
        (0.0, 0.0, 1.92 + 4.8, 3.84 + 7.2),
        # With dropout two and a half times more, both ways: 3 s.
        (0.0, 1.0, 1.92 + 7.8, 3.84 + 10.2),
    ],
)
def test_attention_there_and_back(flash: float, dropout: float, forward: float, backward: float) -> None:
    given = (6.0, 10.0, 8.0, 2.0, 2.0, flash, dropout, 1000.0, 500.0, 100.0, 2.0)
    assert layer.attention_forward(*given) == pytest.approx(forward, rel=exactly)
    assert layer.attention_backward(*given) == pytest.approx(backward, rel=exactly)


@pytest.mark.parametrize(
    ("gated", "parallel", "dropout", "forward", "backward"),
    [
        # A token moves 8 x 8 elements outside and, over four chips, of three MLPs of 12 the 36 / 4 = 9 on a chip
        # twice, thrice on the way back.
        (0.0, 0.0, 0.0, 64 + 18, 64 + 27),
        (1.0, 0.0, 0.0, 64 + 27, 64 + 45),  # a gate: three and five times
        (0.0, 1.0, 0.0, 16 + 18, 16 + 27),  # what is outside shared by the four
        (
            0.0,
            0.0,
            1.0,
            72 + 18,
            104 + 27,
        ),  # two masks of half an element; five more of the width on the way back
        (1.0, 1.0, 1.0, 18 + 27, 26 + 45),
    ],
)
def test_elementwise_operators_move_what_they_read_and_write(
    gated: float, parallel: float, dropout: float, forward: float, backward: float
) -> None:
    given = (6.0, 8.0, 12.0, gated, 3.0, 4.0, parallel, dropout, 1.5, 2.0, 100.0)
    second = 6 * 1.5 * 2 / 100  # of six tokens an element of 2 B, moved half as often again, at 100 B/s
    assert layer.elementwise_forward(*given) == pytest.approx(forward * second, rel=exactly)
    assert layer.elementwise_backward(*given) == pytest.approx(backward * second, rel=exactly)


def test_casts_move_the_operands_of_products() -> None:
    # Of attention and three MLPs the inputs, 4 x 8, and over four chips attention's result and the inner widths,
    # (8 + 36) / 4: 43 a token. 120 weights once in five micro-batches. Each is read in 2 B and written in 1 B twice.
    time = layer.cast_time(6.0, 8.0, 12.0, 3.0, 120.0, 4.0, 5.0, 1.5, 2.0, 100.0)
    assert time == pytest.approx((6 * 43 + 24) * 4 * 1.5 / 100, rel=exactly)


def test_a_chips_rows_of_the_embedding_are_whole_tiles() -> None:
    # 50,257 rows over 8 chips in tiles of 128: 6,283 a chip are 50 tiles; one chip needs 393.
    assert layer.padded_vocabulary(50257.0, 8.0, 128.0) == 8 * 50 * 128
    assert layer.padded_vocabulary(50257.0, 1.0, 128.0) == 393 * 128
    assert layer.padded_vocabulary(50257.0, 1.0, 1.0) == 50257


def test_the_head_is_three_products_and_what_the_loss_moves() -> None:
    # Forty words over four chips, ten each: 2 x 6 x 80 FLOP in 0.96 s, 6 x (8 + 10) + 80 elements, 376 B in 0.94 s;
    # back for the input and for the weights, thrice in all. 60 logits pass one and a half times: 180 B in 1.8 s.
    time = layer.head_time(6.0, 8.0, 40.0, 4.0, 1000.0, 2.0, 400.0, 1.5, 100.0)
    assert time == pytest.approx(3 * (0.96 + 0.94) + 1.8, rel=exactly)


# --- What it keeps ---------------------------------------------------------------------------------------


def kept(**changed: float) -> float:
    """Bytes that a token of a layer keeps on one of four chips."""
    given = {
        "tokens": 1.0, "hidden": 8.0, "attention_width": 12.0, "kv_share": 2.0, "latent_width": 3.0,
        "mlp_width": 10.0, "mlp_passes": 2.0, "sent_width": 16.0, "heads": 2.0, "sequence": 5.0, "gated": 1.0,
        "tensor": 4.0, "sequence_parallel": 1.0, "selective": 0.0, "per_op": 0.0, "full": 0.0, "flash": 0.0,
        "dropout": 1.0, "mlp_copies": 0.5, "gathered_inputs": 1.0, "element": 4.0, "input_bytes": 2.0,
    }  # fmt: skip
    return float(activations.layer_activations(**(given | changed)))


def test_activations_of_a_layer_are_what_its_parts_keep() -> None:
    # Outside: inputs of two norms, 2 x 8, two masks of half of that, latents 3 and copies 16 for experts: 43 of 4 B,
    # and the inputs of the products after the norms, 2 x 8 of 2 B: 204 B, a quarter a chip, and the other three
    # quarters of the products' inputs where those are kept as gathered.
    outside, gathered = 204 / 4, 32 * 3 / 4
    # Inside, over four chips: queries and attention's result, 12 each, out of two MLPs' first products and gates 20
    # each, half as much kept by kernels that are not fused: 74 of 4 B; into their last products 20 of 2 B. Keys and
    # values 2 each of 4 B.
    inside = (296 + 40) / 4 + 16
    # Scores: 2 heads x 5, over four chips, of 4 B: softmax, its dropout's mask of half of that, and its output.
    scores = 10 * 2.5
    assert kept() == outside + gathered + inside + scores
    assert kept(tokens=3.0) == 3 * kept()
    assert kept(gathered_inputs=0.0) == outside + inside + scores
    assert (
        kept(sequence_parallel=0.0) == 204 + inside + scores
    )  # whole on each chip, so there is none to gather
    assert kept(flash=1.0) == kept(selective=1.0) == outside + gathered + inside
    assert kept(dropout=0.0) == kept() - 8 * 4 / 4 - 10 * 1.5
    assert kept(gated=0.0) == kept() - 20 * 4 / 4
    assert kept(mlp_copies=0.0) == kept() - 10 * 4 / 4


def test_recomputation_keeps_an_input_or_every_second_product() -> None:
    # A quarter of the layer's input, 8 of 4 B, or of half of the layers that and of half of them all.
    assert kept(full=1.0) == 8.0
    assert kept(full=0.5) == (8.0 + kept()) / 2
    assert activations.layer_input(3.0, 8.0, 4.0, 1.0, 2.0) == 3 * 4.0
    assert activations.layer_input(3.0, 8.0, 4.0, 0.0, 2.0) == 3 * 16.0
    # Input and output 8 each, shared; queries, attention's result 12 each and one of two MLPs' products 20, over four
    # chips; and one of keys and values, 2.
    assert kept(per_op=1.0) == (16 / 4 + 44 / 4 + 2) * 4


def test_widths_beside_the_models_own() -> None:
    assert activations.latent_width(1536.0, 512.0, 64.0) == 2112  # DeepSeek-V3
    assert activations.sent_width(0.75, 8.0, 2.0) == 12  # two copies in three of four layers


def test_a_layer_at_work_keeps_what_it_did_not_store() -> None:
    assert activations.working_layer(5.0, 9.0, 2.0, 0.0) == 9 - 5
    for share in (1.0, 0.5, 0.001):  # however few layers are recomputed in full, one of them is at work
        assert activations.working_layer(5.0, 9.0, 2.0, share) == 9 - 2
    assert activations.working_layer(9.0, 5.0, 2.0, 0.0) == 0
    assert activations.working_layer(0.0, 0.0, 0.0, 0.0) == 0
    # Six tokens of 8 in 2 B and their gradient: of each the three quarters that the others keep.
    assert activations.gathered_states(6.0, 8.0, 4.0, 1.0, 2.0) == 2 * 96 * 3 / 4
    assert activations.gathered_states(6.0, 8.0, 4.0, 0.0, 2.0) == 0


@pytest.mark.parametrize("logits", [1.0, 7.0, 8.0, 9.0, 30.0])
def test_the_stage_that_needs_more_sets_the_memory(logits: float) -> None:
    """The first holds 10 and works on a layer of 2; the last holds 4 and has the loss as well."""
    held = memory.fullest_activations(10.0, 4.0, 2.0, logits)
    worked = memory.working_activations(10.0, 4.0, 2.0, logits, 1.0)
    assert held + worked == max(10 + 2, 4 + max(2, logits)) + 1
    if logits != 8:  # both need as much
        assert held == (10 if logits < 8 else 4)


def test_parameters_of_the_fullest_stage() -> None:
    assert memory.kept_layers(12.0, 1.0, 4.0) == 12.25
    # Two layers of 100, and 640 of embeddings over two chips: all of them on one stage; one end's where there are
    # several, which is all of them where both ends are one matrix.
    assert memory.common_parameters(2.0, 100.0, 640.0, 2.0, 1.0, 0.0) == 200 + 320
    assert memory.common_parameters(2.0, 100.0, 640.0, 2.0, 2.0, 0.0) == 200 + 160
    assert memory.common_parameters(2.0, 100.0, 640.0, 2.0, 2.0, 1.0) == 200 + 320
    assert memory.expert_parameters(2.0, 100.0, 8.0) == 25
    assert memory.chip_parameters(520.0, 25.0) == 545
    assert memory.expert_replicas(2.0, 8.0, 32.0) == 1  # never fewer than the chip itself


def test_bytes_of_the_fullest_chip() -> None:
    # 100 parameters of 4 B over five replicas, and 60 over three: 80 B each.
    assert memory.sharded_bytes(100.0, 4.0, 1.0, 5.0) == 80
    assert memory.sharded_bytes(100.0, 4.0, 0.0, 5.0) == 400
    assert memory.state_bytes(100.0, 60.0, 4.0, 1.0, 5.0, 3.0) == 160
    assert memory.gradient_kept(4.0, 2.0) == 6
    assert memory.held_activations(5.0, 12.0, 3.0) == 180
    assert memory.logits_on_chip(6.0, 40.0, 4.0, 1.0) == 60
    assert memory.logits_on_chip(6.0, 40.0, 4.0, 0.0) == 240
    assert memory.logit_bytes(60.0, 10.0) == 600
    assert memory.allocated_memory(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0) == 127
    assert memory.allocator_slack(80.0, 0.05) == pytest.approx(4)
    assert memory.reserved_memory(80.0, 4.0) == 84
    assert memory.driver_memory(84.0, 1.0) == 85
