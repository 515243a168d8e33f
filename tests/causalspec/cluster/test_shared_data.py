"""`data --cluster`: rows made and rendered by a real Ray cluster, the same bytes."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.local_cluster import LocalCluster
from tests.helpers.terminal import Terminal

SPEC = """\
language 1

type Price = 0.00..9.99 step 0.01

task Tag {
  "Does the item cost at least the lower amount?"
  input lower, amount : Price
  output answer : {Yes, No} = if lower <= amount then Yes else No
  prompt main "Does {amount:.2f} reach {lower:.2f}?"
  say answer { Yes => " Yes"  No => " No" }
}

model Boundary of Tag {
  var reached = lower <= amount
  output answer = if reached then Yes else No
}

counterfactuals Swap of Boundary {
  swap reached
  balance result.answer != base.answer
  split train 300_000, test 1_000 disjoint by (amount)
}
"""


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def one_is_killed(cluster: LocalCluster) -> Generator[list[int]]:
    """While open, the first process that is seen making rows is killed."""
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while not killed and not over.is_set():
            for maker in cluster.at("make_stretch")[:1]:
                maker.send_signal(signal.SIGKILL)
                killed.append(maker.pid)
            time.sleep(0.01)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "datasets", "safetensors"])
def test_the_same_bytes(run: Terminal, cluster: LocalCluster, form: str) -> None:
    """Three stretches, the last not full, in every form; one of the processes is killed."""
    run.write(spec=SPEC)
    asked = ("data", "spec.causal", "Swap", "--form", form)
    assert run(*asked, "--out", "alone")[0] == 0
    with one_is_killed(cluster) as killed:
        status, _, told = run(*asked, "--out", "shared", "--cluster", cluster.address)
    assert (status, told) == (0, "")
    assert killed
    assert bytes_of(Path("shared")) == bytes_of(Path("alone"))


def test_lines_to_standard_output(run: Terminal, cluster: LocalCluster) -> None:
    run.write(spec=SPEC)
    asked = ("data", "spec.causal", "Swap", "--split", "test", "--seed", "7", "--out", "-")
    alone = run(*asked)
    assert alone[0] == 0
    assert run(*asked, "--cluster", cluster.address) == alone


def test_rows_that_are_looked_at_need_no_cluster(run: Terminal) -> None:
    run.write(spec=SPEC)
    status, _, told = run("data", "spec.causal", "--show", "1", "--cluster", "auto")
    assert status == 2
    assert told == "causalspec data: --cluster makes rows that are written: leave it out\n"


def test_without_ray_data_says_so(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write(spec=SPEC)
    monkeypatch.setitem(sys.modules, "ray", None)  # what Python takes for absent
    status, _, told = run("data", "spec.causal", "--cluster", "auto")
    assert status == 5
    assert "error: a cluster needs the library `ray`: import of ray halted" in told
    assert "causalspec[cluster]" in told
    assert [path.name for path in Path().iterdir()] == ["spec.causal"]
