"""Rows a second and peak memory of every form of a data set; what tokens cost beside a tokenizer.

Each measurement is a process of its own that writes price tagging, both prompts rendered for base
and source, on one thread; processor time is counted, so that a busy machine disturbs little. The
tokenizer itself is timed on the same texts in the same process, in turns.

    python benchmarks/data_forms.py
    python benchmarks/data_forms.py --tokenizer FOLDER
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parents[1] / "specs" / "price_tagging" / "price_tagging.causal"
ROUNDS = 3
ROWS = 500_000
TOKENIZED_ROWS = 10_000


def order(rows: int) -> Any:
    """The training split of price tagging with so many rows."""
    from causalspec.compiler.compile import load_specification
    from causalspec.compiler.data.forms.write import Order
    from causalspec.dsl.diagnostics import SpecError

    specification, diagnostics = load_specification(SPEC)
    if specification is None:
        raise SpecError(diagnostics)
    return Order(specification, specification.counterfactuals["SwapAbove"], ["train"], rows=rows)


def write_once(form: str, rows: int) -> None:
    """Write one form; print the seconds of processor time and the peak memory in MB."""
    from causalspec.compiler.data.forms.write import Form, write_data

    wanted = order(rows)
    with tempfile.TemporaryDirectory() as folder:
        write_data(order(1), Path(folder), Form(form), "benchmark")  # imports what it needs
        started = time.process_time()
        (written,) = write_data(wanted, Path(folder), Form(form), "benchmark")
        seconds = time.process_time() - started
        size = written.rows.stat().st_size
    status = Path("/proc/self/status").read_text("utf-8")
    lines = dict(line.split(":", 1) for line in status.splitlines())
    print(seconds, size, int(lines["VmHWM"].split()[0]) / 1024)


def measured(form: str, rows: int) -> tuple[float, float, float]:
    """Rows a second, bytes a row, peak memory in MB."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--form", form, "--rows", str(rows)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds, size, peak = map(float, done.stdout.split())
    return rows / seconds, size / rows, peak


def tokenizer_seconds(folder: str) -> Iterator[tuple[float, float]]:
    """The time of writing tensors with tokens, and the tokenizer's own time, in turns."""
    from transformers import AutoTokenizer

    from causalspec.compiler.data.counterfactuals import generate
    from causalspec.compiler.data.forms.write import Form, write_data
    from causalspec.compiler.data.prompts import render
    from causalspec.runtime.token_columns import load_tokenizer

    wanted = order(TOKENIZED_ROWS)
    pairs = generate(wanted.design, "train", rows=TOKENIZED_ROWS)
    task = wanted.specification.tasks[wanted.design.model.task]
    texts = [
        text
        for prompt in task.prompts.values()
        for side in (pairs.base, pairs.sources[0])
        for text in render(prompt, task.model, side).texts
    ]
    bare: Any = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    for _ in range(2 * ROUNDS):
        started = time.process_time()
        for start in range(0, len(texts), 1024):
            bare.encode_batch_fast(texts[start : start + 1024])
        alone = time.process_time() - started
        tokenize = load_tokenizer(folder)
        with tempfile.TemporaryDirectory() as out:
            started = time.process_time()
            write_data(wanted, Path(out), Form.TENSORS, "benchmark", tokenize)
            yield time.process_time() - started, alone


def main() -> None:
    """Print a line a form."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--form")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--tokenizer", metavar="FOLDER")
    options = parser.parse_args()
    if options.form:
        write_once(options.form, options.rows)
        return
    for form in ("parquet", "datasets", "jsonl", "csv", "safetensors"):
        rounds = [measured(form, options.rows) for _ in range(ROUNDS)]
        speeds = sorted(speed for speed, _, _ in rounds)
        _, size, peak = rounds[-1]
        print(
            f"{form:12} {speeds[0]:12,.0f} {speeds[1]:12,.0f} {speeds[-1]:12,.0f} rows/s "
            f"(min, median, max), {size:6.1f} bytes/row, peak {peak:5.0f} MB"
        )
    if options.tokenizer:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        ours, alone = zip(*tokenizer_seconds(options.tokenizer), strict=True)
        ratios = sorted(one / other for one, other in zip(ours, alone, strict=True))
        spread = f"{ratios[0]:.3f} {statistics.median(ratios):.3f} {ratios[-1]:.3f}"
        print(f"with tokens  {spread} times the tokenizer itself (min, median, max)")
        print(f"             {min(ours) / min(alone):.3f} at the fastest of each")


if __name__ == "__main__":
    main()
