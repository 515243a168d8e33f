"""Rows a second that `causalspec data --audit` derives anew, by the form of the file.

Processor time on one thread; beside text forms, how many of these rows Python's own reader reads.

    python benchmarks/audit.py
"""

from __future__ import annotations

import csv
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

SPEC = Path(__file__).parents[1] / "specs" / "label_audit" / "label_audit.causal"
ROUNDS = 3
ROWS = 200_000


def bare_reader(path: Path) -> Callable[[], int] | None:
    """Reads a text file's rows and does nothing with them."""
    if path.suffix == ".csv":
        return lambda: sum(1 for _ in csv.reader(path.open(encoding="utf-8", newline="")))
    if path.suffix == ".jsonl":
        return lambda: sum(1 for line in path.open(encoding="utf-8") if json.loads(line))
    return None


def seconds(work: Callable[[], object]) -> float:
    """The least processor time of some rounds."""
    taken: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> None:
    """Print a line a form."""
    from causalspec.compiler.compile import load_specification
    from causalspec.compiler.data.audit.columns import ColumnMap
    from causalspec.compiler.data.audit.files import open_rows
    from causalspec.compiler.data.audit.labels import Audit, audit
    from causalspec.compiler.data.forms.write import Form, Order, write_data

    specification, _ = load_specification(SPEC)
    assert specification is not None
    design = specification.counterfactuals["LeftRegions"]
    order = Order(specification, design, ["pairs"], rows=ROWS)

    def audited(path: Path) -> Audit:
        return audit(design, open_rows(path), ColumnMap(), most=0)

    with tempfile.TemporaryDirectory() as folder:
        for form in (Form.PARQUET, Form.CSV, Form.JSON_LINES):
            (written,) = write_data(order, Path(folder), form, "benchmark")
            found = audited(written.rows)
            assert (found.rows, found.wrong) == (ROWS, 0)
            speed = ROWS / seconds(partial(audited, written.rows))
            bare = bare_reader(written.rows)
            beside = "" if bare is None else f", Python's own reader {ROWS / seconds(bare):,.0f}"
            print(f"{form:8} {speed:10,.0f} rows/s{beside}")


if __name__ == "__main__":
    main()
