"""Sizes that a transformer can have, each rule at its edge, and what follows from those that are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dojo_calc.errors import FactsError, UnknownNameError
from dojo_calc.performance import workload
from dojo_calc.performance.workload import SizeError, Transformer, model_table, transformer, transformers

SMALL: dict[str, Any] = {
    "model": "small", "layers": 4, "hidden": 96, "feedforward": 32, "heads": 4, "kv_heads": 4, "vocabulary": 16,
}  # fmt: skip
MIXED = SMALL | {"experts": 8, "active_experts": 2}
LATENT = SMALL | {"kv_lora_rank": 8}  # queries and keys of 24


@pytest.mark.parametrize(
    "sizes",
    [
        SMALL
        | {"heads": 5, "kv_heads": 5, "head_dim": 20},  # no divisor of the width, but of a size of its own
        SMALL | {"heads": 1, "kv_heads": 1},
        SMALL | {"kv_heads": 1},
        SMALL | {"moe_feedforward": 32},  # as wide as the one MLP that there is
        SMALL | {"window": 8, "full_attention_every": 4},
        MIXED | {"active_experts": 8},
        MIXED | {"dense_layers": 3},
        MIXED | {"experts_every": 4},
        MIXED | {"dense_layers": 2, "experts_every": 2},
        MIXED | {"shared_experts": 1, "shared_feedforward": 4},
        LATENT,
        LATENT | {"rope_head_dim": 23},
        LATENT | {"head_dim": 20, "rope_head_dim": 8},
    ],
)
def test_sizes_at_the_edge_are_taken(sizes: dict[str, Any]) -> None:
    assert Transformer(**sizes).layers == 4


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (SMALL | {"heads": 5, "kv_heads": 5}, "heads: expected a divisor of hidden = 96, got 5"),
        (SMALL | {"kv_heads": 8}, "kv_heads: expected a divisor of heads = 4, got 8"),
        (MIXED | {"active_experts": 9}, "active_experts: expected at most experts = 8, got 9"),
        (MIXED | {"dense_layers": 4}, "dense_layers: expected a layer with experts among the 4, got 4"),
        (MIXED | {"dense_layers": 5}, "dense_layers: expected a layer with experts among the 4, got 5"),
        (MIXED | {"experts_every": 5}, "experts_every: expected a layer with experts among the 4, got 5"),
        (
            MIXED | {"dense_layers": 3, "experts_every": 2},
            "experts_every: expected a layer with experts .*, got 2",
        ),
        (
            SMALL | {"window": 8, "full_attention_every": 5},
            "full_attention_every: expected at most layers = 4, got 5",
        ),
        (SMALL | {"full_attention_every": 1}, "full_attention_every: expected 0 without a window, got 1"),
        (SMALL | {"moe_feedforward": 33}, "moe_feedforward: expected none where experts = 1, got 33"),
        (SMALL | {"shared_experts": 1}, "shared_experts: expected none where experts = 1, got 1"),
        (SMALL | {"shared_feedforward": 32}, "shared_feedforward: expected none where experts = 1, got 32"),
        (SMALL | {"dense_layers": 1}, "dense_layers: expected none where experts = 1, got 1"),
        (SMALL | {"expert_domains": 1}, "expert_domains: expected none where experts = 1, got 1"),
        (SMALL | {"experts_every": 2}, "experts_every: expected 1 where experts = 1, got 2"),
        (
            MIXED | {"shared_feedforward": 4},
            "shared_feedforward: expected none without shared_experts, got 4",
        ),
        (SMALL | {"rope_head_dim": 1}, "rope_head_dim: expected none without kv_lora_rank, got 1"),
        (LATENT | {"kv_heads": 2}, "kv_heads: expected heads = 4 with latent attention"),
        (
            LATENT | {"head_dim": 20},
            "rope_head_dim: expected a size, since head_dim = 20 has no third, got none",
        ),
        (LATENT | {"rope_head_dim": 24}, "rope_head_dim: expected less than head_dim = 24, got 24"),
        (SMALL | {"layers": 0}, "layers: expected greater than 0, got 0"),
        (SMALL | {"window": -1}, "window: expected greater than or equal to 0, got -1"),
        (SMALL | {"hidden": 10**15}, "hidden: expected less than 1000000000000000, got 10"),
        (SMALL | {"q_lora_rank": 10**15}, "q_lora_rank: expected less than 1000000000000000, got 10"),
        (SMALL | {"tied_embeddings": 2}, "tied_embeddings: expected less than or equal to 1, got 2"),
        (SMALL | {"gated": -1}, "gated: expected greater than or equal to 0, got -1"),
        (SMALL | {"zzzzzz": 1}, "zzzzzz: a transformer has no such size; there are model, layers"),
        (SMALL | {"layer": 1}, "layer: a transformer has no such size; did you mean layers"),
    ],
)
def test_sizes_beyond_the_edge_are_refused_by_name(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(SizeError, match=f"^{message}"):
        Transformer(**sizes)


def test_what_is_left_out_follows_from_the_rest() -> None:
    plain = Transformer(**SMALL).values()
    assert plain == {
        "layers": 4, "hidden": 96, "feedforward": 32, "heads": 4, "kv_heads": 4, "head_dim": 24,
        "value_head_dim": 24, "rope_head_dim": 0, "q_lora_rank": 0, "kv_lora_rank": 0, "window": 0,
        "full_attention_every": 0, "vocabulary": 16, "gated": 0, "tied": 0, "experts": 1, "active_experts": 1,
        "moe_feedforward": 32, "shared_width": 0, "dense_layers": 0, "experts_every": 1, "mtp_layers": 0,
        "expert_domains": 1,
    }  # fmt: skip
    assert all(isinstance(one, float) for one in plain.values())
    # Experts as wide as the MLP, shared ones as wide as the others, and no fewer servers than experts that are met.
    mixed = Transformer(**MIXED, shared_experts=3).values()
    assert (mixed["moe_feedforward"], mixed["shared_width"], mixed["expert_domains"]) == (32, 96, 2)
    said = Transformer(
        **MIXED, shared_experts=3, moe_feedforward=10, shared_feedforward=7, expert_domains=5
    ).values()
    assert (said["moe_feedforward"], said["shared_width"], said["expert_domains"]) == (10, 21, 5)
    assert Transformer(**MIXED, shared_experts=3, moe_feedforward=10).values()["shared_width"] == 30
    # Latent attention: a third of a head of 24 is rotary, and values have the rest.
    latent = Transformer(**LATENT).values()
    assert (latent["head_dim"], latent["rope_head_dim"], latent["value_head_dim"]) == (24, 8, 16)
    own = Transformer(**LATENT, rope_head_dim=4).values()
    assert (own["rope_head_dim"], own["value_head_dim"]) == (4, 20)
    wide = Transformer(**LATENT, head_dim=30, value_head_dim=9).values()
    assert (wide["head_dim"], wide["rope_head_dim"], wide["value_head_dim"]) == (30, 10, 9)


HEADER = "model,layers,hidden,feedforward,heads,kv_heads,vocabulary,refused\n"


def test_a_table_of_a_readers_own_adds_to_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text(
        HEADER
        + "mine,2,64,256,4,4,1000,\nllama3-8b,2,64,256,4,4,1000,\nolder,2,64,256,4,4,1000,it has no decoder\n"
    )
    known, refused = model_table(path)
    assert list(known) == ["mine", "llama3-8b"] == list(transformers(path))
    assert refused["older"] == "it has no decoder"
    assert refused.keys() > model_table()[1].keys()
    assert (
        transformer("mine", path).layers == transformer("llama3-8b", path).layers == 2
    )  # its own sizes count
    assert transformer("llama3-70b", str(path)) == transformer("llama3-70b")
    assert transformer("Llama 3 8B", path).layers == 2
    for name, message in (
        ("older", "older cannot be expressed: it has no decoder"),
        ("mine2", "unknown transformer 'mine2'; did you mean mine"),
        ("", "unknown transformer ''; there are "),
    ):
        with pytest.raises(UnknownNameError, match=message):
            transformer(name, path)
    with pytest.raises(UnknownNameError, match=r"would not be read, since the model is given by its sizes"):
        transformer(Transformer(**SMALL), path)


def test_a_model_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text(HEADER + "mine,2,64,256,4,4,1000,\nmine,3,64,256,4,4,1000,\n")
    with pytest.raises(FactsError, match="line 3, column 1 \\(model\\): model 'mine' stands twice"):
        model_table(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("tiny,llama3-8b,\ntiny,llama3-70b,\n", "line 3, column 1 \\(alias\\): 'tiny' stands twice"),
        ("llama3-70b,llama3-8b,\n", "line 2, column 1 \\(alias\\): 'llama3-70b' stands twice"),
        ("tiny,no-model,\n", "column 2 \\(model\\): expected a model of data/models.csv, got 'no-model'"),
    ],
)
def test_an_alias_names_one_model_and_is_no_other_ones_name(
    rows: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_table()  # read before the folder is another one
    (tmp_path / "model_aliases.csv").write_text("alias,model,source\n" + rows.replace(",\n", ",here\n"))
    monkeypatch.setattr(workload, "data_path", lambda name: tmp_path / name)
    with pytest.raises(FactsError, match=message):
        workload._aliases.__wrapped__()
