"""Step times by llm-analysis, for the interpreter that has it: plans come as JSON, what it took goes out as JSON.

It is run as a file, so it imports nothing of this project: llm-analysis holds its dependencies at versions of
2023 and so has an environment of its own, `_build/peers`, which `make bench` makes.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
from typing import Any


def main() -> None:
    """Evaluate every plan once; a plan that llm-analysis refuses counts as evaluated."""
    analysis: Any = importlib.import_module("llm_analysis.analysis")
    config: Any = importlib.import_module("llm_analysis.config")
    logging.getLogger("__name__").setLevel(
        logging.CRITICAL
    )  # so its logger is called; a line a plan takes longer
    asked = json.load(sys.stdin)
    peer = analysis.LLMAnalysis(
        config.get_model_config_by_name(asked["model"]),
        config.get_gpu_config_by_name(asked["chip"]),
        flops_efficiency=0.5,
        hbm_memory_efficiency=0.9,
    )
    refused = 0
    start = time.process_time()
    for plan in asked["plans"]:
        peer.update_parallelism_config(
            config.ParallelismConfig(plan["tensor"], plan["pipeline"], plan["data"], 1, plan["spread"])
        )
        try:
            peer.training(
                batch_size_per_gpu=plan["micro_batch"],
                global_batch_size=asked["global_batch"],
                seq_len=asked["sequence"],
                activation_recomputation=analysis.ActivationRecomputation(plan["recompute"]),
                ds_zero=analysis.DSZeRO(plan["sharding"]),
                flash_attn=plan["flash"],
            )
        except AssertionError:
            refused += 1
    json.dump({"seconds": time.process_time() - start, "refused": refused}, sys.stdout)


if __name__ == "__main__":
    main()
