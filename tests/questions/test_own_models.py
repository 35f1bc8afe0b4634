"""A reader's own models, in a table like the shipped one, through every door."""

from __future__ import annotations

from pathlib import Path

import pytest

from dojo_calc import training_run
from dojo_calc.errors import UnknownNameError
from dojo_calc.evidence.measured.training_runs import validate_runs
from dojo_calc.performance.plan import train
from dojo_calc.performance.search import search
from dojo_calc.performance.workload import transformer
from dojo_calc.questions.scenario import load_scenario

OWN = (
    "model,layers,hidden,feedforward,heads,kv_heads,vocabulary,gated\n"
    "My-7B,32,4096,11008,32,32,32000,1\n"
    "llama2-7b,16,4096,11008,32,32,32000,1\n"
)


def test_own_models_reach_every_door(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text(OWN, encoding="utf-8")
    assert transformer("my-7b", path).layers == 32
    assert transformer("LLAMA2-7B", path).layers == 16, "a reader's own row wins"
    assert transformer("LLAMA2-7B").layers == 32
    assert transformer("gpt3-175b", path) is transformer("gpt3-175b")
    plan = {"global_batch": 8, "sequence": 2048}
    ours = train("MY-7B", "h100", 8, **plan, models=path).step_time
    assert ours == train("llama2-7b", "h100", 8, **plan).step_time, "the same sizes under another name"
    assert search("my-7b", "h100", 8, **plan, models=path).best["step_time"] <= ours
    model = training_run("my-7b", "h100", 8, tokens=1e9, **plan, models=path)
    assert model.evaluate("step_time") <= ours
    with pytest.raises(UnknownNameError, match="unknown transformer 'my-7b'"):
        train("my-7b", "h100", 8, **plan)
    with pytest.raises(UnknownNameError, match="would not be read, since the model is given by its sizes"):
        train(transformer("my-7b", path), "h100", 8, **plan, models=path)


def test_a_scenario_finds_the_table_beside_it(tmp_path: Path) -> None:
    (tmp_path / "models.csv").write_text(OWN, encoding="utf-8")
    options = (
        'model = "my-7b"\nchips = 8\nglobal_batch = 8\nsequence = 2048\ntokens = 1e9\nmodels = "models.csv"\n'
    )
    (tmp_path / "a.toml").write_text(f'model = "training_run"\noutputs = ["step_time"]\n[options]\n{options}')
    assert load_scenario(tmp_path / "a.toml").model.name == "training_run(My-7B, h100-sxm)"


def test_measured_runs_of_own_models_are_validated(tmp_path: Path) -> None:
    table = tmp_path / "models.csv"
    table.write_text(OWN, encoding="utf-8")
    runs = tmp_path / "runs.csv"
    runs.write_text(
        "id,model,chip,chips,sequence,global_batch,micro_batch,tensor,pipeline,context,interleave,metric,measured\n"
        "a,My-7B,h100-sxm,8,2048,64,1,1,1,1,1,step_seconds,2.0\n",
        encoding="utf-8",
    )
    (row,) = validate_runs(runs, models=table).rows
    assert row.predicted == pytest.approx(
        train("my-7b", "h100", 8, global_batch=64, models=table).step_time, rel=1e-12
    )
